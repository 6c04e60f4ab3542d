"""Replay of the 140 real acquisitions: speed, share of the stages, memory, and the same findings.

``python benchmarks/bench_replay.py [--sample FOLDER] [--dates N]``; the sample is fetched into
``var/bench`` if no folder is named. Each arm is a process of its own on a new data folder, all in
one run of this script, so that the ratios hold whatever the machine. A pixel-date is one watched
pixel at one acquisition, whether or not it was clear.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import shapely  # noqa: E402
from affine import Affine  # noqa: E402
from odc.geo.geobox import GeoBox  # noqa: E402

from detectors.ground_change import GroundChange  # noqa: E402
from detectors.guard import judge_scene  # noqa: E402
from detectors.types import Features, MonitorState  # noqa: E402
from hearthwatch.layout import Layout  # noqa: E402
from hearthwatch.pipeline import measure, run, score, sites  # noqa: E402
from hearthwatch.records import Kind, Mode, Region  # noqa: E402
from hearthwatch.settings import Settings, load_settings  # noqa: E402
from hearthwatch.store import open_store  # noqa: E402
from imagery import masks  # noqa: E402
from imagery.providers.folder import FolderProvider  # noqa: E402
from imagery.registry import create_provider  # noqa: E402
from imagery.sample import fetch_sample  # noqa: E402
from imagery.types import Query  # noqa: E402
from tests.faults.run_once import warm_up  # noqa: E402
from tests.support import dask_cluster  # noqa: E402
from tests.support.outcome import findings_digest, outcome_of  # noqa: E402
from tiles.archive import Archive  # noqa: E402
from tiles.grid import rasterise  # noqa: E402

BEGIN, END = datetime(2015, 6, 23, tzinfo=UTC), datetime(2021, 1, 2, tzinfo=UTC)
WARM = 20
"""Looks before the steady rate is taken: by then every worker has loaded its code."""
BEST_OF = 2
EARLY, LATE, ROUNDS = 10, 1000, 41
IN_PLACE = "in one thread"
AGAIN = "in one thread, from the archive"
ARMS: dict[str, dict[str, Any]] = {
    IN_PLACE: {"executor": "threads", "workers": 1},
    AGAIN: {"executor": "threads", "workers": 1},
    "threads(2)": {"executor": "threads", "workers": 2},
    "processes(2)": {"executor": "processes", "workers": 2},
    "dask, 2 workers": {"executor": "dask", "workers": 2},
}


class Stopwatch:
    """Time spent in functions, by name; what is measured inside another counts there only."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    def wrap(self, holder: Any, name: str, stage: str) -> None:
        inside = getattr(holder, name)

        def timed(*args: Any, **more: Any) -> Any:
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return inside(*args, **more)
            finally:
                spent = time.perf_counter() - began
                self.seconds[stage] += spent - self._inner.pop()
                if self._inner:
                    self._inner[-1] += spent

        setattr(holder, name, timed)

    def watch_stages(self) -> None:
        for holder, name, stage in (
            (FolderProvider, "read", "decode: read the source"),
            (Archive, "load", "decode: read the archive"),
            (masks, "build_cube", "decode: lay on the grid"),
            (Archive, "store", "archive"),
            (measure, "measure_look", "measure"),
            (run, "measure_look", "measure"),
            (GroundChange, "score", "score"),
            (run, "score_look", "score: load and save the state"),
            (run, "commit_look", "commit"),
        ):
            self.wrap(holder, name, stage)


