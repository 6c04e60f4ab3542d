"""What radar adds to the optical detector under cloud: found, how soon, and false alarms.

The same places burn and lose their walls on the same day in two made worlds: one of optical looks
at the Romanian forest, 60 % of them clouded, one of radar looks at stable ground in California.
No place was seen by both, so both are *resampled* from real residuals and put side by side; what
the two have in common in the world, rain above all, they do not have in common here.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

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

RESULTS = Path(__file__).parent / "results"
SEED = 60_000
"""Others than before the radar detector learned of towns that grow."""
DATA = "optical: forest, no B12, 60% clouded; radar: 30 m, one orbit, October to January"
CLEAR = 0.4
"""Share of the passes that are clear: 60 % are clouded."""
CONTRASTS_DB = (1.0, 3.0, 5.0)
"""Of the core over its surroundings in radar: thatch on mud, walls, walls and metal roofs."""
SHARES = (0.5, 0.9)
WITHIN_DAYS = 60
BURN_YEARS, QUIET_YEARS = 4.0, 6.0
STATES = (DetectorState.WATCH, DetectorState.PROBABLE, DetectorState.ESTABLISHED)
REACHED = STATES[1:]
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


def alarms(
    told: Sequence[tuple[datetime, Finding]], least: DetectorState = DetectorState.PROBABLE
) -> int:
    """Return how many episodes came so far."""
    reached = STATES[STATES.index(least) :]
    return len({finding.object for _, finding in told if finding.state in reached})


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


@dataclass
class Report:
    """Lines for people, and the figures that the release keeps, by the name of their file."""

    lines: list[str] = field(default_factory=list)
    figures: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"two_sensors": [], "radar": []}
    )

    def say(self, *lines: str) -> None:
        """Put lines into the report, and print them."""
        print(*lines, sep="\n", flush=True)
        self.lines += lines

    def keep(self, file: str, name: str, of: Rate | Share, shows: str, state: str = "") -> None:
        """Keep a figure with its interval."""
        low, high = (of.interval.low, of.interval.high) if isinstance(of, Share) else of.interval
        unit = "per 1,000" if isinstance(of, Rate) else "share"
        told = {"name": name, "figure": of.value, "low": low, "high": high, "unit": unit,
                "data": DATA, "shows": shows, "kind": "resampled"}  # fmt: skip
        self.figures[file].append(told | ({"state": state} if state else {}))

    def write(self) -> None:
        """Write all files."""
        (RESULTS / "two_sensors.md").write_text("\n".join((*self.lines, "")), encoding="utf-8")
        for name, figures in self.figures.items():
            told = {"figures": figures, "code_digest": detector_digest()}
            (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def main() -> None:
    """Make the worlds, print the tables and, with `--write`, keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, default=Path("var/sample"))
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--quiet", type=int, default=40, help="pairs of quiet worlds")
    parser.add_argument("--burned", type=int, default=4, help="pairs for each row")
    parser.add_argument("--write", action="store_true", help=f"write into {RESULTS}")
    asked = parser.parse_args()
    report = Report()
    with ProcessPoolExecutor(asked.workers) as pool:
        tell_found(report, pool, asked)
        tell_false(report, pool, asked)
    if asked.write:
        report.write()


def tell_found(report: Report, pool: ProcessPoolExecutor, asked: argparse.Namespace) -> None:
    """Burn places and tell what each sensor and both found."""
    report.say(
        "# Two sensors under cloud",
        "",
        "`python benchmarks/bench_two_sensors.py --write`. **An exercise, resampled: no place was "
        "seen by both sensors.** Optical looks every 5 days at the Romanian forest (no B12), "
        f"{1 - CLEAR:.0%} of them clouded; radar looks every {CADENCE_DAYS:.0f} days on one orbit "
        "over stable ground in California; each sensor with its built-in thresholds. The same "
        "share of the ground burns and loses what stands on it on the same day. Found: PROBABLE "
        f"within {WITHIN_DAYS} days; *both*: ESTABLISHED by both as one event; *days*: by which "
        f"half of all burns were found. Seeds from {SEED:,}. Code {detector_digest()}.",
        "", "## Found", "",
        "| radar contrast, dB | share | places | optical | radar | either | both "
        "| days, optical | days, either |",
        "|---:|---:|---:|---|---|---|---|---:|---:|",
    )  # fmt: skip
    for number, (contrast, share) in enumerate(product(CONTRASTS_DB, SHARES)):
        seeds = range(SEED + 100 * number, SEED + 100 * number + asked.burned)
        tasks = [Task(asked.sample, asked.data, one, contrast, share) for one in seeds]
        _tell_row(report, contrast, share, list(pool.map(pair, tasks)))


