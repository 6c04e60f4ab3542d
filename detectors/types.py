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

from detectors.calibration import Calibration
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


class SiteChange(StrEnum):
    """What became of a site: the frozen vocabulary."""

    NEW = "new"
    EXPANDED = "expanded"
    CONTRACTED = "contracted"
    CLOSED = "closed"
    RAZED_PARTIAL = "razed_partial"
    RAZED_TOTAL = "razed_total"
    ABANDONED = "abandoned"
    REOCCUPIED = "reoccupied"
    REBUILT = "rebuilt"


class Watches(StrEnum):
    """What a detector follows: every pixel of an area, or settlements as wholes."""

    AREA = "area"
    SETTLEMENTS = "settlements"


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
class Zones:
    """The ground round a settlement that a detector measures, and how finely.

    Attributes
    ----------
    near_m : float
        By how much the core is widened to become part 0 of a place; 0 leaves it as it is.
    inner_m, outer_m : float
        Distances from the core's edge between which the ring lies.
    pixel_m : float
        Side of a pixel of the grid it is measured on.
    """

    near_m: float = 0.0
    inner_m: float = 300.0
    outer_m: float = 1500.0
    pixel_m: float = 10.0


@dataclass(frozen=True, slots=True)
class DetectorInfo:
    """What a detector is, needs and reports.

    Attributes
    ----------
    id, version : str
        Part of the key of everything it produces.
    kinds : tuple of str
        Kinds of event it may report.
    regions : tuple of str
        Kinds of change that regions are watched for in which it is run.
    sensors : tuple of str
        Sensors whose cubes it reads.
    needed, useful : tuple of str
        Bands without which it refuses, and bands it uses where they exist.
    usable_share : float
        A look on which less of the watched area, or of a settlement's core, was seen is not
        scored.
    watches : Watches
        Whether it follows pixels or settlements.
    zones : Zones
        Of one that follows settlements.
    external : bool
        Whether it reads what others made of their looks: a catalogue without that lacks nothing.
    """

    id: str
    version: str
    kinds: tuple[str, ...]
    regions: tuple[str, ...]
    sensors: tuple[str, ...]
    needed: tuple[str, ...]
    useful: tuple[str, ...]
    usable_share: float
    references: tuple[Reference, ...]
    watches: Watches = Watches.AREA
    zones: Zones = Zones()
    external: bool = False


NEVER = int(np.iinfo(np.int64).min)
"""Seconds since the epoch of what never was."""
PARTS = 17
"""Parts of a settlement: its core, then the sectors of its ring clockwise from north."""


@dataclass(frozen=True, slots=True)
class PatchSet:
    """The pixels of each place that are followed one by one: its core and a margin round it.

    Those of a place stand together, in an order that depends on its core alone.

    Attributes
    ----------
    counts : ndarray of int64, shape (place,)
        Pixels of each place.
    pixels : ndarray of int64, shape (n,)
        Flat indices into the cube's grid.
    core : ndarray of bool, shape (n,)
        Whether a pixel is of the core.
    edge : ndarray of bool, shape (n,)
        Whether it is at the outer edge of the margin.
    """

    counts: NDArray[np.int64]
    pixels: NDArray[np.int64]
    core: NDArray[np.bool_]
    edge: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PlaceSet:
    """Settlements and placebos as pixels of one cube's grid.

    Attributes
    ----------
    ids : tuple of str
        One for each place; another outline is another id, for its baseline starts anew.
    placebo : ndarray of bool, shape (place,)
        True for settlement-shaped polygons on settlement-free ground.
    pixels : ndarray of int64
        Flat indices into the grid: those of place p and part k are
        ``pixels[starts[PARTS * p + k] : starts[PARTS * p + k + 1]]``.
    starts : ndarray of int64, shape (place * PARTS + 1,)
    patches : PatchSet or None
        The pixels that are followed one by one; None where none are.
    """

    ids: tuple[str, ...]
    placebo: NDArray[np.bool_]
    pixels: NDArray[np.int64]
    starts: NDArray[np.int64]
    patches: PatchSet | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """What a look is measured over: an area, or settlements and placebos.

    Attributes
    ----------
    watched : ndarray of bool, shape (y, x)
        Pixels of the cube's grid inside the watched area.
    settlements : PlaceSet or None
        With the parts that the detector's zones ask for.
    yards : PlaceSet or None
        The same places with their cores as they are, where the zones widen them.
    """

    watched: NDArray[np.bool_]
    settlements: PlaceSet | None = None
    yards: PlaceSet | None = None


