"""What radar adds to the optical detector under cloud: found, how soon, and false alarms.

The same places burn and lose their walls on the same day in two made worlds: one of optical looks
at the Romanian forest, 60 % of them clouded, one of radar looks at stable ground in California.
No place was seen by both, so both are *resampled* from real residuals and put side by side; what
the two have in common in the world, rain above all, they do not have in common here.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
from shapely.geometry import Point

from benchmarks.bench_burned import HUTS_THAT_BURN, SHARED, ground_of
from benchmarks.bench_exercises import detector_digest, rate, ratio
from benchmarks.bench_radar import Ground, ground
from benchmarks.pixels import clear_passes
from benchmarks.radar_worlds import CADENCE_DAYS, Razing, play_radar
from benchmarks.resampled import BEGIN, YEAR_DAYS
from benchmarks.worlds import TRAINING_YEARS, Fire, play
from detectors.fusion import Source, Standing, belongs, combine, groups_of
from detectors.types import DetectorState, Finding
from hearthwatch.evaluation.intervals import Rate, Share
from hearthwatch.exercise.residues import Group, drawn_residues
from tests.science.radar_bursts import LAND, read_burst

RESULTS = Path(__file__).parent / "results" / "two_sensors.md"
SEED = 40_000
CLEAR = 0.4
"""Share of the passes that are clear: 60 % are clouded."""
CONTRASTS_DB = (1.0, 3.0, 5.0)
"""Of the core over its surroundings in radar: thatch on mud, walls, walls and metal roofs."""
SHARES = (0.5, 0.9)
WITHIN_DAYS = 60
BURN_YEARS, QUIET_YEARS = 4.0, 6.0
REACHED = (DetectorState.PROBABLE, DetectorState.ESTABLISHED)
SENSORS = {"burned": "sentinel-2-l2a", "radar": "sentinel-1-rtc"}


@dataclass(frozen=True)
class Task:
    """One pair of worlds; without a share nothing happens in either."""

    sample: Path
    data: Path
    seed: int
    contrast: float
    share: float | None


Told = Mapping[int, list[tuple[datetime, Finding]]]


@dataclass(frozen=True)
class Pair:
    """What both sensors said of the same places, by number of place."""

    onsets: Mapping[int, datetime | None]
    optical: Told
    radar: Told
    years: float


@lru_cache(maxsize=1)
def grounds(data: Path) -> tuple[Ground, ...]:
    """Return the bursts with their places; each process reads them once."""
    return tuple(ground(read_burst(data, name)) for name in LAND)


def pair(task: Task) -> Pair:
    """Make both worlds of one pair, in a worker."""
    donors, places = ground_of(task.sample, Group.SCORING)
    rng = np.random.default_rng([task.seed, 7])
    passes = clear_passes()
    kept = CLEAR / (sum(passes) / len(passes))
    clear = [one and rng.random() < kept for one in passes]
    fire = None if task.share is None else Fire(HUTS_THAT_BURN, task.share / HUTS_THAT_BURN)
    years = QUIET_YEARS if fire is None else BURN_YEARS
    residues = drawn_residues(task.seed, Group.SCORING)
    world = play(donors, places, clear, years, task.seed, residues, fire)
    here = grounds(task.data)[task.seed % len(LAND)]
    watched = [int(one) for one in world.chosen[~world.placebo]]
    # Every second disc: constants of the radar were chosen looking at all, its figures at these.
    discs = dict(zip(watched, range(1, len(here.cores), 2), strict=False))
    onsets = {discs[place]: day for place, day in world.onsets.items() if place in discs}
    until = BEGIN + timedelta(days=years * YEAR_DAYS)
    contrast = task.contrast * np.log(10.0) / 10.0
    told = play_radar(here, BEGIN, until, Razing(contrast, task.share or 0.0, onsets), task.seed)
    numbers = {f"disc{disc}": place for place, disc in discs.items()}
    return Pair(
        {place: world.onsets.get(place) for place in discs},
        _by_place(world.said, {str(place): place for place in discs}),
        _by_place(told.said, numbers),
        years - TRAINING_YEARS,
    )


def _by_place(
    said: Iterable[tuple[datetime, Finding]], numbers: Mapping[str, int]
) -> dict[int, list[tuple[datetime, Finding]]]:
    """Return what was said of the watched places once their normal was learned."""
    learned = BEGIN + timedelta(days=TRAINING_YEARS * YEAR_DAYS)
    found: dict[int, list[tuple[datetime, Finding]]] = {one: [] for one in numbers.values()}
    for when, finding in said:
        if finding.place in numbers and when >= learned:
            found[numbers[finding.place]].append((when, finding))
    return found


def soonest(told: Sequence[tuple[datetime, Finding]], onset: datetime) -> float | None:
    """Return the days to the first PROBABLE within `WITHIN_DAYS`; None where there is none."""
    days = [
        (when - onset).total_seconds() / 86_400.0
        for when, finding in told
        if finding.state in REACHED and when >= onset
    ]
    return min((one for one in days if one <= WITHIN_DAYS), default=None)


def alarms(told: Sequence[tuple[datetime, Finding]]) -> int:
    """Return how many episodes became PROBABLE."""
    return len({finding.object for _, finding in told if finding.state in REACHED})


def corroborated(one: Pair, place: int) -> int:
    """Return how many pairs of episodes become one event held to be so by both sensors."""
    optical, radar = (
        [
            _source(detector, when, finding)
            for when, finding in told[place]
            if finding.state is DetectorState.ESTABLISHED
        ]
        for detector, told in (("burned", one.optical), ("radar", one.radar))
    )
    return sum(
        belongs(second, [first]) and combine([first, second]).state is Standing.CORROBORATED
        for first, second in product(optical, radar)
    )


def _source(detector: str, when: datetime, finding: Finding) -> Source:
    return Source(
        id=f"{detector}:{finding.place}:{finding.object}", detector=detector, kind=finding.kind,
        groups=groups_of((SENSORS[detector],)), state=finding.state, reached=finding.state,
        last_unharmed=finding.last_unharmed, first_changed=finding.first_changed,
        last_detected=when, weight=0.0, geometry=Point(0, 0), settlement="the place",
    )  # fmt: skip


def main() -> None:
    """Make the worlds, print the tables and, with `--write`, keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, default=Path("var/sample"))
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quiet", type=int, default=16, help="pairs of quiet worlds")
    parser.add_argument("--burned", type=int, default=2, help="pairs for each row")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS}")
    asked = parser.parse_args()
    with ProcessPoolExecutor(asked.workers) as pool:
        lines = []
        for line in report(pool, asked):
            print(line, flush=True)
            lines.append(line)
    if asked.write:
        RESULTS.write_text("\n".join((*lines, "")), encoding="utf-8")


