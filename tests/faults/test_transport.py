"""Faults between a request and its answer, served byte for byte by a server on loopback."""

from __future__ import annotations

import hashlib
import logging
import pickle
import socket
import ssl
import subprocess
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from imagery.errors import (
    ImageryError,
    IntegrityError,
    NotYet,
    Permanent,
    QuotaExhausted,
    Transient,
)
from imagery.net.breaker import FAILURES
from imagery.net.patience import Patience
from imagery.net.transport import Transport
from imagery.net.types import Deadline, Request
from tests.support.asking import QUICK, account_of
from tests.support.faulty import Answer, FaultyServer, drops, gzipped, hangs, redirect, too_many
from tests.support.waiting import PATIENCE_S, held_up_by_nothing

GOOD = Answer(body=b"the pixels")
URL_KEY = "?sig=the-signature-that-opens-the-door"


@contextmanager
def served(tmp_path, script, patience=QUICK, **changes):
    """Serve `script` (of /x, or of several paths) and give (server, transport)."""
    if isinstance(script, (Answer, list)):
        script = {"/x": script}
    with FaultyServer(script) as server:
        yield server, Transport(account_of(server, tmp_path, **changes), patience)


def get(transport, seconds=20.0, check=None, path="/x", **changes):
    url = transport.account.origins[0] + path
    return transport.send(Request("GET", url, **changes), Deadline.after(seconds), check)


def fails(transport, kind, seconds=20.0, **changes):
    """Return the error of a call that must fail with `kind`, held up by nothing."""
    with held_up_by_nothing(), pytest.raises(ImageryError) as caught:
        get(transport, seconds, **changes)
    assert type(caught.value) is kind
    return caught.value


# Limits and quotas.


@pytest.mark.parametrize(
    ("number", "header", "unit", "seconds"),
    [
        ("f14", "400", "ms", 0.4),
        ("f15", "1", "s", 1.0),
        ("f16", "0.4", "s", 0.4),
        ("f16", "-5", "s", 0.0),
        ("f16", "soon", "s", 0.0),
        ("f16", None, "s", 0.0),
    ],
    ids=lambda value: str(value),
)
def test_f14_f15_f16_everybody_waits_as_long_as_one_was_told(
    tmp_path, number, header, unit, seconds
):
    with served(tmp_path, [too_many(header), GOOD], retry_after=unit) as (server, transport):
        other = Transport(transport.account, QUICK)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(get, transport)
            while not server.log:
                time.sleep(0.001)
            time.sleep(0.05 if seconds else 0.0)
            get(other)
            assert first.result().requests == 2
        refused, *later = [asked.at for asked in server.log]
        assert len(later) == 2
        waits = [at - refused for at in later]
        assert all(seconds * 0.99 <= wait < PATIENCE_S for wait in waits), waits


def test_f16_a_date_is_waited_for_by_the_servers_own_clock(tmp_path):
    theirs = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    headers = (
        ("Date", format_datetime(theirs, usegmt=True)),
        ("Retry-After", format_datetime(theirs + timedelta(seconds=1), usegmt=True)),
    )
    with served(tmp_path, [Answer(429, b"", headers), GOOD], retry_after="ms") as (server, t):
        get(t)
        first, second = server.log
        assert 0.99 <= second.at - first.at < PATIENCE_S


def test_f17_a_day_is_not_waited_for_and_the_task_is_free_for_another_provider(tmp_path):
    with served(tmp_path, too_many("86400000"), retry_after="ms") as (server, transport):
        error = fails(transport, Transient, 90.0)
        assert "429" in str(error)
        assert "no room for 120 s" in str(fails(transport, Transient, 90.0))
        assert len(server.log) == 1


def test_f18_refusals_without_end_are_answered_with_an_end(tmp_path):
    with served(tmp_path, too_many("10"), retry_after="ms") as (server, transport):
        error = fails(transport, Transient)
        assert error.requests == QUICK.tries == len(server.log) == 8


