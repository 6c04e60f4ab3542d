"""The Process API of Sentinel Hub."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry import shape

from tests.standin import evalscript
from tests.standin.account import Limits
from tests.standin.evalscript import Output, Script
from tests.standin.image import Image, geotiff
from tests.standin.mosaic import Handling, Target, paint
from tests.standin.scenes import Scene, moment
from tests.standin.spoiling import tar
from tests.standin.wire import GEOTIFF, Answer, Request, bad_payload

MOST_PIXELS = 2500
SMALLEST_UNITS = 0.005
TYPES = {"sentinel-2-l2a": "optical", "sentinel-1-grd": "radar"}
_CRS = re.compile(r"^http://www\.opengis\.net/def/crs/(?:EPSG/0/(\d+)|OGC/1\.3/(CRS84))$")
Pixels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Order:
    """What a request for pixels asks for."""

    kind: str
    bounds: Mapping[str, Any]
    crs: str
    filter: Mapping[str, Any]
    handling: Handling
    script: Script

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Return the time range."""
        stated = self.filter.get("timeRange") or {}
        if not stated.get("from") or not stated.get("to"):
            raise bad_payload("dataFilter states no timeRange")
        return moment(stated["from"]), moment(stated["to"])


def answer(request: Request, scenes: Sequence[Scene], limits: Limits) -> Answer:
    """Answer a Process request."""
    document = request.json()
    order = read_order(document, document.get("evalscript"))
    target = read_target(order, document.get("output") or {})
    responses = _responses(document.get("output") or {})
    units = price(order, target)
    chosen = choose(scenes, order, *order.window)
    files = _files(request, order, target, chosen, responses)
    limits.charge(units)
    headers = {"Content-Type": GEOTIFF, "x-processingunits-spent": f"{units:.6f}"}
    if len(files) == 1:
        return Answer(200, headers, files[responses[0]], units)
    named = {f"{name}.tif": data for name, data in files.items()}
    return Answer(200, {**headers, "Content-Type": "application/x-tar"}, tar(named), units)


