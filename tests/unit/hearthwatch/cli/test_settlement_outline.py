"""A village drawn into forest is outlined from a catalogue; a spot of mere forest is refused."""

from __future__ import annotations

import json
from datetime import date, datetime

import numpy as np
import pytest
import shapely
from affine import Affine

from detectors.endmembers import Surface, spectrum
from tests.support.catalogue import every, make_catalogue
from tiles.geodesy import project
from tiles.plane import to_plane

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
SIZE = 240
WEST, NORTH = 630_000.0, 4_952_000.0
VILLAGE = np.s_[100:112, 96:112]
"""Rows and columns: 12 by 16 pixels, 1.92 ha."""
MIDDLE, FOREST = (631_040.0, 4_950_940.0), (631_600.0, 4_951_300.0)
"""Metres; the first is the village's own, the second 660 m away."""
EPSG = 32634


def drawn(sensed: datetime) -> dict[str, np.ndarray]:
    """Return forest that is greener in some looks, with the village, and cloud on one corner."""
    rng = np.random.default_rng(sensed.toordinal())
    fixed = np.random.default_rng(1).normal(1.0, 0.06, (SIZE, SIZE))
    green, dry = (spectrum(one, BANDS) for one in (Surface.GREEN, Surface.DRY))
    season = 0.15 + 0.1 * np.cos(sensed.timetuple().tm_yday / 58.0)
    ground = season * dry + (1 - season) * green
    yards = np.random.default_rng(2).uniform(0.5, 0.9, (12, 16))
    out = {}
    for at, band in enumerate(BANDS):
        pixels = ground[at] * fixed
        pixels[VILLAGE] = (1 - yards) * pixels[VILLAGE] + yards * dry[at]
        pixels *= 1 + rng.normal(0, 0.01, pixels.shape)
        out[band] = (pixels * 10_000).astype(np.uint16)
    classes = np.full((SIZE, SIZE), 4, np.uint16)
    classes[:40, :40] = 9
    return {**out, "SCL": classes}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    days = every(date(2020, 3, 1), date(2020, 10, 1), 42)
    make_catalogue(folder, days, drawn, origin=(WEST, NORTH), size=SIZE)
    return folder


@pytest.fixture
def points(tmp_path):
    rows = [
        (name, *project(shapely.Point(*spot), f"EPSG:{EPSG}", "OGC:CRS84").coords[0])
        for name, spot in (("Village", MIDDLE), ("Forest", FOREST))
    ]
    path = tmp_path / "points.csv"
    path.write_text("name,lon,lat\n" + "".join(f"{n},{x},{y}\n" for n, x, y in rows))
    return path


def asked(points, scenes, *more):
    return ("settlement", "outline", *points, "--radius", "150", "--until", "2020-12-31",
            "--catalogue", scenes, "--out", "drawn.geojson", *more)  # fmt: skip


def features(tmp_path):
    found = json.loads((tmp_path / "drawn.geojson").read_text())["features"]
    return {one["properties"]["name"]: one for one in found}


def true_outline():
    rows, cols = VILLAGE
    to_metres = Affine(10, 0, WEST, 0, -10, NORTH)
    (west, north), (east, south) = (
        to_metres * (cols.start, rows.start), to_metres * (cols.stop, rows.stop)
    )  # fmt: skip
    return shapely.box(west, south, east, north)


def test_a_village_is_outlined_and_forest_keeps_its_circle(
    points, scenes, document, call, tmp_path
):
    status, told = document(*asked([points], scenes))
    assert (status, told["outlined"], told["had_outlines"]) == (0, 1, 0)
    assert [one["name"] for one in told["refused"]] == ["Forest"]
    found = features(tmp_path)
    village, forest = found["Village"], found["Forest"]
    outline = to_plane(shapely.geometry.shape(village["geometry"]), EPSG)
    both = outline.intersection(true_outline()).area
    assert 2 * both / (outline.area + true_outline().area) > 0.85
    assert (
        village["properties"]["outlined"] and "nobody has checked" in village["properties"]["doubt"]
    )
    assert village["properties"]["looks_used"] == len(village["properties"]["looks"]) == 6
    assert (village["properties"]["first_look"], village["properties"]["last_look"]) == (
        "2020-03-01", "2020-09-27",
    )  # fmt: skip
    words = forest["properties"]["doubt"]
    assert words.startswith("no outline could be seen: ") and words.endswith(
        "circle round the point stays"
    )
    circle = to_plane(shapely.geometry.shape(forest["geometry"]), EPSG)
    assert circle.area == pytest.approx(np.pi * 150**2, rel=0.01)
    assert document("settlement", "list")[1]["settlements"] == [], "nothing is listed by itself"


def test_what_was_drawn_is_imported_with_its_doubt_and_not_drawn_again(
    points, scenes, document, failure
):
    document(*asked([points], scenes))
    document("settlement", "import", "drawn.geojson")
    sources = {s["name"]: s["source"] for s in document("settlement", "list")[1]["settlements"]}
    assert sources["Village"].startswith("drawn.geojson; doubt: a program drew the outline")
    assert sources["Forest"].startswith("drawn.geojson; doubt: no outline could be seen")
    assert "drawn.geojson exists" in failure(*asked([points], scenes))[2]
    told = document(*asked(["--all"], scenes, "--force"))[1]
    assert (told["outlined"], told["had_outlines"], len(told["refused"])) == (0, 1, 1)


def test_without_scenes_the_circles_stay_and_say_so(points, scenes, document, tmp_path):
    words = asked([points], scenes)
    told = document(*("2001-01-01" if one == "2020-12-31" else one for one in words))[1]
    assert told["outlined"] == 0 and len(told["refused"]) == 2
    for one in features(tmp_path).values():
        assert one["properties"]["doubt"].startswith(
            "no outline could be seen: the catalogue lists"
        )
