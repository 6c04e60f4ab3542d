"""The watch goes on, whatever becomes of one region."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.errors import CatalogueError
from hearthwatch.pipeline import watch
from hearthwatch.pipeline.run import RunReport
from hearthwatch.pipeline.watch import RETRY, Watch
from hearthwatch.records import Region, RunOutcome
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.remote import Remote

NAMES = ("first", "second", "third")


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    with store.transaction() as tx:
        for name in NAMES:
            tx.put_region(a.region(id=name, name=name))
    return store


@pytest.fixture
def watching(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Watch, list[str], list[str], dict[str, Exception | str]]:
    """Return a watch, the regions it ran over, what it told, and what becomes of regions."""
    ran: list[str] = []
    told: list[str] = []
    fates: dict[str, Exception | str] = {}

    def run_region(
        _settings: Any, _store: Any, _provider: Any, region: Region, *_: Any, **__: Any
    ) -> RunReport:
        ran.append(region.id)
        fate = fates.get(region.id, "")
        if isinstance(fate, Exception):
            raise fate
        run = dataclasses.replace(a.run(region=region.id), outcome=RunOutcome.COMPLETE, detail=fate)
        return RunReport(run, 0, 0, (), ())

    monkeypatch.setattr(watch, "run_region", run_region)
    settings = load_settings(data_dir=tmp_path)
    one = Watch(settings, store, Remote(tmp_path), timedelta(hours=6), told.append)
    return one, ran, told, fates


def test_a_run_that_breaks_off_keeps_no_other_region_from_being_looked_at(
    watching: tuple[Watch, list[str], list[str], dict[str, Exception | str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, ran, told, fates = watching
    fates["first"] = ValueError("a fault that nobody thought of")
    fates["second"] = CatalogueError("the catalogue is down")
    now = datetime.now(UTC)
    one.step(now)
    assert sorted(ran) == sorted(NAMES)
    assert told == [
        "region first: its run broke off; the log says why",
        "region second: the catalogue is down",
    ]
    assert "a fault that nobody thought of" in caplog.text
    one.step(now + timedelta(minutes=1))
    assert sorted(ran) == sorted(NAMES)
    one.step(now + RETRY + timedelta(minutes=1))
    assert sorted(ran) == sorted([*NAMES, "first", "second"])


def test_what_went_wrong_in_a_run_that_went_on_is_told(
    watching: tuple[Watch, list[str], list[str], dict[str, Exception | str]],
) -> None:
    one, _, told, fates = watching
    fates["third"] = "sentinelhub: it is down; stac was read instead"
    one.step(datetime.now(UTC))
    assert told == ["region third: sentinelhub: it is down; stac was read instead"]
