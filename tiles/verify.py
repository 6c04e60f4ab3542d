"""Whether an archive is as it was stored: every file read, whatever differs named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tiles.atomic import is_part, sha256_file, storage_errors
from tiles.errors import IntegrityError, StorageFailed
from tiles.manifest import Listed, examine
from tiles.rows import Row
from tiles.sidecars import OriginalRef, original_of, read_sidecar
from tiles.storing import ORIGINAL_SUFFIX

MANIFEST = "manifest.jsonl"
LOCKS = ".pulling"
"""Folder of lock files; there are 256 of them, whatever is pulled."""
OVERVIEWS = ".overviews"
"""Folder of what is kept of masters for maps (:mod:`tiles.overviews`); no evidence."""

_ALTERED = "its SHA-256 is not the listed one"

Progress = Callable[[int, int], None]
"""Called with how many masters are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was stored: which file, and what is wrong with it."""

    path: str
    problem: str


def find_faults(root: Path, progress: Progress | None = None) -> list[Fault]:
    """Read a whole archive and return what is wrong with it; see ``Archive.verify``."""
    listed, problems = examine(root / MANIFEST)
    faults = [Fault(MANIFEST, problem) for problem in problems]
    rows, known = list(listed.rows.values()), {MANIFEST, f"{MANIFEST}.lock"}
    for done, row in enumerate(rows, start=1):
        known |= files_of(root, row)
        faults += _examine_master(root, row)
        if progress is not None:
            progress(done, len(rows))
    # A response may serve several layers and is named once.
    faults = list(dict.fromkeys(faults))
    return faults + list(_strays(root, known, _retired(listed)))


def files_of(root: Path, row: Row) -> frozenset[str]:
    """Return the paths of everything that belongs to one master, there or not."""
    stem = row.path.removesuffix(".tif")
    try:
        original = _original(root, row)
        response = [] if original is None else [original.path]
    except (IntegrityError, StorageFailed):
        # What its sidecar would have named goes by the master's name.
        response = [f"{stem}{ORIGINAL_SUFFIX}"]
    return frozenset((row.path, f"{stem}.json", *response))


def overview_path(sha256: str) -> str:
    """Return where the overview of a master is kept, relative to the archive."""
    return f"{OVERVIEWS}/{sha256[:2]}/{sha256}.tif"


def _examine_master(root: Path, row: Row) -> Iterator[Fault]:
    stem = row.path.removesuffix(".tif")
    yield from _file_faults(root, row.path, row.sha256)
    broken = list(_file_faults(root, f"{stem}.json", row.sidecar_sha256))
    yield from broken
    try:
        original = None if broken else _original(root, row)
    except IntegrityError as error:
        # As it was stored, and by another version: what it vouches for cannot be told.
        yield Fault(f"{stem}.json", str(error).removeprefix(f"{stem}.json: "))
        return
    if original is not None:
        yield from _file_faults(root, original.path, original.sha256)


def _original(root: Path, row: Row) -> OriginalRef | None:
    """Return the response that a master's sidecar names; its digest is compared first.

    Raises
    ------
    IntegrityError, StorageFailed
    """
    path = row.path.removesuffix(".tif") + ".json"
    try:
        with storage_errors(root / path, pass_absence=True):
            data = (root / path).read_bytes()
    except FileNotFoundError:
        raise IntegrityError(f"{path}: is listed and missing") from None
    if hashlib.sha256(data).hexdigest() != row.sidecar_sha256:
        raise IntegrityError(f"{path}: {_ALTERED}")
    return original_of(read_sidecar(data, path))


def _file_faults(root: Path, path: str, sha256: str) -> Iterator[Fault]:
    try:
        found = sha256_file(root / path)
    except FileNotFoundError:
        yield Fault(path, "missing")
    except StorageFailed as error:
        # One file that the disk will not give up must not hide the rest.
        yield Fault(path, f"cannot be read: {error}")
    else:
        if found != sha256:
            yield Fault(path, _ALTERED)


def _retired(listed: Listed) -> frozenset[str]:
    """Return the stems of files that belonged to masters which were retired."""
    return frozenset(row.path.removesuffix(".tif") for row in listed.retired())


def _strays(root: Path, known: Iterable[str], retired: frozenset[str]) -> Iterator[Fault]:
    named = frozenset(known)
    with storage_errors(root):
        files = sorted(file for file in root.rglob("*") if file.is_file())
    for file in files:
        path = file.relative_to(root).as_posix()
        if path in named or path.startswith((f"{LOCKS}/", f"{OVERVIEWS}/")) or is_part(file.name):
            continue
        stem = path.removesuffix(".json").removesuffix(ORIGINAL_SUFFIX).removesuffix(".tif")
        is_retired = stem in retired
        yield Fault(
            path,
            "was retired and is still there: prune again to remove it"
            if is_retired
            else "not listed in the manifest",
        )
