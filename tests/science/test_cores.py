"""Villages implanted in real looks of forest are rediscovered; real fields and forest are refused.

The forest is the Romanian square of the sample, eight looks of all seasons; the fields are twelve
months of Belgian farmland; the artificial surfaces of the Slovenian square are a road. Huts stand
as an exercise places them, and the yards between are dry ground, as bare as is drawn.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from shapely.geometry import Polygon, box

from detectors.cores import Core, find_core
from detectors.endmembers import Surface, spectrum
from hearthwatch.exercise.ground import burn_ground, cover_on
from hearthwatch.exercise.model import Burn, Village
from hearthwatch.pipeline.outlines import bands_of, choose_looks
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.registry import create_provider
from imagery.types import Cause, Query
from tests.science.replay import START, UNTIL
from tiles.plane import from_plane, to_plane

EPSG = 32634
FELLED = datetime(2017, 6, 1, tzinfo=UTC)
"""The forest is whole until then, but for a few clearings."""
MIDDLES = ((520.0, 430.0), (600.0, 600.0), (450.0, 650.0))
HUTS, YARD, ROOF = 0.25, 0.5, 0.6
FIELDS = ("B02", "B03", "B04", "B08", "B11", "B12")
SLOVENIA_CLEAR, SLOVENIA_BANDS = slice(2, 5), (1, 2, 3, 7, 11)
ARTIFICIAL, FOREST = 8, 2


@lru_cache(maxsize=1)
def forest(catalogue: Path) -> tuple[Any, tuple[str, ...], GeoBox]:
    """Return the looks (look, band, y, x) that the command would choose, and their grid."""
    provider = create_provider("folder", path=catalogue)
    scenes = list(provider.search(Query(box(-180, -80, 180, 84), START, min(UNTIL, FELLED))))
    west, _, _, north = to_plane(scenes[0].footprint, EPSG).bounds
    corner = Affine(10, 0, round(west / 10) * 10, 0, -10, round(north / 10) * 10)
    grid = GeoBox((100, 100), corner, f"EPSG:{EPSG}")
    shown = []
    for look in choose_looks(group_acquisitions(scenes), 24):
        bands = bands_of(look)
        chip = provider.read(look.scenes, grid, [*bands, "SCL"], 100.0)
        cube = look_cube(chip, grid, [*bands, "SCL"]).isel(time=0)
        clear = cube["cause"].values == Cause.CLEAR
        pixels = np.stack([cube[band].values for band in bands]).astype(float)
        shown.append(np.where(clear, pixels, np.nan))
    clearest = [one for one in shown if np.isfinite(one).all(0).mean() > 0.8]
    return np.stack(clearest[:8]), bands, grid


def village(grid: GeoBox, middle: tuple[float, float], hectares: float, seed: int) -> Any:
    """Return the share of each pixel under huts and within the village, and its pixels."""
    x, y = grid.transform.c + middle[0], grid.transform.f - middle[1]
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    shape = 1 + 0.2 * np.cos(2 * turn + seed) + 0.1 * np.cos(3 * turn + 2 * seed)
    unit = Polygon(np.column_stack([shape * np.cos(turn), shape * np.sin(turn)]))
    size = np.sqrt(hectares * 1e4 / unit.area)
    core = Polygon(np.asarray(unit.exterior.coords) * size + (x, y))
    everything = [Burn(datetime(2016, 1, 1, tzinfo=UTC), share=1.0)]
    drawn = burn_ground(Village(from_plane(core, EPSG), HUTS, seed=seed), everything)
    cover, huts = cover_on(drawn, grid), np.zeros(grid.shape)
    assert cover is not None
    huts[cover.rows, cover.columns] = cover.shares[0]
    fine = rasterize([core], (500, 500), transform=grid.transform * Affine.scale(0.2))
    inside = fine.reshape(100, 5, 100, 5).mean((1, 3))
    return huts, inside, rasterize([core], grid.shape, transform=grid.transform).astype(bool)


def implanted(looks: Any, bands: tuple[str, ...], huts: Any, inside: Any, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    dry = spectrum(Surface.DRY, bands)[:, None, None]
    bare = np.clip(YARD + 0.25 * rng.standard_normal(huts.shape), 0, 1)
    yards = np.maximum(inside - huts, 0) * bare
    wet = rng.uniform(0.7, 1.0, len(looks))[:, None, None, None]
    return looks * (1 - huts - yards) + wet * dry * (yards + ROOF * huts)


@pytest.mark.parametrize("hectares", [1.0, 2.0, 5.0])
def test_villages_implanted_in_forest_are_rediscovered(
    sample_catalogue: Path, hectares: float
) -> None:
    looks, bands, grid = forest(sample_catalogue)
    for seed, middle in enumerate(MIDDLES):
        huts, inside, truth = village(grid, middle, hectares, seed)
        seen = implanted(looks, bands, huts, inside, seed)
        point = int(middle[1] // 10) + 2, int(middle[0] // 10) - 2
        found = find_core(seen, bands, point, 10.0)
        assert found.outline is not None, found.refusal
        both = (found.outline & truth).sum()
        assert 2 * both / (found.outline.sum() + truth.sum()) >= 0.6
        bare = find_core(looks, bands, point, 10.0)
        assert bare.outline is None, "without the village there is nothing"


@pytest.mark.shared_data
def test_no_settlement_is_drawn_on_farmland(shared_data: Path) -> None:
    path = shared_data / "s2-worldcereal-belgium" / "worldcereal_preprocessed_inputs.nc"
    with h5py.File(path) as file:
        raw = np.stack([file[f"S2-L2A-{band}"][:] for band in FIELDS], axis=1)
    looks = np.where(raw < 0, np.nan, raw / 10_000.0)
    fields = ((15, 60), (30, 90), (55, 92), (85, 35), (88, 8), (75, 75))
    for point in fields:
        assert find_core(looks, FIELDS, point, 10.0).outline is None, point


@pytest.mark.shared_data
def test_a_slovenian_road_and_the_forest_beside_it_are_no_settlements(shared_data: Path) -> None:
    folder = shared_data / "s2-eolearn-slovenia"
    scenes = np.load(folder / "REFERENCE_SCENES.npy")[SLOVENIA_CLEAR][..., SLOVENIA_BANDS]
    looks = scenes.transpose(0, 3, 1, 2).astype(float)
    cover = np.load(folder / "TestEOPatch" / "mask_timeless" / "LULC.npy")[..., 0]
    found = {
        name: [_at(looks, point) for point in _some(np.argwhere(cover == kind))]
        for name, kind in (("road", ARTIFICIAL), ("forest", FOREST))
    }
    assert [sum(one.outline is not None for one in each) for each in found.values()] == [0, 0]
    road, wood = (np.median([one.contrast for one in each]) for each in found.values())
    assert road > wood + 2.0, "the road is seen, and known for a road"


def _at(looks: Any, point: Any) -> Core:
    return find_core(looks, FIELDS[:5], (int(point[0]), int(point[1])), 10.0)


def _some(points: Any) -> Any:
    return points[np.linspace(0, len(points) - 1, 12).astype(int)]
