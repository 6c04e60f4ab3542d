"""What `burned` finds and what it costs in false alarms, on made years of real residuals.

Thresholds are taken from quiet worlds of the tuning half and nothing else; what is scored are
worlds of other places, other dates, other seeds, and burns of other spectra. Beside them stand
the few real quiet years there are, never pooled with the made ones. Nothing that burns here
burned.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_exercises import (
    QUIET,
    detector_digest,
    halves,
    one,
    rate,
    ratio,
    spread,
    square,
)
from benchmarks.bench_exercises import ids as ids_drawn
from benchmarks.bench_exercises import score as score_real
from benchmarks.peers.series import QUIET as NO_BURN
from benchmarks.peers.series import SCORING, TUNING, Series
from benchmarks.pixels import PIXELS, PixelTask, clear_passes, pixel_world
from benchmarks.resampled import BEGIN, CADENCE_DAYS, Donors, split, steady_places
from benchmarks.worlds import TRAINING_YEARS, Fire, World, annual_maxima, evaluated, play
from detectors.burned import Burned
from detectors.calibration import BUILT_IN, POOLED, Calibration, Thresholds
from detectors.conformal import conformal_threshold
from hearthwatch.evaluation.claims import Budgeted, against_budget, expected_precision
from hearthwatch.evaluation.definitions import BUDGETS, LEVELS, Level
from hearthwatch.evaluation.figures import LevelScore
from hearthwatch.exercise.model import Pattern
from hearthwatch.exercise.residues import Group, drawn_residues
from imagery.sample import fetch_sample
from tests.science.laid_places import clearings, lay
from tests.science.replay import TRUTH

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RESULTS = Path(__file__).parent / "results"
RADIUS_M, STEP_M = 30.0, 80.0
FIRST_M = {Group.TUNING: 70.0, Group.SCORING: 30.0}
SEEDS = {Group.TUNING: 1_000, Group.SCORING: 5_000}
SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
HUTS_THAT_BURN = 0.9
QUIET_YEARS, BURN_YEARS, PEER_YEARS = 6.0, 4.0, 3.0
AIM = 0.5
"""Of the budget, that thresholds are taken for: the interval must clear the whole of it."""
BASE_RATE = 0.01


GROUND = "forest, no B12"
WORDS = {
    Budgeted.HELD: "held",
    Budgeted.EXCEEDED: "exceeded",
    Budgeted.NOT_ESTABLISHED: "not established",
}


@dataclass(frozen=True)
class Task:
    """One world to be made."""

    sample: Path
    group: Group
    seed: int
    years: float
    fire: Fire | None = None
    thresholds: Thresholds = BUILT_IN


@lru_cache(maxsize=2)
def ground_of(sample: Path, group: Group) -> tuple[Donors, NDArray[np.int64]]:
    """Return the ground and its steady places of one half; each process makes it once."""
    square_ = lay(sample, RADIUS_M, FIRST_M[group], STEP_M, clearings(TRUTH))
    return split(square_), steady_places(square_, QUIET)


def world(task: Task) -> World:
    """Make one world, in a worker."""
    donors, places = ground_of(task.sample, task.group)
    calibration = Calibration("benchmark", {POOLED: task.thresholds})
    residues = drawn_residues(task.seed, task.group)
    return play(
        donors, places, clear_passes(), task.years, task.seed, residues, task.fire,
        Burned().calibrated(calibration),
    )  # fmt: skip


def maxima(task: Task) -> NDArray[np.float64]:
    """Return the annual maxima of one quiet world."""
    return annual_maxima(world(task))


def thresholds_from(found: NDArray[np.float64], aim: float) -> tuple[Thresholds, dict[Level, bool]]:
    """Return thresholds for a share of each budget, and whether the years sufficed for each."""
    values: dict[Level, float] = {}
    enough: dict[Level, bool] = {}
    for column, state in enumerate(LEVELS):
        value = conformal_threshold(found[:, column], aim * BUDGETS[state])
        enough[state] = value is not None
        values[state] = float(found[:, column].max() + 1.0) if value is None else float(value)
    watch = max(values[Level.WATCH], 0.0)
    probable = max(values[Level.PROBABLE], watch)
    return Thresholds(watch, probable, max(values[Level.ESTABLISHED], probable)), enough


def fires() -> list[Fire]:
    """Return the burns that are scored, by the share of the ground they take."""
    return [
        Fire(HUTS_THAT_BURN, share / HUTS_THAT_BURN, pattern)
        for share, pattern in product(SHARES, (Pattern.SPREAD, Pattern.BLOCK))
    ]


@dataclass
class Report:
    """Tables and figures as they come, for people and for programs."""

    lines: list[str]
    figures: list[dict[str, Any]]
    tables: list[dict[str, Any]]

    def table(self, title: str, kind: str, columns: Sequence[str], rows: Any) -> None:
        """Add one table, printed as it is made."""
        made = [[str(cell) for cell in row] for row in rows]
        self.tables.append({"title": title, "columns": list(columns), "rows": made, "kind": kind})
        self.say("", f"## {title} ({kind})", "", "| " + " | ".join(columns) + " |")
        self.say("|" + "---|" * len(columns), *("| " + " | ".join(row) + " |" for row in made))

    def say(self, *lines: str) -> None:
        """Print lines and keep them."""
        for line in lines:
            print(line, flush=True)
        self.lines.extend(lines)


def main() -> None:
    """Calibrate, score, print; with `--write`, keep tables, figures and series for the peers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, default=Path("var/sample"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--worlds", type=int, default=40, help="quiet worlds of each half")
    parser.add_argument("--burned", type=int, default=2, help="burned worlds of each kind of fire")
    parser.add_argument("--pixel-worlds", type=int, default=6, help="quiet worlds of each pixel")
    parser.add_argument("--peers", type=Path, help="folder for the peers' series")
    parser.add_argument("--write", action="store_true", help=f"write into {RESULTS}")
    asked = parser.parse_args()
    fetch_sample(asked.sample)
    report = Report([], [], [])
    report.say(f"Detector `burned`, code {detector_digest()}.")
    with ProcessPoolExecutor(asked.workers) as pool:
        held = tell_ground(report, pool, asked)
        tell_real(report, pool, asked.sample)
        tell_pixels(report, pool, asked, held)
        if asked.peers:
            keep_series(pool, asked)
    if asked.write:
        (RESULTS / "burned.md").write_text(f"{HEAD}\n" + "\n".join(report.lines) + "\n", "utf-8")
        told = {
            "figures": report.figures,
            "tables": report.tables,
            "code_digest": detector_digest(),
        }
        (RESULTS / "burned.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def tell_ground(report: Report, pool: ProcessPoolExecutor, asked: Any) -> Thresholds:
    """Calibrate on one half of the ground, score on the other; return the thresholds."""

    def tasks(group: Group, count: int, years: float, **more: Any) -> list[Task]:
        first = SEEDS[group]
        return [Task(asked.sample, group, first + n, years, **more) for n in range(count)]

    quiet = np.concatenate(list(pool.map(maxima, tasks(Group.TUNING, asked.worlds, QUIET_YEARS))))
    found, enough = thresholds_from(quiet, AIM)
    held = {Level.WATCH: found.watch, Level.PROBABLE: found.probable,
            Level.ESTABLISHED: found.established}  # fmt: skip
    still = list(pool.map(world, tasks(Group.SCORING, asked.worlds, QUIET_YEARS, thresholds=found)))
    calm = evaluated(still)
    burned: dict[float, list[World]] = {share: [] for share in SHARES}
    every = [
        Task(asked.sample, Group.SCORING, SEEDS[Group.SCORING] + 1_000 + 50 * k + n,
             BURN_YEARS, fire, found)
        for k, fire in enumerate(fires()) for n in range(asked.burned)
    ]  # fmt: skip
    for task, one_world in zip(every, pool.map(world, every), strict=True):
        assert task.fire is not None
        burned[round(task.fire.ground, 2)].append(one_world)
    tell_budgets(report, quiet, held, enough, calm.levels)
    tell_power(report, GROUND, "resampled", burned, calm.levels)
    return found


def tell_budgets(
    report: Report, quiet: NDArray[np.float64], held: Mapping[Level, float],
    enough: Mapping[Level, bool], levels: Sequence[LevelScore],
) -> None:  # fmt: skip
    """Tell thresholds, and what they cost on the other half."""
    rows = []
    for one_level in levels:
        state, false = one_level.level, one_level.false_armed
        words = WORDS[against_budget(false, BUDGETS[state])]
        rows.append((
            state, f"{held[state]:.1f}{'' if enough[state] else ' (bound)'}", f"{len(quiet):,}",
            f"{AIM * BUDGETS[state]:g}", rate(false, 1), f"{false.exposure:,.0f}",
            f"{BUDGETS[state]:g}", words,
        ))  # fmt: skip
        report.figures.append(
            figure(f"false {state} per 1,000 settlement-years, {GROUND}", false.value,
                   false.interval, "per 1,000", GROUND,
                   f"{false.count} in {false.exposure:,.0f} made quiet years of places that no "
                   f"threshold was taken from; budget {BUDGETS[state]:g}: {words}", state)
        )  # fmt: skip
    report.table(
        f"False alarms, {GROUND}", "resampled",
        ("state", "threshold, nats", "years it is from", "aimed at", "per 1,000 years, scored",
         "years scored", "budget", "verdict"), rows,
    )  # fmt: skip


def tell_power(
    report: Report, ground: str, kind: str, burned: Mapping[float, Sequence[World]],
    calm: Sequence[LevelScore],
) -> None:  # fmt: skip
    """Tell recall, looks and days by the share of the ground that burned, and in all."""
    groups = {f"{share:g}": worlds for share, worlds in burned.items()}
    groups["0.3 to 0.9"] = [one for worlds in burned.values() for one in worlds]
    rows = []
    for name, worlds in groups.items():
        found = evaluated(worlds)
        unseen = sum(outcome.unseen is not None for outcome in found.outcomes)
        each = {one.level: one for one in found.levels}
        shown = each[Level.PROBABLE]
        rows.append((
            name, len(found.outcomes), unseen, *(ratio(each[state].recall) for state in LEVELS),
            spread(shown.looks[0]), spread(shown.days[0]), ratio(shown.dated_inside),
        ))  # fmt: skip
        if name == "0.3 to 0.9":
            tell_all(report, ground, kind, each, calm)
    report.table(
        f"Found, of burns implanted, {ground}", kind,
        ("ground burned", "burns", "unseen", *(str(state) for state in LEVELS),
         "looks to PROBABLE", "days", "true date inside"), rows,
    )  # fmt: skip


def tell_all(
    report: Report, ground: str, kind: str, each: Mapping[Level, LevelScore],
    calm: Sequence[LevelScore],
) -> None:  # fmt: skip
    """Keep the figures over all shares, with the precision to be expected at a base rate."""
    for quiet in calm:
        state = quiet.level
        recall = each[state].recall
        ends = recall.interval
        report.figures.append(
            figure(f"recall of {state}, 0.3 to 0.9 of the core's ground burned, {ground}",
                   recall.value, (ends.low, ends.high), "", ground,
                   f"burns implanted into {kind} looks", state, kind)
        )  # fmt: skip
        expected = expected_precision(recall, quiet.false_armed, BASE_RATE)
        report.figures.append(
            figure(f"precision of {state} at {BASE_RATE:g} events a settlement-year, {ground}",
                   expected.value, (expected.interval.low, expected.interval.high), "", ground,
                   "from recall and false alarms above; the base rate is assumed", state, kind)
        )  # fmt: skip


def tell_real(report: Report, pool: ProcessPoolExecutor, sample: Path) -> None:
    """Tell the false alarms of the real quiet years there are, at the built-in thresholds."""
    outcomes = list(pool.map(one, [(sample, RADIUS_M, each) for each in halves([100])]))
    ground = square(sample, RADIUS_M)
    rows = []
    for low, high, words in ((0.0, QUIET, "quiet"), (QUIET, 2.0, "with clearings")):
        found = score_real(outcomes, ids_drawn(ground, low, high))
        each = {one_level.level: one_level for one_level in found.levels}
        cells = (rate(each[state].false_armed, 1) for state in LEVELS)
        rows.append((words, len(found.settlements), f"{found.exposure.armed:.0f}", *cells))
        for state in LEVELS:
            false = each[state].false_armed
            report.figures.append(
                figure(f"false {state} per 1,000 settlement-years, real forest, {words}",
                       false.value, false.interval, "per 1,000", "Romania, real looks",
                       f"{false.count} in {false.exposure:.0f} real years", state, kind="real")
            )  # fmt: skip
    report.table(
        "False alarms in real years, built-in thresholds", "real",
        ("places", "number", "years", *(str(state) for state in LEVELS)), rows,
    )  # fmt: skip


def tell_pixels(report: Report, pool: ProcessPoolExecutor, asked: Any, held: Thresholds) -> None:
    """Tell what is found in two real pixels with every band, which have no surroundings."""
    seed = SEEDS[Group.SCORING]
    for name, (kind, years) in product(PIXELS, (("real", None), ("resampled", QUIET_YEARS))):
        thresholds = held if years else BUILT_IN
        # Copies of real looks are all the same: one of them is all there is.
        copies = 100 if years else 1
        count = asked.pixel_worlds if years else 1
        still = [PixelTask(name, None, seed + n, years, thresholds, copies) for n in range(count)]
        calm = evaluated(list(pool.map(pixel_world, still)))
        tasks = [
            PixelTask(name, ground, seed + 100 + n, years and BURN_YEARS, thresholds)
            for ground, n in product(SHARES, range(4))
        ]
        burned: dict[float, list[World]] = {ground: [] for ground in SHARES}
        for task, made in zip(tasks, pool.map(pixel_world, tasks), strict=True):
            assert task.ground is not None
            burned[task.ground].append(made)
        tell_false(report, f"{name}, all bands, no ring", kind, thresholds, calm.levels)
        tell_power(report, f"{name}, all bands, no ring", kind, burned, calm.levels)


def tell_false(
    report: Report, ground: str, kind: str, held: Thresholds, levels: Sequence[LevelScore]
) -> None:
    """Tell what thresholds that were taken elsewhere cost on a ground."""
    rows = []
    for one_level, value in zip(levels, (held.watch, held.probable, held.established), strict=True):
        state, false = one_level.level, one_level.false_armed
        words = WORDS[against_budget(false, BUDGETS[state])]
        rows.append(
            (
                state,
                f"{value:.1f}",
                rate(false, 1),
                f"{false.exposure:,.1f}",
                f"{BUDGETS[state]:g}",
                words,
            )
        )
        report.figures.append(
            figure(f"false {state} per 1,000 settlement-years, {ground}", false.value,
                   false.interval, "per 1,000", ground,
                   f"{false.count} in {false.exposure:,.1f} {kind} years; budget "
                   f"{BUDGETS[state]:g}: {words}", state, kind)
        )  # fmt: skip
    report.table(
        f"False alarms, {ground}", kind,
        ("state", "threshold, nats", "per 1,000 years", "years", "budget", "verdict"), rows,
    )  # fmt: skip


def keep_series(pool: ProcessPoolExecutor, asked: Any) -> None:
    """Write the series of both halves, quiet and burned, for the peers."""
    made: list[tuple[Group, World]] = []
    for group, quiet in ((Group.TUNING, 32), (Group.SCORING, 56)):
        seeds = SEEDS[group] + 3_000
        tasks = [Task(asked.sample, group, seeds + n, PEER_YEARS) for n in range(quiet)]
        tasks += [
            Task(asked.sample, group, seeds + 500 + n, PEER_YEARS, fire)
            for n, fire in enumerate(fires())
        ]
        made += [(group, one_world) for one_world in pool.map(world, tasks)]
    donors, _ = ground_of(asked.sample, Group.TUNING)
    asked.peers.mkdir(parents=True, exist_ok=True)
    series_of(made, donors.bands).save(asked.peers / "forest_resampled.npz")


def series_of(made: Sequence[tuple[Group, World]], bands: tuple[str, ...]) -> Series:
    """Return worlds as series on one grid of five days."""
    passes = int(PEER_YEARS * 365.25 / CADENCE_DAYS)
    parts = [one_part(world_, number, group, passes) for number, (group, world_) in enumerate(made)]
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    step = np.timedelta64(int(CADENCE_DAYS * 86_400), "s")
    first = np.datetime64(BEGIN.replace(tzinfo=None), "s") + np.timedelta64(9, "h")
    return Series(
        bands=bands, times=first + step * np.arange(passes),
        start=int(TRAINING_YEARS * 365.25 / CADENCE_DAYS), real=False, **joined,
    )  # fmt: skip


def one_part(made: World, number: int, group: Group, passes: int) -> dict[str, Any]:
    """Return the watched places of one world on the grid."""
    own = np.flatnonzero(~made.placebo)
    at = np.array([(t - BEGIN).days // int(CADENCE_DAYS) for t in made.times])

    def laid(values: Any, kind: Any) -> Any:
        out = np.full((len(own), passes, *values.shape[2:]), np.nan, kind)
        seen = made.usable[:, own].T
        out[:, at] = np.where(
            seen.reshape(*seen.shape, *[1] * (values.ndim - 2)), values[:, own].swapaxes(0, 1),
            np.nan,
        )  # fmt: skip
        return out

    onsets = [made.onsets.get(int(made.chosen[place])) for place in own]
    return {
        "core": laid(made.core, np.float32),
        "ring": laid(made.ring, np.float32),
        "w": laid(made.w[:, :, 1], np.float64),
        "onset": np.array([
            NO_BURN if one_ is None else int(np.ceil((one_ - BEGIN).total_seconds() / 86_400 / 5))
            for one_ in onsets
        ]),
        "name": np.array([f"{number}:{made.chosen[place]}" for place in own]),
        "group": np.array([TUNING if group is Group.TUNING else SCORING] * len(own)),
    }  # fmt: skip


def figure(
    name: str, value: float | None, ends: tuple[float | None, float | None], unit: str, data: str,
    shows: str, state: Level, kind: str = "resampled",
) -> dict[str, Any]:  # fmt: skip
    """Return one figure as the accuracy report reads it."""
    return {"name": name, "figure": value, "low": ends[0], "high": ends[1], "unit": unit,
            "data": data, "shows": shows, "state": str(state), "kind": kind}  # fmt: skip


HEAD = """\
# Burned settlements: found, and false alarms

`python benchmarks/bench_burned.py --write`, in a checkout with the shared scenes beside it. **An
exercise: nothing found here happened.** *Resampled* years are made of residuals of real looks
(`benchmarks/resampled.py`): they are not measured on real pixels, and their places
are few. Passes every 5 days; which of them were clear is a real sequence, 47 % of them. Thresholds
are conformal quantiles of the tuning half's quiet years at half of each budget; places, dates,
seeds and the spectra of char and ash of the scoring half are others. Intervals take places as
independent, which those of one square are not. *Ground burned* is the share of the core's ground
that burned; of that 80 % shows residues. *Unseen*: no usable look within 60 days; counted as
missed. *Forest* is Romania, which has no B12;
the two pixels have it, and real looks throughout, but nothing round them to compare with.
"""

if __name__ == "__main__":
    main()
