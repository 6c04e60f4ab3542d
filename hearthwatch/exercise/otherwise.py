"""Changes that are no burn: what they do to reflectance. Pure: arrays in, arrays out.

Whatever is reported after one of them is false. Each is a mixture, a factor or a sum by band; the
numbers and their sources are in `hearthwatch.exercise.optics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from detectors.endmembers import Surface, spectrum
from hearthwatch.exercise.optics import (
    METAL,
    OFFSET,
    SHIFT_M,
    TURNED,
    WAVELENGTH_UM,
    Array,
    haze_reflectance,
    hazy,
    moved,
    shadow_factor,
    wet_factor,
)
from imagery.types import aware_utc


class Otherwise(StrEnum):
    """What changes a look, though nothing burned."""

    HARVEST = "harvest"
    PLOUGHING = "ploughing"
    RAIN = "rain"
    ROOFS = "roofs"
    HAZE = "haze"
    SHADOW = "shadow"
    OFFSET_UP = "offset-up"
    OFFSET_DOWN = "offset-down"
    SHIFT = "shift"


class Extent(StrEnum):
    """Which ground a change touches.

    Attributes
    ----------
    FIELDS
        The core and 300 m round it, but for the huts: one sector of it, of the stated share.
    HUTS
        The stated share of the huts.
    VILLAGE
        The core and 100 m round it.
    BARE
        All of the scene, as far as it is bare.
    SCENE
        All of the scene.
    """

    FIELDS = "fields"
    HUTS = "huts"
    VILLAGE = "village"
    BARE = "bare"
    SCENE = "scene"


EXTENT: Mapping[Otherwise, Extent] = MappingProxyType(
    {
        Otherwise.HARVEST: Extent.FIELDS,
        Otherwise.PLOUGHING: Extent.FIELDS,
        Otherwise.RAIN: Extent.BARE,
        Otherwise.ROOFS: Extent.HUTS,
        Otherwise.HAZE: Extent.SCENE,
        Otherwise.SHADOW: Extent.VILLAGE,
        Otherwise.OFFSET_UP: Extent.SCENE,
        Otherwise.OFFSET_DOWN: Extent.SCENE,
        Otherwise.SHIFT: Extent.SCENE,
    }
)

DAYS: Mapping[Otherwise, float] = MappingProxyType(
    {
        Otherwise.HARVEST: 60.0,
        Otherwise.PLOUGHING: 30.0,
        Otherwise.RAIN: 5.0,
        Otherwise.ROOFS: 3650.0,
        Otherwise.HAZE: 1.0,
        Otherwise.SHADOW: 1.0,
        Otherwise.OFFSET_UP: 1.0,
        Otherwise.OFFSET_DOWN: 1.0,
        Otherwise.SHIFT: 1.0,
    }
)
"""How long each lasts where nothing is said: a day is one look. Assumed."""

OF_THE_NUMBERS = frozenset({Otherwise.OFFSET_UP, Otherwise.OFFSET_DOWN, Otherwise.SHIFT})
"""Errors of a file, not of the ground: they reach clouds too, and every band."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change that is no burn.

    Attributes
    ----------
    kind : Otherwise
    date : datetime
        Aware UTC; the first look that shows it is the first one sensed then or later.
    days : float
        How long it lasts: a look sensed so long after the date shows nothing of it.
    share : float
        Of the fields or of the huts, 0..1; other extents have none.
    strength : float
        0..1; with 0 nothing changes.
    """

    kind: Otherwise
    date: datetime
    days: float
    share: float = 0.8
    strength: float = 1.0

    def __post_init__(self) -> None:
        aware_utc(self.date)
        for name in ("share", "strength"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is a share from 0 to 1, not {getattr(self, name)!r}")
        if not self.days > 0:
            raise ValueError("days are longer than nothing")

    @property
    def extent(self) -> Extent:
        """Return which ground it touches."""
        return EXTENT[self.kind]

    def shown(self, at: datetime) -> float:
        """Return its strength at a time: whole from its date on for its days, else 0."""
        lasts = self.date <= at < self.date + timedelta(days=self.days)
        return self.strength if lasts else 0.0


def altered(
    reflectance: Mapping[str, Array],
    cover: Array,
    change: Change,
    at: datetime,
    pixel_m: float = SHIFT_M,
) -> dict[str, Array]:
    """Return what the bands of one look show with a change in it.

    Parameters
    ----------
    reflectance : mapping of str to ndarray
        By band, 0..1, NaN where nothing was seen; of any shape, (y, x) for a shift.
    cover : ndarray
        Share of each pixel that is touched, 0..1, of a shape that goes with the bands'.
    at : datetime
        When the look was sensed.
    pixel_m : float
        Side of the bands' pixels, metres; only a shift asks.

    Returns
    -------
    dict of str to ndarray
        New arrays. Bands of which the change knows nothing are as they were.

    Notes
    -----
    With w the cover times the strength: a mixture ``r + w (new - r)`` for harvest, ploughing and
    roofs; ``r (1 - w (1 - factor))`` for rain and shadow; ``r +- 0.1 w`` for an offset; for haze
    the layer of `hazy`.
    """
    weight = cover * change.shown(at)
    return {
        band: _one(band, np.asarray(values, np.float64), weight, change, at, pixel_m)
        for band, values in reflectance.items()
    }


def _one(
    band: str, values: Array, weight: Array, change: Change, at: datetime, pixel_m: float
) -> Array:
    kind = change.kind
    if kind is Otherwise.SHIFT:
        return moved(values, change.shown(at) * SHIFT_M / pixel_m)
    if kind in OF_THE_NUMBERS:
        sign = 1.0 if kind is Otherwise.OFFSET_UP else -1.0
        return values + sign * OFFSET * weight
    if band not in WAVELENGTH_UM:
        return values.copy()
    if kind is Otherwise.HAZE:
        return hazy(values, weight * haze_reflectance(band))
    if kind in (Otherwise.RAIN, Otherwise.SHADOW):
        factor = wet_factor(band) if kind is Otherwise.RAIN else shadow_factor(band)
        return values * (1.0 - weight * (1.0 - factor))
    return values + weight * (_surface(kind, band) - values)


def _surface(kind: Otherwise, band: str) -> float:
    """Return the reflectance of what takes the place of what was there."""
    if kind is Otherwise.ROOFS:
        return METAL[band]
    dry = float(spectrum(Surface.DRY, (band,))[0])
    return dry if kind is Otherwise.HARVEST else TURNED * dry
