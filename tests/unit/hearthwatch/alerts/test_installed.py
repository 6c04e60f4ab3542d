"""Which channels an installation has, and what a process of sending does beside."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hearthwatch.alerts import installed
from hearthwatch.alerts.sending import ALIVE, LEASE, Sending
from hearthwatch.errors import SettingsError, StoreLocked
from hearthwatch.layout import Layout
from hearthwatch.records import Channel
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import Desk, Spy, event


def point(name: str, make: Any) -> Any:
    return SimpleNamespace(name=name, load=lambda: make)


def unset(_: Any) -> Any:
    raise SettingsError("No mail server is named.")


def test_what_the_settings_do_not_set_up_is_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    points = [point("webhook", lambda _: Spy()), point("email", unset)]
    monkeypatch.setattr(installed, "entry_points", lambda group: points)
    assert set(installed.channels_from(load_settings(data_dir=tmp_path))) == {Channel.WEBHOOK}
    points.append(point("pigeon", lambda _: Spy()))
    with pytest.raises(SettingsError, match="pigeon"):
        installed.channels_from(load_settings(data_dir=tmp_path))


def test_every_installed_channel_can_be_loaded() -> None:
    for one in installed.entry_points(group=installed.GROUP):
        assert callable(one.load())
        assert one.name in set(Channel)


@pytest.mark.parametrize(
    ("given", "sender"),
    [
        ({}, "hearthwatch"), ({"public_url": "https://watch.example/x/"}, "watch.example"),
        ({"public_url": "https://watch.example", "alert_sender": "desk.example"}, "desk.example"),
    ],
)  # fmt: skip
def test_what_the_service_calls_itself(given: dict[str, Any], sender: str, tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, **given)
    assert installed.post_from(settings, MemoryStore(), {}).background.sender == sender
    assert (tmp_path / "keys" / "alerts.key").stat().st_mode & 0o777 == 0o600


def test_pictures_are_made_of_the_archive_of_the_organisation_alone(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, organisation="local")
    sender = installed.sender_from(settings, MemoryStore(), {Channel.EMAIL: Spy()})
    archive = sender.darkroom.archive
    assert archive is not None
    assert [archive(one).root for one in ("ours", "theirs")] == [
        Layout(tmp_path).archive(one) for one in ("ours", "theirs")
    ]


def test_something_that_sends_is_seen_and_leaves_no_trace_when_it_ends() -> None:
    desk = Desk(MemoryStore())
    sending = Sending(desk.sender)
    sending.beside()
    held = desk.store.lease(LEASE)
    assert held is not None
    assert (held.holder, held.until) == (desk.sender.name, a.NOON + ALIVE)
    desk.now += timedelta(seconds=5)
    sending.beside()
    assert desk.store.lease(LEASE) == held
    desk.now += timedelta(seconds=20)
    sending.beside()
    assert desk.store.lease(LEASE).until == desk.now + ALIVE  # type: ignore[union-attr]
    # A second one goes on beside it, and the first one's sign stays.
    assert Sending(desk.another()).once() == 0
    assert desk.store.lease(LEASE).holder == desk.sender.name  # type: ignore[union-attr]
    sending.once()
    assert desk.store.lease(LEASE) is None


def test_once_sends_all_that_may_be_sent() -> None:
    desk = Desk(MemoryStore())
    desk.receiver()
    desk.subscribe()
    desk.tell(event(1), event(2))
    assert Sending(desk.sender).once() == 2
    assert len(desk.spy.taken) == 2


def test_a_store_that_is_busy_does_not_end_the_sending() -> None:
    desk = Desk(MemoryStore())
    stop, turns = threading.Event(), []

    def beside() -> None:
        turns.append(1)
        if len(turns) == 1:
            raise StoreLocked("busy")
        stop.set()

    desk.sender.run(stop, beside)
    assert len(turns) == 2


def test_what_has_no_channel_now_waits_and_comes_later() -> None:
    desk = Desk(MemoryStore())
    desk.receiver()
    desk.subscribe()
    desk.tell(event())
    del desk.channels[Channel.WEBHOOK]
    assert desk.step() == 0
    desk.channels[Channel.WEBHOOK] = desk.spy
    assert desk.step(timedelta(minutes=1)) == 1


def test_to_one_that_has_not_confirmed_nothing_but_the_question_is_sent() -> None:
    desk = Desk(MemoryStore())
    desk.receiver()
    desk.subscribe()
    desk.tell(event())
    desk.sender.planner.plan(desk.now)
    desk.receiver(confirmed=None, revision=2)
    for _ in range(5):
        desk.step(timedelta(minutes=1))
    assert desk.spy.tried == []
    desk.receiver(revision=3)
    desk.step(timedelta(minutes=1))
    (taken,) = desk.spy.taken
    assert desk.store.message("ours", taken.id).attempts == 1
