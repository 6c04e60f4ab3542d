"""What share of a pixel is char, green, dry or in shade: linear unmixing of its reflectance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detectors.endmembers import Surface, spectrum

SURFACES = (Surface.CHAR, Surface.GREEN, Surface.DRY, Surface.SHADE)
FEWEST_BANDS = 4

Values = NDArray[np.float64]


def fractions(
    reflectance: ArrayLike, bands: Sequence[str], surfaces: Sequence[Surface] = SURFACES
) -> Values:
    """Return the shares of the surfaces that together look most like what was observed.

    Parameters
    ----------
    reflectance : array_like, shape (..., b)
        Surface reflectance, 0..1, one band after the other in the last axis. Small negative values
        are taken as they are.
    bands : sequence of str, length b
        Their names, at least four different ones out of ``endmembers.BANDS``.
    surfaces : sequence of Surface, length s
        What a pixel may consist of.

    Returns
    -------
    array of float64, shape (..., s)
        Shares in the order of ``surfaces``: none negative, their sum 1 but for rounding. NaN
        throughout where any band is not a finite number.

    Raises
    ------
    LookupError
        There is no reflectance for one of the bands.
    ValueError
        Fewer than four bands, or another number of them than ``reflectance`` has, or the bands
        cannot tell the surfaces apart, or no surface is named.

    Notes
    -----
    Minimises ``|E f - r|`` over ``f >= 0, sum(f) = 1`` (Heinz & Chang 2001,
    doi:10.1109/36.911111). The minimum has some set of surfaces with a share above 0, and on that
    set it is the least-squares solution with sum 1 alone. So that solution is taken on every set,
    those with a negative share are dropped, and of the rest the one nearest to the observation is
    the answer: 15 small products for four surfaces, no iteration, and the same bits for a pixel
    wherever in the array it lies. Of equally near ones, the first largest set is taken.

    As shade is black, its share is what the others leave of 1, and takes up how bright a surface
    happens to be. Char is dark too: with noise of standard deviation 0.01 in every band, the
    standard error of the share of char is 0.43 from B02, B03, B04, B08 (char cannot be told from
    shade), 0.26 from B02, B03, B04, B8A, B11 and 0.11 with B12 as well, and nearly all of it is
    char taken for shade or shade for char. Where a share cannot fall below 0 errors go one way: dry
    ground 40 % in shade, without char, comes out at 0.17, 0.12 and 0.05 char on average.
    ``docs/spectra.md`` has more figures.
    """
    members = _members(bands, surfaces)
    observed = np.moveaxis(np.asarray(reflectance, dtype=np.float64), -1, 0)
    if len(observed) != len(bands):
        raise ValueError(f"{len(bands)} bands are named, but reflectance has {len(observed)}")
    observed = np.where(np.isfinite(observed), observed, np.nan)
    members, observed = _within_reach(members, observed)
    best = np.full((len(surfaces), *observed.shape[1:]), np.nan)
    least = np.full(observed.shape[1:], np.inf)
    for chosen in _sets(len(surfaces)):
        shares = _shares(members[chosen], observed)
        misfit = _misfit(members[chosen], shares, observed)
        # Not-a-number is not less than anything, so that what was not observed stays NaN.
        better = (misfit < least) & (shares >= 0).all(axis=0)
        np.copyto(least, misfit, where=better)
        np.copyto(best, 0.0, where=better)
        for surface, share in zip(chosen, shares, strict=True):
            np.copyto(best[surface, ...], share, where=better)
    return np.moveaxis(best, 0, -1)


def _members(bands: Sequence[str], surfaces: Sequence[Surface]) -> Values:
    if len(set(bands)) < FEWEST_BANDS:
        raise ValueError(f"unmixing needs at least {FEWEST_BANDS} bands, not {len(set(bands))}")
    if not surfaces:
        raise ValueError("unmixing needs at least one surface")
    members = np.stack([spectrum(surface, bands) for surface in surfaces])
    if np.linalg.matrix_rank(members[1:] - members[0]) < len(surfaces) - 1:
        raise ValueError(
            f"{', '.join(bands)} cannot tell these surfaces apart: {', '.join(surfaces)}"
        )
    return members


def _within_reach(members: Values, observed: Values) -> tuple[Values, Values]:
    """Return both in coordinates of the plane of all mixtures, shapes (s, s - 1), (s - 1, ...).

    What lies across the plane is as far from one mixture as from another, and only costs time.
    """
    frame, _ = np.linalg.qr((members[:-1] - members[-1]).T)
    seen = [_weighted(axis, observed) - float(axis @ members[-1]) for axis in frame.T]
    flat = np.reshape(seen, (len(members) - 1, *observed.shape[1:]))
    return (members - members[-1]) @ frame, flat


def _sets(count: int) -> Iterator[list[int]]:
    for size in range(count, 0, -1):
        yield from map(list, combinations(range(count), size))


def _shares(members: Values, observed: Values) -> Values:
    """Return the least-squares shares with sum 1 but any sign, shape (member, ...)."""
    *others, last = members
    if not others:
        return np.ones((1, *observed.shape[1:]))
    solve = np.linalg.pinv(np.stack(others, axis=1) - last[:, None])
    shares = [_weighted(weights, observed) - float(weights @ last) for weights in solve]
    return np.stack([*shares, 1.0 - np.sum(shares, axis=0)])


def _misfit(members: Values, shares: Values, observed: Values) -> Values:
    """Return the squared distance of what the shares would look like from what was observed."""
    total = np.zeros(observed.shape[1:])
    for weights, seen in zip(members.T, observed, strict=True):
        total += np.square(seen - _weighted(weights, shares))
    return total


def _weighted(weights: Values, values: Values) -> Values:
    # One term after the other, as a matrix product may round a pixel by where it lies in the array.
    total = np.zeros(values.shape[1:])
    for weight, value in zip(weights, values, strict=True):
        total += weight * value
    return total
