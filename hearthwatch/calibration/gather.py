"""Null years out of monitor states: what quiet settlements and placebos brought at most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.burn_strata import place_strata
from detectors.heat import INFO as HEAT_INFO
from detectors.peaks import STATISTICS, YEAR_S
from detectors.types import DetectorState
from hearthwatch.calibration.sets import NullYears, Source
from hearthwatch.records import Event, EventState, StateVersion
from tiles.slabs import read_slab

HEAT = HEAT_INFO.id
PLACEBO = "placebo:"
"""What the key of every placebo begins with."""
_OVER = frozenset({DetectorState.CLOSED.value, DetectorState.LAPSED.value})


class Verdict(IntEnum):
    """What people say of an event."""

    UNDECIDED = 0
    CONFIRMED = 1
    REJECTED = 2


_SAID = {EventState.CONFIRMED: Verdict.CONFIRMED, EventState.REJECTED: Verdict.REJECTED}


@dataclass(frozen=True, slots=True)
class _Year:
    """One finished year of one place; times in seconds since 1970."""

    place: str
    source: Source
    strata: tuple[str, ...]
    begin: int
    end: int
    maxima: NDArray[np.float64]
    other_code: bool


def gather_nulls(
    root: Path, states: Iterable[StateVersion], events: Sequence[Event],
    verdicts: Mapping[str, Verdict], digest: str,
) -> NullYears:  # fmt: skip
    """Return the finished years of all places in which nothing burned.

    Every year of a placebo is one. A year of a settlement is left out if it overlaps an event that
    people confirmed, or one that nobody judged; one with a rejected event stays in.

    Parameters
    ----------
    root : Path
        The data folder.
    states : iterable of StateVersion
        The current ones, of one detector. A place that is in several counts once.
    verdicts : mapping of str to Verdict
        By the event's id; goes before what the event's own state says.
    digest : str
        Of the running code.
    """
    judged = _judged(events, verdicts)
    kept: list[_Year] = []
    left_out = dict.fromkeys(Verdict, 0)
    for year in _each_once(_years(root, states, digest)):
        said = _said_of(year, judged.get(year.place, ()))
        if said in (None, Verdict.REJECTED):
            kept.append(year)
        else:
            left_out[said] += 1
    return NullYears(
        places=tuple(year.place for year in kept),
        sources=tuple(year.source for year in kept),
        strata=tuple(year.strata for year in kept),
        maxima=np.array([year.maxima for year in kept], float).reshape(-1, STATISTICS),
        undecided=left_out[Verdict.UNDECIDED],
        confirmed=left_out[Verdict.CONFIRMED],
        other_code=sum(year.other_code for year in kept),
    )


def verdict_on(event: Event, verdicts: Mapping[str, Verdict]) -> Verdict:
    """Return what people say of an event."""
    return verdicts.get(event.id, _SAID.get(event.state, Verdict.UNDECIDED))


def _years(root: Path, states: Iterable[StateVersion], digest: str) -> Iterator[_Year]:
    for version in states:
        header, rows = read_slab(root / version.path, version.sha256)
        if "peaks" in rows:
            yield from _years_of(header["objects"], rows, other_code=version.digest != digest)


def _years_of(
    objects: Sequence[Mapping[str, Any]], rows: Mapping[str, NDArray[Any]], *, other_code: bool
) -> Iterator[_Year]:
    strata = place_strata(rows, rows["core_pixels"])
    for place, record in enumerate(objects):
        # The key is the place's id and, behind the last @, a digest of its outline.
        name = str(record["id"]).rpartition("@")[0]
        source = Source.PLACEBO if name.startswith(PLACEBO) else Source.SETTLEMENT
        for year in np.flatnonzero(rows["peaks_looks"][place] > 0):
            end = int(rows["peaks_until"][place, year])
            yield _Year(
                name, source, strata[place], end - YEAR_S, end,
                np.array(rows["peaks"][place, year]), other_code,
            )  # fmt: skip


def _each_once(years: Iterable[_Year]) -> Iterator[_Year]:
    """Leave out years of a place that overlap one it has already, in another region's state."""
    taken: dict[str, list[tuple[int, int]]] = {}
    for year in years:
        mine = taken.setdefault(year.place, [])
        if not any(begin < year.end and year.begin < end for begin, end in mine):
            mine.append((year.begin, year.end))
            yield year


_Span = tuple[float, float, Verdict]


def _judged(events: Sequence[Event], verdicts: Mapping[str, Verdict]) -> dict[str, list[_Span]]:
    """Return the time each event took, and what people say of it, by settlement."""
    found: dict[str, list[_Span]] = {}
    for event in events:
        # What was merged into another is told of there; and heat alone, of which there is much and
        # nobody judges, makes no year doubtful.
        if event.merged_into or _is_hint(event):
            continue
        end = event.last_detected.timestamp() if event.detector_state in _OVER else math.inf
        span = (event.first_changed.timestamp(), end, verdict_on(event, verdicts))
        found.setdefault(event.settlement, []).append(span)
    return found


def _is_hint(event: Event) -> bool:
    """Tell whether nothing but heat speaks for an event, and nobody has confirmed it."""
    return event.detector == HEAT and event.state is EventState.CANDIDATE


def _said_of(year: _Year, events: Sequence[_Span]) -> Verdict | None:
    """Return what decides whether a year is quiet; None where there was no event."""
    within = {said for begin, end, said in events if begin < year.end and end >= year.begin}
    for said in (Verdict.CONFIRMED, Verdict.UNDECIDED, Verdict.REJECTED):
        if said in within:
            return said
    return None
