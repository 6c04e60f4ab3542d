"""Sentinel-2 Level-2A products as users download them: ``.SAFE`` folders, or zip files of them."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from xml.etree import ElementTree

from shapely.errors import ShapelyError
from shapely.geometry import Polygon, mapping
from shapely.geometry.base import BaseGeometry

from imagery.errors import IntegrityError, Permanent
from imagery.footprints import footprint_of
from imagery.naming import plain_platform, read_name
from imagery.packed import Product
from imagery.types import Asset, Scene

METADATA = "MTD_MSIL2A.xml"
COLLECTION = "sentinel-2-l2a"

_LARGEST = 4_000_000
"""Bytes of a metadata file at most: real ones have about 60,000."""
_DECLARED = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_IMAGE = re.compile(r"^(?:L2A_)?T\d{2}[A-Z]{3}_\d{8}T\d{6}_(B\d{2}|B8A|SCL)_(10|20|60)m\.jp2$")
_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
"""Bands by the numbers that the metadata gives them."""


def scene_from_safe(product: Product, provider: str) -> Scene:
    """Turn a product into a scene; its pixels are not looked at.

    Scale and offset are the product's own: ``1 / quantification`` and ``BOA_ADD_OFFSET /
    quantification`` of each band.

    Raises
    ------
    IntegrityError
        If the metadata cannot be read.
    Permanent
        If the product is not whole or does not say what its numbers mean.
    """
    root, digest = _metadata(product)
    try:
        return _scene(root, product, provider, digest)
    except (ValueError, LookupError, TypeError, ArithmeticError, ShapelyError) as error:
        raise Permanent(f"{product.name}: {error}") from error


def _metadata(product: Product) -> tuple[ElementTree.Element, str]:
    data = product.read(METADATA, _LARGEST)
    # A document type can name other files and grow without end; no real product has one.
    if b"\0" in data or _DECLARED.search(data):
        raise IntegrityError(f"{product.name}: {METADATA} declares a document type")
    try:
        return ElementTree.fromstring(data), hashlib.sha256(data).hexdigest()
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise IntegrityError(f"{product.name}: {METADATA} cannot be read: {error}") from error


def _scene(root: ElementTree.Element, product: Product, provider: str, digest: str) -> Scene:
    datatake = root.find(".//{*}Datatake")
    named = read_name(product.name) or read_name(_text(root, "PRODUCT_URI"))
    if datatake is None or named is None:
        raise ValueError("it names neither its datatake nor its tile")
    baseline = _text(root, "PROCESSING_BASELINE")
    cloud = root.findtext(".//{*}Cloud_Coverage_Assessment")
    return Scene(
        provider=provider,
        collection=COLLECTION,
        id=product.name.removesuffix(".SAFE"),
        sensor=COLLECTION,
        sensed=_time(_text(root, "PRODUCT_START_TIME")),
        footprint=_footprint(_text(root, "EXT_POS_LIST")),
        assets=tuple(_assets(root, product, baseline)),
        item_sha256=digest,
        platform=plain_platform(_text(datatake, "SPACECRAFT_NAME")),
        relative_orbit=int(_text(datatake, "SENSING_ORBIT_NUMBER")),
        orbit_direction=_text(datatake, "SENSING_ORBIT_DIRECTION").lower(),
        datatake=datatake.attrib["datatakeIdentifier"],
        baseline=baseline,
        cloud_cover=None if cloud is None else float(cloud),
        unknown=("published",) if cloud is not None else ("cloud_cover", "published"),
        tile=named.tile,
        processed=_time(_text(root, "GENERATION_TIME")),
    )


def _assets(root: ElementTree.Element, product: Product, baseline: str) -> Iterator[Asset]:
    images = [
        (path, found)
        for path in product.members()
        if path.match("GRANULE/*/IMG_DATA/R*m/*.jp2") and (found := _IMAGE.match(path.name))
    ]
    if not images:
        raise ValueError("it has no images; the download is not whole")
    if len({path.parents[2] for path, _ in images}) > 1:
        raise ValueError("it holds several tiles, as products did until 2016; split it")
    quantification, offsets, nodata = _quantification(root), _offsets(root, baseline), _nodata(root)
    for path, found in images:
        band, classes = found.group(1), found.group(1) == "SCL"
        yield Asset(
            band=band,
            href=product.href(path),
            scale=None if classes else 1.0 / quantification,
            offset=None if classes else offsets[band] / quantification,
            nodata=0 if classes else nodata,
            resolution=float(found.group(2)),
        )


def _quantification(root: ElementTree.Element) -> float:
    stated = root.findtext(".//{*}BOA_QUANTIFICATION_VALUE") or root.findtext(
        ".//{*}L2A_BOA_QUANTIFICATION_VALUE"
    )
    value = float(stated or "nan")
    if not (math.isfinite(value) and value > 0.0):
        raise ValueError(f"its quantification value is {stated}")
    return value


def _offsets(root: ElementTree.Element, baseline: str) -> Mapping[str, float]:
    """Return what is added to each band's numbers; nothing before baseline 04.00."""
    known = {
        one.attrib["bandId"]: _band(one.attrib["physicalBand"])
        for one in root.iterfind(".//{*}Spectral_Information")
    } or {str(number): band for number, band in enumerate(_BANDS)}
    stated = {
        known[one.attrib["band_id"]]: float(one.text or "nan")
        for one in root.iterfind(".//{*}BOA_ADD_OFFSET")
    }
    if not all(map(math.isfinite, stated.values())):
        raise ValueError("an offset of it is no number")
    if stated or baseline >= "04.00":
        if not stated:
            raise ValueError(f"its processing baseline is {baseline} and it states no offsets")
        return stated
    return dict.fromkeys(_BANDS, 0.0)


def _band(physical: str) -> str:
    """Return ``B04`` for the ``B4`` of the metadata."""
    return physical if physical == "B8A" else f"B{int(physical[1:]):02d}"


def _nodata(root: ElementTree.Element) -> int:
    for special in root.iterfind(".//{*}Special_Values"):
        if special.findtext("{*}SPECIAL_VALUE_TEXT") == "NODATA":
            return int(_text(special, "SPECIAL_VALUE_INDEX"))
    return 0


def _footprint(positions: str) -> BaseGeometry:
    numbers = [float(number) for number in positions.split()]
    # Latitude first, and sometimes a height with each.
    step = 3 if len(numbers) % 3 == 0 and len(numbers) % 2 else 2
    corners = list(zip(numbers[1::step], numbers[::step], strict=True))
    return footprint_of(mapping(Polygon(corners)))


def _text(root: ElementTree.Element, name: str) -> str:
    found = root.findtext(f".//{{*}}{name}")
    if not found or not found.strip():
        raise ValueError(f"its metadata has no {name}")
    return found.strip()


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    # The products' times are UTC, and the oldest do not say so.
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
