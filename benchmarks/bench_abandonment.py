"""How well villages are found whose fields were left, and how often a bad year is taken for it.

All of it on mosaics of real pixels (`benchmarks.abandon_worlds`): nothing found here happened.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.abandon_worlds import Story, ground_of, look_features
from benchmarks.bench_exercises import detector_digest, rate, ratio
from benchmarks.resampled import BEGIN, YEAR_DAYS
from detectors.abandonment import Abandonment
from detectors.types import (
    DetectorState,
    Finding,
    GuardVerdict,
    MonitorState,
    SceneJudgement,
    SiteChange,
)
from hearthwatch.evaluation.intervals import Rate, Share
from hearthwatch.exercise.residues import Group
from imagery.sample import fetch_sample

SEEDS = range(9400, 9440)
"""Constants were chosen on seeds 1 to 75 and the other group of pixels."""
PLACES, EVENT = 3, 6
"""Places of one world share looks, clouds and good and bad years: few in each of many worlds."""
END = 1.4
"""Years after the beginning of the event's by which its season is over, and told of."""
QUIET_SEEDS, QUIET_PLACES, QUIET_YEARS = range(9500, 9530), 7, 11
BACK_YEARS = 9
RESULTS = Path(__file__).parent / "results"
HEAD = """\
# Abandonment: fields that are left, and years that are bad for all

`python benchmarks/bench_abandonment.py --write`. **Mosaics: nothing found here happened, and no
place is real.** No real sample holds the ring of 2 to 10 km round a village, so each place is put
together of real pixels: fields from a pixel of field in China (years 2022 to 2024) and from fields
in Belgium (monthly composites of one year, eastern half), wild ground from the Romanian forest
(every second quiet core); noise, clouds and clear passes are real ones, drawn again in blocks
(*resampled*). What each parcel bears, and what lies fallow (a fifth, more or less from year to
year, apart near and in the ring), is drawn. Constants were chosen on other years, other halves,
other cores and other seeds; seeds 9000 and 9001 scored an earlier version of the detector, and
those below are fresh. A deciduous forest is told from fields more easily than grass is: on savanna
these figures are an upper bound. Rates on real places are not known.

- *Fields left*: share of the fields near a place, from the beginning of the year on. They then
  bear what the wild ground bears, 0.3 to 1 as thick.
- *Yards*: share of the yards that grows over.
- *Drought*: share of the green that it takes, near and in the ring. *Unsown*: share of all fields,
  near and in the ring alike, that are not sown that year.
- *Dropped*: share of the clear looks taken away at random; *looks*: usable ones a year, median.
- *Found*: ABANDONED, at PROBABLE, by the first look after the season. *WATCH*: reduced activity or
  more by then. Intervals (95 %, Wilson; exact Poisson for rates) take places as independent; those
  of one world share looks and clouds, and are not. Rows with as much dropped are the same places
  with the same past, to which different things happen.
"""
TABLE = """\
| fields left | yards | drought | unsown | dropped | looks | places | judged | WATCH | found |
|---:|---:|---:|---:|---:|---:|---:|---:|---|---|"""
SCENE = SceneJudgement("", GuardVerdict.UNGUARDED, 0, 0, "a mosaic has no placebos")
Told = tuple[tuple[datetime, Finding], ...]


@dataclass(frozen=True)
class Seen:
    """What came of the places of one world in one story.

    Attributes
    ----------
    found, watched, covered, back : frozenset of str
        Places ABANDONED or at WATCH in the year asked about, found with an interval that holds
        the true date, and found to be tilled again.
    judged : int
        Places of which the season asked about was judged.
    seasons : int
        Judged seasons of all places and years.
    """

    places: int
    judged: int
    looks_a_year: float
    found: frozenset[str]
    watched: frozenset[str]
    covered: frozenset[str]
    back: frozenset[str]
    seasons: int
    told: Told


@dataclass(frozen=True)
class Task:
    """Stories of one world, alike until the year `event`: these years are followed once."""

    sample: Path
    seed: int
    stories: tuple[Story, ...]
    event: int = EVENT
    until: float = EVENT + END
    places: int = PLACES


