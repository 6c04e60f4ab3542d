"""Windows of remote files: the very pixels of a local read, for few bytes and few requests."""

import re
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from rasterio.io import MemoryFile

from imagery.errors import IntegrityError, NotYet, Permanent, Transient
from imagery.net.types import Deadline, Request
from imagery.stacapi import files
from imagery.stacapi.files import RemoteFile, read_remote_overview, read_remote_window
from imagery.stacapi.ranges import GAP, HEAD, Meter, merged
from imagery.windows import read_window
from tests.support.catalogue import grid
from tests.support.fake_stac import FILES, FakeStac, made, refused

URL = f"{FILES}/B04.tif"
SIZE = 1400


@lru_cache
def raster(driver: str = "COG", compress: str = "DEFLATE", dtype: str = "uint16", **more) -> bytes:
    rng = np.random.default_rng(5)
    dn = np.rint(rng.normal(1500, 200, (SIZE, SIZE))).astype(dtype)
    area = grid(size=SIZE)
    profile = {
        "driver": driver, "dtype": dtype, "count": 1, "height": SIZE, "width": SIZE, "nodata": 0,
        "crs": str(area.crs), "transform": area.transform, "compress": compress, **more,
    }  # fmt: skip
    if driver == "JP2OpenJPEG":
        profile |= {"QUALITY": "100", "REVERSIBLE": "YES", "CODEC": "JP2"}
        del profile["compress"], profile["nodata"]
    with MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(dn, 1)
        return bytes(memory.read())


def window(col: int, row: int, size: int) -> GeoBox:
    return grid(size=SIZE)[row : row + size, col : col + size]


def remote(sha256: str | None = None) -> RemoteFile:
    return RemoteFile(URL, "B04.tif", lambda anew: Request("GET", URL), sha256)


def fetch(stac: FakeStac, geobox: GeoBox, sha256: str | None = None, seconds: float = 60.0):
    return read_remote_window(stac, remote(sha256), geobox, Deadline.after(seconds), Meter())


def local(data: bytes, geobox: GeoBox):
    with MemoryFile(data) as memory, memory.open() as source:
        return read_window(source, geobox, "B04.tif")


KINDS = [
    {}, {"compress": "LZW"}, {"compress": "ZSTD", "predictor": 2}, {"compress": "LERC_ZSTD"},
    {"compress": "NONE"}, {"dtype": "float32"}, {"bigtiff": "YES"}, {"blocksize": 128},
    {"driver": "GTiff"}, {"driver": "GTiff", "tiled": True, "blockxsize": 256, "blockysize": 256},
    {"driver": "GTiff", "compress": "NONE", "bigtiff": "YES"}, {"driver": "JP2OpenJPEG"},
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())) or "COG")
def test_f45_every_packing_gives_the_pixels_of_a_local_read(kind):
    data = raster(**kind)
    area = window(300, 500, 260)
    got, expected = fetch(FakeStac(files={URL: data}), area), local(data, area)
    assert got.geobox == expected[0]
    np.testing.assert_array_equal(got.dn, expected[1])


@settings(max_examples=40)
@given(st.integers(-200, SIZE + 100), st.integers(-200, SIZE + 100), st.integers(1, 500))
def test_any_window_is_that_of_a_local_read(col, row, size):
    data = raster()
    transform = grid(size=SIZE).transform @ rasterio.Affine.translation(col, row)
    area = GeoBox((size, size), transform, "EPSG:32634")
    got, expected = fetch(FakeStac(files={URL: data}), area), local(data, area)
    assert (got is None) == (expected is None)
    if got is not None:
        np.testing.assert_array_equal(got.dn, expected[1])


def test_only_the_header_and_the_blocks_needed_are_fetched():
    stac = FakeStac(files={URL: raster(blocksize=256, compress="NONE")})
    area = window(600, 600, 100)
    got = fetch(stac, area)
    # 100 pixels and a margin of 12 on each side lie in one block of 256, of 2 bytes a pixel.
    assert got.source.bytes == HEAD + 256 * 256 * 2 and len(stac.reads) == 2


def test_blocks_side_by_side_come_in_one_request():
    stac = FakeStac(files={URL: raster(blocksize=256, compress="NONE")})
    fetch(stac, window(300, 300, 700))
    # Four rows of blocks, each at one place in the file, and the two blocks of a row outside the
    # window are less than the gap that is fetched along.
    assert len(stac.reads) <= 1 + 4


def test_what_goes_on_record_can_be_fetched_and_hashed_again():
    data = raster()
    source = fetch(FakeStac(files={URL: data}), window(100, 100, 80)).source
    address, _, rest = source.name.partition("#bytes=")
    parts, _, etag = rest.partition(";etag=")
    spans = [tuple(map(int, part.split("-"))) for part in parts.split(",")]
    again = b"".join(data[first : last + 1] for first, last in spans)
    assert address == URL and made(again).sha256 == source.sha256 and len(again) == source.bytes
    assert etag.strip('"') and len(source.request_sha256) == 64


