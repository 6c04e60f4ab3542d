"""Which of the sampled pixels were tilled in a season, told by what its green did.

Wild vegetation follows the rain, and so the typical pixel of the surroundings. A field is bare at
some time while all else is green, before it is sown or after the harvest, and green at another; or
it is green, watered or late, while all else is dry. How far a pixel fell is held against its own
rise, so that ground which grows thinly is no field. A drought shrinks that and how far the
surroundings greened alike, and so moves no count. Seven bytes a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.abandon_look import NEAR_SLOTS, SLOTS
from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.season_calendar import LEAST_GREENING
from detectors.types import PatchLook

PREVIOUS, HIGH, LOW, BARE, ABOVE, CHARRED, LOOKS = range(7)
"""Of a pixel and season: NDVI of the look before; the highest, the lowest, and the lowest while the
surroundings were green; how far it rose above these; whether it was charred; looks."""
STEP = 0.01
"""NDVI that one count stands for."""
NONE = -128
SHARE = 0.5
"""Of the sampled ground near a settlement, and round it, that a usable look shows."""

Array = NDArray[np.float64]
Rows = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class FieldRules:
    """What makes a pixel a field of a season.

    Attributes
    ----------
    green : float
        Share of the surroundings' rise, in their usual year and in this season so far, from which
        on they count as green.
    fall : float
        Least fall of a pixel, on two looks running, while the surroundings are green, as a share
        of its own rise.
    above : float
        Least height over the surroundings, on two looks running, that does instead, as a share of
        how far these greened in the season.
    rise : float
        Least rise of its own, as a share of the same.
    least : float
        NDVI below which a fall is noise, however little all greened.
    looks : int
        Of a pixel in a season, without which it is not counted.
    char : float
        ``ln(B12 / B08)`` above the median of the surroundings from which on a pixel is charred.
    """

    green: float = 0.6
    fall: float = 0.65
    above: float = 0.4
    rise: float = 0.5
    least: float = 0.06
    looks: int = 4
    char: float = 0.35


@dataclass(frozen=True, slots=True)
class Tilled:
    """Counts of pixels at the end of a season, or so far; all of shape (place,).

    Attributes
    ----------
    near, near_of, ring, ring_of : ndarray of int64
        Tilled pixels and those that were seen often enough.
    rise : ndarray of float64
        How far the surroundings greened, NDVI.
    charred_near, charred_ring : ndarray of float64
        Shares of the pixels that were charred on any look; NaN where none was seen.
    fields, known : ndarray of bool, shape (place, `SLOTS`)
        The tilled pixels themselves, and those that were seen often enough.
    """

    near: NDArray[np.int64]
    near_of: NDArray[np.int64]
    ring: NDArray[np.int64]
    ring_of: NDArray[np.int64]
    rise: Array
    charred_near: Array
    charred_ring: Array
    fields: NDArray[np.bool_]
    known: NDArray[np.bool_]


def new_rows(count: int) -> Rows:
    """Return what is kept of the pixels of places whose season begins."""
    rows = {
        "pixels": np.full((count, LOOKS + 1, SLOTS), NONE, np.int8),
        "ring_before": np.full(count, np.nan),
        "ring_high": np.full(count, np.nan),
        "ring_low": np.full(count, np.nan),
    }
    rows["pixels"][:, CHARRED:] = 0
    return rows


def greenness(look: PatchLook) -> tuple[Array, Array]:
    """Return NDVI of the sample, shape (place, `SLOTS`), and the median of it round each place.

    Notes
    -----
    With ``x = ln(B04 / B08)``, ``(B08 - B04) / (B08 + B04) = -tanh(x / 2)``.
    """
    shaped = look.values[0].reshape(-1, SLOTS)
    found = np.where(shaped == NO_DATA, np.nan, -np.tanh(shaped * (FEATURE_UNIT / 2.0)))
    return found, _medians(found[:, NEAR_SLOTS:])


def shown(look: PatchLook) -> tuple[Array, Array]:
    """Return the seen share of the sampled ground near each place, and of that round it."""
    there = (look.north != 0).reshape(-1, SLOTS)
    seen = (look.values[0] != NO_DATA).reshape(-1, SLOTS)
    near, ring = (
        seen[:, part].sum(1) / np.maximum(there[:, part].sum(1), 1)
        for part in (slice(None, NEAR_SLOTS), slice(NEAR_SLOTS, None))
    )
    return near, ring


def take(
    rows: Rows, look: PatchLook, usable: NDArray[np.bool_], greening: Array, rules: FieldRules
) -> None:
    """Take a look into the rows, in place, at the places where it is usable.

    Parameters
    ----------
    usable : ndarray of bool, shape (place,)
    greening : ndarray, shape (place,)
        Where between trough and peak the surroundings usually are at this time of the year, 0..1;
        NaN where that is not known.
    """
    at = np.flatnonzero(usable)
    if at.size == 0:
        return
    green, ring = greenness(look)
    green, ring = green[at], ring[at]
    pixels, before = rows["pixels"][at], rows["ring_before"][at]
    counts = np.rint(np.clip(green, -1.0, 1.0) / STEP)
    seen = np.isfinite(counts)
    again = seen & (pixels[:, PREVIOUS] != NONE)
    now = np.where(seen, counts, 0.0)
    earlier = np.where(again, pixels[:, PREVIOUS], 0.0)
    apart = now - ring[:, None] / STEP
    apart_before = earlier - np.nan_to_num(before)[:, None] / STEP
    _raise(pixels[:, HIGH], now, seen)
    # A haze or a shadow that no mask shows darkens one look, seldom two: what is low, or above the
    # surroundings, has to be so on both.
    _raise(pixels[:, ABOVE], np.minimum(apart, apart_before), again)
    high, low = rows["ring_high"][at], rows["ring_low"][at]
    green_now = _is_green(np.fmin(ring, before), low, high, rules)
    green_now &= np.nan_to_num(greening[at]) >= rules.green
    _lower(pixels[:, LOW], np.maximum(now, earlier), again)
    _lower(pixels[:, BARE], np.maximum(now, earlier), again & green_now[:, None])
    pixels[:, PREVIOUS][seen] = now[seen]
    pixels[:, LOOKS] += (seen & (pixels[:, LOOKS] < -NONE - 1)).astype(np.int8)
    pixels[:, CHARRED] |= (_charred(look, rules)[at] & seen).astype(np.int8)
    rows["pixels"][at] = pixels
    rows["ring_before"][at] = ring
    rows["ring_high"][at] = np.fmax(rows["ring_high"][at], ring)
    rows["ring_low"][at] = np.fmin(rows["ring_low"][at], ring)


def tilled(rows: Rows, rules: FieldRules) -> Tilled:
    """Count the pixels that were tilled by what the season has shown until now."""
    pixels = rows["pixels"]
    rise = rows["ring_high"] - rows["ring_low"]
    known = (pixels[:, LOOKS] >= rules.looks) & (pixels[:, LOW] != NONE)
    high = pixels[:, HIGH].astype(np.float64)
    own, fell = (high - pixels[:, LOW]) * STEP, (high - pixels[:, BARE]) * STEP
    fell = np.where(pixels[:, BARE] == NONE, 0.0, fell)
    above = pixels[:, ABOVE] * STEP
    with np.errstate(invalid="ignore"):
        apart = fell >= np.maximum(rules.fall * own, rules.least)
        apart |= above >= np.maximum(rules.above * rise, rules.least)[:, None]
        fields = known & apart & (own >= rules.rise * rise[:, None])
    near, ring = slice(None, NEAR_SLOTS), slice(NEAR_SLOTS, None)
    charred = pixels[:, CHARRED] == 1
    return Tilled(
        fields[:, near].sum(1), known[:, near].sum(1), fields[:, ring].sum(1),
        known[:, ring].sum(1), rise, _share(charred, known, near), _share(charred, known, ring),
        fields, known,
    )  # fmt: skip


def _raise(kept: NDArray[np.int8], values: Array, where: NDArray[np.bool_]) -> None:
    """Keep the higher of what is kept and what was seen, in place."""
    bounded = np.clip(np.rint(values), NONE + 1, -NONE - 1)
    higher = where & (bounded > kept)
    kept[higher] = bounded[higher]


def _lower(kept: NDArray[np.int8], values: Array, where: NDArray[np.bool_]) -> None:
    """Keep the lower of what is kept and what was seen, in place."""
    lower = where & ((kept == NONE) | (values < kept))
    kept[lower] = values[lower]


def _is_green(ring: Array, low: Array, high: Array, rules: FieldRules) -> NDArray[np.bool_]:
    """Tell where the surroundings are green by what the season has shown of them so far."""
    rise = high - low
    with np.errstate(invalid="ignore"):
        green: NDArray[np.bool_] = (rise >= LEAST_GREENING) & (ring >= low + rules.green * rise)
    return green


def _charred(look: PatchLook, rules: FieldRules) -> NDArray[np.bool_]:
    shaped = look.values[1].reshape(-1, SLOTS)
    ratio = np.where(shaped == NO_DATA, np.nan, shaped * FEATURE_UNIT)
    with np.errstate(invalid="ignore"):
        charred: NDArray[np.bool_] = ratio - _medians(ratio[:, NEAR_SLOTS:])[:, None] > rules.char
    return charred


def _share(hits: NDArray[np.bool_], of: NDArray[np.bool_], part: slice) -> Array:
    count = of[:, part].sum(1)
    share: Array = np.where(count > 0, (hits & of)[:, part].sum(1) / np.maximum(count, 1), np.nan)
    return share


def _medians(values: Array) -> Array:
    """Return the median of each row, NaN left out; NaN where nothing is left."""
    ordered = np.sort(values, axis=1)
    count, rows = np.isfinite(values).sum(1), np.arange(len(values))
    low = ordered[rows, np.maximum((count - 1) // 2, 0)]
    high = ordered[rows, np.minimum(count // 2, values.shape[1] - 1)]
    middle: Array = np.where(count > 0, (low + high) / 2.0, np.nan)
    return middle