@dataclass(frozen=True, slots=True)
class PatchLook:
    """What one look showed of the pixels that are followed one by one.

    Attributes
    ----------
    counts : ndarray of int64, shape (place,)
        Pixels of each place, which stand together.
    core, edge : ndarray of bool, shape (n,)
        Whether a pixel is of the core, and whether it is at the outer edge of the margin.
    east, north : ndarray of int32, shape (n,)
        Centre of each pixel in the grid's own CRS, metres, rounded down.
    values : ndarray of int16, shape (2, n)
        Features in steps of 1/4096 of a natural logarithm, the sign so that burning raises them;
        -32768 where nothing was seen.
    second : str
        Name of the second feature, which depends on the bands there are.
    texture : ndarray of float64, shape (place,)
        How even the core is against its margin, natural-log units; NaN where too little was seen.
    """

    counts: NDArray[np.int64]
    core: NDArray[np.bool_]
    edge: NDArray[np.bool_]
    east: NDArray[np.int32]
    north: NDArray[np.int32]
    values: NDArray[np.int16]
    second: str
    texture: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlaceFeatures:
    """What one look showed of each settlement and placebo.

    Attributes
    ----------
    values : ndarray of float64, shape (place, feature, part)
        NaN where too little was seen.
    bands : tuple of str
        Those the features are measured in.
    seen : ndarray of float64, shape (place, part)
        Share of each part's pixels that were clear; NaN where a part has no ground.
    contamination : ndarray of float64, shape (place,)
        Share of the core that may be shadow or haze.
    lost : tuple of str
        What most of the core was lost to, of each place; empty where all was seen.
    core_pixels : ndarray of int64, shape (place,), or None
        How many pixels of 10 m each core has; None where that is not known.
    patches : PatchLook or None
        What the pixels showed one by one; None where none are followed.
    """

    ids: tuple[str, ...]
    placebo: NDArray[np.bool_]
    values: NDArray[np.float64]
    bands: tuple[str, ...]
    seen: NDArray[np.float64]
    contamination: NDArray[np.float64]
    lost: tuple[str, ...]
    core_pixels: NDArray[np.int64] | None = None
    patches: PatchLook | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """What `measure` returns of one look.

    Attributes
    ----------
    sensed : datetime
        Aware UTC.
    names : tuple of str
        Names of the features.
    usable : float
        Share of the watched pixels with an observation, 0..1; of settlements, the mean share
        of their cores.
    causes : mapping of str to float
        Share of the watched pixels lost to each cause (cloud, shadow, nodata).
    pixels : ndarray of int16, shape (feature, y, x)
        Of an area: feature values in the detector's fixed-point units; ``NO_DATA`` where
        nothing was seen.
    places : PlaceFeatures or None
        Of settlements.
    orbit : int or None
        Relative orbit, where it is known.
    sensor : str
        Product the look is of, where it is known: one of the detector's sensors.
    lived_without : tuple of str
        Useful bands that this look did not have.
    """

    acquisition: str
    sensed: datetime
    names: tuple[str, ...]
    usable: float
    causes: Mapping[str, float]
    pixels: NDArray[np.int16] = field(default_factory=lambda: np.empty((0, 0, 0), np.int16))
    places: PlaceFeatures | None = None
    orbit: int | None = None
    lived_without: tuple[str, ...] = ()
    sensor: str = ""


class Showed(StrEnum):
    """What one look came to at one settlement."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEARNING = "learning"
    BLIND = "blind"
    """Seen, but it speaks plainly neither for a change nor against one."""
    SUSPECT = "suspect"
    """Seen in a scene that the placebos say is bad."""
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class PlaceLook:
    """One look at one settlement, for the ledger.

    Attributes
    ----------
    usable : float
        Share of the core that was clear.
    lost : str
        What the look was lost to, where it is unusable.
    said : mapping
        Evidence and scores, and what was lacking, in words.
    """

    place: str
    showed: Showed
    usable: float
    lost: str
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MonitorState:
    """Everything a detector remembers of a place, of fixed size, between two looks.

    Attributes
    ----------
    detector, version : str
        Who wrote it; a detector refuses a state it cannot read.
    geobox : GeoBox
    arrays : mapping of str to ndarray
        Named arrays over the pixels of `geobox`, together at most 40 bytes a pixel; or over
        settlements, in the order of `objects`.
    scalars : mapping of str to int or float or str
        Small values: number of looks, next object number, time of the last look.
    objects : tuple of mapping
        One small record per object that is still open, or per settlement.
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
        Outline in CRS84; empty where `place` names a settlement, whose core it is.
    area_m2 : float
        Area on the WGS 84 ellipsoid.
    last_unharmed : datetime or None
        Last usable look on which the ground showed no change; None where there was none.
    first_changed : datetime
        First look on which it showed the change.
    looks : int
        Usable looks since then, the first changed one counted.
    evidence : mapping
        Numbers an analyst can check: log-likelihood ratio, features, pixels; and words that
        class them.
    doubts : tuple of str
        What could weaken it, in words.
    place : str
        Id of the settlement, of a detector that follows settlements; `object` then counts the
        episodes there.
    change : SiteChange or None
        What became of the site, where that can be told.
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
    evidence: Mapping[str, Any]
    doubts: tuple[str, ...] = field(default=())
    place: str = ""
    change: SiteChange | None = None


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

    def past_numbers(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state`, in which no new object gets a number that `other` has given.

        Both are of one place. What is open keeps its number; `state` itself is returned where
        there is nothing to change.
        """
        ...


@runtime_checkable
class HoldingDetector(Detector, Protocol):
    """A detector of areas that follows ground of which it says nothing, and can tell why."""

    def held_back(self, state: MonitorState) -> tuple[str, ...]:
        """Return, in words, why nothing is said of ground that would be told of otherwise."""
        ...


@runtime_checkable
class PlaceDetector(Detector, Protocol):
    """A detector that follows settlements, and so has placebos to judge a scene by."""

    def calibrated(self, calibration: Calibration) -> PlaceDetector:
        """Return this detector with other thresholds."""
        ...

    def placebo_evidence(self, state: MonitorState, features: Features) -> tuple[float, ...]:
        """Return the evidence of this look alone at every usable placebo, nats.

        Reads `state` as the look before left it, and changes nothing.
        """
        ...

    def looks(self, state: MonitorState, features: Features) -> tuple[PlaceLook, ...]:
        """Tell what the look came to at every settlement; `state` is the one after it."""
        ...

    def beside(self, state: MonitorState) -> MonitorState:
        """Return a state without settlements, in which others can be brought up to `state`."""
        ...

    def join(self, state: MonitorState, other: MonitorState) -> MonitorState:
        """Return `state` with all settlements of `other`, which has taken the same looks."""
        ...
