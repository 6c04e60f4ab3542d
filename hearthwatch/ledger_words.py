"""The observation ledger summed up and in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from detectors.burn_seen import CORE_SHARE
from detectors.registry import create_detector
from hearthwatch.records import USABLE, Kind, Label, LedgerRow, ObservationStatus
from hearthwatch.values import NO_LABELS, called
from hearthwatch.words import counted, day, sensors_in_words

_UNGUARDED = "unguarded"
MOST_REASONS = 3
"""Reasons of the scene guard that are written out."""
_TELLING = {ObservationStatus.CHANGED: 0, ObservationStatus.UNCHANGED: 1}


@dataclass(frozen=True, slots=True)
class Summary:
    """A stretch of one detector's ledger in a few numbers.

    Where settlements are followed, a look counts once for each of them, for one may lie under
    cloud and the next one not. Over the cells of the grid it always counts once.

    Attributes
    ----------
    looks : int
    settlements : int
        How many were looked at; 0 for a watch over an area.
    statuses : dict of str to int
        Number of looks of each status; a look that was not observable counts by its cause. Of
        a look over several cells the most telling status counts, then the commonest.
    last_usable : datetime or None
        Sensing time of the last look that told changed from unchanged, wherever that was.
    never_seen : int
        Settlements of which no look was usable.
    seen_longest_ago : tuple of (str, datetime) or None
        Of those ever seen, the settlement whose last usable look is oldest, and that look.
    longest_gap : tuple of datetime or None
        The two usable looks at one place between which nothing usable lies for the longest time.
    gap_at : str
        The settlement of which that is true; empty for an area.
    unguarded : int
        Looks that no scene guard judged.
    guard_reasons : tuple of str
        Why not, as the ledger says.
    """

    looks: int
    settlements: int
    statuses: dict[str, int]
    last_usable: datetime | None
    never_seen: int
    seen_longest_ago: tuple[str, datetime] | None
    longest_gap: tuple[datetime, datetime] | None
    gap_at: str
    unguarded: int
    guard_reasons: tuple[str, ...]


def was_pulled(row: LedgerRow) -> bool:
    """Tell whether this watch itself had the look's pixels, whoever pulled them."""
    return bool(row.detail.get("masters"))


def masters_of(rows: Iterable[LedgerRow]) -> frozenset[str]:
    """Return the SHA-256 of every master that rows of the ledger name.

    Of what else is archived of the same looks nothing is named, so nothing
    made from `Archive.only` these tells of it.
    """
    return frozenset(str(name) for row in rows for name in row.detail.get("masters", ()))


def was_taken_in(row: LedgerRow) -> bool:
    """Tell whether the detector took a look in, be it only to learn what is normal."""
    return "said" in row.detail


def by_detector(rows: Iterable[LedgerRow], kind: Kind) -> dict[str, list[LedgerRow]]:
    """Return the rows of each detector, in the order of :func:`own_first`."""
    found: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    for row in rows:
        found[row.detector].append(row)
    return {name: found[name] for name in own_first(found, kind)}


def own_first(detectors: Iterable[str], kind: Kind) -> list[str]:
    """Return detectors by name, the one that bears the kind's own name first."""
    return sorted(detectors, key=lambda name: (name != kind.value, name))


def sensors_of(detector: str) -> tuple[str, ...]:
    """Return the sensors that a detector reads; none where it is not installed any more."""
    try:
        return create_detector(detector).info.sensors
    except LookupError:
        return ()


def sees_by_radar(detector: str) -> bool:
    """Tell whether a detector reads radar, or what was made of it."""
    return any(one.startswith(("sentinel-1", "opera-dist-alert")) for one in sensors_of(detector))


def core_share_of(detector: str) -> float:
    """Return the share of a settlement, or of the ground near it, that a look must show."""
    try:
        return create_detector(detector).info.usable_share
    except LookupError:
        return CORE_SHARE


def ground_in_words(detector: str) -> str:
    """Return what the seen share of a look at a settlement is a share of."""
    try:
        near = create_detector(detector).info.zones.near_m
    except LookupError:
        near = 0.0
    if near == 0.0:
        return "the settlement"
    return f"the ground within {near / 1000.0:g} km of the settlement"


def detector_in_words(detector: str) -> str:
    """Return a detector with what it looks through: ``radar (Sentinel-1)``."""
    sensors = sensors_in_words(sensors_of(detector))
    return f"{detector} ({sensors})" if sensors else detector


