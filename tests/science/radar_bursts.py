"""The stable bursts of California as looks, with settlement-shaped discs laid on them.

Bursts of 100 by 100 pixels of 30 m, 21 dates between October and January of five winters, of one
relative orbit. Nothing is known to have happened there; it rained on some of the dates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from detectors.types import PARTS, Places, PlaceSet
from imagery.types import Cause

FOLDER = "s1-rtc-california"
LAND = ("292319-IW2", "292321-IW2", "292323-IW2", "292325-IW1")
SEA = "292320-IW1"
ORBIT = 137
PIXEL_M = 30.0
RING_M = (300.0, 1500.0)


@dataclass(frozen=True)
class Burst:
    """One burst: `power` (look, band, y, x) with the bands VV and VH, linear."""

    name: str
    sensed: tuple[datetime, ...]
    power: NDArray[np.float32]
    grid: GeoBox

    def cubes(self) -> list[xr.Dataset]:
        """Return a cube of every look, as the pipeline hands them to a detector."""
        return [
            cube_of(values, when, self.grid)
            for values, when in zip(self.power, self.sensed, strict=True)
        ]


def read_burst(root: Path, name: str) -> Burst:
    """Read all looks at one burst."""
    files = sorted((root / FOLDER).glob(f"*/*{name}*_VV.tif"), key=lambda one: one.parent.name)
    looks, sensed = [], []
    for file in files:
        bands = []
        for band in ("VV", "VH"):
            with rasterio.open(str(file).replace("_VV.tif", f"_{band}.tif")) as source:
                bands.append(source.read(1))
                grid = GeoBox(source.shape, source.transform, source.crs)
        looks.append(np.stack(bands))
        stamp = file.name.split("_")[4]
        sensed.append(datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
    return Burst(name, tuple(sensed), np.stack(looks), grid)


def cube_of(
    values: NDArray[np.float32], sensed: datetime, grid: GeoBox, orbit: int | None = ORBIT
) -> xr.Dataset:
    """Return one look as a cube; what is not above 0 was not seen."""
    seen = np.isfinite(values) & (values > 0.0)
    power = np.where(seen, values, np.nan).astype(np.float32)
    cause = np.where(seen.all(0), np.uint8(Cause.CLEAR), np.uint8(Cause.NODATA))
    layers = {"VV": power[0], "VH": power[1], "cause": cause}
    return xr.Dataset(
        {name: (("time", "y", "x"), layer[None]) for name, layer in layers.items()},
        coords={
            "time": [np.datetime64(sensed.replace(tzinfo=None), "ns")],
            "y": grid.coords["y"].values,
            "x": grid.coords["x"].values,
        },
        attrs={
            "acquisition": f"look-{sensed:%Y%m%dT%H%M%S}", "sensed": sensed.isoformat(),
            "orbit": orbit, "sensor": "sentinel-1-rtc", "pixel_m": abs(float(grid.transform.a)),
            "crs": str(grid.crs), "transform": tuple(grid.transform)[:6],
        },
    )  # fmt: skip


def laid(
    shape: tuple[int, int], centres: Sequence[tuple[int, int]], radius_m: float,
    placebo: bool = False, pixel_m: float = PIXEL_M,
) -> Places:  # fmt: skip
    """Lay discs with their rings of 16 sectors on a grid; rings end where the grid does.

    Parameters
    ----------
    centres : sequence of (int, int)
        Row and column of each centre.
    """
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    pixels, starts = [], [0]
    for row, col in centres:
        south, east = (rows - row) * pixel_m, (cols - col) * pixel_m
        away = np.hypot(south, east) - radius_m
        sector = (np.degrees(np.arctan2(east, -south)) // (360 / (PARTS - 1))).astype(int)
        ring = (away >= RING_M[0]) & (away <= RING_M[1])
        parts = [away <= 0.0, *(ring & (sector % (PARTS - 1) == k) for k in range(PARTS - 1))]
        for part in parts:
            mine = np.flatnonzero(part)
            pixels.append(mine)
            starts.append(starts[-1] + mine.size)
    count = len(centres)
    return Places(
        np.ones(shape, bool),
        PlaceSet(
            tuple(f"disc{n}" for n in range(count)), np.full(count, placebo),
            np.concatenate(pixels).astype(np.int64), np.array(starts, np.int64),
        ),
    )  # fmt: skip


def lattice(shape: tuple[int, int], first: int, step: int) -> list[tuple[int, int]]:
    """Return centres on a lattice, the same distance from all edges."""
    return [
        (row, col)
        for row in range(first, shape[0] - first + 1, step)
        for col in range(first, shape[1] - first + 1, step)
    ]


GRID = GeoBox((100, 100), Affine(PIXEL_M, 0, 244_920, 0, -PIXEL_M, 3_816_660), "EPSG:32611")
"""A grid like those of the bursts, for looks that are drawn."""