def read_order(document: Mapping[str, Any], script: object) -> Order:
    """Read ``input`` and the script of a Process or Statistical request."""
    try:
        given = document["input"]
        (data,) = given["data"]
        kind = TYPES[data["type"]]
        crs = (
            given["bounds"]
            .get("properties", {})
            .get("crs", "http://www.opengis.net/def/crs/OGC/1.3/CRS84")
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise bad_payload(f"input is not understood: {error!r}") from error
    found = _CRS.match(crs)
    if found is None or not isinstance(script, str):
        raise bad_payload("the CRS is not understood, or there is no evalscript")
    return Order(
        kind=kind,
        bounds=given["bounds"],
        crs="OGC:CRS84" if found.group(2) else f"EPSG:{found.group(1)}",
        filter=data.get("dataFilter") or {},
        handling=Handling.asked(data.get("processing") or {}),
        script=evalscript.read(script),
    )


def read_target(order: Order, output: Mapping[str, Any]) -> Target:
    """Return the grid asked for, by its size in pixels or by the size of a pixel."""
    try:
        bbox = order.bounds.get("bbox") or shape(order.bounds["geometry"]).bounds
        west, south, east, north = map(float, bbox)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise bad_payload(f"bounds are not understood: {error!r}") from error
    if not (west < east and south < north):
        raise bad_payload("bounds hold nothing")
    if "resx" in output or "resy" in output:
        width = max(1, round((east - west) / float(output["resx"])))
        height = max(1, round((north - south) / float(output["resy"])))
    else:
        width, height = int(output.get("width", 256)), int(output.get("height", 256))
    if not (1 <= width <= MOST_PIXELS and 1 <= height <= MOST_PIXELS):
        raise bad_payload(f"The requested image of {width} x {height} exceeds {MOST_PIXELS} px")
    step = (east - west) / width, (north - south) / height
    return Target(order.crs, Affine(step[0], 0, west, 0, -step[1], north), width, height)


def choose(scenes: Sequence[Scene], order: Order, start: datetime, end: datetime) -> list[Scene]:
    """Return the scenes that take part, the one on top first."""
    kept = [s for s in scenes if s.kind == order.kind and start <= s.sensed <= end]
    limit = float(order.filter.get("maxCloudCoverage", 100))
    kept = [s for s in kept if float(s.get("eo:cloud_cover", 0.0)) <= limit and _meets(s, order)]
    by = order.filter.get("mosaickingOrder", "mostRecent")
    if by == "leastCC":
        return sorted(kept, key=lambda s: (float(s.get("eo:cloud_cover", 0.0)), s.id))
    return sorted(kept, key=lambda s: (s.sensed, s.id), reverse=by != "leastRecent")


def price(
    order: Order, target: Target, samples: int = 1, smallest: float = SMALLEST_UNITS
) -> float:
    """Return the processing units that a request costs."""
    area = max(0.01, target.width * target.height / (512 * 512))
    bands = max(1, sum(band != "dataMask" for band in order.script.bands))
    wide = 2.0 if any(out.dtype == "float32" for out in order.script.outputs) else 1.0
    factor = order.handling.factor if order.kind == "radar" else 1.0
    return max(smallest, area * bands / 3 * wide * max(1, samples) * factor)


def pixels(order: Order, target: Target, scenes: Sequence[Scene]) -> dict[str, Pixels]:
    """Return the bands a script is given, in the units it asks for."""
    known = {band for scene in scenes for band in scene.bands} | {"dataMask"}
    missing = [band for band in order.script.bands if scenes and band not in known]
    if missing:
        raise bad_payload(f"Dataset has no band {', '.join(missing)}")
    painted = paint(scenes, order.script.bands, target, order.handling)
    inside = _inside(order, target)
    for band, values in painted.items():
        cut = np.where(inside, values, 0).astype(values.dtype)
        reflectance = (
            order.kind == "optical"
            and band.startswith("B")
            and order.script.units.get(band) in (None, "REFLECTANCE")
        )
        painted[band] = cut / 10_000 if reflectance else cut
    return painted


def result(output: Output, bands: Mapping[str, Pixels], target: Target) -> Pixels:
    """Return what a script makes of its bands, shape (band, y, x), floating point."""
    made = [
        np.broadcast_to(evalscript.evaluate(text, bands), target.shape)
        for text in output.expressions
    ]
    return np.stack([one.astype(np.float64) for one in made])


def _meets(scene: Scene, order: Order) -> bool:
    stated = {
        "orbitDirection": str(scene.get("sat:orbit_state", "")).upper(),
        "acquisitionMode": scene.get("sar:instrument_mode", "IW"),
        "polarization": scene.get("s1:polarization", "DV"),
        "resolution": scene.get("s1:resolution", "HIGH"),
        "timeliness": str(scene.get("s1:timeliness", "Fast-24h")).replace("-", ""),
    }
    return all(
        order.filter.get(name) in (None, "BOTH") or order.filter[name] == value
        for name, value in stated.items()
    )


def _inside(order: Order, target: Target) -> Pixels:
    """Return where the asked-for polygon is; everywhere, for a rectangle."""
    outline = order.bounds.get("geometry")
    if outline is None:
        return np.ones(target.shape, bool)
    burned: Pixels = rasterize([shape(outline)], target.shape, transform=target.transform)
    return burned.astype(bool)


def _files(
    request: Request,
    order: Order,
    target: Target,
    scenes: Sequence[Scene],
    responses: Sequence[str],
) -> dict[str, bytes]:
    bands = pixels(order, target, scenes)
    outputs = {output.name: output for output in order.script.outputs}
    files = {}
    for name in responses:
        if name not in outputs:
            raise bad_payload(f"the evalscript has no output {name}")
        files[name] = geotiff(request.spoil(_image(outputs[name], bands, target)))
    return files


def _image(output: Output, bands: Mapping[str, Pixels], target: Target) -> Image:
    if not output.dtype:
        raise bad_payload(f"name the sampleType of {output.name}: AUTO is not stood in for")
    values = result(output, bands, target)
    if output.dtype != "float32":
        limits = np.iinfo(output.dtype)
        values = np.clip(np.rint(np.nan_to_num(values)), limits.min, limits.max)
    names = tuple(text.rsplit(".", 1)[-1] for text in output.expressions)
    return Image(values.astype(output.dtype), names, target.crs, target.transform)


def _responses(output: Mapping[str, Any]) -> list[str]:
    stated = output.get("responses") or [{"identifier": "default"}]
    for one in stated:
        kind = (one.get("format") or {}).get("type", GEOTIFF)
        if not str(kind).startswith(GEOTIFF):
            raise bad_payload(f"{kind} is not stood in for")
    return [str(one.get("identifier", "default")) for one in stated]
