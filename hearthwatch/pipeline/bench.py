"""What every step of one run works with."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path

from detectors.guard import judge_scene
from detectors.types import DetectorInfo, SceneJudgement
from hearthwatch.budget.policy import Refusal
from hearthwatch.calibration.force import CalibrationInForce
from hearthwatch.context_layers import LayerVersion
from hearthwatch.layout import Layout
from hearthwatch.pipeline.commit import LookOutcome
from hearthwatch.pipeline.maps import laid_over
from hearthwatch.pipeline.measure import measure_look
from hearthwatch.pipeline.permit import Permit
from hearthwatch.pipeline.purse import Purse
from hearthwatch.pipeline.score import judge_look
from hearthwatch.pipeline.tasks import (
    JudgeTask,
    Laid,
    Measured,
    MeasureTask,
    Reading,
    Scored,
    Site,
)
from hearthwatch.records import Region, Run, Spend, StateVersion
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from imagery.types import Acquisition, ImageryProvider

DEADLINE_SECONDS = 180.0


class RunStopped(Exception):
    """The run was told to stop before it had taken every look."""

    def __init__(self) -> None:
        super().__init__("The run was stopped; the next one goes on from there.")


@dataclass(frozen=True, slots=True)
class Bench:
    """What every step of one run needs.

    Attributes
    ----------
    in_force : CalibrationInForce
        What every look of the run is calibrated by, late ones too.
    purse : Purse or None
        None for a provider that costs nothing.
    beside : tuple of str
        Bands that other detectors of the region use of the same looks.
    layers : tuple of LayerVersion
        Layers of context that every look of the run is judged with, of a detector that takes them
        into account.
    """

    settings: Settings
    layout: Layout
    store: Store
    provider: ImageryProvider
    region: Region
    detector: DetectorInfo
    run: Run
    executor: Executor
    in_force: CalibrationInForce
    purse: Purse | None = None
    beside: tuple[str, ...] = ()
    layers: tuple[LayerVersion, ...] = ()

    @property
    def minimum_area_m2(self) -> float:
        """Smallest ground of which an event is made, m²."""
        return self.settings.minimum_mapping_unit_ha * 1e4


@dataclass(frozen=True, slots=True)
class Take:
    """One measured look over one site, and the state it meets; no task where it is not scored.

    Attributes
    ----------
    replaces : tuple of str
        What stands for the look in the ledger since it was missed.
    scenes : tuple of str
        Ids of the scenes it was made of, where their catalogue may change them.
    late : bool
        Whether younger looks were taken in before; `state` is then the one it belongs after.
    retrospective : bool
        Whether it came too late for that: no state so old is kept.
    layers : tuple of LayerVersion or None
        What it is judged with where that is not what is in force now: what it was judged with
        before, or the looks about it were.
    """

    site: Site
    measured: Measured
    state: StateVersion | None
    task: JudgeTask | None
    replaces: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    late: bool = False
    retrospective: bool = False
    layers: tuple[LayerVersion, ...] | None = None

    @property
    def sequence(self) -> int:
        """Number of the state's next version."""
        return 1 + (self.state.sequence if self.state else 0)


def kept_states(bench: Bench, site: Site) -> tuple[StateVersion, ...]:
    """Return the states of a site that are kept, newest first."""
    region = bench.region
    return bench.store.state_versions(region.organisation, region.id, site.cell, bench.detector.id)


def new_state_path(bench: Bench, site: Site, sequence: int) -> Path:
    """Return where a state goes that takes another's place, relative to the data folder.

    Not where a kept one lies: that one holds until the new one is committed.
    """
    usual = bench.layout.state(bench.region.id, site.cell, bench.detector.id, sequence)
    is_taken = str(usual) in {version.path for version in kept_states(bench, site)}
    return usual.with_stem(f"{usual.stem}-again") if is_taken else usual


def task_of(bench: Bench, take: Take) -> JudgeTask:
    """Return a measured look with the state it meets."""
    state = take.state
    return JudgeTask(
        detector=bench.detector.id,
        site=take.site,
        state=bench.layout.root / state.path if state else None,
        state_sha256=state.sha256 if state else None,
        features=take.measured.features,
        in_force=bench.in_force,
        laid=laid_for(bench, take),
    )


def laid_for(bench: Bench, take: Take) -> tuple[Laid, ...]:
    """Return the layers that a look is judged with, on the pixels of its site.

    Raises
    ------
    DigestMismatch
        If one is missing or altered and was never drawn there.
    """
    layers = bench.layers if take.layers is None else take.layers
    folder = bench.layout.layers(bench.region.organisation)
    return laid_over(folder, layers, take.site.window)


