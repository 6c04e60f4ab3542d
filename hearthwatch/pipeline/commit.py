"""The commit: what one look over one site brought, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from detectors.types import DetectorInfo, DetectorState, Finding, SceneJudgement
from hearthwatch.errors import NotFound
from hearthwatch.pipeline.events import Where, detection, event_id, is_reportable, next_event
from hearthwatch.pipeline.tasks import Measured, Scored
from hearthwatch.records import (
    Event,
    Job,
    JobKey,
    LedgerRow,
    NotObservable,
    ObservationStatus,
    Region,
    StateVersion,
)
from hearthwatch.store.protocol import Store
from tiles.faultpoints import reach

KEEP_STATES = 4
"""State versions kept, so that a scene that comes late can be taken in where it belongs."""
LEARNING_SHARE = 0.5
"""With more of the watched area still learning its normal, a look says nothing of change."""


@dataclass(frozen=True, slots=True)
class LookOutcome:
    """All that is known of one look over one site when it is committed."""

    region: Region
    run: str
    digest: str
    detector: DetectorInfo
    measured: Measured
    judgement: SceneJudgement
    scored: Scored | None
    state_path: str
    sequence: int


def commit_look(
    store: Store, data_dir: Path, outcome: LookOutcome, minimum_area_m2: float
) -> tuple[Event, ...]:
    """Write everything of one look at once; return the events it made or changed."""
    findings = outcome.scored.findings if outcome.scored else ()
    where = _where(outcome)
    events, told = _events(store, where, findings, minimum_area_m2)
    reach("commit.begin")
    with store.transaction() as tx:
        for event in events:
            tx.put_event(event)
        tx.add_detections([detection(where, finding) for finding in told])
        tx.put_ledger(ledger_row(outcome, events))
        stale = tx.add_state(_state(outcome), KEEP_STATES) if outcome.scored else ()
        # A look that failed is tried again by the next run: the source may have been mended.
        if outcome.measured.failure is None:
            tx.finish_job(_job(outcome))
        reach("commit.before")
    reach("commit.after")
    for version in stale:
        (data_dir / version.path).unlink(missing_ok=True)
    return events


def ledger_row(outcome: LookOutcome, events: Sequence[Event]) -> LedgerRow:
    """Say in the ledger's words what became of a look."""
    measured, region = outcome.measured, outcome.region
    status, cause, reason = _status(outcome, events)
    detail = {
        "lost": {k: round(v, 4) for k, v in measured.causes.items() if v},
        "guard": {"verdict": outcome.judgement.verdict.value, "reason": outcome.judgement.reason},
        "lived_without": list(measured.lived_without),
        "masters": list(measured.masters),
        **({"said": dict(outcome.scored.said)} if outcome.scored else {}),
        **({"reason": reason} if reason else {}),
    }
    return LedgerRow(
        organisation=region.organisation,
        kind=region.kind,
        mode=region.mode,
        region=region.id,
        cell=measured.cell,
        acquisition=measured.acquisition,
        detector=outcome.detector.id,
        sensed=measured.sensed,
        status=status,
        usable=round(measured.usable, 4),
        cause=cause,
        detail=detail,
    )


def _status(
    outcome: LookOutcome, events: Sequence[Event]
) -> tuple[ObservationStatus, NotObservable | None, str]:
    measured = outcome.measured
    if measured.failure is not None:
        return measured.failure, None, measured.reason
    if not measured.observable:
        return ObservationStatus.NOT_OBSERVABLE, measured.cause, ""
    if outcome.scored is None:
        return ObservationStatus.NOT_PROCESSED, None, measured.reason
    training = float(outcome.scored.said.get("training", 0.0))
    if training > LEARNING_SHARE:
        words = f"{training:.0%} of the area is still learning what is normal there"
        return ObservationStatus.NOT_PROCESSED, None, words
    changed = any(e.detector_state != DetectorState.LAPSED for e in events)
    return (ObservationStatus.CHANGED if changed else ObservationStatus.UNCHANGED), None, ""


def _events(
    store: Store, where: Where, findings: Sequence[Finding], minimum_area_m2: float
) -> tuple[tuple[Event, ...], tuple[Finding, ...]]:
    events, told = [], []
    for finding in findings:
        known = _known(store, where.region.organisation, event_id(where, finding))
        if is_reportable(finding, known, minimum_area_m2):
            events.append(next_event(where, finding, known))
            told.append(finding)
    return tuple(events), tuple(told)


def _known(store: Store, organisation: str, event: str) -> Event | None:
    try:
        return store.event(organisation, event)
    except NotFound:
        return None


def _where(outcome: LookOutcome) -> Where:
    m = outcome.measured
    return Where(
        outcome.region, m.cell, m.acquisition, m.sensed, outcome.detector, outcome.digest, m.masters
    )


def _state(outcome: LookOutcome) -> StateVersion:
    region, measured = outcome.region, outcome.measured
    assert outcome.scored is not None
    return StateVersion(
        organisation=region.organisation,
        kind=region.kind,
        mode=region.mode,
        region=region.id,
        cell=measured.cell,
        detector=outcome.detector.id,
        detector_version=outcome.detector.version,
        sequence=outcome.sequence,
        acquisition=measured.acquisition,
        sensed=measured.sensed,
        path=outcome.state_path,
        sha256=outcome.scored.sha256,
        digest=outcome.digest,
    )


def _job(outcome: LookOutcome) -> Job:
    region, measured = outcome.region, outcome.measured
    key = JobKey(
        region.organisation, region.kind, region.id, measured.cell, measured.acquisition,
        outcome.detector.id,
    )  # fmt: skip
    return Job(
        key=key,
        mode=region.mode,
        run=outcome.run,
        digest=outcome.digest,
        sensed=measured.sensed,
        committed=datetime.now(UTC),
    )
