"""`hearthwatch erase`, `hold`, `seal` and `store prune | scrub`, as they are typed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hearthwatch.layout import Layout
from hearthwatch.operation.vault import Vault
from hearthwatch.records import Role
from hearthwatch.store import open_store
from tests.contract import store_everything as whole
from tests.contract import store_records as a
from tests.support import backups as b
from tests.support.logins import as_, let_in

ROLES = {"amina": Role.ADMIN, "badr": Role.ADMIN, "vera": Role.ANALYST}


@pytest.fixture
def people(tmp_path: Path) -> dict[str, Path]:
    """Files of passwords by login; beside them a data folder with one of everything."""
    (tmp_path / "var").mkdir()
    store = whole.fill(open_store(Layout(tmp_path / "var").database, write=True), "local")
    with store.transaction() as tx:
        files = let_in(tx, tmp_path, ROLES)
    store.close()
    return files


ASK = ("erase", "ask", "--event", "evt-1", "--why", "They asked us to.")


def test_from_asking_to_files_that_hold_nothing_of_it(
    call, document, failure, people, tmp_path
) -> None:
    assert "nobody asked" in call("erase", "list")[1]
    _, asked = document(*ASK, *as_(people, "vera"))
    status, _, words = failure("erase", "agree", asked["id"], *as_(people, "vera"))
    assert status == 25
    assert "takes an administrator" in words
    _, held = document("hold", "set", "--region", "reg-1", "--why", "Case 7", *as_(people, "vera"))
    status, code, words = failure("erase", "agree", asked["id"], *as_(people, "amina"))
    assert (status, code) == (29, "release")
    assert held["id"] in words
    lift = ("hold", "lift", held["id"])
    assert "waits for a second" in call(*lift, "--why", "Over.", *as_(people, "amina"))[1]
    assert "in force" in call("hold", "keep", held["id"], *as_(people, "vera"))[1]
    call(*lift, "--why", "It is over.", *as_(people, "amina"))
    assert "lifted" in call(*lift, *as_(people, "badr"))[1]
    assert document("hold", "list")[1]["holds"][0]["lifted_by"] is not None
    said = call("erase", "agree", asked["id"], *as_(people, "amina"))[1]
    assert "SHA-256" in said
    (listed,) = document("erase", "list")[1]["erasures"]
    assert listed["sha256"] in said
    assert listed["rows"]["Event"] == 2
    assert document("audit", "verify")[0] == 0
    for what in ("settlement", "region"):
        its_id = f"{what[:3]}-1"
        ask = ("erase", "ask", f"--{what}", its_id, "--why", "They asked us to.")
        _, asked = document(*ask, *as_(people, "amina"))
        assert call("erase", "agree", asked["id"], *as_(people, "badr"))[0] == 0
    assert whole.files_with(tmp_path / "var", whole.WORD.encode(), whole.CELL.encode()) == []
    # A backup from now on has nothing of it; the settlement's name is nowhere to be exported.
    assert document("settlement", "list")[1]["settlements"][0]["name"] == "Elsewhere"


def test_what_is_refused_stays(document, failure, people) -> None:
    _, asked = document(*ASK, *as_(people, "amina"))
    _, refused = document("erase", "refuse", asked["id"], *as_(people, "vera"))
    assert refused["outcome"] == "refused"
    assert failure("erase", "agree", asked["id"], *as_(people, "badr"))[0] == 29
    store = open_store(Layout(people["vera"].parent / "var").database)
    assert store.event("local", "evt-1").version == 2
    store.close()


def test_sessions_and_passes_are_pruned_by_age(document, failure, people, tmp_path) -> None:
    store, now = open_store(Layout(tmp_path / "var").database, write=True), datetime.now(UTC)
    (somebody, *_) = store.people("local")
    with store.transaction() as tx:
        for days in (10, 100):
            over = now - timedelta(days=days)
            made = {"id": f"s{days}", "organisation": "local", "person": somebody.id}
            tx.put_session(a.session(**made, expires=over))
    store.close()
    assert document("store", "prune")[1] == {"removed": 1}
    assert document("store", "prune", "--days", "9")[1] == {"removed": 1}
    assert failure("store", "prune", "--days", "0")[0] == 2
    assert document("store", "scrub")[1] == {"scrubbed": True}


@pytest.fixture
def var(tmp_path: Path) -> Path:
    return b.filled(tmp_path / "var").root


def typed(var: Path, *more: object) -> tuple[object, ...]:
    return ("seal", var.parent / "usb", "--to", b.RECIPIENT, *more)


def test_sealed_from_the_command_line(call, document, var) -> None:
    confirmed = ("--confirm", var, "--confirm-again", "wipe")
    status, said = document(*typed(var, *confirmed))
    assert (status, said["sealed"]) == (0, True)
    assert list(var.iterdir()) == []
    b.checked(Vault(var.parent / "usb"), said["backup"])
    assert "does not promise" in call("seal", "--wipe-only", *confirmed)[1]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "takes two confirmations"),
        (("--confirm", "/srv/other", "--confirm-again", "wipe"), "That is not"),
        (("--confirm", "VAR", "--confirm-again", "yes"), "not the word wipe"),
        (("--confirm", "VAR"), "takes two confirmations"),
        (("--wipe-only",), "takes no folder"),
        (("--within", "3"), "belong together"),
        (("--unless-touched", "VAR/gone", "--within", "3"), "cannot be asked for its age"),
        (("--unless-touched", "VAR/hearthwatch.sqlite", "--within", "0"), "above 0"),
    ],
)
def test_nothing_is_wiped_by_half_a_word(failure, var, monkeypatch, more, words) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115
    said = failure(*typed(var, *(word.replace("VAR", str(var)) for word in more)))
    assert words in said[2]
    assert (var / "hearthwatch.sqlite").exists()
    assert not (var / "sealing").exists()


def test_a_file_that_is_touched_keeps_all_and_one_left_alone_seals(document, var, tmp_path) -> None:
    alive = tmp_path / "alive"
    alive.touch()
    watched = ("--unless-touched", alive, "--within", "72")
    assert document(*typed(var, *watched))[1]["sealed"] is False
    assert (var / "hearthwatch.sqlite").exists()
    old = (datetime.now(UTC) - timedelta(hours=73)).timestamp()
    os.utime(alive, (old, old))
    assert document(*typed(var, *watched))[1]["sealed"] is True
    assert list(var.iterdir()) == []


def test_a_folder_that_is_half_wiped_is_refused_by_all_else(failure, var) -> None:
    (var / "sealing").write_text("{}")
    assert "`hearthwatch seal` again" in failure("region", "list", "--data-dir", var)[2]


def test_what_sqlite_writes_beside_its_file_lies_in_the_data_folder(tmp_path) -> None:
    """VACUUM goes through a temporary file as large as all the rest."""
    (tmp_path / "var").mkdir()
    words = f"""
import glob, os
from hearthwatch.cli.call import prepare
from hearthwatch.cli.parser import build_parser
prepare(build_parser().parse_args(["--data-dir", {str(tmp_path / "var")!r}, "status"]))
import sqlite3
c = sqlite3.connect(":memory:")
c.execute("PRAGMA cache_size = 5")
c.execute("PRAGMA temp_store = 1")
c.execute("CREATE TEMP TABLE t(x)")
c.execute("INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
          "WHERE i < 20000) SELECT randomblob(500) FROM n")
print([os.readlink(one) for one in glob.glob("/proc/self/fd/*") if os.path.islink(one)])
"""
    env = {name: value for name, value in os.environ.items() if name != "SQLITE_TMPDIR"}
    done = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, check=True, env=env
    )
    assert f"{tmp_path / 'var'}/etilqs" in done.stdout, done.stdout
