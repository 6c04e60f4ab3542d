"""What a watch would take, tried on the past and confirmed, as callers of the API get it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from hearthwatch.keys import new_key
from hearthwatch.pipeline.planner import Planner
from hearthwatch.records import Role, RunOutcome
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from hearthwatch.watchlist.waiting import is_waiting
from tests.contract import store_records as a
from tests.support.inside import Inside

NOW = datetime.now(UTC)
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[22.7, 44.6], [22.71, 44.6], [22.71, 44.61], [22.7, 44.61], [22.7, 44.6]]],
}


class Ours:
    """A service of ours with keys of several roles, and the store behind it."""

    def __init__(self, folder: Path, *, planned: bool = True, **settings: Any) -> None:
        self.store = a.with_region(MemoryStore())
        a.with_region(self.store, "theirs")
        self.keys: dict[Role, str] = {}
        for role in (Role.ANALYST, Role.VIEWER):
            key, self.keys[role] = new_key("ours", role.value, role, NOW)
            with self.store.transaction() as tx:
                tx.put_key(key)
        secret = folder / "account.json"
        secret.touch(mode=0o600)
        secret.write_text('{"client_id": "i", "client_secret": "s"}')
        made = load_settings(
            data_dir=folder, organisation="ours", provider="sentinelhub",
            sentinelhub_credentials=secret, **settings,
        )  # fmt: skip
        planner = Planner(made, self.store) if planned else None
        app = create_app(made, self.store, planner)
        self.client = Inside(app)

    def post(self, address: str, body: Any = None, role: Role = Role.ANALYST) -> Any:
        headers = {"Authorization": f"Bearer {self.keys[role]}"}
        more = {} if body is None else {"json": body}
        return self.client.request("POST", address, headers=headers, **more)

    def get(self, address: str) -> Any:
        headers = {"Authorization": f"Bearer {self.keys[Role.VIEWER]}"}
        return self.client.get(address, headers=headers)


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Ours]:
    made = Ours(tmp_path, confirm_above_units=10.0)
    yield made
    made.client.close()


def feature(**properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": SQUARE, "properties": properties}


def test_an_estimate_is_told_and_nothing_is_stored(ours: Ours) -> None:
    before = ours.store.regions("ours")
    answered = ours.post("/regions/estimate", feature(kind="burned"))
    assert answered.status_code == 200
    told = answered.json()
    # Six looks a month are assumed: four bands at 10 m and four at 20 m of one cell of 10.24 km.
    light = told["sensors"][0]
    assert light["assumed"] == "no catalogue was asked"
    assert light["units_per_month"] == pytest.approx(
        light["cells_read"] * 6 * (4 * 4 / 3 + 4 / 3), rel=1e-4
    )
    assert light["latency"]["known_from"] == "unknown"
    assert light["latency"]["days_to_the_next"] is None
    assert told["exceeds"][0].endswith("(confirm_above_units)")
    assert ours.store.regions("ours") == before
    assert answered.headers["cache-control"] == "private, no-store"


def test_all_that_is_wrong_with_the_area_is_said(ours: Ours) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    answered = ours.post("/regions/estimate", {"type": "Feature", "geometry": bow})
    assert answered.status_code == 422
    assert answered.json()["type"].startswith("urn:hearthwatch:problem:")
    assert ours.post("/regions/estimate", feature(name="x")).status_code == 422


def test_a_watch_beyond_the_limit_waits_until_it_is_confirmed(ours: Ours) -> None:
    made = ours.post("/regions", feature(name="Square", kind="burned"))
    assert made.status_code == 201
    region = made.json()["id"]
    assert "waits for confirmation" in made.json()["properties"]["waiting"]
    assert made.json()["properties"]["status"]["rank"] == 1
    assert is_waiting(ours.store.region("ours", region))
    refused = ours.post(f"/regions/{region}/confirm", role=Role.VIEWER)
    assert refused.status_code == 403
    begun = ours.post(f"/regions/{region}/confirm")
    assert begun.status_code == 200
    assert begun.json()["properties"]["waiting"] == ""
    assert not is_waiting(ours.store.region("ours", region))
    assert ours.post(f"/regions/{region}/confirm").status_code == 409
    assert ours.post("/regions/nowhere/confirm").status_code == 404


def test_a_backtest_is_asked_for_once_and_its_report_read(ours: Ours) -> None:
    assert ours.get("/regions/reg-1/backtest").status_code == 404
    short = ours.post("/regions/reg-1/backtest", {"months": 1, "learned_months": 0})
    assert short.status_code == 422
    assert "none are granted" in short.json()["detail"]
    body = {"months": 1, "learned_months": 0, "units": 1e6}
    asked = ours.post("/regions/reg-1/backtest", body)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert asked.headers["location"] == "/regions/reg-1/backtest"
    assert ours.post("/regions/reg-1/backtest", body).json()["id"] == asked.json()["id"]
    (waits,) = ours.store.open_backtests()
    over = dataclasses.replace(
        waits, outcome=RunOutcome.COMPLETE, started=NOW, finished=NOW, report={"told": 0}
    )
    with ours.store.transaction() as tx:
        tx.put_backtest(over)
    read = ours.get("/regions/reg-1/backtest").json()
    assert (read["state"], read["report"]) == ("complete", {"told": 0})
    assert ours.post("/regions/reg-1/backtest", body).json()["id"] != read["id"]


def test_days_to_come_are_no_part_of_a_backtest(ours: Ours) -> None:
    body = {"months": 1, "learned_months": 0, "units": 1e6, "until": "2999-01-01T00:00:00Z"}
    before = datetime.now(UTC)
    asked = ours.post("/regions/reg-1/backtest", body).json()
    assert before <= datetime.fromisoformat(asked["until"]) <= datetime.now(UTC)


def test_what_others_try_is_not_there(ours: Ours) -> None:
    with ours.store.transaction() as tx:
        tx.put_region(a.region(id="secret", organisation="theirs"))
        tx.put_backtest(a.backtest(organisation="theirs", region="secret"))
    theirs, nobodys = (ours.get(f"/regions/{one}/backtest") for one in ("secret", "nothing"))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content == nobodys.content


def test_a_service_without_the_pipeline_says_that_it_cannot_estimate(tmp_path: Path) -> None:
    alone = Ours(tmp_path, planned=False)
    answered = alone.post("/regions/estimate", feature())
    assert (answered.status_code, answered.json()["type"].rpartition(":")[2]) == (503, "unplanned")
    alone.client.close()
