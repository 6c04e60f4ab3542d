"""Two organisations, and keys of every kind: nobody learns anything of the other's."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import pytest
from mapbox_vector_tile import decode
from shapely.geometry import mapping

from api.stac.scenes import item_id
from hearthwatch.keys import take_apart
from hearthwatch.layout import Layout
from hearthwatch.store.protocol_pulled import PulledSearch
from tests.support.routes import FIXED, Operation, operations
from tests.support.served import SECRETS, THEIR_GROUND, THEIR_LOOK, Served
from tiles.archive import Archive
from tiles.windows import stored_layer

NOWHERE = "nobody-has-this"
OPEN = {"/healthz", "/readyz", "/ogc", "/ogc/conformance", "/ogc/api", "/ogc/collections",
        "/ogc/collections/{name}", "/ogc/collections/{name}/queryables",
        "/ogc/collections/{name}/schema", "/ogc/collections/{name}/tiles",
        "/ogc/collections/{name}/tiles/WebMercatorQuad", "/ogc/tileMatrixSets",
        "/ogc/tileMatrixSets/WebMercatorQuad", "/stac", "/stac/api", "/stac/conformance",
        "/stac/collections", "/stac/collections/{collection}"}  # fmt: skip
OF_ACCESS = {"person", "key", "session", "pass_id", "release", "erasure", "hold",
             "receiver", "subscription", "message", "responder",
             "observation", "alarm"}  # fmt: skip
"""Ids that test_access.py asks for across organisations; nobody's here."""
OF_PEOPLE = {"GET /session", "GET /sessions", "POST /password", "GET /reviews"}
"""Of somebody signed in; a key finds nothing there."""
NOT_MADE = {"GET /regions/{region}/backtest"}
"""What there is of ours only once somebody has asked for it."""
OPINIONS_ALONE = {"POST /reviews/{event}/claim", "POST /reviews/{event}/assessments",
                  "POST /reviews/{event}/undo"}  # fmt: skip
"""A key has no opinion of anything, ours or not; test_attack_anyone.py asks as people."""
THEIR_BOX = ",".join(str(edge) for edge in THEIR_GROUND.bounds)
LATER = {"date", "content-length", "x-request-id"}
_WHEN = re.compile(rb'"timeStamp":"[^"]*"')

FIELD = mapping(THEIR_GROUND.buffer(1).envelope.buffer(-1.005))
AREA = {"type": "Feature", "geometry": FIELD, "properties": {"name": "Mine"}}
OBSERVATION = {"observed": "2024-06-01T00:00:00Z", "words": "why", "source": "whoever",
               "reliability": "B", "credibility": 2, "factor": 8}  # fmt: skip
BODIES: Mapping[str, Any] = {
    "POST /regions": AREA,
    "POST /regions/estimate": {**AREA, "properties": {}},
    "POST /regions/{region}/backtest": {},
    "POST /regions/{region}/observations": OBSERVATION,
    "PATCH /regions/{region}": {"purpose": "another"},
    "POST /settlements": {"type": "FeatureCollection", "features": [AREA]},
    "POST /imports/regions": ("mine.geojson", b"{}"),
    "POST /imports/settlements": ("mine.geojson", b"{}"),
    "POST /jobs": {"region": "region-1"},
    "POST /events/{event}/opinions": {"verb": "confirm"},
    "POST /reviews/{event}/assessments": {"verdict": "harmed"},
    "POST /stac/search": {},
    "POST /session": {"login": "nobody@local", "password": "not a password"},
    "POST /password": {"old": "not a password", "new": "nor is this one"},
    "POST /people": {"login": "", "name": "", "role": "viewer"},
    "PATCH /people/{person}": {"name": "another"},
    "POST /keys": {"name": ""},
    "POST /keys/{key}/rotate": {},
    "POST /passes": {"resource": "nothing"},
    "POST /releases": {"event": "their-event", "audience": "partner", "reason": "why"},
    "POST /erasures": {"what": "event", "id": "their-event", "reason": "why"},
    "POST /holds": {"what": "event", "id": "their-event", "reason": "why"},
    "POST /holds/{hold}/lift": {"reason": "why"},
    "POST /receivers": {"name": "Mine", "channel": "feed"},
    "PATCH /receivers/{receiver}": {"storm_cap": 3},
    "POST /receivers/{receiver}/confirm": {"token": "nothing"},
    "POST /subscriptions": {"receiver": "nobody", "name": "Mine"},
    "PATCH /subscriptions/{subscription}": {"paused": True},
    "POST /responders": {"name": "Mine", "agreement": "none"},
    "PATCH /responders/{responder}": {"rank": 2},
    "POST /events/{event}/responses/{responder}": {"answer": "received"},
    "POST /events/{event}/notes": {"words": "seen"},
    "POST /events/{event}/effects": {"effect": "none", "date": "2024-06-20", "source": "a call"},
}
"""What each route that takes a body is sent; a new one has to be added here."""
ONES = ("region", "event", "settlement", "job", "acquisition", "item", "asset")
"""Of what belongs to an organisation: parameters that are ids."""

