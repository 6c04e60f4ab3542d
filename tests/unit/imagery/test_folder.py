"""Catalogues on disk: what is read of a folder, and that nothing outside it is."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from shapely.geometry import box

from imagery import disk
from imagery.errors import ImageryError, IntegrityError, NotYet, Permanent
from imagery.looks import group_acquisitions
from imagery.providers.folder import FolderProvider
from imagery.types import Query
from tests.support.catalogue import (
    damage,
    edit_item,
    every,
    forest,
    grid,
    item_files,
    make_catalogue,
    raster_bytes,
    write_json,
)

WORLD = Query(
    box(-180, -90, 180, 90), datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
)
DAYS = every(date(2019, 5, 1), date(2019, 5, 11))


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    path = tmp_path / "scenes"
    make_catalogue(path, DAYS, forest(1, cloudy=0, overcast=0), size=20)
    return path


def found(path: Path) -> list[str]:
    return [scene.id for scene in FolderProvider(path).search(WORLD)]


def read(path: Path, bands=("B04",)):
    provider = FolderProvider(path)
    look = group_acquisitions(provider.search(WORLD))[0]
    return provider.read(look.scenes, grid(size=20), bands, 60.0)


def set_href(path: Path, href: str, keep_checksum: bool = False) -> None:
    def change(item: dict) -> None:
        item["assets"]["B04"]["href"] = href
        if not keep_checksum:
            item["assets"]["B04"].pop("file:checksum")

    edit_item(item_files(path)[0], change)


def test_a_catalogue_a_folder_a_collection_of_items_and_one_item_are_all_read(scenes, tmp_path):
    names = found(scenes / "catalog.json")
    assert len(names) == 3 and found(scenes) == names
    items = [json.loads(file.read_bytes()) for file in item_files(scenes)]
    for item, file in zip(items, item_files(scenes), strict=True):
        for asset in item["assets"].values():
            asset["href"] = f"{file.parent.name}/{asset['href']}"
    listed = write_json(scenes / "items.json", {"type": "FeatureCollection", "features": items})
    assert found(listed) == names
    assert read(listed).provenance.sources[0].name == f"{names[0]}/B04.tif"
    assert found(item_files(scenes)[1]) == names[1:2]


def test_other_geojson_in_the_folder_is_no_fault(scenes):
    village = {"type": "Feature", "geometry": None, "properties": {"name": "village"}}
    write_json(
        scenes / "villages.geojson.json", {"type": "FeatureCollection", "features": [village]}
    )
    write_json(scenes / "list.json", [1, 2])
    write_json(scenes / "null.json", {"type": "FeatureCollection", "features": None})
    assert len(found(scenes)) == 3 and FolderProvider(scenes).faults() == ()


def test_what_cannot_be_read_is_listed_as_a_fault_and_the_rest_is_found(scenes):
    (scenes / "cut.json").write_text('{"type": "Feature", ')
    (scenes / "deep.json").write_text("[" * 100_000)
    (scenes / "binary.json").write_bytes(b"\xff\xfe\x00")
    edit_item(item_files(scenes)[0], lambda item: item.pop("geometry"))
    assert len(found(scenes)) == 2
    faults = FolderProvider(scenes).faults()
    assert len(faults) == 4
    assert [name for name in ("cut.json", "deep.json", "binary.json", "geometry")
            if any(name in fault for fault in faults)] == [
        "cut.json", "deep.json", "binary.json", "geometry",
    ]  # fmt: skip


def test_no_catalogue_is_permanent_and_an_empty_folder_is_empty(tmp_path):
    with pytest.raises(Permanent, match="no catalogue"):
        found(tmp_path / "nowhere")
    assert found(tmp_path) == []
    (tmp_path / "catalog.json").write_text("not json")
    with pytest.raises(Permanent):
        found(tmp_path / "catalog.json")
    (tmp_path / "catalog.json").write_text("[]")
    assert found(tmp_path / "catalog.json") == []


def test_new_scenes_are_seen_without_starting_again(scenes):
    provider = FolderProvider(scenes)
    assert len(list(provider.search(WORLD))) == 3
    make_catalogue(scenes, [date(2019, 6, 1)], forest(1), size=20)
    assert len(list(provider.search(WORLD))) == 4


def test_an_item_that_is_put_back_older_is_seen_too(scenes):
    provider = FolderProvider(scenes)
    before = list(provider.search(WORLD))
    file = item_files(scenes)[0]
    edit_item(file, lambda item: item["properties"].update({"eo:cloud_cover": 77.0}))
    os.utime(file, ns=(10**15, 10**15))
    after = list(provider.search(WORLD))
    assert before[0].cloud_cover != after[0].cloud_cover == 77.0


@pytest.mark.parametrize(
    "href",
    [
        "../../outside.tif",
        "/etc/hosts",
        "//etc/hosts",
        "../../../../../../../../etc/hosts",
        "B04.tif\0",
        "x" * 5000,
    ],
    ids=["up", "absolute", "double", "far up", "null", "long"],
)  # fmt: skip
def test_a_file_outside_the_folder_is_refused(scenes, href):
    (scenes.parent / "outside.tif").write_bytes(
        raster_bytes(grid(size=20), np.ones((20, 20), "u2"))
    )
    set_href(scenes, href)
    with pytest.raises(Permanent):
        read(scenes)


def test_an_absolute_path_within_the_folder_is_read(scenes):
    set_href(scenes, str(item_files(scenes)[0].parent / "B04.tif"), keep_checksum=True)
    assert read(scenes).layers[0].bands == ("B04",)


def test_a_link_out_of_the_folder_is_refused(scenes):
    file = item_files(scenes)[0].parent / "B04.tif"
    outside = file.rename(scenes.parent / "outside.tif")
    file.symlink_to(outside)
    with pytest.raises(Permanent, match="outside"):
        read(scenes)
    file.unlink()
    file.symlink_to(file)
    with pytest.raises(ImageryError):
        read(scenes)


@pytest.mark.parametrize(
    "href", ["https://example.org/B04.tif", "file:///etc/hosts", "s3://bucket/B04.tif"]
)
def test_an_address_is_refused_and_a_picture_elsewhere_is_not_minded(scenes, href):
    edit_item(
        item_files(scenes)[1],
        lambda item: item["assets"].update(thumbnail={"href": "https://example.org/t.png"}),
    )
    provider = FolderProvider(scenes)
    scene = next(iter(provider.search(WORLD)))
    moved = replace(scene, assets=tuple(replace(asset, href=href) for asset in scene.assets))
    with pytest.raises(Permanent, match="address"):
        provider.read([moved], grid(size=20), ["B04"], 60.0)
    set_href(scenes, href)
    assert len(found(scenes)) == 2
    assert any("network address" in fault for fault in provider.faults())


def test_a_raster_that_is_a_list_of_other_files_is_refused(scenes):
    """A virtual raster would be a way out of the folder, and to the network."""
    outside = scenes.parent / "outside.tif"
    outside.write_bytes(raster_bytes(grid(size=20), np.ones((20, 20), "u2")))
    file = item_files(scenes)[0].parent / "B04.tif"
    with rasterio.open(outside) as source:
        transform, crs = source.transform, source.crs.to_wkt()
    file.write_text(
        f'<VRTDataset rasterXSize="20" rasterYSize="20"><SRS>{crs.replace(chr(34), "&quot;")}</SRS>'
        f"<GeoTransform>{','.join(map(str, transform.to_gdal()))}</GeoTransform>"
        '<VRTRasterBand dataType="UInt16" band="1"><SimpleSource>'
        f"<SourceFilename>{outside}</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with rasterio.open(file) as opened:
        assert opened.driver == "VRT"
    set_href(scenes, "B04.tif")
    with pytest.raises(IntegrityError):
        read(scenes)


def test_a_file_without_a_checksum_is_read_and_its_digest_noted(scenes):
    set_href(scenes, "B04.tif")
    (source,) = read(scenes).provenance.sources
    assert len(source.sha256) == 64 and source.name.endswith("B04.tif")
    assert not Path(source.name).is_absolute()


def test_the_missing_file_is_named(scenes):
    damage(item_files(scenes)[0], "B04", "remove")
    with pytest.raises(IntegrityError, match=r"B04\.tif is missing"):
        read(scenes)
    provider = FolderProvider(scenes)
    with pytest.raises(IntegrityError, match=r"B04\.tif is missing"):
        provider.estimate(list(provider.search(WORLD))[:1], grid(), ["B04"])


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_raster_that_lies_nowhere_is_refused(scenes):
    file = item_files(scenes)[0].parent / "B04.tif"
    with rasterio.open(
        file, "w", driver="GTiff", width=4, height=4, count=1, dtype="uint16"
    ) as out:
        out.write(np.ones((1, 4, 4), np.uint16))
    set_href(scenes, "B04.tif")
    with pytest.raises(IntegrityError, match="where it lies"):
        read(scenes)


def test_only_the_wanted_ground_and_a_rim_of_it_is_read(tmp_path):
    make_catalogue(tmp_path, DAYS[:1], forest(1), size=60)
    provider = FolderProvider(tmp_path)
    look = group_acquisitions(provider.search(WORLD))[0]
    chip = provider.read(
        look.scenes, grid(origin=(630_200, 4_951_800), size=10), ["B04", "B11"], 9.0
    )
    shapes = {layer.bands: tuple(layer.geobox.shape) for layer in chip.layers}
    assert shapes == {("B04",): (34, 34), ("B11",): (17, 17)}
    assert [layer.scale for layer in chip.layers] == [(1e-4,), (1e-4,)]


def test_a_swath_edge_that_misses_one_tile_gives_the_other(tmp_path):
    make_catalogue(tmp_path, DAYS[:1], forest(2), other_zone="EPSG:32635")
    provider = FolderProvider(tmp_path)
    look = group_acquisitions(provider.search(WORLD))[0]
    west = provider.read(look.scenes, grid(size=10), ["B04"], 9.0)
    assert [layer.scene_id for layer in west.layers] == [look.scenes[0].id]
    with pytest.raises(NotYet):
        provider.read(look.scenes[1:], grid(size=10), ["B04"], 9.0)


def test_bands_of_one_grid_share_a_layer_and_keep_their_own_numbers(scenes: Path):
    chip = read(scenes, ("B08", "SCL", "B04", "B11"))
    assert sorted(map(len, (layer.bands for layer in chip.layers))) == [2, 2]
    for layer in chip.layers:
        for band, scale in zip(layer.bands, layer.scale, strict=True):
            assert scale == (None if band == "SCL" else 1e-4)


def counted(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Callable]:
    calls, real = [], getattr(disk, name)
    monkeypatch.setattr(disk, name, lambda *a: calls.append(a) or real(*a))
    return calls


def test_items_are_parsed_once_until_something_changes(scenes, monkeypatch):
    parsed = counted(monkeypatch, "_parse")
    for _ in range(3):
        found(scenes)
    assert len(parsed) == 1
    edit_item(item_files(scenes)[0], lambda item: item["properties"].update(note="seen again"))
    found(scenes)
    assert len(parsed) == 2