@dataclass(frozen=True)
class Followed:
    """How far a world was followed, and what was told on the way."""

    state: MonitorState
    told: Told = ()
    judged: tuple[tuple[datetime, int], ...] = ()
    looks: int = 0


def alike(dropped: float, *stories: dict[str, float]) -> tuple[Story, ...]:
    """Return stories of one world: all that it has before the event is how much is dropped."""
    return tuple(
        Story(year=EVENT, dry_year=EVENT, dropped=dropped, **one)  # type: ignore[arg-type]
        for one in stories
    )


LEFT = alike(
    0.0,
    *({"loss": loss, "yards": yards} for yards in (0.0, 0.4) for loss in (0.5, 0.65, 0.82, 0.95)),
)
DRY = alike(
    0.0,
    *({"drought": one} for one in (0.2, 0.4, 0.6)),
    *({"drought": one, "unsown": 0.4} for one in (0.0, 0.4)),
    *({"loss": 0.82, "drought": 0.4, "unsown": one} for one in (0.0, 0.4)),
)
SPARSER = tuple(
    alike(one, {"loss": 0.82}, {"loss": 0.82, "yards": 0.4}, {"drought": 0.4})
    for one in (0.25, 0.5, 0.7)
)
RETURN = Story(loss=0.82, year=5, until=7, yards=0.4)
QUIET = Story()


