from __future__ import annotations

import contextlib
import gzip
import logging
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from hearthwatch.alerts.allowed import Allowed
from hearthwatch.alerts.channel import DeliveryFailed
from hearthwatch.alerts.pinned import MOST_READ, MOST_SENT, Pinned
from hearthwatch.errors import AlertError
from imagery.net import sockets
from tests.support.receiving import Receiver, answers, drips, found, hangs, sends
from tests.support.waiting import held_up_by_nothing

NAME = "hooks.example"
SECRET_PATH = "/in/s3cr3t-path?key=k3y"
HEADERS = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path):
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def served(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def pinned(receiver, trusted=None, allowed=(NAME,), **more):
    more.setdefault("exchange_s", 20.0)
    more.setdefault("lookup", receiver.lookup)
    return Pinned(Allowed.of(allowed), trusted, **more)


def address(receiver, scheme="https", host=NAME):
    return f"{scheme}://{host}:{receiver.port}{SECRET_PATH}"


def failed(sender, where, body=b"{}"):
    """Return the failure of a post, which must tell nothing of where it was sent."""
    with pytest.raises(DeliveryFailed) as caught:
        sender.post(where, HEADERS, body)
    told = f"{caught.value} {caught.value.__context__!r} {caught.value.__cause__!r}"
    for secret in ("s3cr3t", "k3y", NAME, "127.0.0.1"):
        assert secret not in told
    return caught.value


# Addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "usual"),
    [
        ("https://Hooks.Example", "https://hooks.example/"),
        ("HTTPS://hooks.example:443/a?b=c#d", "https://hooks.example/a?b=c"),
        ("https://hooks.example:8443/a/../b", "https://hooks.example:8443/b"),
        ("https://hooks.example./x", "https://hooks.example/x"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("https://1.1.1.1/x", "https://1.1.1.1/x"),
        ("https://[2606:4700:0::1111]:99/", "https://[2606:4700::1111]:99/"),
        ("https://a_b.example/", "https://a_b.example/"),
        ("http://inside.lan:80/x", "http://inside.lan/x"),
        ("http://10.1.2.3/x", "http://10.1.2.3/x"),
    ],
)
def test_an_address_is_kept_in_one_form_and_that_form_stays(given, usual):
    sender = Pinned(Allowed.of(["inside.lan", "10.1.0.0/16"]))
    assert sender.check(given) == usual
    assert sender.check(usual) == usual


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("http://hooks.example/s3cr3t", "https://"),
        ("ftp://hooks.example/s3cr3t", "https://"),
        ("hooks.example/s3cr3t", "https://"),
        ("https:///s3cr3t", "names a host"),
        ("https://user@hooks.example/s3cr3t", "no password"),
        ("https://user:s3cr3t@hooks.example/", "no password"),
        ("https://hooks.example:0/s3cr3t", "port"),
        ("https://hooks.example:70000/s3cr3t", "understood"),
        ("https://hooks.example\\@s3cr3t", "characters"),
        ("https://hooks.example/s3cr3t\r\nx: y", "characters"),
        ("https://hooks.example/ s3cr3t", "characters"),
        ("https://127.0.0.1/s3cr3t", "not public"),
        ("https://127.1/s3cr3t", "none that can be called"),
        ("https://0x7f000001/s3cr3t", "none that can be called"),
        ("https://2130706433/s3cr3t", "none that can be called"),
        ("https://0177.0.0.1/s3cr3t", "none that can be called"),
        ("https://[::1]/s3cr3t", "not public"),
        ("https://[::ffff:169.254.169.254]/s3cr3t", "not public"),
        ("https://[fe80::1%25eth0]/s3cr3t", "not public"),
        ("https://169.254.169.254/s3cr3t", "not public"),
        ("https://ex%2fample.example/s3cr3t", "none that can be called"),
        ("https://a..b/s3cr3t", "none that can be called"),
        ("https://①②⑦.0.0.1/s3cr3t", "understood"),
        ("https://hooks.example/" + "s3cr3t" * 400, "too long"),
        ("", "https://"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused_without_quoting_it(given, words):
    with pytest.raises(AlertError, match=words) as caught:
        Pinned(Allowed()).check(given)
    assert "s3cr3t" not in f"{caught.value} {caught.value.__context__!r}"


# What is sent --------------------------------------------------------------------------------


def test_it_arrives_encrypted_asked_for_by_name_and_with_nothing_of_the_environment(
    authority, trusted, monkeypatch, tmp_path
):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    (tmp_path / "netrc").write_text(f"machine {NAME} login me password s3cr3t")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    tls = served(authority.issue_cert(NAME))
    with Receiver(answers(202, "set-cookie: a=b"), tls) as receiver:
        sender = pinned(receiver, trusted)
        assert sender.post(address(receiver), HEADERS, b'{"a":1}').status == 202
        sender.post(address(receiver), HEADERS, b"{}")
    first, second = receiver.received
    assert (first.method, first.target, first.body) == ("POST", SECRET_PATH, b'{"a":1}')
    assert first.server_name == NAME
    assert first.headers["host"] == f"{NAME}:{receiver.port}"
    assert set(second.names) == {
        "host", "content-type", "content-length", "accept-encoding", "connection", "user-agent",
    }  # fmt: skip
    assert second.headers["accept-encoding"] == "identity"


def test_it_arrives_over_ipv6_by_name_and_by_address(authority, trusted):
    tls = served(authority.issue_cert(NAME, "::1"))
    with Receiver(answers(204), tls, host="::1") as receiver:
        sender = pinned(receiver, trusted, allowed=(NAME, "::1"))
        assert sender.post(address(receiver), HEADERS, b"{}").status == 204
        assert sender.post(address(receiver, host="[::1]"), HEADERS, b"{}").status == 204
    assert receiver.received[1].headers["host"] == f"[::1]:{receiver.port}"


def test_in_clear_it_arrives_where_the_operator_lists_the_host():
    with Receiver(answers(200)) as receiver:
        sender = pinned(receiver)
        assert sender.post(address(receiver, "http"), HEADERS, b"{}").status == 200
        unlisted = pinned(receiver, allowed=("127.0.0.0/8",))
        assert "https://" in failed(unlisted, address(receiver, "http")).words
    assert len(receiver.received) == 1


def test_more_than_may_be_sent_is_refused_before_anything_is_looked_up():
    with Receiver(answers(200)) as receiver:
        sender = pinned(receiver)
        where = address(receiver, "http")
        assert sender.post(where, HEADERS, b"x" * MOST_SENT).status == 200
        assert not failed(sender, where, b"x" * (MOST_SENT + 1)).retryable
    assert receiver.connections == 1


# Where it goes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "inside",
    ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "100.64.0.1", "0.0.0.0", "224.0.0.1", "fe80::1"],
)  # fmt: skip
def test_a_name_that_leads_inside_is_called_nowhere(inside):
    with Receiver(answers(200)) as receiver:
        sender = pinned(receiver, allowed=(), lookup=lambda *_: [found(inside, receiver.port)])
        failure = failed(sender, address(receiver))
    assert "not public" in failure.words
    assert failure.retryable  # Whoever keeps the name may have erred.
    assert receiver.connections == 0


