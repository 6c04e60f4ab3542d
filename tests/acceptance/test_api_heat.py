"""Heat of a region as clients of the API see it: hints, what was held back, and the silence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from shapely.geometry import box

from hearthwatch.heat.ground import ground_of
from hearthwatch.heat.taking import take_file
from hearthwatch.heat.values import NOTICE, SILENCE
from hearthwatch.keys import new_key
from hearthwatch.records import Kind, Mode, Role
from hearthwatch.settings import Settings
from hearthwatch.store.memory import MemoryStore
from imagery.firms_table import read_table
from tests.contract import store_records as a
from tests.support.heat import Hot, table
from tests.support.served import listening

NOW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
SEEN = NOW - timedelta(days=2) + timedelta(hours=11, minutes=40)
CORE = box(25.300, 13.600, 25.306, 13.606)
INSIDE = Hot(SEEN, 25.303, 13.603)
BEFORE = NOW - timedelta(days=300)
PIXELS = [
    INSIDE,
    Hot(SEEN - timedelta(days=1), 25.303, 13.603, confidence="l"),
    Hot(SEEN, 25.42, 13.65, frp=9.5),
    Hot(SEEN, 25.4215, 13.65),
]


@pytest.fixture(scope="module")
def addressed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server over one village with heat, and a viewer's key."""
    store = MemoryStore()
    made, key = new_key("local", "viewer", Role.VIEWER, NOW)
    ours = {"organisation": "local", "created": BEFORE}
    ground = box(25.2, 13.5, 25.5, 13.8)
    with store.transaction() as tx:
        tx.put_key(made)
        for name, mode in (("valley", Mode.ACTUAL), ("drill", Mode.EXERCISE)):
            tx.put_region(
                a.region(id=name, name=name, geometry=ground, kind=Kind.BURNED, mode=mode, **ours)
            )
        village = a.settlement(id="set-1", name="Village", geometry=CORE, area_m2=4e5, **ours)
        tx.put_settlements([village])
    read = read_table(table(PIXELS))
    take_file(store, "local", ground_of(store, "local", NOW), "heat.csv", read, None)
    settings = Settings(data_dir=tmp_path_factory.mktemp("heat"))
    with listening(settings, store) as url:
        yield url, key


@pytest.fixture
def client(addressed: tuple[str, str]) -> Iterator[httpx.Client]:
    url, key = addressed
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as one:
        yield one


def test_heat_is_told_with_what_it_came_to_and_whose_it_is(client: httpx.Client) -> None:
    answer = client.get("/regions/valley/heat")
    assert answer.status_code == 200
    value = answer.json()
    hint, held = value["items"]
    assert (hint["settlement"], hint["settlement_name"], hint["hint"]) == ("set-1", "Village", True)
    assert hint["sensed"].startswith(f"{SEEN:%Y-%m-%dT%H:%M}")
    assert (held["hint"], held["why"]) == (False, "its provider has little confidence in it")
    assert (value["notice"], value["words"]) == (NOTICE, SILENCE)


def test_where_there_is_no_record_it_says_that_no_rate_is_kept(client: httpx.Client) -> None:
    (one,) = client.get("/regions/valley/heat").json()["settlements"]
    assert (one["tells"], one["threshold"], one["keeps_budget"]) == (True, None, False)
    assert "at no known rate" in one["words"]


def test_heat_at_no_settlement_is_counted(client: httpx.Client) -> None:
    elsewhere = client.get("/regions/valley/heat").json()["elsewhere"]
    assert (elsewhere["pixels"], elsewhere["more"]) == (2, 0)
    (place,) = elsewhere["places"]
    assert (place["pixels"], place["frp_mw"], place["day"]) == (2, 9.5, f"{SEEN:%Y-%m-%d}")


def test_it_comes_in_pages_and_by_time(client: httpx.Client) -> None:
    first = client.get("/regions/valley/heat", params={"limit": 1}).json()
    second = client.get("/regions/valley/heat", params={"limit": 1, "after": first["next"]}).json()
    told = [one["hint"] for one in (*first["items"], *second["items"])]
    assert (told, second["next"]) == ([True, False], None)
    late = client.get("/regions/valley/heat", params={"since": SEEN.isoformat()}).json()
    assert [one["hint"] for one in late["items"]] == [True]


def test_an_exercise_has_no_heat_and_an_unknown_region_is_unknown(client: httpx.Client) -> None:
    drill = client.get("/regions/drill/heat").json()
    assert (drill["items"], drill["settlements"], drill["elsewhere"]["pixels"]) == ([], [], 0)
    assert client.get("/regions/nowhere/heat").status_code == 404
    assert client.get("/regions/valley/heat", headers={"Authorization": ""}).status_code == 401


def test_the_interface_describes_it(client: httpx.Client) -> None:
    said = client.get("/openapi.json").json()["paths"]["/regions/{region}/heat"]["get"]
    assert set(said["responses"]) >= {"200", "401", "404"}
    assert {one["name"] for one in said["parameters"]} == {
        "region", "since", "until", "limit", "after",
    }  # fmt: skip
    assert "never means that nothing burned" in said["description"]