Ids = Mapping[str, str]
NOBODYS: Ids = dict.fromkeys((*ONES, *OF_ACCESS), NOWHERE)


def ids_in(service: Served, organisation: str, ids: Ids) -> Ids:
    """Return ids with those of a scene of an acquisition."""
    where = PulledSearch(acquisition=ids["acquisition"])
    look = service.store.pulled_looks(organisation, where, limit=1)[0]
    archive = Archive(Layout(service.settings.data_dir).archive(organisation))
    masters = archive.listed(cell_id=look.cell, acquisition=look.acquisition)
    master = next(one for one in masters if one.sha256 in look.masters)
    item = item_id(look.acquisition, look.cell, stored_layer(archive, master).scene_id)
    return {**NOBODYS, **ids, "item": item, "asset": master.key.rsplit("/", 1)[1]}


def of_one(route: Operation) -> bool:
    """Tell whether it asks for one thing that belongs to somebody."""
    return bool(route.takes & {*ONES, "feature_id"})


def refusal_of(route: Operation) -> int:
    return 409 if route.name in OPINIONS_ALONE else 404


@pytest.fixture(scope="module")
def routes(service: Served) -> tuple[Operation, ...]:
    with service.client("") as client:
        return tuple(operations(client.get("/openapi.json").json()))


@pytest.fixture(scope="module")
def ours(service: Served) -> Ids:
    with service.client() as client:
        looks = client.get("/regions/region-1/looks").json()["items"]
        ids = {
            "region": "region-1",
            "event": client.get("/events").json()["features"][0]["id"],
            "settlement": "our-settlement",
            "job": client.get("/jobs").json()["items"][-1]["id"],
            "acquisition": looks[0]["acquisition"],
        }
    return ids_in(service, "local", ids)


@pytest.fixture(scope="module")
def theirs(service: Served) -> Ids:
    ids = {name: f"their-{name}" for name in ONES} | {"acquisition": THEIR_LOOK}
    return ids_in(service, "theirs", ids)


@pytest.fixture
def strangers(service: Served) -> Iterator[httpx.Client]:
    with service.client(service.keys.theirs) as one:
        yield one


def same(one: httpx.Response, other: httpx.Response) -> None:
    """Fail unless two answers are alike to the byte, but for when they were given."""
    said = [(r.status_code, _WHEN.sub(b"", r.content)) for r in (one, other)]
    assert said[0] == said[1], one.url
    fields = [[(k, v) for k, v in r.headers.items() if k not in LATER] for r in (one, other)]
    assert fields[0] == fields[1]


def silent(answer: httpx.Response) -> None:
    """Fail if an answer holds a word of theirs, but for our own question in a link or a file."""
    said = answer.content + repr(answer.headers).encode()
    if answer.url.query:
        said = said.replace(answer.url.query, b"")
    for value in answer.url.params.values():
        said = said.replace(value.encode(), b"")
    assert [word for word in SECRETS if word.encode() in said] == [], answer.url


