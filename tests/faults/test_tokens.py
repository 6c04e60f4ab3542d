"""Faults of authentication: one token for all, however badly it is given."""

from __future__ import annotations

import json
import logging
import multiprocessing
import pickle
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email.utils import formatdate

import pytest

from imagery.errors import ImageryError, Permanent, Transient
from imagery.net import tokens
from imagery.net.tokens import Credentials, TokenKeeper
from imagery.net.transport import Transport
from imagery.net.types import Deadline, Request
from tests.support.asking import QUICK, SECRET, TokenServer, account_of, write_credentials
from tests.support.faulty import Answer, FaultyServer, hangs, redirect, too_many
from tests.support.waiting import PATIENCE_S, held_up_by_nothing, until


@contextmanager
def kept(tmp_path, handler, **changes):
    """Serve, keep a token, and give (server, account, transport)."""
    with FaultyServer(handler) as server:
        account = account_of(server, tmp_path, **changes)
        credentials = Credentials.read(write_credentials(tmp_path / "credentials.json"))
        with TokenKeeper(account, credentials, patience=QUICK, poll_s=0.02):
            yield server, account, Transport(account, QUICK)


def get(transport, seconds=20.0, path="/data"):
    url = transport.account.origins[0] + path
    return transport.send(Request("GET", url, authorised=True), Deadline.after(seconds))


def shared_token(tmp_path):
    path = tmp_path / "acc" / "token"
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("status", [500, 503])
def test_f1_a_token_server_that_stumbles_once_is_asked_again(tmp_path, status):
    handler = TokenServer(first=[Answer(status, b"<html>sorry</html>")])
    with kept(tmp_path, handler) as (server, _, transport):
        assert get(transport).body == b"pixels"
        assert len(server.asked("/token")) == 2


def test_f2_a_token_server_that_hangs_holds_nobody_beyond_their_deadline(tmp_path):
    with (
        FaultyServer({"/token": hangs(), "/open": Answer(body=b"free")}) as server,
        TokenKeeper(
            account_of(server, tmp_path), Credentials("me", SECRET), patience=QUICK, poll_s=0.02
        ),
    ):
        transport = Transport(account_of(server, tmp_path), QUICK)
        with ThreadPoolExecutor(4) as pool, held_up_by_nothing():
            waiting = [pool.submit(get, transport, 1.0) for _ in range(3)]
            url = f"{server.url}/open"
            assert transport.send(Request("GET", url), Deadline.after(30.0)).body == b"free"
            for each in waiting:
                assert isinstance(each.exception(), Transient)


@pytest.mark.parametrize("unit", ["ms", "s"])
def test_f3_a_busy_token_server_is_given_the_time_it_asks_for(tmp_path, unit):
    asked = "300" if unit == "ms" else "0.3"
    handler = TokenServer(first=[too_many(asked)])
    with kept(tmp_path, handler, retry_after=unit) as (server, _, transport):
        get(transport)
        first, second = server.asked("/token")
        assert 0.3 <= second.at - first.at < PATIENCE_S


@pytest.mark.parametrize(
    "body",
    [
        b"<html>login</html>",
        b'{"access_token": "t"',
        b"[]",
        b'{"access_token": "t"}',
        b'{"access_token": "t", "expires_in": null}',
        b'{"access_token": "t", "expires_in": NaN}',
        b'{"access_token": "t", "expires_in": -1}',
        b'{"access_token": "t\\r\\nHost: evil", "expires_in": 600}',
        b'{"access_token": 5, "expires_in": 600}',
        b"",
        b"[" * 5000,
    ],
)
def test_f4_an_answer_that_is_no_token_is_transient_and_never_used(tmp_path, body):
    with kept(tmp_path, {"/token": Answer(body=body)}) as (server, _, transport):
        until(lambda: "trouble" in shared_token(tmp_path))
        with pytest.raises(Transient, match="no token for the account acc came in time: "):
            get(transport, 0.15)
        assert server.asked("/data") == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, b'{"error":"invalid_client","error_description":"no such client"}'),
        Answer(400, b'{"error":"unauthorized_client"}'),
        redirect("http://127.0.0.1:1/token"),
    ],
)
def test_f5_refused_credentials_are_permanent_for_all_and_not_tried_again(tmp_path, answer, caplog):
    with kept(tmp_path, {"/token": answer}) as (server, _, transport):
        with ThreadPoolExecutor(8) as pool:
            failed = [pool.submit(get, transport) for _ in range(16)]
        assert {type(each.exception()) for each in failed} == {Permanent}
        assert "check the credentials of the account acc" in str(failed[0].exception())
        time.sleep(0.2)
        assert len(server.log) == 1
    alerts = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert len(alerts) == 1


