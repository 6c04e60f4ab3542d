"""From a file or a box to areas, and from an area to a region on the watchlist."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import MultiPolygon

from hearthwatch.errors import RegionError
from hearthwatch.records import Kind, Mode, Region
from hearthwatch.settings import Settings
from hearthwatch.watchlist.geojson import parse_geojson
from hearthwatch.watchlist.options import Options
from hearthwatch.watchlist.outline import Judged, judge_feature
from hearthwatch.watchlist.raw import RawFeature
from hearthwatch.watchlist.reading import (
    NamedArea,
    area_km2,
    beyond_limits,
    in_words,
    judge_file,
    named_area,
    read_file,
)
from tiles.geodesy import polygons

MAX_NAME = 200
EARTH_KM2 = 5.2e8
"""A little more than the surface of the Earth."""


def of_any_size(settings: Settings) -> Settings:
    """Return settings that limit the size of no area: one of which no pixels are read is free."""
    return settings.model_copy(update={"max_region_km2": EARTH_KM2})


def read_area(source: Path | str, settings: Settings, *, mend: bool = False) -> list[NamedArea]:
    """Read the areas of a file, or of GeoJSON text, that make up one region.

    Parameters
    ----------
    source : Path or str
        A file of any format that `read_file` takes; or GeoJSON itself, beginning with ``{``.
    mend : bool
        As in `Options`.

    Returns
    -------
    list of NamedArea
        One for each feature that holds a polygon, in the file's order.

    Raises
    ------
    RegionError
        Listing everything that is wrong with it at once.
    """
    options = Options(mend=mend)
    if isinstance(source, str) and source.lstrip().startswith("{"):
        raw = parse_geojson(source, "The GeoJSON")
        return list(judge_file(raw, "The GeoJSON", settings, options).required())
    return list(read_file(Path(source), settings, options).required())


def read_bbox(text: str, settings: Settings) -> NamedArea:
    """Make an area of ``west,south,east,north`` in degrees; west > east crosses 180 degrees.

    Raises
    ------
    RegionError
        If it is not four numbers in order and range, or larger than the limit.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise RegionError(
            f"The box {text!r} is not four numbers west,south,east,north in degrees."
        ) from error
    if west > east:
        east += 360.0
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    if south >= north or west == east:
        raise RegionError(f"The box {text} encloses no area: give west,south,east,north.")
    judged = _judged_box(corners, text)
    faults = beyond_limits(judged.geometry, settings)
    if faults:
        raise RegionError(in_words(f"The box {text}", [f"it {words}" for words in faults]))
    return named_area(RawFeature("box", None, ()), judged)


def join_areas(areas: Sequence[NamedArea], settings: Settings) -> NamedArea:
    """Make one area of several; the limits hold for the whole.

    Raises
    ------
    RegionError
        If together they are larger than the limit.
    """
    if len(areas) == 1:
        return areas[0]
    union = polygons(shapely.union_all([area.geometry for area in areas]))
    whole = MultiPolygon([shapely.orient_polygons(part) for part in union])
    faults = beyond_limits(whole, settings)
    if faults:
        raise RegionError(in_words("All features together", [f"that {w}" for w in faults]))
    said = dict.fromkeys(words for area in areas for words in area.repairs)
    repairs = (*said, f"{len(areas)} features were joined into one region")
    return NamedArea(None, whole, area_km2(whole), repairs)


def make_region(
    area: NamedArea,
    name: str,
    organisation: str,
    *,
    kind: Kind = Kind.GROUND_CHANGE,
    mode: Mode = Mode.ACTUAL,
    purpose: str = "",
    owner: str = "",
    expires: datetime | None = None,
    taken: Iterable[str] = (),
) -> Region:
    """Make a region of an area.

    Parameters
    ----------
    taken : iterable of str
        Names that the organisation's other regions bear.

    Raises
    ------
    RegionError
        If the name cannot be used or is taken, or the watch would have ended already.
    """
    now = datetime.now(UTC)
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise RegionError(f"A region's name is one line of 1 to {MAX_NAME} characters.")
    if name.casefold() in {other.casefold() for other in taken}:
        raise RegionError(
            f"There is a region {name} already: choose another name or remove that one first."
        )
    if expires is not None and expires <= now:
        raise RegionError(f"The watch would have ended on {expires:%Y-%m-%d}: name a later day.")
    return Region(
        id=str(uuid.uuid4()),
        organisation=organisation,
        kind=kind,
        mode=mode,
        name=name,
        geometry=area.geometry,
        area_km2=area.area_km2,
        created=now,
        purpose=purpose,
        owner=owner,
        expires=expires,
    )


def _judged_box(corners: list[list[float]], text: str) -> Judged:
    judged = judge_feature(RawFeature("box", None, [[np.array(corners)]]), degrees=True)
    if judged.faults:
        raise RegionError(in_words(f"The box {text}", [f"it {w}" for w in judged.faults]))
    return judged
