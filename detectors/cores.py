"""The core of a settlement that is known as a point only, found in the image around the point.

Yards are trodden bare, and roofs and paths mix with them within a few metres, in the rains as in
the dry season: a settlement is barer, brighter and rougher than the ground around it, and stays
so, while a field is green in one look and bare in the next. So every mark is measured pixel by
pixel in each look and its lower quartile over the looks is kept: what stands out in one season
only does not count. The marks are held against the ground around the point, added up, and an
outline is grown from the point down to the level where the image drops most sharply.

Where the point does not stand out nothing is drawn: a made-up outline would put fields into the
core, and a burned field would then be told as a burned village.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label
from skimage.morphology import closing, disk, opening

from detectors.core_marks import marks_of, quantile, smoothed

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_FLATTEST = 1e-3
_MAD_TO_SD = 1.4826
_MOST_SCORES = 5.0
_HECTARE_M2 = 10_000.0


@dataclass(frozen=True, slots=True)
class CoreRules:
    """Constants of the search.

    Attributes
    ----------
    reach_m : float
        How far from the point the settlement may begin: coordinates in lists are rounded.
    scale_m : float
        Standard deviation of the smoothing, metres.
    far_m : float
        Ground farther from the point than this is what the point is held against.
    quantile : float
        Over looks, of each mark.
    levels : tuple of float
        Shares of what the point stands out by, down to which outlines are tried.
    close_m : float
        Gaps between yards that an outline bridges, metres.
    looks : int
        Looks that are needed.
    shown : float
        Share of the pixels within `far_m` that a look must show to be used.
    contrast : float
        Robust standard deviations of the ground around that the point must stand out by.
    rarity : float
        Share of places around that may stand out as much as the point.
    drop : float
        The same deviations by which the image must drop across the outline.
    least_ha, most_ha : float
        Sizes of an outline that is believed, hectares.
    edge : float
        Share of the outline's rim that may lie where nothing was seen beyond.
    strip_m, broad : float
        What is narrower than this, metres, is taken for a road or a bank, and share of the outline
        that must be broader.
    stability : float
        Mean Jaccard index that outlines of half of the looks must have with that of all.
    """

    reach_m: float = 60.0
    scale_m: float = 10.0
    far_m: float = 300.0
    quantile: float = 0.25
    levels: tuple[float, ...] = (0.4, 0.5, 0.6, 0.7, 0.8)
    close_m: float = 20.0
    looks: int = 3
    shown: float = 0.8
    contrast: float = 4.0
    rarity: float = 0.1
    drop: float = 1.5
    least_ha: float = 0.5
    most_ha: float = 60.0
    edge: float = 0.05
    strip_m: float = 40.0
    broad: float = 0.7
    stability: float = 0.5


@dataclass(frozen=True, slots=True)
class Core:
    """What was seen around a point.

    Attributes
    ----------
    outline : ndarray of bool, shape (y, x), or None
        The settlement; None where none could be told.
    refusal : str
        Why none could be told, in words; empty where there is an outline.
    looks : int
        Looks that were used.
    contrast, rarity, drop, edge, broad, stability : float
        What `CoreRules` set limits to; NaN for what was not measured, as nothing was grown.
    """

    outline: Mask | None
    refusal: str
    looks: int
    contrast: float = math.nan
    rarity: float = math.nan
    drop: float = math.nan
    edge: float = math.nan
    broad: float = math.nan
    stability: float = math.nan


def find_core(
    looks: Array, bands: Sequence[str], seed: tuple[int, int], pixel_m: float,
    rules: CoreRules | None = None,
) -> Core:  # fmt: skip
    """Outline the settlement that a point lies in.

    Parameters
    ----------
    looks : ndarray, shape (look, band, y, x)
        Reflectance, 0..1; NaN where a look does not show the ground. Best from all seasons, and
        reaching a kilometre around the point: the settlement is told by the ground around it.
    bands : sequence of str
        Names of the bands, second axis of `looks`; see `core_marks.USED`.
    seed : tuple of int
        Row and column of the point.
    pixel_m : float
        Side of a pixel, metres.

    Returns
    -------
    Core
        Without an outline where the point does not stand out from the ground around.

    Raises
    ------
    ValueError
        If B04 or every band of the near infrared is missing, or the point is outside the window.
    """
    rules = rules or CoreRules()
    search = _Search(_away(looks.shape[2:], seed, pixel_m), pixel_m, rules)
    marks = search.marks(looks, bands)
    if len(marks) < rules.looks:
        few = f"{len(marks)} clear looks, and {rules.looks} are needed"
        return Core(None, f"no outline could be seen: there are {few}", len(marks))
    score = search.score(marks)
    found = search.grown(score)
    contrast, rarity = search.standing(score)
    core = Core(
        found, "", len(marks), contrast, rarity, search.drop(score, found),
        search.edge(score, found), search.broad(found), search.stability(marks, found),
    )  # fmt: skip
    words = _refusal(core, float(found.sum()) * pixel_m**2 / _HECTARE_M2, rules)
    if not words:
        return core
    return dataclasses.replace(core, outline=None, refusal=f"no outline could be seen: {words}")


@dataclass(frozen=True, slots=True)
class _Search:
    """`away` (y, x) is the distance from the point, metres."""

    away: Array
    pixel_m: float
    rules: CoreRules

    @property
    def far(self) -> Mask:
        return np.asarray(self.away > self.rules.far_m)

    def marks(self, looks: Array, bands: Sequence[str]) -> Array:
        """Return the marks of every look that shows the ground, shape (look, mark, y, x)."""
        near, few = ~self.far, np.zeros((0, 0, *self.away.shape))
        every = [marks_of(one, bands) for one in looks]
        shown = [np.isfinite(one[:, near]).all(0).mean() for one in every]
        used = [m for m, share in zip(every, shown, strict=True) if share >= self.rules.shown]
        used = [one for one in used if np.isfinite(one[:, self.far]).any(1).all()]
        return np.stack(used) if used else few

    def score(self, marks: Array) -> Array:
        """Return by how much each pixel stands out at most times; NaN where nothing was seen.

        Every look is centred on the ground around first: the season moves all of it.
        """
        centres = np.nanmedian(marks[:, :, self.far], axis=2)
        lasting = quantile(marks - centres[:, :, None, None], self.rules.quantile)
        around = lasting[:, self.far]
        middle = np.nanmedian(around, axis=1)[:, None, None]
        spread = _MAD_TO_SD * np.nanmedian(np.abs(around - middle[:, 0]), axis=1)[:, None, None]
        scores = (lasting - middle) / np.maximum(spread, _FLATTEST)
        total = np.clip(scores, -_MOST_SCORES, _MOST_SCORES).mean(axis=0)
        return smoothed(total, self.rules.scale_m / self.pixel_m)

    def grown(self, score: Array) -> Mask:
        """Return the outline, of those of all levels, across which the image drops most."""
        tried = [self._grown_to(score, level) for level in self.rules.levels]
        least = self.rules.least_ha * _HECTARE_M2 / self.pixel_m**2
        drops = [self.drop(score, one) if one.sum() >= least else -math.inf for one in tried]
        return tried[int(np.argmax(drops))]

    def drop(self, score: Array, outline: Mask) -> float:
        """Return the drop across an outline, in deviations of the ground around."""
        inner = outline & ~ndimage.binary_erosion(outline, iterations=2, border_value=1)
        outer = ndimage.binary_dilation(outline, iterations=3) & ~ndimage.binary_dilation(outline)
        inner, outer = (one & np.isfinite(score) for one in (inner, outer))
        if not inner.any() or not outer.any():
            return -math.inf
        fall = np.median(score[inner]) - np.median(score[outer])
        return float(fall / self._spread(score)[1])

    def standing(self, score: Array) -> tuple[float, float]:
        """Return how much the point stands out, and the share of places that do as much.

        Places are given the same reach as the point: the best within it is compared with the best.
        """
        middle, spread = self._spread(score)
        steps = int(self.rules.reach_m / self.pixel_m)
        seen = np.where(np.isfinite(score), score, -np.inf)
        best = ndimage.maximum_filter(seen, footprint=disk(steps), mode="constant", cval=-np.inf)
        peak = float(seen[self._seed(seen)])
        places = self.far & np.isfinite(score)
        return (peak - middle) / spread, float((best[places] >= peak).mean())

    def stability(self, marks: Array, outline: Mask) -> float:
        """Return the mean Jaccard index of outlines of half of the looks with that of all."""
        half = len(marks) // 2
        halves = (marks[::2], marks[1::2], marks[:half], marks[half:])
        return float(np.mean([_jaccard(self.grown(self.score(one)), outline) for one in halves]))

    def edge(self, score: Array, outline: Mask) -> float:
        """Return the share of an outline's rim beyond which nothing was seen."""
        rim = outline & ~ndimage.binary_erosion(outline)
        seen = ndimage.binary_erosion(np.isfinite(score))
        return float((rim & ~seen).sum() / max(int(rim.sum()), 1))

    def broad(self, outline: Mask) -> float:
        """Return the share of an outline that is broader than a road."""
        wide = opening(outline, disk(round(self.rules.strip_m / 2 / self.pixel_m)))
        return float(wide.sum() / max(int(outline.sum()), 1))

    def _grown_to(self, score: Array, level: float) -> Mask:
        """Return what is joined to the point above a share of what the point stands out by."""
        seen = np.where(np.isfinite(score), score, -np.inf)
        seed, (middle, _) = self._seed(seen), self._spread(score)
        steps = round(self.rules.close_m / self.pixel_m)
        above = np.pad(seen >= middle + level * (seen[seed] - middle), steps)
        pieces = label(closing(above, disk(steps))[steps:-steps, steps:-steps])
        mine = (pieces == pieces[seed]) & (pieces > 0)
        return np.asarray(ndimage.binary_fill_holes(mine), dtype=bool)

    def _seed(self, seen: Array) -> tuple[int, int]:
        """Return the pixel within reach of the point that stands out most."""
        near = np.where(self.away <= self.rules.reach_m, seen, -np.inf)
        row, column = np.unravel_index(int(np.argmax(near)), near.shape)
        return int(row), int(column)

    def _spread(self, score: Array) -> tuple[float, float]:
        around = score[self.far & np.isfinite(score)]
        middle = float(np.median(around))
        spread = _MAD_TO_SD * float(np.median(np.abs(around - middle)))
        return middle, max(spread, _FLATTEST)


