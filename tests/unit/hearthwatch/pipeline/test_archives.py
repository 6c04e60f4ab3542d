"""That another organisation watches a place saves nobody a request: it would show by that."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.archives import archive_of
from hearthwatch.layout import Layout, folder_name
from hearthwatch.passes.estimates import estimate_value
from hearthwatch.pipeline.backtest import run_backtest
from hearthwatch.pipeline.estimate import Asked, estimate
from hearthwatch.pipeline.estimate_looks import known_looks
from hearthwatch.pipeline.planner import Planner
from hearthwatch.pipeline.run import run_region
from hearthwatch.records import Backtest, Kind, LedgerRow, Mode, Region, Run, RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.sources import provider_from
from hearthwatch.store import MemoryStore
from hearthwatch.store.whole import all_looks, all_spends
from tests.standin import Standin
from tests.standin.log import Call
from tests.support import pulled
from tests.support.sensors import only

LOOKS = 3
UNTIL = pulled.until(LOOKS)
THEIRS = "theirs"


@pytest.fixture(autouse=True)
def _one_detector() -> Iterator[None]:
    with only("ground_change"):
        yield


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pulled.write_looks(tmp_path_factory.mktemp("archives") / "looks", LOOKS)


@dataclasses.dataclass
class World:
    """An installation with a stranger's region, and with another one's over it or without."""

    server: Standin
    settings: Settings
    store: MemoryStore
    region: Region

    def run(self, region: Region | None = None) -> Run:
        """Run one region, the stranger's if none is named."""
        provider = provider_from(self.settings)
        return run_region(self.settings, self.store, provider, region or self.region, UNTIL).run

    def backtest(self) -> dict[str, Any]:
        """Try the stranger's watch on the past."""
        asked = Backtest(
            id="trial", organisation="local", kind=Kind.GROUND_CHANGE, mode=Mode.TEST,
            region=self.region.id, asked=UNTIL, until=UNTIL, months=12.0, learned_months=0.0,
            most_units=1e6,
        )  # fmt: skip
        provider = provider_from(self.settings)
        return run_backtest(self.settings, self.store, provider, self.region, asked)

    def estimate(self, *, ask: bool) -> dict[str, Any]:
        """Estimate the stranger's watch, from a catalogue or from what is remembered."""
        now = UNTIL + timedelta(days=1)
        known = known_looks(self.settings, self.store, "local", self.region.geometry, now, ask=ask)
        asked = Asked(Kind.GROUND_CHANGE, self.region.geometry, ())
        return estimate_value(estimate(self.settings, asked, known, now))

    def requests(self) -> Counter[tuple[Any, ...]]:
        """Return what the provider was asked since the last time, to the byte.

        But for tokens, which are the account's that all organisations share, and the times of a
        search of the catalogue, which go by the clock: of these the month in which they begin.
        """
        calls = [one for one in self.server.calls() if one.route != "token"]
        self.server.log.clear()
        return Counter(
            (one.method, one.path, tuple(sorted(one.query.items())), _body(one)) for one in calls
        )

    def rows(self) -> list[LedgerRow]:
        """Return the stranger's ledger."""
        return sorted(all_looks(self.store, self.region), key=lambda row: row.sensed)


def _body(call: Call) -> str:
    if call.route != "catalog":
        return call.body_sha256
    since = call.document["datetime"][: len("2017-01")]
    return json.dumps({**call.document, "datetime": since}, sort_keys=True)


def worlds(looks: Path, folder: Path) -> Iterator[World]:
    """Give the world in which another organisation has watched the same ground, and the other."""
    for watched in (True, False):
        root = folder / ("watched" if watched else "alone") / "var"
        root.mkdir(parents=True)
        with Standin(looks) as server:
            settings = pulled.settings_for(root, **pulled.asking(server, root))
            world = World(server, settings, MemoryStore(), pulled.region())
            theirs = dataclasses.replace(world.region, id="their-region", organisation=THEIRS)
            with world.store.transaction() as tx:
                tx.put_region(world.region)
                if watched:
                    tx.put_region(theirs)
            if watched:
                assert world.run(theirs).outcome is RunOutcome.COMPLETE
                assert len(server.calls("process")) > 0
                server.log.clear()
            yield world


