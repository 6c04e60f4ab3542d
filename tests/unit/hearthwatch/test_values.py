"""What programs are told of a record: the same for one as for many."""

import json
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from hearthwatch.values import geojson, geojsons, moment

_HOLED = Polygon(
    [(0, 0), (0, 3), (3, 3), (3, 0)], [[(1, 1), (1, 2), (2, 2)]]
)  # wound the wrong way, both


@given(st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=8))
def test_many_geometries_are_written_as_each_alone(places: list[tuple[float, float]]) -> None:
    shapes = [
        MultiPolygon([box(x, y, x + 0.123456789, y + 1e-5), _HOLED]) if n % 2 else Point(x, y)
        for n, (x, y) in enumerate(places)
    ]
    written = geojsons(np.array(shapes, dtype=object))
    assert json.dumps(written) == json.dumps([geojson(one) for one in shapes])


@pytest.mark.parametrize(
    "shape",
    [
        Point(1, 2, 3),
        LineString([(0, 0), (1e-9, 180)]),
        MultiPoint([(1, 2), (3, 4)]),
        GeometryCollection([Point(0, 0), box(0, 0, 1, 1)]),
        box(-1e-12, 0, 1 / 3, 2 / 3),
    ],
    ids=lambda shape: shape.geom_type,
)
def test_every_kind_of_geometry_is_written_so(shape: Point) -> None:
    alone = np.array([shape], dtype=object)
    assert json.dumps(geojsons(alone)) == json.dumps([geojson(shape)])
    assert geojsons(alone[:0]) == []


def test_times_are_told_in_utc() -> None:
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    east = noon.astimezone(timezone(timedelta(hours=3)))
    assert moment(noon) == moment(east) == "2024-05-01T12:00:00Z"
    assert moment(noon + timedelta(microseconds=7)) == "2024-05-01T12:00:00.000007Z"
    assert moment(None) is None
