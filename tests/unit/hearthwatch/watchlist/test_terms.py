"""How closely regions are watched and until when, told before it is over and at the end."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.cli.main import main
from hearthwatch.context.book import Book, Told
from hearthwatch.errors import RegionError
from hearthwatch.passes import glance
from hearthwatch.passes.glance import glances
from hearthwatch.pipeline import watch
from hearthwatch.pipeline.run import RunReport
from hearthwatch.pipeline.watch import Watch
from hearthwatch.records import (
    Grade,
    ObservationStatus,
    Region,
    RunOutcome,
    Variable,
    WatchLevel,
)
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from hearthwatch.watchlist.terms import (
    days_left,
    ending,
    has_ended,
    hours_between,
    level_now,
    level_words,
    with_hours,
    with_level,
)
from tests.contract import store_records as a
from tests.support import clock
from tests.support.listing_provider import made_scene
from tests.support.remote import Remote

SETTINGS = load_settings()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
STRONG = dict.fromkeys(Variable, Grade.STRONG)
CLOCKS = (
    "hearthwatch.budget.account", "hearthwatch.budget.lapsed", "hearthwatch.cli.regions",
    "hearthwatch.cli.status", "hearthwatch.watchlist.areas",
)  # fmt: skip


def raised(level: WatchLevel = WatchLevel.URGENT, days: float = 7) -> Region:
    return with_level(a.region(), level, NOW + days * DAY, "raids near", NOW)


@pytest.mark.parametrize(
    ("level", "hours"),
    [(WatchLevel.ROUTINE, 6), (WatchLevel.ELEVATED, 3), (WatchLevel.URGENT, 1)],
)
def test_a_level_has_its_cadence_and_falls_back_by_itself(level: WatchLevel, hours: int) -> None:
    one = a.region() if level is WatchLevel.ROUTINE else raised(level)
    assert (level_now(one, NOW), hours_between(one, SETTINGS, NOW)) == (level, hours)
    later = NOW + 7 * DAY
    assert level_now(one, later) is WatchLevel.ROUTINE
    assert hours_between(one, SETTINGS, later) == 6


def test_what_a_level_is_and_was_is_told() -> None:
    assert level_words(a.region(), NOW) == ""
    assert level_words(raised(), NOW) == "urgent until 2026-03-08: raids near"
    # Of one that is over no reason is told: it goes to the log.
    assert level_words(raised(), NOW + 7 * DAY) == (
        "it was urgent until 2026-03-08 and is routine again"
    )


def test_a_raised_level_needs_an_end_ahead_and_a_reason() -> None:
    with pytest.raises(RegionError, match=r"say until when.*; say why"):
        with_level(a.region(), WatchLevel.URGENT, None, " ", NOW)
    with pytest.raises(RegionError, match="its end, 2026-03-01, is over"):
        with_level(a.region(), WatchLevel.URGENT, NOW, "why", NOW)
    with pytest.raises(RegionError, match="routine has no end"):
        with_level(raised(), WatchLevel.ROUTINE, NOW + DAY, "", NOW)
    assert with_level(raised(), WatchLevel.ROUTINE, None, "", NOW) == a.region()


def test_a_cadence_of_its_own_never_makes_a_raised_level_slower() -> None:
    assert hours_between(with_hours(a.region(), 24), SETTINGS, NOW) == 24
    assert hours_between(with_hours(raised(), 24), SETTINGS, NOW) == 1
    assert hours_between(with_hours(raised(), 0.5), SETTINGS, NOW) == 0.5
    assert with_hours(with_hours(a.region(), 24), None) == a.region()
    with pytest.raises(RegionError, match="cannot be kept"):
        with_hours(a.region(), 0.1)


@pytest.mark.parametrize(
    ("away", "left", "words"),
    [
        (timedelta(days=14, seconds=1), 14, ""),
        (timedelta(days=14), 14, "the watch ends on 2026-03-15, in 14 days"),
        (timedelta(days=1), 1, "the watch ends on 2026-03-02, in 1 day:"),
        (timedelta(hours=2), 0, "the watch ends on 2026-03-01, within a day"),
        (timedelta(0), 0, "the watch ended on 2026-03-01 and nothing is looked at"),
        (-DAY, 0, "the watch ended on 2026-02-28 and nothing is looked at"),
    ],
)
def test_the_end_of_a_watch_is_told_14_days_before_and_at_the_end(
    away: timedelta, left: int, words: str
) -> None:
    one = a.region(expires=NOW + away)
    assert days_left(one, NOW) == left
    assert bool(ending(one, NOW)) == bool(words)
    assert ending(one, NOW).startswith(words)
    assert has_ended(one, NOW) == (away <= timedelta(0))


@pytest.fixture
def watching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Watch, MemoryStore, list[str], list[str]]:
    """Return a watch over one region, its store, the regions it ran over, and what it told."""
    store = MemoryStore()
    ran: list[str] = []
    told: list[str] = []

    def run_region(*given: Any, **_: Any) -> RunReport:
        ran.append(given[3].id)
        done = dataclasses.replace(a.run(region=given[3].id), outcome=RunOutcome.COMPLETE)
        return RunReport(done, 0, 0, (), ())

    monkeypatch.setattr(watch, "run_region", run_region)
    settings = load_settings(data_dir=tmp_path)
    one = Watch(settings, store, Remote(tmp_path), timedelta(hours=6), told.append)
    return one, store, ran, told


def put(store: MemoryStore, region: Region) -> None:
    with store.transaction() as tx:
        tx.put_region(region)


def test_a_level_that_is_raised_counts_at_once_and_is_told_when_it_is_over(
    watching: tuple[Watch, MemoryStore, list[str], list[str]],
) -> None:
    one, store, ran, told = watching
    now = datetime.now(UTC)
    put(store, a.region(name="Um Heglig"))
    one.step(now)
    one.step(now + 2 * HOUR)
    assert len(ran) == 1
    region = a.region(name="Um Heglig")
    put(store, with_level(region, WatchLevel.URGENT, now + 5 * HOUR, "raids", now))
    one.step(now + 2 * HOUR)
    assert len(ran) == 2
    one.step(now + 5 * HOUR + timedelta(seconds=5))
    one.step(now + 5 * HOUR + timedelta(seconds=9))
    assert len([words for words in told if "is routine again" in words]) == 1
    assert all("Um Heglig" not in words and "raids" not in words for words in told)


def test_what_context_raises_counts_at_once_and_is_told_by_id_when_it_is_over(
    watching: tuple[Watch, MemoryStore, list[str], list[str]],
) -> None:
    one, store, ran, told = watching
    now = datetime.now(UTC)
    put(store, a.region(name="Um Heglig"))
    one.step(now)
    one.step(now + 2 * HOUR)
    assert len(ran) == 1
    book = Book(store, "ours", "per-1", now)
    # It counts for 30 days: five hours are left.
    seen = now - 30 * DAY + 5 * HOUR
    book.add("reg-1", Told(seen, "Raids are called for.", "The baker", "B", 2, STRONG))
    one.step(now + 2 * HOUR)
    assert len(ran) == 2
    one.step(now + 5 * HOUR + timedelta(seconds=5))
    one.step(now + 5 * HOUR + timedelta(seconds=9))
    assert len([words for words in told if "is routine again" in words]) == 1
    for word in ("Um Heglig", "Raids", "baker", "speech"):
        assert all(word not in words for words in told), word


def test_a_watch_that_ends_is_told_of_once_before_and_once_after_and_is_not_run(
    watching: tuple[Watch, MemoryStore, list[str], list[str]],
) -> None:
    one, store, ran, told = watching
    now = datetime.now(UTC)
    region = a.region(name="Um Heglig", expires=now + 10 * DAY)
    put(store, region)
    one.step(now)
    one.step(now + HOUR)
    assert [words for words in told if "ends on" in words] == [told[0]]
    put(store, dataclasses.replace(region, expires=now - HOUR))
    for hours in (13, 14, 30):
        one.step(now + hours * HOUR)
    assert len([words for words in told if "the watch ended on" in words]) == 1
    assert len(ran) == 1
    assert all("Um Heglig" not in words for words in told)


def test_how_watches_stand_is_listed_with_the_worst_first() -> None:
    store = MemoryStore()
    now = datetime.now(UTC)
    for name, expires in (
        ("well", None), ("ended", now - DAY), ("ending", now + 3 * DAY), ("unseen", None)
    ):  # fmt: skip
        put(store, a.region(id=name, name=name, expires=expires))
    with store.transaction() as tx:
        for name in ("well", "ended", "ending"):
            tx.put_ledger(a.look(region=name, usable=0.9, status=ObservationStatus.UNCHANGED))
    found = glances(SETTINGS, store, "ours", store.regions("ours"), now)
    assert [(one.region.name, one.rank) for one in found] == [
        ("ended", 0), ("ending", 3), ("unseen", 4), ("well", 4),
    ]  # fmt: skip
    # Of a folder nothing is spent.
    assert {one.units for one in found} == {None}


def test_the_next_look_is_what_the_calendar_of_the_passes_lets_expect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    flown = [datetime(2026, 2, day, 8, 30, tzinfo=UTC) for day in (8, 13, 18, 23, 28)]
    scenes = [made_scene(sensed, a.VILLAGE) for sensed in flown]
    monkeypatch.setattr(glance, "known_scenes", lambda *_: scenes)
    store = MemoryStore()
    put(store, a.region())
    (found,) = glances(SETTINGS, store, "ours", store.regions("ours"), now)
    assert found.next_look is not None
    # Every five days: the one of 28 February is followed on 5 March.
    assert abs(found.next_look.expected - datetime(2026, 3, 5, 8, 30, tzinfo=UTC)) < HOUR


def test_levels_and_status_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARTHWATCH_DATA_DIR", str(tmp_path / "var"))
    # Of a day that ended meanwhile, four would be left.
    clock.stop(monkeypatch, NOW + 9 * HOUR, *CLOCKS)
    soon = f"{NOW + 5 * DAY:%Y-%m-%d}"

    def said(*words: str, status: int = 0) -> str:
        capsys.readouterr()
        assert main([*words]) == status
        got = capsys.readouterr()
        return got.out if status == 0 else got.err

    said("region", "add", "Oak", "--bbox", "24,13,24.01,13.01", "--expires", soon)
    assert "say until when" in said("region", "level", "Oak", "urgent", status=12)
    told = said("region", "level", "Oak", "urgent", "--until", soon, "--reason", "raids")
    assert told == f"Oak: urgent until {soon}: raids. A run every 1 hours.\n"
    (one,) = json.loads(said("status", "--json"))["regions"]
    assert (one["level"], one["hours_between_runs"], one["days_left"]) == ("urgent", 1.0, 5)
    assert one["ending"].startswith(f"the watch ends on {soon}")
    text = said("status")
    assert "urgent" in text and f"Oak: the watch ends on {soon}" in text
    assert f"Oak: the watch ends on {soon}" in said("region", "list")
