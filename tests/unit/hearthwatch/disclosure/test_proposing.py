"""Telling others takes two people, and neither a key nor oneself is the second."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hearthwatch.access.standing import Caller
from hearthwatch.errors import NotFound, ReleaseError
from hearthwatch.keys import new_key
from hearthwatch.records import Audience, AuditFilter, EventState, Mode, ProposalOutcome, Role
from hearthwatch.store import open_store
from tests.unit.hearthwatch.disclosure.world import DAY, HOUR, MONDAY, OURS, World, person

PARTNER, PUBLIC = Audience.PARTNER, Audience.PUBLIC
TOWN = (25.3, 13.6)


@pytest.fixture(params=["memory", "file"])
def world(request: pytest.FixtureRequest, tmp_path: Path):
    kept = open_store(tmp_path / "a.sqlite", write=True) if request.param == "file" else None
    made = World(tmp_path / "layers", store=kept)
    made.happens(TOWN)
    yield made
    made.store.close()


def with_key(world: World, made_by: str) -> Caller:
    """Return a program that comes with a key that somebody made."""
    key, _ = new_key(OURS, "a program", Role.ANALYST, MONDAY)
    with world.store.transaction() as tx:
        tx.put_key(dataclasses.replace(key, made_by=made_by))
    return dataclasses.replace(person("x"), key=key.id, person="")


def test_another_person_agrees_and_both_are_on_record(world: World) -> None:
    asked = world.as_("amina").ask("evt-1", PARTNER, " They are near. ")
    assert (asked.reason, asked.outcome) == ("They are near.", ProposalOutcome.OPEN)
    world.later(HOUR)
    agreed = world.as_("badr").agree(asked.id)
    assert (agreed.asked_by, agreed.decided_by, agreed.decided) == (
        "per-amina", "per-badr", world.now,
    )  # fmt: skip
    rendering = world.store.rendering(OURS, "evt-1", PARTNER)
    assert rendering is not None and rendering.not_before == world.now
    assert world.store.proposals(OURS) == (agreed,)
    # By the event, as the log is asked for it.
    every = world.store.audit_newest(OURS, AuditFilter(subject="event:evt-1"))
    log = [(one.actor, one.act, one.detail["release"]) for one in reversed(every)]
    assert log == [("per-amina", "release ask", asked.id), ("per-badr", "release agree", asked.id)]


@pytest.mark.parametrize("act", ["agree", "refuse"])
def test_nobody_decides_what_they_asked_for_themselves(world: World, act: str) -> None:
    with_own_key = with_key(world, "per-amina")
    for asker in ("amina", with_own_key):
        asked = world.as_(asker).ask("evt-1", PARTNER, "Why not.")
        for decider in ("amina", with_own_key, with_key(world, "per-badr")):
            with pytest.raises(ReleaseError, match=r"yourself|sign in"):
                getattr(world.as_(decider), act)(asked.id)
        assert world.read(PARTNER) == []
        assert world.store.proposal(OURS, asked.id) == asked
        world.as_("badr").refuse(asked.id)


def test_what_is_decided_stays_decided(world: World) -> None:
    asked = world.as_("amina").ask("evt-1", PARTNER, "Why not.")
    world.as_("badr").refuse(asked.id)
    for act in ("agree", "refuse", "withdraw"):
        with pytest.raises(ReleaseError):
            getattr(world.as_("carla"), act)(asked.id)
    assert world.read(PARTNER) == []


def test_who_asked_may_take_it_back_and_then_nobody_can_agree(world: World) -> None:
    asked = world.as_("amina").ask("evt-1", PARTNER, "Why not.")
    gone = world.as_("amina").withdraw(asked.id)
    assert (gone.outcome, gone.ended_by) == (ProposalOutcome.WITHDRAWN, "per-amina")
    with pytest.raises(ReleaseError, match="decided already"):
        world.as_("badr").agree(asked.id)


def test_a_release_is_taken_off_once_and_can_be_asked_for_anew(world: World) -> None:
    release = world.release(PARTNER)
    with pytest.raises(ReleaseError, match="released already"):
        world.as_("carla").ask("evt-1", PARTNER, "Again.")
    world.as_("carla").withdraw(release)
    with pytest.raises(ReleaseError, match="nothing to withdraw"):
        world.as_("carla").withdraw(release)
    again = world.as_("carla").ask("evt-1", PARTNER, "Again.")
    with pytest.raises(ReleaseError, match="asked for already"):
        world.as_("amina").ask("evt-1", PARTNER, "Again.")
    assert world.as_("amina").agree(again.id).outcome is ProposalOutcome.AGREED


def test_the_public_hears_no_earlier_than_the_later_of_agreement_and_72_hours(
    world: World,
) -> None:
    world.becomes("evt-1", last_detected=world.now - HOUR)
    world.release(PUBLIC)
    first = world.store.rendering(OURS, "evt-1", PUBLIC)
    # Agreed on a Monday, 72 hours after the look it is Thursday: the Monday after is told.
    assert first is not None and first.not_before == MONDAY + 7 * DAY
    world.later(20 * DAY)
    world.happens(TOWN, "old")
    world.release(PUBLIC, "old")
    late = world.store.rendering(OURS, "old", PUBLIC)
    assert late is not None and late.not_before == MONDAY + 21 * DAY


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": EventState.CANDIDATE}, "It is candidate"),
        ({"state": EventState.REJECTED}, "It is rejected"),
        ({"state": EventState.DISPUTED}, "It is disputed"),
        ({"merged_into": "evt-2"}, "merged into evt-2"),
        ({"mode": Mode.EXERCISE}, "exercise"),
    ],
)
def test_what_may_not_be_released_is_refused_also_when_it_became_so_since(
    world: World, changes: dict[str, object], words: str
) -> None:
    asked = world.as_("amina").ask("evt-1", PUBLIC, "Why not.")
    world.becomes("evt-1", **changes)
    with pytest.raises(ReleaseError, match=words):
        world.as_("badr").agree(asked.id)
    world.as_("badr").refuse(asked.id)
    with pytest.raises(ReleaseError, match=words):
        world.as_("amina").ask("evt-1", PUBLIC, "Why not.")
    assert world.store.rendering(OURS, "evt-1", PUBLIC) is None


def test_what_is_not_there_or_another_organisations_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.as_("amina").ask("evt-9", PARTNER, "Why not.")
    asked = world.as_("amina").ask("evt-1", PARTNER, "Why not.")
    stranger = dataclasses.replace(person("dora"), organisation="theirs")
    for act in ("agree", "refuse", "withdraw"):
        with pytest.raises(NotFound):
            getattr(world.as_(stranger), act)(asked.id)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_a_reason_is_needed(world: World, reason: str) -> None:
    with pytest.raises(ReleaseError, match="Say why"):
        world.as_("amina").ask("evt-1", PARTNER, reason)


def test_its_own_people_need_no_release(world: World) -> None:
    with pytest.raises(ReleaseError, match="need no release"):
        world.as_("amina").ask("evt-1", Audience.ORGANISATION, "Why not.")


def test_to_ask_twice_at_once_gives_one_answer_each_time(world: World) -> None:
    world.release(PARTNER)
    before = world.read(PARTNER)
    assert all(world.read(PARTNER) == before for _ in range(5))
    assert len(world.store.tellings(OURS, PARTNER)) == 1
