"""What every store keeps of who answers for which event."""

from datetime import timedelta
from typing import Any

import pytest
from shapely.geometry import box

from hearthwatch.errors import NotFound, StoreError
from hearthwatch.records import EffectKind, Response, ResponseState, StepAct
from hearthwatch.store import Store
from tests.contract import store_records as a

HOUR = timedelta(hours=1)


@pytest.fixture
def store(empty: Store) -> Store:
    """With a region, three events and a responder, of two organisations."""
    for organisation in ("ours", "theirs"):
        a.with_region(empty, organisation)
        with empty.transaction() as tx:
            for number in ("1", "2", "3"):
                tx.put_event(a.event(organisation=organisation, id=f"evt-{number}"))
            tx.put_responder(a.responder(organisation=organisation))
    return empty


def put(store: Store, *responses: Response) -> None:
    with store.transaction() as tx:
        for one in responses:
            tx.put_response(one)


class TestResponders:
    def test_come_back_as_they_were_oldest_first(self, store: Store) -> None:
        drawn = a.responder(
            id="rsd-0", created=a.NOON + HOUR, region="", geometry=box(25, 13, 26, 14),
            until=a.NOON + a.DAY, contacts=(), rank=2, urgent_wait=30,
        )  # fmt: skip
        with store.transaction() as tx:
            tx.put_responder(drawn)
        assert store.responders("ours") == (a.responder(), drawn)
        assert store.responders("theirs") == (a.responder(organisation="theirs"),)
        assert store.responders("nobody", removed=True) == ()

    def test_one_removed_stays_readable(self, store: Store) -> None:
        gone = a.responder(removed=a.NOON, revision=2)
        with store.transaction() as tx:
            tx.put_responder(gone)
        assert store.responders("ours") == ()
        assert store.responders("ours", removed=True) == (gone,)

    def test_every_change_shows(self, store: Store) -> None:
        seen = [store.networked("nobody"), store.networked("ours")]
        for change in (a.responder(revision=2), a.responder(id="rsd-2")):
            with store.transaction() as tx:
                tx.put_responder(change)
            seen.append(store.networked("ours"))
        assert len(set(seen)) == len(seen)
        assert seen[0] == (0, 0)
        assert store.networked("theirs") == (1, 1)