def test_a_file_that_fits_into_one_request_is_checked_against_its_digest():
    area = grid(size=60)
    with MemoryFile() as memory:
        profile = {"driver": "GTiff", "dtype": "uint16", "count": 1, "height": 60, "width": 60}
        with memory.open(**profile, crs=str(area.crs), transform=area.transform) as out:
            out.write(np.arange(3600, dtype=np.uint16).reshape(60, 60), 1)
        data = bytes(memory.read())
    stac = FakeStac(files={URL: data})
    right = made(data).sha256
    assert fetch(stac, area, right).source.sha256 == right and len(stac.reads) == 1
    with pytest.raises(IntegrityError, match="not the file its catalogue lists"):
        fetch(stac, area, "0" * 64)


def test_a_server_that_knows_no_parts_sends_the_whole_and_that_is_read():
    data = raster()
    stac = FakeStac(files={URL: data}, ranges=False)
    got = fetch(stac, window(300, 500, 260), made(data).sha256)
    np.testing.assert_array_equal(got.dn, local(data, window(300, 500, 260))[1])
    assert len(stac.reads) == 1 and got.source.sha256 == made(data).sha256


def test_a_server_that_sends_another_part_is_not_believed():
    def another(request, reply, count):
        if count:
            first, last, size = map(int, re.findall(r"\d+", reply.headers["content-range"]))
            reply.headers["content-range"] = f"bytes {first + 1}-{last + 1}/{size}"
        return reply

    with pytest.raises(IntegrityError, match="another part"):
        fetch(FakeStac(files={URL: raster()}, change=another), window(300, 500, 260))


@pytest.mark.parametrize(
    "content", [b"x", b"\0" * 300, b"<html>busy</html>", b"II*\0\x08\0\0\0\xff\xff"]
)
def test_what_is_no_raster_is_refused(content):
    with pytest.raises(IntegrityError):
        fetch(FakeStac(files={URL: content}), window(0, 0, 10))


def test_a_list_of_further_addresses_is_not_followed():
    vrt = b'<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1">'
    with pytest.raises(IntegrityError):
        fetch(FakeStac(files={URL: vrt}), window(0, 0, 10))


def test_an_empty_file_is_refused():
    def nothing(request, reply, count):
        raise refused(416)

    with pytest.raises(IntegrityError, match="empty or shorter"):
        fetch(FakeStac(files={URL: b"x"}, change=nothing), window(0, 0, 10))


def test_a_large_jpeg_2000_is_refused_with_a_way_out(monkeypatch):
    monkeypatch.setattr(files, "MOST_WHOLE", 100_000)
    stac = FakeStac(files={URL: raster("JP2OpenJPEG")})
    with pytest.raises(Permanent, match=r"JPEG 2000 of \d+ MB.*Cloud-Optimised"):
        fetch(stac, window(0, 0, 10))
    assert len(stac.reads) == 1


def test_more_bytes_than_fit_are_refused_before_they_are_fetched(monkeypatch):
    monkeypatch.setattr(files, "MOST_PARTS", 1_000_000)
    stac = FakeStac(files={URL: raster(compress="NONE")})
    with pytest.raises(Permanent, match="more bytes"):
        fetch(stac, window(0, 0, SIZE))
    assert len(stac.reads) == 1


def test_without_time_nothing_is_asked():
    stac = FakeStac(files={URL: raster()})
    with pytest.raises(Transient):
        fetch(stac, window(0, 0, 10), seconds=-1.0)
    assert not stac.requests


def test_an_error_in_the_middle_of_gdals_work_comes_out_as_it_was():
    """The header is whole and the blocks are not there: GDAL asks, and cannot pass an error on."""

    def gone(request, reply, count):
        if count:
            raise refused(404)
        return reply

    with pytest.raises(NotYet):
        fetch(FakeStac(files={URL: raster()}, change=gone), window(300, 500, 260))
    overview = RemoteFile(URL, "B04.tif", lambda anew: Request("GET", URL))
    stac = FakeStac(files={URL: raster("GTiff")}, change=gone)
    with pytest.raises(NotYet):
        read_remote_overview(stac, overview, Deadline.after(60), Meter())


def test_an_overview_of_a_whole_file_takes_few_bytes():
    data = raster()
    stac, meter = FakeStac(files={URL: data}), Meter()
    coarse = read_remote_overview(stac, remote(), Deadline.after(60), meter)
    assert coarse.shape == (400, 400) and abs(float(np.median(coarse)) - 1500) < 20
    assert meter.bytes < len(data) / 2 and meter.requests == len(stac.reads)


def test_a_signed_address_that_ended_is_signed_anew_once():
    asked = []

    def address(anew: bool) -> Request:
        asked.append(anew)
        return Request("GET", URL, private_url=True)

    def closed_at_first(request, reply, count):
        if True not in asked:
            raise refused(403)
        return reply

    file = replace(remote(), address=address)
    stac = FakeStac(files={URL: raster()}, change=closed_at_first)
    assert read_remote_window(stac, file, window(0, 0, 10), Deadline.after(60), Meter()) is not None
    assert asked.count(True) == 1


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**6)), max_size=20))
def test_merged_spans_cover_the_spans_and_lie_apart(given_spans):
    spans = [(first, first + count) for first, count in given_spans]
    found = merged(spans)
    assert all(any(a <= first and after <= b for a, b in found) for first, after in spans)
    assert all(b + GAP < a for (_, b), (a, _) in pairwise(found))
