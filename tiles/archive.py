"""The archive of evidence masters: what was pulled, once, unaltered, for ever.

One GeoTIFF per layer of a chip, at ``<sensor>/<cell>/<yyyymmdd>/<acquisition>_<grid hash>.tif``
with its sidecar ``.json`` beside it, and one manifest over all (:mod:`tiles.manifest`). A master
is written aside, forced to disk, opened again and compared with what came, hashed, named, and
only then listed. What is listed exists whole; what is not listed does not count.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from imagery.types import Chip, Layer, aware_utc
from tiles.atomic import is_part, sha256_file, staged, storage_errors, sweep, write_atomically
from tiles.cell import cell_from_id
from tiles.errors import IntegrityError
from tiles.faultpoints import reach
from tiles.manifest import Entry, Manifest, Row, examine
from tiles.masters import (
    check_master,
    content_hash,
    encode,
    grid_hash,
    layer_from,
    provenance_from,
    read_pixels,
    read_sidecar,
    sidecar,
)

MANIFEST = "manifest.jsonl"
LOCKS = ".pulling"
"""Folder of lock files; there are 256 of them, whatever is pulled."""

_READ_ONLY = 0o444
_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9._-]*$")


@dataclass(frozen=True, slots=True)
class MasterRef:
    """One master in the archive.

    Attributes
    ----------
    key : str
        ``sensor/cell/acquisition/grid hash``.
    path : str
        Of the GeoTIFF, relative to the archive.
    sha256, sidecar_sha256 : str
        Digests of the GeoTIFF and of its sidecar.
    bytes : int
        Size of the GeoTIFF.
    row_hash : str
        Hash of its manifest row: it vouches for all rows before it, too.
    """

    key: str
    path: str
    sha256: str
    sidecar_sha256: str
    bytes: int
    row_hash: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was stored: which file, and what is wrong with it."""

    path: str
    problem: str


