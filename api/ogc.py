"""The fixed parts of OGC API - Features: landing page, conformance, collections, periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from api.answers import GEOJSON, JSON
from api.models import Geometry, Link
from api.problems import Problem
from api.tiled import CONFORMANCE as TILES
from api.tiled import DRAWN, SCHEMES, VECTOR

OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
SCHEMA_JSON = "application/schema+json"
_FEATURES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
_FILTERS = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf"
_OGC = "http://www.opengis.net/def/rel/ogc/1.0"
CONFORMANCE = (
    *(f"{_FEATURES}/{one}" for one in ("core", "oas30", "geojson")),
    *(f"{_FILTERS}/{one}" for one in ("queryables", "filter", "features-filter")),
    *(
        f"{_CQL2}/{one}"
        for one in (
            "cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators",
            "property-property", "basic-spatial-functions", "basic-spatial-functions-plus",
            "spatial-functions", "temporal-functions",
        )
    ),
    *TILES,
)  # fmt: skip
COLLECTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "events": (
            "Events",
            "What was found: one place, one episode. The time of an event is the look that first "
            "showed the change. That no event is here does not mean that nothing happened.",
        ),
        "camps": (
            "Camps",
            "Events of the kind camp_change, with the area of each look as a curve.",
        ),
        "detections": (
            "Detections",
            "What one detector said of one place at one look; the time is the look's.",
        ),
        "settlements": ("Settlements", "Places inside which change is looked for."),
        "regions": ("Regions", "Areas on the watchlist."),
        "ledger": (
            "Ledger",
            "What became of every expected look, used or not. A look has no place of its own: "
            "join it to its settlement or region by id.",
        ),
    }
)


class LandingPage(BaseModel):
    """Where to go from here."""

    title: str
    description: str
    links: list[Link]


class Conformance(BaseModel):
    """Conformance classes built to."""

    conformsTo: list[str]  # noqa: N815 (the standard's word)


class OgcCollection(BaseModel):
    """One collection."""

    model_config = ConfigDict(extra="allow")

    id: str
    title: str
    description: str
    itemType: Literal["feature"]  # noqa: N815
    crs: list[str]
    storageCrs: str  # noqa: N815
    links: list[Link]


class Collections(BaseModel):
    """All collections."""

    links: list[Link]
    collections: list[OgcCollection]


class AnyFeature(BaseModel):
    """A feature of any collection."""

    model_config = ConfigDict(extra="allow")

    type: Literal["Feature"]
    id: str
    geometry: Geometry | None
    properties: dict[str, Any]


class FeatureCollectionAnswer(BaseModel):
    """One page of a collection."""

    type: Literal["FeatureCollection"]
    features: list[AnyFeature]
    links: list[Link]
    timeStamp: datetime  # noqa: N815
    numberReturned: int  # noqa: N815
    numberMatched: int | None = None  # noqa: N815


def landing_page(base: str) -> dict[str, Any]:
    """Return the landing page; `base` is its own address."""
    return {
        "title": "hearthwatch",
        "description": "Changes seen from the Sentinel satellites in the places you watch.",
        "links": [
            _link("self", base, JSON, "This page"),
            _link("service-desc", f"{base}/api", OPENAPI, "The interface"),
            _link("conformance", f"{base}/conformance", JSON, "What it conforms to"),
            _link("data", f"{base}/collections", JSON, "The collections"),
            _link(SCHEMES, f"{base}/tileMatrixSets", JSON, "Tile matrix sets"),
        ],
    }


def collection_value(name: str, base: str) -> dict[str, Any]:
    """Return the description of a collection. Its extent is the world's, for everyone."""
    title, description = COLLECTIONS[name]
    address = f"{base}/collections/{name}"
    tiles = [_link(VECTOR, f"{address}/tiles", JSON, "Vector tiles")] if name in DRAWN else []
    return {
        "id": name,
        "title": title,
        "description": description,
        "itemType": "feature",
        "crs": [CRS84],
        "storageCrs": CRS84,
        "extent": {
            "spatial": {"bbox": [[-180.0, -90.0, 180.0, 90.0]], "crs": CRS84},
            "temporal": {"interval": [[None, None]]},
        },
        "links": [
            _link("self", address, JSON, title),
            _link("items", f"{address}/items", GEOJSON, title),
            _link(f"{_OGC}/queryables", f"{address}/queryables", SCHEMA_JSON, "For filters"),
            _link(f"{_OGC}/schema", f"{address}/schema", SCHEMA_JSON, "Of its features"),
            *tiles,
        ],
    }


def period_of(text: str | None) -> tuple[datetime | None, datetime | None]:
    """Return both ends of a `datetime` parameter, None for an open one.

    Raises
    ------
    Problem
        400 for what is neither a moment nor a period.
    """
    if text is None:
        return None, None
    first, slash, last = text.partition("/")
    if not slash:
        return _moment(first, end=False), _moment(first, end=True)
    since = None if first in ("", "..") else _moment(first, end=False)
    until = None if last in ("", "..") else _moment(last, end=True)
    if since is not None and until is not None and since > until:
        raise _no_period()
    return since, until


def _moment(text: str, *, end: bool) -> datetime:
    """Return a moment in UTC; of a bare date its first or its last instant."""
    try:
        if "T" not in text.upper():
            # A day alone: a time after a space would lose its zone, and last a day.
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return day + timedelta(days=1, microseconds=-1) if end else day
        moment = datetime.fromisoformat(text.upper())
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _no_period() from None


def _no_period() -> Problem:
    return Problem(
        400,
        "time",
        "datetime is a moment, or two with a slash between them and .. for an open end, "
        "as 2019-01-01T00:00:00Z/..",
        faults=[("query.datetime", "is no moment and no period")],
    )


def _link(rel: str, href: str, media_type: str, title: str) -> dict[str, str]:
    return {"rel": rel, "href": href, "type": media_type, "title": title}
