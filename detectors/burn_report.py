"""What the burned detector says of a settlement: numbers an analyst can check, and doubts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

from detectors.baseline import Errors
from detectors.burn_features import NAMES
from detectors.episodes import LEVELS, Turn
from detectors.held import Held
from detectors.held import words as held_words
from detectors.types import NEVER, PARTS, Features, Finding, GuardVerdict, SceneJudgement

RING_CHANGED = 0.25
"""Share of the sectors that changed like the core at which a finding says so."""
FEW_SECTORS = 8
"""Sectors seen below which a finding says how few they were."""
_FACTORS = {"near_infrared_factor": 0, "visible_factor": 1, "short_wave_factor": 4}
_CHANGES = {"char_index_change": 2, "char_fraction_change": 3}


def finding(
    place_id: str, turn: Turn, errors: Errors, place: int, features: Features,
    scene: SceneJudgement, rows: Mapping[str, NDArray[Any]],
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
    """
    return Finding(
        object=turn.episode,
        kind="burned",
        state=turn.state,
        geometry=Polygon(),
        area_m2=0.0,
        pixels=0,
        last_unharmed=None if turn.unharmed == NEVER else moment(turn.unharmed),
        first_changed=moment(turn.opened),
        looks=turn.looks,
        evidence=_numbers(turn, float(errors.ring_changed[place].max())),
        doubts=tuple(doubts_of(turn, errors, place, features, scene, int(rows["held"][place]))),
        place=place_id,
    )


def said(
    rows: Mapping[str, NDArray[Any]], place: int, names: tuple[str, ...] = NAMES
) -> dict[str, Any]:
    """Return what the last look at one settlement was held against and came to, for the ledger.

    Of each feature that was seen: its score, and in `features` what the core showed, what its
    past, the season and its surroundings let expect, and the standard deviation of that, in the
    units the features are measured in.

    Parameters
    ----------
    names : tuple of str
        Of the features.
    """
    seen = [
        (name, float(score), float(observed), float(deviation))
        for name, score, observed, deviation in zip(
            names, *(rows[one][place] for one in ("score", "observed", "predictive")), strict=True
        )
        if np.isfinite(score)
    ]
    evidence = float(rows["evidence"][place])
    told: dict[str, Any] = {}
    if seen:
        told["scores"] = {name: round(score, 2) for name, score, _, _ in seen}
        told["features"] = {
            name: [round(one, 4) for one in (observed, observed - score * deviation, deviation)]
            for name, score, observed, deviation in seen
        }
    if np.isfinite(evidence):
        told["evidence"] = round(evidence, 2)
    if np.isfinite(rows["windowed"][place, 0]):
        told["windowed"] = _each_level(rows["windowed"][place])
        told["thresholds"] = _each_level(rows["thresholds"][place])
    held = list(held_words(int(rows["held"][place])))
    return {**told, **({"held_back": held} if held else {})}


def _each_level(values: NDArray[np.float64]) -> dict[str, float]:
    """Return one number for each state; one that no looks bear is left out."""
    named = zip(LEVELS, values, strict=True)
    return {one.name: round(float(value), 4) for one, value in named if np.isfinite(value)}


def _numbers(turn: Turn, ring_changed: float) -> dict[str, float]:
    """Return what an analyst can check; a feature that was not seen has no number."""
    factors = {name: float(np.exp(-turn.shown[k])) for name, k in _FACTORS.items()}
    changes = {name: float(turn.shown[k]) for name, k in _CHANGES.items()}
    numbers = {"log_likelihood_ratio": turn.strongest, **factors, **changes,
               "surroundings_changed": ring_changed}  # fmt: skip
    return {name: round(value, 3) for name, value in numbers.items() if np.isfinite(value)}


def doubts_of(
    turn: Turn, errors: Errors, place: int, features: Features, scene: SceneJudgement, held: int
) -> list[str]:
    """Say in words what could weaken a finding."""
    doubts = []
    if turn.unharmed == NEVER:
        doubts.append("no look shows the settlement plainly unharmed before")
    if not errors.ringed[place].any():
        doubts.append("its surroundings could not be compared with")
    elif errors.ring_changed[place].max() >= RING_CHANGED:
        share = errors.ring_changed[place].max()
        doubts.append(f"{share:.0%} of its surroundings changed as well")
    sectors = _sectors(features, place)
    if 0 < sectors < FEW_SECTORS:
        doubts.append(f"compared with {sectors} of {PARTS - 1} sectors round it only")
    if held & Held.RECURRENCE:
        doubts.append("the place changed likewise at this time of an earlier year")
    if scene.verdict is GuardVerdict.UNGUARDED:
        doubts.append(f"the scene guard could not judge the look: {scene.reason}")
    if features.lived_without:
        doubts.append(f"seen without {', '.join(features.lived_without)}")
    return doubts


def _sectors(features: Features, place: int) -> int:
    """Return how many sectors of a ring the look showed."""
    if features.places is None:
        return 0
    return int(np.isfinite(features.places.values[place, :, 1:]).any(0).sum())


def moment(seconds: int) -> datetime:
    """Return seconds since the epoch as a time in UTC."""
    return datetime.fromtimestamp(int(seconds), UTC)
