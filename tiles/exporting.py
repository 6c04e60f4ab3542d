"""Masters handed on: as Cloud-Optimised GeoTIFFs that any program reads, with what proves them.

An exported picture holds the pixels of its master bit for bit, in another packing and with
overviews, so its SHA-256 is another one; ``content_sha256`` in the sidecar is that of the pixels
and of what they mean, and holds for both.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import rasterio
import rasterio.shutil
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from imagery.types import Chip, Layer, aware_utc
from tiles.archive import Archive, MasterRef
from tiles.atomic import make_folder, sha256_file, storage_errors, write_atomically
from tiles.errors import IntegrityError
from tiles.masters import check_master, encode
from tiles.rows import line_of
from tiles.verify import files_of

SUMS = "SHA256SUMS"
ROWS = "rows.jsonl"

BLOCK = 512

_COG = {
    "driver": "COG",
    # Read by every program, the browser's among them; ZSTD is not.
    "COMPRESS": "DEFLATE",
    "PREDICTOR": "YES",
    "BLOCKSIZE": BLOCK,
    "OVERVIEWS": "AUTO",
    "BIGTIFF": "IF_SAFER",
    "STATISTICS": "NO",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """One file that was written: its name in the folder, its SHA-256 and its size."""

    name: str
    sha256: str
    bytes: int


def notice(sensed: datetime) -> str:
    """Return what Copernicus asks to be said with its data."""
    return f"Contains modified Copernicus Sentinel data {aware_utc(sensed).year}"


def export(archive: Archive, masters: Sequence[MasterRef], folder: Path) -> tuple[Exported, ...]:
    """Write masters, their sidecars and responses to a folder, with a list of check sums.

    Parameters
    ----------
    folder : Path
        Made if missing. The list, for ``sha256sum --check``, is written last: a folder without it
        is not whole.

    Returns
    -------
    tuple of Exported
        In the order of the list.

    Raises
    ------
    IntegrityError
        If a master is not as it was stored, or the copy is not equal to it.
    StorageFull, StorageFailed
    """
    with storage_errors(folder):
        make_folder(folder)
    written = [one for master in masters for one in _export(archive, master, folder)]
    found = (archive.manifest.row_of(master.row_hash) for master in masters)
    written.append(_write(folder, ROWS, b"".join(line_of(row) for row in found if row)))
    unique = tuple({one.name: one for one in written}.values())
    lines = "".join(f"{one.sha256}  {one.name}\n" for one in unique)
    write_atomically(folder / SUMS, lines.encode())
    return unique


def _export(archive: Archive, master: MasterRef, folder: Path) -> Iterator[Exported]:
    chip = archive.load_master(master.row_hash)
    name = f"{master.cell}_{Path(master.path).name}"
    yield _write_cog(chip, folder, name)
    for path in sorted(_beside(archive, master)):
        data = (archive.root / path).read_bytes()
        yield _write(folder, f"{master.cell}_{Path(path).name}", data)


def _beside(archive: Archive, master: MasterRef) -> set[str]:
    """Return the paths of the sidecar and of the response, both compared with their digests."""
    row = archive.manifest.row_of(master.row_hash)
    archive.original(master)
    named = set() if row is None else set(files_of(archive.root, row))
    return {path for path in named - {master.path} if (archive.root / path).is_file()}


def _write_cog(chip: Chip, folder: Path, name: str) -> Exported:
    (layer,) = chip.layers
    with storage_errors(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".export-") as work:
        part = Path(work) / name
        _pack(chip, layer, part)
        check_master(part, layer)
        _check_cog(part)
        target = folder / name
        shutil.move(part, target)
    return Exported(name, sha256_file(target), target.stat().st_size)


def _pack(chip: Chip, layer: Layer, part: Path) -> None:
    tags = {"NOTICE": notice(chip.sensed), "TIFFTAG_COPYRIGHT": notice(chip.sensed)}
    try:
        with MemoryFile(encode(chip, layer, tags)) as memory:
            rasterio.shutil.copy(memory.name, part, **_COG, OVERVIEW_RESAMPLING=_averaging(layer))
    except RasterioError as error:
        raise IntegrityError(f"{part.name}: cannot be packed: {error}") from error


def _averaging(layer: Layer) -> str:
    """Numbers of a class have no mean."""
    return "NEAREST" if None in layer.scale else "AVERAGE"


def _write(folder: Path, name: str, data: bytes) -> Exported:
    write_atomically(folder / name, data)
    return Exported(name, hashlib.sha256(data).hexdigest(), len(data))


def _check_cog(part: Path) -> None:
    with rasterio.open(part) as source:
        is_cog = source.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG"
        is_small = max(source.shape) <= BLOCK
        if not is_cog or not (is_small or source.overviews(1)):
            raise IntegrityError(f"{part.name}: was not laid out for the cloud")
