"""Small chips of random pixels to put into an archive."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from imagery.types import Chip, Cost, Layer, Original, Provenance, Source
from tiles.cell import cell_from_id

CELL = "35N_0039_0497"
LOOK = "S2A_20200630T092031"
SCENE = "S2A_T35TLM_20200630"
SENSOR = "sentinel-2-l2a"
DAY = datetime(2020, 6, 1, 9, 20, tzinfo=UTC)


def layer(
    bands: tuple[str, ...] = ("B03", "B04"),
    shape: tuple[int, int] = (12, 16),
    dtype: str = "uint16",
    crs: str = "EPSG:32635",
    seed: int = 0,
    scene: str = SCENE,
) -> Layer:
    dn: NDArray[np.generic] = (
        np.random.default_rng(seed).integers(0, 250, (len(bands), *shape)).astype(dtype)
    )
    geobox = GeoBox(shape, Affine(10, 0, 399_960, 0, -10, 5_100_000), crs)
    ones = (1,) * len(bands)
    return Layer(
        scene_id=scene,
        bands=bands,
        geobox=geobox,
        dn=dn,
        scale=tuple(1e-4 * one for one in ones),
        offset=tuple(-0.1 * one for one in ones),
        nodata=tuple(0 * one for one in ones),
    )


def chip(
    layers: tuple[Layer, ...] | None = None,
    acquisition: str = LOOK,
    fetched: datetime = datetime(2020, 7, 1, tzinfo=UTC),
    originals: tuple[Original, ...] = (),
) -> Chip:
    given = layers if layers is not None else (layer(), layer(("SCL",), dtype="uint8"))
    scenes = tuple(dict.fromkeys(one.scene_id for one in given))
    return Chip(
        acquisition=acquisition,
        sensor=SENSOR,
        sensed=datetime(2020, 6, 30, 9, 20, 31, tzinfo=UTC),
        layers=given,
        provenance=Provenance(
            provider="folder",
            scene_ids=scenes,
            item_sha256=("a" * 64,) * len(scenes),
            sources=(Source("B03.tif", "b" * 64, 1234, "c" * 64, "d" * 64, 0.25),),
            fetched=fetched,
            cost=Cost(requests=2, units=0.5, bytes=4321),
            software=(("rasterio", "1.4.4"),),
        ),
        notes=("one tile of two",),
        originals=originals,
    )


def response(data: bytes, bands: tuple[str, ...]) -> Original:
    """Return what a provider sent, as if a layer of these bands had been read from it."""
    return Original(SCENE, bands, hashlib.sha256(data).hexdigest(), data)


def ground_look(number: int, bands: tuple[str, ...] = ("B03", "B04"), scene: str = "scene") -> Chip:
    """Return look number so and so, one a day, on a part of the ground of the cell."""
    grid = cell_from_id(CELL).geobox()
    corner = GeoBox((300, 280), grid.affine * Affine.translation(200, 130), grid.crs)
    pixels = layer(bands, shape=(300, 280), seed=number, scene=scene)
    classes = layer(("SCL",), shape=(300, 280), dtype="uint8", seed=number, scene=scene)
    classes = replace(classes, geobox=corner, scale=(None,), offset=(None,))
    made = chip((replace(pixels, geobox=corner), classes), acquisition=f"look{number}")
    return replace(made, sensed=DAY + timedelta(days=number))
