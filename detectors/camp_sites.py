"""Camps that are known by a polygon: how large they are, and whether they grow or shrink.

Measured per look: the share of the polygon and a margin that is built on or laid bare, against
the surroundings (:mod:`detectors.site_area`). Scored: the trend of that area
(:mod:`detectors.site_trend`), and what it has come to against what it was
(:mod:`detectors.site_changes`). Areas are of ground. People are not counted.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors import place_state, site_changes, site_curve, site_look, site_trend, state_packing
from detectors.burn_seen import (
    CORE_SHARE,
    Measured,
    contamination,
    named,
    of_places,
    place_look,
)
from detectors.calibration import Calibration
from detectors.site_area import NAMES, SITE, USED, AreaRules, site_area, site_features
from detectors.site_look import SiteLook, area_now, covered, fields_round
from detectors.site_report import finding, said
from detectors.site_trend import LEVEL, TrendRules
from detectors.site_words import ChangeRules
from detectors.types import (
    PARTS,
    DetectorInfo,
    Features,
    Finding,
    GuardVerdict,
    MonitorState,
    PlaceFeatures,
    PlaceLook,
    Places,
    Reference,
    SceneJudgement,
    Watches,
    Zones,
)
from imagery.types import Cause, GeoBox

WATER = 6
HECTARE_M2 = 10_000.0
MOST = 6.0
"""Nats beyond which one look at a placebo says no more."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CampSitesParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    area: AreaRules = field(default_factory=AreaRules)
    trend: TrendRules = field(default_factory=TrendRules)
    changes: ChangeRules = field(default_factory=ChangeRules)
    calibration: Calibration = field(default_factory=Calibration)


