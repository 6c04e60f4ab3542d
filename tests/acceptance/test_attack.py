"""Bodies, addresses, headers and clients that mean harm: refused in order, and the rest goes on."""

from __future__ import annotations

import errno
import gzip
import json
import math
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from shapely.geometry import box, mapping

from api import bodies, limits, server
from api.headers import CONTENT_SECURITY_POLICY
from hearthwatch.errors import StoreError, StoreLocked
from tests.support.served import Served, listening
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}
TRACES = ("Traceback", "/work", "/tmp", "site-packages", ".py", "sqlite", "line ")
AT_ONCE_S = 20.0
"""A thousand times what an answer takes where nothing else runs."""
FIELD = mapping(box(21.0, 44.0, 21.01, 44.01))


def a_problem(answer: httpx.Response, *statuses: int) -> None:
    """Fail unless an answer is a problem of one of these statuses, in the declared shape."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert {"type", "title", "status", "detail"} <= said.keys() <= {
        "type", "title", "status", "detail", "errors"}  # fmt: skip
    assert said["status"] == answer.status_code
    assert said["type"].startswith("urn:hearthwatch:problem:")
    assert len(answer.content) < 20_000


def well_dressed(headers: httpx.Headers) -> None:
    """Fail unless the fields that close an answer to others are there."""
    assert headers["cache-control"] == "private, no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers
    assert "x-powered-by" not in headers


def at_once(service: Served) -> None:
    """Fail unless a fresh connection is answered: who is held up by something is so for longer."""
    assert httpx.get(f"{service.url}/healthz", timeout=AT_ONCE_S).status_code == 200


# Bodies


def region(name: str = "Attack", geometry: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "type": "Feature", "geometry": geometry or FIELD, "properties": {"name": name}, **more
    }  # fmt: skip


def text(**more: Any) -> str:
    return json.dumps(region(**more))


def polygon(*numbers: str) -> bytes:
    """Return a region of a triangle, of which two numbers are given as they are written."""
    corners = f"[[21,44],[{numbers[0]},{numbers[1]}],[21.01,44],[21,44]]"
    outline = f'{{"type":"Polygon","coordinates":[{corners}]}}'
    return f'{{"type":"Feature","geometry":{outline},"properties":{{"name":"Odd"}}}}'.encode()


def settlement(feature: str) -> bytes:
    return f'{{"type":"FeatureCollection","features":[{feature}]}}'.encode()


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    inner = opening * depth + "1" + closing * depth
    return f'{{"type":"Feature","geometry":{inner},"properties":{{"name":"Deep"}}}}'.encode()


def collected(depth: int) -> bytes:
    """Return a geometry in a collection in a collection, and so on."""
    before = '{"type":"GeometryCollection","geometries":[' * depth
    inner = before + json.dumps(FIELD) + "]}" * depth
    return f'{{"type":"Feature","geometry":{inner},"properties":{{"name":"Deep"}}}}'.encode()


BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "space": b" ",
    "half": text().encode()[:-5],
    "two": text().encode() * 2,
    "null": b"null",
    "number": b"1",
    "text": b'"Feature"',
    "list": b"[]",
    "nan": polygon("NaN", "44"),
    "infinity": polygon("Infinity", "44"),
    "minus infinity": polygon("21", "-Infinity"),
    "1e400": polygon("1e400", "44"),
    "many digits": polygon("9" * 5000, "44"),
    "large integer": polygon("9" * 400, "44"),
    "1e308": polygon("1e308", "-1e308"),
    "true": polygon("true", "44"),
    "text as number": polygon('"21"', "44"),
    "deep lists": nested(100_000),
    "deep objects": nested(100_000, '{"a":', "}"),
    "deep but read": nested(900),
    "deep in the answer": nested(300, '{"a":', "}"),
    "unclosed": b"[" * 100_000,
    "collections": collected(30),
    "more collections": collected(300),
    "surrogate": text(name="x").replace('"x"', '"\\ud800"').encode(),
    "surrogate member": text().replace('"name"', '"\\udfff"').encode(),
    "surrogate type": polygon("21", "44").replace(b'"Polygon"', b'"\\ud800"'),
    "nul": text(name="a\0b").encode(),
    "line break": text(name="a\nb").encode(),
    "line separator": text(name="a\u2028b").encode(),
    "right to left": text(name="a\u202eb").encode(),
    "only spaces": text(name="   ").encode(),
    "too long": text(name="n" * 201).encode(),
    "member twice": b'{"type":"Feature",' + text().encode()[1:],
    "name twice": text().replace('"name": "Attack"', '"name":"a","name":"b"').encode(),
    "byte order mark": b"\xef\xbb\xbf" + text().encode(),
    "utf-16": text().encode("utf-16"),
    "utf-32": text().encode("utf-32"),
    "latin-1": text(name="\u00fcber").replace("\\u00fc", "\u00fc").encode("latin-1"),
    "over-long utf-8": text().encode().replace(b"Attack", b"\xc0\xaf"),
    "gzip": gzip.compress(text().encode()),
    "crs a list": text(crs=[]).encode(),
    "crs of lists": text(crs={"type": "name", "properties": [1]}).encode(),
    "crs unnamed": text(crs={"properties": {"name": None}}).encode(),
    "crs odd": text(crs={"type": "name", "properties": {"name": "\u0000"}}).encode(),
    "seconds for a time": text(properties={"name": "x", "expires": 4e9}).encode(),
    "beyond the calendar": text(properties={"name": "x", "expires": "9999-12-31T23:59:59-10:00"})
    .encode(),
    "past": text(properties={"name": "x", "expires": "2001-01-01T00:00:00Z"}).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_region_is_refused(service: Served, client: httpx.Client, name: str) -> None:
    before = client.get("/ogc/collections/regions/items").json()["numberMatched"]
    a_problem(client.post("/regions", content=BROKEN[name], headers=JSON), 400, 422)
    a_problem(client.patch("/regions/region-1", content=BROKEN[name], headers=JSON), 400, 422)
    at_once(service)
    assert client.get("/ogc/collections/regions/items").json()["numberMatched"] == before


FEATURES = {
    "null": "null",
    "number": "1",
    "empty": "{}",
    "surrogate": json.dumps(region(name="x")).replace('"x"', '"\\udc00"'),
    "nul": json.dumps(region(name="a\0b")),
    "infinite": json.dumps(region()).replace("21.0,", "1e999,"),
    "deep": nested(500).decode(),
    "no corners": json.dumps(region(geometry={"type": "Polygon", "coordinates": [[]]})),
    "two corners": json.dumps(region(geometry={"type": "Polygon", "coordinates": [[[0, 0]] * 2]})),
    "coordinates an object": json.dumps(region(geometry={"type": "Polygon", "coordinates": {}})),
    "geometries": json.dumps(region(geometry={"type": "GeometryCollection", "geometries": 5})),
    "type a list": json.dumps({**region(), "type": []}),
}


@pytest.mark.parametrize("name", FEATURES)
def test_a_broken_settlement_is_refused(client: httpx.Client, name: str) -> None:
    answer = client.post("/settlements", content=settlement(FEATURES[name]), headers=JSON)
    a_problem(answer, 400, 422)


@pytest.mark.parametrize(
    "name", ["a\u2028b", "\u202egnp.exe", "n" * 5000, "line\nbreak", "", " ", "<script>", "\u0085"]
)
def test_a_settlement_may_have_any_name_that_is_text(client: httpx.Client, name: str) -> None:
    sent = {"type": "FeatureCollection", "features": [region(name=name)]}
    answer = client.post("/settlements", json=sent)
    if answer.status_code == 201:
        (made,) = answer.json()["features"]
        read = client.get(f"/settlements/{made['id']}")
        assert read.json()["properties"]["name"] == made["properties"]["name"]
        assert client.delete(f"/settlements/{made['id']}").status_code == 204
    else:
        a_problem(answer, 422)


def test_200_000_corners_are_too_many(service: Served, client: httpx.Client) -> None:
    turns = [math.tau * n / 200_000 for n in range(200_000)]
    ring = [[round(21 + math.cos(a) / 20, 7), round(44 + math.sin(a) / 20, 7)] for a in turns]
    circle = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    sent = json.dumps(region(geometry=circle)).encode()
    assert len(sent) < limits.MAX_BODY_BYTES
    answer = client.post("/regions", content=sent, headers=JSON)
    a_problem(answer, 422)
    assert "corners" in answer.text or "vertices" in answer.text
    at_once(service)


def listed(part: str, number: int) -> bytes:
    parts = ",".join([part] * number)
    return f'{{"type":"Feature","geometry":{{"a":[{parts}]}},"properties":{{"name":"x"}}}}'.encode()


@pytest.mark.parametrize("part", ["[]", "{}", "1", '""'])
def test_millions_of_small_parts_are_not_read(
    service: Served, client: httpx.Client, part: str
) -> None:
    sent = listed(part, 3_000_000)
    assert len(sent) < limits.MAX_BODY_BYTES
    a_problem(client.post("/regions", content=sent, headers=JSON), 413)
    at_once(service)


def test_large_bodies_of_small_parts_are_read_one_after_the_other(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As many lists as are let through; ten megabytes would hold six times as many.
    sent = listed("[]", bodies.MAX_PARTS - 10)
    inside: list[bytes] = []
    together: list[int] = []
    read = bodies.require_sound

    def count(body: bytes) -> None:
        inside.append(body)
        together.append(len(inside))
        try:
            read(body)
        finally:
            inside.pop()

    monkeypatch.setattr(bodies, "require_sound", count)
    with ThreadPoolExecutor(3) as threads:
        asked = [
            threads.submit(
                httpx.post, f"{service.url}/regions", content=sent, timeout=None,
                headers={**JSON, "Authorization": f"Bearer {service.keys.ours}"},
            )
            for _ in range(3)
        ]  # fmt: skip
        others = 0
        while not all(one.done() for one in asked):
            assert httpx.get(f"{service.url}/healthz", timeout=None).status_code == 200
            others += 1
    for one in asked:
        a_problem(one.result(), 422)
    assert together == [1, 1, 1]
    # Between one and the next others have their turn.
    assert others >= 2


def test_many_wrong_features_are_not_listed_without_end(client: httpx.Client) -> None:
    content = settlement(",".join(["{}"] * 10_000))
    a_problem(client.post("/settlements", content=content, headers=JSON), 422)
    a_problem(
        client.post("/settlements", content=settlement(",".join(["1"] * 10_001)), headers=JSON), 422
    )
    strange = {f"member {n}": n for n in range(5000)}
    a_problem(client.post("/jobs", json={"region": "region-1", **strange}), 422)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/xml", "application/json-seq", "text/json", "json", "", ";;", "application/"],
)  # fmt: skip
def test_what_is_not_said_to_be_json_is_not_read(client: httpx.Client, kind: str) -> None:
    answer = client.post("/regions", content=text(), headers={"Content-Type": kind})
    a_problem(answer, 415)
    a_problem(client.post("/regions", content=text()), 415)


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "application/geo+json", "APPLICATION/JSON"]
)
def test_what_is_said_to_be_json_is_read(client: httpx.Client, kind: str) -> None:
    made = client.post("/regions", content=text(), headers={"Content-Type": kind})
    assert made.status_code == 201
    client.delete(made.headers["location"])


def test_eleven_megabytes_are_too_many(service: Served) -> None:
    large = b'{"a":"' + b"x" * 11_000_000 + b'"}'

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    for content in (large, pieces()):
        # Sent to its end: the answer must be there to be read, and the connection go on.
        with service.client() as client:
            a_problem(client.post("/regions", content=content, headers=JSON), 413)
            assert client.get("/whoami").status_code == 200
    with connected(service) as sock:
        sock.sendall(head(service, "POST", "/regions", "Content-Length: 11000000"))
        assert sock.recv(13) == b"HTTP/1.1 413 "
    at_once(service)


def test_a_query_may_not_be_long(client: httpx.Client) -> None:
    a_problem(client.get("/events", params={"after": "a" * 9000}), 413)
    a_problem(client.get("/events", params=[("state", "x")] * 500), 400)


def together(number: int, call: Callable[[], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(number) as threads:
        return [one.result() for one in [threads.submit(call) for _ in range(number)]]


def test_of_ten_regions_of_one_name_one_is_made(service: Served) -> None:
    def add() -> httpx.Response:
        with service.client() as client:
            return client.post("/regions", json=region(name="Wanted"))

    answers = together(10, add)
    made = [answer for answer in answers if answer.status_code == 201]
    with service.client() as client:
        for one in made:
            client.delete(one.headers["location"])
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


def test_of_ten_jobs_for_one_region_one_is_made(service: Served) -> None:
    with service.client() as client:
        address = client.post("/regions", json=region(name="Hurry")).headers["location"]

        def ask() -> httpx.Response:
            with service.client() as one:
                return one.post("/jobs", json={"region": address.rsplit("/", 1)[1]})

        answers = together(10, ask)
        client.delete(address)
    assert [answer.status_code for answer in answers] == [202] * 10
    assert len({answer.json()["id"] for answer in answers}) == 1


# Sockets


@contextmanager
def connected(service: Served) -> Iterator[socket.socket]:
    parts = urlsplit(service.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as sock:
        yield sock


def head(service: Served, method: str, path: str, *fields: str) -> bytes:
    key = f"Authorization: Bearer {service.keys.ours}"
    lines = [f"{method} {path} HTTP/1.1", "Host: x", key, "Content-Type: application/json", *fields]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def raw(service: Served, sent: bytes) -> bytes:
    """Send bytes and return all that comes until the server closes."""
    with connected(service) as sock:
        sock.sendall(sent)
        return rest_of(sock)


def rest_of(sock: socket.socket) -> bytes:
    sock.settimeout(PATIENCE_S)
    found = b""
    try:
        while part := sock.recv(65_536):
            found += part
    except ConnectionResetError:
        pass
    return found


def closed_after(sock: socket.socket, seconds: float = PATIENCE_S) -> bool:
    """Tell whether the server closes within a time, whatever it sends before."""
    end = time.monotonic() + seconds
    try:
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            if not sock.recv(65_536):
                return True
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    return False


CHUNK = b"2\r\n{}\r\n0\r\n\r\n"
SECOND = b"GET /whoami HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (("Content-Length: 2", "Content-Length: 40"), b"{}"),
        (("Content-Length: 2, 40",), b"{}"),
        (("Content-Length: 2", "Transfer-Encoding: chunked"), CHUNK),
        (("Transfer-Encoding: chunked", "Content-Length: 2"), CHUNK),
        (("Transfer-Encoding: chunked", "Transfer-Encoding: identity"), CHUNK),
        (("Transfer-Encoding: xchunked",), CHUNK),
        (("Transfer-Encoding : chunked",), CHUNK),
        (("Transfer-Encoding: chunked, gzip",), CHUNK),
        (("Content-Length: -2",), b"{}"),
        (("Content-Length: +2",), b"{}"),
        (("Content-Length: 0x2",), b"{}"),
        (("Content-Length: 2 ; a",), b"{}"),
        (("X: a\rb",), b""),
        (("X: a\0b",), b""),
        (("no colon",), b""),
        (("Host: y",), b""),
        (("Transfer-Encoding: chunked",), b"zz\r\n{}\r\n0\r\n\r\n"),
        (("Transfer-Encoding: chunked",), b"-2\r\n{}\r\n0\r\n\r\n"),
    ],
)
def test_a_request_with_two_ends_is_refused_and_the_connection_closed(
    service: Served, fields: tuple[str, ...], body: bytes
) -> None:
    with connected(service) as sock:
        sock.sendall(head(service, "POST", "/jobs", *fields) + body + SECOND)
        said = b""
        sock.settimeout(PATIENCE_S)
        while part := sock.recv(65_536):  # Until it is closed: else the time runs out.
            said += part
    status = int(said.split(b" ", 2)[1])
    assert status in (400, 501), said
    assert said.count(b"HTTP/1.1 ") == 1
    assert b"application/problem+json" in said
    assert b"connection: close" in said.lower()
    assert b"content-security-policy" in said.lower()


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 100,
     b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
     b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
     b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
     b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
     b"GET /\xc3\xbcber HTTP/1.1\r\nHost: x\r\n\r\n"],
)  # fmt: skip
def test_what_is_not_http_is_refused_like_everything_else(service: Served, sent: bytes) -> None:
    said = raw(service, sent)
    assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 ")), said[:200]
    lines, _, body = said.partition(b"\r\n\r\n")
    fields = httpx.Headers([tuple(one.split(b": ", 1)) for one in lines.split(b"\r\n")[1:]])  # type: ignore[misc]
    well_dressed(fields)
    assert json.loads(body)["status"] in (400, 413)
    at_once(service)


def test_a_body_that_lies_about_its_length(service: Served) -> None:
    body = text(name="Liar").encode()
    longer = head(service, "POST", "/regions", f"Content-Length: {len(body) - 1}") + body
    assert raw(service, longer).startswith(b"HTTP/1.1 400 ")
    with connected(service) as sock:
        sock.sendall(head(service, "POST", "/regions", f"Content-Length: {len(body) + 1}") + body)
        sock.shutdown(socket.SHUT_WR)
        assert rest_of(sock) == b""
    with service.client() as client:
        names = [f["properties"]["name"] for f in client.get("/regions").json()["features"]]
    assert "Liar" not in names
    at_once(service)


def test_requests_in_a_row_are_answered_in_a_row(service: Served) -> None:
    many = head(service, "GET", "/whoami") * 20
    many += head(service, "GET", "/nothing", "Connection: close")
    said = raw(service, many)
    assert said.count(b"HTTP/1.1 200 ") == 20
    assert said.count(b"HTTP/1.1 404 ") == 1


# Slow clients


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the deadlines, so that there is no long wait for them."""
    monkeypatch.setattr(server, "HEADER_SECONDS", 2.0)
    monkeypatch.setattr(server, "ANSWER_SECONDS", 4.0)
    monkeypatch.setattr(server, "LEFTOVER_SECONDS", 2.0)
    monkeypatch.setattr(limits, "BODY_SECONDS", 2.0)


