"""From a file to what it says: its content tells the format, never its name."""

from __future__ import annotations

from pathlib import Path

from hearthwatch.errors import RegionError
from hearthwatch.watchlist.encoded import text_of
from hearthwatch.watchlist.geojson import parse_geojson
from hearthwatch.watchlist.options import Options
from hearthwatch.watchlist.raw import RawFile
from hearthwatch.watchlist.table import parse_table

MAX_BYTES = 64 * 1024 * 1024
MAX_FEATURES = 100_000

_SQLITE = b"SQLite format 3\0"
_FLATGEOBUF = b"fgb\x03fgb"
_PARCELS = (b"PK\x03\x04", b"\x00\x00\x27\x0a")
"""Beginnings of archives and shapefiles."""
_BLANK = b"\xef\xbb\xbf \t\r\n"


def read_raw(path: Path, named: str, options: Options) -> RawFile:
    """Read a file without judging what it says.

    Parameters
    ----------
    named : str
        How it is called in messages.

    Raises
    ------
    RegionError
        If it cannot be read as any known format, or holds too much.
    """
    raw = _read(path, bytes_of(path, named), named, options)
    if len(raw.features) > MAX_FEATURES:
        raise RegionError(
            f"{named} holds {len(raw.features):,} features, the limit is {MAX_FEATURES:,}: cut it "
            "in several files."
        )
    return raw


def _read(path: Path, data: bytes, named: str, options: Options) -> RawFile:
    if data.startswith((_SQLITE, _FLATGEOBUF)):
        # GDAL is loaded only for files that need it.
        from hearthwatch.watchlist.vector import read_vector

        return read_vector(path, named, options.crs)
    # A "<" begins no other text that is read here.
    if data.startswith(_PARCELS) or data.lstrip(_BLANK).startswith(b"<"):
        from hearthwatch.watchlist.parcels import read_parcel

        return read_parcel(path, data, named, options.crs)
    text = text_of(data, named, options.encoding)
    if not text.strip():
        raise RegionError(f"{named} is empty: export it again.")
    if text.lstrip().startswith("<"):
        raise RegionError(f"{named} is not KML in UTF-8: export it again.")
    if text.lstrip()[0] in "{[":
        return parse_geojson(text, named)
    return parse_table(text, named)


def bytes_of(path: Path, named: str = "") -> bytes:
    """Return the content of a file that is not larger than the limit (`RegionError`)."""
    named = named or str(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise RegionError(
                f"{named} has {size / 1e6:,.0f} MB, the limit is {MAX_BYTES / 1e6:,.0f} MB: "
                "keep only the outline to watch."
            )
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise RegionError(f"{named} cannot be read: {reason}. Check its name.") from error
