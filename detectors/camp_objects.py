"""Objects that may be camps, through time: found, growing, held back, closed or lapsed.

An object keeps its number for ever. What is taken for something else is followed like the rest,
with every reason in words, and nothing is said of it while one holds (:func:`held_back`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from detectors.area_look import day_time
from detectors.camp_area import Area, measured
from detectors.camp_features import FOLLOWED
from detectors.camp_record import RANK, CampRecord, CampRules, CampView, number_of
from detectors.camp_rejections import Marks, RejectionRules, rejections, shape_of
from detectors.kernel import NO_DATA
from detectors.objects import Window, area_m2, components, outline, touching, windows
from detectors.types import DetectorState, Finding, SiteChange

NEAR = 2
"""Cells between an object and what joins it, at most."""
NAMES = ("bareness", "brightness", "texture_10m", "texture_short_wave_infrared")
STILL_THERE = "it is not gone: it has stayed so long that it counts as what is normal there"
"""Said of what is closed, for a camp that closed would be another thing."""
_CROSS = ndimage.generate_binary_structure(2, 1)
_OVER = (DetectorState.CLOSED, DetectorState.LAPSED)


@dataclass(frozen=True, slots=True)
class CampTracker:
    """Rules of objects, and maps of what is known to be there.

    Attributes
    ----------
    known : mapping of str to shapely geometry
        Ground by category (roads, quarries, water, solar parks), CRS84.
    """

    rules: CampRules = field(default_factory=CampRules)
    reject: RejectionRules = field(default_factory=RejectionRules)
    known: Mapping[str, BaseGeometry] = field(default_factory=dict)

    def track(
        self, view: CampView, label: NDArray[np.uint32], records: dict[int, CampRecord], number: int
    ) -> tuple[int, tuple[Finding, ...], NDArray[np.bool_]]:
        """Bring the objects up to date with a look; `label` and `records` change in place.

        Returns
        -------
        int
            The next number.
        tuple of Finding
        ndarray of bool, shape (y, x)
            Cells whose baselines shall learn anew.
        """
        self._release(view, label, records)
        number = self._adopt(view, label, records, number)
        findings, anew = [], np.zeros(label.shape, bool)
        places = windows(label)
        for key in sorted(records):
            near = places[key - 1]
            assert near is not None, f"object {key} has no cells"
            window = _wider(near, label.shape)
            finding = self._advance(view.within(window), label[window] == key, records[key])
            if finding is not None:
                findings.append(finding)
            if records[key].state in _OVER:
                if records[key].state == DetectorState.CLOSED:
                    anew |= label == key
                label[label == key] = 0
                del records[key]
        return number, tuple(findings), anew

    def _release(
        self, view: CampView, label: NDArray[np.uint32], records: dict[int, CampRecord]
    ) -> None:
        """Let go of green cells of what nothing was said of: they joined when trees were bare."""
        silent = [key for key, record in records.items() if not record.state]
        label[np.isin(label, silent) & (view.marks[0] < self.reject.green)] = 0
        for key in set(silent) - set(np.unique(label).tolist()):
            del records[key]

    def _adopt(
        self, view: CampView, label: NDArray[np.uint32], records: dict[int, CampRecord], number: int
    ) -> int:
        """Give every unowned part to the object it belongs to, or follow it as a new one."""
        rules = self.rules
        free = (view.evidence >= rules.grow) & (view.run >= rules.looks_watch) & (label == 0)
        # A clearing beside a camp is no part of it.
        free &= view.marks[0] >= self.reject.green
        parts, _ = components(free)
        for index, near in enumerate(windows(parts), 1):
            assert near is not None
            window = _wider(near, label.shape)
            part, owners = parts[window] == index, label[window]
            wide = ndimage.binary_dilation(part, _CROSS, iterations=NEAR)
            found = [int(k) for k in touching(wide, owners)]
            found += sorted({int(k) for k in np.unique(owners[wide]) if k} - set(found))
            day = int(np.median(view.changed[window][part]))
            same = [k for k in found if abs(day - records[k].grew) <= rules.same_episode_days]
            if same:
                first = min(same, key=lambda k: (records[k].day, k))
                owners[part] = first
                records[first].grew = max(records[first].grew, day)
                self._join(label, records, first, same)
            elif part.sum() >= rules.minimum_cells:
                owners[part] = number
                records[number] = CampRecord(number=number, day=day, grew=day)
                number += 1
        return number

    def _join(
        self, label: NDArray[np.uint32], records: dict[int, CampRecord], first: int,
        found: list[int],
    ) -> None:  # fmt: skip
        """Join objects that have grown together, unless something was said of them already."""
        for other in found:
            if other != first and not records[other].state:
                label[label == other] = first
                del records[other]

    def _advance(
        self, view: CampView, mask: NDArray[np.bool_], record: CampRecord
    ) -> Finding | None:
        """Move one object on; return a finding if there is something new to say of it."""
        rules, before = self.rules, record.state
        alive = mask & (view.evidence >= rules.alive)
        record.peak = max(record.peak, int(alive.sum()))
        if alive.sum() < max(4, record.peak // 4):
            record.state = DetectorState.LAPSED
            return self._finding(view, mask, mask, record, None) if before else None
        strong = alive & (view.evidence >= rules.grow)
        record.remember(view, alive, strong, self._area(view, mask, strong))
        area = record.area
        if record.looks >= rules.rearm_looks:
            record.state = DetectorState.CLOSED
            return self._finding(view, mask, alive, record, None) if before else None
        if area is None or area.hectares < rules.minimum_ha or record.looks < rules.looks_watch:
            record.ready = False
            return None
        self._judge(view, mask, record)
        state = None if record.held else self._state(record)
        grown = area.hectares >= rules.report_growth * record.reported_ha
        if state is None or (state == before and not grown):
            return None
        change = SiteChange.EXPANDED if before and grown else SiteChange.NEW
        record.state, record.reported_ha = state, area.hectares
        return self._finding(view, mask, alive, record, change)

    def _area(
        self, view: CampView, mask: NDArray[np.bool_], strong: NDArray[np.bool_]
    ) -> Area | None:
        """Measure its ground where the look shows the change plainly: bare trees hide it."""
        scores = view.scores[:2, strong].max(axis=0)
        shown = scores[np.isfinite(scores)]
        if not shown.size or float(np.median(shown)) < self.rules.plain:
            return None
        green = view.marks[0] < self.reject.half_green
        return measured(np.where(green, np.float32(0.0), view.moved[:2]), strong, mask, view.day)

    def _judge(self, view: CampView, mask: NDArray[np.bool_], record: CampRecord) -> None:
        """Note why it is held back, and whether only its score keeps it from PROBABLE."""
        rules = self.rules
        textured = rules.texture > 0.0
        kept = range(FOLLOWED) if textured else range(2)
        risen = sum(number_of(record.risen[k]) >= rules.risen for k in kept)
        record.held = list(rejections(self._marks(view, mask, record), self._limits()))
        if risen < rules.features_watch:
            record.held.append(f"of its features {risen} are above their baseline")
        needed = rules.features if textured else rules.features_watch
        record.lacks = []
        if risen < needed:
            record.lacks.append(f"{risen} features are above their baseline, {needed} are needed")
        if record.growth < rules.growth and record.later < rules.later:
            record.lacks.append("it has not been seen to grow")
        lasted = record.looks >= rules.looks_probable
        record.ready = lasted and not record.held and not record.lacks

    def _limits(self) -> RejectionRules:
        """Return the limits of rejections, without those of texture where it takes no part."""
        if self.rules.texture > 0.0:
            return self.reject
        return RejectionRules(**{**_fields(self.reject), "even": -np.inf})

    def _marks(self, view: CampView, mask: NDArray[np.bool_], record: CampRecord) -> Marks:
        bare, wet, char, rows = (number_of(one) for one in record.marks)
        textured = self.rules.texture > 0.0
        return Marks(
            shape_of(mask), number_of(record.moved[1]),
            number_of(record.moved[2]) if textured else 0.0,
            bare, wet, char, rows, self._mapped(view, mask),
        )  # fmt: skip

    def _mapped(self, view: CampView, mask: NDArray[np.bool_]) -> dict[str, float]:
        if not self.known:
            return {}
        ground = outline(mask, view.geobox, view.corner)
        return {
            category: float(shapely.intersection(ground, there).area / ground.area)
            for category, there in self.known.items()
        }

    def _state(self, record: CampRecord) -> DetectorState | None:
        """Return the state its evidence bears; None below WATCH. A state is never lowered."""
        rules = self.rules
        state = DetectorState.WATCH if record.score > rules.watch else None
        if record.ready and record.score > rules.probable:
            state = DetectorState.PROBABLE
            if record.score > rules.established and record.looks >= rules.looks_established:
                state = DetectorState.ESTABLISHED
        if record.rank() > (RANK[state] if state else 0):
            return DetectorState(record.state)
        return state

    def _finding(
        self, view: CampView, mask: NDArray[np.bool_], alive: NDArray[np.bool_],
        record: CampRecord, change: SiteChange | None,
    ) -> Finding:  # fmt: skip
        """Report an object: all its ground, the dates of its first cells, its course."""
        geometry = outline(mask, view.geobox, view.corner)
        # A camp grows: its beginning is that of its first cells, not of half of them.
        changed = int(np.percentile(view.changed[alive], 10, method="lower"))
        seen = view.unharmed[alive & (view.changed <= changed)]
        seen = seen[(seen != NO_DATA) & (seen < changed)]
        unharmed = int(seen.max()) if seen.size else None
        doubts = [*record.held, *record.lacks]
        if unharmed is None:
            doubts.append("no look shows the ground plainly unharmed before")
        if record.state == DetectorState.CLOSED:
            doubts.append(STILL_THERE)
        return Finding(
            object=record.number, kind="camp_change", state=DetectorState(record.state),
            geometry=geometry, area_m2=area_m2(geometry), pixels=4 * int(mask.sum()),
            last_unharmed=None if unharmed is None else day_time(unharmed),
            first_changed=day_time(changed), looks=record.looks, evidence=_evidence(record),
            doubts=tuple(doubts), change=change,
        )  # fmt: skip


def _evidence(record: CampRecord) -> dict[str, object]:
    """Return numbers to check: score, features in scales, area with interval, and its course."""
    said: dict[str, object] = {"log_likelihood_ratio": record.score}
    for name, scales in zip(NAMES, record.risen, strict=True):
        if scales is not None:
            said[f"{name}_scales"] = scales
    area = record.area
    if area is not None:
        said |= {"area_ha": area.hectares, "area_low_ha": area.low, "area_high_ha": area.high}
    said["growth"] = round(record.growth, 2)
    said["course"] = [
        {"day": f"{day_time(int(day)):%Y-%m-%d}", "ha": ha, "low": low, "high": high}
        for day, ha, low, high in record.course
    ]
    return said


def held_back(records: Iterable[Mapping[str, Any]], rules: CampRules) -> tuple[str, ...]:
    """Return every reason why objects that would be told of are not, with how many and how large.

    Their number is bounded by that of the rules, however many objects there are.
    """
    found: defaultdict[str, list[float]] = defaultdict(list)
    for record in (CampRecord(**kept) for kept in records):
        area = record.area
        large = area is not None and area.hectares >= rules.minimum_ha
        if not large or record.looks < rules.looks_watch or not record.score > rules.watch:
            continue
        assert area is not None
        for reason in record.held:
            found[reason].append(area.hectares)
    return tuple(
        f"{reason} ({len(sizes)} {'place' if len(sizes) == 1 else 'places'}, {sum(sizes):.1f} ha)"
        for reason, sizes in sorted(found.items())
    )


def _fields(rules: RejectionRules) -> dict[str, float]:
    return {name: getattr(rules, name) for name in RejectionRules.__slots__}


def _wider(window: Window, shape: tuple[int, ...]) -> Window:
    """Return a window with room round it for what joins and for the area's margin."""
    rows, columns = (
        slice(max(part.start - NEAR - 1, 0), min(part.stop + NEAR + 1, side))
        for part, side in zip(window, shape, strict=True)
    )
    return rows, columns
