"""Two services that are alike, but that in one of them another organisation watches a place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from fastapi import FastAPI
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from api.app import create_app
from api.stac.scenes import item_id
from hearthwatch.access.secrets import form_token, hash_of, new_secret
from hearthwatch.alerting.own import Scene, facts_of
from hearthwatch.alerts.installed import post_from
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.pipeline.planner import Planner
from hearthwatch.records import Alert, Channel, Detail, Label, Role, Telling
from hearthwatch.settings import load_settings
from hearthwatch.store import Store
from hearthwatch.store.protocol import Transaction
from imagery.types import Chip
from tests.contract import store_records as a
from tests.support.chips import CELL, LOOK, SCENE, chip, layer
from tests.unit.hearthwatch.alerts.desk import Spy
from tiles.archive import Archive
from tiles.masters import grid_hash

NOW = datetime.now(UTC).replace(microsecond=0)
MARK = "zq7hwkxv"
"""Begins every id and name of theirs; nothing of ours has it."""
THEIR_LOOK = f"{MARK}-look"
OUR_BANDS = ("B03", "B04", "B08")
THEIR_BANDS = ("B02", "B8A", "B11", "B12")
"""Of the look that both have; with them it could be had in all styles."""
BESIDE = "35N_0040_0497"


@dataclass(frozen=True, slots=True)
class Callers:
    """What those who ask send, the same to both services."""

    made: tuple[Any, ...]
    headers: Mapping[str, Mapping[str, str]]
    ids: Mapping[str, Mapping[str, str]]


def callers() -> Callers:
    """Make keys and a session of ours, and the ids of ours, theirs and nobody's."""
    made: list[Any] = []
    headers: dict[str, dict[str, str]] = {"nobody": {}}
    for role in Role:
        key, shown = new_key("ours", role.value, role, NOW)
        made.append(key)
        headers[role.value] = {"Authorization": f"Bearer {shown}"}
    token = new_secret()
    session = a.session(
        id=hash_of(token), created=NOW, seen=NOW, expires=NOW + timedelta(1),
        form_sha256=hash_of(form_token(token)),
    )  # fmt: skip
    made.append(session)
    cookie = {"Cookie": f"hearthwatch={token}", "X-Hearthwatch-Form": form_token(token)}
    headers["signed in"] = cookie
    ours = {
        "region": "reg-1", "event": "evt-1", "settlement": "set-1", "job": "run-1",
        "acquisition": LOOK, "person": "per-1", "key": made[-2].id, "session": session.id,
        "pass_id": "0123456789abcdef", "release": "pro-1", "erasure": "era-1", "hold": "hold-1",
        "receiver": "rcv-1", "subscription": "sub-1", "message": "msg-1",
        "responder": "rsd-1",
        "alarm": "alm-1",
        "observation": "obs-1",
        "item": item_id(LOOK, CELL, SCENE), "asset": grid_hash(layer(OUR_BANDS)),
    }  # fmt: skip
    theirs = {name: f"{MARK}-{one}" for name, one in ours.items()} | {"acquisition": THEIR_LOOK}
    theirs |= {"item": item_id(THEIR_LOOK, CELL, SCENE), "asset": ours["asset"]}
    nobodys = {name: f"{'nobod'}-{one}" for name, one in ours.items()}
    return Callers(tuple(made), headers, {"ours": ours, "theirs": theirs, "nobodys": nobodys})


def service(folder: Path, store: Store, who: Callers, *, watched: bool) -> FastAPI:
    """Return a service with our records and, if `watched`, theirs beside them."""
    layout = Layout(folder)
    archive = Archive(layout.archive("ours"))
    archive.store(chip_of(LOOK), CELL)
    masters = [ref.sha256 for ref in archive.listed(cell_id=CELL, acquisition=LOOK)]
    ours = {"cell": CELL, "acquisition": LOOK, "detail": {"masters": masters}}
    with store.transaction() as tx:
        # Theirs first: what is counted over all organisations differs for ours as well.
        if watched:
            put(tx, ((_theirs(record),) for (record,) in records(**ours)))
        # What was told to partners and is not any more is told so as of now, which is never twice.
        put(tx, (one for one in records(**ours) if not isinstance(one[0], Telling)))
        put(tx, ((record,) for record in who.made))
    if watched:
        their_archive = Archive(layout.archive("theirs"))
        their_archive.store(chip_of(THEIR_LOOK), CELL)
        _pull_more(their_archive, store)
    settings = load_settings(data_dir=folder, organisation="ours")
    post = post_from(settings, store, dict.fromkeys(Channel, Spy()))
    return create_app(settings, store, Planner(settings, store), post)


def _pull_more(archive: Archive, store: Store) -> None:
    """Let them have taken more of the very look that we have, and of the cell beside it."""
    masters = [
        one.sha256
        for number, cell in enumerate((CELL, BESIDE))
        for one in archive.store(chip_of(LOOK, THEIR_BANDS, seed=number), cell)
    ]
    row = _theirs(a.look(cell=CELL, detail={"masters": masters}))
    with store.transaction() as tx:
        tx.put_ledger(dataclasses.replace(row, acquisition=LOOK))


