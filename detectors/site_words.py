"""The words for what became of a site, and from what change of its area on they are said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.types import SiteChange

UNKNOWN, OCCUPIED, LEFT = range(3)
"""What is known of a site's having been lived in; the row ``occupied`` holds one of them."""

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """When an area has changed, and what it is called.

    Attributes
    ----------
    least_share, least_ha : float
        A change smaller than this share of what there was, or than so many hectares, is none.
    fields : float
        Nor is one of fewer standard deviations of what fields round the site do by themselves.
    fields_days : float
        After how many days 1/e is left of what is known of that: they are not bare all year.
    empty_share, empty_ha : float
        A site of which no more than this share of its largest extent, or so many hectares, is
        left is empty.
    season_days : float
        A change must be one against what was there a year before as well, if so many days of
        that time have an anchor.
    window_days, anchor_days : float
        How old an anchor may be, and how far anchors lie apart.
    looks : tuple of int
        Looks in a row that must show the change, for each state.
    close_after, give_up_after : int
        Looks after which an established change is over if the area stands still, and after which
        one that was never established is.
    longest : int
        Looks after which a change is over though the area still moves: what follows is another.
    """

    least_share: float = 0.1
    least_ha: float = 0.25
    fields: float = 2.5
    fields_days: float = 365.0
    empty_share: float = 0.1
    empty_ha: float = 0.3
    season_days: float = 45.0
    window_days: float = 400.0
    anchor_days: float = 30.0
    looks: tuple[int, int, int] = (1, 4, 4)
    close_after: int = 6
    give_up_after: int = 12
    longest: int = 40


@dataclass(frozen=True, slots=True)
class AreaNow:
    """What is known of every site after one look; shares of the measured ground.

    Attributes
    ----------
    share : ndarray, shape (place,)
        Filtered area.
    rate, rate_deviation : ndarray, shape (place,)
        A week.
    noise : ndarray, shape (place,)
        Standard deviation of a look.
    shown : ndarray, shape (place,)
        What the look itself showed, without the season.
    fields : ndarray, shape (place,)
        Standard deviation of what fields round the site make of its share.
    hectares : ndarray, shape (place,)
        Of the measured ground.
    """

    share: Array
    rate: Array
    rate_deviation: Array
    noise: Array
    shown: Array
    fields: Array
    hectares: Array


def least_change(before: Array, fields: Array, hectares: Array, rules: ChangeRules) -> Array:
    """Return the smallest change that is one, as a share of the measured ground.

    Parameters
    ----------
    before : ndarray
        Share that it is held against; `fields` and `hectares` as in `AreaNow`, of its shape.
    """
    smallest = np.maximum(rules.least_share * before, rules.least_ha / hectares)
    least: Array = np.maximum(smallest, rules.fields * fields)
    return least


def word(rows: Rows, place: int, before: float, now: AreaNow, rules: ChangeRules) -> SiteChange:
    """Return the word of the frozen vocabulary for what an episode shows by now.

    Parameters
    ----------
    before : float
        Share that it is held against.
    """
    largest = float(rows["largest"][place])
    hectares = float(now.hectares[place])
    if rows["side"][place] < 0:
        left = float(now.share[place])
        empty = is_empty(left, largest, hectares, rules)
        return SiteChange.CLOSED if empty else SiteChange.CONTRACTED
    if is_empty(before, largest, hectares, rules):
        was_left = rows["occupied"][place] == LEFT
        return SiteChange.REOCCUPIED if was_left else SiteChange.NEW
    return SiteChange.EXPANDED


def is_empty(share: float, largest: float, hectares: float, rules: ChangeRules) -> bool:
    """Tell whether next to nothing is left of a site, of which `share` is there."""
    return share <= max(rules.empty_share * largest, rules.empty_ha / hectares)
