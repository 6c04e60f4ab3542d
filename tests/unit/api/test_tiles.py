"""What vector tiles say of events."""

from datetime import UTC, datetime, timedelta

import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.routes.tiles import _moments, _shapes
from hearthwatch.store.codec import microseconds
from hearthwatch.store.protocol_events import Outline
from hearthwatch.values import moment

times = st.datetimes(timezones=st.just(UTC))
whole = times.map(lambda one: one.replace(microsecond=0))


@given(st.lists(st.one_of(st.none(), times, whole), max_size=20))
def test_times_are_written_as_everywhere_else(some: list[datetime | None]) -> None:
    column = [None if one is None else microseconds(one) for one in some]
    assert _moments(column) == [moment(one) or "" for one in some]


def test_a_time_that_comes_twice_is_the_same_word_twice() -> None:
    now = datetime(2024, 5, 1, 10, 56, 31, 24_000, UTC)
    column = [microseconds(now), None, microseconds(now + timedelta(days=1)), microseconds(now)]
    assert _moments(column) == [
        "2024-05-01T10:56:31.024000Z", "", "2024-05-02T10:56:31.024000Z",
        "2024-05-01T10:56:31.024000Z",
    ]  # fmt: skip


def test_what_came_without_its_shape_is_its_box() -> None:
    triangle = shapely.Polygon([(25, 13), (25.2, 13), (25, 13.1)])
    whole, small = (
        Outline("e", geometry, "burned", "actual", "candidate", 0, None, 1.0, "", *triangle.bounds)
        for geometry in (shapely.to_wkb(triangle), None)
    )
    assert _shapes([small, whole, small]).tolist() == [
        shapely.box(*triangle.bounds), triangle, shapely.box(*triangle.bounds)
    ]  # fmt: skip
    assert _shapes([whole]).tolist() == [triangle]
    assert _shapes([small]).tolist() == [shapely.box(*triangle.bounds)]
    assert len(_shapes([])) == 0
