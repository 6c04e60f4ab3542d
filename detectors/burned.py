"""Burned or razed settlements, seen as wholes: the object-level detector.

Measured per look: four features of the core and of 16 sectors around it. Scored: how far the core
departs from what its season and its surroundings let expect, added up over features and looks.
It reports that a settlement *burned*; why is for people to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry import Polygon

from detectors import baseline, episodes
from detectors.baseline import BaselineRules, Errors
from detectors.burn_evidence import Evidence, EvidenceRules, look_evidence
from detectors.burn_features import NAMES, USED, burn_features, unburned_features
from detectors.episodes import NEVER, EpisodeRules, Turn
from detectors.part_statistics import part_reflectance
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
    PlaceSet,
    Reference,
    SceneJudgement,
    Showed,
    Watches,
)
from imagery.types import Cause, GeoBox

CORE_SHARE = 0.7
RING_SHARE = 0.5
"""Of the sectors ever seen, those that a usable look shows."""
WATER = 6
SHADOWY = (2, 3, 7)
"""Scene classes that may be shadow, or char: dark, shadow, unclassified."""
CONTAMINATION = 0.02
"""Least share of a core taken to be haze or shadow that no mask shows."""
CLOUDY = 0.25
"""Share of cloud in the surroundings at which a dark core is taken to be in shadow in full."""
UNKNOWN_ORBIT = -1
MOST_CONTAMINATED = 0.9
RING_CHANGED = 0.25
"""Share of the sectors that changed like the core at which a finding says so."""
_FACTORS = {"near_infrared_factor": 0, "visible_factor": 1}
_CHANGES = {"char_index_change": 2, "char_fraction_change": 3}


@dataclass(frozen=True, slots=True)
class BurnedParameters:
    """Constants of the detector; part of what a finding must name to be recomputed."""

    baseline: BaselineRules = field(default_factory=BaselineRules)
    evidence: EvidenceRules = field(default_factory=EvidenceRules)
    episodes: EpisodeRules = field(default_factory=EpisodeRules)


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
        version="1",
        kinds=("burned",),
        sensor="sentinel-2-l2a",
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

    def measure(self, cube: xr.Dataset, places: Places) -> Features:
        """Measure every settlement and placebo on one look.

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
        reflectance, seen = part_reflectance(pixels, clear, classes != WATER, chosen)
        cores, rings = _lost(causes, chosen)
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
                values=burn_features(reflectance, bands),
                unburned=unburned_features(reflectance[:, :, 0], bands),
                seen=seen,
                contamination=_contamination(classes, causes, chosen),
                lost=tuple(map(_worst, cores, rings)),
            ),
            orbit=cube.attrs.get("orbit"),
            lived_without=tuple(band for band in self.info.useful if band not in look),
        )

    def start(self, geobox: GeoBox) -> MonitorState:
        """Return the state of a cell of which no settlement was ever looked at."""
        return MonitorState(
            detector=self.info.id,
            version=self.info.version,
            geobox=geobox,
            arrays=self._new_rows(0),
            scalars={"looks": 0, "last": "", "orbits": ""},
        )

    def placebo_evidence(self, state: MonitorState, features: Features) -> tuple[float, ...]:
        """Return the evidence of this look alone at every usable placebo, nats."""
        look, _ = self._hold(state, features)
        judged = look.usable & look.trained & _measured(features).placebo
        return tuple(float(value) for value in look.evidence.total[judged])

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        """Take one look into the state of every settlement and report what is new."""
        places = _measured(features)
        look, orbits = self._hold(state, features)
        suspect = scene.verdict is GuardVerdict.SUSPECT
        rows, judged = look.rows, look.usable & look.trained & (not suspect)
        turns = self._advance(look, judged)
        quiet = look.usable & ~episodes.is_open(rows) & (not suspect)
        quiet[list(turns)] = False
        # The less a look is trusted to show the settlement unharmed, the less it teaches.
        harmed = np.where(look.trained, look.evidence.total, -np.inf)
        trust = np.where(quiet, 1.0 / (1.0 + np.exp(harmed)), 0.0)
        learned = baseline.learn(
            rows, places.values, look.found, look.x, look.seconds, trust, self.parameters.baseline
        )
        for place, turn in turns.items():
            if turn.new_normal:
                recent = rows["window_residual"][place, -self.parameters.episodes.level_looks :]
                baseline.relevel(learned, place, recent)
        # Nothing fades while nothing is learned.
        learned["learned"] = np.where(
            episodes.is_open(rows) & (learned["learned"] != NEVER), look.seconds, learned["learned"]
        )
        learned["showed"] = self._showed(look, suspect=suspect)
        learned["evidence"] = np.where(look.usable & look.trained, look.evidence.total, np.nan)
        learned["score"] = np.where(look.usable[:, None], look.found.score, np.nan)
        after = MonitorState(
            detector=state.detector,
            version=state.version,
            geobox=state.geobox,
            arrays=learned,
            scalars={
                "looks": int(state.scalars["looks"]) + 1,
                "last": features.sensed.isoformat(),
                "orbits": orbits,
                **_placebo_counts(learned, places.placebo),
            },
            objects=tuple({"id": one} for one in places.ids),
        )
        return after, tuple(
            _finding(places.ids[place], turn, look, place, features, scene)
            for place, turn in turns.items()
            if not places.placebo[place]
        )

    def looks(self, state: MonitorState, features: Features) -> tuple[PlaceLook, ...]:
        """Tell what the look came to at every settlement; `state` is the one after it."""
        places, rows = _measured(features), state.arrays
        return tuple(
            PlaceLook(
                place=one,
                showed=Showed(_SHOWED[int(rows["showed"][place])]),
                usable=round(float(places.seen[place, 0]), 4),
                lost=places.lost[place],
                said=_said(rows, place),
            )
            for place, one in enumerate(places.ids)
            if not places.placebo[place]
        )

    def _new_rows(self, count: int) -> dict[str, NDArray[Any]]:
        return {
            **baseline.new_rows(count, self.parameters.baseline),
            **episodes.new_rows(count),
            "showed": np.full(count, _SHOWED.index(Showed.UNUSABLE), np.int8),
            "evidence": np.full(count, np.nan),
            "score": np.full((count, len(NAMES)), np.nan),
        }

    def _hold(self, state: MonitorState, features: Features) -> tuple[_Look, str]:
        """Hold a look against the state; return it with the orbits known by then."""
        _check(state, features, self.info)
        places, rules = _measured(features), self.parameters
        rows = self._rows(state, places.ids)
        slot, orbits = _slot(str(state.scalars["orbits"]), features.orbit)
        seconds = int(features.sensed.timestamp())
        x = baseline.terms(seconds, slot)
        trained = rows["part_looks"][:, :, 0].max(-1, initial=0) >= rules.baseline.training
        usable = _usable(places, rows["part_looks"].max(1, initial=0))
        null = usable & trained & places.placebo
        found = baseline.errors(rows, places.values, x, null, rules.baseline)
        evidence = look_evidence(
            found, places.values[:, :, 0], places.unburned, places.contamination, rules.evidence
        )
        return _Look(rows, usable, trained, found, evidence, x, seconds), orbits

    def _rows(self, state: MonitorState, ids: tuple[str, ...]) -> dict[str, NDArray[Any]]:
        """Return the state's rows in the order of `ids`, new ones for settlements that joined."""
        known = {str(record["id"]): row for row, record in enumerate(state.objects)}
        rows = self._new_rows(len(ids))
        here = [place for place, one in enumerate(ids) if one in known]
        there = [known[ids[place]] for place in here]
        for name, array in rows.items():
            array[here] = state.arrays[name][there]
        return rows

    def _advance(self, look: _Look, judged: NDArray[np.bool_]) -> dict[int, Turn]:
        """Move every judged settlement on; return what is new, by row."""
        turns = {}
        for place in map(int, np.flatnonzero(judged)):
            evidence, residual = look.evidence.by_cover[place], look.found.residual[place]
            episodes.remember(look.rows, place, evidence, look.seconds, residual)
            turn = episodes.advance(
                look.rows, place, look.seconds, look.found.error[place],
                plain=bool(look.evidence.plain[place]), rules=self.parameters.episodes,
            )  # fmt: skip
            if turn is not None:
                turns[place] = turn
        return turns

    def _showed(self, look: _Look, *, suspect: bool) -> NDArray[np.int8]:
        """Say of every settlement what this look came to, as an index into `_SHOWED`."""
        changed = episodes.is_open(look.rows) & (look.evidence.total > 0.0)
        bad = np.full(changed.shape, suspect)
        cases = (~look.usable, ~look.trained, bad, changed, ~look.evidence.telling)
        words = (Showed.UNUSABLE, Showed.LEARNING, Showed.SUSPECT, Showed.CHANGED, Showed.BLIND)
        index = np.select(
            cases, [_SHOWED.index(word) for word in words], _SHOWED.index(Showed.UNCHANGED)
        )
        return index.astype(np.int8)


