"""Burned or razed settlements, seen as wholes: the object-level detector.

Measured per look: five features of the core and of 16 sectors around it. Scored: how far the core
departs from what its season and its surroundings let expect, added up over features and looks.
It reports that a settlement *burned*; why is for people to say.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors import baseline, episodes, inside, place_learning, place_state, state_packing
from detectors.baseline import BaselineRules, Errors
from detectors.burn_evidence import Evidence, EvidenceRules, look_evidence
from detectors.burn_features import (
    NAMES,
    USED,
    burn_features,
    burned_features,
    otherwise_features,
    unsure,
)
from detectors.burn_report import finding, said
from detectors.burn_seen import (
    CORE_SHARE,
    Measured,
    contamination,
    named,
    of_places,
    place_look,
    usable_places,
)
from detectors.burn_strata import place_thresholds
from detectors.calibration import Calibration
from detectors.episodes import EpisodeRules, Turn
from detectors.held import Held, held_back
from detectors.inside import Inside, InsideRules
from detectors.odds import OddsRules, recurrence_odds, ring_odds
from detectors.part_statistics import part_reflectance
from detectors.patch_look import patch_look
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

WATER = 6
UNKNOWN_ORBIT = -1


@dataclass(frozen=True, slots=True)
class BurnedParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    baseline: BaselineRules = field(default_factory=BaselineRules)
    evidence: EvidenceRules = field(default_factory=EvidenceRules)
    odds: OddsRules = field(default_factory=OddsRules)
    episodes: EpisodeRules = field(default_factory=EpisodeRules)
    calibration: Calibration = field(default_factory=Calibration)
    inside: InsideRules = field(default_factory=InsideRules)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look held against the state before it."""

    rows: dict[str, NDArray[Any]]
    usable: NDArray[np.bool_]
    trained: NDArray[np.bool_]
    found: Errors
    evidence: Evidence
    x: NDArray[np.float64]
    seconds: int


