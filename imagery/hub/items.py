"""Sentinel Hub's catalogue items to scenes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from imagery.errors import Permanent
from imagery.hub.products import (
    SENTINEL_1,
    SENTINEL_2,
    radar_assets,
    reflectance_assets,
    timeliness_of,
)
from imagery.looks import within
from imagery.stac import item_sha256, scene_from_item
from imagery.types import Scene

PROVIDER = "sentinelhub"

BACKSCATTER = "gamma0_terrain"
"""What radar pixels are, because that is what is asked for."""

_READ_KIND = ("IW", "DV", "HIGH")
_DELIVERIES = ("NRT10m", "NRT1h", "NRT3h", "Fast24h", "ArchNormal", "Offline", "Reprocessing")
"""Of a radar product, from the hasty to the careful, as the provider is asked for them."""
# Baselines such as 99.99 are of test processings: whether their numbers are shifted is not known.
_TEST_BASELINE = "90"
_SAME_PASS = timedelta(minutes=10)


def to_scene(item: Any, collection: str) -> Scene | None:
    """Return an item as a scene; None where it is of a kind that is not read.

    Of Sentinel-1 only land's usual mode is read: interferometric wide swath, both polarisations
    VV and VH, high resolution.

    Raises
    ------
    Permanent
        If the item cannot be used, such as Sentinel-2 whose processing baseline is not stated:
        whether its numbers are shifted cannot be told then, and a date does not tell it either.
    """
    if not isinstance(item, Mapping) or not isinstance(item.get("properties"), Mapping):
        raise Permanent("an item of the catalogue is no item")
    return _radar(item) if collection == SENTINEL_1 else _optical(item)


def told_apart(scenes: Iterable[Scene]) -> Iterator[Scene]:
    """Yield scenes so that each can be asked for; of radar, the better of two deliveries.

    The provider is asked for a time and a place, not for a product. Where two processings of one
    tile and pass differ in their offset, it is asked to take the offset off itself; where they do
    not, a chip says that its pixels may be of either.
    """
    ordered = sorted(scenes, key=lambda scene: (_product(scene), scene.sensed, scene.id))
    for _, same in groupby(ordered, key=_product):
        for rivals in within(_SAME_PASS, list(same)):
            if rivals[0].collection == SENTINEL_1:
                yield max(rivals, key=_careful)
            elif len({scene.asset("B04").offset for scene in rivals}) > 1:
                yield from (replace(s, assets=reflectance_assets(None)) for s in rivals)
            elif len({scene.baseline for scene in rivals}) > 1:
                yield from (replace(s, assets=reflectance_assets(s.baseline, True)) for s in rivals)
            else:
                yield from rivals


def _optical(item: Mapping[str, Any]) -> Scene:
    scene = _scene(item, SENTINEL_2)
    baseline = scene.baseline
    if baseline is None or baseline >= _TEST_BASELINE:
        raise Permanent(f"the item {scene.id} states no processing baseline: its offset is unknown")
    return replace(scene, assets=reflectance_assets(baseline))


def _radar(item: Mapping[str, Any]) -> Scene | None:
    properties = item["properties"]
    kind = tuple(
        properties.get(name) for name in ("sar:instrument_mode", "s1:polarization", "s1:resolution")
    )
    if None in kind:
        raise Permanent(f"the item {item.get('id')} does not say how it was taken")
    if kind != _READ_KIND:
        return None
    return replace(
        _scene(item, SENTINEL_1),
        backscatter=BACKSCATTER,
        instrument_mode="IW",
        assets=radar_assets(_delivery(properties.get("s1:timeliness"))),
    )


def _scene(item: Mapping[str, Any], collection: str) -> Scene:
    """Read what any item says; its files are none we read, and its bands are known."""
    scene = scene_from_item({**item, "collection": collection, "assets": {}}, PROVIDER)
    scene = replace(scene, item_sha256=item_sha256(item))
    created = item["properties"].get("created")
    if scene.published is not None or created is None:
        return scene
    # It has no word for publication; an item is made when its product is there to be had.
    unknown = tuple(name for name in scene.unknown if name != "published")
    return replace(scene, published=_time(created, scene.id), unknown=unknown)


def _delivery(word: Any) -> str | None:
    plain = re.sub(r"[^a-z0-9]", "", str(word).lower())
    return next((known for known in _DELIVERIES if known.lower() == plain), None)


def _product(scene: Scene) -> tuple[str, str, str]:
    """Return what two deliveries or processings of one product share."""
    return scene.collection, scene.platform or "", scene.tile or scene.id


def _careful(scene: Scene) -> tuple[int, str]:
    word = timeliness_of(scene.asset("VV"))
    return (-1 if word is None else _DELIVERIES.index(word)), scene.id


def _time(text: Any, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Permanent(f"the item {name} states no time in {text!r}") from error
    if at.tzinfo is None:
        raise Permanent(f"the item {name} states a time without a time zone")
    return at.astimezone(UTC)
