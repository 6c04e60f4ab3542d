"""The event that sources make: the words of the leading one, the interval and the state of all."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from detectors.fusion import Combined, Source, combine
from detectors.types import DetectorState
from hearthwatch.records import Event, EventSource, EventState
from hearthwatch.words import counted, day
from tiles.geodesy import area_m2 as area_of

ONE_WITH = "one change with event"
"""Beginning of the doubt of an event that software found to be a piece of another."""
WEIGHT = "log_likelihood_ratio"
"""In the evidence of a source: the number that adds up with that of independent ones."""
SAID_BY_PEOPLE = frozenset(
    {EventState.CONFIRMED, EventState.DISPUTED, EventState.REJECTED, EventState.RETRACTED}
)
"""States that software never gives and never takes back."""


def as_source(record: EventSource) -> Source:
    """Return a stored source as what sources are combined from."""
    known = record.reached in DetectorState.__members__
    weight = record.evidence.get(WEIGHT, 0.0)
    return Source(
        id=record.id,
        detector=record.detector,
        kind=record.kind.value,
        groups=record.groups,
        state=DetectorState(record.detector_state),
        reached=DetectorState(record.reached) if known else DetectorState.WATCH,
        last_unharmed=record.last_unharmed,
        first_changed=record.first_changed,
        last_detected=record.last_detected,
        weight=float(weight) if isinstance(weight, int | float) else 0.0,
        geometry=record.geometry,
        settlement=record.settlement,
        change=record.change,
        cell=record.cell,
    )


def fused(event_id: str, sources: Sequence[EventSource], known: Event | None) -> Event:
    """Return the event that sources make, as the next version of what is known of it.

    Parameters
    ----------
    sources : sequence of EventSource
        All that tell of it now; at least one.
    """
    combined = combine([as_source(one) for one in sources])
    by_id = {one.id: one for one in sources}
    lead = by_id[combined.leading]
    others = [one for key, one in sorted(by_id.items()) if key != lead.id]
    standing = [one for one in others if one.detector_state != DetectorState.LAPSED]
    pieces = [lead, *(one for one in standing if _goes_on(lead, one))]
    geometry, area_m2 = _ground(pieces)
    event = Event(
        id=event_id,
        organisation=lead.organisation,
        kind=lead.kind,
        mode=lead.mode,
        region=lead.region,
        cell=lead.cell,
        detector=lead.detector,
        state=EventState(combined.state.value),
        detector_state=lead.detector_state,
        version=1,
        geometry=geometry,
        area_m2=area_m2,
        last_unharmed=combined.last_unharmed,
        first_changed=combined.first_changed,
        first_detected=min(one.first_detected for one in sources),
        last_detected=max(one.last_detected for one in sources),
        looks=lead.looks,
        observed=_observed(pieces, area_m2, [one for one in standing if one not in pieces]),
        evidence=_evidence(lead, standing, combined, by_id),
        doubts=_doubts(lead, others, combined),
        settlement=next((one.settlement for one in (lead, *others) if one.settlement), ""),
        change=next((one.change for one in (lead, *standing) if one.change), ""),
    )
    return event if known is None else as_people_left_it(event, known)


def absorbed(known: Event, into: str) -> Event:
    """Return an event that has no sources of its own any more as the next version of itself.

    It stays, with its history, and points to the one that its sources tell of now.
    """
    words = f"{ONE_WITH} {into}: its ground goes on there, over a border of the work grid"
    return dataclasses.replace(
        known,
        version=known.version + 1,
        state=EventState.CLOSED,
        merged_into=into,
        doubts=(*known.doubts, words),
    )


def as_people_left_it(event: Event, known: Event) -> Event:
    """Return an event as the next version of another, in the state that people gave that one.

    That it was seen again after they said that it is none, or over, is told as a doubt.
    """
    event = dataclasses.replace(event, version=known.version + 1)
    if not is_said(known):
        return event
    doubts = event.doubts
    if known.state is not EventState.CONFIRMED and event.state is not EventState.CLOSED:
        said = f"people said that it is {known.state.value}: seen on"
        if event.last_detected > known.last_detected:
            doubts = (*doubts, f"{said} {day(event.last_detected)} all the same")
        else:
            # Nothing was seen since: what was said of that stands, if anything was.
            doubts = (*doubts, *(one for one in known.doubts if one.startswith(said)))
    return dataclasses.replace(event, state=known.state, said_by=known.said_by, doubts=doubts)


def is_said(event: Event) -> bool:
    """Tell whether people gave an event its state."""
    return bool(event.said_by) or event.state in SAID_BY_PEOPLE


def _goes_on(lead: EventSource, source: EventSource) -> bool:
    """Tell whether a source of the same event is another piece of the leading one's ground."""
    return source.detector == lead.detector and not (lead.settlement or source.settlement)


def _ground(pieces: Sequence[EventSource]) -> tuple[BaseGeometry, float]:
    """Return the ground of all pieces together and its area, m2."""
    if len(pieces) == 1:
        return pieces[0].geometry, pieces[0].area_m2
    # Cells of two zones overlap: ground that both hold counts once.
    whole = shapely.union_all([one.geometry for one in pieces])
    return whole, area_of(whole)


def _observed(pieces: Sequence[EventSource], area_m2: float, others: Sequence[EventSource]) -> str:
    cells = len({one.cell for one in pieces})
    goes_on = (
        f"It is one of {counted(len(pieces), 'piece')} that hang together, in {cells} cells of the "
        f"work grid: {area_m2 / 1e4:.2f} ha in all."
    )
    several = [goes_on] if len(pieces) > 1 else []
    return " ".join([pieces[0].observed, *several, *map(_also, others)])


def _also(source: EventSource) -> str:
    return f"Also, by {' and '.join(source.groups)} ({source.detector}): {source.observed}"


def _evidence(
    lead: EventSource,
    others: Sequence[EventSource],
    combined: Combined,
    by_id: Mapping[str, EventSource],
) -> dict[str, Any]:
    if not others:
        return dict(lead.evidence)
    added = {by_id[key].detector: weight for key, weight in combined.weights.items()}
    return {
        **lead.evidence,
        "combined_log_likelihood_ratio": sum(combined.weights.values()),
        "added_up": dict(sorted(added.items())),
    }


def _doubts(
    lead: EventSource, others: Sequence[EventSource], combined: Combined
) -> tuple[str, ...]:
    theirs = [f"{one.detector}: {doubt}" for one in others for doubt in one.doubts]
    return (*lead.doubts, *combined.doubts, *theirs)
