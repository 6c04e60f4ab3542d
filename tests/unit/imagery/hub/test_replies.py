"""Answers that are taken, and answers that are refused: every one here is HTTP 200."""

import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.io import MemoryFile

from imagery.errors import IntegrityError, Transient
from imagery.hub.replies import HIGHEST_DN, Wanted, picture
from tests.support.catalogue import grid

GRID = grid(size=40)
OPTICAL = Wanted(GRID, ("B04", "SCL"), "uint16")
RADAR = Wanted(GRID, ("VV", "VH"), "float32")


def drawn(radar=False, seed=1):
    """Draw two bands and a mask of ones."""
    rng = np.random.default_rng(seed)
    if radar:
        power = rng.gamma(4.0, 0.02, (2, 40, 40)).astype(np.float32)
        return np.concatenate([power, np.ones((1, 40, 40), np.float32)])
    red = rng.integers(200, 3000, (1, 40, 40))
    classes = rng.integers(2, 8, (1, 40, 40))
    return np.concatenate([red, classes, np.ones((1, 40, 40), int)]).astype(np.uint16)


def tiff(planes, wanted=OPTICAL, **options):
    height, width = planes.shape[1:]
    profile = {
        "driver": "GTiff", "dtype": planes.dtype.name, "count": len(planes), "height": height,
        "width": width, "crs": str(wanted.grid.crs), "transform": wanted.grid.affine,
        "compress": "DEFLATE", **options,
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(planes)
        return memory.read()


def test_a_sound_answer_is_taken_as_it_is():
    planes = drawn()
    got = picture(tiff(planes), OPTICAL)
    np.testing.assert_array_equal(got.dn, planes[:2])
    assert got.seen.all() and got.notes == ()


def test_what_the_mask_leaves_out_is_nothing_whatever_stands_there():
    planes = drawn()
    planes[2, :10] = 0
    got = picture(tiff(planes), OPTICAL)
    assert not got.seen[:10].any() and got.seen[10:].all()
    assert (got.dn[:, :10] == 0).all()
    np.testing.assert_array_equal(got.dn[:, 10:], planes[:2, 10:])


def test_an_answer_without_any_pixel_seen_is_sound_and_empty():
    got = picture(tiff(np.zeros((3, 40, 40), np.uint16)), OPTICAL)
    assert not got.seen.any() and (got.dn == 0).all()


def test_f48_a_true_zero_is_said_to_be_one():
    planes = drawn()
    planes[0, 3, :5] = 0
    got = picture(tiff(planes), OPTICAL)
    assert got.seen.all() and got.notes == (
        "B04: 5 pixels are 0 though seen, and count as not seen",
    )


@pytest.mark.parametrize("compress", ["NONE", "DEFLATE", "LZW", "ZSTD", "LERC", "PACKBITS"])
@pytest.mark.parametrize("big", ["NO", "YES"])
def test_f45_every_lossless_tiff_is_read(compress, big):
    planes = drawn()
    got = picture(tiff(planes, compress=compress, bigtiff=big), OPTICAL)
    np.testing.assert_array_equal(got.dn, planes[:2])


def test_f45_packing_that_changes_numbers_is_refused():
    planes = drawn().astype(np.uint8)
    with pytest.raises(IntegrityError):
        picture(tiff(planes, compress="JPEG"), OPTICAL)


def refused(body, wanted, words):
    with pytest.raises(IntegrityError, match=words):
        picture(body, wanted)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"<html>busy</html>", "page"),
        (b'{"error": {"status": 500}}', "JSON"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "something else"),
        (b"II*\0\x08\0\0\0\xff\xff", "cannot be read"),
    ],
)
def test_f30_f31_what_is_no_tiff_is_refused(body, words):
    refused(body, OPTICAL, words)


def test_f45_an_archive_of_files_is_refused():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        data = tiff(drawn())
        entry = tarfile.TarInfo("default.tif")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    refused(stream.getvalue(), OPTICAL, "archive")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p[:, :-1], "40 x 39 pixels"),
        (lambda p: np.repeat(p, 2, axis=2), "80 x 40"),
        (lambda p: p[:2], "2 bands"),
        (lambda p: p[[0, 1, 1, 2]], "4 bands"),
        (lambda p: p.astype(np.float32), "float32 instead of uint16"),
        (lambda p: p.astype(np.int16), "int16 instead of uint16"),
    ],
)
def test_f39_f40_another_size_count_or_type_is_refused(change, words):
    refused(tiff(change(drawn())), OPTICAL, words)


def test_f40_bands_in_another_order_are_refused():
    refused(tiff(drawn()[[2, 0, 1]]), OPTICAL, "data mask")
    refused(tiff(drawn()[[1, 0, 2]]), OPTICAL, "no classes")


@pytest.mark.parametrize("off", [0.5, 0.02, -1.0])
def test_f41_a_shift_is_refused(off):
    moved = GRID.affine * GRID.affine.translation(off, 0)
    refused(tiff(drawn(), transform=moved), OPTICAL, "pixels off")


