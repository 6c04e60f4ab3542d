"""`hearthwatch recovery`, `backup` and `restore`, as they are typed."""

import pytest

from hearthwatch.operation import keyfile
from tests.support import backups as b
from tests.support import postgis

PASSPHRASE = "six words nobody would think of"


@pytest.mark.needs_postgis
def test_a_restore_to_a_server_is_typed_the_same(document, secret, tmp_path, monkeypatch):
    b.filled(tmp_path / "var")
    _, key = document("recovery", "key", tmp_path / "key", *secret)
    document("backup", tmp_path / "backups", "--to", key["public"])
    monkeypatch.setenv("HEARTHWATCH_DATABASE", postgis.server().empty())
    words = ("--key", tmp_path / "key", *secret, "--data-dir", tmp_path / "new")
    status, _ = document("restore", tmp_path / "backups", *words)
    assert status == 0
    assert document("region", "list", "--data-dir", tmp_path / "new")[0] == 0


@pytest.fixture
def secret(tmp_path, monkeypatch):
    monkeypatch.setattr(keyfile, "COST", {"n": 16, "r": 8, "p": 1})
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\nanother line\n")
    return ("--passphrase-file", path)


def test_from_a_key_to_a_restored_folder(document, call, secret, tmp_path):
    b.filled(tmp_path / "var")
    _, key = document("recovery", "key", tmp_path / "key", *secret)
    status, made = document("backup", tmp_path / "backups", "--to", key["public"])
    assert (status, made["missing"]) == (0, [])
    opens = ("--key", tmp_path / "key", *secret)
    status, checked = document("recovery", "check", tmp_path / "backups", *opens)
    assert (status, checked["files"]) == (0, made["files"])
    there = ("--data-dir", tmp_path / "new")
    status, restored = document("restore", tmp_path / "backups", *opens, *there)
    assert status == 0
    assert restored["runs_ended"] == 2  # One was under way, one waited.
    assert restored["sessions_ended"] == 1
    # That a backup was asked for is in it, that it was made cannot be.
    assert restored["log"] == [
        {"organisation": "local", "entries": 1, "broken": None},
        {"organisation": "ours", "entries": 5, "broken": None},
    ]
    status, out, _ = call("restore", tmp_path / "backups", *opens, "--data-dir", tmp_path / "newer")
    assert status == 0
    assert "The log verifies: 6 entries." in out


def test_what_is_wrong_is_said_and_what_to_do(failure, secret, tmp_path, monkeypatch):
    assert failure("backup", tmp_path / "backups")[1] == "backup"
    monkeypatch.setenv("HEARTHWATCH_BACKUP_RECIPIENT", b.RECIPIENT)
    assert "Nothing was recorded" in failure("backup", tmp_path / "backups")[2]
    assert "data folder itself" in failure("backup", tmp_path / "var" / "backups")[2]
    words = failure("restore", tmp_path, "--key", tmp_path / "key", *secret)[2]
    assert "no folder of backups" in words
    assert not (tmp_path / "var").exists()


def test_a_wrong_passphrase_opens_nothing(failure, document, secret, tmp_path):
    b.filled(tmp_path / "var")
    _, key = document("recovery", "key", tmp_path / "key", *secret)
    document("backup", tmp_path / "backups", "--to", key["public"])
    wrong = tmp_path / "wrong"
    wrong.write_text("six words somebody else thought of")
    words = failure(
        "restore", tmp_path / "backups", "--key", tmp_path / "key", "--passphrase-file", wrong,
        "--data-dir", tmp_path / "new",
    )  # fmt: skip
    assert words[1] == "backup"
    assert "passphrase" in words[2]
    assert not (tmp_path / "new").exists()
