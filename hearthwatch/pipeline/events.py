"""From findings to events: identity, the frozen words, and what people have said comes first."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from detectors.types import DetectorInfo, DetectorState, Finding
from hearthwatch.records import Detection, Event, EventState, Kind, Region
from hearthwatch.words import counted

NAMESPACE = uuid.UUID("5f0c1d0e-6f5e-5c5a-9a3f-7b1f6f1f2a10")

NOT_FOUND = "not found when its looks were scored again"
"""Beginning of the doubt of an event that is withdrawn."""

_STATE_OF = {
    DetectorState.WATCH: EventState.CANDIDATE,
    DetectorState.PROBABLE: EventState.PROVISIONAL,
    DetectorState.ESTABLISHED: EventState.PROVISIONAL,
    DetectorState.CLOSED: EventState.PROVISIONAL,
    DetectorState.LAPSED: EventState.CLOSED,
}
_FACTORS = {
    "red_to_near_infrared_factor": "red against near-infrared",
    "short_wave_infrared_factor": "short-wave infrared",
    "near_infrared_factor": "near-infrared reflectance",
    "visible_factor": "visible reflectance",
}
_SAID_BY_PEOPLE = frozenset(
    {EventState.CONFIRMED, EventState.DISPUTED, EventState.REJECTED, EventState.RETRACTED}
)


@dataclass(frozen=True, slots=True)
class Where:
    """The look and the place that findings are about.

    Attributes
    ----------
    settlements : mapping of str to str
        Ids of the settlements by the key the detector knows them by.
    """

    region: Region
    cell: str
    acquisition: str
    sensed: datetime
    detector: DetectorInfo
    digest: str
    masters: tuple[str, ...]
    settlements: Mapping[str, str] = field(default_factory=dict)

    def settlement(self, finding: Finding) -> str:
        """Return the id of the settlement a finding is about; empty for one about an area."""
        return self.settlements[finding.place] if finding.place else ""


def event_id(where: Where, finding: Finding) -> str:
    """Return the id of the event a finding belongs to: the same for the same object, always."""
    r = where.region
    place = (finding.place,) if finding.place else ()
    parts = (r.organisation, r.id, where.cell, where.detector.id, *place, str(finding.object))
    name = "/".join(parts)
    return str(uuid.uuid5(NAMESPACE, name))


def is_reportable(finding: Finding, known: Event | None, minimum_area_m2: float) -> bool:
    """Tell whether a finding makes or changes an event.

    A new object must reach the minimum mapping unit, a settlement must not; what has lapsed
    before anyone was told of it was never an event.
    """
    if known is not None:
        return True
    large = bool(finding.place) or finding.area_m2 >= minimum_area_m2
    return large and finding.state is not DetectorState.LAPSED


def next_event(where: Where, finding: Finding, known: Event | None) -> Event:
    """Return the event, or its next version, that a finding calls for."""
    region = where.region
    state = _STATE_OF[finding.state]
    if known is not None and finding.state is DetectorState.CLOSED:
        # Long after, the last look says little: the numbers of the change itself stay.
        finding = dataclasses.replace(finding, evidence=known.evidence)
    if known is not None and known.state in _SAID_BY_PEOPLE:
        state = known.state
    event = Event(
        id=event_id(where, finding),
        organisation=region.organisation,
        kind=Kind(finding.kind),
        mode=region.mode,
        region=region.id,
        cell=where.cell,
        detector=where.detector.id,
        state=state,
        detector_state=finding.state.value,
        version=1,
        geometry=finding.geometry,
        area_m2=finding.area_m2,
        last_unharmed=finding.last_unharmed,
        first_changed=finding.first_changed,
        first_detected=where.sensed,
        last_detected=where.sensed,
        looks=finding.looks,
        observed=in_words(finding),
        evidence=dict(finding.evidence),
        doubts=finding.doubts,
        settlement=where.settlement(finding),
    )
    if known is None:
        return event
    event = dataclasses.replace(
        event, version=known.version + 1, first_detected=known.first_detected
    )
    ending = finding.state in (DetectorState.LAPSED, DetectorState.CLOSED)
    return _ended(event, known) if ending else event


def as_it_stood(history: Sequence[Event], until: datetime) -> Event | None:
    """Return an event as it stood after the looks up to a time; None if it was not told of then.

    What people have said of it since then counts all the same.

    Parameters
    ----------
    history : sequence of Event
        All its versions, oldest first.
    """
    then = [one for one in history if one.last_detected <= until]
    if not then or is_withdrawn(then[-1]):
        return None
    said = history[-1].state
    state = said if said in _SAID_BY_PEOPLE else _STATE_OF[DetectorState(then[-1].detector_state)]
    return dataclasses.replace(then[-1], state=state)


def carried_on(event: Event, stored: Event | None) -> Event:
    """Return an event that was found anew as the next version of the one that is stored."""
    if stored is None:
        return event
    state = stored.state if stored.state in _SAID_BY_PEOPLE else event.state
    return dataclasses.replace(event, version=stored.version + 1, state=state)


def withdrawn(event: Event, why: str) -> Event:
    """Return the next version of an event that was not found when its looks were scored again.

    It ends; all that was ever told of it stays readable.

    Parameters
    ----------
    why : str
        What they were scored again for.
    """
    ended = dataclasses.replace(
        event,
        state=_STATE_OF[DetectorState.LAPSED],
        detector_state=DetectorState.LAPSED.value,
        doubts=(*event.doubts, f"{NOT_FOUND}, as {why}"),
    )
    return carried_on(ended, event)


def is_withdrawn(event: Event) -> bool:
    """Tell whether an event was withdrawn and not found again since."""
    has_ended = event.detector_state == DetectorState.LAPSED
    return has_ended and any(doubt.startswith(NOT_FOUND) for doubt in event.doubts)


def are_apart(one: Event, other: Event) -> bool:
    """Tell whether two events cannot be one: by their ground, or by their intervals."""
    first, second = sorted((one, other), key=lambda event: event.first_changed)
    unharmed = second.last_unharmed
    is_later = unharmed is not None and first.first_changed < unharmed
    return is_later or not one.geometry.intersects(other.geometry)


def detection(where: Where, finding: Finding) -> Detection:
    """Return what is stored of a finding, with all that is needed to compute it again."""
    region, event = where.region, event_id(where, finding)
    return Detection(
        id=str(uuid.uuid5(NAMESPACE, f"{event}/{where.acquisition}")),
        organisation=region.organisation,
        kind=Kind(finding.kind),
        mode=region.mode,
        event=event,
        region=region.id,
        cell=where.cell,
        acquisition=where.acquisition,
        detector=where.detector.id,
        detector_version=where.detector.version,
        detector_state=finding.state.value,
        sensed=where.sensed,
        geometry=finding.geometry,
        area_m2=finding.area_m2,
        last_unharmed=finding.last_unharmed,
        first_changed=finding.first_changed,
        looks=finding.looks,
        evidence={**finding.evidence, "masters": list(where.masters)},
        doubts=finding.doubts,
        digest=where.digest,
        settlement=where.settlement(finding),
    )


def in_words(finding: Finding) -> str:
    """Say what was observed, and nothing of what it may mean."""
    since = (
        f"between {finding.last_unharmed:%Y-%m-%d} and {finding.first_changed:%Y-%m-%d}"
        if finding.last_unharmed
        else f"on or before {finding.first_changed:%Y-%m-%d}"
    )
    factors = [
        f"{words} is {finding.evidence[name]:.2f} times"
        for name, words in _FACTORS.items()
        if name in finding.evidence
    ]
    compared = f": {' and '.join(factors)} what its past and its surroundings let expect"
    return (
        f"{_what_was_seen(finding)} {since}{compared if factors else ''}; "
        f"seen in {counted(finding.looks, 'look')}."
    )


def _what_was_seen(finding: Finding) -> str:
    """Say what the ground did, of an area or of a settlement."""
    if finding.place:
        return f"A settlement of {finding.area_m2 / 1e4:.2f} ha came to look burned"
    return f"Ground over {finding.area_m2 / 1e4:.2f} ha changed"


def _ended(event: Event, known: Event) -> Event:
    """Keep what was found when it was plain; say only how it ended."""
    gone = event.detector_state == DetectorState.LAPSED
    words = f"no longer seen on {event.last_detected:%Y-%m-%d}"
    return dataclasses.replace(
        event,
        geometry=known.geometry,
        area_m2=known.area_m2,
        last_unharmed=known.last_unharmed,
        first_changed=known.first_changed,
        looks=known.looks,
        observed=f"{known.observed} It is {words}." if gone else known.observed,
        evidence=known.evidence,
        doubts=(*known.doubts, words) if gone else known.doubts,
    )
