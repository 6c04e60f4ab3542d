"""Tiles, their descriptions, TileJSON and WMTS, by OWSLib and two builds of GDAL."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import mapbox_vector_tile
import morecantile
import numpy as np
import pytest
from numpy.typing import NDArray
from owslib.util import Authentication
from owslib.wmts import WebMapTileService
from PIL import Image

from tests.conftest import RequireSystem
from tests.support import mapped
from tests.support.mapped import AFTER, BEFORE, BURNED, SIZE, THEIRS, Mapped, place
from tiles.mercator import WORLD, tile_over

ZOOM = 14
RED = (0x67, 0x00, 0x1F)
"""The last colour of dNBR, from 0.66 on."""
OGC = "/ogc/collections/events/tiles"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapped]:
    with mapped.serve(tmp_path_factory.mktemp("mapped")) as running:
        yield running


@pytest.fixture
def client(service: Mapped) -> Iterator[httpx.Client]:
    with service.client() as one:
        yield one


def tile_at(col: float, row: float, zoom: int = ZOOM) -> tuple[int, int, int]:
    return zoom, *tile_over(*place(col, row), zoom)


def pixel_at(data: bytes, col: float, row: float, tile: tuple[int, int, int]) -> tuple[int, ...]:
    """Return the colour of a tile at a place of the drawn grid, by morecantile's bounds."""
    z, x, y = tile
    tms = morecantile.tms.get("WebMercatorQuad")
    bounds = tms.xy_bounds(morecantile.Tile(x, y, z))
    east, north = tms.xy(*place(col, row))
    picture = np.asarray(Image.open(BytesIO(data)).convert("RGBA"))
    side = (bounds.right - bounds.left) / 256
    return tuple(picture[int((bounds.top - north) / side), int((east - bounds.left) / side)])


def pass_for(client: httpx.Client, resource: str) -> str:
    made = client.post("/passes", json={"resource": resource, "days": 1})
    assert made.status_code == 201, made.text
    return str(made.json()["pass"])


MIDDLE = ((BURNED[1].start + BURNED[1].stop) / 2, (BURNED[0].start + BURNED[0].stop) / 2)


