"""The area curve of an event: what a camp covered in time, as its detector told it.

Evidence of such an event has ``curve``, a list of ``[day, ha, low, high]``, the rate
``ha_per_week`` with ``ha_per_week_low`` and ``ha_per_week_high``, and may have ``ha_before``;
intervals are of 95 %.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hearthwatch.people import Density, People, people_range
from hearthwatch.records import Event

COLUMNS = ("day", "ha", "low", "high")
_DID: Mapping[str, str] = {
    "new": "is new",
    "expanded": "expanded",
    "contracted": "contracted",
    "closed": "closed",
    "reoccupied": "was occupied again",
}
_STILL, _SURELY_STILL = 0.005, 0.05
"""Hectares a week that are told as none, where the interval reaches no further than the latter."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """An area at one time, hectares, with its interval."""

    moment: datetime
    hectares: float
    low: float
    high: float


def points_of(event: Event) -> tuple[CurvePoint, ...]:
    """Return the area curve of an event, oldest first; nothing where it has none."""
    return tuple(
        CurvePoint(datetime.fromisoformat(str(day)).replace(tzinfo=UTC), *map(float, three))
        for day, *three in event.evidence.get("curve", ())
    )


def site_did(event: Event) -> str:
    """Return what a site did, as a clause, with the area it has come to."""
    latest = points_of(event)[-1]
    did = _DID.get(event.change, "changed")
    covers = f"it covers {_interval(latest.hectares, latest.low, latest.high)} ha"
    before = event.evidence.get("ha_before")
    was = "" if before is None else f", against {float(before):.2f} ha before"
    return f"The site {did}: {covers}{was}"


def rate_in_words(evidence: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence on how fast the area changes, where that is known."""
    if "ha_per_week" not in evidence:
        return
    rate, low, high = (float(evidence[f"ha_per_week{end}"]) for end in ("", "_low", "_high"))
    if abs(rate) < _STILL and max(abs(low), abs(high)) < _SURELY_STILL:
        yield f"Its area stands still ({low:+.2f} to {high:+.2f} ha a week)."
    elif low <= 0.0 <= high:
        yield f"Whether it still changes is not sure ({low:+.2f} to {high:+.2f} ha a week)."
    else:
        moves = "grows" if rate > 0 else "shrinks"
        yield f"It {moves} by {_interval(abs(rate), *sorted((abs(low), abs(high))))} ha a week."


def people_of(event: Event, density: Density | None) -> People | None:
    """Return the people that the latest area may hold; None where no density is set."""
    points = points_of(event)
    if density is None or not points:
        return None
    return people_range(points[-1].low, points[-1].high, density)


def curve_value(event: Event) -> list[dict[str, Any]]:
    """Return the curve as a JSON value."""
    return [
        dict(zip(COLUMNS, (one.moment.date().isoformat(), one.hectares, one.low, one.high),
                 strict=True))
        for one in points_of(event)
    ]  # fmt: skip


def curve_csv(event: Event) -> bytes:
    """Return the curve as a table in UTF-8; areas in hectares."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(curve_value(event))
    return out.getvalue().encode("utf-8")


def _interval(value: float, low: float, high: float) -> str:
    return f"{value:.2f} ({low:.2f} to {high:.2f})"
