import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from imagery.types import Chip, Layer
from tiles.archive import Archive
from tiles.errors import IntegrityError
from tiles.masters import encode

MakeChip = Callable[..., Chip]
MakeLayer = Callable[..., Layer]
LOOK = "S2A_20200630T092031"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def files(archive: Archive) -> dict[str, bytes]:
    return {
        path.relative_to(archive.root).as_posix(): path.read_bytes()
        for path in sorted(archive.root.rglob("*"))
        if path.is_file()
    }


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def assert_same_layer(one: Layer, other: Layer) -> None:
    assert replace(one, dn=other.dn) == other
    assert one.dn.dtype == other.dn.dtype
    assert one.dn.tobytes() == other.dn.tobytes()


def test_what_is_loaded_is_what_was_stored(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    chip = make_chip()
    archive.store(chip, cell_id)
    loaded = archive.load(LOOK, cell_id)
    assert loaded is not None
    assert replace(loaded, layers=()) == replace(chip, layers=())
    for one, other in zip(loaded.layers, chip.layers, strict=True):
        assert_same_layer(one, other)


def test_a_layer_without_scale_or_with_mixed_nodata_comes_back_as_it_was(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    odd = replace(make_layer(), scale=(None, 1e-4), offset=(None, 0.0), nodata=(0, None))
    archive.store(make_chip((odd,)), cell_id)
    loaded = archive.load(LOOK, cell_id)
    assert loaded is not None
    assert_same_layer(loaded.layers[0], odd)


def test_float_pixels_keep_every_bit(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    floats = make_layer(("VV",), dtype="float32")
    dn = np.asarray(floats.dn).copy()
    dn[0, 0, :3] = (np.nan, -0.0, np.inf)
    floats = replace(floats, dn=dn, nodata=(None,))
    archive.store(make_chip((floats,)), cell_id)
    loaded = archive.load(LOOK, cell_id)
    assert loaded is not None
    assert_same_layer(loaded.layers[0], floats)


def test_the_path_says_sensor_cell_day_and_acquisition(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    ref = archive.store(make_chip(), cell_id)[0]
    grid_hash = ref.key.rsplit("/", 1)[1]
    assert ref.path == f"sentinel-2-l2a/{cell_id}/20200630/{LOOK}_{grid_hash}.tif"
    assert ref.bytes == (archive.root / ref.path).stat().st_size


def test_any_gis_reads_the_master_and_learns_what_it_is(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    large = make_layer(shape=(600, 700))
    (ref,) = archive.store(make_chip((large,)), cell_id)
    with rasterio.open(archive.root / ref.path) as source:
        assert source.descriptions == ("B03", "B04")
        assert source.scales == (1e-4, 1e-4)
        assert source.offsets == (-0.1, -0.1)
        assert source.nodata == 0
        assert source.crs.to_epsg() == 32635
        assert source.block_shapes == [(512, 512)] * 2
        assert source.tags()["SENSED"] == "2020-06-30T09:20:31+00:00"
        assert np.array_equal(source.read(), large.dn)


def test_the_sidecar_tells_where_the_pixels_came_from(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    ref = archive.store(make_chip(), cell_id)[0]
    told = json.loads((archive.root / ref.path).with_suffix(".json").read_text())
    assert told["master"]["sha256"] == ref.sha256
    (source,) = told["provenance"]["sources"]
    assert source == {
        "name": "B03.tif",
        "sha256": "b" * 64,
        "bytes": 1234,
        "request_sha256": "c" * 64,
        "script_sha256": "d" * 64,
        "units": 0.25,
    }
    assert told["original"] is None
    assert told["layer"]["grid"]["crs"] == "EPSG:32635"
    assert told["layer"]["offset"] == [-0.1, -0.1]


def test_storing_again_changes_nothing(archive: Archive, make_chip: MakeChip, cell_id: str) -> None:
    first = archive.store(make_chip(), cell_id)
    before = files(archive)
    later = make_chip(fetched=datetime(2021, 1, 1, tzinfo=UTC))
    assert archive.store(later, cell_id) == first
    assert Archive(archive.root).store(later, cell_id) == first
    assert archive.masters(LOOK, cell_id) == first
    assert files(archive) == before


def test_the_same_layer_gives_the_same_bytes(make_chip: MakeChip) -> None:
    chip = make_chip()
    assert encode(chip, chip.layers[0]) == encode(chip, chip.layers[0])


def test_other_pixels_under_the_same_key_are_refused(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    archive.store(make_chip((make_layer(seed=0),)), cell_id)
    before = files(archive)
    with pytest.raises(IntegrityError, match="another content"):
        archive.store(make_chip((make_layer(seed=1),)), cell_id)
    assert files(archive) == before


def test_more_bands_of_a_known_look_are_added(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    archive.store(make_chip((make_layer(),)), cell_id)
    assert not archive.has(LOOK, cell_id, ["SCL"])
    archive.store(make_chip(), cell_id)
    assert archive.has(LOOK, cell_id, ["B03", "SCL"])
    loaded = archive.load(LOOK, cell_id)
    assert loaded is not None
    assert [layer.bands for layer in loaded.layers] == [("B03", "B04"), ("SCL",)]
    assert archive.verify() == []


def test_a_chip_of_which_only_a_part_is_listed_does_not_count(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    archive.store(make_chip(), cell_id)
    manifest = archive.root / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes().splitlines(keepends=True)[0])
    cut = Archive(archive.root)
    assert not cut.has(LOOK, cell_id)
    assert cut.load(LOOK, cell_id) is None
    cut.store(make_chip(), cell_id)
    assert cut.has(LOOK, cell_id)
    assert cut.verify() == []


def test_an_unknown_look_is_absent_not_an_error(archive: Archive, cell_id: str) -> None:
    assert not archive.has(LOOK, cell_id)
    assert archive.load(LOOK, cell_id) is None
    assert archive.masters(LOOK, cell_id) == ()
    assert archive.verify() == []


@pytest.mark.parametrize(
    ("change", "cell"),
    [
        ({"acquisition": "../../etc"}, "35N_0039_0497"),
        ({"acquisition": "a/b"}, "35N_0039_0497"),
        ({"sensor": ".."}, "35N_0039_0497"),
        ({}, "../35N"),
    ],
)
def test_a_name_that_leads_out_of_the_archive_is_refused(
    archive: Archive, make_chip: MakeChip, change: dict[str, str], cell: str
) -> None:
    with pytest.raises(ValueError, match=r"id of a grid cell|file name"):
        archive.store(replace(make_chip(), **change), cell)


def test_two_layers_of_one_name_are_refused(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    with pytest.raises(ValueError, match="two layers"):
        archive.store(make_chip((make_layer(), make_layer(seed=1))), cell_id)


def test_an_archive_can_be_sent_to_a_worker_and_follows_what_others_store(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    other = pickle.loads(pickle.dumps(archive))
    assert not other.has(LOOK, cell_id)
    archive.store(make_chip(), cell_id)
    assert other.has(LOOK, cell_id)
    other.store(make_chip(acquisition="S2B_20200705"), cell_id)
    assert archive.has("S2B_20200705", cell_id)


def test_threads_store_and_load_side_by_side(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    looks = [f"look{number % 4}" for number in range(16)]

    def work(look: str) -> bool:
        archive.store(make_chip(acquisition=look), cell_id)
        return archive.load(look, cell_id) is not None

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, looks))
    assert len(archive.manifest.rows()) == 8
    assert archive.verify() == []


def test_a_master_that_a_killed_writer_left_is_adopted(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    refs = archive.store(make_chip(), cell_id)
    before = files(archive)
    (archive.root / "manifest.jsonl").unlink()
    again = Archive(archive.root)
    assert again.store(make_chip(fetched=datetime(2021, 1, 1, tzinfo=UTC)), cell_id) == refs
    assert files(again) == before


def test_an_unlisted_master_with_other_pixels_is_set_aside_not_destroyed(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    (ref,) = archive.store(make_chip((make_layer(seed=0),)), cell_id)
    old = (archive.root / ref.path).read_bytes()
    (archive.root / "manifest.jsonl").unlink()
    again = Archive(archive.root)
    again.store(make_chip((make_layer(seed=1),)), cell_id)
    (fault,) = again.verify()
    assert fault.path == f"{ref.path}.unlisted-{ref.sha256[:8]}"
    assert (archive.root / fault.path).read_bytes() == old


def test_a_row_that_was_cut_short_is_taken_off_by_the_next_writer(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    archive.store(make_chip(), cell_id)
    manifest = archive.root / "manifest.jsonl"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole + whole.splitlines()[0][:50])
    assert [fault.problem for fault in archive.verify()] == [
        "row 3: cut short, 50 bytes without an end"
    ]
    again = Archive(archive.root)
    assert again.has(LOOK, cell_id)
    again.store(make_chip(acquisition="S2B_20200705"), cell_id)
    assert manifest.read_bytes().startswith(whole)
    assert again.verify() == []


class TestTampering:
    def test_a_missing_file_a_removed_row_and_a_stranger_are_named(
        self, archive: Archive, make_chip: MakeChip, cell_id: str
    ) -> None:
        for look in ("one", "two", "three"):
            archive.store(make_chip(acquisition=look), cell_id)
        gone = archive.masters("one", cell_id)[0].path
        (archive.root / gone).unlink()
        (archive.root / "stranger.tif").write_bytes(b"x")
        manifest = archive.root / "manifest.jsonl"
        lines = manifest.read_bytes().splitlines(keepends=True)
        manifest.write_bytes(b"".join(lines[:2] + lines[3:]))
        faults = {(fault.path, fault.problem) for fault in archive.verify()}
        assert (gone, "missing") in faults
        assert ("stranger.tif", "not listed in the manifest") in faults
        assert ("manifest.jsonl", "row 3: not chained to the row before") in faults
        with pytest.raises(IntegrityError, match="row 3"):
            Archive(archive.root).has("one", cell_id)

    def test_a_listed_master_that_is_missing_is_not_passed_over(
        self, archive: Archive, make_chip: MakeChip, cell_id: str
    ) -> None:
        ref = archive.store(make_chip(), cell_id)[0]
        (archive.root / ref.path).unlink()
        with pytest.raises(IntegrityError, match="missing"):
            archive.load(LOOK, cell_id)
        with pytest.raises(IntegrityError, match="missing"):
            archive.store(make_chip(), cell_id)

    def test_a_cut_master_is_refused_even_unverified(
        self, archive: Archive, make_chip: MakeChip, cell_id: str
    ) -> None:
        ref = archive.store(make_chip(), cell_id)[0]
        path = archive.root / ref.path
        overwrite(path, path.read_bytes()[:100])
        with pytest.raises(IntegrityError):
            archive.load(LOOK, cell_id, verify=False)
