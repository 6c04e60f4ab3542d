"""The OpenAPI document is complete and true: schemathesis asks for everything that it says."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.server import PatientProtocol
from tests.support import served
from tests.support.served import Served

FUZZ = os.environ.get("HYPOTHESIS_PROFILE") == "fuzz"
SECONDS = 1800 if FUZZ else 500

# What cannot be said in a schema is refused with 400 or 422 (a box with south above north, a cursor
# of another question), so valid data need not be accepted.
# ignored_auth asks again without a key; test_attack_tenants.py does so for every route.
LEFT_OUT = "positive_data_acceptance,ignored_auth"
REFUSALS = [400, 401, 403, 404, 405, 408, 409, 413, 415, 422]
CONFIGURATION = f"""
[checks]
negative_data_rejection.expected-statuses = {REFUSALS}
[phases.coverage]
unexpected-methods = ["PUT", "DELETE", "TRACE"]
"""


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of its own: here regions are added, renamed and removed at random."""
    with served.serve(tmp_path_factory.mktemp("attacked")) as running:
        yield running


@pytest.fixture(scope="module")
def document(attacked: Served) -> dict[str, Any]:
    with attacked.client("") as client:
        found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def there_is(client: httpx.Client) -> dict[str, Any]:
    """Return ids that exist, by the names of the parameters they are for."""
    looks = client.get("/regions/region-1/looks").json()["items"]
    return {
        "region": "region-1",
        "event": client.get("/events").json()["features"][0]["id"],
        "settlement": client.get("/settlements").json()["features"][0]["id"],
        "job": client.get("/jobs").json()["items"][0]["id"],
        "acquisition": looks[0]["acquisition"],
        "before": looks[1]["acquisition"],
        "style": looks[0]["styles"][0],
        "name": "events",
        "z": 13,
        "x": 4612,
        "y": 2950,
        "bbox": "22.6,44.6,22.8,44.8",
        "datetime": "2018-01-01T00:00:00Z/..",
    }


def with_ids(document: dict[str, Any], ids: dict[str, Any]) -> dict[str, Any]:
    """Return the document with ids that exist as examples, but none for what would remove them."""
    made: dict[str, Any] = json.loads(json.dumps(document))
    for path, item in made["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", []):
                if method != "delete" and parameter["name"] in ids:
                    _give(parameter, ids[parameter["name"]])
            if path == "/jobs" and method == "post":
                content = operation["requestBody"]["content"]["application/json"]
                content["example"] = {"region": ids["region"]}
    _items_exist(made, ids)
    return made


def _give(parameter: dict[str, Any], value: Any) -> None:
    if parameter["in"] == "path" and parameter["name"] in ("region", "event", "settlement", "job"):
        # Alone among random ones it would hardly ever be drawn.
        parameter["schema"] = {**parameter["schema"], "enum": [value, "nothing"]}
    parameter["example"] = value


def _items_exist(document: dict[str, Any], ids: dict[str, Any]) -> None:
    operation = document["paths"]["/ogc/collections/{name}/items/{feature_id}"]["get"]
    (feature,) = (p for p in operation["parameters"] if p["name"] == "feature_id")
    feature["example"] = ids["event"]


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 60)
def test_every_answer_is_one_that_was_declared(
    attacked: Served, document: dict[str, Any], tmp_path: Path
) -> None:
    with attacked.client() as client:
        enriched = with_ids(document, there_is(client))
    (tmp_path / "openapi.json").write_text(json.dumps(enriched))
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    drawn = ["--max-examples=200"] if FUZZ else ["--max-examples=20", "--generation-deterministic"]
    # In a process of its own: drawing would hold the interpreter's lock while the server works.
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", f"--url={attacked.url}",
         f"--header=Authorization: Bearer {attacked.keys.ours}", "--phases=examples,coverage,"
         "fuzzing,stateful", f"--exclude-checks={LEFT_OUT}", "--mode=all", "--no-color",
         "--warnings=off", "--request-timeout=20", "--continue-on-failure", *drawn],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_document_has_what_programs_need(document: dict[str, Any]) -> None:
    operations = [o for item in document["paths"].values() for o in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    schemes = document["components"]["securitySchemes"]
    assert {one.get("scheme", one.get("in")) for one in schemes.values()} == {
        "bearer", "basic", "cookie",
    }  # fmt: skip
    # Whoever signs in has nothing to show yet, and may be refused all the same.
    signing_in = document["paths"]["/session"]["post"]
    assert "security" not in signing_in
    for operation in operations:
        answers = operation["responses"]
        closed = "security" in operation or operation is signing_in
        assert operation["description"]
        assert closed == ("401" in answers)
        assert {"400", "413", "500", "503"} <= answers.keys()
        if "requestBody" in operation:
            assert closed
            # A search changes nothing: by STAC, what is wrong with it is 400.
            unread = set() if operation["operationId"] == "search_items_by_body" else {"422"}
            assert {"403", "408", "415"} | unread <= answers.keys()


def test_every_declared_error_is_a_problem(document: dict[str, Any]) -> None:
    for item in document["paths"].values():
        for operation in item.values():
            for status, words in operation["responses"].items():
                if int(status) >= 400:
                    assert list(words["content"]) == ["application/problem+json"]
                elif status not in {"204", "304"}:
                    assert words["content"]


def methods_at(document: dict[str, Any], address: str) -> set[str]:
    """Return what an address takes; of a word that is also an id, `estimate`, both."""
    return {
        method
        for path, item in document["paths"].items()
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)), address)
        for method in item
    }


@pytest.mark.parametrize("method", ["PUT", "TRACE", "OPTIONS", "DELETE", "POST", "PATCH", "MADE"])
def test_another_method_is_told_which_there_are(
    attacked: Served, document: dict[str, Any], method: str
) -> None:
    with attacked.client() as client:
        for path in document["paths"]:
            # Whole numbers for the tiles: what does not fit a route is nowhere.
            address = path.replace("{form}", "png").replace("{", "").replace("}", "")
            methods = methods_at(document, address)
            if method.lower() in methods:
                continue
            answer = client.request(method, address)
            assert answer.status_code == 405, path
            assert answer.headers["content-type"] == "application/problem+json"
            allowed = {one.strip().lower() for one in answer.headers["allow"].split(",")}
            assert allowed == methods | ({"head"} if "get" in methods else set())


def test_head_is_get_without_its_body(attacked: Served) -> None:
    with attacked.client() as client:
        paths = ["/", "/healthz", "/regions", "/events", "/ogc", "/openapi.json", "/nothing",
                 "/regions/nothing", "/whoami?x=1"]  # fmt: skip
        for path in paths:
            head, get = client.head(path), client.get(path)
            assert head.status_code == get.status_code
            assert head.content == b""
            if path != "/regions":  # A job in it may have gone on meanwhile.
                assert head.headers["content-length"] == get.headers["content-length"]


def test_an_answer_does_not_wait_for_an_acknowledgement(attacked: Served) -> None:
    seen = []
    made = PatientProtocol.connection_made

    def look(self: PatientProtocol, transport: Any) -> None:
        made(self, transport)
        sock = transport.get_extra_info("socket")
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    with pytest.MonkeyPatch.context() as patch, attacked.client() as client:
        patch.setattr(PatientProtocol, "connection_made", look)
        client.get("/healthz")
    # With Nagle's algorithm each answer would take 40 ms at least.
    assert seen and all(seen)
