"""`why` of an event that was merged or split tells its whole life, and what stands for it now."""

from __future__ import annotations

import dataclasses

import pytest

from hearthwatch.fusion.people import merge, say, split, undo
from hearthwatch.records import EventState, Verb
from hearthwatch.store import Store
from hearthwatch.why.asked import ask, ask_event
from hearthwatch.why.lives import Life, life_lines, lives_of
from hearthwatch.why.shown import why_text, why_value
from hearthwatch.why.why import Around, answer
from tests.contract import store_records as a
from tests.unit.hearthwatch.fusion.made import by, optical, put, radar, store_with_region
from tests.unit.hearthwatch.fusion.test_fuse_pieces import piece

AROUND = Around(a.NOON.date(), 10)
OTHER = {
    "id": "s-second", "detector": "other", "first_changed": a.NOON + 50 * a.DAY,
    "last_unharmed": a.NOON + 45 * a.DAY, "last_detected": a.NOON + 50 * a.DAY,
}  # fmt: skip


@pytest.fixture
def store() -> Store:
    store = store_with_region()
    put(store, optical(), radar())
    put(store, optical(**OTHER))
    return store


def life(store: Store, event: str) -> Life:
    found = lives_of(store, [store.event("ours", event)], [event])
    return next(one for one in found if one.event.id == event)


def words(store: Store, event: str) -> list[str]:
    return [one.words for one in life(store, event).steps]


def test_nothing_more_is_told_of_what_nobody_touched(store: Store) -> None:
    event = store.event("ours", "s-optical")
    assert lives_of(store, [event]) == ()
    (step,) = life(store, "s-optical").steps
    assert (step.version, step.who, step.when) == (1, "", event.last_detected)
    assert step.words.startswith("provisional, by the software after the look of ")


def test_a_merged_event_points_to_the_one_that_stands_and_each_tells_of_the_other(
    store: Store,
) -> None:
    merge(store, "ours", "s-optical", "s-second", by("anna", text="the same fire"))
    say(store, "ours", "s-optical", Verb.CONFIRM, by("ben"))
    gone = life(store, "s-second")
    assert (gone.is_merged, gone.survivor.id) == (True, "s-optical")
    assert gone.steps[-1].words == (
        "merged into event s-optical, by anna: the same fire; closed since"
    )
    assert words(store, "s-optical")[1:] == [
        "event s-second merged into it, with 1 source, by anna: the same fire; provisional since",
        "said to be confirmed, by ben; confirmed since",
    ]
    # Whichever is asked for, both are told, the one that stands first.
    for asked in ("s-optical", "s-second"):
        told = lives_of(store, [store.event("ours", asked)])
        assert [one.event.id for one in told] == ["s-optical", "s-second"]
    assert next(life_lines(gone)) == (
        "Event s-second (burned): part of event s-optical now, which is confirmed"
    )


def test_a_split_and_its_undoing_are_told_at_both(store: Store) -> None:
    split(store, "ours", "s-optical", ["s-radar"], by("anna"))
    undo(store, "ours", "s-radar", by("ben", text="one after all"))
    assert words(store, "s-optical")[1:] == [
        "1 source moved to event s-radar, by anna; provisional since",
        "the split of version 2 taken back, by ben: one after all; provisional since",
    ]
    assert words(store, "s-radar") == [
        "1 source split off from event s-optical, by anna; provisional since",
        "the split of version 1 taken back, by ben: one after all; closed since",
    ]
    assert life(store, "s-radar").survivor.id == "s-optical"


def test_a_chain_of_mergers_leads_to_the_last(store: Store) -> None:
    put(store, optical(id="s-third", settlement="set-2"))
    merge(store, "ours", "s-optical", "s-second", by())
    merge(store, "ours", "s-third", "s-optical", by())
    assert life(store, "s-second").survivor.id == "s-third"
    told = lives_of(store, [store.event("ours", "s-second")])
    assert {one.event.id for one in told} == {"s-optical", "s-second", "s-third"}


def test_what_the_software_made_one_is_told_as_its_doing() -> None:
    store = store_with_region()
    put(store, piece(0), piece(2))
    put(store, piece(1))
    assert words(store, "p-2-0")[-1] == (
        "the software found that it is one change with event p-0-0 and put it there"
    )
    told = lives_of(store, [store.event("ours", "p-0-0")])
    assert [one.event.id for one in told] == ["p-0-0", "p-2-0"]


def test_the_answer_counts_merged_events_once_and_names_them(store: Store) -> None:
    put(store, optical(id="s-again", detector="again", settlement="set-2"))
    merge(store, "ours", "s-optical", "s-again", by())
    found = ask(store, "ours", "set-1", AROUND)
    found = dataclasses.replace(found, first=a.NOON, last=a.NOON)
    said = answer(found)
    assert said.startswith("There was an alert: event s-optica (burned")
    assert said.endswith("; s-again was merged into it.")
    there = dataclasses.replace(ask(store, "ours", "set-2", AROUND), first=a.NOON, last=a.NOON)
    assert answer(there).endswith(", part of event s-optical now, which is provisional.")
    assert "What became of the events" in why_text(found)
    assert [one["survivor"] for one in why_value(found)["lives"]] == ["s-optical", "s-optical"]


def test_an_event_asked_for_is_told_whatever_the_day(store: Store) -> None:
    say(store, "ours", "s-second", Verb.REJECT, by("ben", reason="seasonal_burn"))
    found = ask_event(store, store.event("ours", "s-second"), Around(a.NOON.date(), 1))
    assert [one.event.id for one in found.lives] == ["s-second"]
    (last,) = found.lives[0].steps[-1:]
    assert (last.state, last.who) == (EventState.REJECTED.value, "ben")
    assert last.words == "said to be rejected, by ben: seasonal_burn; rejected since"
