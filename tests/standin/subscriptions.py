"""Subscriptions to new products in the Copernicus Data Space (OData), pull and push."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shapely.geometry import mapping

from tests.standin import names
from tests.standin.scenes import Scene, stamp
from tests.standin.wire import Answer, Refused, Request, as_json

MOST_READ = 20
MOST_RUNNING = 1
MOST = 10
MOST_QUEUED = 100_000
Document = dict[str, Any]


@dataclass(slots=True)
class _Subscription:
    document: Document
    queue: list[Document] = field(default_factory=list)


@dataclass(slots=True)
class Subscriptions:
    """The subscriptions of one user; `notify` puts something into their queues.

    What was read stays in the queue until it is acknowledged, so that an acknowledgement that is
    lost leads to the same notifications again.
    """

    _held: dict[str, _Subscription] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def notify(self, scene: Scene, event: str = "created", **more: Any) -> Document:
        """Queue a notification of `scene` and return it: ``created``, ``modified``, ``deleted``."""
        document = notification(scene, event) | more
        with self._lock:
            for one in self._held.values():
                wanted = one.document["SubscriptionEvent"]
                if one.document["Status"] == "running" and event in wanted:
                    one.queue.append({**document, "SubscriptionId": one.document["Id"]})
        return document

    def forget_details(self) -> None:
        """Keep of every notification what is kept after three days."""
        with self._lock:
            for one in self._held.values():
                for waiting in one.queue:
                    waiting.pop("value", None)
                    waiting.pop("ProductName", None)

    def answer(self, request: Request) -> Answer:
        """Answer any of the routes below ``/odata/v1/Subscriptions``."""
        name, action = request.parts.get("id"), request.parts.get("action")
        with self._lock:
            if name is None:
                return self._create(request) if request.method == "POST" else self._list()
            held = self._held.get(name)
            if held is None or held.document["Status"] == "cancelled":
                raise _refused(404, f"Subscription with id {name} not found.")
            if action == "Read":
                return self._read(name, request.query)
            if action == "Ack":
                return self._acknowledge(name, request.query)
            return self._one(name, request)

    def _create(self, request: Request) -> Answer:
        asked = _body(request)
        kind = asked.get("SubscriptionType")
        if kind not in ("push", "pull"):
            raise _refused(422, "SubscriptionType is needed: push or pull")
        if kind == "push" and not asked.get("NotificationEndpoint"):
            raise _refused(422, "NotificationEndpoint is needed")
        if len(self._held) >= MOST:
            raise _refused(403, f"There may be {MOST} subscriptions")
        asked["Status"] = asked.get("Status", "running")
        self._require_room(asked["Status"])
        document = {
            "@odata.context": "$metadata#OData.CSC.Subscription",
            "FilterParam": "",
            "Id": str(uuid.uuid4()),
            "SubscriptionEvent": ["created"],
            **{key: value for key, value in asked.items() if key != "NotificationEpPassword"},
            "SubmissionDate": stamp(datetime.now(UTC)),
            "LastNotificationDate": None,
            "StageOrder": True,
            "Priority": 1,
        }
        self._held[document["Id"]] = _Subscription(document)
        return as_json(document, 201)

    def _list(self) -> Answer:
        return as_json({"value": [one.document for one in self._held.values()]})

    def _one(self, name: str, request: Request) -> Answer:
        if request.method == "DELETE":
            del self._held[name]
            return Answer(204)
        if request.method == "PATCH":
            change = _body(request)
            if change.get("Status") == "running":
                self._require_room("running", besides=name)
            self._held[name].document |= change
        return as_json(self._held[name].document)

    def _read(self, name: str, query: Mapping[str, str]) -> Answer:
        try:
            top = int(query.get("$top", "1"))
        except ValueError as error:
            raise _refused(400, "$top is a whole number") from error
        if not 1 <= top <= MOST_READ:
            raise _refused(400, f"$top must be from 1 to {MOST_READ}")
        return as_json(self._held[name].queue[:top])

    def _acknowledge(self, name: str, query: Mapping[str, str]) -> Answer:
        """Take what was read up to and with that notification out of the queue."""
        queue = self._held[name].queue
        ids = [one["AckId"] for one in queue]
        if query.get("$ackid") not in ids:
            raise _refused(400, "There is no such notification")
        del queue[: ids.index(query["$ackid"]) + 1]
        return as_json(
            {
                "@odata.context": "$metadata#Notification/$entity",
                "AckMessagesNum": len(ids) - len(queue),
                "CurrentQueueLength": len(queue),
                "MaxQueueLength": MOST_QUEUED,
            }
        )

    def _require_room(self, status: str, besides: str | None = None) -> None:
        running = [
            name for name, one in self._held.items()
            if one.document["Status"] == "running" and name != besides
        ]  # fmt: skip
        if status == "running" and len(running) >= MOST_RUNNING:
            raise _refused(403, f"There may be {MOST_RUNNING} running subscription")


def notification(scene: Scene, event: str = "created") -> Document:
    """Return what is told of one scene."""
    optical = scene.kind == "optical"
    name = names.optical_name(scene) if optical else names.radar_name(scene)
    folder = "Sentinel-2/MSI/L2A" if optical else "Sentinel-1/SAR/IW_GRDH_1S"
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    checksums = [
        {"Value": value, "Algorithm": algorithm, "ChecksumDate": stamp(scene.published)}
        for algorithm, value in (("MD5", digest), ("BLAKE3", digest * 2))
    ]
    product = {
        "@odata.mediaContentType": "application/octet-stream",
        "Id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "Name": f"{name}.SAFE",
        "ContentType": "application/octet-stream",
        "ContentLength": 0,
        "OriginDate": stamp(names.processed(scene)),
        "PublicationDate": stamp(scene.published),
        "ModificationDate": stamp(scene.published),
        "Online": True,
        "EvictionDate": "9999-12-31T23:59:59.999999Z",
        "S3Path": f"/eodata/{folder}/{scene.sensed:%Y/%m/%d}/{name}.SAFE",
        "Checksum": checksums,
        "ContentDate": {"Start": stamp(scene.sensed), "End": stamp(scene.sensed)},
        "Footprint": f"geography'SRID=4326;{scene.footprint.wkt}'",
        "GeoFootprint": mapping(scene.footprint),
    }
    return {
        "@odata.context": "$metadata#Notification/$entity",
        "SubscriptionEvent": event,
        "ProductId": product["Id"],
        "ProductName": product["Name"],
        "NotificationDate": stamp(datetime.now(UTC)),
        "AckId": uuid.uuid4().hex,
        "value": product,
    }


def _body(request: Request) -> Document:
    try:
        document = json.loads(request.body)
    except ValueError as error:
        raise _refused(400, "the body is no JSON") from error
    if not isinstance(document, dict):
        raise _refused(400, "the body is no object")
    return document


def _refused(status: int, message: str) -> Refused:
    return Refused(as_json({"detail": {"message": message}}, status))
