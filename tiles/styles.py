"""How a map tile is coloured: by fixed limits, so that neighbouring tiles fit.

=============  ==============================  =================================================
style          shows                           from black or the first colour to the last
=============  ==============================  =================================================
true_colour    B04 B03 B02                     reflectance 0 .. 0.3
false_colour   B08 (or B8A), B04, B03          reflectance 0 .. 0.5, 0 .. 0.3, 0 .. 0.3
ndvi           (NIR - B04) / (NIR + B04)       -0.2 water blue, 0 sand, 0.9 dark green
nbr            (NIR - B12) / (NIR + B12)       -0.5 dark violet, 0 sand, 0.9 dark green
dnbr           NBR before - after              -0.5 blue (greener), 0.1 white, 0.27 pale red,
                                               0.44 red, 0.66 dark red: the classes of burn
                                               severity of Key and Benson (2006) begin there
change         NBR (else NDVI) before - after  -0.6 blue-green (greener), 0 white, 0.6 brown
                                               (burnt, bare)
=============  ==============================  =================================================

Values beyond the limits take the last colour. Cloud is coloured like ground: it hides the ground
in every style, and in `dnbr` and `change` a cloud over vegetation looks like a loss.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tiles.stretch import GAMMA

Planes = Mapping[str, NDArray[np.float32]]
"""Reflectance, shape (y, x), NaN where nothing was observed, by band."""


class Style(StrEnum):
    """What a map tile shows."""

    TRUE_COLOUR = "true_colour"
    FALSE_COLOUR = "false_colour"
    NDVI = "ndvi"
    NBR = "nbr"
    DNBR = "dnbr"
    CHANGE = "change"

    @property
    def compares(self) -> bool:
        """Whether it shows two looks, one of them earlier."""
        return self in (Style.DNBR, Style.CHANGE)

    @property
    def words(self) -> str:
        """What people call it."""
        return _TITLES[self.value]


_TITLES = {
    "true_colour": "True colour",
    "false_colour": "False colour",
    "ndvi": "NDVI",
    "nbr": "NBR",
    "dnbr": "dNBR, loss of NBR since an earlier look",
    "change": "Change since an earlier look",
}


@dataclass(frozen=True, slots=True)
class Ramp:
    """Colours of an index.

    Attributes
    ----------
    stops : tuple of (float, str)
        Value of the index, rising, and its colour ``#rrggbb``; linear in between.
    """

    stops: tuple[tuple[float, str], ...]

    @property
    def low(self) -> float:
        """Value at and below which the first colour is shown."""
        return self.stops[0][0]

    @property
    def high(self) -> float:
        """Value at and above which the last colour is shown."""
        return self.stops[-1][0]


RAMPS: Mapping[Style, Ramp] = MappingProxyType(
    {
        Style.NDVI: Ramp(
            ((-0.2, "#3b6ea5"), (0.0, "#e8dcc0"), (0.3, "#c9c56a"), (0.6, "#5a9e3a"),
             (0.9, "#0b4d1c"))
        ),
        Style.NBR: Ramp(
            ((-0.5, "#2d0f3f"), (-0.2, "#9c4f6b"), (0.0, "#e8dcc0"), (0.4, "#8fb55a"),
             (0.9, "#0b4d1c"))
        ),
        # Brewer's RdBu and BrBG: told apart by colour-blind people, too.
        Style.DNBR: Ramp(
            ((-0.5, "#2166ac"), (-0.1, "#d1e5f0"), (0.1, "#f7f7f7"), (0.27, "#fddbc7"),
             (0.44, "#d6604d"), (0.66, "#67001f"))
        ),
        Style.CHANGE: Ramp(
            ((-0.6, "#01665e"), (-0.3, "#5ab4ac"), (0.0, "#f5f5f5"), (0.3, "#d8b365"),
             (0.6, "#8c510a"))
        ),
    }
)  # fmt: skip

_NBR = (("B8A", "B12"), ("B08", "B12"))
_NDVI = (("B08", "B04"), ("B8A", "B04"))
_CHOICES: Mapping[Style, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        Style.TRUE_COLOUR: (("B04", "B03", "B02"),),
        Style.FALSE_COLOUR: (("B08", "B04", "B03"), ("B8A", "B04", "B03")),
        Style.NDVI: _NDVI,
        Style.NBR: _NBR,
        Style.DNBR: _NBR,
        Style.CHANGE: (*_NBR, *_NDVI),
    }
)
DRAWN = frozenset(band for each in _CHOICES.values() for choice in each for band in choice)
"""Bands that any style is drawn of."""
_HIGH = {Style.TRUE_COLOUR: (0.3, 0.3, 0.3), Style.FALSE_COLOUR: (0.5, 0.3, 0.3)}
_STEPS = 255
"""Odd, so that the middle of a ramp is a colour of its own."""
_UNSEEN = 255
_SHADES = 65_535
"""Steps of brightness told apart before it is bent."""


def styles_of(bands: Collection[str]) -> tuple[Style, ...]:
    """Return the styles for which the bands suffice; those that compare need two looks."""
    return tuple(style for style in Style if bands_for(style, bands))


def bands_for(style: Style, bands: Collection[str]) -> tuple[str, ...]:
    """Return which of `bands` a style is drawn from, in its order; empty if they do not suffice."""
    choices = _CHOICES[style]
    return next((choice for choice in choices if set(choice) <= set(bands)), ())


def bands_wanted(style: Style) -> str:
    """Return in words which bands a style needs."""
    return " or ".join(" ".join(choice) for choice in _CHOICES[style])


def composite(style: Style, planes: Planes, bands: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return a picture of three bands, shape (y, x, 4): red, green, blue, opacity.

    Brightness as :func:`tiles.stretch.to_rgb` gives it from zero to the style's limit, to one in
    255 at most.
    """
    picture = np.empty((*planes[bands[0]].shape, 4), np.uint8)
    shades, seen = _shades(), np.ones(picture.shape[:2], np.bool_)
    for number, (band, high) in enumerate(zip(bands, _HIGH[style], strict=True)):
        values = planes[band]
        seen &= np.isfinite(values)
        # Of nothing and a number this is the number: nothing goes into the table as zero.
        scaled = np.fmax(values, np.float32(0.0)) * np.float32(_SHADES / high)
        steps = np.rint(np.fmin(scaled, np.float32(_SHADES))).astype(np.uint16)
        picture[..., number] = shades.take(steps)
    picture[..., 3] = seen * np.uint8(255)
    if not seen.all():
        picture[~seen, :3] = 0
    return picture


