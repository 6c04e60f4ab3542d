"""Looks of which more, or a newer processing, is listed since they were taken: taken anew.

As with one that came late, all looks after it are scored again, while a state is kept that is older
than it. Of looks older than that it is only said what changed (:mod:`hearthwatch.pipeline.amend`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from detectors.guard import judge_scene
from detectors.types import SceneJudgement, Watches
from hearthwatch.pipeline.amend import SCENES
from hearthwatch.pipeline.bench import Bench, RunStopped, Take, kept_states, measured_ahead, task_of
from hearthwatch.pipeline.checking import checked, remember
from hearthwatch.pipeline.late import FIRST, CannotBeScoredError, base_of, score_again, told_since
from hearthwatch.pipeline.listing import MISSION_START
from hearthwatch.pipeline.plan import Plan
from hearthwatch.pipeline.score import judge_look
from hearthwatch.pipeline.tasks import Measured, Site
from hearthwatch.pipeline.waiting import AGAIN, OFTEN
from hearthwatch.records import Event, LedgerRow
from imagery.naming import mgrs_tile
from imagery.types import Acquisition


def take_anew(bench: Bench, plan: Plan, stopping: Callable[[], bool]) -> Iterator[Event]:
    """Take looks anew whose scenes changed since; yield the events that changes.

    A look that cannot be had now, or fails the scene check, stays as it was taken before.

    Raises
    ------
    RunStopped
        If `stopping` says so.
    """
    now = datetime.now(UTC)
    for look, site, rows in _changed(bench, plan, now):
        if stopping():
            raise RunStopped
        ((_, _, (measured,)),) = measured_ahead(bench, [(look, [site])])
        if measured.failure is not None:
            _let_rest(bench, rows, now + OFTEN)
            continue
        take = _take(bench, plan, look, site, measured)
        if take is None:
            continue
        why = f"the look of {look.sensed:%Y-%m-%d} was completed or processed anew"
        try:
            yield from score_again(bench, plan, take, _judge(bench, take), why, stopping)
        except CannotBeScoredError:
            continue
        remember(bench, look, take)


def _changed(
    bench: Bench, plan: Plan, now: datetime
) -> Iterator[tuple[Acquisition, Site, Sequence[LedgerRow]]]:
    """Yield the looks over sites that can be taken anew and are worth it, oldest first."""
    for site in plan.sites if plan.scenes else ():
        told = told_since(bench, site, _oldest_kept(bench, site))
        for look in plan.looks:
            rows = told.get(look.key, ())
            if (look.key, site.cell) not in plan.done or not _is_changed(look, rows):
                continue
            if base_of(bench, site, look.sensed) and not _rests(rows, now):
                yield look, site, rows


def _oldest_kept(bench: Bench, site: Site) -> datetime:
    """Return when the oldest kept state of a site was; all of the past if none was given up."""
    versions = kept_states(bench, site)
    is_whole = not versions or versions[-1].sequence == FIRST
    return MISSION_START if is_whole else versions[-1].sensed


def _rests(rows: Sequence[LedgerRow], now: datetime) -> bool:
    again = rows[0].detail.get(AGAIN)
    return again is not None and now < datetime.fromisoformat(again)


def _let_rest(bench: Bench, rows: Sequence[LedgerRow], until: datetime) -> None:
    """Note before when a look that could not be had is not asked for anew."""
    with bench.store.transaction() as tx:
        for row in rows:
            detail = {**row.detail, AGAIN: until.isoformat()}
            tx.put_ledger(dataclasses.replace(row, detail=detail))


def _is_changed(look: Acquisition, rows: Sequence[LedgerRow]) -> bool:
    """Tell whether there is a tile more of a look, or a newer processing of one, than was taken.

    Another provider's names of the same scenes are no change.
    """
    if not rows or SCENES not in rows[0].detail:
        return False
    taken = set(rows[0].detail[SCENES])
    tiles = {mgrs_tile(one) for one in taken} - {None}
    return any(old.id in taken for old in look.superseded) or any(
        scene.id not in taken and scene.tile not in tiles for scene in look.scenes
    )


def _take(
    bench: Bench, plan: Plan, look: Acquisition, site: Site, measured: Measured
) -> Take | None:
    """Return a look made anew with the state it belongs after; None if it must stay as it is."""
    base = base_of(bench, site, measured.sensed)
    if base is None:
        return None
    scenes = plan.scenes[look.key]
    take = Take(site, measured, base.state, None, scenes=scenes, late=True)
    if not measured.observable:
        return take
    take = dataclasses.replace(take, task=task_of(bench, take))
    (take,) = checked(bench, look, [take])
    return take if take.task is not None else None


def _judge(bench: Bench, take: Take) -> SceneJudgement:
    """Judge a look by the placebos of one site."""
    evidence: tuple[float, ...] = ()
    if take.task is not None and bench.detector.watches is Watches.SETTLEMENTS:
        evidence = bench.executor.submit(judge_look, take.task).result()
    return judge_scene(take.measured.acquisition, evidence)
