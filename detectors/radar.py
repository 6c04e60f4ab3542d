"""Razed settlements, seen by radar through cloud and by night: the settlement-level detector.

Walls and roofs send more back than the ground round them. Two statistics are kept of every
relative orbit, product and polarisation: how far the core's mean power departs from all means
before it, which speckle alone bounds exactly, and how far core against surroundings departs from
what the season lets expect. The less significant of the two counts: the first takes rain for
change, the second does not know how much speckle there is. Looks add up by their signs, so that
orbits that contradict each other cancel.

It reports that a settlement was *razed*; why is for people to say. Where a settlement is no
brighter than its surroundings it says that it cannot tell.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors import (
    baseline,
    episodes,
    place_learning,
    place_state,
    radar_report,
    radar_rise,
    radar_series,
    state_packing,
)
from detectors.baseline import BaselineRules, Errors
from detectors.burn_evidence import EvidenceRules
from detectors.burn_features import COVERS
from detectors.burn_seen import (
    CORE_SHARE,
    Measured,
    named,
    of_places,
    place_look,
    usable_places,
)
from detectors.calibration import POOLED, Calibration, Thresholds
from detectors.episodes import EpisodeRules, Turn
from detectors.held import Held, held_back
from detectors.odds import OddsRules, recurrence_odds, ring_odds
from detectors.radar_contrast import REFERENCE
from detectors.radar_evidence import RadarEvidence, weigh
from detectors.radar_features import BANDS, NAMES, SCORED, radar_features
from detectors.radar_looks import equivalent_looks
from detectors.types import (
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
)
from imagery.types import Cause, GeoBox

BUILT_IN = Thresholds(3.5, 5.0, 7.0)
"""What holds where nothing was calibrated: no budget, but more than the quiet looks of four bursts
brought (``docs/radar.md``)."""


def _baseline() -> BaselineRules:
    # Orbits see a settlement from other sides: their levels are as little known as the first.
    return BaselineRules(
        scale_start=(0.12, 0.12, 0.2, 0.1),
        scale_floor=(0.03, 0.03, 0.06, 0.03),
        prior=(400.0, 400.0, 5.0, 1.0),
    )


def _evidence() -> EvidenceRules:
    return EvidenceRules(reach=(1.0, 1.0, 1.0, 1.0), reference=REFERENCE, shape=0.3)


def _episodes() -> EpisodeRules:
    # One look of radar suspects nothing: two, of one orbit or of two.
    return EpisodeRules(speaking=(2, 2, 3))


def _odds() -> OddsRules:
    # A wall that is gone stays gone: how long nobody saw it takes nothing from what is seen.
    return OddsRules(unseen=0.0)


def _calibration() -> Calibration:
    return Calibration(thresholds={POOLED: BUILT_IN})


@dataclass(frozen=True, slots=True)
class RadarParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    baseline: BaselineRules = field(default_factory=_baseline)
    evidence: EvidenceRules = field(default_factory=_evidence)
    odds: OddsRules = field(default_factory=_odds)
    episodes: EpisodeRules = field(default_factory=_episodes)
    calibration: Calibration = field(default_factory=_calibration)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look held against the state before it; `slot` is None of an orbit that has no place."""

    rows: dict[str, NDArray[Any]]
    usable: NDArray[np.bool_]
    trained: NDArray[np.bool_]
    found: Errors
    weighed: RadarEvidence
    x: NDArray[np.float64]
    slot: int | None
    orbits: str
    seconds: int

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Tell of which settlements the look says anything, the scene being good."""
        return self.usable & self.trained


class Radar:
    """Streaming detector of razed settlements; see the module's text."""

    info = DetectorInfo(
        id="radar",
        version="2",
        kinds=("razed",),
        regions=("burned", "razed"),
        sensors=("sentinel-1-rtc", "sentinel-1-grd"),
        needed=("VV",),
        useful=("VH", "COH"),
        usable_share=CORE_SHARE,
        references=(
            Reference("Conradsen, Nielsen & Skriver 2016, change points in series of radar power",
                      "10.1109/TGRS.2015.2510160"),
            Reference("Ballinger 2024, building damage by pixel-wise t tests of Sentinel-1",
                      "10.48550/arXiv.2405.06323"),
            Reference("Abadie et al. 2010, synthetic control", "10.1198/jasa.2009.ap08746"),
        ),
        watches=Watches.SETTLEMENTS,
    )  # fmt: skip

    def __init__(self, parameters: RadarParameters | None = None) -> None:
        self.parameters = parameters or RadarParameters()

    def calibrated(self, calibration: Calibration) -> Radar:
        """Return this detector with other thresholds; those of all places together hold."""
        return Radar(dataclasses.replace(self.parameters, calibration=calibration))

    def measure(self, cube: xr.Dataset, places: Places) -> Features:
        """Measure every settlement and placebo on one look.

        Raises
        ------
        ValueError
            If no settlements are named.
        """
        look, chosen = cube.isel(time=0), named(places)
        power = {band: look[band].values for band in BANDS if band in look}
        clear, causes = _clear(power, look["cause"].values)
        masked = [np.where(clear, power[b], np.nan) for b in ("VV", "VH") if b in power]
        per_pixel = equivalent_looks(
            masked[0], masked[1] if len(masked) > 1 else None, float(cube.attrs["pixel_m"])
        )
        values, seen = radar_features(power, clear, per_pixel, chosen)
        measured = Measured(NAMES, values, seen, tuple(power))
        return place_look(cube, self.info, chosen, causes, measured)

    def start(self, geobox: GeoBox) -> MonitorState:
        """Return the state of a cell of which no settlement was ever looked at."""
        return MonitorState(
            detector=self.info.id,
            version=self.info.version,
            geobox=geobox,
            arrays=state_packing.pack(self._new_rows(0)),
            scalars={"looks": 0, "last": "", "orbits": ""},
        )

    def placebo_evidence(self, state: MonitorState, features: Features) -> tuple[float, ...]:
        """Return the evidence of this look alone at every usable placebo, nats."""
        placebos = of_places(features, place_state.measured(features).placebo)
        look = self._hold(state, placebos, own_null=False)
        return tuple(map(float, look.weighed.total[look.judged]))

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        """Take one look into the state of every settlement and report what is new."""
        places = place_state.measured(features)
        look = self._hold(state, features)
        suspect = scene.verdict is GuardVerdict.SUSPECT
        turns = self._advance(look, places, suspect=suspect)
        learned = self._learn(look, places, turns, suspect=suspect)
        learned["showed"] = place_state.showed(
            look.rows, turns, look.usable, look.trained, look.weighed.total, look.weighed.plain,
            suspect=suspect,
        )  # fmt: skip
        after = place_state.after(state, features, learned, look.orbits)
        least = self.parameters.baseline.training
        return after, tuple(
            radar_report.finding(
                places.ids[place], turn, look.found, place, features, scene, learned, least
            )
            for place, turn in turns.items()
            if not places.placebo[place]
        )

    def looks(self, state: MonitorState, features: Features) -> tuple[PlaceLook, ...]:
        """Tell what the look came to at every settlement; `state` is the one after it."""
        told = place_state.looks(
            state, features,
            lambda place: radar_report.said(
                state.arrays, place, self.parameters.baseline.training
            ),
        )  # fmt: skip
        placed = radar_series.slot_of(str(state.scalars["orbits"]), features)[0] is not None
        return told if placed else tuple(dataclasses.replace(one, lost="orbit") for one in told)

    def beside(self, state: MonitorState) -> MonitorState:
        """Return a state without settlements, in which others can be brought up to `state`."""
        return place_state.beside(self.start(state.geobox), state)

    def join(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state` with all places of `other`, which has taken the same looks.

        What both know is taken from `other`.

        Raises
        ------
        ValueError
            If the states number relative orbits differently.
        """
        return place_state.joined(state, other)[0]

    def past_numbers(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state`, in which no new episode gets a number that `other` has given."""
        return place_state.past_numbers(state, other)

    def _new_rows(self, count: int) -> dict[str, NDArray[Any]]:
        return {
            **baseline.new_rows(count, self.parameters.baseline),
            **episodes.new_rows(count, SCORED, len(COVERS)),
            **radar_series.new_rows(count),
            **radar_rise.new_rows(count),
            "showed": np.full(count, place_state.SHOWED.index(Showed.UNUSABLE), np.int8),
            "evidence": np.full(count, np.nan),
            "score": np.full((count, SCORED), np.nan),
            "observed": np.full((count, SCORED), np.nan),
            "predictive": np.full((count, SCORED), np.nan),
            "thresholds": np.full((count, len(episodes.LEVELS)), np.nan),
            "held": np.zeros(count, np.int8),
        }

    def _hold(self, state: MonitorState, features: Features, *, own_null: bool = True) -> _Look:
        """Hold a look against the state."""
        place_state.check(state, features, self.info)
        places, rules = place_state.measured(features), self.parameters
        rows = place_state.rows_of(state, places.ids, self._new_rows)
        radar_series.welcome(rows, places.values)
        slot, orbits = radar_series.slot_of(str(state.scalars["orbits"]), features)
        seconds = int(features.sensed.timestamp())
        x = baseline.terms(seconds, slot or 0)
        usable = usable_places(places, rows["part_looks"].max(1, initial=0))
        usable &= slot is not None
        trained = rows["part_looks"][:, :, 0].max(-1, initial=0) >= rules.baseline.training
        trained &= radar_series.was_seen(rows, slot)
        null = usable & trained & places.placebo & own_null
        values = places.values[:, :SCORED]
        found = baseline.errors(rows, values, x, seconds, null, np.zeros(SCORED), rules.baseline)
        weighed = weigh(rows, places, found, x, slot, trained, rules.evidence)
        return _Look(rows, usable, trained, found, weighed, x, slot, orbits, seconds)

    def _advance(
        self, look: _Look, places: PlaceFeatures, *, suspect: bool
    ) -> dict[int, Turn]:  # fmt: skip
        """Move every judged settlement on; return what is new, by row."""
        rows, rules, weighed = look.rows, self.parameters, look.weighed
        judged = look.judged & (not suspect)
        share = np.nan_to_num(look.found.ring_changed).max(-1)
        lately = episodes.ring_lately(rows, share, look.seconds, rules.episodes)
        since = np.where(episodes.is_open(rows), rows["opened"], look.seconds)
        ring = ring_odds(lately, rules.odds)
        again = recurrence_odds(rows["past"], since, rules.odds)
        own = rules.calibration.for_stratum(())
        thresholds = np.tile([own.watch, own.probable, own.established], (len(places.ids), 1))
        turns, _ = episodes.advance(
            rows,
            episodes.Look(
                look.seconds, judged, weighed.by_cover, ring + again, share, weighed.plain,
                look.found.error, look.found.residual, thresholds,
            ),
            rules.episodes, rules.odds,
        )  # fmt: skip
        rows["thresholds"][:] = thresholds
        lowered = {
            Held.RING_BURNED: ring[:, None],
            Held.RECURRENCE: again[:, None],
        }
        held = held_back(rows["windowed"], lowered, thresholds)
        rows["held"][:] = np.where(judged, held, 0)
        loud = look.usable & (weighed.total > thresholds[:, 0])
        rows["held"][loud & judged & ~(rows["windowed"][:, 0] > thresholds[:, 0])] |= Held.ONE_LOOK
        rows["held"][loud & look.trained & suspect] |= Held.SCENE_SUSPECT
        rows["held"][loud & ~look.trained] |= Held.LEARNING
        return turns

    def _learn(
        self, look: _Look, places: PlaceFeatures, turns: Mapping[int, Turn], *, suspect: bool
    ) -> dict[str, NDArray[Any]]:
        """Return the rows after the look: what is under suspicion learns nothing."""
        rows, rules, weighed = look.rows, self.parameters, look.weighed
        calm = place_learning.quiet_places(rows, look.usable, turns, suspect=suspect)
        told = calm & look.trained
        brighter = radar_rise.shown(weighed, told)
        quiet = calm & ~brighter
        # The less a look is trusted to show the settlement unharmed, the less it teaches. One
        # that says nothing either way, as where a loss could not be seen, teaches in full.
        harmed = np.where(look.trained, np.maximum(weighed.total, 0.0), -np.inf)
        trust = np.minimum(2.0 / (1.0 + np.exp(harmed)), 1.0) / weighed.disturbed**2
        trust = np.where(quiet, trust, 0.0)
        values = places.values[:, :SCORED]
        learned = baseline.learn(
            rows, values, look.found, look.x, look.seconds, trust, rules.baseline
        )
        radar_series.learn(learned, places.values, weighed, quiet, look.slot, rows["worth"])
        for place in place_learning.new_normals(rows, learned, turns, rules.episodes.level_looks):
            radar_series.begin_anew(learned, place)
            radar_rise.begin_anew(learned, place)
        for place in radar_rise.follow(learned, brighter, told, look.seconds):
            recent = rows["window_residual"][place, -rules.episodes.level_looks :]
            baseline.relevel(learned, place, recent)
            radar_series.begin_anew(learned, place)
        place_learning.keep(
            rows, learned, values, look.found, weighed.total, look.usable, look.judged,
            look.seconds,
        )  # fmt: skip
        radar_series.note(learned, weighed, look.found, look.usable, episodes.is_open(rows))
        return learned


def _clear(
    power: Mapping[str, NDArray[np.float32]], causes: NDArray[np.uint8]
) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Return the pixels that may be used, and the causes with those of the others."""
    clear = causes == Cause.CLEAR
    for band in ("VV", "VH"):
        if band in power:
            clear &= np.isfinite(power[band]) & (power[band] > 0.0)
    lost = ~clear & (causes == Cause.CLEAR)
    return clear, np.where(lost, np.uint8(Cause.NODATA), causes)
