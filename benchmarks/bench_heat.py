"""Heat at villages in drawn years: how many hints quiet years bring, and how many burns are told.

Everything is drawn (`benchmarks.heat_worlds`): land, villages, fires, clouds and passes. Each rule
gets the same pixels. A quiet settlement-year counts as false if it brings a hint; a burned village
counts as told if a hint comes of a pass within seven days of the first fire. The last four of
sixteen years are judged, each by all before it.
"""

# ruff: noqa: E402 (the number of threads must be set before numpy is loaded)
from __future__ import annotations

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from benchmarks.heat_worlds import (
    DRY,
    FIRST_YEAR,
    REGIMES,
    TESTED,
    YEARS,
    both,
    burns,
    quiet_fires,
    record,
    seen,
    villages,
)
from detectors.heat import Heat, HeatAt, HeatRules, Mask, Verdict, masks
from detectors.heat_footprint import distance_m
from detectors.heat_passes import Here, Shared, heat_at_settlements, shared_out
from detectors.heat_season import DAY_S, month_of
from hearthwatch.evaluation.intervals import poisson, wilson

RESULTS = Path(__file__).parent / "results" / "heat.md"
COUNT = 20
"""Villages of one land."""
SOON_S = 7 * DAY_S
SEED = 7104
OURS, NAIVE, TOUCHES, RING = (
    "ours, budget 20",
    "any heat pixel in the polygon",
    "any ellipse that touches it",
    "ellipse touches, no other heat within 10 km that day",
)
RULES = HeatRules()

Hints = dict[str, set[tuple[int, int]]]
"""Village and second of every hint, by rule."""


