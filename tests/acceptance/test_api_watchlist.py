"""The watchlist over a real socket: files get the answer that the command line gives; levels."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from shapely.geometry import box, mapping

from api.uploads import MOST_BYTES
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.records import Role
from hearthwatch.settings import load_settings
from hearthwatch.store import open_store
from tests.contract.store_records import NOON
from tests.support.broken_files import (
    BOW_TIE,
    BROKEN,
    REPAIRED,
    SQUARE,
    Case,
    feature,
    of_json,
    polygon,
)
from tests.support.served import listening


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The address of a service without a region, and keys to it."""
    root = tmp_path_factory.mktemp("imports")
    layout = Layout(root)
    layout.make()
    with closing(open_store(layout.database, write=True, alone=False)) as store:
        made = {}
        with store.transaction() as tx:
            for role in (Role.ADMIN, Role.VIEWER):
                key, made[role.value] = new_key("local", role.value, role, NOON)
                tx.put_key(key)
        with listening(load_settings(data_dir=root), store) as url:
            yield {**made, "url": url}


@pytest.fixture
def client(keys: dict[str, str]) -> Iterator[httpx.Client]:
    """A client that leaves nothing behind."""
    header = {"Authorization": f"Bearer {keys['admin']}"}
    with httpx.Client(base_url=keys["url"], headers=header, timeout=60) as one:
        yield one
        for kind in ("regions", "settlements"):
            for left in one.get(f"/{kind}").json()["features"]:
                assert one.delete(f"/{kind}/{left['id']}").status_code == 204


def send(client: httpx.Client, path: Path, to: str = "regions", **fields: Any) -> httpx.Response:
    # A name that leads elsewhere: it must be of no importance.
    sent = {"file": ("../../etc/passwd", path.read_bytes(), "application/octet-stream")}
    return client.post(f"/imports/{to}", files=sent, data=fields)


def named(cases: tuple[Case, ...]) -> dict[str, Any]:
    return {"argvalues": cases, "ids": [case.name for case in cases]}


@pytest.mark.parametrize("case", **named(BROKEN))
def test_what_is_wrong_is_said_and_nothing_is_stored(
    tmp_path: Path, client: httpx.Client, case: Case
) -> None:
    answer = send(client, case.write(tmp_path))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "urn:hearthwatch:problem:region"
    if case.whole:
        assert problem["detail"] == case.whole
        assert "errors" not in problem
    else:
        told = [
            one["problem"] if one["where"] == "file" else f"{one['where']} {one['problem']}"
            for one in problem["errors"]
        ]
        assert told == list(case.faults)
        assert "nothing was stored" in problem["detail"]
    assert client.get("/regions").json()["features"] == []


@pytest.mark.parametrize("case", **named(REPAIRED))
def test_what_was_repaired_is_said(tmp_path: Path, client: httpx.Client, case: Case) -> None:
    answer = send(client, case.write(tmp_path))
    assert answer.status_code == 201
    told = answer.json()
    repairs = dict.fromkeys(words for one in told["taken"] for words in one["repairs"])
    assert tuple(repairs) == case.repairs
    checks = [f"{one['where']} {one['problem']}" for one in told["checks"]]
    assert checks == list(case.checks)
    listed = client.get("/regions").json()["features"]
    assert {one["id"] for one in listed} == {one["id"] for one in told["taken"]}


def test_sound_features_are_taken_where_that_is_asked_for(
    tmp_path: Path, client: httpx.Client
) -> None:
    path = next(case for case in BROKEN if case.name == "everything at once").write(tmp_path)
    refused = send(client, path).json()
    assert "accept=valid to store the 1 that are sound" in refused["detail"]
    told = send(client, path, accept="valid").json()
    assert [one["name"] for one in told["taken"]] == ["B"]
    assert [one["where"] for one in told["faults"]] == [
        "feature 1 (A)", "feature 3 (C)", "feature 4 (D)",
    ]  # fmt: skip


def test_a_file_can_be_one_region_and_a_box_needs_no_file(
    tmp_path: Path, client: httpx.Client
) -> None:
    two = [feature(mapping(box(x, 13, x + 0.01, 13.01)), "same") for x in (24, 25)]
    path = of_json({"type": "FeatureCollection", "features": two})(tmp_path)
    (one,) = send(client, path, name="Both", purpose="why").json()["taken"]
    assert (one["name"], one["repairs"]) == ("Both", ["2 features were joined into one region"])
    empty = {"bbox": (None, "24,13,24.1,13.1"), "name": (None, "Box")}
    boxed = client.post("/imports/regions", files=empty)
    assert boxed.status_code == 201
    assert {one["properties"]["name"] for one in client.get("/regions").json()["features"]} == {
        "Both", "Box",
    }  # fmt: skip


def test_settlements_come_in_the_same_way_and_once(tmp_path: Path, client: httpx.Client) -> None:
    path = tmp_path / "places"
    path.write_text("name,lon,lat\nDola,24,13\nSurri,25,13\nDola,24,13\n")
    told = send(client, path, "settlements", radius_m="300", source="a survey").json()
    assert [one["name"] for one in told["taken"]] == ["Dola", "Surri"]
    assert told["checks"] == [
        {"where": "line 4 (Dola)", "problem": "is the same as line 2 (Dola), and was left out"}
    ]
    again = send(client, path, "settlements", radius_m="300").json()
    assert (again["taken"], again["there_already"]) == ([], 2)


