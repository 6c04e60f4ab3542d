"""Searches: every item once, by place and time, and nothing that is somebody else's."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box, mapping, shape

from api.app import create_app
from api.stac.items import multihash
from api.stac.scenes import item_id
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support import shelf as s
from tests.support.inside import Inside
from tests.support.shelf import CROSSING, EAST, FAR, WEST, Shelf
from tiles.notes import note_superseded

LOOKS = 9
CELLS = (WEST, CROSSING, EAST, FAR)
PROPERTY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def made(folder: Path) -> tuple[Shelf, Inside]:
    """Return an empty shelf and what asks the service over it."""
    shelf = s.fill(folder, MemoryStore())
    app = create_app(load_settings(data_dir=folder, organisation="ours"), shelf.store)
    return shelf, Inside(app)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shelf, Inside]]:
    """Nine looks at four cells, one of them cut in two scenes, and six events."""
    shelf, client = made(tmp_path_factory.mktemp("shelf"))
    for number in range(LOOKS):
        for cell in CELLS[: 1 + number % 4]:
            s.put(shelf, number, cell)
    both = s.put(shelf, 0, WEST, scene=s.product_of(0, "60KYF"))
    first = [
        ref.sha256 for ref in shelf.archive.listed(cell_id=WEST, acquisition=s.acquisition_of(0))
    ]
    s.told(shelf, 0, WEST, tuple({*first, *both}))
    # A pass that was expected and never came.
    s.told(shelf, 20, WEST, ())
    with shelf.store.transaction() as tx:
        for number in range(6):
            tx.put_event(event(number))
    yield shelf, client
    client.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[Shelf, Inside]]:
    """An empty shelf of one's own."""
    shelf, client = made(tmp_path)
    yield shelf, client
    client.close()


def event(number: int) -> Any:
    ground = shapely.MultiPolygon(
        [box(179.9, -16.85, 180, -16.8), box(-180, -16.85, -179.99, -16.8)]
    )
    return a.event(
        id=f"e{number}", geometry=ground if number % 2 else box(25.25, 13.55, 25.26, 13.56),
        first_changed=s.time_of(number),
        last_unharmed=None if number == 3 else s.time_of(number - 1),
    )  # fmt: skip


def walk(client: Inside, headers: dict[str, str], address: str) -> list[dict[str, Any]]:
    """Follow `next` to the end."""
    found: list[dict[str, Any]] = []
    while address:
        answer = client.get(address.removeprefix("http://service"), headers=headers)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["numberReturned"] == len(page["features"])
        found += page["features"]
        address = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
        assert not address or page["features"], "an empty page that is not the last one"
    return found


def expected_scenes() -> set[tuple[str, str]]:
    """Say which items there are."""
    pairs = [(number, cell) for number in range(LOOKS) for cell in CELLS[: 1 + number % 4]]
    ids = {item_id(s.acquisition_of(n), cell, s.product_of(n)) for n, cell in pairs}
    ids.add(item_id(s.acquisition_of(0), WEST, s.product_of(0, "60KYF")))
    return {(name, one) for name in ("sentinel-2-l2a", "masks") for one in ids}


def named(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(item["collection"], item["id"]) for item in items]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20, 1000])
def test_pages_hold_everything_once_over_all_collections(
    served: tuple[Shelf, Inside], limit: int
) -> None:
    shelf, client = served
    items = walk(client, shelf.headers(), f"/stac/search?limit={limit}")
    assert len(items) == len(set(named(items)))
    assert set(named(items)) == expected_scenes() | {("evidence", f"e{n}") for n in range(6)}
    order = [item["collection"] for item in items]
    assert order == sorted(order, key=["sentinel-2-l2a", "masks", "evidence"].index)
    for name in set(order):
        times = [one["properties"]["datetime"] for one in items if one["collection"] == name]
        assert times == sorted(times, reverse=True)
    whole = walk(client, shelf.headers(), "/stac/search?limit=1000")
    assert named(items) == named(whole)


@pytest.mark.parametrize("limit", [1, 4])
def test_a_body_is_answered_as_a_query(served: tuple[Shelf, Inside], limit: int) -> None:
    shelf, client = served
    body: dict[str, Any] = {"limit": limit, "collections": ["masks", "evidence"]}
    found: list[dict[str, Any]] = []
    while True:
        page = client.request("POST", "/stac/search", headers=shelf.headers(), json=body).json()
        found += page["features"]
        (link,) = [one for one in page["links"] if one["rel"] == "next"] or [None]
        if link is None:
            break
        assert (link["method"], link["merge"]) == ("POST", True)
        body |= link["body"]
    asked = walk(client, shelf.headers(), "/stac/search?collections=masks,evidence")
    assert [without_links(one) for one in found] == [without_links(one) for one in asked]


