"""Products as users download them: their own words about their numbers, and nothing unsafe."""

import dataclasses
import hashlib
import shutil
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
from pyproj import Transformer
from shapely.geometry import Point, box

from imagery.cube import build_cube, check_cube
from imagery.errors import ImageryError, IntegrityError, Permanent
from imagery.looks import group_acquisitions
from imagery.packed import Product
from imagery.providers.folder import FolderProvider
from imagery.safe import scene_from_safe
from imagery.types import Query
from tests.support.catalogue import forest, grid, make_catalogue
from tests.support.safe import PHYSICAL, STARTED, product_name, write_safe

WORLD = Query(
    box(-180, -90, 180, 90), datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
)
LIKE = dict.fromkeys(PHYSICAL, -1000)
NUMBERS = (np.arange(60 * 60) + 1).reshape(60, 60).astype(np.uint16)


def drawn(added: int = 0):
    """Return reflectance times 10,000: a number of its own for each pixel, and unseen corners."""
    red = NUMBERS + added
    red[0, :3] = 0
    coarse = grid(size=30, pixel_m=20.0)
    return {
        "B04": (grid(size=60), red.astype(np.uint16)),
        "B11": (coarse, (NUMBERS[:30, :30] + 500 + added).astype(np.uint16)),
        "SCL": (coarse, (NUMBERS[:30, :30] % 12).astype(np.uint8)),
    }


def scene_of(folder):
    return scene_from_safe(Product(folder.name, folder), "folder")


def pack(folder):
    """Put a product into a zip file, as it comes from the Data Space, and take the folder away."""
    name = folder.name.removesuffix(".SAFE")
    shutil.make_archive(str(folder.parent / name), "zip", folder.parent, folder.name)
    shutil.rmtree(folder)
    return folder.parent / f"{name}.zip"


def read(path, bands=("B04", "B11", "SCL")):
    provider = FolderProvider(path)
    (look,) = group_acquisitions(provider.search(WORLD))
    return look, provider.read(look.scenes, grid(size=60), bands, 60.0)


@pytest.mark.parametrize(
    ("baseline", "offsets", "added"),
    [("02.12", None, 0), ("03.01", None, 0), ("04.00", LIKE, 1000), ("05.00", LIKE, 1000)],
)
@pytest.mark.parametrize("packed", [False, True])
def test_the_pixels_of_a_product_are_the_drawn_ones_on_both_sides_of_0400(
    tmp_path, baseline, offsets, added, packed
):
    folder = write_safe(tmp_path, drawn(added), baseline=baseline, offsets=offsets)
    if packed:
        pack(folder)
    look, chip = read(tmp_path)
    cube = build_cube([chip], grid(size=60), ["B04", "B11", "SCL"])
    check_cube(cube)
    truth = NUMBERS * 1e-4
    np.testing.assert_allclose(cube["B04"].values[0, 1:], truth[1:], atol=1e-6)
    assert np.isnan(cube["B04"].values[0, 0, :3]).all()
    fine = np.repeat(np.repeat(NUMBERS[:30, :30], 2, 0), 2, 1)
    np.testing.assert_allclose(cube["B11"].values[0], (fine + 500) * 1e-4, atol=1e-6)
    np.testing.assert_array_equal(cube["SCL"].values[0], fine % 12)
    assert look.key == "S2B_20190605T092031"
    assert chip.provenance.sources[0].name.endswith("_B04_10m.jp2")


def test_a_scene_says_what_its_product_says(tmp_path):
    folder = write_safe(tmp_path, drawn(1000), offsets=LIKE)
    scene = scene_of(folder)
    assert scene.id == product_name() and scene.tile == "34TFQ"
    assert (scene.platform, scene.relative_orbit) == ("sentinel-2b", 93)
    assert (scene.orbit_direction, scene.baseline) == ("descending", "05.00")
    assert scene.datatake == "GS2B_20190605T092031_011732_N05.00"
    assert scene.sensed == STARTED.replace(microsecond=24_000) and scene.cloud_cover == 12.5
    assert scene.processed == datetime(2022, 3, 1, 9, 20, 31, tzinfo=UTC)
    red = scene.asset("B04")
    assert (red.scale, red.offset, red.nodata, red.resolution) == (1e-4, -0.1, 0, 10.0)
    assert scene.asset("SCL").scale is None and scene.unknown == ("published",)
    to_ground = Transformer.from_crs("EPSG:32634", "OGC:CRS84", always_xy=True)
    middle = Point(to_ground.transform(630_300, 4_951_700))
    assert scene.footprint.centroid.distance(middle) < 1e-5
    # 600 m each way, at 44.7 degrees north.
    assert scene.footprint.area == pytest.approx(0.6 / 111.13 * 0.6 / 79.2, rel=0.01)


