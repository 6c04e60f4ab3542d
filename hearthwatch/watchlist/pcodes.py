"""The P-code of a settlement, as the columns or properties of a file say it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hearthwatch.watchlist.told import is_blank

FINEST_AREA = 4
"""Administrative level from which on a code is taken for the place's own.

Above it the code is that of an area with many villages in it, and none of them may pass for it.
"""
LONGEST = 20
_OWN = 99
_PLACES = "settlement|village|place|ppl|site|location|loc|feature"
# Shapefiles cut names at ten letters: admin4Pcode is admin4Pcod there.
_CODE = r"p[ _-]?cod?e?"
_OWN_NAME = re.compile(rf"(?:(?:{_PLACES})[ _-]?)?{_CODE}", re.IGNORECASE)
_LEVEL_NAME = re.compile(rf"adm(?:in)?[ _-]?(\d)[ _-]?{_CODE}", re.IGNORECASE)
_HXL = re.compile(r"#(?:loc|adm([1-9]))((?:\s*\+\s*\w+)*)", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Coded:
    """What a feature says of its P-code.

    Attributes
    ----------
    pcode : str
        Capital letters and digits, which hyphens may part; empty where none can be used.
    repairs : tuple of str
        What was put right, or left out.
    """

    pcode: str = ""
    repairs: tuple[str, ...] = ()


NO_CODE = Coded()


def coded_in(properties: Mapping[str, Any]) -> Coded:
    """Return the P-code of a feature: its own, else that of the finest level that is named.

    A code that cannot be one is left out, and that is said: a wrong one would join the place to
    another's people and needs.
    """
    found = sorted(_columns(properties), key=lambda one: -one[0])
    if not found:
        return NO_CODE
    level, column, value = found[0]
    if level < FINEST_AREA:
        return Coded("", (f"{column} is the P-code of an area round it and was left out",))
    return _read(column, value)


def _columns(properties: Mapping[str, Any]) -> Iterator[tuple[int, str, Any]]:
    """Yield level, name and value of the columns of P-codes that say something."""
    for name, value in properties.items():
        column = str(name).strip()
        level = _level(column)
        if level and not is_blank(value):
            yield level, column, value


def _level(column: str) -> int:
    """Return of which administrative level the codes of a column are; 0 if it has none.

    A country's own (level 0) tells nothing of a village.
    """
    if _OWN_NAME.fullmatch(column):
        return _OWN
    named = _LEVEL_NAME.fullmatch(column)
    if named:
        return int(named[1])
    tag = _HXL.fullmatch(column)
    if tag is None:
        return 0
    attributes = {one.strip().lower() for one in tag[2].split("+")} - {""}
    other = any(one.startswith("v_") and one != "v_pcode" for one in attributes)
    if other or not attributes & {"code", "pcode"}:
        return 0
    return int(tag[1]) if tag[1] else _OWN


def _read(column: str, value: Any) -> Coded:
    # Whole numbers come as floats from columns in which some cells are empty.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    said = str(value).strip()
    code = "".join(said.split()).upper()
    shown = said[: 2 * LONGEST]
    if not _PLAIN.fullmatch(code) or not any(one.isdigit() for one in code):
        why = "a P-code is letters and digits, as SD010021"
    elif len(code) > LONGEST:
        why = f"a P-code has {LONGEST} characters at most"
    elif code != said:
        return Coded(code, (f"its P-code {shown!r} was read as {code}",))
    else:
        return Coded(code)
    return Coded("", (f"its {column} {shown!r} was left out: {why}",))
