"""What is sent: where it goes, what it asks for, and that it is the same each time."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from odc.geo.crs import CRS
from shapely.geometry import box

from imagery.errors import Permanent
from imagery.hub.evalscripts import pixels_script, statistics_script
from imagery.hub.items import to_scene
from imagery.hub.payloads import pixels_request, script_of, span_of, statistics_request
from imagery.hub.products import SENTINEL_1, SENTINEL_2, Way
from tests.support.catalogue import grid
from tests.support.items import sentinel_hub_sentinel_2

HERE = "https://hub.example.org"
SPAN = (datetime(2023, 1, 12, 8, 14, tzinfo=UTC), datetime(2023, 1, 12, 8, 16, tzinfo=UTC))
CELL = grid("EPSG:32636", (512_000.0, 399_360.0), 1024)
OPTICAL = Way(SENTINEL_2)
RADAR = Way(SENTINEL_1, direction="DESCENDING", timeliness="Fast24h")


def asked(way=OPTICAL, bands=("B04", "SCL"), where=HERE, place=CELL):
    request = pixels_request(where, way, place, bands, SPAN, 1.0)
    return request, json.loads(request.body)


def test_a_request_goes_to_the_service_that_is_set_and_nowhere_else():
    for where in (HERE, "https://sh.dataspace.copernicus.eu", "http://127.0.0.1:8080"):
        for way in (Way(SENTINEL_2), RADAR):
            request, _ = asked(way, ("VV",) if way.radar else ("B04",), where)
            assert request.url == f"{where}/api/v1/process"
            assert request.method == "POST" and request.authorised
            assert urlsplit(request.url).hostname in where
    assert asked()[0].url == f"{HERE}/api/v1/process"


def test_the_same_question_is_always_the_same_bytes():
    assert asked()[0] == asked()[0]
    assert asked()[0].body != asked(bands=("SCL",))[0].body


def test_pixels_are_asked_for_on_exactly_one_grid():
    _, body = asked()
    assert body["input"]["bounds"] == {
        "properties": {"crs": "http://www.opengis.net/def/crs/EPSG/0/32636"},
        "bbox": [512_000.0, 389_120.0, 522_240.0, 399_360.0],
    }
    assert body["output"] == {
        "width": 1024,
        "height": 1024,
        "responses": [{"identifier": "default", "format": {"type": "image/tiff"}}],
    }
    assert asked(place=grid("EPSG:3035"))[1]["input"]["bounds"]["properties"]["crs"].endswith(
        "/EPSG/0/3035"
    )


def test_sentinel_2_is_asked_for_as_the_product_holds_it():
    ((data,), script) = asked()[1]["input"]["data"], asked()[1]["evalscript"]
    assert data == {
        "type": "sentinel-2-l2a",
        "dataFilter": {
            "timeRange": {"from": "2023-01-12T08:14:00Z", "to": "2023-01-12T08:16:00Z"},
            "mosaickingOrder": "mostRecent",
        },
        "processing": {
            "harmonizeValues": False,
            "upsampling": "NEAREST",
            "downsampling": "NEAREST",
        },
    }
    assert script == pixels_script(("B04", "SCL"), radar=False)
    assert 'bands: ["B04", "SCL", "dataMask"], units: ["DN", "DN", "DN"]' in script
    assert 'bands: 3, sampleType: "UINT16"' in script
    assert "return [sample.B04, sample.SCL, sample.dataMask];" in script
    harmonised = asked(Way(SENTINEL_2, harmonised=True))[1]["input"]["data"][0]
    assert harmonised["processing"]["harmonizeValues"] is True


def test_f51_radar_is_asked_for_on_the_map_and_corrected_for_slopes():
    _, body = asked(RADAR, ("VV", "VH"))
    (data,) = body["input"]["data"]
    assert data["type"] == "sentinel-1-grd"
    assert data["dataFilter"] == {
        "timeRange": {"from": "2023-01-12T08:14:00Z", "to": "2023-01-12T08:16:00Z"},
        "mosaickingOrder": "mostRecent",
        "acquisitionMode": "IW",
        "polarization": "DV",
        "resolution": "HIGH",
        "orbitDirection": "DESCENDING",
        "timeliness": "Fast24h",
    }
    assert data["processing"] == {
        "orthorectify": True,
        "backCoeff": "GAMMA0_TERRAIN",
        "demInstance": "COPERNICUS_30",
        "radiometricTerrainOversampling": 2,
        "upsampling": "NEAREST",
        "downsampling": "NEAREST",
    }
    assert '["LINEAR_POWER", "LINEAR_POWER", "DN"]' in body["evalscript"]
    assert 'sampleType: "FLOAT32"' in body["evalscript"]


def test_a_grid_of_a_projection_without_a_number_is_refused():
    with pytest.raises(Permanent, match="EPSG"):
        asked(place=grid("+proj=laea +lat_0=3 +lon_0=33"))


def test_one_pass_is_asked_for_and_no_other():
    first = to_scene(sentinel_hub_sentinel_2(), SENTINEL_2)
    item = sentinel_hub_sentinel_2()
    item["properties"]["datetime"] = "2023-01-12T08:15:38.412Z"
    start, end = span_of([first, to_scene(item, SENTINEL_2)])
    assert start == datetime(2023, 1, 12, 8, 14, 24, tzinfo=UTC)
    assert end == datetime(2023, 1, 12, 8, 16, 39, tzinfo=UTC)
    assert end - start < timedelta(minutes=20)


def test_statistics_are_asked_for_within_an_outline_by_the_day():
    area, span = box(0, 0, 500, 500), (SPAN[0].replace(hour=0, minute=0), SPAN[1])
    request = statistics_request(
        HERE, Way(SENTINEL_2), area, CRS("EPSG:32636"), 10.0, ("B08", "B12"), span, 0.5
    )
    body = json.loads(request.body)
    assert request.url == f"{HERE}/api/v1/statistics" and request.units == 0.5
    assert body["input"]["bounds"]["geometry"]["type"] == "Polygon"
    assert body["aggregation"]["aggregationInterval"] == {"of": "P1D"}
    assert body["aggregation"]["timeRange"]["from"] == "2023-01-12T00:00:00Z"
    assert (body["aggregation"]["resx"], body["aggregation"]["resy"]) == (10.0, 10.0)
    assert script_of(request) == statistics_script(("B08", "B12"), radar=False)


def test_clouds_do_not_count_in_statistics_and_dark_ground_does():
    script = statistics_script(("B08",), radar=False)
    assert "dataMask: [sample.dataMask * (sample.SCL >= 2) * (sample.SCL <= 7)]" in script
    assert 'bands: ["B08"], sampleType: "UINT16"' in script
    of_radar = statistics_script(("VV",), radar=True)
    assert "SCL" not in of_radar and 'bands: ["VV"], sampleType: "FLOAT32"' in of_radar
