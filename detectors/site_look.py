"""One look at known sites, held against the state before it: what of it can be used, and why not.

Why a look says nothing of a site is kept in words for the ledger, and by month of the year how many
looks there were and how many told site and surroundings apart: where that never or seldom happens,
the site is not observable here, which must be said and not be taken for quiet.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import site_trend
from detectors.baseline import DAY_S
from detectors.burn_seen import CORE_SHARE, RING_SHARE
from detectors.episodes import is_open
from detectors.place_state import SHOWED, said_first
from detectors.site_area import SITE, SiteArea
from detectors.site_changes import Turn
from detectors.site_trend import LEVEL, RATE, Expected
from detectors.site_words import AreaNow, ChangeRules
from detectors.types import NEVER, PlaceFeatures, Showed

LOST, LEAST_LOST = 0.5, 0.1
"""Of a site, and of the measured ground, that must be seen to be still there for a look to show a
site plainly unharmed."""
TELLING = 2.0
"""Standard deviations of a look that such a loss must come to."""
ENOUGH = 6
"""Looks, of a site or in a month of the year, before it is said that it is not observable then."""
SELDOM = 0.2
"""Share of looks that tell site and surroundings apart, below which it is."""
MONTHS = 12
BLIND = (
    "",
    "its surroundings look as bare as the site itself, so that the two cannot be told apart",
    "fields round the site are bare in part, and by what they do half of it could be gone unseen",
    "looks at this site scatter so widely that half of it could be gone unseen",
    "it departs from what was expected, and one such look proves nothing",
)
"""Why a look at a site that was seen says nothing; the row ``blind`` holds an index into it."""
TOLD, ALIKE, FIELDS, WIDE, FAR = range(len(BLIND))

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class SiteLook:
    """One look held against the state before it.

    Attributes
    ----------
    rows : dict of str to ndarray
        The state, in the order of the look's places.
    covered, usable : ndarray of bool, shape (place,)
        Whether enough of the site and its ring was seen; and whether the two could be told apart
        besides.
    variance : ndarray, shape (place,)
        Of the share, that by fields round the site with it.
    seconds : int
        Since the epoch.
    """

    rows: dict[str, NDArray[Any]]
    covered: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    area: SiteArea
    variance: Array
    expected: Expected
    seconds: int


def new_rows(count: int) -> dict[str, NDArray[Any]]:
    """Return what the ledger tells of the last look at `count` sites, and of looks by month."""
    return {
        "showed": np.full(count, SHOWED.index(Showed.UNUSABLE), np.int8),
        "blind": np.zeros(count, np.int8),
        "fields": np.zeros(count),
        "seen_months": np.zeros((count, MONTHS), np.int32),
        "told_months": np.zeros((count, MONTHS), np.int32),
        **{name: np.full(count, np.nan) for name in ("observed", "expected", "predictive")},
    }


def covered(places: PlaceFeatures, part_looks: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell where enough of the site and of the sectors ever seen before was seen."""
    expected = part_looks[:, 1:] > 0
    had = np.isfinite(places.values[:, SITE, 1:])
    enough = (had & expected).sum(-1) >= RING_SHARE * expected.sum(-1)
    seen: NDArray[np.bool_] = (np.nan_to_num(places.seen[:, 0]) >= CORE_SHARE) & enough
    return seen & had.any(-1)


def fields_round(look: SiteLook, rules: ChangeRules) -> Array:
    """Return what fields round each site are known to make of its share: they are not bare always.

    Returns
    -------
    ndarray, shape (place,)
        Standard deviation; the most of the last looks, the older the less.
    """
    then = look.rows["trend_until"]
    days = (look.seconds - np.where(then == NEVER, look.seconds, then)) / DAY_S
    known = look.rows["fields"] * np.exp(-days / rules.fields_days)
    most: Array = np.where(look.usable, np.maximum(look.area.fields, known), look.rows["fields"])
    return most


def area_now(rows: Rows, look: SiteLook) -> AreaNow:
    """Return what is known of every site once a look was taken into its trend."""
    trend, covariance = rows["trend"], rows["covariance"]
    return AreaNow(
        share=trend[:, LEVEL],
        rate=trend[:, RATE],
        rate_deviation=np.sqrt(covariance[:, RATE, RATE]),
        noise=rows["noise"],
        shown=look.area.share - site_trend.season(rows, look.seconds),
        fields=rows["fields"],
        hectares=np.maximum(rows["hectares"], 1e-9),
    )


def keep(
    rows: dict[str, NDArray[Any]], look: SiteLook, turns: Mapping[int, Turn],
    trained: NDArray[np.bool_], winsor: float, *, suspect: bool,
) -> None:  # fmt: skip
    """Keep what the ledger tells of this look, in place."""
    blind = _blind(look, winsor)
    changed = is_open(rows)
    changed[list(turns)] = True
    rows["showed"] = said_first(
        (~look.covered, Showed.UNUSABLE),
        (~look.usable, Showed.BLIND),
        (np.full(changed.shape, suspect), Showed.SUSPECT),
        (~trained, Showed.LEARNING),
        (changed, Showed.CHANGED),
        (blind != TOLD, Showed.BLIND),
    )
    rows["blind"] = np.where(rows["showed"] == SHOWED.index(Showed.BLIND), blind, TOLD)
    for name, value in (
        ("observed", look.area.share),
        ("expected", look.expected.mean),
        ("predictive", look.expected.deviation),
    ):
        rows[name] = np.where(look.usable, value, np.nan)
    month = datetime.fromtimestamp(look.seconds, UTC).month - 1
    rows["seen_months"][:, month] += look.covered & (look.usable | look.area.alike)
    rows["told_months"][:, month] += look.usable


def observable(rows: Rows, place: int) -> str:
    """Say where in the year a site cannot be told from its surroundings; empty where it always can.

    Parameters
    ----------
    place : int
        The site's row.
    """
    seen, told = rows["seen_months"][place], rows["told_months"][place]
    if seen.sum() < ENOUGH:
        return ""
    because = f"because on {{}} of {{}} looks {BLIND[ALIKE]}"
    if told.sum() < SELDOM * seen.sum():
        missed = because.format(int(seen.sum() - told.sum()), int(seen.sum()))
        return f"not observable here {missed}"
    poor = (seen >= ENOUGH) & (told < SELDOM * seen)
    if not poor.any():
        return ""
    names = ", ".join(calendar.month_name[int(one) + 1] for one in np.flatnonzero(poor))
    missed = because.format(int((seen - told)[poor].sum()), int(seen[poor].sum()))
    return f"not observable here in {names} {missed}"


def _blind(look: SiteLook, winsor: float) -> NDArray[np.int8]:
    """Say why each site is not plainly shown as it was, as an index into `BLIND`.

    One look far from what was expected opens no episode by itself, but it is no sign of safety;
    nor is one that scatters so widely that a site half gone would look alike.
    """
    expected = look.expected
    lost = np.maximum(LOST * expected.mean, LEAST_LOST)
    wide = TELLING * expected.deviation > lost
    by_fields = wide & (look.area.fields > 0.0)
    found = np.select(
        [
            look.covered & ~look.usable,
            by_fields,
            wide,
            np.abs(np.nan_to_num(expected.score)) > winsor,
        ],
        [ALIKE, FIELDS, WIDE, FAR],
        TOLD,
    )
    return found.astype(np.int8)
