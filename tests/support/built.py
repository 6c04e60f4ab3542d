"""Worlds that take long to make: made once for all test processes of a run, and copied for each."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

_shared: list[Path] = []


def share(factory: pytest.TempPathFactory) -> None:
    """Say where worlds are kept: in a folder that all processes of this run have."""
    own = factory.getbasetemp()
    _shared[:] = [own.parent if "PYTEST_XDIST_WORKER" in os.environ else own]


def built(name: str, make: Callable[[Path], None]) -> Path:
    """Return the folder in which a world was made; nobody may change anything in it."""
    if not _shared:  # Outside of pytest there is nothing to share.
        folder = Path(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        make(folder)
        return folder
    base = _shared[0] / "built"
    base.mkdir(exist_ok=True)
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done := base / f"{name}.done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
