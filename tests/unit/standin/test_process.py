"""What the Process stand-in serves is what was drawn, as the real one would treat it."""

from __future__ import annotations

import io
import tarfile
from datetime import date

import numpy as np
import pytest
from rasterio.crs import CRS

from tests.standin import Standin
from tests.support.catalogue import forest, make_catalogue, sensed_at, uniform
from tests.support.plain_client import SCENE_BBOX, process, process_body, raster, token
from tests.support.radar import make_radar_catalogue, radar_truth

DAY = date(2020, 6, 1)
FIVE = ("B04", "B08", "B11", "B12", "SCL")
RTC = {"orthorectify": True, "backCoeff": "GAMMA0_TERRAIN"}


def gradient(sensed):
    """Each pixel another number, some of them dark enough to fall below an offset."""
    fine = (np.arange(3600, dtype=np.uint16) + 1).reshape(60, 60)
    coarse = (np.arange(900, dtype=np.uint16) + 1).reshape(30, 30)
    return {"B04": fine, "B8A": coarse, "SCL": np.full((30, 30), 4, np.uint16)}


def body(**more):
    return process_body(**more)


@pytest.fixture(scope="module")
def shifted(tmp_path_factory):
    """Scenes whose numbers are raised by 1000, B04 holding 1..3600 below that."""
    path = tmp_path_factory.mktemp("shifted")
    return make_catalogue(path, [DAY], gradient, offset=True, baseline="05.00")


@pytest.fixture(scope="module")
def server(shifted):
    with Standin(shifted) as running:
        yield running


@pytest.fixture(scope="module")
def opened(server):
    return token(server)


def test_unharmonised_numbers_are_the_providers_own(server, opened):
    asked = body(bands=("B04", "dataMask"), processing={"harmonizeValues": False})
    got = raster(process(server, asked, opened).body)
    np.testing.assert_array_equal(got.data[0], gradient(None)["B04"] + 1000)
    assert (got.data[1] == 1).all()
    assert got.crs == CRS.from_epsg(32634)
    assert tuple(got.transform)[:6] == (10, 0, 630_000, 0, -10, 4_952_000)
    assert got.profile["dtype"] == "uint16"


def test_harmonised_numbers_lose_the_offset_and_what_lies_below_zero(tmp_path):
    # Drawn so that the file holds 1..3600 itself: up to 1000 that is a negative reflectance.
    def dark(sensed):
        return {"B04": gradient(sensed)["B04"]}

    catalogue = make_catalogue(tmp_path, [DAY], dark, baseline="05.00")
    for item in tmp_path.glob("S2_*/S2_*.json"):
        item.write_text(item.read_text().replace('"offset": 0.0', '"offset": -0.1'))
    with Standin(catalogue) as server:
        got = raster(process(server, body()).body)
    truth = gradient(None)["B04"].astype(int) - 1000
    np.testing.assert_array_equal(got.data[0], np.maximum(truth, 0))
    assert (got.data[1] == 1).all(), "0 is dark ground here, and the mask tells it from nothing"


def test_coarse_bands_are_repeated_not_blended(server, opened):
    asked = body(bands=("B8A",), processing={"harmonizeValues": False})
    got = raster(process(server, asked, opened).body)
    np.testing.assert_array_equal(
        got.data[0], np.kron(gradient(None)["B8A"] + 1000, np.ones((2, 2)))
    )


def test_reflectance_is_a_fraction(server, opened):
    text = (
        "//VERSION=3\nfunction setup() { return {input: ['B04'],"
        " output: {bands: 1, sampleType: 'FLOAT32'}}; }\n"
        "function evaluatePixel(sample) { return [sample.B04]; }"
    )
    got = raster(process(server, body(evalscript=text), opened).body)
    assert got.data.dtype == np.float32
    np.testing.assert_allclose(got.data[0], gradient(None)["B04"] / 10_000, rtol=1e-6)


def test_outside_the_scene_there_is_nothing_and_the_mask_says_so(server, opened):
    west, south, east, north = SCENE_BBOX
    asked = body(bbox=(west + 300, south, east + 300, north))
    got = raster(process(server, asked, opened).body)
    assert (got.data[:, :, 30:] == 0).all()
    assert (got.data[1, :, :30] == 1).all()


@pytest.mark.parametrize("change", [{"day": "2020-06-02"}, {"filter": {"maxCloudCoverage": -1}}])
def test_where_no_scene_is_chosen_the_answer_is_200_and_empty(server, opened, change):
    got = process(server, body(**change), opened)
    assert got.status == 200
    assert (raster(got.body).data == 0).all()


def test_a_polygon_cuts(server, opened):
    west, south, _, north = SCENE_BBOX
    asked = body()
    half = [[west, south], [west + 300, south], [west + 300, north], [west, north], [west, south]]
    asked["input"]["bounds"]["geometry"] = {"type": "Polygon", "coordinates": [half]}
    got = raster(process(server, asked, opened).body)
    assert (got.data[1, :, :30] == 1).all()
    assert (got.data[:, :, 30:] == 0).all()


