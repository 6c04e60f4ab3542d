"""Faults of the files that STAC catalogues list; the numbers are those of docs/faults.md."""

import logging
import pickle
import traceback
from datetime import timedelta

import numpy as np
import pytest
from rasterio.io import MemoryFile
from shapely.geometry import box, mapping

from imagery.errors import ImageryError, IntegrityError, NotYet, Permanent, Transient
from imagery.types import Query
from tests.support.catalogue import grid, raster_bytes
from tests.support.drawn_stac import (
    AREA,
    SIZE,
    START,
    YEAR,
    address,
    item,
    provider,
    read,
    scene,
    stated,
    vegetation,
)  # fmt: skip
from tests.support.fake_stac import FakeStac, made, refused

# Pixels.


@pytest.mark.parametrize("by", [(0.5, 0.0), (0.0, 0.5), (0.25, 0.25)])
def test_f41_a_grid_a_part_of_a_pixel_off_is_refused(tmp_path, by):
    area = grid(origin=(630_000.0 + 10 * by[0], 4_952_000.0 + 10 * by[1]), size=SIZE)
    one, _, found = scene(tmp_path, vegetation(1000), area)
    with pytest.raises(IntegrityError, match="does not lie on the grid"):
        read(one, found)


def test_f41_a_file_in_another_zone_than_its_tile_is_refused(tmp_path):
    one, _, found = scene(
        tmp_path, vegetation(1000), grid("EPSG:32635", (160_000.0, 4_960_000.0), 900)
    )
    assert found.tile == "34TFQ"
    with pytest.raises(IntegrityError, match="zone 35, and its tile is 34TFQ"):
        one.read([found], grid("EPSG:32635", (160_000.0, 4_960_000.0), 40), ["B04"], 30.0)


def test_f42_a_scene_without_pixels_where_its_outline_says_there_are_is_not_there_yet(tmp_path):
    one, stac, found = scene(tmp_path, np.zeros((SIZE, SIZE), np.uint16))
    with pytest.raises(NotYet, match="still empty") as caught:
        read(one, found)
    assert caught.value.requests == len(stac.reads) == 1


def test_f42_a_part_of_the_swath_is_read_as_far_as_it_goes(tmp_path):
    """The outline ends there too: nothing was seen, and nothing more will come."""
    listing = item()
    listing["geometry"] = mapping(box(22.4, 44.0, 22.6, 45.0))
    one, _, found = scene(tmp_path, np.zeros((SIZE, SIZE), np.uint16), listing=listing)
    assert not read(one, found).layers[0].dn.any()


def test_f44_a_bit_turned_over_in_a_file_read_whole_is_found_by_its_digest(tmp_path):
    def flip(request, reply, count):
        body = bytearray(reply.body)
        body[len(body) // 2] ^= 4
        return made(bytes(body), 1, reply.status, reply.headers)

    listing = item()
    data = raster_bytes(grid(size=SIZE), vegetation(1000))
    listing["assets"]["B04"]["file:checksum"] = "1220" + made(data).sha256
    one, stac, found = scene(tmp_path, vegetation(1000), change=flip, listing=listing)
    with pytest.raises(IntegrityError, match=r"B04\.tif"):
        read(one, found)
    assert len(stac.reads) == 2

    once = lambda request, reply, count: reply if count else flip(request, reply, count)  # noqa: E731
    one, stac, found = scene(tmp_path, vegetation(1000), change=once, listing=listing)
    assert read(one, found).layers[0].dn.any() and len(stac.reads) == 2


def big(seed: int) -> bytes:
    """A file of blocks, of which a window needs more than the header."""
    dn = np.random.default_rng(seed).integers(1000, 3000, (600, 600)).astype(np.uint16)
    area = grid(size=600)
    profile = {"driver": "COG", "dtype": "uint16", "count": 1, "height": 600, "width": 600,
               "blocksize": 256, "compress": "DEFLATE"}  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile, crs=str(area.crs), transform=area.transform) as out:
            out.write(dn, 1)
        return bytes(memory.read())


