"""One run over one region: by each of its detectors plan, measure, guard, score, commit.

The commit of each look over each site is the only point at which anything becomes true. Whatever
is killed before it is done again by the next run, from the archive, with the same result.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from detectors.types import DetectorInfo
from hearthwatch.errors import CatalogueError, DiskFull, HearthwatchError
from hearthwatch.identity import check_identity
from hearthwatch.layout import Layout
from hearthwatch.pipeline.bench import Bench, RunStopped
from hearthwatch.pipeline.executors import open_executor
from hearthwatch.pipeline.paying import listed, open_purse, sources_of
from hearthwatch.pipeline.plan import Plan, make_plan
from hearthwatch.pipeline.purse import Purse
from hearthwatch.pipeline.record import Progress, Record, start
from hearthwatch.pipeline.sites import searched
from hearthwatch.pipeline.strands import (
    OUTAGE,
    Strand,
    StrandReport,
    know_the_ground,
    notes_of,
    report_of,
    strands_of,
)
from hearthwatch.pipeline.taking import take_looks
from hearthwatch.pipeline.trial_purse import Payer
from hearthwatch.records import Region, Run, RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from imagery.errors import ImageryError
from imagery.types import ImageryProvider
from tiles.atomic import sweep
from tiles.errors import StorageFull
from tiles.grid import cells_for
from tiles.overviews import sweep_overviews


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did.

    Attributes
    ----------
    looks, skipped : int
        Over sites and by all detectors: those that were open, and those taken before.
    events : tuple of str
        Ids of those made or changed.
    detectors : tuple of StrandReport
        The same by detector, the kind's own first.
    """

    run: Run
    looks: int
    skipped: int
    events: tuple[str, ...]
    detectors: tuple[StrandReport, ...]


@dataclass(slots=True)
class _Going:
    """A run under way.

    Attributes
    ----------
    faults : dict
        What went wrong though the run went on, in order, each once.
    """

    settings: Settings
    layout: Layout
    store: Store
    region: Region
    run: Run
    until: datetime
    told: Callable[[Progress], None]
    stopping: Callable[[], bool]
    payer: Payer | None = None
    faults: dict[str, None] = field(default_factory=dict)

    def note(self, *words: str) -> None:
        """Keep what went wrong, for the row of the run."""
        self.faults.update(dict.fromkeys(words))


def run_region(
    settings: Settings,
    store: Store,
    provider: ImageryProvider,
    region: Region,
    until: datetime,
    progress: Callable[[Progress], None] | None = None,
    *,
    fallback: ImageryProvider | None = None,
    asked: Run | None = None,
    stopping: Callable[[], bool] = lambda: False,
    payer: Payer | None = None,
) -> RunReport:
    """Take every look at a region up to `until` that is not committed yet, oldest first.

    Each detector that is run in regions of its kind takes those of its sensors, the kind's own
    detector first. One that has no imagery, or cannot go on, stops none of the others: the run's
    row says so.

    Parameters
    ----------
    until : datetime
        Aware UTC. With a time in the past, history is replayed as if live: no look is scored
        with knowledge of a later one.
    fallback : ImageryProvider or None
        Asked where `provider` gives nothing more for a time, or its catalogue cannot be read.
    asked : Run or None
        The waiting run that asked for this; it becomes this run.
    stopping : callable
        Asked before every look; True ends the run there (`RunStopped`).
    payer : Payer or None
        Of a trial on a store of its own: whose account is paid from.

    Raises
    ------
    HearthwatchError
        `CatalogueError` for an unusable catalogue (if looks were remembered of it, after those
        were taken), `DiskFull` when the disk is, and those of
        the executor and the store. What was committed before stays.
    RunStopped
        Because `stopping` said so; the next run goes on from there.
    """
    layout = Layout(settings.data_dir)
    layout.make()
    identity = check_identity()
    strands = strands_of(settings, store, region)
    tidy(store, layout, region, [strand.detector for strand in strands])
    run = start(settings, store, region, until, identity.digest, asked)
    outcome, detail = RunOutcome.FAILED, ""
    record = Record(store, run)
    told = _each(record.note, progress)
    going = _Going(settings, layout, store, region, run, until, told, stopping, payer)
    going.note(*(strand.in_force.note for strand in strands if strand.in_force.note))
    try:
        _ask_all(going, sources_of(settings, store, region, provider, fallback), strands)
        going.note(*notes_of(strands))
        outcome = RunOutcome.COMPLETE
    except (KeyboardInterrupt, RunStopped):
        outcome = RunOutcome.INTERRUPTED
        raise
    except StorageFull as error:
        detail = "the disk is full"
        raise DiskFull(
            f"{detail}: {error}. Free some space and run again; nothing that was "
            "committed is lost and the run goes on where it stopped."
        ) from error
    except ImageryError as error:
        detail = str(error)
        raise CatalogueError(f"Imagery cannot be had: {error}.") from error
    except HearthwatchError as error:
        detail = error.message
        raise
    finally:
        shutil.rmtree(layout.scratch, ignore_errors=True)
        run = record.end(outcome, "; ".join(filter(None, [*going.faults, detail])))
    return _report(run, strands)