def send(client: httpx.Client, route: Operation, address: str) -> httpx.Response:
    return client.request(route.method.upper(), address, **route.body(BODIES))


def test_every_route_with_a_body_is_known_here(routes: Sequence[Operation]) -> None:
    assert {one.name for one in routes if "requestBody" in one.operation} == set(BODIES)
    known = {*ONES, *OF_ACCESS, *FIXED, "form", "name", "feature_id"}
    assert set().union(*(route.takes for route in routes)) <= known
    open_routes = {one.path for one in routes if "security" not in one.operation}
    # The last four are opened by what a receiver was sent or shown.
    own = {"/session", "/confirmations", "/unsubscriptions", "/answers", "/feeds/{receiver}.atom"}
    assert open_routes == {*OPEN, *own}


def collections_of(route: Operation) -> list[str]:
    is_of_all = "name" in route.takes and "/tiles" not in route.path
    return ["events", "settlements", "regions"] if is_of_all else ["events"]


def test_what_is_theirs_is_like_what_is_nowhere(
    client: httpx.Client, routes: Sequence[Operation], theirs: Ids
) -> None:
    asked = 0
    for route in filter(of_one, routes):
        for collection in collections_of(route):
            found = send(client, route, route.address(theirs, collection))
            nobodys = send(client, route, route.address(NOBODYS, collection))
            assert found.status_code == refusal_of(route), route.name
            same(found, nobodys)
            silent(found)
            asked += 1
    assert asked >= 40


def test_what_is_ours_is_nowhere_for_them(
    strangers: httpx.Client, routes: Sequence[Operation], ours: Ids
) -> None:
    for route in filter(of_one, routes):
        for collection in collections_of(route):
            found = send(strangers, route, route.address(ours, collection))
            assert found.status_code == refusal_of(route), route.name
            same(found, send(strangers, route, route.address(NOBODYS, collection)))


def test_their_own_key_opens_it(strangers: httpx.Client) -> None:
    for path in ("/regions/their-region", "/events/their-event", "/settlements/their-settlement",
                 "/jobs/their-job", f"/tiles/looks/{THEIR_LOOK}/false_colour/tilejson.json",
                 "/ogc/collections/events/items/their-event"):  # fmt: skip
        answer = strangers.get(path)
        assert answer.status_code == 200
        with pytest.raises(AssertionError):
            silent(answer)


def test_no_list_no_tile_and_no_filter_tells_of_them(
    client: httpx.Client, routes: Sequence[Operation], ours: Ids
) -> None:
    for route in routes:
        if route.method != "get" or route.name in {*OF_PEOPLE, *NOT_MADE}:
            continue
        # The log tells what we asked for ourselves, by their id.
        if route.takes & OF_ACCESS or route.path == "/audit":
            continue
        for collection in collections_of(route):
            for query in ({}, {"bbox": THEIR_BOX}, {"region": "their-region"}):
                if not set(query) <= route.filters:
                    continue
                plain = {"colours"} & route.filters
                needed = {name: ours.get(name, NOWHERE) for name in route.needed}
                answer = client.get(
                    route.address(ours, collection),
                    params={**needed, **query, **dict.fromkeys(plain, "false")},
                )
                assert answer.status_code == 200, (route.name, answer.text)
                silent(answer)


def test_a_filter_by_their_region_finds_what_one_by_none_finds(client: httpx.Client) -> None:
    for path in ("/events", "/jobs", "/tiles/events/0/0/0.mvt", "/tiles/events/6/37/29.mvt"):
        theirs, nobodys = (
            client.get(path, params={"region": region}) for region in ("their-region", NOWHERE)
        )
        assert theirs.status_code == 200
        same(theirs, nobodys)


