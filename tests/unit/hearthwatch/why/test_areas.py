"""What an area watch holds back, and why it told of nothing."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

from hearthwatch.records import Kind, LedgerRow, ObservationStatus
from hearthwatch.store import MemoryStore
from hearthwatch.store.protocol import Store
from hearthwatch.why.asked import ask_area, held_looks
from hearthwatch.why.shown import held_text, why_text, why_value
from hearthwatch.why.why import Around, Why, answer
from tests.contract import store_records as a
from tests.support import ledgers as made

CHARRED = "the ground is charred (2 places, 3.4 ha)"
AREA = a.region(organisation="local", name="Woods", kind=Kind.CAMP_CHANGE)


def seen(day: str, *held: str, status: str = "unchanged", **more: Any) -> LedgerRow:
    """Return a look of the detector of camps over the whole area."""
    said: dict[str, Any] = {"training": 0.0, **({"held_back": list(held)} if held else {})}
    row = made.look(day, ObservationStatus(status))
    detail = {**row.detail, "said": said}
    return dataclasses.replace(
        row, region=AREA.id, kind=AREA.kind, detector="camp_change", settlement="", detail=detail,
        **more,
    )  # fmt: skip


def stored(*rows: LedgerRow) -> Store:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_region(AREA)
        tx.put_settlements([a.settlement(id=made.PLACE, organisation="local")])
        tx.put_ledger_rows(list(rows))
    return store


def asked(*rows: LedgerRow) -> Why:
    return ask_area(stored(*rows), AREA, Around(date(2023, 3, 7), 10))


def test_what_an_area_watch_held_back_is_listed_with_the_reason() -> None:
    store = stored(seen("2023-03-02"), seen("2023-03-07", CHARRED))
    (row,) = held_looks(store, [AREA], None, None, 10)
    assert held_text([row], {AREA.id: AREA.name}, {}).splitlines() == [
        f"2023-03-07  {row.cell}  (Woods)",
        f"  {CHARRED}",
    ]


def test_why_says_what_was_held_back_on_the_ground_of_a_region() -> None:
    found = asked(seen("2023-03-02"), seen("2023-03-07", CHARRED), seen("2023-03-12"))
    assert answer(found) == (
        f"There was no alert: the look of 2023-03-07 was held back: {CHARRED}."
    )
    text = why_text(found)
    assert text.startswith("Woods: 2023-03-07, and 10 days before and after it")
    assert f"  held back: {CHARRED}" in text
    assert why_value(found)["settlement"] is None


def test_looks_that_found_nothing_are_not_told_as_looks_that_showed_nothing() -> None:
    found = asked(seen("2023-03-08"), seen("2023-03-13"))
    assert answer(found) == "There was no alert: 2 looks found nothing new in the area."


def test_rows_of_settlements_are_no_answer_of_the_area() -> None:
    village = dataclasses.replace(made.look("2023-03-08"), region=AREA.id)
    assert asked(village).first is None


def test_an_area_that_is_still_learned_is_told_so() -> None:
    reason = "62% of the area is still learning what is normal there"
    row = seen("2023-03-08", status="not_processed")
    learning = dataclasses.replace(row, detail={**row.detail, "reason": reason})
    assert answer(asked(learning)) == (
        "There was no alert: no look in the 10 days after showed it plainly: 1 used to learn what "
        "is normal."
    )
