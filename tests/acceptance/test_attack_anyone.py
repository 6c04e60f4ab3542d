"""Whoever asks whatever of any organisation: nothing that another one has shows, or changes.

The same requests go to a town of organisations and to one where the asker's lives alone. Both
answer alike to the byte, so an id of another's is like one that nobody has, and no count tells of
others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import api.routes.sessions as sessions
from hearthwatch.records import Role, Scope
from tests.support.alike import said, unasked
from tests.support.inside import Inside
from tests.support.neighbours import MARKS, NOBODYS, Asker, Neighbour, Town, asker
from tests.support.routes import FIXED, Operation, operations

ALL = tuple(Neighbour(number) for number in range(len(MARKS)))
PAGE = {"bbox": "25.2,13.5,25.5,13.8", "limit": "1"}
COLLECTIONS = ("events", "detections", "settlements", "regions", "ledger", "camps")
QUERY_IDS = {"region": "region", "settlement": "settlement", "before": "acquisition",
             "receiver": "receiver", "event": "event"}  # fmt: skip
TOKEN = "x" * 43
"""What no receiver was sent."""
LAST = {"DELETE /session": 1}
"""What shuts the asker out is asked for at the very end."""
SIGN_IN = "POST /session"
"""A wrong password is counted for whose login it was, whoever tried it."""
OF_THEMSELVES = {"GET /audit"}
"""Tells what the asker asked for and when; test_audited.py holds it to that."""
RESOURCES = ("tiles/events", "tiles/looks/{acquisition}/false_colour",
             "tiles/regions/{region}/wmts", "stac/collections/sentinel-2-l2a/items/{item}",
             "exports/events.geojson", "exports/released.geojson")  # fmt: skip
RING = [[25.35, 13.65], [25.36, 13.65], [25.36, 13.66], [25.35, 13.65]]
PLACE = {"type": "Polygon", "coordinates": [RING]}
AREA = {"type": "Feature", "geometry": PLACE, "properties": {"name": "Mine"}}
EFFECT = {"effect": "none", "date": "2024-06-20", "source": "a call"}
COLLECTION = {"type": "FeatureCollection", "features": [AREA]}
OBSERVATION = {"observed": "2024-06-01T00:00:00Z", "words": "why", "source": "whoever",
               "reliability": "B", "credibility": 2, "factor": 8}  # fmt: skip
NOT_DONE = {
    # There is no second look to compare with.
    "GET /events/{event}/chip.png": 404,
    # Nobody here has a password, and one ends one's own sessions only.
    "POST /session": 401, "POST /password": 409, "DELETE /sessions/{session}": 404,
    # As things stand: it is watched already, a candidate, held, not claimed.
    "POST /regions/{region}/confirm": 409, "POST /releases": 409,
    "POST /releases/{release}/agree": 409, "POST /erasures/{erasure}/agree": 409,
    "POST /erasures": 409,
    "DELETE /regions/{region}/observations/{observation}": 409,
    "POST /holds/{hold}/keep": 409, "POST /reviews/{event}/assessments": 409,
    "POST /reviews/{event}/undo": 409,
    # Two people look at it: nobody says alone what it is.
    "POST /events/{event}/opinions": 409,
    # That is not what the receiver was sent.
    "POST /receivers/{receiver}/confirm": 404, "POST /confirmations": 404,
    "POST /unsubscriptions": 404, "POST /answers": 404,
    "GET /feeds/{receiver}.atom": 404,
}  # fmt: skip
"""What is found and cannot be done with the records there are."""


def bodies(ids: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what is sent, with ids in it, where it cannot be made up from the document."""
    file = ("mine.geojson", json.dumps(COLLECTION).encode())
    return {
        "POST /regions": AREA,
        "POST /regions/estimate": {**AREA, "properties": {}},
        "PATCH /regions/{region}": {"purpose": "another"},
        "POST /regions/{region}/observations": OBSERVATION,
        "POST /imports/regions": file,
        "POST /imports/settlements": file,
        "POST /settlements": COLLECTION,
        "POST /jobs": {"region": ids["region"]},
        "POST /reviews/{event}/assessments": {"verdict": "harmed"},
        "POST /stac/search": {"ids": [ids["item"]], "intersects": PLACE},
        "POST /session": {"login": ids["login"], "password": "not a password"},
        "POST /password": {"old": "not a password", "new": "a long walk uphill 7"},
        "POST /passes": {"resource": f"tiles/regions/{ids['region']}/wmts"},
        "POST /releases": {"event": ids["event"], "audience": "partner", "reason": "why"},
        "POST /erasures": {"what": "event", "id": ids["event"], "reason": "why"},
        "POST /holds": {"what": "event", "id": ids["event"], "reason": "why"},
        "POST /holds/{hold}/lift": {"reason": "why"},
        "POST /receivers": {"name": "Mine", "channel": "webhook", "address": "https://a.example"},
        "PATCH /receivers/{receiver}": {"storm_cap": 3},
        "POST /receivers/{receiver}/confirm": {"token": TOKEN},
        "POST /subscriptions": {
            "receiver": ids["receiver"],
            "name": "Mine",
            "region": ids["region"],
        },
        "PATCH /subscriptions/{subscription}": {"paused": True},
        "POST /responders": {"name": "Mine", "agreement": "none"},
        "PATCH /responders/{responder}": {"rank": 2},
        "POST /events/{event}/responses/{responder}": {"answer": "received"},
        "POST /events/{event}/notes": {"words": "seen"},
        "POST /events/{event}/effects": EFFECT,
    }


