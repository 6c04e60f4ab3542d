"""What travels between the coordinator and its workers: small, picklable, without secrets.

Pixels stay on disk; a task names files, and its result is a handful of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from detectors.types import Finding, PlaceLook, SceneJudgement
from hearthwatch.records import NotObservable, ObservationStatus
from imagery.types import Acquisition, GeoBox, ImageryProvider


@dataclass(frozen=True, slots=True)
class Place:
    """A settlement or a placebo, as a detector knows it.

    Attributes
    ----------
    key : str
        Id and digest of the outline.
    settlement : str
        Id of the settlement; empty for a placebo.
    core_wkb : bytes
        CRS84.
    """

    key: str
    settlement: str
    core_wkb: bytes


@dataclass(frozen=True, slots=True)
class Site:
    """The part of a region that one cell of the work grid answers for.

    Attributes
    ----------
    cell : str
        Id of the cell.
    cells : tuple of str
        Cells whose pixels are read: the cell itself, and those that rings of its settlements
        reach into.
    area_wkb : bytes
        The part of the region inside the cell, or the ground its settlements are measured on;
        CRS84.
    window : GeoBox
        Pixels that are followed.
    places : tuple of Place
        Settlements whose centre lies in the cell, and placebos.
    others_wkb : tuple of bytes
        Cores of all settlements about, which no ring may hold; CRS84.
    covered_wkb : bytes
        Ground that imagery exists of, where it is not all of the area: a sector is what of it
        can be seen. CRS84.
    """

    cell: str
    cells: tuple[str, ...]
    area_wkb: bytes
    window: GeoBox
    places: tuple[Place, ...] = ()
    others_wkb: tuple[bytes, ...] = ()
    covered_wkb: bytes = b""

    @property
    def settlements(self) -> dict[str, str]:
        """Ids of the settlements by the key of their place."""
        return {place.key: place.settlement for place in self.places if place.settlement}


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
    places : tuple of PlaceLook
        How much was seen of each settlement, of a detector that follows settlements.
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
    places: tuple[PlaceLook, ...] = ()
    failure: ObservationStatus | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class JudgeTask:
    """Ask the placebos of one site what they show of one measured look."""

    detector: str
    site: Site
    state: Path | None
    state_sha256: str | None
    features: str


@dataclass(frozen=True, slots=True)
class ScoreTask:
    """Take one measured look into the state of one site."""

    before: JudgeTask
    judgement: SceneJudgement
    target: Path


@dataclass(frozen=True, slots=True)
class Scored:
    """What came of a score task: the new slab's digest and what the detector said.

    Attributes
    ----------
    places : tuple of PlaceLook
        What the look came to at each settlement, of a detector that follows settlements.
    """

    sha256: str
    findings: tuple[Finding, ...]
    said: Mapping[str, float | int | str]
    places: tuple[PlaceLook, ...] = ()
