"""Which detectors are installed, for one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint

import pytest

from detectors import registry

RADAR = "detectors.radar:Radar"
_installed = registry.installed
"""Kept, for one such block may stand within another."""


@contextmanager
def only(*kept: str, **more: str) -> Iterator[None]:
    """While open, of the installed detectors there are these, and others under their ids.

    ``only("burned", radar="detectors.radar:Radar")``
    """
    made = [EntryPoint(name, value, registry.GROUP) for name, value in more.items()]

    found = (*(one for one in _installed() if one.name in kept), *made)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "installed", lambda: found)
        registry.create_detector.cache_clear()
        try:
            yield
        finally:
            registry.create_detector.cache_clear()