@dataclass(slots=True)
class Tally:
    """Counts of one rule in one regime."""

    years: int = 0
    false: int = 0
    worst: float = 0.0
    burned: dict[bool, int] = field(default_factory=lambda: defaultdict(int))
    told: dict[bool, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class Regime:
    """Counts of one regime.

    Attributes
    ----------
    seen : dict of bool to int
        Burned villages of which any heat was listed, by whether it was in the dry season.
    silent : int
        Of those without a hint, that got the verdict that heat tells nothing there.
    kept, judged : int
        Judged passes under a threshold that keeps the budget, and all.
    """

    rules: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    seen: dict[bool, int] = field(default_factory=lambda: defaultdict(int))
    silent: int = 0
    kept: int = 0
    judged: int = 0
    pixels: list[int] = field(default_factory=list)


def main() -> None:
    """Draw, judge, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=20, help="lands of each regime (20)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"first number of seeds ({SEED})")
    parser.add_argument("--write", action="store_true", help="write the result file")
    args = parser.parse_args()
    found = {one: measured(one, args.worlds, args.seed) for one in REGIMES}
    text = "\n".join(page(found, args.worlds, args.seed))
    print(text)
    if args.write:
        RESULTS.write_text(f"{text}\n")


def measured(regime: str, worlds: int, seed: int) -> Regime:
    """Judge all lands of one regime."""
    found = Regime()
    for world in range(worlds):
        rng = np.random.default_rng([seed, REGIMES.index(regime), world])
        places = villages(rng, COUNT)
        cores = [one.core() for one in places]
        quiet = quiet_fires(rng, regime, places)
        _score_quiet(found, judged(seen(rng, quiet, regime), cores))
        fires, told = burns(rng, places, FIRST_YEAR + YEARS - 1)
        heat = seen(rng, both(quiet, fires), regime)
        _score_burned(found, judged(heat, cores), [(one.village, one.start) for one in told])
    return found


@dataclass(frozen=True, slots=True)
class Judged:
    """What each rule said of one record of heat."""

    passes: tuple[HeatAt, ...]
    hints: Hints
    touched: set[tuple[int, int]]


def judged(heat: Heat, cores: Sequence[BaseGeometry]) -> Judged:
    """Put one record of heat to all rules."""
    held = masks(heat, RULES)
    shared = shared_out(heat, held, cores, RULES)
    here = [Here(core, record(), {}) for core in cores]
    passes = heat_at_settlements(heat, shared, here, (), RULES)
    points = shapely.points(heat.footprints.lon, heat.footprints.lat)
    inside = shapely.STRtree(points).query(cores, predicate="contains").T
    # The customary rules know nothing of sources that always burn.
    whole = shared_out(heat, [Mask.NONE] * len(held), cores, RULES)
    touched = {
        (core, int(heat.seconds[i]))
        for core in range(len(cores))
        for i in (*whole.mine[core], *whole.beside[core])
    }
    hints = {
        OURS: {(p.core, p.one.seconds) for p in passes if p.verdict is Verdict.UNUSUAL},
        NAIVE: {(int(core), int(heat.seconds[i])) for core, i in inside},
        TOUCHES: touched,
        RING: set(_alone(heat, whole, cores, touched)),
    }
    return Judged(passes, hints, touched)


def _alone(
    heat: Heat, shared: Shared, cores: Sequence[BaseGeometry], touched: set[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield heat at villages on days without any in their surroundings up to then."""
    for core in sorted({core for core, _ in touched}):
        centre = cores[core].centroid
        far = distance_m(centre.x, centre.y, heat.footprints.lon, heat.footprints.lat)
        ring = heat.seconds[shared.around & (far <= 10_000.0)]
        for when in sorted(when for other, when in touched if other == core):
            if not ((ring // DAY_S == when // DAY_S) & (ring <= when)).any():
                yield core, when


def _score_quiet(found: Regime, said: Judged) -> None:
    tested = range(FIRST_YEAR + YEARS - TESTED, FIRST_YEAR + YEARS)
    for name, hints in said.hints.items():
        years = {(core, month_of(when)[0]) for core, when in hints}
        tally = found.rules[name]
        tally.years += COUNT * TESTED
        for year in tested:
            false = sum((core, year) in years for core in range(COUNT))
            tally.false += false
            tally.worst = max(tally.worst, false / COUNT)
    bounds = [p.odd.bound for p in said.passes if month_of(p.one.seconds)[0] in tested]
    found.judged += len(bounds)
    found.kept += sum(one is not None and one.kept for one in bounds)


def _score_burned(found: Regime, said: Judged, told: Sequence[tuple[int, float]]) -> None:
    for village, start in told:
        dry = month_of(int(start))[1] in DRY
        for name, hints in said.hints.items():
            tally = found.rules[name]
            tally.burned[dry] += 1
            tally.told[dry] += any(_is_soon(one, village, start) for one in hints)
        seen_then = any(_is_soon(one, village, start) for one in said.touched)
        found.seen[dry] += seen_then
        mine = [p for p in said.passes if _is_soon((p.core, p.one.seconds), village, start)]
        if mine:
            found.pixels.append(max(p.odd.pixels for p in mine))
        hinted = any(p.verdict is Verdict.UNUSUAL for p in mine)
        found.silent += bool(mine) and not hinted and _is_silent(mine)


def _is_silent(passes: Sequence[HeatAt]) -> bool:
    return all(p.verdict is Verdict.TELLS_NOTHING for p in passes)


def _is_soon(one: tuple[int, int], village: int, start: float) -> bool:
    return one[0] == village and start <= one[1] <= start + SOON_S


def page(found: dict[str, Regime], worlds: int, seed: int) -> Iterator[str]:
    """Yield the lines of the result file."""
    yield "# Heat at villages, drawn years"
    yield ""
    yield (
        f"`python -m benchmarks.bench_heat --worlds {worlds} --seed {seed} --write`. All of it is "
        f"drawn, none is real: {worlds} lands of {COUNT} villages for each regime, {YEARS} years "
        f"of which the last {TESTED} are judged, each by the years before it. A false hint is a "
        "quiet settlement-year with any; the aim is at most 20 in 1,000. Every village is burned "
        "once in the last year, on any day of it, and is told if a hint comes within seven days. "
        "Villages of one land share weather, so intervals are too narrow rather than too wide. "
        "Heat listed at villages beside a flare may be the flare's."
    )
    for name, one in found.items():
        yield from _regime(name, one)
    yield ""
    yield "## How many pixels a burn gives"
    yield ""
    pixels: NDArray[np.int64] = np.array([n for one in found.values() for n in one.pixels])
    shares = ", ".join(
        f"{n} or more: {(pixels >= n).mean():.2f}" for n in range(1, RULES.budget.most + 2)
    )
    yield f"Pixels of one day that speak of the village, where any did ({pixels.size}): {shares}."


def _regime(name: str, one: Regime) -> Iterator[str]:
    burned = one.rules[OURS].burned
    yield ""
    yield f"## {name}"
    yield ""
    yield (
        "| rule | false per 1,000 settlement-years (95 %) | worst year of a land | told of all "
        "burned (95 %) | in the dry season | in the wet |"
    )
    yield "|---|---|---|---|---|---|"
    for rule, tally in one.rules.items():
        yield _row(rule, tally)
    total = burned[True] + burned[False]
    yield ""
    yield (
        f"Heat was listed at {one.seen[True] + one.seen[False]} of {total} burned villages at all: "
        f"{one.seen[True] / burned[True]:.2f} in the dry season, "
        f"{one.seen[False] / burned[False]:.2f} in the wet; the others burned under cloud or "
        f"between two passes. Of those with heat and no hint, {one.silent} were told that heat "
        "tells nothing there. "
        f"Of {one.judged} judged passes in quiet years {one.kept} stood under a threshold that "
        "keeps the budget."
    )


def _row(rule: str, tally: Tally) -> str:
    per = 1000.0 / tally.years
    rate = poisson(tally.false)
    told, burned = sum(tally.told.values()), sum(tally.burned.values())
    share = wilson(told, burned)
    dry, wet = (f"{tally.told[s] / tally.burned[s]:.2f}" for s in (True, False))
    return (
        f"| {rule} | {tally.false * per:.1f} ({rate.low * per:.1f}-{rate.high * per:.1f}) | "
        f"{tally.worst:.2f} | {told / burned:.3f} ({share.low:.3f}-{share.high:.3f}) | {dry} | "
        f"{wet} |"
    )


if __name__ == "__main__":
    main()