class Archive:
    """The masters below one folder.

    Thread-safe, picklable, usable from several processes at once; the constructor does no I/O.

    Parameters
    ----------
    root : Path
        Folder of the archive; made when something is stored.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.manifest = Manifest(self.root / MANIFEST)

    @contextmanager
    def pulling(self, acquisition: str, cell_id: str) -> Iterator[None]:
        """Let one thread or process at a time fetch what is missing of an acquisition and cell.

        Whoever comes second finds it stored, and nothing is paid for twice.

        Raises
        ------
        StorageFull, StorageFailed
        """
        name = hashlib.sha256(f"{acquisition}/{cell_id}".encode()).hexdigest()[:2]
        folder = self.root / LOCKS
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            handle = (folder / f"{name}.lock").open("wb")
        with handle:
            # Let go when the file is closed, or its process dies.
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def store(self, chip: Chip, cell_id: str) -> tuple[MasterRef, ...]:
        """Store a chip; storing it again changes nothing and returns the same.

        Returns
        -------
        tuple of MasterRef
            One per layer, in the chip's order.

        Raises
        ------
        IntegrityError
            Another content is listed under the same key, the copy written does not match, or
            the manifest is broken. Nothing that is listed is ever overwritten.
        StorageFull, StorageFailed
        ValueError
            If `cell_id`, the acquisition or the sensor cannot name a file, or a layer cannot be
            stored (no CRS, complex pixels).
        """
        _check_names(chip, cell_id)
        layers = tuple(grid_hash(layer) for layer in chip.layers)
        if len(set(layers)) < len(layers):
            raise ValueError(f"{chip.acquisition}: two layers of one scene, grid and set of bands")
        return tuple(
            self._store_layer(_Task(chip, layer, cell_id, name, layers, content_hash(layer)))
            for layer, name in zip(chip.layers, layers, strict=True)
        )

    def has(self, acquisition: str, cell_id: str, bands: Sequence[str] = ()) -> bool:
        """Tell whether a complete chip of the acquisition is stored, with at least `bands`.

        Raises
        ------
        IntegrityError
            If the manifest is broken or a sidecar is not as stored.
        """
        stored = self.bands(acquisition, cell_id)
        return bool(stored) and stored.issuperset(bands)

    def bands(self, acquisition: str, cell_id: str) -> frozenset[str]:
        """Return the bands stored of an acquisition; empty where nothing is complete.

        Raises
        ------
        IntegrityError
            If the manifest is broken or a sidecar is not as stored.
        """
        rows = self._complete(acquisition, cell_id)
        return frozenset(band for row in rows for band in self._sidecar(row)["layer"]["bands"])

    def masters(self, acquisition: str, cell_id: str) -> tuple[MasterRef, ...]:
        """Return the masters of one acquisition and cell; empty where nothing is complete."""
        return tuple(_ref(row) for row in self._complete(acquisition, cell_id))

    def load(self, acquisition: str, cell_id: str, *, verify: bool = True) -> Chip | None:
        """Return the stored chip of an acquisition, or None where none is complete.

        Parameters
        ----------
        verify : bool
            Compare the SHA-256 of every master with the manifest before its pixels are used.

        Returns
        -------
        Chip or None
            Equal to the one stored. Where several were stored, with different bands, all their
            layers, and provenance merged.

        Raises
        ------
        IntegrityError
            If a file is missing, altered or cut, or the manifest is broken.
        StorageFailed
            If a file cannot be read.
        """
        rows = self._complete(acquisition, cell_id)
        if not rows:
            return None
        sidecars = [self._sidecar(row) for row in rows]
        layers = tuple(
            layer_from(value, read_pixels(self._master(row, verify), row.path), row.path)
            for row, value in zip(rows, sidecars, strict=True)
        )
        first = sidecars[0]
        return Chip(
            acquisition=acquisition,
            sensor=first["sensor"],
            sensed=datetime.fromisoformat(first["sensed"]),
            layers=layers,
            provenance=provenance_from(list(sidecars)),
            notes=tuple(dict.fromkeys(note for value in sidecars for note in value["notes"])),
        )

    def verify(self) -> list[Fault]:
        """Read everything and name whatever is not as it was stored; empty if all is well.

        Finds rows altered, moved or taken out, masters and sidecars altered, cut or missing, and
        files nobody listed. Rows cut off the manifest's end show as unlisted masters.
        """
        rows, problems = examine(self.manifest.path)
        faults = [Fault(MANIFEST, problem) for problem in problems]
        for row in rows:
            faults += self._file_faults(row.path, row.sha256)
            faults += self._file_faults(_sidecar_path(row.path), row.sidecar_sha256)
        faults += [Fault(path, "not listed in the manifest") for path in self._strays(rows)]
        return faults

    def _store_layer(self, task: _Task) -> MasterRef:
        row = self.manifest.row(task.key)
        if row is not None:
            return self._known(row, task)
        target = self.root / task.path
        sweep(target.parent)
        data = encode(task.chip, task.layer)
        check = partial(check_master, layer=task.layer)
        with (
            staged(target, data, check=check, points="archive", mode=_READ_ONLY) as file,
            self.manifest.writing(),
        ):
            row = self.manifest.row(task.key)
            if row is not None:
                return self._known(row, task)
            sha256 = self._adopt(target, task)
            if sha256 is None:
                sha256 = file.sha256
                self._write_sidecar(task, sha256)
                file.publish()
            row = self.manifest.append(self._entry(task, sha256))
        reach("archive.manifested")
        return _ref(row)

    def _known(self, row: Row, task: _Task) -> MasterRef:
        """Return the master that is listed already, if it is the same and still there."""
        if row.content != task.content:
            raise IntegrityError(f"{row.path}: is stored with another content; it stays as it is")
        target = self.root / row.path
        if not target.is_file() or target.stat().st_size != row.bytes:
            raise IntegrityError(f"{row.path}: is listed, and missing or cut")
        return _ref(row)

    def _adopt(self, target: Path, task: _Task) -> str | None:
        """Return the digest of a fitting master that a killed writer left unlisted, or None.

        One with other pixels is set aside under another name: it was never listed, but nothing
        that once bore the name of a master is destroyed.
        """
        if not target.exists():
            return None
        sha256 = sha256_file(target)
        try:
            check_master(target, task.layer)
        except IntegrityError:
            with storage_errors(target):
                target.rename(target.with_name(f"{target.name}.unlisted-{sha256[:8]}"))
            return None
        if not self._sidecar_fits(target, sha256):
            self._write_sidecar(task, sha256)
        return sha256

    def _sidecar_fits(self, target: Path, sha256: str) -> bool:
        try:
            path = target.with_suffix(".json")
            value = read_sidecar(path.read_bytes(), path.name)
        except (IntegrityError, OSError):
            return False
        return bool(value["master"]["sha256"] == sha256)

    def _write_sidecar(self, task: _Task, sha256: str) -> None:
        data = sidecar(task.chip, task.layer, task.cell_id, sha256, task.content)
        write_atomically((self.root / task.path).with_suffix(".json"), data, mode=_READ_ONLY)

    def _entry(self, task: _Task, sha256: str) -> Entry:
        target = self.root / task.path
        return Entry(
            key=task.key,
            layers=task.layers,
            path=task.path,
            content=task.content,
            sha256=sha256,
            sidecar_sha256=sha256_file(target.with_suffix(".json")),
            bytes=target.stat().st_size,
        )

    def _complete(self, acquisition: str, cell_id: str) -> tuple[Row, ...]:
        """Return the rows of layers whose whole chip is listed, as a kill may leave a part."""
        rows = self.manifest.look(f"{cell_id}/{acquisition}")
        listed = {row.key.rsplit("/", 1)[1]: row for row in rows}
        complete = [row for row in rows if listed.keys() >= set(row.layers)]
        order = dict.fromkeys(name for row in complete for name in row.layers)
        return tuple(listed[name] for name in order)

    def _sidecar(self, row: Row) -> dict[str, Any]:
        path = _sidecar_path(row.path)
        return read_sidecar(self._read(path, row.sidecar_sha256), path)

    def _master(self, row: Row, verify: bool) -> bytes:
        return self._read(row.path, row.sha256 if verify else None)

    def _read(self, path: str, sha256: str | None) -> bytes:
        file = self.root / path
        try:
            with storage_errors(file, pass_absence=True):
                data = file.read_bytes()
        except FileNotFoundError:
            raise IntegrityError(f"{path}: is listed and missing") from None
        if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
            raise IntegrityError(f"{path}: its SHA-256 is not the listed one")
        return data

    def _file_faults(self, path: str, sha256: str) -> Iterator[Fault]:
        try:
            found = sha256_file(self.root / path)
        except FileNotFoundError:
            yield Fault(path, "missing")
            return
        if found != sha256:
            yield Fault(path, "its SHA-256 is not the listed one")

    def _strays(self, rows: Sequence[Row]) -> Iterator[str]:
        listed = {path for row in rows for path in (row.path, _sidecar_path(row.path))}
        listed |= {MANIFEST, f"{MANIFEST}.lock"}
        for file in sorted(self.root.rglob("*")):
            path = file.relative_to(self.root).as_posix()
            ours = path in listed or path.startswith(f"{LOCKS}/") or is_part(file.name)
            if file.is_file() and not ours:
                yield path


@dataclass(frozen=True, slots=True)
class _Task:
    """One layer on its way into the archive."""

    chip: Chip
    layer: Layer
    cell_id: str
    name: str
    layers: tuple[str, ...]
    content: str

    @property
    def key(self) -> str:
        return f"{self.chip.sensor}/{self.cell_id}/{self.chip.acquisition}/{self.name}"

    @property
    def path(self) -> str:
        day = aware_utc(self.chip.sensed).strftime("%Y%m%d")
        file = f"{self.chip.acquisition}_{self.name}.tif"
        return f"{self.chip.sensor}/{self.cell_id}/{day}/{file}"


def _check_names(chip: Chip, cell_id: str) -> None:
    cell_from_id(cell_id)
    for name in (chip.acquisition, chip.sensor):
        if not _NAME.match(name):
            raise ValueError(f"{name!r} cannot be part of a file name")


def _sidecar_path(path: str) -> str:
    return path.removesuffix(".tif") + ".json"


def _ref(row: Row) -> MasterRef:
    return MasterRef(row.key, row.path, row.sha256, row.sidecar_sha256, row.bytes, row.hash)