class TestDescriptions:
    def test_the_matrix_set_is_the_one_morecantile_knows(self, client: httpx.Client) -> None:
        (listed,) = client.get("/ogc/tileMatrixSets").json()["tileMatrixSets"]
        told = client.get(listed["links"][0]["href"]).json()
        theirs = json.loads(morecantile.tms.get("WebMercatorQuad").model_dump_json())
        assert told["uri"] == theirs["uri"] or theirs["uri"] is None
        assert len(told["tileMatrices"]) == len(theirs["tileMatrices"]) == 25
        for one, other in zip(told["tileMatrices"], theirs["tileMatrices"], strict=True):
            for name in ("id", "tileWidth", "tileHeight", "matrixWidth", "matrixHeight"):
                assert one[name] == other[name]
            for name in ("scaleDenominator", "cellSize", "pointOfOrigin"):
                assert one[name] == pytest.approx(other[name], rel=1e-9)
        assert morecantile.TileMatrixSet.model_validate(told).tile(22.6, 44.7, 9) == (
            morecantile.tms.get("WebMercatorQuad").tile(22.6, 44.7, 9)
        )

    def test_one_is_led_from_the_landing_page_to_a_tile(self, client: httpx.Client) -> None:
        def follow(links: list[dict[str, Any]], rel: str) -> str:
            return str(next(one["href"] for one in links if one["rel"].endswith(rel)))

        landing = client.get("/ogc").json()
        assert client.get(follow(landing["links"], "tiling-schemes")).status_code == 200
        classes = client.get("/ogc/conformance").json()["conformsTo"]
        assert "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core" in classes
        events = client.get("/ogc/collections/events").json()
        (listed,) = client.get(follow(events["links"], "tilesets-vector")).json()["tilesets"]
        tileset = client.get(follow(listed["links"], "self")).json()
        template = follow(tileset["links"], "item")
        z, x, y = tile_at(*MIDDLE, 8)
        address = template.format(tileMatrix=z, tileCol=x, tileRow=y)
        tile = mapbox_vector_tile.decode(client.get(address).content)
        assert [one["properties"]["id"] for one in tile["events"]["features"]] == ["evt-1"]
        (top,) = (one for one in tileset["tileMatrixSetLimits"] if one["tileMatrix"] == "8")
        assert (top["minTileRow"], top["maxTileCol"]) == (0, 255)

    def test_camps_are_the_events_that_are_camps(self, client: httpx.Client) -> None:
        told = client.get("/ogc/collections/camps/tiles/WebMercatorQuad").json()
        item = next(one["href"] for one in told["links"] if one["rel"] == "item")
        address = item.format(tileMatrix=0, tileCol=0, tileRow=0)
        assert client.get(address).content == b""

    def test_what_has_no_tiles_is_told_so(self, client: httpx.Client) -> None:
        for name in ("regions", "nothing"):
            assert client.get(f"/ogc/collections/{name}/tiles").status_code == 404
            address = f"/ogc/collections/{name}/tiles/WebMercatorQuad"
            assert client.get(address).status_code == 404

    def test_they_are_the_same_for_everybody_and_of_the_world(self, service: Mapped) -> None:
        with service.client() as one, service.client(service.theirs) as other:
            for address in (OGC, f"{OGC}/WebMercatorQuad", "/ogc/tileMatrixSets"):
                assert one.get(address).content == other.get(address).content
            told = one.get(f"{OGC}/WebMercatorQuad").json()["boundingBox"]
            assert [*told["lowerLeft"], *told["upperRight"]] == list(WORLD)
            for whose in (one, other):
                assert whose.get("/tiles/events/tilejson.json").json()["bounds"] == list(WORLD)

    def test_a_regions_looks_are_listed_with_what_they_are_compared_with(
        self, client: httpx.Client
    ) -> None:
        listed = client.get("/tiles/regions/reg-1").json()["tilesets"]
        styles = [(one["style"]["id"], one["links"][0]["href"]) for one in listed]
        plain = ["true_colour", "false_colour", "ndvi", "nbr"]
        assert [style for style, _ in styles] == [*plain, "dnbr", "change", *plain]
        assert styles[4][1].endswith(f"/tiles/looks/{AFTER}/dnbr?before={BEFORE}")
        told = client.get(styles[4][1]).json()
        items = {one["type"]: one["href"] for one in told["links"] if one["rel"] == "item"}
        tile = tile_at(*MIDDLE)
        z, x, y = tile
        for kind, item in items.items():
            answer = client.get(item.format(tileMatrix=z, tileCol=x, tileRow=y))
            assert answer.headers["content-type"] == kind
        png = client.get(items["image/png"].format(tileMatrix=z, tileCol=x, tileRow=y))
        assert pixel_at(png.content, *MIDDLE, tile)[:3] == RED
        assert client.get("/tiles/regions/reg-2").json()["tilesets"] == []

    def test_bounds_are_of_the_drawn_ground_and_limits_hold_it(self, client: httpx.Client) -> None:
        told = client.get(f"/tiles/looks/{AFTER}/nbr").json()
        box = [*told["boundingBox"]["lowerLeft"], *told["boundingBox"]["upperRight"]]
        (west, north), (east, south) = place(0, 0), place(SIZE, SIZE)
        assert box == pytest.approx([west, south, east, north], abs=2e-3)
        assert client.get(f"/tiles/looks/{AFTER}/nbr/tilejson.json").json()["bounds"] == box
        for one in told["tileMatrixSetLimits"]:
            _, x, y = tile_at(*MIDDLE, int(one["tileMatrix"]))
            assert one["minTileCol"] <= x <= one["maxTileCol"]
            assert one["minTileRow"] <= y <= one["maxTileRow"]

    def test_what_is_theirs_is_like_what_is_nowhere(self, client: httpx.Client) -> None:
        _, x, y = tile_over(*place(0, 0), 9), *tile_over(*place(0, 0), 9)
        for form in (
            "/tiles/looks/{}/true_colour", "/tiles/looks/{}/true_colour/tilejson.json",
            "/tiles/regions/reg-1/wmts/1.0.0/{}/true_colour/" + f"9/{y}/{x}.png",
            "/tiles/regions/reg-1/wmts?SERVICE=WMTS&REQUEST=GetTile&STYLE=true_colour&FORMAT="
            f"image/png&TILEMATRIXSET=WebMercatorQuad&TILEMATRIX=9&TILEROW={y}&TILECOL={x}&"
            "LAYER={}",
        ):  # fmt: skip
            theirs, nobodys = (client.get(form.format(one)) for one in (THEIRS, "no-look"))
            assert theirs.status_code == nobodys.status_code == 404, form
            assert theirs.content == nobodys.content
        for form in ("/tiles/regions/{}", "/tiles/regions/{}/wmts/1.0.0/WMTSCapabilities.xml",
                     "/tiles/regions/{}/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"):  # fmt: skip
            theirs, nobodys = (client.get(form.format(one)) for one in ("their-region", "none"))
            assert theirs.status_code == nobodys.status_code == 404, form
            assert theirs.content == nobodys.content

    def test_a_region_shows_its_own_looks_only(self, client: httpx.Client) -> None:
        z, x, y = tile_at(*MIDDLE)
        address = f"1.0.0/{AFTER}/nbr/{z}/{y}/{x}.png"
        assert client.get(f"/tiles/regions/reg-1/wmts/{address}").status_code == 200
        assert client.get(f"/tiles/regions/reg-2/wmts/{address}").status_code == 404


