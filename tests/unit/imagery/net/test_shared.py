"""The small files by which workers agree."""

import os
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagery.errors import Permanent, Transient
from imagery.net import shared
from imagery.net.shared import folder_of, locked, write_private
from imagery.net.types import Account, Deadline
from tests.support.waiting import PATIENCE_S, held_up_by_nothing


def soon():
    return Deadline.after(PATIENCE_S)


@given(values=st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(-1e9, 1e9)), max_size=5))
def test_what_was_saved_last_is_read_whatever_was_longer_before(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("shared") / "state"
    for each in values:
        with locked(path, soon()) as state:
            state.save(**each)
        with locked(path, soon()) as state:
            assert state.values == each
            assert not state.broken
            assert 0.0 <= state.elapsed < PATIENCE_S


def test_time_passes_by_the_clock_of_the_file_system(tmp_path):
    with locked(tmp_path / "state", soon()) as state:
        state.save(a=1.0)
    time.sleep(0.1)
    with locked(tmp_path / "state", soon()) as state:
        assert 0.08 < state.elapsed < PATIENCE_S
        assert state.left("a", 9.0) == pytest.approx(1.0 - state.elapsed)


def test_one_holds_it_at_a_time_and_nobody_waits_beyond_his_deadline(tmp_path):
    path = tmp_path / "state"
    with (
        locked(path, soon()),
        held_up_by_nothing(least=0.1),
        pytest.raises(Transient, match="wait for other workers"),
        locked(path, Deadline.after(0.1)),
    ):
        pass


def test_threads_that_count_together_lose_no_count(tmp_path):
    def count():
        for _ in range(25):
            with locked(tmp_path / "state", soon()) as state:
                state.save(n=state.values.get("n", 0.0) + 1)

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with locked(tmp_path / "state", soon()) as state:
        assert state.values["n"] == 150


def test_a_kill_between_the_two_steps_of_saving_leaves_something_that_can_be_read(
    tmp_path, monkeypatch
):
    path = tmp_path / "state"
    with locked(path, soon()) as state:
        state.save(long_name_of_something=1.0, another=2.0)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(shared.os, "ftruncate", killed)
    with pytest.raises(KeyboardInterrupt), locked(path, soon()) as state:
        state.save(a=3.0)
    monkeypatch.undo()
    with locked(path, soon()) as state:
        assert state.values == {"a": 3.0}


def test_the_folder_is_made_and_is_the_owners_alone(tmp_path):
    with locked(tmp_path / "a" / "b" / "state", soon()) as state:
        state.save(a=1.0)
    write_private(tmp_path / "a" / "b" / "token", "x")
    for path in (tmp_path / "a" / "b").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path):
    (tmp_path / "other").write_text("precious")
    (tmp_path / "state").symlink_to(tmp_path / "other")
    with pytest.raises(Permanent), locked(tmp_path / "state", soon()):
        pass
    assert (tmp_path / "other").read_text() == "precious"


def test_a_private_file_is_replaced_at_one_stroke_and_leaves_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "token"
    write_private(path, "old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shared.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["token"]  # noqa: PTH208 (with hidden ones)


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "../x", "a b", "-\n", ".hidden"])
def test_an_account_cannot_be_named_out_of_its_place(tmp_path, name):
    with pytest.raises(Permanent):
        folder_of(Account(name, (), tmp_path))


def test_the_lock_is_gone_with_the_process_that_held_it(tmp_path):
    path = tmp_path / "state"
    program = (
        "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
        "print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(Transient), locked(path, Deadline.after(0.05)):
            pass
        child.kill()
    with locked(path, soon()) as state:
        assert state.values == {}
