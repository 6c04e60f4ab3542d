"""What heat at a settlement is told as: always a hint, WATCH, with what weakens it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from shapely.geometry.base import BaseGeometry

from detectors.heat import HINTS, INFO, HeatAt, Verdict
from detectors.heat_budget import Bound
from detectors.heat_season import month_of
from detectors.types import DetectorState, Finding

ALONE = "heat says that something was hot in or beside the settlement, not what, nor what is left"
OUTSIDE = "the centre of no heat pixel lies in the settlement: the fire may have been beside it"
ONE_PASS = "one pass of one satellite saw it"
NO_RECORD = "there is no record of two earlier years to tell it from the usual burning"
SURROUNDINGS = "its surroundings burned more than they use to: the fire may have come from outside"
NO_RATE = "the quiet years on record are too few for a threshold that keeps the budget of hints"
NEW_SATELLITES = "the earlier years lack satellites that saw it, so more heat is seen than then"
INDEPENDENCE = "heat of VIIRS and MODIS: one kind of evidence, apart from optical and from radar"


def told(passes: Sequence[HeatAt]) -> tuple[HeatAt, ...]:
    """Return the passes that are told of: in each episode, from the first hint on.

    Parameters
    ----------
    passes : sequence of HeatAt
        By settlement, then by time.
    """
    found: list[HeatAt] = []
    for _, episode in groupby(passes, key=lambda one: (one.core, one.episode)):
        hinted = False
        for one in episode:
            hinted = hinted or one.verdict in HINTS
            if hinted:
                found.append(one)
    return tuple(found)


def finding(one: HeatAt, place: str, core: BaseGeometry, area_m2: float) -> Finding:
    """Return what is said of heat at a settlement. There is no state but WATCH to say it in.

    Parameters
    ----------
    place : str
        Id of the settlement.
    area_m2 : float
        Of its core.
    """
    return Finding(
        object=one.episode,
        kind=INFO.kinds[0],
        state=DetectorState.WATCH,
        geometry=core,
        area_m2=area_m2,
        pixels=len(one.pixels),
        # Heat begins when a satellite sees it; that it had not burned before, nobody saw.
        last_unharmed=None,
        first_changed=_moment(one.first),
        looks=one.passes,
        evidence=evidence(one),
        doubts=doubts(one),
        place=place,
    )


def evidence(one: HeatAt) -> dict[str, Any]:
    """Return the numbers that an analyst can check."""
    year, month = month_of(one.one.seconds)
    strongest = {"strongest_frp_mw": round(one.strongest, 1)} if _is_told(one.strongest) else {}
    return {
        "episode": one.episode,
        "satellites": list(one.satellites),
        "passes": one.passes,
        "days": one.days,
        "reach": round(one.reach, 3),
        **strongest,
        "month": f"{year:04d}-{month:02d}",
        "heat_days": one.month.days,
        "heat_days_of_earlier_years": list(one.month.earlier),
        "ring_heat_days": one.month.ring_days,
        "pixels_of_day": one.odd.pixels,
        "expected_pixels": float(f"{one.odd.expected:.3g}"),
        "ring_pixels_of_day": one.odd.ring,
        "ring_expected_pixels": float(f"{one.odd.ring_expected:.3g}"),
        "ring_factor": round(one.odd.ring_factor, 3),
        "score": round(one.odd.score, 3),
        **(_threshold(one.odd.bound) if one.odd.bound else {}),
        "verdict": one.verdict.value,
        "independence": INDEPENDENCE,
    }


def doubts(one: HeatAt) -> tuple[str, ...]:
    """Return what could weaken a hint, in words."""
    held = {
        ALONE: True,
        OUTSIDE: one.reach > 0.0,
        ONE_PASS: one.passes == 1,
        NO_RECORD: one.verdict is Verdict.UNKNOWN,
        NO_RATE: one.verdict is Verdict.UNUSUAL and not (one.odd.bound and one.odd.bound.kept),
        SURROUNDINGS: one.odd.ring > one.odd.ring_expected + 0.5,
        NEW_SATELLITES: bool(one.new_satellites) and one.verdict is Verdict.UNUSUAL,
    }
    return tuple(words for words, holds in held.items() if holds)


def in_words(one: HeatAt, area_m2: float) -> str:
    """Say what was observed, and nothing of what it may mean."""
    first, last = _moment(one.first), _moment(one.one.seconds)
    day, days = f"{first:%Y-%m-%d}", "1 pass" if one.passes == 1 else f"{one.passes} passes"
    when = f"on {day}" if first.date() == last.date() else f"from {day} to {last:%Y-%m-%d}"
    return (
        f"Heat was seen at a settlement of {area_m2 / 1e4:.2f} ha {when}, in {days} of "
        f"{' and '.join(one.satellites)}."
    )


def _threshold(bound: Bound) -> dict[str, Any]:
    return {
        "threshold": round(bound.value, 3),
        "quiet_years": bound.years,
        "hints_per_1000_years": round(bound.per_thousand, 1),
        "keeps_budget": bound.kept,
        "pixels_needed": bound.needed,
    }


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _is_told(number: float) -> bool:
    return math.isfinite(number)
