"""What the years on record say of the heat at settlements of one land, month by month.

Years are dealt in turn. Counted back from the one that is judged, every second year teaches the
season, and the others are held back to set the threshold by: what a threshold is taken from must
not have been learned from, or it would be too low.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.heat_season import DAY_S, Rates, SeasonRules, length, surprise

MONTHS = 12

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Past:
    """All heat that counts at one settlement and round it.

    Attributes
    ----------
    core, ring : ndarray of int64
        When each pixel was seen, seconds since the epoch, ascending.
    on_record : frozenset of (year, month)
        Months of which there is a record.
    unquiet : frozenset of int
        Years in which people confirmed that it burned: no measure of what is quiet.
    """

    core: NDArray[np.int64]
    ring: NDArray[np.int64]
    on_record: frozenset[tuple[int, int]]
    unquiet: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Archive:
    """The same of several settlements, counted.

    Attributes
    ----------
    first : int
        Its first year.
    core, ring : ndarray, shape (settlement, year, 12)
        Heat pixels; 0 in months that are not on record.
    days : ndarray, shape (settlement, year, 12)
        On record.
    quiet : ndarray of bool, shape (settlement, year)
        Whether all of the year is on record and nobody confirmed that it burned.
    """

    pasts: tuple[Past, ...]
    first: int
    core: Array
    ring: Array
    days: Array
    quiet: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Climate:
    """What a year is judged by.

    Attributes
    ----------
    rates : Rates
        Each of shape (settlement, 12).
    taught : ndarray of bool, shape (settlement, 12)
        Whether any year taught the month.
    held : ndarray of bool, shape (year,)
        Years of the archive that set the threshold.
    """

    rates: Rates
    taught: NDArray[np.bool_]
    held: NDArray[np.bool_]


def archive_of(pasts: Sequence[Past]) -> Archive:
    """Count what settlements of one land have on record."""
    years = sorted({year for past in pasts for year, _ in past.on_record}) or [1970]
    shape = len(pasts), years[-1] - years[0] + 1, MONTHS
    days, core, ring = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    quiet = np.zeros(shape[:2], dtype=bool)
    for i, past in enumerate(pasts):
        for year, month in past.on_record:
            days[i, year - years[0], month - 1] = length(year, month)
        known = days[i] > 0.0
        core[i] = np.where(known, _counted(past.core, years[0], shape[1]), 0.0)
        ring[i] = np.where(known, _counted(past.ring, years[0], shape[1]), 0.0)
        quiet[i] = known.all(-1)
        quiet[i, [y - years[0] for y in past.unquiet if years[0] <= y <= years[-1]]] = False
    return Archive(tuple(pasts), years[0], core, ring, days, quiet)


def climate_of(archive: Archive, year: int, rules: SeasonRules) -> Climate:
    """Return what a year is judged by: the years before it alone.

    The year before sets the threshold, the one before that teaches, and so on.
    """
    back = year - (archive.first + np.arange(archive.days.shape[1]))
    teaches, held = (back > 0) & (back % 2 == 0), (back > 0) & (back % 2 == 1)
    core, ring, days = (
        one[:, teaches].sum(1) for one in (archive.core, archive.ring, archive.days)
    )
    kin = core.sum(0) / np.maximum(days.sum(0), 1.0)
    rates = Rates(
        shape=rules.shape + rules.kin_days * kin + core,
        days=rules.days + rules.kin_days + days,
        ring=(rules.shape + ring) / (rules.days + days),
    )
    return Climate(rates, days > 0.0, held)


def rates_at(climate: Climate, settlement: int, months: NDArray[np.int64]) -> Rates:
    """Return the rates of one settlement in months of the calendar, 0..11."""
    r = climate.rates
    at = settlement, months
    return Rates(r.shape[at], r.days[at], r.ring[at])


def so_far(past: Past, seconds: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return the heat pixels of a UTC day at a settlement and round it, up to some moments."""
    begin = seconds // DAY_S * DAY_S
    core, ring = (
        np.searchsorted(one, seconds, "right") - np.searchsorted(one, begin, "left")
        for one in (past.core, past.ring)
    )
    return core.astype(np.float64), ring.astype(np.float64)


def scores(
    archive: Archive, climate: Climate, settlement: int, rules: SeasonRules
) -> tuple[NDArray[np.int64], Array]:
    """Return the month, counted from January 1970, and the score of all heat at a settlement.

    Each pixel is held against what of its day had been seen by then.
    """
    past = archive.pasts[settlement]
    months = past.core.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    core, ring = so_far(past, past.core)
    rates = rates_at(climate, settlement, months % MONTHS)
    return months, surprise(core, ring, rates, rules).score


def _counted(seconds: NDArray[np.int64], first: int, years: int) -> Array:
    """Return how many moments lie in each month of some years, shape (year, 12)."""
    months = seconds.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    number = months - (first - 1970) * MONTHS
    inside = number[(number >= 0) & (number < years * MONTHS)]
    counts = np.bincount(inside, minlength=years * MONTHS).astype(np.float64)
    return counts.reshape(years, MONTHS)
