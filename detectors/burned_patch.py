"""Which pixels of a settlement burned: seeds and growth by evidence, shares, area, containment."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from detectors import kernel
from detectors.burn_pixels import PixelLook, day_of, expected
from detectors.kernel import EVIDENCE_UNIT, FEATURE_UNIT, NO_DATA
from detectors.objects import area_m2, components, outline
from detectors.patch_look import BURN_RATIO
from detectors.severity import Severity, severity
from detectors.types import PatchLook
from imagery.types import GeoBox

PIXEL_M = 10.0

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PatchRules:
    """Constants of the burned patch.

    Attributes
    ----------
    seed, growth : float
        Nats over looks from which a pixel is one, or joins one: a likelihood ratio of ``1 / p``
        is reached by chance with a probability of `p` at most, here 0.0001 and 0.01.
    least : int
        Pixels of the smallest patch.
    before_days : float
        Days before the first affected look from which on a pixel's change is part of the event.
    passing : float
        Share of the margin's outer edge that burned from which on the fire passed through.
    through : float
        Nats taken from the odds where all of that edge burned.
    """

    seed: float = -math.log(1e-4)
    growth: float = -math.log(1e-2)
    least: int = 4
    before_days: float = 20.0
    passing: float = 0.25
    through: float = 2.0


@dataclass(frozen=True, slots=True)
class BurnedPatch:
    """What burned of one settlement, as far as its pixels tell.

    Attributes
    ----------
    mask : ndarray of bool, shape (n,)
        Burned pixels of the place, those of its margin too.
    share, low, high : float
        Burned share of the core: of the pixels judged, the least (seeds alone, all that was not
        judged taken as unburned) and the most (all of that taken as burned).
    area_m2 : float
        Burned area of core and margin on the WGS 84 ellipsoid.
    edge : float
        Share of the margin's outer edge that burned.
    severity : Severity or None
        None where B12 is missing.
    """

    mask: Mask
    share: float
    low: float
    high: float
    area_m2: float
    edge: float
    severity: Severity | None


def edge_shares(
    pixels: NDArray[np.int16], look: PatchLook, since: NDArray[np.int64], rules: PatchRules
) -> Array:
    """Return the share of each place's outer edge that burned, by evidence; shape (place,).

    Parameters
    ----------
    since : ndarray of int64, shape (place,)
        Seconds since the epoch of what may be one event; what changed long before is no part of it.
    """
    place = np.repeat(np.arange(look.counts.size), look.counts)
    begins = np.array([day_of(int(one) - round(rules.before_days * 86_400)) for one in since])
    recent = pixels[:, kernel.CHANGED] >= begins[place]
    grown = recent & (pixels[:, kernel.EVIDENCE] * EVIDENCE_UNIT >= rules.growth)
    whole = np.bincount(place, look.edge, look.counts.size)
    burned = np.bincount(place, look.edge & grown, look.counts.size)
    share: Array = burned / np.maximum(whole, 1)
    return share


def passing_odds(edge: Array, rules: PatchRules) -> Array:
    """Return what a fire that passes through takes from the odds, nats, 0 or less."""
    return np.where(edge >= rules.passing, -rules.through * edge, 0.0)


def burned_patch(
    pixels: NDArray[np.int16], look: PatchLook, found: PixelLook, place: int, opened: int,
    seconds: int, grid: GeoBox, rules: PatchRules, training: int,
) -> BurnedPatch | None:  # fmt: skip
    """Return what burned of one settlement since an episode opened; None where no patch shows.

    Parameters
    ----------
    pixels : ndarray of int16, shape (n, field)
        State of all places' pixels after the look.
    found : PixelLook
        What the look said of them.
    opened, seconds : int
        First affected look and this one, seconds since the epoch.
    grid : GeoBox
        Any grid in the CRS of the pixels' eastings and northings.
    training : int
        Looks before a pixel is judged.
    """
    first = int(look.counts[:place].sum())
    mine = slice(first, first + int(look.counts[place]))
    state = pixels[mine]
    # What changed long before is no part of this event.
    since = opened - round(rules.before_days * 86_400)
    recent = state[:, kernel.CHANGED] >= day_of(since)
    nats: Array = np.where(recent, state[:, kernel.EVIDENCE], 0) * np.float64(EVIDENCE_UNIT)
    column = (look.east[mine] // PIXEL_M).astype(np.int64)
    row = (-(look.north[mine] // PIXEL_M)).astype(np.int64)
    mask = _grown(nats, row - row.min(), column - column.min(), rules)
    core, edge = look.core[mine], look.edge[mine]
    if not (mask & core).any():
        return None
    judged = (state[:, kernel.LOOKS] >= training) & (look.values[:, mine] != NO_DATA).any(0)
    judged = core & (judged | mask)
    burned, whole = int((mask & core).sum()), int(core.sum())
    seeds = int((mask & core & (nats >= rules.seed)).sum())
    return BurnedPatch(
        mask=mask,
        share=burned / int(judged.sum()),
        low=seeds / whole,
        high=(burned + whole - int(judged.sum())) / whole,
        area_m2=_area(mask, row, column, grid),
        edge=float((mask & edge).sum() / max(int(edge.sum()), 1)),
        severity=_severity(state, look, found, mine, mask, seconds),
    )


def _grown(
    nats: Array, row: NDArray[np.int64], column: NDArray[np.int64], rules: PatchRules
) -> Mask:
    """Return the pixels of patches of growth that hold a seed and are large enough."""
    grid = np.zeros((int(row.max()) + 1, int(column.max()) + 1), bool)
    grid[row, column] = nats >= rules.growth
    labels, count = components(grid)
    label = labels[row, column]
    size = np.bincount(label, minlength=count + 1)
    seeded = np.bincount(label, nats >= rules.seed, minlength=count + 1) > 0
    good = (size >= rules.least) & seeded
    good[0] = False
    mask: Mask = good[label]
    return mask


def _area(mask: Mask, row: NDArray[np.int64], column: NDArray[np.int64], zone: GeoBox) -> float:
    """Return the area of some pixels on the ellipsoid, square metres."""
    rows, columns = row[mask], column[mask]
    top, left = int(rows.min()), int(columns.min())
    grid = np.zeros((int(rows.max()) - top + 1, int(columns.max()) - left + 1), bool)
    grid[rows - top, columns - left] = True
    corner = Affine(PIXEL_M, 0, left * PIXEL_M, 0, -PIXEL_M, (1 - top) * PIXEL_M)
    return area_m2(outline(grid, GeoBox(grid.shape, corner, zone.crs)))


def _severity(
    state: NDArray[np.int16], look: PatchLook, found: PixelLook, mine: slice, mask: Mask,
    seconds: int,
) -> Severity | None:  # fmt: skip
    if look.second != BURN_RATIO:
        return None
    seen = look.values[1, mine]
    after = np.where(seen != NO_DATA, seen * FEATURE_UNIT, np.nan)
    before = expected(state, seconds)[1] + float(found.scale.centre[1])
    return severity(before[mask], after[mask])
