"""Verifying over HTTP: who may look at what, and that nothing tells what another one saw."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from api.app import create_app
from hearthwatch.access.secrets import form_token, hash_of, new_secret
from hearthwatch.keys import new_key
from hearthwatch.records import Role, WatchLevel
from hearthwatch.review import pictures
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.support.inside import Inside
from tests.support.routes import FIXED, operations
from tests.support.worlds import NOW

SECRET_WORDS = "zq-only-amina-wrote-this"
IDS = {
    "event": "evt-1", "region": "reg-1", "settlement": "set-1", "job": "run-1", "person": "amina",
    "acquisition": "S2A-0", "key": "key", "session": "ses", "pass_id": "pass", "release": "pro-1",
}  # fmt: skip
KNOWN = {*FIXED, *IDS, "form", "name", "feature_id"}
ROLES = {"amina": Role.ANALYST, "badr": Role.ANALYST, "chidi": Role.ANALYST, "dede": Role.REVIEWER}


@dataclasses.dataclass
class Team:
    """People of two organisations who are signed in at one service, and keys of the first."""

    app: FastAPI
    client: Inside
    store: MemoryStore
    headers: Mapping[str, Mapping[str, str]]

    def ask(self, who: str, method: str, address: str, **more: Any):
        return self.client.request(method, address, headers=self.headers[who], **more)

    def claim(self, who: str, event: str = "evt-1"):
        return self.ask(who, "POST", f"/reviews/{event}/claim")

    def see(self, who: str, verdict: str, event: str = "evt-1", **more: Any):
        claimed = self.claim(who, event)
        assert claimed.status_code == 200, claimed.text
        sent = {"verdict": verdict, "pictures": claimed.json()["shown"]["pictures"], **more}
        return self.ask(who, "POST", f"/reviews/{event}/assessments", json=sent)

    def queue(self, who: str) -> list[dict[str, Any]]:
        return list(self.ask(who, "GET", "/reviews").json()["items"])


def _shown(store: Any, archive: Any, event: Any, cases: Any) -> dict[str, Any]:
    """Stand in for pictures: those that are chosen of an archive are tested over a real one."""
    side = {"acquisition": "S2A-1", "sensed": "2024-05-01T10:00:00Z", "sha256": ["00"]}
    return {"pictures": f"{event.id}-{len(cases)}", "event": event.id, "version": event.version,
            "before": None, "after": side, "styles": ["true_colour"],
            "bounds": [25.3, 13.6, 25.4, 13.7]}  # fmt: skip


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Team]:
    monkeypatch.setattr("api.routes.reviews.pictures_of", _shown)
    assert pictures.pictures_of is not _shown
    store = MemoryStore()
    headers = {}
    for owner in ("ours", "theirs"):
        a.with_region(store, owner)
        with store.transaction() as tx:
            tx.put_event(a.event(organisation=owner))
            tx.put_source(a.source(organisation=owner, event="evt-1", detector_state="PROBABLE"))
            for name, role in ROLES.items():
                headers[f"{name}@{owner}"] = _let_in(tx, owner, name, role)
            key, shown = new_key(owner, "key", Role.ADMIN, NOW)
            tx.put_key(key)
            headers[f"key@{owner}"] = {"Authorization": f"Bearer {shown}"}
    headers |= {name.removesuffix("@ours"): one for name, one in headers.items() if "@ours" in name}
    settings = load_settings(data_dir=tmp_path, organisation="ours", review_audit_share=1.0)
    app = create_app(settings, store)
    client = Inside(app)
    yield Team(app, client, store, headers)
    client.close()


def _let_in(tx: Any, owner: str, name: str, role: Role) -> dict[str, str]:
    before = NOW - a.DAY
    tx.put_person(
        a.person(
            organisation=owner, id=name, login=name, name=name.title(), role=role, created=before,
            changed=before,
        )
    )  # fmt: skip
    token = new_secret()
    tx.put_session(
        a.session(
            organisation=owner, id=hash_of(token), person=name, created=NOW, seen=NOW,
            expires=NOW + timedelta(1), form_sha256=hash_of(form_token(token)),
        )
    )  # fmt: skip
    return {"Cookie": f"hearthwatch={token}", "X-Hearthwatch-Form": form_token(token)}


def test_two_people_verify_an_event_and_a_supervisor_looks_again(team: Team) -> None:
    (waits,) = team.queue("amina")
    assert (waits["event"], waits["round"], waits["opinions"]) == ("evt-1", "first", 0)
    assert team.see("amina", "harmed", text=SECRET_WORDS).status_code == 201
    assert team.queue("amina") == []
    (waits,) = team.queue("badr")
    assert (waits["round"], waits["opinions"]) == ("first", 1)
    assert team.see("badr", "harmed").json()["shown"]["pictures"] == "evt-1-0"
    assert team.ask("badr", "GET", "/events/evt-1").json()["properties"]["state"] == "confirmed"
    assert (team.queue("badr"), team.queue("chidi")) == ([], [])
    (audit,) = team.queue("dede")
    assert audit["round"] == "audit"
    assert team.see("dede", "harmed").json()["round"] == "audit"
    over = team.ask("chidi", "GET", "/reviews/evt-1").json()
    assert [one["person"] for one in over["items"]] == ["amina", "badr", "dede"]
    found = team.ask("chidi", "GET", "/reviews/agreement").json()
    assert (found["all"]["pairs"], found["all"]["agreed"], found["all"]["kappa"]) == (1, 1, None)
    assert (found["all"]["audited"], found["all"]["seen_otherwise"]) == (1, 0)
    assert found["regions"][0]["region"] == "reg-1"


def test_no_route_tells_another_ones_opinion_before_ones_own(team: Team) -> None:
    every = [one for one in operations(team.app.openapi()) if one.method == "get"]
    # Whatever else a route takes is the event's id too: STAC calls it an item.
    addresses = [one.address(dict.fromkeys(one.takes - KNOWN, "evt-1") | IDS) for one in every]
    readers = ("badr", "chidi", "dede", "key")
    before = {who: [_read(team, who, address) for address in addresses] for who in readers}
    verdict = {"verdict": "unharmed", "reason": "seasonal_burn", "text": SECRET_WORDS}
    said = team.see("amina", **verdict).json()
    for who in readers:
        for address, old in zip(addresses, before[who], strict=True):
            now = _read(team, who, address)
            assert SECRET_WORDS not in now, address
            assert said["id"] not in now, address
            if address == "/reviews":
                # That somebody has looked is told.
                assert now == old.replace('"opinions":0', '"opinions":1')
            elif "/audit" not in address and "/metrics" not in address:
                # The log has that amina has spoken, and not what she said.
                assert now == old, address
    own = team.ask("amina", "GET", "/reviews/evt-1").json()["items"]
    assert [one["text"] for one in own] == [SECRET_WORDS]
    team.see("badr", "harmed")
    for who in ("chidi", "dede", "key"):
        assert not [a for a in addresses if SECRET_WORDS in _read(team, who, a)]
    both = team.ask("badr", "GET", "/reviews/evt-1").json()["items"]
    assert [one["person"] for one in both] == ["amina", "badr"]


def _read(team: Team, who: str, address: str) -> str:
    # When it was asked is in some answers: times of this moment have parts of a second, and
    # sessions are told to the second.
    return re.sub(r'T[\d:]{8}\.\d+|"seen":"[^"]*"', "", team.ask(who, "GET", address).text)


def test_words_on_earlier_pictures_are_not_read_while_others_are_to_be_looked_at(
    team: Team,
) -> None:
    for person in ("amina", "badr"):
        assert team.see(person, "unsure", text=SECRET_WORDS).status_code == 201
    read = team.ask("chidi", "GET", "/reviews/evt-1").json()
    assert (read["items"], read["round"]) == ([], "first")
    assert len(team.ask("amina", "GET", "/reviews/evt-1").json()["items"]) == 2
    for person in ("chidi", "amina"):
        assert team.see(person, "unharmed", reason="duplicate").status_code == 201
    # A supervisor is to look again; then nobody is.
    assert len(team.ask("chidi", "GET", "/reviews/evt-1").json()["items"]) == 2
    assert team.see("dede", "unharmed", reason="duplicate").json()["round"] == "audit"
    assert len(team.ask("badr", "GET", "/reviews/evt-1").json()["items"]) == 5


def test_the_agreement_tells_the_third_that_two_differ_and_not_how(team: Team) -> None:
    told = []
    for event, verdict in (("evt-1", "bad_imagery"), ("evt-2", "unsure")):
        if event != "evt-1":
            with team.store.transaction() as tx:
                tx.put_event(a.event(id=event))
                tx.put_source(a.source(id="src-2", event=event, detector_state="PROBABLE"))
        assert team.see("amina", "harmed", event).status_code == 201
        before = team.ask("chidi", "GET", "/reviews/agreement").json()
        assert team.see("badr", verdict, event).status_code == 201
        found = team.ask("chidi", "GET", "/reviews/agreement").json()
        assert {**found["all"], "undecided": 0} == {**before["all"], "undecided": 0}
        told.append(found["all"])
    assert [(one["pairs"], one["undecided"]) for one in told] == [(0, 1), (0, 2)]
    assert team.see("chidi", "harmed").status_code == 201
    (over,) = team.ask("chidi", "GET", "/reviews/agreement").json()["regions"]
    assert (over["pairs"], over["agreed"], over["undecided"]) == (1, 0, 1)


def test_another_ones_claim_is_seen_but_not_whose_it_is(team: Team) -> None:
    team.claim("amina")
    (waits,) = team.queue("badr")
    assert waits["claim"]["mine"] is False
    assert "amina" not in str(waits)
    refused = team.claim("badr")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:hearthwatch:problem:event")
    assert team.ask("amina", "DELETE", "/reviews/evt-1/claim").status_code == 204
    assert team.claim("badr").status_code == 200


def test_a_key_sees_the_queue_and_cannot_look(team: Team) -> None:
    assert team.ask("key", "GET", "/reviews").status_code == 200
    for address, sent in (
        ("claim", None), ("assessments", {"verdict": "harmed"}), ("undo", None),
    ):  # fmt: skip
        answer = team.ask("key", "POST", f"/reviews/evt-1/{address}", json=sent)
        assert answer.status_code == 409
        assert "Only people look" in answer.json()["detail"]
    assert team.store.assessments("ours") == ()


def test_an_opinion_past_those_who_look_is_refused_and_changes_nothing(team: Team) -> None:
    before = team.ask("amina", "GET", "/events/evt-1").json()
    told = [
        {"verb": "confirm"},
        {"verb": "dispute", "text": SECRET_WORDS},
        {"verb": "reject", "reason": "other", "text": SECRET_WORDS},
        {"verb": "retract", "text": SECRET_WORDS},
        {"verb": "close"},
    ]
    for who in ("amina", "dede", "key"):
        for sent in told:
            answer = team.ask(who, "POST", "/events/evt-1/opinions", json=sent)
            assert answer.status_code == 409, (who, sent)
            assert answer.json()["type"] == "urn:hearthwatch:problem:look_first"
            assert "/reviews/{event}/claim" in answer.json()["detail"]
            assert SECRET_WORDS not in answer.text
    listed = team.ask("amina", "GET", "/events/evt-1/opinions").json()
    assert listed == {"items": [], "not_alone": sorted(one["verb"] for one in told)}
    assert team.ask("amina", "GET", "/events/evt-1").json() == before
    # By a claim it is taken in.
    assert team.see("amina", "harmed").status_code == 201


def test_what_two_people_saw_one_cannot_turn_round_alone(team: Team) -> None:
    for who in ("amina", "badr"):
        assert team.see(who, "harmed").status_code == 201
    say = partial(team.ask, "chidi", "POST", "/events/evt-1/opinions")
    for sent in ({"verb": "reject", "reason": "construction"}, {"verb": "undo"}):
        answer = say(json=sent)
        assert answer.json()["type"] == "urn:hearthwatch:problem:look_first"
        assert "reopen" in answer.json()["detail"]
    # To object settles nothing: others look.
    assert say(json={"verb": "dispute", "text": "a kiln"}).status_code == 201
    assert team.queue("dede")[0]["event"] == "evt-1"


def test_a_slip_is_taken_back_over_http(team: Team) -> None:
    team.see("amina", "harmed")
    assert team.ask("amina", "POST", "/reviews/evt-1/undo").json()["undone"] is not None
    assert team.ask("amina", "POST", "/reviews/evt-1/undo").status_code == 409
    assert team.queue("amina")[0]["opinions"] == 0


def test_a_verdict_without_its_reason_is_refused_and_nothing_is_lost(team: Team) -> None:
    team.claim("amina")
    send = partial(team.ask, "amina", "POST", "/reviews/evt-1/assessments")
    assert "seasonal_burn" in send(json={"verdict": "unharmed"}).json()["detail"]
    assert send(json={"verdict": "attack"}).status_code == 422
    assert send(json={"verdict": "unharmed", "reason": "construction"}).status_code == 201


def test_nobody_verifies_or_sees_what_is_of_another_organisation(team: Team) -> None:
    with team.store.transaction() as tx:
        tx.put_event(a.event(organisation="theirs", id="their-1"))
    team.see("amina@theirs", "harmed", event="their-1")
    for method, address, sent in (
        ("GET", "", None), ("POST", "/claim", None), ("DELETE", "/claim", None),
        ("POST", "/assessments", {"verdict": "harmed"}), ("POST", "/undo", None),
    ):  # fmt: skip
        theirs = team.ask("badr", method, f"/reviews/their-1{address}", json=sent)
        nobodys = team.ask("badr", method, f"/reviews/nobody{address}", json=sent)
        assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content)
        assert theirs.status_code == 404
    assert [one["event"] for one in team.queue("badr")] == ["evt-1"]
    assert team.ask("badr", "GET", "/reviews/agreement").json()["regions"] == []


def test_the_queue_begins_with_what_is_most_pressing(team: Team) -> None:
    with team.store.transaction() as tx:
        until = NOW + a.DAY
        tx.put_region(a.region(id="urgent", name="Urgent", level=WatchLevel.URGENT,
                               level_until=until))  # fmt: skip
        late = a.NOON + a.DAY
        for event in (
            a.event(id="probable", detector_state="PROBABLE"),
            a.event(id="established-late", detector_state="ESTABLISHED", first_detected=late),
            a.event(id="established", detector_state="ESTABLISHED"),
            a.event(id="watched-closely", region="urgent"),
            a.event(id="exercise", detector_state="ESTABLISHED", mode="exercise"),
            a.event(id="heat-alone", detector="heat"),
        ):
            tx.put_event(event)
    assert [one["event"] for one in team.queue("amina")] == [
        "watched-closely", "established", "established-late", "probable", "evt-1", "exercise",
    ]  # fmt: skip
    first = team.ask("amina", "GET", "/reviews?limit=2").json()
    assert (len(first["items"]), first["more"]) == (2, 4)
