"""Notifications that come twice, out of order, or with an address in them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from shapely.geometry import MultiPolygon, box, mapping

from hearthwatch.passes.news import LEAST_S, Heard, take_news
from hearthwatch.passes.polling import poll
from hearthwatch.records import Region
from hearthwatch.store import MemoryStore
from imagery.errors import IntegrityError, Permanent, Transient
from imagery.net.transport import Check
from imagery.net.types import Deadline, Reply, Request
from imagery.subscriptions import Subscription
from tests.support import settled
from tests.support.listing_provider import ListedProvider, made_scene

REGION = settled.region()
GROUND = box(*REGION.geometry.bounds)
NOW = REGION.created
WANTED = "Collection/Name eq 'SENTINEL-2'"
QUEUES = "https://catalogue.dataspace.copernicus.eu/odata/v1/Subscriptions"
# Far off: it is set when tests are collected, and this file may come late.
SOON = Deadline.after(86_400.0)


class Queue:
    """A queue as the Copernicus Data Space keeps one, and what goes wrong with it."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self.running: list[dict[str, Any]] = []
        self.asked: list[Request] = []
        self.acknowledgements_lost = 0

    def send(self, request: Request, deadline: Deadline, check: Check | None = None) -> Reply:
        self.asked.append(request)
        body = json.dumps(self.answer(request)).encode()
        digest = hashlib.sha256(body).hexdigest()
        reply = Reply(200, {}, body, digest, datetime.now(UTC), 1)
        if check is not None:
            check(reply)
        return reply

    def answer(self, request: Request) -> Any:
        url = urlsplit(request.url)
        if url.path.endswith("/Info"):
            return self.running
        if url.path.endswith("/Read"):
            return self.rows[: int(parse_qs(url.query)["$top"][0])]
        if url.path.endswith("/Ack"):
            if self.acknowledgements_lost:
                self.acknowledgements_lost -= 1
                raise Transient("the connection was cut")
            ticket = parse_qs(url.query)["$ackid"][0]
            number = [row["AckId"] for row in self.rows].index(ticket)
            del self.rows[: number + 1]
            return {}
        assert request.body is not None
        self.running.append({"Id": "abc-1", **json.loads(request.body)})
        return self.running[-1]


def row(number: int, product: str, event: str = "created", **more: Any) -> dict[str, Any]:
    return {
        "SubscriptionEvent": event, "ProductName": f"{product}.SAFE", "AckId": f"a+/{number}=",
        "value": {"S3Path": "s3://169.254.169.254/latest", "Name": product}, **more,
    }  # fmt: skip


@pytest.fixture
def store() -> MemoryStore:
    """A store that knows three scenes."""
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_region(REGION)
    poll(store, ListedProvider(SCENES), REGION, GROUND, NOW - timedelta(days=60), NOW)
    return store


SCENES = [made_scene(NOW - timedelta(days=5 * turn), GROUND) for turn in range(1, 4)]


def taken(store: MemoryStore, queue: Queue, *regions: Region) -> list[Heard]:
    subscription = Subscription(queue, WANTED, QUEUES)
    watched = regions or (REGION,)
    return list(take_news(store, watched, ["other", "listed"], subscription, NOW, SOON))


def listed(store: MemoryStore) -> set[str]:
    return {one.id for one in store.known_scenes("local", REGION.id, "listed")}


def test_f62_news_twice_and_out_of_order_marks_what_was_deleted_once(store: MemoryStore) -> None:
    first, second = SCENES[0].id, SCENES[1].id
    queue = Queue(
        [row(1, first, "deleted", DeletionCause="corrupt"), row(2, first, "deleted"),
         *(row(number, f"new{number}") for number in range(3, 40)), row(40, second, "deleted")]
    )  # fmt: skip
    heard = taken(store, queue)
    assert [one.regions for one in heard] == [{REGION.id}] * 2
    assert [one.deleted for one in heard] == [((REGION.id, "corrupt"),), ((REGION.id, ""),)]
    assert listed(store) == {SCENES[2].id}
    assert len(store.known_scenes("local", REGION.id, "listed", gone=True)) == 3
    assert queue.rows == []
    reads = [one.url for one in queue.asked if "/Read" in one.url]
    assert reads == [f"{QUEUES}(abc-1)/Read?$top=20"] * 3