def test_a_bow_tie_is_mended_by_choice(tmp_path: Path, client: httpx.Client) -> None:
    path = of_json(feature(polygon(BOW_TIE)))(tmp_path)
    (one,) = send(client, path, mend="true").json()["taken"]
    assert one["repairs"][0].startswith("mended, as was asked")


@pytest.mark.parametrize(
    ("fields", "where"),
    [({"accept": "some"}, "body.accept"), ({"radius": "3"}, "body.radius"),
     ({"radius_m": "x"}, "body.radius_m"), ({"bbox": "1,2,3,4"}, "body.bbox"),
     ({"file": "text"}, "body.file"), ({"name": ["a", "b"]}, "body.name"),
     ({"kind": "flood"}, "body.kind"), ({"encoding": "../x"}, "body.encoding")],
)  # fmt: skip
def test_a_field_that_cannot_be_meant_is_named(
    tmp_path: Path, client: httpx.Client, fields: dict[str, Any], where: str
) -> None:
    answer = send(client, REPAIRED[0].write(tmp_path), **fields)
    assert answer.status_code == 422
    assert where in {one["where"] for one in answer.json()["errors"]}
    assert client.get("/regions").json()["features"] == []


def test_only_who_may_change_the_watchlist_may_send_a_file(
    tmp_path: Path, keys: dict[str, str]
) -> None:
    path = REPAIRED[0].write(tmp_path)
    for given, status in ((keys["viewer"], 403), ("hw_none", 401)):
        header = {"Authorization": f"Bearer {given}"}
        with httpx.Client(base_url=keys["url"], headers=header, timeout=60) as one:
            assert send(one, path).status_code == status
            assert send(one, path, "settlements").status_code == status


def test_what_is_no_form_is_refused(client: httpx.Client) -> None:
    assert client.post("/imports/regions", json={"type": "Feature"}).status_code == 415
    broken = client.post(
        "/imports/regions", content=b"no form", headers={"Content-Type": "multipart/form-data"}
    )
    assert broken.status_code == 400
    assert client.post("/imports/regions", files={"name": (None, "x")}).status_code == 422


def test_a_file_that_is_too_large_is_refused_before_and_while_it_comes(
    client: httpx.Client, keys: dict[str, str]
) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    declared = {**form, "Content-Length": str(MOST_BYTES + 1)}
    assert answered(keys, declared, []) == 413
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    chunk = b"\0" * 1_000_000
    chunks = [head, *[chunk] * (MOST_BYTES // len(chunk) + 1)]
    assert answered(keys, {**form, "Transfer-Encoding": "chunked"}, chunks) == 413


def answered(keys: dict[str, str], fields: dict[str, str], chunks: list[bytes]) -> int:
    """Send a request by hand, and return the status of the answer."""
    url = httpx.URL(keys["url"])
    with socket.create_connection((url.host, url.port or 80), timeout=60) as line:
        lines = [
            "POST /imports/regions HTTP/1.1", f"Host: {url.host}",
            f"Authorization: Bearer {keys['admin']}", *(f"{k}: {v}" for k, v in fields.items()),
        ]  # fmt: skip
        line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        try:
            for chunk in chunks:
                line.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        return int(line.recv(100).split()[1])


def added(client: httpx.Client, name: str, days: float | None = None) -> str:
    """Put a square on the watchlist and return its address."""
    end = {"expires": (datetime.now(UTC) + timedelta(days=days)).isoformat()} if days else {}
    sent = feature(polygon(SQUARE), name, **end)
    answer = client.post("/regions", json=sent)
    assert answer.status_code == 201
    return answer.headers["location"]


def test_a_level_is_raised_with_an_end_and_a_reason_and_told(client: httpx.Client) -> None:
    where = added(client, "Oak")
    until = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    refused = client.patch(where, json={"level": "urgent"})
    assert refused.status_code == 422
    assert "say until when" in refused.json()["detail"] and "say why" in refused.json()["detail"]
    sent = {"level": "urgent", "level_until": until.isoformat(), "level_reason": "raids"}
    properties = client.patch(where, json=sent).json()["properties"]
    assert (properties["level"], properties["hours_between_runs"]) == ("urgent", 1.0)
    assert properties["level_words"] == f"urgent until {until:%Y-%m-%d}: raids"
    kept = client.patch(where, json={"level": "elevated"}).json()["properties"]
    assert (kept["level"], kept["level_reason"]) == ("elevated", "raids")
    plain = client.patch(where, json={"level": "routine"}).json()["properties"]
    assert (plain["level"], plain["level_until"], plain["level_words"]) == ("routine", None, "")
    slow = client.patch(where, json={"hours_between_runs": 24}).json()["properties"]
    assert slow["hours_between_runs"] == 24
    assert client.patch(where, json={"hours_between_runs": 0.01}).status_code == 422
    usual = client.patch(where, json={"hours_between_runs": None}).json()["properties"]
    assert usual["hours_between_runs"] == 6


def test_the_list_begins_with_the_watch_that_needs_somebody_most(client: httpx.Client) -> None:
    for name, days in (("A", None), ("B", 3.0), ("C", 40.0)):
        added(client, name, days)
    listed = [one["properties"] for one in client.get("/regions").json()["features"]]
    assert [one["name"] for one in listed] == ["B", "A", "C"]
    assert [one["status"]["rank"] for one in listed] == [3, 4, 4]
    assert [one["days_left"] for one in listed] == [2, None, 39]
    assert listed[0]["ending"].startswith("the watch ends on ")
    assert listed[1]["ending"] == ""
    assert {one["status"]["next_look"] for one in listed} == {None}
