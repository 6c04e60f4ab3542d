"""What the detectors said of placebos: the false alerts that need no one's verdict.

A placebo is settlement-shaped ground without a settlement, measured as settlements are. Whatever
is reported there is false, or a fire in open ground: the rate is an upper estimate of the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hearthwatch.evaluation.definitions import LEVELS, YEAR_DAYS, Level
from hearthwatch.evaluation.intervals import Rate
from hearthwatch.records import USABLE, LedgerRow, Mode
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_looks

_COUNTED = {level: f"placebo_{level.value.lower()}" for level in LEVELS}
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class PlaceboRate:
    """How often placebos were reported.

    Attributes
    ----------
    region : str
        Id of the region they lie in; empty for all of them together.
    rates : mapping of Level to Rate
        Episodes of placebos that reached the level, over placebo-years.
    """

    detector: str
    region: str
    rates: Mapping[Level, Rate]


@dataclass(slots=True)
class _Cell:
    """What one cell's placebos came to so far."""

    last: datetime | None = None
    placebos: int = 0
    armed: bool = False
    days: float = 0.0
    seen: dict[Level, int] = field(default_factory=dict)
    counts: dict[Level, int] = field(default_factory=dict)


def live_placebos(store: Store, organisation: str) -> tuple[PlaceboRate, ...]:
    """Return how often placebos were reported here, by detector and region.

    Only watches of the world count, those that have ended included.
    """
    regions = store.regions(organisation, removed=True)
    found = (
        rate
        for region in regions
        if region.mode is Mode.ACTUAL
        for rate in placebo_rates(all_looks(store, region), region.id)
    )
    return tuple(sorted(found, key=lambda one: (one.detector, one.region)))


def placebo_rates(rows: Iterable[LedgerRow], region: str = "") -> tuple[PlaceboRate, ...]:
    """Return how often the ledger of one region says that placebos were reported.

    Parameters
    ----------
    rows : iterable of LedgerRow
        Oldest look first.

    Returns
    -------
    tuple of PlaceboRate
        One for each detector that told of placebos. Its exposure begins in every cell with the
        first look that was usable at any settlement there, when the normal of settlements and
        of placebos is learned alike, and ends with the last look that was scored.
    """
    cells: dict[tuple[str, str], _Cell] = {}
    for row in rows:
        # A look scored again afterwards, beside the others, was scored with a state of its own.
        said = None if row.detail.get("retrospective") else row.detail.get("said")
        if isinstance(said, dict) and said.get("placebos"):
            _take(cells.setdefault((row.detector, row.cell), _Cell()), row, said)
    return tuple(
        _rate(detector, region, [cell for (name, _), cell in cells.items() if name == detector])
        for detector in sorted({name for name, _ in cells})
    )


def together(rates: Iterable[PlaceboRate]) -> tuple[PlaceboRate, ...]:
    """Return the rates of all regions put together, by detector."""
    sums: dict[str, PlaceboRate] = {}
    for one in rates:
        known = sums.get(one.detector)
        summed = one.rates if known is None else dict(_sums(known.rates, one.rates))
        sums[one.detector] = replace(one, region="", rates=summed)
    return tuple(sums[name] for name in sorted(sums))


def _take(cell: _Cell, row: LedgerRow, said: Mapping[str, Any]) -> None:
    """Take one row in; a look has one row for every settlement, which all say the same of it."""
    if cell.armed and cell.last is not None:
        cell.days += cell.placebos * (row.sensed - cell.last).total_seconds() / _DAY_S
    for level, name in _COUNTED.items():
        now, before = int(said.get(name, 0)), cell.seen.get(level, 0)
        # Counts start anew where placebos are laid anew: what was counted before stays counted.
        cell.counts[level] = cell.counts.get(level, 0) + max(0, now - before)
        cell.seen[level] = now
    cell.last, cell.placebos = row.sensed, int(said["placebos"])
    cell.armed = cell.armed or row.status in USABLE


def _rate(detector: str, region: str, cells: Iterable[_Cell]) -> PlaceboRate:
    told = list(cells)
    years = sum(cell.days for cell in told) / YEAR_DAYS
    counts = {level: sum(cell.counts[level] for cell in told) for level in LEVELS}
    return PlaceboRate(detector, region, {level: Rate(counts[level], years) for level in LEVELS})


def _sums(one: Mapping[Level, Rate], other: Mapping[Level, Rate]) -> Iterator[tuple[Level, Rate]]:
    for level in LEVELS:
        count = one[level].count + other[level].count
        yield level, Rate(count, one[level].exposure + other[level].exposure)
