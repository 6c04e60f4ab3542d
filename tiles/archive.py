"""The archive of evidence masters: what was pulled, once, unaltered, for ever.

One GeoTIFF per layer of a chip, at ``<sensor>/<cell>/<yyyymmdd>/<acquisition>_<grid hash>.tif``
with its sidecar ``.json`` and, where the provider sent a whole GeoTIFF, that response as
``.provider.tif`` beside it, and one manifest over all (:mod:`tiles.manifest`). Each file is
written aside, forced to disk, compared with what came, hashed, named, and the master only then
listed. What is listed exists whole; what is not listed does not count.

A provider may process a scene anew. Both processings stay, for what was found rests on the one
that was there; for analysis the newest is given (:meth:`Archive.load`).
"""

from __future__ import annotations

import copy
import fcntl
import hashlib
import math
import random
import re
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from imagery.errors import Transient
from imagery.types import Chip
from tiles.atomic import storage_errors
from tiles.cell import cell_from_id
from tiles.errors import IntegrityError, NotArchived
from tiles.manifest import Manifest
from tiles.masters import read_pixels
from tiles.newest import without_superseded
from tiles.rows import Note, NoteKind, Row
from tiles.sidecars import layer_from, original_of, provenance_from, read_sidecar, scenes_of
from tiles.storing import store_layer, tasks_of
from tiles.verify import LOCKS, MANIFEST, Fault, Progress, find_faults

