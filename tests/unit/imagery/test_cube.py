"""Laying chips on a grid: right ground, right radiometry, and a check that finds the rest."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds

from imagery.cube import build_cube, check_cube, nearest_index
from imagery.errors import IntegrityError
from imagery.types import Chip, Cost, Layer, Provenance
from tests.support.catalogue import grid

AT = datetime(2020, 6, 1, 10, tzinfo=UTC)
UTM34, UTM35, LAEA = "EPSG:32634", "EPSG:32635", "EPSG:3035"


def layer(geobox, *, scene="s", scale=1e-4, offset=0.0, nodata=0, **bands) -> Layer:
    several = (1,) * len(bands)
    classes = [name == "SCL" for name in bands]
    return Layer(
        scene_id=scene,
        bands=tuple(bands),
        geobox=geobox,
        dn=np.stack([np.asarray(dn) for dn in bands.values()]),
        scale=tuple(None if c else scale for c in classes),
        offset=tuple(None if c else offset for c in classes),
        nodata=tuple(nodata for _ in several),
    )


def chip(*layers, sensed=AT, key="look") -> Chip:
    provenance = Provenance("folder", ("s",), ("0" * 64,), (), AT, Cost(1, 0.0, 1))
    return Chip(key, "sentinel-2-l2a", sensed, tuple(layers), provenance)


def full(geobox, value, dtype=np.uint16):
    return np.full(geobox.shape, value, dtype)


def numbered(geobox, dtype=np.uint16):
    return (np.arange(geobox.shape[0] * geobox.shape[1]) + 1).reshape(geobox.shape).astype(dtype)


SQUARE = grid(size=12)


def test_a_cube_is_reflectance_with_nothing_where_nothing_was_seen():
    dn = full(SQUARE, 3000)
    dn[0, 0] = 0
    dn[0, 1] = 400
    cube = build_cube([chip(layer(SQUARE, offset=-0.1, B04=dn))], SQUARE, ["B04"])
    red = cube["B04"]
    assert red.dims == ("time", "y", "x") and red.dtype == np.float32
    assert np.isnan(red.values[0, 0, 0])
    assert red.values[0, 0, 1] == pytest.approx(-0.06)
    assert red.values[0, 5, 5] == pytest.approx(0.2)
    assert cube["time"].dtype == "datetime64[ns]"
    assert cube["time"].values[0] == np.datetime64("2020-06-01T10:00:00")
    assert cube["x"].values[0] == 630_005.0 and cube["y"].values[0] == 4_951_995.0
    assert cube.attrs["pixel_m"] == 10.0 and cube.attrs["crs"] == UTM34
    check_cube(cube)


def test_looks_are_in_the_order_of_their_times_whatever_zone_those_are_told_in():
    late = AT.astimezone(timezone(timedelta(hours=-9)))
    looks = [
        chip(layer(SQUARE, B04=full(SQUARE, 200)), sensed=late),
        chip(layer(SQUARE, B04=full(SQUARE, 100)), sensed=AT - timedelta(days=5)),
    ]
    cube = build_cube(looks, SQUARE, ["B04"])
    assert cube["B04"].values[:, 0, 0] == pytest.approx([0.01, 0.02])
    assert cube["time"].values[1] == np.datetime64("2020-06-01T10:00:00")


def test_a_band_nobody_has_is_left_out_and_one_that_some_have_is_unseen_elsewhere():
    looks = [
        chip(layer(SQUARE, B04=full(SQUARE, 100), B11=full(SQUARE, 300))),
        chip(layer(SQUARE, B04=full(SQUARE, 100)), sensed=AT + timedelta(days=5)),
    ]
    cube = build_cube(looks, SQUARE, ["B04", "B11", "B12"])
    assert set(cube.data_vars) == {"B04", "B11"}
    assert np.isnan(cube["B11"].values[1]).all() and np.isfinite(cube["B11"].values[0]).all()


def test_no_looks_make_an_empty_cube():
    cube = build_cube([], SQUARE, ["B04"])
    assert cube.sizes["time"] == 0 and not cube.data_vars


def test_a_look_without_layers_saw_nothing():
    cube = build_cube(
        [chip(), chip(layer(SQUARE, SCL=full(SQUARE, 4)), sensed=AT + timedelta(1))],
        SQUARE,
        ["SCL"],
    )
    assert (cube["SCL"].values[0] == 0).all()


def test_in_a_mosaic_the_first_tile_that_saw_a_pixel_gives_it():
    first, second = full(SQUARE, 100), full(SQUARE, 200)
    first[:, 6:] = 0
    second[:, 9:] = 0
    cube = build_cube(
        [chip(layer(SQUARE, scene="a", B04=first), layer(SQUARE, scene="b", B04=second))],
        SQUARE, ["B04"],
    )  # fmt: skip
    row = cube["B04"].values[0, 3]
    assert row[:9] == pytest.approx([0.01] * 6 + [0.02] * 3) and np.isnan(row[9:]).all()


def test_tiles_of_one_look_may_differ_in_radiometry():
    half = full(SQUARE, 2000)
    half[:, 6:] = 0
    cube = build_cube(
        [chip(layer(SQUARE, B04=half), layer(SQUARE, offset=-0.1, B04=full(SQUARE, 3000)))],
        SQUARE, ["B04"],
    )  # fmt: skip
    assert cube["B04"].values == pytest.approx(0.2)


def test_classes_come_through_as_they_are_and_impossible_ones_are_unseen():
    dn = full(SQUARE, 4)
    dn[0, :4] = [0, 11, 99, 260]
    below = layer(SQUARE, scene="b", SCL=full(SQUARE, 5))
    alone = build_cube([chip(layer(SQUARE, SCL=dn))], SQUARE, ["SCL"])["SCL"].values[0, 0]
    assert alone.dtype == np.uint8 and alone[:5].tolist() == [0, 11, 99, 0, 4]
    mosaic = build_cube([chip(layer(SQUARE, SCL=dn), below)], SQUARE, ["SCL"])["SCL"].values[0, 0]
    assert mosaic[:5].tolist() == [5, 11, 99, 5, 4]


def test_a_class_raster_may_have_its_own_number_for_unseen():
    dn = full(SQUARE, 255, np.uint8)
    cube = build_cube([chip(layer(SQUARE, nodata=255, SCL=dn))], SQUARE, ["SCL"])
    assert (cube["SCL"].values == 0).all()


def test_a_band_without_a_stated_scale_is_refused():
    with pytest.raises(IntegrityError, match="no scale"):
        build_cube([chip(layer(SQUARE, scale=None, B04=full(SQUARE, 1)))], SQUARE, ["B04"])


def test_each_20_metre_pixel_fills_its_four_10_metre_pixels():
    coarse = grid(size=6, pixel_m=20.0)
    dn = numbered(coarse)
    cube = build_cube([chip(layer(coarse, B11=dn))], SQUARE, ["B11"])
    np.testing.assert_allclose(
        cube["B11"].values[0], np.repeat(np.repeat(dn, 2, 0), 2, 1) * 1e-4, rtol=1e-6
    )


@pytest.mark.parametrize(("col", "row"), [(1, 0), (0, 1), (-2, 3), (100, 0)])
def test_a_shifted_grid_sees_the_same_ground(col, row):
    dn = numbered(SQUARE)
    moved = GeoBox(SQUARE.shape, SQUARE.transform * Affine.translation(col, row), SQUARE.crs)
    got = build_cube([chip(layer(SQUARE, B04=dn))], moved, ["B04"])["B04"].values[0]
    padded = np.full((312, 312), np.nan)
    padded[150:162, 150:162] = dn * 1e-4
    expected = padded[150 + row : 162 + row, 150 + col : 162 + col]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def warped(source: GeoBox, target: GeoBox) -> np.ndarray:
    numbers = numbered(source, np.int32)
    out = np.zeros(target.shape, np.int32)
    reproject(
        numbers, out, src_transform=source.transform, src_crs=str(source.crs), src_nodata=0,
        dst_transform=target.transform, dst_crs=str(target.crs), dst_nodata=0,
        resampling=Resampling.nearest, tolerance=0,
    )  # fmt: skip
    return out - 1


def seen_from(source: GeoBox, crs: str, pixel_m: float, shift=(3.3, 4.1)) -> GeoBox:
    west, south, east, north = transform_bounds(str(source.crs), crs, *source.boundingbox.bbox)
    width, height = int((east - west) / pixel_m) + 3, int((north - south) / pixel_m) + 3
    corner = west - pixel_m - shift[0], north + pixel_m + shift[1]
    return GeoBox((height, width), Affine(pixel_m, 0, corner[0], 0, -pixel_m, corner[1]), crs)


def position_in(source: GeoBox, target: GeoBox) -> np.ndarray:
    """Distance of each target pixel's centre from the nearest border of source pixels, pixels."""
    cols, rows = np.meshgrid(*(np.arange(n) + 0.5 for n in target.shape[::-1]))
    x, y = target.transform * (cols, rows)
    if source.crs != target.crs:
        move = Transformer.from_crs(str(target.crs), str(source.crs), always_xy=True)
        x, y = move.transform(x, y)
    col, row = ~source.transform * (x, y)
    return np.minimum(abs(col - np.round(col)), abs(row - np.round(row)))


