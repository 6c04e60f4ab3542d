"""Settlements put on the list again: they stay, and take over their P-code."""

from __future__ import annotations

import dataclasses

import pytest

from hearthwatch.errors import NotFound
from hearthwatch.records import Subject
from hearthwatch.store import Store
from hearthwatch.store.listing import Listed, keep_codes, list_settlements
from tests.contract import store_records as a


@pytest.fixture
def fresh(empty: Store) -> Store:
    return a.with_region(empty)


def put(store: Store, *settlements: object) -> None:
    with store.transaction() as tx:
        tx.put_settlements(settlements)  # type: ignore[arg-type]


def put_meanwhile(store: Store, monkeypatch: pytest.MonkeyPatch, *settlements: object) -> None:
    """Let somebody else put settlements just before the next transaction begins."""
    begin = store.transaction

    def meanwhile() -> object:
        monkeypatch.undo()
        put(store, *settlements)
        return begin()

    monkeypatch.setattr(store, "transaction", meanwhile)


def test_only_a_new_code_is_taken_over(fresh: Store) -> None:
    there = [
        a.settlement(id="bare", pcode="", source="first"), a.settlement(id="same"),
        a.settlement(id="other", pcode="SD01"), a.settlement(id="kept"),
    ]  # fmt: skip
    put(fresh, *there)
    cursor = fresh.changes("ours").next
    later = a.NOON + a.DAY
    again = [dataclasses.replace(one, source="second", created=later, pcode="SD010021")
             for one in there]  # fmt: skip
    again[3] = dataclasses.replace(again[3], pcode="")
    new = a.settlement(id="new", pcode="")
    assert list_settlements(fresh, "ours", [*again, new]) == Listed(frozenset({"new"}), 2)
    found = {one.id: one for one in fresh.settlements("ours").items}
    expected = [dataclasses.replace(one, pcode="SD010021") for one in there]
    assert found == {one.id: one for one in [*expected, new]}
    told = fresh.changes("ours", after=cursor).items
    assert [(one.subject, one.id) for one in told] == [
        (Subject.SETTLEMENT, one) for one in ("new", "bare", "other")
    ]
    assert list_settlements(fresh, "ours", [*again, new]) == Listed(frozenset(), 0)


def test_a_settlement_taken_off_meanwhile_is_not_put_back(
    fresh: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(fresh, a.settlement(pcode=""))
    gone = a.settlement(pcode="", removed=a.NOON)
    put_meanwhile(fresh, monkeypatch, gone)
    assert list_settlements(fresh, "ours", [a.settlement()]) == Listed(frozenset(), 0)
    with pytest.raises(NotFound):
        fresh.settlement("ours", "set-1")


def test_who_sends_a_settlement_without_its_code_takes_none_away(fresh: Store) -> None:
    put(fresh, a.settlement())
    sent = [a.settlement(pcode=""), a.settlement(id="set-2", pcode="")]
    assert [one.pcode for one in keep_codes(fresh, "ours", sent)] == ["SD010021", ""]
    newer = [a.settlement(pcode="SD7")]
    assert keep_codes(fresh, "ours", newer) == newer
    assert [one.pcode for one in keep_codes(fresh, "theirs", sent)] == ["", ""]


def test_what_another_import_has_just_listed_is_not_listed_again(
    fresh: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(fresh, a.settlement(id="gone", removed=a.NOON))
    theirs = a.settlement(id="both", name="Theirs", pcode="SD01")
    put_meanwhile(fresh, monkeypatch, theirs)
    ours = [a.settlement(id=one, pcode="SD02") for one in ("both", "gone", "ours")]
    assert list_settlements(fresh, "ours", ours) == Listed(frozenset({"gone", "ours"}), 1)
    found = {one.id: one for one in fresh.settlements("ours").items}
    assert found["both"] == dataclasses.replace(theirs, pcode="SD02")
    assert set(found) == {"both", "gone", "ours"}
