"""Looks that come after younger ones were taken in, and looks made anew after they were taken.

The last states of a site are kept. From the newest of them that is older than such a look, it and
all looks after it are scored in the order in which they were sensed, measured again from the
archive, and all that comes of it is committed at once: the site then stands where it would had the
look come in time. A run killed before that begins anew; nothing of it has become true. What was
told before stays readable, in the history of the ledger and of the events.

The look itself is judged as every look is, over all its sites; those after it are judged again by
the placebos of the one site.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from detectors.types import SceneJudgement
from hearthwatch.alerting.opening import opened
from hearthwatch.context_layers import LayerVersion
from hearthwatch.errors import DigestMismatch
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.passes.polling import scenes_gone
from hearthwatch.pipeline.amend import SCENES, SINCE
from hearthwatch.pipeline.bench import (
    Bench,
    RunStopped,
    Take,
    kept_states,
    laid_for,
    measured_ahead,
    outcome_of,
)
from hearthwatch.pipeline.commit import (
    KEEP_STATES,
    LookOutcome,
    commit_look,
    job_of,
    replace_expected,
)
from hearthwatch.pipeline.listing import MISSION_START
from hearthwatch.pipeline.maps import layers_told
from hearthwatch.pipeline.plan import Plan
from hearthwatch.pipeline.replay import Replay, Replayed
from hearthwatch.pipeline.tasks import Site
from hearthwatch.pipeline.waiting import AGAIN, TRIES
from hearthwatch.records import Event, LedgerRow, ObservationStatus, StateVersion
from hearthwatch.store.whole import all_looks
from imagery.looks import group_acquisitions
from imagery.types import Acquisition, Scene
from tiles.faultpoints import reach

FIRST = 1
"""Sequence of the first state of a site; before it nothing was known."""
_STAYS = (SINCE, TRIES, AGAIN)
"""Of a row's detail, what is about more than the score."""

Told = Mapping[str, Sequence[LedgerRow]]
"""What the ledger says of one site, by acquisition, oldest first."""


@dataclass(frozen=True, slots=True)
class Base:
    """Where a replay begins: a kept state, or None before the first look of all."""

    state: StateVersion | None


class CannotBeScoredError(Exception):
    """A look that belongs into the replay cannot be had now."""


def base_of(bench: Bench, site: Site, sensed: datetime) -> Base | None:
    """Return the newest kept state of a site older than a look; None if there is none."""
    versions = kept_states(bench, site)
    older = [one for one in versions if one.sensed < sensed]
    if older:
        return Base(older[0])
    return Base(None) if not versions or versions[-1].sequence == FIRST else None


def take_late(
    bench: Bench,
    plan: Plan,
    take: Take,
    judgement: SceneJudgement,
    stopping: Callable[[], bool],
) -> tuple[Event, ...]:
    """Take in a look where it belongs, and again all that were taken after it; return the events.

    Where one of those cannot be had now, the late look is left for the next run.

    Raises
    ------
    RunStopped
        If `stopping` says so; nothing of it has then become true.
    """
    why = f"the look of {take.measured.sensed:%Y-%m-%d} came after younger ones"
    try:
        return score_again(bench, plan, take, judgement, why, stopping)
    except CannotBeScoredError as error:
        return _put_off(bench, take, judgement, f"it came late, and {error}")


def score_again(
    bench: Bench,
    plan: Plan,
    take: Take,
    judgement: SceneJudgement,
    why: str,
    stopping: Callable[[], bool],
) -> tuple[Event, ...]:
    """Score a look from the state of `take`, then all that were taken after it; commit it all.

    Parameters
    ----------
    why : str
        In words, for the events.

    Raises
    ------
    CannotBeScoredError
        If one of the later looks, or a layer that one was judged with, cannot be had now.
    RunStopped
        If `stopping` says so.
    """
    told = told_since(bench, take.site, take.state.sensed if take.state else MISSION_START)
    take = dataclasses.replace(take, layers=_layers_then(bench, take, told))
    later = _measured_again(bench, plan, take, told, stopping)
    _require_layers(bench, [take, *later])
    replayed = Replay(bench, take.site, take.state, why).make([take, *later], judgement)
    outcome = outcome_of(bench, take, judgement, None, Path())
    return _commit(bench, replayed, outcome, told)


def _layers_then(bench: Bench, take: Take, told: Told) -> tuple[LayerVersion, ...]:
    """Return the layers that a look was judged with or, of a late one, that the next look was.

    Layers that were taken in since are for the looks since.
    """
    own = told.get(take.measured.acquisition, ())
    if _was_scored(own):
        return layers_told(own)
    after = (rows for rows in told.values() if rows[0].sensed > take.measured.sensed)
    scored = next((rows for rows in after if _was_scored(rows)), None)
    return bench.layers if scored is None else layers_told(scored)


def _require_layers(bench: Bench, takes: Sequence[Take]) -> None:
    try:
        for take in takes:
            laid_for(bench, take)
    except DigestMismatch as error:
        raise CannotBeScoredError(error.message.removesuffix(".")) from error


