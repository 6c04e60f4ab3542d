"""What is left out first when the budget runs short: one order, and pure rules for it.

Full resolution, then 20 m, then cheap looks at the cloud alone, then another provider, then
nothing: a region that nobody looks at says so, with the time since and the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum

from hearthwatch.budget.policy import (
    NOTHING,
    Caps,
    Standing,
    date_words,
    day_start,
    month_end,
    month_start,
    refusal,
    used_share,
)
from hearthwatch.records import Pause, Priority, Spend, SpendStatus, SpendTotals
from imagery.types import Cost

COARSE_SHARE = 0.5
"""Of what routine looks may take: beyond it 20 m are read while spending is ahead of the month."""
PRELOOK_SHARE = 0.9
"""Beyond it only looks at the cloud are taken: they cost a seven-hundredth, and confirmations
are paid from what is kept back for them."""
SMALLEST = Cost(requests=1, units=0.01, bytes=0)
"""A look at the cloud over one cell at 120 m (0.009 units)."""


class Stage(IntEnum):
    """How much is still read, most first."""

    FULL = 0
    COARSE = 1
    PRELOOK = 2
    OTHER_PROVIDER = 3
    PAUSED = 4


@dataclass(frozen=True, slots=True)
class Held:
    """The stage that holds, and why.

    Attributes
    ----------
    why : str
        Empty at full resolution.
    since : datetime or None
        When it began, as far as that is known.
    until : datetime or None
        When it is thought to end; None at full resolution or where nobody knows.
    provider : str or None
        Who is asked instead, at `Stage.OTHER_PROVIDER`.
    """

    stage: Stage
    why: str = ""
    since: datetime | None = None
    until: datetime | None = None
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """What was spent of the account, in the month and on its day, once a read was counted."""

    at: datetime
    month: SpendTotals
    day: SpendTotals
    region: str


def stage(
    caps: Caps | None,
    standing: Standing,
    now: datetime,
    *,
    pause: Pause | None = None,
    fallback: str | None = None,
) -> Held:
    """Return which stage holds for routine looks at a region.

    Parameters
    ----------
    caps : Caps or None
        None for a provider that costs nothing.
    standing : Standing
        What is spent and reserved.
    now : datetime
        Aware UTC.
    pause : Pause or None
        The pause of the provider that has not ended.
    fallback : str or None
        Another provider that can be asked now.
    """
    blocked = _blocked(caps, standing, now, pause)
    if blocked is not None:
        if fallback is None:
            return blocked
        return Held(Stage.OTHER_PROVIDER, blocked.why, blocked.since, blocked.until, fallback)
    return Held(Stage.FULL) if caps is None else _saving(caps, standing, now)


def in_words(held: Held) -> str:
    """Say at a region what is read of it now.

    Returns
    -------
    str
        ``reads at 20 m since 2026-11-18 09:00: ...``; ``blind since ...: ...``.
    """
    doing = {
        Stage.FULL: "reads at full resolution",
        Stage.COARSE: "reads at 20 m",
        Stage.PRELOOK: "looks only at the cloud, and reads what must be confirmed",
        Stage.OTHER_PROVIDER: f"reads from {held.provider} instead",
        Stage.PAUSED: "blind",
    }[held.stage]
    since = f" since {held.since.astimezone(UTC):%Y-%m-%d %H:%M}" if held.since else ""
    why = f": {held.why}" if held.why else ""
    return f"{doing}{since}{why}"


class History:
    """How spending went this month, so as to say since when a stage has held.

    Parameters
    ----------
    caps : Caps
    spends : iterable of Spend
        All of the provider since the month began, in any order.
    """

    def __init__(self, caps: Caps, spends: Iterable[Spend]) -> None:
        self._caps = caps
        self._steps: list[_Step] = []
        self._of_regions: dict[str, list[SpendTotals]] = {}
        month = of_day = NOTHING
        today = None
        counted = (spend for spend in spends if spend.status is not SpendStatus.RELEASED)
        for spend in sorted(counted, key=_counted_from):
            at = _counted_from(spend)
            if day_start(at) != today:
                today, of_day = day_start(at), NOTHING
            month, of_day = _with(month, spend), _with(of_day, spend)
            self._steps.append(_Step(at, month, of_day, spend.region))
            sums = self._of_regions.setdefault(spend.region, [NOTHING])
            sums.append(_with(sums[-1], spend))

    def began(self, held: Stage, region: str) -> datetime | None:
        """Return when spending brought about the stage that holds.

        Parameters
        ----------
        region : str
            Whose stage it is: a region has a cap of its own.

        Returns
        -------
        datetime or None
            When the read was settled since which it has held without a break; None if it does
            not follow from what was spent.
        """
        since = None
        sums = self._of_regions.get(region, [NOTHING])
        left = len(sums) - 1
        for step in reversed(self._steps):
            standing = Standing(step.month, step.day, sums[left])
            if stage(self._caps, standing, step.at).stage < held:
                return since
            since = step.at
            left -= step.region == region
        return since


def _blocked(
    caps: Caps | None, standing: Standing, now: datetime, pause: Pause | None
) -> Held | None:
    if pause is not None:
        back = f"; back on {date_words(pause.until)}" if pause.until else ""
        return Held(Stage.PAUSED, f"{pause.reason}{back}", pause.since, pause.until)
    refused = refusal(caps, standing, SMALLEST, Priority.ROUTINE, now) if caps else None
    return Held(Stage.PAUSED, refused.words, None, refused.lifted) if refused else None


def _saving(caps: Caps, standing: Standing, now: datetime) -> Held:
    used = used_share(caps, standing)
    begun, end = month_start(now), month_end(now)
    gone = (now - begun) / (end - begun)
    if used <= gone or used < COARSE_SHARE:
        return Held(Stage.FULL)
    why = (
        f"{used:.0%} of what routine looks may take this month is spent, "
        f"and {gone:.0%} of the month is gone"
    )
    saving = Stage.PRELOOK if used >= PRELOOK_SHARE else Stage.COARSE
    return Held(saving, why, None, end)


def _counted_from(spend: Spend) -> datetime:
    return spend.settled or spend.reserved


def _with(totals: SpendTotals, spend: Spend) -> SpendTotals:
    settled = spend.status is SpendStatus.SETTLED
    return replace(
        totals,
        units=totals.units + (spend.units if settled else spend.estimated_units),
        requests=totals.requests + (spend.requests if settled else spend.estimated_requests),
    )