def test_f6_a_token_is_renewed_before_it_expires_while_work_goes_on(tmp_path, monkeypatch):
    # Four fifths of its life before the end instead of one: the test need not wait so long.
    monkeypatch.setattr(tokens, "EARLY_SHARE", 0.8)
    with kept(tmp_path, TokenServer(lifetime=5.0)) as (server, _, transport):

        def renewed():
            assert get(transport).requests == 1  # never a 401
            return len({a.headers["authorization"] for a in server.asked("/data")}) > 1

        until(renewed)
        first, second = server.asked("/token")[:2]
        assert second.at - first.at >= 1.0


@pytest.mark.parametrize(
    ("life", "renewed"), [(3600, 3540), (600, 540), (300, 240), (100, 80), (5, 4), (0.5, 1.0)]
)
def test_f6_it_is_renewed_a_minute_or_a_fifth_of_its_life_before_the_end(life, renewed):
    assert tokens.renewal_in(life) == pytest.approx(renewed)


def test_f7_a_revoked_token_is_replaced_once_and_the_work_is_done(tmp_path):
    handler = TokenServer()
    with kept(tmp_path, handler) as (server, _, transport):
        get(transport)
        handler.revoke_all()
        assert get(transport).requests == 2
        with ThreadPoolExecutor(8) as pool:
            assert all(r.requests == 1 for r in pool.map(lambda _: get(transport), range(16)))
        assert len(server.asked("/token")) == 2


def test_f8_a_second_refusal_is_permanent_and_opens_no_row_of_sessions(tmp_path):
    handler = TokenServer(refuses_all=True)
    with kept(tmp_path, handler) as (server, _, transport):
        with pytest.raises(Permanent, match=r"and the next one too \(401\)") as caught:
            get(transport)
        assert caught.value.requests == 2
        for _ in range(5):
            with pytest.raises(Permanent):
                get(transport)
        assert len(server.asked("/token")) == 2


def test_f9_a_short_life_does_not_mean_a_token_per_request(tmp_path):
    with kept(tmp_path, TokenServer(lifetime=20.0)) as (server, _, transport):
        for _ in range(20):
            get(transport, 20.0)
        assert len(server.asked("/token")) == 1


def test_f9_a_token_that_is_over_when_it_comes_is_not_asked_for_without_end(tmp_path):
    with kept(tmp_path, TokenServer(lifetime=0.001)) as (server, _, transport):
        began = time.monotonic()
        until(lambda: server.asked("/token"))
        for _ in range(10):
            with pytest.raises(Transient):
                get(transport, 0.05)
        assert len(server.asked("/token")) <= 1 + time.monotonic() - began


def test_f10_a_rotated_secret_opens_a_new_session_without_a_restart(tmp_path):
    handler = TokenServer()
    with kept(tmp_path, handler) as (server, _, transport):
        get(transport)
        handler.secret = "another-secret-altogether"
        write_credentials(tmp_path / "credentials.json", handler.secret)
        until(lambda: "t2" in shared_token(tmp_path))
        get(transport)
        assert server.asked("/data")[-1].headers["authorization"] == "Bearer t2"


def test_f10_a_token_of_another_secret_is_not_taken_over_and_one_of_the_same_is(tmp_path):
    handler = TokenServer()
    for expected in (1, 1):
        with kept(tmp_path, handler) as (_, _, transport):
            get(transport)
        assert len(handler.issued) == expected
    handler.secret = "another-secret-altogether"
    with FaultyServer(handler) as server:
        account = account_of(server, tmp_path)
        with TokenKeeper(account, Credentials("me", handler.secret), patience=QUICK, poll_s=0.02):
            get(Transport(account, QUICK))
    assert len(handler.issued) == 2


def _work(account, count):
    transport = Transport(account, QUICK)
    return sum(get(transport, 20.0).requests for _ in range(count))


def test_f11_workers_that_start_cold_share_one_token(tmp_path):
    with kept(tmp_path, TokenServer()) as (server, account, transport):
        spawn = multiprocessing.get_context("spawn")
        with spawn.Pool(2) as processes, ThreadPoolExecutor(8) as threads:
            there = processes.starmap_async(_work, [(account, 5)] * 4)
            here = list(threads.map(lambda _: get(transport).requests, range(20)))
            assert sum(there.get(60)) + sum(here) == 40
        assert len(server.asked("/token")) == 1
        assert len(server.asked("/data")) == 40


def test_f11_two_that_coordinate_share_one_token_and_one_takes_over(tmp_path):
    with kept(tmp_path, TokenServer()) as (server, account, transport):
        first = TokenKeeper(account, Credentials("me", SECRET), patience=QUICK, poll_s=0.02)
        with first:
            get(transport)
            time.sleep(0.1)
        assert len(server.asked("/token")) == 1
        get(transport)


