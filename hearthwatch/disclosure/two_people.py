"""What holds for everything that one person asks for and another decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hearthwatch.access.hands import are_apart
from hearthwatch.access.standing import Caller
from hearthwatch.errors import NotFound, ReleaseError
from hearthwatch.records import AuditEntry, Proposal, ProposalOutcome, ProposedAct
from hearthwatch.store.protocol import Store, Transaction

LONGEST_REASON = 2000
_IN_ONE_HAND = (
    "One person could have done both: of you and of whoever asked, one set the other's password or "
    "saw their key, or somebody else did so for both. It counts once those whose password was set "
    "for them have changed it themselves; or let somebody else agree."
)
_NAMES = {ProposedAct.RELEASE: "release", ProposedAct.ERASE: "erasure"}


def checked_reason(reason: str) -> str:
    """Return why something is asked for.

    Raises
    ------
    ReleaseError
        Nothing is said, or too much.
    """
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise ReleaseError(f"Say why, in 1 to {LONGEST_REASON} characters.")
    return reason.strip()


def require_another(store: Store, who: Caller, found: Proposal, *, agrees: bool) -> None:
    """Refuse whoever may not be the second person of a proposal.

    Parameters
    ----------
    agrees : bool
        Whether it would be done then. To refuse it, one may be in the hands of whoever asked.

    Raises
    ------
    ReleaseError
        It is decided already, one asked for it oneself, one comes with a key, or would agree
        where one person could have been both.
    """
    if found.outcome is not ProposalOutcome.OPEN:
        raise ReleaseError(f"It is decided already: {found.outcome.value}.")
    if not who.person:
        raise ReleaseError("A key cannot be the second person: somebody has to sign in.")
    asked_with = store.key(found.asked_by)
    # Who asked with a key of their own is not another person.
    if who.person in (found.asked_by, asked_with.made_by if asked_with else ""):
        raise ReleaseError("Another person has to decide: you asked for it yourself.")
    if agrees and not are_apart(store, found.organisation, found.asked_by, who.person):
        raise ReleaseError(_IN_ONE_HAND)


def proposals_of(store: Store, organisation: str, act: ProposedAct) -> tuple[Proposal, ...]:
    """Return all that was ever proposed of one kind, oldest first."""
    return tuple(one for one in store.proposals(organisation) if one.act is act)


def proposal_of(store: Store, organisation: str, act: ProposedAct, proposal_id: str) -> Proposal:
    """Return one proposal of a kind; `NotFound` if there is none."""
    found = store.proposal(organisation, proposal_id)
    if found.act is not act:
        raise NotFound(f"There is no {_NAMES[act]} {proposal_id}.")
    return found


def put_down(
    tx: Transaction,
    proposal: Proposal,
    act: str,
    *,
    who: Caller,
    at: datetime,
    subject: str,
    detail: Mapping[str, Any],
) -> Proposal:
    """Store a proposal as it stands now, and in the log who did what with it.

    Parameters
    ----------
    act : str
        What was done, in the log's words.
    subject, detail : str, mapping
        What the log says it was about.
    """
    tx.put_proposal(proposal)
    tx.add_audit(
        AuditEntry(
            organisation=proposal.organisation,
            sequence=0,
            at=at,
            actor=who.key,
            act=act,
            subject=subject,
            outcome="done",
            previous="",
            sha256="",
            detail=detail,
        )
    )
    return proposal
