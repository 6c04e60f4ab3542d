"""Signing in, forged changes, who may do what, keys and passes, over a real server."""

from __future__ import annotations

import dataclasses
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.doors import SECURE_COOKIE
from api.routes import sessions
from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import new_person
from hearthwatch.access.scopes import scopes_of
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.records import Organisation, Role, Scope
from hearthwatch.settings import load_settings
from hearthwatch.store import Store, open_store
from tests.support.served import listening

RIGHT = "wolf birch cup ten"
FORM = "X-Hearthwatch-Form"
NOWHERE = "nobody-has-this"
FIXED = {"style": "false_colour", "z": "0", "x": "0", "y": "0", "form": "png", "name": "events"}
CHANGING = ("post", "put", "patch", "delete")


@dataclass(frozen=True)
class House:
    """A server with people of two organisations."""

    url: str
    folder: Path
    store: Store
    document: dict[str, Any]

    def client(self, key: str = "", **headers: str) -> httpx.Client:
        if key:
            headers["Authorization"] = f"Bearer {key}"
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    @contextmanager
    def signed_in(self, login: str, password: str = RIGHT) -> Iterator[tuple[httpx.Client, str]]:
        """Give a client with a cookie, and the form token."""
        with self.client() as client:
            answer = client.post("/session", json={"login": login, "password": password})
            assert answer.status_code == 201, answer.text
            yield client, answer.json()["form"]

    def key(self, role: Role, scopes: tuple[str, ...] = ()) -> str:
        made, shown = new_key("ours", "a key", role, datetime.now(UTC), scopes=scopes)
        with self.store.transaction() as tx:
            tx.put_key(made)
        return shown

    def routes(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, item in self.document["paths"].items():
            address = re.sub(r"{(\w+)}", lambda m: FIXED.get(m[1], NOWHERE), path)
            for method, operation in item.items():
                yield method, address, operation


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    Layout(folder).make()
    store = open_store(Layout(folder).database, write=True, alone=False)
    kept, now = Passwords().hash(RIGHT), datetime.now(UTC)
    with store.transaction() as tx:
        for organisation in ("ours", "theirs"):
            tx.put_organisation(Organisation(organisation, organisation, now))
            for role in Role:
                made = new_person(organisation, role.value, role.value, role, now)
                tx.put_person(dataclasses.replace(made, password=kept))
    with listening(load_settings(data_dir=folder), store) as url:
        yield House(url, folder, store, httpx.get(f"{url}/openapi.json", timeout=60).json())
    store.close()


@pytest.fixture
def admin(house: House) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """Our administrator's browser, and the field that changes come with."""
    with house.signed_in("admin@ours") as (client, form):
        yield client, {FORM: form}


def sent_to(method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Return a body of the kind that an operation reads, with nothing in it."""
    kinds = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in kinds:
        return {"files": {"file": ("nothing.geojson", b"{}")}}
    return {"json": {}} if method in CHANGING else {}


def problem(answer: httpx.Response) -> str:
    """Return the short name of a problem; empty for what is none."""
    if answer.headers.get("content-type") != "application/problem+json":
        return ""
    return str(answer.json()["type"].rpartition(":")[2])


class TestSigningIn:
    def test_the_cookie_is_closed_to_scripts_and_other_hosts(self, house: House) -> None:
        with house.signed_in("admin@ours") as (client, form):
            answer = client.post("/session", json={"login": "admin@ours", "password": RIGHT})
            field = answer.headers["set-cookie"]
            for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"):
                assert part in field
            assert "Secure" not in field
            who = client.get("/whoami").json()
            assert (who["organisation"], who["role"]) == ("ours", "admin")
            assert client.get("/session").json()["form"] == answer.json()["form"] != form

    def test_over_tls_it_is_this_hosts_alone(self, house: House, tmp_path: Path) -> None:
        over_tls = load_settings(data_dir=tmp_path, public_url="https://watch.example:8443/")
        with (
            listening(over_tls, house.store) as url,
            httpx.Client(base_url=url, timeout=60) as client,
        ):
            sent = {"login": "admin@ours", "password": RIGHT}
            origin = {"Origin": "https://watch.example:8443"}
            answer = client.post("/session", json=sent, headers=origin)
            field = answer.headers["set-cookie"]
            assert field.startswith(f"{SECURE_COOKIE}=")
            assert "Secure" in field
            assert "Domain" not in field
            other = {"Origin": "https://watch.example"}
            assert client.post("/session", json=sent, headers=other).status_code == 403

    def test_whatever_is_wrong_the_answer_is_one_and_takes_its_time(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sessions, "REFUSAL_SECONDS", 0.2)
        with house.store.transaction() as tx:
            gone = house.store.person_by_login("theirs", "viewer")
            empty = house.store.person_by_login("theirs", "partner")
            assert gone
            assert empty
            tx.put_person(dataclasses.replace(gone, disabled=gone.created))
            tx.put_person(dataclasses.replace(empty, password=""))
        answers = set()
        logins = ["admin@ours", "nobody@ours", "admin@nowhere", "viewer@theirs", "partner@theirs"]
        apart = load_settings(data_dir=house.folder)
        with listening(apart, house.store) as url, httpx.Client(base_url=url, timeout=60) as client:
            for login in [*logins, "no login", *["analyst@ours"] * 6]:
                begun = time.monotonic()
                sent = {"login": login, "password": RIGHT.replace("ten", "two")}
                answer = client.post("/session", json=sent)
                assert time.monotonic() - begun >= 0.2
                kept = [f for f in answer.headers.items() if f[0] not in {"date", "x-request-id"}]
                answers.add((answer.status_code, answer.content, tuple(kept)))
        assert len(answers) == 1
        assert answers.pop()[0] == 401

    def test_a_body_of_a_stranger_is_read_only_so_far(self, house: House) -> None:
        with house.client() as client:
            answer = client.post("/session", json={"login": "a", "password": "x" * 5000})
            assert answer.status_code == 413
            answer = client.post("/session", content=b"login=a", headers={
                "Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
            assert answer.status_code == 415

    def test_signing_out_ends_it_here_and_elsewhere(self, house: House) -> None:
        with (
            house.signed_in("reviewer@ours") as (here, form),
            house.signed_in("reviewer@ours") as (there, _),
        ):
            listed = here.get("/sessions").json()["items"]
            assert [one["this"] for one in listed] == [True, False]
            other = next(one["id"] for one in listed if not one["this"])
            assert here.delete(f"/sessions/{other}", headers={FORM: form}).status_code == 204
            assert there.get("/whoami").status_code == 401
            token = dict(here.cookies)
            assert here.delete("/session", headers={FORM: form}).status_code == 204
            assert not here.cookies
            here.cookies.update(token)
            assert here.get("/whoami").status_code == 401

    def test_another_password_leaves_this_browser_signed_in(self, house: House) -> None:
        sent = {"old": RIGHT, "new": "ten cups of birch"}
        with (
            house.signed_in("viewer@ours") as (here, form),
            house.signed_in("viewer@ours") as (there, _),
        ):
            assert here.post("/password", json=sent).status_code == 403
            answer = here.post("/password", json=sent, headers={FORM: form})
            assert answer.status_code == 200
            assert there.get("/whoami").status_code == 401
            assert here.get("/whoami").status_code == 200
            back = {"old": sent["new"], "new": RIGHT}
            form = answer.json()["form"]
            assert here.post("/password", json=back, headers={FORM: form}).status_code == 200

    def test_a_key_has_no_session(self, house: House) -> None:
        with house.client(house.key(Role.ADMIN)) as client:
            assert client.get("/session").status_code == 404
            assert client.get("/sessions").status_code == 404
            assert client.delete("/session").status_code == 404
            answer = client.post("/password", json={"old": RIGHT, "new": RIGHT})
            assert answer.status_code == 404


class TestForgedChanges:
    def test_no_route_changes_anything_without_the_form_token(
        self, house: House, admin: tuple[httpx.Client, dict[str, str]]
    ) -> None:
        client, mine = admin
        with house.signed_in("admin@theirs") as (_, theirs):
            pass
        wrong = [{}, {FORM: ""}, {FORM: theirs}, {FORM: mine[FORM][:-1]}, {FORM: mine[FORM] + "A"}]
        asked = 0
        for method, address, operation in house.routes():
            if method not in CHANGING or "security" not in operation:
                continue
            for headers in wrong:
                answer = client.request(method.upper(), address, headers=headers, json={})
                assert (answer.status_code, problem(answer)) == (403, "form"), (method, address)
                asked += 1
        assert asked >= 14 * len(wrong)

    @pytest.mark.parametrize(
        "fields",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "http://127.0.0.1:1"},
        ],
    )
    def test_another_pages_requests_are_nobodys(
        self, house: House, admin: tuple[httpx.Client, dict[str, str]], fields: dict[str, str]
    ) -> None:
        client, form = admin
        before = house.store.people("ours"), house.store.sessions("ours")
        for method, address, operation in house.routes():
            if "security" in operation and method in CHANGING:
                answer = client.request(method.upper(), address, headers=form | fields, json={})
                assert answer.status_code == 401, (method, address)
        assert client.get("/whoami", headers=fields).status_code == 401
        sent = {"login": "admin@ours", "password": RIGHT}
        assert client.post("/session", json=sent, headers=fields).status_code == 403
        assert (house.store.people("ours"), house.store.sessions("ours")) == before

    def test_the_pages_own_requests_are_taken(
        self, house: House, admin: tuple[httpx.Client, dict[str, str]]
    ) -> None:
        client, form = admin
        own = {"Origin": house.url, "Sec-Fetch-Site": "same-origin"}
        answer = client.post("/keys", json={"name": "one"}, headers=form | own)
        assert answer.status_code == 201

    def test_a_key_needs_no_form_token_whatever_cookie_comes_along(self, house: House) -> None:
        with house.signed_in("viewer@ours") as (client, _):
            key = {"Authorization": f"Bearer {house.key(Role.ADMIN)}"}
            assert client.post("/keys", json={"name": "x"}, headers=key).status_code == 201
            wrong = {"Authorization": "Bearer hw_1_2"}
            assert client.get("/whoami", headers=wrong).status_code == 401


class TestOtherOrganisations:
    def test_a_cookie_opens_its_own_organisation_alone(self, house: House) -> None:
        with (
            house.signed_in("admin@ours") as (ours, _),
            house.signed_in("admin@theirs") as (theirs, form),
        ):
            session = ours.get("/session").json()["session"]
            person = house.store.person_by_login("ours", "viewer")
            assert person
            key = house.store.keys("ours") or (None,)
            for method, path in (
                ("DELETE", f"/sessions/{session}"), ("GET", f"/people/{person.id}"),
                ("PATCH", f"/people/{person.id}"), ("DELETE", f"/keys/{getattr(key[0], 'id', 0)}"),
                ("GET", f"/keys/{getattr(key[0], 'id', 0)}"),
            ):  # fmt: skip
                sent = {"json": {"disabled": True}} if method == "PATCH" else {}
                answer = theirs.request(method, path, headers={FORM: form}, **sent)
                nobodys = theirs.request(
                    method, f"{path.rpartition('/')[0]}/{NOWHERE}", headers={FORM: form}, **sent
                )
                assert answer.status_code == 404, path
                assert answer.content == nobodys.content
            assert ours.get("/whoami").status_code == 200
            listed = theirs.get("/people").text + theirs.get("/keys").text
            assert person.id not in listed
            assert '"ours"' not in listed

    def test_closed_shut_out_or_changed_it_ends_with_the_next_request(self, house: House) -> None:
        found = house.store.organisation("theirs")
        assert found
        with house.signed_in("reviewer@theirs") as (client, _):
            assert client.get("/whoami").status_code == 200
            for closed, status in ((found.created, 401), (None, 200)):
                with house.store.transaction() as tx:
                    tx.put_organisation(dataclasses.replace(found, closed=closed))
                assert client.get("/whoami").status_code == status


class TestRoles:
    @settings(
        max_examples=3, deadline=None, derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )  # fmt: skip
    @given(st.sampled_from(Role), st.sets(st.sampled_from(Scope)))
    @example(Role.ADMIN, set())
    @example(Role.ANALYST, set())
    @example(Role.REVIEWER, set())
    @example(Role.PARTNER, set())
    @example(Role.VIEWER, set())
    def test_what_the_document_says_is_what_happens(
        self, house: House, role: Role, narrowed: set[Scope]
    ) -> None:
        only = tuple(sorted(scope.value for scope in narrowed))
        may = scopes_of(role, only)
        with house.client(house.key(role, only)) as client:
            for method, address, operation in house.routes():
                needed = operation.get("x-scope")
                assert (needed is None) is ("security" not in operation), (method, address)
                if needed is None:
                    continue
                answer = client.request(method.upper(), address, **sent_to(method, operation))
                refused = (answer.status_code, problem(answer)) == (403, "scope")
                allowed = needed == "known" or Scope(needed) in may
                assert refused is not allowed, (method, address, needed, answer.text)
                assert answer.status_code not in (401, 500), (method, address)

    def test_nobody_gives_more_than_they_have(self, house: House) -> None:
        managing = house.key(Role.ADMIN, ("manage", "read"))
        whole = house.store.keys("ours")[0]
        person = house.store.person_by_login("ours", "admin")
        assert person
        with house.client(managing) as client:
            for path, sent in (
                ("/keys", {"name": "x", "role": "admin"}),
                ("/keys", {"name": "x", "role": "analyst", "scopes": ["read", "watch"]}),
                ("/people", {"login": "x", "name": "x", "role": "admin"}),
            ):
                answer = client.post(path, json=sent)
                assert (answer.status_code, problem(answer)) == (409, "access"), path
            sent = {"password": "ten cups of birch"}
            assert client.patch(f"/people/{person.id}", json=sent).status_code == 409
            admins = house.key(Role.ADMIN).split("_")[1]
            assert client.post(f"/keys/{admins}/rotate", json={}).status_code == 409
            assert client.delete(f"/keys/{admins}").status_code == 409
            sent = {"name": "x", "role": "viewer", "scopes": ["read"]}
            assert client.post("/keys", json=sent).status_code == 201
        assert house.store.person("ours", person.id) == person
        assert whole == house.store.key(whole.id)

    def test_a_person_is_let_in_changed_and_shut_out(
        self, house: House, admin: tuple[httpx.Client, dict[str, str]]
    ) -> None:
        client, form = admin
        sent = {"login": "Zoe", "name": "Zoë", "role": "analyst", "password": RIGHT}
        made = client.post("/people", json=sent, headers=form)
        assert made.status_code == 201
        assert RIGHT not in made.text
        assert "argon2" not in made.text
        again = client.post("/people", json=sent, headers=form)
        assert (again.status_code, problem(again)) == (409, "access")
        where = made.headers["location"]
        admins = client.get("/session").json()["person"]
        others, own = "two cups of birch", "six cups of birch"

        def set_by() -> str:
            found = house.store.person_by_login("ours", "zoe")
            assert found is not None
            return found.set_by

        assert set_by() == admins
        assert client.patch(where, json={"password": others}, headers=form).status_code == 200
        assert set_by() == admins
        with house.signed_in("zoe@ours", others) as (zoe, zoes):
            for old, new, expected in ((others, others, admins), (others, own, "")):
                sent = {"old": old, "new": new}
                changed = zoe.post("/password", json=sent, headers={FORM: zoes})
                assert changed.status_code == 200
                zoes = changed.json()["form"]
                assert set_by() == expected
            assert zoe.get("/whoami").json()["role"] == "analyst"
            sent = {"role": "partner"}
            assert client.patch(where, json=sent, headers=form).status_code == 200
            assert zoe.get("/regions").status_code == 403
            sent = {"disabled": True}
            assert client.patch(where, json=sent, headers=form).json()["disabled"]
            assert zoe.get("/whoami").status_code == 401
        assert zoes not in client.get("/people").text

    def test_the_last_administrator_cannot_be_shut_out(self, house: House) -> None:
        with house.signed_in("admin@theirs") as (client, form):
            mine = client.get("/session").json()["person"]
            for sent in ({"disabled": True}, {"role": "viewer"}):
                answer = client.patch(f"/people/{mine}", json=sent, headers={FORM: form})
                assert (answer.status_code, problem(answer)) == (409, "access")
            assert client.get("/people").status_code == 200


class TestKeysAndPasses:
    def test_a_key_made_over_http_opens_is_replaced_and_revoked(
        self, house: House, admin: tuple[httpx.Client, dict[str, str]]
    ) -> None:
        client, form = admin
        sent = {"name": "QGIS", "role": "analyst", "scopes": ["read"]}
        made = client.post("/keys", json=sent, headers=form).json()
        with house.client(house.key(Role.ADMIN)) as other:
            new = other.post(f"/keys/{made['id']}/rotate", json={}).json()
        kept = [house.store.key(one["id"]) for one in (made, new)]
        mine = client.get("/session").json()["person"]
        assert [one.made_by for one in kept if one] == [mine, mine]
        assert [one.shown_to == mine for one in kept if one] == [True, False]
        for key in (made["key"], new["key"]):
            with house.client(key) as one:
                assert one.get("/whoami").json()["scopes"] == ["read"]
        assert client.delete(f"/keys/{made['id']}", headers=form).status_code == 204
        with house.client(made["key"]) as one:
            assert one.get("/whoami").status_code == 401
        listed = client.get("/keys").text
        assert made["key"] not in listed
        assert new["key"].split("_", 2)[2] not in listed

    def test_a_pass_opens_its_address_and_nothing_else(
        self,
        house: House,
        admin: tuple[httpx.Client, dict[str, str]],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        client, form = admin
        caplog.set_level(logging.DEBUG)
        made = client.post("/passes", json={"resource": "tiles/events"}, headers=form).json()
        shown = made["pass"]
        with house.client() as anyone:
            there = anyone.get("/tiles/events/tilejson.json", params={"pass": shown})
            assert there.status_code == 200
            assert there.headers["referrer-policy"] == "no-referrer"
            tile = there.json()["tiles"][0].format(z=0, x=0, y=0)
            assert anyone.get(tile).status_code == 200
            assert anyone.head(tile).status_code == 200
            assert anyone.get("/tiles/events/0/0/0.mvt").status_code == 401
            for method, address, operation in house.routes():
                if "security" not in operation or address.startswith("/tiles/events"):
                    continue
                answer = anyone.request(
                    method.upper(), address, params={"pass": shown},
                    **({"json": {}} if method in CHANGING else {}),
                )  # fmt: skip
                assert answer.status_code == 401, (method, address)
            for more in ({"region": "x"}, {"pass": [shown, shown]}, {"pass": shown + "A"}):
                answer = anyone.get("/tiles/events/0/0/0.mvt", params={"pass": shown, **more})
                assert answer.status_code == 401, more
            assert client.delete(f"/passes/{made['id']}", headers=form).status_code == 204
            assert anyone.get(tile).status_code == 401
        # pytest also listens to uvicorn.access, which hands nothing on in a service.
        deaf = ("httpx", "httpcore", "uvicorn.access")
        assert not logging.getLogger("uvicorn.access").propagate
        ours = [one for one in caplog.records if not one.name.startswith(deaf)]
        assert not [one for one in ours if shown in one.getMessage()]
        assert shown not in client.get("/passes").text

    def test_ones_passes_are_ones_own_and_the_managers(self, house: House) -> None:
        with (
            house.client(house.key(Role.VIEWER)) as one,
            house.client(house.key(Role.VIEWER)) as other,
            house.client(house.key(Role.ADMIN)) as manager,
            house.client(house.key(Role.PARTNER)) as partner,
        ):
            sent = {"resource": "tiles/events", "days": 1}
            made = one.post("/passes", json=sent).json()
            assert [p["id"] for p in one.get("/passes").json()["items"]] == [made["id"]]
            assert other.get("/passes").json()["items"] == []
            assert other.delete(f"/passes/{made['id']}").status_code == 404
            assert partner.post("/passes", json=sent).status_code == 409
            assert one.post("/passes", json={"resource": "keys"}).status_code == 409
            assert manager.delete(f"/passes/{made['id']}").status_code == 204

    def test_when_a_key_was_used_is_told_to_the_day(self, house: House) -> None:
        key, days = house.key(Role.ADMIN), [datetime.now(UTC).date()]
        with house.client(key) as client:
            for _ in range(200):
                listed = client.get("/keys").json()["items"]
                used = next(one["used"] for one in listed if one["id"] in key)
                if used:
                    break
        days.append(datetime.now(UTC).date())
        assert used in {f"{day}T00:00:00Z" for day in days}
