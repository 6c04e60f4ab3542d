"""What each class of evidence has been measured to mean: the release's figures, or that none is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from detectors.fusion import HEAT, Level, Standing, combine, level_of
from detectors.registry import detector_ids
from hearthwatch.accuracy.pixels import WORDS as PIXELS
from hearthwatch.accuracy.released import Measured, Release, read_release, shelf
from hearthwatch.fusion.event import as_source
from hearthwatch.records import EventSource, EventState

NOT_MEASURED = "not measured"
NEVER_BY_HEAT = "does not come about: heat alone is never more than a hint"
_OF_FILE = {"camps": "camp_change", "sites": "camp_sites"}
"""Detectors whose file of figures bears another name."""
_TWO = "two sensors"
"""In the name of a figure that is about two sensors together."""


class EvidenceClass(StrEnum):
    """How much speaks for an event, in the order of strength."""

    WATCH = "watch_alone"
    PROBABLE = "probable_by_one"
    ESTABLISHED = "established_by_one"
    CORROBORATED = "established_by_two"


TAKES = {
    EvidenceClass.WATCH: "Evidence above the first threshold of one detector, or heat alone.",
    EvidenceClass.PROBABLE: "PROBABLE by one sensor, or by several none of which is surer.",
    EvidenceClass.ESTABLISHED: "ESTABLISHED by one sensor; others may have seen it less surely.",
    EvidenceClass.CORROBORATED: "ESTABLISHED by two sensors that share no pixels.",
}
"""What must be there for a class, in words."""
STATE = {
    EvidenceClass.WATCH: EventState.CANDIDATE,
    EvidenceClass.PROBABLE: EventState.PROVISIONAL,
    EvidenceClass.ESTABLISHED: EventState.PROVISIONAL,
    EvidenceClass.CORROBORATED: EventState.CORROBORATED,
}
_OF_LEVEL = {
    Level.WATCH: EvidenceClass.WATCH,
    Level.PROBABLE: EvidenceClass.PROBABLE,
    Level.ESTABLISHED: EvidenceClass.ESTABLISHED,
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was measured of one class.

    Attributes
    ----------
    figures : tuple of (str, Measured)
        Each with the detector it was measured of; empty where it is of several.
    """

    evidence: EvidenceClass
    figures: tuple[tuple[str, Measured], ...]


def class_of(sources: Sequence[EventSource]) -> EvidenceClass | None:
    """Return the class of an event by its sources; None where none of them stands."""
    found = [as_source(one) for one in sources]
    standing = [one for one in found if not one.has_lapsed]
    if not standing:
        return None
    if combine(standing).state is Standing.CORROBORATED:
        return EvidenceClass.CORROBORATED
    return _OF_LEVEL[max(map(level_of, standing))]


def sensors_behind(sources: Sequence[EventSource]) -> list[str]:
    """Return with what an event was seen: the sensors of the sources that stand."""
    standing = (one for one in sources if not as_source(one).has_lapsed)
    return sorted({sensor for one in standing for sensor in one.sensors})


def class_table(release: Release) -> tuple[Meaning, ...]:
    """Return what a release measured of each class, weakest first."""
    return tuple(Meaning(one, tuple(_figures(release, one))) for one in EvidenceClass)


def class_value(meaning: Meaning) -> dict[str, Any]:
    """Return one class for programs."""
    return {
        "class": meaning.evidence.value,
        "event_state": STATE[meaning.evidence].value,
        "takes": TAKES[meaning.evidence],
        "measured": [_value(detector, one) for detector, one in meaning.figures],
        "words": words_of(meaning),
    }


def class_row(meaning: Meaning) -> dict[str, Any]:
    """Return one class for programs, with what was measured of it for every detector there is.

    A detector of which nothing was measured is named as well: that is what has to be known of it.
    """
    if meaning.evidence is EvidenceClass.CORROBORATED:
        rows = [{"detector": _TWO, "words": words_of(meaning)}]
    else:
        rows = [{"detector": one, "words": _words_for(meaning, one)} for one in _detectors(meaning)]
    return {**class_value(meaning), "detectors": rows}


def meaning_of(sources: Sequence[EventSource], detector: str) -> dict[str, Any] | None:
    """Return the class of an event and what was measured of it, of its leading detector alone.

    Figures of other detectors say nothing of this one.
    """
    found = class_of(sources)
    if found is None:
        return None
    meaning = next(one for one in class_table(_shipped()) if one.evidence is found)
    own = tuple(one for one in meaning.figures if one[0] in ("", detector))
    return class_value(Meaning(found, own))


def words_of(meaning: Meaning) -> str:
    """Say how often a class was false where that was measured."""
    told = [
        f"{one.name}: {one.figure:.3g} [{one.low:.3g}, {one.high:.3g}] "
        f"({PIXELS[one.pixels].lower()})"
        for _, one in meaning.figures
        if isinstance(one.figure, float) and one.low is not None and one.high is not None
        if one.name.startswith("false") or _TWO in one.name
    ]
    return "; ".join(told) or NOT_MEASURED


def _detectors(meaning: Meaning) -> list[str]:
    """Return every detector that is installed or was measured, and heat."""
    measured = {name for name, _ in meaning.figures if name}
    return sorted({*detector_ids(), HEAT, *measured})


def _words_for(meaning: Meaning, detector: str) -> str:
    if detector == HEAT and meaning.evidence is not EvidenceClass.WATCH:
        return NEVER_BY_HEAT
    own = tuple(one for one in meaning.figures if one[0] == detector)
    return words_of(Meaning(meaning.evidence, own))


def _figures(release: Release, evidence: EvidenceClass) -> Iterator[tuple[str, Measured]]:
    for one in release.figures:
        if _TWO in one.name:
            if evidence is EvidenceClass.CORROBORATED:
                yield "", one
        elif one.state is not None and _OF_LEVEL[Level[one.state.value]] is evidence:
            # A file of figures bears the name of the detector that they are of.
            stem = Path(one.file).stem
            yield _OF_FILE.get(stem, stem), one


def _value(detector: str, one: Measured) -> dict[str, Any]:
    return {
        "detector": detector or None,
        "name": one.name,
        "figure": one.figure,
        "low": one.low,
        "high": one.high,
        "unit": one.unit,
        "data": one.data,
        "pixels": one.pixels.value,
    }


@cache
def _shipped() -> Release:
    return read_release(shelf())