def test_one_address_inside_among_public_ones_is_enough_to_call_none(monkeypatch):
    dialled = record_dialling(monkeypatch)
    both = [found("93.184.216.34", 443), found("127.0.0.1", 443)]
    assert "not public" in failed(at(lambda *_: both), f"https://{NAME}{SECRET_PATH}").words
    assert dialled == []


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch):
    dialled = record_dialling(monkeypatch)
    lookups = []

    def turns_inside(host, port):
        lookups.append(host)
        return [found("93.184.216.34" if len(lookups) == 1 else "127.0.0.1", port)]

    sender = at(turns_inside)
    assert "refused" in failed(sender, f"https://{NAME}{SECRET_PATH}").words
    assert (lookups, dialled) == ([NAME], [("93.184.216.34", 443)])
    assert "not public" in failed(sender, f"https://{NAME}{SECRET_PATH}").words
    assert (lookups, dialled) == ([NAME, NAME], [("93.184.216.34", 443)])


def test_nothing_looks_the_name_up_again_behind_the_check(monkeypatch, authority, trusted):
    def forbidden(*_, **__):
        raise AssertionError("looked up behind the check")

    with Receiver(answers(200), served(authority.issue_cert(NAME))) as receiver:
        sender = pinned(receiver, trusted)
        monkeypatch.setattr(socket, "getaddrinfo", forbidden)
        assert sender.post(address(receiver), HEADERS, b"{}").status == 200
        assert receiver.connections == 1


def test_a_silent_address_leaves_the_next_one_its_time(monkeypatch):
    with Receiver(answers(200)) as receiver:
        full = socket.create_server(("127.0.0.2", receiver.port), backlog=0)
        with contextlib.ExitStack() as held:
            held.callback(full.close)
            for _ in range(4):  # Its queue is full: whoever comes next waits.
                waiting = held.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.2", receiver.port))
            several = [found("127.0.0.2", receiver.port), found("127.0.0.1", receiver.port)]
            sender = pinned(receiver, lookup=lambda *_: several, exchange_s=8.0)
            assert sender.post(address(receiver, "http"), HEADERS, b"{}").status == 200


