"""The files of one cube: staged in a private folder, renamed in, and made known last.

A killed writer leaves a private folder, which the next one removes, or chunks that no metadata
speak of, which it overwrites. One ``zarr.json`` holds shape and looks together, so that replacing
it is the one moment at which the cube changes. Whoever calls holds the cube's lock.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, Crc32cCodec

from tiles.atomic import storage_errors, write_atomically
from tiles.errors import TilesError
from tiles.faultpoints import reach
from tiles.rows import canonical

FORMAT = "hearthwatch cube 1"
CUBE = "cube.zarr"
ARRAY = "looks"
CHUNK = 250

_STAGE = ".stage-"
_OLD = ".old-"

Pixels = NDArray[np.float32]


class CubeDamaged(TilesError):
    """What lies there is no whole cube of this format; it is made anew."""


@dataclass(frozen=True, slots=True)
class CubeLook:
    """One look in a cube.

    Attributes
    ----------
    sensed : datetime
        Aware UTC.
    bands : mapping of str to str
        Bands the look has, with the types of their values.
    rows : tuple of str
        Hashes of the manifest rows of the masters it was made of.
    valid : bool
        False once these are no longer the ones to be used.
    """

    acquisition: str
    sensed: datetime
    bands: Mapping[str, str]
    rows: tuple[str, ...]
    valid: bool

    def still(self, rows: tuple[str, ...] | None) -> CubeLook:
        """Return the look as it stands when `rows` are the masters to be used."""
        return self if self.rows == rows else replace(self, valid=False)


@dataclass(frozen=True, slots=True)
class CubeState:
    """What a cube says of itself: its bands in the order of its array, and its looks."""

    bands: tuple[str, ...]
    looks: tuple[CubeLook, ...]

    def masters(self) -> dict[str, tuple[str, ...]]:
        """Return the row hashes of the masters of every look that holds."""
        return {look.acquisition: look.rows for look in self.looks if look.valid}


def read_state(folder: Path) -> CubeState | None:
    """Return what the cube in a folder says of itself, None where there is no whole one."""
    try:
        with storage_errors(folder, pass_absence=True):
            value = json.loads((folder / CUBE / ARRAY / "zarr.json").read_bytes())
        said = value["attributes"]
        if said["format"] != FORMAT or said["digest"] != _digest(value["shape"], said):
            return None
        looks = tuple(_look(one) for one in said["looks"])
        return CubeState(tuple(said["bands"]), looks)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def read_looks(
    folder: Path, numbers: Sequence[int], window: tuple[slice, slice] | None = None
) -> list[Pixels]:
    """Return some looks, each of shape (band, y, x).

    Raises
    ------
    CubeDamaged
        If a chunk is missing or altered.
    """
    path = folder / CUBE
    rows, cols = window or (slice(None), slice(None))
    try:
        array = _array(zarr.open_group(path, mode="r"))
        for number in numbers:
            _check_whole(path, array, number)
        return [np.asarray(array[number, :, rows, cols], np.float32) for number in numbers]
    except _BROKEN as error:
        raise CubeDamaged(f"{path}: {error}") from error


def append_looks(
    folder: Path,
    state: CubeState,
    held: Sequence[CubeLook],
    made: Iterable[tuple[CubeLook, Pixels]],
) -> None:
    """Write looks after those that are there, and then say so.

    Parameters
    ----------
    held : sequence of CubeLook
        The looks that are there, as they stand now.

    Raises
    ------
    StorageFull, StorageFailed
    """
    target, looks = folder / CUBE / ARRAY, list(held)
    metadata = json.loads((target / "zarr.json").read_bytes())
    shape = (metadata["shape"][2], metadata["shape"][3])
    for look, pixels in made:
        stage = _stage(folder)
        with storage_errors(stage):
            array = _create(stage, state.bands, shape, 1)
            array[0] = pixels
            reach("cube.staged")
            _move_chunks(stage / ARRAY / "c" / "0", target / "c" / str(len(looks)))
            shutil.rmtree(stage)
        reach("cube.renamed")
        looks.append(look)
    _publish(target, metadata, state.bands, looks)
    reach("cube.published")


def replace_cube(
    folder: Path,
    bands: tuple[str, ...],
    shape: tuple[int, int],
    count: int,
    made: Iterable[tuple[CubeLook, Pixels]],
) -> None:
    """Write a whole cube of `count` looks aside and put it in the place of the one there.

    Raises
    ------
    StorageFull, StorageFailed
    """
    stage, looks = _stage(folder), []
    with storage_errors(stage):
        array = _create(stage, bands, shape, count)
        for number, (look, pixels) in enumerate(made):
            array[number] = pixels
            looks.append(look)
        target = stage / ARRAY
        _publish(target, json.loads((target / "zarr.json").read_bytes()), bands, looks)
        reach("cube.rebuilt")
        old = folder / f"{_OLD}{secrets.token_hex(4)}"
        if (folder / CUBE).exists():
            (folder / CUBE).rename(old)
            reach("cube.set_aside")
        stage.rename(folder / CUBE)
        shutil.rmtree(old, ignore_errors=True)


def sweep_stages(folder: Path) -> None:
    """Remove what killed writers left; nobody else writes while the lock is held."""
    with storage_errors(folder):
        for entry in folder.iterdir():
            if entry.name.startswith((_STAGE, _OLD)):
                shutil.rmtree(entry)


def _stage(folder: Path) -> Path:
    return folder / f"{_STAGE}{os.getpid()}-{secrets.token_hex(4)}"


def _create(
    path: Path, bands: tuple[str, ...], shape: tuple[int, int], count: int
) -> zarr.Array[Any]:
    group = zarr.create_group(path, zarr_format=3)
    return group.create_array(
        ARRAY,
        shape=(count, len(bands), *shape),
        chunks=(1, max(len(bands), 1), CHUNK, CHUNK),
        dtype="float32",
        fill_value=float("nan"),
        # The check sum is compared at every read; a chunk of nothing is written all the same, so
        # that one that is not there is known to be lost.
        compressors=[BloscCodec(cname="zstd", clevel=3, shuffle="bitshuffle"), Crc32cCodec()],
        config={"write_empty_chunks": True},
        dimension_names=("look", "band", "y", "x"),
    )


def _move_chunks(source: Path, target: Path) -> None:
    if target.exists():
        # Renamed in by a writer that was killed before it could say so.
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    source.rename(target)


def _publish(
    target: Path, metadata: dict[str, Any], bands: Sequence[str], looks: Sequence[CubeLook]
) -> None:
    shape = [len(looks), *metadata["shape"][1:]]
    told = [asdict(look) | {"sensed": look.sensed.isoformat()} for look in looks]
    said = {"format": FORMAT, "bands": list(bands), "looks": told}
    said["digest"] = _digest(shape, said)
    value = metadata | {"shape": shape, "attributes": said}
    write_atomically(target / "zarr.json", json.dumps(value, indent=1).encode())


def _digest(shape: Sequence[int], said: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in said.items() if name != "digest"}
    return hashlib.sha256(canonical([list(shape), kept])).hexdigest()


def _look(said: Mapping[str, Any]) -> CubeLook:
    return CubeLook(
        acquisition=said["acquisition"],
        sensed=datetime.fromisoformat(said["sensed"]),
        bands=dict(said["bands"]),
        rows=tuple(said["rows"]),
        valid=said["valid"],
    )


def _array(group: zarr.Group) -> zarr.Array[Any]:
    found = group[ARRAY]
    if not isinstance(found, zarr.Array):
        raise CubeDamaged(f"{ARRAY} is no array")
    return found


def _check_whole(path: Path, array: zarr.Array[Any], number: int) -> None:
    """Refuse a look of which a chunk is not there: it would read as nothing observed."""
    found = sum(1 for file in (path / ARRAY / "c" / str(number)).rglob("*") if file.is_file())
    needed = math.prod(math.ceil(size / CHUNK) for size in array.shape[2:])
    if found != needed:
        raise CubeDamaged(f"look {number} has {found} of {needed} chunks")


_BROKEN = (OSError, ValueError, RuntimeError, KeyError, TypeError, IndexError)
