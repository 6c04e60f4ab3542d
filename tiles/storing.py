"""How one layer of a chip gets into the archive.

The order is what makes it safe to kill: the provider's response, the sidecar and the master are
each written aside, forced to disk and named whole, and the manifest lists the master last. What
lies there unlisted never counted; it is adopted if it fits, and otherwise set aside or replaced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from imagery.types import Chip, Layer, Original, aware_utc
from tiles.atomic import Staged, sha256_file, staged, storage_errors, sweep, write_atomically
from tiles.errors import IntegrityError
from tiles.faultpoints import reach
from tiles.manifest import Manifest
from tiles.masters import check_master, content_hash, encode, grid_hash
from tiles.rows import Entry, Row
from tiles.sidecars import OriginalRef, original_of, read_sidecar, sidecar

ORIGINAL_SUFFIX = ".provider.tif"

_READ_ONLY = 0o444


@dataclass(frozen=True, slots=True)
class Task:
    """One layer on its way into the archive.

    Attributes
    ----------
    name : str
        Its grid hash.
    layers : tuple of str
        Grid hashes of all layers of the chip, in its order.
    content : str
        Its content hash.
    original : Original or None
        The response it was read from, where the provider gave it along.
    owner : str
        Grid hash of the first layer that was read from the same response: it is kept once.
    """

    chip: Chip
    layer: Layer
    cell_id: str
    name: str
    layers: tuple[str, ...]
    content: str
    original: Original | None
    owner: str

    @property
    def key(self) -> str:
        """Of the master in the manifest."""
        return f"{self.chip.sensor}/{self.cell_id}/{self.chip.acquisition}/{self.name}"

    @property
    def path(self) -> str:
        """Of the master, relative to the archive."""
        return f"{self._stem(self.name)}.tif"

    @property
    def original_paths(self) -> tuple[str, ...]:
        """Where the response may lie: with its first layer, or else with this one."""
        names = dict.fromkeys((self.owner, self.name))
        return tuple(self._stem(name) + ORIGINAL_SUFFIX for name in names)

    def _stem(self, name: str) -> str:
        day = aware_utc(self.chip.sensed).strftime("%Y%m%d")
        return f"{self.chip.sensor}/{self.cell_id}/{day}/{self.chip.acquisition}_{name}"


def tasks_of(chip: Chip, cell_id: str) -> list[Task]:
    """Return what is to be stored of a chip, one task for each layer, in its order.

    Raises
    ------
    ValueError
        If two layers are of one scene, grid and set of bands, or one cannot be stored.
    IntegrityError
        If a response is not what its SHA-256 says.
    """
    names = tuple(grid_hash(layer) for layer in chip.layers)
    if len(set(names)) < len(names):
        raise ValueError(f"{chip.acquisition}: two layers of one scene, grid and set of bands")
    for response in chip.originals:
        if hashlib.sha256(response.data).hexdigest() != response.sha256:
            raise IntegrityError(f"{chip.acquisition}: a response is not what its SHA-256 says")
    owners: dict[str, str] = {}
    tasks = []
    for layer, name in zip(chip.layers, names, strict=True):
        original = _original(chip, layer)
        owner = name if original is None else owners.setdefault(original.sha256, name)
        content = content_hash(layer)
        tasks.append(Task(chip, layer, cell_id, name, names, content, original, owner))
    return tasks


def store_layer(root: Path, manifest: Manifest, task: Task) -> Row:
    """Store one layer and return its row; storing it again changes nothing.

    Raises
    ------
    IntegrityError
        Another content is listed under the same key, the copy written does not match, or the
        manifest is broken.
    StorageFull, StorageFailed
    """
    row = manifest.row(task.key)
    if row is not None:
        return _known(root, row, task)
    target = root / task.path
    sweep(target.parent)
    check = partial(check_master, layer=task.layer)
    with (
        staged(
            target, encode(task.chip, task.layer), check=check, points="archive", mode=_READ_ONLY
        ) as file,
        _staged_original(root, task) as response,
        manifest.writing(),
    ):
        row = manifest.row(task.key)
        if row is not None:
            return _known(root, row, task)
        sha256 = _adopt(root, task, response)
        if sha256 is None:
            sha256 = file.sha256
            # One folder holds all three: the master's name makes theirs durable, too.
            original = _keep_original(root, task, response, durable=False)
            _write_sidecar(root, task, sha256, original, durable=False)
            file.publish()
        row = manifest.append(_entry(root, task, sha256))
    reach("archive.manifested")
    return row


def _original(chip: Chip, layer: Layer) -> Original | None:
    bands = set(layer.bands)
    fits = (o for o in chip.originals if o.scene_id == layer.scene_id and bands <= set(o.bands))
    return next(fits, None)


def _known(root: Path, row: Row, task: Task) -> Row:
    """Return the row that is listed already, if the master is the same and still there."""
    if row.content != task.content:
        raise IntegrityError(f"{row.path}: is stored with another content; it stays as it is")
    target = root / row.path
    if not target.is_file() or target.stat().st_size != row.bytes:
        raise IntegrityError(f"{row.path}: is listed, and missing or cut")
    return row


@contextmanager
def _staged_original(root: Path, task: Task) -> Iterator[Staged | None]:
    """Write the response aside, unless there is none or its first layer has it already."""
    if task.original is None or _found_original(root, task):
        yield None
        return
    target = root / task.original_paths[-1]
    with staged(target, task.original.data, points="original", mode=_READ_ONLY) as response:
        yield response


def _keep_original(
    root: Path, task: Task, response: Staged | None, *, durable: bool = True
) -> OriginalRef | None:
    """Name the response and return where it lies, None where there is none.

    It may replace one that a killed writer left: that master was never listed.
    """
    if task.original is None:
        return None
    path = _found_original(root, task) if response is None else task.original_paths[-1]
    if path is None:
        raise IntegrityError(f"{task.path}: the response it was read from is gone")
    if response is not None:
        response.publish(durable=durable)
    return OriginalRef(path, task.original.sha256, len(task.original.data))


def _found_original(root: Path, task: Task) -> str | None:
    """Return where a layer's response lies already, if it does."""
    for path in task.original_paths if task.original else ():
        file = root / path
        if file.is_file() and task.original and sha256_file(file) == task.original.sha256:
            return path
    return None


