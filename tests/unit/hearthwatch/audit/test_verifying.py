"""Whatever is done to the log by SQL is found, and the first entry it was done to is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearthwatch.audit.entries import unsealed
from hearthwatch.audit.heads import Head, document, heads_of, read
from hearthwatch.audit.verifying import How, Verified, verify
from hearthwatch.errors import AuditError
from hearthwatch.store import open_store
from hearthwatch.store.codec import canonical_json
from hearthwatch.store.rules import seal_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ENTRIES = 12
FEW = settings(max_examples=12)
COLUMNS = (
    "organisation", "sequence", "at", "actor", "act", "subject", "outcome", "previous", "sha256",
    "detail",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of `ours` with twelve entries, of `theirs` and of the service with three each."""
    path = tmp_path_factory.mktemp("log") / "hearthwatch.sqlite"
    store = open_store(path, write=True)
    with store.transaction() as tx:
        for number in range(ENTRIES):
            at = NOON + timedelta(seconds=number)
            detail = {"more": number} if number % 3 == 0 else {}
            tx.add_audit(
                unsealed("ours", at, f"key-{number}", "read_event", "event:e", detail=detail)
            )
        for whose in ("theirs", ""):
            for _ in range(3):
                tx.add_audit(unsealed(whose, NOON, "k", "list_events"))
    store.close()
    return path


def verified(path: Path, *heads: Head) -> dict[str, Verified]:
    store = open_store(path)
    try:
        return {one.organisation: one for one in verify(store, heads=heads)}
    finally:
        store.close()


