"""10,000 settlements and one new look: features to committed state; bytes of state; old and young.

``python benchmarks/bench_settlements.py [--write] [--rounds N] [--profile]``. Features are *drawn*,
not measured on pixels, and none is decoded; all after them is what a run does: judge by the
placebos, score, write the states, commit to SQLite, on two worker processes. Each round is on a new
data folder. What pixels followed one by one add is the difference to a round without them.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import psutil  # noqa: E402

from benchmarks.drawn_settlements import (  # noqa: E402
    LOOKS,
    PLACEBOS,
    REGION,
    RUN,
    SETTLEMENTS,
    SITES,
    Laid,
    followed,
    judged,
    land_of,
    lay,
    task_of,
)
from detectors.baseline import ORBITS  # noqa: E402
from detectors.burn_features import NAMES  # noqa: E402
from detectors.burned import Burned  # noqa: E402
from detectors.guard import judge_scene  # noqa: E402
from detectors.types import PARTS, Features, MonitorState  # noqa: E402
from hearthwatch.identity import check_identity  # noqa: E402
from hearthwatch.layout import Layout  # noqa: E402
from hearthwatch.pipeline.commit import LookOutcome, commit_look  # noqa: E402
from hearthwatch.pipeline.executors import open_executor  # noqa: E402
from hearthwatch.pipeline.score import judge_look, load_state, save_state, score_look  # noqa: E402
from hearthwatch.pipeline.tasks import JudgeTask, ScoreTask  # noqa: E402
from hearthwatch.settings import load_settings  # noqa: E402
from hearthwatch.store import Store, open_store  # noqa: E402
from hearthwatch.store.whole import all_looks  # noqa: E402
from tests.support.villages import GRID  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results" / "settlements.md"
LIMIT_S, BUDGET_BYTES = 10.0, 300.0
EARLY, LATE, TIMES = 10, 1000, 41
DATA = f"drawn: {SETTLEMENTS} settlements and {PLACEBOS} placebos on each of {SITES} cells"


@dataclass(frozen=True)
class Round:
    """Seconds of one new look over all sites, and what it left.

    Attributes
    ----------
    waited, committed : float
        Of what follows the judging: for scores, and in the commits.
    worked : float
        Of processor time, in this process and the workers together.
    load : float
        Of the machine in the minute before; two is what this benchmark itself makes.
    """

    judged: float
    waited: float
    committed: float
    worked: float
    events: int
    load: float

    @property
    def total(self) -> float:
        return self.judged + self.waited + self.committed


def take(store: Store, layout: Layout, sites: Sequence[Laid], executor: Executor) -> Round:
    """Take the new look over all sites as a run does."""
    load, worked, begun = os.getloadavg()[0], _processor_s(), time.perf_counter()
    tasks = [task_of(layout, one) for one in sites]
    asked = [executor.submit(judge_look, one) for one in tasks]
    judgement = judge_scene("look", [value for one in asked for value in one.result()])
    judged_at = time.perf_counter()
    targets = [layout.state(REGION, one.site.cell, "burned", LOOKS + 1) for one in sites]
    pending = [
        executor.submit(score_look, ScoreTask(task, judgement, layout.root / target))
        for task, target in zip(tasks, targets, strict=True)
    ]
    waited, events = 0.0, 0
    region = store.region("local", REGION)
    for one, target, scoring in zip(sites, targets, pending, strict=True):
        before = time.perf_counter()
        scored = scoring.result()
        waited += time.perf_counter() - before
        outcome = LookOutcome(
            region, RUN, "0" * 64, Burned.info, one.site, one.measured, judgement, scored,
            str(target), LOOKS + 1,
        )  # fmt: skip
        events += len(commit_look(store, layout.root, outcome, 1e4))
    ended = time.perf_counter()
    worked = _processor_s() - worked
    return Round(judged_at - begun, waited, ended - judged_at - waited, worked, events, load)


def _processor_s() -> float:
    """Return the processor time of this process and those it started, so far."""
    here = psutil.Process()
    spent = (one.cpu_times() for one in (here, *here.children()))
    return float(sum(one.user + one.system for one in spent))


def one_round(
    states: Sequence[tuple[MonitorState, Features]], taken: Callable[..., Round] = take, **how: Any
) -> Round:
    """Lay the watch on a new data folder and take the new look; check what it left."""
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        layout.make()
        store = open_store(layout.database, write=True)
        sites = lay(store, layout, states)
        settings = load_settings(data_dir=layout.root, organisation="local", **how)
        with open_executor(settings, check_identity().digest) as executor:
            _warm(executor, layout, sites[:8])
            found = taken(store, layout, sites, executor)
        rows = sum(1 for _ in all_looks(store, store.region("local", REGION)))
        assert rows == SETTLEMENTS * SITES, rows
        for one in sites:
            state = store.state("local", REGION, one.site.cell, "burned")
            assert state is not None and state.sequence == LOOKS + 1
        store.close()
    return found


def _warm(executor: Executor, layout: Layout, sites: Sequence[Laid]) -> None:
    """Let every worker load its code."""
    judgement = judge_scene("look", ())
    tasks = [task_of(layout, one) for one in sites]
    asked = [executor.submit(judge_look, task) for task in tasks]
    scoring = [
        executor.submit(score_look, ScoreTask(task, judgement, layout.scratch / f"{n}.warm"))
        for n, task in enumerate(tasks)
    ]
    for one in (*asked, *scoring):
        one.result()


def bytes_of_state(state: MonitorState) -> dict[str, float]:
    """Return the bytes a settlement takes: of its core, of its ring, and those of its pixels."""
    count = len(state.objects)
    each = {name: array.nbytes / count for name, array in state.arrays.items()}
    pixels = each.pop("patch_state")
    sectors = (PARTS - 1) / PARTS
    ring = each["weights"] + each["covariance"] * (1.0 - 2.0 / (PARTS * (PARTS + 1)))
    ring += sectors * sum(each[one] for one in ("coefficients", "window_residual", "part_looks"))
    return {"core": sum(each.values()) - ring, "ring": ring, "pixels": pixels}


def old_and_young() -> tuple[float, float]:
    """Return seconds of a look at one site after `EARLY` and after `LATE` looks, medians."""
    looks = land_of(1).looks(5.0 * np.arange(LATE + 1))
    state, detector, kept = Burned().start(GRID), Burned(), {}
    for number, look in enumerate(looks):
        if number in (EARLY, LATE):
            kept[number] = (state, look)
        if number < LATE:
            state, _ = judged(detector, state, look)
    took: dict[int, list[float]] = {EARLY: [], LATE: []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(TIMES):
            for number, (before, look) in kept.items():
                took[number].append(_one_look(Path(folder) / str(number), before, look))
    return statistics.median(took[EARLY]), statistics.median(took[LATE])


def _one_look(path: Path, state: MonitorState, look: Features) -> float:
    detector, sha256 = Burned(), save_state(path, state)
    begun = time.perf_counter()
    before = load_state(detector, JudgeTask("burned", None, path, sha256, "", None))  # type: ignore[arg-type]
    after, _ = judged(detector, before, look)
    save_state(path.with_suffix(".after"), after)
    return time.perf_counter() - begun


def profiled(store: Store, layout: Layout, sites: Sequence[Laid], _: Executor) -> Round:
    """Take the look in this thread and print where its time goes."""
    with cProfile.Profile() as profile:
        found = take(store, layout, sites, _Here())
    for order in ("tottime", "cumtime"):
        pstats.Stats(profile).sort_stats(order).print_stats(40)
    return found


class _Here(Executor):
    """Does the work where it is asked for."""

    def submit(self, work: Any, /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*given, **named))
        return done


@contextmanager
def _told(what: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - begun:.1f} s", file=sys.stderr)


def figures(rounds: int) -> list[dict[str, Any]]:
    """Measure everything; each figure with what it shows."""
    how: dict[str, Any] = {"executor": "processes", "workers": 2}
    with _told("followed"):
        plain, inside = (followed(pixels=pixels) for pixels in (False, True))
    with _told("rounds"):
        both = [(one_round(plain, **how), one_round(inside, **how)) for _ in range(rounds)]
    with _told("old and young"):
        young, old = old_and_young()
    without, with_pixels = ([pair[n] for pair in both] for n in (0, 1))
    middle = sorted(without, key=lambda one: one.total)[rounds // 2]
    size, parts = bytes_of_state(inside[0][0]), len(NAMES) * ORBITS
    each = ", ".join(f"{one.total:.1f} (load {one.load:.1f})" for one in without)
    found = [
        ("one new look over 10,020 settlements", middle.total, "s",
         f"features to committed state on two processes, limit {LIMIT_S:.0f} s; median of {rounds} "
         f"rounds: {each}; of the median one {middle.judged:.1f} s judging, {middle.waited:.1f} s "
         f"waiting for scores, {middle.committed:.1f} s committing; {middle.events} events"),
        ("processor time of that look", middle.worked, "s",
         f"coordinator and workers together; two cores have {2 * LIMIT_S:.0f} s in the limit"),
        ("processor time with the pixels", statistics.median(one.worked for one in with_pixels),
         "s", "the same, with the pixels of every place"),
        ("the same with the pixels of every place",
         statistics.median(one.total for one in with_pixels), "s",
         "with the pixels of core and margin followed one by one, about 800 a place"),
        ("fastest round", min(one.total for one in without), "s", "the machine is shared"),
        ("state of the core", size["core"] / parts, "B",
         f"for each of {len(NAMES)} features and {ORBITS} orbits, limit {BUDGET_BYTES:.0f} B: "
         f"{size['core']:.0f} B a settlement"),
        ("state of the ring", size["ring"] / parts, "B",
         f"for the same, apart: baselines of 16 sectors, how they move together, their weights and "
         f"their last four looks; {size['ring']:.0f} B a settlement"),
        ("state of the pixels", size["pixels"] / 1000.0, "kB", "a settlement, 26 B a pixel"),
        (f"a look after {EARLY} looks", young * 1e3, "ms", "one site: load, judge, score, save"),
        (f"a look after {LATE} looks", old * 1e3, "ms", "the same site, in turn with the former"),
        ("ratio of the two", old / young, "", f"medians of {TIMES}"),
    ]  # fmt: skip
    return [
        {"name": name, "figure": round(float(figure), 3), "unit": unit, "data": DATA,
         "shows": shows, "kind": "resampled"}
        for name, figure, unit, shows in found
    ]  # fmt: skip


def page(found: Sequence[dict[str, Any]]) -> str:
    """Return the figures as a page."""
    rows = [
        f"| {one['name']} | {one['figure']:g} {one['unit']} | {one['shows']} |" for one in found
    ]
    return "\n".join([
        "# 10,000 settlements and one new look", "",
        f"{datetime.now(UTC):%Y-%m-%d}, `python benchmarks/bench_settlements.py --write`, Python "
        f"{sys.version.split()[0]}, {os.cpu_count()} cores.",
        "Features are drawn, not measured on pixels, and nothing is decoded; places are laid as",
        f"{DATA.removeprefix('drawn: ')}, after {LOOKS} looks. Twelve sites are followed look by",
        "look, the others are these under other names. Everything after the features is what a run",
        "does: judge by the placebos, score, write the states, commit to SQLite.",
        "", "| what | figure | shows |", "|---|---:|---|", *rows, "",
    ])  # fmt: skip


def main() -> None:
    """Measure and print; with ``--write``, into the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    if asked.profile:
        print(one_round(followed(pixels=False), profiled, executor="threads", workers=1))
        return
    found = figures(asked.rounds)
    text = page(found)
    print(text)
    if asked.write:
        RESULTS.write_text(text)
        RESULTS.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