def test_each_band_has_its_own_offset(tmp_path):
    folder = write_safe(tmp_path, drawn(), offsets=LIKE | {"B11": -1500}, quantification=20_000)
    scene = scene_of(folder)
    assert scene.asset("B04").offset == pytest.approx(-0.05)
    assert scene.asset("B11").offset == pytest.approx(-0.075)
    assert scene.asset("B11").scale == pytest.approx(5e-5)


def edited(folder, old, new):
    file = folder / "MTD_MSIL2A.xml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">10000<", "><"), (">10000<", ">0<"), (">10000<", ">nan<"),
        ('band_id="3">-1000', 'band_id="3">much'), ('band_id="3">-1000', 'band_id="77">-1000'),
        ('band_id="3">-1000', 'band_id="3">nan'), ("PROCESSING_BASELINE>", "BASE>"),
        ("<Datatake ", "<Something "), ("</Datatake>", "</Something>"),
        (">2019-06-05T09:20:31.024Z<", ">yesterday<"), ("EXT_POS_LIST>", "POS>"),
        ("<EXT_POS_LIST>", "<EXT_POS_LIST>x "), ("<EXT_POS_LIST>", "<EXT_POS_LIST>1 "),
        (">93<", ">ninety<"),
    ],
)  # fmt: skip
def test_of_a_product_whose_words_are_broken_only_an_imagery_error_comes(tmp_path, old, new):
    folder = edited(write_safe(tmp_path, drawn(), offsets=LIKE), old, new)
    with pytest.raises(ImageryError):
        scene_of(folder)
    assert list(FolderProvider(tmp_path).search(WORLD)) == []
    (fault,) = FolderProvider(tmp_path).faults()
    assert folder.name in fault


def test_a_new_product_without_offsets_is_refused_and_an_old_one_needs_none(tmp_path):
    with pytest.raises(Permanent, match="states no offsets"):
        scene_of(write_safe(tmp_path, drawn(), baseline="04.00"))


@pytest.mark.parametrize(
    "evil",
    [
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hosts">]>',
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!doctype x SYSTEM "http://example.org/x.dtd">',
    ],
)
def test_metadata_that_declares_a_document_type_is_refused_before_it_is_parsed(tmp_path, evil):
    folder = write_safe(tmp_path, drawn(), offsets=LIKE)
    edited(folder, "<n1:Level-2A_User_Product", f"{evil}\n<n1:Level-2A_User_Product")
    with pytest.raises(IntegrityError, match="document type"):
        scene_of(folder)
    file = folder / "MTD_MSIL2A.xml"
    file.write_bytes(file.read_text("utf-8").replace("UTF-8", "UTF-16").encode("utf-16"))
    with pytest.raises(IntegrityError):
        scene_of(folder)
    file.write_bytes(b"<a>" * 2_000_000)
    with pytest.raises(IntegrityError, match="too large"):
        scene_of(folder)


def test_products_and_items_lie_in_one_folder_and_what_is_no_use_is_said(tmp_path):
    make_catalogue(tmp_path, [datetime(2019, 7, 1, 10, tzinfo=UTC)], forest(1), size=20)
    write_safe(tmp_path / "downloads", drawn(), baseline="02.12")
    radar = "S1A_IW_GRDH_1SDV_20230113T032115_20230113T032140_046765_059B2E_7C3A.SAFE"
    (tmp_path / "downloads" / radar / "measurement").mkdir(parents=True)
    (tmp_path / "downloads" / f"{product_name('05.00')}.SAFE.zip").write_bytes(b"PK")
    (tmp_path / "downloads" / f"{product_name('05.00').replace('L2A', 'L1C')}.zip").write_bytes(b"")
    (tmp_path / "downloads" / f"{product_name('05.10')}.SAFE").mkdir()
    (tmp_path / "other.zip").write_bytes(b"PK")
    provider = FolderProvider(tmp_path)
    assert [scene.id for scene in provider.search(WORLD)] == [
        product_name("02.12"), "S2_20190701T100000",
    ]  # fmt: skip
    said = sorted(provider.faults())
    assert len(said) == 4
    for words, fault in zip(
        ("radar geometry", "Level-2A", "cannot be unpacked", "not whole"), said, strict=True
    ):
        assert words in fault


