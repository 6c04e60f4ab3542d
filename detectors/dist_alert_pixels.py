"""What is remembered of each pixel between two products of OPERA DIST-ALERT-S1."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.objects import Window
from detectors.types import NEVER

PRODUCT_DAYS = datetime(2020, 12, 31, tzinfo=UTC)
"""Day 0 of the product's dates."""
METRIC_UNIT = 0.01
# Strength of the states 0 to 8 and of what is unknown; what is finished is no longer seen.
_STRENGTH = np.zeros(256, np.uint8)
_STRENGTH[1:7] = (1, 2, 3, 1, 2, 3)
_FINISHED = (7, 8)


@dataclass(frozen=True, slots=True)
class Pixels:
    """What is remembered of each pixel, shape (y, x) each; changed in place.

    Attributes
    ----------
    status : ndarray of uint8
        The product's state.
    count : ndarray of uint8
        Anomalous passes.
    date, told : ndarray of int16
        Day of the change, in the product's count, 0 for none; and that of a change whose object
        has ended.
    confidence, metric : ndarray of int16
        As in the features.
    unharmed, changed : ndarray of int64
        Last pass that showed it unharmed and first that showed the change, seconds since the
        epoch; ``NEVER`` where there is none.
    label : ndarray of uint32
        Number of the object it belongs to.
    """

    status: NDArray[np.uint8]
    count: NDArray[np.uint8]
    date: NDArray[np.int16]
    told: NDArray[np.int16]
    confidence: NDArray[np.int16]
    metric: NDArray[np.int16]
    unharmed: NDArray[np.int64]
    changed: NDArray[np.int64]
    label: NDArray[np.uint32]

    @classmethod
    def new(cls, shape: tuple[int, int]) -> Pixels:
        """Return pixels never looked at."""
        return cls(
            status=np.zeros(shape, np.uint8),
            count=np.zeros(shape, np.uint8),
            date=np.zeros(shape, np.int16),
            told=np.zeros(shape, np.int16),
            confidence=np.zeros(shape, np.int16),
            metric=np.zeros(shape, np.int16),
            unharmed=np.full(shape, NEVER, np.int64),
            changed=np.full(shape, NEVER, np.int64),
            label=np.zeros(shape, np.uint32),
        )

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Pixels:
        """Return a copy of the arrays of a state."""
        return cls(**{name: np.array(values) for name, values in arrays.items()})

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return them by name, as a state holds them."""
        return {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}

    def within(self, window: Window) -> Pixels:
        """Return views of them in a window."""
        return Pixels(*(values[window] for values in self.arrays().values()))  # type: ignore[arg-type]

    @property
    def strength(self) -> NDArray[np.uint8]:
        """How far each pixel's alert has come: 0 none, 1 first, 2 provisional, 3 confirmed."""
        return _STRENGTH[self.status]

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Pixels whose alert was confirmed and has ended."""
        return np.isin(self.status, _FINISHED)