def summarise(rows: Iterable[LedgerRow]) -> Summary:
    """Sum up the ledger rows of one detector."""
    looks: defaultdict[tuple[str, str], list[LedgerRow]] = defaultdict(list)
    for row in rows:
        looks[row.settlement, row.acquisition].append(row)
    seen = _seen(row for parts in looks.values() for row in parts)
    followed = {place: times for place, times in seen.items() if place}
    gap_at, gap = longest_gap(seen)
    unguarded = [one for parts in looks.values() if (one := _unguarded(parts)) is not None]
    reasons = dict.fromkeys(str(_guard(row).get("reason", "")) for row in unguarded)
    return Summary(
        looks=len(looks),
        settlements=len(followed),
        statuses=dict(Counter(map(_status_of_look, looks.values())).most_common()),
        last_usable=max((times[-1] for times in seen.values() if times), default=None),
        never_seen=sum(not times for times in followed.values()),
        seen_longest_ago=min(
            ((place, times[-1]) for place, times in followed.items() if times),
            key=lambda one: one[1],
            default=None,
        ),
        longest_gap=gap,
        gap_at=gap_at,
        unguarded=len(unguarded),
        guard_reasons=tuple(reason for reason in reasons if reason),
    )


def longest_gap(
    seen: Mapping[str, Sequence[datetime]],
) -> tuple[str, tuple[datetime, datetime] | None]:
    """Return where, and between which two usable looks, nothing was seen for the longest time.

    Parameters
    ----------
    seen : mapping of str to sequence of datetime
        When each settlement was seen, oldest first; an area's times under the empty name.
    """
    gaps = [(place, pair) for place, times in seen.items() for pair in pairwise(times)]
    return max(gaps, key=lambda one: one[1][1] - one[1][0], default=("", None))


def summary_in_words(summary: Summary, settlements: Mapping[str, Label] = NO_LABELS) -> str:
    """Return a summary as a few lines; `settlements` gives their labels by id."""
    if not summary.looks:
        return "No look was expected or taken."
    statuses = ", ".join(f"{count:,} {status}" for status, count in summary.statuses.items())
    at = f" at {counted(summary.settlements, 'settlement')}" if summary.settlements else ""
    lines = [
        f"{counted(summary.looks, 'look')}{at}: {statuses}",
        f"last usable look: {day(summary.last_usable)}",
    ]
    if summary.seen_longest_ago and summary.settlements > 1:
        place, last = summary.seen_longest_ago
        lines.append(f"seen longest ago: {called(place, settlements)}, {day(last)}")
    if summary.never_seen:
        lines.append(f"never seen: {counted(summary.never_seen, 'settlement')}")
    if summary.longest_gap:
        start, end = summary.longest_gap
        days = counted((end - start).days, "day")
        where = f" at {called(summary.gap_at, settlements)}" if summary.gap_at else ""
        lines.append(f"longest blind gap: {days}{where}, {day(start)} to {day(end)}")
    if summary.unguarded:
        shown, more = summary.guard_reasons[:MOST_REASONS], summary.guard_reasons[MOST_REASONS:]
        reasons = "; ".join((*shown, *([f"and {len(more)} more reasons"] if more else [])))
        lines.append(
            f"the scene guard was not active on {summary.unguarded:,} of {summary.looks:,} looks: "
            f"{reasons}"
        )
    return "\n".join(lines)


def row_in_words(
    row: LedgerRow,
    *,
    with_cell: bool,
    with_detector: bool = False,
    settlements: Mapping[str, Label] = NO_LABELS,
) -> str:
    """Return one look as one line; `settlements` gives their labels by id."""
    cell = f"{row.cell}  " if with_cell else ""
    cell += f"{row.detector}  " if with_detector else ""
    place = f"{called(row.settlement, settlements)}: " if row.settlement else ""
    head = f"{day(row.sensed)}  {cell}{_status(row):<23}"
    return f"{head}  {place}{_what_was_seen(row)}"


def _seen(rows: Iterable[LedgerRow]) -> dict[str, list[datetime]]:
    """Return the times of the usable looks at each settlement, or at the area, oldest first."""
    seen: defaultdict[str, set[datetime]] = defaultdict(set)
    for row in rows:
        seen[row.settlement].update({row.sensed} if row.status in USABLE else ())
    return {place: sorted(times) for place, times in seen.items()}


def _status_of_look(parts: Sequence[LedgerRow]) -> str:
    """Return the status of a look over several cells."""
    telling = min(_TELLING.get(row.status, len(_TELLING)) for row in parts)
    found = (row for row in parts if _TELLING.get(row.status, len(_TELLING)) == telling)
    return Counter(map(_status, found)).most_common(1)[0][0]


def _unguarded(parts: Sequence[LedgerRow]) -> LedgerRow | None:
    """Return what says that no guard judged a look, in one cell of it or more."""
    return next((row for row in parts if _guard(row).get("verdict") == _UNGUARDED), None)


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
