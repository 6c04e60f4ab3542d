"""The budget as the store knows it: reserve before a read, settle after it."""

from __future__ import annotations

import dataclasses
import functools
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from hearthwatch.budget import policy, stages
from hearthwatch.budget.policy import Caps, Refusal, Standing
from hearthwatch.budget.stages import Held, Stage
from hearthwatch.records import Pause, Priority, Spend, SpendStatus, SpendTotals
from hearthwatch.settings import Settings
from hearthwatch.sources import FOLDER, SENTINELHUB, STAC
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.store.whole import all_spends
from imagery.types import Cost

LONGEST_READ = timedelta(hours=1)
"""After its reservation a read is over, one way or the other; deadlines are of minutes."""


FREE = frozenset({FOLDER, STAC})
"""Providers that charge nothing; what they are asked is on record all the same."""


def budget_from(settings: Settings, store: Store) -> Budget:
    """Return the budget of the settings' organisation, with the caps of the settings."""
    named = {SENTINELHUB, settings.provider, settings.fallback_provider or settings.provider}
    caps = Caps(
        units_per_month=settings.units_per_month,
        requests_per_month=settings.requests_per_month,
        units_per_day=settings.units_per_day,
        units_per_region_month=settings.units_per_region_month,
        kept_for_confirmation=settings.kept_for_confirmation,
        kept_for_routine=settings.kept_for_routine,
    )
    return Budget(store, settings.organisation, dict.fromkeys(named - FREE, caps))


def _clock() -> datetime:
    return datetime.now(UTC)