def test_tiles_over_their_ground_are_empty_for_us(
    client: httpx.Client, strangers: httpx.Client
) -> None:
    theirs = decode(strangers.get("/tiles/events/0/0/0.mvt").content)
    assert [f["properties"]["id"] for f in theirs["events"]["features"]] == ["their-event"]
    world = decode(client.get("/tiles/events/0/0/0.mvt").content)
    assert len(world["events"]["features"]) == 2
    # Of 64 by 64 tiles, the one over 33.3 E 13.1 N.
    assert client.get("/tiles/events/6/37/29.mvt").content == b""
    assert strangers.get("/tiles/events/6/37/29.mvt").content != b""
    for name in ("events", "settlements", "regions"):
        there = f"/ogc/collections/{name}/items?bbox={THEIR_BOX}"
        assert client.get(there).json()["features"] == []
        assert len(strangers.get(there).json()["features"]) == 1


def test_their_look_beside_ours_is_nowhere(client: httpx.Client, ours: Ids) -> None:
    for last in ("tilejson.json", "0/0/0.png", "13/4612/2950.webp"):
        for first, second in (("{}", ours["acquisition"]), (ours["acquisition"], "{}")):
            answers = [
                client.get(f"/tiles/looks/{first.format(one)}/change/{last}",
                           params={"before": second.format(one)})
                for one in (THEIR_LOOK, NOWHERE)
            ]  # fmt: skip
            assert answers[0].status_code == 404
            same(*answers)


def test_a_job_for_their_region_is_refused_like_one_for_none(client: httpx.Client) -> None:
    theirs, nobodys = (
        client.post("/jobs", json={"region": region}) for region in ("their-region", NOWHERE)
    )
    assert theirs.status_code == 404
    same(theirs, nobodys)


def test_a_place_that_others_watch_is_added_like_any_other(client: httpx.Client) -> None:
    # Their very name and outline.
    feature = {"type": "Feature", "geometry": mapping(THEIR_GROUND)}
    made = client.post("/regions", json={**feature, "properties": {"name": "Their Village"}})
    assert made.status_code == 201
    properties = made.json()["properties"]
    assert properties["repairs"] == []
    status = properties["status"]
    assert (status["looks"], status["events"], status["job"]) == (0, 0, None)
    address = made.headers["location"]
    assert client.get(f"{address}/looks").json()["items"] == []
    assert client.delete(address).status_code == 204


def test_a_cursor_of_theirs_opens_nothing(client: httpx.Client, strangers: httpx.Client) -> None:
    with_next = client.get("/events?limit=1").json()["next"]
    assert with_next
    answer = strangers.get("/events", params={"limit": 1, "after": with_next})
    assert answer.status_code == 400 or answer.json()["features"][0]["id"] == "their-event"
    for event in client.get("/events").json()["features"]:
        assert event["id"].encode() not in answer.content


def headers_without_a_key(service: Served) -> dict[str, dict[str, str | bytes]]:
    keys = service.keys
    key_id, secret = take_apart(keys.ours) or ("", "")
    wrong = "A" * len(secret)

    def basic(text: str) -> str:
        return "Basic " + base64.b64encode(text.encode()).decode()

    sent: dict[str, str | bytes] = {
        "empty": "",
        "no scheme": keys.ours,
        "another scheme": f"Digest {keys.ours}",
        "no key": "Bearer",
        "malformed": "Bearer hw_1_2",
        "wrong secret": f"Bearer hw_{key_id}_{wrong}",
        "wrong secret, lower case": f"bearer hw_{key_id}_{wrong}",
        "unknown id": f"Bearer hw_{'0' * 12}_{secret}",
        "another key's id": f"Bearer hw_{(take_apart(keys.theirs) or ('',))[0]}_{secret}",
        "revoked": f"Bearer {keys.revoked}",
        "expired": f"Bearer {keys.expired}",
        "cut short": f"Bearer {keys.ours[:-1]}",
        "more behind": f"Bearer {keys.ours}A",
        "two keys": f"Bearer {keys.ours},{keys.ours}",
        "very long": "Bearer hw_" + "a" * 20_000,
        "not ASCII": "Bearer hw_é\u00ff".encode(),
        "not UTF-8": b"Bearer \xff\xfe",
        "basic, as user": basic(f"{keys.ours}:"),
        "basic, wrong": basic(f"me:hw_{key_id}_{wrong}"),
        "basic, no base64": "Basic ***",
        "basic, not ASCII": basic("é:ü"),
        "upper case": f"Bearer {keys.ours.upper()}",
    }
    return {name: {"Authorization": value} for name, value in sent.items()}


