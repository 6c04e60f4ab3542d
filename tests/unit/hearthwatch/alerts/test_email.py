"""E-mail as a mail server takes it, and every way in which one may not take it."""

from __future__ import annotations

import dataclasses
import json
import socket
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import pytest
import trustme

from hearthwatch.alerts.channel import DeliveryFailed, Parcel
from hearthwatch.alerts.email import (
    AS_SENT,
    MOST_TEXT_BYTES,
    Email,
    Server,
    message_of,
    server_from,
    usual,
)
from hearthwatch.errors import AlertError, SettingsError
from hearthwatch.records import Detail, Language, MessageForm, Mode
from hearthwatch.settings import load_settings
from tests.support.mail import Mailbox, dripping, serving, trusted
from tests.support.receiving import Receiver
from tests.support.wordings import EVENT, HOME, MADE, MESSAGE, facts, letter, notice

SENDER = "alerts@hearthwatch.example"
TO = "desk@example.org"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def channel(authority, tmp_path):
    def make(port, **changes):
        options = {key: changes.pop(key) for key in ("timeout_s", "whole_s") if key in changes}
        given = {"host": "localhost", "port": port, "tls": "starttls", "sender": SENDER,
                 "certificates": trusted(authority, tmp_path)}  # fmt: skip
        return Email(Server(**{**given, **changes}), **options)

    return make


def parcel(given=None, **changes):
    content = json.loads(json.dumps(Email(Server("-", 1, "starttls", SENDER)).render(
        given or letter())))  # fmt: skip
    return dataclasses.replace(Parcel(MESSAGE, TO, (), content, MADE), **changes)


def attempt(channel, given=None, **changes):
    with pytest.raises(DeliveryFailed) as failed:
        channel.deliver(parcel(given, **changes))
    told = str(failed.value)
    assert TO not in told and "desk" not in told and SENDER not in told
    return failed.value


def sent(channel_of, authority, given, **server):
    box = Mailbox()
    with serving(box, authority, **server) as port:
        receipt = channel_of(port).deliver(parcel(given))
    assert receipt.status == 250 and box.in_clear == []
    return box.taken[0], box


def test_a_message_arrives_whole_over_starttls(channel, authority):
    message, box = sent(channel, authority, letter(before=("m-1,2024-06-18T10:00:00+00:00",)))
    assert message["Message-ID"] == f"<{MESSAGE}@hearthwatch.example>"
    assert parsedate_to_datetime(message["Date"]) == MADE
    assert (message["From"], message["To"]) == (SENDER, TO)
    assert message["Subject"].startswith("Alert: signs of burning at a settlement")
    assert message["In-Reply-To"] == message["References"] == "<m-1@hearthwatch.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == f"<{HOME}/unsubscribe/tQ8w>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.get_content_type() == "text/plain"
    text = message.get_content()
    assert "Umm Sidir" in text and f"{HOME}/events/{EVENT}" in text.splitlines()
    assert box.senders == [SENDER]


@pytest.mark.parametrize("language", Language)
def test_every_language_passes_a_server_that_takes_seven_bits_only(channel, authority, language):
    given = letter(language=language)
    message, box = sent(channel, authority, given, plain=True)
    assert box.raw[0].isascii() and max(map(len, box.raw[0].splitlines())) <= 998
    assert message.get_content().strip().replace("\r\n", "\n") == parcel(given).content["text"]
    assert message["Content-Language"] == language.value


@pytest.mark.parametrize("length", range(50, 110))
def test_every_subject_begins_on_the_line_of_its_name(length):
    words = ("Update: signs of burning at a settlement. State: disputed. " * 2)[:length].rstrip()
    one = parcel()
    told = dataclasses.replace(one, content={**one.content, "subject": words})
    raw = message_of(told, SENDER).as_bytes(policy=AS_SENT)
    (line,) = (one for one in raw.split(b"\r\n") if one.startswith(b"Subject:"))
    assert words.startswith(line.removeprefix(b"Subject: ").decode()) and len(line) > 40
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == words


def test_no_subject_loses_a_space_where_it_is_folded(channel, authority):
    # Long ones, in which the library's own folding drops some.
    told = [facts(kind="razed", change="abandoned", state="rejected", reason=reason)
            for reason in ("seasonal_burn", "sensor_artefact")]  # fmt: skip
    letters = [letter(facts=[one], language=language) for one in told for language in Language]
    box = Mailbox()
    with serving(box, authority) as port:
        for one in letters:
            channel(port).deliver(parcel(one))
    assert [one["Subject"] for one in box.taken] == [parcel(one).content["subject"]
                                                     for one in letters]  # fmt: skip
    assert all(raw.isascii() for raw in box.raw)


def test_tls_from_the_first_byte(channel, authority):
    box = Mailbox()
    with serving(box, authority, implicit=True) as port:
        channel(port, tls="implicit").deliver(parcel())
    assert len(box.taken) == 1