def tampered(whole: Path, folder: Path, *statements: tuple[str, tuple[object, ...]]) -> Path:
    """Return a copy on which statements were run by somebody with the file."""
    copy = folder / "copy.sqlite"
    shutil.copy(whole, copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        # Nor do constraints stop such a one: the table is made again without any.
        connection.execute("CREATE TABLE bare AS SELECT * FROM audit")
        connection.execute("DROP TABLE audit")
        connection.execute("ALTER TABLE bare RENAME TO audit")
        for statement, values in statements:
            assert connection.execute(statement, values).rowcount > 0
    return copy


def test_a_log_as_it_was_written_holds(whole: Path) -> None:
    found = verified(whole)
    assert {name: (one.entries, one.broken) for name, one in found.items()} == {
        "": (3, None), "ours": (ENTRIES, None), "theirs": (3, None)
    }  # fmt: skip


OURS = "organisation = 'ours' AND sequence = ?"


@settings(max_examples=40)
@given(place=st.integers(1, ENTRIES), column=st.sampled_from(COLUMNS), other=st.sampled_from(
    [0, -1, 7, 10**15, "", "else", "ours ", "{}", '{"more": 0}', '{"more":99}', "0" * 64, 1.5, b"x"]
))  # fmt: skip
def test_whatever_is_changed_in_a_row_is_found(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, place: int, column: str, other: object
) -> None:
    with closing(sqlite3.connect(whole)) as connection:
        (before,) = connection.execute(
            f"SELECT {column} FROM audit WHERE {OURS}", (place,)
        ).fetchone()
    change = (f"UPDATE audit SET {column} = ? WHERE {OURS}", (other, place))
    found = verified(tampered(whole, tmp_path_factory.mktemp("c"), change))
    same = type(before) is type(other) and before == other
    broken = [one for one in found.values() if one.broken]
    if same or (column in ("organisation", "sequence") and place == ENTRIES and not broken):
        # The last entry renumbered or given away leaves a shorter log: see the test of heads.
        assert same or found["ours"].entries < ENTRIES
        return
    assert broken
    if "ours" in found and found["ours"].broken:
        assert found["ours"].broken.sequence <= place


@FEW
@given(place=st.integers(1, ENTRIES - 1))
def test_a_row_taken_out_is_missing(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, place: int
) -> None:
    gone = (f"DELETE FROM audit WHERE {OURS}", (place,))
    broken = verified(tampered(whole, tmp_path_factory.mktemp("c"), gone))["ours"].broken
    assert broken is not None
    assert (broken.sequence, broken.how) == (place, How.MISSING)


@FEW
@given(place=st.integers(1, ENTRIES))
def test_a_row_that_stands_there_twice_is_doubled(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, place: int
) -> None:
    twice = (f"INSERT INTO audit SELECT * FROM audit WHERE {OURS}", (place,))
    broken = verified(tampered(whole, tmp_path_factory.mktemp("c"), twice))["ours"].broken
    assert broken is not None
    assert (broken.sequence, broken.how) == (place, How.DOUBLED)


@FEW
@given(pair=st.lists(st.integers(1, ENTRIES), min_size=2, max_size=2, unique=True).map(sorted))
def test_two_rows_that_changed_places_are_out_of_order(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, pair: list[int]
) -> None:
    first, second = pair
    step = f"UPDATE audit SET sequence = ? WHERE {OURS}"
    path = tampered(
        whole, tmp_path_factory.mktemp("c"),
        (step, (1000, first)), (step, (first, second)), (step, (second, 1000)),
    )  # fmt: skip
    broken = verified(path)["ours"].broken
    assert broken is not None
    assert (broken.sequence, broken.how) == (first, How.OUT_OF_ORDER)
    assert f"number {second}" in broken.words


@FEW
@given(place=st.integers(1, ENTRIES + 1), number=st.sampled_from([-5, 0, None]))
def test_an_entry_put_in_with_a_seal_of_its_own_is_found(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, place: int, number: int | None
) -> None:
    """Somebody who knows the rules seals the new entry right and moves the others up."""
    with closing(sqlite3.connect(whole)) as connection:
        heads = dict(connection.execute(
            "SELECT sequence, sha256 FROM audit WHERE organisation = 'ours'"
        ))  # fmt: skip
    stands = place if number is None else number
    row = {
        "organisation": "ours", "sequence": stands, "at": 1, "actor": "x", "act": "x",
        "subject": "", "outcome": "done", "previous": heads.get(place - 1, "0" * 64),
        "detail": "{}",
    }  # fmt: skip
    row["sha256"] = seal_of(row)
    names = ", ".join(row)
    steps = [(f"INSERT INTO audit ({names}) VALUES ({', '.join('?' * 10)})", tuple(row.values()))]
    if number is None and place <= ENTRIES:
        up = (
            "UPDATE audit SET sequence = sequence + 1 WHERE organisation = 'ours' AND sequence >= ?"
        )
        steps.insert(0, (up, (place,)))
    found = verified(tampered(whole, tmp_path_factory.mktemp("c"), *steps))["ours"]
    if number is None and place == ENTRIES + 1:
        # Nothing follows that it contradicts: only who may write the database can do that.
        assert found.entries == ENTRIES + 1
        return
    assert found.broken is not None
    assert found.broken.how is How.OUT_OF_ORDER


@FEW
@given(left=st.integers(0, ENTRIES - 1))
def test_what_was_cut_off_shows_beside_a_kept_head(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, left: int
) -> None:
    store = open_store(whole)
    heads = read(json.dumps(document(heads_of(store, ["", "ours", "theirs"]), NOON)))
    store.close()
    cut = ("DELETE FROM audit WHERE organisation = 'ours' AND sequence > ?", (left,))
    path = tampered(whole, tmp_path_factory.mktemp("c"), cut)
    assert all(one.broken is None for one in verified(path).values())
    found = verified(path, *heads)
    assert found["ours"].broken is not None
    assert (found["ours"].broken.sequence, found["ours"].broken.how) == (left + 1, How.CUT_OFF)
    assert found["theirs"].broken is found[""].broken is None
    assert verified(whole, *heads)["ours"].broken is None


@FEW
@given(place=st.integers(1, ENTRIES))
def test_a_log_sealed_anew_as_a_whole_shows_beside_a_kept_head(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, place: int
) -> None:
    with closing(sqlite3.connect(whole)) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute(
            f"SELECT {', '.join(COLUMNS)} FROM audit WHERE organisation = 'ours' ORDER BY sequence"
        )]  # fmt: skip
    kept = Head("ours", ENTRIES, rows[-1]["sha256"])
    rows[place - 1]["actor"] = "somebody else"
    previous, steps = "0" * 64, []
    for row in rows:
        row["previous"] = previous
        previous = row["sha256"] = seal_of(row)
        step = f"UPDATE audit SET actor = ?, previous = ?, sha256 = ? WHERE {OURS}"
        steps.append((step, (row["actor"], row["previous"], row["sha256"], row["sequence"])))
    path = tampered(whole, tmp_path_factory.mktemp("c"), *steps)
    assert verified(path)["ours"].broken is None
    broken = verified(path, kept)["ours"].broken
    assert broken is not None
    assert (broken.sequence, broken.how) == (ENTRIES, How.REWRITTEN)


@pytest.mark.parametrize("text", ["", "{}", "[]", "1", '{"check": 1, "heads": [{}]}', "[" * 10_000])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(AuditError, match="no head"):
        read(text)


def test_a_head_with_a_letter_changed_is_damage_not_tampering() -> None:
    text = canonical_json(document([Head("ours", 3, "a" * 64)], NOON))
    assert read(text) == (Head("ours", 3, "a" * 64),)
    with pytest.raises(AuditError, match="letter"):
        read(text.replace("aaaa", "aaab", 1))
