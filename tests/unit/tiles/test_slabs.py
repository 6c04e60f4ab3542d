import hashlib
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from odc.geo.geobox import GeoBox

from tiles.errors import IntegrityError
from tiles.slabs import ALIGN, read_slab, write_slab

GEOBOX = GeoBox((3, 4), Affine(10, 0, 399_360, 0, -10, 5_099_520), "EPSG:32635")
kinds = st.sampled_from(["u1", "i2", "<f4", ">f8", "?", "i8", "M8[ns]"]).map(np.dtype)
arrays = kinds.flatmap(lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, min_side=0)))
scratch = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "v1.slab"


@pytest.fixture
def example(path: Path) -> tuple[Path, str]:
    content = {"mean": np.arange(12, dtype="i2").reshape(3, 4), "looks": np.ones((3, 4), "u1")}
    return path, write_slab(path, {"geobox": GEOBOX, "looks": 7}, content)


@given(st.dictionaries(st.text(min_size=1, max_size=8), arrays, max_size=4), st.booleans())
@scratch
def test_what_is_read_is_what_was_written(
    path: Path, content: dict[str, np.ndarray], mapped: bool
) -> None:
    sha256 = write_slab(path, {"n": 1, "geobox": GEOBOX}, content)
    header, found = read_slab(path, sha256, mmap=mapped)
    assert header == {"n": 1, "geobox": GEOBOX}
    assert found.keys() == content.keys()
    for name, array in content.items():
        assert found[name].dtype == array.dtype.newbyteorder("<")
        np.testing.assert_array_equal(found[name], array)


def test_the_digest_is_the_files_and_the_order_of_names_does_not_matter(
    example: tuple[Path, str], tmp_path: Path
) -> None:
    path, sha256 = example
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    header, found = read_slab(path)
    turned = {name: found[name] for name in reversed(found)}
    assert write_slab(tmp_path / "again", header, turned) == sha256


def test_arrays_are_aligned_and_read_only(example: tuple[Path, str]) -> None:
    _, found = read_slab(example[0])
    for array in found.values():
        assert array.ctypes.data % ALIGN == 0
        assert not array.flags.writeable


@given(st.data())
@scratch
def test_a_single_flipped_bit_anywhere_is_found(
    example: tuple[Path, str], data: st.DataObject
) -> None:
    path, sha256 = example
    whole = path.read_bytes()
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << (bit % 8)
    path.write_bytes(bytes(changed))
    try:
        with pytest.raises(IntegrityError):
            read_slab(path, sha256)
    finally:
        path.write_bytes(whole)


@given(st.data(), st.booleans())
@scratch
def test_a_cut_slab_is_found_without_a_digest(
    example: tuple[Path, str], data: st.DataObject, mapped: bool
) -> None:
    path, _ = example
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    try:
        with pytest.raises(IntegrityError):
            read_slab(path, mmap=mapped)
    finally:
        path.write_bytes(whole)


def test_a_flipped_bit_in_the_head_is_found_without_a_digest(example: tuple[Path, str]) -> None:
    path, _ = example
    whole = bytearray(path.read_bytes())
    place = whole.index(b'"looks":7') + 8
    whole[place] ^= 1
    path.write_bytes(bytes(whole))
    with pytest.raises(IntegrityError, match="head"):
        read_slab(path)


def test_a_slab_of_a_later_version_is_refused_by_its_number(example: tuple[Path, str]) -> None:
    path, _ = example
    whole = bytearray(path.read_bytes())
    whole[8] = 9
    path.write_bytes(bytes(whole))
    with pytest.raises(IntegrityError, match="version 9"):
        read_slab(path)


def test_a_missing_slab_is_an_integrity_error(path: Path) -> None:
    with pytest.raises(IntegrityError, match="missing"):
        read_slab(path)


def test_what_a_slab_cannot_hold_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="object"):
        write_slab(path, {}, {"a": np.array([None])})
    with pytest.raises(TypeError):
        write_slab(path, {"a": object()}, {})
    assert not path.exists()
