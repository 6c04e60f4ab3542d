"""Why there was no alert: a ledger written by hand, and the sentences it must give."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta, timezone
from pathlib import Path

import pytest

from detectors.held import Held
from detectors.types import GuardVerdict
from hearthwatch.records import LedgerRow, Mode, NotObservable, ObservationStatus
from hearthwatch.store import MemoryStore
from hearthwatch.why.asked import ask, held_looks
from hearthwatch.why.look import look_in_words, told_of
from hearthwatch.why.shown import why_text, why_value
from hearthwatch.why.why import Around, answer
from hearthwatch.why.words import GUARD, STATUS, wordless
from hearthwatch.words import look_time
from tests.contract import store_records as a
from tests.support import ledgers as made
from tests.support.ledgers import PLACE, clouded, learning, look, missed

DAY = date(2023, 3, 5)
OURS = {"organisation": "local"}
BEFORE = look("2023-02-28")


def asked(*rows: LedgerRow, events=(), day: date = DAY, days: int = 10, region=True):
    """Return what is found in a store that holds just these."""
    store = MemoryStore()
    with store.transaction() as tx:
        if region:
            tx.put_region(a.region(**OURS))
        tx.put_settlements([a.settlement(id=PLACE, name=made.NAME, **OURS)])
        for row in rows:
            tx.put_ledger(row)
        for event in events:
            tx.put_event(event)
    return ask(store, "local", PLACE, Around(day, days))


def said(*rows, **more) -> str:
    return answer(asked(*rows, **more))


def test_everything_a_ledger_may_say_has_words():
    assert wordless() == ()


def test_every_rule_is_documented_and_no_other():
    page = (Path(__file__).resolve().parents[4] / "docs" / "how-it-works.md").read_text("utf-8")
    documented = re.findall(r"^\| `([a-z_]+)` \| [^|]+ \|$", page, re.MULTILINE)
    assert documented == [rule.name.lower() for rule in Held]


@pytest.mark.parametrize("status", ObservationStatus)
@pytest.mark.parametrize("guard", GuardVerdict)
@pytest.mark.parametrize("held", [rule.name.lower() for rule in Held])
def test_every_look_is_told_in_words(status, guard, held):
    causes = NotObservable if status is ObservationStatus.NOT_OBSERVABLE else [None]
    for cause in causes:
        row = look("2023-03-07", status, guard=guard, held=[held], cause=cause, usable=0.5)
        clauses = list(look_in_words(told_of(row)))
        assert clauses[0].startswith(STATUS[status])
        assert clauses[1].startswith(GUARD[guard])
        # A name of the code would have an underscore.
        assert "_" not in " ".join(clauses)
        assert answer(asked(row)).endswith(".")


def test_evidence_below_the_threshold_is_told_with_the_threshold():
    words = said(
        BEFORE, look("2023-03-07", windowed={"WATCH": 2.1}), look("2023-03-12"),
        clouded("2023-03-10"),
    )  # fmt: skip
    assert words == (
        "There was no alert: the evidence did not reach the threshold: by 2023-03-07 the last "
        "looks together brought 2.1 nats; more than 3.5 are needed for WATCH; 2 looks of 2 judged "
        "show it plainly unharmed; 1 further look told nothing (1 cloud)."
    )


def test_two_looks_that_bring_too_little_for_the_next_state():
    row = look(
        "2023-03-12", ObservationStatus.CHANGED, windowed={"WATCH": 6.1, "PROBABLE": 6.1},
    )  # fmt: skip
    clauses = list(look_in_words(told_of(row)))
    assert (
        "looks of which two or more speak for a change brought 6.1 nats; more than 8.0 are needed "
        "for PROBABLE" in clauses
    )
    assert (
        "there are no looks of which three or more speak for a change, as ESTABLISHED needs"
        in clauses
    )
    suspicion = made.event("2023-02-28", "2023-03-12", "WATCH")
    words = said(BEFORE, row, events=[suspicion])
    assert words.startswith("There was a suspicion and no more: event evt-1 (burned, WATCH, ")
    assert "more than 8.0 are needed for PROBABLE" in words


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("ring_burned", "its surroundings changed as burning does"),
        ("recurrence", "in the same weeks of an earlier year"),
        ("one_look", "one look alone is never enough"),
        ("scene_suspect", "ground without settlements showed change on the same scene"),
        ("learning", "what is normal there was still being learned"),
    ],
)
def test_the_rule_that_held_it_back_is_the_answer(rule, words):
    row = look("2023-03-07", windowed={"WATCH": 3.2}, held=[rule])
    answered = said(BEFORE, row, look("2023-03-12"))
    assert answered.startswith("There was no alert: the look of 2023-03-07 was held back: ")
    assert words in answered


def test_a_rule_not_known_here_is_named_all_the_same():
    assert "held back: a_later_rule" in said(look("2023-03-07", held=["a_later_rule"]))


def test_a_look_that_told_nothing_is_not_said_to_have_been_learned_from():
    reason = "it shows the settlement plainly neither changed nor unharmed"
    blind = replace(learning("2023-03-14"), detail={"said": {}, "reason": reason})
    assert said(BEFORE, blind).endswith("showed it plainly: 1 plain neither way.")


def test_nothing_seen_after_the_day_is_told_by_its_causes():
    words = said(
        BEFORE, clouded("2023-03-07"), clouded("2023-03-10"), missed("2023-03-12"),
        learning("2023-03-14"),
    )  # fmt: skip
    assert words == (
        "There was no alert: no look in the 10 days after showed it plainly: 2 cloud, 1 not "
        "delivered, 1 used to learn what is normal."
    )


def test_the_first_telling_look_after_a_long_cloud_is_asked_as_well():
    words = said(BEFORE, clouded("2023-03-07"), look("2023-04-20", windowed={"WATCH": 1.0}))
    assert "by 2023-04-20 the last looks together brought 1.0 nats" in words
    assert "1 further look told nothing (1 cloud)" in words


def test_too_little_of_the_core_was_seen():
    first = next(look_in_words(told_of(clouded("2023-03-07", usable=0.45))))
    assert first == (
        "it could not be used: cloud; 45% of the settlement was seen, and 70% are needed"
    )
    ring = next(look_in_words(told_of(clouded("2023-03-07", usable=0.8))))
    assert ring.startswith("it could not be used: its surroundings were lost to cloud")


def test_the_calibration_set_of_the_thresholds_is_named():
    row = look("2023-03-07")
    row = replace(row, detail={"said": {**row.detail["said"], "calibration": "built-in"}})
    assert "thresholds of the calibration set built-in" in look_in_words(told_of(row))


def test_an_alert_there_was_is_the_answer():
    words = said(BEFORE, events=[made.event("2023-02-28", "2023-03-07")])
    assert words == (
        "There was an alert: event evt-1 (burned, PROBABLE, provisional), changed 2023-02-28 .. "
        "2023-03-07, first told of on the look of 2023-03-07."
    )


def test_an_event_that_lapsed_is_told_as_one():
    lapsed = made.event("2023-02-28", "2023-03-07", "LAPSED")
    assert said(BEFORE, look("2023-03-07"), events=[lapsed]).startswith(
        "There was an event that lapsed: event evt-1 (burned, LAPSED, closed), changed 2023-02-28 "
        ".. 2023-03-07, first told of on the look of 2023-03-07; the evidence did not reach"
    )


def test_while_an_event_is_open_there_is_no_new_one():
    going = made.event("2023-01-02", "2023-01-07", last_detected=made.on("2023-01-12"))
    assert said(BEFORE, events=[going]).startswith("There was no new alert, for one was under way")
    over = made.event(
        "2023-01-02", "2023-01-07", "CLOSED", last_detected=made.on("2023-02-20")
    )  # fmt: skip
    assert said(BEFORE, look("2023-03-07"), events=[over]).startswith("There was no alert: the evi")


def test_an_event_that_began_after_the_days_is_not_the_answer():
    later = made.event("2023-03-25", "2023-03-30")
    assert said(BEFORE, look("2023-03-07"), events=[later]).startswith("There was no alert")


def test_days_outside_of_the_watch():
    assert said(BEFORE, day=date(2020, 1, 1)) == (
        "There was no alert: the watch begins later, its first look is of 2023-02-28."
    )
    assert said(BEFORE, day=date(2024, 1, 1)) == (
        "There was no alert: no look of that day or later is in the ledger, the last one is of "
        "2023-02-28."
    )


@pytest.mark.parametrize("day", [date.min, date.max])
def test_days_at_the_end_of_the_calendar(day):
    assert answer(asked(BEFORE, day=day, days=10_000)).startswith("There was no alert")


def test_a_settlement_that_nobody_watches_or_looked_at():
    assert said() == "Nothing is known: Village covers it, but no look at it is in the ledger yet."
    assert said(region=False) == (
        "Nothing is known: no region that watches for change in settlements covers it."
    )


def test_the_looks_told_of_are_those_of_the_days_and_one_on_either_side():
    rows = [look(day) for day in ("2023-01-05", "2023-02-10", "2023-02-23", "2023-03-05",
                                  "2023-03-15", "2023-04-01", "2023-04-06")]  # fmt: skip
    found = asked(*rows, clouded("2023-02-20"), clouded("2023-03-20"))
    assert [row.sensed.date().isoformat() for row in found.looks] == [
        "2023-02-10", "2023-02-23", "2023-03-05", "2023-03-15", "2023-04-01",
    ]  # fmt: skip


def test_what_is_waited_for_and_pauses_are_told():
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_region(a.region(**OURS))
        tx.put_ledger(BEFORE)
        tx.put_gap(
            a.gap(expected=made.on("2023-03-07"), closed=None, detail="it stays away", **OURS)
        )
        tx.put_pause(a.pause(since=made.on("2023-03-01"), ended=None, reason="no money", **OURS))
        tx.put_pause(a.pause(provider="another", since=made.on("2020-03-01"),
                             ended=made.on("2020-04-01"), **OURS))  # fmt: skip
    text = why_text(ask(store, "local", PLACE, Around(DAY, 10)))
    assert "Waited for since 2023-03-07" in text
    assert "from 2023-03-01 until further notice: no money." in text
    assert "another" not in text


def test_the_text_ends_with_the_answer_and_says_that_silence_proves_nothing():
    found = asked(BEFORE, look("2023-03-07"))
    text = why_text(found)
    assert text.startswith("Abu Zerega: 2023-03-05, and 10 days before and after it\n")
    assert f"Why was there no alert? {answer(found)}" in text
    assert "does not mean that nothing happened" in text
    value = why_value(found)
    assert value["answer"] == answer(found)
    assert value["looks"][1]["reckonings"] == [
        {"state": "WATCH", "brought": -4.0, "needed": 3.5, "reached": False},
        {"state": "PROBABLE", "brought": None, "needed": 8.0, "reached": False},
        {"state": "ESTABLISHED", "brought": None, "needed": 11.0, "reached": False},
    ]


def test_the_software_never_names_a_cause():
    texts = [why_text(asked(BEFORE, look("2023-03-07", held=[rule.name.lower() for rule in Held])))]
    texts.append(why_text(asked(BEFORE, events=[made.event("2023-02-28", "2023-03-07")])))
    assert not [text for text in texts if "attack" in text.lower()]


def test_an_exercise_is_marked():
    assert why_text(asked(look("2023-03-07", mode=Mode.EXERCISE))).startswith("EXERCISE ")


@pytest.mark.parametrize("apart", [1, 20, 400])
def test_what_was_held_back_is_listed_newest_first_however_far_back(apart):
    store = MemoryStore()
    days = [made.on("2023-03-07") - timedelta(days=apart * n) for n in range(9)]
    with store.transaction() as tx:
        tx.put_region(a.region(**OURS))
        for n, when in enumerate(days):
            held = ["one_look"] if n % 2 else []
            tx.put_ledger(look(f"{when:%Y-%m-%d}", held=held))
    regions = store.regions("local")

    def found(since=None, until=None, most=10):
        return [row.sensed for row in held_looks(store, regions, since, until, most)]

    assert found() == days[1::2]
    assert found(most=2) == [days[1], days[3]]
    assert found(since=days[5]) == [days[1], days[3], days[5]]
    assert found(until=days[3], most=2) == [days[3], days[5]]
    assert held_looks(MemoryStore(), regions, None, None, 5) == []
    assert held_looks(store, [], None, None, 5) == []


def test_each_sensor_answers_for_itself():
    """What radar saw is no look of light, and each says which of its looks it rests on."""
    echoes = replace(look("2023-03-07"), detector="radar", acquisition="S1A-1")
    cloudy = clouded("2023-03-06")
    found = asked(BEFORE, echoes, cloudy, look("2023-03-12"))
    text = why_text(found)
    assert text.count("burned (Sentinel-2)") >= 2 and "radar" in text
    said_of = answer(found).split("; radar")
    assert len(said_of) == 2 and "burned (Sentinel-2): " in said_of[0]
    alone = answer(asked(BEFORE, cloudy, look("2023-03-12")))
    assert "Sentinel-2" not in alone


def test_of_a_look_of_which_only_the_day_is_known_no_hour_is_told() -> None:
    noon = a.NOON
    assert look_time(noon) == f"{noon:%Y-%m-%d} 12:00"
    for only in (
        noon.replace(hour=0),
        noon.replace(hour=0).astimezone(timezone(timedelta(hours=-5))),
    ):
        assert look_time(only) == f"{noon:%Y-%m-%d}"
