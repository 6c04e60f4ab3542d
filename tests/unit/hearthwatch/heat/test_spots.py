"""Heat pixels kept and given back, and the ground they are kept of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, box

from hearthwatch.heat.ground import Ground, ground_of, squares_of
from hearthwatch.heat.spots import heat_of, pixel_of, spot_of
from hearthwatch.heat.taking import take_file, take_table
from hearthwatch.records import Kind, Mode
from hearthwatch.store import MemoryStore
from imagery.firms import HeatTable
from imagery.firms_table import read_table
from tests.contract import store_records as a
from tests.support.heat import MODIS, STANDARD, Hot, table

NOON = datetime(2024, 2, 3, 11, 40, tzinfo=UTC)
HOT = Hot(NOON)
TERRA = HOT.but(satellite="Terra", instrument="MODIS", confidence="12", version="6.1NRT")
NEAR = Ground((), (a.settlement(),))


def test_what_is_kept_is_what_was_read() -> None:
    for body in (table([HOT]), table([TERRA], MODIS), table([HOT.but(type="3")], STANDARD)):
        (pixel,) = read_table(body)
        assert pixel_of(spot_of(pixel, "ours", NOON)) == pixel


def test_a_pixel_has_one_id_whatever_it_came_in_and_another_when_processed_anew() -> None:
    bodies = table([HOT]), table([HOT, TERRA]), table([HOT.but(version="2")])
    first, again, anew = (spot_of(read_table(body)[0], "ours", NOON).id for body in bodies)
    assert first == again != anew


def test_a_detector_is_told_what_speaks_for_nothing() -> None:
    pixels = read_table(table([HOT, TERRA.but(lon=26.0)])) + read_table(
        table([HOT.but(type="0"), HOT.but(type="2", frp=7.5)], STANDARD)
    )
    heat = heat_of(pixels, [a.heat_source(lon=26.0)])
    assert heat.faint.tolist() == [False, True, False, False]
    assert heat.typed.tolist() == [False, False, False, True]
    assert heat.listed.tolist() == [False, True, False, False]
    assert np.isfinite(heat.footprints.bearing).all()
    assert (heat.frp[3], heat.footprints.scan_m[0]) == (7.5, 390.0)


def test_only_the_world_has_heat_and_only_what_burns_is_asked_for() -> None:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_region(a.region(id="r"))
        tx.put_region(a.region(id="drill", mode=Mode.EXERCISE))
        tx.put_region(a.region(id="forest", kind=Kind.GROUND_CHANGE))
        tx.put_region(a.region(id="over", expires=NOON - timedelta(days=1)))
        tx.put_region(a.region(id="gone", removed=NOON))
        tx.put_settlements([a.settlement(), a.settlement(id="made", mode=Mode.TEST)])
    ground = ground_of(store, "ours", NOON)
    assert [one.id for one in ground.regions] == ["r"]
    assert [one.id for one in ground.settlements] == ["set-1"]


def test_every_settlement_is_in_one_square() -> None:
    cores = [MultiPolygon([box(k * 0.1, 0.0, k * 0.1 + 0.01, 0.01)]) for k in range(-5, 5)]
    places = [a.settlement(id=f"s{k}", geometry=core) for k, core in enumerate(cores)]
    found = squares_of(places)
    assert sorted(one.id for group in found.values() for one in group) == sorted(
        one.id for one in places
    )
    for (west, south, east, north), group in found.items():
        for one in group:
            centre = one.geometry.centroid
            assert west <= centre.x < east
            assert south <= centre.y < north


def test_what_lies_far_from_all_that_is_watched_is_not_kept() -> None:
    store = MemoryStore()
    pixels = read_table(table([HOT, HOT.but(lon=27.0)]))
    taken = take_file(store, "ours", NEAR, "f.csv", pixels, None)
    assert (taken.pixels, taken.new) == (2, 1)
    assert [one.lon for one in store.heat("ours")] == [25.31]
    (cover,) = store.heat_covers("ours")
    assert (cover.west, cover.east, cover.source) == (25.31, 27.0, "f.csv")
    assert (cover.since, cover.until) == (
        datetime(2024, 2, 3, tzinfo=UTC), datetime(2024, 2, 3, 23, 59, 59, tzinfo=UTC),
    )  # fmt: skip


def test_a_day_that_is_not_over_is_not_on_record() -> None:
    store = MemoryStore()
    first = NOON.date()
    answer = HeatTable("S", (25.25, 13.5, 25.5, 13.75), first, first, (), "e" * 64, NOON)
    take_table(store, "ours", NEAR, answer)
    assert store.heat_covers("ours") == ()
    later = HeatTable(
        "S", answer.area, first, first + timedelta(days=3), (), "e" * 64, NOON + timedelta(days=2)
    )
    take_table(store, "ours", NEAR, later)
    (cover,) = store.heat_covers("ours")
    assert cover.until == datetime(2024, 2, 4, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "days_ago", "held"),
    [
        ("VIIRS_NOAA20_NRT", 30, True),
        ("VIIRS_NOAA20_NRT", 400, False),
        ("VIIRS_NOAA20_SP", 30, False),
        ("VIIRS_NOAA20_SP", 400, True),
    ],
)
def test_no_heat_from_a_source_that_has_not_those_days_is_no_record(
    source: str, days_ago: int, held: bool
) -> None:
    store = MemoryStore()
    day = (NOON - timedelta(days=days_ago)).date()
    area = (25.25, 13.5, 25.5, 13.75)
    take_table(store, "ours", NEAR, HeatTable(source, area, day, day, (), "e" * 64, NOON))
    assert bool(store.heat_covers("ours")) is held
    # Heat of a day shows that the source has it.
    pixels = read_table(table([HOT.but(at=NOON - timedelta(days=days_ago))]))
    take_table(store, "ours", NEAR, HeatTable(source, area, day, day, pixels, "f" * 64, NOON))
    # The same ground and day again is no second row.
    (cover,) = store.heat_covers("ours")
    assert cover.sha256 == "f" * 64
