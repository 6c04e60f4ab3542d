"""Power curves on real looks: recall by burned ground, size of the core, looks and cloud.

An exercise in memory: nothing that it finds happened. Villages, burns and other changes are those
of `hearthwatch exercise`; the looks, their clouds and their noise are real ones of the Romanian
square. The residues are drawn from the group for scoring, one pair for each place, so that no burn
has a spectrum that the detector or a choice of constants has seen.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.bench_exercises import (
    QUIET,
    detector_digest,
    halves,
    ids,
    judged_looks,
    level,
    one,
    rate,
    ratio,
    score,
    spread,
    square,
)
from hearthwatch.evaluation.definitions import Level
from hearthwatch.evaluation.figures import Evaluation
from hearthwatch.evaluation.intervals import Share
from hearthwatch.exercise.otherwise import DAYS, EXTENT, Otherwise
from hearthwatch.exercise.residues import Group
from imagery.sample import fetch_sample
from tests.science.implants import Outcome

RADII_M = (12.6, 25.2, 50.5)
"""Cores of about 5, 20 and 80 pixels of 10 m."""
GROUND = (0.1, 0.2, 0.3, 0.45, 0.6, 0.9)
"""Share of the core's ground that burns: huts stand on so much of it, and all of them burn."""
EVERY = (1, 2, 4)
DROPPED = (0.0, 0.25, 0.5)
SEEDS = (200, 201, 202)
SEVERAL_LOOKS_DAYS = 15.0
OTHERWISE = tuple(kind for kind in Otherwise if kind is not Otherwise.SHIFT)
RESULTS = Path(__file__).parent / "results"
HEAD = """\
# Power: how many implanted burns are found

`python benchmarks/bench_power.py --write`. **An exercise: nothing found here happened.** Real looks
of the Romanian sample, one square kilometre of forest and clearings; huts, burns and residues as
`hearthwatch exercise` makes them, in memory. Places that drawn clearings cover by less than 5 %,
watched half of them at a time, with 24 of the others as placebos. Burns fall at any time from June
2017 to August 2020. No figure is one on real burned villages. The intervals (95 %, Wilson) take
places as independent, which those of one square are not.

- *Ground*: share of the core's ground that burns. Combustion is 0.8 complete, half of the fresh
  residues are ash, and half of the mark is left after 120 days.
- *Residues*: a char and an ash drawn for each place from the group for scoring, which shares no
  spectrum with the group for tuning (`hearthwatch.exercise.residues`).
- *Looks*: every one, every second, every fourth of the real ones. *Dropped*: the share of these
  taken away at random, as more cloud would.
- *Unseen*: burns without a usable look from that day to 60 days after, or while the normal was
  learned. They count as missed.
- *Scored*: looks that the detector judged from the burn to PROBABLE; median and quartiles.
"""


POWER_HEAD = """\
| core | ground | looks | dropped | burns | unseen | WATCH | PROBABLE | ESTABLISHED | scored |
|---:|---:|---|---:|---:|---:|---|---|---|---|"""
OTHER = """\
Each place changes once, all its fields or huts, from a look on and for as long as said; in the row
of nothing none does. What reaches whole scenes reaches the cores alone here, which is worse: the
ring and the placebos do not show it."""
FALSE_HEAD = """\
| core | change | extent | days | place-years | WATCH | PROBABLE | ESTABLISHED |
|---:|---|---|---:|---:|---|---|---|"""


@dataclass(frozen=True)
class Cell:
    """What was found of one kind of burn."""

    radius: float
    ground: float
    every: int
    dropped: float
    found: Evaluation
    outcomes: Sequence[Outcome]

    def recall(self, name: Level) -> Share:
        """Return the share of burns that came to a level."""
        return level(self.found, name).recall


@dataclass(frozen=True)
class Asked:
    """What is run: a `--quick` run is small."""

    radii: Sequence[float] = RADII_M
    ground: Sequence[float] = GROUND
    every: Sequence[int] = EVERY
    dropped: Sequence[float] = DROPPED
    seeds: Sequence[int] = SEEDS
    otherwise: Sequence[Otherwise] = OTHERWISE


QUICK = Asked(RADII_M[1:2], (0.2, 0.6), (1, 4), (0.0,), SEEDS[:1], (Otherwise.SHADOW,))


