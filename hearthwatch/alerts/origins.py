"""What led to alerts: when their looks were sensed, published, fetched and detected, and verified.

Of what was not written down at the time nothing is said: a provider may not tell when it published.
"""

from __future__ import annotations

import dataclasses
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from hearthwatch.errors import StoreLocked
from hearthwatch.records import (
    Alert,
    EventState,
    KnownScene,
    Opinion,
    Spend,
    SpendStatus,
    Steps,
    Verb,
)
from hearthwatch.store.protocol import Store
from hearthwatch.store.rules import Behind, Look
from hearthwatch.store.whole import all_spends

NEAR = timedelta(minutes=2)
"""Scenes of one look were sensed within so much of it."""
BEFORE_ALERT = timedelta(days=60)
"""A read so long before an alert is not the one that led to it."""
AT_ONCE = 250
"""Alerts looked up in one go; between two of them messages are sent."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Origins:
    """Looks up what led to alerts, of many with few questions.

    What it read of a region it keeps: made for some alerts and then left, it is never out of date.
    """

    store: Store
    _reads: dict[tuple[str, str, datetime], Mapping[tuple[str, str], Sequence[Spend]]] = field(
        default_factory=dict
    )
    _scenes: dict[tuple[str, str, str], Sequence[KnownScene]] = field(default_factory=dict)
    _times: dict[tuple[str, str, str, datetime], datetime | None] = field(default_factory=dict)

    def of(self, alerts: Collection[Alert], now: datetime) -> dict[str, Steps]:
        """Return the steps of alerts of one organisation with what led to them, by their ids.

        As far as it was written down.
        """
        if not alerts:
            return {}
        organisation = next(iter(alerts)).organisation
        behind = self.store.behind(organisation, {one.id for one in alerts})
        said = self.store.opinions_of(organisation, {one.event for one in alerts})
        return {
            one.id: self._steps(one, behind.get(one.id), said.get(one.event, ()), now)
            for one in alerts
        }

    def _steps(
        self, alert: Alert, behind: Behind | None, opinions: Sequence[Opinion], now: datetime
    ) -> Steps:
        steps = dataclasses.replace(alert.steps, looked_up=now)
        if behind is None:
            return steps  # Erased: nothing is left to look at.
        steps = dataclasses.replace(
            steps, region=steps.region or behind.region, verified=_verified(alert, opinions)
        )
        look = behind.look
        if look is None:
            return dataclasses.replace(steps, detected=_made_by_software(alert, opinions))
        reads = self._reads_of(look, alert.made)
        return dataclasses.replace(
            steps,
            sensor="+".join(sorted(look.sensors)),
            sensed=look.sensed,
            published=self._published(look, {one.provider for one in reads}),
            fetched=max((one.settled for one in reads if one.settled), default=None),
            detected=_detected(look, alert) or _made_by_software(alert, opinions),
        )

    def _reads_of(self, look: Look, made: datetime) -> list[Spend]:
        """Return the reads of the pixels of a look, done before an alert was made."""
        # From the beginning of a day on: alerts of one day then share what is read. Nothing is
        # read before it was sensed.
        since = max(made - BEFORE_ALERT, look.sensed)
        since = since.replace(hour=0, minute=0, second=0, microsecond=0)
        key = (look.key.organisation, look.key.region, since)
        if key not in self._reads:
            self._reads[key] = self._read_since(*key)
        of_look = self._reads[key].get((look.key.acquisition, look.key.cell), ())
        return [one for one in of_look if one.settled is not None and one.settled <= made]

    def _read_since(
        self, organisation: str, region: str, since: datetime
    ) -> Mapping[tuple[str, str], Sequence[Spend]]:
        found: defaultdict[tuple[str, str], list[Spend]] = defaultdict(list)
        for one in all_spends(
            self.store, organisation, region=region, since=since, status=SpendStatus.SETTLED
        ):
            found[one.acquisition, one.cell].append(one)
        return found

    def _published(self, look: Look, providers: Iterable[str]) -> datetime | None:
        times = [self._published_by(look, one) for one in providers]
        return max((one for one in times if one is not None), default=None)

    def _published_by(self, look: Look, provider: str) -> datetime | None:
        key = (look.key.organisation, look.key.region, provider, look.sensed)
        if key not in self._times:
            self._times[key] = max(
                (
                    one.published
                    for one in self._listed(*key[:3])
                    if one.published is not None and abs(one.sensed - look.sensed) <= NEAR
                ),
                default=None,
            )
        return self._times[key]

    def _listed(self, *place: str) -> Sequence[KnownScene]:
        organisation, region, provider = place
        key = (organisation, region, provider)
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
        found = _looked_up(origins, list(some), now)
        with store.transaction() as tx:
            tx.note_origins(organisation, found)
    return len(alerts)


def _looked_up(origins: Origins, alerts: Sequence[Alert], now: datetime) -> dict[str, Steps]:
    """Do as `Origins.of`; what fails for one alert does not hold up the others, nor the sending."""
    try:
        return origins.of(alerts, now)
    except StoreLocked:
        raise
    except Exception as error:
        if len(alerts) > 1:
            return {
                name: its for one in alerts for name, its in _looked_up(origins, [one], now).items()
            }
        (alert,) = alerts
        # Whatever it says may hold a place.
        _log.error("what led to alert %s is not known: %s", alert.id, type(error).__name__)
        return {alert.id: dataclasses.replace(alert.steps, looked_up=now)}


def _detected(look: Look, alert: Alert) -> datetime | None:
    # What was looked at anew since was detected first at the latest when it was told of.
    return None if look.committed is None else min(look.committed, alert.made)


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
