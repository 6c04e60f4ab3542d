"""How fast the archive stores and loads, beside GDAL alone and a bare hash in the same run.

Pixels are a fractal texture with noise and clouds, 4 bands of 1,024 x 1,024 (one cell at 10 m).
MB are 10^6 bytes of pixels, not of file. Ratios tell more than figures: the disk, the load and the
processor are the machine's own.
"""

import hashlib
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy.ndimage import zoom

from imagery.types import Chip, Cost, Layer, Provenance, Source
from tiles.archive import Archive

SIDE, BANDS, ROUNDS = 1024, ("B02", "B03", "B04", "B08"), 7
CELL = "35N_0039_0497"
GRID = GeoBox((SIDE, SIDE), Affine(10, 0, 399_360, 0, -10, 5_099_520), "EPSG:32635")


def texture(seed: int) -> NDArray[np.uint16]:
    """Return a landscape of uint16 DN, shape (band, y, x)."""
    rng = np.random.default_rng(seed)
    octaves = [
        zoom(rng.normal(0, 2.0**level, (SIDE >> level, SIDE >> level)), 2**level, order=1)
        for level in range(3, 8)
    ]
    ground = 900 + 12 * sum(octaves)
    bands = np.stack(
        [ground * gain + rng.normal(0, 22, ground.shape) for gain in (0.4, 0.6, 0.8, 2)]
    )
    bands[:, octaves[-1] > 200] = 0
    return np.clip(bands, 0, 10_000).astype(np.uint16)


def chip(number: int, dn: NDArray[np.uint16]) -> Chip:
    ones = (1.0,) * len(BANDS)
    layer = Layer("scene", BANDS, GRID, dn, ones, ones, (0,) * len(BANDS))
    source = Source("scene.tif", "0" * 64, dn.nbytes)
    now = datetime(2020, 6, 30, tzinfo=UTC)
    provenance = Provenance("bench", ("scene",), ("0" * 64,), (source,), now, Cost(1, 0, 1))
    return Chip(f"look{number}", "sentinel-2-l2a", now, (layer,), provenance)


def plain_write(path: Path, dn: NDArray[np.uint16]) -> None:
    """Write with rasterio alone: same codec and tiles, no check, no hash, one fsync."""
    profile = {
        "driver": "GTiff", "count": len(dn), "height": SIDE, "width": SIDE, "dtype": "uint16",
        "crs": "EPSG:32635", "transform": GRID.transform, "tiled": True, "blockxsize": 512,
        "blockysize": 512, "interleave": "band", "compress": "ZSTD", "zstd_level": 9,
        "predictor": 2,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(dn)
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def plain_read(path: Path) -> None:
    with rasterio.open(path) as source:
        source.read()


def rate(work: Callable[[int], object], megabytes: float) -> float:
    """Return the median MB/s over the rounds."""
    taken = []
    for number in range(ROUNDS):
        start = time.perf_counter()
        work(number)
        taken.append(time.perf_counter() - start)
    return megabytes / statistics.median(taken)


def main() -> None:
    scenes = [texture(number) for number in range(ROUNDS)]
    size = scenes[0].nbytes / 1e6
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = Archive(folder / "archive")
        chips = [chip(number, dn) for number, dn in enumerate(scenes)]
        paths = [folder / f"{number}.tif" for number in range(ROUNDS)]
        plain_write(folder / "warm.tif", scenes[0])
        rates = {
            "rasterio write": rate(lambda n: plain_write(paths[n], scenes[n]), size),
            "archive store": rate(lambda n: archive.store(chips[n], CELL), size),
            "archive store again": rate(lambda n: archive.store(chips[n], CELL), size),
            "rasterio read": rate(lambda n: plain_read(paths[n]), size),
            "archive load unverified": rate(
                lambda n: archive.load(f"look{n}", CELL, verify=False), size
            ),
            "archive load": rate(lambda n: archive.load(f"look{n}", CELL), size),
        }
        packed = paths[0].stat().st_size / 1e6
        data = paths[0].read_bytes()
        rates["sha256 of the file"] = rate(lambda _: hashlib.sha256(data).digest(), packed)
    for what, value in rates.items():
        base = rates["rasterio read" if "load" in what or "read" in what else "rasterio write"]
        print(f"{what:24} {value:8.0f} MB/s   {value / base:5.2f} x plain rasterio")
    print(f"one chip {size:.1f} MB of pixels, {packed:.1f} MB on disk")


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=PendingDeprecationWarning)
    main()