@pytest.mark.parametrize("forever", [False, True])
def test_f44_a_file_that_changes_between_two_of_its_parts_is_read_anew_or_refused(
    tmp_path, forever
):
    first, second = big(1), big(2)
    one, stac, found = scene(tmp_path, vegetation(1000))

    def swap(request, reply, count):
        """After the header of the first, the file is another one, once or each time."""
        stac.files[address(found.id)] = (first, second)[(count + 1) % 2] if forever else second
        return reply

    stac.files[address(found.id)], stac.change = first, swap
    if forever:
        with pytest.raises(IntegrityError, match="changed while it was read"):
            read(one, found)
        assert len(stac.reads) == 4
    else:
        chip = read(one, found)
        with MemoryFile(second) as memory, memory.open() as truth:
            rows, cols = chip.layers[0].dn.shape[1:]
            np.testing.assert_array_equal(chip.layers[0].dn[0], truth.read(1)[:rows, :cols])
        assert chip.provenance.cost.requests == len(stac.reads) == 4


# Offsets.

FOREST = np.full((SIZE, SIZE), 4, np.uint8)


@pytest.mark.parametrize("shift", [0, 1000])
@pytest.mark.parametrize(
    ("baseline", "raster"),
    [("05.09", {"offset": 0.0}), ("02.14", {"offset": -0.1}), ("05.09", {}), (None, {})],
    ids=["new without", "old with", "new silent", "unknown"],
)
def test_f46_an_offset_in_doubt_is_told_by_the_pixels(tmp_path, shift, baseline, raster):
    listing = stated(item(baseline=baseline), **raster)
    one, stac, found = scene(tmp_path, vegetation(shift), classes=FOREST, listing=listing)
    assert found.asset("B04").offset is None
    chip = read(one, found)
    assert chip.layers[0].offset == (-0.1 if shift else 0.0,)
    assert "by its pixels the offset" in chip.notes[0] and found.id in chip.notes[0]
    asked = len(stac.reads)
    assert read(one, found).layers[0].offset == chip.layers[0].offset
    assert len(stac.reads) == asked + 1


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize("shift", [0, 1000])
def test_f46_a_flag_that_lies_is_not_asked(tmp_path, flag, shift):
    listing = stated(item(), offset=-0.1)
    listing["properties"]["earthsearch:boa_offset_applied"] = flag
    one, _, found = scene(tmp_path, vegetation(shift), classes=FOREST, listing=listing)
    assert read(one, found).layers[0].offset == (-0.1 if shift else 0.0,)


def test_f46_pixels_that_do_not_tell_are_refused_with_the_reason(tmp_path):
    sand = np.full((SIZE, SIZE), 1500, np.uint16)
    one, _, found = scene(
        tmp_path, sand, classes=FOREST + 1, listing=stated(item(), offset=0.0)
    )  # fmt: skip
    with pytest.raises(
        IntegrityError, match=r"is refused: its item does not say reliably.*too little"
    ):
        read(one, found)


def test_f46_a_scene_without_a_band_to_tell_by_is_refused(tmp_path):
    listing = stated(item(), offset=0.0)
    listing["assets"]["B11"] = listing["assets"].pop("B04")
    one, _, found = scene(tmp_path, vegetation(), listing=listing)
    with pytest.raises(IntegrityError, match="no band to tell its offset by"):
        one.read([found], grid(size=40), ["B11"], 30.0)


def test_f47_a_scene_of_2019_made_anew_goes_by_its_baseline(tmp_path):
    then = START.replace(year=2019)
    one, _, _ = scene(tmp_path, vegetation(1000))
    for baseline, offset in (("05.00", -0.1), ("02.14", 0.0)):
        listing = stated(item(sensed=then, baseline=baseline), offset=offset)
        one, stac, found = scene_of_2019(tmp_path, listing, vegetation(1000 if offset else 0))
        chip = read(one, found)
        assert chip.layers[0].offset == (offset,) and not chip.notes and len(stac.reads) == 1


