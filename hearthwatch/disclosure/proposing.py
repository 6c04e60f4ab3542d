"""What takes two people: one asks that an audience be told of an event, another decides."""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hearthwatch.access.standing import Caller
from hearthwatch.audit.entries import subject_of
from hearthwatch.disclosure.place import place_for
from hearthwatch.disclosure.telling import Clock, now_utc, refresh
from hearthwatch.disclosure.terms import MAY_BE_RELEASED, TERMS
from hearthwatch.disclosure.two_people import checked_reason, put_down, require_another
from hearthwatch.errors import ReleaseError
from hearthwatch.records import (
    Audience,
    Event,
    Proposal,
    ProposalOutcome,
    ProposedAct,
    Rendering,
)
from hearthwatch.store.protocol import Store, Transaction


@dataclass(frozen=True, slots=True)
class Releases:
    """Releases of one organisation's events: asked for, decided and withdrawn.

    Parameters
    ----------
    who : Caller
        On whose behalf; whoever lets them in has seen to it that they may release.
    layers : Path
        Folder of the organisation's layers of context.
    clock : callable
        Returns the time, aware UTC.
    """

    store: Store
    who: Caller
    layers: Path
    clock: Clock = now_utc

    def ask(self, event_id: str, audience: Audience, reason: str) -> Proposal:
        """Ask that an audience be told of an event.

        Raises
        ------
        NotFound
            There is no such event.
        ReleaseError
            It may not be released, is released already or asked for, or no reason is given.
        """
        if audience not in TERMS:
            raise ReleaseError("Its own people need no release. Name partner or public.")
        reason = checked_reason(reason)
        with self.store.transaction() as transaction:
            event = self.store.event(self.who.organisation, event_id)
            _require_releasable(event, audience)
            self._require_new(event, audience)
            made = Proposal(
                id=f"rel-{secrets.token_hex(8)}",
                organisation=self.who.organisation,
                act=ProposedAct.RELEASE,
                subject=event.id,
                audience=audience,
                reason=reason,
                asked_by=self.who.key,
                asked=self.clock(),
            )
            return self._put(transaction, made, "ask")

    def agree(self, proposal_id: str) -> Proposal:
        """Agree to what another person asked for; the audience is told from then on, or later.

        Raises
        ------
        NotFound
            There is no such proposal.
        ReleaseError
            It is decided already, one asked for it oneself, one comes with a key, one person
            could have asked and agreed, or the event may not be released any more.
        """
        with self.store.transaction() as transaction:
            found = self._open_to_another(proposal_id, agrees=True)
            now = self.clock()
            event = self.store.event(found.organisation, found.subject)
            _require_releasable(event, _audience(found))
            self._fix(transaction, event, _audience(found), now)
            agreed = self._put(transaction, self._decided(found, True, now), "agree")
        refresh(self.store, found.organisation, _audience(found), self.clock, found.subject)
        return agreed

    def refuse(self, proposal_id: str) -> Proposal:
        """Refuse what another person asked for.

        Raises
        ------
        NotFound, ReleaseError
            As `agree`.
        """
        with self.store.transaction() as transaction:
            found = self._open_to_another(proposal_id, agrees=False)
            return self._put(transaction, self._decided(found, False, self.clock()), "refuse")

    def withdraw(self, proposal_id: str) -> Proposal:
        """Take back what was asked for, or take a release off again; one person is enough.

        Raises
        ------
        NotFound
            There is no such proposal.
        ReleaseError
            It was refused or withdrawn already.
        """
        with self.store.transaction() as transaction:
            found, now = self._find(proposal_id), self.clock()
            if found.outcome is ProposalOutcome.OPEN:
                ended = dataclasses.replace(
                    found, outcome=ProposalOutcome.WITHDRAWN, ended=now, ended_by=self.who.key
                )
            elif found.outcome is ProposalOutcome.AGREED and found.ended is None:
                ended = dataclasses.replace(found, ended=now, ended_by=self.who.key)
            else:
                raise ReleaseError("There is nothing to withdraw: it was refused or withdrawn.")
            withdrawn = self._put(transaction, ended, "withdraw")
        refresh(self.store, found.organisation, _audience(found), self.clock, found.subject)
        return withdrawn

    def _find(self, proposal_id: str) -> Proposal:
        return self.store.proposal(self.who.organisation, proposal_id)

    def _require_new(self, event: Event, audience: Audience) -> None:
        for one in self.store.proposals(event.organisation, subject=event.id):
            if one.audience is not audience or one.ended is not None:
                continue
            if one.outcome is ProposalOutcome.OPEN:
                raise ReleaseError(
                    f"That is asked for already: {one.id} waits for a second person."
                )
            if one.outcome is ProposalOutcome.AGREED:
                raise ReleaseError(f"It is released already: {one.id}.")

    def _open_to_another(self, proposal_id: str, *, agrees: bool) -> Proposal:
        """Return a proposal that is open, and that this person may decide."""
        found = self._find(proposal_id)
        require_another(self.store, self.who, found, agrees=agrees)
        return found

    def _decided(self, found: Proposal, yes: bool, now: datetime) -> Proposal:
        outcome = ProposalOutcome.AGREED if yes else ProposalOutcome.REFUSED
        return dataclasses.replace(found, outcome=outcome, decided_by=self.who.person, decided=now)

    def _fix(
        self, transaction: Transaction, event: Event, audience: Audience, now: datetime
    ) -> None:
        """Fix how the event is told to the audience, if that is not fixed yet."""
        if self.store.rendering(event.organisation, event.id, audience) is not None:
            return
        place = place_for(self.store, event, audience, self.layers)
        opens = TERMS[audience].opens(now, event.last_detected)
        transaction.add_rendering(
            Rendering(
                event.organisation, event.id, audience, place.precision, place.geometry,
                place.words, now, opens,
            )
        )  # fmt: skip

    def _put(self, transaction: Transaction, proposal: Proposal, act: str) -> Proposal:
        detail = {"release": proposal.id, "audience": _audience(proposal).value}
        subject = subject_of({"event": proposal.subject})
        return put_down(
            transaction, proposal, f"release {act}",
            who=self.who, at=self.clock(), subject=subject, detail=detail,
        )  # fmt: skip


def _require_releasable(event: Event, audience: Audience) -> None:
    if event.merged_into:
        raise ReleaseError(f"It was merged into {event.merged_into}: release that one.")
    if event.state not in MAY_BE_RELEASED:
        states = ", ".join(sorted(one.value for one in MAY_BE_RELEASED))
        raise ReleaseError(f"It is {event.state.value}; only what is {states} can be released.")
    if event.mode not in TERMS[audience].modes:
        raise ReleaseError(f"It is no event of the world but of a {event.mode.value}.")


def _audience(proposal: Proposal) -> Audience:
    if proposal.audience is None:
        raise ReleaseError("That is no release.")
    return proposal.audience
