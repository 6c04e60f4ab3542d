"""Small files by which threads, processes and machines that see one folder agree."""

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
import random
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from imagery.errors import ImageryError, Permanent, Transient
from imagery.net.types import Account, Deadline

_MOST_BYTES = 4096
_HOPELESS = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ELOOP}

Clock = Callable[[int], float]


def folder_of(account: Account) -> Path:
    """Return the folder where all who use `account` meet.

    Raises
    ------
    Permanent
        If the account's name could lead out of its place.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", account.name):
        raise Permanent("an account is named with letters, digits, '.', '_' and '-' only")
    return account.shared / account.name


def file_system_clock(handle: int) -> float:
    """Return the time, in seconds, as the file system that holds `handle` sees it.

    Machines disagree about the time. A file touched without naming a time is stamped by the
    server it lies on, and that is one clock for all of them.
    """
    os.utime(handle)
    return os.fstat(handle).st_mtime_ns / 1e9


@dataclass(slots=True)
class State:
    """Numbers in a file that is held by nobody else just now.

    Attributes
    ----------
    values : dict of str to float
        As saved last; empty where there were none.
    elapsed : float
        Seconds since then; never negative, so that a clock set back gives nothing away.
    broken : bool
        Whether there was something that could not be read.
    """

    handle: int
    now: float
    values: dict[str, float] = field(default_factory=dict)
    elapsed: float = 0.0
    broken: bool = False

    def save(self, **values: float) -> None:
        """Replace what the file says."""
        text = json.dumps({**values, "at": self.now}).encode()
        # One call, and shorter than a page: a kill leaves the old text or the new.
        os.pwrite(self.handle, text.ljust(len(self._before())), 0)
        os.ftruncate(self.handle, len(text))

    def left(self, name: str, most: float) -> float:
        """Return what is left of the seconds `name` that were saved: 0 to `most`."""
        return max(0.0, min(self.values.get(name, 0.0) - self.elapsed, most))

    def _before(self) -> bytes:
        return os.pread(self.handle, _MOST_BYTES, 0)


@contextmanager
def locked(path: Path, deadline: Deadline, clock: Clock = file_system_clock) -> Iterator[State]:
    """Hold the file `path` alone and give what it says.

    Raises
    ------
    Transient
        If it is not free before the deadline, or the disk fails.
    Permanent
        If the folder cannot be written.
    """
    with explained(path.parent):
        handle = _opened(path)
        try:
            _lock(handle, deadline)
            yield _read(handle, clock(handle))
        finally:
            os.close(handle)


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn what the disk says into one of the five errors."""
    try:
        yield
    except OSError as error:
        raise _explained(folder, error) from error


def _explained(folder: Path, error: OSError) -> ImageryError:
    words = f"the folder shared by the workers, {folder}, cannot be used: {error.strerror}"
    return Permanent(words) if error.errno in _HOPELESS else Transient(words)


def write_private(path: Path, text: str) -> None:
    """Put `text` into `path` at one stroke, for the owner's eyes only.

    Raises
    ------
    OSError
        If it cannot be written; what was there is then still there.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)


def _lock(handle: int, deadline: Deadline) -> None:
    # Asked for again and again: a plain wait could outlast the deadline, if a holder is stopped.
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            deadline.require(0.0, "wait for other workers of this account")
            time.sleep(random.uniform(0.0005, 0.003))


def _read(handle: int, now: float) -> State:
    text = os.pread(handle, _MOST_BYTES, 0)
    if not text:
        return State(handle, now)
    try:
        values = {str(name): float(value) for name, value in json.loads(text).items()}
        if not all(math.isfinite(value) for value in values.values()):
            raise ValueError("not a number")
        elapsed = now - values.pop("at")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return State(handle, now, broken=True)
    state = State(handle, now, values, max(0.0, elapsed))
    if elapsed < 0.0:
        # The clock was set back: until it had caught up, nothing would seem to pass.
        state.save(**values)
    return state