class TestResponses:
    def test_come_back_as_they_were_those_told_first_first(self, store: Store) -> None:
        first, later = a.response(), a.response(id="rsp-0", event="evt-2", told=a.NOON + HOUR)
        put(store, later, first, a.response(organisation="theirs"))
        assert store.responses("ours", ["evt-1", "evt-2"]) == (first, later)
        assert store.responses("ours", ["evt-2", "evt-3"]) == (later,)
        assert store.responses("ours", []) == store.responses("nobody", ["evt-1"]) == ()

    def test_one_is_replaced_as_it_is_answered(self, store: Store) -> None:
        put(store, a.response())
        answered = a.response(state=ResponseState.TAKEN_CHARGE, due=None, steps=2)
        put(store, answered)
        assert store.response("ours", "rsp-1") == answered
        with pytest.raises(NotFound):
            store.response("theirs", "rsp-1")

    def test_a_responder_has_one_to_an_event(self, store: Store) -> None:
        put(store, a.response(), a.response(id="rsp-1", organisation="theirs"))
        with pytest.raises(StoreError, match="was told of event"), store.transaction() as tx:
            tx.put_response(a.response(id="rsp-2"))
        assert [one.id for one in store.responses("ours", ["evt-1"])] == ["rsp-1"]

    def test_one_of_no_event_is_refused(self, store: Store) -> None:
        with pytest.raises(StoreError), store.transaction() as tx:
            tx.put_response(a.response(event="evt-9"))

    def test_those_whose_time_is_over_the_longest_first(self, store: Store) -> None:
        put(
            store, a.response(due=a.NOON + 2 * HOUR), a.response(id="b", event="evt-2", due=None),
            a.response(id="c", event="evt-3", due=a.NOON + 3 * HOUR),
            a.response(organisation="theirs", id="d", due=a.NOON + HOUR),
        )  # fmt: skip
        found = store.overdue_responses(a.NOON + 2 * HOUR, 9)
        assert [one.id for one in found] == ["d", "rsp-1"]
        assert [one.id for one in store.overdue_responses(a.NOON + 2 * HOUR, 1)] == ["d"]
        assert store.overdue_responses(a.NOON, 9) == ()

    def test_what_nobody_answered_unless_somebody_took_notice(self, store: Store) -> None:
        nobody = {"state": ResponseState.UNANSWERED, "due": None}
        put(
            store, a.response(**nobody, since=a.NOON + HOUR),
            a.response(id="b", event="evt-2", **nobody),
            a.response(id="c", event="evt-3", **nobody),
            # Of another organisation, so it takes no notice of ours.
            a.response(id="x", organisation="theirs", state=ResponseState.RECEIVED),
            a.response(id="y", organisation="theirs", event="evt-2", **nobody),
            # Nobody there was told either, for want of a release.
            a.response(
                id="z", organisation="theirs", event="evt-3", state=ResponseState.UNRELEASED
            ),
        )  # fmt: skip
        other = {"responder": "rsd-2", "told": a.NOON}
        put(
            store, a.response(id="d", event="evt-1", state=ResponseState.DECLINED, **other),
            a.response(id="e", event="evt-2", state=ResponseState.TAKEN_CHARGE, **other),
        )  # fmt: skip
        assert [one.id for one in store.unanswered("ours")] == ["c", "d", "rsp-1"]
        assert [one.id for one in store.unanswered()] == ["c", "d", "y", "z", "rsp-1"]

    @pytest.mark.parametrize(
        ("second", "is_left"),
        [
            ({"state": ResponseState.DECLINED}, True),
            ({"state": ResponseState.HANDED_OVER, "handed_to": "rsd-1"}, True),
            ({"state": ResponseState.HANDED_OVER}, False),
            ({"state": ResponseState.TOLD}, False),
            ({"state": ResponseState.RECEIVED}, False),
        ],
        ids=["too", "gave it to who declined", "gave it beyond", "is still asked", "knows"],
    )
    def test_an_event_that_all_declined_is_left_to_itself(
        self, store: Store, second: dict[str, Any], is_left: bool
    ) -> None:
        put(
            store, a.response(state=ResponseState.DECLINED, due=None),
            a.response(id="b", responder="rsd-2", told=a.NOON, **second),
        )  # fmt: skip
        assert ("rsp-1" in [one.id for one in store.unanswered("ours")]) is is_left


class TestWhatWasSaid:
    def test_steps_come_back_in_the_order_of_time(self, store: Store) -> None:
        second = a.step(
            sequence=2, at=a.NOON + HOUR, act=StepAct.HANDED_OVER, to="rsd-2", by="per-1"
        )
        put(store, a.response(), a.response(organisation="theirs"))
        with store.transaction() as tx:
            tx.add_response_steps([second, a.step()])
        assert store.response_steps("ours", "evt-1") == (a.step(), second)
        assert store.response_steps("ours", "evt-2") == ()
        assert store.response_steps("theirs", "evt-1") == ()

    def test_steps_of_no_response_are_refused(self, store: Store) -> None:
        with pytest.raises(StoreError), store.transaction() as tx:
            tx.add_response_steps([a.step()])

    def test_notes_and_effects_come_back_oldest_first(self, store: Store) -> None:
        note = a.note(id="nte-0", at=a.NOON + HOUR)
        effect = a.effect(id="eff-0", at=a.NOON + HOUR, effect=EffectKind.BACKFIRE, words="")
        with store.transaction() as tx:
            for one in (note, a.note(), a.note(id="nte-2", event="evt-2")):
                tx.add_note(one)
            for other in (effect, a.effect(), a.effect(id="eff-2", event="evt-2")):
                tx.add_effect(other)
        assert store.notes("ours", "evt-1") == (a.note(), note)
        assert store.effects("ours", "evt-1") == (a.effect(), effect)
        assert store.notes("theirs", "evt-1") == store.effects("theirs", "evt-1") == ()
