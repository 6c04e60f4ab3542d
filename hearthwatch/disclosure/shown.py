"""Releases, erasures and legal holds as values for programs and as words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hearthwatch.records import Proposal, ProposalOutcome
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment


def names_of(store: Store, organisation: str, ids: Iterable[str | None]) -> dict[str, str]:
    """Return what people and keys of an organisation are called, by their ids.

    Whoever decides has to know whom they agree with. What is no longer known is left out.
    """
    known = {one.id: one.name for one in store.people(organisation)}
    known |= {one.id: one.name for one in store.keys(organisation)}
    return {one: known[one] for one in sorted({one for one in ids if one}) if one in known}


def proposal_value(found: Proposal) -> dict[str, Any]:
    """Return a release for programs."""
    return {
        "id": found.id,
        "act": found.act.value,
        "event": found.subject,
        "audience": found.audience.value if found.audience else None,
        **_course(found),
        "ended": moment(found.ended),
        "ended_by": found.ended_by or None,
    }


def state_in_words(found: Proposal) -> str:
    """Return how a release stands."""
    if found.outcome is ProposalOutcome.OPEN:
        return "waits for a second person"
    if found.outcome is ProposalOutcome.AGREED and found.ended is not None:
        return "agreed to, withdrawn since"
    return {"agreed": "agreed to"}.get(found.outcome.value, found.outcome.value)


def erasure_value(found: Proposal) -> dict[str, Any]:
    """Return an erasure for programs."""
    return {
        "id": found.id,
        "what": found.detail["what"],
        "subject": found.subject,
        **_course(found),
        "sha256": found.detail.get("sha256"),
        "rows": found.detail.get("rows", {}),
        "states": found.detail.get("states", {}),
    }


def _course(found: Proposal) -> dict[str, Any]:
    """Return who asked for it and why, and what was decided."""
    return {
        "reason": found.reason,
        "asked_by": found.asked_by,
        "asked": moment(found.asked),
        "outcome": found.outcome.value,
        "decided_by": found.decided_by or None,
        "decided": moment(found.decided),
    }


def hold_value(hold: Proposal, lifting: Proposal | None) -> dict[str, Any]:
    """Return a legal hold for programs.

    Parameters
    ----------
    lifting : Proposal or None
        What waits for a second person to lift it.
    """
    return {
        "id": hold.id,
        "what": hold.detail["what"],
        "subject": hold.subject or None,
        "reason": hold.reason,
        "set_by": hold.asked_by,
        "set": moment(hold.asked),
        "lifted": moment(hold.ended),
        "lifted_by": hold.ended_by or None,
        "lifting_asked_by": lifting.asked_by if lifting else None,
    }
