import json
import os
import pwd
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hearthwatch.cli.main import main
from hearthwatch.cli.parser import command_list
from hearthwatch.cli.recorded import READING, WITH_OPTION
from hearthwatch.store import open_store
from tests.contract import store_records as a

USER = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEARTHWATCH_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("HEARTHWATCH_ORGANISATION", "ours")
    found = tmp_path / "var" / "hearthwatch.sqlite"
    a.with_region(open_store(found, write=True)).close()
    return found


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict:
    capsys.readouterr()
    assert main([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def test_what_changes_or_takes_out_is_on_record_and_what_shows_is_not(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["region", "list"])
    main(["export", str(tmp_path / "events.geojson")])
    main(["key", "revoke", "0123456789ab"])
    main(["region", "remove", "Village"])
    found = said(capsys, "audit", "list")["entries"]
    assert [(one["act"], one["subject"], one["outcome"]) for one in reversed(found)] == [
        ("export", "", "asked"), ("export", "", "done"),
        ("key revoke", "key:0123456789ab", "asked"), ("key revoke", "key:0123456789ab", "failed"),
        ("region remove", "region:reg-1", "asked"), ("region remove", "", "done"),
    ]  # fmt: skip
    assert {(one["actor"], one["detail"]["user"]) for one in found} == {("command line", USER)}
    # The name is that of a place.
    assert "Village" not in json.dumps(found)
    only = said(capsys, "audit", "list", "--act", "export", "--limit", "1")["entries"]
    assert only == found[4:5]


def test_nothing_is_done_without_a_log(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN "
                           "SELECT RAISE(ABORT, 'full'); END")  # fmt: skip
    assert main(["export", str(tmp_path / "events.geojson")]) != 0
    assert not (tmp_path / "events.geojson").exists()


def test_a_broken_log_is_told_with_its_first_broken_entry_and_a_status(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        main(["export", str(tmp_path / "events.geojson")])
    sound = said(capsys, "audit", "verify")
    assert sound["sound"]
    head = tmp_path / "head.json"
    head.write_text(json.dumps(said(capsys, "audit", "head")))
    assert said(capsys, "audit", "verify", "--head", str(head))["sound"]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM audit WHERE sequence > 4")
    assert said(capsys, "audit", "verify")["sound"]
    (cut,) = said(capsys, "audit", "verify", "--head", str(head), status=1)["logs"]
    assert (cut["broken"]["how"], cut["broken"]["sequence"]) == ("cut off", 5)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE sequence = 2")
    assert main(["audit", "verify"]) == 1
    assert "ours: entry 2 is changed" in capsys.readouterr().out


def test_what_only_shows_is_a_command_there_is() -> None:
    assert {*READING, *WITH_OPTION} <= {name for name, _ in command_list()}
