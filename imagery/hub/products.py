"""The two collections that are read from Sentinel Hub, and how one read of each is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from imagery.types import Asset

SENTINEL_2 = "sentinel-2-l2a"
SENTINEL_1 = "sentinel-1-grd"

CLASSES = "SCL"
SCALE = 0.0001
"""Reflectance of one DN: Sentinel-2 L2A's quantification value is 10,000."""

RESOLUTION: dict[str, dict[str, float]] = {
    SENTINEL_2: {
        "B01": 60.0, "B02": 10.0, "B03": 10.0, "B04": 10.0, "B05": 20.0, "B06": 20.0,
        "B07": 20.0, "B08": 10.0, "B8A": 20.0, "B09": 60.0, "B11": 20.0, "B12": 20.0,
        CLASSES: 20.0,
    },
    SENTINEL_1: {"VV": 10.0, "VH": 10.0},
}  # fmt: skip
"""Metres per pixel of every band, by collection."""

# What an asset's address says beside its band, for `Way`.
HARMONISED = "?harmonised"
EITHER = "?either"
TIMELINESS = "?timeliness="


@dataclass(frozen=True, slots=True)
class Way:
    """In what way a collection's pixels are asked for.

    Attributes
    ----------
    harmonised : bool
        Of Sentinel-2: the provider takes the offset off itself, which cuts negative reflectance
        off. Only where products with and without offset are listed for one pass: which of them a
        pixel then comes from cannot be told, and so neither its offset.
    direction : str or None
        Of Sentinel-1: ``ASCENDING`` or ``DESCENDING``.
    timeliness : str or None
        Of Sentinel-1: which delivery of the product is meant.
    """

    collection: str
    harmonised: bool = False
    direction: str | None = None
    timeliness: str | None = None

    @property
    def radar(self) -> bool:
        """Whether pixels are linear power rather than DN."""
        return self.collection == SENTINEL_1

    @property
    def dtype(self) -> Literal["float32", "uint16"]:
        """What pixels are delivered as."""
        return "float32" if self.radar else "uint16"


def reflectance_assets(baseline: str | None, either: bool = False) -> tuple[Asset, ...]:
    """Return the bands of a Sentinel-2 product.

    Parameters
    ----------
    baseline : str or None
        Processing baseline as ``05.00``: since 04.00 DN are shifted up by 1000, whatever the
        date. None where the provider is to take the shift off itself.
    either : bool
        Whether another processing, shifted alike, is listed: a pixel may then be of that one.
    """
    offset = -0.1 if baseline is not None and baseline >= "04.00" else 0.0
    word = HARMONISED if baseline is None else (EITHER if either else "")
    return tuple(
        Asset(
            band=band,
            href=f"process:{band}{word}",
            scale=None if band == CLASSES else SCALE,
            offset=None if band == CLASSES else offset,
            nodata=0,
            resolution=resolution,
        )
        for band, resolution in RESOLUTION[SENTINEL_2].items()
    )


def radar_assets(timeliness: str | None) -> tuple[Asset, ...]:
    """Return the bands of a Sentinel-1 product: linear power, NaN where nothing was seen."""
    word = f"{TIMELINESS}{timeliness}" if timeliness else ""
    return tuple(
        Asset(
            band=band, href=f"process:{band}{word}", scale=1.0, offset=0.0, nodata=None,
            resolution=resolution,
        )
        for band, resolution in RESOLUTION[SENTINEL_1].items()
    )  # fmt: skip


def is_harmonised(asset: Asset) -> bool:
    """Return whether `asset` is to be asked for without its offset."""
    return asset.href.endswith(HARMONISED)


def is_of_either(asset: Asset) -> bool:
    """Return whether `asset` may come from another processing of its product."""
    return asset.href.endswith(EITHER)


def timeliness_of(asset: Asset) -> str | None:
    """Return which delivery of a radar product `asset` is of."""
    return asset.href.partition(TIMELINESS)[2] or None


def by_resolution(collection: str, bands: Sequence[str]) -> list[tuple[float, tuple[str, ...]]]:
    """Return the bands grouped by their own resolution, finest first: a request each."""
    known = RESOLUTION[collection]
    ordered: Iterable[str] = sorted(dict.fromkeys(bands), key=lambda band: known[band])
    return [(metres, tuple(same)) for metres, same in groupby(ordered, key=known.__getitem__)]