def test_f41_rounded_digits_of_a_corner_are_no_shift():
    moved = GRID.affine * GRID.affine.translation(1e-6, 1e-6)
    assert picture(tiff(drawn(), transform=moved), OPTICAL).seen.all()


def test_f41_another_pixel_size_or_projection_is_refused():
    refused(tiff(drawn(), transform=GRID.affine * GRID.affine.scale(1.001)), OPTICAL, "off")
    refused(tiff(drawn(), crs="EPSG:32635"), OPTICAL, "32635")
    refused(tiff(drawn(), crs=None), OPTICAL, "no projection")


def test_f43_one_number_everywhere_is_refused_and_few_pixels_of_it_are_not():
    planes = drawn()
    planes[0] = 1234
    refused(tiff(planes), OPTICAL, "one number, 1234")
    planes[2, 10:] = 0
    assert picture(tiff(planes), OPTICAL).seen.sum() == 400


def test_f43_one_class_everywhere_is_a_clear_day():
    planes = drawn()
    planes[1] = 4
    assert picture(tiff(planes), OPTICAL).notes == ()


def test_f43_a_saturated_picture_is_refused_and_glint_on_a_roof_is_not():
    planes = drawn()
    planes[0, 0, :10] = HIGHEST_DN + 5000
    assert picture(tiff(planes), OPTICAL).notes == ("B04: 10 pixels above 20000",)
    planes[0, :2] = HIGHEST_DN + 5000
    refused(tiff(planes), OPTICAL, "above 20000 in 80 of 1600")


def test_f49_a_few_unknown_classes_are_said_and_many_are_no_classes():
    planes = drawn()
    planes[1, 0, :7] = 42
    assert picture(tiff(planes), OPTICAL).notes == ("SCL: 7 pixels of an unknown class",)
    planes[1, 0] = 42
    refused(tiff(planes), OPTICAL, "no classes")


def test_radar_keeps_its_numbers_and_has_none_where_nothing_was_seen():
    planes = drawn(radar=True)
    planes[2, :5] = 0
    got = picture(tiff(planes, RADAR), RADAR)
    assert np.isnan(got.dn[:, :5]).all()
    np.testing.assert_array_equal(got.dn[:, 5:], planes[:2, 5:])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_f50_radar_that_is_no_number_though_seen_is_refused(value):
    planes = drawn(radar=True)
    planes[0, 0, :10] = value
    assert "10 pixels hold no power" in picture(tiff(planes, RADAR), RADAR).notes[0]
    planes[0].flat[::7] = value
    refused(tiff(planes, RADAR), RADAR, "no number")


def test_f50_decibels_and_amplitudes_are_refused():
    power = drawn(radar=True)
    decibels, amplitudes = power.copy(), power.copy()
    decibels[:2] = 10 * np.log10(power[:2])
    amplitudes[:2] = 1000 * np.sqrt(power[:2])
    refused(tiff(decibels, RADAR), RADAR, "no linear power")
    refused(tiff(amplitudes, RADAR), RADAR, "no linear power")


def test_calm_water_without_any_echo_is_no_fault():
    planes = drawn(radar=True)
    planes[1, :20] = 0.0
    got = picture(tiff(planes, RADAR), RADAR)
    assert got.notes == ("VH: 800 pixels hold no power though seen, and count as not seen",)


def test_f33_a_file_that_declares_more_than_was_asked_for_is_not_unpacked(monkeypatch):
    def unpacked(*_, **__):
        raise AssertionError("it was unpacked")

    huge = tiff(np.zeros((3, 6000, 6000), np.uint16), compress="ZSTD")
    assert len(huge) < 200_000
    monkeypatch.setattr(rasterio.io.DatasetReader, "read", unpacked, raising=False)
    refused(huge, OPTICAL, "6000 x 6000")
    with pytest.raises(AssertionError, match="unpacked"):
        picture(tiff(drawn()), OPTICAL)


def test_no_memory_for_it_may_be_tried_again(monkeypatch):
    def no_room(*_, **__):
        raise MemoryError

    monkeypatch.setattr("imagery.hub.replies._faults", no_room)
    with pytest.raises(Transient):
        picture(tiff(drawn()), OPTICAL)


@settings(max_examples=60)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), whole=st.booleans())
def test_f44_of_a_damaged_file_come_pixels_or_a_refusal(at, bit, whole):
    """Nothing else leaves; the packed part of the file is guarded by its checksum."""
    planes = drawn()
    body = bytearray(tiff(planes))
    if whole:
        body = body[: int(len(body) * at)]
    else:
        body[int(len(body) * at)] ^= 1 << bit
    try:
        got = picture(bytes(body), OPTICAL)
    except IntegrityError:
        return
    assert got.dn.shape == (2, 40, 40)


def test_a_grid_in_another_projection_is_compared_in_its_own():
    place = replace(OPTICAL, grid=grid("EPSG:3035", (4_000_000.5, 3_000_000.25), 40))
    assert picture(tiff(drawn(), place), place).seen.all()
    refused(tiff(drawn(), OPTICAL), place, "32634 instead of EPSG:3035")