def _ask_all(going: _Going, sources: Sequence[ImageryProvider], strands: Sequence[Strand]) -> None:
    """Ask one provider after the other as long as there is more to ask for, or one is out."""
    *first, last = sources
    for source in first:
        try:
            strands = _take_from(going, source, strands)
        except (ImageryError, CatalogueError) as error:
            going.note(f"{source.name}: {error}; {last.name} was read instead")
        for strand in strands:
            if strand.error is not None:
                going.note(f"{source.name}: {strand.error}; {last.name} was read instead")
        if not strands:
            return
    _take_from(going, last, strands)


def _take_from(
    going: _Going, source: ImageryProvider, strands: Sequence[Strand]
) -> Sequence[Strand]:
    """Take what a provider gives; return the strands for which there is more to ask for."""
    settings, store, region = going.settings, going.store, going.region
    with source.serving(), open_executor(settings, going.run.digest) as executor:
        purse = open_purse(settings, store, source, region, going.run, going.payer)
        plans = _plans(going, source, purse, strands)
        total, done = sum(plan.open for _, plan in plans), 0
        for strand, plan in plans:
            going.note(*know_the_ground(strand, going.layout, going.region, plan.sites))
            bench = _bench(going, source, executor, strand, purse)
            _take(going, bench, strand, plan, _beyond(going.told, done, total))
            done += plan.open
        going.note(*_left_out(source))
    if purse is not None and purse.is_exhausted:
        return strands
    return [strand for strand in strands if isinstance(strand.error, ImageryError | CatalogueError)]


def _plans(
    going: _Going, source: ImageryProvider, purse: Purse | None, strands: Sequence[Strand]
) -> list[tuple[Strand, Plan]]:
    """Return what there is to do for each detector; the catalogue is asked once for all."""
    detectors = [strand.detector for strand in strands]
    found = listed(going.settings, going.store, source, going.region, detectors, going.until, purse)
    plans = []
    for strand in strands:
        strand.error = None
        try:
            plan = make_plan(
                going.store, source, going.region, strand.detector, going.until, listing=found
            )
        except OUTAGE as error:
            strand.error = error
            continue
        strand.plan = strand.plan or plan
        plans.append((strand, plan))
    return plans


def _take(
    going: _Going, bench: Bench, strand: Strand, plan: Plan, told: Callable[[Progress], None]
) -> None:
    """Take the looks of one detector that one provider lists."""
    try:
        strand.events.update(dict.fromkeys(take_looks(bench, plan, told, going.stopping)))
    except (ImageryError, CatalogueError) as error:
        strand.error = error
    if plan.fault and strand.error is None:
        strand.error = CatalogueError(f"{plan.fault}; looks it had listed before were taken")


def _bench(
    going: _Going,
    source: ImageryProvider,
    executor: Executor,
    strand: Strand,
    purse: Purse | None,
) -> Bench:
    return Bench(
        going.settings, going.layout, going.store, source, going.region, strand.detector,
        going.run, executor, strand.in_force, purse, strand.beside, strand.layers or (),
    )  # fmt: skip


def _beyond(told: Callable[[Progress], None], done: int, total: int) -> Callable[[Progress], None]:
    """Return what tells the progress of one detector as that of all."""

    def tell(progress: Progress) -> None:
        so_far = done + progress.done
        left = (total - so_far) / progress.rate
        told(dataclasses.replace(progress, done=so_far, total=total, seconds_left=left))

    return tell


def _report(run: Run, strands: Sequence[Strand]) -> RunReport:
    parts = tuple(report_of(strand) for strand in strands)
    events = dict.fromkeys(event for one in parts for event in one.events)
    looks, skipped = (sum(getattr(one, name) for one in parts) for name in ("looks", "skipped"))
    return RunReport(run, looks, skipped, tuple(events), parts)


def provider_faults(provider: ImageryProvider) -> Sequence[str]:
    """Return what a provider could not read of its catalogue; nothing where it keeps no count."""
    asked = getattr(provider, "faults", None)
    return tuple(asked()) if asked else ()


def tidy(store: Store, layout: Layout, region: Region, detectors: Sequence[DetectorInfo]) -> None:
    """Remove what a killed run left behind: half-written files and states nobody committed."""
    archive = layout.archive(region.organisation)
    for cell in cells_for(searched(region, detectors)):
        for folder in archive.glob(f"*/{cell.id}/*"):
            sweep(folder)
    sweep_overviews(archive)
    shutil.rmtree(layout.scratch, ignore_errors=True)
    layout.scratch.mkdir(parents=True, exist_ok=True)
    folder = layout.states / region.id
    for place in folder.iterdir() if folder.is_dir() else ():
        for detector in detectors:
            _tidy_states(store, layout, region, place, detector)


def _tidy_states(
    store: Store, layout: Layout, region: Region, place: Path, detector: DetectorInfo
) -> None:
    versions = store.state_versions(region.organisation, region.id, place.name, detector.id)
    kept = {layout.root / version.path for version in versions}
    for path in (place / detector.id).glob("*"):
        if path not in kept:
            path.unlink()


def _left_out(provider: ImageryProvider) -> Iterator[str]:
    """Say that a complete run did not see everything: a scene that cannot be read is no look."""
    count = len(provider_faults(provider))
    if count:
        yield f"{count:,} items of the catalogue could not be read and were left out"


def _each(*told: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    """Return one callable that tells all."""

    def tell(progress: Progress) -> None:
        for one in told:
            if one is not None:
                one(progress)

    return tell