def drip(socks: list[socket.socket], drop: bytes, seconds: float, meanwhile: Callable[[], None]
) -> None:  # fmt: skip
    """Send one drop to each every now and then, for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for sock in socks:
            try:
                sock.send(drop)
            except OSError:
                continue
        meanwhile()
        time.sleep(0.1)


def open_many(service: Served, stack: ExitStack, number: int) -> list[socket.socket]:
    return [stack.enter_context(connected(service)) for _ in range(number)]


def test_two_hundred_headers_byte_by_byte(service: Served, hurried: None) -> None:
    with ExitStack() as stack:
        socks = open_many(service, stack, 200)
        for sock in socks:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        drip(socks, b"a", 3.0, lambda: at_once(service))
        assert all(closed_after(sock) for sock in socks)
        # Nor does one good request buy time for a bad one after it.
        (late,) = open_many(service, stack, 1)
        late.sendall(head(service, "GET", "/whoami") + b"G")
        drip([late], b"E", 3.0, lambda: None)
        assert closed_after(late)


def test_a_connection_that_says_nothing_is_closed(service: Served, hurried: None) -> None:
    with connected(service) as sock:
        assert not closed_after(sock, 1.0)
        assert closed_after(sock)


def test_fifty_answers_that_nobody_takes(service: Served, hurried: None) -> None:
    with ExitStack() as stack:
        socks = []
        for _ in range(50):
            sock = stack.enter_context(socket.socket())
            # So small that not even one answer fits on its way.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect((urlsplit(service.url).hostname, urlsplit(service.url).port))
            sock.sendall(head(service, "GET", "/openapi.json") * 100)
            socks.append(sock)

        # Each has four seconds from when its buffers are full; filling them takes a while, too.
        def all_are_gone() -> bool:
            at_once(service)
            socks[:] = [sock for sock in socks if not _is_reset(sock)]
            return not socks

        until(all_are_gone, every=0.1)


def _is_reset(sock: socket.socket) -> bool:
    """Tell whether the server dropped a connection, without reading what it had sent."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET


