"""Cubes of archived looks on the cell's own grid: a cache that can be thrown away at any time.

One Zarr group per sensor and cell, ``<sensor>/<cell>/cube.zarr``, with one array ``looks`` of the
dims (look, band, y, x), float32, chunks (1, bands, 250, 250): what :func:`imagery.cube.build_cube`
makes of the masters, a class as a number. Its metadata say of every look which masters it was made
of (the hashes of their manifest rows) and whether it still holds. What is read is compared with the
archive first; whatever does not fit is made anew.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from imagery.cube import build_cube
from imagery.types import aware_utc
from tiles.archive import Archive
from tiles.atomic import make_folder, storage_errors
from tiles.cell import cell_from_id
from tiles.cubefiles import (
    CubeDamaged,
    CubeLook,
    CubeState,
    append_looks,
    read_looks,
    read_state,
    replace_cube,
    sweep_stages,
)

__all__ = ["Cubes", "Updated"]

Window = tuple[slice, slice]

_MOST_STALE = 0.5
"""Share of looks that no longer hold above which the cube is written anew without them."""
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Updated:
    """What bringing a cube up to date took: looks in it, looks added, whether all was made anew."""

    looks: int
    added: int
    rebuilt: bool


class Cubes:
    """The cubes below one folder, of one archive.

    Thread-safe and usable from several processes at once: who writes a cube holds its lock alone,
    who reads it shares it. The constructor does no I/O.

    Parameters
    ----------
    root : Path
        Folder of the cubes; made when the first is written.
    """

    def __init__(self, root: Path, archive: Archive) -> None:
        self.root = Path(root)
        self.archive = archive

    def read(
        self,
        sensor: str,
        cell_id: str,
        bands: Sequence[str],
        start: datetime,
        end: datetime,
        *,
        window: Window | None = None,
    ) -> xr.Dataset:
        """Return the archived looks sensed in ``[start, end]``, as ``build_cube`` makes them.

        Parameters
        ----------
        bands : sequence of str
            Wanted bands; one that no look of the range has is left out.
        start, end : datetime
            Aware.
        window : tuple of slice, optional
            Rows and columns of the cell's grid; all of it if not given.

        Returns
        -------
        xarray.Dataset
            Dims (time, y, x); see :func:`imagery.cube.build_cube`.

        Raises
        ------
        IntegrityError, StorageFull, StorageFailed
            If a master is not as stored, or the disk refuses. A damaged cube raises nothing: it
            is made anew.
        """
        span = aware_utc(start), aware_utc(end)
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                found = self._read(sensor, cell_id, bands, span, window)
            except CubeDamaged:
                if last:
                    raise
                self.update(sensor, cell_id, rebuild=True)
                continue
            if found is not None:
                return found
            self.update(sensor, cell_id)
        raise CubeDamaged(f"{sensor}/{cell_id}: the archive changed faster than its cube")

    def update(self, sensor: str, cell_id: str, *, rebuild: bool = False) -> Updated:
        """Bring a cube up to date with the archive; make it anew where it does not fit.

        Raises
        ------
        IntegrityError, StorageFull, StorageFailed
        """
        folder = self._folder(sensor, cell_id)
        with _locked(folder, fcntl.LOCK_EX):
            sweep_stages(folder)
            wanted = self._wanted(sensor, cell_id)
            state = None if rebuild else read_state(folder)
            if not wanted:
                return Updated(0, 0, False)
            if state is None or _is_stale(state, wanted):
                return self._rebuild(folder, cell_id, wanted)
            held = [look.still(wanted.get(look.acquisition)) for look in state.looks]
            there = {look.acquisition for look in held if look.valid}
            new = [acquisition for acquisition in wanted if acquisition not in there]
            if not set(self._bands(new, cell_id)) <= set(state.bands):
                return self._rebuild(folder, cell_id, wanted)
            if held != list(state.looks) or new:
                made = (self._make(name, cell_id, state.bands, wanted[name]) for name in new)
                append_looks(folder, state, held, made)
            return Updated(len(wanted), len(new), False)

    def _rebuild(
        self, folder: Path, cell_id: str, wanted: Mapping[str, tuple[str, ...]]
    ) -> Updated:
        bands, (height, width) = self._bands(wanted, cell_id), _grid(cell_id).shape
        made = (self._make(name, cell_id, bands, rows) for name, rows in wanted.items())
        replace_cube(folder, bands, (height, width), len(wanted), made)
        return Updated(len(wanted), len(wanted), True)

    def _read(
        self,
        sensor: str,
        cell_id: str,
        bands: Sequence[str],
        span: tuple[datetime, datetime],
        window: Window | None,
    ) -> xr.Dataset | None:
        """Return what was asked for, None where the cube is not up to date."""
        folder = self._folder(sensor, cell_id)
        wanted = self._wanted(sensor, cell_id)
        with _locked(folder, fcntl.LOCK_SH):
            state = read_state(folder) if wanted else CubeState((), ())
            if state is None or state.masters() != wanted:
                return None
            looks = [
                (number, look)
                for number, look in enumerate(state.looks)
                if look.valid and span[0] <= look.sensed <= span[1]
            ]
            looks.sort(key=lambda pair: (pair[1].sensed, pair[1].acquisition))
            numbers = [number for number, _ in looks]
            pixels = read_looks(folder, numbers, window) if looks else []
        return _dataset(state, [look for _, look in looks], pixels, bands, _grid(cell_id), window)

    def _make(
        self, acquisition: str, cell_id: str, bands: Sequence[str], rows: tuple[str, ...]
    ) -> tuple[CubeLook, NDArray[np.float32]]:
        """Return one look as the cube keeps it, from verified masters."""
        chip = self.archive.load(acquisition, cell_id)
        if chip is None:
            raise CubeDamaged(f"{cell_id}/{acquisition}: retired while its cube was made")
        cube = build_cube([chip], _grid(cell_id), bands)
        pixels = np.full((len(bands), *_grid(cell_id).shape), np.nan, np.float32)
        for number, band in enumerate(bands):
            if band in cube:
                pixels[number] = cube[band].values[0]
        dtypes = {str(band): str(values.dtype) for band, values in cube.data_vars.items()}
        return CubeLook(acquisition, aware_utc(chip.sensed), dtypes, rows, True), pixels

    def _wanted(self, sensor: str, cell_id: str) -> dict[str, tuple[str, ...]]:
        """Return the row hashes of the masters of every look that is to be in the cube."""
        listed = self.archive.listed(cell_id=cell_id)
        names = dict.fromkeys(ref.acquisition for ref in listed if ref.sensor == sensor)
        masters = {name: self.archive.masters(name, cell_id) for name in names}
        return {name: tuple(ref.row_hash for ref in refs) for name, refs in masters.items() if refs}

    def _bands(self, wanted: Iterable[str], cell_id: str) -> tuple[str, ...]:
        found = {band for name in wanted for band in self.archive.bands(name, cell_id)}
        return tuple(sorted(found))

    def _folder(self, sensor: str, cell_id: str) -> Path:
        return self.root / sensor / cell_from_id(cell_id).id


def _grid(cell_id: str) -> GeoBox:
    return cell_from_id(cell_id).geobox()


def _is_stale(state: CubeState, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    stale = sum(wanted.get(look.acquisition) != look.rows for look in state.looks)
    return stale > _MOST_STALE * len(state.looks)


def _dataset(
    state: CubeState,
    looks: Sequence[CubeLook],
    pixels: Sequence[NDArray[np.float32]],
    bands: Sequence[str],
    grid: GeoBox,
    window: Window | None,
) -> xr.Dataset:
    empty = build_cube((), grid if window is None else grid[window], ())
    variables: dict[str, tuple[tuple[str, ...], NDArray[np.generic]]] = {}
    for band in bands:
        dtype = next((look.bands[band] for look in looks if band in look.bands), None)
        if dtype is None:
            continue
        number = state.bands.index(band)
        values = np.stack([one[number] for one in pixels])
        is_class = np.dtype(dtype).kind in "iu"
        told = np.nan_to_num(values, nan=0.0).astype(dtype) if is_class else values
        variables[band] = (("time", "y", "x"), told)
    times = [np.datetime64(look.sensed.replace(tzinfo=None), "ns") for look in looks]
    coords = {"time": np.array(times, "datetime64[ns]"), "y": empty["y"], "x": empty["x"]}
    return xr.Dataset(variables, coords=coords, attrs=empty.attrs)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with storage_errors(folder):
        make_folder(folder)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with storage_errors(folder):
            fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
