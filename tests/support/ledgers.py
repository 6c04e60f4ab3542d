"""A ledger written by hand: looks at one settlement whose every number the test has chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hearthwatch.records import Event, EventState, LedgerRow, NotObservable, ObservationStatus
from tests.contract import store_records as a

THRESHOLDS = {"WATCH": 3.5, "PROBABLE": 8.0, "ESTABLISHED": 11.0}
PLACE = "set-1"
NAME = "Abu Zerega"
QUIET = {"WATCH": -4.0}
EXPECTED = {
    "near_infrared": 1.2,
    "visible": 1.6,
    "char_index": -0.1,
    "char_fraction": 0.15,
}
DEVIATION = 0.05


def on(day: str) -> datetime:
    """Return the time at which the satellite passes on a day."""
    return datetime.fromisoformat(day).replace(hour=8, minute=31, tzinfo=UTC)


def look(
    day: str,
    status: ObservationStatus = ObservationStatus.UNCHANGED,
    *,
    windowed: Mapping[str, float] | None = None,
    held: Sequence[str] = (),
    errors: Mapping[str, float] | None = None,
    evidence: float = -1.0,
    guard: str = "passed",
    **more: Any,
) -> LedgerRow:
    """Return a look that was judged.

    Parameters
    ----------
    errors : mapping of str to float
        What each feature departed by, in its units; all by nothing if it is not given.
    """
    shown = dict.fromkeys(EXPECTED, 0.0) if errors is None else dict(errors)
    said: dict[str, Any] = {
        "scores": {key: round(error / DEVIATION, 2) for key, error in shown.items()},
        "features": {
            key: [round(EXPECTED[key] + error, 4), EXPECTED[key], DEVIATION]
            for key, error in shown.items()
        },
        "evidence": evidence,
        "windowed": dict(QUIET if windowed is None else windowed),
        "thresholds": THRESHOLDS,
    }
    if held:
        said["held_back"] = list(held)
    detail = {
        "lost": {},
        "guard": {"verdict": guard, "reason": "7 of 24 placebos changed"},
        "lived_without": [],
        "said": said,
        **more.pop("detail", {}),
    }
    return row(day, status, detail=detail, usable=more.pop("usable", 0.97), **more)


def learning(day: str) -> LedgerRow:
    """Return a look that only taught what is normal."""
    reason = "what is normal there is still being learned"
    return row(
        day, ObservationStatus.NOT_PROCESSED, usable=0.9, detail={"said": {}, "reason": reason}
    )


def clouded(day: str, usable: float = 0.3) -> LedgerRow:
    """Return a look of which so little was clear."""
    return row(
        day,
        ObservationStatus.NOT_OBSERVABLE,
        cause=NotObservable.CLOUD,
        usable=usable,
        detail={"lost": {"cloud": round(1.0 - usable, 2)}, "said": {}},
    )


def missed(day: str) -> LedgerRow:
    """Return a pass that never came."""
    reason = "a pass of orbit 50 was expected at about 08:31 UTC and was not listed 36 hours later"
    return row(day, ObservationStatus.NOT_DELIVERED, usable=0.0, detail={"reason": reason})


def row(day: str, status: ObservationStatus, **more: Any) -> LedgerRow:
    """Return a ledger row of the burned detector at the place."""
    return a.look(
        organisation="local",
        detector="burned",
        acquisition=f"S2A_{day.replace('-', '')}",
        sensed=on(day),
        status=status,
        settlement=PLACE,
        **more,
    )


def event(since: str | None, first: str, state: str = "PROBABLE", **more: Any) -> Event:
    """Return an event at the place, told of on the look that first showed it."""
    words = EventState.CANDIDATE if state == "WATCH" else EventState.PROVISIONAL
    return a.event(
        **{
            "organisation": "local",
            "detector": "burned",
            "detector_state": state,
            "state": EventState.CLOSED if state == "LAPSED" else words,
            "settlement": PLACE,
            "last_unharmed": on(since) if since else None,
            "first_changed": on(first),
            "first_detected": on(first),
            "last_detected": on(first) + timedelta(days=5),
            **more,
        }
    )
