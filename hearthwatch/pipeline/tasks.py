"""What travels between the coordinator and its workers: small, picklable, without secrets.

Pixels stay on disk; a task names files, and its result is a handful of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from detectors.types import Finding, SceneJudgement
from hearthwatch.records import NotObservable, ObservationStatus
from imagery.types import Acquisition, GeoBox, ImageryProvider


@dataclass(frozen=True, slots=True)
class Site:
    """The part of a region that one cell of the work grid answers for.

    Attributes
    ----------
    cell : str
        Id of the cell.
    area_wkb : bytes
        The part of the region inside the cell, CRS84.
    window : GeoBox
        Pixels of the cell that are followed.
    """

    cell: str
    area_wkb: bytes
    window: GeoBox


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """Pull one acquisition over one cell into the archive and measure it."""

    provider: ImageryProvider
    acquisition: Acquisition
    site: Site
    detector: str
    archive: Path
    scratch: Path
    deadline: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a measure task.

    Attributes
    ----------
    features : str
        Path of the scratch file with the features; empty if there are none.
    failure : ObservationStatus or None
        Why there are none: not delivered, or not processed.
    reason : str
        The failure in words.
    masters : tuple of str
        SHA-256 of every archived file the features were measured from.
    """

    acquisition: str
    sensed: datetime
    cell: str
    features: str
    usable: float
    observable: bool
    cause: NotObservable | None
    causes: Mapping[str, float]
    lived_without: tuple[str, ...]
    masters: tuple[str, ...]
    placebos: tuple[float, ...] = ()
    failure: ObservationStatus | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ScoreTask:
    """Take one measured look into the state of one site."""

    detector: str
    site: Site
    state: Path | None
    state_sha256: str | None
    features: str
    judgement: SceneJudgement
    target: Path


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of a score task: the new slab's digest and what the detector said."""

    sha256: str
    findings: tuple[Finding, ...]
    said: Mapping[str, float | int | str]
