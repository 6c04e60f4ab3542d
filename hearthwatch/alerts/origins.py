"""What led to alerts: when their looks were sensed, published, fetched and detected, and verified.

Of what was not written down at the time nothing is said: a provider may not tell when it published.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from hearthwatch.errors import NotFound, StoreLocked
from hearthwatch.records import (
    Alert,
    Detection,
    EventState,
    JobKey,
    KnownScene,
    Opinion,
    Spend,
    SpendStatus,
    Steps,
    Verb,
)
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_spends

NEAR = timedelta(minutes=2)
"""Scenes of one look were sensed within so much of it."""
BEFORE_ALERT = timedelta(days=60)
"""A read so long before an alert is not the one that led to it."""
AT_ONCE = 100
"""Alerts looked up in one go; between two of them messages are sent."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Origins:
    """Looks up what led to alerts.

    What it read of a region it keeps: made for some alerts and then left, it is never out of date.
    """

    store: Store
    _reads: dict[tuple[str, str, datetime], Sequence[Spend]] = field(default_factory=dict)
    _scenes: dict[tuple[str, str, str], Sequence[KnownScene]] = field(default_factory=dict)

    def of(self, alert: Alert, now: datetime) -> Steps:
        """Return the steps of an alert with what led to it, as far as it was written down."""
        steps = dataclasses.replace(alert.steps, looked_up=now)
        try:
            event = self.store.event(alert.organisation, alert.event)
        except NotFound:
            return steps  # Erased: nothing is left to look at.
        opinions = self.store.opinions(alert.organisation, alert.event)
        steps = dataclasses.replace(
            steps, region=steps.region or event.region, verified=_verified(alert, opinions)
        )
        look = self._look(alert)
        if look is None:
            return dataclasses.replace(steps, detected=_made_by_software(alert, opinions))
        reads = self._reads_of(look, alert.made)
        return dataclasses.replace(
            steps,
            sensor=self._sensor(look),
            sensed=look.sensed,
            published=self._published(look, {one.provider for one in reads}),
            fetched=max((one.settled for one in reads if one.settled), default=None),
            detected=self._detected(look, alert) or _made_by_software(alert, opinions),
        )

    def _look(self, alert: Alert) -> Detection | None:
        """Return the last look that spoke of the event when the alert was made."""
        last = alert.steps.sensed or alert.made
        looks = self.store.detections(alert.organisation, alert.event)
        return max(
            (one for one in looks if one.sensed <= last),
            key=lambda one: (one.sensed, one.id),
            default=None,
        )

    def _sensor(self, look: Detection) -> str:
        try:
            source = self.store.source(look.organisation, look.source)
        except NotFound:
            return ""
        return "+".join(sorted(source.sensors))

    def _detected(self, look: Detection, alert: Alert) -> datetime | None:
        key = JobKey(
            look.organisation, look.kind, look.region, look.cell, look.acquisition, look.detector
        )
        at = self.store.committed(key)
        # What was looked at anew since was detected first at the latest when it was told of.
        return None if at is None else min(at, alert.made)

    def _reads_of(self, look: Detection, made: datetime) -> list[Spend]:
        """Return the reads of the pixels of a look, done before an alert was made."""
        # From the beginning of a day on: alerts of one day then share what is read.
        since = (made - BEFORE_ALERT).replace(hour=0, minute=0, second=0, microsecond=0)
        key = (look.organisation, look.region, since)
        if key not in self._reads:
            every = all_spends(
                self.store, look.organisation, region=look.region, since=since,
                status=SpendStatus.SETTLED,
            )  # fmt: skip
            self._reads[key] = tuple(every)
        return [
            one
            for one in self._reads[key]
            if (one.acquisition, one.cell) == (look.acquisition, look.cell)
            and one.settled is not None
            and one.settled <= made
        ]

    def _published(self, look: Detection, providers: Iterable[str]) -> datetime | None:
        times = [
            one.published
            for provider in providers
            for one in self._listed(look, provider)
            if one.published is not None and abs(one.sensed - look.sensed) <= NEAR
        ]
        return max(times, default=None)

    def _listed(self, look: Detection, provider: str) -> Sequence[KnownScene]:
        key = (look.organisation, look.region, provider)
        if key not in self._scenes:
            self._scenes[key] = self.store.known_scenes(*key, gone=True)
        return self._scenes[key]


def look_up(store: Store, now: datetime) -> int:
    """Note what led to alerts of which nobody looked that up yet; return of how many.

    Beside their messages, which wait for nothing. Whoever dies here leaves them to the next.
    """
    alerts = store.alerts_to_look_up(AT_ONCE)
    origins = Origins(store)
    for organisation, some in groupby(alerts, key=lambda one: one.organisation):
        found = {one.id: _looked_up(origins, one, now) for one in some}
        with store.transaction() as tx:
            tx.note_origins(organisation, found)
    return len(alerts)


def _looked_up(origins: Origins, alert: Alert, now: datetime) -> Steps:
    """Do as `Origins.of`; what fails for one alert does not hold up the others, nor the sending."""
    try:
        return origins.of(alert, now)
    except StoreLocked:
        raise
    except Exception as error:
        # Whatever it says may hold a place.
        _log.error("what led to alert %s is not known: %s", alert.id, type(error).__name__)
        return dataclasses.replace(alert.steps, looked_up=now)


def _verified(alert: Alert, opinions: Sequence[Opinion]) -> datetime | None:
    """Return when the event was confirmed, where it was told of as confirmed."""
    if alert.facts.get("state") != EventState.CONFIRMED.value:
        return None
    said = (one.said for one in opinions if one.verb is Verb.CONFIRM and one.said <= alert.made)
    return max(said, default=None)


def _made_by_software(alert: Alert, opinions: Sequence[Opinion]) -> datetime | None:
    """Return when the alert was made, if a look and no person gave rise to it."""
    # Who reads what was released knows the event by another name, and its versions too.
    is_own = alert.facts.get("event") == alert.event
    by_person = any(one.version == alert.version for one in opinions)
    return alert.made if is_own and not by_person else None
