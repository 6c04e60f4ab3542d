"""How every watch stands, the worst first: what a duty officer reads in the morning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hearthwatch.budget.account import FREE
from hearthwatch.budget.policy import month_start
from hearthwatch.budget.shown import Shown, shown, shown_value
from hearthwatch.ledger_words import own_first, sensors_of
from hearthwatch.passes.calendar import ExpectedPass, expected, passes_of
from hearthwatch.passes.polling import known_scenes
from hearthwatch.records import LedgerTotals, Region
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment
from hearthwatch.watchlist.terms import has_ended, terms_value
from hearthwatch.watchlist.waiting import is_waiting

AHEAD = timedelta(days=30)
"""How far the next look is sought."""


@dataclass(frozen=True, slots=True)
class Glance:
    """How one watch stands.

    Attributes
    ----------
    looks : mapping
        Of each detector by name, the kind's own first.
    next_look : ExpectedPass or None
        The next pass that the calendar lets expect in 30 days; None where it lets expect none.
    units : float or None
        Spent and reserved this month; None where the provider charges nothing.
    terms : mapping
        Level, cadence and end.
    rank : int
        0 for a watch that has ended, 1 for one that is blind or waits for confirmation, 2 for one
        that is read in part, 3 for one that is about to end, 4 where all is well.
    """

    region: Region
    looks: Mapping[str, LedgerTotals]
    imagery: Shown
    next_look: ExpectedPass | None
    units: float | None
    terms: Mapping[str, Any]
    rank: int

    @property
    def last_usable(self) -> datetime | None:
        """When the kind's own detector last saw anything."""
        own = next(iter(self.looks.values()), None)
        return own.last_usable if own else None


def glances(
    settings: Settings,
    store: Store,
    organisation: str,
    regions: Sequence[Region],
    now: datetime,
) -> tuple[Glance, ...]:
    """Return how watches of an organisation stand, the worst first.

    Of two that stand alike, the one that saw nothing for longer comes first.
    """
    only = regions[0].id if len(regions) == 1 else None
    totals = store.ledger_totals(organisation, only)
    read = shown(settings, store, organisation, regions)
    found = [
        _glance(settings, store, region, totals.get(region.id, {}), read[region.id], now)
        for region in regions
    ]
    return tuple(sorted(found, key=_badness))


def glance_value(found: Glance) -> dict[str, Any]:
    """Return the same for programs."""
    region = found.region
    return {
        "id": region.id,
        "name": region.name,
        "kind": region.kind.value,
        "mode": region.mode.value,
        "rank": found.rank,
        "detectors": [
            {
                "detector": name,
                "sensors": list(sensors_of(name)),
                "last_look": moment(total.last),
                "last_usable_look": moment(total.last_usable),
            }
            for name, total in found.looks.items()
        ],
        "next_look": next_value(found.next_look),
        "imagery": shown_value(found.imagery),
        "units_this_month": found.units,
        "expires": moment(region.expires),
        **found.terms,
    }


def _glance(
    settings: Settings,
    store: Store,
    region: Region,
    totals: Mapping[str, LedgerTotals],
    read: Shown,
    now: datetime,
) -> Glance:
    terms = terms_value(region, settings, now)
    looks = {name: totals[name] for name in own_first(totals, region.kind)}
    ended = has_ended(region, now)
    return Glance(
        region=region,
        looks=looks,
        imagery=read,
        next_look=None
        if ended or is_waiting(region)
        else _next_look(settings, store, region, looks, now),
        units=_units(settings, store, region, now),
        terms=terms,
        rank=_rank(read, terms, ended=ended),
    )


def _next_look(
    settings: Settings,
    store: Store,
    region: Region,
    looks: Iterable[str],
    now: datetime,
) -> ExpectedPass | None:
    scenes = known_scenes(store, region, settings.provider)
    wanted = {sensor for name in looks for sensor in sensors_of(name)}
    history = passes_of(one for one in scenes if not wanted or one.sensor in wanted)
    return next(iter(expected(history, now, now + AHEAD)), None)


def _units(settings: Settings, store: Store, region: Region, now: datetime) -> float | None:
    if settings.provider in FREE:
        return None
    since = month_start(now)
    spent = store.spent(region.organisation, settings.provider, since, region=region.id)
    return round(spent.units + spent.reserved_units, 4)


def _rank(read: Shown, terms: Mapping[str, Any], *, ended: bool) -> int:
    if ended:
        return 0
    if terms["waiting"] or read.blind_since is not None or read.stage.name == "PAUSED":
        return 1
    if not read.is_well:
        return 2
    return 3 if terms["ending"] else 4


def _badness(found: Glance) -> tuple[int, float, str]:
    seen = found.last_usable
    return found.rank, seen.timestamp() if seen else float("-inf"), found.region.name


def next_value(one: ExpectedPass | None) -> dict[str, Any] | None:
    """Return the next look for programs."""
    if one is None:
        return None
    return {
        "sensor": one.sensor,
        "expected": moment(one.expected),
        "within_hours": one.within / timedelta(hours=1),
    }
