"""After a restore nothing is told that may have been told since the backup."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hearthwatch.errors import AlertConflict
from hearthwatch.layout import Layout
from hearthwatch.records import AlarmKind, MessageState
from hearthwatch.store import open_store
from hearthwatch.watchdogs.answering import end_restoring
from tests.support import backups as b
from tests.unit.hearthwatch.alerts.desk import Desk, event

HOUR = timedelta(hours=1)


@pytest.fixture
def told(tmp_path: Path) -> list[str]:
    """Make a backup while a message waits and an alert is due tonight; then both are told.

    Ids of the messages that were delivered afterwards.
    """
    layout = Layout(tmp_path / "var")
    layout.make()
    with closing(open_store(layout.database, write=True)) as store:
        desk = Desk(store)
        desk.receiver()
        desk.subscribe()
        night = {"quiet_from": 0, "quiet_until": 1439}
        desk.receiver(id="rcv-2")
        desk.subscribe(id="sub-2", receiver="rcv-2")
        desk.tell(event(1))
        desk.sender.planner.plan(desk.now)
        with store.transaction() as tx:
            tx.put_receiver(dataclasses.replace(store.receiver("ours", "rcv-2"), **night))
        desk.tell(event(2))
        b.made(layout, tmp_path / "backups")
        desk.step(HOUR)
        desk.step(30 * HOUR)
        return [one.id for one in desk.spy.taken]


@pytest.fixture
def restored(told: list[str], tmp_path: Path) -> Iterator[Desk]:
    made = b.put_back(tmp_path / "backups", tmp_path / "new")
    assert made.untold == 4
    store = open_store(Layout(tmp_path / "new").database, write=True)
    with closing(store):
        desk = Desk(store)
        desk.now = datetime.now(UTC)
        yield desk


def test_nothing_is_sent_twice_until_somebody_says_so(told: list[str], restored: Desk) -> None:
    assert len(told) >= 3
    for _ in range(5):
        assert restored.step(HOUR) == 0
    (alarm,) = restored.store.alarms("", open_only=True)
    assert alarm.kind is AlarmKind.RESTORED
    # What is found from then on is told, and with it what the same event had waiting.
    restored.tell(event(3, last_detected=restored.now))
    restored.step()
    assert {fact["event"] for one in restored.sent for fact in one["facts"]} == {"evt-3"}


def test_then_it_is_sent_under_the_same_id(told: list[str], restored: Desk) -> None:
    assert end_restoring(restored.store, restored.now, "command line", send=True) == (2, 2)
    assert restored.store.alarms("", open_only=True) == ()
    for _ in range(30):
        restored.step(HOUR)
    sent = [one.id for one in restored.spy.taken]
    assert len(sent) == len(set(sent)) and len(set(told) & set(sent)) == 2
    events = {fact["event"] for one in restored.sent for fact in one["facts"]}
    assert events == {"evt-1", "evt-2"}
    with pytest.raises(AlertConflict):
        end_restoring(restored.store, restored.now, "command line", send=True)


def test_or_it_stays_unsent(restored: Desk) -> None:
    assert end_restoring(restored.store, restored.now, "command line", send=False) == (0, 0)
    for _ in range(30):
        assert restored.step(HOUR) == 0
    states = {one.state for one in restored.store.messages("ours").items}
    assert states == {MessageState.DEAD}
