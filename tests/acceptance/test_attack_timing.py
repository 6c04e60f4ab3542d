"""How long an answer takes tells a stranger no more than the answer does.

Two services that differ only in that another organisation watches a place in one of them, and a
third that is like the second, are asked the same in turn. By the network a stranger measures far
worse than is measured here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

import api.routes.sessions as sessions
from hearthwatch.errors import NotFound
from hearthwatch.store import open_store
from hearthwatch.store.protocol import Store
from tests.support import worlds
from tests.support.inside import Inside
from tests.support.timing import Difference, difference

pytestmark = pytest.mark.slow

BOX_OF_THEIRS = "25.2,13.5,25.5,13.8"
TILE = "13/4699/2913"
SCENES = "/stac/collections/sentinel-2-l2a/items"
KINDS: Mapping[str, tuple[str, int]] = {
    "event": ("/events/{event}", 404),
    "versions of an event": ("/events/{event}/versions", 404),
    "evidence of an event": ("/events/{event}/pair", 404),
    "explanation of an event": ("/events/{event}/explanation", 404),
    "what people say": ("/events/{event}/opinions", 404),
    "region": ("/regions/{region}", 404),
    "ledger of a region": ("/regions/{region}/ledger", 404),
    "settlement": ("/settlements/{settlement}", 404),
    "run": ("/jobs/{job}", 404),
    "look": ("/tiles/looks/{acquisition}/true_colour/tilejson.json", 404),
    "tile of a look": (f"/tiles/looks/{{acquisition}}/true_colour/{TILE}.png", 404),
    "STAC item": (f"{SCENES}/{{item}}", 404),
    "file of a STAC item": (f"{SCENES}/{{item}}/{{asset}}.tif", 404),
    "STAC item of evidence": ("/stac/collections/evidence/items/{event}", 404),
    "feature": ("/ogc/collections/events/items/{event}", 404),
    "look of ours in a style that only they could have": (
        f"/tiles/looks/{worlds.LOOK}/nbr/{TILE}.png",
        404,
    ),
    "vector tile": (f"/tiles/events/{TILE}.mvt", 200),
    "search in a box": (f"/events?bbox={BOX_OF_THEIRS}", 200),
    "features in a box": (f"/ogc/collections/settlements/items?bbox={BOX_OF_THEIRS}", 200),
    "scenes in a box": (f"/stac/search?bbox={BOX_OF_THEIRS}", 200),
}
"""What is asked for, by what it is, with the status that it has in every world."""
PLANTED_SECONDS = 0.008
"""About as long as an answer takes, so that it is found on a machine with much else to do too."""


@dataclass(frozen=True, slots=True)
class Trio:
    """A service where they watch, one where they do not, and another like the second."""

    clients: tuple[Inside, Inside, Inside]
    stores: tuple[Store, Store, Store]
    who: worlds.Callers

    def asks(self, address: str, status: int) -> tuple[Callable[[], None], ...]:
        """Return what asks each of them for the same, as our administrator."""
        path = address.format(**self.who.ids["theirs"])

        def ask(client: Inside) -> None:
            answer = client.get(path, headers=self.who.headers["admin"])
            assert answer.status_code == status, answer.text

        return tuple(partial(ask, client) for client in self.clients)

    def differs(self, kind: str) -> Difference:
        """Return how the answers of one kind differ in time."""
        return difference(*self.asks(*KINDS[kind]))


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    who = worlds.callers()
    folders = [tmp_path_factory.mktemp(name) for name in ("watched", "not", "twin")]
    stores = [open_store(folder / "hearthwatch.sqlite", write=True) for folder in folders]
    clients = [
        Inside(worlds.service(folder, store, who, watched=number == 0))
        for number, (folder, store) in enumerate(zip(folders, stores, strict=True))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "REFUSAL_SECONDS", 0.0)
        yield Trio(tuple(clients), tuple(stores), who)  # type: ignore[arg-type]
    for client, store in zip(clients, stores, strict=True):
        with closing(store):
            client.close()


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_takes_as_long_whether_or_not_they_have_it(trio: Trio, kind: str) -> None:
    found = trio.differs(kind)
    assert not found.tells, found


def test_a_leak_that_is_planted_is_found(trio: Trio) -> None:
    with planted(trio, PLANTED_SECONDS):
        found = trio.differs("event")
    assert found.tells, found
    assert found.seconds == pytest.approx(PLANTED_SECONDS, rel=0.5)
    # It was that, and nothing that stays.
    assert not trio.differs("event").tells


@contextmanager
def planted(trio: Trio, seconds: float) -> Iterator[None]:
    """Let every service take a while more over what another organisation has."""
    with pytest.MonkeyPatch.context() as patch:
        for store in trio.stores:
            patch.setattr(store, "event", partial(_slower, store.event, seconds))
        yield


def _slower(real: Callable[..., Any], seconds: float, organisation: str, which: str) -> Any:
    try:
        real("theirs", which)
    except NotFound:
        pass
    else:
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass
    return real(organisation, which)
