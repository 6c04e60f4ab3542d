"""Files of bands, whole or in parts, as each catalogue keeps them."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import rasterio
from rasterio.io import MemoryFile

from tests.standin.dialects import COG, JP2
from tests.standin.faults import Fault
from tests.standin.image import Image
from tests.standin.scenes import Band, Scene
from tests.standin.wire import Answer, Refused, Request, as_json

_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


@dataclass(slots=True)
class Files:
    """Every band's file, at ``/files/<keeper>/<scene>/<band>.<ending>``.

    Attributes
    ----------
    spoilt : dict
        Faults of pixels by ``(scene id, band)``; ``"*"`` stands for every scene or band. A file
        once spoilt is so in every part of it.
    jpeg2000 : bool
        Whether the Data Space keeps JPEG 2000, as it does; else GeoTIFFs as on disk.
    sas_seconds : float
        How long the Planetary Computer's signatures hold.
    """

    spoilt: dict[tuple[str, str], Fault] = field(default_factory=dict)
    jpeg2000: bool = True
    sas_seconds: float = 2700.0
    _signatures: dict[str, float] = field(default_factory=dict)
    _made: dict[tuple[Any, ...], bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def href(self, base: str, keeper: str, scene: Scene, band: Band) -> str:
        """Return a file's address."""
        ending = "jp2" if keeper == "cdse" and self.jpeg2000 else "tif"
        return f"{base}/files/{keeper}/{scene.id}/{band.name}.{ending}"

    def answer(self, request: Request, scenes: Sequence[Scene]) -> Answer:
        """Answer GET and HEAD."""
        keeper = request.parts["keeper"]
        if keeper == "planetary-computer":
            self._require_signature(request)
        named = {scene.id: scene for scene in scenes}
        scene = named.get(request.parts["scene"])
        band = None if scene is None else scene.bands.get(request.parts["band"])
        if scene is None or band is None:
            raise Refused(Answer(404, {"Content-Type": "application/xml"}, b"<Error/>"))
        data = self.content(keeper, scene, band)
        kind = JP2 if data[4:8] == b"jP  " else COG
        etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        return _part(request, data, {"Content-Type": kind, "ETag": etag, "Accept-Ranges": "bytes"})

    def sign(self, request: Request) -> Answer:
        """Answer a request for the Planetary Computer's signature."""
        signature = secrets.token_urlsafe(32)
        end = datetime.now(UTC) + timedelta(seconds=self.sas_seconds)
        with self._lock:
            self._signatures[signature] = time.monotonic() + self.sas_seconds
        text = f"{end:%Y-%m-%dT%H:%M:%SZ}"
        token = (
            f"st=2020-01-01T00%3A00%3A00Z&se={text.replace(':', '%3A')}&sp=rl&sr=c&sig={signature}"
        )
        return as_json({"msft:expiry": text, "token": token})

    def content(self, keeper: str, scene: Scene, band: Band) -> bytes:
        """Return a file's bytes."""
        fault = self._fault(scene, band)
        status = band.path.stat()
        key = (band.path, status.st_mtime_ns, status.st_size, keeper, self.jpeg2000, id(fault))
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(keeper, band, fault)
            return self._made[key]

    def _fault(self, scene: Scene, band: Band) -> Fault | None:
        for key in ((scene.id, band.name), (scene.id, "*"), ("*", band.name), ("*", "*")):
            if key in self.spoilt:
                return self.spoilt[key]
        return None

    def _make(self, keeper: str, band: Band, fault: Fault | None) -> bytes:
        shifted_back = keeper == "earth-search-legacy" and band.offset_dn
        jpeg = keeper == "cdse" and self.jpeg2000
        if fault is None and not shifted_back and not jpeg:
            return band.path.read_bytes()
        image = _read(band)
        if shifted_back:
            lowered = np.maximum(image.data.astype(np.int32) + band.offset_dn, 0)
            image = Image(lowered.astype(image.data.dtype), image.bands, image.crs,
                          image.transform, image.nodata, image.options)  # fmt: skip
        if fault is not None and fault.image is not None:
            image = fault.image(image)
        return _write(image, "JP2OpenJPEG" if jpeg else "COG")

    def _require_signature(self, request: Request) -> None:
        signature = request.query.get("sig")
        if signature is None:
            raise Refused(_azure(404, "ResourceNotFound"))
        with self._lock:
            end = self._signatures.get(signature)
        if end is None or time.monotonic() >= end:
            raise Refused(_azure(403, "AuthenticationFailed"))


def _part(request: Request, data: bytes, headers: dict[str, str]) -> Answer:
    stated = request.headers.get("range")
    found = _RANGE.match(stated) if stated else None
    if found is None or found.groups() == ("", ""):
        return Answer(200, headers, data)
    first, last = found.groups()
    if first == "":
        start, end = max(0, len(data) - int(last)), len(data) - 1
    else:
        start, end = int(first), min(int(last) if last else len(data), len(data) - 1)
    if start >= len(data) or start > end:
        return Answer(416, {**headers, "Content-Range": f"bytes */{len(data)}"})
    place = {"Content-Range": f"bytes {start}-{end}/{len(data)}"}
    return Answer(206, {**headers, **place}, data[start : end + 1])


def _azure(status: int, code: str) -> Answer:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code></Error>'.encode()
    return Answer(status, {"Content-Type": "application/xml", "x-ms-error-code": code}, body)


def _read(band: Band) -> Image:
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), rasterio.open(band.path) as file:
        return Image(file.read(), (band.name,), file.crs.to_wkt(), file.transform, file.nodata)


def _write(image: Image, driver: str) -> bytes:
    count, height, width = image.data.shape
    profile: dict[str, Any] = {
        "driver": driver, "dtype": image.data.dtype.name, "count": count, "height": height,
        "width": width, "crs": image.crs, "transform": image.transform,
    }  # fmt: skip
    if driver == "COG":
        profile |= {"nodata": image.nodata, "overviews": "NONE", **image.options}
    else:
        profile |= {"QUALITY": "100", "REVERSIBLE": "YES", "RESOLUTIONS": "1"}
    with rasterio.Env(GDAL_PAM_ENABLED="NO"), MemoryFile(ext=".jp2") as memory:
        with memory.open(**profile) as out:
            out.write(image.data)
        return bytes(memory.read())