def _tell_row(report: Report, contrast: float, share: float, pairs: Sequence[Pair]) -> None:
    days: dict[str, list[float | None]] = {"optical": [], "radar": [], "either": []}
    both = []
    for one in pairs:
        for place, onset in one.onsets.items():
            assert onset is not None
            first, second = soonest(one.optical[place], onset), soonest(one.radar[place], onset)
            soonest_of_both = min((d for d in (first, second) if d is not None), default=None)
            for name, found in zip(days, (first, second, soonest_of_both), strict=True):
                days[name].append(found)
            both.append(corroborated(one, place) > 0)
    shares = {name: _share(found) for name, found in days.items()}
    agreed = Share(sum(both), len(both))
    words = f"{share} of the ground lost, {contrast:.0f} dB"
    report.keep("radar", f"recall of PROBABLE within {WITHIN_DAYS} days, {words}",
                shares["radar"], f"{len(both)} places", "PROBABLE")  # fmt: skip
    report.keep("two_sensors", f"recall of PROBABLE by either, {words}", shares["either"],
                f"by light alone {ratio(shares['optical'])}, of {len(both)} places")  # fmt: skip
    report.keep("two_sensors", f"recall of ESTABLISHED by both, {words}", agreed,
                f"{len(both)} places")  # fmt: skip
    cells = [*map(ratio, (*shares.values(), agreed)), _days(days["optical"]), _days(days["either"])]
    report.say(f"| {contrast:.0f} | {share} | {len(both)} | {' | '.join(cells)} |")


def tell_false(report: Report, pool: ProcessPoolExecutor, asked: argparse.Namespace) -> None:
    """Let nothing happen, and tell what was said all the same."""
    seeds = range(SEED + 5_000, SEED + 5_000 + asked.quiet)
    tasks = [Task(asked.sample, asked.data, one, 3.0, None) for one in seeds]
    quiet = list(pool.map(pair, tasks))
    years = sum(one.years * len(one.onsets) for one in quiet)

    def counted(each: Iterable[Told], least: DetectorState) -> Rate:
        return Rate(sum(alarms(said, least) for told in each for said in told.values()), years)

    report.say("", f"## False, in {years:,.0f} made quiet years at 3 dB", "",
               "| what | per 1,000 years |", "|---|---|")  # fmt: skip
    shows = f"in {years:,.0f} made quiet settlement-years at 3 dB; built-in thresholds"
    for state in STATES:
        light = counted((one.optical for one in quiet), state)
        echo = counted((one.radar for one in quiet), state)
        report.say(f"| {state.value}, optical | {rate(light, 1)} |",
                   f"| {state.value}, radar | {rate(echo, 1)} |")  # fmt: skip
        report.keep("radar", f"false {state.value} per 1,000 settlement-years", echo,
                    f"{echo.count} {shows}", state.value)  # fmt: skip
    both = Rate(sum(corroborated(one, place) for one in quiet for place in one.onsets), years)
    report.say(f"| ESTABLISHED by both, as one event | {rate(both, 1)} |")
    report.keep("two_sensors", "false ESTABLISHED by two sensors per 1,000 settlement-years",
                both, f"{both.count} {shows}; what both sensors have in common in the world, rain "
                "above all, they do not have in common here")  # fmt: skip


def _share(found: Sequence[float | None]) -> Share:
    return Share(sum(one is not None for one in found), len(found))


def _days(found: Sequence[float | None]) -> str:
    """Return the days by which half of all burns were found: those of the found alone mislead."""
    middle = statistics.median(math.inf if one is None else one for one in found)
    return f"{middle:.0f}" if math.isfinite(middle) else f"over {WITHIN_DAYS}"


if __name__ == "__main__":
    main()
