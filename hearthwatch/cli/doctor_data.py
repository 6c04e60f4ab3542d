"""Checks of what is kept and of the scenes."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import shapely

from detectors.registry import create_detector, detector_ids
from hearthwatch.cli.call import Call
from hearthwatch.cli.checks import Check, Outcome
from hearthwatch.errors import StoreLocked
from hearthwatch.layout import Layout
from hearthwatch.operation.encryption import Kept, of_folder
from hearthwatch.pipeline.listing import MISSION_START
from hearthwatch.pipeline.run import provider_faults
from hearthwatch.sources import provider_from
from hearthwatch.words import counted
from imagery.types import Query
from tiles.archive import Archive
from tiles.manifest import examine

WARN_BYTES = 5_000_000_000
FAIL_BYTES = 500_000_000
MOST_FAULTS = 5
_NOTHING_YET = "nothing was recorded yet"


def data_folder(call: Call) -> Check:
    """Check that files can be made in the data folder."""
    folder = _existing(call.settings.data_dir)
    advice = "Give it to the user that runs hearthwatch, or set HEARTHWATCH_DATA_DIR."
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"hearthwatch")
    except OSError as error:
        return Check(Outcome.FAIL, f"{folder} cannot be written: {error.strerror}", advice)
    if folder != call.settings.data_dir:
        return Check(Outcome.OK, f"{call.settings.data_dir} will be made at the first run")
    return Check(Outcome.OK, f"{folder} can be written")


def free_disk(call: Call) -> Check:
    """Check that there is room on the disk."""
    free = shutil.disk_usage(_existing(call.settings.data_dir)).free
    words = f"{free / 1e9:,.1f} GB free"
    if free < FAIL_BYTES:
        return Check(Outcome.FAIL, words, "Make room: the next run would stop.")
    if free < WARN_BYTES:
        return Check(Outcome.WARN, words, "Make room soon: looks are archived for ever.")
    return Check(Outcome.OK, words)


def encryption(call: Call) -> Check:
    """Check that whoever takes the disk cannot read it, as far as that can be known."""
    found = of_folder(_existing(call.settings.data_dir))
    advice = "See docs/seizure.md for folders that are encrypted from the start."
    words = found.why
    if call.settings.database:
        words += "; of the database's own disk nothing is known here"
    if found.kept is Kept.PLAIN:
        return Check(Outcome.WARN, f"{words}: whoever takes the disk reads the watchlist", advice)
    if found.kept is Kept.UNKNOWN:
        return Check(Outcome.WARN, f"unknown: {words}", f"Ask who runs the machine. {advice}")
    return Check(Outcome.OK, words)


def store(call: Call) -> Check:
    """Check that the database can be read and has the schema of this code."""
    if not call.is_kept:
        return Check(Outcome.OK, _NOTHING_YET)
    with call.store() as opened:
        regions = opened.regions(call.organisation)
        open_runs = [run for run in opened.runs(call.organisation) if run.finished is None]
    words = f"{call.store_name}: schema is current, {counted(len(regions), 'region')} watched"
    if open_runs:
        advice = "If none is at work now, it was killed; the next run goes on where it stopped."
        return Check(Outcome.WARN, f"{words}, {counted(len(open_runs), 'run')} not ended", advice)
    return Check(Outcome.OK, words)


def store_lock(call: Call) -> Check:
    """Check that no other process is writing."""
    if not call.is_kept:
        return Check(Outcome.OK, _NOTHING_YET)
    try:
        call.try_alone()
    except StoreLocked as error:
        return Check(Outcome.WARN, error.message)
    return Check(Outcome.OK, "no process is writing")


def archive(call: Call) -> Check:
    """Check that every archived file is as it was stored, whichever organisation's it is."""
    roots = Layout(call.settings.data_dir).all_archives()
    if not roots:
        return Check(Outcome.OK, _NOTHING_YET)
    masters, faults = 0, list[str]()
    for root in roots:
        count, found = _proved(root, quick=call.args.quick)
        masters += count
        faults += [f"{root.name}/{fault}" for fault in found]
    files = counted(masters, "master")
    read = " listed, files not read (--quick)" if call.args.quick else ", every SHA-256 as listed"
    words = f"{files}{read}"
    if not faults:
        return Check(Outcome.OK, words)
    first = "; ".join(faults[:MOST_FAULTS])
    more = f"; and {len(faults) - MOST_FAULTS:,} more" if len(faults) > MOST_FAULTS else ""
    advice = "Restore these files from a backup; do not delete anything."
    return Check(Outcome.FAIL, f"{files}, but {first}{more}", advice)


def _proved(root: Path, *, quick: bool) -> tuple[int, list[str]]:
    """Return how many masters an archive lists, and what is not as it was stored."""
    opened = Archive(root)
    known, problems = examine(opened.manifest.path)
    if quick:
        return len(known.rows), [str(one) for one in problems]
    return len(known.rows), [f"{fault.path}: {fault.problem}" for fault in opened.verify()]


def catalogue(call: Call) -> Check:
    """Check that scenes can be listed and have the bands some detector needs."""
    settings = call.settings
    if settings.provider == "folder" and settings.catalogue is None:
        advice = "Set HEARTHWATCH_CATALOGUE or give --catalogue to `run`."
        return Check(Outcome.WARN, "none is named", advice)
    everything = Query(shapely.box(-180, -90, 180, 90), MISSION_START, datetime.now(UTC))
    provider = provider_from(settings)
    if provider.remote:
        return Check(Outcome.OK, f"{provider.name} lists the world: see providers")
    scenes = list(provider.search(everything))
    infos = [create_detector(name).info for name in detector_ids()]
    fit = [s for s in scenes if any(s.bands.issuperset(i.needed) for i in infos)]
    words = f"{counted(len(scenes), 'scene')}, {len(fit):,} with the bands needed"
    faults = provider_faults(provider)
    if not fit:
        return Check(Outcome.FAIL, words, "Name another catalogue.")
    if faults or len(fit) < len(scenes):
        return Check(Outcome.WARN, words, "; ".join(faults[:MOST_FAULTS]))
    return Check(Outcome.OK, words)


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