def bucket(rate, capacity):
    """Return a handler that allows `rate` requests a second, at most `capacity` at once."""
    lock, state = threading.Lock(), {"left": capacity, "at": time.monotonic(), "refused": 0}

    def handle(asked):
        with lock:
            now = time.monotonic()
            state["left"] = min(capacity, state["left"] + (now - state["at"]) * rate)
            state["at"] = now
            if state["left"] < 1.0:
                state["refused"] += 1
                return too_many("50")
            state["left"] -= 1.0
            return GOOD

    return handle, state


def test_f19_sixteen_threads_with_two_transports_stay_below_the_limit(tmp_path):
    handler, state = bucket(rate=40.0, capacity=20.0)
    with FaultyServer(handler) as server:
        account = account_of(server, tmp_path, requests_per_minute=2400.0, retry_after="ms")
        workers = [Transport(account) for _ in range(2)]
        with ThreadPoolExecutor(16) as pool:
            sent = sum(pool.map(lambda n: get(workers[n % 2], 60).requests, range(60)))
        assert sent == len(server.log) <= 66
        assert state["refused"] <= 6


def test_f20_a_spent_quota_is_told_from_a_closed_door(tmp_path):
    spent = b'{"error":{"code":"ACCESS_INSUFFICIENT_PROCESSING_UNITS","message":"no units"}}'
    closed = b'{"error":{"message":"this is not yours"}}'
    script = {"/x": Answer(403, spent), "/y": Answer(403, closed)}
    with served(tmp_path, script) as (server, transport):
        now = datetime.now(UTC)
        error = fails(transport, QuotaExhausted)
        assert error.until is not None
        # A call that goes over the end of a month is told of the end of the next one.
        assert now < error.until <= datetime.now(UTC) + timedelta(days=31)
        assert (error.until.day, error.until.hour, error.until.tzinfo) == (1, 0, UTC)
        assert "this is not yours" in str(fails(transport, Permanent, path="/y"))
        assert len(server.log) == 2


# The connection and the answer.


def test_f23_a_server_that_stumbles_is_asked_again(tmp_path):
    with served(tmp_path, [Answer(n) for n in (500, 502, 503, 504)] + [GOOD]) as (_, t):
        assert get(t).requests == 5


def test_f23_a_server_that_is_down_is_left_alone_by_all(tmp_path):
    with served(tmp_path, Answer(503, b'{"error": "maintenance"}')) as (server, transport):
        error = fails(transport, Transient)
        assert "503: maintenance" in str(error)
        assert error.requests == FAILURES
        other = pickle.loads(pickle.dumps(transport))
        assert "failed 5 times in a row" in str(fails(other, Transient))
        assert len(server.log) == FAILURES


