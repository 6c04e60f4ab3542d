"""A town of organisations that watch side by side, and the same town with one of them alone."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api.app import create_app
from api.audited import books_of
from api.stac.scenes import item_id
from hearthwatch.access.passes import new_pass
from hearthwatch.access.scopes import scopes_of
from hearthwatch.access.secrets import form_token, hash_of, new_secret
from hearthwatch.alerts.installed import post_from
from hearthwatch.audit.log import PATIENCE_SECONDS
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.pipeline.planner import Planner
from hearthwatch.records import Channel, Role, Scope
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from hearthwatch.store.memory_tables import Tables
from tests.contract import store_records as a
from tests.support.chips import CELL, SCENE, layer
from tests.support.worlds import (
    BESIDE,
    NOW,
    OUR_BANDS,
    THEIR_BANDS,
    chip_of,
    made_of,
    put,
    records,
)
from tests.unit.hearthwatch.alerts.desk import Spy
from tiles.archive import Archive
from tiles.masters import grid_hash

MARKS = ("zq7hwkxv", "wk4bdfmr", "jx9gtcln")
"""Begin every id and name of an organisation, each of its own.

Long enough that no token that is drawn has one in it by chance.
"""
_COORDINATE = re.compile(r"\d+\.\d{4,}")
_KNOWN = (
    "region",
    "event",
    "settlement",
    "job",
    "person",
    "pass_id",
    "release",
    "erasure",
    "hold",
    "receiver",
    "subscription",
    "message",
    "responder",
    "alarm",
    "observation",
)
_IDS = dict(zip(_KNOWN, ("reg-1", "evt-1", "set-1", "run-1", "per-1", "0123456789abcdef", "pro-1",
                         "era-1", "hold-1", "rcv-1", "sub-1", "msg-1",
                         "rsd-1", "alm-1", "obs-1"), strict=True))  # fmt: skip


@dataclass(frozen=True)
class Neighbour:
    """One organisation.

    Attributes
    ----------
    number : int
        Its place among `MARKS`; how far its places lie from those of the first.
    """

    number: int

    @property
    def mark(self) -> str:
        return MARKS[self.number]

    @property
    def name(self) -> str:
        return f"{self.mark}-watch"

    @property
    def look(self) -> str:
        return f"{self.mark}-look"

    @cached_property
    def ids(self) -> Mapping[str, str]:
        """Return the ids of what it has by parameter, and somebody's login."""
        digest = hashlib.sha256(self.mark.encode()).hexdigest()
        return {name: f"{self.mark}-{one}" for name, one in _IDS.items()} | {
            "acquisition": self.look, "item": item_id(self.look, CELL, SCENE),
            "asset": grid_hash(layer(OUR_BANDS)), "key": digest[:12], "session": digest,
            "login": f"{self.mark}-amina@{self.name}",
        }  # fmt: skip

    def records(self, masters: Sequence[str]) -> Iterator[tuple[Any]]:
        """Give its records: one of every class, a key and a session that nobody comes with."""
        of_look = {"cell": CELL, "acquisition": "S2A_20200630T092031",
                   "detail": {"masters": list(masters)}}  # fmt: skip
        # Two of a thing, so that a page of one has another one behind it, and all are counted.
        more = (a.event(id="evt-2"), a.settlement(id="set-2"))
        for (record,) in (*records(**of_look), *((one,) for one in more)):
            yield (made_of(record, self.name, self.mark, self.look, self.number + 1),)
        spare, _ = new_key(self.name, f"{self.mark}-spare", Role.VIEWER, NOW)
        yield (dataclasses.replace(spare, id=self.ids["key"]),)
        yield (a.session(id=self.ids["session"], organisation=self.name, created=NOW, seen=NOW,
                         person=self.ids["person"], expires=NOW + timedelta(1)),)  # fmt: skip

    def words(self) -> Iterator[bytes]:
        """Give what stands in nothing that another organisation has."""
        yield from (one.encode() for one in (self.mark, self.ids["key"], self.ids["session"]))
        for (record,) in self.records(()):
            place = getattr(record, "geometry", None)
            if place is not None:
                yield from (one.encode() for one in _COORDINATE.findall(place.wkt))


