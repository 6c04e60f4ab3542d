"""KML looked through before anything else reads it: what reaches beyond itself is refused."""

from __future__ import annotations

import io
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]

from hearthwatch.errors import RegionError

DEEPEST = 64
"""Elements in each other."""
_ROOT = "kml"
_REACHING = frozenset({"networklink", "networklinkcontrol", "include", "update"})
"""Elements that have a reader fetch another file, or change one."""


def require_plain_kml(data: bytes, named: str) -> None:
    """Refuse what is no KML, could grow without end, or has a reader fetch something.

    Raises
    ------
    RegionError
    """
    try:
        # GDAL takes other encodings for no KML at all, and says nothing of use.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RegionError(f"{named} is not KML in UTF-8: export it again.") from error
    try:
        _look_through(text.lstrip().encode(), named)
    except DefusedXmlException as error:
        raise RegionError(
            f"{named} has a document type or defines entities, and may not: export the places "
            "themselves as KML or GeoJSON."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise RegionError(f"{named} is not readable as KML: {error}. Export it again.") from error


def _look_through(data: bytes, named: str) -> None:
    depth = 0
    for event, element in iterparse(io.BytesIO(data), ("start", "end"), forbid_dtd=True):
        if event == "end":
            depth -= 1
            # What was looked through need not be kept.
            element.clear()
            continue
        name = element.tag.rpartition("}")[2].lower()
        if depth == 0 and name != _ROOT:
            # GDAL takes other XML for instructions to open more files.
            raise RegionError(f"{named} is neither a shapefile nor KML: export it as GeoJSON.")
        if name in _REACHING:
            raise RegionError(
                f"{named} links to other files (NetworkLink), and may not: export the places "
                "themselves as KML or GeoJSON."
            )
        depth += 1
        if depth > DEEPEST:
            raise RegionError(f"{named} is nested more than {DEEPEST} deep: export it again.")
