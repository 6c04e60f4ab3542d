"""The bands of a STAC item: where they are, and what their numbers mean by the item's own words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from imagery.naming import read_name
from imagery.radiometry import CLASS_BANDS
from imagery.types import Asset

# Names that catalogues of Cloud-Optimised GeoTIFFs give to Sentinel-2's bands.
_ALIASES = {
    "coastal": "B01", "blue": "B02", "green": "B03", "red": "B04", "rededge1": "B05",
    "rededge2": "B06", "rededge3": "B07", "nir": "B08", "nir08": "B8A", "nir09": "B09",
    "swir16": "B11", "swir22": "B12", "scl": "SCL",
}  # fmt: skip
_BAND = re.compile(r"^(B\d{2}|B8A|SCL|VV|VH|HH|HV|COH)(?![A-Za-z0-9])", re.IGNORECASE)
_OPERA_LAYER = re.compile(r"_(VV|VH|HH|HV|COH|mask)$")
_SHA256 = "1220"
"""Multihash prefix of a SHA-256 digest: function 0x12, length 0x20."""
_OPERA_M = 30.0
_MASK_NODATA = 255


def band_assets(
    item: Mapping[str, Any], radar: bool, baseline: str | None, base: str
) -> Iterator[Asset]:
    """Yield an asset for each band of an item that is known; pictures and papers are passed over.

    Parameters
    ----------
    radar : bool
        Whether the pixels are radar power, which needs no scale, and not reflectance.
    baseline : str or None
        Processing baseline the item states.
    base : str
        Put before every relative address.

    Raises
    ------
    ValueError
        If the item does not say what a band's numbers mean.
    """
    opera = radar and _is_opera(item)
    for key, asset in item["assets"].items():
        band = _band_name(key, asset, radar)
        if band is None:
            continue
        made = _radar(band, asset, opera, base) if radar else _optical(band, asset, baseline, base)
        if made.offset and item["properties"].get("earthsearch:boa_offset_applied"):
            raise ValueError(f"{band} states an offset and that it is already applied")
        yield made


def _optical(band: str, asset: Mapping[str, Any], baseline: str | None, base: str) -> Asset:
    raster = _raster(asset)
    scale = _first(raster, asset, "scale")
    offset = _first(raster, asset, "offset")
    if band not in CLASS_BANDS and scale is None:
        raise ValueError(f"{band} states no raster:scale")
    if band.startswith("B") and offset is None and (baseline is None or baseline >= "04.00"):
        raise ValueError(
            f"{band} has processing baseline {baseline or 'unknown'} and states no offset: "
            "whether -0.1 is already applied cannot be told"
        )
    nodata = _first(raster, asset, "nodata")
    return _asset(band, asset, base, scale, offset, 0 if nodata is None else nodata, 10.0)


def _radar(band: str, asset: Mapping[str, Any], opera: bool, base: str) -> Asset:
    """Return a band of linear power, or of coherence: as it is, unless a scale is stated."""
    raster = _raster(asset)
    if str(_first(raster, asset, "unit") or "").lower() == "db":
        raise ValueError(f"{band} is in decibels, not linear power")
    scale, offset = _first(raster, asset, "scale"), _first(raster, asset, "offset")
    nodata = _first(raster, asset, "nodata")
    if nodata is None and band in CLASS_BANDS:
        nodata = _MASK_NODATA
    metres = _OPERA_M if opera else 10.0
    return _asset(band, asset, base, 1.0 if scale is None else scale, offset, nodata, metres)


def _asset(
    band: str,
    asset: Mapping[str, Any],
    base: str,
    scale: Any,
    offset: Any,
    nodata: Any,
    metres: float,
) -> Asset:
    classes = band in CLASS_BANDS
    stated = _first(_raster(asset), asset, "spatial_resolution") or asset.get("gsd")
    return Asset(
        band=band,
        href=_href(str(asset["href"]), base),
        scale=None if classes else _number(scale, positive=True),
        offset=None if classes else _number(0.0 if offset is None else offset),
        nodata=_nodata(nodata),
        resolution=_number(stated or metres, positive=True),
        sha256=_checksum(asset.get("file:checksum")),
    )


def _raster(asset: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (asset.get("raster:bands") or asset.get("bands") or [{}])[0]
    return found


def _is_opera(item: Mapping[str, Any]) -> bool:
    named = read_name(str(item.get("id")))
    return named is not None and named.kind == "RTC"


def _href(href: str, base: str) -> str:
    return href if href.startswith("/") or "://" in href else base + href


def _number(value: Any, positive: bool = False) -> float:
    number = float(value)
    if not math.isfinite(number) or (positive and number <= 0.0):
        raise ValueError(f"{value!r} is no usable number")
    return number


def _nodata(value: Any) -> int | None:
    # Pixels that are no number need no number to be told by.
    return None if value is None or math.isnan(float(value)) else int(value)


def _first(raster: Mapping[str, Any], asset: Mapping[str, Any], name: str) -> Any:
    for holder, key in ((raster, name), (raster, f"raster:{name}"), (asset, f"raster:{name}")):
        if holder.get(key) is not None:
            return holder[key]
    return asset.get(name)


def _band_name(key: str, asset: Mapping[str, Any], radar: bool) -> str | None:
    layer = _OPERA_LAYER.search(key) if radar else None
    if layer is not None or (radar and key.lower() == "mask"):
        return "MASK" if layer is None else layer.group(1).upper()
    named = [band.get("name", "") for band in asset.get("eo:bands") or asset.get("bands") or []]
    # A picture of three bands is none of them.
    for candidate in (key, *named) if len(named) <= 1 else ():
        found = _BAND.match(str(candidate))
        if found:
            return found.group(1).upper()
        if str(candidate).lower() in _ALIASES:
            return _ALIASES[str(candidate).lower()]
    return None


def _checksum(multihash: str | None) -> str | None:
    if multihash is None:
        return None
    if not multihash.startswith(_SHA256) or len(multihash) != len(_SHA256) + 64:
        return None
    return multihash[len(_SHA256) :].lower()
