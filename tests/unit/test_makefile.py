"""What a newcomer sees of `make` on a machine that lacks something."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APT_LINE = "apt-get install -y python3-venv"


@pytest.fixture
def make(tmp_path, require_system):
    """Return `f(*arguments, python=body)`, which runs make where python3 is the script `body`."""
    program = require_system("make", "make")
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "requirements-dev.lock"):
        (tmp_path / name).touch()
    commands = tmp_path / "commands"
    commands.mkdir()
    for name in ("awk", "basename", "id", "sh"):
        (commands / name).symlink_to(require_system("coreutils", name))

    def run(*arguments: str, python: str | None = None) -> subprocess.CompletedProcess[str]:
        if python is not None:
            script = commands / "python3"
            script.write_text(f"#!/bin/sh\n{python}\n")
            script.chmod(0o755)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        environment |= {"PATH": str(commands)}
        environment.pop("PYTHON", None)
        return subprocess.run(
            [program, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    return run


def test_a_machine_without_python_is_told_the_line_that_installs_it(make, tmp_path):
    run = make("install")
    assert run.returncode != 0
    assert "There is no python3 here" in run.stderr
    assert APT_LINE in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_python_too_old_is_named_with_what_is_needed(make):
    run = make("install", python='case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    assert run.returncode != 0
    assert "needs Python 3.11 or newer, and python3 is Python 3.9.2" in run.stderr
    assert APT_LINE in run.stderr


def test_a_python_without_venv_is_told_the_line_that_installs_it(make, tmp_path):
    run = make("install", python='case "$2" in *ensurepip*) exit 1;; esac')
    assert run.returncode != 0
    assert "its venv module is not installed" in run.stderr
    assert APT_LINE in run.stderr
    assert not (tmp_path / ".venv").exists()


def test_another_python_by_name_is_told_its_own_package(make):
    run = make("install", "PYTHON=python3.99")
    assert run.returncode != 0
    assert "apt-get install -y python3.99-venv" in run.stderr


def test_help_is_the_default_and_lists_every_target(make):
    targets = set(re.findall(r"^\.PHONY: (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"help", "install", "demo", "test", "lint", "bench", "lock", "clean"} <= targets
    run = make()
    listed = dict(line.split(maxsplit=1) for line in run.stdout.splitlines())
    assert listed.keys() == targets
    assert all(listed.values())
    assert make("help").stdout == run.stdout
