"""Whether a look lies where it should and is as bright as it should, before it is taken in.

It is compared with the last look that was taken in of the same relative orbit, of which a small
view is kept beside the states: a cache, which may be deleted and then begins anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import xarray as xr
from affine import Affine
from numpy.typing import NDArray

from hearthwatch.pipeline.tasks import Site
from imagery.registration import shift_between
from imagery.selftest import offset_jump
from imagery.types import Cause, GeoBox
from tiles.errors import IntegrityError
from tiles.grid import rasterise
from tiles.slabs import read_slab, write_slab

VIEW = ".view"
"""Ending of the file beside a look's features."""
SIDE = 160
"""Pixels of a view along each side, at most."""
MOST_SHIFT_PX = 1.0
LEAST_CONFIDENCE = 0.5
"""Correlation below which two looks are too unlike to say that one is displaced."""
MOST_REFUSED = 3
"""Looks refused one after the other; then it is the reference that was wrong."""
_SHIFT_BANDS = ("B08", "B04", "B03", "B8A", "B11")
_VISIBLE, _INFRARED = ("B02", "B03", "B04"), ("B12", "B11", "B8A", "B08")
_SCALE, _LOST = 10_000.0, np.iinfo(np.int16).min


@dataclass(frozen=True, slots=True)
class View:
    """A few bands of a part of a look.

    Attributes
    ----------
    bands : tuple of str
    pixels : ndarray of int16, shape (band, y, x)
        Reflectance times 10,000; the lowest number where nothing can be used.
    refused : int
        Looks since that were refused because of it.
    """

    bands: tuple[str, ...]
    geobox: GeoBox
    orbit: int | None
    sensed: str
    pixels: NDArray[np.int16]
    refused: int = 0

    def reflectance(self) -> dict[str, NDArray[np.float64]]:
        """Return the bands as reflectance, NaN where nothing can be used."""
        values = np.where(self.pixels == _LOST, np.nan, self.pixels / _SCALE)
        return dict(zip(self.bands, values, strict=True))

    def write(self, path: Path) -> None:
        """Keep it in a file."""
        value = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        pixels = value.pop("pixels")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_slab(path, {**value, "bands": list(self.bands)}, {"pixels": pixels})


def read_view(path: Path) -> View | None:
    """Return a view that was kept, or None where there is none that can be read."""
    try:
        header, arrays = read_slab(path, mmap=False)
        fields: Mapping[str, Any] = {**header, "bands": tuple(header["bands"])}
        return View(**fields, pixels=np.asarray(arrays["pixels"]))
    except (OSError, IntegrityError, LookupError, TypeError):
        return None


def view_of(cube: xr.Dataset, site: Site) -> View | None:
    """Return what is kept of a look to compare others with; None where there is no light in it.

    Radar has no offset to be wrong, and speckle is not registered as pictures are.

    Parameters
    ----------
    cube : xarray.Dataset
        Of one look over the site's window; see :func:`imagery.masks.look_cube`.
    """
    bands = _bands(cube)
    if not bands:
        return None
    rows, cols = _part(site)
    here = _ground(site)[rows, cols]
    use = here & (cube["cause"].values[0, rows, cols] == Cause.CLEAR)
    values = np.stack([cube[band].values[0, rows, cols] for band in bands])
    kept = use & np.isfinite(values)
    numbers = np.clip(np.rint(np.where(kept, values, 0.0) * _SCALE), -30_000, 30_000)
    grid = site.window
    return View(
        bands=bands,
        geobox=GeoBox(
            here.shape, grid.affine * Affine.translation(cols.start, rows.start), grid.crs
        ),
        orbit=cube.attrs["orbit"],
        sensed=cube.attrs["sensed"],
        pixels=np.where(kept, numbers, _LOST).astype(np.int16),
    )


def what_is_wrong(look: View, reference: View | None) -> str:
    """Say why a look is not to be trusted; empty if nothing speaks against it."""
    if reference is None or reference.refused >= MOST_REFUSED:
        return ""
    if look.orbit is None:
        # From another orbit slopes and roofs lie elsewhere: that is no fault of the look.
        return ""
    if look.bands != reference.bands or look.geobox != reference.geobox:
        # The place has changed: there is nothing to compare yet.
        return ""
    now, before = look.reflectance(), reference.reflectance()
    jumps = offset_jump(_pair(now), _pair(before))
    against = f"against the look of {reference.sensed[:10]} on the same orbit"
    if jumps is not None:
        told = ", ".join(f"{band} by {jump:+.2f}" for band, jump in jumps.items())
        return f"its dark ground jumped {against} ({told}), as a wrong offset does"
    band = _first(look.bands, _SHIFT_BANDS)
    everywhere = np.ones(now[band].shape, bool)
    # Nearly all looks lie within half a pixel, and that is seen at once.
    shift = shift_between(now[band], before[band], everywhere, upsample=1)
    if shift and shift.pixels >= MOST_SHIFT_PX:
        shift = shift_between(now[band], before[band], everywhere)
    if shift and shift.confidence >= LEAST_CONFIDENCE and shift.pixels > MOST_SHIFT_PX:
        return f"it is displaced by {shift.pixels:.1f} pixels {against}"
    return ""


def reference_path(states: Path, region: str, cell: str, detector: str, orbit: int | None) -> Path:
    """Return where the view is kept that looks of one cell and orbit are compared with.

    Each detector has its own, for they do not look at the same ground.
    """
    return states / region / cell / "reference" / f"{detector}_{orbit}.slab"


def _pair(bands: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Return a visible and an infrared band."""
    return {one: bands[one] for kind in (_VISIBLE, _INFRARED) if (one := _first(bands, kind))}


def _bands(cube: xr.Dataset) -> tuple[str, ...]:
    offered = [str(name) for name in cube.data_vars]
    wanted = (_first(offered, kind) for kind in (_SHIFT_BANDS, _VISIBLE, _INFRARED))
    return tuple(dict.fromkeys(band for band in wanted if band))


def _first(offered: Any, wanted: tuple[str, ...]) -> str:
    return next((band for band in wanted if band in offered), "")


@lru_cache(maxsize=64)
def _ground(site: Site) -> NDArray[np.bool_]:
    """Draw the ground that is compared: what is watched, without the settlements themselves."""
    ground = rasterise(shapely.from_wkb(site.area_wkb), site.window)
    cores = [shapely.from_wkb(place.core_wkb) for place in site.places if place.settlement]
    if cores:
        ground &= ~rasterise(shapely.union_all(cores), site.window)
    if site.covered_wkb:
        ground &= rasterise(shapely.from_wkb(site.covered_wkb), site.window)
    ground.setflags(write=False)
    return ground


@lru_cache(maxsize=64)
def _part(site: Site) -> tuple[slice, slice]:
    """Return the part of a site's window that holds most of that ground."""
    ground = _ground(site)
    height, width = (min(SIDE, size) for size in ground.shape)
    total = np.pad(ground.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    held = (
        total[height:, width:] - total[:-height, width:]
        - total[height:, :-width] + total[:-height, :-width]
    )  # fmt: skip
    rows, cols = np.nonzero(held >= held.max())
    # Of several the one in the middle: ground at the rim is seen less often.
    off = np.hypot(rows - held.shape[0] / 2, cols - held.shape[1] / 2)
    row, col = rows[off.argmin()], cols[off.argmin()]
    return slice(int(row), int(row) + height), slice(int(col), int(col) + width)
