"""What is the same for everybody: versions, conformance classes, collections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

STAC_VERSION = "1.1.0"
"""Of the documents; the API is that of STAC API 1.0."""
GEOTIFF = "image/tiff; application=geotiff"
PNG = "image/png"
MASKS = "masks"
EVIDENCE = "evidence"
ITEM_ID = re.compile(r"(.+)_([0-9]{2}[NS]_[0-9]{4}_[0-9]{4})_([0-9a-f]{8})")
"""Of a scene or mask: acquisition, cell, and what tells scenes of one look apart."""

_API = "https://api.stacspec.org/v1.0.0"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
CONFORMANCE = (
    *(f"{_API}/{one}" for one in ("core", "collections", "ogcapi-features", "item-search")),
    *(f"{_FEATURES}/{one}" for one in ("core", "oas30", "geojson")),
)
_EXTENSIONS = "https://stac-extensions.github.io"
EO = f"{_EXTENSIONS}/eo/v1.1.0/schema.json"
FILE = f"{_EXTENSIONS}/file/v2.1.0/schema.json"
PROCESSING = f"{_EXTENSIONS}/processing/v1.1.0/schema.json"
PROJECTION = f"{_EXTENSIONS}/projection/v2.0.0/schema.json"
RASTER = f"{_EXTENSIONS}/raster/v1.1.0/schema.json"
SAT = f"{_EXTENSIONS}/sat/v1.0.0/schema.json"
VERSION = f"{_EXTENSIONS}/version/v1.2.0/schema.json"
VIEW = f"{_EXTENSIONS}/view/v1.0.0/schema.json"


@dataclass(frozen=True, slots=True)
class CollectionWords:
    """What is said of a collection.

    Attributes
    ----------
    begins : str or None
        Launch of the first satellite: nothing of it is older, whoever asks.
    sensor : str
        What the pixels of its scenes are; empty where it has those of any, or none.
    copernicus : bool
        Whether its files are data of Copernicus.
    """

    title: str
    description: str
    begins: str | None
    sensor: str = ""
    copernicus: bool = True


_SENTINEL_1, _SENTINEL_2 = "2014-04-03T00:00:00Z", "2015-06-23T00:00:00Z"
_CUT = "What was read of one scene for one cell of the work grid, with the provider's own numbers."

COLLECTIONS: Mapping[str, CollectionWords] = MappingProxyType(
    {
        "sentinel-2-l2a": CollectionWords(
            "Sentinel-2 L2A", f"Surface reflectance. {_CUT}", _SENTINEL_2, "sentinel-2-l2a"
        ),
        "sentinel-1-rtc": CollectionWords(
            "Sentinel-1 RTC",
            f"Radar, gamma nought corrected for terrain. {_CUT}",
            _SENTINEL_1,
            "sentinel-1-rtc",
        ),
        "sentinel-1-grd": CollectionWords(
            "Sentinel-1 GRD",
            f"Radar, corrected for terrain by the provider. {_CUT}",
            _SENTINEL_1,
            "sentinel-1-grd",
        ),
        "opera-dist-alert-s1": CollectionWords(
            "OPERA DIST-ALERT-S1",
            f"Alerts of disturbance that OPERA makes of Sentinel-1. {_CUT}",
            _SENTINEL_1,
            "opera-dist-alert-s1",
        ),
        MASKS: CollectionWords(
            "Masks",
            "The files of these scenes whose numbers are classes: cloud, shadow, layover and the "
            "like, as the provider drew them.",
            _SENTINEL_1,
        ),
        EVIDENCE: CollectionWords(
            "Evidence",
            "One event each, with the pictures, series and looks that it rests on. That no event "
            "is here does not mean that nothing happened.",
            None,
            copernicus=False,
        ),
    }
)
"""The scenes by sensor first, then masks, then evidence: a search gives items in this order."""
