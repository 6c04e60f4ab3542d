"""What the radar detector says of a settlement: numbers an analyst can check, and doubts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from detectors import burn_report
from detectors.baseline import Errors
from detectors.episodes import Turn
from detectors.radar_contrast import (
    DB,
    TOTAL,
    Informative,
    better,
    radar_informative,
    share_lost,
)
from detectors.radar_features import CORNERS, NAMES, SCORED, VH, VV
from detectors.types import (
    NEVER,
    DetectorState,
    Features,
    Finding,
    SceneJudgement,
    SiteChange,
)

Rows = Mapping[str, NDArray[Any]]
_POLARISATIONS = ("VV", "VH")
_SURE = (DetectorState.PROBABLE, DetectorState.ESTABLISHED, DetectorState.CLOSED)
"""States of which is said what became of the site: of a suspicion, or of one taken back, it is
not."""


def finding(
    place_id: str, turn: Turn, errors: Errors, place: int, features: Features,
    scene: SceneJudgement, rows: Rows, least: int,
) -> Finding:  # fmt: skip
    """Return the finding about one settlement; its outline is for the pipeline to fill in.

    Parameters
    ----------
    errors : Errors
        Of the look that brought the turn.
    place : int
        The settlement's row.
    rows : mapping of str to ndarray
        The state after the look.
    least : int
        Looks before a settlement is judged.
    """
    numbers = _numbers(turn, rows, place)
    lost = _lost(turn, rows, place)
    if lost is not None:
        share, (low, high) = lost
        numbers |= {"share_lost": share, "share_lost_low": low, "share_lost_high": high}
    numbers["surroundings_changed"] = float(np.nan_to_num(errors.ring_changed[place]).max())
    told = informative(rows, place, least)
    doubts = burn_report.doubts_of(turn, errors, place, features, scene, int(rows["held"][place]))
    factor = float(rows["disturbed"][place])
    if factor > 1.0:
        doubts.append(f"scene disturbed: {disturbance(rows, place)}")
    if not told.yes:
        doubts.append(told.words)
    if rows["raised"][place] != NEVER:
        since = burn_report.moment(rows["raised"][place])
        doubts.append(f"it stood brighter than before only since {since:%Y-%m-%d}")
    return Finding(
        object=turn.episode,
        kind="razed",
        state=turn.state,
        geometry=Polygon(),
        area_m2=0.0,
        pixels=0,
        last_unharmed=None if turn.unharmed == NEVER else burn_report.moment(turn.unharmed),
        first_changed=burn_report.moment(turn.opened),
        looks=turn.looks,
        evidence={name: round(value, 3) for name, value in numbers.items() if np.isfinite(value)},
        doubts=tuple(doubts),
        place=place_id,
        change=None if lost is None or turn.state not in _SURE else _change(*lost[1]),
    )


def informative(rows: Rows, place: int, least: int) -> Informative:
    """Return whether radar can tell the loss of one settlement, by what its state says.

    Parameters
    ----------
    rows : mapping of str to ndarray
        Of a state of the radar detector.
    least : int
        Looks before a settlement is judged.
    """
    contrast = rows["contrast"][place, : VH + 1].astype(np.float64)
    scatter = rows["usual"][place, : VH + 1].astype(np.float64)
    best = int(better(contrast, scatter)[()])
    looks = int(rows["part_looks"][place, :, 0].max(initial=0))
    return radar_informative(float(contrast[best]), float(scatter[best]), looks, least)


def said(rows: Rows, place: int, least: int) -> dict[str, Any]:
    """Return what the last look at one settlement was held against and came to, for the ledger.

    As of :func:`detectors.burn_report.said`, and how far each polarisation departs by what speckle
    alone allows (`speckle_scores`), the less significant of that and of the seasonal scores, which
    caps the evidence (`lesser_score`), whether the scene was disturbed, and whether radar can
    tell anything here at all: where it cannot, that nothing was found means nothing.
    """
    told = burn_report.said(rows, place, NAMES[:SCORED])
    speckle = {
        name: round(float(score), 2)
        for name, score in zip(_POLARISATIONS, rows["speckle"][place], strict=True)
        if np.isfinite(score)
    }
    if speckle:
        told["speckle_scores"] = speckle
    if np.isfinite(rows["lesser"][place]):
        told["lesser_score"] = round(float(rows["lesser"][place]), 2)
    if rows["disturbed"][place] > 1.0:
        told["scene_disturbed"] = disturbance(rows, place)
    if rows["raised"][place] != NEVER:
        told["brighter_since"] = f"{burn_report.moment(rows['raised'][place]):%Y-%m-%d}"
    words = informative(rows, place, least)
    return {**told, "radar_informative": words.yes, "radar": words.words}


def disturbance(rows: Rows, place: int) -> str:
    """Return in words how far the surroundings departed from what they are in other looks."""
    jump = DB * rows["jump"][place].astype(np.float64)
    seen = [
        f"{value:+.1f} dB in {name}"
        for name, value in zip(_POLARISATIONS, jump, strict=True)
        if np.isfinite(value)
    ]
    factor = float(rows["disturbed"][place])
    return f"the ground round it moved by {', '.join(seen)}; the look counts 1/{factor:.1f}"


def _numbers(turn: Turn, rows: Rows, place: int) -> dict[str, float]:
    drops = {"vv_drop_db": VV, "vh_drop_db": VH, "corners_drop_db": CORNERS}
    contrast = rows["contrast"][place]
    return {
        "log_likelihood_ratio": turn.strongest,
        **{name: DB * float(turn.shown[feature]) for name, feature in drops.items()},
        "vv_contrast_db": DB * float(contrast[VV]),
        "vh_contrast_db": DB * float(contrast[VH]),
        "equivalent_looks": float(rows["equivalent"][place]),
    }


def _lost(turn: Turn, rows: Rows, place: int) -> tuple[float, tuple[float, float]] | None:
    """Return the share lost with its interval, of the polarisation that tells it best."""
    contrast = rows["contrast"][place, : VH + 1].astype(np.float64)
    scatter = rows["usual"][place, : VH + 1].astype(np.float64)
    best = int(better(contrast, scatter)[()])
    drop = float(turn.shown[best])
    if not np.isfinite(drop):
        return None
    return share_lost(drop, float(scatter[best]), float(contrast[best]))


def _change(low: float, high: float) -> SiteChange | None:
    """Return what became of the site where its interval lies on one side."""
    if low >= TOTAL:
        return SiteChange.RAZED_TOTAL
    return SiteChange.RAZED_PARTIAL if low > 0.0 and high < TOTAL else None
