"""From another detector's states per pixel to objects that keep their number.

A component of disturbed pixels joins the object beside it if it began with it and is not much
larger, or founds an object. The interval is that of the founding pixels and stays; what joins
later is growth. The states follow the product's: *first* is a candidate, *provisional* stands on
two passes at least, *confirmed* on three of ours, and *finished* ends it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.dist_alert_pixels import METRIC_UNIT, PRODUCT_DAYS, Pixels
from detectors.objects import Window, area_m2, outline, windows
from detectors.ownership import Held, adopt
from detectors.types import NEVER, DetectorState, Finding
from imagery.types import GeoBox

ORIGIN = "sentinel-1"
"""What the alerts are made of: they are no witness apart from radar of ours."""
MADE_BY = "OPERA DIST-ALERT-S1"
OLDER = "it was there when the watch began: older than the watch"
_WORDS = {1: "first", 2: "provisional", 3: "confirmed"}


@dataclass(frozen=True, slots=True)
class AlertRules:
    """When pixels become an object, and what it takes to be believed.

    Attributes
    ----------
    minimum_m2 : float
        Smallest object, as of every watch of an area: 1 ha, eleven of the product's pixels.
        Single passes are full of smaller specks.
    same_episode_days : int
        A neighbour that changed within so many days joins; later it is an object of its own.
    dominance : float
        A component so many times larger than an object beside it is an object of its own:
        a speck of noise must not lend a fire its number and its date.
    half : float
        Share of an object's pixels that must have a state for the object to have it.
    looks_established : int
        Anomalous passes at the median pixel.
    report_growth : float
        Growth since the last report that is worth a new one.
    """

    minimum_m2: float = 10_000.0
    same_episode_days: int = 120
    dominance: float = 4.0
    half: float = 0.5
    looks_established: int = 3
    report_growth: float = 1.2


@dataclass(slots=True)
class _Record:
    """What is remembered of one open object.

    Attributes
    ----------
    day : int
        Day its founding pixels changed, in the product's count.
    unharmed, changed : int
        The interval of their change, seconds since the epoch.
    pixels, peak, reported : int
        Pixels disturbed now, at most, and when it was last reported.
    """

    number: int
    day: int
    unharmed: int
    changed: int
    state: str = ""
    pixels: int = 0
    peak: int = 0
    reported: int = 0


_RANK = {DetectorState.WATCH: 1, DetectorState.PROBABLE: 2, DetectorState.ESTABLISHED: 3}


def follow(
    pixels: Pixels,
    objects: Sequence[Mapping[str, Any]],
    number: int,
    geobox: GeoBox,
    rules: AlertRules,
) -> tuple[tuple[Mapping[str, Any], ...], int, tuple[Finding, ...]]:
    """Bring the objects up to date with the pixels, whose owners are changed in place.

    Returns
    -------
    objects, next number, findings
    """
    ground = _Ground(pixels, geobox, rules)
    records = {one.number: one for one in (_Record(**dict(o)) for o in objects)}
    findings = [_settled(part, records) for part in ground.parts(records)]
    number = _adopted(ground, records, number)
    findings += [_told(part, records[part.key]) for part in ground.parts(records)]
    return (
        tuple(map(dataclasses.asdict, records.values())),
        number,
        tuple(one for one in findings if one is not None),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One object and the window it lies in: the whole square is much larger."""

    key: int
    pixels: Pixels
    window: Window
    ground: _Ground

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Pixels that it owns."""
        owned: NDArray[np.bool_] = self.pixels.label == self.key
        return owned


@dataclass(frozen=True, slots=True)
class _Ground:
    """All pixels, the grid they are of, and the rules."""

    pixels: Pixels
    geobox: GeoBox
    rules: AlertRules

    @property
    def pixel_m2(self) -> float:
        """Area of a pixel on the grid."""
        return abs(float(self.geobox.affine.a * self.geobox.affine.e))

    @property
    def least(self) -> int:
        """Pixels of the smallest object."""
        return max(1, round(self.rules.minimum_m2 / self.pixel_m2))

    def parts(self, records: Mapping[int, _Record]) -> list[_Part]:
        """Return the objects that are open, by number."""
        places = windows(self.pixels.label)
        found = []
        for key in sorted(records):
            window = places[key - 1] if key <= len(places) else None
            assert window is not None, f"object {key} has no pixels"
            found.append(_Part(key, self.pixels.within(window), window, self))
        return found


def _settled(part: _Part, records: dict[int, _Record]) -> Finding | None:
    """Let go of what an object has lost, and end it if too little is left."""
    record, pixels, mask = records[part.key], part.pixels, part.mask
    rules = part.ground.rules
    own = mask & (pixels.date - record.day <= rules.same_episode_days)
    alive = own & (pixels.strength > 0)
    record.pixels = int(alive.sum())
    if record.pixels >= max(part.ground.least, record.peak // 4):
        pixels.label[mask & ~(alive | (own & pixels.finished))] = 0
        return None
    believed = record.state == DetectorState.ESTABLISHED
    record.state = (DetectorState.CLOSED if believed else DetectorState.LAPSED).value
    finding = _finding(part, record, mask)
    # What little is left of it must not found an object anew.
    pixels.told[own] = pixels.date[own]
    pixels.label[mask] = 0
    del records[part.key]
    return finding


def _adopted(ground: _Ground, records: dict[int, _Record], number: int) -> int:
    """Give the disturbed pixels that no object owns to one, or found new ones."""
    pixels, rules = ground.pixels, ground.rules
    free = (pixels.strength > 0) & (pixels.label == 0) & (pixels.date != pixels.told)

    def joins(one: Held, other: Held) -> bool:
        is_near = abs(one.day - other.day) <= rules.same_episode_days
        return is_near and one.pixels < rules.dominance * other.pixels

    def founds(part: NDArray[np.bool_], window: Window) -> bool:
        return int(part.sum()) >= ground.least

    held = {key: Held(record.day, record.pixels) for key, record in records.items()}
    after = adopt(free, pixels.date, pixels.label, held, joins, founds, number)
    places = windows(pixels.label)
    for key in range(number, after):
        window = places[key - 1]
        assert window is not None, f"object {key} has no pixels"
        records[key] = _founded(pixels.within(window), key, held[key].day)
    return after


def _founded(pixels: Pixels, key: int, day: int) -> _Record:
    """Return a new object's record; its interval is that of the pixels which found it."""
    mask = pixels.label == key
    changed = int(np.percentile(pixels.changed[mask], 50, method="higher"))
    unharmed = pixels.unharmed[mask]
    seen = unharmed[(unharmed != NEVER) & (unharmed < changed)]
    known = 2 * seen.size >= unharmed.size
    earliest = int(np.percentile(seen, 25, method="lower")) if known else NEVER
    return _Record(key, day, earliest, changed)