def test_f24_a_connection_that_is_refused_is_transient(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with FaultyServer({}) as server:
        account = account_of(server, tmp_path, origins=(url,))
        assert "refused the connection" in str(fails(Transport(account, QUICK), Transient))


@pytest.mark.parametrize("fault", [drops(), Answer(body=b"x" * 100, sent=50, reset=True)])
def test_f24_a_connection_that_is_reset_is_tried_again(tmp_path, fault):
    with served(tmp_path, [fault, GOOD]) as (_, transport):
        reply = get(transport)
        assert (reply.body, reply.requests) == (b"the pixels", 2)


@pytest.mark.parametrize("hang", [False, True])
def test_f24_a_name_that_nobody_knows_is_transient_and_bounded(tmp_path, monkeypatch, hang):
    release = threading.Event()

    def lookup(*_args, **_kwargs):
        if hang:
            release.wait(2 * PATIENCE_S)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("imagery.net.sockets.socket.getaddrinfo", lookup)
    with FaultyServer({}) as server:
        account = account_of(server, tmp_path, origins=("https://nobody.example",))
        error = fails(Transport(account, QUICK), Transient, 0.3 if hang else 5.0)
        assert ("in time" if hang else "no address") in str(error)
        release.set()


def test_f25_a_connection_that_never_comes_about_is_given_up(tmp_path):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = []
        # A full queue of connections lets the next one wait: the kernel drops its first packet.
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            fillers.append(filler)
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        with FaultyServer({}) as server:
            account = account_of(server, tmp_path, origins=(url,))
            error = fails(Transport(account, QUICK), Transient, 0.5)
        assert "did not answer in time" in str(error)
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("fault", [hangs(), Answer(before_body=150.0)])
def test_f25_an_answer_that_does_not_begin_is_given_up(tmp_path, fault):
    with served(tmp_path, [fault, GOOD], Patience(read_s=2.0, first_s=0.01)) as (_, transport):
        assert get(transport).requests == 2


@pytest.mark.parametrize(
    "fault",
    [
        Answer(body=b"x" * 1000, trickle=0.1),
        Answer(trickle_head=0.1, headers=(("X", "x" * 1000),)),
        Answer(body=b"x" * 1000, chunked=True, trickle=0.1),
    ],
    ids=["body", "head", "chunks"],
)
def test_f26_a_trickle_ends_at_the_deadline(tmp_path, fault):
    with served(tmp_path, fault) as (_, transport), held_up_by_nothing(least=0.4):
        assert fails(transport, Transient, 0.5).requests == 1


def must_be_whole(reply):
    if not reply.body.endswith(b"END"):
        raise IntegrityError("the file ends too early")


def test_f27_a_cut_body_of_the_length_it_claims_is_caught_by_the_check_and_asked_again(tmp_path):
    with served(tmp_path, [Answer(body=b"pix"), Answer(body=b"pix END")]) as (_, transport):
        reply = get(transport, check=must_be_whole)
        assert (reply.body, reply.requests) == (b"pix END", 2)


def test_f27_what_stays_wrong_is_paid_for_three_times_at_most(tmp_path):
    units = (("X-ProcessingUnits-Spent", "1.5"),)
    with served(tmp_path, Answer(body=b"pix", headers=units)) as (_, transport):
        error = fails(transport, IntegrityError, check=must_be_whole)
        assert (error.requests, error.units) == (3, 4.5)


def test_f27_what_a_check_says_otherwise_is_passed_on_at_once(tmp_path):
    def not_there(reply):
        raise NotYet("listed, but empty")

    with served(tmp_path, GOOD) as (_, transport):
        assert fails(transport, NotYet, check=not_there).requests == 1


@pytest.mark.parametrize(
    "fault",
    [
        Answer(body=b"pix", length=10),
        Answer(body=b"x" * 5000, chunked=True, sent=2500),
        Answer(body=b"x" * 5000, chunked=True, sent=5),
        Answer(raw=b"HTTP/1.1 200 OK\r\nContent-"),
        Answer(raw=b"\x16\x03\x01 no http"),
    ],
    ids=["f28 long", "f29 in a chunk", "f29 in a size", "in the head", "noise"],
)
def test_f28_f29_an_answer_that_is_cut_off_is_asked_for_again(tmp_path, fault):
    paid = (("X-ProcessingUnits-Spent", "2"),)
    with served(tmp_path, [fault.and_(headers=paid), GOOD]) as (_, transport):
        reply = get(transport)
        assert (reply.body, reply.requests) == (b"the pixels", 2)
        # A provider charges when it answers, not when the answer arrives.
        assert reply.units == (2.0 if fault.raw is None else 0.0)


def test_f30_an_empty_answer_is_asked_for_again(tmp_path):
    with served(tmp_path, [Answer(body=b""), GOOD]) as (_, transport):
        assert get(transport).requests == 2


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b'{"error": "busy"}'])
def test_f31_an_error_that_calls_itself_a_success_is_caught_by_the_check(tmp_path, body):
    def must_be_tiff(reply):
        if not reply.body.startswith((b"II", b"MM")):
            raise IntegrityError("what came is no TIFF")

    with served(tmp_path, [Answer(body=body), Answer(body=b"II*\x00...")]) as (_, transport):
        assert get(transport, check=must_be_tiff).requests == 2


