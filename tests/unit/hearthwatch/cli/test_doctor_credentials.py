"""The doctor looks at every file of credentials that is in use, and shows none of it."""

from __future__ import annotations

import json

import pytest

from hearthwatch.cli.checks import Check, Outcome

PERSON = {"username": "watcher@example.org", "password": "standin-password-9Kd"}
CLIENT = {"client_id": "sh-1111", "client_secret": "standin-secret-Zq7pV2"}


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Return `f(setting, values)`, which writes a file of credentials and names it."""

    def write(setting, values, mode=0o600):
        path = tmp_path / f"{setting}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(values))
        path.chmod(mode)
        monkeypatch.setenv(f"HEARTHWATCH_{setting.upper()}", str(path))
        return path

    # Nobody answers there.
    monkeypatch.setenv("HEARTHWATCH_STAC_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("HEARTHWATCH_STAC_FILE_ORIGINS", "http://127.0.0.1:9")
    monkeypatch.setenv("HEARTHWATCH_STAC_TOKEN_URL", "http://127.0.0.1:9/token")
    monkeypatch.setattr("hearthwatch.cli.doctor_sources._asked", _not_asked)
    return write


def _not_asked(call, name):
    return Check(Outcome.OK, f"{name}: not asked")


def credentials(call):
    _, out, err = call("doctor", "--quick", "--json")
    for hidden in (*PERSON.values(), *CLIENT.values()):
        assert hidden not in out + err
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    return checks["credentials"]


def test_none_are_needed_where_nothing_is_closed(put, call, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_PROVIDER", "stac")
    assert credentials(call)["found"] == "the provider stac needs none"


@pytest.mark.parametrize("setting", ["stac_credentials", "subscription_credentials"])
def test_a_persons_file_is_checked(put, call, monkeypatch, setting):
    monkeypatch.setenv("HEARTHWATCH_PROVIDER", "stac")
    path = put(setting, PERSON)
    assert credentials(call) == {
        "name": "credentials", "outcome": "ok", "advice": "",
        "found": f"{path} holds both and is private",
    }  # fmt: skip
    put(setting, PERSON, mode=0o640)
    assert "chmod 600" in credentials(call)["found"]
    put(setting, CLIENT)
    found = credentials(call)
    assert found["outcome"] == "fail"
    assert "holds a client's id and secret" in found["found"]
    assert '"username"' in found["advice"]


def test_one_bad_file_of_several_fails_the_check(put, call, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_PROVIDER", "sentinelhub")
    monkeypatch.setenv("HEARTHWATCH_FALLBACK_PROVIDER", "stac")
    put("sentinelhub_credentials", CLIENT)
    put("stac_credentials", PERSON)
    put("subscription_credentials", PERSON)
    assert credentials(call)["outcome"] == "ok"
    put("sentinelhub_credentials", PERSON)
    found = credentials(call)
    assert found["outcome"] == "fail"
    assert "holds a person's name and password" in found["found"]
