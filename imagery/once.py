"""Of one pass of a radar satellite that is listed as several products, one look at each place.

The same echoes come as scenes in ground range and as terrain-corrected bursts. They are no two
looks, and their numbers differ by more than a settlement changes them: what was begun with one
product goes on with it for that pass. A pass is listed in pieces, and one product may show ground
that the other does not, yet or ever: which is taken is settled place by place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from imagery.types import Acquisition

Work = tuple[str, str]
"""Acquisition and cell."""

AS_MUCH = 0.02
"""Share of a cell by which the preferred product may show less of it than another."""
_RADAR_PASS = re.compile(r"^(S1[A-Z]_IW_R\d{3}_[AD]_\d{8})_(.+)$")


def once_per_pass(
    looks: Sequence[Acquisition], sensors: Sequence[str], done: Collection[Work],
    cells: Mapping[str, BaseGeometry],
) -> tuple[tuple[Acquisition, ...], frozenset[Work]]:  # fmt: skip
    """Leave out looks at passes that another look shows as well.

    Parameters
    ----------
    sensors : sequence of str
        The one preferred first, where it shows a cell as far as another does.
    done : collection of (acquisition, cell)
        What was taken already: of a pass that was, no other product is taken of that cell.
    cells : mapping of str to shapely geometry
        The ground watched in each cell, CRS84.

    Returns
    -------
    looks : tuple of Acquisition
        Those that are a look at any cell.
    left : frozenset of (acquisition, cell)
        Of these, what is left to another product of the same pass.
    """
    rivals: defaultdict[str, list[Acquisition]] = defaultdict(list)
    for look in looks:
        rivals[_pass_of(look.key)].append(look)
    for several in rivals.values():
        several.sort(key=lambda one: sensors.index(one.sensor))
    taken = {(_pass_of(key), cell): key for key, cell in sorted(done, reverse=True)}
    left = frozenset(_left(rivals, taken, cells))
    useless = {look.key for look in looks if all((look.key, cell) in left for cell in cells)}
    kept = tuple(look for look in looks if not cells or look.key not in useless)
    return kept, frozenset(one for one in left if one[0] not in useless)


def _left(
    rivals: Mapping[str, Sequence[Acquisition]], taken: Mapping[Work, str],
    cells: Mapping[str, BaseGeometry],
) -> Iterator[Work]:  # fmt: skip
    """Yield which looks are none at which cells."""
    for name, several in rivals.items():
        for cell, ground in cells.items():
            begun = taken.get((name, cell))
            chosen = begun
            if begun is None:
                chosen = several[0].key if len(several) == 1 else _best(several, ground).key
            yield from ((one.key, cell) for one in several if one.key != chosen)


def _best(several: Sequence[Acquisition], ground: BaseGeometry) -> Acquisition:
    """Return the first of several looks that shows as much of the ground as any."""
    shown = [_share(one, ground) for one in several]
    enough = max(shown) - AS_MUCH
    return next(one for one, share in zip(several, shown, strict=True) if share >= enough)


def _share(look: Acquisition, ground: BaseGeometry) -> float:
    whole = shapely.union_all([scene.footprint for scene in look.scenes])
    return float(whole.intersection(ground).area / ground.area) if ground.area else 1.0


def _pass_of(key: str) -> str:
    """Return what the looks at one pass have in common; of anything but radar, the key itself."""
    found = _RADAR_PASS.match(key)
    return found.group(1) if found else key
