"""Where tasks run: threads, processes, or a Dask scheduler that is already there."""

from __future__ import annotations

import multiprocessing
import os
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from hearthwatch.errors import DigestMismatch, HearthwatchError, SettingsError
from hearthwatch.identity import check_identity
from hearthwatch.settings import Settings
from tiles.errors import TilesError

CONNECT_SECONDS = 10

_STAYS = "what was committed stays and the run goes on where it stopped."


@contextmanager
def open_executor(settings: Settings, digest: str) -> Iterator[Executor]:
    """Yield the executor the settings ask for; every worker runs the code with `digest`.

    Raises
    ------
    DigestMismatch
        If a worker runs other code: its results could not be told from this code's.
    SettingsError
        If the scheduler cannot be reached or its workers do not see the data folder.
    HearthwatchError
        If a worker process is killed, by the system for want of memory, say, or the scheduler
        goes away.
    """
    if settings.executor == "dask":
        with _dask(settings, digest) as executor:
            yield executor
    elif settings.executor == "processes":
        with _processes(settings, digest) as executor:
            yield executor
    else:
        with ThreadPoolExecutor(settings.workers, thread_name_prefix="look") as executor:
            yield executor


@contextmanager
def _processes(settings: Settings, digest: str) -> Iterator[Executor]:
    # Forking a process that runs GDAL and numba threads can hang the child.
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(
            settings.workers, mp_context=context, initializer=_begin_work, initargs=(digest,)
        ) as executor:
            yield executor
    except BrokenProcessPool as error:
        raise HearthwatchError(
            "A worker process died, most likely because memory ran out. Run again with fewer "
            "workers; " + _STAYS
        ) from error


def _begin_work(digest: str) -> None:
    """Run first in a worker process."""
    check_identity(digest)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    # A worker holds both ends of the pipe it takes work from: it would wait in it for ever, and
    # a task in hand would go on writing while the next run has begun.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _dask(settings: Settings, digest: str) -> Iterator[Executor]:
    from distributed import Client

    if not settings.dask_scheduler:
        raise SettingsError(
            "the dask executor needs the address of a running scheduler: set "
            "HEARTHWATCH_DASK_SCHEDULER, for example tcp://127.0.0.1:8786"
        )
    try:
        client = Client(settings.dask_scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise SettingsError(
            f"no Dask scheduler answers at {settings.dask_scheduler}: start one with "
            "`dask scheduler` and at least one `dask worker`, or choose another executor"
        ) from error
    try:
        _check_workers(client, settings, digest)
        with _in_words(client, settings), client.get_executor() as executor:
            yield executor
    finally:
        client.close()


@contextmanager
def _in_words(client: object, settings: Settings) -> Iterator[None]:
    """Say what became of a cluster that gives up work, or is gone."""
    from distributed.scheduler import KilledWorker

    try:
        yield
    except KilledWorker as error:
        raise HearthwatchError(
            "Several Dask workers died over the same look, most likely because memory ran out. "
            "Give each of them fewer threads and run again; " + _STAYS
        ) from error
    except CancelledError as error:
        raise _gone(settings) from error
    except (HearthwatchError, TilesError):
        raise
    except Exception as error:
        if getattr(client, "status", "") == "running":
            raise
        # What was asked of a client that lost its scheduler fails in ways of its own.
        raise _gone(settings) from error


def _gone(settings: Settings) -> HearthwatchError:
    return HearthwatchError(
        f"The Dask scheduler at {settings.dask_scheduler} is gone, or dropped the work. Start it "
        "again, or choose another executor, and run again; " + _STAYS
    )


def _check_workers(client: object, settings: Settings, digest: str) -> None:
    token = settings.data_dir / f"shared-{uuid.uuid4().hex}"
    token.touch()
    try:
        answers = client.run(_introduce, str(token))  # type: ignore[attr-defined]
    finally:
        token.unlink(missing_ok=True)
    if not answers:
        raise SettingsError("the Dask scheduler has no workers: start one with `dask worker`")
    for worker, (theirs, sees) in sorted(answers.items()):
        if theirs != digest:
            raise DigestMismatch(
                f"the Dask worker {worker} runs code {theirs[:12]}, this process {digest[:12]}: "
                "install the same version on both"
            )
        if not sees:
            raise SettingsError(
                f"the Dask worker {worker} does not see the data folder {settings.data_dir}: "
                "workers need it at the same path"
            )


def _introduce(token: str) -> tuple[str, bool]:
    """Run on a worker: say which code it runs and whether it sees the data folder."""
    return check_identity().digest, Path(token).exists()
