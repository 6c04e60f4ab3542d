"""Where people verify events: claims, opinions blind to each other, and taking one back."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hearthwatch.access.standing import Caller
from hearthwatch.alerting.opening import opened
from hearthwatch.errors import EventError
from hearthwatch.records import Assessment, Claim, Event, Scope
from hearthwatch.review.audits import Sampling
from hearthwatch.review.cases import Case, Task, cases_of, task_of
from hearthwatch.review.following import follow, unsay
from hearthwatch.review.queue import SUPERVISORS
from hearthwatch.review.seen import Seen
from hearthwatch.store.protocol import Store, Transaction

CLAIMED = timedelta(minutes=30)
"""How long an event is somebody's who does not go on looking."""
MOST_CLAIMS = 5
"""Events that one person can have at a time: others are to look as well."""
UNDO = timedelta(minutes=10)

Choose = Callable[[Event, Sequence[Case]], Mapping[str, Any] | None]

_TICK = timedelta(microseconds=1)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    """Verifying on behalf of one person.

    Parameters
    ----------
    choose : callable
        Returns the pictures to be shown of an event, or None: `pictures_of` with its archive.
    clock : callable
        Returns the time, aware UTC.
    """

    store: Store
    choose: Choose
    who: Caller
    sampling: Sampling
    clock: Callable[[], datetime] = _now

    def claim(self, event_id: str) -> Claim:
        """Take an event to look at, or go on looking: nobody else begins with it meanwhile.

        Raises
        ------
        NotFound
            There is no such event.
        EventError
            Nobody has to look at it, this person may not, somebody else looks, or no look shows
            the ground after the change.
        """
        self._require_person()
        event = self._event(event_id)
        # Read before the transaction, for it takes longer than others should wait.
        shown = self._pictures(event, self._task(event))
        with self.store.transaction() as transaction:
            now, task = self.clock(), self._task(self._event(event_id))
            mine = self._free(transaction, event_id, now)
            if mine is not None and self._fits(mine, task):
                renewed = dataclasses.replace(mine, expires=now + CLAIMED)
                transaction.put_claim(renewed)
                return renewed
            if task.case is not None and task.case.said[0].shown != shown:
                raise EventError("Somebody looked at it just now: take it again.")
            self._require_few(event_id, now)
            made = Claim(
                id=f"cla-{secrets.token_hex(8)}",
                organisation=self.who.organisation,
                event=event_id,
                person=self.who.person,
                made=now,
                expires=now + CLAIMED,
                shown=shown,
            )
            if mine is not None:
                transaction.put_claim(dataclasses.replace(mine, ended=now))
            transaction.put_claim(made)
            return made

    def give_back(self, event_id: str) -> None:
        """Let others look at an event; one that is not claimed stays so.

        Raises
        ------
        NotFound
            There is no such event.
        """
        self._event(event_id)
        with self.store.transaction() as transaction:
            for one in self._open_claims(event_id):
                if one.person == self.who.person:
                    transaction.put_claim(dataclasses.replace(one, ended=self.clock()))

    def assess(self, event_id: str, seen: Seen) -> Assessment:
        """Say what the pictures of a claimed event show; what follows from it is done at once.

        Raises
        ------
        NotFound
            There is no such event.
        EventError
            This person has not claimed it, may not look, or the verdict lacks what it needs.
        """
        self._require_person()
        seen.check()
        with opened(self.store, self.who.organisation) as transaction:
            event, now = self._event(event_id), self.clock()
            task, mine = self._task(event), self._mine(event_id, now)
            if not self._fits(mine, task):
                raise EventError("It has changed since you took it: take it again.")
            if seen.pictures and seen.pictures != mine.shown["pictures"]:
                raise EventError("Those are not the pictures that you were given: take it again.")
            said = self._assessment(event, task, mine, seen, now)
            transaction.put_assessment(said)
            transaction.put_claim(dataclasses.replace(mine, ended=now))
            follow(self.store, transaction, event, task, said)
        return said

    def undo(self, event_id: str) -> Assessment:
        """Take one's last word on an event back, with all that followed from it.

        Raises
        ------
        NotFound
            There is no such event.
        EventError
            There is none, it is older than 10 minutes, or somebody has spoken after it.
        """
        self._require_person()
        with opened(self.store, self.who.organisation) as transaction:
            event, now = self._event(event_id), self.clock()
            said = [one for one in self._said(event_id) if one.undone is None]
            mine = [one for one in said if one.person == self.who.person]
            if not mine:
                raise EventError("You said nothing of it that could be taken back.")
            if said[-1].person != self.who.person:
                raise EventError("Somebody has looked after you: it cannot be taken back.")
            if now - mine[-1].said > UNDO:
                raise EventError("It was said more than 10 minutes ago: it cannot be taken back.")
            unsay(self.store, transaction, event, mine[-1], now)
            undone = dataclasses.replace(mine[-1], undone=self._after(event_id, now))
            transaction.put_assessment(undone)
        return undone

    def task(self, event_id: str) -> Task | None:
        """Return what this person can do for an event now; None if there is nothing.

        Raises
        ------
        NotFound
            There is no such event.
        """
        event = self._event(event_id)
        found = task_of(event, cases_of(self._said(event_id)), self.sampling)
        if found is None or not self.who.person or Scope.JUDGE not in self.who.scopes:
            return None
        return found if found.is_for(self.who.person, supervises=self._supervises) else None

    @property
    def _supervises(self) -> bool:
        return self.who.role in SUPERVISORS

    def _require_person(self) -> None:
        if not self.who.person or Scope.JUDGE not in self.who.scopes:
            raise EventError("Only people look at pictures: sign in; a key cannot.")

    def _event(self, event_id: str) -> Event:
        return self.store.event(self.who.organisation, event_id)

    def _said(self, event_id: str) -> list[Assessment]:
        every = self.store.assessments(self.who.organisation, event=event_id)
        return sorted(every, key=lambda one: (one.said, one.id))

    def _task(self, event: Event) -> Task:
        """Return what this person is to do for an event.

        Raises
        ------
        EventError
            There is nothing to do, or not for them.
        """
        found = task_of(event, cases_of(self._said(event.id)), self.sampling)
        if found is None:
            raise EventError("Nobody has to look at it now.")
        if not found.is_for(self.who.person, supervises=self._supervises):
            raise EventError("Somebody else has to look: you know what was said of it already.")
        return found

    def _pictures(self, event: Event, task: Task) -> dict[str, Any]:
        """Return what is to be shown: in a case that goes on, what the first one saw."""
        if task.case is not None:
            return dict(task.case.said[0].shown)
        for one in self._open_claims(event.id):
            if one.person == self.who.person and self._fits(one, task):
                return dict(one.shown)
        cases = cases_of(self._said(event.id))
        shown = self.choose(event, cases)
        if shown is None:
            raise EventError("No look that was not shown yet shows its ground after the change.")
        return dict(shown)

    def _open_claims(self, event_id: str) -> list[Claim]:
        every = self.store.claims(self.who.organisation, event=event_id)
        return [one for one in every if one.ended is None]

    def _free(self, transaction: Transaction, event_id: str, now: datetime) -> Claim | None:
        """Return one's own claim that lasts, after ending those that have run out.

        Raises
        ------
        EventError
            Somebody else is looking.
        """
        mine = None
        for one in self._open_claims(event_id):
            if one.expires <= now:
                transaction.put_claim(dataclasses.replace(one, ended=one.expires))
            elif one.person != self.who.person:
                raise EventError(
                    f"Somebody else looks at it, until {one.expires:%H:%M} UTC at the longest."
                )
            else:
                mine = one
        return mine

    def _mine(self, event_id: str, now: datetime) -> Claim:
        for one in self._open_claims(event_id):
            if one.person == self.who.person and one.expires > now:
                return one
        raise EventError("You have not taken it, or too long ago: take it again.")

    def _fits(self, claim: Claim, task: Task) -> bool:
        """Tell whether the pictures of a claim are those that are to be looked at now."""
        if task.case is not None:
            return claim.shown.get("pictures") == task.case.pictures
        shown = {one.pictures for one in cases_of(self._said(claim.event))}
        return claim.shown.get("pictures") not in shown

    def _require_few(self, event_id: str, now: datetime) -> None:
        others = [
            one
            for one in self.store.claims(self.who.organisation)
            if one.person == self.who.person and one.expires > now and one.event != event_id
        ]
        if len(others) >= MOST_CLAIMS:
            raise EventError(f"You have {MOST_CLAIMS} events already: answer or give one back.")

    def _assessment(
        self, event: Event, task: Task, claim: Claim, seen: Seen, now: datetime
    ) -> Assessment:
        looked = (now - claim.made).total_seconds()
        return Assessment(
            id=f"ass-{secrets.token_hex(8)}",
            organisation=event.organisation,
            kind=event.kind,
            mode=event.mode,
            event=event.id,
            version=int(claim.shown["version"]),
            person=self.who.person,
            round=task.round.value,
            said=self._after(event.id, now),
            verdict=seen.verdict,
            reason=seen.reason,
            text=seen.text.strip(),
            shown=claim.shown,
            seconds=looked if seen.seconds is None else min(seen.seconds, looked),
        )

    def _after(self, event_id: str, now: datetime) -> datetime:
        """Return the time, later than all that was said or taken back: the order must be plain."""
        known = [one.undone or one.said for one in self._said(event_id)]
        return max(now, max(known) + _TICK) if known else now
