"""Runs without end: what was asked for at once, everything every few hours."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hearthwatch.errors import HearthwatchError, NotFound, StoreLocked
from hearthwatch.passes.news import take_news
from hearthwatch.pipeline.bench import RunStopped
from hearthwatch.pipeline.lead import Lead
from hearthwatch.pipeline.run import run_region
from hearthwatch.records import Region, Run, RunOutcome, WatchLevel
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from hearthwatch.watchlist.terms import (
    HOURS,
    ending,
    fallen_words,
    has_ended,
    hours_between,
    level_now,
)
from hearthwatch.watchlist.waiting import is_waiting
from imagery.errors import ImageryError
from imagery.net.types import Deadline
from imagery.subscriptions import Inbox, Subscription
from imagery.types import ImageryProvider

TICK_SECONDS = 1.0
RETRY = timedelta(minutes=10)
"""After a run that failed."""
WAITS = "The watch waits for confirmation; confirm it to begin."
NEWS_EVERY = timedelta(minutes=15)
NEWS_S = 120.0
"""Seconds at most for reading news: runs wait for it."""

_log = logging.getLogger(__name__)


class Watch:
    """Takes the new looks of every organisation's regions, one run at a time.

    Parameters
    ----------
    every : timedelta
        Between the starts of two runs over one region.
    tell : callable
        Takes one line for the operator. It names regions by their id only.
    fallback : ImageryProvider or None
        Asked where `provider` gives nothing more for a time.
    inbox : Inbox or None
        Where news of products comes in: the regions they may be about are then due at once.
    lead : Lead or None
        Where several processes could do this: works only while this one has the lease.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        provider: ImageryProvider,
        every: timedelta,
        tell: Callable[[str], None],
        fallback: ImageryProvider | None = None,
        inbox: Inbox | None = None,
        lead: Lead | None = None,
    ) -> None:
        self._settings = settings
        self._lead = lead
        self._led = lead is None
        self._waits_for = ""
        self._store = store if lead is None else lead.fenced()
        self._provider = provider
        self._every = every
        self._tell = tell
        self._fallback = fallback
        self._stop = threading.Event()
        self._due: dict[str, datetime] = {}
        self._ran: dict[str, datetime] = {}
        self._announced: set[tuple[str, str]] = set()
        self._inbox = inbox
        self._news_due: datetime | None = None

    def stop(self) -> None:
        """End after the look that is being committed; from any thread."""
        self._stop.set()

    def go_on(self) -> None:
        """Work until stopped. Nothing that goes wrong ends the watch."""
        while not self._stop.is_set():
            try:
                if self._leads():
                    self.step(datetime.now(UTC))
                self._waits_for = ""
            except StoreLocked as error:
                # Asked again every second, and told of once.
                if error.message != self._waits_for:
                    self._tell(error.message)
                self._waits_for = error.message
            except Exception:
                _log.exception("the watch goes on in spite of this")
                self._stop.wait(RETRY.total_seconds())
            self._stop.wait(TICK_SECONDS)

    def _leads(self) -> bool:
        """Tell whether this process is the one that takes looks; ask to be if it is not."""
        if self._lead is None:
            return True
        led, self._led = self._led, self._lead.hold()
        if self._led and not led:
            # What another process did meanwhile is not known here: every region is due.
            self._due.clear()
            self._tell("this process takes the looks now")
        elif led and not self._led:
            self._tell("another process takes the looks now")
        return self._led

    def _is_over(self) -> bool:
        return self._stop.is_set() or (self._lead is not None and not self._lead.is_held)

    def step(self, now: datetime) -> None:
        """Do what was asked for, and what is due at `now`."""
        for asked in self._store.waiting_runs():
            self._answer(asked, now)
        self._hear(now)
        for organisation in self._store.organisations():
            for region in self._store.regions(organisation):
                self._announce(region, now)
                if self._is_due(region, now):
                    self._run(region, now, None)

    def _is_due(self, region: Region, now: datetime) -> bool:
        """Tell whether a region is to be run over; a level that was raised counts at once."""
        due = self._due.get(region.id, now)
        ran = self._ran.get(region.id)
        if ran is not None:
            due = min(due, ran + self._every_of(region, now))
        return due <= now

    def _every_of(self, region: Region, now: datetime) -> timedelta:
        settings = self._settings
        if level_now(region, now) is WatchLevel.ROUTINE and HOURS not in region.terms:
            return self._every
        return timedelta(hours=hours_between(region, settings, now))

    def _announce(self, region: Region, now: datetime) -> None:
        """Tell that a watch ends or has ended, and that a level fell back, each once."""
        fell = fallen_words(region, now)
        ends = ending(region, now)
        stage = f"{has_ended(region, now)}" if ends else ""
        for key, words in (
            (f"end {stage} {region.expires}", ends),
            (f"level {fell}", fell),
        ):
            if words and (region.id, key) not in self._announced:
                self._announced.add((region.id, key))
                self._tell(f"region {region.id}: {words}")

    def _hear(self, now: datetime) -> None:
        """Read the news if it is time to; without them, regions are looked at as often as ever."""
        if self._inbox is None or (self._news_due is not None and now < self._news_due):
            return
        self._news_due = now + NEWS_EVERY
        try:
            with self._inbox.opened() as subscription:
                self._heed(subscription, now)
        except ImageryError as error:
            self._tell(f"news of products cannot be read: {error}")
        except Exception:
            _log.exception("news of products are left aside")

    def _heed(self, subscription: Subscription, now: datetime) -> None:
        regions = [one for name in self._store.organisations() for one in self._store.regions(name)]
        providers = [one.name for one in (self._provider, self._fallback) if one is not None]
        deadline = Deadline.after(NEWS_S)
        for heard in take_news(self._store, regions, providers, subscription, now, deadline):
            self._due.update(dict.fromkeys(heard.regions, now))
            for region, cause in heard.deleted:
                self._tell(
                    f"region {region}: its provider deleted a product that it had listed"
                    + (f" ({cause})" if cause else "")
                )

    def _answer(self, asked: Run, now: datetime) -> None:
        try:
            region = self._store.region(asked.organisation, asked.region)
        except NotFound:
            self._fail(asked, now, "The region is no longer watched.")
            return
        self._run(region, asked.until or now, asked)

    def _run(self, region: Region, until: datetime, asked: Run | None) -> None:
        now = datetime.now(UTC)
        if self._is_over():
            return
        # Of a run that failed only the next try counts.
        self._ran.pop(region.id, None)
        if has_ended(region, now) or is_waiting(region):
            # What is confirmed meanwhile is looked at soon.
            self._due[region.id] = now + (RETRY if is_waiting(region) else self._every)
            if asked:
                ended = "The watch has ended; give it a later day to go on."
                self._fail(asked, now, WAITS if is_waiting(region) else ended)
            return
        try:
            report = run_region(
                self._settings, self._store, self._provider, region, until,
                fallback=self._fallback, asked=asked, stopping=self._is_over,
            )  # fmt: skip
        except RunStopped:
            return
        except HearthwatchError as error:
            self._due[region.id] = now + min(RETRY, self._every)
            self._tell(f"region {region.id}: {error.message}")
            return
        except Exception:
            # One region must not keep the others from being looked at.
            self._due[region.id] = now + min(RETRY, self._every)
            self._tell(f"region {region.id}: its run broke off; the log says why")
            _log.exception("the watch goes on in spite of this")
            return
        self._ran[region.id] = now
        self._due[region.id] = now + self._every_of(region, now)
        if report.run.detail:
            self._tell(f"region {region.id}: {report.run.detail}")
        if report.looks:
            self._tell(
                f"region {region.id}: {report.looks} new looks, {len(report.events)} events new "
                "or changed"
            )

    def _fail(self, asked: Run, now: datetime, why: str) -> None:
        ended = dataclasses.replace(asked, finished=now, outcome=RunOutcome.FAILED, detail=why)
        with self._store.transaction() as transaction:
            transaction.put_run(ended)