def at(lookup):
    return Pinned(Allowed(), lookup=lookup, exchange_s=20.0)


def record_dialling(monkeypatch):
    dialled = []

    def refuse(self, address):
        dialled.append(address[:2])
        raise ConnectionRefusedError

    monkeypatch.setattr(sockets._Socket, "connect", refuse)
    return dialled


def test_a_name_without_an_address_and_a_look_up_that_hangs_are_failures(monkeypatch):
    def unknown(*_):
        raise socket.gaierror("no such name")

    where = f"https://{NAME}{SECRET_PATH}"
    assert failed(at(unknown), where).words == "its name has no address"
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(150.0) and [])
    with held_up_by_nothing():
        assert "in time" in failed(Pinned(Allowed(), exchange_s=1.0), where).words
    over.set()


# Who answers ---------------------------------------------------------------------------------


def test_a_certificate_for_another_name_is_not_accepted(authority, trusted):
    words = refused_certificate(authority.issue_cert("other.example"), trusted)
    assert "certificate is not accepted" in words


def test_a_certificate_that_has_expired_is_not_accepted(authority, trusted):
    past = datetime.now(UTC) - timedelta(days=2)
    words = refused_certificate(authority.issue_cert(NAME, not_after=past), trusted)
    assert "expired" in words


def test_a_certificate_of_an_unknown_authority_is_not_accepted(trusted):
    assert "not accepted" in refused_certificate(trustme.CA().issue_cert(NAME), trusted)


def test_a_certificate_that_signs_itself_is_not_accepted(trusted, tmp_path):
    alone = trustme.CA()
    path = tmp_path / "alone.pem"
    alone.private_key_pem.write_to_path(str(path))
    alone.cert_pem.write_to_path(str(path), append=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    assert "self-signed" in refused(context, trusted)


def test_an_address_needs_a_certificate_for_the_address(authority, trusted):
    with Receiver(answers(200), served(authority.issue_cert(NAME))) as receiver:
        sender = pinned(receiver, trusted, allowed=("127.0.0.1",))
        failure = failed(sender, address(receiver, host="127.0.0.1"))
    assert "certificate is not accepted" in failure.words


def test_a_server_that_does_not_encrypt_gets_nothing():
    with Receiver(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"), blurts=True) as receiver:
        assert "encrypted" in failed(pinned(receiver), address(receiver)).words
    assert receiver.received == []


def test_certificates_that_cannot_be_read_are_named_when_it_starts(tmp_path):
    with pytest.raises(AlertError, match="certificates"):
        Pinned(Allowed(), tmp_path / "absent.pem")
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(AlertError, match="certificates"):
        Pinned(Allowed(), tmp_path / "empty.pem")


def refused_certificate(certificate, trusted):
    return refused(served(certificate), trusted)


def refused(context, trusted):
    with Receiver(answers(200), context) as receiver:
        failure = failed(pinned(receiver, trusted), address(receiver))
    assert receiver.received == []
    assert failure.retryable
    return failure.words


# What comes back -----------------------------------------------------------------------------

REDIRECT = ("location: http://127.0.0.1/elsewhere",)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status):
    with Receiver(answers(status, *REDIRECT)) as receiver:
        sender = pinned(receiver)
        assert sender.post(address(receiver, "http"), HEADERS, b"{}").status == status
    assert receiver.connections == 1


@pytest.mark.parametrize("status", [200, 400, 404, 408, 409, 410, 425, 429, 500, 503, 599])
def test_every_status_is_handed_on(status):
    with Receiver(answers(status, body=b"words of theirs")) as receiver:
        assert pinned(receiver).post(address(receiver, "http"), HEADERS, b"{}").status == status


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), ("99999999", 86400.0), ("-5", None), ("soon", None), ("nan", None),
     ("Wed, 04 Mar 2026 05:07:00 GMT", 60.0)],
)  # fmt: skip
def test_the_time_it_asks_for_is_heard_within_bounds(header, seconds):
    headers = (f"retry-after: {header}", "date: Wed, 04 Mar 2026 05:06:00 GMT")
    with Receiver(answers(503, *headers)) as receiver:
        answer = pinned(receiver).post(address(receiver, "http"), HEADERS, b"{}")
    assert answer.retry_after == seconds


