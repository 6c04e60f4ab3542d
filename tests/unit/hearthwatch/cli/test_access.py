"""Organisations, people, keys and passes on the command line."""

from __future__ import annotations

import json

import pytest

from hearthwatch.access.passwords import Passwords
from hearthwatch.cli import persons
from hearthwatch.layout import Layout
from hearthwatch.store import open_store

RIGHT = "wolf birch cup ten"


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text(f"{RIGHT}\n")
    return path


def kept(tmp_path, login):
    store = open_store(Layout(tmp_path / "var").database)
    try:
        return store.person_by_login("local", login)
    finally:
        store.close()


def test_somebody_is_let_in_listed_changed_and_shut_out(document, failure, tmp_path, secret):
    status, made = document("person", "add", "Amina", "Amina B.", "--password-file", secret)
    assert (status, made["login"], made["role"]) == (0, "amina", "analyst")
    assert Passwords().is_right(kept(tmp_path, "amina").password, RIGHT)
    assert RIGHT not in json.dumps(made)
    assert document("person", "role", "amina", "admin")[1]["role"] == "admin"
    assert document("person", "disable", "amina")[1]["disabled"]
    assert document("person", "enable", made["id"])[1]["disabled"] is None
    secret.write_text("ten cups of birch\r\nand more")
    document("person", "password", "amina", "--password-file", secret)
    assert Passwords().is_right(kept(tmp_path, "amina").password, "ten cups of birch")
    (listed,) = document("person", "list")[1]["people"]
    assert "password" not in listed
    assert failure("person", "add", "amina", "Other", "--password-file", secret)[1] == "access"
    assert failure("person", "role", "nobody", "admin")[1] == "not_found"


def test_a_password_is_asked_for_twice_and_not_shown(call, failure, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    given = iter([RIGHT, RIGHT, RIGHT, "another one"])
    monkeypatch.setattr(persons, "getpass", lambda _: next(given))
    status, out, err = call("person", "add", "amina", "Amina")
    assert status == 0
    assert RIGHT not in out + err
    assert kept(tmp_path, "amina").password
    _, code, words = failure("person", "password", "amina")
    assert (code, words) == ("access", "The two are not alike. Nothing was changed.")


def test_where_nobody_can_be_asked_a_file_must_be_named(failure, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    assert "--password-file" in failure("person", "add", "amina", "Amina")[2]
    missing = failure("person", "add", "amina", "Amina", "--password-file", tmp_path / "none")
    assert "cannot be read" in missing[2]


def test_a_password_that_cannot_be_used_lets_nobody_in(failure, document, secret, tmp_path):
    secret.write_text("aaa\n")
    _, code, words = failure("person", "add", "amina", "Amina", "--password-file", secret)
    assert code == "access"
    assert "fewer than 12 characters" in words
    assert "fewer than 5 different" in words
    assert "aaa" not in words


def test_an_organisation_is_added_closed_and_opened_again(document, failure, secret, monkeypatch):
    document("organisation", "add", "partner-1", "Partner One")
    assert failure("organisation", "add", "partner-1", "Twice")[1] == "access"
    assert failure("organisation", "add", "not a name!", "x")[1] == "access"
    assert document("organisation", "close", "partner-1")[1]["closed"]
    monkeypatch.setenv("HEARTHWATCH_ORGANISATION", "partner-1")
    closed = failure("person", "add", "amina", "Amina", "--password-file", secret)
    assert "is closed" in closed[2]
    assert document("organisation", "close", "partner-1", "--reopen")[1]["closed"] is None
    assert document("person", "add", "amina", "Amina", "--password-file", secret)[0] == 0
    assert failure("organisation", "close", "nobody")[1] == "not_found"


def test_a_key_is_narrowed_and_rotated(document, failure):
    made = document("key", "add", "map room", "--role", "analyst", "--scope", "read")[1]
    assert made["scopes"] == ["read"]
    assert failure("key", "add", "x", "--role", "viewer", "--scope", "manage")[1] == "access"
    new = document("key", "rotate", made["id"], "--hours", "6")[1]
    assert new["key"] != made["key"]
    assert (new["scopes"], new["replaces"]) == (["read"], made["id"])
    assert failure("key", "rotate", made["id"])[1] == "access"
    old, _ = document("key", "list")[1]["keys"]
    assert old["expires"]
    assert old["revoked"] is None


def test_a_pass_is_made_for_somebody_who_may_open_it(document, failure, secret):
    document("person", "add", "amina", "Amina", "--password-file", secret)
    made = document("pass", "add", "tiles/events", "--maker", "amina", "--days", "3")[1]
    assert made["pass"].startswith(f"hwp_{made['id']}_")
    (listed,) = document("pass", "list")[1]["passes"]
    assert "pass" not in listed
    document("person", "role", "amina", "partner")
    assert failure("pass", "add", "tiles/events", "--maker", "amina")[1] == "access"
    assert failure("pass", "add", "keys", "--maker", "amina")[1] == "access"
    assert failure("pass", "add", "tiles/events", "--maker", "nobody")[1] == "not_found"
    assert document("pass", "revoke", made["id"])[1]["revoked"]
    assert failure("pass", "revoke", "0" * 12)[1] == "not_found"
