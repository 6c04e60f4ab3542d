"""The analysis-ready cube: what every detector is given, and the check that it is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pyproj import Transformer

from imagery.errors import IntegrityError
from imagery.radiometry import (
    ALERT_CLASSES,
    ALERT_NUMBERS,
    CLASS_BANDS,
    COHERENCE,
    RADAR_BANDS,
    to_numbers,
    to_power,
    to_reflectance,
)
from imagery.types import Chip, GeoBox, Layer, aware_utc

CLASSES = "SCL"
MASK = "MASK"
UNKNOWN_CLASS = 255
LOWEST, HIGHEST = -0.2, 2.0
"""Reflectance outside this is no reflectance: a wrong scale or a wrong offset."""
MOST_POWER = 5.0
"""Half of all radar power is far below this; the numbers of uncalibrated products are above."""

# What class layers say where nothing was seen.
_NOTHING = {CLASSES: 0, MASK: UNKNOWN_CLASS, **dict.fromkeys(ALERT_CLASSES, UNKNOWN_CLASS)}
_MADE_HERE = ("cause", "contaminated")


def build_cube(chips: Sequence[Chip], geobox: GeoBox, bands: Sequence[str]) -> xr.Dataset:
    """Lay chips on one grid, as reflectance or radar power.

    Parameters
    ----------
    chips : sequence of Chip
        One per acquisition.
    geobox : GeoBox
        Grid of the result. Every layer is a nearest-neighbour view on it, so that each value is
        one the provider delivered.
    bands : sequence of str
        Wanted bands; one that no chip has is left out.

    Returns
    -------
    xarray.Dataset
        Dims (time, y, x). Each band float32 reflectance, or linear power of radar, or (``COH``)
        coherence 0..1, NaN = no observation; ``SCL`` uint8, 0 = no observation; ``MASK`` (of
        radar: 0 seen, 1 shadow, 2 layover, 3 both) and states of alerts uint8, 255 = no
        observation. ``time`` naive UTC datetime64[ns].

    Notes
    -----
    Where bursts of radar overlap, a pixel in one's shadow or layover is taken from the other.
    """
    ordered = sorted(chips, key=lambda chip: chip.sensed)
    times = [np.datetime64(aware_utc(c.sensed).replace(tzinfo=None), "ns") for c in ordered]
    offered = {band for chip in ordered for layer in chip.layers for band in layer.bands}
    names = [band for band in bands if band in offered]
    variables = {
        band: (("time", "y", "x"), np.stack([_band(chip, band, geobox) for chip in ordered]))
        for band in names
    }
    y, x = (geobox.coords[dim].values for dim in geobox.dims)
    return xr.Dataset(
        variables,
        coords={"time": np.array(times, "datetime64[ns]"), "y": y, "x": x},
        attrs={
            "crs": str(geobox.crs),
            "transform": tuple(geobox.transform)[:6],
            "pixel_m": abs(float(geobox.transform.a)),
        },
    )


def check_cube(cube: xr.Dataset) -> None:
    """Refuse a cube that breaks the contract of :func:`build_cube`.

    Raises
    ------
    IntegrityError
        Saying which rule is broken.
    """
    broken = next(_faults(cube), None)
    if broken is not None:
        raise IntegrityError(f"not a cube: {broken}")


def nearest_index(source: GeoBox, target: GeoBox) -> NDArray[np.int32]:
    """Return for each pixel of `target` the flat index of the `source` pixel it lies in.

    Returns
    -------
    ndarray of int32, shape (y, x)
        -1 outside the source.
    """
    index: NDArray[np.int32] = _nearest_index(source, target)
    return index


def _band(chip: Chip, band: str, geobox: GeoBox) -> NDArray[np.generic]:
    """Mosaic one band of one acquisition: the first of the finest layers that saw a pixel."""
    out: NDArray[np.generic]
    if band in CLASS_BANDS:
        out = np.full(geobox.shape, _NOTHING[band], np.uint8)
    else:
        out = np.full(geobox.shape, np.nan, np.float32)
    # What was read coarsely at first, and finely later, is seen as finely as it is there.
    having = (one for one in chip.layers if band in one.bands)
    for layer in sorted(having, key=lambda one: abs(float(one.geobox.transform.a))):
        values = _values(layer, band)
        index = nearest_index(layer.geobox, geobox)
        taken = values.reshape(-1)[np.maximum(index, 0)]
        use = _better(band, out, taken) & (index >= 0)
        out[use] = taken[use]
    return out


def _better(
    band: str, held: NDArray[np.generic], offered: NDArray[np.generic]
) -> NDArray[np.bool_]:
    better: NDArray[np.bool_]
    if band == MASK:
        # 0 is the best there is, and 255 is nothing.
        better = np.greater(held, offered)
    else:
        better = held == _NOTHING[band] if band in CLASS_BANDS else np.isnan(held)
    return better


def _values(layer: Layer, band: str) -> NDArray[np.generic]:
    position = layer.bands.index(band)
    dn: NDArray[np.generic] = layer.dn[position]
    if band in CLASS_BANDS:
        return _classes(dn, layer.nodata[position], _NOTHING[band])
    scale, offset = layer.scale[position], layer.offset[position]
    if scale is None or offset is None:
        raise IntegrityError(f"{layer.scene_id}: no scale and offset is stated for {band}")
    values: NDArray[np.generic]
    if band in ALERT_NUMBERS:
        values = to_numbers(dn, layer.nodata[position])
    elif band in RADAR_BANDS:
        values = to_power(dn, scale, offset, layer.nodata[position])
        if MASK in layer.bands:
            values[_values(layer, MASK) != 0] = np.nan
    else:
        # Where relief hides the ground from power it hides it from coherence too.
        values = to_reflectance(dn, scale, offset, layer.nodata[position])
        if band == COHERENCE and MASK in layer.bands:
            values[_values(layer, MASK) != 0] = np.nan
    return values


def _classes(dn: NDArray[np.generic], nodata: int | None, nothing: int) -> NDArray[np.uint8]:
    known = np.isin(dn, range(UNKNOWN_CLASS + 1)) & (dn != nodata)
    classes: NDArray[np.uint8] = np.where(known, dn, nothing).astype(np.uint8)
    return classes


@lru_cache(maxsize=16)
def _nearest_index(source: GeoBox, target: GeoBox) -> NDArray[np.int32]:
    if source.crs is None or target.crs is None:
        raise IntegrityError("a grid without a CRS lies nowhere")
    height, width = target.shape
    cols, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = target.transform * (cols.ravel(), rows.ravel())
    if source.crs != target.crs:
        move = Transformer.from_crs(target.crs.to_wkt(), source.crs.to_wkt(), always_xy=True)
        x, y = move.transform(x, y)
    col, row = ~source.transform * (np.asarray(x), np.asarray(y))
    # Ground that the source's projection does not reach is infinite there, and so outside.
    inside = (col >= 0) & (row >= 0) & (col < source.shape[1]) & (row < source.shape[0])
    flat = np.full(inside.shape, -1, np.int32)
    flat[inside] = np.floor(row[inside]) * source.shape[1] + np.floor(col[inside])
    index: NDArray[np.int32] = flat.reshape(height, width)
    index.setflags(write=False)
    return index


def _faults(cube: xr.Dataset) -> Iterator[str]:
    for name in ("time", "y", "x"):
        if name not in cube.coords or cube[name].dims != (name,):
            yield f"it has no coordinate {name}"
            return
    times = cube["time"].values
    if times.dtype != np.dtype("datetime64[ns]") or (np.diff(times) <= np.timedelta64(0)).any():
        yield "times are not rising datetime64[ns]"
    if not {"crs", "transform", "pixel_m"} <= cube.attrs.keys():
        yield "its grid is not stated"
    for key, variable in cube.data_vars.items():
        name = str(key)
        if variable.dims != ("time", "y", "x"):
            yield f"{name} has the dimensions {variable.dims}"
        elif name in CLASS_BANDS or name in _MADE_HERE:
            if variable.dtype != np.uint8:
                yield f"{name} is {variable.dtype}, not uint8"
        else:
            yield from _band_faults(name, variable.values)


def _band_faults(name: str, values: NDArray[np.generic]) -> Iterator[str]:
    if values.dtype != np.float32:
        yield f"{name} is {values.dtype}, not float32"
        return
    seen = values[np.isfinite(values)].astype(np.float32, copy=False)
    if np.isinf(values).any():
        yield f"{name} holds infinite values"
    if name in ALERT_NUMBERS:
        # A day or a count has no bounds of physics, and may well be one everywhere.
        return
    if seen.size:
        yield from _RANGE_FAULTS.get(name, _light_faults)(name, seen)
    if seen.size > 1000 and seen.min() == seen.max():
        yield f"{name} has one value, {seen.min():.4f}, everywhere"


def _light_faults(name: str, seen: NDArray[np.float32]) -> Iterator[str]:
    if seen.min() < LOWEST or np.percentile(seen, 50) > HIGHEST:
        yield (
            f"{name} runs from {seen.min():.3f} to {seen.max():.3f}: reflectance lies between "
            f"{LOWEST} and {HIGHEST}; scale or offset is wrong"
        )


def _power_faults(name: str, seen: NDArray[np.float32]) -> Iterator[str]:
    if seen.min() <= 0.0:
        yield f"{name} holds {seen.min():.3f}: power is above 0, and what is not was not seen"
    if np.percentile(seen, 50) > MOST_POWER:
        yield (
            f"half of {name} is above {np.percentile(seen, 50):.3f}: that is no backscatter in "
            "linear power; it is not calibrated, or its scale is wrong"
        )


def _coherence_faults(name: str, seen: NDArray[np.float32]) -> Iterator[str]:
    if seen.min() < 0.0 or seen.max() > 1.0:
        yield f"{name} runs from {seen.min():.3f} to {seen.max():.3f}: coherence lies from 0 to 1"


_RANGE_FAULTS = {**dict.fromkeys(RADAR_BANDS, _power_faults), COHERENCE: _coherence_faults}
"""What tells of each kind of pixel that its numbers are not those; reflectance where not named."""
