"""What may be spent: pure rules over sums; nothing here asks a store or a clock.

Months and days are those of UTC. The Copernicus Data Space Ecosystem resets its quotas on the
first of the month, and what is unused then is gone (its page on quotas, 2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hearthwatch.records import Priority, SpendTotals
from imagery.types import Cost

DAY = timedelta(days=1)
NOTHING = SpendTotals(units=0.0, requests=0, reserved_units=0.0, reserved_requests=0)
_ROUNDING = 1e-9
"""Sums of floats are only so exact; no cap shall bite for that."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What one organisation may spend with one provider.

    Attributes
    ----------
    units_per_month, requests_per_month
        Of the account.
    units_per_day, units_per_region_month : float or None
        None: no such cap.
    kept_for_confirmation : float
        Share, 0..1, of every cap that only confirmations may take.
    kept_for_routine : float
        Share, 0..1, of every cap that backfill may not take either.
    """

    units_per_month: float
    requests_per_month: int
    units_per_day: float | None = None
    units_per_region_month: float | None = None
    kept_for_confirmation: float = 0.2
    kept_for_routine: float = 0.3

    def share(self, priority: Priority) -> float:
        """Return the share of every cap up to which a priority may spend."""
        kept = {
            Priority.CONFIRMATION: 0.0,
            Priority.ROUTINE: self.kept_for_confirmation,
            Priority.BACKFILL: self.kept_for_confirmation + self.kept_for_routine,
        }
        return max(0.0, 1.0 - kept[priority])


@dataclass(frozen=True, slots=True)
class Standing:
    """What is spent and reserved at one moment.

    Attributes
    ----------
    month, day : SpendTotals
        Of the account, since the month and the day began.
    region : SpendTotals
        Of one region, since the month began. Of use, as `day`, only where there is such a cap.
    """

    month: SpendTotals
    day: SpendTotals
    region: SpendTotals


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a read is not paid for now.

    Attributes
    ----------
    cap : str
        Name of the setting that forbids it.
    reason : str
        The same for people.
    lifted : datetime
        When it may be asked again.
    """

    cap: str
    reason: str
    lifted: datetime

    @property
    def words(self) -> str:
        """The reason, and when it is over."""
        return f"{self.reason}; back on {date_words(self.lifted)}"


def month_start(now: datetime) -> datetime:
    """Return the first instant of the UTC month."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_end(now: datetime) -> datetime:
    """Return the first instant of the next UTC month."""
    return month_start(month_start(now) + 32 * DAY)


def day_start(now: datetime) -> datetime:
    """Return the first instant of the UTC day."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def refusal(
    caps: Caps, standing: Standing, cost: Cost, priority: Priority, now: datetime
) -> Refusal | None:
    """Return why a read of `cost` is refused, or None where it may be reserved.

    Parameters
    ----------
    cost : Cost
        What the read is thought to take.
    now : datetime
        Aware UTC.

    Notes
    -----
    What is reserved counts as spent, so that reads under way at once never add up to more than a
    cap.
    """
    share = caps.share(priority)
    month, day = month_end(now), day_start(now) + DAY
    checks = (
        ("requests_per_month", caps.requests_per_month, _requests(standing.month), cost.requests,
         month),
        ("units_per_month", caps.units_per_month, _units(standing.month), cost.units, month),
        ("units_per_day", caps.units_per_day, _units(standing.day), cost.units, day),
        ("units_per_region_month", caps.units_per_region_month, _units(standing.region),
         cost.units, month),
    )  # fmt: skip
    for name, cap, taken, wanted, lifted in checks:
        if cap is not None and wanted > 0 and taken + wanted > cap * share + _ROUNDING:
            return Refusal(name, _reason(name, cap, share, priority), lifted)
    return None


def date_words(moment: datetime) -> str:
    """Return a UTC day as ``1 December``."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B}"


def projected_exhaustion(caps: Caps, month: SpendTotals, now: datetime) -> datetime | None:
    """Return when this month's units or requests are used up at the mean pace so far.

    Parameters
    ----------
    month : SpendTotals
        Since the month began.

    Returns
    -------
    datetime or None
        `now` where they are used up already; None where they last until the reset.

    Notes
    -----
    The pace is what was spent and reserved, over the time since the month began, but over a day
    at least: the first minutes of a month say little.
    """
    begun = month_start(now)
    elapsed = max(now - begun, DAY)
    days = []
    for taken, cap in (
        (_units(month), caps.units_per_month),
        (_requests(month), caps.requests_per_month),
    ):
        if taken >= cap:
            return now
        if taken > 0:
            days.append(elapsed * ((cap - taken) / taken))
    return min((now + left for left in days if left < month_end(now) - now), default=None)


def used_share(caps: Caps, standing: Standing) -> float:
    """Return what is spent and reserved as a share of what routine looks may take, 0 and up.

    The largest of the shares of the month's units, its requests and the region's units.
    """
    pairs = [
        (_units(standing.month), caps.units_per_month),
        (_requests(standing.month), float(caps.requests_per_month)),
    ]
    if caps.units_per_region_month is not None:
        pairs.append((_units(standing.region), caps.units_per_region_month))
    routine = caps.share(Priority.ROUTINE)
    return max(taken / (cap * routine) if cap * routine > 0 else 1.0 for taken, cap in pairs)


def _reason(name: str, cap: float, share: float, priority: Priority) -> str:
    amount = f"{cap:,.0f}" if share >= 1.0 else f"{cap * share:,.0f} of {cap:,.0f}"
    whose = "" if share >= 1.0 else f" that {_TAKERS[priority]} may take"
    return f"{_CAP_WORDS[name].format(amount)}{whose} are spent"


def _units(totals: SpendTotals) -> float:
    return totals.units + totals.reserved_units


def _requests(totals: SpendTotals) -> int:
    return totals.requests + totals.reserved_requests


_CAP_WORDS: Mapping[str, str] = {
    "requests_per_month": "the month's {} requests",
    "units_per_month": "the month's {} units",
    "units_per_day": "the day's {} units",
    "units_per_region_month": "the region's {} units of this month",
}
_TAKERS: Mapping[Priority, str] = {
    Priority.CONFIRMATION: "confirmations",
    Priority.ROUTINE: "routine looks",
    Priority.BACKFILL: "backfill",
}