def test_without_a_key_in_force_every_route_says_the_same(
    service: Served, routes: Sequence[Operation], ours: Ids, theirs: Ids
) -> None:
    with service.client("") as client:
        first = client.get("/whoami")
        assert first.status_code == 401
        assert first.headers["www-authenticate"] == 'Bearer realm="hearthwatch"'
        for route in routes:
            if "security" in route.operation:
                same(send(client, route, route.address(ours)), first)
                same(send(client, route, route.address(theirs)), first)


def test_whatever_is_wrong_with_a_key_the_answer_is_the_same(service: Served) -> None:
    with service.client("") as client:
        first = client.get("/whoami")
        for headers in headers_without_a_key(service).values():
            same(client.get("/whoami", headers=headers), first)
            same(client.get("/nowhere/at/all"), client.get("/nowhere/at/all", headers=headers))
            same(client.post("/regions", headers=headers, json={}), first)
        for query in ("key", "access_token", "token", "Authorization"):
            same(client.get("/whoami", params={query: service.keys.ours}), first)
        cookie = {"Cookie": f"Authorization={service.keys.ours}; key={service.keys.ours}"}
        same(client.get("/whoami", headers=cookie), first)


def test_a_body_without_a_key_is_not_even_read(service: Served) -> None:
    with service.client("") as client:
        first = client.get("/whoami")
        for content in (b"{", b"\xff", b"[" * 100_000, b" " * 11_000_000):
            same(client.post("/regions", content=content), first)


def test_the_scheme_may_be_written_as_one_likes(service: Served) -> None:
    key = service.keys.ours
    encoded = base64.b64encode(f"anybody:{key}".encode()).decode()
    umlaut = base64.b64encode(f"änne:{key}".encode()).decode()
    with service.client("") as client:
        for value in (f"bearer {key}", f"BEARER {key}", f"basic {encoded}", f"Basic {umlaut}"):
            assert client.get("/whoami", headers={"Authorization": value}).status_code == 200


def test_a_key_that_reads_cannot_write(
    service: Served, routes: Sequence[Operation], ours: Ids
) -> None:
    with service.client(service.keys.viewer) as client:
        refusals: dict[str, httpx.Response] = {}
        for route in routes:
            scope = route.operation.get("x-scope", "known")
            answer = send(client, route, route.address(ours, "events"))
            if scope not in ("known", "read", "released"):
                assert answer.status_code == 403, route.name
                # What is not there is refused in the same words as what is; each scope has its own.
                same(answer, refusals.setdefault(scope, answer))
            elif route.method == "get":
                assert answer.status_code != 403, route.name
        assert {"watch", "judge", "manage"} <= set(refusals)
        for path in ("/regions/their-region", f"/regions/{NOWHERE}"):
            same(client.delete(path), refusals["watch"])


def test_no_answer_holds_a_key_or_its_hash(
    service: Served, client: httpx.Client, routes: Sequence[Operation], ours: Ids
) -> None:
    sent = [service.keys.ours, service.keys.viewer, service.keys.theirs, service.keys.revoked]
    parts = [take_apart(key) for key in sent]
    stored = [service.store.key(key_id) for key_id, _ in filter(None, parts)]
    words = [part[1] for part in parts if part] + [key.sha256 for key in stored if key]
    answers = [
        client.get(route.address(ours)) for route in routes if route.method == "get"
    ]  # fmt: skip
    with service.client("") as nobody:
        answers.append(nobody.get("/whoami", params={"key": service.keys.ours}))
        answers.append(nobody.get(f"/nowhere/{service.keys.ours}"))
    answers.append(client.get("/events", params={"kind": service.keys.ours}))
    answers.append(client.get("/events", params={service.keys.ours: "1"}))
    answers.append(client.post("/jobs", json={"region": service.keys.ours}))
    for answer in answers:
        assert not [word for word in words if word.encode() in answer.content], answer.url
