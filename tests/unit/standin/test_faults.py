"""Every fault of the stand-in really does what its name says, and only where it was put."""

from __future__ import annotations

import gzip
import http.client
import io
import tarfile
import time
import zlib
from datetime import date

import numpy as np
import pytest
from rasterio.crs import CRS

from tests.standin import Standin, faults, spoiling
from tests.support.catalogue import make_catalogue
from tests.support.plain_client import ask, bearer, process, process_body, raster, token
from tests.support.radar import even, make_radar_catalogue
from tests.support.waiting import held_up_by_nothing

DAY = date(2020, 6, 1)
BANDS = ("B04", "B8A", "SCL", "dataMask")


def drawn(sensed):
    fine = (2000 + np.arange(3600, dtype=np.uint16)).reshape(60, 60)
    coarse = np.ones((30, 30), np.uint16)
    return {"B04": fine, "B8A": 500 * coarse, "SCL": 4 * coarse}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults")
    make_catalogue(folder / "optical", [DAY], drawn)
    make_radar_catalogue(folder / "radar", [DAY], even(0.1, 0.02))
    return folder


@pytest.fixture
def server(catalogue):
    with Standin(catalogue) as running:
        yield running


@pytest.fixture
def sound(server):
    """What comes without a fault."""
    return raster(process(server, process_body(BANDS)).body)


def spoilt(server, fault, **asked):
    server.faults["process"].append(fault)
    return process(server, process_body(**{"bands": BANDS, **asked}))


def test_faults_are_met_in_order_and_then_no_more(server):
    server.faults["process"].extend([faults.status(503), faults.ok, faults.status(502)])
    opened = token(server)
    found = [process(server, process_body(), opened).status for _ in range(4)]
    assert found == [503, 200, 502, 200]
    assert [call.fault for call in server.calls("process")] == ["status 503", "", "status 502", ""]
    assert server.units_spent == pytest.approx(2 * 0.005), "what failed was not charged"


def test_a_fault_of_one_route_leaves_the_others_alone(server):
    server.always["process"] = faults.status(500)
    opened = token(server)
    assert [process(server, process_body(), opened).status for _ in range(3)] == [500] * 3
    assert ask(server.stac_url()).status == 200


@pytest.mark.parametrize("text", ["700", "2", "1.5", "-5", "Wed, 21 Oct 2037 07:28:00 GMT", "soon"])
def test_429_bears_any_retry_after(server, text):
    got = spoilt(server, faults.rate_limited(text))
    assert (got.status, got.headers["retry-after"]) == (429, text)


def test_429_may_bear_none(server):
    assert "retry-after" not in spoilt(server, faults.rate_limited(None)).headers


@pytest.mark.parametrize(
    ("fault", "status"),
    [(faults.quota_spent(), 403), (faults.unauthorised(), 401), (faults.not_found(), 404)],
)
def test_a_status_comes_as_it_is_named(server, fault, status):
    assert spoilt(server, fault).status == status


def test_a_redirect_says_where(server):
    got = spoilt(server, faults.redirect("http://169.254.169.254/latest"))
    assert (got.status, got.headers["location"]) == (302, "http://169.254.169.254/latest")


def test_a_hanging_request_gets_nothing(server):
    server.faults["process"].append(faults.hang())
    opened = token(server)
    with pytest.raises(TimeoutError):
        ask(f"{server.url}/api/v1/process", "POST", process_body(), bearer(opened), timeout=0.2)


def test_the_first_byte_may_come_late(server):
    begin = time.monotonic()
    assert spoilt(server, faults.first_byte_late(0.3)).status == 200
    assert time.monotonic() - begin > 0.3


def test_a_trickle_is_never_silent_for_long_and_takes_long(server):
    server.faults["token"].append(faults.trickle(pause=0.005, step=1))
    begin = time.monotonic()
    assert len(token(server)) > 20
    assert time.monotonic() - begin > 0.5