def test_the_newest_lies_on_top_unless_another_order_is_asked_for(tmp_path):
    for day, value in ((1, 1100), (2, 1200)):
        make_catalogue(tmp_path, [date(2020, 6, day)], uniform(B04=value))
    with Standin(tmp_path) as server:

        def first(**filter):
            asked = body(until="2020-06-02", filter=filter)
            return raster(process(server, asked).body).data[0, 0, 0]

        assert first() == 1200
        assert first(mosaickingOrder="leastRecent") == 1100


def test_two_zones_of_one_pass_come_as_one(tmp_path):
    make_catalogue(tmp_path, [DAY], forest(3), other_zone="EPSG:32635")
    truth = forest(3)(sensed_at(DAY))["B04"]
    with Standin(tmp_path) as server:
        got = raster(process(server, body()).body)
    assert (got.data[1] == 1).all()
    np.testing.assert_array_equal(got.data[0, :, :22], truth[:, :22])


# A x B/3 x F x S x P, with A the pixels by 512 x 512.
@pytest.mark.parametrize(
    ("bands", "kind", "size", "processing", "units"),
    [
        (FIVE, "sentinel-2-l2a", (1000, 1000), {}, 6.357829),
        ((*FIVE, "dataMask"), "sentinel-2-l2a", (500, 500), {}, 1.589457),
        (("VV", "VH"), "sentinel-1-grd", (1000, 1000), RTC, 12.715658),
        (("SCL", "dataMask"), "sentinel-2-l2a", (8, 8), {}, 0.005),
    ],
)  # fmt: skip
def test_units_are_charged_by_the_formula(tmp_path, bands, kind, size, processing, units):
    drawn = uniform(B04=1, B08=1, B11=1, B12=1)
    make_catalogue(tmp_path / "optical", [DAY], drawn)
    make_radar_catalogue(tmp_path / "radar", [DAY], radar_truth(1))
    with Standin(tmp_path) as server:
        got = process(server, body(bands=bands, kind=kind, size=size, processing=processing))
        assert got.status == 200, got.body
        assert float(got.headers["x-processingunits-spent"]) == pytest.approx(units, abs=1e-6)
        assert server.units_spent == pytest.approx(units, abs=1e-6)


@pytest.mark.parametrize(
    "change",
    [
        {"size": (2501, 10)},
        {"crs": "EPSG:32634"},
        {"kind": "landsat"},
        {"bands": ("B99",)},
        {"evalscript": "return [1]"},
        {"processing": {"upsampling": "GUESS"}},
        {"bbox": (1, 1, 0, 0)},
    ],
)
def test_what_is_not_understood_is_refused_and_not_charged(server, opened, change):
    before = server.units_spent
    got = process(server, body(**change), opened)
    assert (got.status, got.json()["error"]["code"]) == (400, "COMMON_BAD_PAYLOAD")
    assert server.units_spent == before


def test_another_band_may_stand_in_for_one_that_the_disk_lacks(shifted):
    asked = body(bands=("B04", "B12"), processing={"harmonizeValues": False})
    with Standin(shifted) as server:
        assert process(server, asked).status == 400
        server.substitutes = {"B12": "B8A"}
        got = raster(process(server, asked).body)
    coarse = gradient(None)["B8A"] + 1000
    np.testing.assert_array_equal(got.data[1], np.kron(coarse, np.ones((2, 2))))


def test_2500_pixels_are_allowed(server, opened):
    got = raster(process(server, body(bands=("B04",), size=(2500, 2)), opened).body)
    assert got.data.shape == (1, 2, 2500)


def test_several_outputs_come_as_a_tar(server, opened):
    text = (
        "//VERSION=3\nfunction setup() { return {"
        "input: [{bands: ['B04', 'dataMask'], units: 'DN'}],"
        " output: [{id: 'a', bands: 1, sampleType: 'UINT16'},"
        " {id: 'b', bands: 1, sampleType: 'UINT8'}]}; }\n"
        "function evaluatePixel(s) { return {a: [s.B04], b: [s.dataMask]}; }"
    )
    asked = body(evalscript=text)
    asked["output"]["responses"] = [{"identifier": "a"}, {"identifier": "b"}]
    got = process(server, asked, opened)
    assert got.headers["content-type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(got.body)) as archive:
        assert archive.getnames() == ["a.tif", "b.tif"]
        mask = archive.extractfile("b.tif")
        assert mask is not None
        assert (raster(mask.read()).data == 1).all()


def test_pixels_may_not_be_there_although_the_scene_is_listed(shifted):
    with Standin(shifted) as server:
        server.not_ready = {scene.id for scene in server.scenes()}
        assert (raster(process(server, body()).body).data == 0).all()
        server.not_ready.clear()
        assert (raster(process(server, body()).body).data[1] == 1).all()
