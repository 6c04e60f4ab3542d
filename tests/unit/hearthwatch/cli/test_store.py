"""`hearthwatch store`, and the setting that names a server."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from hearthwatch.cli.main import main
from hearthwatch.errors import SettingsError
from hearthwatch.settings import load_settings
from hearthwatch.store import open_store
from tests.contract import store_records as a
from tests.support import postgis


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEARTHWATCH_ORGANISATION", "ours")
    return tmp_path


@pytest.mark.needs_postgis
class TestServer:
    def test_a_store_is_copied_and_checked(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file, server = folder / "var" / "hearthwatch.sqlite", postgis.server().empty()
        a.with_region(open_store(file, write=True)).close()
        assert main(["store", "check", "--json"]) == 0
        before = json.loads(capsys.readouterr().out)
        assert main(["store", "copy", "--from", str(file), "--to", server, "--json"]) == 0
        copied = json.loads(capsys.readouterr().out)
        # What is done is on record in the log of acts; all else is as it was.
        assert copied["tables"] | {"audit": None} == before["tables"] | {"audit": None}
        assert copied["rows"] == sum(one["rows"] for one in copied["tables"].values()) > 3
        assert main(["store", "copy", "--from", str(file), "--to", server]) == 14
        assert "holds something already" in capsys.readouterr().err
        monkeypatch.setenv("HEARTHWATCH_DATABASE", server)
        # The server of the tests does not wait for the disk, and is told of for it.
        assert main(["store", "check"]) == 1
        assert "fsync off" in capsys.readouterr().out
        file.unlink()
        assert main(["region", "list", "--json"]) == 0
        assert [one["id"] for one in json.loads(capsys.readouterr().out)["regions"]] == ["reg-1"]
        assert not file.exists()

    def test_the_doctor_looks_at_the_server(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        server = postgis.server().empty()
        monkeypatch.setenv("HEARTHWATCH_DATABASE", server)
        monkeypatch.setenv("PGPASSWORD", "s3cret")
        with closing(a.with_region(open_store(server, write=True))):
            main(["doctor", "--quick", "--json"])
            out = capsys.readouterr().out
        found = {one["name"]: one for one in json.loads(out)["checks"]}
        assert "schema is current, 1 region watched" in found["store"]["found"]
        assert "the database test_" in found["store"]["found"]
        assert "This process" in found["store lock"]["found"]
        assert "s3cret" not in out


@pytest.mark.parametrize(
    "address",
    ["postgresql://me:s3cret@host/db", "postgresql://host/db?password=s3cret", "mysql://s3cret/db"],
)
def test_an_address_with_a_password_is_refused_and_not_repeated(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    address: str,
) -> None:
    monkeypatch.setenv("HEARTHWATCH_DATABASE", address)
    with pytest.raises(SettingsError, match="database") as caught:
        load_settings()
    assert "s3cret" not in str(caught.value)
    monkeypatch.delenv("HEARTHWATCH_DATABASE")
    assert main(["store", "copy", "--from", "a.db", "--to", address]) == 2
    assert "s3cret" not in capsys.readouterr().err
