"""The stand-in's accounts: tokens, rate and quota are as strict as the real ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest

from tests.standin import Standin, account
from tests.support.catalogue import make_catalogue, uniform
from tests.support.plain_client import ask, ask_token, bearer, process, process_body, token


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    return make_catalogue(
        tmp_path_factory.mktemp("account"), [date(2020, 6, 1)], uniform(B04=1500, B8A=3000)
    )


def test_a_token_opens_the_door_until_it_is_revoked(catalogue):
    with Standin(catalogue) as server:
        opened = token(server)
        assert process(server, process_body(), opened).status == 200
        server.tokens.revoke()
        assert process(server, process_body(), opened).status == 401
        assert server.tokens_issued == 1
        assert process(server, process_body(), token(server)).status == 200
        assert server.tokens_issued == 2


@pytest.fixture
def clock(monkeypatch):
    """The account's clock, which the test turns."""
    turned = SimpleNamespace(now=100.0)
    monkeypatch.setattr(account, "time", SimpleNamespace(monotonic=lambda: turned.now))
    return turned


def test_a_token_ends_when_it_says_and_may_say_something_else(catalogue, clock):
    with Standin(catalogue, token_seconds=0.2) as server:
        server.tokens.stated = 600
        got = ask_token(server).json()
        assert got["expires_in"] == 600
        assert process(server, process_body(), got["access_token"]).status == 200
        clock.now += 0.25
        assert process(server, process_body(), got["access_token"]).status == 401


@pytest.mark.parametrize(
    ("wrong", "status", "error"),
    [
        ({"client_secret": "no"}, 401, "invalid_client"),
        ({"client_id": "no"}, 401, "invalid_client"),
        ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
    ],
)
def test_who_is_not_known_gets_no_token(catalogue, wrong, status, error):
    with Standin(catalogue) as server:
        got = ask_token(server, **wrong)
        assert (got.status, got.json()["error"]) == (status, error)
        assert server.tokens_issued == 0


def test_a_rotated_secret_ends_the_old_one(catalogue):
    with Standin(catalogue) as server:
        old = server.account.client_secret
        server.account = replace(server.account, client_secret="another")
        assert ask_token(server, client_secret=old).status == 401
        assert ask_token(server).status == 200


def test_a_person_gets_a_token_that_can_be_renewed_once(catalogue):
    with Standin(catalogue) as server:

        def grant(**form):
            return ask(server.person_token_url, "POST", urlencode(form).encode())

        person = {"username": server.account.username, "password": server.account.password}
        got = grant(grant_type="password", client_id="cdse-public", **person)
        assert got.status == 200
        refresh = got.json()["refresh_token"]
        assert grant(grant_type="refresh_token", refresh_token=refresh).status == 200
        assert grant(grant_type="refresh_token", refresh_token=refresh).status == 400
        wrong = {**person, "password": "no"}
        assert grant(grant_type="password", client_id="cdse-public", **wrong).status == 401


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer no"}, {"Authorization": "no"}])
def test_without_a_token_there_is_nothing(catalogue, headers):
    with Standin(catalogue) as server:
        for path in ("api/v1/process", "api/v1/catalog/1.0.0/search", "api/v1/statistics"):
            assert ask(f"{server.url}/{path}", "POST", {}, headers).status == 401
        assert server.units_spent == 0


def test_too_many_requests_are_told_the_milliseconds_to_wait(catalogue, clock):
    with Standin(catalogue, rate=5.0, burst=1.0) as server:
        opened = token(server)
        assert process(server, process_body(), opened).status == 200
        refused = process(server, process_body(), opened)
        assert refused.status == 429
        wait_ms = int(refused.headers["retry-after"])
        assert 0 < wait_ms <= 201
        clock.now += wait_ms / 1000
        assert process(server, process_body(), opened).status == 200


def test_a_spent_quota_is_403_and_costs_nothing_more(catalogue):
    # 60 x 60 px of one band: the smallest area, 0.01, times 1/3 is below the smallest price.
    with Standin(catalogue, units=0.012) as server:
        opened = token(server)
        assert [process(server, process_body(), opened).status for _ in range(3)] == [200, 200, 403]
        assert server.units_spent == pytest.approx(0.01)
        refused = process(server, process_body(), opened).json()["error"]
        assert refused["code"] == "ACCESS_INSUFFICIENT_PROCESSING_UNITS"
    with Standin(catalogue, requests=1) as server:
        opened = token(server)
        assert [process(server, process_body(), opened).status for _ in range(2)] == [200, 403]


def test_the_log_holds_no_secret(catalogue):
    with Standin(catalogue) as server:
        opened = token(server)
        process(server, process_body(), opened)
        ask(f"{server.url}/nowhere?a=1&sig=hidden", headers=bearer(opened))
        told = repr(server.calls()) + repr(server.account)
        for secret in (opened, server.account.client_secret, server.account.password, "hidden"):
            assert secret not in told
        first, second, third = server.calls()
        assert (first.route, second.route, third.route) == ("token", "process", "unknown")
        assert second.bearer == third.bearer is not None
        assert (second.status, third.status) == (200, 404)
        assert second.sent > 100 and second.received > 100
        assert second.units == pytest.approx(0.005)
        assert third.query == {"a": "1"}