def test_f74_the_next_that_coordinates_takes_over_when_the_first_is_gone(tmp_path):
    handler = TokenServer()
    with FaultyServer(handler) as server:
        account = account_of(server, tmp_path)
        transport = Transport(account, QUICK)
        credentials = Credentials("me", SECRET)
        with (
            TokenKeeper(account, credentials, patience=QUICK, poll_s=0.02) as first,
            TokenKeeper(account, credentials, patience=QUICK, poll_s=0.02),
        ):
            get(transport)
            first.__exit__(None, None, None)
            handler.revoke_all()
            assert get(transport).requests == 2
        assert len(server.asked("/token")) == 2


@pytest.mark.parametrize("skew", [-600, 0, 600])
def test_f12_the_servers_clock_does_not_matter(tmp_path, skew):
    """Ten minutes fast or slow: its token lives as long as it says, counted here."""
    theirs = time.time() + skew
    handler = TokenServer(
        lifetime=5.0, extra={"expires_at": theirs + 5.0, "iat": theirs, "exp": theirs + 5.0}
    )

    def skewed(asked):
        return handler(asked).and_(headers=(("Date", formatdate(theirs, usegmt=True)),))

    with kept(tmp_path, skewed) as (server, _, transport):
        for _ in range(20):
            assert get(transport).requests == 1
        assert len(server.asked("/token")) == 1
        kept_file = json.loads((tmp_path / "acc" / "token").read_text())
        assert 4.0 < kept_file["lifetime_s"] <= 5.0


def test_f13_no_pickle_log_text_traceback_file_or_address_holds_the_secret(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    echo = f'{{"error":"invalid_client","error_description":"no {SECRET} here"}}'
    shown = []
    credentials = Credentials.read(write_credentials(tmp_path / "credentials.json"))
    handler = TokenServer(first=[Answer(503, echo.encode()), Answer(401, echo.encode())])
    with FaultyServer(handler) as server:
        account = account_of(server, tmp_path)
        transport = Transport(account, QUICK)
        keeper = TokenKeeper(account, credentials, patience=QUICK, poll_s=0.02)
        with keeper:
            try:
                get(transport)
            except ImageryError as error:
                shown += traceback.format_exception(error)
                shown.append(repr(pickle.dumps(error)))
        # The credentials are good after all, for a keeper that is new.
        with TokenKeeper(account, credentials, patience=QUICK, poll_s=0.02):
            get(transport)
        token = next(iter(handler.issued))
        for private in (credentials, keeper):
            with pytest.raises(TypeError, match="secret"):
                pickle.dumps(private)
        shown += [repr(credentials), str(credentials), repr(keeper), repr(transport)]
        shown += [repr(pickle.dumps(transport)), repr(pickle.dumps(account)), caplog.text]
        shown += [asked.target for asked in server.log]
        shared = [path.read_text() for path in (tmp_path / "acc").iterdir()]
    assert len(shown) > 10
    for text in shown + shared:
        assert SECRET not in text
    for text in shown:
        assert f'"{token}"' not in text
        assert f"Bearer {token}" not in text
    assert [p.stat().st_mode & 0o077 for p in (tmp_path / "acc").iterdir()] == [0] * len(shared)


def test_a_worker_without_a_keeper_is_told_so_and_uses_a_token_that_is_still_good(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("imagery.net.token_file.GRACE_S", 0.1)
    handler = TokenServer()
    with FaultyServer(handler) as server:
        account = account_of(server, tmp_path)
        transport = Transport(account, QUICK)
        with pytest.raises(Transient, match="nobody keeps a token for the account acc"):
            get(transport)
        with TokenKeeper(account, Credentials("me", SECRET), patience=QUICK, poll_s=0.02):
            get(transport)
        assert get(transport).body == b"pixels"
        handler.revoke_all()
        with pytest.raises(Transient, match="nobody keeps a token"):
            get(transport)


def test_a_token_is_asked_for_only_where_the_account_may_ask(tmp_path):
    with FaultyServer(TokenServer()) as server, FaultyServer(TokenServer()) as other:
        account = account_of(server, tmp_path, token_url=f"{other.url}/token")
        with (
            pytest.raises(Permanent, match="not among the addresses"),
            TokenKeeper(account, Credentials("me", SECRET)),
        ):
            pass
        assert other.log == []


def test_a_token_that_others_could_have_put_there_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("imagery.net.token_file.GRACE_S", 0.1)
    handler = TokenServer(issued={"planted": time.monotonic() + 600})
    with FaultyServer(handler) as server:
        account = account_of(server, tmp_path)
        (tmp_path / "acc").mkdir()
        planted = tmp_path / "acc" / "token"
        planted.write_text(json.dumps({"token": "planted", "lifetime_s": 600}))
        planted.chmod(0o666)
        with pytest.raises(Transient):
            get(Transport(account, QUICK))
        assert server.asked("/data") == []