def told_since(bench: Bench, site: Site, since: datetime) -> Told:
    """Return what the ledger says of a site of looks after a time."""
    found: dict[str, list[LedgerRow]] = {}
    for row in all_looks(bench.store, bench.region, since=since):
        is_here = (row.cell, row.detector) == (site.cell, bench.detector.id)
        if is_here and row.sensed > since:
            found.setdefault(row.acquisition, []).append(row)
    return found


def _measured_again(
    bench: Bench, plan: Plan, take: Take, told: Told, stopping: Callable[[], bool]
) -> list[Take]:
    """Return the looks that were scored after the state that is begun from, measured again.

    Raises
    ------
    CannotBeScoredError
        If one of them cannot be had.
    """
    own = take.measured.acquisition
    scored = {key: rows for key, rows in told.items() if key != own and _was_scored(rows)}
    looks = [_as_taken(bench, plan, rows) for rows in scored.values()]
    takes = []
    for look, _, (measured,) in measured_ahead(bench, ((look, [take.site]) for look in looks)):
        if stopping():
            raise RunStopped
        if measured.failure is not None:
            raise CannotBeScoredError(
                f"that of {look.sensed:%Y-%m-%d} cannot be measured again: {measured.reason}"
            )
        scenes = tuple(scored[look.key][0].detail.get(SCENES, ()))
        layers = layers_told(scored[look.key])
        takes.append(Take(take.site, measured, None, None, scenes=scenes, layers=layers))
    return takes


def _was_scored(rows: Sequence[LedgerRow]) -> bool:
    return any("said" in row.detail for row in rows)


def _as_taken(bench: Bench, plan: Plan, rows: Sequence[LedgerRow]) -> Acquisition:
    """Return a look as it was taken, of the scenes it was made of then: those are archived."""
    key, ids = rows[0].acquisition, set(rows[0].detail.get(SCENES, ()))
    look = next((one for one in plan.looks if one.key == key), None)
    if look is None or not ids <= {scene.id for scene in _scenes(look)}:
        look = _with_gone(bench, plan, key) or look
    if look is None:
        raise CannotBeScoredError(f"that of {rows[0].sensed:%Y-%m-%d} is not listed any more")
    scenes = tuple(scene for scene in _scenes(look) if scene.id in ids) or look.scenes
    return dataclasses.replace(look, sensed=rows[0].sensed, scenes=scenes, superseded=())


def _scenes(look: Acquisition) -> tuple[Scene, ...]:
    return (*look.scenes, *look.superseded)


def _with_gone(bench: Bench, plan: Plan, key: str) -> Acquisition | None:
    """Return a look with the scenes that its catalogue lists no more."""
    gone = scenes_gone(bench.store, bench.region, bench.provider.name)
    listed = [scene for look in plan.looks if look.key == key for scene in _scenes(look)]
    return next((one for one in group_acquisitions([*listed, *gone]) if one.key == key), None)


def _put_off(bench: Bench, take: Take, judgement: SceneJudgement, words: str) -> tuple[Event, ...]:
    """Leave a look for the next run, and say why."""
    failed = dataclasses.replace(
        take.measured, failure=ObservationStatus.NOT_PROCESSED, reason=words
    )
    take = dataclasses.replace(take, measured=failed)
    outcome = outcome_of(bench, take, judgement, None, Path())
    return commit_look(bench.store, bench.layout.root, outcome, bench.minimum_area_m2)


def _commit(
    bench: Bench, replayed: Replayed, outcome: LookOutcome, told: Told
) -> tuple[Event, ...]:
    store, organisation = bench.store, bench.region.organisation
    known = {
        one.id
        for source in dict.fromkeys(one.source for one in replayed.detections)
        for one in store.source_detections(organisation, source)
    }
    new = [one for one in replayed.detections if one.id not in known]
    job = job_of(outcome)
    reach("late.begin")
    stale: list[StateVersion] = []
    with opened(store, organisation) as tx:
        fusion = Fusion(store, organisation)
        for sources in replayed.sources:
            fusion.put(sources)
        fusion.write(tx)
        tx.add_detections(fusion.of_events(new))
        replace_expected(tx, outcome)
        tx.put_ledger_rows([_with_what_stays(row, told, outcome) for row in replayed.rows])
        for version in replayed.states:
            stale += tx.add_state(version, KEEP_STATES)
        if not store.done(job.key):
            tx.finish_job(job)
        reach("late.before")
    reach("late.after")
    for version in stale:
        (bench.layout.root / version.path).unlink(missing_ok=True)
    return fusion.changed


def _with_what_stays(row: LedgerRow, told: Told, outcome: LookOutcome) -> LedgerRow:
    """Return the row of a look scored again, with what was said of the look itself."""
    if row.acquisition == outcome.measured.acquisition:
        return row
    before = [one for one in told[row.acquisition] if one.settlement == row.settlement]
    stays = {key: one.detail[key] for one in before for key in _STAYS if key in one.detail}
    return dataclasses.replace(row, detail={**row.detail, **stays})
