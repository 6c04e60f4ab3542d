"""What waits, claims, assessments and agreement as JSON values: one shape for all who ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hearthwatch.records import Assessment, Claim, Label
from hearthwatch.review.agreement import Agreement, agreement_of
from hearthwatch.review.audits import Sampling
from hearthwatch.review.cases import Case, Round, Task, cases_of, task_of
from hearthwatch.review.queue import Waiting
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment, settlement_said

_NO_AUDITS = Sampling(0.0)


def waiting_value(
    waits: Waiting, person: str, regions: Mapping[str, str], settlements: Mapping[str, Label]
) -> dict[str, Any]:
    """Return what waits, without a word of what anybody said of it."""
    event = waits.event
    return {
        "event": event.id,
        "kind": event.kind.value,
        "mode": event.mode.value,
        "region": event.region,
        "region_name": regions.get(event.region, ""),
        **settlement_said(event.settlement, settlements),
        "level": waits.level.value,
        "severity": waits.severity,
        "since": moment(event.first_detected),
        "round": waits.task.round.value,
        "opinions": waits.task.opinions,
        "claim": claim_value(waits.claim, person) if waits.claim else None,
    }


def claim_value(claim: Claim, person: str) -> dict[str, Any]:
    """Return a claim: whether it is one's own, and until when it lasts."""
    return {"mine": claim.person == person, "made": moment(claim.made),
            "expires": moment(claim.expires)}  # fmt: skip


def assessment_value(said: Assessment) -> dict[str, Any]:
    """Return what somebody saw."""
    return {
        "id": said.id,
        "event": said.event,
        "version": said.version,
        "person": said.person,
        "round": said.round,
        "said": moment(said.said),
        "verdict": said.verdict.value,
        "reason": said.reason or None,
        "text": said.text,
        "shown": dict(said.shown),
        "seconds": round(said.seconds, 1),
        "undone": moment(said.undone),
    }


def readable(
    said: Sequence[Assessment], person: str, current: Task | None
) -> tuple[Assessment, ...]:
    """Return what somebody may read of all that was said of an event, oldest first.

    Their own always; of others what belongs to a case in which they have had their say, and all
    that came to something once nobody is to look at the event any more: what was said of earlier
    pictures of it would colour what is seen in the next.

    Parameters
    ----------
    current : Task or None
        What anybody is to do for the event now.
    """
    found: list[Assessment] = []
    for case in cases_of(said):
        had_say = any(one.person == person and one.undone is None for one in case.said)
        is_over = current is None and case.holds is not None
        every = is_over or (had_say and len(case.standing) > 1)
        found += case.said if every else [one for one in case.said if one.person == person]
    return tuple(sorted(found, key=lambda one: (one.said, one.id)))


def agreement_value(agreement: Agreement) -> dict[str, Any]:
    """Return an agreement."""
    return {
        "pairs": agreement.pairs,
        "agreed": agreement.agreed,
        "kappa": _rounded(agreement.kappa),
        "low": _rounded(agreement.low),
        "high": _rounded(agreement.high),
        "rough": agreement.rough,
        "words": agreement_words(agreement),
    }


def agreement_words(agreement: Agreement) -> str:
    """Return an agreement in words, with how many pairs it rests on."""
    if agreement.pairs == 0:
        return "not known: no event was looked at by two people"
    of = f"{agreement.agreed} of {agreement.pairs} alike"
    if agreement.kappa is None:
        return f"{of}; kappa is not defined, for all said the same"
    if agreement.low is None or agreement.high is None:
        alike = agreement.agreed == agreement.pairs
        why = "all pairs agree" if alike else "what was said varies too little"
        return f"{of}; kappa {agreement.kappa:.2f}, without an interval, for {why}"
    rough = ", a rough interval of few pairs" if agreement.rough else ""
    return f"{of}; kappa {agreement.kappa:.2f} ({agreement.low:.2f} to {agreement.high:.2f}{rough})"


def agreements(store: Store, organisation: str) -> dict[str, Any]:
    """Return how far people agree over all watches and on each, and what audits found.

    What people differ on and another one is to look at counts once that is over: by how the
    agreement changes that one could tell what the two saw.
    """
    cases: dict[str, list[Case]] = {}
    undecided: Counter[str] = Counter()
    said: dict[str, list[Assessment]] = {}
    for one in store.assessments(organisation):
        said.setdefault(one.event, []).append(one)
    for event, of_event in said.items():
        # What one person alone has looked at is not told of, not even by where it is.
        by_two = [one for one in cases_of(of_event) if len(one.standing) > 1]
        if by_two:
            known = store.event(organisation, event)
            next_ = task_of(known, cases_of(of_event), _NO_AUDITS)
            split = next_.case if next_ and next_.round is Round.THIRD else None
            over = [one for one in by_two if one != split]
            cases.setdefault(known.region, []).extend(over)
            undecided[known.region] += len(by_two) - len(over)
    names = store.region_names(organisation)
    every = [case for of_region in cases.values() for case in of_region]
    return {
        "all": _with_audits(every, undecided.total()),
        "regions": [
            {
                "region": region,
                "region_name": names.get(region, ""),
                **_with_audits(of_region, undecided[region]),
            }
            for region, of_region in sorted(cases.items())
        ],
    }


def _with_audits(cases: Sequence[Case], undecided: int) -> dict[str, Any]:
    audited = [case for case in cases if case.audited]
    otherwise = sum(
        any(one.round == Round.AUDIT and one.verdict is not case.told for one in case.standing)
        for case in audited
    )
    return {
        **agreement_value(agreement_of(cases)),
        "undecided": undecided,
        "audited": len(audited),
        "seen_otherwise": otherwise,
    }


def until_words(claim: Claim, now: datetime) -> str:
    """Return how long a claim lasts, in words."""
    minutes = max(0, round((claim.expires - now).total_seconds() / 60))
    return f"yours for {minutes} min, until {claim.expires:%H:%M} UTC"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
