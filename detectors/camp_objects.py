"""Objects that may be camps, through time: found, growing, held back, closed or lapsed.

An object keeps its number for ever. What is taken for something else is followed like the rest,
with every reason in words, and nothing is said of it while one holds
(:func:`detectors.camp_said.held_back`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from detectors.area_look import day_time
from detectors.camp_area import CELL_HA, Area, measured
from detectors.camp_features import FOLLOWED
from detectors.camp_record import RANK, CampRecord, CampRules, CampView, number_of
from detectors.camp_rejections import (
    Marks,
    RejectionRules,
    likenesses,
    rejections,
    shape_of,
)
from detectors.camp_said import evidence_of
from detectors.kernel import NO_DATA
from detectors.known_ground import Explained, Maps
from detectors.objects import Window, area_m2, components, outline, touching, windows
from detectors.types import DetectorState, Finding, SiteChange

NEAR = 2
"""Cells between an object and what joins it, at most."""
STILL_THERE = "it is not gone: it has stayed so long that it counts as what is normal there"
"""Said of what is closed, for a camp that closed would be another thing."""
_CROSS = ndimage.generate_binary_structure(2, 1)
_OVER = (DetectorState.CLOSED, DetectorState.LAPSED)


@dataclass(frozen=True, slots=True)
class CampTracker:
    """Rules of objects, and maps of what is known to be there."""

    rules: CampRules = field(default_factory=CampRules)
    reject: RejectionRules = field(default_factory=RejectionRules)
    known: Maps = field(default_factory=Maps)

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
        marks = self._marks(mask, record)
        record.held = list(rejections(marks, self._limits()))
        if risen < rules.features_watch:
            record.held.append(f"of its features {risen} are above their baseline")
        needed = rules.features if textured else rules.features_watch
        record.lacks = list(likenesses(marks, self.reject)) if textured else []
        if risen < needed:
            record.lacks.append(f"{risen} features are above their baseline, {needed} are needed")
        if not (self._grown(record) or self._plain(record)):
            record.lacks.append("it has not been seen to grow")
        lasted = record.looks >= rules.looks_probable
        record.ready = lasted and not record.held and not record.lacks
        self._heed(list(self._explained(view, mask).held), record)

    def _heed(self, mapped: list[str], record: CampRecord) -> None:
        """Hold back what maps explain, but for what would be ESTABLISHED: that is watched."""
        established = self._bears(record) is DetectorState.ESTABLISHED
        record.held += [] if established else mapped
        record.mapped = mapped if established else []
        record.ready = record.ready and not mapped

    def _grown(self, record: CampRecord) -> bool:
        """Tell whether it was seen to grow, by its area or by when its cells changed."""
        rules = self.rules
        return record.growth >= rules.growth or record.later >= rules.later

    def _plain(self, record: CampRecord) -> bool:
        """Tell whether it is like a camp without growth: plain, and far more mottled than before.

        What has not grown began at once, and what was ploughed or cleared at once is even.
        """
        rules = self.rules
        _, brighter, rougher, _ = (number_of(one) for one in record.moved)
        mottled = rougher >= max(rules.mottled, rules.beyond_edge * brighter)
        return rules.texture > 0.0 and mottled and record.score >= rules.steady

    def _limits(self) -> RejectionRules:
        """Return the limits of rejections, without those of texture where it takes no part."""
        if self.rules.texture > 0.0:
            return self.reject
        return RejectionRules(**{**_fields(self.reject), "even": -np.inf})

    def _marks(self, mask: NDArray[np.bool_], record: CampRecord) -> Marks:
        bare, wet, char, rows = (number_of(one) for one in record.marks)
        textured = self.rules.texture > 0.0
        return Marks(
            shape_of(mask), number_of(record.moved[0]), number_of(record.moved[1]),
            number_of(record.moved[2]) if textured else 0.0,
            bare, wet, char, rows,
        )  # fmt: skip

    def _explained(self, view: CampView, mask: NDArray[np.bool_]) -> Explained:
        least = self.rules.minimum_ha / CELL_HA
        return self.known.explain(mask, view.corner, self.reject, least)

    def _state(self, record: CampRecord) -> DetectorState | None:
        """Return the state its evidence bears; None below WATCH. A state is never lowered."""
        state = self._bears(record)
        if record.rank() > (RANK[state] if state else 0):
            return DetectorState(record.state)
        return state

    def _bears(self, record: CampRecord) -> DetectorState | None:
        rules = self.rules
        state = DetectorState.WATCH if record.score > rules.watch else None
        if record.ready and record.score > rules.probable:
            state = DetectorState.PROBABLE
            if record.score > rules.established and record.looks >= rules.looks_established:
                state = DetectorState.ESTABLISHED
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
        explained = self._explained(view, mask)
        doubts = [*record.held, *record.lacks, *record.mapped, *explained.doubts]
        if unharmed is None:
            doubts.append("no look shows the ground plainly unharmed before")
        if record.state == DetectorState.CLOSED:
            doubts.append(STILL_THERE)
        return Finding(
            object=record.number, kind="camp_change", state=DetectorState(record.state),
            geometry=geometry, area_m2=area_m2(geometry), pixels=4 * int(mask.sum()),
            last_unharmed=None if unharmed is None else day_time(unharmed),
            first_changed=day_time(changed), looks=record.looks,
            evidence={**evidence_of(record), **explained.as_evidence()},
            doubts=tuple(doubts), change=change,
        )  # fmt: skip


def _fields(rules: RejectionRules) -> dict[str, float]:
    return {name: getattr(rules, name) for name in RejectionRules.__slots__}


def _wider(window: Window, shape: tuple[int, ...]) -> Window:
    """Return a window with room round it for what joins and for the area's margin."""
    rows, columns = (
        slice(max(part.start - NEAR - 1, 0), min(part.stop + NEAR + 1, side))
        for part, side in zip(window, shape, strict=True)
    )
    return rows, columns