class TestTileJson:
    def test_a_filter_goes_into_the_tiles_and_a_pass_with_it(
        self, service: Mapped, client: httpx.Client
    ) -> None:
        shown = pass_for(client, "tiles/events?kind=burned&region=reg-1")
        with service.client("") as anyone:
            query = {"kind": "burned", "region": "reg-1", "pass": shown}
            told = anyone.get("/tiles/events/tilejson.json", params=query)
            assert told.status_code == 200
            tile = anyone.get(told.json()["tiles"][0].format(z=0, x=0, y=0))
            assert len(mapbox_vector_tile.decode(tile.content)["events"]["features"]) == 1
            del query["region"]
            assert anyone.get("/tiles/events/tilejson.json", params=query).status_code == 401
        other = client.get("/tiles/events/tilejson.json", params={"kind": "razed"}).json()
        assert client.get(other["tiles"][0].format(z=0, x=0, y=0)).content == b""

    def test_dnbr_needs_an_earlier_look_and_no_other_style_takes_one(
        self, client: httpx.Client
    ) -> None:
        address = f"/tiles/looks/{AFTER}"
        assert client.get(f"{address}/dnbr/tilejson.json").status_code == 400
        query = {"before": BEFORE}
        assert client.get(f"{address}/nbr/tilejson.json", params=query).status_code == 400
        told = client.get(f"{address}/dnbr/tilejson.json", params=query).json()
        z, x, y = tile = tile_at(*MIDDLE)
        png = client.get(told["tiles"][0].format(z=z, x=x, y=y)).content
        assert pixel_at(png, *MIDDLE, tile) == (*RED, 255)


