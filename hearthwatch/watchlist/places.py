"""Settlements from files: polygons as they are, points as circles."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hearthwatch.records import Mode, Settlement
from hearthwatch.settings import Settings
from hearthwatch.watchlist.circles import CORNERS
from hearthwatch.watchlist.options import Options
from hearthwatch.watchlist.reading import NamedArea, read_file
from tiles.geodesy import polygons

SQUARE_METRES = 1e6
DOUBT = "; doubt: "
"""Between where a settlement was taken from and what is doubtful about its outline."""
_OUT_OF_ROUND = 0.02


def read_settlements(
    source: Path,
    settings: Settings,
    *,
    radius_m: float | None = None,
    encoding: str | None = None,
) -> list[NamedArea]:
    """Read the settlements of a file in which nothing is wrong.

    Parameters
    ----------
    source : Path
        As of `read_file`.
    radius_m : float or None
        Radius of the core round a point that names none itself (``radius_m``), metres.
    encoding : str or None
        Of text that is not in UTF-8.

    Raises
    ------
    RegionError
        Listing everything that is wrong with it at once.
    """
    options = Options(each=True, radius_m=radius_m, encoding=encoding)
    return list(read_file(source, settings, options).required())


def make_settlement(
    area: NamedArea, organisation: str, source: str, now: datetime, mode: Mode = Mode.ACTUAL
) -> Settlement:
    """Make a settlement of an area.

    Its id follows from whose it is, its name and its outline: a file that is imported again
    adds nothing twice.
    """
    name = area.name or ""
    identity = f"{organisation}\n{mode}\n{name}\n{area.geometry.wkb_hex}"
    return Settlement(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, identity)),
        organisation=organisation,
        mode=mode,
        name=name,
        geometry=area.geometry,
        area_m2=area.area_km2 * SQUARE_METRES,
        source=f"{source}{DOUBT}{area.doubt}" if area.doubt else source,
        created=now,
        pcode=area.coded.pcode,
    )


def doubt_of(settlement: Settlement) -> str:
    """Return what is doubtful about a settlement's outline; empty where nothing was said."""
    return settlement.source.partition(DOUBT)[2]


def is_circle(core: BaseGeometry) -> bool:
    """Tell whether an outline is the circle that was put round a point."""
    parts = polygons(core)
    if len(parts) != 1 or shapely.get_num_coordinates(parts[0]) != CORNERS + 1:
        return False
    # Degrees of longitude are shorter: the box that holds a circle is made a square first.
    corners = shapely.get_coordinates(parts[0])
    low, high = corners.min(axis=0), corners.max(axis=0)
    away = np.hypot(*((2.0 * corners - low - high) / (high - low)).T)
    return bool(np.all(np.abs(away - 1.0) < _OUT_OF_ROUND))
