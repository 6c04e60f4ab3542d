"""What speaks against a burned settlement beside its own pixels: fire round it, and the calendar.

They lower the odds and never close a case: a village may burn in the weeks in which fields burn,
the fire that takes it may come from outside, and it may burn while no satellite sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.types import NEVER

DAY_S = 86_400.0
YEAR_S = 365.25 * DAY_S


@dataclass(frozen=True, slots=True)
class OddsRules:
    """Constants of the odds.

    Attributes
    ----------
    ring : float
        Nats taken away where all of the surroundings that were seen burned.
    recurrence : float
        Nats taken away where the place changed likewise at this time of an earlier year.
    days : float
        Days of the year by which the two may differ.
    unseen_days : float
        Days between the last look that shows a place plainly unharmed and the first affected one
        that cost nothing.
    unseen, unseen_most : float
        Nats taken away for each 30 days more, and at most. Char and ash are gone or grown over in
        months, while ground that was cleared or ploughed meanwhile stays dark: the longer nobody
        saw, the less a dark surface says of fire.
    """

    ring: float = 6.0
    recurrence: float = 3.0
    days: float = 20.0
    unseen_days: float = 90.0
    unseen: float = 2.0
    unseen_most: float = 8.0


def ring_odds(share: NDArray[np.float64], rules: OddsRules) -> NDArray[np.float64]:
    """Return what fire in the surroundings takes from the odds, nats, 0 or less.

    Parameters
    ----------
    share : ndarray, shape (place,)
        Of the surroundings, that changed as burning does in any of the last looks.
    """
    odds: NDArray[np.float64] = -rules.ring * share
    return odds


def recurrence_odds(
    past: NDArray[np.int64], seconds: NDArray[np.int64], rules: OddsRules
) -> NDArray[np.float64]:
    """Return what an earlier change at this time of the year takes from the odds, nats.

    Parameters
    ----------
    past : ndarray of int64, shape (place, fire)
        When earlier ones were first seen, seconds since the epoch; `NEVER` where there was none.
    seconds : ndarray of int64, shape (place,)
        When this one was, or may have been.
    """
    known = past != NEVER
    years = (seconds[:, None] - np.where(known, past, seconds[:, None])) / YEAR_S
    apart = np.abs(years - np.rint(years)) * (YEAR_S / DAY_S)
    again = (known & (years > 0.5) & (apart <= rules.days)).any(-1)
    odds: NDArray[np.float64] = np.where(again, -rules.recurrence, 0.0)
    return odds


def unseen_odds(
    plain: NDArray[np.int64], first: NDArray[np.int64], rules: OddsRules
) -> NDArray[np.float64]:
    """Return what the days take from the odds in which nobody saw the place, nats, 0 or less.

    Parameters
    ----------
    plain, first : ndarray of int64, shape (place, look)
        Seconds since the epoch of the last look that shows the place plainly unharmed, and of the
        first affected one after it. Where either is `NEVER`, nothing is taken: that a place was
        never seen plainly is no evidence.
    """
    known = (plain != NEVER) & (first != NEVER)
    days = np.where(known, first - plain, 0) / DAY_S
    beyond = (days - rules.unseen_days) / 30.0
    odds: NDArray[np.float64] = -np.clip(rules.unseen * beyond, 0.0, rules.unseen_most)
    return odds