class TestWmts:
    def test_owslib_reads_the_layers_and_a_tile(self, service: Mapped) -> None:
        address = f"{service.url}/tiles/regions/reg-1/wmts"
        auth = Authentication(username="me", password=service.key)
        wmts = WebMapTileService(address, auth=auth)
        assert list(wmts.contents) == [AFTER, f"{AFTER}~{BEFORE}", BEFORE]
        layer = wmts.contents[f"{AFTER}~{BEFORE}"]
        assert list(layer.styles) == ["dnbr", "change"]
        assert layer.formats == ["image/png", "image/webp"]
        (west, north), (east, south) = place(0, 0), place(SIZE, SIZE)
        assert layer.boundingBoxWGS84 == pytest.approx((west, south, east, north), abs=2e-3)
        z, x, y = tile = tile_at(*MIDDLE)
        read = wmts.gettile(layer=f"{AFTER}~{BEFORE}", tilematrixset="WebMercatorQuad",
                            tilematrix=str(z), row=y, column=x, style="dnbr")  # fmt: skip
        assert pixel_at(read.read(), *MIDDLE, tile)[:3] == RED

    def test_a_pass_opens_all_of_it_and_nothing_else(
        self, service: Mapped, client: httpx.Client
    ) -> None:
        shown = pass_for(client, "tiles/regions/reg-1/wmts")
        address = f"{service.url}/tiles/regions/reg-1/wmts?pass={shown}"
        wmts = WebMapTileService(address)
        z, x, y = tile = tile_at(*MIDDLE)
        read = wmts.gettile(layer=f"{AFTER}~{BEFORE}", tilematrixset="WebMercatorQuad",
                            tilematrix=str(z), row=y, column=x)  # fmt: skip
        assert pixel_at(read.read(), *MIDDLE, tile)[:3] == RED
        with service.client("") as anyone:
            rest = [one for layer in wmts.contents.values() for one in layer.resourceURLs]
            assert len(rest) == 6
            for one in rest:
                tile_address = one["template"].format(
                    Style="dnbr" if "before" in one["template"] else "nbr",
                    TileMatrix=z, TileRow=y, TileCol=x,
                )  # fmt: skip
                answer = anyone.get(tile_address)
                assert answer.status_code == 200, answer.text
                assert answer.headers["content-type"] == one["format"]
            for other in (
                "/tiles/regions/reg-2/wmts", "/tiles/regions/reg-1", f"/tiles/looks/{AFTER}/nbr",
                "/regions/reg-1",
            ):  # fmt: skip
                assert anyone.get(other, params={"pass": shown}).status_code == 401
            more = {"pass": shown, "SERVICE": "WMTS", "REQUEST": "GetCapabilities", "region": "x"}
            assert anyone.get("/tiles/regions/reg-1/wmts", params=more).status_code == 401

    def test_the_two_capabilities_are_one_and_say_what_they_should(
        self, client: httpx.Client
    ) -> None:
        kvp = client.get("/tiles/regions/reg-1/wmts?service=wmts&request=GetCapabilities")
        rest = client.get("/tiles/regions/reg-1/wmts/1.0.0/WMTSCapabilities.xml")
        assert kvp.content == rest.content
        assert client.get("/tiles/regions/reg-1/wmts").content == rest.content
        assert kvp.headers["content-type"].startswith("application/xml")
        assert kvp.headers["cache-control"] == "private, no-store"
        root = ElementTree.fromstring(kvp.content)
        spaces = {"w": "http://www.opengis.net/wmts/1.0"}
        assert len(root.findall("w:Contents/w:TileMatrixSet/w:TileMatrix", spaces)) == 23

    def test_everything_wrong_with_a_request_is_said_at_once(self, client: httpx.Client) -> None:
        def faults(query: str) -> set[str]:
            answer = client.get(f"/tiles/regions/reg-1/wmts?{query}")
            assert answer.status_code == 400
            return {one["where"] for one in answer.json()["errors"]}

        wrong = "request=GetTile&layer=x&style=y&format=image/gif&tilematrix=a&tilerow=-1"
        assert faults(wrong) == {
            f"query.{name}"
            for name in ("STYLE", "FORMAT", "TILEMATRIX", "TILEROW", "TILECOL", "TILEMATRIXSET")
        }
        assert faults("REQUEST=GetMap") == {"query.REQUEST"}
        assert faults("SERVICE=WMS&REQUEST=GetCapabilities") == {"query.SERVICE"}
        assert faults("service=WMTS&SERVICE=WMTS") == {"query.SERVICE"}
        assert faults("SERVICE=WMTS&LAYERS=x") == {"query.LAYERS"}

    def test_tiles_are_counted_in_the_log_and_name_their_look(self, client: httpx.Client) -> None:
        z, x, y = tile_at(*MIDDLE)
        query = {"SERVICE": "WMTS", "REQUEST": "GetTile", "LAYER": f"{AFTER}~{BEFORE}",
                 "STYLE": "change", "FORMAT": "image/webp", "TILEMATRIXSET": "WebMercatorQuad",
                 "TILEMATRIX": z, "TILEROW": y, "TILECOL": x}  # fmt: skip

        def entries() -> list[dict[str, Any]]:
            told = client.get("/audit", params={"act": "wmts", "limit": 1000}).json()["items"]
            subject = f"region:reg-1 acquisition:{AFTER} before:{BEFORE}"
            return [one for one in told if one["subject"] == subject]

        before = len(entries())
        for _ in range(12):
            assert client.get("/tiles/regions/reg-1/wmts", params=query).status_code == 200
        # One entry at once and one for all the others of a minute; the minute may end meanwhile.
        assert 1 <= len(entries()) <= before + 4
        assert "WebMercator" not in json.dumps(entries())


