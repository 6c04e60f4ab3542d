"""What people do with events: nothing is lost, ids stay, and it can be taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hearthwatch.errors import EventError, NotFound
from hearthwatch.fusion.opinions import STATE_OF
from hearthwatch.fusion.people import merge, say, split, undo
from hearthwatch.records import EventState, Mode, RejectionReason, Verb
from hearthwatch.store import Store
from tests.contract import store_records as a
from tests.unit.hearthwatch.fusion.made import by, optical, put, radar, store_with_region

WORDS = {
    Verb.REJECT: {"reason": "seasonal_burn"},
    Verb.RETRACT: {"text": "the wrong village"},
    Verb.DISPUTE: {"text": "the roofs still stand"},
}


@pytest.fixture
def store() -> Store:
    store = store_with_region()
    put(store, optical())
    put(store, radar())
    return store


def ids(store: Store, event: str) -> list[str]:
    return [one.id for one in store.sources("ours", event)]


@pytest.mark.parametrize("verb", list(STATE_OF))
def test_what_people_say_makes_a_version_and_stays_through_new_evidence(
    store: Store, verb: Verb
) -> None:
    event = say(store, "ours", "s-optical", verb, by(**WORDS.get(verb, {})))
    assert (event.version, event.state, event.said_by) == (3, STATE_OF[verb], "anna")
    (opinion,) = store.opinions("ours", "s-optical")
    assert (opinion.verb, opinion.who, opinion.version, opinion.said) == (
        verb, "anna", 3, a.NOON,
    )  # fmt: skip
    (later,) = put(store, replace(store.source("ours", "s-radar"), version=2))
    assert (later.version, later.state, later.said_by) == (4, STATE_OF[verb], "anna")
    assert [one.state for one in store.event_history("ours", event.id)][:2] == (
        [EventState.PROVISIONAL] * 2
    )


@pytest.mark.parametrize(
    ("verb", "words", "lacks"),
    [
        (Verb.REJECT, {}, "Say why it is rejected, as one of: seasonal_burn"),
        (Verb.REJECT, {"reason": "whim"}, "Say why it is rejected"),
        (Verb.REJECT, {"reason": "other"}, "needs words"),
        (Verb.REJECT, {"reason": "other", "text": " "}, "needs words"),
        (Verb.CONFIRM, {"reason": "duplicate"}, "Only a rejection"),
        (Verb.RETRACT, {}, "takes words"),
        (Verb.DISPUTE, {}, "takes words"),
        (Verb.MERGE, {}, "not to say what an event is"),
    ],
)
def test_what_lacks_its_reason_is_not_taken(
    store: Store, verb: Verb, words: dict[str, str], lacks: str
) -> None:
    with pytest.raises(EventError, match=lacks):
        say(store, "ours", "s-optical", verb, by(**words))
    assert store.opinions("ours", "s-optical") == ()
    assert store.event("ours", "s-optical").version == 2


def test_every_reason_of_the_vocabulary_is_taken(store: Store) -> None:
    for reason in RejectionReason:
        event = say(store, "ours", "s-optical", Verb.REJECT, by(reason=reason, text="words"))
        assert event.state is EventState.REJECTED
    assert len(store.opinions("ours", "s-optical")) == len(RejectionReason) == 12


def test_what_was_said_is_taken_back_step_by_step(store: Store) -> None:
    say(store, "ours", "s-optical", Verb.CONFIRM, by("anna"))
    say(store, "ours", "s-optical", Verb.DISPUTE, by("ben", text="no"))
    back = undo(store, "ours", "s-optical", by("ben"))
    assert (back.state, back.said_by) == (EventState.CONFIRMED, "anna")
    back = undo(store, "ours", "s-optical", by("ben"))
    assert (back.state, back.said_by, back.version) == (EventState.PROVISIONAL, "", 6)
    with pytest.raises(EventError, match="Nobody said anything"):
        undo(store, "ours", "s-optical", by())
    assert [one.verb for one in store.opinions("ours", "s-optical")] == [
        Verb.CONFIRM, Verb.DISPUTE, Verb.UNDO, Verb.UNDO,
    ]  # fmt: skip


def test_reopened_it_is_what_the_software_says(store: Store) -> None:
    say(store, "ours", "s-optical", Verb.CLOSE, by())
    event = say(store, "ours", "s-optical", Verb.REOPEN, by())
    assert (event.state, event.said_by) == (EventState.PROVISIONAL, "")
    assert undo(store, "ours", "s-optical", by()).state is EventState.CLOSED


def test_a_state_from_before_there_were_opinions_stays_until_somebody_speaks(
    store: Store,
) -> None:
    with store.transaction() as tx:
        known = store.event("ours", "s-optical")
        tx.put_event(replace(known, version=3, state=EventState.CONFIRMED))
    left, _ = split(store, "ours", "s-optical", ["s-radar"], by())
    assert left.state is EventState.CONFIRMED
    assert say(store, "ours", "s-optical", Verb.REOPEN, by()).state is EventState.PROVISIONAL


def test_split_moves_sources_to_an_event_of_their_own_and_back(store: Store) -> None:
    left, new = split(store, "ours", "s-optical", ["s-radar"], by(text="another village"))
    assert (left.id, new.id, new.version) == ("s-optical", "s-radar", 1)
    assert (ids(store, left.id), ids(store, new.id)) == (["s-optical"], ["s-radar"])
    assert "combined_log_likelihood_ratio" not in left.evidence
    for event, other in ((left, new), (new, left)):
        (opinion,) = store.opinions("ours", event.id)
        assert (opinion.verb, opinion.other, opinion.sources) == (
            Verb.SPLIT, other.id, ("s-radar",),
        )  # fmt: skip
    back = undo(store, "ours", "s-optical", by())
    assert ids(store, back.id) == ["s-optical", "s-radar"]
    assert back.evidence["combined_log_likelihood_ratio"] == 13.0
    gone = store.event("ours", "s-radar")
    assert (gone.state, gone.merged_into, gone.version) == (EventState.CLOSED, "s-optical", 2)
    assert [one.event for one in store.source_history("ours", "s-radar")] == [
        "s-optical", "s-radar", "s-optical",
    ]  # fmt: skip
    again = split(store, "ours", "s-optical", ["s-radar"], by())[1]
    assert again.id not in ("s-optical", "s-radar")
    assert ids(store, again.id) == ["s-radar"]


def test_the_first_source_split_off_leaves_the_event_its_id(store: Store) -> None:
    left, new = split(store, "ours", "s-optical", ["s-optical"], by())
    assert left.id == "s-optical" != new.id
    assert (left.detector, new.detector) == ("radar", "burned")
    # New evidence goes where people put it.
    (later,) = put(store, replace(store.source("ours", "s-optical"), version=3))
    assert (later.id, later.version) == (new.id, 2)


@pytest.mark.parametrize("sources", [[], ["s-optical", "s-radar"], ["s-other"], ["s-radar", "x"]])
def test_a_split_needs_some_of_its_own_sources(store: Store, sources: list[str]) -> None:
    with pytest.raises(EventError, match="s-optical, s-radar"):
        split(store, "ours", "s-optical", sources, by())
    assert store.event("ours", "s-optical").version == 2


@pytest.fixture
def two(store: Store) -> Store:
    put(store, optical(id="s-other", settlement="set-2"))
    return store


def test_a_merger_keeps_one_id_and_leaves_a_pointer(two: Store) -> None:
    say(two, "ours", "s-other", Verb.CONFIRM, by("ben"))
    kept = merge(two, "ours", "s-optical", "s-other", by())
    assert (kept.id, ids(two, kept.id)) == ("s-optical", ["s-optical", "s-other", "s-radar"])
    # What was said of the other was not said of this one.
    assert (kept.state, kept.said_by) == (EventState.PROVISIONAL, "")
    gone = two.event("ours", "s-other")
    assert (gone.state, gone.merged_into, gone.version) == (EventState.CLOSED, "s-optical", 3)
    assert [one.state for one in two.event_history("ours", "s-other")] == [
        EventState.PROVISIONAL, EventState.CONFIRMED, EventState.CLOSED,
    ]  # fmt: skip
    with pytest.raises(EventError, match="was merged into s-optical"):
        say(two, "ours", "s-other", Verb.CONFIRM, by())
    with pytest.raises(EventError, match="was merged into s-optical"):
        merge(two, "ours", "s-optical", "s-other", by())


@pytest.mark.parametrize("asked", ["s-optical", "s-other"])
def test_a_merger_is_taken_back_from_either_side(two: Store, asked: str) -> None:
    say(two, "ours", "s-other", Verb.CONFIRM, by("ben"))
    merge(two, "ours", "s-optical", "s-other", by())
    assert undo(two, "ours", asked, by()).id == asked
    back = two.event("ours", "s-other")
    assert (back.state, back.said_by, back.merged_into) == (EventState.CONFIRMED, "ben", "")
    assert (ids(two, "s-optical"), ids(two, "s-other")) == (["s-optical", "s-radar"], ["s-other"])


def test_what_somebody_built_on_is_not_taken_back_under_them(two: Store) -> None:
    merge(two, "ours", "s-optical", "s-other", by())
    say(two, "ours", "s-optical", Verb.CONFIRM, by("ben"))
    with pytest.raises(EventError, match="take that back first"):
        undo(two, "ours", "s-other", by())
    undo(two, "ours", "s-optical", by())
    assert undo(two, "ours", "s-other", by()).merged_into == ""


def test_what_joins_a_merged_event_stays_when_the_merger_is_taken_back(two: Store) -> None:
    merge(two, "ours", "s-optical", "s-other", by())
    (event,) = put(two, radar(id="s-heat", detector="heat", groups=("heat",)))
    assert event.id == "s-optical"
    undo(two, "ours", "s-optical", by())
    assert ids(two, "s-optical") == ["s-heat", "s-optical", "s-radar"]
    assert ids(two, "s-other") == ["s-other"]


def test_an_event_is_not_merged_into_itself_nor_with_an_exercise(two: Store) -> None:
    with pytest.raises(EventError, match="into itself"):
        merge(two, "ours", "s-optical", "s-optical", by())
    put(two, optical(id="s-drill", settlement="set-3", mode=Mode.EXERCISE))
    with pytest.raises(EventError, match="exercise"):
        merge(two, "ours", "s-optical", "s-drill", by())
    with pytest.raises(NotFound):
        merge(two, "ours", "s-optical", "nothing", by())
    assert two.opinions("ours", "s-optical") == ()


def test_events_without_sources_can_be_judged_and_merged(store: Store) -> None:
    with store.transaction() as tx:
        tx.put_event(a.event(id="bare", detector_state="WATCH"))
    assert say(store, "ours", "bare", Verb.CLOSE, by()).state is EventState.CLOSED
    assert say(store, "ours", "bare", Verb.REOPEN, by()).state is EventState.CANDIDATE
    merge(store, "ours", "s-optical", "bare", by())
    assert store.event("ours", "bare").merged_into == "s-optical"
    back = undo(store, "ours", "bare", by())
    assert (back.merged_into, back.state) == ("", EventState.CANDIDATE)
