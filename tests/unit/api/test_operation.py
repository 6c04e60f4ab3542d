"""Figures, request ids, rates and proxies: what they tell, and that they tell nothing of places."""

import asyncio
import re

import httpx
import pytest
from fastapi import Request
from prometheus_client.parser import text_string_to_metric_families

from api import problems
from api.app import create_app
from api.measured import LEASES, LEAST_LETTERS
from api.rates import BURST_SECONDS, Buckets
from hearthwatch.errors import SettingsError, StoreLocked
from hearthwatch.keys import new_key
from hearthwatch.records import AlarmKind, Role, RunOutcome
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a

TOKEN = "a-token-for-the-figures-alone"
STRANGER = "203.0.113.9"


class Client:
    """Asks an application from an address."""

    def __init__(self, app, address):
        self.app = app
        self._from = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 4242))

    def request(self, method, path, headers=None):
        return asyncio.run(self._asked(method, path, headers))

    def get(self, path, headers=None):
        return self.request("GET", path, headers)

    async def _asked(self, method, path, headers):
        async with httpx.AsyncClient(transport=self._from, base_url="http://here") as client:
            return await client.request(method, path, headers=headers)


@pytest.fixture
def key():
    return new_key("ours", "one", Role.ADMIN, a.NOON)


@pytest.fixture
def store(key):
    made = a.with_region(MemoryStore())
    with made.transaction() as tx:
        tx.put_organisation(a.organisation())
        tx.put_key(key[0])
        tx.put_run(a.run(outcome=RunOutcome.WAITING))
        tx.put_pause(a.pause())
    return made


@pytest.fixture
def serve(store, tmp_path):
    """Return `f(client's address, **settings)`, a client of a service."""

    def made(address=STRANGER, **settings):
        settings = load_settings(data_dir=tmp_path, **settings)
        app = create_app(settings, store)
        return Client(app, address)

    return made


@pytest.fixture
def token(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


def bearer(word):
    return {"Authorization": f"Bearer {word}"}


def figures(client):
    answered = client.get("/metrics", headers=bearer(TOKEN))
    assert answered.status_code == 200
    return list(text_string_to_metric_families(answered.text))


ASKED = ("/events/evt-1", "/regions/reg-1", "/regions/Quiet", "/whoami", "/nothing/36N_1_1",
         "/tiles/24.5/13.1", "/events?bbox=24,13,25,14", "/%2e%2e/x", "/metrics")  # fmt: skip


def test_figures_have_no_place_id_name_or_organisation_in_any_label(serve, store, token, key):
    client, shown = serve(metrics_token=token), key[1]
    for path in ASKED:
        for method in ("GET", "POST", "HEAD", "PURGE", "OPTIONS", "DELETE"):
            client.request(method, path, headers=bearer(shown))
            client.request(method, path)
    templates = {*client.app.openapi()["paths"], "/", "/assets", "/openapi.json", "none"}
    methods = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "other"}
    seen = set()
    for family in figures(client):
        for sample in family.samples:
            labels = dict(sample.labels)
            labels.pop("le", None)
            seen |= {labels.get("route")} - {None}
            assert labels.pop("route", "none") in templates
            assert labels.pop("method", "GET") in methods
            assert re.fullmatch(r"[1-5]\d\d", labels.pop("status", "200"))
            assert labels.pop("what", LEASES[0]) in LEASES
            assert labels.pop("kind", "no_data") in set(AlarmKind)
            assert labels == {}
    assert len(seen) >= 4
    assert "none" in seen


def test_figures_are_right(serve, token):
    client = serve(metrics_token=token)
    for _ in range(3):
        assert client.get("/healthz").status_code == 200
    values = {
        (sample.name, sample.labels.get("route"), sample.labels.get("status")): sample.value
        for family in figures(client)
        for sample in family.samples
    }
    assert values["hearthwatch_requests_total", "/healthz", "200"] == 3
    assert values["hearthwatch_request_seconds_count", "/healthz", None] == 3
    assert values["hearthwatch_runs_waiting", None, None] == 1
    assert values["hearthwatch_provider_pauses", None, None] == 1
    assert values["hearthwatch_alert_sent_seconds_count", None, None] == 0
    assert values["hearthwatch_store_up", None, None] == 1
    assert values["hearthwatch_disk_free_bytes", None, None] > 1e6
    assert values["hearthwatch_audit_waiting", None, None] == 0


SHOWN = ({}, bearer("wrong"), bearer(""), {"Authorization": TOKEN}, bearer(TOKEN + "é"),
         {"Authorization": f"Basic {TOKEN}"})  # fmt: skip


def test_to_a_stranger_figures_are_an_address_that_there_is_not(serve, token):
    client, without = serve(metrics_token=token), serve()
    for method in ("GET", "POST", "OPTIONS", "DELETE"):
        for words in SHOWN:
            headers = {name: value.encode("latin-1") for name, value in words.items()}
            asked = [
                one.request(method, path, headers=headers)
                for one, path in ((client, "/metrics"), (client, "/metrixx"), (without, "/metrics"))
            ]
            told = [(one.status_code, one.content, _fields(one)) for one in asked]
            assert told[0] == told[1] == told[2]


def _fields(answered):
    return {name: value for name, value in answered.headers.items() if name != "x-request-id"}


def test_without_a_token_nothing_opens_the_figures(serve):
    assert serve().get("/metrics", headers=bearer("")).status_code == 404


def test_a_token_that_others_can_read_or_guess_is_refused(serve, token):
    token.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        serve(metrics_token=token)
    token.chmod(0o600)
    token.write_text("x" * (LEAST_LETTERS - 1))
    with pytest.raises(SettingsError, match="openssl rand"):
        serve(metrics_token=token)


