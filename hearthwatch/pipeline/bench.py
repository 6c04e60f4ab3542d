"""What every step of one run works with."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from detectors.types import DetectorInfo
from hearthwatch.layout import Layout
from hearthwatch.pipeline.measure import measure_look
from hearthwatch.pipeline.tasks import JudgeTask, Measured, MeasureTask, Site
from hearthwatch.records import Region, Run, StateVersion
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
    """What every step of one run needs."""

    settings: Settings
    layout: Layout
    store: Store
    provider: ImageryProvider
    region: Region
    detector: DetectorInfo
    run: Run
    executor: Executor


@dataclass(frozen=True, slots=True)
class Take:
    """One measured look over one site, and the state it meets; no task where it is not scored."""

    site: Site
    measured: Measured
    state: StateVersion | None
    task: JudgeTask | None

    @property
    def sequence(self) -> int:
        """Number of the state's next version."""
        return 1 + (self.state.sequence if self.state else 0)


def measure_task(bench: Bench, look: Acquisition, site: Site) -> MeasureTask:
    """Return the task that measures one acquisition over one site."""
    return MeasureTask(
        provider=bench.provider,
        acquisition=look,
        site=site,
        detector=bench.detector.id,
        archive=bench.layout.archive,
        scratch=bench.layout.scratch,
        deadline=DEADLINE_SECONDS,
    )


def measured_ahead(
    bench: Bench, looks: Iterable[tuple[Acquisition, Sequence[Site]]]
) -> Iterator[tuple[Acquisition, Sequence[Site], list[Measured]]]:
    """Yield every look with what was measured over its sites, ahead of its turn by a few looks."""
    waiting: deque[tuple[Acquisition, Sequence[Site], list[Future[Measured]]]] = deque()
    for look, sites in looks:
        tasks = [bench.executor.submit(measure_look, measure_task(bench, look, s)) for s in sites]
        waiting.append((look, sites, tasks))
        if len(waiting) > 2 * bench.settings.workers:
            yield _settled(*waiting.popleft())
    while waiting:
        yield _settled(*waiting.popleft())


def _settled(
    look: Acquisition, sites: Sequence[Site], tasks: Sequence[Future[Measured]]
) -> tuple[Acquisition, Sequence[Site], list[Measured]]:
    return look, sites, [task.result() for task in tasks]