def without_links(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "links"}


@pytest.fixture(scope="module")
def everything(served: tuple[Shelf, Inside]) -> list[dict[str, Any]]:
    """All scenes, as asked for without any filter."""
    shelf, client = served
    return walk(client, shelf.headers(), "/stac/search?limit=1000&collections=sentinel-2-l2a")


corners = st.tuples(
    st.floats(-180, 180, allow_nan=False), st.floats(-20, 20, allow_nan=False),
    st.floats(0, 20), st.floats(0, 20),
)  # fmt: skip
near = st.tuples(
    st.sampled_from([179.85, 179.95, 179.999, -179.99, -179.9, 25.2, 25.3]),
    st.sampled_from([-16.95, -16.85, 13.5, 13.55]), st.floats(0.001, 0.2), st.floats(0.001, 0.2),
)  # fmt: skip


@given(corner=near | corners, first=st.integers(-1, 9), days=st.integers(0, 9),
       as_shape=st.booleans())  # fmt: skip
@PROPERTY
def test_what_is_found_is_what_lies_there_then(
    served: tuple[Shelf, Inside],
    everything: list[dict[str, Any]],
    corner: Any,
    first: int,
    days: int,
    as_shape: bool,
) -> None:
    shelf, client = served
    west, south, width, height = corner
    north, east = min(south + height, 90), west + width
    since, until = s.time_of(first), s.time_of(first + days)
    east = east if east <= 180 else east - 360
    parts = [box(west, south, east, north)] if west <= east else [
        box(west, south, 180, north), box(-180, south, east, north)]  # fmt: skip
    area = shapely.union_all(parts)
    if as_shape and (not area.is_valid or area.area == 0):
        return
    place = {"intersects": mapping(area)} if as_shape else {"bbox": [west, south, east, north]}
    period = f"{since.isoformat()}/{until.isoformat()}"
    body = {**place, "datetime": period, "limit": 1000, "collections": ["sentinel-2-l2a"]}
    answer = client.request("POST", "/stac/search", headers=shelf.headers(), json=body)
    assert answer.status_code == 200, answer.text
    kept = [
        one["id"]
        for one in everything
        if since.isoformat()[:19] <= one["properties"]["datetime"][:19] <= until.isoformat()[:19]
        and surely_meets(one, area)
    ]
    found = [one["id"] for one in answer.json()["features"]]
    maybe = {one["id"] for one in everything if on_the_edge(one, area)}
    assert set(found) - maybe == set(kept) - maybe


def surely_meets(item: dict[str, Any], area: Any) -> bool:
    return bool(shape(item["geometry"]).intersects(area))


def on_the_edge(item: dict[str, Any], area: Any) -> bool:
    """Whether what an item says of its ground, to seven decimals, does not settle it."""
    return bool(shape(item["geometry"]).boundary.distance(area.boundary) < 1e-6)


def test_events_are_found_by_place_and_time(served: tuple[Shelf, Inside]) -> None:
    shelf, client = served

    def asked(**body: Any) -> list[str]:
        sent = {"collections": ["evidence"], **body}
        found = client.request("POST", "/stac/search", headers=shelf.headers(), json=sent).json()
        return [one["id"] for one in found["features"]]

    assert asked(bbox=[25, 13, 26, 14]) == asked(intersects=mapping(box(25, 13, 26, 14)))
    assert asked(bbox=[25, 13, 26, 14]) == ["e4", "e2", "e0"]
    assert asked(intersects=mapping(box(179.8, -17, 180, -16))) == ["e5", "e3", "e1"]
    assert asked(datetime=f"../{s.time_of(2).isoformat()}") == ["e2", "e1", "e0"]
    assert asked(ids=["e5", "e0", "nothing"], bbox=[25, 13, 26, 14]) == ["e0"]
    item = client.get("/stac/collections/evidence/items/e5", headers=shelf.headers()).json()
    assert item["bbox"] == [179.9, -16.85, -179.99, -16.8]
    assert item["properties"]["start_datetime"] == s.time_of(4).isoformat().replace("+00:00", "Z")
    third = client.get("/stac/collections/evidence/items/e3", headers=shelf.headers()).json()
    assert "start_datetime" not in third["properties"]


def test_named_items_are_given_by_name_in_pages(served: tuple[Shelf, Inside]) -> None:
    shelf, client = served
    wanted = sorted({its_id for _, its_id in expected_scenes()})
    asked = ",".join([*reversed(wanted), "e0", "nothing", "x_35N_0030_0146_00000000"])
    items = walk(client, shelf.headers(), f"/stac/search?limit=3&ids={asked}")
    assert named(items) == [
        *(("sentinel-2-l2a", one) for one in wanted), *(("masks", one) for one in wanted),
        ("evidence", "e0"),
    ]  # fmt: skip
    assert (
        walk(client, shelf.headers(), f"/stac/search?ids={asked}&datetime=1999-01-01T00:00:00Z")
        == []
    )


