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

from hearthwatch.errors import BackupError, StoreError
from hearthwatch.layout import Layout, is_address
from hearthwatch.operation.folder import NAMING, WORK
from hearthwatch.words import counted
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

    What cannot be removed, a database that is away for one, keeps nothing else.

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
    BackupError
        Something could not be removed; all else was. Call it again.
    """
    failed: list[str] = []
    layout.root.mkdir(parents=True, exist_ok=True)
    # Where the disk is full there is no mark, and all goes all the same.
    with contextlib.suppress(TilesError):
        write_atomically(layout.sealing, json.dumps({"form": FORM}).encode(), mode=0o600)
    tell("keys")
    gone = _remove(_keys(layout, also), failed, overwrite=True)
    if is_address(place):
        tell("the database on the server")
        from hearthwatch.store.dropping import drop_everything

        try:
            drop_everything(str(place))
        except StoreError as error:
            failed.append(error.message)
    tell("the store")
    gone += _remove(_store(layout), failed, overwrite=not quick)
    tell("states, layers and what else is kept")
    apart = {layout.archives, layout.sealing}
    gone += _remove(_files(layout.root, apart), failed, overwrite=not quick)
    tell("the archives")
    # Its pictures can be had from their provider; which there are says what was watched.
    gone += _remove(_manifests(layout), failed, overwrite=not quick)
    gone += _remove(_files(layout.archives, set()), failed, overwrite=False)
    _clear(layout, failed)
    if failed:
        raise BackupError(
            f"{counted(len(failed), 'thing')} could not be removed; all else is gone. Mend it and "
            f"type the same again. {failed[0]}"
        )
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


def _store(layout: Layout) -> list[Path]:
    # Beside the file of SQLite lie its log and its index of the log.
    return sorted(layout.root.glob(f"{layout.database.name}*"))


def _manifests(layout: Layout) -> Iterator[Path]:
    # An earlier version kept one for all, and what it left must be wiped too.
    yield layout.archives / MANIFEST
    yield from (root / MANIFEST for root in layout.all_archives())


def _files(folder: Path, apart: set[Path]) -> Iterator[Path]:
    for at, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if Path(at, name) not in apart)
        yield from (Path(at, name) for name in sorted(names) if Path(at, name) not in apart)


def _remove(files: Iterable[Path], failed: list[str], *, overwrite: bool) -> int:
    """Remove files and return how many; one that stays is noted, and keeps no other."""
    count = 0
    for file in files:
        try:
            with storage_errors(file):
                count += _removed(file, overwrite=overwrite)
        except TilesError as error:
            failed.append(str(error))
    return count


def _removed(file: Path, *, overwrite: bool) -> bool:
    if not file.is_symlink() and not file.is_file():
        return False
    if overwrite and not file.is_symlink():
        # What cannot be written to any more can be removed still.
        with contextlib.suppress(OSError):
            _overwrite(file)
    file.unlink()
    return True


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


def _clear(layout: Layout, failed: list[str]) -> None:
    """Remove the folders, whose names tell cells and regions, and at last the mark."""
    for entry in sorted(layout.root.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            try:
                with storage_errors(entry):
                    shutil.rmtree(entry)
            except TilesError as error:
                failed.append(str(error))
    sync_folder(layout.root)
    if failed:
        return
    layout.sealing.unlink(missing_ok=True)
    sync_folder(layout.root)
