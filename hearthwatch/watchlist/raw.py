"""What a file says before anything of it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearthwatch.watchlist.pcodes import NO_CODE, Coded
from hearthwatch.watchlist.told import NOTHING_TOLD, Told

Ring = NDArray[np.float64]
"""Corners of one ring, shape (corner, 2): longitude and latitude, or x and y."""


@dataclass(frozen=True, slots=True)
class RawFeature:
    """One feature of a file.

    Attributes
    ----------
    where : str
        How the feature is called in messages: ``feature 2``.
    name : str or None
        From the property ``name``, if it has one.
    polygons : sequence of sequence of Ring
        The first ring of each polygon is its outline, the others are its holes.
    ignored : tuple of str
        Kinds of the parts that are no areas.
    repairs, faults : tuple of str
        Found while it was read.
    points : sequence of (float, float)
        Longitude and latitude; no areas until they have a radius.
    radius_m : float or None
        From the property ``radius_m``.
    doubt : str
        From the property ``doubt``: what is doubtful about the outline.
    key : str
        The feature's own id in the file; empty without one.
    told : Told
        What the feature says of its watch.
    coded : Coded
        What it says of its P-code.
    """

    where: str
    name: str | None
    polygons: Sequence[Sequence[Ring]]
    ignored: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    points: Sequence[tuple[float, float]] = ()
    radius_m: float | None = None
    doubt: str = ""
    key: str = ""
    told: Told = NOTHING_TOLD
    coded: Coded = NO_CODE

    @property
    def label(self) -> str:
        """How messages call the feature: by its place in the file, and its name if it has one."""
        return f"{self.where} ({self.name})" if self.name else self.where


@dataclass(frozen=True, slots=True)
class RawFile:
    """All of a file.

    Attributes
    ----------
    degrees : bool
        Whether the coordinates are meant as longitude and latitude.
    """

    features: tuple[RawFeature, ...]
    degrees: bool = True
    repairs: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
