"""What is remembered of one object that may be a camp, and what its cells show on a look."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from detectors.camp_area import CELL_HA, Area, latest, noted
from detectors.camp_features import CHAR, FOLLOWED, GREEN, NEIGHBOURHOOD, ROWS, SPECTRA, WET
from detectors.objects import Window
from detectors.types import DetectorState
from imagery.types import GeoBox

LEAST_INNER = 4
"""Cells within the edge, of an object large enough to have its own texture told by them."""
MARKS = (GREEN, WET, CHAR, ROWS)
"""Features that are judged as they are, against no baseline."""
LATELY = 0.5
"""Weight of a look in what is remembered of the looks' medians: the last four make up 0.94."""


@dataclass(frozen=True, slots=True)
class CampRules:
    """When cells become an object, and what it takes to be taken for a camp.

    Attributes
    ----------
    grow : float
        Evidence, nats, of a cell that may belong.
    watch, probable, established : float
        Score, nats, that an object must reach for each state: the median evidence of its cells.
    looks_watch, looks_probable, looks_established : int
        Usable looks the evidence has lasted.
    minimum_cells : int
        Cells that are followed as an object; nothing is said of it below `minimum_ha`.
    minimum_ha : float
    features_watch, features : int
        Of those followed, that must have risen for WATCH and for more.
    risen : float
        Scales that a feature must lie above its baseline, median over the cells and the late looks.
    plain : float
        Scales that its spectra must differ by on a look for its area to be measured there.
    growth : float
        By what factor it must have grown since it was first measured, for more than WATCH.
    steady, mottled, beyond_edge : float
        Score, nats, gain of the texture of visible light, natural-log units, and that gain for
        each unit of ln visible light gained, above all of which it need not have been seen to
        grow: clouds can hide the whole of a camp's growth. The last is more than the edge of an
        even patch makes.
    texture : float
        Weight of the evidence of the two textures, which never counts for more than that of
        spectra; with 0 textures take no part, neither here nor among the features.
    later : float
        Share of its cells that changed on later looks than the first: what has so many of them
        has grown too, though its area was not measured before.
    alive : float
        Evidence, nats, below which a cell no longer supports its object.
    same_episode_days : int
        Ground that changed within so many days of an object's last growth joins it.
    rearm_looks : int
        Usable looks after which what changed is the new normal.
    report_growth : float
        Growth since the last report that is worth a new one.
    """

    grow: float = 4.0
    watch: float = 6.0
    probable: float = 9.0
    established: float = 15.0
    looks_watch: int = 2
    looks_probable: int = 4
    looks_established: int = 6
    minimum_cells: int = 8
    minimum_ha: float = 1.0
    features_watch: int = 2
    features: int = 3
    risen: float = 1.0
    plain: float = 1.5
    growth: float = 1.2
    steady: float = 20.0
    mottled: float = 0.8
    beyond_edge: float = 0.6
    later: float = 0.35
    texture: float = 0.5
    alive: float = 1.0
    same_episode_days: int = 120
    rearm_looks: int = 25
    report_growth: float = 1.2


@dataclass(slots=True)
class CampRecord:
    """What is remembered of one open object.

    Attributes
    ----------
    day : int
        Day of its change, in the state's own count.
    state : str
        Last reported; empty before the first report.
    reported_ha : float
        When it was last reported.
    grew : int
        Day of the youngest ground that joined it.
    peak : int
        Most cells that ever supported it at once.
    score : float
        Median evidence of its cells on the last look, nats.
    looks : int
        Usable looks that a hectare of it has lasted, or all of it where it is smaller.
    later : float
        Share of its cells that changed on later looks than its first tenth.
    ready : bool
        Whether nothing but its score keeps it from PROBABLE.
    moved, risen : list of float or None
        Change of each followed feature, natural-log units, and in scales, over the late looks.
    marks : list of float or None
        ln(B04/B08), MNDWI, -NBR and coherence of direction, over the late looks.
    held : list of str
        Why it is taken for no camp, in words; nothing is said of it while there is a reason.
    lacks : list of str
        What it lacks for more than WATCH, in words.
    mapped : list of str
        Maps that keep it at WATCH, which would be ESTABLISHED without them, in words.
    course : list
        Its area over the looks: day, hectares, low, high.
    """

    number: int
    day: int
    state: str = ""
    reported_ha: float = 0.0
    grew: int = 0
    peak: int = 0
    score: float = 0.0
    looks: int = 0
    later: float = 0.0
    ready: bool = False
    moved: list[float | None] = field(default_factory=lambda: [None] * FOLLOWED)
    risen: list[float | None] = field(default_factory=lambda: [None] * FOLLOWED)
    marks: list[float | None] = field(default_factory=lambda: [None] * len(MARKS))
    held: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)
    mapped: list[str] = field(default_factory=list)
    course: list[list[float]] = field(default_factory=list)

    @property
    def area(self) -> Area | None:
        """Return its area over the last looks."""
        return latest(self.course)

    @property
    def growth(self) -> float:
        """Return by what factor it has grown since it was first measured; 1 where that is unknown.

        A look on which next to nothing showed is no beginning to measure growth from.
        """
        area = self.area
        if area is None or len(self.course) < 2:
            return 1.0
        return area.hectares / max(self.course[0][1], 0.16)

    def remember(
        self, view: CampView, alive: NDArray[np.bool_], strong: NDArray[np.bool_],
        area: Area | None,
    ) -> None:  # fmt: skip
        """Take what the look showed of its cells into what is remembered.

        What they look like is told by those that changed plainly: the edge is still green.
        """
        shown = strong if strong.any() else alive
        inner = _inner(shown)
        self.moved = _both(self.moved, view.moved, shown, inner)
        self.risen = _both(self.risen, view.scores, shown, inner)
        self.marks = _blended(self.marks, view.marks[:, shown])
        days = view.changed[alive]
        self.later = round(float((days > np.percentile(days, 10)).mean()), 3)
        self.score = round(float(np.median(view.evidence[alive])), 3)
        self.looks = lasted(view.run[alive])
        if area is not None:
            self.course = noted(self.course, area)

    def rank(self) -> int:
        """Return how far it has come, 0 before the first report."""
        return RANK[DetectorState(self.state)] if self.state else 0