__all__ = ["LOCKS", "MANIFEST", "Archive", "Fault", "MasterRef"]

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

    @property
    def sensor(self) -> str:
        """What the pixels are."""
        return self.key.split("/")[0]

    @property
    def cell(self) -> str:
        """Id of the cell."""
        return self.key.split("/")[1]

    @property
    def acquisition(self) -> str:
        """Key of the acquisition."""
        return self.key.split("/")[2]


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
        self._only: frozenset[str] | None = None

    def only(self, sha256: Collection[str]) -> Archive:
        """Return the same archive to read some masters of, as if there were no others.

        What several pull for themselves is stored once; whoever may see only their own must not
        be able to tell by a band or a scene that there is more.

        Parameters
        ----------
        sha256 : collection of str
            Digests of the masters, as in :class:`MasterRef`.
        """
        narrowed = copy.copy(self)
        narrowed._only = frozenset(sha256)
        return narrowed

    @contextmanager
    def pulling(self, acquisition: str, cell_id: str, seconds: float = math.inf) -> Iterator[None]:
        """Let one thread or process at a time fetch what is missing of an acquisition and cell.

        Whoever comes second finds it stored, and nothing is paid for twice.

        Parameters
        ----------
        seconds : float
            To wait for another at most.

        Raises
        ------
        imagery.errors.Transient
            If another holds it for longer.
        StorageFull, StorageFailed
        """
        name = hashlib.sha256(f"{acquisition}/{cell_id}".encode()).hexdigest()[:2]
        folder = self.root / LOCKS
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            handle = (folder / f"{name}.lock").open("wb")
        with handle:
            # Let go when the file is closed, or its process dies.
            with storage_errors(folder):
                _lock(handle, time.monotonic() + seconds)
            yield

    def store(self, chip: Chip, cell_id: str) -> tuple[MasterRef, ...]:
        """Store a chip; storing it again changes nothing and returns the same.

        Responses that came with it (`chip.originals`) are kept beside the layers read from them,
        each once.

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
        tasks = tasks_of(chip, cell_id)
        return tuple(_ref(store_layer(self.root, self.manifest, task)) for task in tasks)

    def has(
        self,
        acquisition: str,
        cell_id: str,
        bands: Sequence[str] = (),
        *,
        scenes: Collection[str] | None = None,
    ) -> bool:
        """Tell whether a complete chip of the acquisition is stored, with at least `bands`.

        `scenes` and errors are those of :meth:`load`.
        """
        stored = self.bands(acquisition, cell_id, scenes=scenes)
        return bool(stored) and stored.issuperset(bands)

    def bands(
        self, acquisition: str, cell_id: str, *, scenes: Collection[str] | None = None
    ) -> frozenset[str]:
        """Return the bands stored of an acquisition; empty where nothing is complete.

        `scenes` and errors are those of :meth:`load`.
        """
        rows = self._current(acquisition, cell_id, scenes)
        return frozenset(band for row in rows for band in self._sidecar(row)["layer"]["bands"])

    def pixels(
        self, acquisition: str, cell_id: str, *, scenes: Collection[str] | None = None
    ) -> dict[str, float]:
        """Return the finest pixels stored of each band, in units of their grid's CRS.

        `scenes` and errors are those of :meth:`load`.
        """
        found: dict[str, float] = {}
        for row in self._current(acquisition, cell_id, scenes):
            layer = self._sidecar(row)["layer"]
            side = abs(float(layer["grid"]["transform"][0]))
            for band in layer["bands"]:
                found[band] = min(side, found.get(band, side))
        return found

    def asked(self, acquisition: str, cell_id: str) -> frozenset[str]:
        """Return the ids of the scenes that what is stored of an acquisition was read of.

        Of superseded ones too, and of those that turned out to show nothing of the cell.
        """
        rows = self._complete(acquisition, cell_id)
        return frozenset(
            scene for row in rows for scene in self._sidecar(row)["provenance"]["scenes"]
        )

    def masters(
        self, acquisition: str, cell_id: str, *, scenes: Collection[str] | None = None
    ) -> tuple[MasterRef, ...]:
        """Return the masters of one acquisition and cell; empty where nothing is complete.

        `scenes` and errors are those of :meth:`load`.
        """
        return tuple(_ref(row) for row in self._current(acquisition, cell_id, scenes))

    def listed(
        self, *, cell_id: str | None = None, acquisition: str | None = None
    ) -> tuple[MasterRef, ...]:
        """Return all masters of a cell or an acquisition, of superseded scenes too, oldest first.

        Raises
        ------
        IntegrityError
            If the manifest is broken.
        """
        if cell_id is not None and acquisition is not None:
            return tuple(map(_ref, self._shown(self.manifest.look(f"{cell_id}/{acquisition}"))))
        refs = map(_ref, self._shown(self.manifest.rows()))
        return tuple(
            ref
            for ref in refs
            if cell_id in (None, ref.cell) and acquisition in (None, ref.acquisition)
        )

    def load(
        self,
        acquisition: str,
        cell_id: str,
        *,
        verify: bool = True,
        scenes: Collection[str] | None = None,
    ) -> Chip | None:
        """Return the stored chip of an acquisition, or None where none is complete.

        Parameters
        ----------
        verify : bool
            Compare the SHA-256 of every master with the manifest before its pixels are used.
        scenes : collection of str, optional
            Ids of the scenes that are current: layers of others are left out. Without it, those
            are left out that a note calls superseded, once what superseded them is stored with
            the same bands.

        Returns
        -------
        Chip or None
            Equal to the one stored, but for the responses it came with. Where several were
            stored, with different bands, all their layers, and provenance merged.

        Raises
        ------
        IntegrityError
            If a file is missing, altered or cut, or the manifest is broken.
        StorageFailed
            If a file cannot be read.
        """
        rows = self._current(acquisition, cell_id, scenes)
        return self._chip(rows, verify) if rows else None

    def load_master(self, row_hash: str) -> Chip:
        """Return the one layer that a manifest row lists, verified, superseded or not.

        Raises
        ------
        NotArchived
            If no row has that hash, or its master was retired.
        IntegrityError, StorageFailed
            As for :meth:`load`.
        """
        row = self.manifest.row_of(row_hash)
        if row is None or not self._shown([row]):
            raise NotArchived(f"no row of the manifest has the hash {row_hash}")
        if self.manifest.row(row.key) != row:
            raise NotArchived(f"{row.path} was retired: {self._why_retired(row)}")
        return self._chip((row,), verify=True)

    def original(self, master: MasterRef) -> bytes | None:
        """Return the response a master was read from, as its provider sent it; None if not kept.

        Raises
        ------
        IntegrityError, StorageFailed
            As for :meth:`load`.
        """
        name = sidecar_path(master.path)
        said = original_of(read_sidecar(self._read(name, master.sidecar_sha256), name))
        return None if said is None else self._read(said.path, said.sha256)

    def notes(self, acquisition: str) -> tuple[Note, ...]:
        """Return what providers did to an acquisition's scenes later, oldest first.

        Raises
        ------
        IntegrityError
            If the manifest is broken.
        """
        return self.manifest.later(acquisition)

    def verify(self, progress: Progress | None = None) -> list[Fault]:
        """Read everything and name whatever is not as it was stored; empty if all is well.

        Finds rows altered, moved or taken out, masters, sidecars and responses altered, cut or
        missing, and files nobody listed. Masters whose rows were cut off the manifest's end show
        as unlisted; of notes cut off there only a hash noted elsewhere can tell
        (:meth:`tiles.manifest.Manifest.head`).

        Parameters
        ----------
        progress : callable, optional
            Told after each master how many are read, and how many there are.
        """
        return find_faults(self.root, progress)

    def _chip(self, rows: Sequence[Row], verify: bool) -> Chip:
        sidecars = [self._sidecar(row) for row in rows]
        layers = tuple(
            layer_from(value, read_pixels(self._master(row, verify), row.path), row.path)
            for row, value in zip(rows, sidecars, strict=True)
        )
        first = sidecars[0]
        return Chip(
            acquisition=first["acquisition"],
            sensor=first["sensor"],
            sensed=datetime.fromisoformat(first["sensed"]),
            layers=layers,
            provenance=provenance_from(list(sidecars)),
            notes=tuple(dict.fromkeys(note for value in sidecars for note in value["notes"])),
        )

    def _current(
        self, acquisition: str, cell_id: str, scenes: Collection[str] | None
    ) -> tuple[Row, ...]:
        """Return the rows of the complete layers that are to be used."""
        rows = self._complete(acquisition, cell_id)
        if scenes is not None:
            wanted = frozenset(scenes)
            return tuple(row for row in rows if scenes_of(self._sidecar(row)) <= wanted)
        notes = self.notes(acquisition) if rows else ()
        newer = {n.name: n.other for n in notes if n.note is NoteKind.SUPERSEDED}
        return tuple(without_superseded(rows, map(self._sidecar, rows), newer)) if newer else rows

    def _complete(self, acquisition: str, cell_id: str) -> tuple[Row, ...]:
        """Return the rows of layers whose whole chip is listed, as a kill may leave a part."""
        rows = self.manifest.look(f"{cell_id}/{acquisition}")
        listed = {row.key.rsplit("/", 1)[1]: row for row in rows}
        complete = [row for row in rows if listed.keys() >= set(row.layers)]
        order = dict.fromkeys(name for row in complete for name in row.layers)
        return self._shown(listed[name] for name in order)

    def _shown(self, rows: Iterable[Row]) -> tuple[Row, ...]:
        return tuple(row for row in rows if self._only is None or row.sha256 in self._only)

    def _why_retired(self, row: Row) -> str:
        notes = self.manifest.notes(NoteKind.RETIRED)
        return next(
            (f"{n.at}, {n.who}: {n.why}" for n in notes if n.seq > row.seq and row.key in n.about),
            "unknown",
        )

    def _sidecar(self, row: Row) -> dict[str, Any]:
        path = sidecar_path(row.path)
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


def sidecar_path(path: str) -> str:
    """Return the path of a master's sidecar."""
    return path.removesuffix(".tif") + ".json"


def _lock(handle: IO[bytes], until: float) -> None:
    # Asked for again and again: a plain wait has no end if who holds it is stopped.
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Transient("another worker was still fetching the same pixels") from None
            time.sleep(random.uniform(0.005, 0.02))


def _check_names(chip: Chip, cell_id: str) -> None:
    cell_from_id(cell_id)
    for name in (chip.acquisition, chip.sensor):
        if not _NAME.match(name):
            raise ValueError(f"{name!r} cannot be part of a file name")


def _ref(row: Row) -> MasterRef:
    return MasterRef(row.key, row.path, row.sha256, row.sidecar_sha256, row.bytes, row.hash)
