"""From findings to the sources of events: identity, words, and how an episode ends."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from detectors.fusion import groups_of
from detectors.types import DetectorInfo, DetectorState, Finding, SiteChange
from hearthwatch.records import Detection, EventSource, Kind, Region
from hearthwatch.words import counted

NAMESPACE = uuid.UUID("5f0c1d0e-6f5e-5c5a-9a3f-7b1f6f1f2a10")

NOT_FOUND = "not found when its looks were scored again"
"""Beginning of the doubt of a source that is withdrawn."""

_FACTORS = {
    "red_to_near_infrared_factor": "red against near-infrared",
    "short_wave_infrared_factor": "short-wave infrared",
    "near_infrared_factor": "near-infrared reflectance",
    "visible_factor": "visible reflectance",
}

_SEEN: Mapping[tuple[str, SiteChange | None], str] = {
    ("burned", None): "A settlement of {size} came to look burned",
    ("razed", None): "A settlement of {size} came to show less of its structures",
    ("abandonment", None): "Less was tilled round a settlement of {size}",
    ("abandonment", SiteChange.REOCCUPIED): "More was tilled again round a settlement of {size}",
    ("abandonment", SiteChange.REBUILT): "Fields and yards of a settlement of {size} came back",
    ("camp_change", SiteChange.NEW): "Ground over {size} came to look built up",
    ("camp_change", SiteChange.EXPANDED): "Built-up ground grew at a site of {size}",
    ("camp_change", SiteChange.CONTRACTED): "Built-up ground shrank at a site of {size}",
    ("camp_change", SiteChange.CLOSED): "Built-up ground went from a site of {size}",
}
"""What was seen, by kind and by what became of the site; a kind's own words hold for the rest."""

_BACK = frozenset({SiteChange.REOCCUPIED, SiteChange.REBUILT})
"""What a site may have become that is told together with the end of what was found."""


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


def source_id(where: Where, finding: Finding) -> str:
    """Return the id of the source a finding is of: the same for the same object, always."""
    r = where.region
    place = (finding.place,) if finding.place else ()
    parts = (r.organisation, r.id, where.cell, where.detector.id, *place, str(finding.object))
    name = "/".join(parts)
    return str(uuid.uuid5(NAMESPACE, name))


def is_reportable(finding: Finding, known: EventSource | None, minimum_area_m2: float) -> bool:
    """Tell whether a finding makes or changes a source of an event.

    A new object must reach the minimum mapping unit, a settlement must not; what has lapsed
    before anyone was told of it was never an event.
    """
    if known is not None:
        return True
    large = bool(finding.place) or finding.area_m2 >= minimum_area_m2
    return large and finding.state is not DetectorState.LAPSED


def next_source(where: Where, finding: Finding, known: EventSource | None) -> EventSource:
    """Return the source, or its next version, that a finding calls for."""
    region = where.region
    if known is not None and finding.state is DetectorState.CLOSED:
        # Long after, the last look says little: the numbers of the change itself stay.
        finding = dataclasses.replace(finding, evidence=known.evidence)
    source = EventSource(
        id=source_id(where, finding),
        organisation=region.organisation,
        kind=Kind(finding.kind),
        mode=region.mode,
        event="",
        region=region.id,
        cell=where.cell,
        detector=where.detector.id,
        sensors=where.detector.sensors,
        groups=groups_of(where.detector.sensors),
        detector_state=finding.state.value,
        reached=finding.state.value,
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
        change=finding.change.value if finding.change else "",
    )
    if known is None:
        return source
    source = dataclasses.replace(
        source,
        version=known.version + 1,
        event=known.event,
        first_detected=known.first_detected,
    )
    ending = finding.state in (DetectorState.LAPSED, DetectorState.CLOSED)
    return _ended(source, known, finding) if ending else source


def as_it_stood(history: Sequence[EventSource], until: datetime) -> EventSource | None:
    """Return a source as it stood after the looks up to a time; None if it was not told of then.

    The event that it tells of is the one it has been put to since.

    Parameters
    ----------
    history : sequence of EventSource
        All its versions, oldest first.
    """
    then = [one for one in history if one.last_detected <= until]
    if not then or is_withdrawn(then[-1]):
        return None
    return dataclasses.replace(then[-1], event=history[-1].event)


def carried_on(source: EventSource, stored: EventSource | None) -> EventSource:
    """Return a source that was found anew as the next version of the one that is stored."""
    if stored is None:
        return source
    return dataclasses.replace(source, version=stored.version + 1, event=stored.event)


def withdrawn(source: EventSource, why: str) -> EventSource:
    """Return the next version of a source that was not found when its looks were scored again.

    It ends; all that was ever told of it stays readable.

    Parameters
    ----------
    why : str
        What they were scored again for.
    """
    ended = dataclasses.replace(
        source,
        detector_state=DetectorState.LAPSED.value,
        doubts=(*source.doubts, f"{NOT_FOUND}, as {why}"),
    )
    return carried_on(ended, source)


def is_withdrawn(source: EventSource) -> bool:
    """Tell whether a source was withdrawn and not found again since."""
    has_ended = source.detector_state == DetectorState.LAPSED
    return has_ended and any(doubt.startswith(NOT_FOUND) for doubt in source.doubts)


def are_apart(one: EventSource, other: EventSource) -> bool:
    """Tell whether two sources cannot be one: by their ground, or by their intervals."""
    first, second = sorted((one, other), key=lambda source: source.first_changed)
    unharmed = second.last_unharmed
    is_later = unharmed is not None and first.first_changed < unharmed
    return is_later or not one.geometry.intersects(other.geometry)


def detection(where: Where, finding: Finding) -> Detection:
    """Return what is stored of a finding, with all that is needed to compute it again.

    Which event it tells of is said when its source is put to one.
    """
    region, source = where.region, source_id(where, finding)
    return Detection(
        id=str(uuid.uuid5(NAMESPACE, f"{source}/{where.acquisition}")),
        organisation=region.organisation,
        kind=Kind(finding.kind),
        mode=region.mode,
        event="",
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
        source=source,
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
    size = f"{finding.area_m2 / 1e4:.2f} ha"
    known = _SEEN.get((finding.kind, finding.change)) or _SEEN.get((finding.kind, None))
    if known is not None:
        return known.format(size=size)
    return f"{'A settlement of' if finding.place else 'Ground over'} {size} changed"


def _ended(source: EventSource, known: EventSource, finding: Finding) -> EventSource:
    """Keep what was found when it was plain; say only how it ended."""
    gone = source.detector_state == DetectorState.LAPSED
    day = f"{source.last_detected:%Y-%m-%d}"
    words = f"no longer seen on {day}"
    observed = f"{known.observed} It is {words}." if gone else known.observed
    if finding.change in _BACK and source.change != known.change:
        observed = f"{known.observed} {_what_was_seen(finding)} by {day}."
    return dataclasses.replace(
        source,
        reached=known.reached,
        geometry=known.geometry,
        area_m2=known.area_m2,
        last_unharmed=known.last_unharmed,
        first_changed=known.first_changed,
        looks=known.looks,
        observed=observed,
        change=source.change or known.change,
        evidence=known.evidence,
        doubts=(*known.doubts, words) if gone else known.doubts,
    )
