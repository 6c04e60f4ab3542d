"""What is sent to Sentinel Hub: built by sentinelhub-py, never sent by it.

Its client retries for ever and sends the token to whatever address a collection names; its
building of requests is sound. It is imported on first use: that takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from odc.geo import crs as odc_crs
from odc.geo.geobox import GeoBox
from shapely.geometry import MultiPolygon, Polygon

from imagery.errors import Permanent
from imagery.hub.evalscripts import pixels_script, statistics_script
from imagery.hub.products import SENTINEL_1, SENTINEL_2, Way
from imagery.net.types import MOST_BYTES, Request
from imagery.types import Scene, aware_utc

if TYPE_CHECKING:
    from sentinelhub.config import SHConfig
    from sentinelhub.constants import CRS
    from sentinelhub.data_collections import DataCollection
    from sentinelhub.geometry import BBox

AROUND = timedelta(minutes=1)
"""Before and after a pass: its tiles are seconds apart, the next pass is more than an hour off."""

_HEADERS = 1_000_000
"""Bytes of a GeoTIFF that are no pixels, at most."""

_RADAR_PROCESSING = {
    # The provider's own defaults are not on the map and not corrected for slopes.
    "orthorectify": True,
    "backCoeff": "GAMMA0_TERRAIN",
    "demInstance": "COPERNICUS_30",
    "radiometricTerrainOversampling": 2,
    "upsampling": "NEAREST",
    "downsampling": "NEAREST",
}
_library_lock = threading.Lock()


def pixels_request(
    url: str,
    way: Way,
    grid: GeoBox,
    bands: Sequence[str],
    span: tuple[datetime, datetime],
    units: float,
) -> Request:
    """Return the Process request for `bands` and the data mask on `grid`.

    Parameters
    ----------
    url : str
        Base address of the service.
    span : tuple of datetime
        As :func:`span_of` gives it.
    units : float
        What it is thought to cost.
    """
    from sentinelhub.api.process import SentinelHubRequest
    from sentinelhub.constants import MimeType

    height, width = grid.shape
    made = SentinelHubRequest(
        evalscript=pixels_script(tuple(bands), way.radar),
        input_data=[_input(url, way, span)],
        responses=[SentinelHubRequest.output_response("default", MimeType.TIFF)],
        bbox=_bbox(grid),
        size=(width, height),
        config=_config(url),
    )
    raw = height * width * (len(bands) + 1) * (4 if way.radar else 2)
    most = min(MOST_BYTES, 2 * raw + _HEADERS)
    return _request(made.download_list[0], units, way.collection, most)


def statistics_request(
    url: str,
    way: Way,
    area: Polygon | MultiPolygon,
    crs: odc_crs.CRS,
    metres: float,
    bands: Sequence[str],
    span: tuple[datetime, datetime],
    units: float,
) -> Request:
    """Return the Statistical request for the daily means of `bands` within `area`.

    Parameters
    ----------
    area : Polygon or MultiPolygon
        In `crs`, a projection in metres.
    metres : float
        Pixel size.
    """
    from sentinelhub.api.statistical import SentinelHubStatistical
    from sentinelhub.geometry import Geometry

    made = SentinelHubStatistical(
        aggregation=SentinelHubStatistical.aggregation(
            evalscript=statistics_script(tuple(bands), way.radar),
            time_interval=span,
            aggregation_interval="P1D",
            resolution=(metres, metres),
        ),
        input_data=[_input(url, way, None)],
        geometry=Geometry(area, crs=_crs(crs)),
        config=_config(url),
    )
    return _request(made.download_list[0], units, way.collection)


def span_of(scenes: Sequence[Scene]) -> tuple[datetime, datetime]:
    """Return the time range that holds a pass and no other, in whole seconds."""
    times = [aware_utc(scene.sensed) for scene in scenes]
    start = (min(times) - AROUND).replace(microsecond=0)
    end = (max(times) + AROUND + timedelta(seconds=1)).replace(microsecond=0)
    return start, end


def body_of(payload: Mapping[str, Any]) -> bytes:
    """Return a payload as it is sent: the same payload is always the same bytes."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()


def script_of(request: Request) -> str:
    """Return the script within a request's body."""
    payload = json.loads(request.body or b"{}")
    return str(payload.get("evalscript") or payload["aggregation"]["evalscript"])


def digest(data: bytes | str) -> str:
    """Return the SHA-256."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def _request(made: Any, units: float, lane: str, most_bytes: int = MOST_BYTES) -> Request:
    return Request(
        method="POST",
        url=made.url,
        headers=tuple(made.headers.items()),
        body=body_of(made.post_values),
        authorised=True,
        units=units,
        most_bytes=most_bytes,
        lane=lane,
    )


def _input(url: str, way: Way, span: tuple[datetime, datetime] | None) -> Any:
    from sentinelhub.api.process import SentinelHubRequest
    from sentinelhub.constants import MosaickingOrder, ResamplingType

    return SentinelHubRequest.input_data(
        _collection(url, way.collection),
        time_interval=span,
        # Of a pass every pixel is there once; where two tiles overlap, always the same wins.
        mosaicking_order=MosaickingOrder.MOST_RECENT,
        upsampling=ResamplingType.NEAREST,
        downsampling=ResamplingType.NEAREST,
        other_args=_arguments(way),
    )


def _arguments(way: Way) -> dict[str, Any]:
    if not way.radar:
        # Left to itself the provider takes the offset off and cuts what falls below zero.
        return {"processing": {"harmonizeValues": way.harmonised}}
    chosen = {"orbitDirection": way.direction, "timeliness": way.timeliness}
    return {
        "processing": dict(_RADAR_PROCESSING),
        "dataFilter": {name: value for name, value in chosen.items() if value},
    }


@lru_cache(maxsize=16)
def _config(url: str) -> SHConfig:
    from sentinelhub.config import SHConfig

    # Without `use_defaults` it writes a file into the home folder.
    return SHConfig(use_defaults=True, sh_base_url=url)


@lru_cache(maxsize=16)
def _collection(url: str, name: str) -> DataCollection:
    """Return the library's collection, bound to our service rather than to the library's.

    Definitions live as long as the process, each under one name: an address always gives the same.
    """
    from sentinelhub.data_collections import DataCollection

    known = {
        SENTINEL_2: DataCollection.SENTINEL2_L2A,
        SENTINEL_1: DataCollection.SENTINEL1_IW,
    }
    bound = known[name].value.derive(service_url=url)
    with _library_lock:
        try:
            return DataCollection(bound)
        except ValueError:
            made: DataCollection = known[name].define_from(
                f"HEARTHWATCH_{digest(f'{url} {name}')[:16]}", service_url=url
            )
            return made


def _bbox(grid: GeoBox) -> BBox:
    from sentinelhub.geometry import BBox

    return BBox(grid.boundingbox.bbox, crs=_crs(grid.crs))


def _crs(crs: odc_crs.CRS | None) -> CRS:
    from sentinelhub.constants import CRS

    if crs is None or crs.epsg is None:
        raise Permanent("Sentinel Hub makes grids of EPSG projections only")
    # A projection new to the library is added to its list.
    with _library_lock:
        return CRS(str(crs.epsg))
