"""STAC items in the shape each provider sends them, written by hand; the places are invented.

Every function returns a fresh item that a test may alter. Files are on hosts that do not exist.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Item = dict[str, Any]

TILE = "36NXF"
OUTLINE = {
    "type": "Polygon",
    "coordinates": [[[33.9, 3.61], [34.89, 3.61], [34.89, 2.62], [33.9, 2.62], [33.9, 3.61]]],
}
BBOX = [33.9, 2.62, 34.89, 3.61]
SENSED = "2023-01-12T08:03:29.024000Z"
SENSED_OLD = "2019-01-13T08:03:01.024000Z"

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
JP2 = "image/jp2"

# Asset key, band, metres: as Earth Search names them.
_EARTH_SEARCH = (
    ("blue", "B02", 10), ("green", "B03", 10), ("red", "B04", 10), ("nir", "B08", 10),
    ("rededge1", "B05", 20), ("rededge2", "B06", 20), ("rededge3", "B07", 20),
    ("nir08", "B8A", 20), ("swir16", "B11", 20), ("swir22", "B12", 20),
    ("coastal", "B01", 60), ("nir09", "B09", 60),
)  # fmt: skip


def earth_search_c1(baseline: str = "05.09", host: str = "https://cogs.example.org") -> Item:
    """Collection 1: never shifted by the catalogue; the offset is stated per band."""
    offset = -0.1 if baseline >= "04.00" else 0.0
    folder = f"{host}/sentinel-2-c1-l2a/36/N/XF/2023/1/S2B_T36NXF_20230112T080329_L2A"
    assets = {
        key: {
            "href": f"{folder}/{band}.tif",
            "type": COG,
            "title": f"{band} - {metres}m",
            "eo:bands": [{"name": band, "common_name": key}],
            "gsd": metres,
            "raster:bands": [
                {
                    "nodata": 0,
                    "data_type": "uint16",
                    "spatial_resolution": metres,
                    "scale": 0.0001,
                    "offset": offset,
                }
            ],
            "file:checksum": "1220" + f"{number:02x}" * 32,
            "file:size": 200_000_000 // (metres // 10) ** 2 + number,
            "proj:shape": [109_800 // metres] * 2,
            "proj:transform": [metres, 0, 600_000, 0, -metres, 400_020],
            "roles": ["data", "reflectance"],
        }
        for number, (key, band, metres) in enumerate(_EARTH_SEARCH)
    }
    assets["scl"] = {
        "href": f"{folder}/SCL.tif",
        "type": COG,
        "title": "Scene classification map (SCL)",
        "raster:bands": [{"nodata": 0, "data_type": "uint8", "spatial_resolution": 20}],
        "file:checksum": "1220" + "fe" * 32,
        "file:size": 3_000_000,
        "proj:shape": [5490, 5490],
        "proj:transform": [20, 0, 600_000, 0, -20, 400_020],
        "roles": ["data"],
    }
    assets["visual"] = {
        "href": f"{folder}/TCI.tif",
        "type": COG,
        "eo:bands": [{"name": "B04"}, {"name": "B03"}, {"name": "B02"}],
        "roles": ["visual"],
    }
    assets["product_metadata"] = {
        "href": f"{folder}/product_metadata.xml",
        "type": "application/xml",
        "roles": ["metadata"],
    }
    return _item(
        "S2B_T36NXF_20230112T080329_L2A",
        "sentinel-2-c1-l2a",
        {
            "datetime": SENSED,
            "created": "2023-01-12T14:12:31.221Z",
            "updated": "2023-01-12T14:12:31.221Z",
            "platform": "sentinel-2b",
            "constellation": "sentinel-2",
            "instruments": ["msi"],
            "eo:cloud_cover": 12.4,
            "proj:code": "EPSG:32636",
            "grid:code": f"MGRS-{TILE}",
            "sat:orbit_state": "descending",
            "sat:relative_orbit": 78,
            "s2:tile_id": f"S2B_OPER_MSI_L2A_TL_2BPS_20230112T110312_A030568_T{TILE}_N05.09",
            "s2:datatake_id": f"GS2B_20230112T080329_030568_N{baseline}",
            "s2:product_uri": _product("S2B", "20230112T080329", baseline, "20230112T110312"),
            "s2:product_type": "S2MSI2A",
            "s2:generation_time": "2023-01-12T11:03:12.000000Z",
            "s2:processing_baseline": baseline,
            "storage:platform": "AWS",
        },
        assets,
    )


def earth_search_legacy(
    baseline: str = "05.09", applied: bool | None = True, host: str = "https://cogs.example.org"
) -> Item:
    """The older collection: what it says of the offset is known to be wrong at times."""
    folder = f"{host}/sentinel-s2-l2a-cogs/36/N/XF/2023/1/S2B_36NXF_20230112_0_L2A"
    stated = {} if baseline < "04.00" else {"offset": -0.1}
    assets = {
        key: {
            "href": f"{folder}/{band}.tif",
            "type": COG,
            "eo:bands": [{"name": key, "common_name": key}],
            "gsd": metres,
            "raster:bands": [
                {
                    "nodata": 0,
                    "data_type": "uint16",
                    "bits_per_sample": 15,
                    "spatial_resolution": metres,
                    "scale": 0.0001,
                    **stated,
                }
            ],
            "proj:shape": [109_800 // metres] * 2,
            "proj:transform": [metres, 0, 600_000, 0, -metres, 400_020],
            "roles": ["data", "reflectance"],
        }
        for key, band, metres in _EARTH_SEARCH
    }
    assets["scl"] = {
        "href": f"{folder}/SCL.tif",
        "type": COG,
        "raster:bands": [{"nodata": 0, "data_type": "uint8", "spatial_resolution": 20}],
        "roles": ["data", "reflectance"],
    }
    # The same bands once more, as JPEG 2000 in a bucket whose readers pay.
    assets["red-jp2"] = {
        "href": "s3://sentinel-s2-l2a/tiles/36/N/XF/2023/1/12/0/R10m/B04.jp2",
        "type": JP2,
        "eo:bands": [{"name": "red", "common_name": "red"}],
        "gsd": 10,
        "raster:bands": [{"nodata": 0, "scale": 0.0001, **stated}],
    }
    properties = {
        "datetime": SENSED,
        "created": "2023-01-12T16:40:02.555Z",
        "updated": "2023-01-12T16:40:02.555Z",
        "platform": "sentinel-2b",
        "eo:cloud_cover": 12.4,
        "proj:epsg": 32636,
        "mgrs:utm_zone": 36,
        "mgrs:latitude_band": "N",
        "mgrs:grid_square": "XF",
        "grid:code": f"MGRS-{TILE}",
        "s2:datatake_id": f"GS2B_20230112T080329_030568_N{baseline}",
        "s2:product_uri": _product("S2B", "20230112T080329", baseline, "20230112T110312"),
        "s2:generation_time": "2023-01-12T11:03:12.000000Z",
        "s2:processing_baseline": baseline,
        "s2:sequence": "0",
    }
    if applied is not None:
        properties["earthsearch:boa_offset_applied"] = applied
    return _item("S2B_36NXF_20230112_0_L2A", "sentinel-2-l2a", properties, assets)


_CDSE = (
    ("B02", 10), ("B03", 10), ("B04", 10), ("B08", 10), ("B02", 20), ("B03", 20), ("B04", 20),
    ("B05", 20), ("B06", 20), ("B07", 20), ("B8A", 20), ("B11", 20), ("B12", 20), ("B01", 60),
    ("B09", 60),
)  # fmt: skip


def cdse_sentinel_2(
    baseline: str = "05.09", host: str | None = "https://files.example.org"
) -> Item:
    """STAC 1.1 of the Copernicus Data Space: JPEG 2000, ``s3://``, another address beside it.

    `host` None leaves the other address out.
    """
    old = baseline < "04.00"
    name = _product("S2B", "20230112T080329", baseline, "20230112T110312").removesuffix(".SAFE")
    root = f"eodata/Sentinel-2/MSI/L2A/2023/01/12/{name}.SAFE/GRANULE/L2A_T{TILE}_A030568/IMG_DATA"

    def asset(band: str, metres: int) -> dict[str, Any]:
        file = f"{root}/R{metres}m/T{TILE}_20230112T080329_{band}_{metres}m.jp2"
        made: dict[str, Any] = {
            "href": f"s3://{file}",
            "type": JP2,
            "title": f"{band} - {metres}m",
            "gsd": metres,
            "nodata": 0,
            "data_type": "uint8" if band == "SCL" else "uint16",
            "roles": ["data"] if band == "SCL" else ["data", "reflectance", f"gsd:{metres}m"],
            "file:checksum": "d50110" + "ab" * 16,
            "file:size": 100_000_000 // (metres // 10) ** 2,
            "proj:code": "EPSG:32636",
            "proj:shape": [109_800 // metres] * 2,
            "proj:transform": [metres, 0, 600_000, 0, -metres, 400_020],
            "auth:refs": ["s3"],
            "storage:refs": ["cdse-s3"],
        }
        if band != "SCL":
            made |= {
                "bands": [{"name": band, "eo:center_wavelength": 0.665}],
                "raster:scale": 0.0001,
                "raster:offset": 0 if old else -0.1,
            }
        if host is not None:
            made["alternate"] = {
                "https": {
                    "href": f"{host}/{file}",
                    "alternate:name": "HTTPS",
                    "auth:refs": ["oidc"],
                }
            }
        return made

    assets = {f"{band}_{metres}m": asset(band, metres) for band, metres in _CDSE}
    assets |= {f"SCL_{metres}m": asset("SCL", metres) for metres in (20, 60)}
    assets["TCI_10m"] = {
        **asset("TCI", 10),
        "bands": [{"name": "B04"}, {"name": "B03"}, {"name": "B02"}],
    }
    return _item(
        name,
        "sentinel-2-l2a",
        {
            "datetime": SENSED,
            "start_datetime": SENSED,
            "end_datetime": SENSED,
            "created": "2023-01-12T12:58:16.000Z",
            "updated": "2023-01-12T13:04:55.120Z",
            "published": "2023-01-12T13:02:11.482Z",
            "platform": "sentinel-2b",
            "constellation": "sentinel-2",
            "instruments": ["msi"],
            "gsd": 10,
            "eo:cloud_cover": 12.4,
            "eo:snow_cover": 0,
            "grid:code": f"MGRS-{TILE}",
            "processing:version": baseline,
            "processing:level": "L2",
            "processing:datetime": "2023-01-12T11:03:12.000000Z",
            "processing:facility": "ESA",
            "product:type": "S2MSI2A",
            "product:timeliness": "PT24H",
            "product:timeliness_category": "NRT",
            "sat:absolute_orbit": 30568,
            "sat:relative_orbit": 78,
            "sat:orbit_state": "descending",
            "eopf:datatake_id": f"GS2B_20230112T080329_030568_N{baseline}",
            "eopf:datastrip_id": "S2B_OPER_MSI_L2A_DS_2BPS_20230112T110312_S20230112T081524_N05.09",
            "eopf:instrument_mode": "INS-NOBS",
            "view:sun_azimuth": 136.1,
            "view:sun_elevation": 54.3,
        },
        assets,
        version="1.1.0",
    )


def cdse_sentinel_1_grd(host: str | None = "https://files.example.org") -> Item:
    """Ground range detected, in radar geometry: the files are not on a map."""
    name = "S1A_IW_GRDH_1SDV_20230113T032115_20230113T032140_046765_059B2E_7C3A_COG"
    root = f"eodata/Sentinel-1/SAR/IW_GRDH_1S-COG/2023/01/13/{name}.SAFE/measurement"

    def asset(polarisation: str) -> dict[str, Any]:
        file = f"{root}/s1a-iw-grd-{polarisation}-20230113t032115-046765-059b2e-cog.tiff"
        made: dict[str, Any] = {
            "href": f"s3://{file}",
            "type": COG,
            "data_type": "uint16",
            "sar:polarizations": [polarisation.upper()],
            "file:size": 480_000_000,
            "roles": ["data"],
            "auth:refs": ["s3"],
        }
        if host is not None:
            made["alternate"] = {"https": {"href": f"{host}/{file}", "auth:refs": ["oidc"]}}
        return made

    return _item(
        name,
        "sentinel-1-grd",
        {
            "datetime": "2023-01-13T03:21:27.612Z",
            "start_datetime": "2023-01-13T03:21:15.112Z",
            "end_datetime": "2023-01-13T03:21:40.111Z",
            "created": "2023-01-13T04:33:00.000Z",
            "updated": "2023-01-13T05:01:12.000Z",
            "published": "2023-01-13T04:41:31.900Z",
            "platform": "sentinel-1a",
            "constellation": "sentinel-1",
            "instruments": ["sar"],
            "sar:instrument_mode": "IW",
            "sar:frequency_band": "C",
            "sar:polarizations": ["VV", "VH"],
            "sar:product_type": "GRD",
            "product:type": "IW_GRDH_1S",
            "product:timeliness_category": "Fast-24h",
            "processing:level": "L1",
            "processing:datetime": "2023-01-13T04:20:44.000Z",
            "processing:version": "003.61",
            "sat:absolute_orbit": 46765,
            "sat:relative_orbit": 123,
            "sat:orbit_state": "descending",
            "eopf:datatake_id": "367406",
        },
        {"vv": asset("vv"), "vh": asset("vh")},
        version="1.1.0",
    )


def planetary_computer_sentinel_2(
    baseline: str = "05.09",
    host: str = "https://sentinel2l2a01.blob.example.org",
    sensed: str = SENSED,
) -> Item:
    """The Planetary Computer says nothing of scale or offset, and shifts nothing."""
    stamp = sensed[:19].replace("-", "").replace(":", "")
    name = f"S2B_MSIL2A_{stamp}_R078_T{TILE}_20230113T021146"
    folder = f"{host}/sentinel2-l2/36/N/XF/2023/01/12/{name}.SAFE/IMG_DATA"
    assets = {
        band: {
            "href": f"{folder}/R{metres}m/T{TILE}_{stamp}_{band}_{metres}m.tif",
            "type": COG,
            "title": f"Band - {metres}m",
            "gsd": float(metres),
            "eo:bands": [{"name": band, "description": "Band"}],
            "proj:bbox": [600_000.0, 290_220.0, 709_800.0, 400_020.0],
            "proj:shape": [109_800 // metres] * 2,
            "proj:transform": [float(metres), 0.0, 600_000.0, 0.0, -float(metres), 400_020.0],
            "roles": ["data"],
        }
        for _, band, metres in _EARTH_SEARCH
    }
    assets["SCL"] = {
        "href": f"{folder}/R20m/T{TILE}_{stamp}_SCL_20m.tif",
        "type": COG,
        "title": "Scene classification map (SCL)",
        "gsd": 20.0,
        "proj:shape": [5490, 5490],
        "proj:transform": [20.0, 0.0, 600_000.0, 0.0, -20.0, 400_020.0],
        "roles": ["data"],
    }
    assets["visual"] = {
        "href": f"{folder}/R10m/T{TILE}_{stamp}_TCI_10m.tif",
        "type": COG,
        "gsd": 10.0,
        "eo:bands": [{"name": "B04"}, {"name": "B03"}, {"name": "B02"}],
        "roles": ["data"],
    }
    assets["tilejson"] = {
        "href": f"https://api.example.org/item/tilejson.json?item={name}",
        "type": "application/json",
        "roles": ["tiles"],
    }
    return _item(
        name,
        "sentinel-2-l2a",
        {
            "datetime": sensed,
            "platform": "Sentinel-2B",
            "constellation": "Sentinel 2",
            "instruments": ["msi"],
            "proj:epsg": 32636,
            "eo:cloud_cover": 12.4,
            "s2:mgrs_tile": TILE,
            "s2:datatake_id": f"GS2B_{stamp}_030568_N{baseline}",
            "s2:datatake_type": "INS-NOBS",
            "s2:product_uri": _product("S2B", stamp, baseline, "20230113T021146"),
            "s2:generation_time": "2023-01-13T02:11:46.412Z",
            "s2:processing_baseline": baseline,
            "s2:product_type": "S2MSI2A",
            "sat:orbit_state": "descending",
            "sat:relative_orbit": 78,
        },
        assets,
    )


def planetary_computer_sentinel_1_rtc(
    host: str = "https://sentinel1euwestrtc.blob.example.org",
) -> Item:
    """Gamma nought, terrain flattened, 10 m, linear power, -32768 outside."""
    name = "S1A_IW_GRDH_1SDV_20230113T032115_20230113T032140_046765_059B2E_rtc"
    folder = f"{host}/sentinel1-grd-rtc/GRD/2023/1/13/IW/DV/{name}/measurement"

    def asset(polarisation: str) -> dict[str, Any]:
        return {
            "href": f"{folder}/iw-{polarisation}.rtc.tiff",
            "type": COG,
            "title": f"{polarisation.upper()} polarization backscattering coefficient",
            "raster:bands": [
                {"nodata": -32768, "data_type": "float32", "spatial_resolution": 10.0}
            ],
            "roles": ["data"],
        }

    return _item(
        name,
        "sentinel-1-rtc",
        {
            "datetime": "2023-01-13T03:21:27.612313Z",
            "start_datetime": "2023-01-13 03:21:15.112626+00:00",
            "end_datetime": "2023-01-13 03:21:40.112001+00:00",
            "platform": "SENTINEL-1A",
            "constellation": "Sentinel-1",
            "sar:instrument_mode": "IW",
            "sar:frequency_band": "C",
            "sar:center_frequency": 5.405,
            "sar:polarizations": ["VV", "VH"],
            "sar:product_type": "GRD",
            "sat:absolute_orbit": 46765,
            "sat:relative_orbit": 123,
            "sat:orbit_state": "descending",
            "s1:datatake_id": "367406",
            "s1:product_timeliness": "Fast-24h",
            "s1:processing_level": "1",
            "s1:resolution": "high",
            "proj:epsg": 32636,
            "proj:shape": [23_421, 29_012],
            "proj:transform": [10.0, 0.0, 544_000.0, 0.0, -10.0, 420_000.0, 0.0, 0.0, 1.0],
        },
        {"vv": asset("vv"), "vh": asset("vh")},
    )


def opera_rtc_s1(host: str = "https://opera.example.org") -> Item:
    """OPERA RTC-S1: one burst, 30 m, gamma nought of linear power, NaN outside, and a mask."""
    name = "OPERA_L2_RTC-S1_T123-262795-IW2_20230113T032118Z_20230113T151012Z_S1A_30_v1.0"
    folder = f"{host}/RTC/OPERA-S1"

    def asset(layer: str) -> dict[str, Any]:
        return {
            "href": f"{folder}/{name}_{layer}.tif",
            "title": f"Download {name}_{layer}.tif",
            "type": "image/tiff",
            "roles": ["data"],
        }

    return _item(
        name,
        "OPERA_L2_RTC-S1_V1_1.0",
        {
            "datetime": "2023-01-13T03:21:18.000Z",
            "start_datetime": "2023-01-13T03:21:18.000Z",
            "end_datetime": "2023-01-13T03:21:21.000Z",
            "created": "2023-01-13T15:44:20.120Z",
            "updated": "2023-01-13T15:52:08.555Z",
        },
        {
            f"{name}_VV": asset("VV"),
            f"{name}_VH": asset("VH"),
            f"{name}_mask": asset("mask"),
            "thumbnail": {"href": f"{folder}/{name}_BROWSE.png", "type": "image/png"},
            "metadata": {"href": f"{folder}/{name}.xml", "type": "application/xml"},
        },
    )


def sentinel_hub_sentinel_2(baseline: str = "05.09") -> Item:
    """What the Sentinel Hub catalogue sends: no band files, the product as a whole."""
    name = _product("S2B", "20230112T080329", baseline, "20230112T110312")
    return _item(
        name,
        "sentinel-2-l2a",
        {
            "datetime": "2023-01-12T08:15:24Z",
            "created": "2023-01-12T13:02:11.482Z",
            "updated": "2023-01-12T13:02:11.482Z",
            "platform": "sentinel-2b",
            "instruments": ["msi"],
            "constellation": "sentinel-2",
            "gsd": 10,
            "eo:cloud_cover": 12.4,
            "proj:epsg": 32636,
            "proj:bbox": [600_000.0, 290_220.0, 709_800.0, 400_020.0],
            "proj:geometry": {
                "type": "MultiPolygon",
                "coordinates": [
                    [
                        [
                            [600_000, 400_020],
                            [709_800, 400_020],
                            [709_800, 290_220],
                            [600_000, 400_020],
                        ]
                    ]
                ],
            },
            "view:sun_azimuth": 136.1,
        },
        {"data": {"title": "s3", "href": f"s3://EODATA/Sentinel-2/MSI/L2A/2023/01/12/{name}"}},
    )


def sentinel_hub_sentinel_1() -> Item:
    """What the Sentinel Hub catalogue sends for radar."""
    name = "S1A_IW_GRDH_1SDV_20230113T032115_20230113T032140_046765_059B2E_7C3A"
    return _item(
        name,
        "sentinel-1-grd",
        {
            "datetime": "2023-01-13T03:21:15Z",
            "created": "2023-01-13T04:41:31.900Z",
            "updated": "2023-01-13T04:41:31.900Z",
            "platform": "sentinel-1a",
            "instruments": ["c-sar"],
            "constellation": "sentinel-1",
            "sar:instrument_mode": "IW",
            "sar:frequency_band": "C",
            "sar:polarizations": ["VV", "VH"],
            "sar:product_type": "GRD",
            "sat:orbit_state": "descending",
            "s1:polarization": "DV",
            "s1:resolution": "HIGH",
            "s1:timeliness": "Fast-24h",
        },
        {"data": {"title": "s3", "href": f"s3://EODATA/Sentinel-1/SAR/GRD/2023/01/13/{name}.SAFE"}},
    )


def _product(platform: str, stamp: str, baseline: str, made: str) -> str:
    number = baseline.replace(".", "")
    return f"{platform}_MSIL2A_{stamp}_N{number}_R078_T{TILE}_{made}.SAFE"


def _item(
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
        "geometry": deepcopy(OUTLINE),
        "bbox": list(BBOX),
        "properties": properties,
        "links": [{"rel": "self", "href": f"https://stac.example.org/{collection}/items/{name}"}],
        "assets": assets,
    }
