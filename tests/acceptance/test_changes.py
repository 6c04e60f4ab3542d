"""A follower of changes sees every version once and in order, whatever happens to it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from api.routes import changes
from hearthwatch.keys import new_key
from hearthwatch.records import Role
from hearthwatch.store import Store, open_store
from tests.contract import store_records as a
from tests.support import postgis
from tests.support.served import NOON, Served, listening
from tests.support.waiting import held_up_by_nothing
from tests.support.watched import settings_for

PLACES = {"sqlite": lambda folder: folder / "hearthwatch.db",
          "postgis": lambda _: postgis.server().empty()}  # fmt: skip
EVENTS, VERSIONS = 20, 6
FOLLOWER = """
import httpx, json, os, sys
address, key, book = sys.argv[1:]
with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
    while True:
        seen = json.load(open(book)) if os.path.exists(book) else {"items": [], "next": None}
        asked = {"subject": "event", "limit": 7, "wait": 5}
        asked |= {"after": seen["next"]} if seen["next"] else {}
        page = client.get(f"{address}/changes", params=asked).raise_for_status().json()
        told = [(one["id"], one["version"], one["feature"]["properties"]["observed"])
                for one in page["items"]]
        # What was done with a page is kept together with its cursor, or not at all.
        with open(book + ".part", "w") as part:
            json.dump({"items": seen["items"] + told, "next": page["next"]}, part)
        os.replace(book + ".part", book)
"""


@pytest.fixture(params=list(PLACES))
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str, Store]]:
    store = a.with_region(open_store(PLACES[request.param](tmp_path), write=True, alone=False))
    key, shown = new_key("ours", "follower", Role.VIEWER, NOON)
    with store.transaction() as tx:
        tx.put_key(key)
    settings = settings_for(tmp_path / "var", tmp_path, executor="threads", workers=2)
    with listening(settings, store) as url:
        yield url, shown, store
    store.close()


def write_all(store: Store) -> list[tuple[str, int, str]]:
    """Write versions of events, in a random order of the events; return them as written."""
    rng = random.Random(8)
    turns = [number for number in range(EVENTS) for _ in range(VERSIONS)]
    rng.shuffle(turns)
    at = dict.fromkeys(range(EVENTS), 0)
    written = []
    for number in turns:
        at[number] += 1
        told = f"Version {at[number]} of {number}."
        event = a.event(id=f"e{number}", version=at[number], observed=told)
        with store.transaction() as tx:
            tx.put_event(event)
            tx.put_settlements([a.settlement(id=f"s{number}")])
        written.append((event.id, event.version, told))
        time.sleep(rng.uniform(0, 0.02))
    return written


def test_a_follower_that_is_killed_again_and_again_misses_and_doubles_nothing(
    served: tuple[str, str, Store], tmp_path: Path
) -> None:
    url, key, store = served
    rng, book = random.Random(9), tmp_path / "book.json"
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write_all, store)
        while not writing.done() or len(read(book)) < EVENTS * VERSIONS:
            follower = subprocess.Popen([sys.executable, "-c", FOLLOWER, url, key, str(book)])
            time.sleep(rng.uniform(0.3, 1.2))
            follower.kill()
            follower.wait()
            time.sleep(rng.uniform(0, 0.2))
        written = writing.result()
    assert read(book) == written


def read(book: Path) -> list[tuple[str, int, str]]:
    return [tuple(one) for one in json.loads(book.read_text())["items"]] if book.exists() else []


def test_each_change_has_what_it_is_about_and_a_removal_is_told(client: httpx.Client) -> None:
    page = client.get("/changes").json()
    assert {one["subject"] for one in page["items"]} >= {"region", "event", "detection"}
    # Other tests of this service take settlements off its list; that is told further on.
    gone = {(one["subject"], one["id"]) for one in page["items"] if one["gone"]}
    for one in page["items"]:
        if one["feature"] is None:
            assert (one["subject"], one["id"]) in gone
        else:
            assert one["feature"]["id"] == one["id"]
        assert (one["version"] is None) == (one["subject"] != "event")
    square = {"type": "Polygon", "coordinates": [[[30, 1], [30.01, 1], [30.01, 1.01], [30, 1]]]}
    sent = {"type": "Feature", "geometry": square, "properties": {"name": "Told of"}}
    made = client.post("/regions", json=sent).headers["location"]
    after = client.get("/changes", params={"after": page["next"]}).json()
    told = [one["feature"]["properties"]["name"] for one in after["items"]]
    assert told == ["Told of"]
    assert client.delete(made).status_code == 204
    gone = client.get("/changes", params={"after": after["next"]}).json()["items"]
    assert [(one["subject"], one["gone"], one["feature"]) for one in gone] == [
        ("region", True, None)
    ]


def test_nobody_is_told_of_what_is_anothers(service: Served) -> None:
    with service.client() as ours, service.client(service.keys.theirs) as theirs:
        assert "their" not in ours.get("/changes").text
        told = theirs.get("/changes").json()["items"]
        assert {one["id"] for one in told} == {"their-region", "their-event", "their-settlement"}
        mine = ours.get("/changes", params={"limit": 1}).json()["next"]
        assert theirs.get("/changes", params={"after": mine}).status_code == 400


def test_a_request_waits_until_something_comes(service: Served) -> None:
    with service.client() as client:
        end = client.get("/changes").json()["next"]
        with held_up_by_nothing(least=0.9):
            assert client.get("/changes", params={"after": end, "wait": 1}).json()["items"] == []

        def write() -> None:
            time.sleep(0.5)
            with service.store.transaction() as tx:
                tx.put_settlements([a.settlement(id="late", organisation="local")])

        writer = threading.Thread(target=write)
        writer.start()
        found = client.get("/changes", params={"after": end, "wait": 30}).json()["items"]
        writer.join()
        assert [one["id"] for one in found] == ["late"]
        client.delete("/settlements/late")
        for wait in (-1, 31):
            assert client.get("/changes", params={"wait": wait}).status_code == 400


def test_only_so_many_may_wait() -> None:
    waiting = changes.Waiting()
    held = [waiting.place("ours") for _ in range(changes.MOST_OF_ONE)]
    assert [one.__enter__() for one in held] == [True] * changes.MOST_OF_ONE
    with waiting.place("ours") as room, waiting.place("theirs") as other:
        assert (room, other) == (False, True)
    held.pop().__exit__(None, None, None)
    with waiting.place("ours") as room:
        assert room