def _refusal(core: Core, hectares: float, rules: CoreRules) -> str:
    """Return why an outline must not be believed; empty where it may be."""
    tests = (
        (core.contrast < rules.contrast or core.rarity > rules.rarity,
         "the point does not stand out from the ground around, "
         f"{core.rarity:.0%} of which looks as much like a settlement"),
        (hectares < rules.least_ha, f"what stands out is {hectares:.2f} ha, too small to tell"),
        (hectares > rules.most_ha or core.edge > rules.edge,
         f"what the point lies in has no end in sight: {hectares:.1f} ha, {core.edge:.0%} of its "
         "rim at the edge of what was seen"),
        (core.broad < rules.broad,
         f"what stands out is a strip narrower than {rules.strip_m:g} m, as a road or a bank is"),
        (core.drop < rules.drop, "the image fades into the ground around without an edge"),
        (core.stability < rules.stability, "half of the looks show another outline than all do"),
    )  # fmt: skip
    return next((words for failed, words in tests if failed), "")


def _jaccard(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / max(int((one | other).sum()), 1))


def _away(shape: tuple[int, ...], seed: tuple[int, int], pixel_m: float) -> Array:
    """Return the distance of each pixel from the point, metres."""
    if not all(0 <= at < size for at, size in zip(seed, shape, strict=True)):
        raise ValueError(f"the point {seed} is outside the window of {shape}")
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    away: Array = np.hypot(rows - seed[0], columns - seed[1]) * pixel_m
    return away