def main() -> None:
    """Implant, replay, and print the tables; with `--write`, keep them and draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, default=Path("var/sample"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="a small run, to see that it works")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="of 3: fewer are sooner done")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for what is written")
    parser.add_argument("--write", action="store_true", help="write power.md and power.png")
    given = parser.parse_args()
    asked = QUICK if given.quick else Asked(seeds=SEEDS[: given.seeds])
    fetch_sample(given.sample)
    with ProcessPoolExecutor(given.workers) as pool:
        cells = list(measured(pool, given.sample, asked))
        lines = [*report(given.sample, asked, cells), *false_rows(pool, given.sample, asked)]
    print("\n".join(lines))
    if given.write:
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "power.md").write_text("\n".join((HEAD, *lines, "")), encoding="utf-8")
        draw(cells, asked, given.out / "power.png")


def measured(pool: Executor, sample: Path, asked: Asked) -> Iterator[Cell]:
    """Yield what was found, for every size, share of ground, looks and cloud."""
    for radius in asked.radii:
        quiet = ids(square(sample, radius), 0, QUIET)
        for ground, every, dropped in product(asked.ground, asked.every, asked.dropped):
            settings = halves(
                asked.seeds, share=1.0, huts=ground, every=every, dropped=dropped,
                residues=Group.SCORING,
            )  # fmt: skip
            outcomes = list(pool.map(one, [(sample, radius, setting) for setting in settings]))
            yield Cell(radius, ground, every, dropped, score(outcomes, quiet), outcomes)


def report(sample: Path, asked: Asked, cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the table of recall, one row for each cell."""
    yield f"Detector `burned`, code {detector_digest()}; seeds {', '.join(map(str, asked.seeds))}."
    for radius in asked.radii:
        ground = square(sample, radius)
        pixels = ground.owner.size / len(ground.cores)
        yield (
            f"{radius:g} m: {pixels:.0f} pixels a core, {len(ids(ground, 0, QUIET))} quiet places, "
            f"{len(ground.looks)} looks."
        )
    yield from ("", POWER_HEAD)
    for cell in cells:
        unseen = sum(outcome.unseen is not None for outcome in cell.found.outcomes)
        recalls = " | ".join(ratio(cell.recall(name)) for name in Level)
        yield (
            f"| {cell.radius:g} m | {cell.ground:g} | {which(cell.every)} | {cell.dropped:g} | "
            f"{len(cell.found.outcomes)} | {unseen} | {recalls} | "
            f"{spread(judged_looks(cell.found, cell.outcomes))} |"
        )


def false_rows(pool: Executor, sample: Path, asked: Asked) -> Iterator[str]:
    """Yield what was reported where each watched place changed once, though nothing burned."""
    yield from ("", "## Reported after changes that are no burn, per 1,000 place-years", "", OTHER)
    yield from ("", FALSE_HEAD)
    for radius, (kind, days) in product(asked.radii, ((None, None), *lasting(asked.otherwise))):
        settings = halves(asked.seeds[:1], otherwise=kind, days=days)
        outcomes = list(pool.map(one, [(sample, radius, setting) for setting in settings]))
        found = score(outcomes, ids(square(sample, radius), 0, QUIET))
        rates = " | ".join(rate(level(found, name).false_armed) for name in Level)
        what = f"{kind} | {EXTENT[kind]} | {days:g}" if kind else "nothing | | "
        yield f"| {radius:g} m | {what} | {found.exposure.armed:.0f} | {rates} |"


def lasting(kinds: Sequence[Otherwise]) -> Iterator[tuple[Otherwise, float]]:
    """Yield each kind with how long it lasts; what is of one look also for several."""
    for kind in kinds:
        yield kind, DAYS[kind]
        if DAYS[kind] <= 1.0:
            yield kind, SEVERAL_LOOKS_DAYS


def which(every: int) -> str:
    """Return which looks are kept, in words."""
    return {1: "all", 2: "every 2nd"}.get(every, f"every {every}th")


def draw(cells: Sequence[Cell], asked: Asked, target: Path) -> None:
    """Draw recall of PROBABLE by burned ground: a column for each size, a row for each thinning."""
    rows, columns = len(asked.every), len(asked.radii)
    size = (1.0 + 3.0 * columns, 1.2 + 2.4 * rows)
    figure = Figure(figsize=size)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for (row, every), (column, radius) in product(enumerate(asked.every), enumerate(asked.radii)):
        panel = axes[row][column]
        for dropped in asked.dropped:
            curve(panel, [c for c in cells if (c.radius, c.every, c.dropped)
                          == (radius, every, dropped)], f"{dropped:g}")  # fmt: skip
        panel.set_title(f"core of {radius:g} m, looks: {which(every)}", fontsize=8)
        panel.set_ylim(0.0, 1.0)
        panel.grid(visible=True, alpha=0.3)
    axes[0][0].legend(title="dropped", fontsize=7, title_fontsize=7)
    figure.supxlabel("share of the core's ground that burned")
    figure.supylabel("found as PROBABLE, with 95 % interval")
    figure.suptitle("EXERCISE: burns implanted into real looks; none of this happened", fontsize=9)
    figure.tight_layout()
    figure.savefig(target, dpi=130)


def curve(panel: Any, cells: Sequence[Cell], label: str) -> None:
    """Draw one curve with the ends of its intervals."""
    recalls = [cell.recall(Level.PROBABLE) for cell in cells]
    shown = [(c.ground, r) for c, r in zip(cells, recalls, strict=True) if r.value is not None]
    at = [ground for ground, _ in shown]
    (line,) = panel.plot(at, [recall.value for _, recall in shown], marker="o", ms=3, label=label)
    ends = [recall.interval for _, recall in shown]
    low, high = [end.low for end in ends], [end.high for end in ends]
    panel.fill_between(at, low, high, color=line.get_color(), alpha=0.15, linewidth=0)


if __name__ == "__main__":
    main()
