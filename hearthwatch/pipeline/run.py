"""One run over one region: plan, measure, guard, score, commit.

The commit of each look over each site is the only point at which anything becomes true. Whatever
is killed before it is done again by the next run, from the archive, with the same result.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from detectors.guard import judge_scene
from detectors.registry import create_detector
from detectors.types import DetectorInfo, SceneJudgement, Watches
from hearthwatch.errors import DiskFull, HearthwatchError
from hearthwatch.identity import check_identity
from hearthwatch.layout import Layout
from hearthwatch.pipeline.bench import Bench, RunStopped, Take, measured_ahead
from hearthwatch.pipeline.catchup import catch_up
from hearthwatch.pipeline.commit import LookOutcome, commit_look
from hearthwatch.pipeline.executors import open_executor
from hearthwatch.pipeline.plan import Plan, make_plan, searched
from hearthwatch.pipeline.score import judge_look, score_look
from hearthwatch.pipeline.tasks import JudgeTask, Measured, Scored, ScoreTask, Site
from hearthwatch.records import Event, Region, Run, RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from imagery.types import Acquisition, ImageryProvider
from tiles.atomic import sweep
from tiles.errors import StorageFull
from tiles.grid import cells_for

RECORD_SECONDS = 1.0
"""Between two notes of how far a run has come."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    rate : float
        Looks committed per second so far.
    seconds_left : float
    """

    done: int
    total: int
    sensed: datetime
    rate: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did."""

    run: Run
    looks: int
    skipped: int
    events: tuple[str, ...]


