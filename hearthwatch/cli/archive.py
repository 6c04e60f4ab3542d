"""`hearthwatch archive`: prove, hand on, keep and retire what was pulled."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hearthwatch.archives import archive_of
from hearthwatch.cli.archive_evidence import rested_on
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer, shown
from hearthwatch.cli.tables import table
from hearthwatch.errors import HearthwatchError, NotFound
from hearthwatch.layout import Layout
from hearthwatch.words import counted
from tiles.archive import Archive, MasterRef
from tiles.cubes import Cubes
from tiles.exporting import SUMS, export
from tiles.retention import Pruning, holds, prune, put_hold, release_hold, select

MOST_TOLD = 50


def verify(call: Call) -> Answer:
    """Read every file of the archive and name whatever is not as it was stored."""
    archive = _archive(call)
    faults = archive.verify(None if call.as_json else _progress())
    masters = len(archive.manifest.rows()) if not faults else None
    document = {
        "faults": [{"path": one.path, "problem": one.problem} for one in faults],
        "masters": masters,
        "head": archive.manifest.head() if not faults else None,
    }
    if faults:
        told = [f"{one.path}: {one.problem}" for one in faults]
        advice = "Restore these files from a backup; do not delete anything."
        return Answer(
            document, "\n".join([*told, "", f"{counted(len(faults), 'fault')}. {advice}"]), 1
        )
    words = f"{counted(masters or 0, 'master')}, every SHA-256 as listed."
    head = f"The last row's hash, which vouches for all: {document['head']}"
    return Answer(document, f"{words}\n{head}")


def list_all(call: Call) -> Answer:
    """List what is archived, a line for each look and cell, and the holds in force."""
    archive, args = _archive(call), call.args
    looks: dict[tuple[str, str, str], list[MasterRef]] = {}
    for ref in archive.listed(cell_id=args.cell, acquisition=args.acquisition):
        looks.setdefault((ref.cell, _day(ref), ref.acquisition), []).append(ref)
    values = [
        {
            "cell": cell,
            "day": day,
            "acquisition": acquisition,
            "masters": len(refs),
            "bytes": sum(ref.bytes for ref in refs),
            "notes": [note.note.value for note in archive.notes(acquisition)],
        }
        for (cell, day, acquisition), refs in sorted(looks.items())
    ]
    kept = [
        {"name": h.name, "selects": list(h.selects), "by": h.who, "why": h.why, "since": h.since}
        for h in holds(archive)
    ]
    return Answer({"looks": values, "holds": kept}, _listing(values, kept))


def export_masters(call: Call) -> Answer:
    """Write what is selected as COGs, with sidecars, responses and a list of check sums."""
    archive, folder = _archive(call), Path(call.args.dest).expanduser().absolute()
    if folder.exists() and any(folder.iterdir()):
        raise HearthwatchError(f"{folder} is not empty. Name another folder.")
    masters = _selected(archive, call.args.what)
    files = export(archive, masters, folder)
    document = {
        "folder": str(folder),
        "masters": len(masters),
        "files": [{"name": f.name, "sha256": f.sha256, "bytes": f.bytes} for f in files],
    }
    words = f"{counted(len(masters), 'master')} written to {shown(folder)}."
    return Answer(document, f"{words} `sha256sum --check {SUMS}` there proves the files.")


def prune_old(call: Call) -> Answer:
    """Retire looks older than some years that nothing found rests on and no hold keeps."""
    archive, args, now = _archive(call), call.args, datetime.now(UTC)
    if not call.is_kept:
        raise HearthwatchError(
            "There is no database beside the archive, so nobody can say what rests on it. "
            "Nothing was removed."
        )
    before = _years_before(now.date(), args.keep_years)
    why = args.why or f"older than {counted(args.keep_years, 'year')}"
    # No run may commit something found while it is decided what nothing rests on.
    with call.store(write=True) as store:
        kept = rested_on(store, call.organisation)
        pruning = prune(
            archive, before, kept, who=_who(call), why=why, at=now, dry_run=args.dry_run
        )
    document = {
        "before": before.isoformat(),
        "dry_run": args.dry_run,
        "retired": [ref.path for ref in pruning.retired],
        "bytes": pruning.bytes,
        "kept_as_evidence": pruning.rested_on,
        "kept_on_hold": pruning.held,
    }
    return Answer(document, _pruned(pruning, before, dry_run=args.dry_run))


def hold(call: Call) -> Answer:
    """Put a legal hold on what is selected."""
    archive, args = _archive(call), call.args
    note = put_hold(
        archive, args.name, args.what, who=_who(call), why=args.why, at=datetime.now(UTC)
    )
    found = len(select(archive, args.what))
    document = {"hold": note.name, "selects": list(note.about), "masters": found, "row": note.hash}
    words = f"Hold {note.name} keeps {counted(found, 'master')} now, and what it selects later."
    return Answer(document, words)


def release(call: Call) -> Answer:
    """End a legal hold."""
    archive, args = _archive(call), call.args
    note = release_hold(archive, args.name, who=_who(call), why=args.why, at=datetime.now(UTC))
    return Answer({"hold": note.name, "row": note.hash}, f"Hold {note.name} is no longer in force.")


def cube(call: Call) -> Answer:
    """Bring the cube of a cell up to date with its masters."""
    archive, cell = _archive(call), call.args.cell
    sensors = sorted({ref.sensor for ref in archive.listed(cell_id=cell)})
    if not sensors:
        raise NotFound(f"Nothing of the cell {cell} is archived.")
    cubes = Cubes(Layout(call.settings.data_dir).cubes(call.organisation), archive)
    found = {sensor: cubes.update(sensor, cell) for sensor in sensors}
    document = {
        "cell": cell,
        "cubes": [
            {"sensor": sensor, "looks": one.looks, "added": one.added, "rebuilt": one.rebuilt}
            for sensor, one in found.items()
        ],
    }
    lines = [
        f"{sensor}: {counted(one.looks, 'look')}, {one.added} written"
        for sensor, one in found.items()
    ]
    return Answer(document, "\n".join(lines))


def _archive(call: Call) -> Archive:
    archive = archive_of(call.settings, call.organisation)
    if not archive.root.is_dir():
        raise NotFound(f"Nothing is archived in {shown(archive.root)} yet.")
    return archive


def _selected(archive: Archive, what: list[str]) -> tuple[MasterRef, ...]:
    for selector in what:
        if not select(archive, [selector]):
            known = "`hearthwatch archive list` names what there is."
            raise NotFound(f"{selector} selects no master in the archive. {known}")
    return select(archive, what)


def _who(call: Call) -> str:
    return call.args.by or getpass.getuser()


def _day(ref: MasterRef) -> str:
    return date.fromisoformat(ref.path.split("/")[2]).isoformat()


def _years_before(day: date, years: int) -> date:
    # Of a leap day the year before has the 28th only.
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if is_leap_day else day.day)


def _listing(looks: list[dict[str, Any]], kept: list[dict[str, Any]]) -> str:
    rows = [
        (
            one["cell"],
            one["day"],
            one["acquisition"],
            str(one["masters"]),
            f"{one['bytes'] / 1e6:.1f}",
            ", ".join(dict.fromkeys(one["notes"])),
        )
        for one in looks
    ]
    listing = table(("cell", "day", "acquisition", "masters", "MB", "notes"), rows)
    told = [
        f"Hold {one['name']} on {', '.join(one['selects'])} since {one['since'][:10]} "
        f"by {one['by']}: {one['why']}"
        for one in kept
    ]
    return "\n".join([listing if rows else "Nothing of that is archived.", *told])


def _pruned(pruning: Pruning, before: date, *, dry_run: bool) -> str:
    done = "would be retired" if dry_run else "retired"
    head = (
        f"{counted(len(pruning.retired), 'master')} of before {before} {done}, "
        f"{pruning.bytes / 1e6:.1f} MB."
    )
    stays = (
        f"Of the same age {pruning.rested_on:,} stay because something found rests on them, "
        f"{pruning.held:,} because of a hold."
    )
    paths = [ref.path for ref in pruning.retired[:MOST_TOLD]]
    more = len(pruning.retired) - len(paths)
    rest = [f"and {more:,} more"] if more else []
    return "\n".join([*paths, *rest, f"{head} {stays}"])


def _progress() -> Callable[[int, int], None] | None:
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        line = f"\rarchive: {done:,}/{total:,} masters read\x1b[K"
        print(line, end=end, file=sys.stderr, flush=True)

    return tell