def test_a_login_is_made_inside_tls_only(channel, authority, tmp_path):
    secret = tmp_path / "smtp.json"
    secret.write_text('{"username": "hw", "password": "right"}')
    secret.chmod(0o600)
    box = Mailbox()
    with serving(box, authority, login=True) as port:
        channel(port, credentials=secret).deliver(parcel())
    assert box.logins == [(b"hw", b"right")] and len(box.taken) == 1
    secret.write_text('{"username": "hw", "password": "wrong"}')
    with serving(box, authority, login=True) as port:
        failed = attempt(channel(port, credentials=secret))
    assert (failed.status, failed.retryable) == (535, True)
    assert "wrong" not in str(failed) and len(box.taken) == 1
    secret.chmod(0o644)
    assert "others can read" in str(attempt(channel(1, credentials=secret)))


def test_nothing_goes_out_in_clear(channel, authority):
    box = Mailbox()
    with serving(box, authority, starttls=False) as port:
        failed = attempt(channel(port))
    assert "no STARTTLS" in str(failed) and failed.retryable
    assert box.senders == []


def test_a_certificate_for_another_name_is_refused(channel, authority):
    box = Mailbox()
    with serving(box, authority, name="other.example") as port:
        failed = attempt(channel(port))
    assert "not valid for its name" in str(failed) and failed.retryable
    assert box.senders == []


def test_a_certificate_of_an_unknown_authority_is_refused(channel, authority):
    box = Mailbox()
    with serving(box, trustme.CA()) as port:
        assert "certificate" in str(attempt(channel(port)))
    assert box.senders == []


def test_a_certificate_that_has_expired_is_refused(channel, authority):
    box = Mailbox()
    with serving(box, authority, until=datetime.now(UTC) - timedelta(days=2)) as port:
        failed = attempt(channel(port))
    assert "expired" in str(failed) and failed.retryable
    assert box.senders == []


@pytest.mark.parametrize(("said", "status"), [
    ((b"421 4.3.2 not now\r\n",), 421),
    ((b"554 5.7.1 go away\r\n",), 554),
    ((b"HTTP/1.1 400 Bad Request\r\n\r\n",), 0),
    ((b"",), 0),
    ((b"220 here\r\n", b"250-here\r\n250 STARTTLS\r\n", b"454 4.7.0 no TLS just now\r\n"), 454),
    ((b"220 here\r\n", b"250-here\r\n250 STARTTLS\r\n", b"220 go ahead\r\n", b"not TLS"), 0),
    ((b"220 here\r\n", b"250-here\r\n250 STARTTLS\r\n", b""), 0),
])  # fmt: skip
def test_a_server_that_breaks_off_before_it_encrypts_gets_nothing(channel, said, status):
    heard = []

    def behave(_, connection, closing):
        for one in said:
            connection.sendall(one)
            heard.append(connection.recv(4096) if one else b"")

    with Receiver(behave, blurts=True) as server:
        failed = attempt(channel(server.port, host="127.0.0.1"))
    assert failed.retryable
    assert failed.status == status
    assert not any(b"MAIL" in one.upper() for one in heard)


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_a_connection_lost_before_the_text_is_tried_again(channel, authority, verb):
    box = Mailbox({verb: "drop"})
    with serving(box, authority) as port:
        failed = attempt(channel(port))
        assert failed.retryable and "may have been taken" not in str(failed)
        box.answers.clear()
        channel(port).deliver(parcel())
    assert len(box.taken) == 1


@pytest.mark.parametrize(("verb", "answer", "status", "retryable"), [
    ("MAIL", "421 4.3.2 going down", 421, True),
    ("MAIL", "550 5.7.1 not you", 550, True),
    ("RCPT", "450 4.2.0 greylisted desk@example.org", 450, True),
    ("RCPT", "550 5.1.1 no desk@example.org here", 550, False),
    ("RCPT", "553 5.1.3 bad", 553, False),
    ("DATA", "452 4.3.1 full", 452, True),
    ("DATA", "554 5.7.1 spam for desk@example.org", 554, False),
])  # fmt: skip
def test_what_a_server_refuses(channel, authority, verb, answer, status, retryable):
    with serving(Mailbox({verb: answer}), authority) as port:
        failed = attempt(channel(port))
    assert (failed.status, failed.retryable, failed.gone) == (status, retryable, False)
    assert answer.split()[1] in str(failed)


def test_a_connection_lost_after_the_text_is_tried_again_under_the_same_id(channel, authority):
    box = Mailbox({"DATA": "drop"})
    with serving(box, authority) as port:
        failed = attempt(channel(port))
        assert failed.retryable and "may have been taken" in str(failed)
        box.answers.clear()
        channel(port).deliver(parcel())
    assert [one["Message-ID"] for one in box.taken] == [f"<{MESSAGE}@hearthwatch.example>"] * 2
    assert box.raw[0] == box.raw[1]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_is_left(channel, authority, verb):
    with serving(Mailbox({verb: "hang"}), authority) as port:
        assert attempt(channel(port, timeout_s=0.5)).retryable