def _told(part: _Part, record: _Record) -> Finding | None:
    """Return a finding if there is something new to say of an object."""
    pixels, rules, mask = part.pixels, part.ground.rules, part.mask
    alive = mask & (pixels.strength > 0)
    record.pixels = int(alive.sum())
    record.peak = max(record.peak, record.pixels)
    before, state = record.state, _state(pixels.strength[alive], pixels.count[alive], rules)
    if before and _RANK[DetectorState(before)] > _RANK[state]:
        state = DetectorState(before)
    if state == before and record.pixels < rules.report_growth * record.reported:
        return None
    record.state, record.reported = state.value, record.pixels
    return _finding(part, record, mask)


def _state(
    strength: NDArray[np.uint8], count: NDArray[np.uint8], rules: AlertRules
) -> DetectorState:
    looks = int(np.median(count))
    if (strength >= 3).mean() >= rules.half and looks >= rules.looks_established:
        return DetectorState.ESTABLISHED
    if (strength >= 2).mean() >= rules.half:
        return DetectorState.PROBABLE
    return DetectorState.WATCH


def _finding(part: _Part, record: _Record, mask: NDArray[np.bool_]) -> Finding:
    corner = part.window[0].start, part.window[1].start
    geometry = outline(mask, part.ground.geobox, corner)
    return Finding(
        object=record.number,
        kind="ground_change",
        state=DetectorState(record.state),
        geometry=geometry,
        area_m2=area_m2(geometry),
        pixels=int(mask.sum()),
        last_unharmed=None if record.unharmed == NEVER else _time(record.unharmed),
        first_changed=_time(record.changed),
        looks=max(1, int(np.median(part.pixels.count[mask]))),
        evidence=_evidence(part, record, mask),
        doubts=_doubts(part.pixels, record, mask),
    )


def _evidence(part: _Part, record: _Record, mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Return what the product says of an object's pixels, and whose words those are."""
    pixels = part.pixels
    strength = pixels.strength[mask]
    areas = {
        f"{word}_m2": round(int((strength == rank).sum()) * part.ground.pixel_m2)
        for rank, word in _WORDS.items()
    }
    finished = round(int(pixels.finished[mask].sum()) * part.ground.pixel_m2)
    return {
        "origin": ORIGIN,
        "made_by": MADE_BY,
        "dated_by_product": f"{PRODUCT_DAYS + timedelta(days=record.day):%Y-%m-%d}",
        **areas,
        "finished_m2": finished,
        "anomalous_passes": int(np.median(pixels.count[mask])),
        "confidence": int(np.median(pixels.confidence[mask])),
        "metric": round(float(np.median(pixels.metric[mask])) * METRIC_UNIT, 2),
    }


def _doubts(pixels: Pixels, record: _Record, mask: NDArray[np.bool_]) -> tuple[str, ...]:
    doubts = [OLDER] if record.unharmed == NEVER else []
    later = float((pixels.date[mask] > record.day).mean())
    if later > 0.5:
        doubts.append(f"{later:.0%} of it was disturbed after that")
    return tuple(doubts)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
