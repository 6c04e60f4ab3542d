"""Scenes as STAC items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from odc.geo.geobox import GeoBox

from api.answers import GEOJSON, JSON
from api.stac.ground import box_around
from api.stac.known import eo_band, extensions_of, told_by_names
from api.stac.scenes import File, Scene
from api.stac.words import (
    EO,
    FILE,
    GEOTIFF,
    MASKS,
    PNG,
    PROJECTION,
    RASTER,
    STAC_VERSION,
    VERSION,
)
from hearthwatch.values import geojson, moment
from tiles.gridjson import geobox_to_json
from tiles.thumbnails import colours_of

SHA256_MULTIHASH = "1220"
"""What a multihash of 32 bytes of SHA-256 begins with."""

_Opened = Callable[[str], str]


def scene_item(base: str, collection: str, scene: Scene, opened: _Opened) -> dict[str, Any]:
    """Return a scene as an item.

    Parameters
    ----------
    base : str
        Address of the catalogue.
    opened : callable
        From the address of a file below the item to the one that is shown: a pass may be added.
    """
    address = item_address(base, collection, scene.id)
    properties = _properties(scene)
    assets = _assets(scene, address, opened)
    if collection != MASKS and colours_of(_bands(scene.files)):
        assets["thumbnail"] = {
            "href": opened(f"{address}/thumbnail.png"),
            "type": PNG,
            "title": "The cell as a small picture",
            "roles": ["thumbnail"],
        }
    versioned = [VERSION] if {"version", "deprecated"} & properties.keys() else []
    geometry = scene.geometry
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [EO, FILE, PROJECTION, RASTER, *extensions_of(properties), *versioned],
        "id": scene.id,
        "collection": collection,
        "geometry": geojson(geometry),
        "bbox": box_around(geometry),
        "properties": properties,
        "assets": assets,
        "links": [*item_links(base, collection, scene.id), *_related(base, collection, scene)],
    }


def item_address(base: str, collection: str, its_id: str) -> str:
    """Return the address of an item."""
    return f"{base}/collections/{collection}/items/{quote(its_id, safe='')}"


def item_links(base: str, collection: str, its_id: str) -> list[dict[str, str]]:
    """Return the links that every item has."""
    above = f"{base}/collections/{collection}"
    return [
        {"rel": "self", "href": item_address(base, collection, its_id), "type": GEOJSON},
        {"rel": "root", "href": base, "type": JSON},
        {"rel": "parent", "href": above, "type": JSON},
        {"rel": "collection", "href": above, "type": JSON},
    ]


def multihash(sha256: str) -> str:
    """Return a SHA-256 as the extension file has check sums."""
    return SHA256_MULTIHASH + sha256


def _related(base: str, collection: str, scene: Scene) -> list[dict[str, str]]:
    links = []
    if scene.newer:
        newer = item_address(base, collection, scene.newer)
        links.append({"rel": "successor-version", "href": newer, "type": GEOJSON})
    if collection == MASKS:
        whole = item_address(base, scene.sensor, scene.id)
        links.append({"rel": "related", "href": whole, "type": GEOJSON, "title": "The scene"})
    return links


def _properties(scene: Scene) -> dict[str, Any]:
    look = scene.look
    sensed = look.sensed
    found: dict[str, Any] = {
        "datetime": moment(sensed),
        **told_by_names(look.acquisition, scene.scene_id, scene.sensor, look.cell, sensed),
        "hearthwatch:acquisition": look.acquisition,
        "hearthwatch:cell": look.cell,
        "hearthwatch:scene": scene.scene_id,
        "hearthwatch:sensor": scene.sensor,
        "hearthwatch:modes": [mode.value for mode in look.modes],
    }
    codes = Counter(code for one in scene.files if (code := _code(one.layer.geobox)))
    if len(codes) == 1 and codes.total() == len(scene.files):
        (found["proj:code"],) = codes
    if scene.newer:
        found["deprecated"] = True
    return found


def _assets(scene: Scene, address: str, opened: _Opened) -> dict[str, Any]:
    names = Counter("-".join(one.layer.bands) for one in scene.files)
    found: dict[str, Any] = {}
    for one in sorted(scene.files, key=lambda one: (one.is_classes, one.layer.bands, one.name)):
        name = "-".join(one.layer.bands)
        # What was pulled twice of the same bands lies on two grids.
        name = name if names[name] == 1 else f"{name}-{one.name}"
        found[name] = _asset(one, opened(f"{address}/{one.name}.tif"))
    return found


def _asset(file: File, href: str) -> dict[str, Any]:
    layer = file.layer
    return {
        "href": href,
        "type": GEOTIFF,
        "title": f"{', '.join(layer.bands)} as delivered",
        "roles": ["data", "classes"] if file.is_classes else ["data"],
        "file:size": file.master.bytes,
        "file:checksum": multihash(file.master.sha256),
        **_projected(layer.geobox),
        "bands": [{"name": band} for band in layer.bands],
        "eo:bands": [eo_band(band) for band in layer.bands],
        "raster:bands": [_raster_band(file, number) for number in range(len(layer.bands))],
    }


def _projected(grid: GeoBox) -> dict[str, Any]:
    value = geobox_to_json(grid)
    box = grid.boundingbox
    code = _code(grid)
    crs = {"proj:code": code} if code else {"proj:code": None, "proj:wkt2": value["crs"]}
    return {
        **crs,
        "proj:shape": value["shape"],
        "proj:transform": value["transform"],
        "proj:bbox": [box.left, box.bottom, box.right, box.top],
    }


def _raster_band(file: File, number: int) -> dict[str, Any]:
    layer = file.layer
    told: Mapping[str, Any] = {
        "nodata": layer.nodata[number],
        "scale": layer.scale[number],
        "offset": layer.offset[number],
    }
    pixel = abs(float(layer.geobox.affine.a))
    if layer.geobox.crs is not None and layer.geobox.crs.projected:
        told = {**told, "spatial_resolution": pixel}
    return {name: value for name, value in told.items() if value is not None}


def _code(grid: GeoBox) -> str | None:
    epsg = grid.crs.epsg if grid.crs is not None else None
    return None if epsg is None else f"EPSG:{epsg}"


def _bands(files: Sequence[File]) -> frozenset[str]:
    return frozenset(band for one in files for band in one.layer.bands)