def test_a_packed_product_is_the_same_scene_as_the_folder_it_was(tmp_path):
    folder = write_safe(tmp_path, drawn(1000), offsets=LIKE)
    unpacked = scene_of(folder)
    file = pack(folder)
    (packed,) = FolderProvider(tmp_path).search(WORLD)
    assert dataclasses.replace(packed, assets=()) == dataclasses.replace(unpacked, assets=())
    _, chip = read(tmp_path)
    assert {source.sha256 for source in chip.provenance.sources} == {
        hashlib.sha256(file.read_bytes()).hexdigest()
    }


@pytest.mark.parametrize("member", ["{}/../../outside.jp2", "/etc/{}", "{}/MTD_MSIL2A.xml"])
def test_of_a_zip_file_made_to_harm_nothing_outside_it_is_read(tmp_path, member):
    name = f"{product_name('02.12')}.SAFE"
    with zipfile.ZipFile(tmp_path / f"{product_name('02.12')}.zip", "w") as file:
        file.writestr(member.format(name), b" " * 5_000_000)
    provider = FolderProvider(tmp_path)
    assert list(provider.search(WORLD)) == []
    assert len(provider.faults()) == 1


def test_bands_that_arrive_later_are_seen(tmp_path):
    provider = FolderProvider(tmp_path)
    some = drawn()
    later = {"B04": some.pop("B04")}
    write_safe(tmp_path, some, baseline="02.12")
    assert next(iter(provider.search(WORLD))).bands == {"B11", "SCL"}
    write_safe(tmp_path, later, baseline="02.12")
    assert next(iter(provider.search(WORLD))).bands == {"B04", "B11", "SCL"}


def test_a_product_with_no_images_or_with_several_tiles_is_refused(tmp_path):
    folder = write_safe(tmp_path, drawn(), baseline="02.12")
    (granule,) = (folder / "GRANULE").iterdir()
    granule.rename(granule.with_name("gone"))
    for file in (folder / "GRANULE").rglob("*.jp2"):
        file.rename(file.with_suffix(".bak"))
    with pytest.raises(Permanent, match="no images"):
        scene_of(folder)
    for number, file in enumerate(sorted((folder / "GRANULE").rglob("*.bak"))[:2]):
        moved = folder / "GRANULE" / f"tile{number}" / "IMG_DATA" / "R10m"
        moved.mkdir(parents=True)
        file.rename(moved / f"{file.stem}.jp2")
    with pytest.raises(Permanent, match="several tiles"):
        scene_of(folder)


def test_a_cut_image_is_refused(tmp_path):
    folder = write_safe(tmp_path, drawn(), baseline="02.12")
    (image,) = folder.rglob("*_B04_10m.jp2")
    image.write_bytes(image.read_bytes()[:300])
    with pytest.raises(IntegrityError, match=r"_B04_10m\.jp2"):
        read(tmp_path, ("B04",))


def test_an_image_that_leads_out_of_the_folder_or_is_a_list_of_files_is_refused(tmp_path):
    inside = tmp_path / "scenes"
    folder = write_safe(inside, drawn(), baseline="02.12")
    (image,) = folder.rglob("*_B04_10m.jp2")
    outside = image.rename(tmp_path / "outside.jp2")
    image.symlink_to(outside)
    with pytest.raises(Permanent, match="outside"):
        read(inside, ("B04",))
    image.unlink()
    image.write_text(
        '<VRTDataset rasterXSize="60" rasterYSize="60"><VRTRasterBand dataType="UInt16" band="1">'
        f"<SimpleSource><SourceFilename>{outside}</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(IntegrityError):
        read(inside, ("B04",))
