"""Where the huts of a village stand."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hearthwatch.errors import RegionError
from hearthwatch.exercise.lattice import LATTICE_M
from hearthwatch.exercise.model import Village


@dataclass(frozen=True, slots=True)
class Huts:
    """Huts on a lattice.

    `owner` (y, x) is the number of the hut on each lattice point, -1 for none; `rows` and `columns`
    are those of the middles.
    """

    owner: NDArray[np.int32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]


def built(inside: NDArray[np.bool_], village: Village) -> Huts:
    """Place huts at random: as many as are asked for, or until they cover their share.

    With yards between, while there is room. Where all room is taken, huts that are to cover a share
    lean on others and get the ground that is left; huts that are counted do not.

    Raises
    ------
    RegionError
        If the huts that are asked for do not fit.
    """
    wanted = round(village.huts * int(inside.sum()))
    rng = np.random.default_rng([village.seed, 0])
    order = rng.permutation(np.flatnonzero(inside))
    site = _Site(inside, np.full(inside.shape, -1, np.int32), _disc(village.hut_radius_m))
    if village.structures is None:
        for whole in (True, False):
            site.settle(order, wanted, None, whole=whole)
    else:
        site.settle(order, None, village.structures, whole=True)
        _require_all(village, len(site.places))
    at = np.array(site.places, np.int64).reshape(-1, 2)
    return Huts(site.owner, at[:, 0], at[:, 1])


@dataclass(slots=True)
class _Site:
    """Ground that is built on; `disc` is a hut's rows and columns about its middle."""

    inside: NDArray[np.bool_]
    owner: NDArray[np.int32]
    disc: tuple[NDArray[np.int64], NDArray[np.int64]]
    places: list[tuple[int, int]] = field(default_factory=list)
    covered: int = 0

    def settle(
        self, order: NDArray[np.int64], cover: int | None, count: int | None, *, whole: bool
    ) -> None:
        """Build at these points in turn, up to so many lattice points or so many huts."""
        for place in order:
            full = cover is not None and self.covered >= cover
            if full or (count is not None and len(self.places) >= count):
                return
            row, column = divmod(int(place), self.inside.shape[1])
            if self.owner[row, column] < 0:
                most = self.inside.size if cover is None else cover - self.covered
                self._build(row, column, most, whole=whole)

    def _build(self, row: int, column: int, most: int, *, whole: bool) -> None:
        rows, columns = self.disc[0] + row, self.disc[1] + column
        free = _free(rows, columns, self.inside, self.owner)
        if whole and not free.all():
            return
        free[np.cumsum(free) > most] = False
        self.owner[rows[free], columns[free]] = len(self.places)
        self.places.append((row, column))
        self.covered += int(free.sum())


def _require_all(village: Village, standing: int) -> None:
    if village.structures is not None and standing < village.structures:
        raise RegionError(
            f"Only {standing} of {village.structures} huts of {village.hut_radius_m:g} m radius "
            "fit into the settlement: ask for fewer or smaller ones."
        )


def _disc(radius_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the lattice points of a hut, its centre first.

    As many as its area holds, one at least, and the nearest.
    """
    reach = math.ceil(radius_m / LATTICE_M)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(rows, columns) * LATTICE_M
    order = np.argsort(distance, axis=None, kind="stable")
    kept = order[: max(1, round(math.pi * (radius_m / LATTICE_M) ** 2))]
    return rows.ravel()[kept], columns.ravel()[kept]


def _free(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    inside: NDArray[np.bool_],
    owner: NDArray[np.int32],
) -> NDArray[np.bool_]:
    height, width = inside.shape
    free: NDArray[np.bool_] = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    free[free] = inside[rows[free], columns[free]] & (owner[rows[free], columns[free]] < 0)
    return free