def test_a_run_asks_the_provider_the_same_whoever_else_watches(looks: Path, tmp_path: Path) -> None:
    asked, spent, masters, took = [], [], [], []
    for world in worlds(looks, tmp_path):
        assert world.run().outcome is RunOutcome.COMPLETE
        asked.append(world.requests())
        spends = [one for one in all_spends(world.store, "local") if one.acquisition]
        spent.append(sorted((s.acquisition, s.cell, s.requests, s.units) for s in spends))
        masters.append([row.detail["masters"] for row in world.rows()])
        took.append([(row.status, row.usable, row.sensed) for row in world.rows()])
        # A second run has it all: one's own archive saves what it saved before.
        world.run()
        assert not [path for _, path, *_ in world.requests() if "process" in path]
    assert sum(asked[0].values()) > 2 * LOOKS
    assert asked[0] == asked[1]
    assert spent[0] == spent[1]
    assert took[0] == took[1]
    # Of the same pixels the files are the same, wherever they lie.
    assert masters[0] == masters[1]
    assert all(masters[0])


def test_a_backtest_asks_the_provider_the_same_and_tells_the_same(
    looks: Path, tmp_path: Path
) -> None:
    asked, told = [], []
    for world in worlds(looks, tmp_path):
        told.append(world.backtest())
        asked.append(world.requests())
    assert sum(asked[0].values()) > 2 * LOOKS
    assert asked[0] == asked[1]
    assert told[0] == told[1]


def test_what_a_backtest_has_read_the_watch_itself_does_not_pay_for_again(
    looks: Path, tmp_path: Path
) -> None:
    for world in worlds(looks, tmp_path):
        world.backtest()
        world.requests()
        world.run()
        assert not [path for _, path, *_ in world.requests() if "process" in path]
        assert len(world.rows()) >= LOOKS


def test_an_estimate_tells_the_same_and_asks_the_same(looks: Path, tmp_path: Path) -> None:
    asked, told = [], []
    for world in worlds(looks, tmp_path):
        planner = Planner(world.settings, world.store)
        area = world.region.geometry
        told.append(
            (
                world.estimate(ask=True),
                world.estimate(ask=False),
                estimate_value(planner.estimate("local", Kind.GROUND_CHANGE, area)),
                planner.backtest_units(world.region, 12.0),
            )
        )
        asked.append(world.requests())
    assert asked[0]
    assert asked[0] == asked[1]
    assert told[0] == told[1]


def test_each_has_an_archive_of_its_own(looks: Path, tmp_path: Path) -> None:
    both = worlds(looks, tmp_path)
    watched = next(both)
    watched.run()
    ours, theirs = (archive_of(watched.settings, name) for name in ("local", THEIRS))
    assert ours.root != theirs.root
    assert ours.verify() == theirs.verify() == []
    assert {one.path for one in ours.listed()} == {one.path for one in theirs.listed()}
    assert len(ours.listed()) >= LOOKS
    found = Layout(watched.settings.data_dir).all_archives()
    assert found == tuple(sorted((ours.root, theirs.root)))


@pytest.mark.parametrize(
    "name", ["local", "..", "../../etc", "a/b", "", "Local", "manifest.jsonl", "x" * 500, "مرصد"]
)
def test_whatever_an_organisation_is_called_its_folder_is_its_own_and_tells_no_name(
    name: str, tmp_path: Path
) -> None:
    layout = Layout(tmp_path)
    folder = layout.archive(name)
    assert folder.parent == layout.archives
    assert len(folder.name) == 32
    assert set(folder.name) <= set("0123456789abcdef")
    assert layout.cubes(name).parent == layout.all_cubes
    assert folder_name(name) == folder.name
    others = {layout.archive(one).name for one in ("other", "local ", "LOCAL", f"{name}x")}
    assert folder.name not in others
    assert len(others) == 4