def in_time(behave, seconds=1.0):
    """Return the failure at a receiver that never gets done, within the time for all of it."""
    with Receiver(behave) as receiver, held_up_by_nothing(least=seconds * 0.9):
        failure = failed(pinned(receiver, exchange_s=seconds), address(receiver, "http"))
    return failure.words


def test_a_server_that_hangs_is_given_up():
    assert "in time" in in_time(hangs)


@pytest.mark.parametrize(
    "text", [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\nx: y", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
def test_a_server_that_drips_is_given_up_when_the_time_for_all_of_it_is_over(text):
    def behave(request, connection, closing):
        connection.sendall(text)
        drips(b"a", 0.1)(request, connection, closing)

    assert "in time" in in_time(behave)


def test_a_server_that_drips_while_it_encrypts_is_given_up():
    behave = drips(b"\x16\x03\x03\x40\x00", 0.1)
    with Receiver(behave, blurts=True) as receiver, held_up_by_nothing():
        words = failed(pinned(receiver, exchange_s=1.0), address(receiver)).words
    assert "in time" in words


def test_an_answer_that_drips_after_its_head_is_an_answer_and_ends_in_time():
    def behave(request, connection, closing):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        drips(b"a", 0.1)(request, connection, closing)

    with Receiver(behave) as receiver:
        one = pinned(receiver, exchange_s=1.0)
        with held_up_by_nothing():
            answer = one.post(address(receiver, "http"), HEADERS, b"{}")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "closed the connection"),
        (b"HTTP/1.1 20", "no answer of HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no answer of HTTP"),
        (b"220 mail ESMTP\r\n", "no answer of HTTP"),
        (b"\x00\x01\x02\r\n", "no answer of HTTP"),
        (b"HTTP/1.1 99999999999 OK\r\n\r\n", "no answer of HTTP"),
        (b"HTTP/1.1 200 " + b"a" * 70000 + b"\r\n\r\n", "no answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n", "no answer of HTTP"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"a" * 70000 + b"\r\n\r\n", "no answer of HTTP"),
    ],
)
def test_what_is_no_answer_is_a_failure(raw, words):
    with Receiver(sends(raw)) as receiver:
        failure = failed(pinned(receiver), address(receiver, "http"))
    assert (failure.retryable, failure.status) == (True, 0)
    assert words in failure.words


def test_of_a_huge_answer_only_the_beginning_is_read():
    sent = []

    def behave(request, connection, closing):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(1000):
                connection.sendall(b"x" * 100_000)
                sent.append(100_000)

    with Receiver(behave) as receiver:
        assert pinned(receiver).post(address(receiver, "http"), HEADERS, b"{}").status == 200
    # What it got rid of went into the buffers of the two sockets.
    assert MOST_READ <= sum(sent) < 50_000_000


@pytest.mark.parametrize("chunked", [False, True])
def test_a_packed_answer_is_never_unpacked(monkeypatch, chunked):
    bomb = gzip.compress(b"\0" * 50_000_000)
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n"
    if chunked:
        raw = head + b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(bomb), bomb)
    else:
        raw = head + b"content-length: %d\r\n\r\n" % len(bomb) + bomb

    def unpacked(*_):
        raise AssertionError("the answer was unpacked")

    monkeypatch.setattr("urllib3.response.GzipDecoder.decompress", unpacked)
    with Receiver(sends(raw)) as receiver:
        assert pinned(receiver).post(address(receiver, "http"), HEADERS, b"{}").status == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ncontent-length: much\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nshort",
        b"HTTP/1.1 200 OK\r\n\r\nwithout a length",
        b"HTTP/1.1 200 OK\r\nx: y\r\n",
        b"HTTP/1.1 200",
    ],
)
def test_a_broken_body_does_not_undo_an_answer(raw):
    with Receiver(sends(raw)) as receiver:
        assert pinned(receiver).post(address(receiver, "http"), HEADERS, b"{}").status == 200


def test_logs_say_nothing_of_the_address_even_of_broken_headers(caplog):
    raw = b"HTTP/1.1 200 OK\r\nno colon here\r\ncontent-length: 0\r\n\r\n"
    with caplog.at_level(logging.DEBUG), Receiver(sends(raw)) as receiver:
        assert pinned(receiver).post(address(receiver, "http"), HEADERS, b"{}").status == 200
    assert "headers that cannot be read" in caplog.text
    for secret in ("s3cr3t", "k3y", NAME, "127.0.0.1", "no colon"):
        assert secret not in caplog.text