def test_nothing_is_lost_or_doubled_while_looks_come_in(fresh: tuple[Shelf, Inside]) -> None:
    shelf, client = fresh
    draw = random.Random(8)
    there = [(number, cell) for number in range(1, 12, 2) for cell in (WEST, FAR)]
    for number, cell in there:
        s.put(shelf, number, cell)
    before = {one for _, one in named(walk(client, shelf.headers(), "/stac/search"))}
    coming = [(number, cell) for number in range(0, 13, 2) for cell in (WEST, FAR)]
    draw.shuffle(coming)
    found: list[str] = []
    address = "/stac/collections/sentinel-2-l2a/items?limit=2"
    while address:
        page = client.get(address.removeprefix("http://service"), headers=shelf.headers()).json()
        found += [one["id"] for one in page["features"]]
        for number, cell in (coming.pop() for _ in range(2) if coming):
            s.put(shelf, number, cell)
        address = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    assert len(found) == len(set(found))
    assert before <= set(found)


def test_a_file_that_only_others_pulled_shows_nowhere(fresh: tuple[Shelf, Inside]) -> None:
    shelf, client = fresh
    s.put(shelf, 1, FAR)
    address = "/stac/search"
    alone = client.get(address, headers=shelf.headers()).json()["features"]
    # The same look and cell with more bands, another scene of it, another look, another cell.
    newer = s.product_of(1, baseline="0511")
    masters = (
        *s.put(shelf, 1, FAR, bands=("B11", "B12"), organisation="theirs"),
        *s.put(shelf, 1, FAR, scene=s.product_of(1, "36PKS"), organisation="theirs"),
        *s.put(shelf, 1, FAR, scene=newer, organisation="theirs"),
    )
    s.told(shelf, 1, FAR, masters, organisation="theirs")
    s.put(shelf, 1, WEST, organisation="theirs")
    s.put(shelf, 2, FAR, organisation="theirs")
    superseded(shelf, newer)
    assert client.get(address, headers=shelf.headers()).json()["features"] == alone
    others = client.get(address, headers=shelf.headers("theirs")).json()["features"]
    assert len(others) == 2 * 5
    own = shelf.headers()
    for item in others:
        where = f"/stac/collections/{item['collection']}/items/{item['id']}"
        if item["id"] == alone[0]["id"]:
            continue
        nothing = client.get(where.replace(item["id"], "nothing"), headers=own)
        assert client.get(where, headers=own).content == nothing.content
        for asset in item["assets"].values():
            answer = client.get(asset["href"].removeprefix("http://service"), headers=own)
            assert (answer.status_code, answer.content) == (404, nothing.content)
    # A file of theirs under an item of ours.
    mine = alone[0]["id"]
    bands = next(one for one in others if one["id"] == mine)["assets"]["B11-B12"]["href"]
    assert client.get(bands.removeprefix("http://service"), headers=own).status_code == 404


def superseded(shelf: Shelf, newer: str) -> None:
    note_superseded(shelf.archive, s.acquisition_of(1), s.product_of(1), newer,
                    who="provider", why="made anew", at=a.NOON)  # fmt: skip


def test_a_scene_made_anew_says_so_where_both_are_ones_own(fresh: tuple[Shelf, Inside]) -> None:
    shelf, client = fresh
    newer = s.product_of(1, baseline="0511")
    first = s.put(shelf, 1, FAR, named=False)
    second = s.put(shelf, 1, FAR, scene=newer, named=False)
    s.told(shelf, 1, FAR, first + second)
    superseded(shelf, newer)
    items = walk(client, shelf.headers(), "/stac/search?collections=sentinel-2-l2a")
    by_scene = {one["properties"]["hearthwatch:scene"]: one for one in items}
    old, new = by_scene[s.product_of(1)], by_scene[newer]
    assert old["properties"]["deprecated"] is True and "deprecated" not in new["properties"]
    (link,) = [one["href"] for one in old["links"] if one["rel"] == "successor-version"]
    assert link.endswith(new["id"])


