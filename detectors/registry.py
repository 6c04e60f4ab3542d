"""The detectors that are installed, by the id they report under."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points

from detectors.types import Detector

GROUP = "hearthwatch.detectors"


@cache
def installed() -> tuple[EntryPoint, ...]:
    """Return what is installed, read once in a process: it reads a file of every package."""
    return tuple(entry_points(group=GROUP))


def detector_ids() -> tuple[str, ...]:
    """Return the ids of the installed detectors, sorted."""
    return tuple(sorted(point.name for point in installed()))


def detectors_of(kind: str) -> tuple[str, ...]:
    """Return the ids of the detectors that are run in regions watched for a kind of change.

    The one that bears the kind's own name comes first, then those that report that very kind, and
    what others made last.
    """
    infos = (create_detector(name).info for name in detector_ids())
    found = [info for info in infos if kind in info.regions]
    found.sort(key=lambda info: (info.id != kind, info.external, kind not in info.kinds, info.id))
    return tuple(info.id for info in found)


@cache
def create_detector(detector: str) -> Detector:
    """Return the detector with this id; one per process serves all threads, for it is pure.

    Raises
    ------
    LookupError
        If none is installed under that id; the message lists those that are.
    """
    for point in installed():
        if point.name == detector:
            made: Detector = point.load()()
            return made
    known = ", ".join(detector_ids()) or "none"
    raise LookupError(f"no detector is called {detector!r}; installed: {known}")
