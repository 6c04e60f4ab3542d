"""A Dask scheduler and workers as processes of their own, on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 90.0


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """Start a scheduler on a free port; yield its address."""
    with scheduler_process(folder) as (address, _):
        yield address


@contextmanager
def scheduler_process(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a scheduler on a free port; yield its address and its process."""
    file = folder / "scheduler.json"
    arguments = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                 "--no-show", "--scheduler-file", str(file))  # fmt: skip
    with _program(*arguments, folder=folder, code=ROOT) as process:
        give_up = time.monotonic() + PATIENCE_S
        while not file.exists():
            assert process.poll() is None and time.monotonic() < give_up, "no scheduler came up"
            time.sleep(0.05)
        yield str(json.loads(file.read_text())["address"]), process


@contextmanager
def worker(address: str, folder: Path, *, code: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """Start a worker that runs the packages below `code`; yield its process when registered."""
    from distributed import Client

    arguments = ("worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--nworkers", "1",
                 "--no-nanny", "--no-dashboard", "--local-directory", str(folder))  # fmt: skip
    with Client(address, set_as_default=False) as client:
        known = len(client.scheduler_info()["workers"])
        with _program(*arguments, folder=folder, code=code) as process:
            client.wait_for_workers(known + 1, timeout=PATIENCE_S)
            assert process.poll() is None
            yield process


@contextmanager
def _program(*arguments: str, folder: Path, code: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {"PYTHONPATH": str(code), "PYTHONWARNINGS": "ignore"}
    with (folder / f"{arguments[0]}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
