"""A backup or a restore that is killed leaves nothing that passes for whole."""

import multiprocessing
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from hearthwatch.cli.main import main
from hearthwatch.layout import Layout
from hearthwatch.operation.restoring import check, contents
from hearthwatch.operation.vault import Vault
from hearthwatch.store.copying import digests
from tests.support import backups as b
from tiles.archive import Archive

TRIALS, MOST, ENOUGH = 8, 40, 3
"""Trials of each; more, up to so many in all, where the machine is busy and too few struck."""
_forked = multiprocessing.get_context("fork")


def killed(work, share: float, clean_s: float) -> bool:
    """Do some work in a process and kill it after a share of the time it takes."""
    process = _forked.Process(target=work)
    process.start()
    process.join(share * clean_s)
    was_alive = process.exitcode is None
    os.kill(process.pid or 0, signal.SIGKILL) if was_alive else None
    process.join()
    return was_alive and process.exitcode == -signal.SIGKILL


def timed(work) -> float:
    began = time.monotonic()
    process = _forked.Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == 0
    return time.monotonic() - began


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    return b.filled(tmp_path_factory.mktemp("data") / "var")


def test_a_killed_backup_is_none_and_the_next_one_is_whole(layout, tmp_path):
    clean = timed(lambda: b.made(layout, tmp_path / "clean"))
    rng, kills = random.Random(8), 0
    for number in range(MOST):
        if number >= TRIALS and kills >= ENOUGH:
            break
        folder = tmp_path / f"backups-{number}"
        kills += killed(lambda to=folder: b.made(layout, to), rng.random(), clean)
        before = Vault(folder).backups() if (folder / "hearthwatch-backup.json").exists() else ()
        made = b.made(layout, folder)
        names = Vault(folder).backups()
        assert names == (*before, made.name)
        for name in names:
            assert check(contents(Vault(folder), b.OPENER, name)[1]) == made.files
        assert not list(folder.rglob("*.part"))
        assert list((layout.root / ".backup").iterdir()) == []
    assert kills >= ENOUGH


def test_a_killed_restore_is_refused_by_all_but_restore(layout, tmp_path, monkeypatch, capsys):
    for name in [name for name in os.environ if name.startswith("HEARTHWATCH_")]:
        monkeypatch.delenv(name)
    b.made(layout, tmp_path / "backups")
    clean = timed(lambda: b.put_back(tmp_path / "backups", tmp_path / "clean"))
    whole = digests(Layout(tmp_path / "clean").database)["events"]
    rng, halves = random.Random(8), 0
    for number in range(MOST):
        if number >= TRIALS and halves >= ENOUGH:
            break
        root = tmp_path / f"new-{number}"
        killed(lambda to=root: b.put_back(tmp_path / "backups", to), rng.random(), clean)
        if root.exists() and any(root.iterdir()):
            halves += is_refused(root, capsys)
        if not Layout(root).restored.exists() or Layout(root).restoring.exists():
            b.put_back(tmp_path / "backups", root)
        assert digests(Layout(root).database)["events"] == whole
        assert Archive(Layout(root).archive("ours")).verify() == []
        shutil.rmtree(root)
    assert halves >= ENOUGH


def is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> bool:
    """Tell whether a folder is half restored, and hold that no other command takes it."""
    half = Layout(root).restoring.exists()
    parts = [path for path in root.iterdir() if not path.name.endswith(".part")]
    assert half or Layout(root).restored.exists() or not parts
    if half:
        assert main(["region", "list", "--data-dir", str(root)]) == 28
        assert "not restored to the end" in capsys.readouterr().err
    return half