@cache
def _shades() -> NDArray[np.uint8]:
    """Return brightness by reflectance: a power for every pixel takes longer than all the rest."""
    return np.rint((np.arange(_SHADES + 1) / _SHADES) ** GAMMA * 255.0).astype(np.uint8)


def normalised_difference(planes: Planes, bands: tuple[str, ...]) -> NDArray[np.float32]:
    """Return (first - second) / (first + second), NaN where that is nothing."""
    first, second = (planes[band] for band in bands)
    # Negative reflectance is noise around zero; in a sum it would make the ratio explode.
    total = np.maximum(first, np.float32(0.0)) + np.maximum(second, np.float32(0.0))
    found = np.full(total.shape, np.nan, np.float32)
    np.divide(first - second, total, out=found, where=total > 0.0)
    return found


def ramped(style: Style, index: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the numbers of the colours of an index, shape (y, x), in the style's `palette`."""
    ramp = RAMPS[style]
    share = (index - np.float32(ramp.low)) * np.float32((_STEPS - 1) / (ramp.high - ramp.low))
    steps = np.where(np.isnan(share), np.float32(_UNSEEN), np.clip(share, 0.0, _STEPS - 1.0))
    return np.rint(steps).astype(np.uint8)


@cache
def palette(style: Style) -> NDArray[np.uint8]:
    """Return the colours of a ramp, shape (256, 4), the last one transparent: nothing was seen."""
    found = np.zeros((_UNSEEN + 1, 4), np.uint8)
    found[:_STEPS, :3], found[:_STEPS, 3] = _colours(style), 255
    found.flags.writeable = False
    return found


def _colours(style: Style) -> NDArray[np.uint8]:
    """Return the ramp as 255 colours, shape (step, 3)."""
    ramp = RAMPS[style]
    values = [value for value, _ in ramp.stops]
    parts = np.array([list(bytes.fromhex(colour[1:])) for _, colour in ramp.stops])
    at = np.linspace(ramp.low, ramp.high, _STEPS)
    return np.rint([np.interp(at, values, part) for part in parts.T]).T.astype(np.uint8)
