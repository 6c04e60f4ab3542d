"""The observation ledger summed up and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from hearthwatch.records import USABLE, LedgerRow, ObservationStatus
from hearthwatch.words import counted, day

_UNGUARDED = "unguarded"


@dataclass(frozen=True, slots=True)
class Summary:
    """A stretch of the ledger in a few numbers.

    Attributes
    ----------
    looks : int
    statuses : dict of str to int
        Number of looks of each status; a look that was not observable counts by its cause.
    last_usable : datetime or None
        Sensing time of the last look that told changed from unchanged.
    longest_gap : tuple of datetime or None
        The two usable looks between which nothing usable lies for the longest time.
    unguarded : int
        Looks that no scene guard judged.
    guard_reasons : tuple of str
        Why not, as the ledger says.
    """

    looks: int
    statuses: dict[str, int]
    last_usable: datetime | None
    longest_gap: tuple[datetime, datetime] | None
    unguarded: int
    guard_reasons: tuple[str, ...]


def was_pulled(row: LedgerRow) -> bool:
    """Tell whether this watch itself had the look's pixels, whoever pulled them."""
    return bool(row.detail.get("masters"))


def was_taken_in(row: LedgerRow) -> bool:
    """Tell whether the detector took a look in, be it only to learn what is normal."""
    return "said" in row.detail


def summarise(rows: Sequence[LedgerRow]) -> Summary:
    """Sum up ledger rows, oldest first."""
    usable = sorted({row.sensed for row in rows if row.status in USABLE})
    gaps = list(pairwise(usable))
    unguarded = [row for row in rows if _guard(row).get("verdict") == _UNGUARDED]
    reasons = dict.fromkeys(str(_guard(row).get("reason", "")) for row in unguarded)
    return Summary(
        looks=len(rows),
        statuses=dict(Counter(_status(row) for row in rows).most_common()),
        last_usable=usable[-1] if usable else None,
        longest_gap=max(gaps, key=lambda pair: pair[1] - pair[0]) if gaps else None,
        unguarded=len(unguarded),
        guard_reasons=tuple(reason for reason in reasons if reason),
    )


def summary_in_words(summary: Summary) -> str:
    """Return a summary as a few lines."""
    if not summary.looks:
        return "No look was expected or taken."
    statuses = ", ".join(f"{count:,} {status}" for status, count in summary.statuses.items())
    lines = [
        f"{counted(summary.looks, 'look')}: {statuses}",
        f"last usable look: {day(summary.last_usable)}",
    ]
    if summary.longest_gap:
        start, end = summary.longest_gap
        days = counted((end - start).days, "day")
        lines.append(f"longest blind gap: {days}, {day(start)} to {day(end)}")
    if summary.unguarded:
        reasons = "; ".join(summary.guard_reasons)
        lines.append(
            f"the scene guard was not active on {summary.unguarded:,} of {summary.looks:,} looks: "
            f"{reasons}"
        )
    return "\n".join(lines)


def row_in_words(row: LedgerRow, *, with_cell: bool) -> str:
    """Return one look as one line."""
    cell = f"{row.cell}  " if with_cell else ""
    head = f"{day(row.sensed)}  {cell}{_status(row):<23}"
    return f"{head}  {_what_was_seen(row)}"


def _what_was_seen(row: LedgerRow) -> str:
    said = [] if row.status is ObservationStatus.NOT_DELIVERED else [f"{row.usable:.0%} seen"]
    lost = row.detail.get("lost", {})
    said += [f"{share:.0%} {cause}" for cause, share in lost.items() if share >= 0.005]
    without = row.detail.get("lived_without")
    said += [f"without {', '.join(without)}"] if without else []
    reason = row.detail.get("reason")
    return "; ".join([", ".join(said), *([str(reason)] if reason else [])])


def _status(row: LedgerRow) -> str:
    return f"{row.status.value} ({row.cause.value})" if row.cause else row.status.value


def _guard(row: LedgerRow) -> dict[str, object]:
    return dict(row.detail.get("guard", {}))