@pytest.mark.parametrize("crs", [UTM34, UTM35, LAEA])
@pytest.mark.parametrize("pixel_m", [10.0, 20.0, 7.0])
def test_the_nearest_pixel_is_the_one_gdal_takes(crs, pixel_m):
    source = grid(size=40)
    target = seen_from(source, crs, pixel_m)
    index = nearest_index(source, target)
    assert index.shape == target.shape and index.dtype == np.int32
    certain = position_in(source, target) > 1e-3
    assert certain.mean() > 0.9
    np.testing.assert_array_equal(index[certain], warped(source, target)[certain])


def test_an_index_cannot_be_altered_by_one_of_its_readers():
    with pytest.raises(ValueError, match="read-only"):
        nearest_index(SQUARE, SQUARE)[0, 0] = 5


def test_ground_beyond_a_projection_is_outside_and_no_fault():
    far = GeoBox((4, 4), Affine(10, 0, 500_000, 0, -10, 9_000_000), "EPSG:32601")
    polar = GeoBox((4, 4), Affine(1e7, 0, -2e7, 0, -1e7, 2e7), "EPSG:3413")
    assert (nearest_index(SQUARE, far) == -1).all()
    assert (nearest_index(SQUARE, polar) == -1).all()


def test_a_grid_without_a_crs_is_refused():
    nowhere = GeoBox((4, 4), Affine(10, 0, 0, 0, -10, 0), None)
    with pytest.raises(IntegrityError, match="CRS"):
        nearest_index(nowhere, SQUARE)


