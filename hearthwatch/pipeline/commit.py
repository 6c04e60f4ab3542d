"""The commit: what one look over one site brought, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from detectors.types import (
    DetectorInfo,
    DetectorState,
    Finding,
    PlaceLook,
    SceneJudgement,
    Showed,
    Watches,
)
from hearthwatch.alerting.opening import opened
from hearthwatch.errors import NotFound
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.pipeline.amend import SCENES
from hearthwatch.pipeline.events import Where, detection, is_reportable, next_source, source_id
from hearthwatch.pipeline.measure import ledger_cause
from hearthwatch.pipeline.tasks import Measured, Scored, Site
from hearthwatch.pipeline.waiting import AGAIN, TRIES
from hearthwatch.records import (
    Event,
    EventSource,
    Job,
    JobKey,
    LedgerRow,
    NotObservable,
    ObservationStatus,
    Region,
    StateVersion,
)
from hearthwatch.store.protocol import Store, Transaction
from tiles.faultpoints import reach

KEEP_STATES = 4
"""State versions kept, so that a scene that comes late can be taken in where it belongs."""
LEARNING_SHARE = 0.5
"""With more of the watched area still learning its normal, a look says nothing of change."""


_UNTOLD = {
    Showed.LEARNING: "what is normal there is still being learned",
    Showed.BLIND: "it shows the settlement plainly neither changed nor unharmed",
}
"""Looks that were seen and yet tell changed ground from unchanged in no way."""


@dataclass(frozen=True, slots=True)
class _Status:
    """A look in the ledger's words."""

    word: ObservationStatus
    cause: NotObservable | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LookOutcome:
    """All that is known of one look over one site when it is committed.

    Attributes
    ----------
    replaces : tuple of str
        What stands for the look in the ledger since it was missed.
    scenes : tuple of str
        Ids of the scenes it was made of, where their catalogue may change them.
    retrospective : bool
        Whether it came too late to be scored in its turn.
    """

    region: Region
    run: str
    digest: str
    detector: DetectorInfo
    site: Site
    measured: Measured
    judgement: SceneJudgement
    scored: Scored | None
    state_path: str
    sequence: int
    replaces: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()
    retrospective: bool = False


def commit_look(
    store: Store, data_dir: Path, outcome: LookOutcome, minimum_area_m2: float
) -> tuple[Event, ...]:
    """Write everything of one look at once; return the events it made or changed."""
    findings = outcome.scored.findings if outcome.scored else ()
    where = where_of(outcome)
    reach("commit.begin")
    with opened(store, where.region.organisation) as tx:
        # Read within it: what people say of an event meanwhile is not written over.
        sources, told = sources_of(where, findings, partial(known_source, store), minimum_area_m2)
        fusion = Fusion(store, where.region.organisation)
        fusion.put(sources)
        fusion.write(tx)
        tx.add_detections(fusion.of_events([detection(where, finding) for finding in told]))
        replace_expected(tx, outcome)
        tx.put_ledger_rows(list(ledger_rows(outcome, sources)))
        stale = tx.add_state(state_of(outcome), KEEP_STATES) if outcome.scored else ()
        # A look that failed is tried again by the next run: the source may have been mended.
        if outcome.measured.failure is None:
            tx.finish_job(job_of(outcome))
        reach("commit.before")
    reach("commit.after")
    for version in stale:
        (data_dir / version.path).unlink(missing_ok=True)
    return fusion.changed


def replace_expected(tx: Transaction, outcome: LookOutcome) -> None:
    """Take away what stood for a look in the ledger while it was missed."""
    region, measured = outcome.region, outcome.measured
    for expected in outcome.replaces:
        tx.replace_expected(
            region.organisation, region.id, measured.cell, outcome.detector.id, expected
        )


def ledger_rows(outcome: LookOutcome, sources: Sequence[EventSource]) -> Iterator[LedgerRow]:
    """Say in the ledger's words what became of a look: of the area, or of each settlement."""
    if outcome.detector.watches is Watches.AREA:
        status = _status(outcome, sources)
        measured = outcome.measured
        said = dict(outcome.scored.said) if outcome.scored else None
        yield _row(outcome, status, "", measured.usable, measured.causes, said)
        return
    looks = outcome.scored.places if outcome.scored else outcome.measured.places
    settlements = outcome.site.settlements
    for look in looks:
        lost = {look.lost: 1.0 - look.usable} if look.lost else {}
        said = {**outcome.scored.said, **look.said} if outcome.scored else None
        status = _status_of_place(outcome, look)
        yield _row(outcome, status, settlements[look.place], look.usable, lost, said)


