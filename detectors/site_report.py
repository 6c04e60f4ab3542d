"""What the detector of known camps says of a site: its area curve, and what could weaken it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from detectors import site_curve, site_look, site_trend
from detectors.baseline import YEAR_S
from detectors.episodes import LEVELS
from detectors.site_changes import Turn
from detectors.types import NEVER, Features, Finding, GuardVerdict, SceneJudgement

KIND = "camp_change"
PARTLY = 0.9
"""Share of the site seen below which a finding says how little it was."""

LEAST_FIELDS_HA = 0.05
"""What fields can make of a site's area, standard deviation, below which it is not told."""

Rows = Mapping[str, NDArray[Any]]


def finding(
    place: int, turn: Turn, rows: Rows, features: Features, scene: SceneJudgement
) -> Finding:
    """Return the finding about one site; its outline is for the pipeline to fill in.

    Parameters
    ----------
    place : int
        The site's row in `rows`, the state after the look.
    """
    assert features.places is not None
    return Finding(
        object=turn.episode,
        kind=KIND,
        state=turn.state,
        geometry=Polygon(),
        area_m2=0.0,
        pixels=0,
        last_unharmed=None if turn.unharmed == NEVER else _time(turn.unharmed),
        first_changed=_time(turn.opened),
        looks=turn.looks,
        evidence=_numbers(place, turn, rows),
        doubts=tuple(_doubts(place, turn, rows, features, scene)),
        place=features.places.ids[place],
        change=turn.change,
    )


def said(rows: Rows, place: int) -> dict[str, Any]:
    """Return what the last look at one site came to, for the ledger; areas in hectares.

    In `features` what was seen, what was expected of it, and the standard deviation of that; in
    `area` what the looks up to then together say, with 95 % intervals; in `blind` and `observable`,
    in words, why this look says nothing, and where in the year none does.
    """
    hectares = float(rows["hectares"][place])
    three = [float(rows[name][place]) * hectares for name in ("observed", "expected", "predictive")]
    told: dict[str, Any] = {}
    if np.isfinite(three).all():
        told["features"] = {"site_area": [round(one, 4) for one in three]}
        told["scores"] = {"site_area": round((three[0] - three[1]) / three[2], 2)}
    if np.isfinite(rows["windowed"][place, 0]):
        for name in ("windowed", "thresholds"):
            values = zip(LEVELS, rows[name][place], strict=True)
            told[name] = {one.name: round(float(value), 4) for one, value in values}
        told["evidence"] = told["windowed"]["WATCH"]
    if rows["trend_looks"][place]:
        told["area"] = _area(place, rows)
    words = {"blind": site_look.BLIND[int(rows["blind"][place])],
             "observable": site_look.observable(rows, place)}  # fmt: skip
    return told | {name: one for name, one in words.items() if one}


def _numbers(place: int, turn: Turn, rows: Rows) -> dict[str, Any]:
    hectares = float(rows["hectares"][place])
    return {
        "log_likelihood_ratio": round(turn.strongest, 3),
        **_area(place, rows),
        "ha_before": round(max(turn.before * hectares, 0.0), 3),
        "ha_measured": round(hectares, 3),
        "curve": site_curve.told(rows, place, hectares),
    }


def _area(place: int, rows: Rows) -> dict[str, float]:
    """Return area and its change in a week with 95 % intervals; no area lies below 0."""
    hectares = float(rows["hectares"][place])
    numbers: dict[str, float] = {}
    level = site_trend.interval(rows, site_trend.LEVEL, rows["fields"])
    rate = site_trend.interval(rows, site_trend.RATE)
    for name, three in (("ha", level), ("ha_per_week", rate)):
        ends = (round(hectares * float(one[place]), 3) for one in three)
        numbers.update(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
    return {name: max(one, 0.0) if "week" not in name else one for name, one in numbers.items()}


def _doubts(
    place: int, turn: Turn, rows: Rows, features: Features, scene: SceneJudgement
) -> Iterator[str]:
    """Say in words what could weaken a finding."""
    assert features.places is not None
    if turn.unharmed == NEVER:
        yield "no look shows the site before the change"
    curve = rows["curve_seconds"][place]
    if curve[-1] - curve[curve != NEVER].min() < YEAR_S:
        yield "it has been followed for less than a year, so what its season does is not known"
    fields = float(rows["fields"][place] * rows["hectares"][place])
    if fields >= LEAST_FIELDS_HA:
        yield f"fields round the site are bare in part, which may make {fields:.1f} ha of its area"
    hidden = site_look.observable(rows, place)
    if hidden:
        yield hidden
    seen = float(features.places.seen[place, 0])
    if seen < PARTLY:
        yield f"{seen:.0%} of the site was seen on this look, and the rest taken to be like it"
    if scene.verdict is GuardVerdict.UNGUARDED:
        yield f"the scene guard could not judge the look: {scene.reason}"
    if features.lived_without:
        yield f"seen without {', '.join(features.lived_without)}"


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
