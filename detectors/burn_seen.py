"""How much of a settlement a look shows, and what the rest was lost to."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from detectors.types import (
    PARTS,
    DetectorInfo,
    Features,
    PatchLook,
    PlaceFeatures,
    Places,
    PlaceSet,
)
from imagery.types import Cause

CORE_SHARE = 0.7
RING_SHARE = 0.5
"""Of the sectors ever seen, those that a usable look shows."""
SHADOWY = (2, 3, 7)
"""Scene classes that may be shadow, or char: dark, shadow, unclassified."""
CONTAMINATION = 0.02
"""Least share of a core taken to be haze or shadow that no mask shows."""
MOST_CONTAMINATED = 0.9
CLOUDY = 0.25
"""Share of cloud in the surroundings at which a dark core is taken to be in shadow in full."""
COUNTED_M = 10.0
"""Side of a pixel on which cores are counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of the parts of settlements on one look.

    Attributes
    ----------
    names : tuple of str
        Of the features.
    values : ndarray, shape (place, feature, part)
        NaN where too little was seen.
    seen : ndarray, shape (place, part)
        Share of each part's pixels that were clear; NaN where a part has no ground.
    bands : sequence of str
        Those it was measured in.
    contamination : ndarray, shape (place,), or None
        Share of the core that may be shadow or haze; None for the least there always is.
    patches : PatchLook or None
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    seen: NDArray[np.float64]
    bands: Sequence[str]
    contamination: NDArray[np.float64] | None = None
    patches: PatchLook | None = None


def named(places: Places) -> PlaceSet:
    """Return the settlements that a look is measured over.

    Raises
    ------
    ValueError
        If none are named.
    """
    if places.settlements is None:
        raise ValueError("this detector follows settlements, and none are named")
    return places.settlements


def place_look(
    cube: xr.Dataset, info: DetectorInfo, chosen: PlaceSet, causes: NDArray[np.uint8],
    measured: Measured,
) -> Features:  # fmt: skip
    """Return what one look showed of settlements, with what was not seen and why.

    Parameters
    ----------
    cube : xarray.Dataset
        The look; its attributes say which, and of what.
    info : DetectorInfo
        Of the detector that measured it.
    causes : ndarray of uint8, shape (y, x)
        What each pixel was lost to, :class:`imagery.types.Cause`.
    """
    cores, rings = lost_shares(causes, chosen)
    real = ~chosen.placebo
    shares = cores[real].mean(0) if real.any() else np.zeros(len(Cause))
    hazy = measured.contamination
    is_counted = info.zones.pixel_m == COUNTED_M
    return Features(
        acquisition=str(cube.attrs["acquisition"]),
        sensed=datetime.fromisoformat(str(cube.attrs["sensed"])),
        names=measured.names,
        usable=float(shares[Cause.CLEAR]),
        causes={c.name.lower(): float(shares[c]) for c in Cause if c is not Cause.CLEAR},
        places=PlaceFeatures(
            ids=chosen.ids,
            placebo=chosen.placebo,
            values=measured.values,
            bands=tuple(measured.bands),
            seen=measured.seen,
            contamination=np.full(len(chosen.ids), CONTAMINATION) if hazy is None else hazy,
            lost=tuple(map(worst_cause, cores, rings)),
            core_pixels=np.diff(chosen.starts)[::PARTS] if is_counted else None,
            patches=measured.patches,
        ),
        orbit=cube.attrs.get("orbit"),
        lived_without=tuple(band for band in info.useful if band not in cube),
        sensor=str(cube.attrs.get("sensor", "")),
    )


def usable_places(places: PlaceFeatures, part_looks: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell where enough of the core and of the sectors ever seen before was seen."""
    core = np.nan_to_num(places.seen[:, 0]) >= CORE_SHARE
    expected = part_looks[:, 1:] > 0
    had = np.isfinite(places.values[:, :, 1:]).any(1) & expected
    count = expected.sum(-1)
    result: NDArray[np.bool_] = core & (had.sum(-1) >= RING_SHARE * count)
    return result


def of_places(features: Features, chosen: NDArray[np.bool_]) -> Features:
    """Return a look at some of its places alone, without what their pixels showed one by one.

    Parameters
    ----------
    features : Features
        With places.
    chosen : ndarray of bool, shape (place,)
    """
    places = features.places
    assert places is not None
    few = dataclasses.replace(
        places,
        ids=tuple(one for one, is_in in zip(places.ids, chosen, strict=True) if is_in),
        lost=tuple(one for one, is_in in zip(places.lost, chosen, strict=True) if is_in),
        placebo=places.placebo[chosen],
        values=places.values[chosen],
        seen=places.seen[chosen],
        contamination=places.contamination[chosen],
        core_pixels=None if places.core_pixels is None else places.core_pixels[chosen],
        patches=None,
    )
    return dataclasses.replace(features, places=few)


def contamination(
    classes: NDArray[np.uint8], causes: NDArray[np.uint8], places: PlaceSet
) -> NDArray[np.float64]:
    """Return the share of each core that may be in shadow: dark, with clouds about to cast one.

    Char and burned thatch are classed as shadow as well. Dark ground under a clear sky is dark
    of itself.
    """
    out = np.full(len(places.ids), CONTAMINATION)
    shadowy, cloudy = np.isin(classes, SHADOWY).ravel(), (causes == Cause.CLOUD).ravel()
    for place in range(len(places.ids)):
        first, second, last = places.starts[place * PARTS + np.array([0, 1, PARTS])]
        around = cloudy[places.pixels[first:last]].mean() if last > first else 0.0
        dark = shadowy[places.pixels[first:second]].mean() if second > first else 0.0
        out[place] += dark * min(1.0, around / CLOUDY)
    bounded: NDArray[np.float64] = np.minimum(out, MOST_CONTAMINATED)
    return bounded


def lost_shares(
    causes: NDArray[np.uint8], places: PlaceSet
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of each core and ring lost to each cause, both shape (place, cause)."""
    flat, shape = causes.ravel(), (len(places.ids), len(Cause))
    cores, rings = np.zeros(shape), np.zeros(shape)
    for place in range(len(places.ids)):
        first, second, last = places.starts[place * PARTS + np.array([0, 1, PARTS])]
        for out, begin, end in ((cores, first, second), (rings, second, last)):
            counts = np.bincount(flat[places.pixels[begin:end]], minlength=len(Cause))
            out[place] = counts / max(end - begin, 1)
    return cores, rings


def worst_cause(core: NDArray[np.float64], ring: NDArray[np.float64]) -> str:
    """Return what most of a core was lost to, or of its ring where the core was seen."""
    shares = ring if core[Cause.CLEAR] >= CORE_SHARE else core
    worst = Cause(1 + int(np.argmax(shares[1:])))
    return worst.name.lower() if shares[worst] > 0.0 else ""
