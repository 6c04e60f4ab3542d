"""Value types and the Protocol of the detectors' room.

A detector is pure: arrays and values in, arrays and values out, in a fixed order of reduction,
so that a run can be replayed bit for bit. It knows no file, clock, network or policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from imagery.types import GeoBox

if TYPE_CHECKING:
    import xarray as xr


class DetectorState(StrEnum):
    """How far the evidence for a change has come; people's words for events are others."""

    WATCH = "WATCH"
    PROBABLE = "PROBABLE"
    ESTABLISHED = "ESTABLISHED"
    CLOSED = "CLOSED"
    LAPSED = "LAPSED"


class GuardVerdict(StrEnum):
    """What the scene guard says of one look before anything is scored."""

    PASSED = "passed"
    SUSPECT = "suspect"
    UNGUARDED = "unguarded"


@dataclass(frozen=True, slots=True)
class SceneJudgement:
    """The guard's verdict on one acquisition, with the count it rests on.

    Attributes
    ----------
    placebos, exceeding : int
        How many placebos were measured, and how many showed evidence of change.
    reason : str
        Words for the ledger; says so where there were too few placebos to judge.
    """

    acquisition: str
    verdict: GuardVerdict
    placebos: int
    exceeding: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A published source of a method."""

    citation: str
    doi: str | None = None


@dataclass(frozen=True, slots=True)
class DetectorInfo:
    """What a detector is, needs and reports.

    Attributes
    ----------
    id, version : str
        Part of the key of everything it produces.
    kinds : tuple of str
        Kinds of event it may report.
    sensor : str
        Sensor whose cubes it reads.
    needed, useful : tuple of str
        Bands without which it refuses, and bands it uses where they exist.
    usable_share : float
        A look on which less of the watched area was seen is not scored.
    """

    id: str
    version: str
    kinds: tuple[str, ...]
    sensor: str
    needed: tuple[str, ...]
    useful: tuple[str, ...]
    usable_share: float
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """What a look is measured over: an area, and later settlements and placebos in it.

    Attributes
    ----------
    watched : ndarray of bool, shape (y, x)
        Pixels of the cube's grid inside the watched area.
    """

    watched: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Features:
    """What `measure` returns of one look.

    Attributes
    ----------
    sensed : datetime
        Aware UTC.
    pixels : ndarray of int16, shape (feature, y, x)
        Feature values in the detector's fixed-point units; ``NO_DATA`` where nothing was seen.
    names : tuple of str
        Names of the features, first axis of `pixels`.
    usable : float
        Share of the watched pixels with an observation, 0..1.
    causes : mapping of str to float
        Share of the watched pixels lost to each cause (cloud, shadow, nodata).
    lived_without : tuple of str
        Useful bands that this look did not have.
    """

    acquisition: str
    sensed: datetime
    names: tuple[str, ...]
    pixels: NDArray[np.int16]
    usable: float
    causes: Mapping[str, float]
    lived_without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonitorState:
    """Everything a detector remembers of a place, of fixed size, between two looks.

    Attributes
    ----------
    detector, version : str
        Who wrote it; a detector refuses a state it cannot read.
    geobox : GeoBox
    arrays : mapping of str to ndarray
        Named arrays over the pixels of `geobox`; together at most 40 bytes a pixel.
    scalars : mapping of str to int or float or str
        Small values: number of looks, next object number, time of the last look.
    objects : tuple of mapping
        One small record per object that is still open.
    """

    detector: str
    version: str
    geobox: GeoBox
    arrays: Mapping[str, NDArray[np.generic]]
    scalars: Mapping[str, int | float | str]
    objects: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector says of one object at one look.

    Attributes
    ----------
    object : int
        Number of the object within the state; the same object keeps it for ever.
    kind : str
        Kind of event, from the frozen vocabulary.
    geometry : shapely geometry
        Outline in CRS84.
    area_m2 : float
        Area on the WGS 84 ellipsoid.
    last_unharmed : datetime or None
        Last usable look on which the ground showed no change; None where there was none.
    first_changed : datetime
        First look on which it showed the change.
    looks : int
        Usable looks since then, the first changed one counted.
    evidence : mapping
        Numbers an analyst can check: log-likelihood ratio, features, pixels.
    doubts : tuple of str
        What could weaken it, in words.
    """

    object: int
    kind: str
    state: DetectorState
    geometry: BaseGeometry
    area_m2: float
    pixels: int
    last_unharmed: datetime | None
    first_changed: datetime
    looks: int
    evidence: Mapping[str, float]
    doubts: tuple[str, ...] = field(default=())


@runtime_checkable
class Detector(Protocol):
    """A detector: `measure` looks at one cube, `score` updates a state and reports.

    Both are pure. Between the two the pipeline judges the scene (:mod:`detectors.guard`).
    """

    info: DetectorInfo

    def measure(self, cube: xr.Dataset, places: Places) -> Features:
        """Measure one look; `cube` has one time step and passes ``imagery.cube.check_cube``."""
        ...

    def start(self, geobox: GeoBox) -> MonitorState:
        """Return the state of a place never looked at."""
        ...

    def score(
        self, state: MonitorState, features: Features, scene: SceneJudgement
    ) -> tuple[MonitorState, tuple[Finding, ...]]:
        """Take one look into `state` and return the new state and what it says.

        Raises
        ------
        ValueError
            If the look is not younger than the state's last, or the state is another's.
        """
        ...
