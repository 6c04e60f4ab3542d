"""Erasing content, of every store: it goes, the fact stays, others are untouched."""

from __future__ import annotations

import dataclasses
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearthwatch.errors import NotFound, StoreError
from hearthwatch.records import Audience, Event, ProposalOutcome, ProposedAct, Subject
from hearthwatch.store import MemoryStore, Store, open_store, tables
from hearthwatch.store.codec import canonical_json, to_row
from hearthwatch.store.erasing import KEPT, Erased
from tests.contract import store_everything as whole
from tests.contract import store_records as a
from tests.support import postgis

WORDS = (whole.WORD,)


@pytest.fixture
def store(empty: Store) -> Store:
    """One of everything, of each of two organisations."""
    whole.fill(empty, "ours")
    return whole.fill(empty, "theirs", "Anderswort")


def erase(store: Store, subject: Subject, its_id: str, organisation: str = "ours") -> Erased:
    parts = store.parts(organisation, subject, its_id)
    with store.transaction() as tx:
        return tx.erase(parts)


def rows_of(store: Store, organisation: str) -> list[str]:
    found = (
        f"{name} {sorted((k, v) for k, v in row.items() if k not in ('number', 'seq'))}"
        for name, row in whole.rows(store)
        if row["organisation"] == organisation
    )
    return sorted(found)


def test_the_store_of_the_tests_has_one_of_every_record_that_names_a_part(store: Store) -> None:
    # A new class of records has to be put there, and is then erased or told to be kept.
    kept = {name for name, row in whole.rows(store) if whole.holds(row, *WORDS, "reg-1", "evt-1")}
    named = {tables.NAMES[record] for record in whole.PARTS if record not in KEPT}
    assert named - kept == set()


@pytest.mark.parametrize("subject", [Subject.EVENT, Subject.SETTLEMENT, Subject.REGION])
def test_nothing_of_it_stays_in_any_table_and_others_lose_nothing(
    store: Store, subject: Subject
) -> None:
    theirs = rows_of(store, "theirs")
    its_id = {Subject.EVENT: "evt-1", Subject.SETTLEMENT: "set-1", Subject.REGION: "reg-1"}[subject]
    assert any(whole.holds(row, *WORDS) for _, row in whole.rows(store))
    erase(store, subject, its_id)
    if subject is not Subject.REGION:
        # What an event was part of stays until it is erased itself.
        left = {name for name, row in whole.rows(store)
                if row["organisation"] == "ours" and whole.holds(row, *WORDS)
                # An alarm names regions and nothing smaller.
                and row.get("form") != "alarm"}  # fmt: skip
        of_region = {"regions", "region_versions", "jobs", "state_versions", "ledger", "spends",
                     "ledger_history", "known_scenes", "gaps"}  # fmt: skip
        of_settlement = {"settlements", "settlement_versions"}
        assert left <= of_region | (of_settlement if subject is Subject.EVENT else set())
        erase(store, Subject.REGION, "reg-1")
    if subject is not Subject.SETTLEMENT:
        erase(store, Subject.SETTLEMENT, "set-1")
    ours = [(n, row) for n, row in whole.rows(store) if row["organisation"] == "ours"]
    assert [(name, row) for name, row in ours if whole.holds(row, *WORDS)] == []
    assert rows_of(store, "theirs") == theirs
    assert store.event("ours", "evt-2").settlement == "set-2"
    assert [one.id for one in store.detections("ours", "evt-2")] == ["det-2"]


def test_an_erased_event_is_nowhere_to_be_asked_for(store: Store) -> None:
    erase(store, Subject.EVENT, "evt-1")
    for ask in (store.event, store.event_history):
        with pytest.raises(NotFound):
            ask("ours", "evt-1")
    with pytest.raises(NotFound):
        store.source("ours", "src-1")
    assert store.detections("ours", "evt-1") == store.opinions("ours", "evt-1") == ()
    assert store.event_versions("ours", [("evt-1", 1), ("evt-1", 2)]) == ()
    assert store.claims("ours", event="evt-1") == store.assessments("ours", event="evt-1") == ()
    assert store.rendering("ours", "evt-1", Audience.PARTNER) is None
    assert store.event("theirs", "evt-1").version == 2
    with pytest.raises(NotFound):
        store.parts("ours", Subject.EVENT, "evt-1")


def test_tombstones_tell_followers_what_went(store: Store) -> None:
    after = store.changes("ours").next
    erase(store, Subject.REGION, "reg-1")
    told = store.changes("ours", after=after).items
    assert [(one.subject, one.id, one.gone) for one in told] == [
        (Subject.EVENT, "evt-1", True),
        (Subject.DETECTION, "det-1", True),
        (Subject.REGION, "reg-1", True),
    ]
    assert [one.sequence for one in store.changes("ours").items] == list(
        range(1, len(store.changes("ours").items) + 1)
    )