def judged_alone(bench: Bench, measured: Measured, before: JudgeTask) -> SceneJudgement:
    """Judge a look by the placebos of one site, where the others are not scored with it."""
    seen = bench.executor.submit(judge_look, before).result() if measured.observable else ()
    return judge_scene(measured.acquisition, seen)


def outcome_of(
    bench: Bench, take: Take, judgement: SceneJudgement, scored: Scored | None, state: Path
) -> LookOutcome:
    """Return all that is known of a look that was taken.

    Parameters
    ----------
    state : Path
        Where the state after it lies, relative to the data folder.
    """
    return LookOutcome(
        region=bench.region,
        run=bench.run.id,
        digest=bench.run.digest,
        detector=bench.detector,
        site=take.site,
        measured=take.measured,
        judgement=judgement,
        scored=scored,
        state_path=str(state),
        sequence=take.sequence,
        replaces=take.replaces,
        scenes=take.scenes,
        retrospective=take.retrospective,
    )


def measured_ahead(
    bench: Bench, looks: Iterable[tuple[Acquisition, Sequence[Site]]]
) -> Iterator[tuple[Acquisition, Sequence[Site], list[Measured]]]:
    """Yield every look with what was measured over its sites, ahead of its turn by a few looks."""
    waiting: deque[tuple[Acquisition, Sequence[Site], list[_Pending]]] = deque()
    try:
        for look, sites in looks:
            waiting.append((look, sites, [_begin(bench, look, site) for site in sites]))
            if len(waiting) > 2 * bench.settings.workers:
                yield _settled(bench, *waiting.popleft())
        while waiting:
            yield _settled(bench, *waiting.popleft())
    finally:
        _give_back(bench, [one for _, _, begun in waiting for one in begun])


@dataclass(frozen=True, slots=True)
class _Pending:
    """A look that is being measured, what was put aside for it, and the permit to spend that."""

    result: Future[Measured]
    spend: Spend | None = None
    permit: Permit | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is a result."""
        return (
            self.result.done() and not self.result.cancelled() and self.result.exception() is None
        )


def _begin(bench: Bench, look: Acquisition, site: Site) -> _Pending:
    """Give a look to a worker, if it costs nothing or may be paid for."""
    purse = bench.purse
    task = MeasureTask(
        provider=bench.provider,
        acquisition=look,
        site=site,
        detector=bench.detector.id,
        archive=bench.layout.archive(bench.region.organisation),
        scratch=bench.layout.scratch,
        deadline=DEADLINE_SECONDS,
        reading=purse.reading(look, site.cell) if purse else Reading(),
        beside=bench.beside,
    )
    if purse is None:
        return _Pending(bench.executor.submit(measure_look, task))
    spend = purse.permit(task, bench.detector)
    if isinstance(spend, Refusal):
        refused: Future[Measured] = Future()
        refused.set_result(purse.refused(task, spend))
        return _Pending(refused)
    permit = Permit.issue(bench.layout.scratch, spend.id) if spend else None
    task = dataclasses.replace(task, permit=permit)
    return _Pending(bench.executor.submit(measure_look, task), spend, permit)


def _give_back(bench: Bench, begun: Sequence[_Pending]) -> None:
    """Settle what a run that ends early has under way; what never began is not paid for."""
    for one in begun:
        one.result.cancel()
    for one in begun:
        # What cannot be called off any more is waited for: it ends within its deadline.
        if not one.result.cancelled():
            one.result.exception()
        _settle(bench, one)


def _settle(bench: Bench, one: _Pending) -> None:
    """Say what became of what was put aside for a task that is over or called off."""
    if bench.purse is None or one.spend is None or one.permit is None:
        return
    begun = one.permit.withdraw()
    if one.is_over:
        bench.purse.settle(one.spend, one.result.result(), begun)
    elif begun:
        bench.purse.lose(one.spend, begun)
    else:
        bench.purse.release(one.spend)


def _settled(
    bench: Bench, look: Acquisition, sites: Sequence[Site], begun: Sequence[_Pending]
) -> tuple[Acquisition, Sequence[Site], list[Measured]]:
    settled = 0
    try:
        for one in begun:
            one.result.result()
            _settle(bench, one)
            settled += 1
    finally:
        _give_back(bench, begun[settled:])
    return look, sites, [one.result.result() for one in begun]
