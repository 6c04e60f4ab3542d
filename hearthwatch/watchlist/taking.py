"""From what a file holds to regions and settlements: all of it, or what is sound if so chosen."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from hearthwatch.errors import RegionError
from hearthwatch.records import Kind, Mode, Region, Settlement
from hearthwatch.settings import Settings
from hearthwatch.watchlist.areas import join_areas, make_region
from hearthwatch.watchlist.places import make_settlement
from hearthwatch.watchlist.reading import NamedArea, Reading, Remark, in_words
from hearthwatch.watchlist.swapped import Points, seem_swapped
from hearthwatch.watchlist.told import NOTHING_TOLD

Made = TypeVar("Made", bound=Region | Settlement)
SHOWN = 3
"""Places that a remark on several of them names."""


@dataclass(frozen=True, slots=True)
class Taken(Generic[Made]):
    """What a file gives.

    Attributes
    ----------
    named : str
        How the file is called in messages.
    made : tuple of (Region or Settlement, NamedArea)
        What is sound, with what it was made of. Nothing of it is stored yet.
    faults, checks : tuple of Remark
        As of `Reading`.
    """

    named: str
    made: tuple[tuple[Made, NamedArea], ...]
    faults: tuple[Remark, ...]
    checks: tuple[Remark, ...]

    def accepted(self, *, valid: bool) -> tuple[Made, ...]:
        """Return what is to be stored: all, or only what is sound where that was chosen.

        Raises
        ------
        RegionError
            Listing everything that is wrong at once, if nothing may be stored.
        """
        if self.faults and not (valid and self.made):
            raise RegionError(in_words(self.named, [str(fault) for fault in self.faults]))
        return tuple(one for one, _ in self.made)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every region of a file that does not say otherwise itself."""

    kind: Kind = Kind.GROUND_CHANGE
    mode: Mode = Mode.ACTUAL
    purpose: str = ""
    owner: str = ""
    expires: datetime | None = None


def take_regions(
    reading: Reading, organisation: str, terms: Terms, taken: Iterable[str], known: Points
) -> Taken[Region]:
    """Make a region of every feature.

    Parameters
    ----------
    taken : iterable of str
        Names that the organisation's regions bear.
    known : array
        Where the organisation's other places are, (place, 2): see `seem_swapped`.
    """
    names = {name.casefold(): "a region that is watched already" for name in taken}
    made: list[tuple[Region, NamedArea]] = []
    faults = list(reading.faults)
    for area in reading.areas:
        name = (area.name or "").strip()
        other = names.get(name.casefold())
        if other:
            faults.append(Remark(area.where, f"bears the name of {other}: call it otherwise"))
            continue
        try:
            region = _region(area, organisation, terms)
        except RegionError as error:
            faults.append(Remark(area.where, f"cannot be watched: {error.message.rstrip('.')}"))
            continue
        names[name.casefold()] = area.where
        made.append((region, area))
    return _taken(reading, made, faults, (), known)


def take_settlements(
    reading: Reading, organisation: str, source: str, known: Points
) -> Taken[Settlement]:
    """Make a settlement of every feature; one that is given twice is there once, and that is said.

    Parameters
    ----------
    source : str
        Where the places come from.
    known : array
        As of `take_regions`.
    """
    now = datetime.now(UTC)
    made: dict[str, tuple[Settlement, NamedArea]] = {}
    doubles: list[Remark] = []
    for area in reading.areas:
        one = make_settlement(area, organisation, source, now)
        if one.id in made:
            words = f"is the same as {made[one.id][1].where}, and was left out"
            doubles.append(Remark(area.where, words))
        else:
            repairs = (*area.repairs, *area.coded.repairs)
            made[one.id] = (one, dataclasses.replace(area, repairs=repairs))
    checks = [*doubles, *_shared_codes(made.values())]
    return _taken(reading, list(made.values()), list(reading.faults), checks, known)


def _shared_codes(made: Iterable[tuple[Settlement, NamedArea]]) -> Iterator[Remark]:
    """Say which P-codes several places bear: such a one tells none of them from the others."""
    bearers: defaultdict[str, list[str]] = defaultdict(list)
    for one, area in made:
        bearers[one.pcode].append(area.where)
    for code, places in bearers.items():
        if code and len(places) > 1:
            listed = ", ".join(places[:SHOWN]) + (", …" if len(places) > SHOWN else "")
            words = f"the P-code {code} is on {len(places):,} places ({listed})"
            yield Remark("", f"{words}: it may be that of an area round them")


def _region(area: NamedArea, organisation: str, terms: Terms) -> Region:
    told = area.told
    return make_region(
        area,
        area.name or "",
        organisation,
        kind=terms.kind,
        mode=terms.mode,
        purpose=told.purpose or terms.purpose,
        owner=told.owner or terms.owner,
        expires=told.expires or terms.expires,
    )


def _taken(
    reading: Reading,
    made: list[tuple[Made, NamedArea]],
    faults: list[Remark],
    more: Iterable[Remark],
    known: Points,
) -> Taken[Made]:
    areas = [area for _, area in made]
    checks = (*reading.checks, *more, *seem_swapped(areas, known))
    return Taken(reading.named, tuple(made), tuple(faults), checks)


def as_one(reading: Reading, name: str, settings: Settings) -> Reading:
    """Return a reading whose areas are one, under a name of their own.

    Raises
    ------
    RegionError
        If together they are larger than the limit.
    """
    if not reading.areas:
        return reading
    whole = dataclasses.replace(join_areas(reading.areas, settings), name=name, told=NOTHING_TOLD)
    return dataclasses.replace(reading, areas=(whole,))
