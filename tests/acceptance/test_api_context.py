"""Observations of context over HTTP and on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from hearthwatch.cli.main import main
from hearthwatch.keys import new_key
from hearthwatch.records import Role
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.inside import Inside

AT = "/regions/reg-1/observations"
NOW = datetime.now(UTC)
SPEECH = {
    "observed": (NOW - timedelta(days=1)).isoformat(), "words": "A speech at the market.",
    "source": "The baker", "reliability": "B", "credibility": 2,
    "grades": {"act": "strong", "speaker": "strong", "means": "some"},
}  # fmt: skip
REPORT = {
    "observed": (NOW - timedelta(days=2)).isoformat(), "words": "Armed men at the ford.",
    "source": "A report", "reliability": "C", "credibility": 3, "factor": 8,
}  # fmt: skip


class Service:
    def __init__(self, folder: Path) -> None:
        self.store = a.with_region(MemoryStore())
        self.client = Inside(create_app(load_settings(data_dir=folder), self.store))
        self.headers: dict[str, dict[str, str]] = {}
        for name, owner, role in (
            ("analyst", "ours", Role.ANALYST), ("viewer", "ours", Role.VIEWER),
            ("partner", "ours", Role.PARTNER), ("stranger", "theirs", Role.ADMIN),
        ):  # fmt: skip
            key, shown = new_key(owner, name, role, NOW)
            with self.store.transaction() as tx:
                tx.put_key(key)
            self.headers[name] = {"Authorization": f"Bearer {shown}"}

    def ask(self, method: str, address: str, who: str = "analyst", **more: Any) -> Any:
        return self.client.request(method, address, headers=self.headers[who], **more)

    def add(self, sent: dict[str, Any]) -> dict[str, Any]:
        answer = self.ask("POST", AT, json=sent)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        assert answer.headers["location"] == f"{AT}/{found['id']}"
        return found


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    made.client.close()


def test_an_observation_is_added_read_and_withdrawn(service: Service) -> None:
    made = service.add(SPEECH)
    assert (made["sort"], made["words"], made["grades"]) == (
        "speech", SPEECH["words"], SPEECH["grades"],
    )  # fmt: skip
    assert made["counts_words"].startswith("it counts until ")
    report = service.add(REPORT)
    assert (report["sort"], report["factor"]) == ("risk_factor", 8)
    listed = service.ask("GET", AT).json()["items"]
    assert [one["id"] for one in listed] == [report["id"], made["id"]]
    assert service.ask("GET", f"{AT}/{made['id']}", "viewer").json() == listed[1]
    assert service.ask("DELETE", f"{AT}/{made['id']}").status_code == 204
    gone = service.ask("GET", f"{AT}/{made['id']}").json()
    assert (gone["words"], gone["source"], gone["grades"], gone["observed"]) == (
        None, None, {}, None,
    )  # fmt: skip
    assert gone["sha256"] == made["sha256"] and gone["withdrawn"]
    assert service.ask("DELETE", f"{AT}/{made['id']}").status_code == 204


def test_the_region_says_to_what_its_level_is_raised_and_why(service: Service) -> None:
    def region() -> dict[str, Any]:
        found: dict[str, Any] = service.ask("GET", "/regions/reg-1").json()["properties"]
        return found

    assert (region()["level"], region()["raised"]) == ("routine", None)
    speech, report = service.add(SPEECH), service.add(REPORT)
    found = region()
    assert (found["level"], found["hours_between_runs"]) == ("urgent", 1.0)
    assert found["raised"]["level"] == "urgent"
    assert [one["observation"] for one in found["raised"]["because"]] == [
        speech["id"], report["id"],
    ]  # fmt: skip
    assert found["level_words"].startswith("urgent until ")
    assert "baker" not in json.dumps(found) and "market" not in json.dumps(found)
    # Setting a level sets only what people say.
    answer = service.ask("PATCH", "/regions/reg-1", json={"level": "routine"})
    assert answer.json()["properties"]["level"] == "urgent"
    (listed,) = service.ask("GET", "/regions").json()["features"]
    assert listed["properties"]["raised"] == found["raised"]


@pytest.mark.parametrize(
    ("change", "where"),
    [({"factor": 8}, ""), ({"grades": {}}, ""), ({"grades": {"act": "very"}}, "grades"),
     ({"reliability": "G"}, "reliability"), ({"credibility": 0}, "credibility"),
     ({"words": ""}, "words"), ({"words": "  "}, ""), ({"observed": "2999-01-01T00:00:00Z"}, ""),
     ({"level": "urgent"}, "level")],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused(
    service: Service, change: dict[str, Any], where: str
) -> None:
    answer = service.ask("POST", AT, json={**SPEECH, **change})
    assert answer.status_code == 422, answer.text
    assert where in answer.text and "baker" not in answer.text
    assert service.ask("GET", AT).json() == {"items": []}


def test_who_may_not_gets_nothing(service: Service) -> None:
    made = service.add(SPEECH)
    one = f"{AT}/{made['id']}"
    assert service.ask("POST", AT, "viewer", json=SPEECH).status_code == 403
    assert service.ask("DELETE", one, "viewer").status_code == 403
    assert service.ask("GET", AT, "partner").status_code == 403
    for method, address in (("GET", AT), ("GET", one), ("POST", AT), ("DELETE", one)):
        more = {"json": SPEECH} if method == "POST" else {}
        nowhere = address.replace("reg-1", "reg-0")
        answers = [service.ask(method, path, "stranger", **more) for path in (address, nowhere)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].content == answers[1].content


def test_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARTHWATCH_DATA_DIR", str(tmp_path / "var"))

    def said(*words: str, status: int = 0) -> str:
        capsys.readouterr()
        assert main([*words]) == status
        got = capsys.readouterr()
        return got.out if status == 0 else got.err

    said("region", "add", "Oak", "--bbox", "24,13,24.01,13.01")
    graded = ["--source", "The baker", "--reliability", "B", "--credibility", "2"]
    yesterday = f"{NOW - timedelta(days=1):%Y-%m-%d}"
    speech = ["context", "add", "Oak", "A speech.", "--on", yesterday, *graded]
    told = said(*speech, "--speech", "act=strong,speaker=strong")
    assert "Oak: elevated until " in told and "dangerous speech" in told
    its_id = told.partition(":")[0]
    assert its_id in said("context", "list", "Oak") and "The baker" in said(
        "context", "list", "Oak"
    )
    assert "Oak: elevated until" in said("status") and "baker" not in said("status")
    assert "does not say how strong" in said(*speech, "--speech", "act=very", status=2)
    assert "1 to 14" in said(*speech, "--factor", "15", status=12)
    gone = json.loads(said("context", "withdraw", "Oak", its_id, "--json"))
    assert gone["observation"]["words"] is None and gone["level_words"] == "routine"
    log = json.loads(said("audit", "list", "--json"))["entries"]
    subject = f"observation:{its_id}"
    acts = [one["act"] for one in log if subject in one["subject"]]
    assert {"context withdraw", "level lower", "level raise"} <= set(acts)
