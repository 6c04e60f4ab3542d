"""Worlds of made years: places that are watched, placebos, burns, and what the detector says.

A world is one made history of one ground. Half of its places are watched, the others lend the
placebos; in a quiet world nothing burns, in a burned one every watched place does, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.resampled import (
    BEGIN,
    YEAR_DAYS,
    Array,
    Donors,
    core_means,
    draw,
    features_of,
    made_looks,
)
from detectors.burned import Burned
from detectors.guard import judge_scene
from detectors.types import Finding
from hearthwatch.evaluation.definitions import LEVELS, Level
from hearthwatch.evaluation.episodes import Episode, Looks, Report
from hearthwatch.evaluation.figures import Evaluation
from hearthwatch.evaluation.scoring import evaluate
from hearthwatch.evaluation.truth import Truth
from hearthwatch.exercise.ground import burn_ground, cover_on
from hearthwatch.exercise.model import Burn, Pattern, Residues, Village
from hearthwatch.records import Kind

TRAINING_YEARS = 2.0
PLACEBOS = 24
LAST_BURN_YEARS = 0.4
"""Burns fall no later than so long before the end."""


@dataclass(frozen=True)
class Fire:
    """What burns in a world: share of the huts, and of the core's ground under huts."""

    share: float
    huts: float
    pattern: Pattern = Pattern.SPREAD
    completeness: float = 0.8

    @property
    def ground(self) -> float:
        """Share of the core's ground that burns."""
        return self.share * self.huts


@dataclass(frozen=True)
class World:
    """What came of one world.

    `w` (look, place, 3) is the windowed evidence for each state, `usable` (look, place) whether a
    look showed enough, `said` what was reported, of places by their number, `onsets` when places
    burned.
    """

    times: tuple[datetime, ...]
    chosen: NDArray[np.int64]
    placebo: NDArray[np.bool_]
    w: Array
    usable: NDArray[np.bool_]
    onsets: Mapping[int, datetime]
    said: Sequence[tuple[datetime, Finding]]
    core: Array
    ring: Array


