import io
from datetime import UTC, datetime

import numpy as np
import odc.geo.xr  # noqa: F401
import pytest
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords
from PIL import Image
from shapely.geometry import box

from tiles.chips import Outline, before_after, overview, year_colours
from tiles.drawing import Page, credit, draw_outline, ground_of, round_length, show_picture
from tiles.found import in_words, interval_of
from tiles.geodesy import CRS84, project
from tiles.stretch import common_stretch, to_rgb

GRID = GeoBox((40, 50), Affine(10, 0, 5_272_000, 0, -10, 2_533_000), "EPSG:3035")


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def scene(
    when: str, seed: int = 0, bands: tuple[str, ...] = ("B02", "B03", "B04", "B08")
) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    values = {
        band: (("time", "y", "x"), rng.uniform(0.02, 0.3, (1, 40, 50)).astype(np.float32))
        for band in bands
    }
    return xr.Dataset(values, coords={**xr_coords(GRID), "time": [np.datetime64(when, "ns")]})


def square(left: float, bottom: float, side: float = 80) -> Outline:
    flat = box(left, bottom, left + side, bottom + side)
    place = project(flat, "EPSG:3035", CRS84)
    return Outline(place, "1", day("2020-06-30"), day("2019-06-01"))


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_the_same_picture_twice_is_the_same_file() -> None:
    found = [square(5_272_100, 2_532_700)]
    pictures = [
        before_after(scene("2019-06-01"), scene("2020-06-30", 1), found, title="A village")
        for _ in range(2)
    ]
    assert pictures[0] == pictures[1]
    image = Image.open(io.BytesIO(pictures[0]))
    assert image.format == "PNG"
    assert set(image.info) <= {"dpi"}
    views = [
        overview(scene("2019-06-01"), scene("2020-06-30", 1), found, title="Seen") for _ in range(2)
    ]
    assert views[0] == views[1]


def test_an_outline_is_drawn_where_it_lies() -> None:
    dark = scene("2020-06-30") * 0 + 0.1
    ground = ground_of(dark)
    page = Page(5, 4, 100)
    axes = page.axes(0, 0, 5, 4)
    show_picture(axes, to_rgb(dark, common_stretch([dark], "true")), ground)
    outline = square(5_272_100, 2_532_700)
    draw_outline(axes, outline.geometry, ground, colour="#ff0000")
    image = pixels(page.png())
    red = np.argwhere((image[..., 0] > 200) & (image[..., 1] < 60))
    # The panel is 500 m by 400 m on 500 by 400 pixels: a metre a pixel, the square in its middle.
    assert red.min(axis=0) == pytest.approx([220, 100], abs=2)
    assert red.max(axis=0) == pytest.approx([300, 180], abs=2)


def test_what_was_not_observed_is_not_shown_as_black() -> None:
    cloudy = scene("2020-06-30")
    cloudy["B04"][:, :20] = np.nan
    rgba = to_rgb(cloudy, common_stretch([cloudy], "true"))
    assert (rgba[:20, :, 3] == 0).all()
    assert (rgba[20:, :, 3] == 1).all()


def test_the_same_ground_has_the_same_colour_in_both_pictures() -> None:
    one, other = scene("2019-06-01"), scene("2020-06-30") * 2
    other["B04"][0, 0, 0] = one["B04"][0, 0, 0]
    stretch = common_stretch([one, other], "true")
    assert to_rgb(one, stretch)[0, 0, 0] == to_rgb(other, stretch)[0, 0, 0]


def test_false_colours_take_the_best_bands_that_both_have() -> None:
    rich = scene("2020-06-30", bands=("B03", "B04", "B08", "B8A", "B12"))
    poor = scene("2019-06-01")
    assert common_stretch([rich], "false").bands == ("B12", "B8A", "B04")
    assert common_stretch([rich, poor], "false").bands == ("B08", "B04", "B03")
    with pytest.raises(ValueError, match="no bands"):
        common_stretch([rich], "true")


def test_no_earlier_picture_is_told_not_hidden() -> None:
    found = [Outline(square(5_272_100, 2_532_700).geometry, "1", day("2020-06-30"))]
    png = before_after(None, scene("2020-06-30"), found, title="100 $ and _more_ words " * 8)
    assert pixels(png).shape[1] == 1650
    assert interval_of(found).endswith("no earlier look shows the ground unharmed")


def test_the_interval_is_told_in_words() -> None:
    assert interval_of([square(0, 0)]) == "Not before 1 June 2019; first seen changed 30 June 2020"
    assert interval_of([]) == ""
    assert in_words(day("2021-01-01")) == "1 January 2021"


def test_the_notice_names_the_years_of_the_data() -> None:
    notice = "Contains modified Copernicus Sentinel data"
    assert credit([day("2020-06-30"), day("2017-07-31")]) == f"{notice} 2017-2020"
    assert credit([day("2020-06-30"), day("2020-07-31")]) == f"{notice} 2020"


@pytest.mark.parametrize(("most", "length"), [(300, 200), (1000, 1000), (49, 20), (0.6, 0.5)])
def test_a_scale_bar_has_a_round_length(most: float, length: float) -> None:
    assert round_length(most) == pytest.approx(length)


def test_each_year_has_its_own_colour() -> None:
    places = [
        Outline(square(5_272_100, 2_532_700).geometry, "x", day(f"{year}-06-30"))
        for year in (2018, 2020, 2018)
    ]
    colours = year_colours(places)
    assert sorted(colours) == [2018, 2020]
    assert len(set(colours.values())) == 2


def test_an_overview_with_nothing_found_or_very_much_is_drawn() -> None:
    early, late = scene("2019-06-01"), scene("2020-06-30", 1)
    many = [square(5_272_010 + 4 * n, 2_532_700, 40) for n in range(60)]
    for found in ([], many):
        assert pixels(overview(early, late, found, title="Seen")).shape[1] == 2250


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Outline(box(0, 0, 1, 1), "1", datetime(2020, 6, 30))  # noqa: DTZ001
    with pytest.raises(ValueError, match="after first changed"):
        Outline(box(0, 0, 1, 1), "1", day("2020-06-30"), day("2020-07-30"))


def test_a_scene_of_several_times_is_refused() -> None:
    both = xr.concat([scene("2019-06-01"), scene("2020-06-30")], "time")
    with pytest.raises(ValueError, match="one time"):
        before_after(None, both, title="Two")
