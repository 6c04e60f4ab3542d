"""Camps that are known by a polygon: how large they are, and whether they grow or shrink.

Measured per look: the share of the polygon and a margin that is built on or laid bare, against
the surroundings (:mod:`detectors.site_area`). Scored: the trend of that area
(:mod:`detectors.site_trend`), and what it has come to against what it was
(:mod:`detectors.site_changes`). Areas are of ground. People are not counted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors import place_state, site_changes, site_curve, site_trend, state_packing
from detectors.burn_seen import (
    CORE_SHARE,
    RING_SHARE,
    contamination,
    lost_shares,
    of_places,
    worst_cause,
)
from detectors.calibration import Calibration
from detectors.episodes import is_open
from detectors.place_state import SHOWED, said_first
from detectors.site_area import NAMES, SITE, USED, AreaRules, site_area, site_features
from detectors.site_changes import AreaNow, ChangeRules, Turn
from detectors.site_report import finding, said
from detectors.site_trend import LEVEL, RATE, Expected, TrendRules
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
    Showed,
    Watches,
    Zones,
)
from imagery.types import Cause, GeoBox

WATER = 6
HECTARE_M2 = 10_000.0
MOST = 6.0
"""Nats beyond which one look at a placebo says no more."""
LOST, LEAST_LOST = 0.5, 0.1
"""Of a site, and of the measured ground, that must be seen to be still there for a look to show a
site plainly unharmed."""
TELLING = 2.0
"""Standard deviations of a look that such a loss must come to."""

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class CampSitesParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    area: AreaRules = field(default_factory=AreaRules)
    trend: TrendRules = field(default_factory=TrendRules)
    changes: ChangeRules = field(default_factory=ChangeRules)
    calibration: Calibration = field(default_factory=Calibration)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look held against the state before it.

    Attributes
    ----------
    covered : ndarray of bool, shape (place,)
        Whether enough of the site and its ring was seen.
    usable : ndarray of bool, shape (place,)
        Whether the two could be told apart besides.
    """

    rows: dict[str, NDArray[Any]]
    covered: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    share: Array
    variance: Array
    expected: Expected
    seconds: int


class CampSites:
    """Streaming detector of known camps that grow, contract or close; see the module's text."""

    info = DetectorInfo(
        id="camp_sites",
        version="1",
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
        if places.settlements is None:
            raise ValueError("this detector follows settlements, and none are named")
        look, chosen = cube.isel(time=0), places.settlements
        bands = [band for band in USED if band in look]
        pixels = np.stack([look[band].values for band in bands])
        causes, classes = look["cause"].values, look["SCL"].values
        clear = (causes == Cause.CLEAR) & np.isfinite(pixels).all(0)
        causes = np.where(~clear & (causes == Cause.CLEAR), np.uint8(Cause.NODATA), causes)
        values, seen = site_features(
            pixels, clear, classes != WATER, bands, chosen, self.parameters.area
        )
        cores, rings = lost_shares(causes, chosen)
        real = ~chosen.placebo
        shares = cores[real].mean(0) if real.any() else np.zeros(len(Cause))
        return Features(
            acquisition=str(cube.attrs["acquisition"]),
            sensed=datetime.fromisoformat(str(cube.attrs["sensed"])),
            names=NAMES,
            usable=float(shares[Cause.CLEAR]),
            causes={c.name.lower(): float(shares[c]) for c in Cause if c is not Cause.CLEAR},
            places=PlaceFeatures(
                ids=chosen.ids,
                placebo=chosen.placebo,
                values=values,
                bands=tuple(bands),
                seen=seen,
                contamination=contamination(classes, causes, chosen),
                lost=tuple(map(worst_cause, cores, rings)),
                core_pixels=np.diff(chosen.starts)[::PARTS],
            ),
            orbit=cube.attrs.get("orbit"),
            lived_without=tuple(band for band in self.info.useful if band not in look),
        )

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
        shown = np.where(look.usable & (not suspect), look.share, np.nan)
        rows = site_trend.take(look.rows, shown, look.variance, look.seconds, rules.trend)
        trained = rows["trend_looks"] >= rules.trend.training
        judged = np.isfinite(shown) & trained
        now = _area_now(rows, look)
        rows["thresholds"][:] = self._thresholds()
        turns = site_changes.advance(
            rows, now, judged, look.seconds, rows["thresholds"], rules.changes
        )
        points = np.stack(site_trend.interval(rows, LEVEL), -1)
        site_curve.note(rows, np.isfinite(shown), points, look.seconds)
        rows["part_looks"] += np.isfinite(places.values[:, SITE]) & np.isfinite(shown)[:, None]
        plain = _plain(look.expected, rules.trend.winsor)
        _keep(rows, look, _showed(look, rows, turns, trained, plain, suspect=suspect))
        after = place_state.after(state, features, rows)
        kept = state_packing.unpack(after.arrays)
        return after, tuple(
            finding(place, turn, kept, features, scene)
            for place, turn in turns.items()
            if not places.placebo[place]
        )

    def looks(self, state: MonitorState, features: Features) -> tuple[PlaceLook, ...]:
        """Tell what the look came to at every site; `state` is the one after it."""
        return place_state.looks(state, features, lambda place: said(state.arrays, place))

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
            "part_looks": np.zeros((count, PARTS), np.int32),
            "core_pixels": np.zeros(count, np.int32),
            "hectares": np.zeros(count),
            "thresholds": np.full((count, 3), np.nan),
            "showed": np.full(count, SHOWED.index(Showed.UNUSABLE), np.int8),
            **{name: np.full(count, np.nan) for name in ("observed", "expected", "predictive")},
        }

    def _thresholds(self) -> Array:
        one = self.parameters.calibration.for_stratum(())
        return np.array([one.watch, one.probable, one.established])

    def _hold(self, state: MonitorState, features: Features) -> _Look:
        """Hold a look against the state."""
        place_state.check(state, features, self.info)
        places, rules = place_state.measured(features), self.parameters
        rows, seconds = self._rows(state, places), int(features.sensed.timestamp())
        found = site_area(places.values, places.seen, places.contamination, rules.area)
        expected = site_trend.expect(rows, found.share, found.variance, seconds, rules.trend)
        covered = _covered(places, rows["part_looks"])
        usable = covered & np.isfinite(found.share)
        return _Look(rows, covered, usable, found.share, found.variance, expected, seconds)

    def _rows(self, state: MonitorState, places: PlaceFeatures) -> dict[str, NDArray[Any]]:
        """Return the state's rows in the order of the look's places, new ones for who joined."""
        rows = place_state.rows_of(state, places.ids, self._new_rows)
        if places.core_pixels is not None:
            rows["core_pixels"][:] = places.core_pixels
        rows["hectares"][:] = rows["core_pixels"] * self.info.zones.pixel_m**2 / HECTARE_M2
        return rows


