"""Removing all that a data folder holds: keys first, then what is most dangerous.

Overwriting before removing helps on a disk that writes in place. It promises nothing on flash,
with snapshots, or where a file system writes elsewhere: see ``docs/seizure.md``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from hearthwatch.layout import Layout, is_address
from hearthwatch.operation.folder import NAMING, WORK
from tiles.atomic import storage_errors, sync_folder, write_atomically
from tiles.errors import TilesError
from tiles.verify import MANIFEST

FORM = 1
BLOCK = 1024 * 1024

Tell = Callable[[str], None]


def is_begun(layout: Layout) -> bool:
    """Tell whether a wipe was begun here and did not come to its end."""
    return layout.sealing.exists()


def wipe(
    place: Path | str,
    layout: Layout,
    *,
    also: Sequence[Path] = (),
    quick: bool = False,
    tell: Tell = lambda _: None,
) -> int:
    """Remove everything; killed anywhere it goes on when called again.

    Parameters
    ----------
    place : Path or str
        Where the store is.
    also : sequence of Path
        Files elsewhere with keys in them.
    quick : bool
        Overwrite only keys and remove the rest: for when there is no time.
    tell : callable
        Told what is begun.

    Returns
    -------
    int
        Files removed.

    Raises
    ------
    StorageFailed, StoreError
        Something could not be removed. Call it again.
    """
    layout.root.mkdir(parents=True, exist_ok=True)
    # Where the disk is full there is no mark, and all goes all the same.
    with contextlib.suppress(TilesError):
        write_atomically(layout.sealing, json.dumps({"form": FORM}).encode(), mode=0o600)
    tell("keys")
    gone = _remove(_keys(layout, also), overwrite=True)
    if is_address(place):
        tell("the database on the server")
        from hearthwatch.store.dropping import drop_everything

        drop_everything(str(place))
    tell("the store")
    # Beside the file of SQLite lie its log and its index of the log.
    gone += _remove(sorted(layout.root.glob(f"{layout.database.name}*")), overwrite=not quick)
    tell("states, layers and what else is kept")
    apart = {layout.archives, layout.sealing}
    gone += _remove(_files(layout.root, apart), overwrite=not quick)
    tell("the archives")
    # Its pictures can be had from their provider; which there are says what was watched.
    gone += _remove(_manifests(layout), overwrite=not quick)
    gone += _remove(_files(layout.archives, set()), overwrite=False)
    _clear(layout)
    return gone


def holders(root: Path, proc: Path = Path("/proc")) -> tuple[int, ...]:
    """Return the other processes that have files of a folder open, as far as one may see them."""
    found = set()
    for entry in proc.glob("[0-9]*"):
        if entry.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):
            for held in (entry / "fd").iterdir():
                with contextlib.suppress(OSError):
                    target = str(held.readlink()).removesuffix(" (deleted)")
                    if Path(target).is_relative_to(root):
                        found.add(int(entry.name))
    return tuple(sorted(found))


def _keys(layout: Layout, also: Iterable[Path]) -> Iterator[Path]:
    yield layout.root / NAMING
    yield layout.alert_key
    yield from also
    yield from _files(layout.net, set())
    # A store that a backup or a restore had not sealed yet.
    yield from _files(layout.root / WORK, set())


def _manifests(layout: Layout) -> Iterator[Path]:
    # An earlier version kept one for all, and what it left must be wiped too.
    yield layout.archives / MANIFEST
    yield from (root / MANIFEST for root in layout.all_archives())


def _files(folder: Path, apart: set[Path]) -> Iterator[Path]:
    for at, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if Path(at, name) not in apart)
        yield from (Path(at, name) for name in sorted(names) if Path(at, name) not in apart)


def _remove(files: Iterable[Path], *, overwrite: bool) -> int:
    count = 0
    for file in files:
        with storage_errors(file):
            if not file.is_symlink() and not file.is_file():
                continue
            if overwrite and not file.is_symlink():
                # What cannot be written to any more can be removed still.
                with contextlib.suppress(OSError):
                    _overwrite(file)
            file.unlink()
            count += 1
    return count


def _overwrite(file: Path) -> None:
    """Put random bytes in the place of a file's own, and wait until the disk has them."""
    with contextlib.suppress(PermissionError):
        file.chmod(0o600)
    with file.open("r+b") as out:
        left = file.stat().st_size
        while left > 0:
            left -= out.write(os.urandom(min(left, BLOCK)))
        out.flush()
        os.fsync(out.fileno())
        # Whoever has it open reads nothing from now on.
        out.truncate(0)
        os.fsync(out.fileno())


def _clear(layout: Layout) -> None:
    """Remove the folders, whose names tell cells and regions, and at last the mark."""
    for entry in sorted(layout.root.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            with storage_errors(entry):
                shutil.rmtree(entry)
    sync_folder(layout.root)
    layout.sealing.unlink(missing_ok=True)
    sync_folder(layout.root)
