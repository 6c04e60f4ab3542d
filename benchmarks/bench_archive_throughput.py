"""How fast the archive stores and loads, and the cube reads, beside GDAL alone in the same run.

``python benchmarks/bench_archive_throughput.py [--save]``; with ``--save`` the table is written to
``benchmarks/results/archive.md``. Pixels are a fractal texture with noise and clouds, 4 bands of
1,024 x 1,024 (one cell at 10 m). MB are 10^6 bytes of pixels, not of file. What is compared takes
turns, look by look, so that a load of the machine meets all alike; the ratio is the median of the
ratios of neighbours.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import rasterio  # noqa: E402
from affine import Affine  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from odc.geo.geobox import GeoBox  # noqa: E402
from scipy.ndimage import zoom  # noqa: E402

from imagery.cube import build_cube  # noqa: E402
from imagery.types import Chip, Cost, Layer, Provenance, Source  # noqa: E402
from tests.support.chips import response  # noqa: E402
from tiles.archive import Archive  # noqa: E402
from tiles.cell import cell_from_id  # noqa: E402
from tiles.cubes import Cubes  # noqa: E402
from tiles.windows import load_window  # noqa: E402

SIDE, BANDS, ROUNDS = 1024, ("B02", "B03", "B04", "B08"), 15
CELL, SENSOR = "35N_0039_0497", "sentinel-2-l2a"
GRID = GeoBox((SIDE, SIDE), Affine(10, 0, 399_360, 0, -10, 5_099_520), "EPSG:32635")
START = datetime(2020, 6, 30, tzinfo=UTC)
RESULT = ROOT / "benchmarks" / "results" / "archive.md"
VILLAGE = (slice(400, 600), slice(400, 600))

Work = Callable[[int], object]


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
    scale, offset = (1e-4,) * len(BANDS), (0.0,) * len(BANDS)
    layer = Layer("scene", BANDS, GRID, dn, scale, offset, (0,) * len(BANDS))
    source = Source("scene.tif", "0" * 64, dn.nbytes)
    provenance = Provenance("bench", ("scene",), ("0" * 64,), (source,), START, Cost(1, 0, 1))
    return Chip(f"look{number}", SENSOR, START + timedelta(days=number), (layer,), provenance)


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


def side_by_side(works: Mapping[str, Work]) -> dict[str, list[float]]:
    """Return the seconds of every round of each work, taken in turns."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(ROUNDS):
        for name, work in works.items():
            began = time.perf_counter()
            work(number)
            taken[name].append(time.perf_counter() - began)
    return taken


def rows_of(taken: Mapping[str, list[float]], megabytes: float) -> list[str]:
    """Return rows of the table: what, MB/s, and how it stands to the first."""
    base = next(iter(taken.values()))
    rows = []
    for name, seconds in taken.items():
        ratio = statistics.median(b / s for b, s in zip(base, seconds, strict=True))
        rows.append(f"| {name} | {megabytes / statistics.median(seconds):.0f} | {ratio:.2f} |")
    return rows


def measure(folder: Path) -> list[str]:
    scenes = [texture(number) for number in range(ROUNDS)]
    chips = [chip(number, dn) for number, dn in enumerate(scenes)]
    size = scenes[0].nbytes / 1e6
    archive, kept = Archive(folder / "archive"), Archive(folder / "with-responses")
    cubes = Cubes(folder / "cubes", archive)
    paths = [folder / f"{number}.tif" for number in range(ROUNDS)]
    plain_write(folder / "warm.tif", scenes[0])
    archive.store(chip(ROUNDS, scenes[0]), CELL)
    written = side_by_side(
        {
            "rasterio write": lambda n: plain_write(paths[n], scenes[n]),
            "archive store": lambda n: archive.store(chips[n], CELL),
            "archive store, with the response": lambda n: kept.store(
                _with_response(chips[n], paths[n]), CELL
            ),
            "archive store, known already": lambda n: archive.store(chips[n], CELL),
            "cube, one look added from its master": lambda n: cubes.update(SENSOR, CELL),
        }
    )
    cubes.update(SENSOR, CELL)
    grid = cell_from_id(CELL).geobox()
    read = side_by_side(
        {
            "rasterio read": lambda n: plain_read(paths[n]),
            "archive load, not verified": lambda n: archive.load(f"look{n}", CELL, verify=False),
            "archive load": lambda n: archive.load(f"look{n}", CELL),
            "archive load and reflectance": lambda n: build_cube(
                [_loaded(archive, n)], grid, BANDS
            ),
            "cube read": lambda n: cubes.read(SENSOR, CELL, BANDS, _day(n), _day(n)),
        }
    )
    villages = _village_rows(archive, cubes)
    head = ["| | MB/s | times rasterio |", "|---|---:|---:|"]
    return [*head, *rows_of(written, size), *rows_of(read, size), "", *villages]


def _village_rows(archive: Archive, cubes: Cubes) -> list[str]:
    """Return what 2 km over all looks take, from masters and from the cube."""
    grid = cell_from_id(CELL).geobox()[VILLAGE]
    looks = range(ROUNDS)
    taken = side_by_side(
        {
            "masters": lambda _: build_cube([_loaded(archive, n) for n in looks], grid, BANDS),
            "windows": lambda _: build_cube(
                [_window(archive, n, grid) for n in looks], grid, BANDS
            ),
            "cube": lambda _: cubes.read(
                SENSOR, CELL, BANDS, _day(0), _day(ROUNDS), window=VILLAGE
            ),
        }
    )
    per_look = {name: 1e3 * statistics.median(one) / ROUNDS for name, one in taken.items()}
    return [
        f"Two kilometres over {ROUNDS} looks as reflectance: {per_look['masters']:.1f} ms a look "
        f"from whole, verified masters, {per_look['windows']:.1f} ms from windows of masters that "
        f"are not verified, {per_look['cube']:.1f} ms from the cube."
    ]


def _window(archive: Archive, number: int, grid: GeoBox) -> Chip:
    found = load_window(archive, f"look{number}", CELL, grid, BANDS)
    assert found is not None
    return found


def _loaded(archive: Archive, number: int) -> Chip:
    found = archive.load(f"look{number}", CELL)
    assert found is not None
    return found


def _with_response(one: Chip, path: Path) -> Chip:
    sent = dataclasses.replace(response(path.read_bytes(), BANDS), scene_id="scene")
    return dataclasses.replace(one, originals=(sent,))


def _day(number: int) -> datetime:
    return START + timedelta(days=number)


def report(rows: list[str]) -> str:
    lines = [
        "# The archive beside GDAL alone",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, `python benchmarks/bench_archive_throughput.py`, Python "
        f"{platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.",
        "",
        f"{ROUNDS} looks of 4 bands of 1,024 x 1,024 pixels, made, in turns; medians. The archive "
        "reads every master back and compares it pixel by pixel before it lists it, and its digest "
        "again at every load; rasterio does neither.",
        "",
        *rows,
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--save", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        text = report(measure(Path(name)))
    print(text)
    if given.save:
        RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=PendingDeprecationWarning)
    main()
