"""Erasing takes two people; a legal hold refuses it, and is lifted by two."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from shapely.geometry import MultiPolygon

from hearthwatch.access.standing import Caller
from hearthwatch.audit.verifying import verify
from hearthwatch.disclosure.erasing import Erasures
from hearthwatch.disclosure.holds import Holds, in_force
from hearthwatch.errors import NotFound, ReleaseError
from hearthwatch.layout import Layout
from hearthwatch.operation import erasing
from hearthwatch.records import Audience, AuditFilter, ProposalOutcome, Role, Subject
from hearthwatch.store import MemoryStore, Store, open_store
from hearthwatch.store.erasing import Parts
from tests.contract import store_everything as whole
from tests.contract import store_records as a
from tests.support import chips
from tests.unit.hearthwatch.disclosure.world import DAY, OURS, World, person
from tiles.archive import Archive
from tiles.cell import cell_from_id

AMINA, BADR = person("amina", Role.ADMIN), person("badr", Role.ADMIN)
MACHINE = dataclasses.replace(AMINA, key="0123456789ab", person="")


@pytest.fixture
def store() -> Store:
    return whole.fill(MemoryStore(), OURS)


@pytest.fixture(params=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = MemoryStore() if request.param == "memory" else open_store(tmp_path / "s", write=True)
    yield whole.fill(made, OURS)
    made.close()


def erasures(store: Store, who: Caller = AMINA) -> Erasures:
    return Erasures(store, who)


def holds(store: Store, who: Caller = AMINA) -> Holds:
    return Holds(store, who)


def asked(store: Store, what: Subject = Subject.EVENT, its_id: str = "evt-1") -> str:
    return erasures(store).ask(what, its_id, "They asked us to.").id


def test_one_asks_another_agrees_and_hash_counts_and_names_stay(kept: Store) -> None:
    store = kept
    its_id = asked(store)
    agreed = erasures(store, BADR).agree(its_id)
    assert (agreed.outcome, agreed.asked_by, agreed.decided_by) == (
        ProposalOutcome.AGREED, "per-amina", "per-badr",
    )  # fmt: skip
    assert agreed.detail["ids"] == ["evt-1", "src-1"]
    assert agreed.detail["states"] == {"candidate": 1}
    assert agreed.detail["rows"]["Event"] == 2
    assert store.proposal(OURS, its_id) == agreed
    with pytest.raises(NotFound):
        store.event(OURS, "evt-1")
    last = store.audit(OURS)[-1]
    assert (last.actor, last.act, last.subject) == ("per-badr", "erase agree", "event:evt-1")
    assert last.detail["sha256"] == agreed.detail["sha256"]
    assert len(agreed.detail["sha256"]) == 64
    assert all(one.broken is None for one in verify(store))


def test_nobody_agrees_to_what_they_asked_for_and_no_key_takes_part(store: Store) -> None:
    with pytest.raises(ReleaseError, match="No key"):
        erasures(store, MACHINE).ask(Subject.EVENT, "evt-1", "Why not.")
    its_id = asked(store)
    for who, words in ((AMINA, "Another person"), (MACHINE, "A key cannot")):
        with pytest.raises(ReleaseError, match=words):
            erasures(store, who).agree(its_id)
    with pytest.raises(ReleaseError, match="No key"):
        erasures(store, MACHINE).refuse(its_id)
    assert store.event(OURS, "evt-1").version == 2
    with pytest.raises(ReleaseError, match="asked for already"):
        asked(store)


@pytest.mark.parametrize(("who", "outcome"), [(AMINA, "withdrawn"), (BADR, "refused")])
def test_what_was_refused_is_not_erased(store: Store, who: Caller, outcome: str) -> None:
    its_id = asked(store)
    assert erasures(store, who).refuse(its_id).outcome.value == outcome
    with pytest.raises(ReleaseError, match="decided already"):
        erasures(store, BADR).agree(its_id)
    assert store.event(OURS, "evt-1").version == 2


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_a_reason_is_needed(store: Store, reason: str) -> None:
    with pytest.raises(ReleaseError, match="Say why"):
        erasures(store).ask(Subject.EVENT, "evt-1", reason)


def test_what_was_merged_is_erased_with_what_it_was_merged_into(store: Store) -> None:
    with store.transaction() as tx:
        tx.put_event(a.event(id="evt-7", merged_into="evt-1"))
    with pytest.raises(ReleaseError, match="erase that one"):
        asked(store, Subject.EVENT, "evt-7")


@pytest.mark.parametrize(
    ("what", "its_id"),
    [("event", "evt-1"), ("settlement", "set-1"), ("region", "reg-1"), ("all", "")],
)
@pytest.mark.parametrize(
    ("erased", "erased_id"),
    [(Subject.EVENT, "evt-1"), (Subject.SETTLEMENT, "set-1"), (Subject.REGION, "reg-1")],
)
def test_a_hold_refuses_what_it_is_on_its_parts_and_what_it_is_part_of(
    store: Store, what: str, its_id: str, erased: Subject, erased_id: str
) -> None:
    before = asked(store, erased, erased_id)
    held = holds(store).put(what, its_id, "Case 7")
    for attempt in (
        lambda: erasures(store, BADR).agree(before),
        lambda: asked(store, erased, erased_id),
    ):
        with pytest.raises(ReleaseError, match=f"legal hold .{held.id}"):
            attempt()
    assert store.parts(OURS, erased, erased_id).id == erased_id


def test_a_hold_elsewhere_refuses_nothing_here(store: Store) -> None:
    holds(store).put("event", "evt-2", "Case 7")
    with store.transaction() as tx:
        tx.put_proposal(a.hold(organisation="theirs", detail={"what": "all"}, subject=""))
    assert erasures(store, BADR).agree(asked(store)).outcome is ProposalOutcome.AGREED


def test_lifting_a_hold_takes_two_people(kept: Store) -> None:
    store = kept
    held = holds(store).put("event", "evt-1", "Case 7").id
    holds(store).lift(held, "The case is closed.")
    for who, words in ((AMINA, "Another person"), (MACHINE, "A key cannot")):
        with pytest.raises(ReleaseError, match=words):
            holds(store, who).lift(held)
    assert [one.id for one in in_force(store, OURS)] == [held]
    lifted = holds(store, BADR).lift(held)
    assert (lifted.ended_by, in_force(store, OURS)) == ("per-badr", ())
    with pytest.raises(NotFound):
        holds(store).lift(held, "Again.")
    named = store.audit_newest(OURS, AuditFilter(subject="event:evt-1"))
    acts = [one.act for one in reversed(named)]
    assert acts == ["hold set", "hold lift ask", "hold lift agree"]
    assert erasures(store, BADR).agree(asked(store)).outcome is ProposalOutcome.AGREED


def test_one_person_keeps_a_hold(store: Store) -> None:
    held = holds(store).put("event", "evt-1", "Case 7").id
    with pytest.raises(ReleaseError, match="Nobody asked"):
        holds(store, BADR).keep(held)
    with pytest.raises(ReleaseError, match="Say why"):
        holds(store).lift(held)
    holds(store).lift(held, "The case is closed.")
    holds(store, BADR).keep(held)
    # Asked for anew it again takes two.
    holds(store, BADR).lift(held, "Now it is.")
    assert [one.id for one in in_force(store, OURS)] == [held]


@pytest.mark.parametrize(("what", "its_id"), [("event", "evt-9"), ("region", "set-1")])
def test_a_mistyped_hold_is_refused(store: Store, what: str, its_id: str) -> None:
    with pytest.raises(NotFound):
        holds(store).put(what, its_id, "Case 7")
    with pytest.raises(ReleaseError, match="names no id"):
        holds(store).put("all", "evt-1", "Case 7")


def test_what_is_not_erased_is_not_taken_back_from_others(tmp_path: Path) -> None:
    """Where erasing fails, or somebody refuses it meanwhile: a release needs two people again."""
    world = World(tmp_path, [(25.3, 13.6)], open_store(tmp_path / "s", write=True))
    world.happens((25.3, 13.6))
    world.release(Audience.PARTNER)
    told = world.read(Audience.PARTNER)
    world.later(DAY)
    its_id = Erasures(world.store, AMINA, world.clock).ask(Subject.EVENT, "evt-1", "Why.").id
    second = Erasures(world.store, BADR, world.clock)

    def full(_: Parts) -> None:
        raise OSError("No space left on device.")

    with pytest.raises(OSError, match="No space"):
        second.agree(its_id, full)
    assert world.read(Audience.PARTNER) == told
    second.agree(its_id)
    (gone,) = world.read(Audience.PARTNER)
    assert (gone["id"], gone["properties"]["gone"]) == (told[0]["id"], True)
    world.store.close()


def test_partners_read_a_tombstone_of_what_was_erased(tmp_path: Path) -> None:
    world = World(tmp_path, places=[(25.31, 13.61)])
    with world.store.transaction() as tx:
        tx.put_event(a.event(state="confirmed", settlement="set-0"))
    release = world.as_("amina").ask("evt-1", Audience.PARTNER, "They are near.")
    world.as_("badr").agree(release.id)
    (told,) = world.read(Audience.PARTNER)
    world.now += DAY
    its_id = Erasures(world.store, AMINA, world.clock).ask(Subject.EVENT, "evt-1", "Why.").id
    Erasures(world.store, BADR, world.clock).agree(its_id)
    (gone,) = world.read(Audience.PARTNER)
    assert gone["id"] == told["id"]
    assert gone["geometry"] is None
    assert set(gone["properties"]) == {"id", "gone", "told"}
    ended = world.store.proposal(OURS, release.id)
    assert (ended.ended_by, ended.reason) == ("per-badr", "[erased]")


def test_if_the_files_cannot_be_taken_away_nothing_is_erased(store: Store) -> None:
    its_id = asked(store, Subject.REGION, "reg-1")

    def fails(_: Parts) -> None:
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        erasures(store, BADR).agree(its_id, fails)
    assert store.event(OURS, "evt-1").version == 2
    assert erasures(store, BADR).agree(its_id).outcome is ProposalOutcome.AGREED


def test_states_and_caches_of_an_erased_region_go_and_those_of_others_stay(tmp_path: Path) -> None:
    layout, store = Layout(tmp_path), whole.fill(MemoryStore(), OURS)
    for region in ("reg-1", "reg-2"):
        (layout.states / region / "cell").mkdir(parents=True)
        (layout.states / region / "cell" / "000001.slab").write_bytes(b"x")
    erasing.agree(erasures(store, BADR), layout, asked(store, Subject.REGION, "reg-1"))
    assert sorted(path.name for path in layout.states.iterdir()) == ["reg-2"]


@pytest.mark.parametrize("beside", ["", OURS, "theirs"])
def test_pictures_go_with_a_region_unless_another_of_ours_looks_at_the_same_ground(
    tmp_path: Path, beside: str
) -> None:
    layout, store = Layout(tmp_path), MemoryStore()
    archive = Archive(layout.archive(OURS))
    archive.store(chips.chip(), chips.CELL)
    ground = cell_from_id(chips.CELL).footprint.centroid.buffer(0.01)
    core = MultiPolygon([ground])
    with store.transaction() as tx:
        tx.put_region(a.region(geometry=core))
        if beside:
            other = MultiPolygon([core.buffer(0.001)])
            tx.put_region(a.region(id="reg-9", organisation=beside, name="Nine", geometry=other))
    theirs = Archive(layout.archive("theirs"))
    theirs.store(chips.chip(), chips.CELL)
    before = pictures(layout, OURS)
    assert before
    erasing.agree(erasures(store, BADR), layout, asked(store, Subject.REGION, "reg-1"))
    # That another organisation watches the same ground must not show by what is kept here.
    assert pictures(layout, OURS) == (before if beside == OURS else set())
    assert archive.verify() == []
    assert len(pictures(layout, "theirs")) == len(before)
    assert theirs.verify() == []


def pictures(layout: Layout, organisation: str) -> set[Path]:
    return set(layout.archive(organisation).rglob("*.tif*"))