def report(pool: ProcessPoolExecutor, asked: argparse.Namespace) -> Iterator[str]:
    """Yield the lines of the report."""
    yield "# Two sensors under cloud"
    yield ""
    yield (
        "`python benchmarks/bench_two_sensors.py --write`. **An exercise, resampled: no place was "
        "seen by both sensors.** Optical looks every 5 days at the Romanian forest (no B12), "
        f"{1 - CLEAR:.0%} of them clouded; radar looks every {CADENCE_DAYS:.0f} days on one orbit "
        "over stable ground in California; each sensor with its built-in thresholds. The same "
        "share of the ground burns and loses what stands on it on the same day. Found: PROBABLE "
        f"within {WITHIN_DAYS} days; *days*: by which half of all burns were found. Code "
        f"{detector_digest()}."
    )
    yield from ("", "## Found", "")
    yield (
        "| radar contrast, dB | share | places | optical | radar | either | days, optical "
        "| days, either |"
    )
    yield "|---:|---:|---:|---|---|---|---:|---:|"
    for number, (contrast, share) in enumerate(product(CONTRASTS_DB, SHARES)):
        seeds = range(SEED + 100 * number, SEED + 100 * number + asked.burned)
        tasks = [Task(asked.sample, asked.data, one, contrast, share) for one in seeds]
        yield _found(contrast, share, list(pool.map(pair, tasks)))
    seeds = range(SEED + 5_000, SEED + 5_000 + asked.quiet)
    tasks = [Task(asked.sample, asked.data, one, 3.0, None) for one in seeds]
    quiet = list(pool.map(pair, tasks))
    years = sum(one.years * len(one.onsets) for one in quiet)
    yield from ("", f"## False, in {years:,.0f} made quiet years at 3 dB", "")
    yield from ("| what | per 1,000 years |", "|---|---|")
    for words, count in (
        ("PROBABLE, optical", sum(alarms(t) for one in quiet for t in one.optical.values())),
        ("PROBABLE, radar", sum(alarms(t) for one in quiet for t in one.radar.values())),
        ("held to be so by both", sum(corroborated(one, p) for one in quiet for p in one.onsets)),
    ):
        yield f"| {words} | {rate(Rate(count, years), 1)} |"


def _found(contrast: float, share: float, pairs: Sequence[Pair]) -> str:
    optical, radar, either = [], [], []
    for one in pairs:
        for place, onset in one.onsets.items():
            assert onset is not None
            first, second = soonest(one.optical[place], onset), soonest(one.radar[place], onset)
            optical.append(first)
            radar.append(second)
            either.append(min((d for d in (first, second) if d is not None), default=None))
    cells = [_share(found) for found in (optical, radar, either)]
    days = [_days(optical), _days(either)]
    return f"| {contrast:.0f} | {share} | {len(either)} | {' | '.join((*cells, *days))} |"


def _share(found: Sequence[float | None]) -> str:
    return ratio(Share(sum(one is not None for one in found), len(found)))


def _days(found: Sequence[float | None]) -> str:
    """Return the days by which half of all burns were found: those of the found alone mislead."""
    middle = statistics.median(math.inf if one is None else one for one in found)
    return f"{middle:.0f}" if math.isfinite(middle) else f"over {WITHIN_DAYS}"


if __name__ == "__main__":
    main()
