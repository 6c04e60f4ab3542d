"""The response network over HTTP, from an agreement to an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hearthwatch.alerting.escalating import escalate
from tests.acceptance.test_api_alerts import ADDRESS, Service
from tests.contract import store_records as a

AGREEMENT = {"name": "Aid in the hills", "agreement": "Letter of 3 March", "detail": "exact"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Network(Service):
    """A service with contacts and responders."""

    def contact(self, name: str, **changes: Any) -> str:
        return str(self.told(name=name, detail="exact", **changes)["id"])

    def responder(self, *contacts: str, who: str = "analyst", **changes: Any) -> dict[str, Any]:
        sent = {**AGREEMENT, "contacts": list(contacts), **changes}
        answer = self.ask("POST", "/responders", who, json=sent)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def link(self, receiver: str) -> str:
        """Return the address with which a contact was last asked to answer."""
        every = [one for one in self.way.letters if one.receiver == receiver and one.facts]
        found = urlsplit(every[-1].facts[0]["links"]["answer"])
        return f"{found.path}?{found.query}"

    def responses(self, event: str = "evt-1") -> dict[str, Any]:
        answer = self.ask("GET", f"/events/{event}/responses")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Network]:
    service = Network(tmp_path)
    yield service
    service.client.close()


def test_an_agreement_is_added_read_changed_and_removed(here: Network) -> None:
    first, second = here.contact("Duty"), here.contact("Night")
    made = here.responder(first, region="reg-1", kinds=["burned"], urgent_wait=30)
    where = f"/responders/{made['id']}"
    assert (made["rank"], made["routine_wait"], made["until"]) == (1, 1440, None)
    assert here.ask("GET", where).json() == made
    listed = here.ask("GET", "/responders", "viewer").json()
    assert listed["items"] == [made]
    assert listed["names"] == {made["owner"]: "analyst", first: "Duty"}
    changes = {"contacts": [second, first], "until": "2090-01-01T00:00:00Z", "region": None}
    changed = here.ask("PATCH", where, json=changes).json()
    assert (changed["contacts"], changed["region"]) == ([second, first], None)
    assert here.ask("DELETE", where).status_code == 204
    assert here.ask("GET", where).status_code == 404
    assert here.ask("GET", "/responders").json()["items"] == []
    acts = [one.act for one in here.store.audit("ours") if one.act.startswith("responder ")]
    assert acts == ["responder add", "responder change", "responder remove"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"agreement": " "}, "agreed"),
        ({"since": "2026-01-01T00:00:00"}, "zone"),
        ({"until": "2001-01-01T00:00:00Z"}, "ends after"),
        ({"contacts": ["rcv-9"]}, "no receiver rcv-9"),
        ({"region": "reg-9"}, "No region"),
        ({"urgent_wait": 0}, "urgent_wait"),
        ({"geometry": {"type": "Point", "coordinates": [25, 13]}}, "no polygon"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_what_is_no_agreement_is_refused(here: Network, changes: Any, said: str) -> None:
    answer = here.ask("POST", "/responders", json={**AGREEMENT, **changes})
    assert answer.status_code == 422
    assert said in answer.text


def test_a_contact_is_of_one_agreement_and_told_by_it_alone(here: Network) -> None:
    first = here.contact("Duty")
    responder = here.responder(first)
    again = here.ask("POST", "/responders", json={**AGREEMENT, "contacts": [first]})
    assert (again.status_code, "another responder" in again.text) == (422, True)
    sub = {"receiver": first, "name": "More"}
    assert here.ask("POST", "/subscriptions", json=sub).status_code == 409
    # More than was agreed is told to nobody, from whichever side it is tried.
    less = {"detail": "notice"}
    assert here.ask("PATCH", f"/responders/{responder['id']}", json=less).status_code == 422
    assert here.ask("PATCH", f"/receivers/{first}", json=less).status_code == 200
    assert here.ask("PATCH", f"/responders/{responder['id']}", json=less).status_code == 200
    more = here.ask("PATCH", f"/receivers/{first}", json={"detail": "exact"})
    assert (more.status_code, "agreement" in more.text) == (409, True)
    own = here.told(name="Own", detail="exact")["id"]
    assert here.ask("POST", "/subscriptions", json={"receiver": own, "name": "x"}).is_success
    answer = here.ask("POST", "/responders", json={**AGREEMENT, "contacts": [own]})
    assert (answer.status_code, "subscriptions of its own" in answer.text) == (422, True)


def test_whoever_may_not_changes_nothing(here: Network) -> None:
    made = here.responder()
    where = f"/responders/{made['id']}"
    note = {"words": "Seen."}
    assert here.ask("POST", "/responders", "viewer", json=AGREEMENT).status_code == 403
    assert here.ask("PATCH", where, "other", json={"rank": 2}).status_code == 409
    assert here.ask("PATCH", where, "admin", json={"rank": 2}).status_code == 200
    here.event()
    for who, status in (("viewer", 403), ("stranger", 404), ("", 401)):
        assert here.ask("POST", "/events/evt-1/notes", who, json=note).status_code == status
    for who in ("stranger",):
        assert here.ask("GET", where, who).status_code == 404
        assert here.ask("DELETE", where, who).status_code == 404
        assert here.ask("GET", "/events/evt-1/responses", who).status_code == 404


def test_from_an_event_to_who_acts(here: Network) -> None:
    first, second = here.contact("Duty"), here.contact("Night")
    made = here.responder(first, second)
    here.event()
    here.sender.step()
    link = here.link(first)
    # Whoever only looks changes nothing, and reads the same whatever the link says.
    for address in (link, link.replace("token=", "token=x")):
        page = here.ask("GET", address, "")
        assert (page.status_code, "We take charge" in page.text) == (200, True)
    (found,) = here.responses()["items"]
    assert (found["state"], found["name"]) == ("told", "Aid in the hills")
    assert [one["delivery"] for one in found["contacts"]] == ["delivered"]
    # By a form, as a browser sends it.
    body = "answer=taken_charge&words=We+leave+at+dawn.%0AAl-F%C4%81shir+road&to="
    page = here.client.request("POST", link, content=body, headers=FORM)
    assert page.status_code == 200, page.text
    assert "<bdi>Aid in the hills</bdi>: has taken charge" in page.text
    told = here.responses()
    assert told["acts"] == ["Aid in the hills"]
    (found,) = told["items"]
    assert [one["act"] for one in found["steps"]] == ["told", "taken_charge"]
    last = found["steps"][-1]
    assert (last["receiver"], last["by"]) == (first, None)
    assert last["words"] == "We leave at dawn.\nAl-Fāshir road"
    assert found["due"] is None
    assert found["responder"] == made["id"]


def test_whatever_is_wrong_with_an_answer_the_refusal_is_the_same(here: Network) -> None:
    first, other = here.contact("Duty"), here.contact("Other")
    here.responder(first)
    here.responder(other)
    here.event()
    here.sender.step()
    link = here.link(first)
    wrong = [
        f"{link}x&answer=received",
        link.replace(first, other) + "&answer=received",
        link.replace(first, "rcv-9") + "&answer=received",
        link.replace("response=rsp", "response=rsq") + "&answer=received",
        here.link(other).replace(other, first) + "&answer=received",
        link,
    ]
    answers = [here.ask("POST", address, "") for address in wrong]
    answers.append(here.client.request("POST", link, content="answer=attack", headers=FORM))
    here.ask("POST", f"/receivers/{first}/rotate")
    answers.append(here.ask("POST", f"{link}&answer=received", ""))
    assert {one.status_code for one in answers} == {404}
    assert len({one.content for one in answers}) == 1
    assert {one["state"] for one in here.responses()["items"]} == {"told"}


def test_a_contact_answers_in_its_own_language_and_a_stranger_in_that_of_their_browser(
    here: Network,
) -> None:
    first = here.contact("Duty", language="ar")
    here.responder(first)
    here.event()
    here.sender.step()
    link = here.link(first)
    french = {"Accept-Language": "fr", "Accept": "text/html,*/*;q=0.8"}
    page = here.client.request("GET", link, headers=french)
    assert (page.headers["content-language"], "نتولّى الأمر" in page.text) == ("ar", True)
    # Whoever brings something else is told nothing of the receiver, not even its language.
    for wrong in (f"{link}x", link.replace(first, "rcv-9")):
        page = here.client.request("GET", wrong, headers=french)
        assert (page.headers["content-language"], "Que ferez-vous" in page.text) == ("fr", True)
    refused = [
        here.client.request("POST", address, content=body, headers=FORM | french)
        for address, body in (
            (f"{link}x", "answer=received"), (link.replace(first, "rcv-9"), "answer=received"),
            (link, "answer=attack"), (link, ""),
        )
    ]  # fmt: skip
    assert {(one.status_code, one.headers["content-language"]) for one in refused} == {(404, "fr")}
    assert len({one.content for one in refused}) == 1
    assert "n'a pas été notée" in unescape(refused[0].text)
    done = here.client.request("POST", link, content="answer=received", headers=FORM | french)
    assert (done.status_code, done.headers["content-language"]) == (200, "ar")
    assert "<bdi>Aid in the hills</bdi>: استلمت الرسالة" in done.text
    assert here.responses()["items"][0]["state"] == "received"


def test_what_was_said_on_the_telephone_notes_and_effects(here: Network) -> None:
    first, second = here.contact("Duty"), here.contact("Night")
    made = here.responder(first, second)
    here.event()
    where = f"/events/evt-1/responses/{made['id']}"
    said = {"answer": "declined", "words": "No car.", "contact": first}
    answer = here.ask("POST", where, json=said)
    assert answer.status_code == 200, answer.text
    assert [one["receiver"] for one in answer.json()["contacts"]] == [first, second]
    assert answer.json()["steps"][1]["by"]
    assert here.ask("POST", where.replace("rsd", "rsx"), json=said).status_code == 404
    nobody = {"answer": "handed_over", "to": "Nobody"}
    assert here.ask("POST", where, json=nobody).status_code == 409
    note = here.ask("POST", "/events/evt-1/notes", json={"words": "The road is cut."})
    assert note.status_code == 201
    effect = {"effect": "backfire", "date": "2024-06-20", "source": "A call", "words": "Roadblock."}
    assert here.ask("POST", "/events/evt-1/effects", json=effect).status_code == 201
    told = here.responses()
    assert [one["words"] for one in told["notes"]] == ["The road is cut."]
    (found,) = told["effects"]
    assert {name: found[name] for name in effect} == effect
    assert told["names"][found["by"]] == told["names"][told["notes"][0]["by"]] == "analyst"


def test_that_nobody_answered_shows(here: Network) -> None:
    here.responder(here.contact("Duty"))
    here.event()
    assert here.responses()["unanswered"] is False
    escalate(here.store, datetime.now(UTC) + 3 * a.DAY)
    told = here.responses()
    assert told["unanswered"] is True
    assert told["items"][0]["steps"][-1]["act"] == "unanswered"


def test_no_token_and_no_address_in_what_is_shown_and_noted(here: Network) -> None:
    first = here.contact("Duty")
    here.responder(first)
    here.event()
    here.sender.step()
    token = here.link(first).split("token=")[1]
    assert here.ask("POST", f"{here.link(first)}&answer=received", "").status_code == 200
    shown = str(here.responses()) + here.ask("GET", "/responders").text
    noted = str(here.store.audit("ours"))
    assert token not in shown + noted
    assert ADDRESS not in shown + noted
