"""Whether a place is watched shows to no stranger: two services that differ in that alone answer
every request alike, to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from shapely.geometry import box, mapping

import api.routes.sessions as sessions
from api.app import create_app
from api.audited import COLLECTION, FEATURE, IDS
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.support import worlds
from tests.support.alike import said, unasked
from tests.support.inside import Inside
from tests.support.routes import Operation, operations
from tiles.styles import Style, styles_of

GROUND = mapping(box(25.35, 13.65, 25.36, 13.66))
POINT = b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"M"},"geometry":{"type":"Polygon","coordinates":[[[25.35,13.65],[25.36,13.65],[25.36,13.66],[25.35,13.65]]]}}]}'  # noqa: E501
BODIES: dict[str, Any] = {
    "POST /regions": {"type": "Feature", "geometry": GROUND, "properties": {"name": "Mine"}},
    "PATCH /regions/{region}": {"purpose": "another"},
    "POST /regions/{region}/observations": {
        "observed": "2024-06-01T00:00:00Z",
        "words": "why",
        "source": "whoever",
        "reliability": "B",
        "credibility": 2,
        "factor": 8,
    },
    "POST /imports/regions": ("mine.geojson", POINT),
    "POST /imports/settlements": ("mine.geojson", POINT),
    "POST /settlements": {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": GROUND, "properties": {"name": "Mine"}}],
    },
    "POST /jobs": {"region": "reg-1"},
    "POST /passes": {"resource": "tiles/events"},
}
"""What cannot be made up from the document."""
EXCEPTIONS: set[str] = set()
"""Operations that still tell a stranger something, each a defect to be mended."""
OF_ITS_TIME = {"GET /audit"}
"""One's own log, which tells when a minute ended; `test_audited` holds it to one's own."""
COLLECTIONS = ("events", "settlements", "regions", "theirs")
ODD = ("/", "/openapi.json", "/nowhere", "/tiles/events/99/0/0.mvt", "/assets/x", "/events/%00",
       "/events/" + "x" * 300, "/ogc/", "/regions/%2e%2e")  # fmt: skip
KNOWN_PARTS = {*IDS, COLLECTION, FEATURE, "style", "collection", "asset", "z", "x", "y", "form"}


@dataclass(frozen=True, slots=True)
class Pair:
    """The two services and those who ask both the same."""

    watched: Inside
    not_watched: Inside
    who: worlds.Callers
    operations: tuple[Operation, ...]

    def ask(self, caller: str, method: str, address: str, **more: Any) -> tuple[Any, Any]:
        headers = self.who.headers[caller]
        return tuple(  # type: ignore[return-value]
            client.request(method, address, headers=headers, **more)
            for client in (self.watched, self.not_watched)
        )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    who = worlds.callers()
    apps = [
        worlds.service(tmp_path_factory.mktemp("w"), MemoryStore(), who, watched=watched)
        for watched in (True, False)
    ]
    listed = tuple(operations(apps[0].openapi()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "REFUSAL_SECONDS", 0.0)
        clients = [Inside(app) for app in apps]
        yield Pair(clients[0], clients[1], who, listed)
        for one in clients:
            one.close()


def same(answers: tuple[Any, Any]) -> Any:
    """Fail unless both services said the same, and neither a word of theirs; return the first."""
    one, other = answers
    what = f"{one.request.method} {one.request.url}"
    assert said(one) == said(other), what
    assert worlds.MARK.encode() not in unasked(one), what
    return one


def collections_of(one: Operation) -> tuple[str, ...]:
    return COLLECTIONS if "name" in one.takes else ("events",)


def test_every_parameter_of_a_path_is_known_to_be_an_id_or_none(pair: Pair) -> None:
    """A new one is either logged as an id (`api.audited.IDS`) or never written down."""
    assert set().union(*(one.takes for one in pair.operations)) <= KNOWN_PARTS


def test_every_operation_can_be_asked_for_what_is_ours(pair: Pair) -> None:
    """What answers nothing but errors is not tested by the others."""
    ids, refused = pair.who.ids["ours"], {}
    for one in pair.operations:
        if one.method == "get":
            caller = "signed in" if one.path.startswith("/session") else "admin"
            answer = pair.watched.get(one.address(ids), headers=pair.who.headers[caller])
            if answer.status_code >= 400:
                refused[one.name] = answer.text
    # There is no picture without two looks, no proposal of a known number is ours alone, and these
    # take what a receiver was sent, or an event in the query: other tests ask them.
    others = {"GET /confirmations", "GET /unsubscriptions", "GET /alerts", "GET /answers",
              "GET /feeds/{receiver}.atom"}  # fmt: skip
    assert set(refused) <= {"GET /events/{event}/chip.png", *others}, refused


# Before anything is made by chance: a cursor holds the id of the last one.
def test_reading_what_is_ours_tells_nothing_of_theirs(pair: Pair) -> None:
    ids, box_of_both = pair.who.ids["ours"], "25.2,13.5,25.5,13.8"
    for one in pair.operations:
        if one.method != "get" or one.name in {*EXCEPTIONS, *OF_ITS_TIME}:
            continue
        for collection in collections_of(one):
            for query in ({}, {"bbox": box_of_both}, {"region": f"{worlds.MARK}-reg-1"},
                          {"limit": "1"}, {"bbox": "1,2,3"}):  # fmt: skip
                if set(query) <= one.filters:
                    same(pair.ask("admin", "GET", one.address(ids, collection), params=query))


@pytest.mark.parametrize("caller", ["nobody", "admin", "signed in"])
def test_no_operation_tells_a_stranger_what_is_watched(pair: Pair, caller: str) -> None:
    ids = pair.who.ids["theirs"]
    for one in pair.operations:
        if one.name in {*EXCEPTIONS, *OF_ITS_TIME} or (
            one.name == "DELETE /session" and caller == "signed in"
        ):
            continue
        for collection in collections_of(one):
            address = one.address(ids, collection)
            same(pair.ask(caller, one.method, address, **one.body(BODIES)))
            if one.method == "get":
                same(pair.ask(caller, "HEAD", address))
                same(pair.ask(caller, "OPTIONS", address))


def test_an_exception_that_tells_nothing_any_more_is_taken_off_the_list(pair: Pair) -> None:
    for one in pair.operations:
        if one.name in EXCEPTIONS:
            given = pair.ask("admin", one.method, one.address(pair.who.ids["ours"]))
            assert said(given[0]) != said(given[1]), f"{one.name} is mended: take it off EXCEPTIONS"


def test_what_others_took_of_our_own_look_shows_in_no_style_and_no_cell(pair: Pair) -> None:
    ids = pair.who.ids["ours"]
    look = f"/tiles/looks/{ids['acquisition']}"
    for style in Style:
        before = {"before": ids["acquisition"]} if style.compares else {}
        for last in ("", "/tilejson.json", "/0/0/0.png", "/13/4699/2913.png"):
            same(pair.ask("admin", "GET", f"{look}/{style.value}{last}", params=before))
    assert said(pair.watched.get(f"{look}/nbr/tilejson.json",
                                 headers=pair.who.headers["admin"]))[0] == 404  # fmt: skip
    (ours,) = pair.watched.get(f"/regions/{ids['region']}/looks",
                               headers=pair.who.headers["admin"]).json()["items"]  # fmt: skip
    assert ours["styles"] == [one.value for one in styles_of(worlds.OUR_BANDS)]
    # What they took is there, and shows to whoever may see it.
    context = pair.watched.app.state.context
    theirs = context.archive("theirs").bands(ids["acquisition"], worlds.CELL)
    assert set(worlds.THEIR_BANDS) <= theirs


def test_addresses_that_are_none_and_ids_that_cannot_be_are_answered_alike(pair: Pair) -> None:
    for caller in ("nobody", "admin"):
        for address in ODD:
            for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE"):
                same(pair.ask(caller, method, address))


def test_no_answer_may_be_kept(pair: Pair) -> None:
    """But for the page's own files, which are the same for everybody."""
    for caller in ("nobody", "admin"):
        for one in pair.operations:
            for ids in (pair.who.ids["ours"], pair.who.ids["theirs"]):
                if one.method == "get":
                    answer = pair.watched.get(one.address(ids), headers=pair.who.headers[caller])
                    assert answer.headers["cache-control"] == "private, no-store", one.name
                    assert "etag" not in answer.headers and "last-modified" not in answer.headers
        for address in ("/openapi.json", "/nowhere", "/"):
            answer = pair.watched.get(address, headers=pair.who.headers[caller])
            assert answer.headers["cache-control"] == "private, no-store"


def test_a_service_that_watches_nothing_tells_a_stranger_the_same(
    pair: Pair, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without a key not even an empty service is told from one that watches."""
    folder = tmp_path_factory.mktemp("empty")
    settings = load_settings(data_dir=folder, organisation="ours")
    empty = Inside(create_app(settings, MemoryStore()))
    for one in pair.operations:
        for ids in (pair.who.ids["ours"],):
            more = one.body(BODIES)
            asked = [client.request(one.method, one.address(ids), **more)
                     for client in (pair.watched, empty)]  # fmt: skip
            same((asked[0], asked[1]))
    empty.close()
