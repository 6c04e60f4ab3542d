"""The Statistical stand-in against sums made of the drawn ground."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.standin import Standin
from tests.support.catalogue import every, make_catalogue
from tests.support.plain_client import SCENE_BBOX, UTM, ask, bearer, token

SCRIPT = """//VERSION=3
function setup() {
  return {
    input: [{bands: ["B04", "B8A", "SCL", "dataMask"], units: "DN"}],
    output: [
      {id: "made", bands: ["red", "ratio"], sampleType: "FLOAT32"},
      {id: "dataMask", bands: 1},
    ]
  };
}
function evaluatePixel(sample) {
  return {
    made: [sample.B04, sample.B8A / sample.B04],
    dataMask: [sample.dataMask * ([8, 9].includes(sample.SCL) ? 0 : 1)]
  };
}
"""


def drawn(sensed):
    fine = (1000 + sensed.day + np.arange(3600, dtype=np.uint16)).reshape(60, 60)
    classes = np.full((30, 30), 4, np.uint16)
    classes[:3] = 9
    return {"B04": fine, "B8A": np.full((60, 60), 3000, np.uint16), "SCL": classes}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    days = every(date(2020, 6, 1), date(2020, 6, 11))
    with Standin(make_catalogue(tmp_path_factory.mktemp("sums"), days, drawn)) as running:
        yield running


def summed(server, bounds=None, end="2020-06-12T00:00:00Z"):
    body = {
        "input": {
            "bounds": {"bbox": SCENE_BBOX, "properties": {"crs": UTM}, **(bounds or {})},
            "data": [{"type": "sentinel-2-l2a"}],
        },
        "aggregation": {
            "timeRange": {"from": "2020-06-01T00:00:00Z", "to": end},
            "aggregationInterval": {"of": "P1D"},
            "evalscript": SCRIPT,
            "resx": 10,
            "resy": 10,
        },
    }
    return ask(f"{server.url}/api/v1/statistics", "POST", body, bearer(token(server)))


def test_sums_are_those_of_the_drawn_ground_without_clouds(server):
    got = summed(server)
    found = got.json()["data"]
    assert [one["interval"]["from"] for one in found] == [
        "2020-06-01T00:00:00Z", "2020-06-06T00:00:00Z", "2020-06-11T00:00:00Z",
    ]  # fmt: skip
    for one, day in zip(found, (1, 6, 11), strict=True):
        clear = (1000.0 + day + np.arange(3600)).reshape(60, 60)[6:]
        red, ratio = (one["outputs"]["made"]["bands"][name]["stats"] for name in ("red", "ratio"))
        assert red["mean"] == pytest.approx(clear.mean())
        assert red["stDev"] == pytest.approx(clear.std())
        assert (red["min"], red["max"]) == (clear.min(), clear.max())
        assert ratio["mean"] == pytest.approx((3000 / clear).mean())
        assert (red["sampleCount"], red["noDataCount"]) == (3600, 360)
    # Smallest area 0.0137, three bands, floating point, three dates.
    expected = 3600 / 512**2 * 3 / 3 * 2 * 3
    assert float(got.headers["x-processingunits-spent"]) == pytest.approx(expected, abs=1e-6)


def test_outside_a_polygon_nothing_counts(server):
    west, south, _, north = SCENE_BBOX
    ring = [[west, south], [west + 300, south], [west + 300, north], [west, north], [west, south]]
    got = summed(server, {"geometry": {"type": "Polygon", "coordinates": [ring]}}).json()["data"][0]
    clear = (1001.0 + np.arange(3600)).reshape(60, 60)[6:, :30]
    stats = got["outputs"]["made"]["bands"]["red"]["stats"]
    assert stats["mean"] == pytest.approx(clear.mean())
    assert stats["noDataCount"] == 3600 - clear.size


def test_single_days_may_fail_inside_a_200(server):
    server.failed_days["2020-06-06"] = "TIMEOUT"
    got = summed(server)
    assert got.status == 200
    assert [one.get("error", {}).get("type") for one in got.json()["data"]] == [
        None, "TIMEOUT", None,
    ]  # fmt: skip
    server.failed_days.clear()


def test_no_day_without_a_scene(server):
    got = summed(server, end="2020-06-01T05:00:00Z").json()
    assert got["data"] == []
