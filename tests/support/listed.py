"""The least item that is a scene, for tests of catalogues."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shapely.geometry import box, mapping

LATER = timedelta(hours=6)


def listed(
    sensed: datetime,
    name: str,
    *,
    published: datetime | str | None = "later",
    collection: str = "s2",
    at: tuple[float, float] = (34.0, 3.0),
    baseline: str | None = "05.09",
    updated: datetime | None = None,
) -> dict[str, Any]:
    """Return an item of one band, a degree wide from `at`; published six hours later."""
    if published == "later":
        published = sensed + LATER
    stated = {
        "datetime": sensed.isoformat().replace("+00:00", "Z"),
        "published": published.isoformat() if isinstance(published, datetime) else None,
        "updated": updated.isoformat() if updated else None,
        "hearthwatch:sensor": "sentinel-2-l2a",
        "s2:processing_baseline": baseline,
    }
    outline = box(at[0], at[1], at[0] + 1.0, at[1] + 1.0)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": collection,
        "geometry": mapping(outline),
        "bbox": list(outline.bounds),
        "properties": {key: value for key, value in stated.items() if value is not None},
        "links": [],
        "assets": {
            "B04": {
                "href": f"https://files.example.org/{name}/B04.tif",
                "type": "image/tiff",
                "raster:bands": [{"scale": 0.0001, "offset": -0.1, "nodata": 0}],
            }
        },
    }