WIDE = grid(size=48)
ABROAD = seen_from(WIDE, LAEA, 10.0)
PIECE = chip(
    layer(WIDE, B04=numbered(WIDE)),
    layer(grid(size=24, pixel_m=20.0), SCL=numbered(grid(size=24, pixel_m=20.0)) % 12),
)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([WIDE, ABROAD]),
    st.integers(0, 40), st.integers(0, 40), st.integers(1, 8), st.integers(1, 8),
)  # fmt: skip
def test_a_part_of_the_ground_looks_the_same_alone(whole, row, col, height, width):
    rows, cols = slice(row, row + height), slice(col, col + width)
    all_of_it = build_cube([PIECE], whole, ["B04", "SCL"])
    part = build_cube([PIECE], whole[rows, cols], ["B04", "SCL"])
    for band in ("B04", "SCL"):
        np.testing.assert_array_equal(part[band].values[0], all_of_it[band].values[0][rows, cols])
    np.testing.assert_array_equal(part["x"], all_of_it["x"][cols])


def good_cube() -> xr.Dataset:
    rng = np.random.default_rng(1)
    looks = [
        chip(
            layer(WIDE, B04=rng.integers(200, 4000, WIDE.shape).astype(np.uint16),
                  SCL=full(WIDE, 4)),
            sensed=AT + timedelta(days=5 * number),
        )
        for number in range(2)
    ]  # fmt: skip
    return build_cube(looks, WIDE, ["B04", "SCL"])