def _row(
    outcome: LookOutcome,
    status: _Status,
    settlement: str,
    usable: float,
    lost: Mapping[str, float],
    said: Mapping[str, Any] | None,
) -> LedgerRow:
    measured, region = outcome.measured, outcome.region
    detail = {
        "lost": {k: round(v, 4) for k, v in lost.items() if v},
        "guard": {"verdict": outcome.judgement.verdict.value, "reason": outcome.judgement.reason},
        "lived_without": list(measured.lived_without),
        "masters": list(measured.masters),
        **({"said": dict(said)} if said is not None else {}),
        **({"reason": status.reason} if status.reason else {}),
        **({TRIES: measured.tries} if measured.tries else {}),
        **({AGAIN: measured.again.isoformat()} if measured.again else {}),
        **({"retrospective": True} if outcome.retrospective else {}),
        **({SCENES: list(outcome.scenes)} if outcome.scenes and not measured.failure else {}),
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
        status=status.word,
        usable=round(usable, 4),
        cause=status.cause,
        settlement=settlement,
        detail=detail,
    )


def _status(outcome: LookOutcome, sources: Sequence[EventSource]) -> _Status:
    """Tell what became of a look over an area."""
    unscored = _status_unscored(outcome)
    if unscored is not None:
        return unscored
    assert outcome.scored is not None
    training = float(outcome.scored.said.get("training", 0.0))
    if training > LEARNING_SHARE:
        words = f"{training:.0%} of the area is still learning what is normal there"
        return _Status(ObservationStatus.NOT_PROCESSED, reason=words)
    changed = any(one.detector_state != DetectorState.LAPSED for one in sources)
    return _Status(ObservationStatus.CHANGED if changed else ObservationStatus.UNCHANGED)


def _status_of_place(outcome: LookOutcome, look: PlaceLook) -> _Status:
    """Tell what became of a look at one settlement."""
    unscored = _status_unscored(outcome)
    if unscored is not None and unscored.word is not ObservationStatus.NOT_OBSERVABLE:
        return unscored
    if look.showed is Showed.UNUSABLE:
        cause = ledger_cause(look.lost) if look.lost else outcome.measured.cause
        word = ObservationStatus.NOT_OBSERVABLE
        return _Status(word, cause or NotObservable.NODATA, outcome.measured.reason)
    if look.showed in _UNTOLD:
        return _Status(ObservationStatus.NOT_PROCESSED, reason=_untold(look))
    if look.showed is Showed.SUSPECT:
        return _Status(ObservationStatus.NOT_PROCESSED, reason=outcome.judgement.reason)
    changed = look.showed is Showed.CHANGED
    return _Status(ObservationStatus.CHANGED if changed else ObservationStatus.UNCHANGED)


def _untold(look: PlaceLook) -> str:
    """Say why a look that was seen tells nothing of a settlement."""
    if look.showed is Showed.BLIND and look.said.get("radar_informative") is False:
        return str(look.said["radar"])
    if look.showed is Showed.BLIND and "blind" in look.said:
        return str(look.said["blind"])
    return _UNTOLD[look.showed]


def _status_unscored(outcome: LookOutcome) -> _Status | None:
    measured = outcome.measured
    if measured.failure is not None:
        return _Status(measured.failure, reason=measured.reason)
    if not measured.observable:
        return _Status(ObservationStatus.NOT_OBSERVABLE, measured.cause, measured.reason)
    if outcome.scored is None:
        return _Status(ObservationStatus.NOT_PROCESSED, reason=measured.reason)
    return None


def sources_of(
    where: Where,
    findings: Sequence[Finding],
    known: Callable[[str, str], EventSource | None],
    minimum_area_m2: float,
) -> tuple[tuple[EventSource, ...], tuple[Finding, ...]]:
    """Return the sources that findings make or change, and the findings that are told.

    Parameters
    ----------
    known : callable
        Gives the source of an organisation and id, as it stands.
    """
    sources, told = [], []
    for finding in findings:
        before = known(where.region.organisation, source_id(where, finding))
        if is_reportable(finding, before, minimum_area_m2):
            sources.append(next_source(where, finding, before))
            told.append(finding)
    return tuple(sources), tuple(told)


def known_source(store: Store, organisation: str, source: str) -> EventSource | None:
    """Return a source of the store, or None."""
    try:
        return store.source(organisation, source)
    except NotFound:
        return None


def where_of(outcome: LookOutcome) -> Where:
    """Return the look and the place that findings are about."""
    m = outcome.measured
    return Where(
        outcome.region,
        m.cell,
        m.acquisition,
        m.sensed,
        outcome.detector,
        outcome.digest,
        m.masters,
        outcome.site.settlements,
    )


def state_of(outcome: LookOutcome) -> StateVersion:
    """Return the state version that a scored look leaves."""
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


def job_of(outcome: LookOutcome) -> Job:
    """Return the unit of work that a look over a site is."""
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