def _adopt(root: Path, task: Task, response: Staged | None) -> str | None:
    """Return the digest of a fitting master that a killed writer left unlisted, or None.

    One with other pixels is set aside under another name: it was never listed, but nothing
    that once bore the name of a master is destroyed.
    """
    target = root / task.path
    if not target.exists():
        return None
    sha256 = sha256_file(target)
    try:
        check_master(target, task.layer)
    except IntegrityError:
        with storage_errors(target):
            target.rename(target.with_name(f"{target.name}.unlisted-{sha256[:8]}"))
        return None
    if not _sidecar_fits(root, target, sha256):
        _write_sidecar(root, task, sha256, _keep_original(root, task, response))
    return sha256


def _sidecar_fits(root: Path, target: Path, sha256: str) -> bool:
    """Tell whether the sidecar beside an unlisted master is its own, and its response there."""
    try:
        path = target.with_suffix(".json")
        value = read_sidecar(path.read_bytes(), path.name)
        original = original_of(value)
        kept = original is None or sha256_file(root / original.path) == original.sha256
        return kept and bool(value["master"]["sha256"] == sha256)
    except (IntegrityError, OSError, KeyError, TypeError):
        return False


def _write_sidecar(
    root: Path, task: Task, sha256: str, original: OriginalRef | None, *, durable: bool = True
) -> None:
    data = sidecar(task.chip, task.layer, task.cell_id, sha256, task.content, original)
    path = (root / task.path).with_suffix(".json")
    write_atomically(path, data, points="sidecar", mode=_READ_ONLY, durable=durable)


def _entry(root: Path, task: Task, sha256: str) -> Entry:
    target = root / task.path
    return Entry(
        key=task.key,
        layers=task.layers,
        path=task.path,
        content=task.content,
        sha256=sha256,
        sidecar_sha256=sha256_file(target.with_suffix(".json")),
        bytes=target.stat().st_size,
    )
