"""Names that the real catalogues give to scenes, made of what the items on disk state."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from pyproj import Transformer
from rasterio.crs import CRS

from tests.standin.scenes import Scene, moment

_SAFE = re.compile(r"^S[12][A-D]_\w+$")
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
_COLUMNS = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")
_BELTS = "CDEFGHJKLMNPQRSTUVWX"
_FIRST_ORBIT = {"a": 73, "b": 27, "c": 172, "d": 172}
"""Absolute orbit that was relative orbit 1, of Sentinel-1A, B and C; D's is taken as C's."""


def letter(scene: Scene) -> str:
    """Return which satellite took the scene, ``a`` where the disk does not know."""
    return str(scene.get("platform", "a"))[-1].lower()


def orbit(scene: Scene) -> int:
    """Return the relative orbit; 0 where the disk does not know it."""
    return int(scene.get("sat:relative_orbit", 0))


def baseline(scene: Scene) -> str:
    """Return the processing baseline: as stated, else one that suits the offset."""
    stated = scene.get("s2:processing_baseline")
    shifted = any(band.offset_dn for band in scene.bands.values())
    return str(stated) if stated else ("05.00" if shifted else "02.14")


def mgrs_tile(scene: Scene) -> str:
    """Return the MGRS square of 100 km that holds the middle of the scene."""
    stated = scene.get("grid:code") or scene.get("s2:mgrs_tile")
    if stated:
        return str(stated).removeprefix("MGRS-").removeprefix("T")
    code = next(iter(scene.bands.values())).grid.epsg or 0
    middle = scene.footprint.centroid
    zone = code % 100 if 32600 < code < 32800 else int((middle.x + 180) // 6) + 1
    return _square(zone, middle.x, middle.y)


@lru_cache(maxsize=4096)
def _square(zone: int, longitude: float, latitude: float) -> str:
    crs = CRS.from_epsg((32700 if latitude < 0 else 32600) + zone)
    move = Transformer.from_crs("OGC:CRS84", crs.to_wkt(), always_xy=True)
    east, north = move.transform(longitude, latitude)
    belt = _BELTS[max(0, min(19, int((latitude + 80) // 8)))]
    column = _COLUMNS[(zone - 1) % 3][max(0, min(7, int(east // 100_000) - 1))]
    row = _ROWS[(int(north // 100_000) + (0 if zone % 2 else 5)) % 20]
    return f"{zone:02d}{belt}{column}{row}"


def processed(scene: Scene) -> datetime:
    """Return when the product was made; with its publication where the disk does not know."""
    stated = scene.get("s2:generation_time") or scene.get("processing:datetime")
    return moment(stated) if stated else scene.published


def optical_name(scene: Scene) -> str:
    """Return the product's name, without ``.SAFE``."""
    stated = str(scene.get("s2:product_uri", scene.id)).removesuffix(".SAFE")
    if _SAFE.match(stated) and "MSIL2A" in stated:
        return stated
    number = baseline(scene).replace(".", "")
    return (
        f"S2{letter(scene).upper()}_MSIL2A_{_compact(scene.sensed)}_N{number}_R{orbit(scene):03d}"
        f"_T{mgrs_tile(scene)}_{_compact(processed(scene))}"
    )


def datatake(scene: Scene) -> str:
    """Return the datatake's name: as stated, else made of platform, time and orbit."""
    stated = scene.get("s2:datatake_id")
    if stated:
        return str(stated)
    count = absolute_orbit(scene)
    return f"GS2{letter(scene).upper()}_{_compact(scene.sensed)}_{count:06d}_N{baseline(scene)}"


def radar_name(scene: Scene) -> str:
    """Return the name of the GRD product."""
    if _SAFE.match(scene.id) and "_GRD" in scene.id:
        return scene.id
    mode, count = scene.get("sar:instrument_mode", "IW"), absolute_orbit(scene)
    end = scene.sensed + timedelta(seconds=25)
    digest = hashlib.sha256(scene.id.encode()).hexdigest().upper()
    return (
        f"S1{letter(scene).upper()}_{mode}_GRDH_1S{scene.get('s1:polarization', 'DV')}"
        f"_{_compact(scene.sensed)}_{_compact(end)}_{count:06d}_{digest[:6]}_{digest[6:10]}"
    )


def absolute_orbit(scene: Scene) -> int:
    """Return an absolute orbit that gives the relative orbit by the mission's rule."""
    if scene.get("sat:absolute_orbit") is not None:
        return int(scene.properties["sat:absolute_orbit"])
    if scene.kind == "optical":
        return orbit(scene)
    cycles = (scene.sensed.date() - date(2014, 4, 15)).days // 12
    return _FIRST_ORBIT.get(letter(scene), 73) + orbit(scene) - 1 + 175 * max(0, cycles)


def _compact(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
