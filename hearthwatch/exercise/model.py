"""What an exercise implants: burns of a village or round it, how they fade, how pixels mix.

Pure: parameters in, numbers out. The mixing is linear in the ground that burned, as in Roy and
Landmann (2005), Int. J. Remote Sens. 26, 4197-4218, who write the reflectance after a fire as
``(1 - f c) unburned + f c burned``, f the share of the pixel that burned and c the completeness of
combustion there. That charcoal mixes linearly with soil was measured by Smith, Eitel and Hudak
(2010), Int. J. Wildland Fire 19, 976-983. That residues range from black char to white ash, and
the lighter the completer the combustion, is in Roy et al. (2010), Int. J. Wildland Fire 19,
698-704; that char lasts a few weeks in savannas and years in forests in Pereira (2003), Int. J.
Wildland Fire 12, 259-270, and Melchiorre and Boschetti (2018), Remote Sens. 10, 750.

Assumptions, which no source gives for huts: that ash and the mark fade exponentially, every
default of `Burn`, and that what has faded looks as it would have without the fire.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from imagery.masks import Scl
from imagery.types import aware_utc

SECONDS_PER_DAY = 86_400.0

HIDDEN = (
    Scl.NODATA, Scl.SATURATED, Scl.CLOUD_MEDIUM, Scl.CLOUD_HIGH, Scl.CIRRUS, Scl.SNOW,
)  # fmt: skip
"""Classes of pixels that show no ground, or snow: nothing is implanted there."""

SHADOW_CURVE: Mapping[str, float] = {
    "B02": 0.12, "B03": 0.08, "B04": 0.06, "B08": 0.10, "B8A": 0.10,
}  # fmt: skip
"""Reflectance under which a pixel is dark in every band: a rule of thumb.