def test_a_server_that_drips_is_left(channel):
    with dripping(0.1) as port:
        assert attempt(channel(port, timeout_s=5.0, whole_s=0.5)).retryable


def test_nobody_listens(channel):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "refused the connection" in str(attempt(channel(port)))


def test_a_header_takes_no_line_break():
    content = dict(parcel().content)
    for broken in ({"subject": "a\r\nBcc: x@example.org"}, {"language": "en\nX: y"}):
        with pytest.raises(DeliveryFailed) as failed:
            message_of(parcel(content=content | broken), SENDER)
        assert not failed.value.retryable
    with pytest.raises(DeliveryFailed):
        message_of(parcel(id="a>\r\nBcc: x@example.org"), SENDER)


def test_texts_of_others_bring_no_lines_and_no_headers():
    evil = "Umm\r\nBcc: x@example.org\u2028\u202e\x00 Sidir"
    given = letter(facts=(facts(place=evil, observed=evil, doubts=[evil]),), sender=evil)
    message = message_of(parcel(given), SENDER)
    assert "Bcc" not in message
    lines = message.get_content().splitlines()
    assert not any(line.startswith("Bcc") for line in lines)
    assert "Where: Umm Bcc: x@example.org Sidir (exact to about 10 m)." in lines


@pytest.mark.parametrize("link", ["http://hearthwatch.example/u", "https://a b", "https://a>x", ""])
def test_one_click_is_offered_by_https_only(link):
    message = message_of(parcel(letter(links={"unsubscribe": link})), SENDER)
    assert message["List-Unsubscribe"] is None and message["List-Unsubscribe-Post"] is None


def test_a_long_text_is_cut_and_says_so(channel, authority):
    many = tuple(facts(mode="exercise", event=f"{EVENT[:-4]}{n:04}") for n in range(200))
    message, _ = sent(channel, authority, letter(MessageForm.LIST, facts=many,
                                                 mode=Mode.EXERCISE))  # fmt: skip
    text = message.get_content().replace("\r\n", "\n").strip()
    assert MOST_TEXT_BYTES - 500 < len(text.encode()) <= MOST_TEXT_BYTES
    assert "lines are left out here, as this message would be too long. All of it is here:" in text
    assert f"{HOME}/unsubscribe/tQ8w" in text
    assert text.startswith("EXERCISE") and text.endswith("EXERCISE")


def test_the_subject_and_a_notice_name_no_place():
    content = parcel(letter(detail=Detail.NOTICE, facts=(notice(),))).content
    assert "Umm Sidir" not in json.dumps(content) and "13.6" not in json.dumps(content)
    assert "Umm Sidir" not in parcel().content["subject"]


@pytest.mark.parametrize(("given", "kept"), [
    ("desk@example.org", "desk@example.org"),
    ("  Desk.2+hw@EXAMPLE.org ", "Desk.2+hw@example.org"),
    ("desk@m\xfcnchen.example", "desk@xn--mnchen-3ya.example"),
    ("desk@stra\xdfe.example", "desk@xn--strae-oqa.example"),
])  # fmt: skip
def test_addresses_in_their_usual_form(given, kept):
    assert usual(given) == kept


@pytest.mark.parametrize("given", [
    "", "reports", "@relief.example", "reports@", "desk@localhost", "a@b@example.org",
    "a b@example.org",
    "desk@example.org\r\nBcc: x@example.org", "Desk <desk@example.org>", '"a b"@example.org',
    "desk@[127.0.0.1]", "d\xe9sk@example.org", "desk@example..org", "a" * 65 + "@example.org",
    "desk@-a.example", "desk@example.org,x@example.org", "desk@" + "a." * 130 + "org", ".a@b.org",
])  # fmt: skip
def test_what_is_no_address_is_refused_without_being_repeated(given):
    with pytest.raises(AlertError) as refused:
        usual(given)
    assert given == "" or given not in str(refused.value)


def test_the_mail_server_of_the_settings(tmp_path):
    with pytest.raises(SettingsError, match="HEARTHWATCH_SMTP_HOST"):
        server_from(load_settings(data_dir=tmp_path))
    named = {"data_dir": tmp_path, "smtp_host": "mail.example.org", "smtp_sender": SENDER}
    assert server_from(load_settings(**named)).port == 587
    assert server_from(load_settings(**named, smtp_tls="implicit")).port == 465
    with pytest.raises(SettingsError, match="smtp_sender"):
        server_from(load_settings(**named | {"smtp_sender": "nobody"}))
    with pytest.raises(SettingsError, match="smtp_host"):
        load_settings(**named | {"smtp_host": "mail.example.org:25\r\n"})


def test_a_message_made_later_is_dated_when_it_was_made():
    made = datetime(2024, 6, 19, 23, 30, tzinfo=UTC)
    assert message_of(parcel(letter(made=made)), SENDER)["Date"].datetime == made
