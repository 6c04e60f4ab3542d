"""Administrative areas in place of squares, where a layer of them is held."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shapely.geometry import box, mapping, shape

from hearthwatch.context_layers import LayerKind, import_layer, list_layers, remove_layer
from hearthwatch.disclosure.grid import square_at
from hearthwatch.records import Audience
from tests.unit.hearthwatch.disclosure.test_grid import at
from tests.unit.hearthwatch.disclosure.world import DAY, MONDAY, World

PARTNER, PUBLIC = Audience.PARTNER, Audience.PUBLIC
TOWN = (25.3, 13.6)
SQUARE = square_at(*TOWN, 0)
MIDDLE = SQUARE.middle


def with_areas(world: World, tmp_path: Path, **areas) -> World:
    """Give a world a layer of administrative areas, by name."""
    file = tmp_path / "areas.geojson"
    features = [
        {"type": "Feature", "geometry": mapping(one), "properties": {"name": name}}
        for name, one in areas.items()
    ]
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    import_layer(world.layers, LayerKind.ADMIN, file, "", MONDAY)
    return world


def told(world: World, point, audience: Audience = PUBLIC) -> dict[str, object]:
    world.happens(point)
    world.release(audience)
    world.later(14 * DAY)
    return world.one(audience)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "layers")


def test_a_border_through_a_square_does_not_tell_on_which_side_it_was(tmp_path: Path) -> None:
    lon, lat = MIDDLE
    areas = {"West": box(lon - 5, lat - 5, lon + 0.1, lat + 5),
             "East": box(lon + 0.1, lat - 5, lon + 5, lat + 5)}  # fmt: skip
    places = set()
    for number, share in enumerate([(0.05, 0.5), (0.95, 0.5), (0.5, 0.05)]):
        world = World(tmp_path / f"layers-{number}")
        found = told(with_areas(world, tmp_path, **areas), at(SQUARE, share))
        assert found["bbox"] == pytest.approx(areas["West"].bounds)
        places.add(found["properties"]["place"])
    assert places == {"in or near West"}


def test_the_smallest_area_no_smaller_than_the_square_is_told(world: World, tmp_path: Path) -> None:
    lon, lat = MIDDLE
    world = with_areas(
        world, tmp_path, Land=box(lon - 9, lat - 9, lon + 9, lat + 9),
        District=box(lon - 2, lat - 2, lon + 2, lat + 2), Ward=box(lon - 0.1, lat - 0.1, lon, lat),
    )  # fmt: skip
    assert told(world, TOWN)["properties"]["place"] == "in or near District"


@pytest.mark.parametrize("name", ["", None])
def test_without_a_named_area_the_square_is_told(world: World, tmp_path: Path, name) -> None:
    areas = {} if name is None else {name: box(0, 0, 50, 30)}
    areas["Elsewhere"] = box(-50, -30, -20, 0)
    found = told(with_areas(world, tmp_path, **areas), TOWN)
    assert shape(found["geometry"]).equals(SQUARE.box)


def test_partners_are_told_squares(world: World, tmp_path: Path) -> None:
    with_areas(world, tmp_path, Land=box(0, 0, 50, 30))
    assert shape(told(world, TOWN, PARTNER)["geometry"]).equals(SQUARE.box)


def test_an_area_once_told_stays_when_its_layer_goes(world: World, tmp_path: Path) -> None:
    with_areas(world, tmp_path, Land=box(0, 0, 50, 30))
    before = told(world, TOWN)
    (layer,) = list_layers(world.layers)
    remove_layer(world.layers, layer.id, MONDAY)
    world.later(30 * DAY)
    assert world.one(PUBLIC) == before