def test_f63_news_whose_acknowledgement_was_lost_comes_again_and_changes_nothing(
    store: MemoryStore,
) -> None:
    queue = Queue([row(1, SCENES[0].id, "deleted"), row(2, "new")])
    queue.acknowledgements_lost = 1
    with pytest.raises(Transient):
        taken(store, queue)
    before = store.known_scenes("local", REGION.id, "listed", gone=True)
    assert listed(store) == {SCENES[1].id, SCENES[2].id}
    assert taken(store, queue) == [Heard(frozenset({REGION.id}))]
    assert store.known_scenes("local", REGION.id, "listed", gone=True) == before
    assert taken(store, queue) == []


def test_f64_no_address_of_a_notification_is_ever_asked(store: MemoryStore) -> None:
    queue = Queue([row(1, SCENES[0].id), row(2, "../../../latest", "deleted")])
    taken(store, queue)
    assert {urlsplit(one.url).netloc for one in queue.asked} == {
        "catalogue.dataspace.copernicus.eu"
    }
    assert not any("169.254" in one.url or "latest" in one.url for one in queue.asked)
    assert all(one.authorised for one in queue.asked)


def test_one_subscription_is_made_once_and_anothers_is_left_alone(store: MemoryStore) -> None:
    queue = Queue([])
    taken(store, queue)
    taken(store, queue)
    assert len(queue.running) == 1
    assert queue.running[0]["SubscriptionType"] == "pull"
    queue.running[0]["FilterParam"] = "something else"
    with pytest.raises(Permanent, match="another subscription"):
        taken(store, queue)


@pytest.mark.parametrize("identity", ["a)/Read(", "", "../x", "a b"])
def test_an_id_that_would_change_the_address_is_refused(store: MemoryStore, identity: str) -> None:
    queue = Queue([])
    queue.running = [{"Id": identity, "Status": "running", "FilterParam": WANTED}]
    with pytest.raises(IntegrityError):
        taken(store, queue)


def test_a_notification_that_says_nothing_is_not_acknowledged(store: MemoryStore) -> None:
    queue = Queue([{"AckId": "x", "SubscriptionEvent": "created"}])
    with pytest.raises(IntegrityError):
        taken(store, queue)
    assert len(queue.rows) == 1


def test_news_that_the_provider_has_half_forgotten_does_not_stop_the_queue(
    store: MemoryStore,
) -> None:
    old = {"AckId": "x", "SubscriptionEvent": "deleted", "ProductId": "d2ff986b"}
    queue = Queue([old, row(2, SCENES[1].id, "deleted")])
    (heard,) = taken(store, queue)
    assert heard == Heard(frozenset({REGION.id}), ((REGION.id, ""),))
    assert queue.rows == []
    assert listed(store) == {SCENES[0].id, SCENES[2].id}


def placed(number: int, ground: Any) -> dict[str, Any]:
    return row(number, f"new{number}") | {"value": {"GeoFootprint": ground}}


def test_only_regions_that_a_product_may_show_are_due(store: MemoryStore) -> None:
    far = dataclasses.replace(REGION, id="far", geometry=MultiPolygon([box(100, 10, 101, 11)]))
    queue = Queue([placed(1, mapping(GROUND.buffer(0.5)))])
    assert [one.regions for one in taken(store, queue, REGION, far)] == [{REGION.id}]
    queue = Queue([placed(2, mapping(box(-20, -20, -19, -19)))])
    assert [one.regions for one in taken(store, queue, REGION, far)] == [set()]


@pytest.mark.parametrize(
    "ground",
    [None, 5, {}, {"type": "Polygon"}, {"type": "Polygon", "coordinates": []},
     {"type": "Polygon", "coordinates": [[["a", 1], [2, 3], [4, 5]]]},
     {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]},
     {"type": "Polygon", "coordinates": [[[0, 0], [1e400, 1], [0, 1], [0, 0]]]}],
)  # fmt: skip
def test_a_product_that_does_not_say_where_it_lies_may_lie_anywhere(
    store: MemoryStore, ground: Any
) -> None:
    assert [one.regions for one in taken(store, Queue([placed(1, ground)]))] == [{REGION.id}]


def test_what_a_cause_says_is_short_and_on_one_line(store: MemoryStore) -> None:
    queue = Queue([row(1, SCENES[0].id, "deleted", DeletionCause="a\nb " + 500 * "c")])
    (heard,) = taken(store, queue)
    ((_, cause),) = heard.deleted
    assert cause.startswith("a b ccc")
    assert len(cause) == 80


def test_nothing_more_is_read_when_the_time_is_nearly_up(store: MemoryStore) -> None:
    queue = Queue([row(1, "new")])
    subscription = Subscription(queue, WANTED, QUEUES)
    soon = Deadline.after(LEAST_S - 1.0)
    assert list(take_news(store, [REGION], ["listed"], subscription, NOW, soon)) == []
    assert len(queue.rows) == 1
