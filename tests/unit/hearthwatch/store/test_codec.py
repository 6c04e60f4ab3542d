"""The form in which values are kept: what is written today is read in ten years."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from hearthwatch.errors import StoreError
from hearthwatch.records import (
    ApiKey,
    Detection,
    Event,
    Job,
    LedgerRow,
    Region,
    Run,
    Settlement,
    StateVersion,
)
from hearthwatch.store.codec import (
    canonical_json,
    columns,
    from_row,
    from_rows,
    microseconds,
    to_row,
)
from tests.contract import store_records as a


def test_the_row_of_an_event() -> None:
    event = a.event(
        geometry=Point(1, 2, 3),
        first_changed=datetime(1970, 1, 2, 0, 0, 0, 7, tzinfo=UTC),
        evidence={"ö": [1.5, None], "a": {"z": True, "b": 0.1}},
        doubts=("haze", "edge"),
        last_unharmed=None,
    )
    row = to_row(event)
    assert row["first_changed"] == 86_400_000_007
    assert row["last_unharmed"] is None
    assert row["state"] == "candidate"
    assert type(row["state"]) is str
    assert row["evidence"] == '{"a":{"b":0.1,"z":true},"ö":[1.5,null]}'
    assert row["doubts"] == '["haze","edge"]'
    # ISO WKB: little-endian, type 1001 (point with Z), three doubles.
    assert row["geometry"].hex() == ("01e9030000000000000000f03f00000000000000400000000000000840")


@pytest.mark.parametrize(
    "record",
    [
        a.region(),
        a.settlement(),
        a.api_key(),
        a.run(),
        a.job(),
        a.state(),
        a.look(),
        a.event(),
        a.detection(),
    ],
    ids=lambda record: type(record).__name__,
)
def test_every_record_comes_back(record: object) -> None:
    row = to_row(record)
    assert from_row(type(record), row | {"number": 1}) == record
    assert list(row) == [column.name for column in columns(type(record))]


@pytest.mark.parametrize("record", [Region, Run, Job, StateVersion, LedgerRow, Event, Detection])
def test_every_record_has_its_owner_kind_and_mode(record: type) -> None:
    assert {"organisation", "kind", "mode"} <= {column.name for column in columns(record)}


def test_a_settlement_may_be_watched_for_several_kinds_and_a_key_opens_all() -> None:
    assert {"organisation", "mode"} <= {column.name for column in columns(Settlement)}
    assert "organisation" in {column.name for column in columns(ApiKey)}


def test_a_job_keeps_its_key_in_columns_of_their_own() -> None:
    assert to_row(a.job())["acquisition"] == "S2A-1"


def test_times_before_1970_and_of_other_zones() -> None:
    assert microseconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1
    with pytest.raises(StoreError, match="no time zone"):
        microseconds(datetime(2024, 1, 1))  # noqa: DTZ001 -- what is to be refused


def test_equal_values_have_equal_json() -> None:
    assert canonical_json({"b": 1, "a": 2}) == canonical_json({"a": 2, "b": 1})


_PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False,
    allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"]))  # fmt: skip


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.recursive(
    _PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.just("key"), inner)
)))  # fmt: skip
def test_every_number_and_letter_of_evidence_comes_back(evidence: dict[str, object]) -> None:
    row = to_row(a.event(evidence=evidence))
    back = from_row(Event, row).evidence
    assert canonical_json(back) == row["evidence"]


def test_many_rows_give_their_records_in_order() -> None:
    records = [
        a.event(
            id=f"e{n}",
            geometry=Point(n, n),
            last_unharmed=None if n % 3 else a.NOON,
            doubts=("haze",) * (n % 3),
            evidence={"n": n},
        )
        for n in range(10)
    ]
    rows = [to_row(one) | {"number": 1} for one in records]
    names = list(rows[0])[::-1]
    found = from_rows(Event, names, [[row[name] for name in names] for row in rows])
    assert found == tuple(records)
    assert from_rows(Event, names, []) == ()
    assert found[0].evidence is not found[3].evidence
