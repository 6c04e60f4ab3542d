"""Burns and other changes implanted into real looks in memory, and the detector run over them.

Each look is decoded once. A burn is an exercise's own (`hearthwatch.exercise`): huts on their
lattice, shares by pixel, the mixture, the fading, the scene class; so is a change that is no burn.
What is of a place is put into its core's pixels alone, so that places may lie in each other's
surroundings. What the ring, the clouds and the masks show is the scene's. The one difference: all
bands take their shares on the grid of 10 m.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np

from detectors.baseline import BaselineRules
from detectors.burn_features import (
    CHAR_FRACTION,
    NAMES,
    burn_features,
)
from detectors.burned import Burned, BurnedParameters
from detectors.guard import judge_scene
from detectors.types import (
    Features,
    Finding,
    GuardVerdict,
    PlaceFeatures,
    SceneJudgement,
    Showed,
)
from hearthwatch.evaluation.definitions import LEVELS
from hearthwatch.evaluation.episodes import Episode, Looks, Report
from hearthwatch.evaluation.truth import Truth
from hearthwatch.exercise.ground import Ground, burn_ground, cover_on
from hearthwatch.exercise.model import Burn, Residues, Village
from hearthwatch.exercise.otherwise import DAYS, Change, Otherwise
from hearthwatch.exercise.residues import Group, drawn_residues
from hearthwatch.exercise.touched import touched_ground
from hearthwatch.pipeline.sites import PLACEBOS
from hearthwatch.records import Kind
from tests.science.changed_cores import changed, implanted
from tests.science.laid_places import Look, Square

FIRST_BURN = datetime(2017, 6, 1, tzinfo=UTC)
BURN_DAYS = 3.2 * 365.0
"""Burns fall at any time in so many days: two seasons are learned from before, and the last burn
is followed by four months of looks."""
PLACES = 100_000
"""More than a run has: seeds of residues by run and place do not meet."""
LAYOUTS = 8
"""Villages drawn in a run."""


class Without(StrEnum):
    """What is taken from the detector, to see what it is worth."""

    NOTHING = "nothing"
    RING = "the ring"
    OWN_NULL = "the look's own null"
    GUARD = "the scene guard"
    CHAR_FRACTION = "the char fraction"


@dataclass(frozen=True)
class Setting:
    """One run: which half of the places is watched, what burns, what is taken away.

    Of the looks every `every`-th is kept, and of these the share `dropped` is not, at random.
    Each place that burns leaves residues of its own, drawn from a group, or else the mean ones.
    With `otherwise` each watched place changes so, once, from a look on and for `days` (else as
    long as its kind does), and nothing burns.
    """

    seed: int
    odd: bool
    share: float | None = None
    huts: float = 0.3
    without: Without = Without.NOTHING
    every: int = 1
    dropped: float = 0.0
    residues: Group | None = None
    otherwise: Otherwise | None = None
    days: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What a run came to; ids of places are those of the square, with the run's seed.

    `looks` are usable in the ledger's sense, `judged` all that the detector scored.
    """

    truths: tuple[Truth, ...]
    episodes: tuple[Episode, ...]
    looks: Mapping[str, Looks]
    judged: Mapping[str, Looks]


def run(square: Square, setting: Setting) -> Outcome:
    """Implant, replay and tell what was reported, in the terms of an evaluation."""
    count = len(square.cores)
    rng = np.random.default_rng(setting.seed)
    watched = np.arange(count) % 2 == setting.odd
    others = rng.permutation(np.flatnonzero(~watched))[:PLACEBOS]
    chosen = np.sort(np.concatenate([np.flatnonzero(watched), others]))
    placebo = ~watched[chosen]
    days = rng.uniform(0.0, BURN_DAYS, count)
    dates = {
        int(place): FIRST_BURN + timedelta(days=float(days[place]))
        for place in np.flatnonzero(watched)
    }
    plan = _planned(square, setting, dates)
    return _replay(square, setting, chosen, placebo, plan)


@dataclass(frozen=True)
class _Planned:
    """What is put into the cores by place, and the share of each of their pixels it takes."""

    burns: Mapping[int, Burn]
    residues: Mapping[int, Residues]
    changes: Mapping[int, Change]
    cover: Any


def _planned(square: Square, setting: Setting, dates: Mapping[int, datetime]) -> _Planned:
    layouts: dict[Any, Any] = {}
    cover = np.zeros(square.owner.size)
    burns, changes = {}, {}
    for place, date in dates.items():
        if setting.otherwise is not None:
            kind = setting.otherwise
            since = next(look.sensed for look in square.looks if look.sensed >= date)
            changes[place] = change = Change(kind, since, setting.days or DAYS[kind], share=1.0)
            made = partial(touched_ground, change=change)
        elif setting.share is not None:
            burns[place] = burn = Burn(date, setting.share)
            made = partial(burn_ground, burns=[burn])
        else:
            continue
        cover[square.owner == place] = _cover(square, place, setting, made, layouts)
    drawn = {
        place: drawn_residues(PLACES * setting.seed + place, setting.residues)
        for place in (burns if setting.residues else ())
    }
    return _Planned(burns, drawn, changes, cover)


