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

    Notes
    -----
    The stage of a region is the further one of two: that of the account, and the one its own cap
    brings about. From one of its own reads to the next the latter can only be left, as the month
    goes on. So a region costs as many steps as it has reads, however many the account has.
    """

    def __init__(self, caps: Caps, spends: Iterable[Spend]) -> None:
        self._caps = caps
        self._times: list[datetime] = []
        self._account: list[Stage] = []
        self._of_regions: dict[str, list[tuple[int, SpendTotals]]] = {}
        month = of_day = NOTHING
        today = None
        counted = (spend for spend in spends if spend.status is not SpendStatus.RELEASED)
        for spend in sorted(counted, key=_counted_from):
            at = _counted_from(spend)
            if today is not None and day_start(at) != today:
                # What the day before forbade was free again from midnight to this read.
                of_day = NOTHING
                self._note(day_start(at), Standing(month, NOTHING, NOTHING))
            today = day_start(at)
            month, of_day = _with(month, spend), _with(of_day, spend)
            sums = self._of_regions.setdefault(spend.region, [(0, NOTHING)])
            sums.append((len(self._times), _with(sums[-1][1], spend)))
            self._note(at, Standing(month, of_day, NOTHING))
        self._lapses = {held: self._lapses_of(held) for held in Stage}

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
        lapses, end = self._lapses[held], len(self._times)
        for first, sums in reversed(self._of_regions.get(region, [(0, NOTHING)])):
            lapse = lapses[end]
            if lapse >= first and self._by_region(sums, lapse) < held:
                return self._times[lapse + 1] if lapse + 1 < len(self._times) else None
            end = first
        return self._times[0] if self._times else None

    def _note(self, at: datetime, account: Standing) -> None:
        self._times.append(at)
        self._account.append(stage(self._caps, account, at).stage)

    def _lapses_of(self, held: Stage) -> list[int]:
        """Return for every number of steps the last of them at which the account held less."""
        last = -1
        found = [last]
        for number, reached in enumerate(self._account):
            last = number if reached < held else last
            found.append(last)
        return found

    def _by_region(self, sums: SpendTotals, number: int) -> Stage:
        return stage(self._caps, Standing(NOTHING, NOTHING, sums), self._times[number]).stage


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
