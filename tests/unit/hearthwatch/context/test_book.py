"""Observations written down and withdrawn: they raise a level, are on record, and alert nobody."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearthwatch.access.standing import Caller
from hearthwatch.alerting.own import level_told
from hearthwatch.context import policy
from hearthwatch.context.book import MOST, RULES, Book, Told, hash_of
from hearthwatch.disclosure.holds import Holds
from hearthwatch.errors import NotFound, RegionError, ReleaseError
from hearthwatch.records import (
    AuditFilter,
    Detail,
    Grade,
    Mode,
    Region,
    Rhythm,
    Role,
    Severity,
    Variable,
    WatchLevel,
)
from hearthwatch.store import MemoryStore, Store
from hearthwatch.watchlist.terms import level_now, with_level
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import Desk, event
from tests.unit.hearthwatch.watchdogs.kennel import Kennel

NOW = a.NOON
DAY = timedelta(days=1)
STRONG = dict.fromkeys(Variable, Grade.STRONG)


def told(**changes: Any) -> Told:
    plain: dict[str, Any] = {
        "observed": NOW - DAY, "words": "A speech at the market.", "source": "The baker",
        "reliability": "B", "credibility": 2, "grades": STRONG,
    }  # fmt: skip
    return Told(**{**plain, **changes})


def factor(number: int, **changes: Any) -> Told:
    return told(grades={}, factor=number, source="A report", **changes)


def book(store: Store, now: datetime = NOW) -> Book:
    return Book(store, "ours", "per-1", now)


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    a.with_region(made)
    return made


def region(store: Store) -> Region:
    return store.region("ours", "reg-1")


def acts(store: Store) -> list[tuple[str, str, dict[str, Any]]]:
    return [(one.act, one.subject, dict(one.detail)) for one in store.audit("ours")]


def test_an_observation_raises_the_level_and_is_on_record(store: MemoryStore) -> None:
    made = book(store).add("reg-1", told(words="  A speech at the market. "))
    assert store.observations("ours", "reg-1") == (made,)
    assert (made.made_by, made.created, made.words) == ("per-1", NOW, "A speech at the market.")
    assert made.sha256 == hash_of(made)
    assert level_now(region(store), NOW) is WatchLevel.URGENT
    assert level_now(region(store), NOW + 29 * DAY) is WatchLevel.ROUTINE
    subject = f"region:reg-1 observation:{made.id}"
    assert acts(store) == [
        ("context add", subject, {"sort": "speech"}),
        ("level raise", subject,
         {"from": "routine", "to": "urgent", "until": "2024-05-30T12:00:00Z"}),
    ]  # fmt: skip


def test_what_raises_nothing_is_kept_and_on_record(store: MemoryStore) -> None:
    made = book(store).add("reg-1", told(reliability="E"))
    assert store.observations("ours", "reg-1") == (made,)
    assert region(store) == a.region()
    assert [act for act, *_ in acts(store)] == ["context add"]


def test_withdrawing_takes_the_content_and_the_level_away(store: MemoryStore) -> None:
    made = book(store).add("reg-1", told())
    gone = Book(store, "ours", "per-2", NOW + DAY).withdraw("reg-1", made.id)
    assert store.observations("ours", "reg-1") == (gone,)
    assert (gone.words, gone.source, dict(gone.grades), gone.observed) == ("", "", {}, None)
    assert (gone.sha256, gone.withdrawn, gone.withdrawn_by) == (made.sha256, NOW + DAY, "per-2")
    assert region(store).raised == {} and level_now(region(store), NOW) is WatchLevel.ROUTINE
    assert acts(store)[2:] == [
        ("context withdraw", f"region:reg-1 observation:{made.id}", {"sha256": made.sha256}),
        ("level lower", f"region:reg-1 observation:{made.id}",
         {"from": "urgent", "to": "routine", "until": None}),
    ]  # fmt: skip
    assert Book(store, "ours", "per-2", NOW + 2 * DAY).withdraw("reg-1", made.id) == gone
    assert len(acts(store)) == 4
    assert "baker" not in str(store._tables.by_record) and "market" not in str(acts(store))


def test_the_log_says_what_changed_and_nothing_where_nothing_did(store: MemoryStore) -> None:
    book(store).add("reg-1", factor(8))
    again = book(store).add("reg-1", factor(8))
    later = book(store, NOW + DAY).add("reg-1", factor(8, observed=NOW))
    Book(store, "ours", "per-1", NOW + DAY).withdraw("reg-1", later.id)
    Book(store, "ours", "per-1", NOW + DAY).withdraw("reg-1", again.id)
    changes = [(act, detail["until"]) for act, _, detail in acts(store) if act.startswith("level")]
    assert changes == [
        ("level raise", "2024-05-30T12:00:00Z"), ("level raise", "2024-05-31T12:00:00Z"),
        ("level lower", "2024-05-30T12:00:00Z"),
    ]  # fmt: skip


def test_of_two_that_raise_the_other_one_still_does(store: MemoryStore) -> None:
    first = book(store).add("reg-1", told())
    book(store).add("reg-1", factor(8))
    book(store).withdraw("reg-1", first.id)
    assert level_now(region(store), NOW) is WatchLevel.ELEVATED


def test_a_legal_hold_comes_before_withdrawing(store: MemoryStore) -> None:
    made = book(store).add("reg-1", told())
    who = Caller("ours", "per-9", "Somebody", Role.ADMIN, frozenset(), person="per-9")
    Holds(store, who, lambda: NOW).put("region", "reg-1", "a court asked")
    with pytest.raises(ReleaseError, match="legal hold"):
        book(store).withdraw("reg-1", made.id)
    assert store.observations("ours", "reg-1") == (made,)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"words": "  "}, "say in its words"), ({"source": ""}, "name its source"),
        ({"words": "\0"}, "say in its words"),
        ({"observed": NOW + timedelta(seconds=1)}, "still to come"),
        ({"reliability": "G"}, "A to F"), ({"reliability": ""}, "A to F"),
        ({"reliability": "AB"}, "A to F"), ({"credibility": 7}, "1 to 6"),
        ({"grades": {}}, "not both"), ({"factor": 3}, "not both"),
        ({"grades": {}, "factor": 15}, "1 to 14"), ({"grades": {}, "factor": 0}, "1 to 14"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_and_nothing_stored(
    store: MemoryStore, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(RegionError, match=words):
        book(store).add("reg-1", told(**changes))
    assert store.observations("ours", "reg-1") == () and acts(store) == []


def test_all_that_is_wrong_is_said_at_once(store: MemoryStore) -> None:
    with pytest.raises(RegionError) as caught:
        book(store).add("reg-1", told(words="", source="", credibility=0))
    assert caught.value.message.count(";") == 2


def test_what_is_not_there_or_of_others_is_not_found(store: MemoryStore) -> None:
    made = book(store).add("reg-1", told())
    a.with_region(store, "theirs")
    for whose, region_id, its_id in (
        ("theirs", "reg-1", made.id), ("ours", "reg-2", made.id), ("ours", "reg-1", "obs-0"),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            Book(store, whose, "per-1", NOW).withdraw(region_id, its_id)
    with pytest.raises(NotFound):
        book(store).add("reg-2", told())


def test_a_region_has_only_so_many(store: MemoryStore) -> None:
    with store.transaction() as tx:
        for number in range(MOST):
            tx.put_observation(a.observation(id=f"obs-{number:05}", observed=NOW - 400 * DAY))
    with pytest.raises(RegionError, match="2,000"):
        book(store).add("reg-1", told())


# ---- alerts ---------------------------------------------------------------------------------


def kept(store: MemoryStore) -> Counter[str]:
    """Return how many records there are of all that an observation must not make."""
    made = ("Event", "EventSource", "Detection", "Alert", "Message", "Attempt", "Telling", "Run")
    return Counter({
        record.__name__: sum(map(len, rows.values()))
        for record, rows in store._tables.by_record.items() if record.__name__ in made
    })  # fmt: skip


@settings(max_examples=25, derandomize=True, deadline=None, database=None)
@given(
    every=st.lists(
        st.builds(
            told,
            grades=st.dictionaries(st.sampled_from(Variable), st.sampled_from(Grade), min_size=1),
            reliability=st.sampled_from("ABCDEF"), credibility=st.integers(1, 6),
            observed=st.integers(0, 200).map(lambda days: NOW - days * DAY),
        )
        | st.builds(factor, st.integers(1, 14), credibility=st.integers(1, 6)),
        max_size=5,
    ),
    withdrawn=st.integers(0, 4),
)  # fmt: skip
def test_no_observation_makes_an_alert_and_an_alert_made_later_says_why(
    every: list[Told], withdrawn: int
) -> None:
    desk = Desk(MemoryStore())
    desk.receiver()
    desk.subscribe()
    desk.tell(event(1))
    desk.step()
    before = kept(desk.store)
    made = [book(desk.store).add("reg-1", one) for one in every]
    for one in made[:withdrawn]:
        book(desk.store).withdraw("reg-1", one.id)
    desk.step()
    assert kept(desk.store) == before
    desk.tell(event(2))
    (alert,) = desk.store.alerts("ours", event="evt-2")
    expected = level_told(region(desk.store), desk.now)
    assert alert.facts["level"] == expected
    signs = region(desk.store).raised.get("signs", [])
    assert ([] if expected is None else expected["because"]) == signs
    assert {one["observation"] for one in signs} <= {one.id for one in made[withdrawn:]}


def test_why_this_level_has_each_that_raises_it(store: MemoryStore) -> None:
    speech, cause = book(store).add("reg-1", told()), book(store).add("reg-1", factor(8))
    found = level_told(region(store), NOW)
    assert found is not None and found["level"] == "urgent" and found["reason"] == ""
    assert {one["observation"] for one in found["because"]} == {speech.id, cause.id}
    assert found["until"] == "2024-05-30T12:00:00Z" and found["more"] == 0
    for number in range(12):
        book(store).add("reg-1", told(observed=NOW - timedelta(hours=number)))
    more = level_told(region(store), NOW)
    assert more is not None and (len(more["because"]), more["more"]) == (10, 4)


def test_what_people_set_stands_beside_it(store: MemoryStore) -> None:
    book(store).add("reg-1", factor(8))
    people = with_level(region(store), WatchLevel.URGENT, NOW + 2 * DAY, "convoys", NOW)
    found = level_told(people, NOW)
    assert found is not None
    assert (found["level"], found["reason"], found["until"]) == (
        "urgent", "convoys", "2024-05-03T12:00:00Z",
    )  # fmt: skip
    assert [one["factor"] for one in found["because"]] == [8]
    later = level_told(people, NOW + 3 * DAY)
    assert later is not None and (later["level"], later["reason"]) == ("elevated", "")
    # What people set and is over is not told as if it held.
    over = with_level(a.region(), WatchLevel.URGENT, NOW + 2 * DAY, "convoys", NOW)
    assert level_told(over, NOW + 3 * DAY) is None


def test_a_notice_tells_no_level(store: MemoryStore) -> None:
    desk = Desk(store)
    desk.receiver(detail=Detail.NOTICE)
    desk.subscribe()
    book(store).add("reg-1", told())
    desk.tell(event())
    (alert,) = store.alerts("ours", event="evt-1")
    assert alert.facts["level"] is None and "obs-" not in str(alert.facts)


@pytest.mark.parametrize(
    ("raising", "mode", "waits"),
    [(None, Mode.ACTUAL, True), (factor(8), Mode.ACTUAL, True), (told(), Mode.ACTUAL, False),
     (told(), Mode.EXERCISE, True)],
)  # fmt: skip
def test_quiet_hours_do_not_hold_what_is_found_where_the_watch_is_urgent(
    store: MemoryStore, raising: Told | None, mode: Mode, waits: bool
) -> None:
    desk = Desk(store)
    quiet = desk.receiver()
    with store.transaction() as tx:
        tx.put_receiver(
            dataclasses.replace(quiet, zone="UTC", quiet_from=0, quiet_until=23 * 60, revision=2)
        )
    desk.subscribe(modes=(mode.value,), least_severity=Severity.MINOR)
    if raising is not None:
        book(store).add("reg-1", raising)
    desk.tell(event(mode=mode))
    (alert,) = store.alerts("ours", event="evt-1")
    assert (alert.due > alert.made) == waits


def test_who_asked_for_one_list_a_day_gets_one_a_day(store: MemoryStore) -> None:
    desk = Desk(store)
    desk.receiver(zone="UTC")
    desk.subscribe(rhythm=Rhythm.DAILY)
    book(store).add("reg-1", told())
    desk.tell(event())
    (alert,) = store.alerts("ours", event="evt-1")
    assert alert.due == NOW + timedelta(hours=19)


def test_the_log_can_be_asked_for_what_raised_a_region(store: MemoryStore) -> None:
    book(store).add("reg-1", told())
    found = store.audit_newest("ours", AuditFilter(act="level raise"), limit=5)
    assert [one.subject.split()[0] for one in found] == ["region:reg-1"]


class TestOtherRules:
    def test_hold_from_the_next_start_and_the_log_says_so(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        book(store).add("reg-1", told())
        assert level_now(region(store), NOW) is WatchLevel.URGENT
        monkeypatch.setattr(policy, "GRAVE_OF_FIVE", 6)
        later = NOW + DAY
        rules = Book(store, "ours", RULES, later)
        assert rules.review() == 1
        assert level_now(region(store), later) is WatchLevel.ELEVATED
        entry = store.audit("ours")[-1]
        assert (entry.act, entry.actor, entry.subject) == ("level lower", RULES, "region:reg-1")
        assert rules.review() == 0

    def test_the_same_rules_change_nothing_however_much_time_goes_by(self, store: Store) -> None:
        book(store).add("reg-1", told())
        book(store).add("reg-1", factor(1))
        book(store).add("reg-1", factor(2, observed=NOW - 9 * DAY))
        before, entries = region(store), len(store.audit("ours"))
        for days in (0, 10, 29, 29.5, 100, 170, 175, 400):
            assert Book(store, "ours", RULES, NOW + days * DAY).review() == 0
        assert (region(store), len(store.audit("ours"))) == (before, entries)

    def test_who_watches_looks_at_them_once_in_each_process(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kennel = Kennel(MemoryStore(), tmp_path)
        book(kennel.store).add("reg-1", told())
        kennel.rounds(2)
        assert level_now(region(kennel.store), kennel.now) is WatchLevel.URGENT
        monkeypatch.setattr(policy, "GRAVE_OF_FIVE", 6)
        kennel.dogs._let_go()
        kennel.dogs = kennel.more_dogs()
        kennel.rounds()
        assert level_now(region(kennel.store), kennel.now) is WatchLevel.ELEVATED