def _covered(places: PlaceFeatures, part_looks: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell where enough of the site and of the sectors ever seen before was seen."""
    expected = part_looks[:, 1:] > 0
    had = np.isfinite(places.values[:, SITE, 1:])
    enough = (had & expected).sum(-1) >= RING_SHARE * expected.sum(-1)
    covered: NDArray[np.bool_] = (np.nan_to_num(places.seen[:, 0]) >= CORE_SHARE) & enough
    return covered & had.any(-1)


def _area_now(rows: Rows, look: _Look) -> AreaNow:
    trend, covariance = rows["trend"], rows["covariance"]
    season = site_trend.season(rows, look.seconds)
    return AreaNow(
        share=trend[:, LEVEL],
        rate=trend[:, RATE],
        rate_deviation=np.sqrt(covariance[:, RATE, RATE]),
        noise=rows["noise"],
        shown=look.share - season,
        hectares=np.maximum(rows["hectares"], 1e-9),
    )


def _plain(expected: Expected, most: float) -> NDArray[np.bool_]:
    """Tell which sites a look shows plainly as they were.

    One look far from what was expected opens no episode by itself, but it is no sign of safety;
    nor is one that scatters so widely that a site half gone would look alike.
    """
    lost = np.maximum(LOST * expected.mean, LEAST_LOST)
    tells: NDArray[np.bool_] = TELLING * expected.deviation <= lost
    return tells & (np.abs(expected.score) <= most)


def _showed(
    look: _Look, rows: Rows, turns: Mapping[int, Turn], trained: NDArray[np.bool_],
    plain: NDArray[np.bool_], *, suspect: bool,
) -> NDArray[np.int8]:  # fmt: skip
    """Say of every site what this look came to, as an index into `SHOWED`."""
    changed = is_open(rows)
    changed[list(turns)] = True
    return said_first(
        (~look.covered, Showed.UNUSABLE),
        (~look.usable, Showed.BLIND),
        (np.full(changed.shape, suspect), Showed.SUSPECT),
        (~trained, Showed.LEARNING),
        (changed, Showed.CHANGED),
        (~plain, Showed.BLIND),
    )


def _keep(rows: dict[str, NDArray[Any]], look: _Look, showed: NDArray[np.int8]) -> None:
    """Keep what the ledger tells of this look, in place."""
    rows["showed"] = showed
    for name, value in (
        ("observed", look.share),
        ("expected", look.expected.mean),
        ("predictive", look.expected.deviation),
    ):
        rows[name] = np.where(look.usable, value, np.nan)