Sen2Cor (the open Python releases, `L2A_SceneClass`) takes a pixel under such a curve in B02, B03,
B04, B8A, B11 and B12 for very dark, and so for possible shadow. It does so before the atmosphere
is taken off, and its limits in the short-wave infrared (0.05 and 0.03) lie below any char: they
are left out here, so that burned ground is called dark sooner than Sen2Cor would. B08 stands in
for B8A.
"""

_DARKENED_FROM = (Scl.VEGETATION, Scl.BARE, Scl.UNCLASSIFIED)


class Pattern(StrEnum):
    """Where a burn takes hold."""

    SPREAD = "spread"
    BLOCK = "block"
    SURROUNDINGS = "surroundings"


@dataclass(frozen=True, slots=True)
class Burn:
    """One fire.

    Attributes
    ----------
    date : datetime
        Aware UTC; the first look that shows it is the first one sensed then or later.
    share : float
        Share of the huts still standing that burn, 0..1; of the ring's bearings not burned yet,
        for `Pattern.SURROUNDINGS`.
    pattern : Pattern
        Huts anywhere, huts side by side, or a fire in the ring that spares the core.
    completeness : float
        Of combustion, 0..1: how much of burned ground shows residues.
    ash_share : float
        Share of fresh residues that is ash, 0..1; the rest is char.
    ash_days : float
        After which that share has fallen to 1/e, days.
    half_life_days : float
        After which half of the mark is left, days.
    """

    date: datetime
    share: float = 0.8
    pattern: Pattern = Pattern.SPREAD
    completeness: float = 0.8
    ash_share: float = 0.5
    ash_days: float = 7.0
    half_life_days: float = 120.0

    def __post_init__(self) -> None:
        aware_utc(self.date)
        for name in ("share", "completeness", "ash_share"):
            _require_share(name, getattr(self, name))
        if not (self.ash_days > 0 and self.half_life_days > 0):
            raise ValueError("ash_days and half_life_days are longer than nothing")

    def mark_left(self, at: datetime) -> float:
        """Return the share of the mark left at a time, 0..1: ``2^(-t / half life)``, 0 before."""
        days = self._days(at)
        return 0.0 if days < 0 else math.exp2(-days / self.half_life_days)

    def ash_left(self, at: datetime) -> float:
        """Return the share of the residues that is ash at a time, 0..1."""
        return self.ash_share * math.exp(-max(self._days(at), 0.0) / self.ash_days)

    def _days(self, at: datetime) -> float:
        return (at - self.date).total_seconds() / SECONDS_PER_DAY


@dataclass(frozen=True, slots=True)
class Village:
    """A village that may be implanted with burns.

    Attributes
    ----------
    core : shapely Polygon or MultiPolygon
        CRS84.
    huts : float
        Share of the core's ground under huts, 0..1, where `structures` does not count them.
    structures : int, optional
        How many huts stand, none touching another.
    hut_radius_m : float
        Of each hut, a round one.
    seed : int
        Of where the huts stand and which of them burn.
    """

    core: BaseGeometry
    huts: float = 0.3
    hut_radius_m: float = 3.0
    seed: int = 0
    structures: int | None = None

    def __post_init__(self) -> None:
        _require_share("huts", self.huts)
        if not self.hut_radius_m > 0:
            raise ValueError("hut_radius_m is larger than nothing")
        if self.seed < 0:
            raise ValueError("seed is not negative")
        if self.structures is not None and self.structures < 1:
            raise ValueError("structures are at least one")


@dataclass(frozen=True, slots=True)
class Residues:
    """Reflectance of what fire leaves, 0..1 by band; both hold the same bands."""

    char: Mapping[str, float]
    ash: Mapping[str, float]

    def __post_init__(self) -> None:
        if self.char.keys() != self.ash.keys():
            raise ValueError("char and ash hold the same bands")


def mix(
    reflectance: NDArray[np.float64],
    covers: NDArray[np.float64],
    burns: Sequence[Burn],
    at: datetime,
    char: float,
    ash: float,
) -> NDArray[np.float64]:
    """Return what one band shows with the burns in it.

    Parameters
    ----------
    reflectance : ndarray, shape (y, x)
        Without them, 0..1.
    covers : ndarray, shape (burn, y, x)
        Share of each pixel's ground that each of `burns` burned; their sum is 1 at most.
    at : datetime
        When the band was sensed.
    char, ash : float
        Reflectance of the residues in this band.

    Notes
    -----
    ``(1 - b c m) reflectance + b c m (a ash + (1 - a) char)``, summed over the burns: b the cover,
    c the completeness of combustion, m the mark left and a the share of ash. No two burns share
    ground.
    """
    mixed = reflectance.copy()
    for burn, weight in zip(burns, weights(covers, burns, at), strict=True):
        left = burn.ash_left(at)
        mixed += weight * (left * ash + (1.0 - left) * char - reflectance)
    return mixed


def weights(
    covers: NDArray[np.float64], burns: Sequence[Burn], at: datetime
) -> NDArray[np.float64]:
    """Return the share of each pixel that shows residues of each burn, shape (burn, y, x)."""
    shown = np.array([burn.completeness * burn.mark_left(at) for burn in burns])
    shown_here: NDArray[np.float64] = covers * shown[:, np.newaxis, np.newaxis]
    return shown_here


def darkened(
    classes: NDArray[np.generic],
    before: Mapping[str, NDArray[np.float64]],
    after: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.bool_]:
    """Tell which pixels a burn makes so dark that they count as dark area (class 2).

    Parameters
    ----------
    classes : ndarray, shape (y, x)
        Scene classification without the burn.
    before, after : mapping of str to ndarray, shape (y, x)
        Reflectance by band without and with the burn, NaN where nothing was seen; bands that
        `SHADOW_CURVE` does not hold are not looked at.

    Returns
    -------
    ndarray of bool, shape (y, x)
        Vegetation, bare or unclassified ground that comes to lie under `SHADOW_CURVE` in all of
        its bands that are there and did not before. None, where there is no band of the visible
        or none of the near infrared.
    """
    bands = [band for band in SHADOW_CURVE if band in after]
    if not {"B08", "B8A"} & set(bands) or not {"B02", "B03", "B04"} & set(bands):
        return np.zeros(classes.shape, bool)

    def dark(values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        under = [values[band] < SHADOW_CURVE[band] for band in bands]
        return np.asarray(np.all(under, axis=0), dtype=bool)

    ground = np.isin(classes, _DARKENED_FROM)
    return np.asarray(ground & dark(after) & ~dark(before), dtype=bool)


def _require_share(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} is a share from 0 to 1, not {value!r}")