def test_truncated_bodies_have_the_right_length(server, sound):
    got = spoilt(server, faults.truncated(0.5))
    whole = process(server, process_body(BANDS)).body
    assert (len(got.body), got.body) == (len(whole) // 2, whole[: len(whole) // 2])
    assert int(got.headers["content-length"]) == len(got.body)


@pytest.mark.parametrize("fault", [faults.cut(), faults.cut_chunked()])
def test_cut_bodies_end_too_soon(server, fault):
    with pytest.raises(http.client.IncompleteRead):
        spoilt(server, fault)
    assert server.units_spent > 0, "it was paid for all the same"


def test_a_reset_connection_says_nothing(server):
    with pytest.raises(ConnectionResetError):
        spoilt(server, faults.reset())


def test_an_answer_may_end_with_its_connection(server):
    got = spoilt(server, faults.close_delimited())
    assert "content-length" not in got.headers
    assert raster(got.body).data.shape == (4, 60, 60)


def test_200_may_be_empty_or_a_web_page(server):
    assert spoilt(server, faults.empty()).body == b""
    got = spoilt(server, faults.html())
    assert (got.status, got.headers["content-type"]) == (200, "text/html")
    assert got.body.startswith(b"<html>")


def test_right_bytes_may_have_a_wrong_name(server, sound):
    got = spoilt(server, faults.content_type("text/plain"))
    assert got.headers["content-type"] == "text/plain"
    np.testing.assert_array_equal(raster(got.body).data, sound.data)


def test_corrupt_gzip_does_not_unpack(server):
    got = spoilt(server, faults.corrupt_gzip())
    assert got.headers["content-encoding"] == "gzip"
    with pytest.raises((zlib.error, gzip.BadGzipFile, EOFError)):
        gzip.decompress(got.body)


def test_a_gzip_bomb_is_small_outside(server):
    got = spoilt(server, faults.gzip_bomb(20_000_000))
    assert len(got.body) < 100_000
    assert len(gzip.decompress(got.body)) == 20_000_000


def test_an_oversized_body_keeps_coming(server):
    assert spoilt(server, faults.oversized(1_000_000)).body == bytes(1_000_000)


def test_a_flipped_bit_is_one_bit(server):
    whole = process(server, process_body(BANDS)).body
    got = spoilt(server, faults.bit_flipped(0.5, bit=3)).body
    difference = np.frombuffer(whole, np.uint8) ^ np.frombuffer(got, np.uint8)
    assert np.flatnonzero(difference).tolist() == [len(whole) // 2]
    assert difference.sum() == 8


def test_json_may_be_edited(server):
    server.faults["stac"].append(faults.edited(lambda page: page.pop("context")))
    first, second = (ask(f"{server.stac_url()}/search").json() for _ in range(2))
    assert "context" not in first
    assert "context" in second


def test_wrong_size(server, sound):
    got = raster(spoilt(server, spoiling.wrong_size(2)).body)
    np.testing.assert_array_equal(got.data, sound.data[:, :, :-2])


def test_wrong_bands(server, sound):
    missing = raster(spoilt(server, spoiling.band_missing()).body).data
    np.testing.assert_array_equal(missing, sound.data[:3])
    added = raster(spoilt(server, spoiling.band_added()).body).data
    np.testing.assert_array_equal(added, sound.data[[0, 1, 2, 3, 0]])
    turned = raster(spoilt(server, spoiling.band_order()).body).data
    np.testing.assert_array_equal(turned, sound.data[[2, 1, 0, 3]])


@pytest.mark.parametrize("name", ["float32", "int16", "uint8"])
def test_wrong_dtype(server, name):
    assert raster(spoilt(server, spoiling.dtype(name)).body).data.dtype == name


def test_wrong_place(server, sound):
    elsewhere = raster(spoilt(server, spoiling.wrong_crs()).body)
    assert elsewhere.crs == CRS.from_epsg(32635)
    moved = raster(spoilt(server, spoiling.transform_shifted()).body)
    assert (moved.transform.c, moved.transform.f) == (630_005, 4_951_995)
    for got in (elsewhere, moved):
        np.testing.assert_array_equal(got.data, sound.data)


def test_shifted_pixels_lie_half_a_pixel_off_under_the_right_transform(server, sound):
    got = raster(spoilt(server, spoiling.pixels_shifted()).body)
    assert (got.transform, got.crs) == (sound.transform, sound.crs)
    # B04 rises by 1 per column and 60 per row: half a pixel of each is 30.5 less.
    difference = sound.data[0].astype(int) - got.data[0].astype(int)
    assert set(np.unique(difference[1:, 1:])) <= {30, 31}
    np.testing.assert_array_equal(got.data[2:], sound.data[2:])


def test_an_offset_more_and_clamped_negatives(server, sound):
    more = raster(spoilt(server, spoiling.offset_added(1000)).body).data
    np.testing.assert_array_equal(more[:2], sound.data[:2] + 1000)
    np.testing.assert_array_equal(more[2:], sound.data[2:])
    clamped = raster(spoilt(server, spoiling.clamped(1000)).body).data
    np.testing.assert_array_equal(clamped[0], sound.data[0])
    assert (clamped[1] == 1000).all(), "B8A was 500, a reflectance of -0.05"


def test_nothing_or_next_to_nothing_was_seen(server, sound):
    assert (raster(spoilt(server, spoiling.all_nodata()).body).data == 0).all()
    got = raster(spoilt(server, spoiling.nearly_empty()).body).data
    assert (got[3] == 1).mean() == pytest.approx(1 / 60)


def test_numbers_that_say_nothing(server, sound):
    flat = raster(spoilt(server, spoiling.constant(1234)).body).data
    assert set(np.unique(flat[:2])) == {1234}
    full = raster(spoilt(server, spoiling.saturated()).body).data
    assert set(np.unique(full[:2])) == {65_535}
    strange = raster(spoilt(server, spoiling.unknown_class(42)).body).data
    assert set(np.unique(strange[2, 0])) == {42}
    for got in (flat, full, strange):
        np.testing.assert_array_equal(got[3], sound.data[3])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_radar_may_hold_what_is_no_number(server, value):
    asked = {"bands": ("VV", "dataMask"), "kind": "sentinel-1-grd"}
    got = raster(spoilt(server, spoiling.not_a_number(value), **asked).body).data
    strange = ~np.isfinite(got[0])
    assert strange.mean() == pytest.approx(1 / 7, rel=0.01)
    np.testing.assert_array_equal(got[0][strange], value)
    assert np.isfinite(got[1]).all()


def test_a_flipped_pixel_is_in_a_sound_file(server, sound):
    got = raster(spoilt(server, spoiling.flipped_pixel(9)).body).data
    differ = np.argwhere(got != sound.data)
    assert differ.tolist() == [[0, 30, 30]]
    assert int(got[0, 30, 30]) ^ int(sound.data[0, 30, 30]) == 1 << 9


@pytest.mark.parametrize("how", ["LZW", "ZSTD", "LERC"])
def test_other_packings_hold_the_same(server, sound, how):
    got = raster(spoilt(server, spoiling.packed(how)).body)
    assert got.profile["compress"].upper() == how
    np.testing.assert_array_equal(got.data, sound.data)


def test_big_tiff_and_tar(server, sound):
    big = spoilt(server, spoiling.big_tiff()).body
    assert big[:4] == b"II+\x00"
    np.testing.assert_array_equal(raster(big).data, sound.data)
    got = spoilt(server, spoiling.tarred())
    assert got.headers["content-type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(got.body)) as archive:
        (name,) = archive.getnames()
    assert name == "default.tif"


def test_a_server_that_is_closed_lets_nobody_wait(catalogue):
    with held_up_by_nothing():
        with Standin(catalogue) as server:
            server.faults["process"].append(faults.hang())
            opened = token(server)
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
            connection.request("POST", "/api/v1/process", b"{}", bearer(opened))
            time.sleep(0.1)
        with pytest.raises((http.client.HTTPException, OSError)):
            connection.getresponse()
        connection.close()
