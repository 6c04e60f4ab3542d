"""Nothing is seen or changed through the API without an entry that was stored before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import api.routes.sessions as sessions
from hearthwatch.audit import log
from hearthwatch.audit.verifying import verify
from hearthwatch.errors import DiskFull
from hearthwatch.records import AuditEntry
from hearthwatch.store import MemoryStore, Store
from tests.support import worlds
from tests.support.chips import CELL, LOOK
from tests.support.inside import Inside


class Asked:
    """One service of ours and who asks it."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = MemoryStore()
        self.who = worlds.callers()
        self.app = worlds.service(folder, self.store, self.who, watched=True)
        self.client = Inside(self.app)
        self.before = len(self.store.audit("ours"))

    def ask(self, method: str, address: str, caller: str = "admin", **more: Any) -> int:
        headers = self.who.headers[caller]
        return self.client.request(method, address, headers=headers, **more).status_code

    def logged(self, organisation: str = "ours") -> list[AuditEntry]:
        before = self.before if organisation == "ours" else 0
        return list(self.store.audit(organisation)[before:])

    def said(self) -> list[tuple[str, str, str]]:
        return [(one.act, one.subject, one.outcome) for one in self.logged()]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    monkeypatch.setattr(sessions, "REFUSAL_SECONDS", 0.0)
    asked = Asked(tmp_path)
    yield asked
    asked.client.close()


@contextmanager
def unwritable(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def full(self: Store) -> Any:
        raise DiskFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr(type(store), "transaction", full)
        yield


def test_what_is_seen_is_logged_by_ids_alone(here: Asked) -> None:
    assert here.ask("GET", "/events/evt-1") == 200
    assert here.ask("GET", "/events?bbox=25.3,13.6,25.4,13.7&region=reg-1") == 200
    assert here.ask("GET", "/events/25.31,13.61") == 404
    assert here.ask("GET", "/ogc/collections/events/items/evt-1") == 200
    assert here.said() == [
        ("read_event", "event:evt-1", "done"),
        ("list_events", "region:reg-1", "done"),
        ("read_event", "", "refused"),
        ("read_item", "event:evt-1", "done"),
    ]
    admin = next(key for key in here.store.keys("ours") if key.name == "admin")
    assert {one.actor for one in here.logged()} == {admin.id}
    assert not [one for one in here.logged() if "25.3" in repr(one)]


def test_an_item_is_logged_as_what_it_shows_and_never_by_its_cell(here: Asked) -> None:
    item = here.who.ids["ours"]["item"]
    assert CELL in item
    scene = f"/stac/collections/sentinel-2-l2a/items/{item}"
    assert here.ask("GET", scene) == 200
    assert here.ask("GET", f"{scene}/{here.who.ids['ours']['asset']}.tif") == 200
    assert here.ask("GET", f"/stac/collections/masks/items/{CELL}") == 404
    assert here.ask("GET", "/stac/collections/evidence/items/evt-1") == 200
    assert here.said() == [
        ("stac_item", f"acquisition:{LOOK}", "done"),
        ("stac_file", f"acquisition:{LOOK}", "done"),
        ("stac_item", "", "refused"),
        ("stac_item", "event:evt-1", "done"),
    ]


def test_a_change_is_logged_before_and_after(here: Asked) -> None:
    assert here.ask("DELETE", "/regions/reg-1") == 204
    assert here.ask("DELETE", "/regions/reg-1", "viewer") == 403
    made = here.client.request(
        "POST", "/passes", headers=here.who.headers["admin"], json={"resource": "tiles/events"}
    ).json()
    remove = ("remove_region", "region:reg-1")
    assert here.said() == [
        (*remove, "asked"), (*remove, "done"), (*remove, "asked"), (*remove, "refused"),
        ("add_pass", "", "asked"), ("add_pass", f"pass:{made['id']}", "done"),
    ]  # fmt: skip
    assert made["pass"] not in repr(here.logged())


def test_without_a_log_nothing_is_seen_and_nothing_is_changed(
    here: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unwritable(here.store, monkeypatch):
        for method, address in (("GET", "/events/evt-1"), ("GET", "/tiles/events/0/0/0.mvt"),
                                ("DELETE", "/regions/reg-1"), ("HEAD", "/events")):  # fmt: skip
            answer = here.client.request(method, address, headers=here.who.headers["admin"])
            assert answer.status_code == 503
            assert answer.headers["retry-after"]
            assert "evt-1" not in answer.text
        assert here.ask("GET", "/healthz") == 200
    assert here.said() == []
    assert here.store.region("ours", "reg-1").removed is None
    assert here.ask("GET", "/tiles/events/0/0/0.mvt") == 200


def test_an_answer_waits_for_its_entry_and_not_for_ever(
    here: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    import api.audited as audited

    monkeypatch.setattr(audited, "PATIENCE_SECONDS", 0.05)
    with here.store.transaction():
        assert here.ask("GET", "/events/evt-1") == 503
    assert here.ask("GET", "/events/evt-1") == 200


def test_many_tiles_of_a_map_are_one_entry_and_a_number(here: Asked) -> None:
    tiles = [f"/tiles/events/6/{x}/{y}.mvt" for x in range(6) for y in range(5)]
    got = here.client.at_once(tiles, headers=here.who.headers["admin"])
    assert {one.status_code for one in got} == {200}
    assert here.ask("GET", tiles[0], "viewer") == 200
    here.app.state.books.counting.flush()
    here.app.state.books.log.write(here.logged()[0])
    mine = [(one.act, one.detail) for one in here.logged()]
    first, more = ("event_tile", {}), [one["more"] for _, one in mine if "more" in one]
    assert mine.count(first) >= 2
    # The minute may have ended meanwhile: each has an entry, and all are counted.
    assert sum(more) + mine.count(first) - 1 == 31
    assert len(mine) <= 7


def test_signing_in_is_logged_where_it_was_tried_and_never_what_was_typed(here: Asked) -> None:
    for login in ("amina@ours", "nobody@ours", "mypassword@nowhere", "mypassword"):
        sent = {"login": login, "password": "a wrong one, again"}
        assert here.ask("POST", "/session", "nobody", json=sent) == 401
    assert [(one.actor, one.outcome) for one in here.logged()] == [
        ("per-1", "refused"), ("unknown", "refused")
    ]  # fmt: skip
    assert [one.actor for one in here.logged("")] == ["unknown"]
    everything = repr(here.logged() + here.logged(""))
    assert "mypassword" not in everything and "wrong" not in everything


def test_who_may_read_the_log_reads_ones_own_in_pages(here: Asked) -> None:
    for _ in range(4):
        here.ask("GET", "/events/evt-1")
    here.ask("GET", "/regions")
    headers, seen, after = here.who.headers["admin"], [], None
    while True:
        query = {"act": "read_event", "limit": "3"} | ({"after": after} if after else {})
        page = here.client.get("/audit", headers=headers, params=query).json()
        seen += [one["sequence"] for one in page["items"]]
        after = page["next"]
        if not after:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == 4
    assert here.ask("GET", "/audit", "analyst") == 403
    assert worlds.MARK not in here.client.get("/audit", headers=headers).text


def test_what_many_write_at_once_is_one_chain(here: Asked) -> None:
    got = here.client.at_once(["/events/evt-1"] * 60, headers=here.who.headers["admin"])
    assert {one.status_code for one in got} == {200}
    assert len(here.logged()) == 60
    assert [one.broken for one in verify(here.store)] == [None] * len(list(verify(here.store)))


def test_no_more_wait_than_there_is_room_for(here: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST_WAITING", 0)
    assert here.ask("GET", "/events/evt-1") == 503
