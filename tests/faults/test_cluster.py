"""Faults of the work itself: workers, schedulers, deadlines, memory and the grid's own borders.

The numbers are those of docs/faults.md.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import shapely
from distributed.scheduler import KilledWorker
from shapely.geometry import MultiPolygon, box

from hearthwatch.errors import HearthwatchError
from hearthwatch.layout import Layout
from hearthwatch.pipeline import bench, executors
from hearthwatch.pipeline.bench import RunStopped
from hearthwatch.pipeline.permit import Permit
from hearthwatch.pipeline.sites import area_sites
from hearthwatch.records import RunOutcome, SpendStatus
from imagery.errors import Transient
from tests.standin import Call, Standin, faults
from tests.support import dask_cluster, pulled
from tests.support.waiting import held_up_by_nothing, until
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.geodesy import area_m2
from tiles.grid import cell_at, share

pytestmark = pytest.mark.slow

LOOKS = 4
LATE_S = 3.0
"""How long an answer is held back, so that there is time to kill who waits for it."""
MEMORY_READS = 16
MOST_MEMORY = 4_000_000_000
"""Bytes that so many reads of 2500 x 2500 pixels may take, as docs/sentinelhub.md says."""
READ_AT_ONCE = Path(__file__).with_name("read_at_once.py")


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pulled.write_looks(tmp_path_factory.mktemp("cluster") / "looks", LOOKS)


@pytest.fixture
def server(looks: Path) -> Iterator[Standin]:
    with Standin(looks) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return pulled.prepare(tmp_path / "var")


def when_asked(server: Standin, calls: int, act: Callable[[], None]) -> threading.Thread:
    """Act in the midst of the answer to so many requests for pixels."""

    def watch() -> None:
        until(lambda: len(server.calls("process")) >= calls)
        time.sleep(0.2)
        act()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def span_of(call: Call) -> str:
    """Return the time of the pixels that were asked for."""
    return str(call.document["input"]["data"][0]["dataFilter"]["timeRange"]["from"])


def assert_nothing_is_lost(root: Path, server: Standin, looks: int = LOOKS) -> None:
    """Every look is in the ledger, and whatever was charged is accounted for."""
    rows = pulled.rows(root)
    assert [row.sensed for row in rows] == pulled.DATES[:looks]
    assert not {row.status for row in rows} & {"not_delivered", "not_observable"}
    assert Archive(Layout(root).archive("local")).verify() == []
    found = pulled.spends(root)
    assert {one.status for one in found} <= {
        SpendStatus.SETTLED, SpendStatus.LOST, SpendStatus.RELEASED,
    }  # fmt: skip
    counted, charged = pulled.counted(found), pulled.charged(server)
    assert counted[0] >= charged[0] - 1e-3
    assert counted[1] >= charged[1]


def test_f73_a_worker_process_killed_in_mid_download_is_told_of_and_its_look_is_done_again(
    server: Standin, root: Path
) -> None:
    server.faults["process"].extend([faults.ok] * 2 + [faults.first_byte_late(LATE_S)] * 2)
    settings = pulled.settings_for(root, executor="processes", **pulled.asking(server, root))
    # Both are in their second request, one in the look that is waited for and one in the next.
    killer = when_asked(
        server, 3, lambda: os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)
    )
    with pytest.raises(HearthwatchError, match=r"worker process died.* what was committed stays"):
        pulled.run(settings)
    killer.join()
    lost = [one for one in pulled.spends(root) if one.status is SpendStatus.LOST]
    assert lost and all("died" in one.detail for one in lost)
    assert not any(one.status is SpendStatus.RESERVED for one in pulled.spends(root))
    pulled.run(pulled.settings_for(root, **pulled.asking(server, root)))
    assert_nothing_is_lost(root, server)


@pytest.mark.slow
def test_f73_a_dask_worker_killed_in_mid_download_has_its_look_done_and_counted_again(
    server: Standin, root: Path, tmp_path: Path
) -> None:
    # Until two looks are asked for, so that both workers have one in hand.
    server.always["process"] = faults.first_byte_late(LATE_S)

    def kill_the_first() -> None:
        until(lambda: len({span_of(call) for call in server.calls("process")}) > 1)
        first.kill()
        server.always.clear()

    with ExitStack() as stack:
        address = stack.enter_context(dask_cluster.scheduler(tmp_path))
        first = stack.enter_context(dask_cluster.worker(address, tmp_path))
        stack.enter_context(dask_cluster.worker(address, tmp_path))
        settings = pulled.settings_for(
            root, executor="dask", dask_scheduler=address, **pulled.asking(server, root)
        )
        killer = when_asked(server, 1, kill_the_first)
        assert pulled.run(settings).run.outcome is RunOutcome.COMPLETE
        killer.join()
    assert_nothing_is_lost(root, server)
    found = [one for one in pulled.spends(root) if one.cell]
    twice = [key for key, count in Counter(one.acquisition for one in found).items() if count > 1]
    (lost,) = (one for one in found if one.status is SpendStatus.LOST)
    assert twice == [lost.acquisition]
    assert lost.estimated_units > 6.0


@pytest.mark.slow
def test_f74_a_scheduler_that_goes_away_ends_the_run_in_words_and_the_next_goes_on(
    server: Standin, root: Path, tmp_path: Path
) -> None:
    server.faults["process"].extend([faults.ok] * 1 + [faults.first_byte_late(LATE_S)])
    with ExitStack() as stack:
        address, scheduler = stack.enter_context(dask_cluster.scheduler_process(tmp_path))
        stack.enter_context(dask_cluster.worker(address, tmp_path))
        settings = pulled.settings_for(
            root, executor="dask", dask_scheduler=address, **pulled.asking(server, root)
        )
        killer = when_asked(server, 2, scheduler.kill)
        with pytest.raises(HearthwatchError, match=r"scheduler at tcp://.* is gone.* run again"):
            pulled.run(settings)
        killer.join()
        statuses = [one.status for one in pulled.spends(root) if one.cell]
        assert statuses.count(SpendStatus.LOST) == 1
        assert set(statuses) == {SpendStatus.LOST, SpendStatus.RELEASED}
    pulled.run(pulled.settings_for(root, **pulled.asking(server, root)))
    assert_nothing_is_lost(root, server)


def test_f73_a_look_that_several_workers_die_of_ends_the_run_in_words(tmp_path: Path) -> None:
    settings = pulled.settings_for(tmp_path, dask_scheduler="tcp://127.0.0.1:9")
    with (
        pytest.raises(HearthwatchError, match=r"Several Dask workers died .* what was committed"),
        executors._in_words(object(), settings),
    ):
        raise KilledWorker("measure", None, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", [RunStopped, KeyboardInterrupt])
def test_f75_a_run_told_to_stop_ends_within_the_deadline_of_what_is_under_way(
    server: Standin, root: Path, monkeypatch: pytest.MonkeyPatch, how: type[BaseException]
) -> None:
    deadline = 1.0
    monkeypatch.setattr(bench, "DEADLINE_SECONDS", deadline)
    server.always["process"] = faults.hang()

    def stop() -> bool:
        if how is KeyboardInterrupt:
            raise KeyboardInterrupt
        return True

    # The first look is waited for, then what was begun after it; what was not is called off.
    with held_up_by_nothing(), pytest.raises(how):
        pulled.run(pulled.settings_for(root, **pulled.asking(server, root)), stopping=stop)
    found = [one for one in pulled.spends(root) if one.cell]
    assert {one.status for one in found} <= {SpendStatus.SETTLED, SpendStatus.RELEASED}
    server.always.clear()
    monkeypatch.undo()
    pulled.run(pulled.settings_for(root, **pulled.asking(server, root)))
    assert_nothing_is_lost(root, server)


def test_f75_who_waits_for_another_to_fetch_the_same_waits_no_longer_than_told(
    tmp_path: Path,
) -> None:
    archive = Archive(tmp_path)
    with (
        archive.pulling("look", "cell"),
        held_up_by_nothing(least=0.2),
        pytest.raises(Transient, match="still fetching the same pixels"),
        archive.pulling("look", "cell", 0.2),
    ):
        pytest.fail("it was let in")
    with archive.pulling("look", "cell", 0.2):
        pass


def test_f75_a_task_that_was_called_off_asks_for_nothing_and_one_that_began_is_counted(
    tmp_path: Path,
) -> None:
    called_off, begun = Permit.issue(tmp_path, "one"), Permit.issue(tmp_path, "two")
    assert called_off.withdraw() == 0
    assert not called_off.use()
    assert begun.use() and begun.use()
    assert begun.withdraw() == 2
    assert not begun.use()
    assert begun.withdraw() == 0


def test_f75_between_beginning_and_calling_off_one_comes_first(tmp_path: Path) -> None:
    for number in range(200):
        permit, began = Permit.issue(tmp_path, str(number)), list[bool]()
        worker = threading.Thread(target=lambda: began.append(permit.use()))  # noqa: B023
        worker.start()
        counted = permit.withdraw()
        worker.join()
        assert counted == began[0]


def test_f19_two_processes_share_one_pace_through_a_whole_run(looks: Path, root: Path) -> None:
    rate = 8.0
    with Standin(looks, rate=rate, burst=2.0) as server:
        asking = pulled.asking(server, root, workers=2, requests_per_minute=60 * rate)
        began = time.monotonic()
        pulled.run(pulled.settings_for(root, executor="processes", **asking))
        tiles = 3 * LOOKS
        calls = server.calls("process")
        assert sum(call.status == 200 for call in calls) == tiles
        assert len(calls) <= 1.1 * tiles
        assert server.tokens_issued == 1
        assert time.monotonic() - began > (tiles - 2) / rate
    assert_nothing_is_lost(root, server)


@pytest.mark.slow
def test_f76_sixteen_reads_of_2500_pixels_at_once_stay_within_the_memory_stated(
    tmp_path: Path,
) -> None:
    command = [sys.executable, str(READ_AT_ONCE), str(tmp_path), str(MEMORY_READS)]
    environment = os.environ | {"PYTHONPATH": str(dask_cluster.ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["reads"] == MEMORY_READS
    assert told["pixels"] == 2500 * 2500
    # Enough to hold the pixels that come back, and no more than is stated.
    assert told["pixels"] * 4 * 2 * MEMORY_READS < told["peak"] < MOST_MEMORY


def test_f77_a_region_over_a_zone_border_is_asked_for_without_any_ground_twice(
    root: Path,
) -> None:
    # 30 degrees east divides the zones 35 and 36.
    area = MultiPolygon([box(29.9, 2.0, 30.1, 2.15)])
    sites = area_sites(pulled.region(area))
    cells = [site.cell for site in sites]
    assert len(cells) == len(set(cells))
    assert {cell_from_id(cell).epsg for cell in cells} == {32635, 32636}
    parts = [shapely.from_wkb(site.area_wkb) for site in sites]
    whole = area_m2(area)
    assert sum(map(area_m2, parts)) == pytest.approx(whole, rel=1e-6)
    assert area_m2(shapely.union_all(parts)) == pytest.approx(whole, rel=1e-6)
    for site, part in zip(sites, parts, strict=True):
        inside = part.representative_point()
        assert cell_at(inside.x, inside.y).id == site.cell
        assert area_m2(share(cell_from_id(site.cell), part)) == pytest.approx(area_m2(part))
        assert site.cells == (site.cell,)
