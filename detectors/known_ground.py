"""Ground that maps name, and how much of an object it explains.

A map explains an object of which half and more lies on ground it names, unless what lies beyond
would be told of by itself: a camp beside a road, or at the edge of a mine, is not lost. Fields
explain nothing, for camps are put up on fields: they are a doubt and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from detectors.camp_features import CELL, cell_shape
from detectors.camp_rejections import RejectionRules, shape_of
from detectors.objects import components
from detectors.types import Detector

TOLD_ONLY = frozenset({"field"})
"""Kinds that explain no change by themselves."""
_COVERED = 0.5
"""Share of a cell on a map from which on the cell is of that map."""


@dataclass(frozen=True, slots=True)
class KnownGround:
    """What one map says is there.

    Attributes
    ----------
    kind : str
        What it maps: ``mine``, ``road``.
    words : str
        Which map it is, for people.
    origin : mapping
        Which map it is, for whoever recomputes what was said: JSON values.
    covered : ndarray of bool, shape (y, x)
        The pixels it covers, on the grid that is looked at.
    """

    kind: str
    words: str
    origin: Mapping[str, Any]
    covered: NDArray[np.bool_]


@runtime_checkable
class InformedDetector(Detector, Protocol):
    """A detector that takes maps of what is known to be there into account."""

    def knowing(self, known: Sequence[KnownGround]) -> InformedDetector:
        """Return this detector with the maps of the ground it is asked about, and no others."""
        ...


@dataclass(frozen=True, slots=True)
class KnownCells:
    """A map on cells: the share of each that it covers, shape (cell y, cell x), 0..1."""

    ground: KnownGround
    share: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Explained:
    """What maps say of the ground of one object.

    Attributes
    ----------
    shares : tuple of (KnownGround, float)
        Maps of which some lies under it, and the share of it that does.
    held : tuple of str
        Why maps explain it, in words that are the same look after look; none where they do not.
    doubts : tuple of str
        What is to be said of the ground where they do not.
    """

    shares: tuple[tuple[KnownGround, float], ...] = ()
    held: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def as_evidence(self) -> dict[str, Any]:
        """Return which maps lie under it and how much of it they cover; empty without maps."""
        told = [{**ground.origin, "share": round(share, 3)} for ground, share in self.shares]
        return {"mapped": told} if told else {}


@dataclass(frozen=True, slots=True)
class Maps:
    """All maps of one grid, on its cells."""

    cells: tuple[KnownCells, ...] = field(default=())

    def explain(
        self, mask: NDArray[np.bool_], corner: tuple[int, int], rules: RejectionRules, least: float
    ) -> Explained:
        """Return what maps say of an object.

        Parameters
        ----------
        mask : ndarray of bool, shape (y, x)
            Its cells, in a part of the grid.
        corner : tuple of int
            Row and column at which that part begins.
        least : float
            Cells that would be told of by themselves.
        """
        (down, right), (rows, columns) = corner, mask.shape
        here = [
            (one.ground, one.share[down : down + rows, right : right + columns])
            for one in self.cells
        ]
        found = [(ground, part, float(part[mask].mean())) for ground, part in here]
        shares = tuple((ground, share) for ground, _, share in found if share > 0.0)
        explaining = [part for ground, part, _ in found if ground.kind not in TOLD_ONLY]
        # Of maps that overlap the ground counts once.
        whole = np.max(explaining, axis=0) if explaining else np.zeros(mask.shape, np.float32)
        words = tuple(_in_words(ground) for ground, _ in shares if ground.kind not in TOLD_ONLY)
        if float(whole[mask].mean()) >= rules.mapped and not _stands_alone(
            mask & (whole < _COVERED), rules, least
        ):
            return Explained(shares, held=words)
        doubts = (f"{share:.0%} of it lies on ground {_in_words(one)}" for one, share in shares)
        return Explained(shares, doubts=tuple(doubts))


def on_cells(known: Sequence[KnownGround]) -> Maps:
    """Return maps on the cells of their grid."""
    return Maps(tuple(KnownCells(one, _cell_shares(one.covered)) for one in known))


def _cell_shares(covered: NDArray[np.bool_]) -> NDArray[np.float32]:
    rows, columns = cell_shape(covered.shape)
    beyond = [(0, CELL * n - side) for n, side in zip((rows, columns), covered.shape, strict=True)]
    padded = np.pad(covered, beyond, mode="edge").view(np.uint8)
    count = np.zeros((rows, columns), np.uint8)
    for down in range(CELL):
        for right in range(CELL):
            count += padded[down::CELL, right::CELL]
    return count * np.float32(1.0 / CELL**2)


def _stands_alone(rest: NDArray[np.bool_], rules: RejectionRules, least: float) -> bool:
    """Tell whether ground that no map explains would be told of without the rest."""
    parts, count = components(rest)
    if not count:
        return False
    largest = parts == 1 + int(np.bincount(parts.ravel())[1:].argmax())
    return bool(largest.sum() >= least and shape_of(largest).broadest_m > rules.road_m)


def _in_words(ground: KnownGround) -> str:
    return f"mapped as {ground.kind}: {ground.words}"
