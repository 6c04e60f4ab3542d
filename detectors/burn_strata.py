"""Which thresholds hold at each settlement, by what its state says of the ground and the looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.burn_features import NEAR_INFRARED, VISIBLE
from detectors.calibration import Calibration, strata


def place_thresholds(
    rows: Mapping[str, NDArray[Any]], core_pixels: NDArray[np.int64] | None,
    calibration: Calibration,
) -> NDArray[np.float64]:  # fmt: skip
    """Return the thresholds of every place, nats, shape (place, 3)."""
    count = len(rows["level"])
    if len(calibration.thresholds) == 1:
        keys: list[tuple[str, ...]] = [()] * count
    else:
        keys = place_strata(rows, core_pixels)
    found = [calibration.for_stratum(one) for one in keys]
    out = [(one.watch, one.probable, one.established) for one in found]
    return np.array(out, np.float64).reshape(count, 3)


def place_strata(
    rows: Mapping[str, NDArray[Any]], core_pixels: NDArray[np.int64] | None
) -> list[tuple[str, ...]]:
    """Return the strata of every place, the narrowest first."""
    sizes = np.zeros(len(rows["level"]), np.int64) if core_pixels is None else core_pixels
    each = zip(greenness(rows), _looks_a_year(rows), sizes, strict=True)
    return [strata(float(green), float(looks), int(size)) for green, looks, size in each]


def greenness(rows: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """Return ln(near infrared / visible) of the surroundings over the seasons; NaN if unknown.

    It is not known of a detector that keeps no baseline of them.
    """
    if "coefficients" not in rows:
        return np.full(len(rows["level"]), np.nan)
    level, looks = rows["coefficients"][:, :, 1:, 0], rows["part_looks"][:, :, 1:]
    known = (looks[:, NEAR_INFRARED] > 0) & (looks[:, VISIBLE] > 0)
    ratio = np.where(known, level[:, VISIBLE] - level[:, NEAR_INFRARED], 0.0).sum(-1)
    count = known.sum(-1)
    return np.where(count > 0, ratio / np.maximum(count, 1), np.nan)


def _looks_a_year(rows: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    over = rows["peaks_looks"] > 0
    total = np.where(over, rows["peaks_looks"], 0).sum(-1)
    return np.where(over.any(-1), total / np.maximum(over.sum(-1), 1), np.nan)
