"""How long the alerts of an organisation, or of one of its watches, take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hearthwatch.latency.figures import Figures, figures
from hearthwatch.records import TimedAlert
from hearthwatch.store.protocol import Store

DAYS = 90
"""Looked back at, where nobody says how far."""
MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Measured:
    """How long it takes, together and apart.

    Attributes
    ----------
    by_region, by_sensor : mapping
        By id, and by the name of what was seen with; empty where it is not known.
    """

    whole: Figures
    by_region: Mapping[str, Figures]
    by_sensor: Mapping[str, Figures]


def measured(
    store: Store, organisation: str, now: datetime, days: int = DAYS, region: str | None = None
) -> Measured:
    """Return how long alerts made in the last days take.

    Parameters
    ----------
    region : str, optional
        Id of one; by default all, and what is of none.
    """
    since = now - timedelta(days=days)
    alerts = store.timed_alerts(organisation, since, region=region)
    receivers = {one.id: one for one in store.receivers(organisation, removed=True)}

    def apart(name: Callable[[TimedAlert], str]) -> dict[str, Figures]:
        found: defaultdict[str, list[TimedAlert]] = defaultdict(list)
        for one in alerts:
            found[name(one)].append(one)
        return {key: figures(some, receivers, since, now) for key, some in sorted(found.items())}

    return Measured(
        figures(alerts, receivers, since, now),
        apart(lambda one: one.steps.region),
        apart(lambda one: one.steps.sensor),
    )
