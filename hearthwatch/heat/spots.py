"""Heat pixels as they are kept, and as a detector reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from detectors.heat import Heat
from detectors.heat_footprint import Footprints, distance_m, scan_bearing
from hearthwatch.heat.covers import Finals
from hearthwatch.records import HeatSource, HeatSpot
from imagery.firms_table import Confidence, HeatPixel, Processing, newest

VEGETATION = 0
"""What standard processing calls a pixel that is presumed to be a fire of vegetation."""


def spot_of(pixel: HeatPixel, organisation: str, received: datetime) -> HeatSpot:
    """Return a heat pixel as it is kept; the same pixel has the same id, whatever it came in."""
    what = (
        pixel.satellite, pixel.processing.value, pixel.sensed.isoformat(),
        f"{pixel.lon:.5f}", f"{pixel.lat:.5f}",
    )  # fmt: skip
    return HeatSpot(
        id=hashlib.sha256("/".join(what).encode()).hexdigest()[:32],
        organisation=organisation,
        sensed=pixel.sensed,
        lon=pixel.lon,
        lat=pixel.lat,
        scan_m=pixel.scan_m,
        track_m=pixel.track_m,
        frp_mw=pixel.frp_mw,
        confidence=pixel.confidence.value,
        stated=pixel.stated,
        satellite=pixel.satellite,
        instrument=pixel.instrument,
        processing=pixel.processing.value,
        version=pixel.version,
        seen_by="day" if pixel.by_day else "night",
        type=pixel.type,
        source_sha256=pixel.source_sha256,
        received=received,
    )


def pixel_of(spot: HeatSpot) -> HeatPixel:
    """Return what was read of a table."""
    return HeatPixel(
        sensed=spot.sensed,
        lon=spot.lon,
        lat=spot.lat,
        scan_m=spot.scan_m,
        track_m=spot.track_m,
        frp_mw=spot.frp_mw,
        confidence=Confidence(spot.confidence),
        stated=spot.stated,
        satellite=spot.satellite,
        instrument=spot.instrument,
        processing=Processing(spot.processing),
        version=spot.version,
        by_day=spot.seen_by == "day",
        type=spot.type,
        source_sha256=spot.source_sha256,
    )


def as_processed_last(
    spots: Sequence[HeatSpot], finals: Finals
) -> tuple[tuple[HeatPixel, ...], tuple[HeatPixel, ...]]:
    """Return each heat pixel once, as it was last processed, and those that are no more.

    Both oldest first. A pixel is no more where standard processing has said all of its satellite,
    ground and day, and lists none in its place.
    """
    kept: list[HeatPixel] = []
    gone: list[HeatPixel] = []
    for one in newest([pixel_of(each) for each in spots]):
        is_gone = one.processing is not Processing.STANDARD and finals.hold(one)
        (gone if is_gone else kept).append(one)
    return tuple(kept), tuple(gone)


def heat_of(pixels: Sequence[HeatPixel], known: Sequence[HeatSource]) -> Heat:
    """Return pixels as a detector reads them.

    Parameters
    ----------
    known : sequence of HeatSource
        Sources of heat that people have named.
    """
    lon = np.array([one.lon for one in pixels], dtype=np.float64)
    lat = np.array([one.lat for one in pixels], dtype=np.float64)
    seconds = np.array([int(one.sensed.timestamp()) for one in pixels], dtype=np.int64)
    bearing = [
        scan_bearing(one.satellite, one.lon, one.lat, int(when))
        for one, when in zip(pixels, seconds, strict=True)
    ]
    listed = np.zeros(len(pixels), dtype=bool)
    for source in known:
        listed |= distance_m(source.lon, source.lat, lon, lat) <= source.radius_m
    return Heat(
        footprints=Footprints(
            lon,
            lat,
            np.array([one.scan_m for one in pixels], dtype=np.float64),
            np.array([one.track_m for one in pixels], dtype=np.float64),
            np.array(bearing, dtype=np.float64),
        ),
        seconds=seconds,
        frp=np.array(
            [np.nan if one.frp_mw is None else one.frp_mw for one in pixels], dtype=np.float64
        ),
        faint=np.array([one.confidence is Confidence.LOW for one in pixels], dtype=bool),
        listed=listed,
        typed=np.array([one.type not in (None, VEGETATION) for one in pixels], dtype=bool),
        satellites=tuple(one.satellite for one in pixels),
    )
