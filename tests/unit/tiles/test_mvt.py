import mapbox_vector_tile
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, box, shape

from tiles.mvt import Layer, to_bytes

units = st.integers(-64, 4160)
points = st.tuples(units, units)


@st.composite
def boxes(draw: st.DrawFn) -> shapely.Geometry:
    west, south = draw(units), draw(units)
    outer = box(west, south, west + draw(st.integers(20, 90)), south + draw(st.integers(20, 90)))
    hole = box(west + 3, south + 3, west + 9, south + draw(st.integers(5, 15)))
    return outer.difference(hole) if draw(st.booleans()) else outer


@st.composite
def lines(draw: st.DrawFn) -> shapely.Geometry:
    return LineString(draw(st.lists(points, min_size=2, max_size=6, unique=True)))


@st.composite
def areas(draw: st.DrawFn) -> shapely.Geometry:
    merged = shapely.union_all(draw(st.lists(boxes(), min_size=1, max_size=3)))
    return merged if merged.is_valid else merged.buffer(0)


shapes = st.one_of(
    points.map(Point), st.lists(points, min_size=2, max_size=4, unique=True).map(MultiPoint),
    lines(), areas(),
)  # fmt: skip
values = st.one_of(st.none(), st.booleans(), st.integers(-300, 300), st.text(max_size=4),
                   st.floats(allow_nan=False, width=32))  # fmt: skip


@given(st.lists(st.tuples(shapes, values, values), min_size=1, max_size=6))
def test_what_is_written_is_what_the_library_reads(
    drawn: list[tuple[shapely.Geometry, object, object]],
) -> None:
    geometries = np.array([one for one, _, _ in drawn], dtype=object)
    columns = {"a": [one for _, one, _ in drawn], "b": [one for _, _, one in drawn]}
    data = to_bytes([Layer("x", geometries, columns)], 4096)
    message = vector_tile_pb2.tile()
    message.ParseFromString(data)
    assert message.SerializeToString() == data
    read = mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})["x"]
    assert read["extent"] == 4096
    assert len(read["features"]) == len(drawn)
    for found, (geometry, a, b) in zip(read["features"], drawn, strict=True):
        made = shape(found["geometry"])
        assert shapely.get_dimensions(made) == shapely.get_dimensions(geometry)
        if shapely.get_dimensions(geometry) == 2:
            assert made.symmetric_difference(geometry).area == 0
        else:
            assert shapely.get_coordinates(made).tolist() == (
                shapely.get_coordinates(geometry).tolist()
            )
        told = {name: one for name, one in (("a", a), ("b", b)) if one is not None}
        assert found["properties"] == told
        assert {n: type(v) for n, v in found["properties"].items()} == {
            n: type(v) for n, v in told.items()
        }


def test_parts_follow_each_other_as_the_standard_writes_them() -> None:
    # The example of the specification, 4.3.5.6: a square, and beside it one with a hole.
    first = box(0, 0, 10, 10)
    second = box(11, 11, 20, 20).difference(box(13, 13, 17, 17))
    both = MultiPolygon([first, second])
    data = to_bytes([Layer("x", np.array([both], dtype=object), {})], 4096)
    ((feature),) = mapbox_vector_tile.decode(
        data, default_options={"y_coord_down": True}
    )["x"]["features"]  # fmt: skip
    assert shape(feature["geometry"]).equals(both)
    assert feature["geometry"]["type"] == "MultiPolygon"


@given(
    st.lists(st.tuples(points, st.booleans()), min_size=1, max_size=8),
    st.integers(1, 64),
)
def test_a_square_told_by_its_corner_is_written_as_one_that_is_drawn(
    corners: list[tuple[tuple[int, int], bool]], side: int
) -> None:
    told = np.array([Point(corner) for corner, _ in corners], dtype=object)
    squares = np.array([is_square for _, is_square in corners])
    drawn = told.copy()
    drawn[squares] = [box(one.x, one.y, one.x + side, one.y + side) for one in told[squares]]
    columns = {"a": list(range(len(corners)))}
    written = to_bytes([Layer("x", told, columns, squares, side)], 4096)
    assert written == to_bytes([Layer("x", drawn, columns)], 4096)
