"""Power of the object-level detector on real looks with implanted burns, and its false reports.

An exercise in memory: nothing that it finds happened. The detector's constants were chosen on
places of 30 m with centres 30 m + k 80 m from the corner of the same square, every second of them
a placebo, and burns of the seeds 0 to 5. Here the centres lie half a step further and the seeds
are others; ground and looks are the same.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import detectors
from hearthwatch.evaluation.definitions import Level
from hearthwatch.evaluation.figures import Evaluation, LevelScore
from hearthwatch.evaluation.intervals import Rate, Share, Spread
from hearthwatch.evaluation.scoring import evaluate
from hearthwatch.records import Kind
from imagery.sample import fetch_sample
from tests.science.implants import Outcome, Setting, Without, run
from tests.science.laid_places import Square, clearings, lay
from tests.science.replay import TRUTH

FIRST_M, STEP_M = 70.0, 80.0
RADII_M = (30.0, 60.0)
SEEDS = (100, 101, 102)
HUTS = (0.3, 0.5, 0.7)
SHARES = (1.0, 0.6, 0.3)
QUIET = 0.05
"""A place of which drawn clearings cover less than this is quiet."""
Task = tuple[Path, float, Setting]


def main() -> None:
    """Implant, replay, and print the tables; with `--write`, keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, default=Path("var/sample"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="of 3: fewer are sooner done")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS}")
    asked = parser.parse_args()
    fetch_sample(asked.sample)
    lines = []
    with ProcessPoolExecutor(asked.workers) as pool:
        for line in report(pool, asked.sample, SEEDS[: asked.seeds]):
            print(line, flush=True)
            lines.append(line)
    if asked.write:
        RESULTS.write_text("\n".join((HEAD, *lines, "")), encoding="utf-8")


def report(pool: Executor, sample: Path, seeds: Sequence[int]) -> Iterator[str]:
    """Yield the lines of all tables."""

    def runs(radius: float, settings: Sequence[Setting]) -> list[Outcome]:
        return list(pool.map(one, [(sample, radius, setting) for setting in settings]))

    squares = {radius: square(sample, radius) for radius in RADII_M}
    yield f"Detector `burned`, code {detector_digest()}; seeds {', '.join(map(str, seeds))}."
    yield from describe(squares)
    yield from ("", "## Found, of burns implanted in quiet places", "", POWER_HEAD)
    others = []
    for radius, huts, share in product(RADII_M, HUTS, SHARES):
        outcomes = runs(radius, halves(seeds, share=share, huts=huts))
        row = f"| {radius:.0f} m | {huts} | {share} |"
        quiet, touched = (
            score(outcomes, ids(squares[radius], *bounds)) for bounds in ((0, QUIET), (QUIET, 2.0))
        )
        yield f"{row} {power(quiet, outcomes)}"
        others.append(f"{row} {power(touched, outcomes)}")
    yield from ("", "## The same, in the other places", "", POWER_HEAD, *others)
    yield from (
        "",
        "## Reported where no burn was implanted, per 1,000 place-years",
        "",
        FALSE_HEAD,
    )
    for radius in RADII_M:
        outcomes = runs(radius, halves(seeds[:1]))
        for low, high, words in STRATA:
            found = score(outcomes, ids(squares[radius], low, high))
            yield false_row(f"{radius:.0f} m, {words}", found)
    yield from ("", "## What parts of the detector are worth", "")
    yield "Places of 30 m, huts on 0.5 of the ground, 0.6 of them burn; false reports of PROBABLE."
    yield from ("", ABLATION_HEAD)
    ground = squares[RADII_M[0]]
    for without in Without:
        burned = runs(RADII_M[0], halves(seeds, without=without, share=0.6, huts=0.5))
        still = runs(RADII_M[0], halves(seeds[:1], without=without))
        quiet, touched = ids(ground, 0, QUIET), ids(ground, QUIET, 2.0)
        yield ablation(without, score(burned, quiet), score(still, quiet), score(still, touched))


RESULTS = Path(__file__).parent / "results" / "exercises.md"
HEAD = """\
# Burns implanted into real looks

`python benchmarks/bench_exercises.py --write`. **An exercise: nothing found here happened.** The
real looks of the Romanian sample; huts drawn, burned and faded as `hearthwatch exercise` does it,
in memory. All places are watched as if they were villages, half of them at a time, with 24 of the
other half as placebos. The burns fall at any time from June 2017 to August 2020. No figure is one
on real burned villages.

The detector's constants were chosen on this square, on places of 30 m with centres 30 m + k 80 m
from its corner and burns of the seeds 0 to 5. Here the centres lie half a step further and the
seeds are others; ground, clearings and weather are the same, so the figures are on the friendly
side. The intervals (95 %, Wilson and Poisson) take places as independent, which those of one square
are not.

- *Quiet*: drawings of clearings, certain or doubtful, cover under 5 % of the place. In the other
  places forest was really cleared: what is reported there is mostly a clearing taken for a fire.
- *Huts*: share of the ground under huts. *Share*: of the huts, that burn.
- *Unseen*: burns without a usable look from that day to 60 days after, or while the normal was
  learned. They count as missed.
- *Usable*: looks to PROBABLE by the definition of an evaluation, which leaves out looks that speak
  plainly neither way; *scored*: all that the detector judged. *Days* to PROBABLE. Medians with
  quartiles. *Inside*: the true date lies in the interval reported with PROBABLE.
"""


