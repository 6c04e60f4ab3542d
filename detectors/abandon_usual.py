r"""What share of the ground that is usually tilled was tilled, season by season.

Ground that passes for a field now and then though nobody tills it, *stray* ground, hides that
fields were left: of a settlement four fifths of whose fields lie fallow, half of what is counted
may be such. So every season :math:`s` is weighed by what the *other* seasons :math:`t` showed,

.. math::

    w_{is} = \frac{\sum_{t \ne s} f_{it}}{\sum_{t \ne s} k_{it}}, \qquad
    p_s = \frac{\sum_i w_{is} f_{is} + 1/2}{\sum_i w_{is} k_{is} + 1}

with :math:`f` telling the pixels that were tilled and :math:`k` those that were seen often enough.
No season has a part in its own weights, the one that is judged no more than those of the past: were
all years alike, each would be as likely as another to show the least. Where every pixel is tilled
as often as any other the weights are alike, and all of this is a plain count.

In a dry year far more strays, near and in the ring alike. By how much more of the ring's other
ground (weights :math:`(1 - w)^2`) passes for tilled than in past seasons, :math:`r`, is taken off
both shares: :math:`(p - r) / (1 - r)` (Rogan & Gladen 1978,
doi:10.1093/oxfordjournals.aje.a112510).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.abandon_fields import Tilled
from detectors.abandon_look import NEAR_SLOTS, SLOTS

MOST_STRAY = 0.5
"""Share of other ground that may be taken for stray; a season that shows more tells little."""
KEPT = 8
"""Past seasons of a slot that are kept, each one bit of a pixel."""

_PARTS = (slice(None, NEAR_SLOTS), slice(NEAR_SLOTS, None))
_LEAST = 0.02
"""Share of the usual fields within which of 0 and 1 its variance is that of one so far in."""

Array = NDArray[np.float64]
Rows = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Shares:
    """Weighted shares of tilled ground; all of shape (place, season), the last one running.

    `total` sums the weights, and `draws` is the sum of their squares over the square of that: how
    much of the variance of one pixel the share has.
    """

    share: Array
    total: Array
    draws: Array


@dataclass(frozen=True, slots=True)
class Usual:
    """How much of what is usually tilled near was tilled, against the ring.

    Attributes
    ----------
    past : ndarray, shape (place, `KEPT`)
        ln of the share near over that of the ring; NaN where no season is kept.
    now : ndarray, shape (place,)
    counting : ndarray, shape (place,)
        Variance that `now` would have of itself in a season like those of the past.
    left : ndarray, shape (place,)
        Share of what the ring and the past let expect that is tilled near, on old fields and new;
        NaN where no season is kept.
    """

    past: Array
    now: Array
    counting: Array
    left: Array


def new_rows(count: int, slots: int) -> Rows:
    """Return what is kept of the past of pixels never seen; `slots` seasons of a year."""
    shape = (count, slots, SLOTS)
    return {"past_tilled": np.zeros(shape, np.uint8), "past_seen": np.zeros(shape, np.uint8)}


def learn(rows: Rows, place: int, slot: int, at: int, count: Tilled) -> None:
    """Keep a season as the one numbered `at`, in place of what was kept there."""
    bit = np.uint8(1 << at)
    for name, shown in (("past_tilled", count.fields), ("past_seen", count.known)):
        kept = rows[name][place, slot]
        kept &= ~bit
        kept |= np.where(shown[place], bit, np.uint8(0))


def usual(rows: Rows, slots: NDArray[np.int64], count: Tilled) -> Usual:
    """Return the weighted shares of the running season and of the kept ones of its slot.

    Parameters
    ----------
    slots : ndarray of int64, shape (place,)
        Which of the year's seasons is running.
    """
    at = np.arange(len(slots))
    tilled, seen = (
        np.concatenate([_seasons(rows[name][at, slots]), now[:, None]], axis=1)
        for name, now in (("past_tilled", count.fields), ("past_seen", count.known))
    )
    others, of = (one.sum(1, dtype=np.int16)[:, None] - one for one in (tilled, seen))
    weight = np.where(of > 0, others / np.maximum(of, 1, dtype=np.float32), np.float32(0.0))
    weights = (weight, np.ones_like(weight), (np.float32(1.0) - weight) ** 2)
    (near, ring), (all_near, all_ring), (_, rest) = (
        [_shares(one[..., part], tilled[..., part], seen[..., part]) for part in _PARTS]
        for one in weights
    )
    kept: NDArray[np.bool_] = np.asarray(seen[:, :-1].any(-1))
    past, all_past = (
        np.where(kept, np.log(one.share[:, :-1] / other.share[:, :-1]), np.nan)
        for one, other in ((near, ring), (all_near, all_ring))
    )
    usually = _mean(np.where(kept, rest.share[:, :-1], np.nan))
    stray = np.clip(np.nan_to_num(rest.share[:, -1] - usually), 0.0, MOST_STRAY)
    true_ring = _without(ring, stray)
    expected = true_ring * np.exp(_mean(past))
    return Usual(
        past,
        np.log(_without(near, stray) / true_ring),
        _variance(ring, true_ring, stray) + _variance(near, expected, stray),
        _without(all_near, stray) / _without(all_ring, stray) / np.exp(_mean(all_past)),
    )


def _seasons(bits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the kept seasons of pixels one by one, shape (place, `KEPT`, pixel)."""
    numbered = np.arange(KEPT, dtype=np.uint8)[:, None]
    kept: NDArray[np.bool_] = (bits[:, None] >> numbered) & 1 == 1
    return kept


def _shares(
    weight: NDArray[np.float32], tilled: NDArray[np.bool_], seen: NDArray[np.bool_]
) -> _Shares:
    of = np.where(seen, weight, np.float32(0.0))
    total = of.sum(-1, dtype=np.float64)
    hits = np.where(tilled, of, np.float32(0.0)).sum(-1, dtype=np.float64)
    squares = (of * of).sum(-1, dtype=np.float64)
    return _Shares((hits + 0.5) / (total + 1.0), total, squares / np.maximum(total, 1.0) ** 2)


def _without(shown: _Shares, stray: Array) -> Array:
    """Return the last season's share without what strays; half a pixel is left at least."""
    share: Array = (shown.share[:, -1] - stray) / (1.0 - stray)
    return np.maximum(share, 0.5 / (shown.total[:, -1] + 1.0))


def _variance(shown: _Shares, share: Array, stray: Array) -> Array:
    """Return the variance of ln of a true share that is told by so few pixels, of which some stray.

    That of a binomial draw, by the first order of its logarithm.
    """
    bounded = np.clip(share, _LEAST, 1.0 - _LEAST)
    seen = stray + (1.0 - stray) * bounded
    scaled = (1.0 - stray) * bounded
    variance: Array = seen * (1.0 - seen) / scaled**2 * shown.draws[:, -1]
    return variance


def _mean(past: Array) -> Array:
    """Return the mean of each row over what is known; NaN where nothing is."""
    known = np.isfinite(past)
    count = known.sum(1)
    total = np.where(known, past, 0.0).sum(1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
