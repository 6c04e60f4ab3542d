"""Alerts of OPERA DIST-ALERT-S1, read as one more witness of ground that changed.

They are another detector's words and not ours: states of each pixel of 30 m, made of Sentinel-1
passes and carried on from product to product. Here they become objects with numbers, intervals
and states of our own kind. Which ground a pass did not see is not observable, whatever the
product repeats of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors.area_look import check_look, lost_shares, numbers_past, stamped
from detectors.dist_alert_objects import AlertRules, follow
from detectors.dist_alert_pixels import METRIC_UNIT, PRODUCT_DAYS, Pixels
from detectors.kernel import NO_DATA
from detectors.types import (
    NEVER,
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

FEATURES = ("status", "status of this pass", "date", "count", "confidence", "metric")
"""What is kept of each pixel: states as the product codes them, days since 2020-12-31, anomalous
passes, confidence in whole units, and the largest metric in hundredths."""
LAYERS = (
    "GEN-DIST-STATUS",
    "GEN-DIST-STATUS-ACQ",
    "GEN-DIST-DATE",
    "GEN-DIST-COUNT",
    "GEN-DIST-CONF",
    "GEN-METRIC-MAX",
)
"""Layers of the product that the features are taken from, in their order."""
UNKNOWN = 255
"""State of a pixel of which nothing is known."""
DAY = 86_400
LARGEST = int(np.iinfo(np.int16).max)


@dataclass(frozen=True, slots=True)
class DistAlertParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    objects: AlertRules = field(default_factory=AlertRules)


class DistAlert:
    """Reader of another detector's alerts; see the module's text."""

    info = DetectorInfo(
        id="dist_alert",
        version="1",
        kinds=("ground_change",),
        regions=("burned", "ground_change", "razed"),
        external=True,
        sensors=("opera-dist-alert-s1",),
        needed=LAYERS,
        useful=("GEN-DIST-DUR", "GEN-DIST-LAST-DATE", "GEN-DIST-PERC", "GEN-METRIC"),
        usable_share=0.3,
        references=(
            Reference("OPERA DIST-ALERT-S1, product documentation of opera-adt/dist-s1, 0.1"),
            Reference("Hardiman-Mostow et al. 2025, deep self-supervised disturbance mapping "
                      "with OPERA Sentinel-1 RTC-S1", "10.48550/arXiv.2501.09129"),
        ),
    )  # fmt: skip

    def __init__(self, parameters: DistAlertParameters | None = None) -> None:
        self.parameters = parameters or DistAlertParameters()

    def measure(self, cube: xr.Dataset, places: Places) -> Features:
        """Keep what the product says of the watched pixels that its own pass saw."""
        look = cube.isel(time=0)
        causes: NDArray[np.uint8] = look["cause"].values.copy()
        causes[look["GEN-DIST-STATUS"].values == UNKNOWN] = Cause.NODATA
        seen = places.watched & (causes == Cause.CLEAR)
        pixels = np.full((len(LAYERS), *seen.shape), NO_DATA, np.int16)
        for target, layer in zip(pixels, LAYERS, strict=True):
            scale = METRIC_UNIT if layer == "GEN-METRIC-MAX" else 1.0
            target[seen] = _whole(look[layer].values[seen] / scale)
        return Features(
            acquisition=str(cube.attrs["acquisition"]),
            sensed=datetime.fromisoformat(str(cube.attrs["sensed"])),
            names=FEATURES,
            pixels=pixels,
            usable=float(seen.sum() / max(int(places.watched.sum()), 1)),
            causes=lost_shares(causes, places.watched),
            lived_without=tuple(layer for layer in self.info.useful if layer not in look),
        )

    def start(self, geobox: GeoBox) -> MonitorState:
        """Return the state of an area never looked at: 30 bytes a pixel."""
        shape = (int(geobox.shape[0]), int(geobox.shape[1]))
        return MonitorState(
            detector=self.info.id,
            version=self.info.version,
            geobox=geobox,
            arrays=Pixels.new(shape).arrays(),
            scalars={"next": 1, "looks": 0, "last": ""},
        )

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        """Take one product into the state and report what changed in what it says."""
        check_look(state, features, self.info, tuple(state.geobox.shape))
        blind = features.usable < self.info.usable_share
        if blind or scene.verdict is GuardVerdict.SUSPECT:
            return stamped(state, features, {}), ()
        pixels = Pixels.of(state.arrays)
        _take(pixels, features)
        objects, number, findings = follow(
            pixels,
            state.objects,
            int(state.scalars["next"]),
            state.geobox,
            self.parameters.objects,
        )
        after = MonitorState(
            state.detector, state.version, state.geobox,
            pixels.arrays(), {**state.scalars, "next": number}, objects,
        )  # fmt: skip
        return stamped(after, features, {}), findings

    def past_numbers(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state`, in which no new object gets a number that `other` has given."""
        return numbers_past(state, other)


def _whole(values: NDArray[np.generic]) -> NDArray[np.int16]:
    """Round to what 16 bits hold; 0 where a layer says nothing of a pixel that was seen."""
    known = np.nan_to_num(np.asarray(values, np.float64), nan=0.0)
    return np.rint(np.clip(known, 0, LARGEST)).astype(np.int16)


def _take(pixels: Pixels, features: Features) -> None:
    """Write what one product says of the pixels it saw into the state, in place."""
    status, alone, date, count, confidence, metric = features.pixels
    seen = status != NO_DATA
    now = int(features.sensed.timestamp())
    quiet, disturbed = seen & (status == 0), seen & (status > 0)
    dated = disturbed & (date != pixels.date)
    pixels.changed[dated] = _first_shown(date[dated], features.sensed, now)
    pixels.changed[quiet] = NEVER
    # A pixel that is quiet over all passes and anomalous at this one proves nothing unharmed.
    pixels.unharmed[quiet & (alone == 0)] = now
    pixels.unharmed[dated & (pixels.unharmed >= pixels.changed)] = NEVER
    pixels.status[seen] = status[seen]
    pixels.count[seen] = np.minimum(count[seen], UNKNOWN)
    pixels.date[seen] = np.where(quiet[seen], 0, date[seen])
    pixels.confidence[seen], pixels.metric[seen] = confidence[seen], metric[seen]


def _first_shown(date: NDArray[np.int16], sensed: datetime, now: int) -> NDArray[np.int64]:
    """Return when a change dated by the product was first shown, seconds since the epoch.

    That is this pass if the product dates it to its day. Of an earlier pass, which was never
    taken in, the day alone is known, and its end is the latest it can have been.
    """
    ends = int(PRODUCT_DAYS.timestamp()) + (date.astype(np.int64) + 1) * DAY - 1
    today = date == (sensed - PRODUCT_DAYS).days
    return np.where(today, now, np.minimum(ends, now))
