"""What a season came to, held against the past ones of the same place and time of the year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from detectors import abandon_fields
from detectors.abandon_fields import Tilled
from detectors.abandon_odds import Departure, departure, log_likelihood_ratio
from detectors.abandon_seasons import (
    BRIGHT,
    GREENING,
    NEAR,
    RING,
    Rows,
    SeasonRules,
)
from detectors.abandon_usual import usual
from detectors.season_calendar import LEAST_GREENING

SEEN_PIXELS = 200
"""Of the sample near a settlement, and of that round it, that a judged season has counted."""

Array = NDArray[np.float64]


class Unjudged(IntEnum):
    """Why nothing can be said of a season."""

    NOTHING = 0
    LATE = 1
    LOOKS = 2
    PAST = 3
    DORMANT = 4
    UNSEEN = 5
    UNTILLED = 6
    SUSPECT = 7


WHY: Mapping[Unjudged, str] = {
    Unjudged.LATE: "the season was not followed from its beginning",
    Unjudged.LOOKS: "the season had too few usable looks",
    Unjudged.PAST: "too few past seasons are known",
    Unjudged.DORMANT: "the surroundings hardly greened",
    Unjudged.UNSEEN: "too little of the ground was seen often enough",
    Unjudged.UNTILLED: "too little of the ground was ever tilled",
    Unjudged.SUSPECT: "the scene that ended the season is bad",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a season came to, or has come to so far; arrays of shape (place,).

    Attributes
    ----------
    judged : ndarray of bool
        Where the past and the looks suffice.
    why : ndarray of int8
        Why a place is not judged, an `Unjudged`; 0 where it is.
    fields, greening, fading : Departure
        Of the tilled share of the usual fields against the ring's, turned round, so that a loss
        is positive; of the yards' greenness, and of their brightness turned round.
    left : ndarray
        Of all ground near, new fields too, what share is tilled of what the ring and the past let
        expect; NaN where there is no past.
    evidence : ndarray
        Nats, the three together; 0 where not judged.
    figures : ndarray, shape (place, 5)
        In the order of `GREENING` and those after it.
    past : ndarray, shape (place, 5)
        Their means over the seasons compared with; NaN where there are none.
    """

    judged: NDArray[np.bool_]
    why: NDArray[np.int8]
    fields: Departure
    greening: Departure
    fading: Departure
    left: Array
    evidence: Array
    figures: Array
    past: Array
    tilled: Tilled


def verdict(
    rows: Rows, slots: NDArray[np.int64], over: NDArray[np.bool_], rules: SeasonRules
) -> Verdict:
    """Hold the running season of every place against its past ones.

    Parameters
    ----------
    slots : ndarray of int64, shape (place,)
        Which of the year's seasons it is.
    over : ndarray of bool, shape (place,)
        Whether it has ended.
    """
    count = abandon_fields.tilled(rows, rules.fields)
    past = rows["past"][np.arange(len(slots)), slots]
    means = _means(past)
    figures = _figures(rows, count)
    wide = np.where(over, 1.0, rules.so_far_spread)
    shown = usual(rows, slots, count)
    fields = _widened(departure(-shown.past, -shown.now, shown.counting, rules.fields_spread), wide)
    none = np.zeros(len(slots))
    greening = _widened(
        departure(past[:, :, GREENING], figures[:, GREENING], none, rules.green_spread), wide
    )
    fading = _widened(
        departure(-past[:, :, BRIGHT], -figures[:, BRIGHT], none, rules.bright_spread), wide
    )
    why = _why_not(rows, count, means, fields, rules)
    judged = why == Unjudged.NOTHING
    evidence = _of_fields(fields, shown.left, rules)
    for found, reach in ((greening, rules.green_reach), (fading, rules.bright_reach)):
        own = rules.yards * log_likelihood_ratio(found, reach)
        evidence = evidence + np.clip(own, rules.yards_least, rules.yards_most)
    return Verdict(judged, why, fields, greening, fading, shown.left,
                   np.where(judged, evidence, 0.0), figures, means, count)  # fmt: skip


def teaches(rows: Rows, found: Verdict, place: int, rules: SeasonRules) -> bool:
    """Tell whether a season was seen well enough to be one of the past that others are held to."""
    count = found.tilled
    seen = min(count.near_of[place], count.ring_of[place]) >= SEEN_PIXELS
    followed = rows["whole"][place] == 1 and rows["looks"][place] >= rules.looks
    return bool(followed and seen and count.rise[place] >= LEAST_GREENING)


def _why_not(
    rows: Rows, count: Tilled, means: Array, fields: Departure, rules: SeasonRules
) -> NDArray[np.int8]:
    """Say why the season of each place cannot be judged; the first reason counts."""
    with np.errstate(invalid="ignore"):
        greened = count.rise >= LEAST_GREENING
        tilled = (means[:, NEAR] >= rules.near) & (means[:, RING] >= rules.ring)
    reasons = (
        (rows["whole"] == 0, Unjudged.LATE),
        (rows["looks"] < rules.looks, Unjudged.LOOKS),
        (fields.seasons < rules.past, Unjudged.PAST),
        (~greened, Unjudged.DORMANT),
        (np.minimum(count.near_of, count.ring_of) < SEEN_PIXELS, Unjudged.UNSEEN),
        (~tilled, Unjudged.UNTILLED),
    )
    found = np.select([one for one, _ in reasons], [int(why) for _, why in reasons], 0)
    return found.astype(np.int8)


def _of_fields(fields: Departure, left: Array, rules: SeasonRules) -> Array:
    """Return the evidence of the fields, nats.

    People who till other ground than they used to have not gone: where about as much is tilled as
    ever, that the usual fields lie fallow is no evidence.
    """
    evidence = log_likelihood_ratio(fields, rules.fields_reach)
    with np.errstate(invalid="ignore"):
        moved = left > np.exp(-rules.fields_reach[0])
    return np.where(moved, np.minimum(evidence, 0.0), evidence)


def _figures(rows: Rows, count: Tilled) -> Array:
    weight = rows["yard_weight"]
    with np.errstate(invalid="ignore", divide="ignore"):
        yards = np.where(weight > 0.0, rows["yard"] / weight, np.nan)
    shares = [
        (hits + 0.5) / (of + 1.0)
        for hits, of in ((count.near, count.near_of), (count.ring, count.ring_of))
    ]
    return np.stack([*yards.T, *shares, count.charred_near], axis=1)


def _widened(found: Departure, by: Array) -> Departure:
    return Departure(found.error, found.deviation * by, found.freedom, found.seasons)


def _means(past: Array) -> Array:
    """Return the mean of each figure over the seasons that have it; NaN where none has."""
    known = np.isfinite(past)
    count = known.sum(1)
    total = np.where(known, past, 0.0).sum(1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
