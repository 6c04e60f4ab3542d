"""Every document is valid by the schemas of STAC 1.1 that pystac's wheel carries."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pystac
import pytest
from pystac.extensions.eo import EOExtension
from pystac.extensions.file import FileExtension
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.raster import RasterExtension
from pystac.extensions.sat import SatExtension
from pystac.extensions.view import ViewExtension
from shapely.geometry import box

from api.app import create_app
from api.stac.words import COLLECTIONS, CONFORMANCE
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support import shelf as s
from tests.support.inside import Inside
from tests.support.stac_schemas import schemas

SPEC = "https://schemas.stacspec.org/v1.1.0"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The landing page, every collection and an item of each kind, by their names."""
    folder = tmp_path_factory.mktemp("documents")
    shelf = s.fill(folder, MemoryStore())
    for cell in (s.CROSSING, s.FAR):
        s.put(shelf, 1, cell)
    with shelf.store.transaction() as tx:
        tx.put_event(a.event(geometry=box(25.25, 13.55, 25.26, 13.56)))
    app = create_app(load_settings(data_dir=folder, organisation="ours"), shelf.store)
    client = Inside(app)
    found: dict[str, Any] = {"catalog": client.get("/stac").json()}
    for one in client.get("/stac/collections").json()["collections"]:
        found[f"collection {one['id']}"] = one
    for item in client.get("/stac/search", headers=shelf.headers()).json()["features"]:
        found[f"item {item['collection']} {item['properties'].get('hearthwatch:cell')}"] = item
    yield found
    client.close()


def validator(kind: str) -> Any:
    """Return what validates a kind of document."""
    place = f"{kind}-spec/json-schema/{kind}.json"
    known = schemas()
    # Some of the schemas name others with a "#" at the end, some without.
    registry = jsonschema_rs.Registry(
        [(address + end, schema) for address, schema in known.items() for end in ("", "#")]
    )
    return jsonschema_rs.Draft7Validator(known[f"{SPEC}/{place}"], registry=registry)


def test_every_document_is_valid_stac(documents: dict[str, Any]) -> None:
    assert len(documents) == 1 + len(COLLECTIONS) + 5
    for name, document in documents.items():
        faults = [one.message for one in validator(name.split()[0]).iter_errors(document)]
        assert not faults, (name, faults[:3])


@pytest.mark.parametrize("member", ["bbox", "links", "assets", "properties", "stac_version"])
def test_the_schemas_find_what_is_missing(documents: dict[str, Any], member: str) -> None:
    item = copy.deepcopy(documents[f"item sentinel-2-l2a {s.FAR}"])
    del item[member]
    assert not validator("item").is_valid(item)


def test_pystac_reads_every_document_and_writes_it_back(documents: dict[str, Any]) -> None:
    for name, document in documents.items():
        kind = {"item": pystac.Item, "collection": pystac.Collection, "catalog": pystac.Catalog}
        read = kind[name.split()[0]].from_dict(copy.deepcopy(document))
        again = read.to_dict(include_self_link=True, transform_hrefs=False)
        for member in ("id", "geometry", "bbox", "properties", "assets", "extent", "license"):
            if member in document:
                assert again[member] == document[member], (name, member)


def test_extensions_say_what_is_known(documents: dict[str, Any]) -> None:
    item = pystac.Item.from_dict(documents[f"item sentinel-2-l2a {s.FAR}"])
    asset = item.assets["B02-B03-B04-B08"]
    assert len(FileExtension.ext(asset).checksum or "") == 68
    projection = ProjectionExtension.ext(asset)
    assert (projection.epsg, projection.shape) == (32635, [256, 256])
    assert [one.name for one in EOExtension.ext(asset).bands or []] == list(s.BANDS)
    (scale,) = {one.scale for one in RasterExtension.ext(asset).bands or []}
    assert scale == 1e-4
    assert SatExtension.ext(item).relative_orbit == 72
    # 22 h UTC at 25 degrees east: the sun is under the horizon, which the numbers must say.
    assert (ViewExtension.ext(item).sun_elevation or 0) < 0


def test_what_everybody_may_read_tells_of_nobody(documents: dict[str, Any]) -> None:
    landing = documents["catalog"]
    assert landing["conformsTo"] == list(CONFORMANCE)
    links = {(one["rel"], one.get("method")) for one in landing["links"]}
    assert {("search", "GET"), ("search", "POST"), ("service-desc", None), ("data", None),
            ("conformance", None), ("root", None), ("self", None)} <= links  # fmt: skip
    for name in COLLECTIONS:
        extent = documents[f"collection {name}"]["extent"]
        assert extent["spatial"] == {"bbox": [[-180.0, -90.0, 180.0, 90.0]]}
        assert extent["temporal"]["interval"][0][1] is None