class Budget:
    """What one organisation may spend on imagery, and what it has spent.

    Used by the processes that coordinate work, never by workers. Every process and thread that
    spends asks the same store: a reservation is made in one transaction with the sums it was
    judged by, so that together they never reserve more than a cap.

    Parameters
    ----------
    store : Store
        Open for writing.
    organisation : str
    caps : mapping
        Caps by name of the provider; one that is not there costs nothing and has none.
    clock : callable
        Gives the time, aware UTC.

    Attributes
    ----------
    caps : mapping
        As given.
    """

    def __init__(
        self,
        store: Store,
        organisation: str,
        caps: Mapping[str, Caps],
        clock: Callable[[], datetime] = _clock,
    ) -> None:
        self._store = store
        self._organisation = organisation
        self.caps = caps
        self._clock = clock

    def reserve(
        self,
        provider: str,
        region: str,
        acquisition: str,
        cell: str,
        cost: Cost,
        priority: Priority,
        *,
        run: str = "",
    ) -> Spend | Refusal:
        """Put aside what a read is thought to cost, or say why it is not paid for.

        Parameters
        ----------
        region : str
            Id of the region it is for; empty for none.
        cost : Cost
            What the provider estimates.
        run : str
            Id of the run it belongs to; empty for a read asked for by hand.

        Returns
        -------
        Spend or Refusal
            The reservation, committed: settle, release or lose it.
        """
        with self._store.transaction() as tx:
            now = self._clock()
            paused = self.paused(provider)
            if paused is not None:
                return _refused_by(paused, now)
            self._end_pauses(tx, provider)
            caps = self.caps.get(provider)
            standing = self.standing(provider, region, now)
            refused = policy.refusal(caps, standing, cost, priority, now) if caps else None
            if refused is not None:
                return refused
            spend = Spend(
                id=str(uuid.uuid4()),
                organisation=self._organisation,
                region=region,
                provider=provider,
                acquisition=acquisition,
                cell=cell,
                priority=priority,
                status=SpendStatus.RESERVED,
                reserved=now,
                estimated_units=cost.units,
                estimated_requests=cost.requests,
                run=run,
            )
            tx.put_spend(spend)
        return spend

    def settle(
        self, spend: Spend, cost: Cost, *, detail: str = "", tx: Transaction | None = None
    ) -> Spend:
        """Say what a read took in the end; of a read that failed, what it took until then.

        Parameters
        ----------
        tx : Transaction or None
            The one that commits what was read, so that both stand or fall together; without it
            one is opened.
        """
        over = self._over(spend, SpendStatus.SETTLED, detail)
        told = dataclasses.replace(over, units=cost.units, requests=cost.requests, bytes=cost.bytes)
        return self._put(told, tx)

    def book(self, provider: str, region: str, cost: Cost, detail: str, *, run: str = "") -> Spend:
        """Count what was not reserved, as its cost was not known before: a search, say.

        Parameters
        ----------
        region : str
            Id of the region it was for; empty for none.
        detail : str
            What it was, in a word.

        Returns
        -------
        Spend
            Settled, of no acquisition and no cell.
        """
        now = self._clock()
        spend = Spend(
            id=str(uuid.uuid4()),
            organisation=self._organisation,
            region=region,
            provider=provider,
            acquisition="",
            cell="",
            priority=Priority.ROUTINE,
            status=SpendStatus.SETTLED,
            reserved=now,
            estimated_units=cost.units,
            estimated_requests=cost.requests,
            units=cost.units,
            requests=cost.requests,
            bytes=cost.bytes,
            settled=now,
            detail=detail,
            run=run,
        )
        return self._put(spend, None)

    def release(self, spend: Spend, why: str, *, tx: Transaction | None = None) -> Spend:
        """Give back what was put aside for a read that never began."""
        return self._put(self._over(spend, SpendStatus.RELEASED, why), tx)

    def lose(self, spend: Spend, why: str, *, tx: Transaction | None = None) -> Spend:
        """Count a read as paid whose end nobody saw: the provider may have charged it."""
        # It was charged, if at all, before the read's deadline, and not when it was missed.
        latest = min(self._clock(), spend.reserved + LONGEST_READ)
        lost = self._over(spend, SpendStatus.LOST, why)
        return self._put(dataclasses.replace(lost, settled=max(latest, spend.reserved)), tx)

    def lose_once_more(self, spend: Spend, why: str) -> Spend:
        """Count another read on one reservation as paid: it was begun again after its worker died.

        No cap can refuse it, since it may have been charged already.
        """
        return self.lose(dataclasses.replace(spend, id=str(uuid.uuid4())), why)

    def lose_open(self, running: Collection[str]) -> tuple[Spend, ...]:
        """Count as lost what dead runs had reserved.

        Parameters
        ----------
        running : collection of str
            Ids of the runs that are alive. What was reserved by hand is left alone for
            `LONGEST_READ`.

        Returns
        -------
        tuple of Spend
            Those that were lost.
        """
        now = self._clock()
        held = all_spends(self._store, self._organisation, status=SpendStatus.RESERVED)
        dead = [spend for spend in held if not _alive(spend, running, now)]
        return tuple(self.lose(spend, "what had reserved it died before it was over")
                     for spend in dead)  # fmt: skip

    def standing(self, provider: str, region: str, now: datetime) -> Standing:
        """Return what is spent and reserved at `now`; nothing where no cap asks for it."""
        account = self._of_account(provider, now)
        return dataclasses.replace(account, region=self._of_region(provider, region, now))

    def _of_account(self, provider: str, now: datetime) -> Standing:
        caps = self.caps.get(provider)
        by_day = caps is not None and caps.units_per_day is not None
        ask, who = self._store.spent, self._organisation
        return Standing(
            month=ask(who, provider, policy.month_start(now)),
            day=ask(who, provider, policy.day_start(now)) if by_day else policy.NOTHING,
            region=policy.NOTHING,
        )

    def _of_region(self, provider: str, region: str, now: datetime) -> SpendTotals:
        caps = self.caps.get(provider)
        if caps is None or caps.units_per_region_month is None:
            return policy.NOTHING
        month = policy.month_start(now)
        return self._store.spent(self._organisation, provider, month, region=region)

    def pause(self, provider: str, until: datetime | None, reason: str) -> Pause:
        """Ask a provider for nothing until a time, or until told to; one that is paused stays so.

        Returns
        -------
        Pause
            The one in force: its `since` is that of the first.
        """
        with self._store.transaction() as tx:
            held = self.paused(provider)
            if held is None:
                self._end_pauses(tx, provider)
            pause = (
                dataclasses.replace(held, until=until, reason=reason)
                if held
                else Pause(self._organisation, provider, self._clock(), until, reason)
            )
            tx.put_pause(pause)
        return pause

    def resume(self, provider: str) -> None:
        """End the pauses of a provider."""
        with self._store.transaction() as tx:
            self._end_pauses(tx, provider)

    def paused(self, provider: str) -> Pause | None:
        """Return the pause of a provider that is in force: not ended, and its time not over."""
        now = self._clock()
        for pause in self._store.pauses(self._organisation, active=True):
            if pause.provider == provider and (pause.until is None or now < pause.until):
                return pause
        return None

    def stage(self, provider: str, region: str, fallback: str | None = None) -> Held:
        """Return which stage holds for routine looks at a region, why and since when."""
        return self.stages(provider, (region,), fallback)[region]

    def stages(
        self, provider: str, regions: Collection[str], fallback: str | None = None
    ) -> dict[str, Held]:
        """Return the same of many regions, by id; what they share is summed up once."""
        now = self._clock()
        caps, pause = self.caps.get(provider), self.paused(provider)
        others = self.stages(fallback, regions) if fallback is not None else {}
        blind = {region for region, held in others.items() if held.stage is Stage.PAUSED}
        account = self._of_account(provider, now)
        found = {}
        for region in regions:
            own = dataclasses.replace(account, region=self._of_region(provider, region, now))
            other = None if region in blind else fallback
            found[region] = stages.stage(caps, own, now, pause=pause, fallback=other)
        dated = found if caps is None else self._dated(provider, caps, found, now)
        return {r: _blind_to_both(h, others[r]) if r in blind else h for r, h in dated.items()}

    def _dated(
        self, provider: str, caps: Caps, found: Mapping[str, Held], now: datetime
    ) -> dict[str, Held]:
        """Return the same, with the time since for those that spending brought about."""
        full = Stage.FULL
        undated = [r for r, held in found.items() if held.since is None and held.stage is not full]
        if not undated:
            return dict(found)
        month = all_spends(self._store, self._organisation, since=policy.month_start(now))
        history = stages.History(caps, (spend for spend in month if spend.provider == provider))
        began = functools.cache(history.began)
        dated = dict(found)
        for region in undated:
            held = found[region]
            # What sends to another provider is what would pause this one.
            reached = Stage.PAUSED if held.stage is Stage.OTHER_PROVIDER else held.stage
            # Where regions have no cap, what holds for one has held as long for all.
            whose = region if caps.units_per_region_month is not None else ""
            dated[region] = dataclasses.replace(held, since=began(reached, whose))
        return dated

    def projected_exhaustion(self, provider: str) -> datetime | None:
        """Return when the month's budget is used up at the pace so far; None if it lasts."""
        caps = self.caps.get(provider)
        if caps is None:
            return None
        now = self._clock()
        month = self._store.spent(self._organisation, provider, policy.month_start(now))
        return policy.projected_exhaustion(caps, month, now)

    def _end_pauses(self, tx: Transaction, provider: str) -> None:
        now = self._clock()
        for pause in self._store.pauses(self._organisation, active=True):
            if pause.provider == provider:
                ended = min(pause.until or now, now)
                tx.put_pause(dataclasses.replace(pause, ended=ended))

    def _over(self, spend: Spend, status: SpendStatus, detail: str) -> Spend:
        return dataclasses.replace(spend, status=status, settled=self._clock(), detail=detail)

    def _put(self, spend: Spend, tx: Transaction | None) -> Spend:
        with self._writing(tx) as writing:
            writing.put_spend(spend)
        return spend

    @contextmanager
    def _writing(self, tx: Transaction | None) -> Iterator[Transaction]:
        if tx is not None:
            yield tx
            return
        with self._store.transaction() as own:
            yield own


def _refused_by(pause: Pause, now: datetime) -> Refusal:
    # Where nobody said when it ends, it is worth asking again the next day.
    return Refusal("paused", pause.reason, pause.until or now + policy.DAY)


def _blind_to_both(held: Held, other: Held) -> Held:
    """Return the stage of a region whose other provider gives nothing either."""
    if held.stage is not Stage.PAUSED or held.since is None or other.since is None:
        return held
    # It is blind since the later of the two gave out.
    return dataclasses.replace(held, since=max(held.since, other.since))


def _alive(spend: Spend, running: Collection[str], now: datetime) -> bool:
    if spend.run:
        return spend.run in running
    return now < spend.reserved + LONGEST_READ