def test_what_was_told_to_others_stays_as_a_tombstone_without_words(store: Store) -> None:
    erase(store, Subject.EVENT, "evt-1")
    told = store.tellings("ours", Audience.PARTNER)
    assert [(one.version, one.id, one.gone, one.detail) for one in told] == [
        (1, "7f3a", False, {}), (2, "7f3a", True, {}),
    ]  # fmt: skip
    assert [one.reason for one in store.proposals("ours")] == ["[erased]", "They should know."]


def test_accounts_stay_and_tell_no_place(store: Store) -> None:
    before = store.spent("ours", "sentinelhub", a.NOON - a.DAY)
    erase(store, Subject.REGION, "reg-1")
    assert store.spent("ours", "sentinelhub", a.NOON - a.DAY) == before
    (one,) = store.spends("ours", region="reg-1").items
    assert (one.cell, one.acquisition, one.detail) == ("", "", "")


def test_the_hash_is_that_of_the_content_in_every_store(store: Store) -> None:
    memory = whole.fill(MemoryStore(), "ours")
    expected = erase(memory, Subject.EVENT, "evt-1")
    found = erase(store, Subject.EVENT, "evt-1")
    assert found == expected
    assert dict(found.rows) == {
        "Alert": 1, "Assessment": 1, "Backtest": 1, "Claim": 1, "Detection": 1, "Event": 2,
        "EventSource": 2, "Message": 1, "Opinion": 1, "Proposal": 1, "Rendering": 1,
        "Telling": 2,
    }  # fmt: skip


def test_the_hash_can_be_recomputed_from_a_copy(empty: Store) -> None:
    a.with_region(empty)
    event = a.event()
    with empty.transaction() as tx:
        tx.put_event(event)
    row = {k: v.hex() if isinstance(v, bytes) else v for k, v in to_row(event).items()}
    line = hashlib.sha256(b"Event\0" + canonical_json(row).encode()).digest()
    assert erase(empty, Subject.EVENT, "evt-1").sha256 == hashlib.sha256(line).hexdigest()


def test_what_was_merged_into_it_goes_with_it(empty: Store) -> None:
    a.with_region(empty)
    with empty.transaction() as tx:
        for number, into in ((1, ""), (2, "evt-1"), (3, "evt-2"), (4, "")):
            tx.put_event(a.event(id=f"evt-{number}", merged_into=into))
    assert empty.parts("ours", Subject.EVENT, "evt-1").events == ("evt-1", "evt-2", "evt-3")
    erase(empty, Subject.EVENT, "evt-1")
    with pytest.raises(NotFound):
        empty.event("ours", "evt-3")
    assert empty.event("ours", "evt-4").id == "evt-4"


def test_a_look_of_a_source_that_moved_on_stays_with_the_event_that_it_tells_of_now(
    empty: Store,
) -> None:
    a.with_region(empty)
    with empty.transaction() as tx:
        tx.put_event(a.event())
        tx.put_event(a.event(id="evt-2"))
        tx.put_source(a.source())
        tx.add_detections([a.detection(source="src-1")])
        tx.put_source(a.source(version=2, event="evt-2"))
    erase(empty, Subject.EVENT, "evt-1")
    (look,) = empty.source_detections("ours", "src-1")
    assert (look.id, look.event) == ("det-1", "evt-2")


def test_what_was_erased_is_not_written_again(store: Store) -> None:
    parts = store.parts("ours", Subject.EVENT, "evt-1")
    agreed = a.proposal(
        id="era-1", act=ProposedAct.ERASE, audience=None, outcome=ProposalOutcome.AGREED,
        detail={"ids": [*parts.events, *parts.sources]},
    )  # fmt: skip
    with store.transaction() as tx:
        tx.erase(parts)
        tx.put_proposal(agreed)
    last = store.changes("ours").next
    with store.transaction() as tx:
        tx.put_event(a.event())
        tx.put_source(a.source())
        tx.put_source(a.source(id="src-9", event="evt-1"))
        tx.add_detections([a.detection(source="src-1"), a.detection(id="det-9", event="evt-1")])
        tx.put_event(a.event(id="evt-3"))
    with pytest.raises(NotFound):
        store.event("ours", "evt-1")
    assert [one.id for one in store.changes("ours", after=last).items] == ["evt-3"]
    with store.transaction() as tx:
        tx.put_event(a.event(organisation="theirs", version=3))
    assert store.event("theirs", "evt-1").version == 3


def test_a_transaction_that_is_rolled_back_erases_nothing(store: Store) -> None:
    before = rows_of(store, "ours")
    parts = store.parts("ours", Subject.REGION, "reg-1")
    with pytest.raises(RuntimeError), store.transaction() as tx:
        tx.erase(parts)
        raise RuntimeError
    assert rows_of(store, "ours") == before


