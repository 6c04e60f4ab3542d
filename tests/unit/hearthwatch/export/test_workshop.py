"""An export that is broken off leaves nothing behind that passes for whole."""

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hearthwatch.export import writing
from hearthwatch.export.workshop import publish, sweep, workshop
from hearthwatch.export.writing import FORMS, FileForm, write_collection
from tests.support import exported
from tiles.errors import StorageFailed, StorageFull

ROOT = Path(__file__).resolve().parents[4]
SLOWLY = """
import sys
import time
from pathlib import Path
from hearthwatch.export.workshop import publish, workshop
from tests.support import exported

target = Path(sys.argv[1])

def pages():
    for number in range(10_000):
        yield [exported.event(number)]
        if number == 20:
            print("written", flush=True)
            time.sleep(60)

with workshop(target.parent) as folder:
    made, _ = exported.write_collection(pages(), "events", "gpkg", folder, exported.told)
    publish(made, target)
"""


def test_nobody_else_can_read_what_is_being_made_or_was(tmp_path):
    with workshop(tmp_path / "new" / "below") as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        made = exported.written(exported.trying(), "gpkg", folder)
        publish(made, tmp_path / "events.gpkg")
    assert stat.S_IMODE((tmp_path / "events.gpkg").stat().st_mode) == 0o600
    assert not list((tmp_path / "new" / "below").iterdir())


def test_a_kill_leaves_no_file_and_the_next_export_takes_the_rest_away(tmp_path):
    target = tmp_path / "events.gpkg"
    target.write_text("the one before")
    killed = subprocess.Popen([sys.executable, "-c", SLOWLY, str(target)], stdout=subprocess.PIPE,
                              text=True, cwd=ROOT)  # fmt: skip
    assert killed.stdout.readline() == "written\n"
    sweep(tmp_path)
    left = [one for one in tmp_path.iterdir() if one != target]
    assert len(left) == 1, "of a living process nothing is taken away"
    killed.send_signal(signal.SIGKILL)
    killed.wait(30)
    killed.stdout.close()
    assert target.read_text() == "the one before"
    assert left[0].is_dir()
    with workshop(tmp_path):
        assert not left[0].exists()
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("form", sorted(FORMS))
def test_an_error_on_the_way_leaves_nothing(form, tmp_path):
    def pages():
        yield exported.trying()
        raise RuntimeError("the store is gone")

    with pytest.raises(RuntimeError), workshop(tmp_path) as folder:
        write_collection(pages(), "events", form, folder, exported.told)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    def full(spool, provenance, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "FORMS", {"csv": FileForm("text/csv", full)})
    with pytest.raises(StorageFull), workshop(tmp_path) as folder:
        write_collection([], "events", "csv", folder, exported.told)
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    with pytest.raises(StorageFailed), workshop(tmp_path / "file"):
        pass


def test_what_bears_another_name_is_never_taken_away(tmp_path):
    (tmp_path / ".hearthwatch-export-mine").mkdir()
    (tmp_path / ".hearthwatch-export-0123456789ab").mkdir()
    sweep(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [".hearthwatch-export-mine"]
