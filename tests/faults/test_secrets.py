"""Nothing secret leaves the process that coordinates, and nobody is told what is watched.

F13 of docs/faults.md, through a whole run, with every fault that makes somebody say something.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from hearthwatch.pipeline import run as run_module
from hearthwatch.records import RunOutcome
from tests.standin import ACCOUNT, Fault, Standin, faults
from tests.standin.wire import Answer, Wire, plainly
from tests.support import dask_cluster, pulled
from tests.support.dask_cluster import ROOT
from tiles.cell import cell_from_id

LOOKS = 3
SQUARE = 0.25
"""Degrees: what a catalogue is told of is whole squares of this size."""
WIDEST_M = 160.0
"""Beyond a cell, for clouds that lie across its edge: a pixel of the coarsest read."""


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pulled.write_looks(tmp_path_factory.mktemp("secrets") / "looks", LOOKS)


@pytest.fixture(params=["long", "a word"])
def token(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tokens look as they do, or like a word of some language: nothing gives them away."""
    if request.param == "a word":
        letters = "qwertzuiopasdfghjkyxcvbnm"
        word = iter(letters[turn:] + letters[:turn] for turn in range(len(letters)))
        monkeypatch.setattr(secrets, "token_urlsafe", lambda _: next(word)[:20])


@pytest.fixture
def server(looks: Path) -> Iterator[Standin]:
    with Standin(looks) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return pulled.prepare(tmp_path / "var")


def tokens(server: Standin) -> list[str]:
    """Return every token that still opens the door."""
    return list(server.tokens._alive)


def needles(server: Standin) -> list[bytes]:
    """Return what nobody may find: the secret and every token, in all the ways they are written."""
    secret, both = ACCOUNT.client_secret, f"{ACCOUNT.client_id}:{ACCOUNT.client_secret}"
    plain = [secret, quote_plus(secret), *tokens(server)]
    packed = [base64.b64encode(text.encode()).decode().rstrip("=") for text in (secret, both)]
    return [text.encode() for text in (*plain, *packed)]


def assert_absent(server: Standin, found: dict[str, bytes]) -> None:
    wanted = needles(server)
    assert len(wanted) > 4
    for name, text in found.items():
        for needle in wanted:
            assert needle not in text, name


def files_below(folder: Path) -> dict[str, bytes]:
    """Return every file but the token's own and the account's."""
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not is_private(path)
    }


def is_private(path: Path) -> bool:
    return path.name.endswith(".account.json") or (
        path.name == "token" and path.parent.parent.name == "net"
    )


def echo(server: Standin, status: int) -> Fault:
    """Answer with an error that repeats all that the client sent, and more."""

    def send(wire: Wire, answer: Answer) -> None:
        token = tokens(server)[-1] if tokens(server) else ""
        said = f"{token!r} is no good, nor is Bearer {token}"
        body = json.dumps({"error": {"message": f"client_secret={ACCOUNT.client_secret} {said}"}})
        plainly(wire, Answer(status, {"Content-Type": "application/json"}, body.encode()))

    return Fault(f"echo {status}", manner=send)


def everything_goes_wrong(server: Standin) -> None:
    """Plan faults that make tokens, catalogue and pixels all be talked about."""
    secret = ACCOUNT.client_secret
    server.faults["token"].append(
        faults.status(503, {"error": "down", "error_description": f"{secret} is not served"})
    )
    server.faults["catalog"].append(faults.status(500, f"client_secret={secret}"))
    server.faults["process"].extend(
        [
            echo(server, 500),
            faults.unauthorised(),
            faults.html(),
            faults.cut(),
            faults.redirect(f"http://127.0.0.1:1/?client_secret={secret}"),
            echo(server, 400),
            echo(server, 404),
            faults.status(400, "<xml/>"),
        ]
    )


def environment(settings: dict[str, Any], root: Path) -> dict[str, str]:
    named = {f"HEARTHWATCH_{name.upper()}": str(value) for name, value in settings.items()}
    return os.environ | named | {
        "HEARTHWATCH_DATA_DIR": str(root),
        "HEARTHWATCH_LOG_LEVEL": "debug",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }  # fmt: skip


def command(
    root: Path, settings: dict[str, Any], *words: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "hearthwatch.cli", *words],
        env=environment(settings, root),
        cwd=root.parent,
        capture_output=True,
        check=False,
        timeout=120,
    )


