"""What is handed on: the same pixels, laid out for the cloud, with what proves them."""

import hashlib
import json
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.chips import CELL, LOOK, chip, layer, response
from tiles.archive import Archive
from tiles.errors import IntegrityError
from tiles.exporting import export


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def ifds(data: bytes) -> Iterator[dict[int, tuple[int, ...]]]:
    """Walk the directories of a classic little-endian TIFF; each with its own offset as tag 0."""
    magic, version, at = struct.unpack_from("<2sHI", data)
    assert (magic, version) == (b"II", 42)
    while at:
        (count,) = struct.unpack_from("<H", data, at)
        tags: dict[int, tuple[int, ...]] = {0: (at,)}
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, number = struct.unpack_from("<HHI", data, entry)
            letter = {3: "H", 4: "I"}.get(kind)
            if letter is not None:
                width = struct.calcsize(f"<{number}{letter}")
                place = entry + 8 if width <= 4 else struct.unpack_from("<I", data, entry + 8)[0]
                tags[tag] = struct.unpack_from(f"<{number}{letter}", data, place)
        yield tags
        (at,) = struct.unpack_from("<I", data, at + 2 + 12 * count)


def test_a_cog_lists_all_its_pictures_before_any_pixel_and_the_smallest_first(
    archive: Archive, tmp_path: Path
) -> None:
    refs = archive.store(chip((layer(shape=(1300, 1100)),)), CELL)
    export(archive, refs, tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*.tif")
    pictures = list(ifds(path.read_bytes()))
    widths = [one[256][0] for one in pictures]
    assert widths == [1100, 550, 275]
    offsets = [one[0][0] for one in pictures]
    tiles = [min(one[324]) for one in pictures]
    assert offsets == sorted(offsets)
    assert max(offsets) < min(tiles)
    assert tiles == sorted(tiles, reverse=True)
    assert {(one[322][0], one[323][0]) for one in pictures} == {(512, 512)}
    assert {one[259][0] for one in pictures} == {8}, "8 is deflate"


def test_the_pixels_and_what_they_mean_are_those_of_the_master(
    archive: Archive, tmp_path: Path
) -> None:
    made = layer(shape=(700, 600))
    (ref,) = archive.store(chip((made,)), CELL)
    export(archive, [ref], tmp_path / "out")
    name = f"{CELL}_{Path(ref.path).name}"
    with rasterio.open(tmp_path / "out" / name) as source:
        assert np.array_equal(source.read(), made.dn)
        assert source.descriptions == made.bands
        assert (source.scales, source.offsets, source.nodata) == (made.scale, made.offset, 0)
        assert source.crs.to_epsg() == 32635
        tags = source.tags()
        assert tags["NOTICE"] == "Contains modified Copernicus Sentinel data 2020"
        assert tags["TIFFTAG_COPYRIGHT"] == tags["NOTICE"]
        assert tags["SCENE"] == made.scene_id
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


@given(
    dtype=st.sampled_from(["uint8", "uint16", "int16", "float32"]),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 2**16),
)
@settings(deadline=None, max_examples=15)
def test_every_kind_of_pixel_comes_out_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, dtype: str, height: int, width: int, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("export")
    made = layer(("VV",), shape=(height, width), dtype=dtype, seed=seed)
    if dtype == "float32":
        noisy = np.random.default_rng(seed).normal(size=made.dn.shape).astype("f4")
        noisy[0, 0, 0] = np.nan
        made = replace(made, dn=noisy, nodata=(None,))
    archive = Archive(folder / "archive")
    export(archive, archive.store(chip((made,)), CELL), folder / "out")
    (path,) = (folder / "out").glob("*.tif")
    with rasterio.open(path) as source:
        assert source.read().tobytes() == made.dn.tobytes()


def test_classes_are_never_averaged_in_overviews(archive: Archive, tmp_path: Path) -> None:
    classes = layer(("SCL",), shape=(1100, 1100), dtype="uint8")
    dn = np.where(np.indices((1, 1100, 1100)).sum(0) % 2, 4, 8).astype("u1")
    classes = replace(classes, dn=dn, scale=(None,), offset=(None,))
    export(archive, archive.store(chip((classes,)), CELL), tmp_path / "out")
    (path,) = (tmp_path / "out").glob("*.tif")
    with rasterio.open(path, overview_level=0) as source:
        assert set(np.unique(source.read())) <= {4, 8}


def test_the_sidecar_the_response_and_the_rows_go_along_and_sha256sum_agrees(
    archive: Archive, tmp_path: Path
) -> None:
    original = response(b"as it was sent", ("B03", "B04", "SCL"))
    refs = archive.store(chip(originals=(original,)), CELL)
    out = tmp_path / "out"
    files = export(archive, refs, out)
    names = {path.name for path in out.iterdir()}
    assert names == {one.name for one in files} | {"SHA256SUMS"}
    assert len(files) == 2 + 2 + 1 + 1
    assert subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=out, check=False
    ).returncode == 0  # fmt: skip
    (sent,) = out.glob("*.provider.tif")
    assert sent.read_bytes() == b"as it was sent"
    rows = [json.loads(line) for line in (out / "rows.jsonl").read_text().splitlines()]
    assert [row["hash"] for row in rows] == [ref.row_hash for ref in refs]
    sidecar = out / f"{CELL}_{Path(refs[0].path).stem}.json"
    assert hashlib.sha256(sidecar.read_bytes()).hexdigest() == rows[0]["sidecar_sha256"]


def test_an_altered_master_or_response_is_not_handed_on(archive: Archive, tmp_path: Path) -> None:
    original = response(b"as it was sent", ("B03", "B04", "SCL"))
    refs = archive.store(chip(originals=(original,)), CELL)
    for pattern in ("*.provider.tif", f"{LOOK}_????????????????.tif"):
        victim = next(archive.root.rglob(pattern))
        whole = victim.read_bytes()
        victim.chmod(0o644)
        victim.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(IntegrityError):
            export(archive, refs, tmp_path / pattern.strip("*?_.tif"))
        victim.write_bytes(whole)
    assert not list(tmp_path.rglob("SHA256SUMS"))