class InPlace(Executor):
    """Does the work where it is asked for."""

    def submit(self, task: Any, /, *args: Any, **more: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(task(*args, **more))
        return done


@contextmanager
def in_place(settings: Settings, digest: str) -> Iterator[Executor]:
    yield InPlace()


def one_arm(name: str, sample: Path, folder: Path, dates: int, address: str) -> dict[str, Any]:
    """Replay in this process and say what it took."""
    settings = load_settings(
        data_dir=folder, catalogue=sample, dask_scheduler=address or None, **ARMS[name]
    )
    # Imports and compiled code are no part of a replay; worker processes load them before the
    # steady rate is taken.
    warm_up()
    clock = Stopwatch()
    if name in (IN_PLACE, AGAIN):
        run.open_executor = in_place  # type: ignore[attr-defined]
        clock.watch_stages()
    if name == AGAIN:
        replay(settings, dates)
        forget_all_but_the_archive(folder)
        clock.seconds.clear()
    found = replay(settings, dates)
    found["stages"] = dict(clock.seconds)
    found["findings"] = findings_digest(outcome_of(folder))
    found["memory"] = memory(settings, address)
    return found


def replay(settings: Settings, dates: int) -> dict[str, Any]:
    layout = Layout(settings.data_dir)
    layout.make()
    provider = create_provider("folder", path=settings.catalogue)
    world = Query(shapely.box(-180, -80, 180, 84), BEGIN, END)
    scenes = list(provider.search(world))[:dates]
    ground = scenes[0].footprint
    assert isinstance(ground, shapely.Polygon)
    region = Region(
        id="square",
        organisation="local",
        kind=Kind.GROUND_CHANGE,
        mode=Mode.TEST,
        name="square",
        geometry=shapely.MultiPolygon([ground]),
        area_km2=1.0,
        created=END,
    )
    store = open_store(layout.database, write=True)
    with store.transaction() as tx:
        tx.put_region(region)
    marks: list[float] = []
    began = time.perf_counter()
    done = run.run_region(
        settings, store, provider, region, scenes[-1].sensed,
        lambda progress: marks.append(time.perf_counter()),
    )  # fmt: skip
    seconds = time.perf_counter() - began
    store.close()
    pixels = sum(
        int(rasterise(shapely.from_wkb(site.area_wkb), site.window).sum())
        for site in sites.area_sites(region)
    )
    steady = (len(marks) - WARM) / (marks[-1] - marks[WARM - 1]) if len(marks) > WARM else 0.0
    return {
        "looks": done.looks,
        "pixels": pixels,
        "seconds": seconds,
        "steady": steady * pixels,
        "events": len(done.events),
    }


def forget_all_but_the_archive(folder: Path) -> None:
    layout = Layout(folder)
    for path in folder.glob(f"{layout.database.name}*"):
        path.unlink()
    for path in layout.states.rglob("*.slab"):
        path.unlink()


def memory(settings: Settings, address: str) -> dict[str, float]:
    """Return peak resident memory in MB: of this process, and of the largest worker."""
    here, worker = peak(), 0.0
    if settings.executor == "processes":
        worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    if address:
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            worker = max(client.run(peak).values())
    return {"coordinator": here, "worker": worker}


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def replay_all(sample: Path, dates: int) -> dict[str, dict[str, Any]]:
    """Carry out the arms by turns; return the faster round of each."""
    found: dict[str, dict[str, Any]] = {}
    for name in (*ARMS,) * BEST_OF:
        with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
            folder, address = Path(temporary), ""
            if ARMS[name]["executor"] == "dask":
                address = stack.enter_context(dask_cluster.scheduler(folder))
                for _ in range(2):
                    place = Path(tempfile.mkdtemp(dir=folder))
                    stack.enter_context(dask_cluster.worker(address, place))
            data = folder / "var"
            command = [
                *(sys.executable, __file__, "--arm", name, "--sample", str(sample)),
                *("--dates", str(dates), "--folder", str(data), "--address", address),
            ]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            one = json.loads(done.stdout)
            assert found.get(name, one)["findings"] == one["findings"]
            if one["seconds"] <= found.get(name, one)["seconds"]:
                found[name] = one
    return found


def tell(found: dict[str, dict[str, Any]]) -> None:
    base = found[IN_PLACE]
    print(f"{base['looks']} looks at {base['pixels']} watched pixels; events: {base['events']}\n")
    print("| arm | seconds | pixel-dates/s | steady | ratio | MB here | MB worker | findings |")
    print("|---|---:|---:|---:|---:|---:|---:|---|")
    for name, one in found.items():
        rate = one["looks"] * one["pixels"] / one["seconds"]
        worker = f"{one['memory']['worker']:.0f}" if one["memory"]["worker"] else "-"
        ratio = one["steady"] / base["steady"] if base["steady"] else float("nan")
        print(
            f"| {name} | {one['seconds']:.1f} | {rate:,.0f} | {one['steady']:,.0f} | {ratio:.2f} "
            f"| {one['memory']['coordinator']:.0f} | {worker} "
            f"| {one['findings'][:16]} |"
        )
    for name in (IN_PLACE, AGAIN):
        stages, total = found[name]["stages"], found[name]["seconds"]
        print(f"\nShare of the time, {name}:")
        for stage in sorted(stages, key=stages.__getitem__, reverse=True):
            print(f"  {stages[stage] / total:6.1%}  {stage}")
        print(f"  {1 - sum(stages.values()) / total:6.1%}  everything else")
        decode = sum(s for stage, s in stages.items() if stage.startswith("decode"))
        print(f"  {decode / total:6.1%}  decode in all")


def cost_of_a_look() -> tuple[list[float], list[float], int]:
    """Time one look, scored and saved, on the state after few and after many looks, by turns."""
    grid = GeoBox((512, 512), Affine(10, 0, 583_680, 0, -10, 5_007_360), "EPSG:32634")
    detector = GroundChange()
    state, early = detector.start(grid), None
    for number in range(LATE):
        state = detector.score(state, drawn_look(grid, number), judge_scene("", []))[0]
        if number + 1 == EARLY:
            early = state
    assert early is not None
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "state.slab"
        look = drawn_look(grid, LATE)
        timed = [
            tuple(timing(detector, one, look, target) for one in (early, state))
            for _ in range(ROUNDS)
        ]
        size = target.stat().st_size
    return [few for few, _ in timed], [many for _, many in timed], size


def timing(detector: GroundChange, state: MonitorState, look: Features, target: Path) -> float:
    began = time.perf_counter()
    after, _ = detector.score(state, look, judge_scene(look.acquisition, []))
    score.save_state(target, after)
    return time.perf_counter() - began


def drawn_look(grid: GeoBox, number: int) -> Features:
    rng = np.random.default_rng(number)
    pixels = rng.normal(-300, 30, (2, *grid.shape)).astype(np.int16)
    return Features(
        acquisition=f"look-{number}",
        sensed=BEGIN + timedelta(days=2 * number),
        names=("ln(B04/B08)", "ln(B11)"),
        pixels=pixels,
        usable=1.0,
        causes={},
        lived_without=(),
    )


def tell_cost(early: list[float], late: list[float], size: int) -> None:
    few, many = statistics.median(early), statistics.median(late)
    print(f"\nOne look at 512 x 512 pixels, scored and saved ({size / 1e6:.1f} MB of state):")
    print(f"  after {EARLY:>5,} looks {few * 1e3:6.1f} ms")
    print(f"  after {LATE:>5,} looks {many * 1e3:6.1f} ms, ratio {many / few:.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=Path, default=ROOT / "var" / "bench" / "sample")
    parser.add_argument("--dates", type=int, default=140)
    for hidden in ("--arm", "--folder", "--address"):
        parser.add_argument(hidden, default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.arm:
        arm = one_arm(given.arm, given.sample, Path(given.folder), given.dates, given.address)
        print(json.dumps(arm))
        return 0
    fetch_sample(given.sample)
    found = replay_all(given.sample, given.dates)
    tell(found)
    tell_cost(*cost_of_a_look())
    same = len({one["findings"] for one in found.values()}) == 1
    print(f"\nFindings {'are the same to the last bit' if same else 'DIFFER'} in all arms.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