class Burned:
    """Streaming detector of burned settlements; see the module's text."""

    info = DetectorInfo(
        id="burned",
        version="2",
        kinds=("burned",),
        regions=("burned",),
        sensors=("sentinel-2-l2a",),
        needed=("B08", "SCL"),
        useful=("B02", "B03", "B04", "B8A", "B11", "B12"),
        usable_share=CORE_SHARE,
        references=(
            Reference("Marx & Loboda 2013, destroyed villages in Darfur from Landsat",
                      "10.1016/j.rse.2013.05.006"),
            Reference("Liu et al. 2020, short-wave infrared burn ratio",
                      "10.1080/22797254.2020.1738900"),
            Reference("Abadie et al. 2010, synthetic control", "10.1198/jasa.2009.ap08746"),
        ),
        watches=Watches.SETTLEMENTS,
    )  # fmt: skip

    def __init__(self, parameters: BurnedParameters | None = None) -> None:
        self.parameters = parameters or BurnedParameters()

    def calibrated(self, calibration: Calibration) -> Burned:
        """Return this detector with other thresholds."""
        return Burned(dataclasses.replace(self.parameters, calibration=calibration))

    def measure(self, cube: xr.Dataset, places: Places) -> Features:
        """Measure every settlement and placebo on one look.

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
        reflectance, seen = part_reflectance(pixels, clear, classes != WATER, chosen)
        grid = (look["y"].values, look["x"].values)
        measured = Measured(
            NAMES, burn_features(reflectance, bands), seen, bands,
            contamination(classes, causes, chosen),
            None
            if chosen.patches is None
            else patch_look(dict(zip(bands, pixels, strict=True)), clear, grid, chosen.patches),
        )  # fmt: skip
        return place_look(cube, self.info, chosen, causes, measured)

    def start(self, geobox: GeoBox) -> MonitorState:
        """Return the state of a cell of which no settlement was ever looked at."""
        return MonitorState(
            detector=self.info.id,
            version=self.info.version,
            geobox=geobox,
            arrays={**state_packing.pack(self._new_rows(0)), **inside.no_pixels()},
            scalars={"looks": 0, "last": "", "orbits": ""},
        )

    def placebo_evidence(self, state: MonitorState, features: Features) -> tuple[float, ...]:
        """Return the evidence of this look alone at every usable placebo, nats.

        Against the placebos' own history, not against each other: the guard asks whether the
        scene is unlike others.
        """
        placebos = of_places(features, place_state.measured(features).placebo)
        look, _ = self._hold(state, placebos, own_null=False)
        return tuple(map(float, look.evidence.total[look.usable & look.trained]))

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        """Take one look into the state of every settlement and report what is new."""
        places = place_state.measured(features)
        look, orbits = self._hold(state, features)
        suspect = scene.verdict is GuardVerdict.SUSPECT
        look, within = self._look_inside(look, state, places, suspect=suspect)
        rows, judged = look.rows, look.usable & look.trained & (not suspect)
        turns = self._advance(look, places, judged, within, suspect=suspect)
        quiet = place_learning.quiet_places(rows, look.usable, turns, suspect=suspect)
        # The less a look is trusted to show the settlement unharmed, the less it teaches.
        harmed = np.where(look.trained, look.evidence.total, -np.inf)
        trust = np.where(quiet, 1.0 / (1.0 + np.exp(harmed)), 0.0)
        learned = baseline.learn(
            rows, places.values, look.found, look.x, look.seconds, trust, self.parameters.baseline
        )
        anew = list(place_learning.new_normals(
            rows, learned, turns, self.parameters.episodes.level_looks
        ))  # fmt: skip
        learned |= inside.learned(
            within, rows, quiet, episodes.is_open(rows), anew, self.parameters.inside,
            hold=suspect,
        )  # fmt: skip
        learned["showed"] = place_state.showed(
            rows, turns, look.usable, look.trained, look.evidence.total, look.evidence.plain,
            suspect=suspect,
        )  # fmt: skip
        place_learning.keep(
            rows, learned, places.values, look.found, look.evidence.total, look.usable,
            look.usable & look.trained, look.seconds,
        )  # fmt: skip
        after = place_state.after(state, features, learned, orbits)
        told = (
            (place, finding(places.ids[place], turn, look.found, place, features, scene, learned))
            for place, turn in turns.items()
            if not places.placebo[place]
        )
        return after, tuple(
            inside.described(one, within, place, state, self.parameters.inside)
            for place, one in told
        )

    def looks(self, state: MonitorState, features: Features) -> tuple[PlaceLook, ...]:
        """Tell what the look came to at every settlement; `state` is the one after it."""
        return place_state.looks(state, features, lambda place: said(state.arrays, place))

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
        pixels = inside.no_pixels()
        both, kept = place_state.joined(state, other, tuple(pixels))
        own = inside.kept_pixels(state.arrays, kept)
        patches = np.concatenate([own, other.arrays["patch_state"]])
        return dataclasses.replace(both, arrays={**both.arrays, "patch_state": patches})

    def past_numbers(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state`, in which no new episode gets a number that `other` has given."""
        return place_state.past_numbers(state, other)

    def _new_rows(self, count: int) -> dict[str, NDArray[Any]]:
        return {
            **baseline.new_rows(count, self.parameters.baseline),
            **episodes.new_rows(count),
            **inside.new_rows(count, self.parameters.inside),
            "showed": np.full(count, place_state.SHOWED.index(Showed.UNUSABLE), np.int8),
            "evidence": np.full(count, np.nan),
            "score": np.full((count, len(NAMES)), np.nan),
            "observed": np.full((count, len(NAMES)), np.nan),
            "predictive": np.full((count, len(NAMES)), np.nan),
            "thresholds": np.full((count, len(episodes.LEVELS)), np.nan),
            "held": np.zeros(count, np.int8),
            "core_pixels": np.zeros(count, np.int32),
        }

    def _hold(
        self, state: MonitorState, features: Features, *, own_null: bool = True
    ) -> tuple[_Look, str]:
        """Hold a look against the state; return it with the orbits known by then."""
        place_state.check(state, features, self.info)
        places, rules = place_state.measured(features), self.parameters
        rows = place_state.rows_of(state, places.ids, self._new_rows, tuple(inside.no_pixels()))
        slot, orbits = place_state.numbered(
            str(state.scalars["orbits"]),
            str(UNKNOWN_ORBIT if features.orbit is None else features.orbit),
        )
        seconds = int(features.sensed.timestamp())
        x = baseline.terms(seconds, slot)
        trained = rows["part_looks"][:, :, 0].max(-1, initial=0) >= rules.baseline.training
        usable = usable_places(places, rows["part_looks"].max(1, initial=0))
        null = usable & trained & places.placebo & own_null
        found = baseline.errors(
            rows, places.values, x, seconds, null, unsure(places.bands), rules.baseline
        )
        before = places.values[:, :, 0] - found.error
        burned, otherwise = (
            changed(before, places.bands) - before[:, None]
            for changed in (burned_features, otherwise_features)
        )
        evidence = look_evidence(found, burned, otherwise, places.contamination, rules.evidence)
        return _Look(rows, usable, trained, found, evidence, x, seconds), orbits

    def _look_inside(
        self, look: _Look, state: MonitorState, places: PlaceFeatures, *, suspect: bool
    ) -> tuple[_Look, Inside | None]:
        """Take the look into the pixels' state; return it with what they add to its evidence."""
        rules = self.parameters.inside
        within = inside.weigh(state, places, look.rows, look.usable, look.seconds, rules)
        evidence = inside.strengthened(look.evidence, within, rules)
        suspected = episodes.is_open(look.rows)
        within = inside.taken(within, suspected, rules, hold=suspect)
        return dataclasses.replace(look, evidence=evidence), within

    def _advance(
        self, look: _Look, places: PlaceFeatures, judged: NDArray[np.bool_],
        within: Inside | None, *, suspect: bool,
    ) -> dict[int, Turn]:  # fmt: skip
        """Move every judged settlement on; return what is new, by row."""
        rows, rules = look.rows, self.parameters
        share = look.found.ring_changed.max(-1)
        lately = episodes.ring_lately(rows, share, look.seconds, rules.episodes)
        since = np.where(episodes.is_open(rows), rows["opened"], look.seconds)
        ring = ring_odds(lately, rules.odds)
        again = recurrence_odds(rows["past"], since, rules.odds)
        through = inside.through_odds(within, since, rules.inside)
        # Kept, for what a year brought is compared with years of places of the same size.
        rows["core_pixels"][:] = 0 if places.core_pixels is None else places.core_pixels
        thresholds = place_thresholds(rows, places.core_pixels, rules.calibration)
        turns, unseen = episodes.advance(
            rows,
            episodes.Look(
                look.seconds, judged, look.evidence.by_cover, ring + again + through, share,
                look.evidence.plain, look.found.error, look.found.residual, thresholds,
            ),
            rules.episodes, rules.odds,
        )  # fmt: skip
        loud = look.usable & (look.evidence.total > thresholds[:, 0])
        rows["thresholds"][:] = thresholds
        lowered = {
            Held.RING_BURNED: ring[:, None],
            Held.RECURRENCE: again[:, None],
            Held.PASSING_THROUGH: through[:, None],
            Held.LONG_UNSEEN: unseen,
        }
        held = held_back(rows["windowed"], lowered, thresholds)
        rows["held"][:] = np.where(judged, held, 0)
        rows["held"][loud & look.trained & suspect] |= Held.SCENE_SUSPECT
        rows["held"][loud & ~look.trained] |= Held.LEARNING
        return turns
