"""Where items lie: what files show of a cell, and boxes that may cross 180 degrees."""

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, box

from api.stac.ground import box_around, ground_of, middle_of, shown
from tests.support.shelf import CROSSING, EAST, FAR, WEST, part_of
from tiles.cell import cell_from_id
from tiles.geodesy import area_m2


@pytest.mark.parametrize("cell", [WEST, CROSSING, EAST, FAR])
def test_files_of_a_whole_cell_show_it_all(cell: str) -> None:
    found = shown(cell, [cell_from_id(cell).geobox(40.0)])
    assert shapely.is_valid(found)
    assert area_m2(found.symmetric_difference(ground_of(cell))) < 1e-4 * area_m2(found)
    assert (found.geom_type == "MultiPolygon") == (cell == CROSSING)


@pytest.mark.parametrize("cell", [WEST, CROSSING, FAR])
@pytest.mark.parametrize(("west", "east"), [(0.0, 0.5), (0.25, 0.75), (0.9, 1.0)])
def test_files_of_a_part_show_that_part(cell: str, west: float, east: float) -> None:
    whole = area_m2(ground_of(cell))
    found = shown(cell, [part_of(cell_from_id(cell), west, east)])
    assert area_m2(found) / whole == pytest.approx(east - west, abs=0.01)
    other = shown(cell, [part_of(cell_from_id(cell), 0.0, 0.1),
                         part_of(cell_from_id(cell), 0.9, 1.0)])  # fmt: skip
    assert area_m2(other) / whole == pytest.approx(0.2, abs=0.01)


def test_files_of_elsewhere_tell_nothing_of_the_ground() -> None:
    found = shown(FAR, [cell_from_id(EAST).geobox(40.0)])
    assert area_m2(found.symmetric_difference(ground_of(FAR))) < 1e-4 * area_m2(found)


def test_a_box_across_180_degrees_begins_in_the_east() -> None:
    west, south, east, north = box_around(shown(CROSSING, [cell_from_id(CROSSING).geobox(40.0)]))
    assert 179.9 < west < 180 and -180 < east < -179.9
    assert south == pytest.approx(-16.8866, abs=1e-3) and north == pytest.approx(-16.793, abs=1e-3)
    assert box_around(box(-180, 0, 180, 1)) == [-180, 0, 180, 1]


@given(
    west=st.integers(-1790, 1790).map(lambda n: n / 10),
    width=st.integers(1, 100).map(lambda n: n / 10),
)
def test_a_box_is_as_wide_as_what_it_holds(west: float, width: float) -> None:
    east = west + width
    parts = [box(west, 1, min(east, 180), 2)]
    if east > 180:
        parts.append(box(-180, 1, east - 360, 2))
    found = box_around(MultiPolygon(parts))
    expected = [west, 1, east if east <= 180 else east - 360, 2]
    assert found == pytest.approx(expected, abs=1e-6)


def test_the_middle_of_a_cell_across_180_degrees_lies_there() -> None:
    lon, lat = middle_of(CROSSING)
    assert abs(lon) > 179.9
    assert lat == pytest.approx(-16.84, abs=0.01)
