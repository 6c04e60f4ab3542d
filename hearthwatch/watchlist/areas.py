"""From a file or a box to areas, and from an area to a region on the watchlist."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import MultiPolygon

from hearthwatch.errors import RegionError
from hearthwatch.records import Kind, Mode, Region
from hearthwatch.settings import Settings
from hearthwatch.watchlist.geojson import parse_geojson
from hearthwatch.watchlist.outline import Judged, judge_feature
from hearthwatch.watchlist.raw import RawFeature, RawFile
from tiles.geodesy import area_m2, polygons

MAX_BYTES = 64 * 1024 * 1024
MAX_LISTED = 100
MAX_NAME = 200
SQUARE_KM = 1e6

_SQLITE = b"SQLite format 3\0"
_FLATGEOBUF = b"fgb\x03fgb"
_PARCELS = (b"PK\x03\x04", b"\x00\x00\x27\x0a", b"<?xml", b"<kml", b"\xef\xbb\xbf<?xml")
"""Beginnings of archives, shapefiles and KML."""


@dataclass(frozen=True, slots=True)
class NamedArea:
    """An area that can be watched.

    Attributes
    ----------
    name : str or None
        As the file calls it.
    geometry : MultiPolygon
        CRS84, valid, split at 180 degrees, wound right.
    area_km2 : float
        On the WGS 84 ellipsoid.
    repairs : tuple of str
        What was changed to make it so.
    doubt : str
        What the file says is doubtful about it.
    """

    name: str | None
    geometry: MultiPolygon
    area_km2: float
    repairs: tuple[str, ...]
    doubt: str = ""


def read_area(source: Path | str, settings: Settings) -> list[NamedArea]:
    """Read the areas of a file, or of GeoJSON text.

    Parameters
    ----------
    source : Path or str
        A GeoJSON, GeoPackage, FlatGeobuf, KML or shapefile, these two also zipped; or GeoJSON
        itself, beginning with ``{``.

    Returns
    -------
    list of NamedArea
        One for each feature that holds a polygon, in the file's order.

    Raises
    ------
    RegionError
        Listing everything that is wrong with it at once.
    """
    if isinstance(source, str) and source.lstrip().startswith("{"):
        name, raw = "The GeoJSON", parse_geojson(source, "The GeoJSON")
    else:
        name, raw = str(source), read_raw(Path(source))
    return areas_of(raw, name, settings)


def areas_of(raw: RawFile, name: str, settings: Settings) -> list[NamedArea]:
    """Judge what a file says.

    Parameters
    ----------
    name : str
        Of the file, for messages.

    Raises
    ------
    RegionError
        Listing everything that is wrong with it at once.
    """
    judged = [judge_feature(feature, degrees=raw.degrees) for feature in raw.features]
    faults = [*raw.faults]
    for feature, one in zip(raw.features, judged, strict=True):
        limits = () if one.faults or raw.faults else _beyond_limits(one.geometry, settings)
        faults += [f"{feature.where} {words}" for words in (*one.faults, *limits)]
    if not faults and not any(one.polygons for one in judged):
        faults.append(_no_polygon(raw))
    if faults:
        raise RegionError(_in_words(name, faults))
    pairs = zip(raw.features, judged, strict=True)
    return [
        dataclasses.replace(_named(feature.name, one, raw.repairs), doubt=feature.doubt)
        for feature, one in pairs
        if one.polygons
    ]


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
    faults = _beyond_limits(judged.geometry, settings)
    if faults:
        raise RegionError(_in_words(f"The box {text}", [f"it {words}" for words in faults]))
    return _named(None, judged, ())


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
    faults = _beyond_limits(whole, settings)
    if faults:
        raise RegionError(_in_words("All features together", [f"that {w}" for w in faults]))
    said = dict.fromkeys(words for area in areas for words in area.repairs)
    repairs = (*said, f"{len(areas)} features were joined into one region")
    return NamedArea(None, whole, area_m2(whole) / SQUARE_KM, repairs)


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


def read_raw(path: Path) -> RawFile:
    """Read a file without judging what it says; its content tells the format.

    Raises
    ------
    RegionError
        If it cannot be read as one of these.
    """
    data = bytes_of(path)
    if data.startswith((_SQLITE, _FLATGEOBUF)):
        # GDAL is loaded only for files that need it.
        from hearthwatch.watchlist.vector import read_vector

        return read_vector(path)
    if data.startswith(_PARCELS) or path.suffix.lower() == ".kml":
        from hearthwatch.watchlist.parcels import read_parcel

        return read_parcel(path, data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RegionError(
            f"{path} is neither GeoJSON (in UTF-8) nor GeoPackage, FlatGeobuf, KML or shapefile: "
            "export it as one of these."
        ) from error
    if not text.strip():
        raise RegionError(f"{path} is empty: export it again.")
    return parse_geojson(text, str(path))


def bytes_of(path: Path) -> bytes:
    """Return the content of a file that is not larger than the limit (`RegionError`)."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise RegionError(
                f"{path} has {size / 1e6:,.0f} MB, the limit is {MAX_BYTES / 1e6:,.0f} MB: "
                "keep only the outline to watch."
            )
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise RegionError(f"{path} cannot be read: {reason}. Check its name.") from error


def _judged_box(corners: list[list[float]], text: str) -> Judged:
    judged = judge_feature(RawFeature("box", None, [[np.array(corners)]]), degrees=True)
    if judged.faults:
        raise RegionError(_in_words(f"The box {text}", [f"it {w}" for w in judged.faults]))
    return judged


def _named(name: str | None, judged: Judged, repairs: tuple[str, ...]) -> NamedArea:
    geometry = judged.geometry
    said = tuple(dict.fromkeys((*repairs, *judged.repairs)))
    return NamedArea(name, geometry, area_m2(geometry) / SQUARE_KM, said)


def _beyond_limits(geometry: MultiPolygon, settings: Settings) -> list[str]:
    faults = []
    size = area_m2(geometry) / SQUARE_KM
    corners = int(shapely.get_num_coordinates(geometry))
    if size > settings.max_region_km2:
        faults.append(
            f"covers {size:,.1f} km², and a region may have {settings.max_region_km2:,.1f} km² "
            "at most: draw it smaller or cut it in several regions (setting max_region_km2)"
        )
    if corners > settings.max_vertices:
        faults.append(
            f"has {corners:,} corners, and a region may have {settings.max_vertices:,} at most: "
            "simplify it (setting max_vertices)"
        )
    return faults


def _no_polygon(raw: RawFile) -> str:
    if not raw.features:
        return "it holds no feature: draw the area to watch as a polygon"
    kinds = ", ".join(dict.fromkeys(kind for f in raw.features for kind in f.ignored))
    found = f"only {kinds}" if kinds else "nothing"
    return f"it holds no polygon, {found}: draw the area to watch as a polygon"


def _in_words(name: str, faults: Sequence[str]) -> str:
    if len(faults) == 1:
        return f"{name} cannot be used: {faults[0]}."
    listed = "".join(f"\n  - {fault}" for fault in faults[:MAX_LISTED])
    more = f"\n  - and {len(faults) - MAX_LISTED:,} more" if len(faults) > MAX_LISTED else ""
    return f"{name} cannot be used, {len(faults):,} things are wrong with it:{listed}{more}"