@pytest.mark.parametrize(
    "fault",
    [
        gzipped(b"").and_(body=b"not packed at all"),
        gzipped(b"pixels" * 100).and_(body=gzipped(b"pixels" * 100).body[:-9]),
        gzipped(b"pixels" * 100).and_(body=gzipped(b"pixels" * 100).body[:-8] + b"\0" * 8),
        Answer(headers=(("Content-Encoding", "br"),)),
    ],
    ids=["no gzip", "cut", "wrong sum", "another packing"],
)
def test_f32_a_damaged_packing_is_asked_for_again(tmp_path, fault):
    with served(tmp_path, [fault, gzipped(b"the pixels")]) as (_, transport):
        reply = get(transport)
        assert (reply.body, reply.requests) == (b"the pixels", 2)
    with served(tmp_path / "b", fault) as (_, transport):
        assert fails(transport, IntegrityError).requests == 3


@pytest.mark.parametrize(
    "fault",
    [
        Answer(body=b"x" * 200_000),
        Answer(body=b"x", length=10**12),
        Answer(body=b"x" * 200_000, chunked=True),
        gzipped(b"\0" * 100_000_000),
    ],
    ids=["long", "claims a terabyte", "chunks", "bomb"],
)
def test_f33_more_than_was_wanted_is_cut_off_and_refused(tmp_path, fault):
    with served(tmp_path, fault) as (_, transport):
        error = fails(transport, IntegrityError, most_bytes=100_000)
        assert error.requests == 1
        assert "larger than the 100000 bytes" in str(error)


def test_f33_an_answer_there_is_no_memory_for_is_transient_and_not_the_servers_fault(
    tmp_path, monkeypatch
):
    def full(*_):
        raise MemoryError

    with served(tmp_path, GOOD) as (_, transport):
        with monkeypatch.context() as patch:
            patch.setattr("imagery.net.wire.read_whole", full)
            for _ in range(FAILURES + 1):
                assert fails(transport, Transient).requests == 1
        assert get(transport).body == b"the pixels"


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/stolen",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data",
        "/x",
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_f34_nobody_is_followed_anywhere(tmp_path, to, status):
    with FaultyServer({"/stolen": GOOD}) as other:
        script = redirect(to.format(port=other.port), status)
        with served(tmp_path, script) as (server, transport):
            assert "never followed" in str(fails(transport, Permanent))
            assert len(server.log) == 1
        assert other.log == []


def test_f34_no_other_address_than_the_accounts_is_asked(tmp_path):
    with FaultyServer({"/x": GOOD}) as other, served(tmp_path, GOOD) as (_, transport):
        for url in (f"{other.url}/x", "http://169.254.169.254/", "file:///etc/passwd"):
            with pytest.raises(Permanent) as caught:
                transport.send(Request("GET", url), Deadline.after(1))
            assert caught.value.requests == 0
        assert other.log == []


def test_f36_a_407_is_permanent(tmp_path):
    with served(tmp_path, Answer(407, b"")) as (_, transport):
        assert fails(transport, Permanent).requests == 1


def test_f36_a_proxy_that_wants_a_password_is_permanent_and_none_is_taken_from_elsewhere(
    tmp_path, monkeypatch
):
    with FaultyServer(lambda asked: Answer(407, b"")) as proxy:
        for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        with served(tmp_path, GOOD) as (_, transport):
            get(transport)
            assert proxy.log == []
            account = account_of(proxy, tmp_path, origins=("https://sh.example",), proxy=proxy.url)
        error = fails(Transport(account, QUICK), Permanent)
        assert "407" in str(error)
        assert [asked.method for asked in proxy.log] == ["CONNECT"]


def test_f37_a_body_that_only_the_close_ends_is_read(tmp_path):
    body = b"II*\x00" + bytes(200_000)
    with served(tmp_path, Answer(body=body, close_delimited=True)) as (_, transport):
        assert get(transport).body == body


def test_f38_the_bytes_count_and_not_what_they_are_called(tmp_path):
    answer = GOOD.and_(headers=(("Content-Type", "text/html"),))
    with served(tmp_path, answer) as (_, transport):
        reply = get(transport)
        assert (reply.body, reply.headers["content-type"]) == (b"the pixels", "text/html")
        assert reply.sha256 == hashlib.sha256(b"the pixels").hexdigest()


# Encryption.


