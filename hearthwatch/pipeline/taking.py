"""Taking looks, oldest first: measured, judged, scored, committed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from detectors.guard import judge_scene
from detectors.types import SceneJudgement, Watches
from hearthwatch.pipeline.anew import take_anew
from hearthwatch.pipeline.bench import Bench, RunStopped, Take, measured_ahead, outcome_of, task_of
from hearthwatch.pipeline.catchup import catch_up
from hearthwatch.pipeline.checking import checked, remember
from hearthwatch.pipeline.commit import commit_look
from hearthwatch.pipeline.late import base_of, take_late
from hearthwatch.pipeline.plan import Plan
from hearthwatch.pipeline.record import Progress
from hearthwatch.pipeline.score import judge_look, score_look
from hearthwatch.pipeline.tasks import Measured, Scored, ScoreTask, Site, not_taken
from hearthwatch.pipeline.versions import check_states
from hearthwatch.pipeline.waiting import TRIES, Turns
from hearthwatch.records import Event, ObservationStatus
from imagery.types import Acquisition


def take_looks(
    bench: Bench,
    plan: Plan,
    progress: Callable[[Progress], None],
    stopping: Callable[[], bool],
) -> tuple[str, ...]:
    """Take every look that is open; return the ids of the events that came of them.

    Raises
    ------
    RunStopped
        If `stopping` says so, between two looks.
    StoreError
        If another version of the detector wrote the states.
    """
    check_states(bench.store, bench.region, plan.sites, bench.detector)
    told = dict.fromkeys(event.id for event in catch_up(bench, plan, stopping))
    told.update(dict.fromkeys(event.id for event in take_anew(bench, plan, stopping)))
    started, done = time.monotonic(), _put_off(bench, plan)
    turns = Turns(partial(_tries_before, bench), datetime.now(UTC))
    for look, sites, measured in measured_ahead(bench, _open(plan)):
        if stopping():
            raise RunStopped
        if bench.provider.remote:
            both = zip(sites, measured, strict=True)
            measured = [turns.kept(look, site, one) for site, one in both]
        takes = [_take(bench, plan, site, one) for site, one in zip(sites, measured, strict=True)]
        takes = checked(bench, look, takes)
        judgement = _judge(bench, look, takes)
        scoring = [_score(bench, take, judgement) for take in takes]
        for take, pending in zip(takes, scoring, strict=True):
            scored = pending.result() if pending else None
            if _is_replayed(take):
                events = take_late(bench, plan, take, judgement, stopping)
            else:
                events = _commit(bench, take, judgement, scored)
            told.update(dict.fromkeys(event.id for event in events))
            remember(bench, look, take)
            done += 1
        rate = done / max(time.monotonic() - started, 1e-6)
        left = (plan.open - done) / rate
        progress(Progress(done, plan.open, look.sensed, rate, left))
    return tuple(told)


def _tries_before(bench: Bench, look: Acquisition, site: Site) -> int:
    rows = bench.store.looks(bench.region.organisation, look.key)
    here = bench.region.id, site.cell, bench.detector.id
    of_site = (row for row in rows if (row.region, row.cell, row.detector) == here)
    return max((int(row.detail.get(TRIES, 0)) for row in of_site), default=0)


def _put_off(bench: Bench, plan: Plan) -> int:
    """Write down the looks that wait; return over how many sites."""
    count = 0
    for look in plan.looks:
        for site in plan.sites:
            words = plan.waiting.get((look.key, site.cell))
            if words is not None:
                none = not_taken(look, site, ObservationStatus.NOT_DELIVERED, words)
                _commit(bench, _take(bench, plan, site, none), judge_scene(look.key, ()), None)
                count += 1
    return count


def _open(plan: Plan) -> Iterator[tuple[Acquisition, list[Site]]]:
    """Yield every look that is not committed over all sites and does not wait, oldest first."""
    for look in plan.looks:
        sites = [
            site
            for site in plan.sites
            if not any((look.key, site.cell) in o for o in (plan.done, plan.left, plan.waiting))
        ]
        if sites:
            yield look, sites


def _take(bench: Bench, plan: Plan, site: Site, measured: Measured) -> Take:
    """Say what is to be done with a measured look: score it, where it belongs, if it is of use."""
    region, detector = bench.region, bench.detector.id
    state = bench.store.state(region.organisation, region.id, site.cell, detector)
    plain = Take(
        site=site,
        measured=measured,
        state=state,
        task=None,
        replaces=plan.replaces.get(measured.acquisition, ()),
        scenes=plan.scenes.get(measured.acquisition, ()),
    )
    if not measured.observable:
        return plain
    if state is None or measured.sensed > state.sensed:
        return dataclasses.replace(plain, task=task_of(bench, plain))
    base = base_of(bench, site, measured.sensed)
    if base is None:
        words = f"it came after the look of {state.sensed:%Y-%m-%d}, and no state so old is kept"
        reasoned = dataclasses.replace(measured, reason=words)
        return dataclasses.replace(plain, measured=reasoned, late=True, retrospective=True)
    take = dataclasses.replace(plain, state=base.state, late=True)
    return dataclasses.replace(take, task=task_of(bench, take))


def _is_replayed(take: Take) -> bool:
    return take.late and take.task is not None


def _judge(bench: Bench, look: Acquisition, takes: Sequence[Take]) -> SceneJudgement:
    """Judge an acquisition by the placebos of all its sites, before any settlement is scored."""
    asked = [
        bench.executor.submit(judge_look, take.task)
        for take in takes
        if take.task is not None and bench.detector.watches is Watches.SETTLEMENTS
    ]
    return judge_scene(look.key, [evidence for one in asked for evidence in one.result()])


def _score(bench: Bench, take: Take, judgement: SceneJudgement) -> Future[Scored] | None:
    if take.task is None or _is_replayed(take):
        return None
    target = bench.layout.root / _state_path(bench, take)
    return bench.executor.submit(score_look, ScoreTask(take.task, judgement, target))


def _commit(
    bench: Bench, take: Take, judgement: SceneJudgement, scored: Scored | None
) -> tuple[Event, ...]:
    outcome = outcome_of(bench, take, judgement, scored, _state_path(bench, take))
    return commit_look(bench.store, bench.layout.root, outcome, bench.minimum_area_m2)


def _state_path(bench: Bench, take: Take) -> Path:
    return bench.layout.state(bench.region.id, take.site.cell, bench.detector.id, take.sequence)
