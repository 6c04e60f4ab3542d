"""A program that stores, for a test to kill: ``store_chip.py archive|slab folder [looks]``."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from imagery.types import Chip, Cost, Layer, Provenance, Source
from tiles.archive import Archive
from tiles.slabs import write_slab

CELL = "35N_0039_0497"


def layer(bands: tuple[str, ...], dtype: str) -> Layer:
    rng = np.random.default_rng(len(bands))
    return Layer(
        scene_id="S2A_T35TLM_20200630",
        bands=bands,
        geobox=GeoBox((60, 80), Affine(10, 0, 399_960, 0, -10, 5_100_000), "EPSG:32635"),
        dn=rng.integers(0, 250, (len(bands), 60, 80)).astype(dtype),
        scale=(1e-4,) * len(bands),
        offset=(-0.1,) * len(bands),
        nodata=(0,) * len(bands),
    )


def chip(acquisition: str = "S2A_20200630") -> Chip:
    return Chip(
        acquisition=acquisition,
        sensor="sentinel-2-l2a",
        sensed=datetime(2020, 6, 30, 9, 20, 31, tzinfo=UTC),
        layers=(layer(("B03", "B04"), "uint16"), layer(("SCL",), "uint8")),
        provenance=Provenance(
            provider="folder",
            scene_ids=("S2A_T35TLM_20200630",),
            item_sha256=("a" * 64,),
            sources=(Source("B03.tif", "b" * 64, 1234),),
            fetched=datetime(2020, 7, 1, tzinfo=UTC),
            cost=Cost(1, 0.0, 1234),
        ),
    )


def store_slab(folder: Path, looks: int) -> str:
    state = {"mean": np.full((60, 80), looks, "i2"), "count": np.full((60, 80), looks, "u1")}
    return write_slab(folder / f"v{looks}.slab", {"looks": looks}, state)


def main(what: str, folder: Path, looks: int = 1) -> None:
    """Wait for the file ``go`` beside the folder if looks are many, then store."""
    if what == "slab":
        store_slab(folder, 2)
        return
    while looks > 1 and not folder.with_name("go").exists():
        time.sleep(0.001)
    archive = Archive(folder)
    for number in range(looks):
        archive.store(chip() if looks == 1 else chip(f"look{number}"), CELL)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