@pytest.fixture(scope="module")
def certificates(tmp_path_factory, require_system):
    """Make an authority, and of it a good, a foreign and an expired certificate."""
    openssl = require_system("openssl", "openssl")
    folder = tmp_path_factory.mktemp("tls")

    def run(*arguments):
        subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    usable = "keyUsage=critical,keyCertSign,cRLSign"
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority",
        "-days", "2", "-addext", usable)  # fmt: skip
    for name, host, days in (
        ("good", "IP:127.0.0.1", "1"),
        ("foreign", "DNS:elsewhere.example", "1"),
        ("expired", "IP:127.0.0.1", "-1"),
    ):
        (folder / "ext").write_text(f"subjectAltName={host}\nauthorityKeyIdentifier=keyid\n")
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", f"{name}.pem", "-days", days, "-extfile", "ext")  # fmt: skip
    return folder


def over_tls(certificates, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    return FaultyServer({"/x": GOOD, "/slow": Answer(body=b"x" * 1000, trickle=0.1)}, tls=context)


def test_f35_a_server_that_shows_the_right_certificate_is_believed(tmp_path, certificates):
    with over_tls(certificates, "good") as server:
        account = account_of(server, tmp_path, certificates=certificates / "ca.pem")
        transport = Transport(account, QUICK)
        assert get(transport).body == b"the pixels"
        # The deadline holds on an encrypted connection too.
        fails(transport, Transient, 0.5, path="/slow")


@pytest.mark.parametrize(
    ("name", "trusted", "why"),
    [
        ("good", False, "unable to get local issuer"),
        ("foreign", True, "for another name"),
        ("expired", True, "expired"),
    ],
)
def test_f35_any_other_certificate_is_refused_before_anything_is_said(
    tmp_path, certificates, name, trusted, why
):
    with over_tls(certificates, name) as server:
        trust = {"certificates": certificates / "ca.pem"} if trusted else {}
        transport = Transport(account_of(server, tmp_path, **trust), QUICK)
        error = fails(transport, Transient)
        assert f"its certificate is not accepted ({why}" in str(error) or why in str(error)
        # Asking again at once would meet the same one.
        assert error.requests == 1
        assert server.log == []


def test_f35_certificates_that_cannot_be_read_are_permanent(tmp_path):
    (tmp_path / "bad.pem").write_text("no certificate")
    for path in (tmp_path / "bad.pem", tmp_path / "absent.pem"):
        with served(tmp_path, GOOD, certificates=path) as (_, transport):
            assert "certificates of the account acc" in str(fails(transport, Permanent))


class Tunnel:
    """A proxy that carries bytes to `port` of this machine, whatever host it is asked for."""

    def __init__(self, port):
        self.port, self.asked = port, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _serve(self):
        with suppress(OSError):
            client, _ = self.listener.accept()
            with client, socket.create_connection(("127.0.0.1", self.port)) as server:
                self.asked.append(client.recv(4096).split(b"\r\n")[0].decode())
                client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                back = threading.Thread(target=self._carry, args=(server, client), daemon=True)
                back.start()
                self._carry(client, server)
                back.join(5)

    def _carry(self, source, target):
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def test_f36_a_proxy_that_the_account_names_carries_and_sees_nothing(tmp_path, certificates):
    with over_tls(certificates, "good") as server, Tunnel(server.port) as proxy:
        account = account_of(
            server, tmp_path, certificates=certificates / "ca.pem", proxy=proxy.url
        )
        transport = Transport(account, QUICK)
        assert get(transport).body == b"the pixels"
        transport.close()
        (asked,) = proxy.asked
        assert asked.startswith(f"CONNECT 127.0.0.1:{server.port} ")


@pytest.mark.parametrize("proxy", ["http://me:secret@127.0.0.1:1", "socks5://127.0.0.1:1", "no"])
def test_f36_a_proxy_with_a_password_or_of_another_kind_is_refused(tmp_path, proxy):
    with FaultyServer({}) as server:
        account = account_of(server, tmp_path, origins=("https://sh.example",), proxy=proxy)
        assert "secret" not in str(fails(Transport(account, QUICK), Permanent))


# What is shown.


@pytest.mark.parametrize(
    "fault",
    [
        Answer(500),
        Answer(404, b"no such key " + URL_KEY.encode()),
        Answer(body=b"pix", length=10),
        Answer(body=b""),
        drops(),
        redirect("https://elsewhere.example/" + URL_KEY),
        hangs(),
    ],
)
def test_f13_a_private_address_is_shown_nowhere(tmp_path, caplog, fault):
    caplog.set_level(logging.DEBUG)
    script = {"/village": fault}
    with served(tmp_path, script) as (_, transport), pytest.raises(ImageryError) as caught:
        get(transport, 0.4, path="/village" + URL_KEY, private_url=True)
    error = caught.value
    shown = [*traceback.format_exception(error), repr(pickle.dumps(error))]
    while error is not None:
        shown += [str(error), repr(error.args)]
        error = error.__cause__ or error.__context__
    for text in [*shown, caplog.text]:
        assert "the-signature" not in text
    for text in shown:
        assert "village" not in text or "Request(" in text or "get(" in text


def test_f13_a_pickled_transport_is_the_account_and_nothing_else(tmp_path):
    with served(tmp_path, GOOD) as (_, transport):
        get(transport)
        again = pickle.loads(pickle.dumps(transport))
        assert again.account == transport.account
        assert len(pickle.dumps(again)) < 2000
        assert get(again).body == b"the pixels"


def test_a_request_that_cannot_be_put_on_the_wire_is_permanent_and_not_quoted(tmp_path):
    with served(tmp_path, GOOD) as (server, transport):
        bad = (("X-Key", "secret\r\nHost: evil.example"),)
        assert "secret" not in str(fails(transport, Permanent, headers=bad))
        assert server.log == []


# Threads, deadlines, and the closed network.


@pytest.mark.parametrize("where", ["gate", "back-off", "token", "answer"])
def test_f75_whatever_it_waits_for_a_call_ends_with_its_deadline(tmp_path, where):
    script = {"answer": hangs(), "back-off": Answer(503), "gate": GOOD, "token": GOOD}[where]
    limits = {"requests_per_minute": 1.0} if where == "gate" else {}
    patience = Patience(first_s=90.0, longest_s=90.0, random=lambda: 1.0)
    with served(tmp_path, script, patience, **limits) as (_, transport):
        if where == "gate":
            get(transport)
        fails(transport, Transient, 0.4, authorised=where == "token")


def test_f75_a_deadline_that_has_passed_sends_nothing(tmp_path):
    with served(tmp_path, GOOD) as (server, transport):
        assert fails(transport, Transient, 0.0).requests == 0
        assert server.log == []


def test_a_short_deadline_does_not_blame_the_server(tmp_path):
    script = {"/x": Answer(pause=0.2, body=b"the pixels")}
    with served(tmp_path, script) as (_, transport):
        for _ in range(FAILURES + 1):
            fails(transport, Transient, 0.05)
        assert get(transport).body == b"the pixels"


def test_threads_share_connections_and_get_their_own_answers(tmp_path):
    with FaultyServer(lambda asked: Answer(body=asked.target.encode())) as server:
        transport = Transport(account_of(server, tmp_path), QUICK)
        with ThreadPoolExecutor(8) as pool:
            bodies = list(pool.map(lambda n: get(transport, path=f"/x?{n}").body, range(200)))
        assert bodies == [f"/x?{n}".encode() for n in range(200)]
        assert server.connections <= 16


def test_a_piece_is_asked_for_as_it_is_and_a_whole_may_be_packed(tmp_path):
    with served(tmp_path, Answer(206, b"piece")) as (server, transport):
        assert get(transport, headers=(("Range", "bytes=0-4"),)).status == 206
        get(transport)
        assert [a.headers["accept-encoding"] for a in server.log] == ["identity", "gzip"]


def test_f79_a_request_that_would_leave_this_machine_fails_the_suite(tmp_path, _outside_attempts):
    with FaultyServer({}) as server:
        account = account_of(server, tmp_path, origins=("https://192.0.2.1",))
        with pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
            get(Transport(account, QUICK))
    assert len(_outside_attempts) == 1
    _outside_attempts.clear()
