from __future__ import annotations

import json
from datetime import UTC, datetime

import jsonschema
import pytest
import standardwebhooks
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from hearthwatch.alerting.facts import Chain, Facts, Level, Told
from hearthwatch.alerts.allowed import Allowed
from hearthwatch.alerts.channel import Parcel
from hearthwatch.alerts.pinned import MOST_SENT, Pinned
from hearthwatch.alerts.webhook import Webhook, data_schema
from hearthwatch.records import (
    AlertAct,
    Detail,
    EventState,
    Kind,
    Language,
    MessageForm,
    Mode,
    Precision,
    Severity,
)
from tests.support.letters import facts, letter, notice, service_letter
from tests.support.receiving import Receiver, answers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SERVICE = [MessageForm.TEST, MessageForm.QUESTION, MessageForm.HEARTBEAT, MessageForm.ALARM]


def rendered(one):
    content = Webhook(Pinned(Allowed())).render(one)
    assert content["type"] == "application/cloudevents+json"
    assert len(content["body"]) <= MOST_SENT
    sent = json.loads(content["body"])
    jsonschema.Draft202012Validator(
        data_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(sent["data"])
    return sent


def test_an_alert_says_all_that_its_receiver_may_know():
    sent = rendered(letter())
    assert {name: value for name, value in sent.items() if name != "data"} == {
        "specversion": "1.0",
        "id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        "source": "//watch.example",
        "type": "org.hearthwatch.event.alert",
        "time": "2026-03-04T05:06:07.890000Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:hearthwatch:schema:alert:1",
        "mode": "actual",
        "subject": "e-1",
    }
    assert sent["data"]["events"] == [facts()]
    assert sent["data"]["events_left_out"] == 0


def test_a_notice_names_no_place():
    body = Webhook(Pinned(Allowed())).render(letter(notice(), detail=Detail.NOTICE))["body"]
    assert "Umm Sidra" not in body and "12.3" not in body
    assert rendered(letter(notice(), detail=Detail.NOTICE))["data"]["events"] == [notice()]


def test_the_reference_library_of_cloudevents_reads_it():
    body = Webhook(Pinned(Allowed())).render(letter())["body"]
    event = JSONFormat().read(CloudEvent, body)
    assert event.get_type() == "org.hearthwatch.event.alert"
    assert event.get_subject() == "e-1"
    assert event.get_time() == datetime(2026, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)
    assert event.get_extension("mode") == "actual"
    assert event.get_data()["events"][0]["place"] == "Umm Sidra, Northern County"


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("act", AlertAct)
def test_act_and_mode_are_told_in_the_envelope_and_inside(act, mode):
    sent = rendered(letter(facts(act=act.value, mode=mode.value), mode=mode))
    assert sent["type"] == f"org.hearthwatch.event.{act.value}"
    assert sent["mode"] == sent["data"]["mode"] == sent["data"]["events"][0]["mode"] == mode.value


@pytest.mark.parametrize("form", SERVICE)
def test_what_tells_of_no_event_has_a_type_of_its_own(form):
    sent = rendered(service_letter(form, text="No data for three days."))
    assert sent["type"] == f"org.hearthwatch.service.{form.value}"
    assert (
        sent["mode"] == sent["data"]["mode"] == ("test" if form is MessageForm.TEST else "actual")
    )
    assert "subject" not in sent
    assert sent["data"]["events"] == []
    assert sent["data"]["links"] == {"confirm": "https://watch.example/confirm/abc"}
    assert sent["data"]["text"] == "No data for three days."


@pytest.mark.parametrize("form", [MessageForm.DIGEST, MessageForm.LIST, MessageForm.LATE])
def test_several_events_go_in_one_message(form):
    sent = rendered(letter(facts("e-1"), facts("e-2"), form=form, late=True, more=5))
    assert sent["data"]["events_left_out"] == 5
    assert sent["type"] == f"org.hearthwatch.event.{form.value}"
    assert "subject" not in sent
    assert [one["event"] for one in sent["data"]["events"]] == ["e-1", "e-2"]
    assert sent["data"]["late"] is True


def test_it_is_the_same_text_every_time():
    channel = Webhook(Pinned(Allowed()))
    assert channel.render(letter()) == channel.render(letter())


def test_texts_that_cannot_be_encoded_do_not_hold_up_an_alert():
    sent = rendered(letter(facts(observed="half \ud83d and \x00, قرية")))
    assert sent["data"]["events"][0]["observed"] == "half \ud83d and \x00, قرية"
    assert Webhook(Pinned(Allowed())).render(letter(facts(place="قرية")))["body"].isascii()


def large(count, vertices):
    ring = [[25.0 + i * 1e-6, 12.0 + i * 1e-6] for i in range(vertices)]
    shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    return [facts(f"e-{i}", geometry=shape) for i in range(count)]


def test_what_is_too_long_leaves_out_shapes_first_and_says_so():
    sent = rendered(letter(*large(100, 500), form=MessageForm.LIST))
    assert sent["data"]["events_left_out"] == 0
    assert [one["left_out"] for one in sent["data"]["events"]] == [["geometry"]] * 100
    assert sent["data"]["events"][0]["observed"]


def test_what_is_still_too_long_keeps_what_each_event_is_known_by():
    sent = rendered(letter(*large(500, 4), form=MessageForm.LIST))
    assert sent["data"]["events_left_out"] == 0
    first = sent["data"]["events"][0]
    assert first["event"] == "e-0" and first["state"] == "corroborated" and first["links"]
    assert {"geometry", "observed", "place"} <= set(first["left_out"])


def test_of_thousands_of_events_as_many_as_fit_are_told_and_the_rest_is_counted():
    sent = rendered(letter(*large(3000, 4), form=MessageForm.LIST))
    told, left_out = len(sent["data"]["events"]), sent["data"]["events_left_out"]
    assert told + left_out == 3000
    assert sent["data"]["links"]["changes"].endswith("/changes")
    assert "changes" not in rendered(letter(*large(3, 4)))["data"]["links"]
    assert len(json.dumps(sent, separators=(",", ":"))) > MOST_SENT * 0.9


def test_the_schema_knows_every_fact_and_every_frozen_word():
    schema = data_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    event = schema["$defs"]["event"]["properties"]
    assert set(event) == {*Facts.__annotations__, "left_out"}
    assert set(event["chain"]["properties"]) == set(Chain.__annotations__)
    assert set(event["told"]["items"]["properties"]) == set(Told.__annotations__)
    assert set(event["level"]["anyOf"][0]["properties"]) == set(Level.__annotations__)
    for words, member in (
        (AlertAct, event["act"]), (EventState, event["state"]),
        (Severity, event["severity"]), (Mode, schema["$defs"]["mode"]),
        (MessageForm, schema["properties"]["form"]), (Detail, schema["properties"]["detail"]),
        (Language, schema["properties"]["language"]),
    ):  # fmt: skip
        assert set(member["enum"]) == {word.value for word in words}
    assert set(event["kind"]["enum"]) == {"", *(word.value for word in Kind)}
    assert set(event["precision"]["enum"]) == {"", *(word.value for word in Precision)}
    assert event["sure"]["enum"] == ["Observed", "Likely", "Possible", "Unlikely", "Unknown"]


@pytest.mark.parametrize(
    "change", [{"act": "attack"}, {"urgent": 1}, {"geometry": 5}, {"event": ""}]
)
def test_the_schema_refuses_what_is_wrong(change):
    with pytest.raises(jsonschema.ValidationError):
        rendered(letter(facts(**change)))


def test_what_a_receiver_gets_is_what_was_rendered():
    with Receiver(answers(204)) as receiver:
        pinned = Pinned(Allowed.of(["hooks.lan"]), lookup=receiver.lookup)
        channel = Webhook(pinned)
        where = channel.check(f"http://HOOKS.lan:{receiver.port}/in")
        content, now = channel.render(letter()), datetime.now(UTC)
        assert channel.deliver(Parcel(letter().id, where, [SECRET], content, now)).status == 204
    (received,) = receiver.received
    assert received.body.decode() == content["body"]
    assert received.headers["content-type"] == "application/cloudevents+json"
    read = standardwebhooks.Webhook(SECRET).verify(received.body, received.headers)
    assert read["id"] == received.headers["webhook-id"] == letter().id
