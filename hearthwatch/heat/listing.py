"""What heat there was at settlements, with what kept it from being told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from detectors.heat import HeatAt, Mask, Verdict
from detectors.heat_footprint import touching
from detectors.heat_report import told
from detectors.heat_season import month_bounds, month_of
from hearthwatch.heat.matching import RULES, Matched
from hearthwatch.heat.spots import heat_of
from imagery.firms_table import HeatPixel

MASKED = {
    Mask.FAINT: "its provider has little confidence in it",
    Mask.STATIC: "it was hot there before, on many days in many months",
    Mask.LISTED: "a source of heat is listed there",
    Mask.TYPED: "its provider lists it as a volcano, a static source or offshore",
}
JUDGED = {
    Verdict.UNUSUAL: "more than season and surroundings let expect",
    Verdict.UNKNOWN: "no record of earlier years to tell it from the usual burning",
    Verdict.USUAL: "no more than quiet years bring there in this month, with such surroundings",
    Verdict.TELLS_NOTHING: "heat tells nothing there in this month: it burns so every year",
}
BESIDE = "it touches the settlement, but more of its ellipse lies beside it"
GONE = "standard processing does not list it again"


@dataclass(frozen=True, slots=True)
class HeatSeen:
    """One pass that saw heat at a settlement, or one pixel that counts for nothing.

    Attributes
    ----------
    settlement : str
        Id.
    frp_mw : float or None
        Of its strongest pixel, MW.
    is_hint : bool
        Whether it is told of as a candidate, where the settlement lies in a region watched for
        burning and it was seen since.
    why : str
        What it came to, in words.
    """

    sensed: datetime
    satellite: str
    settlement: str
    pixels: int
    frp_mw: float | None
    is_hint: bool
    why: str


@dataclass(frozen=True, slots=True)
class Record:
    """What would have been told of years on record, had it been in force: mostly false hints.

    Attributes
    ----------
    hints : int
        Episodes of more heat than season and surroundings let expect.
    years : float
        Settlement-years in which heat could be told from the usual burning.
    """

    hints: int
    years: float


def record_of(squares: Iterable[Matched], until: datetime) -> Record:
    """Count the hints that the months on record would have given.

    Parameters
    ----------
    until : datetime
        Months that end later are left out: what they show is news.
    """
    hints, months = 0, 0
    for square in squares:
        judged = [_judged(months_known, until) for months_known in square.on_record]
        months += sum(map(len, judged))
        found = {
            (one.core, one.episode)
            for one in square.passes
            if one.verdict is Verdict.UNUSUAL and month_of(one.one.seconds) in judged[one.core]
        }
        hints += len(found)
    return Record(hints, months / 12)


def _judged(on_record: frozenset[tuple[int, int]], until: datetime) -> frozenset[tuple[int, int]]:
    """Return the months that had years enough before them."""
    least, end = RULES.season.least_years, until.timestamp()
    return frozenset(
        (year, month)
        for year, month in on_record
        if month_bounds(year, month)[1] <= end
        and sum((earlier, month) in on_record for earlier in range(2000, year)) >= least
    )


def heat_seen(squares: Iterable[Matched]) -> Iterator[HeatSeen]:
    """Yield all heat on record at settlements, square by square."""
    for square in squares:
        hints = set(map(id, told(square.passes)))
        for one in square.passes:
            yield _pass(square, one, id(one) in hints)
        yield from _held_back(square)


def _pass(square: Matched, one: HeatAt, is_hint: bool) -> HeatSeen:
    frp = [square.pixels[i].frp_mw for i in one.pixels]
    return HeatSeen(
        sensed=datetime.fromtimestamp(one.one.seconds, UTC),
        satellite=one.one.satellite,
        settlement=square.settlements[one.core].id,
        pixels=len(one.pixels),
        frp_mw=max((each for each in frp if each is not None), default=None),
        is_hint=is_hint,
        why=JUDGED[one.verdict],
    )


def _held_back(square: Matched) -> Iterator[HeatSeen]:
    """Yield heat that touches a settlement and counts for nothing, pixel by pixel."""
    held = [i for i, mask in enumerate(square.masks) if mask is not Mask.NONE]
    yield from _touching(
        square,
        [square.pixels[i] for i in held],
        [MASKED[square.masks[i]] for i in held],
    )
    yield from _touching(square, square.gone, [GONE] * len(square.gone))
    for core, settlement in enumerate(square.settlements):
        for i in square.shared.beside[core]:
            yield _pixel(square.pixels[i], settlement.id, BESIDE)


def _touching(
    square: Matched, pixels: Sequence[HeatPixel], why: Sequence[str]
) -> Iterator[HeatSeen]:
    cores = [one.geometry for one in square.settlements]
    for pixel, core in touching(heat_of(pixels, ()).footprints, cores):
        yield _pixel(pixels[pixel], square.settlements[core].id, why[pixel])


def _pixel(one: HeatPixel, settlement: str, why: str) -> HeatSeen:
    return HeatSeen(
        sensed=one.sensed,
        satellite=one.satellite,
        settlement=settlement,
        pixels=1,
        frp_mw=one.frp_mw,
        is_hint=False,
        why=why,
    )
