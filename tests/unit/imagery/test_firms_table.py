"""Tables of heat, with what their columns hide."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagery.errors import IntegrityError
from imagery.firms_table import Confidence, Processing, has_header, newest, read_table
from tests.support.heat import MODIS, STANDARD, VIIRS, Hot, row, table

NOON = datetime(2024, 2, 3, 11, 40, tzinfo=UTC)
HOT = Hot(NOON)
TERRA = Hot(
    NOON,
    satellite="Terra",
    instrument="MODIS",
    confidence="84",
    version="6.1NRT",
    scan=1.2,
    track=1.1,
)


def test_a_row_is_read_as_it_stands() -> None:
    body = table([HOT])
    (one,) = read_table(body)
    assert (one.sensed, one.lon, one.lat) == (NOON, 25.31, 13.61)
    assert (one.scan_m, one.track_m, one.frp_mw) == (390.0, 360.0, 4.2)
    assert (one.satellite, one.instrument, one.version) == ("NOAA-20", "VIIRS", "2.0NRT")
    assert (one.confidence, one.stated, one.by_day) == (Confidence.NOMINAL, "n", True)
    assert one.processing is Processing.NEAR_REAL_TIME
    assert one.type is None
    assert one.source_sha256 == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize(
    ("stated", "hour", "minute"),
    [("659", 6, 59), ("0659", 6, 59), ("7", 0, 7), ("0", 0, 0), ("2359", 23, 59), ("100", 1, 0)],
)
def test_hours_come_without_their_zeros(stated: str, hour: int, minute: int) -> None:
    body = table([HOT]).replace(b",1140,", f",{stated},".encode())
    (one,) = read_table(body)
    assert one.sensed == datetime(2024, 2, 3, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize("stated", ["2400", "1260", "11:40", "-5", "", "1140.0", "11 40", "²"])
def test_a_time_that_is_none_is_refused(stated: str) -> None:
    with pytest.raises(IntegrityError, match="row 2"):
        read_table(table([HOT]).replace(b",1140,", f",{stated},".encode()))


@pytest.mark.parametrize(
    ("hot", "columns", "stated", "found"),
    [
        (HOT, VIIRS, "l", Confidence.LOW),
        (HOT, VIIRS, "h", Confidence.HIGH),
        (HOT, VIIRS, "nominal", Confidence.NOMINAL),
        (TERRA, MODIS, "29", Confidence.LOW),
        (TERRA, MODIS, "30", Confidence.NOMINAL),
        (TERRA, MODIS, "79", Confidence.NOMINAL),
        (TERRA, MODIS, "80", Confidence.HIGH),
    ],
)
def test_confidence_is_a_letter_of_one_and_a_percentage_of_the_other(
    hot: Hot, columns: str, stated: str, found: Confidence
) -> None:
    (one,) = read_table(table([hot.but(confidence=stated)], columns))
    assert one.confidence is found


@pytest.mark.parametrize(
    ("hot", "columns"),
    [(HOT.but(confidence="84"), VIIRS), (TERRA.but(confidence="h"), MODIS),
     (TERRA.but(confidence="101"), MODIS), (HOT.but(confidence=""), VIIRS),
     (HOT.but(satellite="Terra"), VIIRS), (HOT.but(instrument="AVHRR"), VIIRS),
     (HOT.but(lat=95.0), VIIRS), (HOT.but(scan=0.0), VIIRS), (HOT.but(scan=40.0), VIIRS),
     (HOT.but(frp=-1.0), VIIRS), (HOT.but(version=""), VIIRS), (HOT.but(lon=float("nan")), VIIRS)],
)  # fmt: skip
def test_a_row_that_makes_no_sense_spoils_the_table_and_is_not_quoted(
    hot: Hot, columns: str
) -> None:
    with pytest.raises(IntegrityError) as caught:
        read_table(table([hot.but(satellite=hot.satellite), hot], columns))
    assert "row 2" in str(caught.value)
    assert "25.31" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_columns_are_known_by_name_alone() -> None:
    names = VIIRS.split(",")
    turned = ",".join(reversed(names))
    assert [one.frp_mw for one in read_table(table([HOT], turned))] == [4.2]
    (turned_one,), (plain,) = read_table(table([HOT], turned)), read_table(table([HOT]))
    assert (turned_one.lon, turned_one.lat, turned_one.sensed) == (
        plain.lon, plain.lat, plain.sensed,
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"Invalid MAP_KEY.", b"Exceeding allowed transaction limit.", b"<html></html>",
     b"\xff\xfe\x00", b"latitude,longitude\n1,2\n", (VIIRS + ",frp").encode(), b"a\0b"],
)  # fmt: skip
def test_what_is_no_table_is_refused(body: bytes) -> None:
    with pytest.raises(IntegrityError):
        read_table(body)


def test_a_header_alone_is_a_table_without_heat() -> None:
    assert read_table(VIIRS.encode()) == ()
    assert read_table((MODIS + "\n").encode()) == ()
    assert has_header(VIIRS.encode())
    assert not has_header(b"Invalid MAP_KEY.")


def test_a_row_that_is_cut_off_spoils_the_table() -> None:
    body = table([HOT, HOT.but(lat=13.7)])
    last = len(row(HOT)) - 3
    with pytest.raises(IntegrityError, match="row 3"):
        read_table(body[: -last // 2])


@pytest.mark.parametrize(
    ("version", "processing"),
    [("2.0NRT", Processing.NEAR_REAL_TIME), ("6.1URT", Processing.URGENT),
     ("6.1RT", Processing.URGENT), ("2", Processing.STANDARD), ("61.03", Processing.STANDARD)],
)  # fmt: skip
def test_a_version_says_how_final_a_pixel_is(version: str, processing: Processing) -> None:
    (one,) = read_table(table([HOT.but(version=version)]))
    assert one.processing is processing


def test_a_pixel_processed_anew_replaces_the_one_before() -> None:
    first = HOT
    moved = HOT.but(lat=HOT.lat + 0.0008, version="2", at=NOON + timedelta(minutes=1))
    elsewhere = HOT.but(lat=HOT.lat + 0.05, version="2")
    body = table([first]), table([moved, elsewhere], STANDARD)
    pixels = [one for each in body for one in read_table(each)]
    kept = newest(pixels)
    assert {(one.lat, one.processing) for one in kept} == {
        (round(moved.lat, 5), Processing.STANDARD),
        (round(elsewhere.lat, 5), Processing.STANDARD),
    }
    assert newest(list(reversed(pixels))) == kept


@pytest.mark.parametrize(
    "other",
    [HOT.but(satellite="N21", version="2"), HOT.but(at=NOON + timedelta(minutes=5), version="2"),
     HOT.but(lat=HOT.lat + 0.004, version="2")],
)  # fmt: skip
def test_another_satellite_pass_or_pixel_replaces_nothing(other: Hot) -> None:
    assert len(newest(read_table(table([HOT, other])))) == 2


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["2", "2.0NRT"]))))
def test_taking_each_pixel_once_needs_no_second_time(drawn: list[tuple[int, int, str]]) -> None:
    pixels = read_table(
        table(
            [
                HOT.but(
                    at=NOON + timedelta(minutes=minute), lat=13.6 + step * 0.001, version=version
                )
                for minute, step, version in drawn
            ]
        )
    )
    once = newest(pixels)
    assert newest(once) == once
    assert set(once) <= set(pixels)
    assert newest([*pixels, *pixels]) == once
