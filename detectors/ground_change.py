"""Ground change at pixel level: vegetation or dark ground that turns bare, in an area watch.

Two features per look, the logarithm of the red to near-infrared ratio and that of the short-wave
infrared, are followed per pixel by a streaming harmonic baseline (:mod:`detectors.kernel`). Each
look is judged against its own quiet pixels, evidence must persist over looks, and what persists
must hang together in space before it is reported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors import kernel
from detectors.area_look import (
    EPOCH,
    YEAR_DAYS,
    causes_of,
    check_look,
    day_time,
    log_reflectance,
    look_scale,
    lost_shares,
    numbers_past,
    put_fixed,
    stamped,
)
from detectors.kernel import NO_DATA, KernelParameters
from detectors.tracking import ObjectRules, track
from detectors.types import (
    DetectorInfo,
    Features,
    Finding,
    GuardVerdict,
    MonitorState,
    Places,
    Reference,
    SceneJudgement,
)
from imagery.types import Cause, GeoBox

FEATURES = ("ln(B04/B08)", "ln(B11)")
"""Names of what is measured per pixel, natural logarithms of reflectance, in their order."""
BARE_GROUND = math.log(0.15 / 0.25)
"""Feature ln(B04/B08) of dry bare soil: red 0.15, near-infrared 0.25."""
TELLING_CONTRAST = 1.5
"""Natural-log units the look's normal must lie below bare ground for a change to show plainly.

Leafless woodland lies within 0.7 of bare ground: a look at it proves nothing unharmed."""


@dataclass(frozen=True, slots=True)
class GroundChangeParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    kernel: KernelParameters = field(default_factory=KernelParameters)
    objects: ObjectRules = field(default_factory=ObjectRules)


class GroundChange:
    """Streaming detector of ground that turns bare and stays so; see the module's text."""

    info = DetectorInfo(
        id="ground_change",
        version="1",
        kinds=("ground_change",),
        regions=("ground_change",),
        sensors=("sentinel-2-l2a",),
        needed=("B04", "B08", "SCL"),
        useful=("B03", "B11"),
        usable_share=0.3,
        references=(
            Reference("Zhu & Woodcock 2014, harmonic baselines of clear observations",
                      "10.1016/j.rse.2014.01.011"),
            Reference("Verbesselt et al. 2012, near real-time disturbance detection",
                      "10.1016/j.rse.2012.02.022"),
        ),
    )  # fmt: skip

    def __init__(self, parameters: GroundChangeParameters | None = None) -> None:
        self.parameters = parameters or GroundChangeParameters()

    def measure(self, cube: xr.Dataset, places: Places) -> Features:
        """Turn one look into fixed-point features over the watched pixels."""
        look = cube.isel(time=0)
        causes = causes_of(look)
        clear = places.watched & (causes == Cause.CLEAR)
        pixels = np.full((2, *clear.shape), NO_DATA, np.int16)
        put_fixed(pixels[0], _bareness(look), clear)
        if "B11" in look:
            put_fixed(pixels[1], log_reflectance(look["B11"].values, 0.02), clear)
        watched = max(int(places.watched.sum()), 1)
        return Features(
            acquisition=str(cube.attrs["acquisition"]),
            sensed=datetime.fromisoformat(str(cube.attrs["sensed"])),
            names=FEATURES,
            pixels=pixels,
            usable=float((pixels[0] != NO_DATA).sum() / watched),
            causes=lost_shares(causes, places.watched),
            lived_without=tuple(b for b in self.info.useful if b not in look),
        )

    def start(self, geobox: GeoBox) -> MonitorState:
        """Return the state of an area never looked at: 30 bytes a pixel."""
        height, width = geobox.shape
        return MonitorState(
            detector=self.info.id,
            version=self.info.version,
            geobox=geobox,
            arrays={
                "slab": kernel.new_slab(height * width, self.parameters.kernel),
                "label": np.zeros((height, width), np.uint32),
            },
            scalars={"next": 1, "looks": 0, "last": ""},
        )

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        """Take one look into the state and report what changed in what it says."""
        check_look(state, features, self.info, tuple(state.geobox.shape))
        if features.usable < self.info.usable_share:
            return stamped(state, features, {}), ()
        slab = np.array(state.arrays["slab"], dtype=np.int16)
        days = (features.sensed - EPOCH).days
        phase = 2.0 * math.pi * days / YEAR_DAYS
        scale, training = look_scale(
            slab, features.pixels.reshape(2, -1), phase, self.parameters.kernel.training
        )
        contrast = BARE_GROUND - float(scale.centre[0])
        kernel.update(
            slab,
            kernel.blocked(features.pixels.reshape(2, -1)),
            scale,
            phase,
            days,
            self.parameters.kernel,
            hold=scene.verdict is GuardVerdict.SUSPECT,
            telling=contrast >= TELLING_CONTRAST,
        )
        label, objects, number, findings = track(
            slab,
            np.array(state.arrays["label"], dtype=np.uint32),
            state.objects,
            int(state.scalars["next"]),
            lambda: kernel.residuals(slab, features.pixels.reshape(2, -1), scale, phase),
            state.geobox,
            day_time,
            self.parameters.objects,
            self.parameters.kernel,
        )
        after = MonitorState(
            state.detector, state.version, state.geobox,
            {"slab": slab, "label": label}, {**state.scalars, "next": number}, objects,
        )  # fmt: skip
        said = {
            "training": training,
            "spread": round(float(scale.spread.max()), 4),
            "contrast": round(contrast, 3),
        }
        return stamped(after, features, said), findings

    def past_numbers(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state`, in which no new object gets a number that `other` has given."""
        return numbers_past(state, other)


def _bareness(look: xr.Dataset) -> NDArray[np.float32]:
    return log_reflectance(look["B04"].values, 0.005) - log_reflectance(look["B08"].values, 0.02)