def kept(square: Square, setting: Setting) -> tuple[Look, ...]:
    """Return the looks of a square that a setting leaves."""
    looks = square.looks[:: setting.every]
    left = np.random.default_rng([setting.seed, 1]).random(len(looks)) >= setting.dropped
    return tuple(look for look, stays in zip(looks, left, strict=True) if stays)


def _replay(square: Square, setting: Setting, chosen: Any, placebo: Any, plan: _Planned) -> Outcome:
    detector = Burned(_parameters(setting.without))
    state = detector.start(square.window)
    told: list[tuple[datetime, Finding]] = []
    seen: dict[str, list[datetime]] = {str(p): [] for p in chosen[~placebo]}
    judged: dict[str, list[datetime]] = {place: [] for place in seen}
    looks = kept(square, setting)
    for look in looks:
        features = _features(square, look, setting, chosen, placebo, plan)
        scene = judge_scene(look.key, detector.placebo_evidence(state, features))
        if setting.without is Without.GUARD:
            scene = SceneJudgement(look.key, GuardVerdict.UNGUARDED, 0, 0, "taken away")
        state, findings = detector.score(state, features, scene)
        told += [(look.sensed, finding) for finding in findings]
        for one in detector.looks(state, features):
            if one.showed in (Showed.CHANGED, Showed.UNCHANGED):
                seen[one.place].append(look.sensed)
            if one.showed in (Showed.CHANGED, Showed.UNCHANGED, Showed.BLIND):
                judged[one.place].append(look.sensed)
    return _outcome(looks, setting, plan.burns, told, seen, judged)


def _outcome(
    shown: Sequence[Look], setting: Setting, burns: Mapping[int, Burn],
    told: Sequence[tuple[datetime, Finding]], seen: Mapping[str, Sequence[datetime]],
    judged: Mapping[str, Sequence[datetime]],
) -> Outcome:  # fmt: skip
    def name(place: object) -> str:
        return f"{setting.seed}:{place}"

    reports: dict[tuple[str, int], dict[Any, Report]] = {}
    for sensed, finding in told:
        mine = reports.setdefault((finding.place, finding.object), {})
        if finding.state.value in LEVELS:
            for level in LEVELS[: LEVELS.index(finding.state.value) + 1]:
                interval = Report(sensed, finding.last_unharmed, finding.first_changed)
                mine.setdefault(level, interval)
    first, last = shown[0].sensed, shown[-1].sensed
    return Outcome(
        tuple(
            Truth(name(place), Kind.BURNED, burn.date, burn.date, setting.share, "")
            for place, burn in burns.items()
        ),
        tuple(
            Episode(f"{name(place)}:{number}", name(place), Kind.BURNED, mine)
            for (place, number), mine in reports.items()
        ),
        *(
            {
                name(place): Looks(len(shown), tuple(times), first, last)
                for place, times in taken.items()
            }
            for taken in (seen, judged)
        ),
    )


def _parameters(without: Without) -> BurnedParameters:
    if without is Without.OWN_NULL:
        return BurnedParameters(baseline=BaselineRules(null_least=10**6))
    return BurnedParameters()


def _cover(
    square: Square, place: int, setting: Setting, made: Callable[[Village], Ground | None],
    layouts: dict[Any, Any],
) -> Any:  # fmt: skip
    """Return the share of each of a core's pixels that burns or changes.

    Centres lie on the pixels' lattice, so that cores have the same pixels: a few villages are drawn
    for each run and stand at several places.
    """
    index = square.index[square.owner == place]
    key = place % LAYOUTS, (index - index[0]).tobytes()
    if key not in layouts:
        seed = LAYOUTS * setting.seed + place % LAYOUTS
        village = Village(square.cores[place], setting.huts, seed=seed)
        ground = made(village)
        found = None if ground is None else cover_on(ground, square.window)
        # What reaches the whole scene covers the core's pixels whole.
        grid = np.full(square.window.shape, 1.0 if ground is None else 0.0)
        if found is not None:
            grid[found.rows, found.columns] = found.shares[0]
        layouts[key] = grid.ravel()[index]
    return layouts[key]


def _features(
    square: Square, look: Look, setting: Setting, chosen: Any, placebo: Any, plan: _Planned
) -> Features:
    if plan.changes:
        cores, dirt = changed(square, look, plan.changes, plan.cover)
    else:
        cores, dirt = implanted(square, look, plan.burns, plan.cover, plan.residues)
    values = look.values[chosen]
    values[:, :, 0] = burn_features(cores[chosen][:, :, None], square.bands)[:, :, 0]
    if setting.without is Without.RING:
        values[:, :, 1:] = np.nan
    if setting.without is Without.CHAR_FRACTION:
        values[:, CHAR_FRACTION] = np.nan
    ids = tuple(str(place) for place in chosen)
    places = PlaceFeatures(
        ids, placebo, values, tuple(square.bands), look.seen[chosen], dirt[chosen], ("",) * len(ids)
    )
    return Features(look.key, look.sensed, NAMES, 1.0, {}, places=places)
