"""What travels between the coordinator and its workers: small, picklable, without secrets.

Pixels stay on disk; a task names files, and its result is a handful of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from detectors.types import Finding, PlaceLook, SceneJudgement, Showed, Zones
from hearthwatch.calibration.force import CalibrationInForce
from hearthwatch.context_layers import LayerVersion
from hearthwatch.pipeline.permit import Permit
from hearthwatch.records import NotObservable, ObservationStatus
from imagery.errors import QuotaExhausted
from imagery.types import Acquisition, Cost, GeoBox, ImageryProvider

NOTHING = Cost(requests=0, units=0.0, bytes=0)
USUAL_ZONES = Zones()
COARSE_M = 20.0
"""Pixels when the budget runs short, a burn needs nothing finer; and far from any settlement."""


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
    doubt : str
        What is doubtful about the outline; empty where nothing was said.
    """

    key: str
    settlement: str
    core_wkb: bytes
    doubt: str = ""


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
    zones : Zones
        What is measured round each of the places.
    coarse : tuple of str
        Of `cells`, those of which no settlement is near: of them 20 m are fine enough.
    """

    cell: str
    cells: tuple[str, ...]
    area_wkb: bytes
    window: GeoBox
    places: tuple[Place, ...] = ()
    others_wkb: tuple[bytes, ...] = ()
    covered_wkb: bytes = b""
    zones: Zones = USUAL_ZONES
    coarse: tuple[str, ...] = ()

    @property
    def settlements(self) -> dict[str, str]:
        """Ids of the settlements by the key of their place."""
        return {place.key: place.settlement for place in self.places if place.settlement}


@dataclass(frozen=True, slots=True)
class Reading:
    """How much of a look is asked for, where asking is paid for.

    Attributes
    ----------
    pixel_m : float
        No band is asked for finer than this.
    prelook : bool
        Whether the cloud is looked at first, coarsely, and what it hides is not asked for.
    clear_share : float
        Of the watched ground, 0..1: with less of it clear a look is not worth its price.
    pixels : bool
        Whether more than that first look is asked for.
    why_not : str
        Why not.
    """

    pixel_m: float = 10.0
    prelook: bool = False
    clear_share: float = 0.15
    pixels: bool = True
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """Pull one acquisition over one cell into the archive and measure it.

    Attributes
    ----------
    deadline : float
        Seconds for each cell, with waiting for another worker that reads the same.
    permit : Permit or None
        To be used before anything is asked for; None where it costs nothing.
    beside : tuple of str
        Bands that other detectors use of the same look: asked for with those needed, where there
        are such, so that nothing is read twice.
    """

    provider: ImageryProvider
    acquisition: Acquisition
    site: Site
    detector: str
    archive: Path
    scratch: Path
    deadline: float
    reading: Reading = Reading()
    permit: Permit | None = None
    beside: tuple[str, ...] = ()

    def pixel_m(self, cell: str) -> float:
        """Return the size of pixels that are asked for of one cell, metres."""
        return max(self.reading.pixel_m, COARSE_M if cell in self.site.coarse else 0.0)


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
    cost : Cost
        What was asked of the provider for it, and charged.
    quota : QuotaExhausted or None
        Why the provider gives nothing more.
    passing : bool
        Whether what failed may well succeed another time.
    is_useless : bool
        Whether the provider answered, and nothing of use came of it: to ask again costs the same.
    tries : int
        Runs in which it failed so, this one counted.
    again : datetime or None
        Before which it is not asked for again.
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
    cost: Cost = NOTHING
    quota: QuotaExhausted | None = None
    passing: bool = False
    is_useless: bool = False
    tries: int = 0
    again: datetime | None = None


def not_taken(look: Acquisition, site: Site, status: ObservationStatus, reason: str) -> Measured:
    """Return what is told of a look that was not measured, and why."""
    return Measured(
        acquisition=look.key,
        sensed=look.sensed,
        cell=site.cell,
        features="",
        usable=0.0,
        observable=False,
        cause=None,
        causes={},
        lived_without=(),
        masters=(),
        places=tuple(PlaceLook(key, Showed.UNUSABLE, 0.0, "", {}) for key in site.settlements),
        failure=status,
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class Laid:
    """A layer of context, drawn on the pixels of one site: a file, and its SHA-256."""

    layer: LayerVersion
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class JudgeTask:
    """Ask the placebos of one site what they show of one measured look.

    Attributes
    ----------
    laid : tuple of Laid
        Layers to be taken into account, of a detector that does.
    """

    detector: str
    site: Site
    state: Path | None
    state_sha256: str | None
    features: str
    in_force: CalibrationInForce
    laid: tuple[Laid, ...] = ()


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
    said: Mapping[str, Any]
    places: tuple[PlaceLook, ...] = ()
