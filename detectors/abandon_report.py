"""What is said of a settlement's fields: numbers an analyst can check, words, and doubts."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
from shapely.geometry import Polygon

from detectors.abandon_episodes import Told
from detectors.abandon_look import GROUND
from detectors.abandon_seasons import BRIGHT, CHARRED, GREENING, NEAR, RING, Rows
from detectors.abandon_verdict import Verdict
from detectors.season_calendar import Season
from detectors.types import NEVER, Finding, GuardVerdict, PlaceFeatures, SceneJudgement, SiteChange

FEW_LOOKS = 10
"""Usable looks in a season below which a finding says how few they were."""
POOR_YEAR = 0.8
"""Of what the ring usually tills, below which a finding says that the year was poor round about."""

_WORDS = {
    None: "reduced activity",
    SiteChange.ABANDONED: "abandoned: hardly any field was tilled in the season",
    SiteChange.REOCCUPIED: "fields are tilled again",
    SiteChange.REBUILT: "fields are tilled again and the yards are as they were",
}


def finding(
    told: Told, found: Verdict, season: Season, rows: Rows, places: PlaceFeatures,
    scene: SceneJudgement,
) -> Finding:  # fmt: skip
    """Return the finding about one settlement; its outline is for the pipeline to fill in.

    Parameters
    ----------
    rows : mapping of str to ndarray
        As they were when the season was judged.
    """
    place = told.place
    return Finding(
        object=told.episode,
        kind="abandonment",
        state=told.state,
        geometry=Polygon(),
        area_m2=0.0,
        pixels=0,
        last_unharmed=None if told.last_unharmed == NEVER else _time(told.last_unharmed),
        first_changed=_time(told.first_changed),
        looks=told.looks,
        evidence={
            "activity": _words(told),
            "season": season.name,
            "season_over": told.over,
            "abandoned_seasons": told.seasons,
            **numbers(found, place, places),
        },
        doubts=tuple(_doubts(told, found, rows, season, scene)),
        place=places.ids[place],
        change=told.change,
    )


def numbers(found: Verdict, place: int, places: PlaceFeatures) -> dict[str, Any]:
    """Return what an analyst can check; a figure that is not known is left out.

    Tilled ground is a share of a sample of pixels times the ground there is. The ratio is that of
    the tilled share near over that of the ring, by what it was in past seasons, of the ground that
    is usually tilled; `left` is the same of all ground.
    """
    ground = places.values[place, GROUND]
    near_ha, ring_ha = float(ground[0]), float(np.nansum(ground[1:]))
    now, past = found.figures[place], found.past[place]
    low, high = found.fields.interval()
    told = {
        "log_likelihood_ratio": float(found.evidence[place]),
        "tilled_near_ha": now[NEAR] * near_ha,
        "tilled_near_past_ha": past[NEAR] * near_ha,
        "tilled_ring_ha": now[RING] * ring_ha,
        "tilled_ring_past_ha": past[RING] * ring_ha,
        "ratio": math.exp(-found.fields.error[place]),
        "ratio_low": math.exp(-high[place]),
        "ratio_high": math.exp(-low[place]),
        "left": float(found.left[place]),
        "yard_greening": float(found.greening.error[place]),
        "yard_brightness": -float(found.fading.error[place]),
        "charred_near": now[CHARRED],
        "charred_near_past": past[CHARRED],
        "charred_ring": float(found.tilled.charred_ring[place]),
    }
    known = {name: round(float(one), 3) for name, one in told.items() if np.isfinite(one)}
    return {**known, "past_seasons": int(found.fields.seasons[place])}


def _words(told: Told) -> str:
    if not told.over:
        return f"{_WORDS[None]} so far; the season is not over"
    if not told.judged:
        return f"{_WORDS[None]} until the season ended, which could not be judged"
    return _WORDS[told.change]


def _doubts(
    told: Told, found: Verdict, rows: Rows, season: Season, scene: SceneJudgement
) -> list[str]:
    """Say in words what could weaken a finding."""
    place, doubts = told.place, []
    looks = int(rows["looks"][place])
    if told.last_unharmed == NEVER:
        doubts.append("no quiet season is known before")
    if looks < FEW_LOOKS:
        doubts.append(f"{looks} usable looks in the season {season.name}: clouds hid the rest")
    usual = found.past[place, RING]
    left = found.figures[place, RING] / usual if usual > 0.0 else math.nan
    if left < POOR_YEAR:
        doubts.append(f"the year was poor round about: {left:.0%} of the usual ground was tilled")
    if not np.isfinite(found.figures[place, [GREENING, BRIGHT]]).all():
        doubts.append("the yards could not be compared with their surroundings")
    if not told.judged:
        doubts.append("the season could not be judged at its end: nothing bears the suspicion out")
    if not told.over:
        doubts.append("the season is not over: late sowing or a late harvest may look alike")
    if scene.verdict is GuardVerdict.UNGUARDED:
        doubts.append(f"the scene guard could not judge the look: {scene.reason}")
    return doubts


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