_SHOWED = tuple(Showed)


def _measured(features: Features) -> PlaceFeatures:
    if features.places is None:
        raise ValueError("this detector follows settlements, and the look has none")
    return features.places


def _usable(places: PlaceFeatures, part_looks: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell where enough of the core and of the sectors ever seen before was seen."""
    core = np.nan_to_num(places.seen[:, 0]) >= CORE_SHARE
    expected = part_looks[:, 1:] > 0
    had = np.isfinite(places.values[:, :, 1:]).any(1) & expected
    count = expected.sum(-1)
    result: NDArray[np.bool_] = core & (had.sum(-1) >= RING_SHARE * count)
    return result


def _contamination(
    classes: NDArray[np.uint8], causes: NDArray[np.uint8], places: PlaceSet
) -> NDArray[np.float64]:
    """Return the share of each core that may be in shadow: dark, with clouds about to cast one.

    Char and burned thatch are classed as shadow as well. Dark ground under a clear sky is dark
    of itself.
    """
    out = np.full(len(places.ids), CONTAMINATION)
    shadowy, cloudy = np.isin(classes, SHADOWY).ravel(), (causes == Cause.CLOUD).ravel()
    for place in range(len(places.ids)):
        first, second, last = places.starts[place * PARTS + np.array([0, 1, PARTS])]
        around = cloudy[places.pixels[first:last]].mean() if last > first else 0.0
        dark = shadowy[places.pixels[first:second]].mean() if second > first else 0.0
        out[place] += dark * min(1.0, around / CLOUDY)
    bounded: NDArray[np.float64] = np.minimum(out, MOST_CONTAMINATED)
    return bounded


def _lost(
    causes: NDArray[np.uint8], places: PlaceSet
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of each core and ring lost to each cause, both shape (place, cause)."""
    flat, shape = causes.ravel(), (len(places.ids), len(Cause))
    cores, rings = np.zeros(shape), np.zeros(shape)
    for place in range(len(places.ids)):
        first, second, last = places.starts[place * PARTS + np.array([0, 1, PARTS])]
        for out, begin, end in ((cores, first, second), (rings, second, last)):
            counts = np.bincount(flat[places.pixels[begin:end]], minlength=len(Cause))
            out[place] = counts / max(end - begin, 1)
    return cores, rings


def _worst(core: NDArray[np.float64], ring: NDArray[np.float64]) -> str:
    """Return what most of a core was lost to, or of its ring where the core was seen."""
    shares = ring if core[Cause.CLEAR] >= CORE_SHARE else core
    worst = Cause(1 + int(np.argmax(shares[1:])))
    return worst.name.lower() if shares[worst] > 0.0 else ""


def _slot(orbits: str, orbit: int | None) -> tuple[int, str]:
    """Return the number of a relative orbit among those seen, and all of them."""
    known = orbits.split(",") if orbits else []
    name = str(UNKNOWN_ORBIT if orbit is None else orbit)
    if name not in known:
        known.append(name)
    return known.index(name), ",".join(known)


def _placebo_counts(rows: Mapping[str, NDArray[Any]], placebo: NDArray[np.bool_]) -> dict[str, int]:
    """Count the episodes of placebos by the state they reached: false ones, all of them."""
    reached = rows["reached"][placebo].sum(0, initial=0)
    names = ("placebo_watch", "placebo_probable", "placebo_established")
    return {"placebos": int(placebo.sum()), **dict(zip(names, map(int, reached), strict=True))}


def _said(rows: Mapping[str, NDArray[Any]], place: int) -> dict[str, Any]:
    scores = {
        name: round(float(value), 2)
        for name, value in zip(NAMES, rows["score"][place], strict=True)
        if np.isfinite(value)
    }
    evidence = float(rows["evidence"][place])
    told: dict[str, Any] = {"scores": scores} if scores else {}
    return {**told, **({"evidence": round(evidence, 2)} if np.isfinite(evidence) else {})}


def _finding(
    place_id: str, turn: Turn, look: _Look, place: int, features: Features, scene: SceneJudgement
) -> Finding:
    return Finding(
        object=turn.episode,
        kind="burned",
        state=turn.state,
        geometry=Polygon(),
        area_m2=0.0,
        pixels=0,
        last_unharmed=None if turn.unharmed == NEVER else _time(turn.unharmed),
        first_changed=_time(turn.opened),
        looks=turn.looks,
        evidence=_numbers(turn, float(look.found.ring_changed[place].max())),
        doubts=tuple(_doubts(turn, look, place, features, scene)),
        place=place_id,
    )


def _numbers(turn: Turn, ring_changed: float) -> dict[str, float]:
    """Return what an analyst can check; a feature that was not seen has no number."""
    factors = {name: float(np.exp(-turn.shown[k])) for name, k in _FACTORS.items()}
    changes = {name: float(turn.shown[k]) for name, k in _CHANGES.items()}
    numbers = {"log_likelihood_ratio": turn.strongest, **factors, **changes,
               "surroundings_changed": ring_changed}  # fmt: skip
    return {name: round(value, 3) for name, value in numbers.items() if np.isfinite(value)}


def _doubts(
    turn: Turn, look: _Look, place: int, features: Features, scene: SceneJudgement
) -> list[str]:
    """Say in words what could weaken a finding."""
    doubts = []
    if turn.unharmed == NEVER:
        doubts.append("no look shows the settlement plainly unharmed before")
    if not look.found.ringed[place].any():
        doubts.append("its surroundings could not be compared with")
    elif look.found.ring_changed[place].max() >= RING_CHANGED:
        share = look.found.ring_changed[place].max()
        doubts.append(f"{share:.0%} of its surroundings changed as well")
    if scene.verdict is GuardVerdict.UNGUARDED:
        doubts.append(f"the scene guard could not judge the look: {scene.reason}")
    if features.lived_without:
        doubts.append(f"seen without {', '.join(features.lived_without)}")
    return doubts


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def _check(state: MonitorState, features: Features, info: DetectorInfo) -> None:
    if (state.detector, state.version) != (info.id, info.version):
        raise ValueError(
            f"this state was written by {state.detector} {state.version}, "
            f"not by {info.id} {info.version}"
        )
    last = str(state.scalars["last"])
    if last and features.sensed <= datetime.fromisoformat(last):
        raise ValueError(f"the look of {features.sensed:%Y-%m-%d} is not younger than {last}")