@pytest.mark.parametrize(
    ("subject", "its_id"),
    [(Subject.EVENT, "evt-9"), (Subject.REGION, "set-1"), (Subject.DETECTION, "det-1")],
)
def test_what_is_not_there_has_no_parts(store: Store, subject: Subject, its_id: str) -> None:
    with pytest.raises(NotFound):
        store.parts("ours", subject, its_id)
    with pytest.raises(NotFound):
        store.parts("nobody", Subject.EVENT, "evt-1")


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=st.lists(
        st.tuples(st.sampled_from(["", "set-1", "set-2"]), st.integers(0, 5)),
        min_size=1, max_size=6,
    ),
    chosen=st.integers(0, 5),
)  # fmt: skip
def test_of_random_events_exactly_one_family_goes(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, int]], chosen: int
) -> None:
    """Truth: who was merged into whom, followed to the end, by hand."""
    into = [f"evt-{to}" if to < number else "" for number, (_, to) in enumerate(events)]
    first = f"evt-{chosen % len(events)}"
    family = {first}
    for number, to in enumerate(into):
        # A later one is only ever merged into an earlier one, so one pass is enough.
        if to in family:
            family.add(f"evt-{number}")
    path = tmp_path_factory.mktemp("erase") / "hearthwatch.db"
    for store in (MemoryStore(), open_store(path, write=True)):
        a.with_region(store)
        with store.transaction() as tx:
            for number, (settlement, _) in enumerate(events):
                one = a.event(id=f"evt-{number}", settlement=settlement, merged_into=into[number])
                tx.put_event(one)
        erase(store, Subject.EVENT, first)
        left = {row["id"] for name, row in whole.rows(store) if name == "events"}
        assert left == {f"evt-{n}" for n in range(len(events))} - family
        assert whole.tombstones(store, "ours") == {(Subject.EVENT, one) for one in family}
        store.close()


def _told_in_files() -> tuple[bytes, ...]:
    # What a reader of the disk would look for: the name, the outline, its corner in the index.
    return (
        whole.WORD.encode(),
        struct.pack("<d", whole.CORNER),
        whole.CELL.encode(),
    )


def _as_rounded(edge: float) -> list[bytes]:
    """Return the 32-bit numbers at and just below an edge, one of which R*Tree keeps."""
    found = [np.float32(edge)]
    for _ in range(4):
        found.append(np.nextafter(found[-1], np.float32(0)))
    return [struct.pack(">f", one) for one in found]


def _erase_all_of(store: Store) -> None:
    for subject, its_id in (
        (Subject.EVENT, "evt-1"), (Subject.SETTLEMENT, "set-1"), (Subject.REGION, "reg-1"),
    ):  # fmt: skip
        erase(store, subject, its_id)
    store.scrub()


def test_no_byte_of_it_stays_in_the_files_of_sqlite(tmp_path: Path) -> None:
    store = whole.fill(open_store(tmp_path / "hearthwatch.db", write=True), "ours")
    near = _as_rounded(whole.CORNER)
    assert len(whole.files_with(tmp_path, *_told_in_files())) == 3
    assert whole.files_with(tmp_path, *near), "the index of windows is looked for in vain"
    _erase_all_of(store)
    assert whole.files_with(tmp_path, *_told_in_files(), *near) == []
    # And it still is a store that answers and takes more.
    window = a.event(id="evt-5", region="reg-2")
    with store.transaction() as tx:
        tx.put_event(window)
    assert store.event("ours", "evt-5") == window
    store.close()
    assert whole.files_with(tmp_path, *_told_in_files(), *near) == []


def test_no_byte_of_it_stays_in_the_tables_of_postgresql() -> None:
    server = postgis.server()
    address = server.make("ours")
    name = address.partition("?")[0].rpartition("/")[2]
    store = whole.fill(open_store(address, write=True), "ours")
    with store._reader.connect() as connection:
        asked = "SELECT oid FROM pg_database WHERE datname = current_database()"
        folder = server.folder / "data" / "base" / str(connection.exec_driver_sql(asked).scalar())
    server.say("ANALYZE", name)
    server.say("CHECKPOINT")
    assert len(whole.files_with(folder, *_told_in_files())) == 3
    _erase_all_of(store)
    server.say("CHECKPOINT")
    assert whole.files_with(folder, *_told_in_files()) == []
    assert store.event("ours", "evt-2").id == "evt-2"
    store.close()


def test_a_store_opened_for_reading_cannot_be_scrubbed(tmp_path: Path) -> None:
    open_store(tmp_path / "hearthwatch.db", write=True).close()
    store = open_store(tmp_path / "hearthwatch.db")
    with pytest.raises(StoreError, match="opened for reading"):
        store.scrub()
    store.close()


def test_events_compare_as_values() -> None:
    """The records these tests compare are plain values; else equality above would tell nothing."""
    assert dataclasses.is_dataclass(Event)
    assert a.event() == a.event() != a.event(looks=2)