def main() -> None:
    """Run the worlds and print the tables; with `--write`, keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, default=Path("var/sample"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--worlds", type=int, default=len(SEEDS), help="fewer are sooner done")
    parser.add_argument("--write", action="store_true", help="write results/abandonment.md")
    given = parser.parse_args()
    fetch_sample(given.sample)
    with ProcessPoolExecutor(given.workers) as pool:
        lines = list(report(pool, given.sample, given.worlds))
    print("\n".join(lines))
    if given.write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / "abandonment.md").write_text("\n".join((HEAD, *lines, "")), encoding="utf-8")


def report(pool: ProcessPoolExecutor, sample: Path, worlds: int) -> Iterator[str]:
    """Yield the lines of the tables."""
    seeds = SEEDS[:worlds]
    yield (
        f"Detector `abandonment`, code {detector_digest()}; seeds {seeds[0]} to {seeds[-1]}; "
        f"{PLACES} places a world, {EVENT} quiet years before."
    )
    yield from ("", TABLE)
    groups = (LEFT + DRY, *SPARSER)
    tasks = [Task(sample, seed, stories) for stories in groups for seed in seeds]
    done = list(pool.map(run, tasks, chunksize=4))
    left = []
    for number, stories in enumerate(groups):
        mine = done[number * len(seeds) : (number + 1) * len(seeds)]
        for story, seen in zip(stories, zip(*mine, strict=True), strict=True):
            yield row(story, seen)
            left += seen if story.loss > 0.0 else ()
    yield from ("", dates(left), "", *quiet(pool, sample, worlds))
    yield from ("", returns(pool, sample, seeds[: max(1, worlds // 2)]))


def run(task: Task) -> tuple[Seen, ...]:
    """Follow the places of one world through each of its stories, in a worker."""
    before = Story(dropped=task.stories[0].dropped)
    begun = Followed(Abandonment().start(None))  # type: ignore[arg-type]
    past = followed(task, before, begun, (0.0, task.event))
    return tuple(
        summed(task, story, followed(task, story, past, (task.event, task.until)))
        for story in task.stories
    )


def followed(task: Task, story: Story, past: Followed, between: tuple[float, float]) -> Followed:
    """Return what has come of a world after some more years."""
    ground, years = ground_of(task.sample, Group.SCORING), math.ceil(task.until)
    detector, state, told = Abandonment(), past.state, list(past.told)
    judged, looks = list(past.judged), past.looks
    for look in look_features(ground, task.places, years, story, task.seed, between):
        before = state.arrays.get("season")
        state, findings = detector.score(state, look, SCENE)
        told += [(look.sensed, one) for one in findings]
        looks += 1
        if before is not None and before.size:
            over = np.isfinite(state.arrays["evidence"]) & (state.arrays["season"] != before)
            judged += [(look.sensed, int(place)) for place in np.flatnonzero(over)]
    return Followed(state, tuple(told), tuple(judged), looks)


def summed(task: Task, story: Story, seen: Followed) -> Seen:
    """Return what the findings of a world come to."""
    mine = [one for at, one in seen.told if within(at, story)]
    gone = [one for one in mine if one.change is SiteChange.ABANDONED]
    began = BEGIN + timedelta(days=story.year * YEAR_DAYS)
    covered = [
        one for one in gone
        if one.first_changed >= began and (one.last_unharmed is None or
                                           one.last_unharmed <= began + timedelta(days=45))
    ]  # fmt: skip
    back = [
        one for _, one in seen.told if one.change in (SiteChange.REOCCUPIED, SiteChange.REBUILT)
    ]
    return Seen(
        task.places,
        len({place for at, place in seen.judged if within(at, story)}),
        seen.looks / task.until,
        frozenset(one.place for one in gone),
        frozenset(one.place for one in mine if one.state is not DetectorState.LAPSED),
        frozenset(one.place for one in covered),
        frozenset(one.place for one in back),
        len(seen.judged),
        seen.told,
    )


def within(moment: datetime, story: Story) -> bool:
    """Tell whether a look belongs to the season asked about: to the first look after it."""
    year = (moment - BEGIN).days / YEAR_DAYS - story.year
    return 0.4 <= year < END


def row(story: Story, seen: Sequence[Seen]) -> str:
    """Return one line of the table."""
    places, judged = sum(one.places for one in seen), sum(one.judged for one in seen)
    found = Share(sum(len(one.found) for one in seen), places)
    watched = Share(sum(len(one.watched) for one in seen), places)
    looks = float(np.median([one.looks_a_year for one in seen]))
    return (
        f"| {story.loss:g} | {story.yards:g} | {story.drought:g} | {story.unsown:g} | "
        f"{story.dropped:g} | {looks:.0f} | {places} | {judged} | {ratio(watched)} | "
        f"{ratio(found)} |"
    )


def dates(left: Sequence[Seen]) -> str:
    """Return how often the interval holds the day on which the fields were left."""
    share = Share(sum(len(one.covered) for one in left), sum(len(one.found) for one in left))
    return (
        "Of those found, the interval from the last look at a quiet season to the first changed "
        f"look holds the day from which on the fields were left (45 days of grace): {ratio(share)}."
    )


def quiet(pool: ProcessPoolExecutor, sample: Path, worlds: int) -> Iterator[str]:
    """Yield the rates of false findings in years in which nothing happened."""
    tasks = [
        Task(sample, seed, (QUIET,), event=1, until=QUIET_YEARS, places=QUIET_PLACES)
        for seed in QUIET_SEEDS[:worlds]
    ]
    seen = [one for (one,) in pool.map(run, tasks)]
    exposure = sum(one.seasons for one in seen)
    yield f"Quiet years: {exposure} judged place-seasons (one a year); per 1,000 of them, false:"
    findings = [(number, one) for number, world in enumerate(seen) for _, one in world.told]
    watches = {(number, one.place, one.object) for number, one in findings}
    gone = sum(one.change is SiteChange.ABANDONED for _, one in findings)
    yield f"- WATCH or more: {rate(Rate(len(watches), exposure), 1)}"
    yield f"- ABANDONED: {rate(Rate(gone, exposure), 1)}"


def returns(pool: ProcessPoolExecutor, sample: Path, seeds: Sequence[int]) -> str:
    """Return how often it is seen that people are back after two years."""
    tasks = [Task(sample, seed, (RETURN,), event=RETURN.year, until=BACK_YEARS) for seed in seeds]
    seen = [one for (one,) in pool.map(run, tasks)]
    back = Share(
        sum(len(one.back & one.found) for one in seen), sum(len(one.found) for one in seen)
    )
    states = [finding.state for one in seen for _, finding in one.told]
    established = sum(state is DetectorState.ESTABLISHED for state in states)
    return (
        f"Tilled again after two years ({RETURN.loss} of the fields left, yards {RETURN.yards}): "
        f"of {back.of} found, {established} came to ESTABLISHED in the second, and {ratio(back)} "
        "were told to be re-occupied or rebuilt by the end of the first season after."
    )


if __name__ == "__main__":
    main()
