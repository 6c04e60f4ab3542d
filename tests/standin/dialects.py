"""The same scenes as each STAC catalogue describes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.standin import names
from tests.standin.scenes import Band, Kind, Scene, stamp

Item = dict[str, Any]
Href = Callable[[Scene, Band, str], str]
COG = "image/tiff; application=geotiff; profile=cloud-optimized"
JP2 = "image/jp2"

EARTH_SEARCH_NAMES = {
    "B01": "coastal", "B02": "blue", "B03": "green", "B04": "red", "B05": "rededge1",
    "B06": "rededge2", "B07": "rededge3", "B08": "nir", "B8A": "nir08", "B09": "nir09",
    "B11": "swir16", "B12": "swir22", "SCL": "scl",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dialect:
    """One catalogue.

    Attributes
    ----------
    path : str
        Of its landing page.
    collections : dict
        What it calls optical and radar scenes; the first of a kind is the usual one.
    describe : callable
        ``describe(scene, collection, href)`` returns the item; ``href(scene, band, collection)``
        an address.
    token : str
        What the mark of the next page is called.
    whole_body : bool
        Whether the link to the next page repeats the search, or only states what is added.
    """

    name: str
    path: str
    collections: Mapping[str, Kind]
    describe: Callable[[Scene, str, Href], Item]
    token: str = "token"
    whole_body: bool = True


def _earth_search(scene: Scene, collection: str, href: Href) -> Item:
    legacy = collection == LEGACY
    properties = _sentinel_2(scene) | {
        "datetime": stamp(scene.sensed),
        "created": stamp(scene.published),
        "updated": stamp(scene.published),
        "platform": f"sentinel-2{names.letter(scene)}",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "grid:code": f"MGRS-{names.mgrs_tile(scene)}",
    }
    if legacy:
        properties["earthsearch:boa_offset_applied"] = _is_shifted(scene)
    assets = {}
    for band in scene.bands.values():
        raster: dict[str, Any] = {
            "nodata": 0, "data_type": band.grid.dtype, "spatial_resolution": band.resolution,
        }  # fmt: skip
        if band.name != "SCL":
            # The older collection states it whether or not it is applied already.
            raster |= {"scale": 0.0001, "offset": band.offset or 0.0}
        key = EARTH_SEARCH_NAMES.get(band.name, band.name)
        checksum = {} if legacy else {"file:checksum": band.checksum}
        assets[key] = _placed(band, href(scene, band, collection), COG) | {
            "eo:bands": [{"name": band.name, "common_name": key}],
            "raster:bands": [raster],
            **{name: value for name, value in checksum.items() if value},
        }
    when = f"{scene.sensed:%Y%m%dT%H%M%S}"
    tile = names.mgrs_tile(scene)
    satellite = f"S2{names.letter(scene).upper()}"
    name = f"{satellite}_T{tile}_{when}_L2A"
    if legacy:
        name = f"{satellite}_{tile}_{scene.sensed:%Y%m%d}_0_L2A"
    return _item(scene, name, collection, properties, assets)


def _cdse(scene: Scene, collection: str, href: Href) -> Item:
    name = names.optical_name(scene)
    root = f"s3://eodata/Sentinel-2/MSI/L2A/{scene.sensed:%Y/%m/%d}/{name}.SAFE"
    assets = {}
    for band in scene.bands.values():
        metres = round(band.resolution)
        key = f"{band.name}_{metres}m"
        asset = _placed(band, f"{root}/{key}.jp2", JP2) | {
            "nodata": 0,
            "data_type": band.grid.dtype,
            "auth:refs": ["s3"],
            "alternate": {
                "https": {
                    "href": href(scene, band, collection),
                    "alternate:name": "HTTPS",
                    "auth:refs": ["oidc"],
                }
            },
        }  # fmt: skip
        if band.name != "SCL":
            asset |= {
                "bands": [{"name": band.name}],
                "raster:scale": 0.0001,
                "raster:offset": band.offset or 0,
            }
        assets[key] = asset
    properties = {
        "datetime": stamp(scene.sensed),
        "start_datetime": stamp(scene.sensed),
        "end_datetime": stamp(scene.sensed),
        "created": stamp(scene.published),
        "updated": stamp(scene.published),
        "published": stamp(scene.published),
        "platform": f"sentinel-2{names.letter(scene)}",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "eo:cloud_cover": scene.get("eo:cloud_cover", 0.0),
        "grid:code": f"MGRS-{names.mgrs_tile(scene)}",
        "processing:version": names.baseline(scene),
        "processing:level": "L2",
        "processing:datetime": stamp(names.processed(scene)),
        "product:type": "S2MSI2A",
        "product:timeliness": "PT24H",
        "product:timeliness_category": "NRT",
        "sat:relative_orbit": names.orbit(scene),
        "sat:orbit_state": scene.get("sat:orbit_state", "descending"),
        "eopf:datatake_id": names.datatake(scene),
    }
    return _item(scene, name, collection, properties, assets, version="1.1.0")


def _planetary_computer(scene: Scene, collection: str, href: Href) -> Item:
    made = _flattened_radar if scene.kind == "radar" else _as_made
    return made(scene, collection, href)


def _flattened_radar(scene: Scene, collection: str, href: Href) -> Item:
    assets = {
        band.name.lower(): {
            "href": href(scene, band, collection),
            "type": COG,
            "title": f"{band.name} polarization backscattering coefficient",
            "raster:bands": [
                {"nodata": -32768, "data_type": "float32", "spatial_resolution": band.resolution}
            ],
            "roles": ["data"],
        }
        for band in scene.bands.values()
        if band.name in ("VV", "VH")
    }
    end = scene.sensed + timedelta(seconds=25)
    properties = {
        "datetime": stamp(scene.sensed + timedelta(seconds=12)),
        # Not as RFC 3339 has it.
        "start_datetime": f"{scene.sensed:%Y-%m-%d %H:%M:%S}.112626+00:00",
        "end_datetime": f"{end:%Y-%m-%d %H:%M:%S}.112001+00:00",
        "platform": f"SENTINEL-1{names.letter(scene).upper()}",
        "constellation": "Sentinel-1",
        "sar:instrument_mode": scene.get("sar:instrument_mode", "IW"),
        "sar:polarizations": ["VV", "VH"],
        "sar:product_type": "GRD",
        "sat:relative_orbit": names.orbit(scene),
        "sat:orbit_state": scene.get("sat:orbit_state"),
        "s1:product_timeliness": "Fast-24h",
        "proj:epsg": next(iter(scene.bands.values())).grid.epsg,
    }
    name = names.radar_name(scene).rsplit("_", 1)[0]
    return _item(scene, f"{name}_rtc", collection, properties, assets)


def _as_made(scene: Scene, collection: str, href: Href) -> Item:
    assets = {}
    for band in scene.bands.values():
        named = {} if band.name == "SCL" else {"eo:bands": [{"name": band.name}]}
        assets[band.name] = _placed(band, href(scene, band, collection), COG) | named
    stated = names.optical_name(scene).split("_")
    properties = _sentinel_2(scene) | {
        "datetime": stamp(scene.sensed),
        "platform": f"Sentinel-2{names.letter(scene).upper()}",
        "constellation": "Sentinel 2",
        "instruments": ["msi"],
        "s2:mgrs_tile": names.mgrs_tile(scene),
        "proj:epsg": next(iter(scene.bands.values())).grid.epsg,
    }
    # The baseline is left out of the id there.
    name = "_".join(part for n, part in enumerate(stated) if n != 3)
    return _item(scene, name, collection, properties, assets)


def _opera(scene: Scene, collection: str, href: Href) -> Item:
    name = burst_name(scene)
    assets = {
        f"{name}_{band.name}": {
            "href": href(scene, band, collection),
            "title": f"Download {name}_{band.name}.tif",
            "type": "image/tiff",
            "roles": ["data"],
        }
        for band in scene.bands.values()
    }
    properties = {
        "datetime": stamp(scene.sensed),
        "start_datetime": stamp(scene.sensed),
        "end_datetime": stamp(scene.sensed + timedelta(seconds=3)),
        "created": stamp(scene.published),
        "updated": stamp(scene.published),
    }
    return _item(scene, name, collection, properties, assets)


def burst_name(scene: Scene) -> str:
    """Return the name of an OPERA product: as on disk if it is one, else made up."""
    if scene.id.startswith("OPERA_L2_RTC-S1_"):
        return scene.id
    return (
        f"OPERA_L2_RTC-S1_T{names.orbit(scene):03d}-{names.orbit(scene) * 1000:06d}-IW2"
        f"_{scene.sensed:%Y%m%dT%H%M%S}Z_{names.processed(scene):%Y%m%dT%H%M%S}Z"
        f"_S1{names.letter(scene).upper()}_30_v1.0"
    )


LEGACY = "sentinel-2-l2a"
DIALECTS = {
    one.name: one
    for one in (
        Dialect(
            "earth-search", "/earth-search/v1",
            {"sentinel-2-c1-l2a": "optical", LEGACY: "optical"}, _earth_search, token="next",
        ),
        Dialect(
            "cdse", "/cdse/v1", {"sentinel-2-l2a": "optical"}, _cdse, whole_body=False,
        ),
        Dialect(
            "planetary-computer", "/planetary-computer/api/stac/v1",
            {"sentinel-2-l2a": "optical", "sentinel-1-rtc": "radar"}, _planetary_computer,
        ),
        Dialect("opera", "/opera/stac", {"OPERA_L2_RTC-S1_V1_1.0": "radar"}, _opera),
    )
}  # fmt: skip


def _sentinel_2(scene: Scene) -> dict[str, Any]:
    return {
        "eo:cloud_cover": scene.get("eo:cloud_cover", 0.0),
        "sat:orbit_state": scene.get("sat:orbit_state", "descending"),
        "sat:relative_orbit": names.orbit(scene),
        "s2:processing_baseline": names.baseline(scene),
        "s2:datatake_id": names.datatake(scene),
        "s2:product_uri": f"{names.optical_name(scene)}.SAFE",
        "s2:generation_time": stamp(names.processed(scene)),
        "s2:product_type": "S2MSI2A",
    }


def _is_shifted(scene: Scene) -> bool:
    return any(band.offset_dn for band in scene.bands.values())


def _placed(band: Band, href: str, kind: str) -> dict[str, Any]:
    grid = band.grid
    return {
        "href": href,
        "type": kind,
        "gsd": band.resolution,
        "roles": ["data"],
        "proj:shape": [grid.height, grid.width],
        "proj:transform": list(grid.transform)[:6],
        **({} if grid.epsg is None else {"proj:code": f"EPSG:{grid.epsg}"}),
    }


def _item(
    scene: Scene,
    name: str,
    collection: str,
    properties: dict[str, Any],
    assets: dict[str, Any],
    version: str = "1.0.0",
) -> Item:
    return {
        "type": "Feature",
        "stac_version": version,
        "id": name,
        "collection": collection,
        "geometry": dict(scene.geometry),
        "bbox": list(scene.footprint.bounds),
        "properties": properties,
        "links": [],
        "assets": assets,
    }