def red(change):
    return lambda cube: cube.assign(B04=change(cube["B04"]))


def stuck(value):
    return red(lambda band: xr.full_like(band, value))


def one_infinite(band):
    band = band.copy()
    band[0, 0, 0] = np.inf
    return band


BROKEN = {
    "no coordinate x": lambda cube: cube.drop_vars("x"),
    "no coordinate time": lambda cube: cube.isel(time=0),
    "not rising": lambda cube: cube.isel(time=[1, 0]),
    "times are not": lambda cube: cube.isel(time=[0, 0]),
    "not rising datetime64": lambda cube: cube.assign_coords(time=[1, 2]),
    "grid is not stated": lambda cube: cube.drop_attrs(),
    "has the dimensions": lambda cube: cube.transpose("y", "x", "time"),
    "SCL is float32": lambda cube: cube.assign(SCL=cube["SCL"].astype(np.float32)),
    "B04 is float64": red(lambda band: band.astype(np.float64)),
    "infinite": red(one_infinite),
    "scale or offset is wrong": red(lambda band: band * np.float32(10_000)),
    "runs from": red(lambda band: band - np.float32(0.5)),
    "one value": stuck(0.25),
}


def test_a_good_cube_passes():
    check_cube(good_cube())


@pytest.mark.parametrize("rule", BROKEN)
def test_a_cube_that_breaks_a_rule_is_refused_by_that_rule(rule):
    with pytest.raises(IntegrityError, match=rule):
        check_cube(BROKEN[rule](good_cube()))


@pytest.mark.parametrize("brightness", [0.9, 1.5, 1.9])
def test_bright_clouds_are_reflectance_too(brightness):
    cube = good_cube()
    bright = cube["B04"] * np.float32(0.1) + np.float32(brightness - 0.05)
    bright[0, :5] = 6.4
    check_cube(cube.assign(B04=bright.astype(np.float32)))


def test_a_look_that_saw_nothing_at_all_is_still_a_cube():
    cube = good_cube()
    check_cube(cube.assign(B04=xr.full_like(cube["B04"], np.nan), SCL=cube["SCL"] * np.uint8(0)))


def test_radar_is_laid_as_power_and_its_mask_as_classes():
    power = np.full(SQUARE.shape, 0.05, np.float32)
    power[0, 0], power[0, 1], power[1, 0] = 0.0, np.nan, 0.2
    mask = np.zeros(SQUARE.shape, np.float32)
    mask[2, :4] = [1, 2, 3, 255]
    radar = Layer(
        "s", ("VV", "MASK"), SQUARE, np.stack([power, mask]), (1.0, None), (0.0, None), (None, 255)
    )
    cube = build_cube([chip(radar)], SQUARE, ["VV", "MASK"])
    assert cube["VV"].dtype == np.float32 and cube["MASK"].dtype == np.uint8
    lost = np.isnan(cube["VV"].values[0])
    assert lost[0, :2].all() and lost[2, :4].all() and lost.sum() == 6
    assert cube["VV"].values[0, 1, 0] == np.float32(0.2)
    assert cube["MASK"].values[0, 2, :5].tolist() == [1, 2, 3, 255, 0]
    check_cube(cube)


@pytest.mark.parametrize(
    ("value", "words"), [(0.0, "above 0"), (-0.1, "above 0"), (300.0, "power")]
)
def test_what_is_no_power_is_found(value, words):
    power = np.full((1, *SQUARE.shape), value, np.float32)
    cube = build_cube([chip(layer(SQUARE, B04=full(SQUARE, 100)))], SQUARE, ["B04"])
    with pytest.raises(IntegrityError, match=words):
        check_cube(cube.assign(VV=(("time", "y", "x"), power)))
    check_cube(cube.assign(VV=(("time", "y", "x"), np.full_like(power, 4.0))))
