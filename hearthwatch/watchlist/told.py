"""What a feature says of the watch it is to be: purpose, owner and last day."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})([T ].*)?$")
_SLASHED = re.compile(r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$")
_WRITE_ISO = "write it as 2027-03-31"


@dataclass(frozen=True, slots=True)
class Told:
    """What a feature says of its watch.

    Attributes
    ----------
    expires : datetime or None
        End of the last day of the watch, UTC.
    repairs, faults : tuple of str
        Of how the day is written.
    """

    purpose: str = ""
    owner: str = ""
    expires: datetime | None = None
    repairs: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


NOTHING_TOLD = Told()


def is_blank(value: Any) -> bool:
    """Tell whether a cell of a table says nothing, as GDAL and CSV each put that."""
    return value is None or str(value).strip() in ("", "nan", "NaT")


def dated(told: Told, value: Any) -> Told:
    """Return the same with its last day, or with what is wrong with how that is written.

    A day that two people may read as two days is refused: guessed wrong, a watch would end
    months early, unseen.
    """
    text = str(value).strip()[:40]
    iso, slashed = _ISO.match(text), _SLASHED.match(text)
    if iso:
        day = _day(iso[1], iso[2], iso[3])
        return _ended(told, day) if day else _faulty(told, f"{text!r}, which is no day")
    if slashed is None:
        return _faulty(told, f"{text!r}, which is no day that can be read: {_WRITE_ISO}")
    first, second, year = slashed[1], slashed[2], slashed[3]
    read = {one for one in (_day(year, second, first), _day(year, first, second)) if one}
    if len(read) > 1:
        both = " or ".join(f"{one:%Y-%m-%d}" for one in sorted(read))
        return _faulty(told, f"{text!r}, which may be {both}: {_WRITE_ISO}")
    if not read:
        return _faulty(told, f"{text!r}, which is no day: {_WRITE_ISO}")
    (day,) = read
    words = f"its end {text} can only be {day:%Y-%m-%d} and was read so"
    return dataclasses.replace(_ended(told, day), repairs=(*told.repairs, words))


def _ended(told: Told, day: date) -> Told:
    end = datetime.combine(day, time(23, 59, 59), UTC)
    return dataclasses.replace(told, expires=end)


def _faulty(told: Told, words: str) -> Told:
    return dataclasses.replace(told, faults=(*told.faults, f"has the end {words}"))


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
