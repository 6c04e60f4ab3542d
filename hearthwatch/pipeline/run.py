"""One run over one region: plan, measure, guard, score, commit.

The commit of each look over each site is the only point at which anything becomes true. Whatever
is killed before it is done again by the next run, from the archive, with the same result.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from detectors.registry import create_detector
from detectors.types import DetectorInfo
from hearthwatch.calibration.force import CalibrationInForce, in_force
from hearthwatch.errors import CatalogueError, DiskFull, HearthwatchError
from hearthwatch.identity import check_identity, science_digest
from hearthwatch.layout import Layout
from hearthwatch.pipeline.bench import Bench, RunStopped
from hearthwatch.pipeline.executors import open_executor
from hearthwatch.pipeline.paying import open_purse, planned, sources_of
from hearthwatch.pipeline.plan import Plan, searched
from hearthwatch.pipeline.record import Progress, Record, start
from hearthwatch.pipeline.taking import take_looks
from hearthwatch.records import Region, Run, RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from imagery.errors import ImageryError
from imagery.types import ImageryProvider
from tiles.atomic import sweep
from tiles.errors import StorageFull
from tiles.grid import cells_for


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did."""

    run: Run
    looks: int
    skipped: int
    events: tuple[str, ...]


@dataclass(slots=True)
class _Taken:
    """What a run has come to so far.

    Attributes
    ----------
    events : dict
        Their ids, in order.
    faults : list of str
        What went wrong though the run went on.
    """

    plans: list[Plan] = field(default_factory=list)
    events: dict[str, None] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


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
) -> RunReport:
    """Take every look at a region up to `until` that is not committed yet, oldest first.

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
    detector = create_detector(region.kind.value).info
    tidy(store, layout, region, detector)
    force = _in_force(settings, store, region, detector)
    run = start(settings, store, region, until, identity.digest, asked)
    outcome, detail = RunOutcome.FAILED, ""
    record = Record(store, run)
    told = _each(record.note, progress)
    taken = _Taken(faults=[force.note] if force.note else [])

    def take_from(source: ImageryProvider) -> bool:
        """Take what a provider gives; return whether there is nothing more to ask for."""
        with source.serving(), open_executor(settings, identity.digest) as executor:
            purse = open_purse(settings, store, source, region, run)
            bench = Bench(
                settings, layout, store, source, region, detector, run, executor, force, purse
            )
            _take(bench, until, told, stopping, taken)
        return purse is None or not purse.is_exhausted

    try:
        _ask_all(sources_of(settings, store, region, provider, fallback), take_from, taken)
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
        run = record.end(outcome, "; ".join(filter(None, [*taken.faults, detail])))
    return _report(run, taken)


def _in_force(
    settings: Settings, store: Store, region: Region, detector: DetectorInfo
) -> CalibrationInForce:
    """Return what is calibrated by from the first look of a run to its last."""
    chosen = store.chosen_calibration(region.organisation, detector.id, region.mode, region.id)
    return in_force(chosen, detector, science_digest(), settings.base_rate)


def _ask_all(
    sources: Sequence[ImageryProvider],
    take_from: Callable[[ImageryProvider], bool],
    taken: _Taken,
) -> None:
    """Ask one provider after the other as long as there is more to ask for, or one is out."""
    *first, last = sources
    for source in first:
        try:
            if take_from(source):
                return
        except (ImageryError, CatalogueError) as error:
            taken.faults.append(f"{source.name}: {error}; {last.name} was read instead")
    take_from(last)


def _take(
    bench: Bench,
    until: datetime,
    told: Callable[[Progress], None],
    stopping: Callable[[], bool],
    taken: _Taken,
) -> None:
    """Take the looks that one provider lists.

    Raises
    ------
    CatalogueError
        If there were only remembered ones to go by; then after those.
    """
    plan = planned(
        bench.settings, bench.store, bench.provider, bench.region, bench.detector, until,
        bench.purse,
    )  # fmt: skip
    taken.plans.append(plan)
    taken.events.update(dict.fromkeys(take_looks(bench, plan, told, stopping)))
    taken.faults.extend(_left_out(bench.provider))
    if plan.fault:
        raise CatalogueError(f"{plan.fault}; looks it had listed before were taken")


def _report(run: Run, taken: _Taken) -> RunReport:
    plan = taken.plans[0]
    work = ((look.key, site.cell) for look in plan.looks for site in plan.sites)
    return RunReport(run, plan.open, sum(one in plan.done for one in work), tuple(taken.events))


def provider_faults(provider: ImageryProvider) -> Sequence[str]:
    """Return what a provider could not read of its catalogue; nothing where it keeps no count."""
    asked = getattr(provider, "faults", None)
    return tuple(asked()) if asked else ()


def tidy(store: Store, layout: Layout, region: Region, detector: DetectorInfo) -> None:
    """Remove what a killed run left behind: half-written files and states nobody committed."""
    for cell in cells_for(searched(region, detector)):
        for folder in layout.archive.glob(f"*/{cell.id}/*"):
            sweep(folder)
    shutil.rmtree(layout.scratch, ignore_errors=True)
    layout.scratch.mkdir(parents=True, exist_ok=True)
    folder = layout.states / region.id
    for place in folder.iterdir() if folder.is_dir() else ():
        kept = {
            layout.root / version.path
            for version in store.state_versions(
                region.organisation, region.id, place.name, detector.id
            )
        }
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