class CampSites:
    """Streaming detector of known camps that grow, contract or close; see the module's text."""

    info = DetectorInfo(
        id="camp_sites",
        version="2",
        kinds=("camp_change",),
        regions=("camp_change",),
        sensors=("sentinel-2-l2a",),
        needed=("B02", "B03", "B04", "B08", "SCL"),
        useful=("B8A", "B11", "B12"),
        usable_share=CORE_SHARE,
        references=(
            Reference("Rogan & Gladen 1978, prevalence from an imperfect test",
                      "10.1093/oxfordjournals.aje.a112510"),
            Reference("Harvey 1989, structural time series models and the Kalman filter",
                      "10.1017/CBO9781107049994"),
        ),
        watches=Watches.SETTLEMENTS,
        zones=Zones(near_m=100.0),
    )  # fmt: skip

    def __init__(self, parameters: CampSitesParameters | None = None) -> None:
        self.parameters = parameters or CampSitesParameters()

    def calibrated(self, calibration: Calibration) -> CampSites:
        """Return this detector with other thresholds."""
        return CampSites(dataclasses.replace(self.parameters, calibration=calibration))

    def measure(self, cube: xr.Dataset, places: Places) -> Features:
        """Measure every site and placebo on one look.

        Raises
        ------
        ValueError
            If no settlements are named.
        """
        look, chosen = cube.isel(time=0), named(places)
        bands = [band for band in USED if band in look]
        pixels = np.stack([look[band].values for band in bands])
        causes, classes = look["cause"].values, look["SCL"].values
        clear = (causes == Cause.CLEAR) & np.isfinite(pixels).all(0)
        causes = np.where(~clear & (causes == Cause.CLEAR), np.uint8(Cause.NODATA), causes)
        values, seen = site_features(
            pixels, clear, classes != WATER, bands, chosen, self.parameters.area
        )
        measured = Measured(NAMES, values, seen, bands, contamination(classes, causes, chosen))
        return place_look(cube, self.info, chosen, causes, measured)

    def start(self, geobox: GeoBox) -> MonitorState:
        """Return the state of a cell of which no site was ever looked at."""
        return MonitorState(
            detector=self.info.id,
            version=self.info.version,
            geobox=geobox,
            arrays=state_packing.pack(self._new_rows(0)),
            scalars={"looks": 0, "last": ""},
        )

    def placebo_evidence(self, state: MonitorState, features: Features) -> tuple[float, ...]:
        """Return the evidence of this look alone at every usable placebo, nats.

        It is that of a change of any size, on either side, against the placebo's own trend.
        """
        look = self._hold(state, of_places(features, place_state.measured(features).placebo))
        trained = look.rows["trend_looks"] >= self.parameters.trend.training
        score = look.expected.score[np.isfinite(look.expected.score) & trained]
        return tuple(float(min(0.5 * one**2, MOST)) for one in score)

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        """Take one look into the state of every site and report what is new."""
        places, rules = place_state.measured(features), self.parameters
        look = self._hold(state, features)
        suspect = scene.verdict is GuardVerdict.SUSPECT
        taken = look.usable & (not suspect)
        shown = np.where(taken, look.area.share, np.nan)
        rows = site_trend.take(look.rows, shown, look.variance, look.seconds, rules.trend)
        rows["fields"] = np.where(taken, fields_round(look, rules.changes), rows["fields"])
        trained = rows["trend_looks"] >= rules.trend.training
        rows["thresholds"][:] = self._thresholds()
        turns = site_changes.advance(
            rows, area_now(rows, look), np.isfinite(shown) & trained, look.seconds,
            rows["thresholds"], rules.changes,
        )  # fmt: skip
        points = np.stack(site_trend.interval(rows, LEVEL, rows["fields"]), -1)
        site_curve.note(rows, taken, points, look.seconds)
        rows["part_looks"] += np.isfinite(places.values[:, SITE]) & taken[:, None]
        site_look.keep(rows, look, turns, trained, rules.trend.winsor, suspect=suspect)
        after = place_state.after(state, features, rows)
        kept = state_packing.unpack(after.arrays)
        return after, tuple(
            finding(place, turn, kept, features, scene)
            for place, turn in turns.items()
            if not places.placebo[place]
        )

    def looks(self, state: MonitorState, features: Features) -> tuple[PlaceLook, ...]:
        """Tell what the look came to at every site; `state` is the one after it."""
        rows = state_packing.unpack(state.arrays)
        return place_state.looks(state, features, lambda place: said(rows, place))

    def beside(self, state: MonitorState) -> MonitorState:
        """Return a state without sites, in which others can be brought up to `state`."""
        return self.start(state.geobox)

    def join(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state` with all sites of `other`; what both know is taken from `other`."""
        return place_state.joined(state, other)[0]

    def past_numbers(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state`, in which no new episode gets a number that `other` has given."""
        return place_state.past_numbers(state, other)

    def _new_rows(self, count: int) -> dict[str, NDArray[Any]]:
        return {
            **site_trend.new_rows(count, self.parameters.trend),
            **site_changes.new_rows(count),
            **site_curve.new_rows(count),
            **site_look.new_rows(count),
            "part_looks": np.zeros((count, PARTS), np.int32),
            "core_pixels": np.zeros(count, np.int32),
            "hectares": np.zeros(count),
            "thresholds": np.full((count, 3), np.nan),
        }

    def _thresholds(self) -> Array:
        one = self.parameters.calibration.for_stratum(())
        return np.array([one.watch, one.probable, one.established])

    def _hold(self, state: MonitorState, features: Features) -> SiteLook:
        """Hold a look against the state."""
        place_state.check(state, features, self.info)
        places, rules = place_state.measured(features), self.parameters
        rows, seconds = self._rows(state, places), int(features.sensed.timestamp())
        found = site_area(places.values, places.seen, places.contamination, rules.area)
        variance = found.variance + found.fields**2
        expected = site_trend.expect(rows, found.share, variance, seconds, rules.trend)
        seen = covered(places, rows["part_looks"])
        usable = seen & np.isfinite(found.share)
        return SiteLook(rows, seen, usable, found, variance, expected, seconds)

    def _rows(self, state: MonitorState, places: PlaceFeatures) -> dict[str, NDArray[Any]]:
        """Return the state's rows in the order of the look's places, new ones for who joined."""
        rows = place_state.rows_of(state, places.ids, self._new_rows)
        if places.core_pixels is not None:
            rows["core_pixels"][:] = places.core_pixels
        rows["hectares"][:] = rows["core_pixels"] * self.info.zones.pixel_m**2 / HECTARE_M2
        return rows
