"""The plainest client: http.client and rasterio, so that nothing of the product is in between."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.io import MemoryFile

from tests.standin import Standin

SCENE_BBOX = (630_000.0, 4_951_400.0, 630_600.0, 4_952_000.0)
"""The square of `tests.support.catalogue`, EPSG:32634."""
UTM = "http://www.opengis.net/def/crs/EPSG/0/32634"


@dataclass(frozen=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Raster:
    data: NDArray[Any]
    crs: CRS
    transform: Affine
    profile: Mapping[str, Any]


def ask(
    url: str,
    method: str = "GET",
    body: object = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
) -> Got:
    """Ask once on a connection of its own."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    sent = body if isinstance(body, bytes | type(None)) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
    try:
        connection.request(method, path, sent, dict(headers or {}))
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, named, answer.read())
    finally:
        connection.close()


def ask_token(server: Standin, **other: str) -> Got:
    form = {
        "grant_type": "client_credentials",
        "client_id": server.account.client_id,
        "client_secret": server.account.client_secret,
        **other,
    }
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask(server.token_url, "POST", urlencode(form).encode(), kind)


def token(server: Standin) -> str:
    return str(ask_token(server).json()["access_token"])


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}", "Content-Type": "application/json"}


def script(bands: Sequence[str], kind: str = "UINT16", units: str = "DN") -> str:
    """Return an evalscript that hands bands through."""
    samples = ", ".join(f"sample.{band}" for band in bands)
    return (
        "//VERSION=3\n"
        "function setup() {\n"
        f"  return {{input: [{{bands: {json.dumps(list(bands))}, units: '{units}'}}],\n"
        f"    output: {{bands: {len(bands)}, sampleType: '{kind}'}}}};\n"
        "}\n"
        f"function evaluatePixel(sample) {{ return [{samples}]; }}\n"
    )


def process_body(
    bands: Sequence[str] = ("B04", "dataMask"),
    day: str = "2020-06-01",
    *,
    bbox: Sequence[float] = SCENE_BBOX,
    crs: str = UTM,
    size: tuple[int, int] = (60, 60),
    kind: str = "sentinel-2-l2a",
    processing: Mapping[str, Any] | None = None,
    filter: Mapping[str, Any] | None = None,
    evalscript: str | None = None,
    until: str | None = None,
) -> dict[str, Any]:
    """Return the body of a Process request."""
    span = {"from": f"{day}T00:00:00Z", "to": f"{until or day}T23:59:59Z"}
    dtype = "FLOAT32" if kind == "sentinel-1-grd" else "UINT16"
    units = "LINEAR_POWER" if kind == "sentinel-1-grd" else "DN"
    return {
        "input": {
            "bounds": {"bbox": list(bbox), "properties": {"crs": crs}},
            "data": [
                {
                    "type": kind,
                    "dataFilter": {"timeRange": span, **(filter or {})},
                    "processing": dict(processing or {}),
                }
            ],
        },
        "evalscript": evalscript or script(bands, dtype, units),
        "output": {
            "width": size[0],
            "height": size[1],
            "responses": [{"identifier": "default", "format": {"type": "image/tiff"}}],
        },
    }


def process(server: Standin, body: object, opened: str | None = None) -> Got:
    return ask(f"{server.url}/api/v1/process", "POST", body, bearer(opened or token(server)))


def raster(data: bytes) -> Raster:
    """Read a GeoTIFF (or JPEG 2000) from memory."""
    with MemoryFile(data) as memory, memory.open() as file:
        return Raster(np.asarray(file.read()), file.crs, file.transform, dict(file.profile))
