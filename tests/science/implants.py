"""Burns implanted into real looks in memory, and the object-level detector run over them.

Each look is decoded once. A burn is an exercise's own (`hearthwatch.exercise`): huts on their
lattice, shares by pixel, the mixture, the fading, the scene class. It is put into the core's pixels
alone, so that places may lie in each other's surroundings. What the ring, the clouds and the masks
show is the scene's. The one difference: all bands take their shares on the grid of 10 m.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np

from detectors.baseline import BaselineRules
from detectors.burn_features import (
    CHAR_FRACTION,
    NAMES,
    burn_features,
)
from detectors.burn_seen import CLOUDY, CONTAMINATION, MOST_CONTAMINATED, SHADOWY
from detectors.burned import Burned, BurnedParameters
from detectors.endmembers import Surface, spectrum
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
from hearthwatch.exercise.ground import burn_ground, cover_on
from hearthwatch.exercise.model import Burn, Village, darkened
from hearthwatch.pipeline.sites import PLACEBOS
from hearthwatch.records import Kind
from tests.science.laid_places import Look, Square

FIRST_BURN = datetime(2017, 6, 1, tzinfo=UTC)
BURN_DAYS = 3.2 * 365.0
"""Burns fall at any time in so many days: two seasons are learned from before, and the last burn
is followed by four months of looks."""
LAYOUTS = 8
"""Villages drawn in a run."""
DARKENING = ("B02", "B03", "B04", "B08", "B8A")


class Without(StrEnum):
    """What is taken from the detector, to see what it is worth."""

    NOTHING = "nothing"
    RING = "the ring"
    OWN_NULL = "the look's own null"
    GUARD = "the scene guard"
    CHAR_FRACTION = "the char fraction"


@dataclass(frozen=True)
class Setting:
    """One run: which half of the places is watched, what burns, what is taken away."""

    seed: int
    odd: bool
    share: float | None = None
    huts: float = 0.3
    without: Without = Without.NOTHING


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
    burns, cover = {}, np.zeros(square.owner.size)
    layouts: dict[Any, Any] = {}
    if setting.share is not None:
        days = rng.uniform(0.0, BURN_DAYS, count)
        for place in np.flatnonzero(watched):
            burn = Burn(FIRST_BURN + timedelta(days=float(days[place])), setting.share)
            burns[place] = burn
            cover[square.owner == place] = _cover(square, int(place), setting, burn, layouts)
    return _replay(square, setting, chosen, placebo, burns, cover)


def _replay(
    square: Square, setting: Setting, chosen: Any, placebo: Any, burns: Mapping[int, Burn],
    cover: Any,
) -> Outcome:  # fmt: skip
    detector = Burned(_parameters(setting.without))
    state = detector.start(square.window)
    told: list[tuple[datetime, Finding]] = []
    seen: dict[str, list[datetime]] = {str(p): [] for p in chosen[~placebo]}
    judged: dict[str, list[datetime]] = {place: [] for place in seen}
    for look in square.looks:
        features = _features(square, look, setting, chosen, placebo, burns, cover)
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
    return _outcome(square, setting, burns, told, seen, judged)


def _outcome(
    square: Square, setting: Setting, burns: Mapping[int, Burn],
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
    first, last = square.looks[0].sensed, square.looks[-1].sensed
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
                name(place): Looks(len(square.looks), tuple(times), first, last)
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
    square: Square, place: int, setting: Setting, burn: Burn, layouts: dict[Any, Any]
) -> Any:
    """Return the share of each of a core's pixels that burns.

    Centres lie on the pixels' lattice, so that cores have the same pixels: a few villages are drawn
    for each run and stand at several places.
    """
    index = square.index[square.owner == place]
    key = place % LAYOUTS, (index - index[0]).tobytes()
    if key not in layouts:
        seed = LAYOUTS * setting.seed + place % LAYOUTS
        village = Village(square.cores[place], setting.huts, seed=seed)
        found = cover_on(burn_ground(village, [burn]), square.window)
        grid = np.zeros(square.window.shape)
        if found is not None:
            grid[found.rows, found.columns] = found.shares[0]
        layouts[key] = grid.ravel()[index]
    return layouts[key]


def _features(
    square: Square, look: Look, setting: Setting, chosen: Any, placebo: Any,
    burns: Mapping[int, Burn], cover: Any,
) -> Features:  # fmt: skip
    cores, dirt = implanted(square, look, burns, cover)
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


def implanted(square: Square, look: Look, burns: Mapping[int, Burn], cover: Any) -> tuple[Any, Any]:
    """Return mean reflectance (place, band) and contamination (place) of the burned cores."""
    mark, ash = np.zeros(len(square.cores)), np.zeros(len(square.cores))
    for place, burn in burns.items():
        mark[place] = burn.completeness * burn.mark_left(look.sensed)
        ash[place] = burn.ash_left(look.sensed)
    means, dirt = look.means.copy(), look.contamination.copy()
    burned = mark > 0.0
    if not burned.any():
        return means, dirt
    char, grey = (spectrum(one, square.bands)[:, None] for one in (Surface.CHAR, Surface.ASH))
    left = ash[square.owner]
    residue = left * grey + (1.0 - left) * char
    after = look.pixels + cover * mark[square.owner] * (residue - look.pixels)
    count = np.bincount(square.owner, look.clear, len(means))
    for band, values in enumerate(after):
        total = np.bincount(square.owner, np.where(look.clear, values, 0.0), len(means))
        with np.errstate(invalid="ignore"):
            means[burned, band] = (total / count)[burned]
    dark = darkened(look.classes, _named(square, look.pixels), _named(square, after))
    share = np.isin(look.classes, SHADOWY) | dark
    shadow = np.bincount(square.owner, share, len(means)) / np.bincount(square.owner)
    told = CONTAMINATION + shadow * np.minimum(1.0, look.cloudy / CLOUDY)
    dirt[burned] = np.minimum(told, MOST_CONTAMINATED)[burned]
    return means, dirt


def _named(square: Square, pixels: Any) -> dict[str, Any]:
    return {b: pixels[k] for k, b in enumerate(square.bands) if b in DARKENING}