def test_a_request_has_an_id_of_its_own_that_no_caller_chooses(serve):
    client = serve()
    first = client.get("/healthz", headers={"X-Request-Id": "mine"}).headers["x-request-id"]
    second = client.get("/nothing").headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    assert first != second


def test_who_asks_too_much_is_told_when_to_come_back(serve, key):
    client = serve(requests_per_second=0.1)  # A burst of two; of an address, of ten.
    asked = [client.get("/whoami", headers=bearer(key[1])) for _ in range(3)]
    assert [one.status_code for one in asked] == [200, 200, 429]
    assert 1 <= int(asked[2].headers["retry-after"]) <= 10
    assert asked[2].headers["content-type"] == "application/problem+json"
    assert asked[2].headers["cache-control"] == "private, no-store"
    assert client.get("/whoami", headers=bearer("hw_another")).status_code == 401


def test_a_strangers_429_is_the_same_whatever_is_asked_and_shown(serve, key):
    client = serve(requests_per_second=0.01)  # Of an address, one.
    client.get("/healthz")
    answers = {
        (one.status_code, one.content, tuple(sorted(_without_time(one).items())))
        for path in ("/events/evt-1", "/nothing", "/metrics", "/regions", "/healthz")
        for headers in ({}, bearer(key[1]), bearer("hw_wrong"), {"Cookie": "hearthwatch=x"})
        for one in [client.get(path, headers=headers)]
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 429


def _without_time(answered):
    return {name: v for name, v in _fields(answered).items() if name != "retry-after"}


def test_changing_what_is_shown_does_not_help(serve):
    client = serve(requests_per_second=0.1)
    codes = [client.get("/whoami", headers=bearer(f"hw_{n}")).status_code for n in range(12)]
    assert codes == [401] * 10 + [429] * 2


def test_buckets_fill_again_and_are_bounded():
    now = 0.0
    buckets = Buckets(2.0, most=50, clock=lambda: now)
    size = int(2 * BURST_SECONDS)
    assert [buckets.take(b"a") for _ in range(size)] == [0.0] * size
    assert buckets.take(b"a") == pytest.approx(0.5)
    now += 0.5
    assert buckets.take(b"a") == 0.0
    assert buckets.take(b"a") > 0
    for number in range(1000):
        buckets.take(b"%d" % number)
    assert len(buckets) == 50


def used_up(client, **headers):
    """Tell whether the bucket of the address that a request seems to come from is empty."""
    return client.get("/healthz", headers=headers).status_code == 429


def test_forwarded_addresses_are_believed_of_trusted_proxies_only(serve):
    spoofed = {"X-Forwarded-For": "198.51.100.7"}
    client = serve(STRANGER, requests_per_second=0.01, trusted_proxies="10.0.0.0/8")
    assert not used_up(client)
    # A stranger who names another address every time is still the same stranger.
    assert used_up(client, **spoofed)
    proxy = serve("10.1.2.3", requests_per_second=0.01, trusted_proxies="10.0.0.0/8")
    assert not used_up(proxy, **spoofed)
    assert used_up(proxy, **spoofed)
    assert not used_up(proxy, **{"X-Forwarded-For": "198.51.100.8"})
    # What the caller wrote before the proxy's own entry is not believed.
    assert used_up(proxy, **{"X-Forwarded-For": "192.0.2.1, 198.51.100.8"})
    nobody = serve("10.1.2.3", requests_per_second=0.01)
    assert not used_up(nobody, **spoofed)
    assert used_up(nobody, **{"X-Forwarded-For": "198.51.100.9"})


@pytest.mark.parametrize(("address", "trusts", "believed"), [
    ("10.1.2.3", "10.1.2.3", True), (STRANGER, "10.1.2.3", False), ("10.1.2.3", "", False),
])  # fmt: skip
def test_the_scheme_is_believed_of_trusted_proxies_only(serve, address, trusts, believed):
    client = serve(address, trusted_proxies=trusts)
    seen = []

    @client.app.get("/scheme-of-a-test", include_in_schema=False)
    def _(request: Request) -> dict[str, str]:
        seen.append(request.url.scheme)
        return {}

    client.get("/scheme-of-a-test", headers={"X-Forwarded-Proto": "https"})
    assert seen == ["https" if believed else "http"]


@pytest.mark.parametrize("word", ["*", "0.0.0.0/0", "::/0", "proxy.example", "10.0.0.1/8"])
def test_a_proxy_that_is_everybody_or_no_address_is_refused(word):
    with pytest.raises(SettingsError):
        load_settings(trusted_proxies=word)


def test_without_room_on_the_disk_it_is_not_ready_and_does_not_say_why(serve, monkeypatch):
    client = serve()
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr("api.routes.service.LEAST_FREE_BYTES", 10**18)
    answered = client.get("/readyz")
    assert answered.status_code == 503
    assert "disk" not in answered.text
    assert answered.headers["retry-after"] == "5"


def test_a_database_that_is_away_is_said_in_the_log_and_not_called_another_process(
    serve, store, key, monkeypatch, caplog
):
    client, away = serve(), "The database server cannot be reached."

    def refuse(*_):
        raise StoreLocked(away)

    monkeypatch.setattr(store, "organisations", refuse)
    monkeypatch.setattr(store, "key", refuse)
    problems._told.clear()
    ready = client.get("/readyz")
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "5")
    assert away not in ready.text
    assert f"not ready: {away}" in caplog.text
    caplog.clear()
    for _ in range(3):
        asked = client.get("/events", bearer(key[1]))
        assert asked.status_code == 503
        assert "or their database is away" in asked.json()["detail"]
        assert away not in asked.text
    assert caplog.text.count(away) == 1
