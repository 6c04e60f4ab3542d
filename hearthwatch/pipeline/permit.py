"""A permit to spend: a small file by which the coordinator learns whether paid work was begun.

A cluster may be told to drop a task that a worker has begun, and gives a task to another worker
when the first one dies; neither is told to whoever asked for it. So a worker marks the permit of
paid work before it asks the provider for anything, and a withdrawn permit is not to be had.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tiles.atomic import storage_errors


@dataclass(frozen=True, slots=True)
class Permit:
    """The permit of one task, at `path` in a folder that all workers see."""

    path: Path

    @classmethod
    def issue(cls, folder: Path, name: str) -> Permit:
        """Return a new permit.

        Raises
        ------
        tiles.errors.TilesError
            If the disk refuses.
        """
        path = folder / f"{name}.permit"
        with storage_errors(path):
            path.touch(mode=0o600)
        return cls(path)

    def use(self) -> bool:
        """Mark that the work begins; False if the permit was withdrawn."""
        with self._held(os.O_WRONLY | os.O_APPEND) as handle:
            if handle is None or not os.fstat(handle).st_nlink:
                return False
            os.write(handle, b".")
        return True

    def withdraw(self) -> int:
        """End the permit; return how often work on it was begun."""
        with self._held(os.O_RDONLY) as handle:
            if handle is None:
                return 0
            self.path.unlink(missing_ok=True)
            return os.fstat(handle).st_size

    @contextmanager
    def _held(self, flags: int) -> Iterator[int | None]:
        """Open the file and keep all others out of it; None where it is gone."""
        with storage_errors(self.path):
            try:
                handle = os.open(self.path, flags | os.O_CLOEXEC)
            except FileNotFoundError:
                yield None
                return
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield handle
            finally:
                os.close(handle)