def test_one_large_answer_that_nobody_takes(
    service: Served, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.service.respond", _large)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((urlsplit(service.url).hostname, urlsplit(service.url).port))
        sock.sendall(head(service, "GET", "/whoami"))
        time.sleep(3.0)
        assert not _is_reset(sock)
        # It is here whole, so the application is done; the connection is not.
        until(lambda: _is_reset(sock))


def _large(value: Any) -> Any:
    from starlette.responses import Response

    return Response(b"x" * 20_000_000)


def test_fifty_bodies_that_trickle(
    service: Served, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the body has little time: on a slow machine the header would be late as well.
    monkeypatch.setattr(server, "HEADER_SECONDS", PATIENCE_S)
    monkeypatch.setattr(server, "ANSWER_SECONDS", PATIENCE_S)
    with ExitStack() as stack:
        socks = open_many(service, stack, 50)
        for number, sock in enumerate(socks):
            how = "Content-Length: 1000000" if number % 2 else "Transfer-Encoding: chunked"
            sock.sendall(head(service, "POST", "/regions", how))
        drip(socks[1::2], b" ", 3.0, lambda: at_once(service))
        said = [rest_of(sock) for sock in socks]
        # Who goes on sending may not get to read it.
        assert all(one.startswith(b"HTTP/1.1 408 ") for one in said[0::2])


def test_a_body_nobody_reads_is_not_waited_for(service: Served, hurried: None) -> None:
    with ExitStack() as stack:
        socks = open_many(service, stack, 4)
        length = "Content-Length: 1000000"
        socks[0].sendall(head(service, "GET", "/whoami", length))
        socks[1].sendall(head(service, "DELETE", "/regions/nothing", length))
        socks[2].sendall(f"POST /regions HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
        socks[3].sendall(head(service, "GET", "/healthz", "Transfer-Encoding: chunked"))
        drip(socks[:3], b" ", 3.0, lambda: None)
        said = [rest_of(sock) for sock in socks]
        assert [one[9:12] for one in said] == [b"200", b"404", b"401", b"200"]


# Addresses


TILE = "false_colour/13/4612/2950.png"
OUTSIDE = [
    "/tiles/looks/../../etc/passwd/" + TILE,
    "/tiles/looks/..%2f..%2fetc%2fpasswd/" + TILE,
    "/tiles/looks/%2e%2e/" + TILE,
    "/tiles/looks/%2e%2e%2f%2e%2e%2fetc%2fpasswd/" + TILE,
    "/tiles/looks/%252e%252e%252fetc/" + TILE,
    "/tiles/looks//etc/passwd/" + TILE,
    "/tiles/looks/%2fetc%2fpasswd/" + TILE,
    "/tiles/looks/file%3a%2f%2f%2fetc%2fpasswd/" + TILE,
    "/tiles/looks/http%3a%2f%2f127.0.0.1%2f/" + TILE,
    "/tiles/looks/%2fvsicurl%2fhttp%3a%2f%2fx/" + TILE,
    "/tiles/looks/a%00b/" + TILE,
    "/tiles/looks/a%0d%0aX%3a%20y/" + TILE,
    "/tiles/looks/..%5c..%5c/" + TILE,
    "/tiles/looks/~root/" + TILE,
    "/tiles/looks/%ff%fe/" + TILE,
    "/tiles/looks/*/" + TILE,
    "/tiles/looks/%27%20OR%201%3d1--/" + TILE,
    "/tiles/looks/%F0%9F%9B%B0/" + TILE,
    "/tiles/looks/x/../../../../etc/passwd",
    "/assets/../app.py",
    "/assets/..%2f..%2fapp.py",
    "/assets/%2e%2e/%2e%2e/app.py",
    "/assets/..%5c..%5capp.py",
    "/assets//etc/passwd",
    "/assets/%2fetc%2fpasswd",
    "/assets/%00",
    "/assets/a%00.js",
    "/assets/" + "a" * 5000,
    "/assets/" + "a/" * 2000,
    "/assets/",
    "/assets",
    "//",
    "//etc/passwd",
    "///regions",
    "/regions/",
    "/regions//ledger",
    "/regions/%2e%2e/",
    "/regions/region-1/../../whoami",
    "/regions/square",
    "/events/%00",
    "/events/%ed%a0%80",
    "/settlements/our-settlement%20",
    "/ogc/collections/events/items/..%2f..",
    "/ogc/collections/EVENTS/items",
    "/ogc/collections/%00/items",
    "/jobs/%2e",
    "/.git/config",
    "/docs",
    "/redoc",
    "/" + "a" * 20_000,
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: path[:40])
def test_an_address_that_leads_nowhere(service: Served, path: str) -> None:
    # As it stands: a client would tidy it up.
    said = raw(service, head(service, "GET", path, "Connection: close"))
    lines, _, body = said.partition(b"\r\n\r\n")
    status = int(lines.split(b" ", 2)[1])
    fields = httpx.Headers([tuple(one.split(b": ", 1)) for one in lines.split(b"\r\n")[1:]])  # type: ignore[misc]
    assert status in (400, 404, 413), said[:500]
    assert json.loads(body)["status"] == status
    well_dressed(fields)
    assert b"root:" not in said and b"import " not in said


@pytest.mark.parametrize(
    "place",
    ["23/0/0", "22/4194304/0", "0/1/0", "0/0/1", "-1/0/0", "0/-1/0", "1/0/99999999999999999999999",
     f"5/0/{'9' * 4000}", f"5/{'9' * 5000}/0", "1e2/0/0", "0x1/0/0", "1.5/0/0", "%20/0/0",
     "\u0661/0/0", "NaN/0/0", "0/0/0/0", "0/0/"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["events/{}.mvt", "looks/{}/false_colour/{{}}.png"])
def test_a_tile_that_cannot_be(client: httpx.Client, place: str, kind: str) -> None:
    acquisition = client.get("/regions/region-1/looks").json()["items"][0]["acquisition"]
    address = "/tiles/" + kind.format(place if kind.startswith("events") else acquisition)
    a_problem(client.get(address.format(place)), 400, 404, 413)


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "CONNECT", "PROPFIND", "X" * 99])
@pytest.mark.parametrize("path", ["/", "/regions", "/assets/x.js", "/openapi.json", "/healthz"])
def test_a_strange_method(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    a_problem(answer, 405)
    assert "GET" in answer.headers["allow"]
    well_dressed(answer.headers)


def test_a_preflight_of_another_site_is_not_answered(client: httpx.Client) -> None:
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (client.options("/regions", headers=asking), client.get("/", headers=asking)):
        assert not [name for name in answer.headers if name.startswith("access-control")]


# Host


@pytest.mark.parametrize(
    "host",
    ["evil.example/x", "a b", "a\tb", "x<script>", 'x"y', "user@x", "x:99999", "x:-1", "[::1", "é",
     "x#y", "x?y", "x\\y", ""],
)  # fmt: skip
def test_a_host_that_is_none_comes_into_no_link(service: Served, host: str) -> None:
    lines = ["GET /ogc HTTP/1.1", f"Host: {host}", "Connection: close", "", ""]
    said = raw(service, "\r\n".join(lines).encode("latin-1"))
    if not said.startswith(b"HTTP/1.1 400 "):
        body = json.loads(said.partition(b"\r\n\r\n")[2])
        assert all(link["href"].startswith(f"{service.url}/ogc") for link in body["links"])


def test_links_follow_the_host_that_was_asked_and_nothing_else(client: httpx.Client) -> None:
    sent = {
        "Host": "watch.example:8443", "X-Forwarded-Host": "evil.example", "Forwarded":
        "host=evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/evil",
        "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil",
    }  # fmt: skip
    for path in ("/ogc", "/ogc/collections/events/items?limit=1", "/events?limit=1",
                 "/tiles/events/tilejson.json"):  # fmt: skip
        answer = client.get(path, headers=sent)
        assert "http://watch.example:8443/" in answer.text
        assert "evil" not in answer.text


def test_with_a_public_address_the_host_does_not_matter(service: Served) -> None:
    settings = service.settings.model_copy(update={"public_url": "https://watch.example/hw"})
    with listening(settings, service.store) as url, service.client() as client:
        for path in ("/ogc", "/ogc/collections/events/items?limit=1", "/events?limit=1",
                     "/tiles/events/tilejson.json"):  # fmt: skip
            answer = client.get(f"{url}{path}", headers={"Host": "evil.example"})
            assert "https://watch.example/hw/" in answer.text
            assert "evil" not in answer.text


def test_no_line_break_comes_into_a_header(client: httpx.Client) -> None:
    for value in ("%0d%0aSet-Cookie:%20a=b", "%0aX:%20y", "%E5%98%8A%E5%98%8DX:%20y"):
        for path in (f"/regions/{value}", f"/events?region={value}", f"/jobs/{value}",
                     f"/ogc/collections/events/items?region={value}"):  # fmt: skip
            answer = client.get(path)
            assert not {"set-cookie", "x"} & {name.lower() for name in answer.headers}
            assert answer.status_code in (200, 404)


# Headers


def test_every_answer_is_closed_to_others(client: httpx.Client) -> None:
    sent = ["/", "/healthz", "/regions", "/nothing", "/events?x=1", "/assets/nothing.js",
            "/openapi.json", "/events?limit=x", "/ogc", "/tiles/events/0/0/0.mvt"]  # fmt: skip
    for path in sent:
        answer = client.get(path)
        well_dressed(answer.headers)
        assert len(answer.headers.get_list("cache-control")) == 1
    for answer in (
        client.get("/whoami", headers={"Authorization": "Bearer x"}),
        client.post("/regions", content=b"x", headers={"Content-Type": "text/plain"}),
        client.get("/events", params={"after": "a" * 9000}),
        client.put("/regions"),
    ):
        well_dressed(answer.headers)


@pytest.mark.parametrize("error", [RuntimeError, KeyError, RecursionError, MemoryError, StoreError])
def test_a_defect_tells_nothing(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise error("/work/secret.db: no such table, Traceback, hw_0123")

    monkeypatch.setattr("api.routes.regions.region_properties", broken)
    answer = client.get("/regions")
    a_problem(answer, 500)
    well_dressed(answer.headers)
    assert not [word for word in (*TRACES, "secret", "hw_") if word in answer.text]


def test_a_defect_where_keys_are_read_tells_nothing(
    service: Served, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise StoreError("/work/secret.db is gone")

    monkeypatch.setattr(type(service.store), "key_standing", broken)
    for answer in (client.get("/whoami"), client.post("/jobs", json={})):
        a_problem(answer, 500)
        well_dressed(answer.headers)
        assert "secret" not in answer.text


def test_a_locked_store_says_when_to_come_back(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> Any:
        raise StoreLocked("/work/secret.db is locked by process 17")

    monkeypatch.setattr("api.routes.regions.region_properties", locked)
    answer = client.get("/regions")
    a_problem(answer, 503)
    assert answer.headers["retry-after"] == "5"
    assert "secret" not in answer.text and "17" not in answer.text


def test_the_square_is_still_watched(client: httpx.Client) -> None:
    found = client.get("/regions/region-1").json()["properties"]
    assert found["name"] == "square"
    assert found["status"]["events"] == 2
