from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from imagery.types import Chip, Cost, Layer, Provenance, Source

CELL = "35N_0039_0497"
MakeChip = Callable[..., Chip]


def layer(
    bands: tuple[str, ...] = ("B03", "B04"),
    shape: tuple[int, int] = (12, 16),
    dtype: str = "uint16",
    crs: str = "EPSG:32635",
    seed: int = 0,
) -> Layer:
    dn: NDArray[np.generic] = (
        np.random.default_rng(seed).integers(0, 250, (len(bands), *shape)).astype(dtype)
    )
    geobox = GeoBox(shape, Affine(10, 0, 399_960, 0, -10, 5_100_000), crs)
    ones = (1,) * len(bands)
    return Layer(
        scene_id="S2A_T35TLM_20200630",
        bands=bands,
        geobox=geobox,
        dn=dn,
        scale=tuple(1e-4 * one for one in ones),
        offset=tuple(-0.1 * one for one in ones),
        nodata=tuple(0 * one for one in ones),
    )


@pytest.fixture
def make_chip() -> MakeChip:
    """Return `make(layers=..., acquisition=..., fetched=...)`, a chip of small random layers."""

    def make(
        layers: tuple[Layer, ...] | None = None,
        acquisition: str = "S2A_20200630T092031",
        fetched: datetime = datetime(2020, 7, 1, tzinfo=UTC),
    ) -> Chip:
        return Chip(
            acquisition=acquisition,
            sensor="sentinel-2-l2a",
            sensed=datetime(2020, 6, 30, 9, 20, 31, tzinfo=UTC),
            layers=layers if layers is not None else (layer(), layer(("SCL",), dtype="uint8")),
            provenance=Provenance(
                provider="folder",
                scene_ids=("S2A_T35TLM_20200630",),
                item_sha256=("a" * 64,),
                sources=(Source("B03.tif", "b" * 64, 1234),),
                fetched=fetched,
                cost=Cost(requests=2, units=0.5, bytes=4321),
                software=(("rasterio", "1.4.4"),),
            ),
            notes=("one tile of two",),
        )

    return make


@pytest.fixture
def make_layer() -> Callable[..., Layer]:
    return layer


@pytest.fixture
def cell_id() -> str:
    return CELL
