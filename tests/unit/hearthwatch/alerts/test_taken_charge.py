"""Who took charge stays in charge until it gives that back itself, whatever other contacts say."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from hearthwatch.access.standing import Caller
from hearthwatch.alerting.answers import Coordination, Said
from hearthwatch.records import Answer, Responder, Role, Scope
from hearthwatch.store import MemoryStore
from tests.contract.test_store import STORES
from tests.unit.hearthwatch.alerts.desk import event
from tests.unit.hearthwatch.alerts.net import MINUTE, Net

HOUR = timedelta(hours=1)
FIRM = (Answer.TAKEN_CHARGE, Answer.HANDED_OVER)


def network(net: Net) -> Responder:
    """Three contacts, and somebody of the next rank."""
    made = net.responder("rsd-1", "a", "b", "c")
    net.responder("rsd-2", "z", rank=2)
    return made


@pytest.fixture
def net() -> Net:
    """With an event that the first two contacts were told of."""
    made = Net(MemoryStore())
    network(made)
    made.tell(event())
    made.step()
    made.step(2 * HOUR)
    return made


def state(net: Net) -> str:
    return net.states()["rsd-1"]


def acts(net: Net) -> list[tuple[str, str]]:
    return net.steps("rsd-1")[2:]


class TestWhoeverTookCharge:
    @pytest.mark.parametrize("other", [Answer.DECLINED, Answer.HANDED_OVER, Answer.RECEIVED])
    def test_is_not_undone_by_one_that_was_told_last(self, net: Net, other: Answer) -> None:
        net.answers("a", Answer.TAKEN_CHARGE)
        net.answers("b", other)
        assert state(net) == "taken_charge"
        assert acts(net) == [("taken_charge", "a"), (other.value, "b")]
        net.step(50 * HOUR)
        assert "rsd-2" not in net.states()

    def test_is_shown_beside_who_declined(self, net: Net) -> None:
        net.answers("a", Answer.TAKEN_CHARGE)
        net.answers("b", Answer.DECLINED, "No car.")
        last = net.store.response_steps("ours", "evt-1")[-1]
        assert (last.receiver, last.act.value, last.words) == ("b", "declined", "No car.")

    @pytest.mark.parametrize("back", [Answer.DECLINED, Answer.HANDED_OVER])
    def test_may_give_it_back_though_another_was_told_after_it(
        self, net: Net, back: Answer
    ) -> None:
        net.answers("a", Answer.TAKEN_CHARGE)
        net.answers("a", back)
        net.step()
        told = [receiver for receiver, _, _ in net.told]
        assert told == (["a", "b", "c"] if back is Answer.DECLINED else ["a", "b", "z"])
        assert state(net) == ("told" if back is Answer.DECLINED else "handed_over")

    def test_is_one_of_two_as_long_as_one_of_them_acts(self, net: Net) -> None:
        net.answers("a", Answer.TAKEN_CHARGE)
        net.answers("b", Answer.TAKEN_CHARGE)
        net.answers("a", Answer.DECLINED)
        assert state(net) == "taken_charge"
        net.answers("b", Answer.DECLINED)
        assert state(net) == "told"
        assert net.response("rsd-1").contacts == ("a", "b", "c")

    def test_acts_no_more_though_another_handed_it_to_nobody_meanwhile(self, net: Net) -> None:
        """Nobody was told then, for somebody acted: so somebody has to be told now."""
        net.answers("b", Answer.TAKEN_CHARGE)
        net.answers("a", Answer.HANDED_OVER)
        net.answers("b", Answer.DECLINED)
        net.step()
        assert net.response("rsd-1").contacts == ("a", "b", "c")


def test_the_only_one_that_knew_declines_and_somebody_else_is_told(net: Net) -> None:
    """The one told after it was not waited for any more, since it was known."""
    net.answers("a", Answer.RECEIVED)
    net.answers("a", Answer.DECLINED)
    assert (state(net), net.response("rsd-1").contacts) == ("told", ("a", "b", "c"))


def test_one_of_two_that_know_declines_and_the_other_still_knows(net: Net) -> None:
    net.answers("a", Answer.RECEIVED)
    net.answers("b", Answer.RECEIVED)
    net.answers("a", Answer.DECLINED)
    assert state(net) == "received"


def test_declined_again_with_more_words_tells_nobody_of_yet_another_rank(net: Net) -> None:
    net.responder("rsd-3", "y", rank=3)
    net.step(2 * HOUR)
    for one in ("a", "b", "c"):
        net.answers(one, Answer.DECLINED)
    net.answers("c", Answer.DECLINED, "As I said.")
    assert net.states() == {"rsd-1": "declined", "rsd-2": "told"}


def test_what_is_written_down_for_nobody_by_name_is_given_back_by_all(net: Net) -> None:
    caller = Caller("ours", "per-1", "Amal", Role.ANALYST, frozenset(Scope))
    people = Coordination(net.store, caller, net.now)
    people.answer("evt-1", "rsd-1", Said(Answer.TAKEN_CHARGE))
    net.answers("a", Answer.DECLINED)
    assert state(net) == "taken_charge"
    net.answers("b", Answer.DECLINED)
    assert state(net) == "told"
    people.answer("evt-1", "rsd-1", Said(Answer.TAKEN_CHARGE))
    people.answer("evt-1", "rsd-1", Said(Answer.DECLINED))
    assert state(net) == "declined"


@pytest.mark.parametrize("seed", range(60))
def test_in_any_order_who_acts_is_known_and_silence_leads_on(seed: int) -> None:
    """A story is told by random answers of those told so far, and by time that goes by."""
    net = Net(MemoryStore())
    network(net)
    _story(net, "evt-1", random.Random(seed))


@pytest.mark.parametrize("store", [one for one in STORES if one != "memory"])
def test_in_every_store_too(store: str, tmp_path: Path) -> None:
    kept = STORES[store](tmp_path)
    try:
        net = Net(kept)
        network(net)
        for number in range(3):
            _story(net, f"evt-{number}", random.Random(number))
    finally:
        kept.close()


def _story(net: Net, name: str, chance: random.Random) -> None:
    net.tell(event(id=name, last_detected=net.now))
    net.step()
    counts: dict[str, Answer] = {}
    for _ in range(chance.randint(2, 9)):
        if chance.random() < 0.25:
            net.step(2 * HOUR)
        else:
            who = chance.choice(net.response("rsd-1", name).contacts)
            answer = chance.choice(list(Answer))
            _answer(net, name, who, answer, to=chance.choice(["", "rsd-2"]))
            if answer is not Answer.RECEIVED or counts.get(who) not in FIRM:
                counts[who] = answer
            assert net.steps("rsd-1", name).count((answer.value, who))
        _require_sound(net, name, counts)
        net.step(MINUTE)


def _answer(net: Net, name: str, who: str, answer: Answer, to: str) -> None:
    which = next(at for at, one in enumerate(net.facts(who)) if one["event"] == name)
    net.answers(who, answer, to=to if answer is Answer.HANDED_OVER else "", which=which)


def _require_sound(net: Net, name: str, counts: dict[str, Answer]) -> None:
    found = net.response("rsd-1", name)
    words = [counts.get(one) for one in found.contacts]
    assert (found.state.value == "taken_charge") == (Answer.TAKEN_CHARGE in words)
    match found.state.value:
        case "told":
            assert found.due is not None
            assert words[-1] is None
        case "received":
            assert Answer.RECEIVED in words
        case "declined" | "handed_over" | "unanswered":
            assert "rsd-2" in net.states(name)
