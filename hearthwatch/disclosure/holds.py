"""Legal holds: what is under one is not erased. One person sets it, two lift it."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from hearthwatch.access.standing import Caller
from hearthwatch.audit.entries import subject_of
from hearthwatch.disclosure.telling import Clock, now_utc
from hearthwatch.disclosure.two_people import (
    checked_reason,
    proposals_of,
    put_down,
    require_another,
)
from hearthwatch.errors import NotFound, ReleaseError
from hearthwatch.records import Proposal, ProposalOutcome, ProposedAct, Subject
from hearthwatch.store.erasing import Parts
from hearthwatch.store.protocol import Store, Transaction

ALL = "all"
"""What a hold may be on beside an event, a settlement and a region: everything there is."""
HELD = (Subject.EVENT, Subject.SETTLEMENT, Subject.REGION)


@dataclass(frozen=True, slots=True)
class Holds:
    """Legal holds of one organisation: set, and lifted by two people.

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

    def put(self, what: str, its_id: str, reason: str) -> Proposal:
        """Set a hold, which is in force at once.

        Parameters
        ----------
        what : str
            ``event``, ``settlement``, ``region`` or ``all``.
        its_id : str
            Empty for all.

        Raises
        ------
        NotFound
            There is no such thing: a mistyped hold protects nothing.
        ReleaseError
            No reason is given.
        """
        reason = checked_reason(reason)
        if what != ALL:
            self.store.parts(self.who.organisation, Subject(what), its_id)
        elif its_id:
            raise ReleaseError("A hold on everything names no id.")
        made = Proposal(
            id=f"hold-{secrets.token_hex(8)}",
            organisation=self.who.organisation,
            act=ProposedAct.HOLD,
            subject=its_id,
            audience=None,
            reason=reason,
            asked_by=self.who.key,
            asked=self.clock(),
            outcome=ProposalOutcome.AGREED,
            detail={"what": what},
        )
        with self.store.transaction() as tx:
            return self._put(tx, made, "hold set", made)

    def lift(self, hold_id: str, reason: str = "") -> Proposal:
        """Lift a hold: the first person asks for it, another one's word lifts it.

        Raises
        ------
        NotFound
            There is no such hold in force.
        ReleaseError
            One asked for it oneself, comes with a key, asks and says not why, or one person could
            have asked and agreed.
        """
        with self.store.transaction() as tx:
            hold = self._in_force(hold_id)
            asked = self._asked(hold)
            if asked is None:
                made = Proposal(
                    id=f"lift-{secrets.token_hex(8)}",
                    organisation=self.who.organisation,
                    act=ProposedAct.LIFT,
                    subject=hold.id,
                    audience=None,
                    reason=checked_reason(reason),
                    asked_by=self.who.key,
                    asked=self.clock(),
                )
                self._put(tx, made, "hold lift ask", hold)
                return hold
            require_another(self.store, self.who, asked, agrees=True)
            lifted = dataclasses.replace(hold, ended=self.clock(), ended_by=self.who.person)
            tx.put_proposal(self._decided(asked, ProposalOutcome.AGREED))
            return self._put(tx, lifted, "hold lift agree", lifted)

    def keep(self, hold_id: str) -> Proposal:
        """Keep a hold that somebody asked to lift; one person is enough.

        Raises
        ------
        NotFound
            There is no such hold in force.
        ReleaseError
            Nobody asked to lift it.
        """
        with self.store.transaction() as tx:
            hold = self._in_force(hold_id)
            asked = self._asked(hold)
            if asked is None:
                raise ReleaseError("Nobody asked to lift it.")
            self._put(tx, self._decided(asked, ProposalOutcome.REFUSED), "hold keep", hold)
            return hold

    def _in_force(self, hold_id: str) -> Proposal:
        for one in in_force(self.store, self.who.organisation):
            if one.id == hold_id:
                return one
        raise NotFound(f"There is no hold {hold_id} in force.")

    def _asked(self, hold: Proposal) -> Proposal | None:
        return asked_to_lift(self.store, hold)

    def _decided(self, asked: Proposal, outcome: ProposalOutcome) -> Proposal:
        return dataclasses.replace(
            asked, outcome=outcome, decided_by=self.who.key, decided=self.clock()
        )

    def _put(self, tx: Transaction, proposal: Proposal, act: str, hold: Proposal) -> Proposal:
        what = hold.detail["what"]
        detail = {"hold": hold.id, "what": what}
        return put_down(
            tx, proposal, act,
            who=self.who, at=self.clock(), subject=subject_of({what: hold.subject}), detail=detail,
        )  # fmt: skip


def in_force(store: Store, organisation: str) -> tuple[Proposal, ...]:
    """Return the holds that are in force, oldest first."""
    return tuple(one for one in every_hold(store, organisation) if one.ended is None)


def every_hold(store: Store, organisation: str) -> tuple[Proposal, ...]:
    """Return all holds there ever were, oldest first."""
    return proposals_of(store, organisation, ProposedAct.HOLD)


def asked_to_lift(store: Store, hold: Proposal) -> Proposal | None:
    """Return what waits for a second person to lift a hold; None where nobody asked."""
    found = store.proposals(hold.organisation, subject=hold.id, outcome=ProposalOutcome.OPEN)
    return found[0] if found else None


def holding(store: Store, parts: Parts) -> Sequence[Proposal]:
    """Return the holds in force that some of the parts are under.

    A hold is on what it names, on all that is part of that and on what it is part of: a region
    is not erased while an event in it is held, nor an event while its region or settlement is.
    """
    held = {*parts.events, *parts.settlements, *parts.regions}
    for its_id in parts.events:
        event = store.event(parts.organisation, its_id)
        held |= {event.region, event.settlement}
    return [
        one
        for one in in_force(store, parts.organisation)
        if one.detail.get("what") == ALL or one.subject in held or _meets(store, one, parts)
    ]


def _meets(store: Store, hold: Proposal, parts: Parts) -> bool:
    """Tell whether a hold is on a region that a settlement lies in, or the other way round.

    A settlement names no region. One that was taken off the list is thought to lie in every one.
    """
    pairs = {
        Subject.REGION.value: [(one, hold.subject) for one in parts.settlements],
        Subject.SETTLEMENT.value: [(hold.subject, one) for one in parts.regions],
    }
    regions = {one.id: one for one in store.regions(parts.organisation, removed=True)}
    for settlement, region in pairs.get(hold.detail["what"], ()):
        try:
            core = store.settlement(parts.organisation, settlement).geometry
        except NotFound:
            return True
        if region not in regions or regions[region].geometry.intersects(core):
            return True
    return False