def play(
    donors: Donors, places: NDArray[np.int64], clear: Sequence[bool], years: float, seed: int,
    residues: Residues, fire: Fire | None = None, detector: Burned | None = None,
) -> World:  # fmt: skip
    """Make one world and let the detector follow it.

    Parameters
    ----------
    places : ndarray of int
        Of the ground, that may be watched or lend placebos.
    clear : sequence of bool
        A real sequence of clear and clouded passes.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(places)
    half = (len(order) + 1) // 2
    watched, lent = np.sort(order[:half]), np.sort(order[half:])[:PLACEBOS]
    chosen = np.sort(np.concatenate([watched, lent]))
    placebo = np.isin(chosen, lent)
    history = draw(donors, years, clear, rng)
    burns, cover = _burns(donors, watched, fire, years, rng)
    scorer = detector or Burned()
    state = scorer.start(donors.window)
    w, usable, said, cores, rings = [], [], [], [], []
    for look in made_looks(donors, history):
        pixels = _burned(donors, look.pixels, burns, cover, look.sensed, residues)
        means = core_means(donors, pixels, look.clear)
        features = features_of(donors, look, means, pixels, chosen, placebo)
        scene = judge_scene(features.acquisition, scorer.placebo_evidence(state, features))
        state, found = scorer.score(state, features, scene)
        w.append(state.arrays["windowed"].astype(np.float64))
        assert features.places is not None
        usable.append(features.places.seen[:, 0] >= 0.7)
        said += [(look.sensed, one) for one in found]
        cores.append(means[chosen].astype(np.float32))
        with np.errstate(invalid="ignore"):
            rings.append(_mean(look.sectors[chosen]).astype(np.float32))
    dates = {place: burn.date for place, burn in burns.items()}
    return World(
        history.times, chosen, placebo, np.stack(w), np.stack(usable), dates, said,
        np.stack(cores), np.stack(rings),
    )  # fmt: skip


def _mean(sectors: Array) -> Array:
    known = np.isfinite(sectors)
    count = known.sum(-1)
    total = np.where(known, sectors, 0.0).sum(-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _burns(
    donors: Donors, watched: NDArray[np.int64], fire: Fire | None, years: float,
    rng: np.random.Generator,
) -> tuple[dict[int, Burn], Array]:  # fmt: skip
    """Return the burn of every watched place and the share of each core pixel it covers."""
    burns: dict[int, Burn] = {}
    cover = np.zeros(donors.owner.size)
    if fire is None:
        return burns, cover
    low, high = TRAINING_YEARS * YEAR_DAYS, (years - LAST_BURN_YEARS) * YEAR_DAYS
    for place in map(int, watched):
        date = BEGIN + timedelta(days=float(rng.uniform(low, high)))
        burn = Burn(date, fire.share, fire.pattern, fire.completeness)
        village = Village(donors.cores[place], fire.huts, seed=int(rng.integers(1 << 30)))
        found = cover_on(burn_ground(village, [burn]), donors.window)
        grid = np.zeros(donors.window.shape)
        if found is not None:
            grid[found.rows, found.columns] = found.shares[0]
        mine = donors.owner == place
        cover[mine] = grid.ravel()[donors.index[mine]]
        burns[place] = burn
    return burns, cover


def _burned(
    donors: Donors, pixels: Array, burns: Mapping[int, Burn], cover: Array, at: datetime,
    residues: Residues,
) -> Array:  # fmt: skip
    """Return the core pixels with the burns in them, mixed as an exercise does it."""
    if not burns:
        return pixels
    mark, ash = np.zeros(len(donors.cores)), np.zeros(len(donors.cores))
    for place, burn in burns.items():
        mark[place] = burn.completeness * burn.mark_left(at)
        ash[place] = burn.ash_left(at)
    weight, left = cover * mark[donors.owner], ash[donors.owner]
    out: Any = pixels.copy()
    for row, band in enumerate(donors.bands):
        residue = left * residues.ash[band] + (1.0 - left) * residues.char[band]
        out[row] += weight * (residue - pixels[row])
    return out


def annual_maxima(world: World) -> Array:
    """Return the most each year brought at each watched place, shape (place-year, 3)."""
    days = np.array([(one - world.times[0]).days for one in world.times])
    each = []
    for since in np.arange(TRAINING_YEARS * YEAR_DAYS, days[-1] - 0.9 * YEAR_DAYS, YEAR_DAYS):
        year = (days >= since) & (days < since + YEAR_DAYS)
        most = np.where(np.isnan(world.w[year]), -np.inf, world.w[year]).max(0)
        each.append(most[~world.placebo])
    return np.concatenate(each)


def evaluated(worlds: Sequence[World]) -> Evaluation:
    """Hold what was reported in worlds against what burned, by the definitions of an evaluation."""
    truths: list[Truth] = []
    episodes: list[Episode] = []
    looks: dict[str, Looks] = {}
    for number, world in enumerate(worlds):
        truths += [
            Truth(f"{number}:{place}", Kind.BURNED, date, date, None, "")
            for place, date in world.onsets.items()
        ]
        episodes += _episodes(world, number)
        for column in np.flatnonzero(~world.placebo):
            seen = zip(world.times, world.usable[:, column], strict=True)
            times = tuple(sensed for sensed, usable in seen if usable)
            looks[f"{number}:{world.chosen[column]}"] = Looks(
                len(world.times), times, world.times[0], world.times[-1]
            )
    since = worlds[0].times[0] + timedelta(days=TRAINING_YEARS * YEAR_DAYS)
    return evaluate(Kind.BURNED, looks, truths, episodes, looks, since)


def _episodes(world: World, number: int) -> list[Episode]:
    """Return what was reported in a world, each episode with the states it reached."""
    reports: dict[tuple[str, int], dict[Level, Report]] = {}
    for sensed, finding in world.said:
        mine = reports.setdefault((finding.place, finding.object), {})
        state = finding.state.value
        if state in LEVELS:
            for level in LEVELS[: LEVELS.index(Level(state)) + 1]:
                told = Report(sensed, finding.last_unharmed, finding.first_changed)
                mine.setdefault(level, told)
    return [
        Episode(f"{number}:{place}:{count}", f"{number}:{place}", Kind.BURNED, mine)
        for (place, count), mine in reports.items()
    ]
