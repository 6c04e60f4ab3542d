"""Burned ground pixel by pixel, in the core of a settlement and a margin round it.

Per pixel an adaptive harmonic and a robust scale of two features, and the evidence of an ongoing
change: the state and its update are those of :mod:`detectors.kernel`. State belongs to places:
their pixels stand together, in an order that depends on the place alone, so that places may join
and leave.

Features are taken against the ground around: what the quiet pixels of the placebos depart from
their baselines by, in the median, is taken off every pixel, before it is scored and before it is
learned from. So the season and the weather of the tile never enter a pixel's baseline, which holds
what is its own.

How significant a look's scores are is told by the placebos too. Scores are projected on the
direction in which a burn moves this pixel; their centre and scale are those of the trained and
quiet pixels of placebos, so that a hazy look widens its own null. Of unchanged pixels, as many as
``p * n`` come below `p` by chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from detectors import kernel
from detectors.kernel import EVIDENCE_UNIT, NO_DATA, LookScale
from detectors.patch_look import burn_direction
from detectors.pixel_null import (
    PixelRules,
    against_null,
    centre_of,
    limit_of,
    look_scale,
    projected,
)
from detectors.types import PatchLook

DAY_S = 86_400
YEAR_S = 365.25 * DAY_S
EPOCH_S = 1_420_070_400
"""2015-01-01: days of the state are counted from here."""

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class PixelLook:
    """What one look says of every pixel, before it is learned from.

    Attributes
    ----------
    score : ndarray, shape (n,)
        What the pixel moved by towards a burn, in scales of the look's null: its law is Student's
        t. NaN where the pixel was not seen or is not trained.
    towards : ndarray of bool, shape (n,)
        Whether it moved in a burn's direction.
    burned : ndarray of bool, shape (n,)
        Both: significant, and in that direction.
    null : int
        Pixels of placebos that the p-values rest on.
    scale : LookScale
        Centre and spread of the look for the state's update.
    comparable : bool
        False where there are placebos and too little of them was seen to take the look's centre
        from: it is then neither scored nor learned from.
    """

    score: Array
    towards: NDArray[np.bool_]
    burned: NDArray[np.bool_]
    null: int
    scale: LookScale
    comparable: bool

    def p_values(self, rules: PixelRules) -> Array:
        """Return the pixels' one-sided p-values."""
        p: Array = stats.t.sf(self.score, rules.freedom)
        return p


def new_rows(counts: NDArray[np.int64], rules: PixelRules) -> NDArray[np.int16]:
    """Return the state of pixels never looked at, shape (pixel, field): 26 bytes a pixel."""
    slab = kernel.new_slab(1, rules.kernel)[0, :, 0]
    return np.tile(slab, (int(counts.sum()), 1))


def aligned(
    state: Rows, known: Mapping[str, int], ids: tuple[str, ...], counts: NDArray[np.int64],
    rules: PixelRules,
) -> NDArray[np.int16]:  # fmt: skip
    """Return the pixels' state in the order of `ids`, new for places the state does not know.

    Parameters
    ----------
    state : mapping of str to ndarray
        With ``patch_counts`` (place) and ``patch_state`` (pixel, field).
    known : mapping of str to int
        Row of each place in the state.
    """
    had, pixels = state["patch_counts"], state["patch_state"]
    starts = np.concatenate([[0], np.cumsum(had)])
    pieces = []
    for one, count in zip(ids, counts, strict=True):
        row = known.get(one)
        if row is not None and had[row] == count:
            pieces.append(pixels[starts[row] : starts[row + 1]])
        else:
            pieces.append(new_rows(np.array([count]), rules))
    empty = np.empty((0, kernel.FIELDS), np.int16)
    return np.concatenate([empty, *pieces])


def weigh(
    pixels: NDArray[np.int16], look: PatchLook, usable: NDArray[np.bool_],
    placebo: NDArray[np.bool_], seconds: int, rules: PixelRules,
) -> PixelLook:  # fmt: skip
    """Hold one look against the pixels' baselines.

    Parameters
    ----------
    pixels : ndarray of int16, shape (n, field)
    usable, placebo : ndarray of bool, shape (place,)
        Looks at places of which too little was seen say nothing of their pixels either.
    """
    place = np.repeat(np.arange(look.counts.size), look.counts)
    values = np.where(usable[place], look.values, np.int16(NO_DATA))
    seen = values != NO_DATA
    error = np.where(seen, values * kernel.FEATURE_UNIT - expected(pixels, seconds), np.nan)
    quiet = pixels[:, kernel.EVIDENCE] * EVIDENCE_UNIT < rules.quiet
    begun, of_placebo = pixels[:, kernel.LOOKS] > 0, placebo[place]
    known = begun & of_placebo & quiet
    comparable = known.sum() < rules.null_least or (known & seen[0]).sum() >= rules.null_least
    centre = centre_of(error[:, known], rules)
    scales = pixels[:, (kernel.SCALE_0, kernel.SCALE_1)].T * kernel.SCALE_UNIT
    trained = (pixels[:, kernel.LOOKS] >= rules.kernel.training) & comparable
    score = np.where(trained, (error - centre[:, None]) / scales, np.nan)
    null = np.where(quiet & of_placebo, place, -1)
    scale = look_scale(centre, score[:, null >= 0], rules)
    shift, spread = (one.astype(np.float64)[:, None] for one in (scale.shift, scale.spread))
    centred = (score - shift) / spread
    moved, cosine = projected(centred, burn_direction(look.second)[:, None] / scales)
    against, count = against_null(moved, null, rules)
    towards = cosine > rules.direction
    with np.errstate(invalid="ignore"):
        burned = (against > limit_of(rules)) & towards
    return PixelLook(against, towards, burned, count, scale, bool(comparable))


