"""The update of every pixel's state by one look: one fused pass over fixed-point state.

Per pixel and feature an adaptive harmonic (level, annual cosine and sine) and a robust scale, per
pixel the evidence of an ongoing change, in 26 bytes. Everything is elementwise float32 arithmetic
without fast-math, so the result does not depend on the number of threads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from detectors.evidence import POLYNOMIAL, POLYNOMIAL_FROM, POLYNOMIAL_TO

NO_DATA = -32768
FEATURE_UNIT = 1.0 / 4096.0
"""Natural-log units of one step of a feature."""
SCALE_UNIT = 1.0 / 32768.0
EVIDENCE_UNIT = 1.0 / 512.0
"""Nats of one step of evidence."""
(LEVEL_0, COSINE_0, SINE_0, LEVEL_1, COSINE_1, SINE_1, SCALE_0, SCALE_1, EVIDENCE, LOOKS, RUN,
 UNHARMED, CHANGED) = range(13)  # fmt: skip
FIELDS = 13
BLOCK = 512
"""Pixels a thread works on at a time."""

# The loop works in the steps of the state, never in nats or natural-log units: as the units are
# powers of two, moving them into its constants saves multiplications and changes no bit.
_STEPS = SCALE_UNIT / FEATURE_UNIT
_ZERO, _HALF, _ONE, _TWO = (np.float32(v) for v in (0.0, 0.5, 1.0, 2.0))
_FROM = np.float32(POLYNOMIAL_FROM)
_PER_RANGE = np.float32(1.0 / (POLYNOMIAL_TO - POLYNOMIAL_FROM))
_A, _B, _C, _D, _E = (np.float32(v) / np.float32(EVIDENCE_UNIT) for v in POLYNOMIAL)
# Gains of a Kalman filter that starts with a wide level and narrow seasonal terms.
_LEVEL_PRIOR, _SWING_PRIOR = np.float32(1.3), np.float32(12.0)
# Stochastic median absolute deviation: a step up or down by whether it is exceeded.
_MEDIAN = np.float32(0.6745 * _STEPS)
_FAST_UP, _FAST_DOWN = np.float32(1.15), np.float32(1.0 / 1.15)
_SLOW_UP, _SLOW_DOWN = np.float32(1.05), np.float32(1.0 / 1.05)
_UNSETTLED, _YOUNG, _MANY = 2, 12, 30000


@dataclass(frozen=True, slots=True)
class KernelParameters:
    """Constants of the update; the same for every pixel and look.

    Attributes
    ----------
    training : int
        Usable looks before a pixel is scored.
    memory : int
        Looks after which the gain of the baseline stops falling.
    weight : float
        Shrinkage of each feature's evidence, 1 where the features are taken as independent.
    freeze : float
        Evidence, nats, above which the baseline learns nothing: a change must not become normal.
    quiet : float
        Evidence, nats, below which a pixel counts as unchanged.
    unharmed : float
        Evidence of one look, nats, below which the look shows the ground plainly unharmed.
    ceiling : float
        Evidence is capped here, nats.
    scale_start, scale_low, scale_high : float
        First value and bounds of the scale, natural-log units.
    winsor : float
        Residuals beyond so many scales are cut before they teach the baseline.
    """

    training: int = 8
    memory: int = 25
    weight: float = 1.0
    freeze: float = 4.0
    quiet: float = 0.5
    unharmed: float = -0.8
    ceiling: float = 30.0
    scale_start: float = 0.3
    scale_low: float = 0.06
    scale_high: float = 0.8
    winsor: float = 2.5


@dataclass(frozen=True, slots=True)
class LookScale:
    """What one look's own quiet pixels say of it, per feature.

    Attributes
    ----------
    centre : ndarray of float32, shape (feature,)
        Median of the feature over the quiet pixels: the look's own normal.
    shift, spread : ndarray of float32, shape (feature,)
        Median and robust spread of their scores; a hazy look has a wide one and so counts less.
    """

    centre: NDArray[np.float32]
    shift: NDArray[np.float32]
    spread: NDArray[np.float32]


def new_slab(size: int, parameters: KernelParameters) -> NDArray[np.int16]:
    """Return the state of `size` pixels never looked at, padded to whole blocks."""
    slab = np.zeros((-(-size // BLOCK), FIELDS, BLOCK), np.int16)
    slab[:, (SCALE_0, SCALE_1)] = round(parameters.scale_start / SCALE_UNIT)
    slab[:, (UNHARMED, CHANGED)] = NO_DATA
    return slab


def field(slab: NDArray[np.int16], which: int, size: int) -> NDArray[np.int16]:
    """Return a copy of one field of the first `size` pixels."""
    values: NDArray[np.int16] = slab[:, which].reshape(-1)[:size]
    return values


def blocked(pixels: NDArray[np.int16]) -> NDArray[np.int16]:
    """Lay features of shape (2, size) out in blocks, padded with `NO_DATA`."""
    features, size = pixels.shape
    out = np.full((-(-size // BLOCK), features, BLOCK), NO_DATA, np.int16)
    whole = size // BLOCK
    out[:whole] = pixels[:, : whole * BLOCK].reshape(features, whole, BLOCK).transpose(1, 0, 2)
    if whole * BLOCK < size:
        out[whole, :, : size - whole * BLOCK] = pixels[:, whole * BLOCK :]
    return out


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _rounded(value):  # type: ignore[no-untyped-def]
    """Round half away from zero; unlike `np.rint` it stays inside a vector loop."""
    return np.int16(value + math.copysign(np.float32(0.5), value))


@numba.njit(nogil=True, inline="always", error_model="numpy")
def _feature_evidence(z):  # type: ignore[no-untyped-def]
    t = min(max((z - _FROM) * _PER_RANGE, _ZERO), _ONE)
    return _A + t * t * (_B + t * (_C + t * (_D + t * _E)))


@numba.njit(nogil=True, error_model="numpy")
def _any_seen(values):  # type: ignore[no-untyped-def]
    for i in range(2 * BLOCK):  # noqa: SIM110 (numba compiles no generator)
        if values[i] != NO_DATA:
            return True
    return False


@numba.njit(nogil=True, cache=True, error_model="numpy")
def _update(pixels, state, look, p, day):  # type: ignore[no-untyped-def]
    cosine, sine, ceiling_now = look[0, 0], look[0, 1], look[0, 2]
    c0, c1, h0, h1, w0, w1 = look[1, 0], look[1, 1], look[2, 0], look[2, 1], look[3, 0], look[3, 1]
    free, teaches = look[1, 2] > _ZERO, look[2, 2] > _ZERO
    training, memory = p[0], p[1]
    weight, plain, ceiling = p[2], p[5], p[6]
    freeze, quiet = p[3], np.int16(p[4])
    low, high, winsor = p[7], p[8], p[9]
    for block in range(state.size // (FIELDS * BLOCK)):
        q = pixels[block * 2 * BLOCK : (block + 1) * 2 * BLOCK]
        x = state[block * FIELDS * BLOCK : (block + 1) * FIELDS * BLOCK]
        if not _any_seen(q):
            continue
        # Offsets into one array, constant at compile time: the compiler then knows that the
        # fields do not overlap and turns the loop into vector instructions.
        for i in range(BLOCK):
            looks = x[LOOKS * BLOCK + i]
            n = np.float32(looks)
            seen0, seen1 = q[i] != NO_DATA, q[BLOCK + i] != NO_DATA
            seen = seen0 | seen1
            s0, s1 = np.float32(x[SCALE_0 * BLOCK + i]), np.float32(x[SCALE_1 * BLOCK + i])
            a0 = np.float32(x[LEVEL_0 * BLOCK + i])
            a1 = np.float32(x[COSINE_0 * BLOCK + i])
            a2 = np.float32(x[SINE_0 * BLOCK + i])
            b0 = np.float32(x[LEVEL_1 * BLOCK + i])
            b1 = np.float32(x[COSINE_1 * BLOCK + i])
            b2 = np.float32(x[SINE_1 * BLOCK + i])
            r0 = np.float32(q[i]) - c0 - (a0 + a1 * cosine + a2 * sine)
            r1 = np.float32(q[BLOCK + i]) - c1 - (b0 + b1 * cosine + b2 * sine)
            age = min(n, memory)
            for_level, for_swing = age + _LEVEL_PRIOR, age + _SWING_PRIOR
            # One division serves four quotients: it costs as much as twenty multiplications.
            scales, ages = s0 * s1, for_level * for_swing
            inverse = _ONE / (scales * ages)
            per_scales = inverse * ages
            level, swing = inverse * scales * for_swing, _TWO * inverse * scales * for_level
            l0 = _feature_evidence((r0 * s1 * per_scales - h0) * w0)
            l1 = _feature_evidence((r1 * s0 * per_scales - h1) * w1)
            said = weight * ((l0 if seen0 else _ZERO) + (l1 if seen1 else _ZERO))
            said = min(said, ceiling_now)
            trained = n >= training
            scored = seen & trained
            before = x[EVIDENCE * BLOCK + i]
            weighed = min(max(np.float32(before) + (said if scored else _ZERO), _ZERO), ceiling)
            # Compared as stored: what a look leaves behind must not read differently at the next.
            after = np.int16(weighed + _HALF)
            running = after > quiet
            begins = running & (before <= quiet)
            x[CHANGED * BLOCK + i] = day if begins else x[CHANGED * BLOCK + i]
            harmless = free & seen & (not running) & ((said <= plain) | (not trained))
            x[UNHARMED * BLOCK + i] = day if harmless else x[UNHARMED * BLOCK + i]
            run = x[RUN * BLOCK + i]
            run = np.int16(run + 1) if free & scored & (run < _MANY) else run
            x[RUN * BLOCK + i] = run if running else np.int16(0)
            x[EVIDENCE * BLOCK + i] = after
            learns = free & teaches & (weighed <= freeze)
            teach0, teach1 = seen0 & learns, seen1 & learns
            cut0, cut1 = s0 * winsor, s1 * winsor
            e0 = min(max(r0, -cut0), cut0) if teach0 else _ZERO
            e1 = min(max(r1, -cut1), cut1) if teach1 else _ZERO
            x[LEVEL_0 * BLOCK + i] = _rounded(a0 + level * e0)
            x[COSINE_0 * BLOCK + i] = _rounded(a1 + swing * cosine * e0)
            x[SINE_0 * BLOCK + i] = _rounded(a2 + swing * sine * e0)
            x[LEVEL_1 * BLOCK + i] = _rounded(b0 + level * e1)
            x[COSINE_1 * BLOCK + i] = _rounded(b1 + swing * cosine * e1)
            x[SINE_1 * BLOCK + i] = _rounded(b2 + swing * sine * e1)
            young = looks < _YOUNG
            up = _FAST_UP if young else _SLOW_UP
            down = _FAST_DOWN if young else _SLOW_DOWN
            settled = looks > _UNSETTLED
            f0 = up if abs(r0) > _MEDIAN * s0 else down
            f1 = up if abs(r1) > _MEDIAN * s1 else down
            f0 = f0 if (teach0 & settled) else _ONE
            f1 = f1 if (teach1 & settled) else _ONE
            x[SCALE_0 * BLOCK + i] = np.int16(min(max(s0 * f0, low), high) + _HALF)
            x[SCALE_1 * BLOCK + i] = np.int16(min(max(s1 * f1, low), high) + _HALF)
            counts = free & teaches & seen & (looks < _MANY)
            x[LOOKS * BLOCK + i] = np.int16(looks + 1) if counts else looks


def update(
    slab: NDArray[np.int16],
    pixels: NDArray[np.int16],
    scale: LookScale,
    phase: float,
    day: int,
    parameters: KernelParameters,
    *,
    hold: bool = False,
    telling: bool = True,
    teaching: bool = True,
) -> None:
    """Take one look into the state, in place.

    Parameters
    ----------
    slab : ndarray of int16, shape (block, field, pixel)
        As made by :func:`new_slab`, contiguous and writable.
    pixels : ndarray of int16, shape (block, 2, pixel)
        As laid out by :func:`blocked`: features in `FEATURE_UNIT`, `NO_DATA` where nothing was
        seen.
    phase : float
        Time of the year, radians.
    day : int
        Day of the look in the state's own count.
    hold : bool
        True for a look the scene guard holds back: evidence may only fall, and the look teaches
        the baseline nothing, counts for no change and proves nothing unharmed.
    telling : bool
        False for a look on which a change would hardly show: it proves nothing unharmed.
    teaching : bool
        False for ground under suspicion: evidence goes on, and no baseline learns.
    """
    look = np.zeros((4, 3), np.float32)
    look[0] = math.cos(phase), math.sin(phase), 0.0 if hold else parameters.ceiling / EVIDENCE_UNIT
    look[1] = 0.0, 0.0, 0.0 if hold else 1.0
    look[2, 2] = 1.0 if teaching else 0.0
    look[1, :2] = scale.centre / np.float32(FEATURE_UNIT)
    look[2, :2] = scale.shift * np.float32(_STEPS)
    look[3, :2] = np.float32(1.0) / scale.spread / np.float32(_STEPS)
    p = parameters
    constants = np.array(
        [p.training, p.memory, p.weight, p.freeze / EVIDENCE_UNIT, p.quiet / EVIDENCE_UNIT,
         p.unharmed / EVIDENCE_UNIT if telling else -np.inf, p.ceiling / EVIDENCE_UNIT,
         p.scale_low / SCALE_UNIT, p.scale_high / SCALE_UNIT, p.winsor * _STEPS],
        np.float32,
    )  # fmt: skip
    _update(pixels.reshape(-1), slab.reshape(-1), look, constants, np.int16(day))


def gather(slab: NDArray[np.int16], where: NDArray[np.intp]) -> NDArray[np.int16]:
    """Return the state of the pixels with flat index `where`, shape (pixel, field)."""
    picked: NDArray[np.int16] = slab[where // BLOCK, :, where % BLOCK]
    return picked


def scatter(slab: NDArray[np.int16], where: NDArray[np.intp], values: NDArray[np.int16]) -> None:
    """Write the state of the pixels with flat index `where`, in place."""
    slab[where // BLOCK, :, where % BLOCK] = values


def renew(slab: NDArray[np.int16], where: NDArray[np.intp], parameters: KernelParameters) -> None:
    """Let the pixels with flat index `where` learn a new normal from nothing, in place.

    When they were last plainly unharmed stays known.
    """
    fresh = gather(new_slab(BLOCK, parameters), where[:1] * 0)
    part = gather(slab, where)
    kept = part[:, UNHARMED].copy()
    part[:] = fresh[0] if where.size else part
    part[:, UNHARMED] = kept
    scatter(slab, where, part)


def sample_scores(
    part: NDArray[np.int16], values: NDArray[np.int16], centre: NDArray[np.float32], phase: float
) -> NDArray[np.float32]:
    """Return the scores of some pixels before the look's own shift and spread are known.

    Parameters
    ----------
    part : ndarray of int16, shape (pixel, field)
        As given by :func:`gather`.
    values : ndarray of int16, shape (2, pixel)
        Features of the same pixels.

    Returns
    -------
    ndarray of float32, shape (2, pixel)
        Residual over scale, NaN where nothing was seen.
    """
    scale = part[:, (SCALE_0, SCALE_1)].T * np.float32(SCALE_UNIT)
    scores: NDArray[np.float32] = _residuals(part, values, centre, phase) / scale
    return scores


def residuals(
    slab: NDArray[np.int16], pixels: NDArray[np.int16], scale: LookScale, phase: float
) -> NDArray[np.float32]:
    """Return what each pixel of a look differs from its baseline by, natural-log units.

    Shape (2, size) like `pixels`; NaN where nothing was seen.
    """
    size = pixels.shape[1]
    cosine, sine = np.float32(math.cos(phase)), np.float32(math.sin(phase))
    out = np.full(pixels.shape, np.nan, np.float32)
    for k in range(2):
        level, swing, swing_too = (slab[:, 3 * k + term] for term in range(3))
        predicted = (level + cosine * swing + sine * swing_too).reshape(-1)[:size]
        moved = (pixels[k] - predicted) * np.float32(FEATURE_UNIT) - scale.centre[k]
        np.copyto(out[k], moved, where=pixels[k] != NO_DATA)
    return out


def _residuals(
    part: NDArray[np.int16], values: NDArray[np.int16], centre: NDArray[np.float32], phase: float
) -> NDArray[np.float32]:
    x = np.array([1.0, math.cos(phase), math.sin(phase)], np.float32)
    predicted = np.stack([part[:, :3] @ x, part[:, 3:6] @ x]) * np.float32(FEATURE_UNIT)
    observed = values * np.float32(FEATURE_UNIT) - centre[:, None]
    return np.where(values != NO_DATA, observed - predicted, np.float32(np.nan))
