"""Erasing content, which takes two people: one asks, another agrees. Its hash and the fact stay."""

from __future__ import annotations

import dataclasses
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hearthwatch.access.standing import Caller
from hearthwatch.alerting.outbox import enqueue_erased
from hearthwatch.audit.entries import subject_of
from hearthwatch.disclosure.holds import HELD, holding
from hearthwatch.disclosure.telling import Clock, now_utc, taken_back
from hearthwatch.disclosure.terms import TERMS
from hearthwatch.disclosure.two_people import (
    checked_reason,
    proposal_of,
    proposals_of,
    put_down,
    require_another,
)
from hearthwatch.errors import ReleaseError
from hearthwatch.records import Proposal, ProposalOutcome, ProposedAct, Subject
from hearthwatch.store.erasing import Erased, Parts
from hearthwatch.store.protocol import Store, Transaction

_ONGOING = frozenset({ProposalOutcome.OPEN, ProposalOutcome.AGREED})


@dataclass(frozen=True, slots=True)
class Erasures:
    """Erasures of one organisation's content: asked for and decided.

    Parameters
    ----------
    who : Caller
        On whose behalf; whoever lets them in has seen to it that they may.
    clock : callable
        Returns the time, aware UTC.
    """

    store: Store
    who: Caller
    clock: Clock = now_utc

    def ask(self, what: Subject, its_id: str, reason: str) -> Proposal:
        """Ask that all there is of an event, a settlement or a region be erased.

        Raises
        ------
        NotFound
            There is no such thing.
        ReleaseError
            It is under a hold, was merged into another event, is asked for already, or no reason
            is given.
        """
        reason = checked_reason(reason)
        self._require_person()
        if what not in HELD:
            raise ReleaseError("Name an event, a settlement or a region.")
        with self.store.transaction() as tx:
            parts = self.store.parts(self.who.organisation, what, its_id)
            self._require_free(parts)
            self._require_new(its_id)
            made = Proposal(
                id=f"era-{secrets.token_hex(8)}",
                organisation=self.who.organisation,
                act=ProposedAct.ERASE,
                subject=its_id,
                audience=None,
                reason=reason,
                asked_by=self.who.key,
                asked=self.clock(),
                detail={"what": what.value},
            )
            return self._put(tx, made, "ask")

    def agree(self, proposal_id: str, before: Callable[[Parts], None] = lambda _: None) -> Proposal:
        """Agree to what another person asked for, and erase it.

        Parameters
        ----------
        before : callable
            Takes away what lies beside the store; if it fails nothing in the store is erased,
            and one can agree again.

        Raises
        ------
        NotFound
            There is no such proposal, or what it is about is gone.
        ReleaseError
            It is decided already, one asked for it oneself, one comes with a key, one person
            could have asked and agreed, or it is under a hold.
        """
        with self.store.transaction() as tx:
            found = self._open_to_another(proposal_id)
            parts = self._parts(found)
            self._require_free(parts)
            detail = self._kept(found, parts)
            before(parts)
            # First, so that they read that it is gone; and here, for it may be refused meanwhile.
            self._withdraw_releases(tx, parts)
            erased = tx.erase(parts)
            enqueue_erased(self.store, tx, found.organisation, parts.events, self.clock())
            agreed = dataclasses.replace(
                found,
                outcome=ProposalOutcome.AGREED,
                decided_by=self.who.person,
                decided=self.clock(),
                detail=detail | _told(erased),
            )
            return self._put(tx, agreed, "agree", _told(erased))

    def refuse(self, proposal_id: str) -> Proposal:
        """Refuse what was asked for; whoever asked for it may, and takes it back so.

        Raises
        ------
        NotFound
            There is no such proposal.
        ReleaseError
            It is decided already.
        """
        self._require_person()
        with self.store.transaction() as tx:
            found = one_erasure(self.store, self.who.organisation, proposal_id)
            if found.outcome is not ProposalOutcome.OPEN:
                raise ReleaseError(f"It is decided already: {found.outcome.value}.")
            own = found.asked_by == self.who.person
            refused = dataclasses.replace(
                found,
                outcome=ProposalOutcome.WITHDRAWN if own else ProposalOutcome.REFUSED,
                decided_by=self.who.person,
                decided=self.clock(),
            )
            return self._put(tx, refused, "refuse")

    def _require_person(self) -> None:
        if not self.who.person:
            raise ReleaseError("No key can do this: somebody has to sign in.")

    def _require_free(self, parts: Parts) -> None:
        if parts.subject is Subject.EVENT:
            into = self.store.event(parts.organisation, parts.id).merged_into
            if into:
                raise ReleaseError(f"It was merged into {into}: erase that one.")
        holds = holding(self.store, parts)
        if holds:
            named = ", ".join(one.id for one in holds)
            raise ReleaseError(
                f"It is under a legal hold ({named}), which comes before every erasing. Two "
                "people can lift it."
            )

    def _require_new(self, its_id: str) -> None:
        for one in self.store.proposals(self.who.organisation, subject=its_id):
            if one.act is ProposedAct.ERASE and one.outcome is ProposalOutcome.OPEN:
                raise ReleaseError(
                    f"That is asked for already: {one.id} waits for a second person."
                )

    def _open_to_another(self, proposal_id: str) -> Proposal:
        found = one_erasure(self.store, self.who.organisation, proposal_id)
        require_another(self.store, self.who, found, agrees=True)
        return found

    def _parts(self, found: Proposal) -> Parts:
        return self.store.parts(found.organisation, Subject(found.detail["what"]), found.subject)

    def _withdraw_releases(self, tx: Transaction, parts: Parts) -> None:
        """Take back what others are told of it."""
        for event in parts.events:
            for one in self.store.proposals(parts.organisation, subject=event):
                if one.act is ProposedAct.RELEASE and one.outcome in _ONGOING and one.ended is None:
                    tx.put_proposal(self._ended(one))
            for audience in TERMS:
                for telling in taken_back(
                    self.store, parts.organisation, audience, event, self.clock()
                ):
                    tx.add_telling(telling)

    def _ended(self, release: Proposal) -> Proposal:
        outcome = release.outcome
        if outcome is ProposalOutcome.OPEN:
            outcome = ProposalOutcome.WITHDRAWN
        return dataclasses.replace(
            release, outcome=outcome, ended=self.clock(), ended_by=self.who.person
        )

    def _kept(self, found: Proposal, parts: Parts) -> dict[str, Any]:
        """Return what stays: ids that are never given again, and how many stood in which state.

        Without it no rate of false alarms could be known any more.
        """
        states = Counter(
            self.store.event(parts.organisation, one).state.value for one in parts.events
        )
        ids = sorted({*parts.events, *parts.sources})
        return {**found.detail, "ids": ids, "states": dict(sorted(states.items()))}

    def _put(
        self, tx: Transaction, proposal: Proposal, act: str, more: Mapping[str, Any] | None = None
    ) -> Proposal:
        what = proposal.detail["what"]
        detail = {"erasure": proposal.id, "what": what, **(more or {})}
        subject = subject_of({what: proposal.subject})
        return put_down(
            tx, proposal, f"erase {act}",
            who=self.who, at=self.clock(), subject=subject, detail=detail,
        )  # fmt: skip


def one_erasure(store: Store, organisation: str, proposal_id: str) -> Proposal:
    """Return one erasure; `NotFound` if there is none."""
    return proposal_of(store, organisation, ProposedAct.ERASE, proposal_id)


def every_erasure(store: Store, organisation: str) -> tuple[Proposal, ...]:
    """Return all erasures that were ever asked for, oldest first."""
    return proposals_of(store, organisation, ProposedAct.ERASE)


def _told(erased: Erased) -> dict[str, Any]:
    return {"sha256": erased.sha256, "rows": dict(erased.rows)}
