"""Settlements that join a watch later: brought up to the looks that were taken before.

Their looks are measured again from the archive, with the placebos that judge and scale them, and
all that comes of it is committed at once with the states in which they stand beside the others. A
run killed before that begins anew; nothing of it has become true.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from detectors.registry import create_detector
from detectors.types import PlaceDetector, SceneJudgement, Watches
from hearthwatch.alerting.opening import opened
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.pipeline.bench import (
    Bench,
    RunStopped,
    Take,
    judged_alone,
    kept_states,
    measured_ahead,
    new_state_path,
    outcome_of,
)
from hearthwatch.pipeline.commit import (
    KEEP_STATES,
    known_source,
    ledger_rows,
    sources_of,
    where_of,
)
from hearthwatch.pipeline.events import detection
from hearthwatch.pipeline.plan import Plan
from hearthwatch.pipeline.score import load_state, save_state, score_look
from hearthwatch.pipeline.tasks import JudgeTask, Measured, Place, Scored, ScoreTask, Site
from hearthwatch.records import Detection, Event, EventSource, LedgerRow, StateVersion
from imagery.types import Acquisition
from tiles.faultpoints import reach

IN_RETROSPECT = "found in retrospect: the settlement joined the watch later"


@dataclass(slots=True)
class _Brought:
    """What the looks taken before brought for the settlements that join."""

    sources: list[tuple[EventSource, ...]] = field(default_factory=list)
    detections: list[Detection] = field(default_factory=list)
    rows: list[LedgerRow] = field(default_factory=list)
    newest: dict[str, EventSource] = field(default_factory=dict)
    states: list[StateVersion] = field(default_factory=list)


def catch_up(bench: Bench, plan: Plan, stopping: Callable[[], bool]) -> Iterator[Event]:
    """Bring settlements that are new to a site up to its state; yield the events they bring."""
    if bench.detector.watches is not Watches.SETTLEMENTS:
        return
    for site in plan.sites:
        region = bench.region
        version = bench.store.state(region.organisation, region.id, site.cell, bench.detector.id)
        if version is None:
            continue
        joining = _joining(bench, site, version)
        if joining:
            yield from _bring_up(bench, plan, site, version, joining, stopping)


def _joining(bench: Bench, site: Site, version: StateVersion) -> tuple[Place, ...]:
    """Return the places of a site that its state does not know, if settlements are among them.

    A settlement more moves some placebos, which then join as well.
    """
    state = load_state(create_detector(bench.detector.id), _of(bench, site, version))
    known = {str(record["id"]) for record in state.objects}
    unknown = tuple(place for place in site.places if place.key not in known)
    return unknown if any(place.settlement for place in unknown) else ()


def _bring_up(
    bench: Bench,
    plan: Plan,
    site: Site,
    version: StateVersion,
    joining: Sequence[Place],
    stopping: Callable[[], bool],
) -> tuple[Event, ...]:
    """Take all looks of the past at the settlements that join, and commit them as one."""
    detector = create_detector(bench.detector.id)
    assert isinstance(detector, PlaceDetector)
    wanted = {place.key for place in joining}
    places = tuple(p for p in site.places if p.key in wanted or not p.settlement)
    part = dataclasses.replace(site, places=places)
    current = load_state(detector, _of(bench, site, version))
    path = bench.layout.scratch / f"{site.cell}.joining"
    beside = save_state(path, detector.beside(current))
    after = JudgeTask(bench.detector.id, part, path, beside, "", bench.in_force)
    brought, kept = _Brought(), list(reversed(kept_states(bench, site)))
    behind = ((look, [part]) for look in _taken(plan, site))
    for look, _, (measured,) in measured_ahead(bench, behind):
        if stopping():
            raise RunStopped
        while kept and kept[0].sensed < look.sensed:
            brought.states.append(_joined(bench, site, kept.pop(0), after))
        before = dataclasses.replace(after, features=measured.features)
        judgement, scored = _score(bench, before, measured)
        after = dataclasses.replace(after, state_sha256=scored.sha256) if scored else after
        _note(bench, part, measured, judgement, scored, brought)
    brought.states += [_joined(bench, site, one, after) for one in kept]
    return _commit(bench, brought)


def _joined(bench: Bench, site: Site, version: StateVersion, other: JudgeTask) -> StateVersion:
    """Return a kept state as it had been with what joins; a look may come late to that one too."""
    detector = create_detector(bench.detector.id)
    assert isinstance(detector, PlaceDetector)
    joins = load_state(detector, other)
    state = detector.join(load_state(detector, _of(bench, site, version)), joins)
    target = new_state_path(bench, site, version.sequence)
    last = joins.scalars["last"] or version.sensed.isoformat()
    return dataclasses.replace(
        version,
        sensed=max(version.sensed, datetime.fromisoformat(str(last))),
        path=str(target),
        sha256=save_state(bench.layout.root / target, state),
        digest=bench.run.digest,
    )


def _taken(plan: Plan, site: Site) -> list[Acquisition]:
    """Return the looks that the site has behind it, oldest first."""
    return [look for look in plan.looks if (look.key, site.cell) in plan.done]


def _score(
    bench: Bench, before: JudgeTask, measured: Measured
) -> tuple[SceneJudgement, Scored | None]:
    judgement = judged_alone(bench, measured, before)
    if not measured.observable:
        return judgement, None
    assert before.state is not None
    task = ScoreTask(before, judgement, before.state)
    return judgement, bench.executor.submit(score_look, task).result()


def _note(
    bench: Bench,
    site: Site,
    measured: Measured,
    judgement: SceneJudgement,
    scored: Scored | None,
    brought: _Brought,
) -> None:
    """Keep what one look brought, as its own commit would have written it."""
    # Of single looks no state is kept: the states they lead to are joined to those there are.
    outcome = outcome_of(bench, Take(site, measured, None, None), judgement, scored, Path())
    where = where_of(outcome)
    findings = [
        dataclasses.replace(finding, doubts=(*finding.doubts, IN_RETROSPECT))
        for finding in (scored.findings if scored else ())
    ]

    def known(organisation: str, source: str) -> EventSource | None:
        return brought.newest.get(source) or known_source(bench.store, organisation, source)

    sources, told = sources_of(where, findings, known, 0.0)
    brought.newest.update((one.id, one) for one in sources)
    brought.sources.append(sources)
    brought.detections += [detection(where, finding) for finding in told]
    brought.rows += ledger_rows(outcome, sources)


def _commit(bench: Bench, brought: _Brought) -> tuple[Event, ...]:
    reach("catchup.begin")
    stale: list[StateVersion] = []
    with opened(bench.store, bench.region.organisation) as tx:
        fusion = Fusion(bench.store, bench.region.organisation)
        for sources in brought.sources:
            fusion.put(sources)
        fusion.write(tx)
        tx.add_detections(fusion.of_events(brought.detections))
        tx.put_ledger_rows(brought.rows)
        for version in brought.states:
            stale += tx.add_state(version, KEEP_STATES)
        reach("catchup.before")
    for old in stale:
        (bench.layout.root / old.path).unlink(missing_ok=True)
    return fusion.changed


def _of(bench: Bench, site: Site, version: StateVersion) -> JudgeTask:
    path: Path = bench.layout.root / version.path
    return JudgeTask(bench.detector.id, site, path, version.sha256, "", bench.in_force)
