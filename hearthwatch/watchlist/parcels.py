"""Formats that come as several files or as XML: shapefiles, zipped or not, and KML.

GDAL is given nothing that could make it open another file or grow without bound: archives are
unpacked here, file by file within the limits, and XML that defines entities or links elsewhere
never gets there.
"""

from __future__ import annotations

import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from hearthwatch.errors import RegionError
from hearthwatch.watchlist.raw import RawFile
from hearthwatch.watchlist.vector import read_vector
from hearthwatch.watchlist.xmlguard import require_plain_kml

ZIP = b"PK\x03\x04"
END = b"PK\x05\x06"
_END = struct.Struct("<4s4H2LH")
SHAPEFILE = b"\x00\x00\x27\x0a"
MOST_UNPACKED = 256 * 1024 * 1024
MOST_FILES = 100
_WANTED = frozenset({".shp", ".shx", ".dbf", ".prj", ".cpg", ".kml"})
MOST_LISTED = 128 * 1024
"""Bytes of the list of what an archive holds: some 1,500 files, of which few may be wanted."""
LARGEST_RATIO = 200
"""Bytes unpacked for one packed: outlines of places reach some 20."""
_SMALL = 1024 * 1024


def read_parcel(path: Path, data: bytes, named: str, crs: str | None) -> RawFile:
    """Read a shapefile, a KML file, or an archive (.zip, .kmz) with exactly one of these.

    Raises
    ------
    RegionError
        If it cannot be read, holds too much, or refers to what is not in it.
    """
    if data.startswith(ZIP):
        with _unpacked(path, named) as inside:
            return _read(inside, inside.read_bytes(), named, crs)
    return _read(path, data, named, crs)


def _read(file: Path, data: bytes, named: str, crs: str | None) -> RawFile:
    if data.startswith(SHAPEFILE):
        missing = [end for end in (".shx", ".dbf") if not _beside(file, end)]
        if missing:
            raise RegionError(
                f"{named} is a shapefile without its {' and '.join(missing)}: put them beside it, "
                "or all of them into one .zip."
            )
    else:
        require_plain_kml(data, named)
    return read_vector(file, named, crs)


@contextmanager
def _unpacked(path: Path, named: str) -> Iterator[Path]:
    """Unpack the one layer of an archive for as long as the block lasts; yield its main file."""
    with tempfile.TemporaryDirectory(prefix="hearthwatch-") as folder:
        _require_short_list(path, named)
        try:
            with zipfile.ZipFile(path) as archive:
                names = _extract(archive, Path(folder), named)
        except (
            zipfile.BadZipFile,
            zlib.error,
            RuntimeError,
            NotImplementedError,
            OSError,
            ValueError,
            EOFError,
        ) as error:
            raise RegionError(f"{named} cannot be unpacked: {error}. Pack it again.") from error
        main = [name for name in names if name.suffix.lower() in (".shp", ".kml")]
        if len(main) != 1:
            raise RegionError(
                f"{named} holds {len(main)} shapefiles and KML files: pack exactly one in each."
            )
        yield main[0]


def _require_short_list(path: Path, named: str) -> None:
    """Refuse an archive whose list alone takes long to read; `zipfile` reads all of it at once.

    The last record of an archive (APPNOTE.TXT 4.3.16) states the bytes of the list before it, and
    `zipfile` reads no more than is stated there; one too long for the field states the largest.
    """
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _END.size - 0xFFFF, 0))
        tail = file.read()
    found = tail.rfind(END)
    if found < 0 or len(tail) - found < _END.size:
        return  # No archive; `zipfile` says so.
    listed = _END.unpack_from(tail, found)[5]
    if listed > MOST_LISTED:
        raise RegionError(
            f"{named} holds far more than {MOST_FILES} files: keep only the layer of the places."
        )


def _extract(archive: zipfile.ZipFile, folder: Path, named: str) -> list[Path]:
    """Write the wanted files of an archive under their mere names; return where."""
    every = archive.infolist()
    _require_inside(every, named)
    members = [one for one in every if not one.is_dir() and _is_wanted(one.filename)]
    _require_small(members, named)
    written: list[Path] = []
    for one in members:
        target = folder / _parts(one.filename).name
        if target in written:
            raise RegionError(f"{named} holds two files {target.name}: pack one layer alone.")
        # No more than the size stated is ever read of a member.
        target.write_bytes(archive.read(one))
        written.append(target)
    return written


def _require_inside(members: Sequence[zipfile.ZipInfo], named: str) -> None:
    """Refuse an archive that would write outside of where it is unpacked: no program made it so."""
    for one in members:
        path = _parts(one.filename)
        if path.is_absolute() or ".." in path.parts or ":" in one.filename:
            raise RegionError(
                f"{named} holds a file with a path that leads out of it: pack it again, with "
                "mere names."
            )


def _require_small(members: Sequence[zipfile.ZipInfo], named: str) -> None:
    if len(members) > MOST_FILES or sum(one.file_size for one in members) > MOST_UNPACKED:
        raise RegionError(
            f"{named} would be more than {MOST_UNPACKED / 1e6:,.0f} MB unpacked, or more than "
            f"{MOST_FILES} files: keep only the layer of the places."
        )
    for one in members:
        if one.file_size > max(_SMALL, LARGEST_RATIO * one.compress_size):
            raise RegionError(
                f"{named} holds a file that is packed to less than a {LARGEST_RATIO}th, as no "
                "outlines are: keep only the layer of the places."
            )


def _parts(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/"))


def _is_wanted(name: str) -> bool:
    path = _parts(name)
    # macOS packs a shadow of each file.
    return path.suffix.lower() in _WANTED and "__MACOSX" not in path.parts


def _beside(file: Path, suffix: str) -> bool:
    return any(file.with_suffix(end).is_file() for end in (suffix, suffix.upper()))
