"""From the bands a scene offers to the layers of a chip, for every provider that reads files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from imagery.errors import Permanent
from imagery.looks import group_acquisitions
from imagery.types import Asset, Layer, Scene


@dataclass(frozen=True, slots=True)
class BandRead:
    """One band's pixels before they are put together by grid."""

    scene: str
    asset: Asset
    geobox: GeoBox
    dn: NDArray[np.generic]


def wanted_assets(scene: Scene, bands: Sequence[str]) -> list[Asset]:
    """Return the finest asset of each of `bands`.

    Raises
    ------
    Permanent
        If none is wanted or the scene has not all of them.
    """
    missing = [band for band in bands if band not in scene.bands]
    if not bands:
        raise Permanent(f"no band of {scene.id} was asked for")
    if missing:
        raise Permanent(f"{scene.id} has no {', '.join(missing)}")
    return [scene.asset(band) for band in bands]


def acquisition_key(scenes: Sequence[Scene]) -> str:
    """Return the key of the one acquisition that `scenes` are of; `Permanent` if it is not one."""
    groups = group_acquisitions(scenes)
    if len(groups) != 1:
        raise Permanent(f"{len(groups)} acquisitions were asked for in one read")
    return groups[0].key


def band_layers(reads: Sequence[BandRead]) -> Iterator[Layer]:
    """Put bands of one scene on one grid together, in one layer each."""

    def place(read: BandRead) -> tuple[str, str, tuple[float, ...], tuple[int, ...]]:
        grid = read.geobox
        return read.scene, str(grid.crs), tuple(grid.affine)[:6], tuple(grid.shape)

    for _, group in groupby(sorted(reads, key=place), key=place):
        same = list(group)
        dtype = np.result_type(*(read.dn.dtype for read in same))
        yield Layer(
            scene_id=same[0].scene,
            bands=tuple(read.asset.band for read in same),
            geobox=same[0].geobox,
            dn=np.stack([read.dn.astype(dtype, copy=False) for read in same]),
            scale=tuple(read.asset.scale for read in same),
            offset=tuple(read.asset.offset for read in same),
            nodata=tuple(read.asset.nodata for read in same),
        )
