"""The analysis-ready cube: what every detector is given, and the check that it is one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pyproj import Transformer

from imagery.errors import IntegrityError
from imagery.radiometry import to_reflectance
from imagery.types import Chip, GeoBox, Layer, aware_utc

CLASSES = "SCL"
UNKNOWN_CLASS = 255
LOWEST, HIGHEST = -0.2, 2.0
"""Reflectance outside this is no reflectance: a wrong scale or a wrong offset."""


def build_cube(chips: Sequence[Chip], geobox: GeoBox, bands: Sequence[str]) -> xr.Dataset:
    """Lay chips on one grid, as reflectance.

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
        Dims (time, y, x). Each band float32 reflectance, NaN = no observation; ``SCL`` uint8,
        0 = no observation. ``time`` naive UTC datetime64[ns].
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
    """Mosaic one band of one acquisition: the first layer that saw a pixel gives it."""
    classes = band == CLASSES
    out: NDArray[np.generic]
    out = np.zeros(geobox.shape, np.uint8) if classes else np.full(geobox.shape, np.nan, np.float32)
    for layer in (one for one in chip.layers if band in one.bands):
        values = _values(layer, band)
        index = nearest_index(layer.geobox, geobox)
        taken = values.reshape(-1)[np.maximum(index, 0)]
        empty = (out == 0) if classes else np.isnan(out)
        use = empty & (index >= 0)
        out[use] = taken[use]
    return out


def _values(layer: Layer, band: str) -> NDArray[np.generic]:
    position = layer.bands.index(band)
    dn: NDArray[np.generic] = layer.dn[position]
    if band == CLASSES:
        known = np.isin(dn, range(UNKNOWN_CLASS + 1)) & (dn != layer.nodata[position])
        classes: NDArray[np.uint8] = np.where(known, dn, 0).astype(np.uint8)
        return classes
    scale, offset = layer.scale[position], layer.offset[position]
    if scale is None or offset is None:
        raise IntegrityError(f"{layer.scene_id}: no scale and offset is stated for {band}")
    reflectance: NDArray[np.generic] = to_reflectance(dn, scale, offset, layer.nodata[position])
    return reflectance


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
        elif name in (CLASSES, "cause"):
            if variable.dtype != np.uint8:
                yield f"{name} is {variable.dtype}, not uint8"
        else:
            yield from _band_faults(name, variable.values)


def _band_faults(name: str, values: NDArray[np.generic]) -> Iterator[str]:
    if values.dtype != np.float32:
        yield f"{name} is {values.dtype}, not float32"
        return
    seen = values[np.isfinite(values)]
    if np.isinf(values).any():
        yield f"{name} holds infinite values"
    if seen.size and (seen.min() < LOWEST or np.percentile(seen, 50) > HIGHEST):
        yield (
            f"{name} runs from {seen.min():.3f} to {seen.max():.3f}: reflectance lies between "
            f"{LOWEST} and {HIGHEST}; scale or offset is wrong"
        )
    if seen.size > 1000 and seen.min() == seen.max():
        yield f"{name} has one value, {seen.min():.4f}, everywhere"
