"""Histories built by hand: truths, versions of events and ledger rows at given days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shapely.geometry import MultiPolygon, box

from hearthwatch.evaluation.episodes import Episode, episode_of, looks_of
from hearthwatch.evaluation.truth import Truth
from hearthwatch.records import (
    Event,
    EventState,
    Kind,
    LedgerRow,
    Mode,
    NotObservable,
    ObservationStatus,
    Settlement,
)

ZERO = datetime(2022, 1, 1, tzinfo=UTC)
PASS = timedelta(hours=8, minutes=31, seconds=7)
"""Time of day of a look: it must never be found in a report without places."""
_DAY_END = timedelta(days=1) - timedelta(microseconds=1)
STATUSES = ObservationStatus


def noon(number: float) -> datetime:
    """Return the sensing time of a look on day `number`; day 0 is 2022-01-01."""
    return ZERO + timedelta(days=number) + PASS


def truth(place="a", first=100, last=None, kind=Kind.BURNED, share=0.8, where="") -> Truth:
    """Return an event that happened from day `first` to the end of day `last`."""
    end = first if last is None else last
    return Truth(
        settlement=place,
        kind=kind,
        earliest=ZERO + timedelta(days=first),
        latest=ZERO + timedelta(days=end) + _DAY_END,
        share=share,
        where=where or f"{place} {first} {end} {kind}",
    )


def history(name, place, interval, states, kind=Kind.BURNED) -> tuple[Event, ...]:
    """Return the versions of one event.

    Parameters
    ----------
    interval : (int or None, int)
        Days of the last unharmed and of the first changed look.
    states : sequence of (int, str)
        Day of the look and detector state, one for each version.
    """
    unharmed, changed = interval
    return tuple(
        Event(
            id=name,
            organisation="ours",
            kind=kind,
            mode=Mode.ACTUAL,
            region="r",
            cell="36N_0512_0143",
            detector="burned",
            state=EventState.CANDIDATE,
            detector_state=state,
            version=version,
            geometry=MultiPolygon([box(25.30, 13.60, 25.32, 13.62)]),
            area_m2=1.0,
            last_unharmed=None if unharmed is None else noon(unharmed),
            first_changed=noon(changed),
            first_detected=noon(states[0][0]),
            last_detected=noon(day),
            looks=version,
            observed="",
            evidence={},
            settlement=place,
        )
        for version, (day, state) in enumerate(states, start=1)
    )


def episode(name, place, interval, states, kind=Kind.BURNED) -> Episode:
    return episode_of(history(name, place, interval, states, kind))


def row(place, day, status=STATUSES.UNCHANGED, cell="c", sensor="S2A") -> LedgerRow:
    return LedgerRow(
        organisation="ours",
        kind=Kind.BURNED,
        mode=Mode.ACTUAL,
        region="r",
        cell=cell,
        acquisition=f"{sensor}-{day}",
        detector="burned",
        sensed=noon(day),
        status=status,
        usable=1.0,
        cause=NotObservable.CLOUD if status is STATUSES.NOT_OBSERVABLE else None,
        settlement=place,
    )


def ledger(places="ab", days=range(0, 1001, 5), learning=20, cloudy=()) -> list[LedgerRow]:
    """Return a row every fifth day: learning before day `learning`, no use of `cloudy` days."""
    return [row(place, day, _status(day, learning, cloudy)) for place in places for day in days]


def looks(**given):
    return looks_of(ledger(**given))


def settlement(name, lon=25.31, lat=13.61) -> Settlement:
    outline = box(lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01)
    return Settlement(
        id=name,
        organisation="ours",
        mode=Mode.ACTUAL,
        name=f"Village {name}",
        geometry=MultiPolygon([outline]),
        area_m2=1.0,
        created=ZERO,
    )


def _status(day, learning, cloudy) -> ObservationStatus:
    if day in cloudy:
        return STATUSES.NOT_OBSERVABLE
    return STATUSES.NOT_PROCESSED if day < learning else STATUSES.UNCHANGED
