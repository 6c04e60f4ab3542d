"""The truth file: what is known to have happened, at which settlement and between which dates."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

from hearthwatch.errors import HearthwatchError
from hearthwatch.evaluation.locate import Finder
from hearthwatch.evaluation.truth_file import RawTruth, read_rows
from hearthwatch.records import Kind, Settlement

MAX_LISTED = 100
_DAY_END = timedelta(days=1) - timedelta(microseconds=1)
_KINDS = ", ".join(kind.value for kind in Kind)

T = TypeVar("T")


class TruthError(HearthwatchError):
    """A truth file cannot be used as it is."""

    code = "truth"
    exit_status = 21


@dataclass(frozen=True, slots=True)
class Truth:
    """One event that is known to have happened.

    Attributes
    ----------
    settlement : str
        Id of the settlement.
    earliest, latest : datetime
        Aware UTC. It happened at some time between them, both included.
    share : float or None
        Of the settlement that changed, 0..1; None where it is not known.
    where : str
        Where the file says so: ``line 3``, ``feature 2``.
    """

    settlement: str
    kind: Kind
    earliest: datetime
    latest: datetime
    share: float | None
    where: str

    def __post_init__(self) -> None:
        if self.earliest > self.latest:
            raise ValueError("earliest is not after latest")


def read_truths(path: Path, settlements: Sequence[Settlement]) -> tuple[Truth, ...]:
    """Read a truth file: CSV, or GeoJSON whose properties are the columns.

    One without any row says that nothing happened.

    Parameters
    ----------
    settlements : sequence of Settlement
        Those that are evaluated; every truth must belong to one of them.

    Returns
    -------
    tuple of Truth
        In the file's order.

    Raises
    ------
    TruthError
        Listing everything that is wrong with it at once.
    """
    rows, faults = read_rows(path)
    finder = Finder(settlements)
    judged = [_judge(row, finder) for row in rows]
    listed = [*faults, *(words for _, wrong in judged for words in wrong)]
    truths = [truth for truth, _ in judged if truth is not None]
    listed += _repeated(truths)
    if listed:
        raise TruthError(_in_words(str(path), listed))
    return tuple(truths)


def _judge(row: RawTruth, finder: Finder) -> tuple[Truth | None, list[str]]:
    """Return a row's truth, or all that is wrong with it."""
    if row.faults:
        return None, [f"{row.where} {words}" for words in row.faults]
    faults: list[str] = []

    def taken(read: Callable[[Mapping[str, str]], T]) -> T | None:
        try:
            return read(row.values)
        except ValueError as error:
            faults.append(str(error))
            return None

    kind, share = taken(_kind), taken(_share)
    earliest = taken(lambda values: _moment(values, "earliest", timedelta()))
    latest = taken(lambda values: _moment(values, "latest", _DAY_END))
    place = taken(lambda values: finder.find(values.get("place", ""), _point(values)))
    if earliest and latest and earliest > latest:
        faults.append("has an earliest after its latest: swap or correct them")
    if faults or not (kind and earliest and latest and place):
        return None, [f"{row.where} {words}" for words in faults]
    return Truth(place.id, kind, earliest, latest, share, row.where), []


def _kind(values: Mapping[str, str]) -> Kind:
    word = values.get("kind", "").strip().lower()
    if not word:
        raise ValueError(f"has no kind: give one of {_KINDS}")
    try:
        return Kind(word)
    except ValueError:
        raise ValueError(f"has the kind {word!r}: give one of {_KINDS}") from None


def _share(values: Mapping[str, str]) -> float | None:
    text = values.get("share", "").strip()
    if not text:
        return None
    share = _number(text)
    if share is None or not 0 <= share <= 1:
        raise ValueError(
            f"has the share {text!r}: give a number from 0 to 1 with a decimal point, or nothing"
        )
    return share


def _moment(values: Mapping[str, str], name: str, into_day: timedelta) -> datetime:
    """Return a time in UTC; a bare date means its first or its last instant."""
    text = values.get(name, "").strip()
    if not text:
        raise ValueError(f"has no {name}: give a date such as 2023-03-03")
    try:
        if "T" not in text:
            return datetime.combine(date.fromisoformat(text), time(), UTC) + into_day
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ValueError(
            f"has the {name} {text!r}: give a date such as 2023-03-03, or a time such as "
            "2023-03-03T14:30Z"
        ) from None
    if moment.tzinfo is None:
        raise ValueError(f"has the {name} {text!r} without a time zone: add Z for UTC")
    return moment.astimezone(UTC)


def _point(values: Mapping[str, str]) -> tuple[float, float] | None:
    lon, lat = values.get("lon", "").strip(), values.get("lat", "").strip()
    if not lon and not lat:
        return None
    x, y = _number(lon), _number(lat)
    if x is None or y is None or abs(x) > 180 or abs(y) > 90:
        raise ValueError(
            f"has the lon, lat {lon!r}, {lat!r}: give decimal degrees, longitude from -180 to 180 "
            "and latitude from -90 to 90"
        )
    return x, y


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _repeated(truths: Sequence[Truth]) -> list[str]:
    """Refuse the same event twice: it could be found only once."""
    first: dict[tuple[object, ...], str] = {}
    faults = []
    for truth in truths:
        key = (truth.settlement, truth.kind, truth.earliest, truth.latest)
        if key in first:
            faults.append(f"{truth.where} says the same as {first[key]}: take one of them out")
        first.setdefault(key, truth.where)
    return faults


def _in_words(name: str, faults: Sequence[str]) -> str:
    if len(faults) == 1:
        return f"{name} cannot be used: {faults[0]}."
    listed = "".join(f"\n  - {fault}" for fault in faults[:MAX_LISTED])
    more = f"\n  - and {len(faults) - MAX_LISTED:,} more" if len(faults) > MAX_LISTED else ""
    return f"{name} cannot be used, {len(faults):,} things are wrong with it:{listed}{more}"