POWER_HEAD = """\
| radius | huts | share | burns | unseen | WATCH | PROBABLE | ESTABLISHED \
| usable | scored | days | inside |
|---:|---:|---:|---:|---:|---|---|---|---|---|---|---|"""
FALSE_HEAD = """\
| places | number | place-years | WATCH | PROBABLE | ESTABLISHED |
|---|---:|---:|---|---|---|"""
ABLATION_HEAD = """\
| without | WATCH | PROBABLE | ESTABLISHED | inside | false, quiet places | false, other places |
|---|---|---|---|---|---|---|"""
STRATA = (
    (0.0, 1e-9, "no drawing touches"),
    (0.0, QUIET, "quiet: under 5 % drawn"),
    (QUIET, 0.3, "5 to 30 % drawn"),
    (0.3, 2.0, "30 % drawn and more"),
)


@lru_cache(maxsize=3)
def square(sample: Path, radius: float) -> Square:
    """Return the places of one radius; each process reads the looks once."""
    return lay(sample, radius, FIRST_M, STEP_M, clearings(TRUTH))


def one(task: Task) -> Outcome:
    """Run one setting, in a worker."""
    sample, radius, setting = task
    return run(square(sample, radius), setting)


def halves(seeds: Iterable[int], **more: Any) -> list[Setting]:
    """Return settings in which every place is watched once by each seed."""
    return [Setting(seed, odd, **more) for seed in seeds for odd in (False, True)]


def ids(ground: Square, low: float, high: float) -> frozenset[str]:
    """Return the places of which drawings cover from `low` to below `high`."""
    return frozenset(str(p) for p, share in enumerate(ground.cleared) if low <= share < high)


def score(outcomes: Sequence[Outcome], places: frozenset[str]) -> Evaluation:
    """Hold what was reported at some places against what was implanted there."""

    def here(name: str) -> bool:
        return name.partition(":")[2] in places

    looks = {name: seen for o in outcomes for name, seen in o.looks.items() if here(name)}
    truths = [truth for o in outcomes for truth in o.truths if here(truth.settlement)]
    episodes = [told for o in outcomes for told in o.episodes if here(told.settlement)]
    return evaluate(Kind.BURNED, looks, truths, episodes, looks)


def power(found: Evaluation, outcomes: Sequence[Outcome]) -> str:
    """Return the rest of a row: recall by level, and how the finds of PROBABLE were."""
    shown = level(found, Level.PROBABLE)
    unseen = sum(outcome.unseen is not None for outcome in found.outcomes)
    recalls = " | ".join(ratio(level(found, name).recall) for name in Level)
    return (
        f"{len(found.outcomes)} | {unseen} | {recalls} | {spread(shown.looks[0])} | "
        f"{spread(judged_looks(found, outcomes))} | {spread(shown.days[0])} | "
        f"{ratio(shown.dated_inside)} |"
    )


def judged_looks(found: Evaluation, outcomes: Sequence[Outcome]) -> Spread:
    """Return how many looks were scored from the burn to PROBABLE, telling or not."""
    judged = {name: looks for outcome in outcomes for name, looks in outcome.judged.items()}
    return Spread.of(
        judged[one.truth.settlement].count(
            one.truth.earliest, one.found[Level.PROBABLE].report.reached
        )
        for one in found.outcomes
        if Level.PROBABLE in one.found
    )


def false_row(words: str, found: Evaluation) -> str:
    """Return one row: reports per 1,000 place-years by level."""
    rates = " | ".join(rate(level(found, name).false_armed) for name in Level)
    return f"| {words} | {len(found.settlements)} | {found.exposure.armed:.0f} | {rates} |"


def ablation(without: Without, found: Evaluation, quiet: Evaluation, other: Evaluation) -> str:
    """Return one row of what the detector is without a part of it."""
    recalls = " | ".join(ratio(level(found, name).recall) for name in Level)
    inside = ratio(level(found, Level.PROBABLE).dated_inside)
    false = " | ".join(rate(level(one, Level.PROBABLE).false_armed) for one in (quiet, other))
    return f"| {without} | {recalls} | {inside} | {false} |"


def describe(squares: dict[float, Square]) -> Iterator[str]:
    """Yield what ground and looks the figures are from."""
    for radius, ground in squares.items():
        quiet = len(ids(ground, 0, QUIET))
        yield (
            f"{radius:.0f} m: {len(ground.cores)} places, {quiet} of them quiet; "
            f"{len(ground.looks)} looks, bands {', '.join(ground.bands)}."
        )


def detector_digest() -> str:
    """Return the beginning of a digest of the detectors' source."""
    folder = Path(detectors.__file__).parent
    every = b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))
    return hashlib.sha256(every).hexdigest()[:12]


def level(found: Evaluation, name: Level) -> LevelScore:
    """Return the figures of one level."""
    return next(score for score in found.levels if score.level is name)


def ratio(share: Share) -> str:
    """Return a share with its 95 % Wilson interval."""
    if share.value is None:
        return "-"
    ends = share.interval
    return f"{share.value:.2f} [{ends.low:.2f}, {ends.high:.2f}]"


def rate(count: Rate, digits: int = 0) -> str:
    """Return a rate per 1,000 place-years with its exact 95 % Poisson interval."""
    low, high = count.interval
    if count.value is None or low is None or high is None:
        return "-"
    return f"{count.value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}] ({count.count})"


def spread(values: Spread) -> str:
    """Return median and quartiles."""
    if values.quartiles is None:
        return "-"
    low, middle, high = values.quartiles
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


if __name__ == "__main__":
    main()
