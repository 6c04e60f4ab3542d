"""Ground change at pixel level: vegetation or dark ground that turns bare, in an area watch.

Two features per look, the logarithm of the red to near-infrared ratio and that of the short-wave
infrared, are followed per pixel by a streaming harmonic baseline (:mod:`detectors.kernel`). Each
look is judged against its own quiet pixels, evidence must persist over looks, and what persists
must hang together in space before it is reported.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors import kernel
from detectors.indices import ndsi
from detectors.kernel import FEATURE_UNIT, NO_DATA, KernelParameters
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
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
YEAR_DAYS = 365.25
FEATURE_BOUND = 3.9
SAMPLE = 8192
"""Pixels, at most, from which the scale of a look is taken."""
BARE_GROUND = math.log(0.15 / 0.25)
"""Feature ln(B04/B08) of dry bare soil: red 0.15, near-infrared 0.25."""
TELLING_CONTRAST = 1.5
"""Natural-log units the look's normal must lie below bare ground for a change to show plainly.

Leafless woodland lies within 0.7 of bare ground: a look at it proves nothing unharmed."""
SNOW_NDSI = 0.1
SNOW_GREEN = 0.06


@dataclass(frozen=True, slots=True)
class GroundChangeParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    kernel: KernelParameters = field(default_factory=KernelParameters)
    objects: ObjectRules = field(default_factory=ObjectRules)
    sample_quiet: float = 2.0
    sample_minimum: int = 200


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
        causes = _causes(look)
        clear = places.watched & (causes == Cause.CLEAR)
        pixels = np.full((2, *clear.shape), NO_DATA, np.int16)
        _put(pixels[0], _bareness(look), clear)
        if "B11" in look:
            _put(pixels[1], _log(look["B11"].values, 0.02), clear)
        watched = max(int(places.watched.sum()), 1)
        lost = {
            cause.name.lower(): float((places.watched & (causes == cause)).sum() / watched)
            for cause in Cause
            if cause is not Cause.CLEAR
        }
        return Features(
            acquisition=str(cube.attrs["acquisition"]),
            sensed=datetime.fromisoformat(str(cube.attrs["sensed"])),
            names=FEATURES,
            pixels=pixels,
            usable=float((pixels[0] != NO_DATA).sum() / watched),
            causes=lost,
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
        _check(state, features, self.info)
        if features.usable < self.info.usable_share:
            return _stamped(state, features, {}), ()
        slab = np.array(state.arrays["slab"], dtype=np.int16)
        days = (features.sensed - EPOCH).days
        phase = 2.0 * math.pi * days / YEAR_DAYS
        scale, training = self._look_scale(slab, features, phase)
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
            _day_time,
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
        return _stamped(after, features, said), findings

    def past_numbers(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state`, in which no new object gets a number that `other` has given."""
        number = max(int(one.scalars["next"]) for one in (state, other))
        if number == state.scalars["next"]:
            return state
        return dataclasses.replace(state, scalars={**state.scalars, "next": number})

    def _look_scale(
        self, slab: NDArray[np.int16], features: Features, phase: float
    ) -> tuple[kernel.LookScale, float]:
        """Centre and spread of this look over a sample of quiet pixels; share in training."""
        p = self.parameters
        flat = features.pixels.reshape(2, -1)
        seen = np.flatnonzero(flat[0] != NO_DATA)
        sample = seen[:: max(1, seen.size // SAMPLE)]
        part = kernel.gather(slab, sample)
        quiet = part[:, kernel.EVIDENCE] * kernel.EVIDENCE_UNIT < p.sample_quiet
        if quiet.sum() < p.sample_minimum:
            quiet[:] = True
        values = flat[:, sample]
        centre = _medians(np.where(quiet & (values != NO_DATA), values * FEATURE_UNIT, np.nan))
        trained = part[:, kernel.LOOKS] >= p.kernel.training
        scores = kernel.sample_scores(part, values, centre, phase)
        scores[:, ~(quiet & trained)] = np.nan
        shift, spread = np.zeros(2, np.float32), np.ones(2, np.float32)
        if (quiet & trained).sum() >= p.sample_minimum:
            shift = _medians(scores)
            spread = np.maximum(1.4826 * _medians(np.abs(scores - shift[:, None])), 1.0)
        training = float(1.0 - trained.mean()) if trained.size else 1.0
        return kernel.LookScale(centre, shift, spread.astype(np.float32)), round(training, 4)


def _causes(look: xr.Dataset) -> NDArray[np.uint8]:
    """Causes of loss with snow added where green and short-wave infrared tell it from cloud."""
    causes: NDArray[np.uint8] = look["cause"].values.copy()
    for band in ("B04", "B08"):
        causes[np.isnan(look[band].values) & (causes == Cause.CLEAR)] = Cause.NODATA
    if "B03" in look and "B11" in look:
        green, swir = look["B03"].values, look["B11"].values
        with np.errstate(invalid="ignore"):
            snow = (ndsi(green, swir) > SNOW_NDSI) & (green > SNOW_GREEN)
        causes[snow & (causes == Cause.CLEAR)] = Cause.SNOW
    return causes


def _log(reflectance: NDArray[np.float32], floor: float) -> NDArray[np.float32]:
    with np.errstate(invalid="ignore"):
        values: NDArray[np.float32] = np.log(np.maximum(reflectance, np.float32(floor)))
    return values


def _bareness(look: xr.Dataset) -> NDArray[np.float32]:
    return _log(look["B04"].values, 0.005) - _log(look["B08"].values, 0.02)


def _put(target: NDArray[np.int16], values: NDArray[np.float32], where: NDArray[np.bool_]) -> None:
    """Write `values` in fixed point into `target` where they were seen."""
    good = where & np.isfinite(values)
    bounded = np.clip(values[good], -FEATURE_BOUND, FEATURE_BOUND)
    target[good] = np.rint(bounded / FEATURE_UNIT).astype(np.int16)


def _medians(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Median of each row, NaN left out; 0 for a row with nothing in it."""
    rows = [row[np.isfinite(row)] for row in values]
    return np.array([np.median(r) if r.size else 0.0 for r in rows], np.float32)


def _day_time(day: int) -> datetime:
    return EPOCH + timedelta(days=int(day))


def _check(state: MonitorState, features: Features, info: DetectorInfo) -> None:
    if (state.detector, state.version) != (info.id, info.version):
        raise ValueError(
            f"this state was written by {state.detector} {state.version}, "
            f"not by {info.id} {info.version}"
        )
    if features.pixels.shape[1:] != tuple(state.geobox.shape):
        raise ValueError("the look and the state are on different grids")
    last = str(state.scalars["last"])
    if last and features.sensed <= datetime.fromisoformat(last):
        raise ValueError(f"the look of {features.sensed:%Y-%m-%d} is not younger than {last}")


def _stamped(state: MonitorState, features: Features, said: Mapping[str, float]) -> MonitorState:
    scalars = {
        **state.scalars,
        **said,
        "last": features.sensed.isoformat(),
        "looks": int(state.scalars["looks"]) + 1,
    }
    return MonitorState(
        state.detector, state.version, state.geobox, state.arrays, scalars, state.objects
    )
