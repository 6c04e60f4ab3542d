"""The form in which values are kept: what is written today is read in ten years."""

from datetime import UTC, datetime

import pytest
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
from hearthwatch.store.codec import canonical_json, columns, from_row, microseconds, to_row
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
