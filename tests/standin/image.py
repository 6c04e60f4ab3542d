"""Pixels with their place, and their writing as a GeoTIFF."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.io import MemoryFile


@dataclass(frozen=True, slots=True)
class Image:
    """What an answer shows.

    Attributes
    ----------
    data : ndarray, shape (band, y, x)
    bands : tuple of str
        What each plane is: ``B04``, ``SCL``, ``VV``, ``dataMask``.
    crs : str
        Anything rasterio reads.
    options : dict
        How the GeoTIFF is made.
    """

    data: NDArray[Any]
    bands: tuple[str, ...]
    crs: str
    transform: Affine
    nodata: float | None = None
    options: dict[str, Any] = field(default_factory=lambda: {"compress": "DEFLATE"})


def geotiff(image: Image) -> bytes:
    """Return the image as the bytes of a GeoTIFF."""
    count, height, width = image.data.shape
    profile = {
        "driver": "GTiff", "dtype": image.data.dtype.name, "count": count, "height": height,
        "width": width, "crs": image.crs, "transform": image.transform, "nodata": image.nodata,
        **image.options,
    }  # fmt: skip
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(image.data)
        return bytes(memory.read())