RANK = {DetectorState.WATCH: 1, DetectorState.PROBABLE: 2, DetectorState.ESTABLISHED: 3}


@dataclass(frozen=True, slots=True)
class CampView:
    """What objects are made from: fields of the state and of the look, shape (..., y, x) of cells.

    Attributes
    ----------
    evidence : ndarray of float32
        Nats.
    run : ndarray of int16
        Usable looks it has lasted.
    changed, unharmed : ndarray of int16
        Days on which it began, and of the last look that showed the ground plainly unharmed.
    moved, scores : ndarray of float32, shape (4, y, x)
        What the look differs from the baselines by, natural-log units and scales.
    marks : ndarray of float32, shape (4, y, x)
        ln(B04/B08), MNDWI, -NBR and coherence of direction.
    day : int
        Of the look.
    """

    evidence: NDArray[np.float32]
    run: NDArray[np.int16]
    changed: NDArray[np.int16]
    unharmed: NDArray[np.int16]
    moved: NDArray[np.float32]
    scores: NDArray[np.float32]
    marks: NDArray[np.float32]
    geobox: GeoBox
    day: int
    corner: tuple[int, int] = (0, 0)

    def within(self, window: Window) -> CampView:
        """Return the fields in a window."""
        rows, columns = window
        return dataclasses.replace(
            self,
            **{name: getattr(self, name)[..., rows, columns] for name in _FIELDS},
            corner=(rows.start, columns.start),
        )


_FIELDS = ("evidence", "run", "changed", "unharmed", "moved", "scores", "marks")


def lasted(run: NDArray[np.int16]) -> int:
    """Return the usable looks that the oldest hectare of some cells has lasted.

    Of a camp that grows most cells are young: their median would never reach what the first had.
    """
    oldest = np.sort(run)[::-1]
    return int(oldest[min(round(1.0 / CELL_HA), oldest.size) - 1])


def number_of(value: float | None) -> float:
    """Return a remembered number, NaN where there is none."""
    return math.nan if value is None else value


def _inner(shown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells whose texture is their own and not that of the object's edge."""
    inner = ndimage.binary_erosion(shown, np.ones((3, 3), bool), iterations=NEIGHBOURHOOD // 2 + 1)
    return np.asarray(inner if inner.sum() >= LEAST_INNER else shown, dtype=bool)


def _both(
    before: list[float | None], values: NDArray[np.float32], shown: NDArray[np.bool_],
    inner: NDArray[np.bool_],
) -> list[float | None]:  # fmt: skip
    """Blend in the spectra of all cells shown, and the textures of the inner ones."""
    return [
        *_blended(before[:SPECTRA], values[:SPECTRA, shown]),
        *_blended(before[SPECTRA:], values[SPECTRA:, inner]),
    ]


def _blended(before: list[float | None], shown: NDArray[np.float32]) -> list[float | None]:
    """Blend the medians over cells, shape (k, cell), into those of earlier looks."""
    out: list[float | None] = []
    for old, row in zip(before, shown, strict=True):
        known = row[np.isfinite(row)]
        # A feature that few of the cells show says little of all of them.
        if 2 * known.size < row.size or not known.size:
            out.append(old)
            continue
        new = float(np.median(known))
        out.append(round(new if old is None else old + LATELY * (new - old), 4))
    return out
