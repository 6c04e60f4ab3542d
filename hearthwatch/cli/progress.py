"""Progress on standard error: one line rewritten on a terminal, else one now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from hearthwatch.cli.call import Call
from hearthwatch.pipeline.record import Progress

LINE_SECONDS = 5.0
TERMINAL_SECONDS = 0.1


class ProgressLine:
    """Callable that `run_region` tells how far it has come.

    Parameters
    ----------
    label : str
        What is worked on.
    silent : bool
        Say nothing.
    """

    def __init__(self, label: str, *, silent: bool) -> None:
        self._label = label
        self._silent = silent
        self._terminal = sys.stderr.isatty()
        self._told = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        """Say how far the run has come, if it is time to."""
        if self._silent:
            return
        now = time.monotonic()
        last = progress.done >= progress.total
        if not last and now - self._told < (TERMINAL_SECONDS if self._terminal else LINE_SECONDS):
            return
        self._told = now
        line = f"{self._label}: {in_words(progress)}"
        if self._terminal:
            end = "\n" if last else ""
            print(f"\r{line}\x1b[K", end=end, file=sys.stderr, flush=True)
        else:
            print(line, file=sys.stderr, flush=True)


def scenes_written(call: Call) -> Callable[[int, int], None] | None:
    """Return what tells people how many scenes are written; None for programs."""

    def tell(done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            print(f"\rwriting scenes: {done}/{total}", end=end, file=sys.stderr, flush=True)
        elif done == total:
            print(f"writing scenes: {done}/{total}", file=sys.stderr, flush=True)

    return None if call.as_json else tell


def in_words(progress: Progress) -> str:
    """Return looks done of all, the day reached, the rate and the time left."""
    done = f"{progress.done:,}/{progress.total:,} looks, {progress.sensed:%Y-%m-%d}"
    return f"{done}, {progress.rate:.1f} a second, {_span(progress.seconds_left)} left"


def _span(seconds: float) -> str:
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"
