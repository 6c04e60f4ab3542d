"""The doctor looks at every file of credentials that is in use, and shows none of it."""

from __future__ import annotations

import json

import pytest

from tests.standin import ACCOUNT, Standin

PERSON = {"username": ACCOUNT.username, "password": ACCOUNT.password}
CLIENT = {"client_id": ACCOUNT.client_id, "client_secret": ACCOUNT.client_secret}


@pytest.fixture
def put(server, tmp_path, monkeypatch):
    """Return `f(setting, values)`, which writes a file of credentials and names it."""

    def write(setting, values, mode=0o600):
        path = tmp_path / f"{setting}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(values))
        path.chmod(mode)
        monkeypatch.setenv(f"HEARTHWATCH_{setting.upper()}", str(path))
        return path

    monkeypatch.setenv("HEARTHWATCH_STAC_URL", server.stac_url("cdse"))
    monkeypatch.setenv("HEARTHWATCH_STAC_COLLECTIONS", "sentinel-2-l2a")
    monkeypatch.setenv("HEARTHWATCH_STAC_FILE_ORIGINS", server.url)
    monkeypatch.setenv("HEARTHWATCH_STAC_TOKEN_URL", server.person_token_url)
    monkeypatch.setenv("HEARTHWATCH_SUBSCRIPTION_URL", server.subscriptions_url)
    monkeypatch.setenv("HEARTHWATCH_SUBSCRIPTION_TOKEN_URL", server.person_token_url)
    monkeypatch.setenv("HEARTHWATCH_SENTINELHUB_URL", server.url)
    monkeypatch.setenv("HEARTHWATCH_SENTINELHUB_TOKEN_URL", server.token_url)
    return write


@pytest.fixture
def server(tmp_path):
    with Standin(tmp_path / "none") as running:
        yield running


def checked(call, name="credentials"):
    _, out, err = call("doctor", "--quick", "--json")
    for hidden in (*PERSON.values(), *CLIENT.values()):
        assert hidden not in out + err
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    return checks[name]


def test_none_are_needed_where_nothing_is_closed(put, call, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_PROVIDER", "stac")
    assert checked(call)["found"] == "the provider stac needs none"


@pytest.mark.parametrize("setting", ["stac_credentials", "subscription_credentials"])
def test_a_persons_file_is_checked(put, call, monkeypatch, setting):
    monkeypatch.setenv("HEARTHWATCH_PROVIDER", "stac")
    path = put(setting, PERSON)
    assert checked(call) == {
        "name": "credentials", "outcome": "ok", "advice": "",
        "found": f"{path} holds both and is private",
    }  # fmt: skip
    put(setting, PERSON, mode=0o640)
    assert "chmod 600" in checked(call)["found"]
    put(setting, CLIENT)
    found = checked(call)
    assert found["outcome"] == "fail"
    assert "holds a client's id and secret" in found["found"]
    assert '"username"' in found["advice"]


def test_one_bad_file_of_several_fails_the_check(put, call, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_PROVIDER", "sentinelhub")
    monkeypatch.setenv("HEARTHWATCH_FALLBACK_PROVIDER", "stac")
    put("sentinelhub_credentials", CLIENT)
    put("stac_credentials", PERSON)
    put("subscription_credentials", PERSON)
    assert checked(call)["outcome"] == "ok"
    put("sentinelhub_credentials", PERSON)
    found = checked(call)
    assert found["outcome"] == "fail"
    assert "holds a person's name and password" in found["found"]


def test_an_account_that_does_not_open_is_found_before_files_are_wanted(
    put, server, call, monkeypatch
):
    monkeypatch.setenv("HEARTHWATCH_PROVIDER", "stac")
    put("stac_credentials", PERSON)
    put("subscription_credentials", PERSON)
    found = checked(call, "providers")
    assert found["outcome"] == "ok"
    assert "files of stac: the account opens; news of products: the account opens" in found["found"]
    assert server.calls("subscriptions") == []
    put("subscription_credentials", PERSON | {"password": "mistyped-7Qw"})
    found = checked(call, "providers")
    assert found["outcome"] == "fail"
    assert "news of products: 127.0.0.1" in found["found"]
    assert "mistyped" not in str(found)
    assert "credentials" in found["advice"]
