"""The landing page and the collections: the same for everybody."""

from __future__ import annotations

from typing import Any

from api.answers import GEOJSON, JSON
from api.ogc import OPENAPI
from api.stac.words import COLLECTIONS, CONFORMANCE, STAC_VERSION

_NOTICE = "https://sentinel.esa.int/documents/247904/690755/Sentinel_Data_Legal_Notice"


def landing_page(base: str) -> dict[str, Any]:
    """Return the landing page; `base` is its own address."""
    children = [
        link("child", f"{base}/collections/{name}", JSON, words.title)
        for name, words in COLLECTIONS.items()
    ]
    return {
        "type": "Catalog",
        "stac_version": STAC_VERSION,
        "id": "hearthwatch",
        "title": "hearthwatch",
        "description": "Scenes, masks and evidence of the places you watch.",
        "conformsTo": list(CONFORMANCE),
        "links": [
            link("self", base, JSON, "This page"),
            link("root", base, JSON, "This page"),
            link("service-desc", f"{base}/api", OPENAPI, "The interface"),
            link("conformance", f"{base}/conformance", JSON, "What it conforms to"),
            link("data", f"{base}/collections", JSON, "The collections"),
            {**link("search", f"{base}/search", GEOJSON, "Search"), "method": "GET"},
            {**link("search", f"{base}/search", GEOJSON, "Search"), "method": "POST"},
            *children,
        ],
    }


def collections_value(base: str) -> dict[str, Any]:
    """Return all collections."""
    return {
        "collections": [collection_value(name, base) for name in COLLECTIONS],
        "links": [
            link("self", f"{base}/collections", JSON, "The collections"),
            link("root", base, JSON, "The catalogue"),
        ],
    }


def collection_value(name: str, base: str) -> dict[str, Any]:
    """Return the description of a collection. Its extent is the world's, for everyone."""
    words = COLLECTIONS[name]
    address = f"{base}/collections/{name}"
    notice = {**link("license", _NOTICE, "application/pdf", "Legal notice"), "rel": "license"}
    return {
        "type": "Collection",
        "stac_version": STAC_VERSION,
        "id": name,
        "title": words.title,
        "description": words.description,
        "license": "other",
        **({"providers": [_COPERNICUS]} if words.copernicus else {}),
        "extent": {
            "spatial": {"bbox": [[-180.0, -90.0, 180.0, 90.0]]},
            "temporal": {"interval": [[words.begins, None]]},
        },
        "links": [
            link("self", address, JSON, words.title),
            link("root", base, JSON, "The catalogue"),
            link("parent", base, JSON, "The catalogue"),
            link("items", f"{address}/items", GEOJSON, "Its items"),
            *([notice] if words.copernicus else []),
        ],
    }


def link(rel: str, href: str, media_type: str, title: str) -> dict[str, str]:
    """Return a link."""
    return {"rel": rel, "href": href, "type": media_type, "title": title}


_COPERNICUS = {
    "name": "European Union, Copernicus",
    "roles": ["licensor"],
    "url": "https://dataspace.copernicus.eu",
}