@contextmanager
def cluster(executor: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Give the settings of an executor; a cluster logs all there is to log."""
    if executor != "dask":
        yield {"executor": executor}
        return
    with ExitStack() as stack:
        address = stack.enter_context(dask_cluster.scheduler(folder))
        stack.enter_context(dask_cluster.worker(address, folder))
        yield {"executor": executor, "dask_scheduler": address}


@pytest.mark.parametrize(
    "executor",
    ["threads", *(pytest.param(n, marks=pytest.mark.slow) for n in ("processes", "dask"))],
)
def test_f13_whatever_is_said_written_or_printed_while_all_goes_wrong_holds_no_secret(
    server: Standin, root: Path, tmp_path: Path, executor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("DISTRIBUTED__LOGGING__DISTRIBUTED", "DISTRIBUTED__LOGGING__HEARTHWATCH"):
        monkeypatch.setenv(f"DASK_{package}", "debug")
    everything_goes_wrong(server)
    with cluster(executor, tmp_path) as how:
        asking = pulled.asking(server, root, **how)
        first = command(root, asking, "run", "--json")
        server.faults["process"].append(faults.quota_spent())
        second = command(root, asking, "run")
    said = {
        f"{name} {stream}": getattr(done, stream)
        for name, done in (("run --json", first), ("run", second))
        for stream in ("stdout", "stderr")
    }
    assert b"DEBUG urllib3" in first.stderr or executor != "threads"
    assert any(call.fault == "echo 400" for call in server.calls("process"))
    assert_absent(server, said | files_below(tmp_path))
    (token,) = (path for path in (root / "net").glob("*/token"))
    assert token.stat().st_mode & 0o777 == 0o600


def test_f13_doctor_and_what_else_reports_hold_no_secret(
    server: Standin, root: Path, tmp_path: Path
) -> None:
    asking = pulled.asking(server, root)
    for fault in (echo(server, 400), faults.status(401, ACCOUNT.client_secret)):
        server.faults["catalog"].append(fault)
        server.faults["token"].append(fault)
    said = {}
    for words in (("doctor",), ("doctor", "--json"), ("spend", "--json"), ("run", "--nonsense")):
        done = command(root, asking, *words)
        said[f"{words} out"], said[f"{words} err"] = done.stdout, done.stderr
    # A secret that cannot be read is not quoted either.
    account = Path(asking["sentinelhub_credentials"])
    account.write_text(account.read_text()[:-1])
    done = command(root, asking, "run")
    assert done.returncode and b"not a JSON object" in done.stderr
    said["broken account"] = done.stdout + done.stderr
    assert tokens(server)
    assert_absent(server, said | files_below(tmp_path))


class Pickling(Executor):
    """Carries out what it is given, after a journey as bytes, and keeps the bytes."""

    def __init__(self) -> None:
        self.packed: list[bytes] = []
        self._pool = ThreadPoolExecutor(1)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.packed.append(pickle.dumps((fn, args, kwargs)))
        function, given, named = pickle.loads(self.packed[-1])

        def work() -> Any:
            result = function(*given, **named)
            self.packed.append(pickle.dumps(result))
            return result

        return self._pool.submit(work)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


def test_f13_no_task_result_or_error_that_travels_holds_a_secret(
    server: Standin, root: Path, monkeypatch: pytest.MonkeyPatch, token: None
) -> None:
    everything_goes_wrong(server)
    executor = Pickling()
    monkeypatch.setattr(run_module, "open_executor", contextmanager(lambda *_: iter([executor])))
    pulled.run(pulled.settings_for(root, **pulled.asking(server, root)))
    executor.shutdown()
    assert len(executor.packed) >= 2 * LOOKS
    together = b"".join(executor.packed)
    assert b"sends us elsewhere" in together
    assert_absent(server, {"pickles": together})
    assert pulled.REGION.encode() not in together


@pytest.mark.slow
def test_f13_a_cluster_is_given_no_secret_to_keep(
    server: Standin, root: Path, tmp_path: Path
) -> None:
    from distributed import Client

    server.always["process"] = faults.first_byte_late(3.0)
    outcome = []
    with cluster("dask", tmp_path) as how, Client(how["dask_scheduler"]) as client:
        settings = pulled.settings_for(root, **pulled.asking(server, root, **how))
        run = threading.Thread(target=lambda: outcome.append(pulled.run(settings).run.outcome))
        run.start()
        give_up = time.monotonic() + 60
        while not server.calls("process"):
            assert time.monotonic() < give_up
            time.sleep(0.02)
        graph = client.run_on_scheduler(_what_is_kept)
        server.always.clear()
        run.join(120)
    assert outcome == [RunOutcome.COMPLETE]
    assert b"MeasureTask" in graph
    assert_absent(server, {"graph": graph})


def _what_is_kept(dask_scheduler: Any) -> bytes:
    """Run on the scheduler: return all that it holds of its tasks."""
    kept = [(key, str(task.run_spec)) for key, task in dask_scheduler.tasks.items()]
    whole = [pickle.dumps(task.run_spec) for task in dask_scheduler.tasks.values()]
    return repr(kept).encode() + b"".join(whole)


@pytest.mark.parametrize("name", ["sentinelhub", "stac"])
def test_f13_what_a_provider_is_told_draws_no_watchlist(
    server: Standin, root: Path, name: str
) -> None:
    pulled.run(pulled.settings_for(root, **pulled.asking(server, root, provider=name)))
    calls = server.calls()
    searches = [c for c in calls if c.route in ("catalog", "stac")]
    assert searches
    for call in searches:
        box = call.document["bbox"] if call.document else json.loads(f"[{call.query['bbox']}]")
        assert len(box) == 4
        assert all((side / SQUARE).is_integer() for side in box)
        assert "intersects" not in (call.document or call.query)
    for call in server.calls("process"):
        assert is_whole_cell(call.document["input"]["bounds"])
    watched = (pulled.REGION, pulled.CELL, "region-1", "local", *corners())
    for call in calls:
        told = json.dumps([call.path, call.query, call.headers, call.document])
        for word in watched:
            assert not re.search(rf"(?<![\w.]){re.escape(word)}", told), (call.route, word)
    assert bool(server.calls("process")) == (name == "sentinelhub")


def is_whole_cell(bounds: dict[str, Any]) -> bool:
    """Tell whether a box is a cell, or as much on every side around it."""
    west, south, east, north = bounds["bbox"]
    cell = cell_from_id(pulled.CELL).bounds
    beyond = {cell[0] - west, cell[1] - south, east - cell[2], north - cell[3]}
    return "geometry" not in bounds and len(beyond) == 1 and 0.0 <= beyond.pop() <= WIDEST_M


def corners() -> list[str]:
    """Return the numbers of the watched outline, as they would be written."""
    return [f"{value:.3f}" for value in pulled.ground().bounds]