def run_region(
    settings: Settings,
    store: Store,
    provider: ImageryProvider,
    region: Region,
    until: datetime,
    progress: Callable[[Progress], None] | None = None,
    *,
    asked: Run | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> RunReport:
    """Take every look at a region up to `until` that is not committed yet, oldest first.

    Parameters
    ----------
    until : datetime
        Aware UTC. With a time in the past, history is replayed as if live: no look is scored
        with knowledge of a later one.
    asked : Run or None
        The waiting run that asked for this; it becomes this run.
    stopping : callable
        Asked before every look; True ends the run there (`RunStopped`).

    Raises
    ------
    HearthwatchError
        `CatalogueError` for an unusable catalogue, `DiskFull` when the disk is, and those of
        the executor and the store. What was committed before stays.
    RunStopped
        Because `stopping` said so; the next run goes on from there.
    """
    layout = Layout(settings.data_dir)
    layout.make()
    identity = check_identity()
    detector = create_detector(region.kind.value).info
    tidy(store, layout, region, detector)
    run = _start(settings, store, region, until, identity.digest, asked)
    outcome, detail = RunOutcome.FAILED, ""
    record = _Record(store, run)
    try:
        plan = make_plan(store, provider, region, detector, until)
        with open_executor(settings, identity.digest) as executor:
            bench = Bench(settings, layout, store, provider, region, detector, run, executor)
            events = _take_looks(bench, plan, _each(record.note, progress), stopping)
        outcome, detail = RunOutcome.COMPLETE, _left_out(provider)
    except (KeyboardInterrupt, RunStopped):
        outcome = RunOutcome.INTERRUPTED
        raise
    except StorageFull as error:
        detail = "the disk is full"
        raise DiskFull(
            f"{detail}: {error}. Free some space and run again; nothing that was "
            "committed is lost and the run goes on where it stopped."
        ) from error
    except HearthwatchError as error:
        detail = error.message
        raise
    finally:
        shutil.rmtree(layout.scratch, ignore_errors=True)
        run = record.end(outcome, detail)
    total = len(plan.looks) * len(plan.sites)
    return RunReport(run, plan.open, total - plan.open, events)


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


def _take_looks(
    bench: Bench,
    plan: Plan,
    progress: Callable[[Progress], None],
    stopping: Callable[[], bool],
) -> tuple[str, ...]:
    told = dict.fromkeys(event.id for event in catch_up(bench, plan, stopping))
    started, done = time.monotonic(), 0
    for look, sites, measured in measured_ahead(bench, _open(plan)):
        if stopping():
            raise RunStopped
        takes = [_take(bench, site, one) for site, one in zip(sites, measured, strict=True)]
        judgement = _judge(bench, look, takes)
        scoring = [_score(bench, take, judgement) for take in takes]
        for take, pending in zip(takes, scoring, strict=True):
            scored = pending.result() if pending else None
            for event in _commit(bench, take, judgement, scored):
                told[event.id] = None
            done += 1
        rate = done / max(time.monotonic() - started, 1e-6)
        left = (plan.open - done) / rate
        progress(Progress(done, plan.open, look.sensed, rate, left))
    return tuple(told)


def _open(plan: Plan) -> Iterator[tuple[Acquisition, list[Site]]]:
    """Yield every look that is not committed over all sites, oldest first."""
    for look in plan.looks:
        sites = [site for site in plan.sites if (look.key, site.cell) not in plan.done]
        if sites:
            yield look, sites


def _take(bench: Bench, site: Site, measured: Measured) -> Take:
    """Say what is to be done with a measured look: score it, unless it is no use or late."""
    region, detector = bench.region, bench.detector.id
    state = bench.store.state(region.organisation, region.id, site.cell, detector)
    late = state is not None and measured.sensed <= state.sensed
    if late and state is not None:
        words = f"it came after the look of {state.sensed:%Y-%m-%d} had been taken in"
        measured = dataclasses.replace(measured, reason=measured.reason or words)
    task = JudgeTask(
        detector=detector,
        site=site,
        state=bench.layout.root / state.path if state else None,
        state_sha256=state.sha256 if state else None,
        features=measured.features,
    )
    return Take(site, measured, state, task if measured.observable and not late else None)


def _judge(bench: Bench, look: Acquisition, takes: Sequence[Take]) -> SceneJudgement:
    """Judge an acquisition by the placebos of all its sites, before any settlement is scored."""
    asked = [
        bench.executor.submit(judge_look, take.task)
        for take in takes
        if take.task is not None and bench.detector.watches is Watches.SETTLEMENTS
    ]
    return judge_scene(look.key, [evidence for one in asked for evidence in one.result()])


def _score(bench: Bench, take: Take, judgement: SceneJudgement) -> Future[Scored] | None:
    if take.task is None:
        return None
    target = bench.layout.root / _state_path(bench, take)
    return bench.executor.submit(score_look, ScoreTask(take.task, judgement, target))


def _commit(
    bench: Bench, take: Take, judgement: SceneJudgement, scored: Scored | None
) -> tuple[Event, ...]:
    outcome = LookOutcome(
        region=bench.region,
        run=bench.run.id,
        digest=bench.run.digest,
        detector=bench.detector,
        site=take.site,
        measured=take.measured,
        judgement=judgement,
        scored=scored,
        state_path=str(_state_path(bench, take)),
        sequence=take.sequence,
    )
    area = bench.settings.minimum_mapping_unit_ha * 1e4
    return commit_look(bench.store, bench.layout.root, outcome, area)


def _state_path(bench: Bench, take: Take) -> Path:
    return bench.layout.state(bench.region.id, take.site.cell, bench.detector.id, take.sequence)


def _left_out(provider: ImageryProvider) -> str:
    """Say that a complete run did not see everything: a scene that cannot be read is no look."""
    count = len(provider_faults(provider))
    return f"{count:,} items of the catalogue could not be read and were left out" if count else ""


def _each(*told: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    """Return one callable that tells all."""

    def tell(progress: Progress) -> None:
        for one in told:
            if one is not None:
                one(progress)

    return tell


class _Record:
    """Keeps the run's own row up to date, often enough for whoever waits and no oftener."""

    def __init__(self, store: Store, run: Run) -> None:
        self._store = store
        self._run = run
        self._written = -math.inf

    def note(self, progress: Progress) -> None:
        """Take progress in, and write it now and then."""
        self._run = dataclasses.replace(
            self._run, done=progress.done, total=progress.total, sensed=progress.sensed
        )
        if time.monotonic() - self._written >= RECORD_SECONDS:
            self._write()

    def end(self, outcome: RunOutcome, detail: str) -> Run:
        """Write how the run ended."""
        now = datetime.now(UTC)
        self._run = dataclasses.replace(self._run, finished=now, outcome=outcome, detail=detail)
        self._write()
        return self._run

    def _write(self) -> None:
        with self._store.transaction() as tx:
            tx.put_run(self._run)
        self._written = time.monotonic()


def _start(
    settings: Settings,
    store: Store,
    region: Region,
    until: datetime,
    digest: str,
    asked: Run | None,
) -> Run:
    run = Run(
        id=asked.id if asked else str(uuid.uuid4()),
        organisation=region.organisation,
        kind=region.kind,
        mode=region.mode,
        region=region.id,
        started=datetime.now(UTC),
        until=until,
        digest=digest,
        executor=settings.executor,
    )
    with store.transaction() as tx:
        for other in store.runs(region.organisation, outcome=RunOutcome.RUNNING):
            ended = dataclasses.replace(other, finished=run.started, outcome=RunOutcome.INTERRUPTED)
            tx.put_run(ended)
        tx.put_run(run)
    return run