class Towns:
    """The town with all organisations, and one for each of them alone.

    Attributes
    ----------
    clients : list of Inside
        Of the towns with one alone, by number, and of the town with all at the end.
    """

    def __init__(self, folder: Path) -> None:
        self.together = Town(folder / "together", ALL)
        self.alone = [Town(folder / one.mark, [one]) for one in ALL]
        self.clients = [Inside(town.app) for town in (*self.alone, self.together)]
        found = operations(self.together.app.openapi())
        self.operations = sorted(found, key=lambda one: LAST.get(one.name, 0))

    def begin(self, who: Asker) -> tuple[Inside, Inside]:
        """Have all as it was; return those whom the asker asks, together and alone."""
        for town in (self.together, self.alone[who.of.number]):
            town.begin(who)
        return self.clients[-1], self.clients[who.of.number]


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Towns]:
    town = Towns(tmp_path_factory.mktemp("towns"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "REFUSAL_SECONDS", 0.0)
        yield town
    for client in town.clients:
        client.close()


def asked(
    one: Operation, ids: Mapping[str, str], in_query: Mapping[str, str], collection: str
) -> tuple[str, dict[str, Any]]:
    """Return the address of an operation, and what goes with it."""
    address = one.address(ids, collection)
    needed = {name: ids[QUERY_IDS[name]] if name in QUERY_IDS else TOKEN for name in one.needed}
    return address, {"params": {**needed, **in_query}, **one.body(bodies(ids))}


askers = st.builds(
    asker,
    st.sampled_from(ALL),
    st.sampled_from(("key", "session", "key", "session", "pass", "nobody")),
    st.sampled_from(Role),
    st.lists(st.sampled_from(Scope), unique=True, max_size=3),
    st.tuples(st.sampled_from(RESOURCES), st.sampled_from(ALL)).map(
        lambda drawn: drawn[0].format(**drawn[1].ids)
    ),
)


@settings(
    max_examples=12, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(who=askers, chance=st.randoms(use_true_random=False))
def test_nothing_of_anothers_shows_or_changes(towns: Towns, who: Asker, chance: Random) -> None:
    clients = towns.begin(who)
    others = [one for one in ALL if one != who.of]
    words = [word for one in others for word in one.words()]
    before = [towns.together.kept(one.name) for one in others]
    for one, ids, query, collection in drawn(towns.operations, who, chance):
        address, more = asked(one, ids, query, collection)
        answers = [client.request(one.method, address, headers=who.headers, **more)
                   for client in clients]  # fmt: skip
        what = (who.kind, one.name, address, query)
        allowed(who, one, answers[0])
        if one.name not in OF_THEMSELVES:
            assert said(answers[0]) == said(answers[1]), what
            told = without(unasked(answers[0]), address, ids)
            assert not [word for word in words if word in told], what
        after = [towns.together.kept(one.name) for one in others]
        assert after == before or one.name == SIGN_IN, what
        before = after


def drawn(
    every: Sequence[Operation], who: Asker, chance: Random
) -> Iterator[tuple[Operation, dict[str, str], dict[str, str], str]]:
    """Give every operation with ids of the asker's own, of others and of nobody, and filters."""
    mixed = [*(neighbour.ids for neighbour in ALL), who.of.ids, NOBODYS]
    for one in every:
        for collection in COLLECTIONS if "name" in one.takes else ("events",):
            ids = {name: chance.choice(mixed)[name] for name in NOBODYS}
            offered = {name: ids[of] for name, of in QUERY_IDS.items()} | PAGE
            query = {
                name: value
                for name, value in offered.items()
                if name in one.filters and chance.choice((name in PAGE, False, False, True))
            }
            yield one, ids, {**query, **who.query}, collection


def allowed(who: Asker, one: Operation, answer: Any) -> None:
    """Fail unless somebody is refused for what they may not do before anything else is said."""
    scope = one.operation.get("x-scope")
    assert answer.status_code < 500, (one.name, answer.text)
    if scope is None or answer.status_code == 401:
        assert scope is None or who.scopes is None or one.name in LAST or "password" in one.path
    elif who.scopes is not None and scope != "known" and scope not in who.scopes:
        assert answer.status_code == 403, (one.name, answer.text)


def without(content: bytes, address: str, ids: Mapping[str, str]) -> bytes:
    """Return an answer without the address asked for and the ids sent, which the asker knows."""
    for word in (address, *ids.values()):
        content = content.replace(word.encode(), b"")
    return content


def test_every_operation_is_driven_for_what_is_ones_own(towns: Towns) -> None:
    """What is refused to whoever may do all of it is not tested by the other test."""
    who = asker(ALL[0], "session", Role.ADMIN, (), "")
    refused: dict[str, int] = {}
    for one in towns.operations:
        assert one.takes <= {*NOBODYS, *FIXED, "name", "feature_id", "form"}, one.name
        client, _ = towns.begin(who)
        address, more = asked(one, who.of.ids, {}, "events")
        answer = client.request(one.method, address, headers=who.headers, **more)
        if answer.status_code >= 400:
            refused[one.name] = answer.status_code
    assert refused == NOT_DONE