def scene_of_2019(tmp_path, listing, dn):
    stac = FakeStac(
        items=[listing], files={address(listing["id"]): raster_bytes(grid(size=SIZE), dn)}
    )
    one = provider(stac, tmp_path)
    then = START.replace(year=2019)
    (found,) = one.search(Query(AREA, then, then + timedelta(days=1)))
    return one, stac, found


# What comes of the catalogue, and what must not come of any of it.


def test_f56_a_scene_that_the_catalogue_dropped_is_still_read_and_its_file_gone_is_said(tmp_path):
    one, stac, found = scene(tmp_path, vegetation(1000))
    stac.items.clear()
    assert list(one.search(YEAR)) == []
    assert read(one, found).layers[0].dn.any()
    stac.files.clear()
    with pytest.raises(NotYet, match="listed but not there"):
        read(one, found)


@pytest.mark.parametrize("status", [404, 410])
def test_f57_a_listed_scene_without_files_is_not_there_yet(tmp_path, status):
    def missing(request, reply, count):
        raise refused(status)

    one, _, found = scene(tmp_path, vegetation(1000), change=missing)
    with pytest.raises(NotYet) as caught:
        read(one, found)
    assert caught.value.requests == 1


def test_f58_pixels_come_while_the_catalogue_is_down_and_the_other_way_round(tmp_path):
    one, stac, found = scene(tmp_path, vegetation(1000))
    answer = stac._answer

    def broken(method):
        def reply(request, tried):
            if request.method == method:
                raise Transient("it does not answer")
            return answer(request, tried)

        return reply

    stac._answer = broken("POST")
    assert read(one, found).layers[0].dn.any()
    with pytest.raises(Transient):
        list(one.search(YEAR))
    stac._answer = broken("GET")
    assert list(one.search(YEAR)) == [found]
    with pytest.raises(Transient) as caught:
        read(one, found)
    assert caught.value.requests == 1


def test_f13_no_signature_is_in_a_record_an_error_a_log_or_a_pickle(tmp_path, caplog):
    secret = "sig=s3cr3tSignature"
    one = stated(item(), offset=-0.1)
    stac = FakeStac(items=[one], token=secret)
    stac.files[address(one["id"])] = raster_bytes(grid(size=SIZE), vegetation(1000))
    made_provider = provider(stac, tmp_path, signing="planetary-computer")
    (found,) = made_provider.search(YEAR)
    with caplog.at_level(logging.DEBUG):
        chip = read(made_provider, found)
        assert all(secret in one.url for one in stac.reads if "B04" in one.url)
        made_provider._transport = None
        shown = [pickle.dumps(made_provider).decode("latin-1"), repr(made_provider), repr(chip)]
        stac.files.clear()
        with pytest.raises(NotYet) as caught:
            read(made_provider, found)
    shown += [*traceback.format_exception(caught.value), caplog.text]
    assert not [text for text in shown if "s3cr3t" in text]
    assert chip.provenance.sources[0].name.startswith(f"{address(found.id)}#bytes=0-")


def test_f34_a_file_on_another_host_or_in_a_bucket_is_refused_before_it_is_asked_for(tmp_path):
    for href, words in (
        ("https://evil.example.org/B04.tif", "not among the file origins"),
        ("http://169.254.169.254/latest/meta-data", "not among the file origins"),
        ("file:///etc/passwd", "of the kind file"),
        ("s3://eodata/B04.jp2", "needs keys of its own"),
    ):
        listing = item()
        listing["assets"]["B04"]["href"] = href
        one, stac, found = scene(tmp_path, vegetation(1000), listing=listing)
        with pytest.raises(Permanent, match=words):
            read(one, found)
        assert not stac.reads


def test_whatever_goes_wrong_with_a_file_is_an_imagery_error(tmp_path):
    data = big(3)
    rng = np.random.default_rng(4)
    one, stac, found = scene(tmp_path, vegetation(1000))
    for _ in range(60):
        broken = bytearray(data)
        for at in rng.integers(0, [400, len(data)], 2):
            broken[at] ^= 1 << int(rng.integers(8))
        stac.files[address(found.id)] = bytes(broken[: rng.integers(1, len(data) + 1)])
        try:
            assert read(one, found).layers
        except ImageryError:
            continue
