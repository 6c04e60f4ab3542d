"""Waiting for what comes, for so long that no machine with other work to do breaks a test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE_S = 60.0
"""After this it never comes. What is held up on purpose in a test is held up for longer."""


def until(true: Callable[[], object], every: float = 0.01) -> None:
    """Wait until something is true; fail if it never is."""
    give_up = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(every)


@contextmanager
def held_up_by_nothing(least: float = 0.0) -> Iterator[None]:
    """Fail if what is done inside waits for something that hangs, or not even `least` seconds."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert least <= took < PATIENCE_S, took