def update(
    pixels: NDArray[np.int16], look: PatchLook, found: PixelLook, usable: NDArray[np.bool_],
    suspected: NDArray[np.bool_], seconds: int, rules: PixelRules, *, hold: bool,
) -> NDArray[np.int16]:  # fmt: skip
    """Return the pixels' state after one look.

    Parameters
    ----------
    suspected : ndarray of bool, shape (place,)
        Places under suspicion: their evidence goes on, and their baselines learn nothing.
    hold : bool
        True for a look the scene guard holds back.
    """
    if not found.comparable:
        return pixels
    pixels = _begun(pixels, look, found.scale)
    after = pixels.copy()
    for frozen in (False, True):
        group = np.flatnonzero(np.repeat(usable & (suspected == frozen), look.counts))
        if group.size == 0:
            continue
        slab = _to_slab(pixels[group])
        kernel.update(
            slab, kernel.blocked(look.values[:, group]), found.scale, _phase(seconds),
            day_of(seconds), rules.kernel, hold=hold, teaching=not frozen,
        )  # fmt: skip
        after[group] = slab.transpose(0, 2, 1).reshape(-1, kernel.FIELDS)[: group.size]
    return after


def settle(
    pixels: NDArray[np.int16], look: PatchLook, found: PixelLook, renewed: NDArray[np.bool_],
    suspected: NDArray[np.bool_], seconds: int, rules: PixelRules,
) -> NDArray[np.int16]:  # fmt: skip
    """Return the pixels' state with what a look shows as the new normal of changed pixels.

    Parameters
    ----------
    renewed : ndarray of bool, shape (place,)
        Places whose episode ends with a new normal: all their pixels are taken from this look.
        Elsewhere it is those that have stood out for long at a place nobody suspects.
    suspected : ndarray of bool, shape (place,)
        Places at which nothing settles by itself.
    """
    pixels = pixels.copy()
    if not found.comparable:
        return pixels
    place = np.repeat(np.arange(look.counts.size), look.counts)
    stale = ~suspected[place] & (pixels[:, kernel.RUN] >= rules.settled)
    level = np.stack([pixels[:, kernel.LEVEL_0], pixels[:, kernel.LEVEL_1]])
    season = _expected(pixels, seconds) - level
    seen = (look.values != NO_DATA).any(0)
    chosen = (renewed[place] | stale) & seen
    for k, field_ in enumerate((kernel.LEVEL_0, kernel.LEVEL_1)):
        here = chosen & (look.values[k] != NO_DATA)
        own = _own(look.values[k], found.scale, k) - season[k]
        pixels[here, field_] = np.rint(own)[here]
    pixels[chosen, kernel.EVIDENCE] = 0
    pixels[chosen, kernel.RUN] = 0
    # As sure of the new level as of one just learned, so that the next looks correct it.
    looks = pixels[chosen, kernel.LOOKS]
    pixels[chosen, kernel.LOOKS] = np.minimum(looks, rules.kernel.training)
    return pixels


def expected(pixels: NDArray[np.int16], seconds: int) -> Array:
    """Return what each pixel's features should be at a time, natural-log units, shape (2, n).

    Without what the tile as a whole departs by on that look (`LookScale.centre`).
    """
    value: Array = _expected(pixels, seconds) * kernel.FEATURE_UNIT
    return value


def day_of(seconds: int) -> int:
    """Return the day of a time in the state's own count."""
    return (seconds - EPOCH_S) // DAY_S


def _begun(pixels: NDArray[np.int16], look: PatchLook, scale: LookScale) -> NDArray[np.int16]:
    """Return the pixels' state with the first value a feature ever had as its level.

    From a level of 0 the first residuals would be those of the logarithm itself, and the scale
    would take dozens of looks to come down from them.
    """
    begun = pixels.copy()
    for k, first in enumerate((kernel.LEVEL_0, kernel.LEVEL_1)):
        unknown = ~begun[:, first : first + 3].any(-1) & (look.values[k] != NO_DATA)
        begun[unknown, first] = _own(look.values[k], scale, k)[unknown]
    return begun


def _own(values: NDArray[np.int16], scale: LookScale, k: int) -> NDArray[np.int16]:
    """Return a feature with the look's centre taken off, in the state's steps."""
    steps = round(float(scale.centre[k]) / kernel.FEATURE_UNIT)
    return np.clip(values.astype(np.int32) - steps, NO_DATA + 1, -NO_DATA - 1).astype(np.int16)


def _expected(pixels: NDArray[np.int16], seconds: int) -> Array:
    # Term by term: a product of matrices may round a pixel by where in the array it stands.
    cosine, sine = math.cos(_phase(seconds)), math.sin(_phase(seconds))
    return np.stack(
        [pixels[:, k] + cosine * pixels[:, k + 1] + sine * pixels[:, k + 2] for k in (0, 3)]
    )


def _phase(seconds: int) -> float:
    return 2.0 * math.pi * seconds / YEAR_S


def _to_slab(part: NDArray[np.int16]) -> NDArray[np.int16]:
    """Lay the state of some pixels out in the kernel's blocks."""
    blocks = -(-len(part) // kernel.BLOCK)
    padded = np.zeros((blocks * kernel.BLOCK, kernel.FIELDS), np.int16)
    padded[: len(part)] = part
    # Pixels that pad a block see nothing, but their scale is divided by.
    padded[len(part) :, (kernel.SCALE_0, kernel.SCALE_1)] = 1
    return np.ascontiguousarray(
        padded.reshape(blocks, kernel.BLOCK, kernel.FIELDS).transpose(0, 2, 1)
    )
