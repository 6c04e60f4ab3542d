"""Alarms over HTTP: who sees which, who says that they see to one, and what others are told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hearthwatch.records import AlarmKind, Lease
from hearthwatch.watchdogs.watching import LEASE
from tests.acceptance.test_api_alerts import Service
from tests.contract import store_records as a


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    with made.store.transaction() as tx:
        tx.put_alarm(a.alarm())
        tx.put_alarm(a.alarm(id="alm-2", cleared=a.NOON, subject="sentinel-1-rtc"))
        tx.put_alarm(a.alarm(id="alm-3", organisation="theirs"))
        tx.put_alarm(a.alarm(id="alm-4", organisation="", kind=AlarmKind.DISK_LOW, regions=()))
    yield made
    made.client.close()


def test_one_sees_ones_own_and_the_installations_and_no_others(service: Service) -> None:
    found = service.ask("GET", "/alarms", "viewer").json()
    assert {one["id"]: one["whole"] for one in found["items"]} == {"alm-1": False, "alm-4": True}
    first = next(one for one in found["items"] if one["id"] == "alm-1")
    assert (first["kind"], first["subject"], first["regions"]) == (
        "no_data", "sentinel-2-l2a", ["reg-1"]
    )  # fmt: skip
    every = service.ask("GET", "/alarms", "viewer", params={"all": "true"}).json()
    assert {one["id"] for one in every["items"]} == {"alm-1", "alm-2", "alm-4"}
    theirs = service.ask("GET", "/alarms", "stranger").json()
    assert {one["id"] for one in theirs["items"]} == {"alm-3", "alm-4"}
    assert service.ask("GET", "/alarms", "").status_code == 401


def test_it_says_whether_anything_looks(service: Service) -> None:
    assert service.ask("GET", "/alarms").json()["watching"] is False
    assert service.ask("GET", "/readyz", "").json() == {"status": "ok"}, "it was never begun"
    now = datetime.now(UTC)
    lease = Lease(LEASE, "", "dogs", now, now + timedelta(minutes=3), 0)
    with service.store.transaction() as tx:
        tx.take_lease(lease)
    assert service.ask("GET", "/alarms").json()["watching"] is True
    assert service.ask("GET", "/readyz", "").json() == {"status": "ok"}
    before = now - timedelta(hours=1)
    with service.store.transaction() as tx:
        tx.drop_lease(LEASE, "dogs", 1)
        tx.take_lease(dataclasses.replace(lease, taken=before, until=before))
    assert service.ask("GET", "/alarms").json()["watching"] is False
    assert service.ask("GET", "/readyz", "").json() == {"status": "degraded"}


def test_somebody_says_once_that_they_see_to_it(service: Service) -> None:
    address = "/alarms/alm-1/acknowledge"
    assert service.ask("POST", address, "viewer").status_code == 403
    assert service.ask("POST", address, "stranger").status_code == 404
    first = service.ask("POST", address, "analyst").json()
    assert first["acknowledged"] and first["acknowledged_by"]
    assert service.ask("POST", address, "admin").json() == first
    (entry,) = [one for one in service.store.audit("ours") if one.act == "alarm acknowledge"]
    assert entry.subject == "alarm:alm-1"
    over = service.ask("POST", "/alarms/alm-2/acknowledge", "analyst")
    assert over.status_code == 409
    assert service.ask("POST", "/alarms/nothing/acknowledge", "analyst").status_code == 404


def test_to_one_of_the_installation_only_those_who_run_it(service: Service) -> None:
    address = "/alarms/alm-4/acknowledge"
    for who in ("analyst", "stranger"):
        assert service.ask("POST", address, who).json()["type"].endswith(":access")
    assert service.ask("POST", address, "admin").json()["acknowledged_by"]
    theirs = service.ask("GET", "/alarms", "stranger").json()["items"]
    (same,) = [one for one in theirs if one["id"] == "alm-4"]
    assert same["acknowledged"] and same["acknowledged_by"] is None


def test_a_subscription_to_alarms_is_of_no_region_or_rhythm(service: Service) -> None:
    receiver = service.add()["id"]
    plain = {"receiver": receiver, "name": "Alarms", "about": "alarms"}
    made = service.ask("POST", "/subscriptions", json=plain)
    assert (made.status_code, made.json()["about"]) == (201, "alarms")
    for more in ({"region": "reg-1"}, {"rhythm": "daily"}, {"kinds": ["burned"]}):
        assert service.ask("POST", "/subscriptions", json=plain | more).status_code == 422, more


def test_an_administrator_takes_a_receiver_over(service: Service) -> None:
    made = service.add()
    sent = {"json": {"take_over": True}}
    assert service.ask("PATCH", f"/receivers/{made['id']}", "other", **sent).status_code == 409
    taken = service.ask("PATCH", f"/receivers/{made['id']}", "admin", **sent).json()
    assert taken["owner"] != made["owner"]