NOBODYS = {name: f"nob-{name}" for name in Neighbour(0).ids} | {
    "item": item_id("nob-look", CELL, SCENE), "key": "0" * 12, "session": "0" * 64,
}  # fmt: skip
"""Ids that nobody has, by parameter."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks, and what they send with every request.

    Attributes
    ----------
    scopes : frozenset of Scope or None
        What they may do; None for who has no right to be let in, or with a pass alone.
    """

    of: Neighbour
    kind: str
    scopes: frozenset[Scope] | None
    made: tuple[Any, ...] = ()
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    query: Mapping[str, str] = dataclasses.field(default_factory=dict)


def asker(of: Neighbour, kind: str, role: Role, only: Sequence[Scope], resource: str) -> Asker:
    """Make somebody who asks.

    Parameters
    ----------
    kind : str
        ``key``, ``session``, ``pass`` or ``nobody``.
    only : sequence of Scope
        What a key is narrowed to; empty for all of its role.
    resource : str
        What a pass is for.
    """
    if kind == "nobody":
        return Asker(of, kind, None)
    if kind == "session":
        return _signed_in(of, role)
    narrowed = tuple(one.value for one in only) if kind == "key" else ()
    key, shown = new_key(of.name, f"{of.mark}-{kind}", role, NOW, scopes=narrowed)
    if kind == "key":
        headers = {"Authorization": f"Bearer {shown}"}
        return Asker(of, kind, scopes_of(role, narrowed), (key,), headers)
    made, text = new_pass(of.name, resource, key.id, NOW, NOW + timedelta(1))
    return Asker(of, kind, None, (key, made), query={"pass": text})


def _signed_in(of: Neighbour, role: Role) -> Asker:
    token = new_secret()
    who = a.person(id=f"{of.mark}-me", organisation=of.name, login=f"{of.mark}-me", role=role,
                   created=NOW - a.DAY, changed=NOW - a.DAY)  # fmt: skip
    session = a.session(id=hash_of(token), organisation=of.name, person=who.id, created=NOW,
                        seen=NOW, expires=NOW + timedelta(1),
                        form_sha256=hash_of(form_token(token)))  # fmt: skip
    headers = {"Cookie": f"hearthwatch={token}", "X-Hearthwatch-Form": form_token(token)}
    return Asker(of, "session", scopes_of(role), (who, session), headers)


class Turning:
    """A store that is another one from one moment to the next: an application keeps hold of it."""

    def __init__(self) -> None:
        self.now = MemoryStore()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.now, name)


class Town:
    """An application over the records of some organisations, which can be begun anew."""

    def __init__(self, folder: Path, living: Sequence[Neighbour]) -> None:
        self.living = tuple(living)
        self.store = Turning()
        self._masters = {one.number: _pull(Layout(folder), one) for one in self.living}
        settings = load_settings(
            data_dir=folder, organisation=self.living[0].name, requests_per_second=1e6
        )
        store: Any = self.store
        post = post_from(settings, store, dict.fromkeys(Channel, Spy()))
        self.app: FastAPI = create_app(settings, store, Planner(settings, store), post)

    def begin(self, who: Asker) -> None:
        """Have all records anew, and what somebody is let in by."""
        self.store.now = MemoryStore()
        with self.store.now.transaction() as tx:
            for one in self.living:
                put(tx, one.records(self._masters[one.number]))
            put(tx, ((record,) for record in who.made))

    def kept(self, organisation: str) -> str:
        """Return a digest of all that an organisation has, in every version."""
        # What was counted before is told within a minute, whoever asks for what meanwhile.
        wait(books_of(self.app).counting.flush(), PATIENCE_SECONDS)
        tables: Tables = self.store.now._open()
        rows = [
            repr(sorted(row.items()))
            for table in (*tables.by_record.values(), tables.taken_back)
            for versions in table.values()
            for row in versions
            if row.get("organisation") == organisation
        ]
        return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


def _pull(layout: Layout, one: Neighbour) -> list[str]:
    """Archive the look of an organisation, and more of it that its ledger does not name."""
    archive = Archive(layout.archive(one.name))
    own = archive.store(chip_of(one.look), CELL)
    archive.store(chip_of(one.look, THEIR_BANDS, seed=7), BESIDE)
    return [ref.sha256 for ref in own]
