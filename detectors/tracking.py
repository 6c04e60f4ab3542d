"""Objects through time: born from evidence, growing, established, re-armed or lapsed.

An object keeps its number for ever. A pixel belongs to one object at a time; once the object's
ground has been bare long enough to be the new normal, its pixels are given back and learn again,
so that the same place can be reported a second time.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import kernel
from detectors.kernel import EVIDENCE_UNIT, NO_DATA, KernelParameters
from detectors.objects import Window, area_m2, outline, windows
from detectors.ownership import Held, adopt
from detectors.types import DetectorState, Finding
from imagery.types import GeoBox


@dataclass(frozen=True, slots=True)
class ObjectRules:
    """When pixels become an object, and what it takes to be believed.

    Attributes
    ----------
    grow, seed, probable, established : float
        Evidence, nats: of a pixel that may belong, of one that may found an object, and of half
        of an object's pixels in the two higher states.
    looks_watch, looks_probable, looks_established : int
        Usable looks the evidence has lasted; one look alone never founds an object.
    minimum_pixels, minimum_seeds : int
        Smallest object.
    same_episode_days : int
        A neighbour that changed within so many days joins; later it is an object of its own.
    rearm_looks : int
        Usable looks after which an established object's ground is the new normal.
    alive : float
        Evidence, nats, below which a pixel no longer supports its object.
    report_growth : float
        Growth since the last report that is worth a new one.
    """

    grow: float = 4.0
    seed: float = 5.0
    probable: float = 9.0
    established: float = 15.0
    looks_watch: int = 2
    looks_probable: int = 3
    looks_established: int = 5
    minimum_pixels: int = 4
    minimum_seeds: int = 4
    same_episode_days: int = 120
    rearm_looks: int = 25
    alive: float = 1.0
    report_growth: float = 1.2


@dataclass(slots=True)
class _Record:
    """What is remembered of one open object.

    Attributes
    ----------
    day : int
        Day of its change, in the state's own count.
    reported, peak : int
        Pixels alive when it was last reported, and at most.
    strongest : float
        Highest evidence it has had, nats (median of its pixels).
    red, swir : float or None
        Factors of change, red to near-infrared and short-wave infrared, seen at that look; None
        where the look did not have the band.
    """

    number: int
    day: int
    state: str = ""
    reported: int = 0
    peak: int = 0
    strongest: float = 0.0
    red: float | None = None
    swir: float | None = None


_RANK = {DetectorState.WATCH: 1, DetectorState.PROBABLE: 2, DetectorState.ESTABLISHED: 3}


@dataclass(slots=True)
class _View:
    """Fields of the slab that objects are made from, shape (y, x)."""

    evidence: NDArray[np.float32]
    run: NDArray[np.int16]
    changed: NDArray[np.int16]
    unharmed: NDArray[np.int16]
    residual: NDArray[np.float32]
    geobox: GeoBox
    day_time: Callable[[int], datetime]
    rules: ObjectRules
    corner: tuple[int, int] = (0, 0)

    def within(self, window: Window) -> _View:
        """Return the fields in a window around one object: the whole square is much larger."""
        return dataclasses.replace(
            self,
            evidence=self.evidence[window],
            run=self.run[window],
            changed=self.changed[window],
            unharmed=self.unharmed[window],
            residual=self.residual[:, window[0], window[1]],
            corner=(window[0].start, window[1].start),
        )


def track(
    slab: NDArray[np.int16],
    label: NDArray[np.uint32],
    objects: Sequence[Mapping[str, Any]],
    number: int,
    residual: Callable[[], NDArray[np.float32]],
    geobox: GeoBox,
    day_time: Callable[[int], datetime],
    rules: ObjectRules,
    baseline: KernelParameters,
) -> tuple[NDArray[np.uint32], tuple[Mapping[str, Any], ...], int, tuple[Finding, ...]]:
    """Bring the objects up to date with the evidence; `slab` and `label` are changed in place.

    Parameters
    ----------
    residual : callable
        Gives what each pixel of the look differs from its baseline by, shape (2, size); asked
        only where there is something to report, for it costs as much as the update.

    Returns
    -------
    label, objects, next number, findings
    """
    if not objects and not (slab[:, kernel.EVIDENCE] * EVIDENCE_UNIT >= rules.seed).any():
        return label, (), number, ()
    view = _view(slab, residual(), geobox, day_time, rules)
    records = {one.number: one for one in (_Record(**o) for o in objects)}
    number = _adopt(view, label, records, number)
    findings = []
    places = windows(label)
    for key in sorted(records):
        window = places[key - 1]
        assert window is not None, f"object {key} has no pixels"
        finding = _advance(view.within(window), label[window], records, key)
        if finding is not None:
            findings.append(finding)
        if records[key].state == DetectorState.CLOSED:
            kernel.renew(slab, np.flatnonzero(label == key), baseline)
        if records[key].state in (DetectorState.CLOSED, DetectorState.LAPSED):
            label[label == key] = 0
            del records[key]
    return label, tuple(map(dataclasses.asdict, records.values())), number, tuple(findings)


def _view(
    slab: NDArray[np.int16],
    residual: NDArray[np.float32],
    geobox: GeoBox,
    day_time: Callable[[int], datetime],
    rules: ObjectRules,
) -> _View:
    shape = (int(geobox.shape[0]), int(geobox.shape[1]))
    size = shape[0] * shape[1]
    run, changed, unharmed = (
        kernel.field(slab, which, size).reshape(shape)
        for which in (kernel.RUN, kernel.CHANGED, kernel.UNHARMED)
    )
    evidence = kernel.field(slab, kernel.EVIDENCE, size).reshape(shape) * np.float32(EVIDENCE_UNIT)
    return _View(
        evidence, run, changed, unharmed, residual.reshape(2, *shape), geobox, day_time, rules
    )


def _adopt(view: _View, label: NDArray[np.uint32], records: dict[int, _Record], number: int) -> int:
    """Give every unowned component to the object it belongs to, or found a new one."""
    rules = view.rules
    free = (view.evidence >= rules.grow) & (view.run >= rules.looks_watch) & (label == 0)

    def joins(one: Held, other: Held) -> bool:
        return abs(one.day - other.day) <= rules.same_episode_days

    def founds(part: NDArray[np.bool_], window: Window) -> bool:
        seeds = int((view.evidence[window][part] >= rules.seed).sum())
        return int(part.sum()) >= rules.minimum_pixels and seeds >= rules.minimum_seeds

    held = {key: Held(record.day, record.peak) for key, record in records.items()}
    after = adopt(free, view.changed, label, held, joins, founds, number)
    for key in range(number, after):
        records[key] = _Record(number=key, day=held[key].day)
    return after


def _advance(
    view: _View, label: NDArray[np.uint32], records: dict[int, _Record], key: int
) -> Finding | None:
    """Move one object on; return a finding if there is something new to say of it."""
    rules, record = view.rules, records[key]
    mask = label == key
    alive = mask & (view.evidence >= rules.alive)
    pixels = int(alive.sum())
    record.peak = max(record.peak, pixels)
    before = record.state
    if pixels < max(rules.minimum_pixels, record.peak // 4):
        record.state = DetectorState.LAPSED
        return _finding(view, mask, mask, record)
    looks = int(np.median(view.run[alive]))
    if before == DetectorState.ESTABLISHED and looks >= rules.rearm_looks:
        record.state = DetectorState.CLOSED
        return _finding(view, mask, alive, record)
    evidence = float(np.median(view.evidence[alive]))
    _remember(view, alive, record, evidence)
    state = _state(evidence, looks, rules)
    if before and _RANK[DetectorState(before)] > _RANK[state]:
        state = DetectorState(before)
    grown = pixels >= rules.report_growth * record.reported
    if state == before and not grown:
        return None
    record.state, record.reported = state, pixels
    return _finding(view, mask, alive, record)


def _remember(view: _View, alive: NDArray[np.bool_], record: _Record, evidence: float) -> None:
    """Keep what the look showed if it was the plainest so far; ground greens again."""
    moved = [_middle(view.residual[k][alive]) for k in range(2)]
    if evidence > record.strongest and max(value or 0.0 for value in moved) > 0.0:
        record.strongest = round(evidence, 3)
        record.red, record.swir = (None if v is None else round(math.exp(v), 3) for v in moved)


def _state(evidence: float, looks: int, rules: ObjectRules) -> DetectorState:
    if evidence >= rules.established and looks >= rules.looks_established:
        return DetectorState.ESTABLISHED
    if evidence >= rules.probable and looks >= rules.looks_probable:
        return DetectorState.PROBABLE
    return DetectorState.WATCH


def _finding(
    view: _View, mask: NDArray[np.bool_], alive: NDArray[np.bool_], record: _Record
) -> Finding:
    """Report an object: all its ground, and the dates of the pixels that still show it."""
    geometry = outline(mask, view.geobox, view.corner)
    changed = int(np.percentile(view.changed[alive], 75, method="higher"))
    seen = view.unharmed[alive]
    seen = seen[(seen != NO_DATA) & (seen < changed)]
    unharmed = int(np.percentile(seen, 25, method="lower")) if seen.size else None
    return Finding(
        object=record.number,
        kind="ground_change",
        state=DetectorState(record.state),
        geometry=geometry,
        area_m2=area_m2(geometry),
        pixels=int(mask.sum()),
        last_unharmed=None if unharmed is None else view.day_time(unharmed),
        first_changed=view.day_time(changed),
        looks=int(np.median(view.run[alive])),
        evidence=_evidence(record),
        doubts=()
        if unharmed is not None
        else ("no look shows the ground plainly unharmed before",),
    )


def _evidence(record: _Record) -> dict[str, float]:
    """Return the numbers of a finding; a band that was not seen has none."""
    factors = {
        "red_to_near_infrared_factor": record.red,
        "short_wave_infrared_factor": record.swir,
    }
    seen = {name: value for name, value in factors.items() if value is not None}
    return {"log_likelihood_ratio": record.strongest, **seen}


def _middle(values: NDArray[np.float32]) -> float | None:
    good = values[np.isfinite(values)]
    return float(np.median(good)) if good.size else None
