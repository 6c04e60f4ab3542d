import json
import os

import pytest

from hearthwatch.cli.main import main


@pytest.fixture(autouse=True)
def _bare(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.upper().startswith("HEARTHWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys):
    """Return `f(*words)`, which runs a command and gives (status, stdout, stderr)."""

    def run(*words):
        capsys.readouterr()
        status = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.fixture
def document(call):
    """Return `f(*words)`, which runs a command with --json and gives (status, document)."""

    def run(*words):
        status, out, err = call(*words, "--json")
        assert err == ""
        return status, json.loads(out)

    return run


@pytest.fixture
def failure(call):
    """Return `f(*words)`, which gives (status, code, message) of a command that must fail."""

    def run(*words):
        status, out, err = call(*words, "--json")
        assert out == ""
        value = json.loads(err)
        assert value.keys() == {"error"}
        assert value["error"].keys() == {"code", "message"}
        return status, value["error"]["code"], value["error"]["message"]

    return run
