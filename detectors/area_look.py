"""One look at every pixel of an area: what hid the ground, fixed-point features, their scale.

Detectors of areas share these steps; which features they take is their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors import kernel
from detectors.indices import ndsi
from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.types import DetectorInfo, Features, MonitorState
from imagery.types import Cause

EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
YEAR_DAYS = 365.25
FEATURE_BOUND = 3.9
SAMPLE = 8192
"""Pixels, at most, from which the scale of a look is taken."""
SAMPLE_QUIET = 2.0
"""Evidence, nats, below which a pixel may be of that sample."""
SAMPLE_MINIMUM = 200
SNOW_NDSI = 0.1
SNOW_GREEN = 0.06


def causes_of(look: xr.Dataset) -> NDArray[np.uint8]:
    """Return what each pixel was lost to, snow told from cloud where B03 and B11 allow it.

    Parameters
    ----------
    look : Dataset
        One time step of a cube that passes ``imagery.cube.check_cube``.
    """
    causes: NDArray[np.uint8] = look["cause"].values.copy()
    for band in ("B04", "B08"):
        causes[np.isnan(look[band].values) & (causes == Cause.CLEAR)] = Cause.NODATA
    if "B03" in look and "B11" in look:
        green, swir = look["B03"].values, look["B11"].values
        with np.errstate(invalid="ignore"):
            snow = (ndsi(green, swir) > SNOW_NDSI) & (green > SNOW_GREEN)
        causes[snow & (causes == Cause.CLEAR)] = Cause.SNOW
    return causes


def lost_shares(causes: NDArray[np.uint8], watched: NDArray[np.bool_]) -> dict[str, float]:
    """Return the share of the watched pixels lost to each cause, by its name."""
    count = max(int(watched.sum()), 1)
    return {
        cause.name.lower(): float((watched & (causes == cause)).sum() / count)
        for cause in Cause
        if cause is not Cause.CLEAR
    }


def log_reflectance(reflectance: NDArray[np.float32], floor: float) -> NDArray[np.float32]:
    """Return the natural logarithm of reflectance, nothing below `floor`; NaN stays NaN."""
    with np.errstate(invalid="ignore"):
        values: NDArray[np.float32] = np.log(np.maximum(reflectance, np.float32(floor)))
    return values


def put_fixed(
    target: NDArray[np.int16], values: NDArray[np.float32], where: NDArray[np.bool_]
) -> None:
    """Write `values` in fixed point into `target`, in place, where they were seen."""
    good = where & np.isfinite(values)
    bounded = np.clip(values[good], -FEATURE_BOUND, FEATURE_BOUND)
    target[good] = np.rint(bounded / FEATURE_UNIT).astype(np.int16)


def look_scale(
    slab: NDArray[np.int16], flat: NDArray[np.int16], phase: float, training: int
) -> tuple[kernel.LookScale, float]:
    """Return centre and spread of a look over a sample of quiet pixels, and the share in training.

    Parameters
    ----------
    slab : ndarray of int16, shape (block, field, pixel)
        State of the pixels as the look before left it.
    flat : ndarray of int16, shape (2, size)
        Features of the look.
    phase : float
        Time of the year, radians.
    training : int
        Looks before a pixel is scored.
    """
    seen = np.flatnonzero(flat[0] != NO_DATA)
    sample = seen[:: max(1, seen.size // SAMPLE)]
    part = kernel.gather(slab, sample)
    quiet = part[:, kernel.EVIDENCE] * kernel.EVIDENCE_UNIT < SAMPLE_QUIET
    if quiet.sum() < SAMPLE_MINIMUM:
        quiet[:] = True
    values = flat[:, sample]
    centre = _medians(np.where(quiet & (values != NO_DATA), values * FEATURE_UNIT, np.nan))
    trained = part[:, kernel.LOOKS] >= training
    scores = kernel.sample_scores(part, values, centre, phase)
    scores[:, ~(quiet & trained)] = np.nan
    shift, spread = np.zeros(2, np.float32), np.ones(2, np.float32)
    if (quiet & trained).sum() >= SAMPLE_MINIMUM:
        shift = _medians(scores)
        spread = np.maximum(1.4826 * _medians(np.abs(scores - shift[:, None])), 1.0)
    share = float(1.0 - trained.mean()) if trained.size else 1.0
    return kernel.LookScale(centre, shift, spread.astype(np.float32)), round(share, 4)


def day_time(day: int) -> datetime:
    """Return the moment a day of the states' own count begins."""
    return EPOCH + timedelta(days=int(day))


def check_look(
    state: MonitorState, features: Features, info: DetectorInfo, shape: tuple[int, ...]
) -> None:
    """Refuse a look that does not fit a state.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns that the look's features must have.

    Raises
    ------
    ValueError
        If the state is another's, the grids differ, or the look is not younger than the last.
    """
    if (state.detector, state.version) != (info.id, info.version):
        raise ValueError(
            f"this state was written by {state.detector} {state.version}, "
            f"not by {info.id} {info.version}"
        )
    if features.pixels.shape[1:] != shape:
        raise ValueError("the look and the state are on different grids")
    last = str(state.scalars["last"])
    if last and features.sensed <= datetime.fromisoformat(last):
        raise ValueError(f"the look of {features.sensed:%Y-%m-%d} is not younger than {last}")


def stamped(state: MonitorState, features: Features, said: Mapping[str, Any]) -> MonitorState:
    """Return the state with the look counted and what it said noted."""
    scalars = {
        **state.scalars,
        **said,
        "last": features.sensed.isoformat(),
        "looks": int(state.scalars["looks"]) + 1,
    }
    return dataclasses.replace(state, scalars=scalars)


def numbers_past(state: MonitorState, other: MonitorState) -> MonitorState:
    """Return `state`, in which no new object gets a number that `other` has given."""
    number = max(int(one.scalars["next"]) for one in (state, other))
    if number == state.scalars["next"]:
        return state
    return dataclasses.replace(state, scalars={**state.scalars, "next": number})


def _medians(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Median of each row, NaN left out; 0 for a row with nothing in it."""
    rows = [row[np.isfinite(row)] for row in values]
    return np.array([np.median(r) if r.size else 0.0 for r in rows], np.float32)