class TestGdal:
    def gdal(self, tool: str, *words: str, **more: str) -> str:
        env = {"PATH": "/usr/bin:/bin", "GDAL_HTTP_TIMEOUT": "30", **more}
        done = subprocess.run([tool, *words], env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert "ERROR" not in done.stderr, done.stderr
        return done.stdout

    def picture(self, gdal: str, source: str, made: Path, key: str) -> NDArray[np.uint8]:
        """Let GDAL draw the burned ground, 50 pixels a side, from its middle."""
        (west, north), (east, south) = place(150, 175), place(250, 225)
        window = [str(one) for one in (west, north, east, south)]
        words = ["-q", "-projwin", *window, "-projwin_srs", "OGC:CRS84", "-outsize", "50", "50",
                 "-of", "PNG", source, str(made)]  # fmt: skip
        self.gdal(gdal, *words, GDAL_HTTP_HEADERS=f"Authorization: Bearer {key}",
                  GDAL_PAM_ENABLED="NO", GDAL_DEFAULT_WMS_CACHE_PATH=str(made.parent))  # fmt: skip
        return np.asarray(Image.open(made).convert("RGB"))

    def test_the_wmts_driver_draws_the_burned_ground(
        self, service: Mapped, require_system: RequireSystem, tmp_path: Path
    ) -> None:
        gdal = require_system("gdal-bin", "gdal_translate")
        source = (
            f"WMTS:{service.url}/tiles/regions/reg-1/wmts/1.0.0/WMTSCapabilities.xml,"
            f"layer={AFTER}~{BEFORE},style=dnbr"
        )
        drawn = self.picture(gdal, source, tmp_path / "wmts.png", service.key)
        assert (drawn.reshape(-1, 3) == RED).all()

    def test_the_wms_driver_draws_it_from_xyz(
        self, service: Mapped, client: httpx.Client, require_system: RequireSystem, tmp_path: Path
    ) -> None:
        gdal = require_system("gdal-bin", "gdal_translate")
        address = f"/tiles/looks/{AFTER}/dnbr/tilejson.json?before={BEFORE}"
        template = client.get(address).json()["tiles"][0]
        for name in "xyz":
            template = template.replace(f"{{{name}}}", f"${{{name}}}")
        source = tmp_path / "tms.xml"
        source.write_text(TMS.format(template.replace("&", "&amp;")))
        drawn = self.picture(gdal, str(source), tmp_path / "tms.png", service.key)
        assert (drawn.reshape(-1, 3) == RED).all()

    def test_the_ogcapi_driver_reads_the_vector_tiles(
        self, service: Mapped, require_system: RequireSystem
    ) -> None:
        ogrinfo = require_system("gdal-bin", "ogrinfo")
        z, x, y = tile_at(*MIDDLE, 10)
        address = f"/vsicurl/{service.url}/tiles/events/{z}/{x}/{y}.mvt"
        header = f"Authorization: Bearer {service.key}"
        told = self.gdal(
            ogrinfo, "-al", "-oo", f"X={x}", "-oo", f"Y={y}", "-oo", f"Z={z}", f"MVT:{address}",
            GDAL_HTTP_HEADERS=header, CPL_VSIL_CURL_USE_HEAD="NO",
        )  # fmt: skip
        assert "id (String) = evt-1" in told
        assert "kind (String) = burned" in told

    def test_the_newer_gdal_reads_a_vector_tile(self, client: httpx.Client, tmp_path: Path) -> None:
        z, x, y = tile_at(*MIDDLE, 10)
        tile = tmp_path / "tile.mvt"
        tile.write_bytes(client.get(f"/tiles/events/{z}/{x}/{y}.mvt").content)
        # In a process of its own: two builds of GDAL do not share one well.
        done = subprocess.run(
            [sys.executable, "-c", READ, str(tile), str(z), str(x), str(y)],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        told = json.loads(done.stdout)
        assert told["ids"] == ["evt-1"]
        (west, north), (east, south) = (
            place(BURNED[1].start, BURNED[0].start), place(BURNED[1].stop, BURNED[0].stop)
        )  # fmt: skip
        tms = morecantile.tms.get("WebMercatorQuad")
        edges = (*tms.xy(west, south), *tms.xy(east, north))
        unit = tms.xy_bounds(morecantile.Tile(x, y, z))
        assert told["bounds"] == pytest.approx(edges, abs=2 * (unit.right - unit.left) / 4096)


TMS = """<GDAL_WMS><Service name="TMS"><ServerUrl>{}</ServerUrl></Service><DataWindow>
<UpperLeftX>-20037508.342789244</UpperLeftX><UpperLeftY>20037508.342789244</UpperLeftY>
<LowerRightX>20037508.342789244</LowerRightX><LowerRightY>-20037508.342789244</LowerRightY>
<TileLevel>14</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY>
<YOrigin>top</YOrigin></DataWindow><Projection>EPSG:3857</Projection><BlockSizeX>256</BlockSizeX>
<BlockSizeY>256</BlockSizeY><BandsCount>4</BandsCount></GDAL_WMS>
"""

READ = """
import json, sys, pyogrio, shapely
path, z, x, y = sys.argv[1:]
found = pyogrio.raw.read(f"MVT:{path}", layer="events", Z=z, X=x, Y=y)
fields = list(found[0]["fields"])
shape = shapely.union_all(shapely.from_wkb(found[2]))
ids = found[3][fields.index("id")].tolist()
print(json.dumps({"ids": ids, "bounds": shape.bounds}))
"""
