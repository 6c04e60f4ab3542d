"""Legal holds, and the removal of masters that nobody needs any more.

A master is retired only if it is old, nothing that was found rests on it, and it is on no hold.
The manifest says so first, in one row for all of them, and only then their files go: whoever
verifies the archive sees what was removed, when, by whom and why. A removal that was cut short is
finished by the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from tiles.archive import Archive, MasterRef
from tiles.atomic import storage_errors, sweep, sync_folder
from tiles.errors import RetentionError
from tiles.faultpoints import reach
from tiles.rows import Note, NoteKind, Remark, Row, iso
from tiles.verify import files_of, overview_path

ALL = "all"


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold that is in force: nothing it selects may be retired.

    Attributes
    ----------
    selects : tuple of str
        Cells, acquisitions, ``cell/acquisition``, or ``all``; what is stored later counts too.
    since : str
        ISO 8601, UTC.
    """

    name: str
    selects: tuple[str, ...]
    who: str
    why: str
    since: str


@dataclass(frozen=True, slots=True)
class Pruning:
    """What is, or would be, retired, and what of the same age stays.

    Attributes
    ----------
    retired : tuple of MasterRef
    rested_on, held : int
        Masters that stay because something found rests on their look, or because of a hold.
    """

    retired: tuple[MasterRef, ...]
    rested_on: int
    held: int

    @property
    def bytes(self) -> int:
        """Size of the masters retired."""
        return sum(master.bytes for master in self.retired)


def put_hold(
    archive: Archive, name: str, selects: Sequence[str], *, who: str, why: str, at: datetime
) -> Note:
    """Put a hold on everything that is selected.

    Parameters
    ----------
    selects : sequence of str
        Cells, acquisitions, ``cell/acquisition``, or ``all``.
    at : datetime
        Aware.

    Raises
    ------
    RetentionError
        If the name is in use, or something selects no master: a mistyped hold protects nothing.
    IntegrityError, StorageFull, StorageFailed
    """
    with archive.manifest.writing():
        if name in {hold.name for hold in holds(archive)}:
            raise RetentionError(f"a hold {name} is in force already")
        for selector in selects:
            if not select(archive, [selector]):
                raise RetentionError(f"{selector} selects no master in the archive")
        moment = iso(at)
        said = Remark(NoteKind.HELD, tuple(selects), name, "", who, why, moment)
        return archive.manifest.remark(said)


def release_hold(archive: Archive, name: str, *, who: str, why: str, at: datetime) -> Note:
    """End a hold; that it was, and who ended it, stays in the manifest.

    Raises
    ------
    RetentionError
        If no such hold is in force.
    IntegrityError, StorageFull, StorageFailed
    """
    with archive.manifest.writing():
        if name not in {hold.name for hold in holds(archive)}:
            raise RetentionError(f"no hold {name} is in force")
        moment = iso(at)
        return archive.manifest.remark(Remark(NoteKind.RELEASED, (), name, "", who, why, moment))


def holds(archive: Archive) -> tuple[Hold, ...]:
    """Return the holds in force, oldest first."""
    found: dict[str, Hold] = {}
    for note in archive.manifest.notes(NoteKind.HELD, NoteKind.RELEASED):
        found.pop(note.name, None)
        if note.note is NoteKind.HELD:
            found[note.name] = Hold(note.name, note.about, note.who, note.why, note.at)
    return tuple(found.values())


def select(archive: Archive, selectors: Sequence[str]) -> tuple[MasterRef, ...]:
    """Return the masters that any of the selectors names, oldest first."""
    return tuple(
        master
        for master in archive.listed()
        if any(_selects(selector, master) for selector in selectors)
    )


def prune(
    archive: Archive,
    before: date,
    rested_on: Collection[str],
    *,
    who: str,
    why: str,
    at: datetime,
    dry_run: bool = False,
) -> Pruning:
    """Retire the masters of looks sensed before a day, but those that must stay.

    Parameters
    ----------
    before : date
        UTC.
    rested_on : collection of str
        SHA-256 of masters that something found rests on. With one master of a look in a cell
        all of them stay.
    dry_run : bool
        Only tell what would be retired.

    Raises
    ------
    IntegrityError, StorageFull, StorageFailed
        What the manifest calls retired by then is removed by the next call.
    """
    with archive.manifest.writing():
        pruning = _plan(archive, before, frozenset(rested_on))
        if dry_run:
            return pruning
        _retire(archive, pruning.retired, who, why, at)
    return pruning


def retire_cells(
    archive: Archive, cells: Collection[str], *, who: str, why: str, at: datetime
) -> tuple[MasterRef, ...]:
    """Retire every master of some cells but those on a hold, and return them.

    For content that people erased: whoever calls has seen to it that nothing rests on them.

    Raises
    ------
    IntegrityError, StorageFull, StorageFailed
        What the manifest calls retired by then is removed by the next call.
    """
    with archive.manifest.writing():
        selectors = [selector for hold in holds(archive) for selector in hold.selects]
        retired = tuple(
            master
            for master in archive.listed()
            if master.cell in cells and not any(_selects(s, master) for s in selectors)
        )
        _retire(archive, retired, who, why, at)
    return retired


def _retire(
    archive: Archive, masters: Sequence[MasterRef], who: str, why: str, at: datetime
) -> None:
    if masters:
        keys = tuple(master.key for master in masters)
        archive.manifest.remark(Remark(NoteKind.RETIRED, keys, "", "", who, why, iso(at)))
        reach("prune.noted")
    _remove(archive.root, archive.manifest.retired(), archive.manifest.rows())
    reach("prune.removed")


def _plan(archive: Archive, before: date, rested_on: frozenset[str]) -> Pruning:
    selectors = [selector for hold in holds(archive) for selector in hold.selects]
    looks: dict[tuple[str, str], list[MasterRef]] = {}
    for master in archive.listed():
        looks.setdefault((master.cell, master.acquisition), []).append(master)
    old = [look for look in looks.values() if _day(look[0]) < before]
    needed = [look for look in old if any(one.sha256 in rested_on for one in look)]
    free = [look for look in old if look not in needed]
    held = [look for look in free if any(_selects(s, one) for one in look for s in selectors)]
    retired = [one for look in free if look not in held for one in look]
    return Pruning(tuple(retired), sum(map(len, needed)), sum(map(len, held)))


def _day(master: MasterRef) -> date:
    return date.fromisoformat(master.path.split("/")[2])


def _selects(selector: str, master: MasterRef) -> bool:
    names = (ALL, master.cell, master.acquisition, f"{master.cell}/{master.acquisition}")
    return selector in names


def _remove(root: Path, retired: Iterable[Row], there: Iterable[Row]) -> None:
    """Remove the files of retired masters, but none that a master still there has.

    What a killed process left half-written beside them goes with them: it shows the same ground.
    """
    by_look: dict[str, list[Row]] = {}
    for row in there:
        by_look.setdefault(row.look, []).append(row)
    folders: set[Path] = set()
    for row in retired:
        kept = {path for other in by_look.get(row.look, ()) for path in files_of(root, other)}
        # The overview last: whoever makes one meanwhile looks for the master afterwards.
        paths = (*sorted(files_of(root, row) - kept), overview_path(row.sha256))
        for path in paths:
            _unlink(root / path)
        folders.update((root / path).parent for path in paths)
    for folder in sorted(folders):
        sweep(folder)


def _unlink(file: Path) -> None:
    if not file.exists():
        return
    with storage_errors(file):
        file.unlink()
        sync_folder(file.parent)
    reach("prune.unlinked")
