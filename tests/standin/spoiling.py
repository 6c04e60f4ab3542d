"""Faults of the pixels: what comes is a sound GeoTIFF and shows something else."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from tests.standin.faults import Fault
from tests.standin.image import Image
from tests.standin.wire import Answer

Pixels = NDArray[Any]
RADAR = ("VV", "VH", "HH", "HV")


def wrong_size(columns: int = 1) -> Fault:
    """Leave out the last columns."""
    return _image("wrong size", lambda i: replace(i, data=i.data[:, :, :-columns]))


def band_missing() -> Fault:
    """Leave out the last band."""
    return _image("band missing", lambda i: replace(i, data=i.data[:-1], bands=i.bands[:-1]))


def band_added() -> Fault:
    """Give the first band twice."""
    return _image("band added", lambda i: replace(i, data=np.concatenate([i.data, i.data[:1]])))


def band_order() -> Fault:
    """Turn the order of all bands but the mask around."""

    def change(image: Image) -> Image:
        kept = [n for n, band in enumerate(image.bands) if band == "dataMask"]
        order = [n for n in reversed(range(len(image.bands))) if n not in kept] + kept
        return replace(image, data=image.data[order])

    return _image("band order", change)


def dtype(name: str = "float32") -> Fault:
    """Give the numbers in another type."""
    return _image(f"dtype {name}", lambda i: replace(i, data=i.data.astype(name)))


def wrong_crs() -> Fault:
    """Say that the pixels lie in the next zone (or in Web Mercator, where there is no zone)."""

    def change(image: Image) -> Image:
        code = CRS.from_user_input(image.crs).to_epsg() or 0
        zone = code % 100
        if code - zone in (32600, 32700):
            return replace(image, crs=f"EPSG:{code - zone + zone % 60 + 1}")
        return replace(image, crs="EPSG:3857")

    return _image("wrong crs", change)


def transform_shifted(pixels: float = 0.5) -> Fault:
    """Say that the pixels lie elsewhere than asked."""

    def change(image: Image) -> Image:
        return replace(image, transform=image.transform * Affine.translation(pixels, pixels))

    return _image("transform shifted", change)


def pixels_shifted() -> Fault:
    """Move the ground by half a pixel right and down, under a transform as asked.

    Each pixel becomes the mean of itself and its neighbours to the left and above; classes and
    masks, which have no mean, stay.
    """

    def change(image: Image) -> Image:
        data = image.data.copy()
        for n in _measured(image):
            data[n] = _half_a_pixel(data[n])
        return replace(image, data=data)

    return _image("pixels shifted", change)


def offset_added(dn: int = 1000) -> Fault:
    """Add to every measured number, as if an offset had been applied once more."""
    return _measured_pixels("offset added", lambda values: values + values.dtype.type(dn))


def clamped(floor: int = 1000) -> Fault:
    """Raise what is below `floor` to it: reflectance below 0, where 1000 stands for 0."""
    return _measured_pixels("clamped", lambda values: np.maximum(values, floor))


def all_nodata() -> Fault:
    """Nothing was seen: everything is 0, the mask too (radar in a file of its own: NaN)."""
    return _image("all nodata", lambda i: replace(i, data=np.full_like(i.data, _nothing(i))))


def nearly_empty(share: float = 0.01) -> Fault:
    """Only this share of the rows, at the top, was seen; one row at least."""

    def change(image: Image) -> Image:
        data = image.data.copy()
        data[:, max(1, round(share * data.shape[1])) :] = _nothing(image)
        return replace(image, data=data)

    return _image("nearly empty", change)


def constant(value: int = 1234) -> Fault:
    """Every measured number is the same."""
    return _measured_pixels("constant", lambda values: np.full_like(values, value))


def saturated() -> Fault:
    """Every measured number is the largest there is."""

    def change(values: Pixels) -> Pixels:
        whole = np.issubdtype(values.dtype, np.integer)
        return np.full_like(values, np.iinfo(values.dtype).max if whole else 1e6)

    return _measured_pixels("saturated", change)


def unknown_class(value: int = 42) -> Fault:
    """A class that the scene classification does not know, in its first row."""

    def change(image: Image) -> Image:
        data = image.data.copy()
        for n, band in enumerate(image.bands):
            if band == "SCL":
                data[n, 0] = value
        return replace(image, data=data)

    return _image("unknown class", change)


def not_a_number(value: float = np.nan) -> Fault:
    """NaN or infinity in every seventh pixel of radar, under a mask that calls it seen."""

    def change(image: Image) -> Image:
        data = image.data.copy()
        for n, band in enumerate(image.bands):
            if band in RADAR:
                data[n].flat[::7] = value
        return replace(image, data=data)

    return _image(f"{value} in radar", change)


def flipped_pixel(bit: int = 9) -> Fault:
    """Flip one bit of the middle pixel of the first band; the file is sound."""

    def change(image: Image) -> Image:
        data = image.data.copy()
        row, column = data.shape[1] // 2, data.shape[2] // 2
        as_bits = data.view(f"u{data.dtype.itemsize}")
        as_bits[0, row, column] ^= as_bits.dtype.type(1 << bit)
        return replace(image, data=data)

    return _image("flipped pixel", change)


def packed(compress: str = "LZW") -> Fault:
    """Write the file with LZW, ZSTD, LERC or NONE."""
    return _image(compress, lambda i: replace(i, options={**i.options, "compress": compress}))


def big_tiff() -> Fault:
    """Write a BigTIFF."""
    return _image("BigTIFF", lambda i: replace(i, options={**i.options, "bigtiff": "YES"}))


def tarred() -> Fault:
    """Put the file into a tar, as for several outputs."""

    def change(answer: Answer) -> Answer:
        kind = {"Content-Type": "application/x-tar"}
        return replace(answer, headers={**answer.headers, **kind},
                       body=tar({"default.tif": answer.body}))  # fmt: skip

    return Fault("tar", answer=change)


def tar(files: dict[str, bytes]) -> bytes:
    """Return a tar archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def _image(name: str, change: Callable[[Image], Image]) -> Fault:
    return Fault(name, image=change)


def _measured(image: Image) -> list[int]:
    """Return the planes that hold measurements, not classes or masks."""
    return [n for n, band in enumerate(image.bands) if band.startswith("B") or band in RADAR]


def _measured_pixels(name: str, change: Callable[[Pixels], Pixels]) -> Fault:
    """Change measured numbers where something was seen."""

    def alter(image: Image) -> Image:
        data = image.data.copy()
        for n in _measured(image):
            seen = np.isfinite(data[n]) & (data[n] != 0)
            data[n] = np.where(seen, change(data[n]), data[n]).astype(data.dtype)
        return replace(image, data=data)

    return _image(name, alter)


def _half_a_pixel(values: Pixels) -> Pixels:
    padded = np.pad(values.astype(np.float64), ((1, 0), (1, 0)), mode="edge")
    mean = (padded[1:, 1:] + padded[:-1, 1:] + padded[1:, :-1] + padded[:-1, :-1]) / 4
    whole = np.issubdtype(values.dtype, np.integer)
    return (np.rint(mean) if whole else mean).astype(values.dtype)


def _nothing(image: Image) -> float:
    radar_file = "dataMask" not in image.bands and any(band in RADAR for band in image.bands)
    return np.nan if radar_file else 0
