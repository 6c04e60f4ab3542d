import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from PIL import Image
from pyproj import Transformer
from shapely.geometry import box

from tests.support.drawn import CELL, grid, layer, level, store
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.errors import IntegrityError, NotArchived, StyleUnavailable, TilesError
from tiles.grid import cells_for
from tiles.mercator import tile_geobox
from tiles.styles import RAMPS
from tiles.xyz import Style, extent_of, render, styles_of

ZOOM = 14
GROUND = {"B02": 0.03, "B03": 0.06, "B04": 0.12}
TO_UTM = Transformer.from_crs("EPSG:3857", f"EPSG:{CELL.epsg}", always_xy=True)


def picture(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def tile_over(geobox: GeoBox, col: float, row: float, z: int = ZOOM) -> tuple[int, int, int]:
    """Return the tile over one place of a grid, by the published formula."""
    lon, lat = Transformer.from_crs(geobox.crs.to_wkt(), "OGC:CRS84", always_xy=True).transform(
        *(geobox.affine * (col, row))
    )
    across = (lon + 180) / 360
    down = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    return z, int(across * 2**z), int(down * 2**z)


def source_places(
    tile: tuple[int, int, int], geobox: GeoBox, size: int = 256
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where on a grid, in columns and rows, each pixel of a tile has its centre."""
    cols, rows = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    x, y = TO_UTM.transform(*(tile_geobox(*tile, size).affine * (cols, rows)))
    return ~geobox.affine * (np.asarray(x), np.asarray(y))


def within(place: tuple[NDArray[np.float64], NDArray[np.float64]], size: int, rim: float = 0.0):
    col, row = place
    return (col > rim) & (row > rim) & (col < size - rim) & (row < size - rim)


def shade(reflectance: float, full: float = 0.3) -> int:
    return round(255 * min(max(reflectance / full, 0.0), 1.0) ** 0.75)


def flat(geobox: GeoBox, **values: float) -> dict[str, NDArray[np.float64]]:
    return {band: level(value, geobox) for band, value in values.items()}


@pytest.mark.parametrize("offset", [0.0, -0.1])
def test_the_pixel_at_a_known_place_has_the_known_colour(tmp_path: Path, offset: float) -> None:
    ground = grid()
    drawn = flat(ground, **GROUND)
    drawn["B04"][40, 60] = 0.3
    archive = store(tmp_path, "look", layer(drawn, ground, offset))
    tile = tile_over(ground, 60.5, 40.5)
    shown = picture(render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile))
    col, row = source_places(tile, ground)
    at = (np.floor(col) == 60) & (np.floor(row) == 40) & (abs(col % 1 - 0.5) < 0.3)
    at &= abs(row % 1 - 0.5) < 0.3
    assert at.any()
    assert (shown[at] == (255, shade(0.06), shade(0.03), 255)).all()
    beside = within((col, row), 100, 0.3) & (np.hypot(col - 60.5, row - 40.5) > 1.5)
    assert (shown[beside] == (shade(0.12), shade(0.06), shade(0.03), 255)).all()
    assert (shown[~within((col, row), 100, -0.3)][:, 3] == 0).all()


def test_every_pixel_is_the_delivered_one_and_neighbouring_tiles_join(tmp_path: Path) -> None:
    ground = grid(size=400)
    dots = np.random.default_rng(0).choice([0.03, 0.27], (400, 400))
    archive = store(tmp_path, "look", layer({"B04": dots, "B03": dots, "B02": dots}, ground))
    z, x, y = tile_over(ground, 200, 200)
    for tile in [(z, x, y), (z, x + 1, y), (z, x, y + 1), (z, x - 1, y)]:
        shown = picture(render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile))
        col, row = source_places(tile, ground)
        sure = within((col, row), 400) & (abs(col % 1 - 0.5) < 0.4) & (abs(row % 1 - 0.5) < 0.4)
        truth = dots[np.floor(row[sure]).astype(int), np.floor(col[sure]).astype(int)]
        assert sure.sum() > 1000
        assert (shown[sure][:, 0] == np.where(truth > 0.1, shade(0.27), shade(0.03))).all()
        assert (shown[within((col, row), 400, 0.3)][:, 3] == 255).all()


def test_two_cells_join_without_a_gap_and_one_alone_ends_at_its_edge(tmp_path: Path) -> None:
    east = cell_from_id("34N_0062_0483")
    over_edge = grid(col=974, size=100)
    drawn = layer(flat(over_edge, **GROUND), over_edge)
    store(tmp_path, "look", drawn)
    archive = store(tmp_path, "look", drawn, cell=east)
    tile = tile_over(over_edge, 50, 50)
    col, row = source_places(tile, over_edge)
    seen = within((col, row), 100, 0.3)
    both, alone = (
        picture(render(archive, cells, "look", Style.TRUE_COLOUR, *tile))[..., 3]
        for cells in ([CELL.id, east.id], [CELL.id])
    )
    assert (both[seen] == 255).all()
    assert (alone[seen & (col < 49.8)] == 255).all()
    assert (alone[col > 50.2] == 0).all()
    assert extent_of(archive, [CELL.id], "look").bounds[2] <= CELL.footprint.bounds[2]


def test_what_was_not_observed_is_transparent(tmp_path: Path) -> None:
    ground = grid()
    drawn = flat(ground, **GROUND)
    drawn["B03"][20:30, 50:70] = np.nan
    archive = store(tmp_path, "look", layer(drawn, ground))
    tile = tile_over(ground, 60, 25)
    shown = picture(render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile))
    col, row = source_places(tile, ground)
    hole = (abs(col - 60) < 9.8) & (abs(row - 25) < 4.8)
    near = within((col, row), 100, 0.3) & ((abs(col - 60) > 10.2) | (abs(row - 25) > 5.2))
    assert hole.any() and (shown[hole][:, 3] == 0).all()
    assert (shown[near][:, 3] == 255).all()


def test_a_tile_where_nothing_lies_is_transparent(tmp_path: Path) -> None:
    ground = grid()
    archive = store(tmp_path, "look", layer(flat(ground, **GROUND), ground))
    for tile in [(0, 0, 0), (ZOOM, 0, 0), tile_over(ground, 900, 900)]:
        shown = picture(render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile))
        assert shown.shape == (256, 256, 4)
        assert tile[0] == 0 or not shown.any()


@pytest.mark.parametrize("swir", [True, False])
def test_a_change_shows_the_drawn_square_where_it_is(tmp_path: Path, swir: bool) -> None:
    ground = grid()
    coarse = ground.zoom_out(2)
    before, after = (flat(ground, B04=0.03, B08=0.4) for _ in range(2))
    after["B04"][30:50, 60:90], after["B08"][30:50, 60:90] = 0.15, 0.2
    swir_before, swir_after = (flat(coarse, B12=0.08) for _ in range(2))
    swir_after["B12"][15:25, 30:45] = 0.3
    store(tmp_path, "before", layer(before, ground), *([layer(swir_before, coarse)] * swir))
    archive = store(tmp_path, "after", layer(after, ground), *([layer(swir_after, coarse)] * swir))
    tile = tile_over(ground, 75, 40)
    data = render(archive, [CELL.id], "after", Style.CHANGE, *tile, before="before")
    shown = picture(data).astype(int)
    col, row = source_places(tile, ground)
    assert within((col, row), 100).any()
    brown = (shown[..., 0] - shown[..., 2] > 60) & (shown[..., 3] == 255)
    bounds = [col[brown].min(), row[brown].min(), col[brown].max(), row[brown].max()]
    # Where the square leaves the tile the tile's own edge is the limit.
    near = within((col, row), 100) & (abs(col - 75) < 15) & (abs(row - 40) < 10)
    wanted = [col[near].min(), row[near].min(), col[near].max(), row[near].max()]
    assert bounds == pytest.approx(wanted, abs=1.0)
    assert brown[near].mean() > 0.95
    still = within((col, row), 100, 0.3) & ~((abs(col - 75) < 16) & (abs(row - 40) < 11))
    assert (shown[still] == (245, 245, 245, 255)).all()


@pytest.mark.parametrize(("nbr", "colour"), [(-0.5, "67001f"), (0.4, "f7f7f7"), (0.6, "d1e5f0")])
def test_dnbr_is_the_loss_of_nbr_in_its_colours(tmp_path: Path, nbr: float, colour: str) -> None:
    ground = grid()
    store(tmp_path, "before", layer(flat(ground, B08=0.3, B12=0.1), ground))
    swir = 0.3 * (1 - nbr) / (1 + nbr)
    archive = store(tmp_path, "after", layer(flat(ground, B08=0.3, B12=swir), ground))
    tile = tile_over(ground, 50, 50)
    data = render(archive, [CELL.id], "after", Style.DNBR, *tile, before="before")
    shown = picture(data)[within(source_places(tile, ground), 100, 0.3)][:, :3].astype(int)
    assert abs(shown - list(bytes.fromhex(colour))).max() <= 3


def test_regrowth_has_the_other_colour(tmp_path: Path) -> None:
    ground = grid()
    store(tmp_path, "before", layer(flat(ground, B04=0.15, B08=0.2), ground))
    archive = store(tmp_path, "after", layer(flat(ground, B04=0.03, B08=0.4), ground))
    tile = tile_over(ground, 50, 50)
    data = render(archive, [CELL.id], "after", Style.CHANGE, *tile, before="before")
    shown = picture(data)[within(source_places(tile, ground), 100, 0.3)]
    assert (shown[:, :3] == tuple(bytes.fromhex("01665e"))).all()


@pytest.mark.parametrize(
    ("style", "bands", "value"),
    [
        (Style.NDVI, {"B04": 0.05, "B08": 0.35}, 0.75),
        (Style.NDVI, {"B04": 0.05, "B8A": 0.35}, 0.75),
        (Style.NBR, {"B12": 0.30, "B8A": 0.20, "B08": 0.9}, -0.2),
        (Style.NBR, {"B12": 0.10, "B08": 0.30}, 0.5),
    ],
)
def test_an_index_has_the_colour_of_its_value(
    tmp_path: Path, style: Style, bands: dict[str, float], value: float
) -> None:
    ground = grid()
    archive = store(tmp_path, "look", layer(flat(ground, **bands), ground))
    tile = tile_over(ground, 50, 50)
    shown = picture(render(archive, [CELL.id], "look", style, *tile))
    found = shown[within(source_places(tile, ground), 100, 0.3)][0][:3].astype(float)
    at = [stop for stop, _ in RAMPS[style].stops]
    colours = np.array([list(bytes.fromhex(colour[1:])) for _, colour in RAMPS[style].stops])
    wanted = [np.interp(value, at, part) for part in colours.T]
    assert found == pytest.approx(wanted, abs=2)


def test_farther_out_a_pixel_is_the_mean_of_what_it_covers(tmp_path: Path) -> None:
    ground = grid(size=400)
    board = np.where(np.indices((400, 400)).sum(axis=0) % 2, 0.05, 0.25)
    archive = store(tmp_path, "look", layer({"B04": board, "B03": board, "B02": board}, ground))
    tile = tile_over(ground, 200, 200, 10)
    shown = picture(render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile))
    inner = shown[within(source_places(tile, ground), 400, 30.0)]
    assert len(inner) > 100
    assert abs(inner[:, 0].astype(int) - shade(0.15)).max() <= 3
    assert (inner[:, 3] == 255).all()


def test_only_the_blocks_under_the_tile_are_read(tmp_path: Path) -> None:
    ground = grid(col=0, row=0, size=1024)
    noise = np.random.default_rng(1).uniform(0.01, 0.3, (1024, 1024))
    archive = store(tmp_path, "look", layer({"B04": noise, "B03": noise, "B02": noise}, ground))
    (master,) = archive.masters("look", CELL.id)
    file = tmp_path / master.path
    file.chmod(0o644)
    data = bytearray(file.read_bytes())
    data[-300_000:-100_000] = bytes(200_000)
    file.write_bytes(data)
    tile = tile_over(ground, 200, 200)
    shown = picture(render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile))
    assert (shown[within(source_places(tile, ground), 1024, 0.3)][:, 3] == 255).all()
    with pytest.raises(IntegrityError):
        render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile_over(ground, 900, 900))


def test_refusals_are_those_of_the_tiles_room(tmp_path: Path) -> None:
    ground = grid()
    archive = store(tmp_path, "look", layer(flat(ground, **GROUND), ground))
    tile = tile_over(ground, 50, 50)
    with pytest.raises(NotArchived, match="other"):
        render(archive, [CELL.id], "other", Style.TRUE_COLOUR, *tile)
    with pytest.raises(NotArchived):
        render(archive, [], "look", Style.TRUE_COLOUR, *tile)
    with pytest.raises(NotArchived):
        extent_of(archive, ["34N_0062_0483"], "look")
    with pytest.raises(StyleUnavailable, match="B12"):
        render(archive, [CELL.id], "look", Style.NBR, *tile)
    with pytest.raises(StyleUnavailable, match="earlier"):
        render(archive, [CELL.id], "look", Style.CHANGE, *tile)
    with pytest.raises(ValueError, match=r"0\.\.24"):
        render(archive, [CELL.id], "look", Style.TRUE_COLOUR, 25, 0, 0)
    with pytest.raises(ValueError, match="pixels"):
        render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile, size=5000)
    with pytest.raises(ValueError, match="jpeg"):
        render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile, form="jpeg")  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["cut", "gone", "sidecar"])
def test_a_broken_file_is_an_integrity_error(tmp_path: Path, how: str) -> None:
    ground = grid()
    archive = store(tmp_path, "look", layer(flat(ground, **GROUND), ground))
    file = tmp_path / archive.masters("look", CELL.id)[0].path
    broken = file.with_suffix(".json") if how == "sidecar" else file
    if how == "gone":
        broken.unlink()
    else:
        broken.chmod(0o644)
        broken.write_bytes(broken.read_bytes()[:100])
    with pytest.raises(TilesError) as caught:
        render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile_over(ground, 50, 50))
    assert isinstance(caught.value, IntegrityError)


def test_threads_draw_the_same_tiles(tmp_path: Path) -> None:
    ground = grid(size=400)
    noise = np.random.default_rng(1).uniform(0.01, 0.3, (400, 400))
    archive = store(tmp_path, "look", layer({"B04": noise, "B08": noise[::-1]}, ground))
    z, x, y = tile_over(ground, 200, 200)
    tiles = [(z, x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)] * 3

    def draw(tile: tuple[int, int, int]) -> bytes:
        return render(Archive(tmp_path), [CELL.id], "look", Style.NDVI, *tile)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(draw, tiles)) == [draw(tile) for tile in tiles]
    assert archive.verify() == []


def test_webp_and_size(tmp_path: Path) -> None:
    ground = grid()
    archive = store(tmp_path, "look", layer(flat(ground, **GROUND), ground))
    tile = tile_over(ground, 50, 50)
    data = render(archive, [CELL.id], "look", Style.TRUE_COLOUR, *tile, form="webp", size=128)
    assert Image.open(io.BytesIO(data)).format == "WEBP"
    shown = picture(data)
    seen = within(source_places(tile, ground, 128), 100, 2.0)
    assert shown.shape == (128, 128, 4)
    assert (abs(shown[seen].astype(int) - (shade(0.12), shade(0.06), shade(0.03), 255)) < 16).all()


def test_the_extent_says_where_and_how_near(tmp_path: Path) -> None:
    ground = grid()
    coarse = ground.zoom_out(2)
    archive = store(
        tmp_path,
        "look",
        layer(flat(ground, B04=0.1, B08=0.2, SCL=4), ground),
        layer(flat(coarse, B12=0.1), coarse),
    )
    extent = extent_of(archive, [CELL.id, "34N_0062_0483"], "look")
    to_lonlat = Transformer.from_crs(f"EPSG:{CELL.epsg}", "OGC:CRS84", always_xy=True)
    assert extent.bounds == pytest.approx(to_lonlat.transform_bounds(*ground.boundingbox[:]))
    assert (extent.minzoom, extent.maxzoom) == (9, 14)
    assert extent.bands == ("B04", "B08", "B12", "SCL")
    assert styles_of(extent.bands) == (Style.NDVI, Style.NBR, Style.DNBR, Style.CHANGE)
    only_coarse = store(tmp_path, "coarse", layer(flat(coarse, B12=0.1), coarse))
    assert extent_of(only_coarse, [CELL.id], "coarse").maxzoom == 13


@pytest.mark.parametrize(
    ("bands", "styles"),
    [
        ("B02 B03 B04", {Style.TRUE_COLOUR}),
        ("B03 B04 B8A", {Style.FALSE_COLOUR, Style.NDVI, Style.CHANGE}),
        ("B08 B12", {Style.NBR, Style.DNBR, Style.CHANGE}),
        ("SCL B11", set()),
        ("B02 B03 B04 B08 B12", set(Style)),
    ],
)
def test_styles_follow_from_the_bands(bands: str, styles: set[Style]) -> None:
    assert set(styles_of(bands.split())) == styles


def test_a_cell_across_the_date_line_shows_on_both_sides(tmp_path: Path) -> None:
    (cell,) = cells_for(box(179.9999, 10, 180, 10.0001))
    ground = cell.geobox()
    edge, _ = Transformer.from_crs("OGC:CRS84", f"EPSG:{cell.epsg}", always_xy=True).transform(
        180, 10
    )
    border = (edge - cell.bounds[0]) / 10
    assert 50 < border < 974
    archive = store(tmp_path, "look", layer(flat(ground, **GROUND), ground), cell=cell)
    z, _, y = tile_over(ground, border - 50, 512)
    for x in (0, 2**z - 1):
        shown = picture(render(archive, [cell.id], "look", Style.TRUE_COLOUR, z, x, y))
        assert (shown[:, [0, -1][x > 0]] == (shade(0.12), shade(0.06), shade(0.03), 255)).all()
    assert extent_of(archive, [cell.id], "look").bounds[0] == -180
