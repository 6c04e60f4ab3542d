import dataclasses
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, box

from imagery.errors import IntegrityError
from imagery.scene_json import scene_from_json, scene_to_json
from imagery.types import Asset, Scene

TEXT = st.text(max_size=20)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.timedeltas(timedelta(0), timedelta(days=30_000)).map(
    lambda after: datetime(2015, 1, 1, tzinfo=UTC) + after
)
DEGREES = st.floats(-170, 170, allow_nan=False)
FOOTPRINTS = st.builds(
    lambda x, y, w: box(x, y / 2, x + w, y / 2 + w), DEGREES, DEGREES, st.floats(1e-3, 5)
) | st.builds(
    lambda x: MultiPolygon([box(-180, x, -179.1, x + 1), box(179.3, x, 180, x + 1)]),
    st.floats(-80, 80),
)
ASSETS = st.builds(
    Asset, TEXT, TEXT, st.none() | NUMBER, st.none() | NUMBER, st.none() | st.integers(),
    NUMBER, st.none() | TEXT,
)  # fmt: skip
SCENES = st.builds(
    Scene, provider=TEXT, collection=TEXT, id=TEXT, sensor=TEXT, sensed=TIMES,
    footprint=FOOTPRINTS, assets=st.lists(ASSETS, max_size=4).map(tuple), item_sha256=TEXT,
    sensed_precision_s=NUMBER, platform=st.none() | TEXT, relative_orbit=st.none() | st.integers(),
    orbit_direction=st.none() | TEXT, datatake=st.none() | TEXT, baseline=st.none() | TEXT,
    published=st.none() | TIMES, cloud_cover=st.none() | NUMBER,
    unknown=st.lists(TEXT, max_size=3).map(tuple), mode=TEXT, tile=st.none() | TEXT,
    processed=st.none() | TIMES, backscatter=st.none() | TEXT, instrument_mode=st.none() | TEXT,
)  # fmt: skip


@given(SCENES)
def test_a_scene_comes_back_as_it_was(scene: Scene) -> None:
    text = scene_to_json(scene)
    back = scene_from_json(text)
    assert back == scene
    assert scene_to_json(back) == text
    # None of its fields is left to chance by the comparison above.
    assert set(json.loads(text)) == {f.name for f in dataclasses.fields(Scene)} | {"version"}


SCENE = Scene(
    provider="stac", collection="c", id="a", sensor="sentinel-2-l2a",
    sensed=datetime(2026, 1, 1, tzinfo=UTC), footprint=Point(1, 2).buffer(1), assets=(),
    item_sha256="",
)  # fmt: skip


def without(text: str, name: str) -> str:
    return json.dumps({k: v for k, v in json.loads(text).items() if k != name})


def test_a_scene_remembered_before_it_had_a_field_is_read_with_its_default() -> None:
    assert scene_from_json(without(scene_to_json(SCENE), "instrument_mode")) == SCENE


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "{}", '{"version": 2}', '{"version": 1}',
        without(scene_to_json(SCENE), "footprint"),
        scene_to_json(SCENE).replace('"sensed":"2026', '"sensed":"soon'),
        scene_to_json(SCENE).replace('"footprint":"01', '"footprint":"zz'),
        scene_to_json(SCENE).replace("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00"),
    ],
)  # fmt: skip
def test_what_is_no_scene_is_refused_in_the_seams_own_words(text: str) -> None:
    with pytest.raises(IntegrityError):
        scene_from_json(text)
