"""A drawn village on even ground, so that every number of an exercise can be reckoned by hand."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import Point, Polygon

from hearthwatch.exercise.model import Burn, Residues, Village
from tests.support import catalogue

DAY = datetime(2018, 6, 1, tzinfo=UTC)
AGAIN = datetime(2018, 7, 1, tzinfo=UTC)
CHAR = {"B02": 0.03, "B04": 0.04, "B08": 0.05, "B8A": 0.05, "B11": 0.14}
ASH = {"B02": 0.20, "B04": 0.22, "B08": 0.25, "B8A": 0.26, "B11": 0.30}
RESIDUES = Residues(CHAR, ASH)
SOIL = {"B02": 800, "B04": 1800, "B08": 2600}
SOIL_20 = {"B8A": 2800, "B11": 3600}
MIDDLE = (catalogue.ORIGIN[0] + 300.0, catalogue.ORIGIN[1] - 300.0)
RADIUS_M = 100.0
LOOKS = (date(2018, 5, 1), date(2018, 5, 20), date(2018, 6, 1), date(2018, 6, 11),
         date(2018, 7, 6))  # fmt: skip


def core(middle: tuple[float, float] = MIDDLE, radius_m: float = RADIUS_M) -> Polygon:
    return degrees(Point(middle).buffer(radius_m))


def degrees(area: Polygon, crs: str = catalogue.CRS_CODE) -> Polygon:
    move = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    return shapely.transform(area, lambda at: np.column_stack(move.transform(at[:, 0], at[:, 1])))


def village(**more: object) -> Village:
    return Village(core(), **{"huts": 0.4, "seed": 3, **more})


def burn(day: datetime = DAY, **more: object) -> Burn:
    return Burn(day, **{"share": 0.5, "completeness": 0.9, **more})


def even(classes: int = 5, **numbers: int) -> catalogue.Renderer:
    """Return a renderer of bare soil, the same everywhere; SCL at 20 m."""
    size = catalogue.SIZE

    def render(sensed: datetime) -> dict[str, np.ndarray]:
        fine = {band: np.full((size, size), dn, np.uint16) for band, dn in (SOIL | numbers).items()}
        half = size // 2
        coarse = {band: np.full((half, half), dn, np.uint16) for band, dn in SOIL_20.items()}
        return {**fine, **coarse, "SCL": np.full((half, half), classes, np.uint16)}

    return render


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder, by its path in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
