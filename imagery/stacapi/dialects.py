"""What the catalogues say differently, made plain before an item becomes a scene."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from imagery.errors import Permanent
from imagery.stac import item_sha256, scene_from_item
from imagery.stacapi.offsets import stated_offset
from imagery.stacapi.signing import TOKEN_URL
from imagery.types import Asset, Scene

QUANTUM = 0.0001
"""Reflectance of one step of Sentinel-2 L2A, every baseline."""

_APPLIED = "earthsearch:boa_offset_applied"

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is known of one catalogue beforehand.

    Attributes
    ----------
    file_origins : tuple of str
        Where its files lie.
    dated : str or None
        Property by which it can be asked for what is new.
    as_made : bool
        Whether it serves numbers as the producer made them and states no offset.
    untrusted : tuple of str
        Collections whose statements on the offset are known to be wrong at times.
    login : bool
        Whether its files are for people who have logged in.
    """

    file_origins: tuple[str, ...] = ()
    dated: str | None = None
    as_made: bool = False
    untrusted: tuple[str, ...] = ()
    login: bool = False


PLAIN = Dialect()
"""A catalogue of which nothing is known."""

_KNOWN = {
    "earth-search.aws.element84.com": Dialect(
        (
            "https://e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com",
            "https://sentinel-cogs.s3.us-west-2.amazonaws.com",
        ),
        dated="updated",
        untrusted=("sentinel-2-l2a",),
    ),
    "stac.dataspace.copernicus.eu": Dialect(
        ("https://download.dataspace.copernicus.eu",), dated="published", login=True
    ),
    "planetarycomputer.microsoft.com": Dialect(
        (
            "https://sentinel2l2a01.blob.core.windows.net",
            "https://sentinel1euwestrtc.blob.core.windows.net",
        ),
        as_made=True,
    ),
    "cmr.earthdata.nasa.gov": Dialect(("https://datapool.asf.alaska.edu",)),
}

SIGNED = {"planetary-computer": (TOKEN_URL, "planetarycomputer.microsoft.com")}
"""Kinds of signing: where tokens come from, and the host whose dialect goes with it."""


def dialect_of(url: str, signing: str | None) -> Dialect:
    """Return what is known of the catalogue at `url`."""
    host = SIGNED[signing][1] if signing else str(urlsplit(url).hostname)
    return _KNOWN.get(host, PLAIN)


def scene_of(item: Item, provider: str, dialect: Dialect) -> Scene:
    """Turn an item into a scene, whichever catalogue it is from.

    Where only the pixels can tell a band's offset, it is None in the scene: whoever reads it
    finds out (:mod:`imagery.stacapi.offsets`). The scene's digest is that of the item as it came.

    Raises
    ------
    Permanent
        If it cannot be made a scene of.
    """
    try:
        plain = copy.deepcopy(item)
        plain["assets"] = _readable(plain["assets"], _base(plain))
        offsets = _plain_optical(plain) if _is_optical(plain) else {}
        _date(plain["properties"])
        scene = scene_from_item(plain, provider)
        digest = item_sha256(item)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Permanent(
            f"an item of the catalogue cannot be read: {type(error).__name__}"
        ) from error
    untrusted = scene.collection in dialect.untrusted or _APPLIED in item["properties"]

    def settled(asset: Asset) -> Asset:
        if asset.href not in offsets or not asset.band.startswith("B"):
            return asset
        told = stated_offset(scene.baseline, offsets[asset.href], untrusted, dialect.as_made)
        return replace(asset, offset=told)

    return replace(scene, assets=tuple(map(settled, scene.assets)), item_sha256=digest)


def _is_optical(item: Item) -> bool:
    stated = str(item["properties"].get("hearthwatch:sensor") or item.get("collection") or "")
    return stated.lower().startswith("sentinel-2")


def _plain_optical(item: Item) -> dict[str, float | None]:
    """Write down what is left unsaid of scale and offset; return the offset said, by address."""
    item["properties"].pop(_APPLIED, None)
    said: dict[str, float | None] = {}
    for asset in item["assets"].values():
        raster = (asset.get("raster:bands") or asset.get("bands") or [{}])[0]
        scale, offset = (_said(raster, asset, name) for name in ("scale", "offset"))
        said[asset["href"]] = None if offset is None else float(offset)
        if scale is None:
            asset["raster:scale"] = QUANTUM
        if offset is None:
            asset["raster:offset"] = 0.0
    return said


def _said(raster: Item, asset: Item, name: str) -> Any:
    for holder, key in ((raster, name), (raster, f"raster:{name}"), (asset, f"raster:{name}")):
        if holder.get(key) is not None:
            return holder[key]
    return None


def _readable(assets: dict[str, Item], base: str) -> dict[str, Item]:
    """Return the assets by an address of the web where they have one.

    The same bands are often listed twice, once in a bucket that needs keys. Where all of them
    are, they stay: reading one then says so.
    """
    plain = {
        key: {**asset, "href": urljoin(base, _web_address(asset))} for key, asset in assets.items()
    }
    on_web = {key: one for key, one in plain.items() if not one["href"].startswith("s3://")}
    images = [one for one in on_web.values() if "image/" in str(one.get("type"))]
    return on_web if images else plain


def _web_address(asset: Item) -> str:
    href = str(asset["href"])
    others = asset.get("alternate")
    for other in others.values() if isinstance(others, dict) else ():
        if not href.startswith(("https://", "http://")):
            candidate = str(other.get("href", "")) if isinstance(other, dict) else ""
            href = candidate if candidate.startswith(("https://", "http://")) else href
    return href


def _base(item: Item) -> str:
    """Return the folder that relative addresses of an item start from."""
    links = item.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "self":
            return urljoin(str(link.get("href", "")), ".")
    return ""


def _date(properties: Item) -> None:
    """Where the catalogue does not say when it published an item, take when it listed it."""
    if not properties.get("published"):
        listed = properties.get("created") or properties.get("updated")
        if listed:
            properties["published"] = listed
