"""What the columns or properties of a file say of a feature: its name, radius and doubt."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from hearthwatch.watchlist.told import Told, dated, is_blank

NAME = (
    "name", "name:en", "name_en", "settlement", "settlement_name", "village", "village_name",
    "place", "place_name", "placename", "title", "label",
)  # fmt: skip
ID = ("id", "pcode", "p_code", "place_id", "settlement_id", "osm_id", "uuid", "fid")
"""Used as a name where there is none: a place must be told from its neighbour."""
RADIUS = ("radius_m",)
DOUBT = ("doubt",)
PURPOSE = ("purpose",)
OWNER = ("owner",)
EXPIRES = ("expires",)


def name_in(properties: Mapping[str, Any]) -> str | None:
    """Return the name of a feature, or its id where it has no name; None without either.

    A column is found by its exact name, else by its name in any case.
    """
    named = (_words(value) for value in _found(properties, NAME) if isinstance(value, str))
    numbered = (_words(value) for value in _found(properties, ID))
    return next(filter(None, named), None) or next(filter(None, numbered), None)


def radius_in(properties: Mapping[str, Any]) -> float | None:
    """Return the radius of a feature, metres; None where it has none that is a number."""
    for value in _found(properties, RADIUS):
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isnan(number):
            return number
    return None


def doubt_in(properties: Mapping[str, Any]) -> str:
    """Return what is doubtful about a feature's outline; empty where nothing is said."""
    told = (_words(value) for value in _found(properties, DOUBT) if isinstance(value, str))
    return next(filter(None, told), "")


def told_in(properties: Mapping[str, Any]) -> Told:
    """Return what a feature says of its watch: purpose, owner, and its last day."""
    purpose, owner = (_line(properties, names) for names in (PURPOSE, OWNER))
    given = next((value for value in _found(properties, EXPIRES) if not is_blank(value)), None)
    if given is None:
        return Told(purpose, owner)
    return dated(Told(purpose, owner), given)


def key_in(properties: Mapping[str, Any], own: Any = None) -> str:
    """Return the id of a feature: its own, or that of a column; empty without either."""
    return next(filter(None, map(_words, (own, *_found(properties, ID)))), "")


def _line(properties: Mapping[str, Any], names: Iterable[str]) -> str:
    said = (_words(value) for value in _found(properties, names) if isinstance(value, str))
    return next(filter(None, said), "")


def _found(properties: Mapping[str, Any], names: Iterable[str]) -> Iterable[Any]:
    """Yield the values of the columns of these names, exact ones first."""
    stripped = {str(key).strip(): value for key, value in properties.items()}
    lowered = {key.lower(): value for key, value in reversed(stripped.items())}
    for name in names:
        for columns in (stripped, lowered):
            if name in columns:
                yield columns[name]


def _words(value: Any) -> str:
    """Return text on one line; empty for what is no text and no whole number."""
    if isinstance(value, str):
        # Neither a terminal nor a drawing must get what is no character.
        plain = "".join(" " if unicodedata.category(one) == "Cc" else one for one in value)
        return " ".join(plain.split())
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return ""
    return str(int(value))