def put(tx: Transaction, records: Iterator[tuple[Any]] | Any) -> None:
    """Write records, each by its own verb."""
    for (record,) in records:
        verb, many = _VERBS[type(record).__name__]
        getattr(tx, verb)([record] if many else record)


def records(**of_look: Any) -> Iterator[tuple[Any]]:
    """Give one record of every class, of our own, its looks changed by `of_look`."""
    made = (
        a.organisation(), a.person(created=NOW - a.DAY, changed=NOW - a.DAY), a.region(),
        a.settlement(), a.run(), a.event(detector_state="WATCH"), a.source(detector_state="WATCH"),
        a.opinion(),
        a.detection(detector_state="WATCH"),
        a.look(**of_look), a.look(settlement="set-1", **of_look), a.spend(), a.pause(), a.mark(),
        a.known_scene(), a.gap(), a.heat_spot(), a.heat_cover(), a.heat_source(),
        a.pass_(), a.rendering(), a.telling(), a.proposal(), a.erasure(), a.hold(),
        a.claim(), a.assessment(), a.backtest(), a.observation(),
        a.receiver(), a.subscription(), _alert(), a.message(), a.attempt(),
        # Of no contact, so that receivers can be subscribed; what it was told stays.
        a.responder(contacts=()), a.response(), a.step(), a.note(), a.effect(),
        a.alarm(),
        a.audit_entry(),
    )  # fmt: skip
    for record in made:
        yield (record,)


def _alert() -> Alert:
    """Return an alert that says what one says of our event: changes are held against it."""
    facts = facts_of(a.event(), Scene(a.region(), Label()), Detail.EXACT, a.NOON)
    return a.alert(message="msg-1", facts={**facts, "act": "alert", "sequence": 1})


def _theirs(record: Any) -> Any:
    return made_of(record, "theirs", MARK, THEIR_LOOK)


def made_of(record: Any, organisation: str, mark: str, acquisition: str, step: int = 1) -> Any:
    """Return a record as another organisation has it: other ids, another place beside ours."""
    changed: dict[str, Any] = {}
    for item in dataclasses.fields(record):
        value = getattr(record, item.name)
        if item.name == "organisation":
            changed[item.name] = organisation
        elif isinstance(value, BaseGeometry):
            changed[item.name] = shapely.transform(value, partial(_beside, step=step))
        elif item.name in _NAMED and isinstance(value, str):
            changed[item.name] = f"{mark}-{value}" if value else value
    if getattr(record, "acquisition", None) == LOOK:
        changed["acquisition"] = acquisition
    return dataclasses.replace(record, **changed)


def chip_of(acquisition: str, bands: tuple[str, ...] = OUR_BANDS, seed: int = 0) -> Chip:
    """Return pixels of a look."""
    classes = layer(("SCL",), dtype="uint8", seed=seed)
    return chip((layer(bands, seed=seed), classes), acquisition=acquisition)


def _beside(points: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    return points + step * np.array([0.0031417, 0.0021713])


_NAMED = {"id", "region", "event", "name", "person", "run", "place", "login", "asked_by",
          "made_by", "settlement", "subject", "receiver", "message", "owner", "responder",
          "response", "by"}  # fmt: skip
_VERBS = {
    "Organisation": ("put_organisation", False), "Person": ("put_person", False),
    "Region": ("put_region", False), "Settlement": ("put_settlements", True),
    "Run": ("put_run", False), "Event": ("put_event", False), "EventSource": ("put_source", False),
    "Opinion": ("add_opinions", True), "Detection": ("add_detections", True),
    "LedgerRow": ("put_ledger", False), "Spend": ("put_spend", False),
    "Pause": ("put_pause", False), "Mark": ("put_mark", False), "KnownScene": ("put_scenes", True),
    "Gap": ("put_gap", False), "HeatSpot": ("add_heat", True),
    "HeatCover": ("put_heat_cover", False), "HeatSource": ("put_heat_source", False),
    "Pass": ("put_pass", False), "Rendering": ("add_rendering", False),
    "Telling": ("add_telling", False), "Proposal": ("put_proposal", False),
    "Claim": ("put_claim", False), "Assessment": ("put_assessment", False),
    "AuditEntry": ("add_audit", False), "Backtest": ("put_backtest", False),
    "Receiver": ("put_receiver", False), "Subscription": ("put_subscription", False),
    "Alert": ("add_alerts", True), "Message": ("put_message", False),
    "Attempt": ("add_attempt", False),
    "Responder": ("put_responder", False), "Response": ("put_response", False),
    "ResponseStep": ("add_response_steps", True), "Note": ("add_note", False),
    "Effect": ("add_effect", False),
    "Alarm": ("put_alarm", False),
    "ContextObservation": ("put_observation", False),
    "ApiKey": ("put_key", False), "Session": ("put_session", False),
}  # fmt: skip
