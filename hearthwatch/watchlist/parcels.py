"""Formats that come as several files or as XML: shapefiles, zipped or not, and KML.

GDAL is given nothing that could make it open another file or grow without bound: archives are
unpacked here, file by file within the limit, and XML that defines entities or links elsewhere is
refused unread.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from hearthwatch.errors import RegionError
from hearthwatch.watchlist.raw import RawFile
from hearthwatch.watchlist.vector import read_vector

ZIP = b"PK\x03\x04"
SHAPEFILE = b"\x00\x00\x27\x0a"
MOST_UNPACKED = 256 * 1024 * 1024
MOST_FILES = 100
_WANTED = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg", ".kml"})
_KML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?kml[\s>]", re.S
)
"""KML begins with its root: GDAL takes other XML for instructions to open more files."""
_DANGEROUS = re.compile(rb"<!\s*(?:doctype|entity)|<(?:\w+:)?(?:networklink|include)\b", re.I)


def read_parcel(path: Path, data: bytes) -> RawFile:
    """Read a shapefile, a KML file, or an archive (.zip, .kmz) with exactly one of these.

    Raises
    ------
    RegionError
        If it cannot be read, holds too much, or refers to what is not in it.
    """
    if data.startswith(ZIP):
        with _unpacked(path) as inside:
            return _read(inside, inside.read_bytes(), path)
    return _read(path, data, path)


def _read(file: Path, data: bytes, named: Path) -> RawFile:
    if data.startswith(SHAPEFILE):
        missing = [end for end in (".shx", ".dbf") if not _beside(file, end)]
        if missing:
            raise RegionError(
                f"{named} is a shapefile without its {' and '.join(missing)}: put them beside it, "
                "or all of them into one .zip."
            )
    else:
        _refuse_dangerous(data, named)
    return read_vector(file, str(named))


def _refuse_dangerous(data: bytes, named: Path) -> None:
    """Refuse what is no KML, could grow without end, or has the reader fetch something."""
    try:
        # In another encoding what is looked for would not be found.
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RegionError(f"{named} is not KML in UTF-8: export it again.") from error
    if not _KML.match(data):
        raise RegionError(f"{named} is neither a shapefile nor KML: export it as GeoJSON.")
    if _DANGEROUS.search(data):
        raise RegionError(
            f"{named} defines entities or links to other files, and may not: export the places "
            "themselves as KML or GeoJSON."
        )


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """Unpack the one layer of an archive for as long as the block lasts; yield its main file."""
    with tempfile.TemporaryDirectory(prefix="hearthwatch-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                names = _extract(archive, Path(folder), path)
        except (
            zipfile.BadZipFile,
            zlib.error,
            RuntimeError,
            NotImplementedError,
            OSError,
        ) as error:
            raise RegionError(f"{path} cannot be unpacked: {error}. Pack it again.") from error
        main = [name for name in names if name.suffix.lower() in (".shp", ".kml")]
        if len(main) != 1:
            raise RegionError(
                f"{path} holds {len(main)} shapefiles and KML files: pack exactly one in each."
            )
        yield main[0]


def _extract(archive: zipfile.ZipFile, folder: Path, path: Path) -> list[Path]:
    """Write the wanted files of an archive under their mere names; return where."""
    members = [one for one in archive.infolist() if not one.is_dir() and _is_wanted(one.filename)]
    if len(members) > MOST_FILES or sum(one.file_size for one in members) > MOST_UNPACKED:
        raise RegionError(
            f"{path} would be more than {MOST_UNPACKED / 1e6:,.0f} MB unpacked, or more than "
            f"{MOST_FILES} files: keep only the layer of the places."
        )
    written = []
    for one in members:
        target = folder / PurePosixPath(one.filename.replace("\\", "/")).name
        # No more than the size stated is ever read of a member.
        target.write_bytes(archive.read(one))
        written.append(target)
    return written


def _is_wanted(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    # macOS packs a shadow of each file.
    return path.suffix.lower() in _WANTED and "__MACOSX" not in path.parts


def _beside(file: Path, suffix: str) -> bool:
    return any(file.with_suffix(end).is_file() for end in (suffix, suffix.upper()))
