"""What is said of objects that may be camps: numbers to check, and why some are held back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from detectors.area_look import day_time
from detectors.camp_record import CampRecord, CampRules

NAMES = ("bareness", "brightness", "texture_10m", "texture_short_wave_infrared")
"""Of the features that are followed, as findings name them."""


def evidence_of(record: CampRecord) -> dict[str, object]:
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
        for reason in (*record.held, *(f"kept at WATCH, {one}" for one in record.mapped)):
            found[reason].append(area.hectares)
    return tuple(
        f"{reason} ({len(sizes)} {'place' if len(sizes) == 1 else 'places'}, {sum(sizes):.1f} ha)"
        for reason, sizes in sorted(found.items())
    )