def test_what_is_said_of_a_file_is_what_the_file_says(served: tuple[Shelf, Inside]) -> None:
    import hashlib
    from io import BytesIO

    import rasterio

    shelf, client = served
    (item,) = walk(client, shelf.headers(),
                   f"/stac/search?collections=sentinel-2-l2a&bbox=25,13,26,14&datetime={s.time_of(3).isoformat().replace('+00:00', 'Z')}")  # noqa: E501  # fmt: skip
    assert set(item["assets"]) == {"B02-B03-B04-B08", "SCL", "thumbnail"}
    for name in ("B02-B03-B04-B08", "SCL"):
        asset = item["assets"][name]
        data = client.get(
            asset["href"].removeprefix("http://service"), headers=shelf.headers()
        ).content
        assert len(data) == asset["file:size"]
        assert multihash(hashlib.sha256(data).hexdigest()) == asset["file:checksum"]
        with rasterio.open(BytesIO(data)) as source:
            assert list(source.shape) == asset["proj:shape"]
            assert list(source.transform)[:6] == asset["proj:transform"]
            assert str(source.crs) == asset["proj:code"]
            assert list(source.descriptions) == [one["name"] for one in asset["bands"]]
            assert list(source.bounds) == asset["proj:bbox"]
            if name != "SCL":
                assert list(source.scales) == [one["scale"] for one in asset["raster:bands"]]
                assert list(source.offsets) == [one["offset"] for one in asset["raster:bands"]]
    assert item["properties"]["sat:relative_orbit"] == 72
    assert item["properties"]["hearthwatch:modes"] == ["test"]
    (mask,) = walk(client, shelf.headers(), f"/stac/search?collections=masks&ids={item['id']}")
    assert set(mask["assets"]) == {"SCL"}
    picture = client.get(f"/stac/collections/sentinel-2-l2a/items/{item['id']}/thumbnail.png",
                         headers=shelf.headers())  # fmt: skip
    assert picture.content.startswith(b"\x89PNG")


def test_a_pass_opens_one_item_and_its_files_alone(served: tuple[Shelf, Inside]) -> None:
    shelf, client = served
    items = walk(
        client, shelf.headers(), "/stac/search?collections=sentinel-2-l2a&bbox=25,13,26,14"
    )
    one, other = (f"stac/collections/sentinel-2-l2a/items/{item['id']}" for item in items[:2])
    asked = client.request("POST", "/passes", headers=shelf.headers(), json={"resource": one})
    shown = asked.json()["pass"]
    item = client.get(f"/{one}?pass={shown}").json()
    for name, asset in item["assets"].items():
        answer = client.get(asset["href"].removeprefix("http://service"))
        assert answer.status_code == 200, name
    assert not [link for link in item["links"] if "pass=" in link["href"]]
    for closed in (other, "stac/search", "stac/collections/sentinel-2-l2a/items", "events"):
        assert client.get(f"/{closed}?pass={shown}").status_code in (400, 401)


@pytest.mark.parametrize(
    "after", ["x", "masks", "nothing~", "masks~x", "evidence~AAAA", "masks~" + "A" * 3000, "~"]
)
def test_a_cursor_that_was_never_given_is_refused(served: tuple[Shelf, Inside], after: str) -> None:
    shelf, client = served
    answer = client.get("/stac/search", headers=shelf.headers(), params={"after": after})
    assert answer.status_code == 400
    assert "cursor" in answer.json()["detail"]


def test_a_cursor_of_another_question_is_refused(served: tuple[Shelf, Inside]) -> None:
    shelf, client = served
    page = client.get("/stac/search?limit=2", headers=shelf.headers()).json()
    (address,) = [one["href"] for one in page["links"] if one["rel"] == "next"]
    answer = client.get(address.removeprefix("http://service") + "&bbox=0,0,1,1",
                        headers=shelf.headers())  # fmt: skip
    assert answer.status_code == 400
    stranger = client.get(address.removeprefix("http://service"), headers=shelf.headers("theirs"))
    assert stranger.status_code == 400


def test_long_looks_are_gone_through_in_pieces(
    fresh: tuple[Shelf, Inside], monkeypatch: pytest.MonkeyPatch
) -> None:
    import api.stac.scenes as scenes

    monkeypatch.setattr(scenes, "_AT_ONCE", 2)
    shelf, client = fresh
    for number in range(7):
        s.put(shelf, number, FAR, named=number % 3 == 0)
    found = walk(client, shelf.headers(), "/stac/collections/sentinel-2-l2a/items?limit=2")
    times = [one["properties"]["datetime"][:10] for one in found]
    assert times == [f"{s.time_of(n).date()}" for n in (6, 3, 0)]


def test_a_look_stays_the_same_whoever_asks_when(served: tuple[Shelf, Inside]) -> None:
    """What an item says follows from what is archived: it can be cited."""
    shelf, client = served
    address = "/stac/collections/sentinel-2-l2a/items"
    first, second = (client.get(address, headers=shelf.headers()).json() for _ in range(2))
    assert first["features"] == second["features"]
    later = replace(s.chip_of(1, WEST, s.product_of(1)), sensed=s.time_of(1) + timedelta(0))
    shelf.archive.store(later, WEST)
    assert client.get(address, headers=shelf.headers()).json()["features"] == first["features"]
