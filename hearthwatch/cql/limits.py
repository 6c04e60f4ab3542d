"""How long and how deep a filter may be, looked at before anything parses it.

The parser of CQL2 text goes down one frame of the machine's stack for each nested bracket, and a
few thousand of them end the process. Nothing here goes deeper than one loop over the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hearthwatch.cql.faults import FilterError

MOST_BYTES = 4096
MOST_NESTED = 64
"""Brackets within brackets, and denials."""
MOST_SIGNS = 100
"""Signs of comparison in a text."""
_MOST_ORDINATES = 4
"""Numbers that stand side by side: a point has no more."""

_TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*'|\"[^\"]*\")"
    r"|(?P<number>\d[\d.]*(?:[eE][+-]?\d+)?)"
    r"|(?P<word>\w+)"
    r"|(?P<open>\()|(?P<close>\))|(?P<comma>,)"
    r"|(?P<sign>[<>=]+)"
    r"|(?P<reckon>[-+*/%^]+)"
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_RECKONED = "reckons with values, which is not offered: compare properties with values"


def check_text(text: str) -> None:
    """Refuse (`FilterError`) CQL2 text that is too long or too deep to be parsed."""
    _check_characters(text)
    depth = nested = denials = signs = beside = 0
    before = ""
    for kind, word, at in _tokens(text):
        # A long row of numbers and minuses is nested as deep as it is long.
        beside = beside + (kind == "number") if kind in ("number", "reckon") else 0
        if kind == "open":
            depth += 1
            nested = max(nested, depth)
        elif kind == "close":
            depth -= 1
            if depth < 0:
                raise FilterError([(_place(at), "closes a bracket that was not opened")])
        elif kind == "sign":
            signs += 1
        elif kind == "word" and word.lower() == "not":
            denials += 1
        if beside > _MOST_ORDINATES or (kind == "reckon" and not _is_minus(word, before)):
            raise FilterError([(_place(at), _RECKONED)])
        before = kind
    _check_depth(max(nested, denials))
    if depth:
        raise FilterError([("", f"{depth} brackets are opened and not closed")])
    if signs > MOST_SIGNS:
        raise FilterError([("", f"it has {signs} signs of comparison; {MOST_SIGNS} is the most")])


def check_json(text: str) -> None:
    """Refuse (`FilterError`) CQL2 JSON that is too long or too deep to be parsed."""
    _check_characters(text)
    depth = deepest = 0
    for letter in _QUOTED.sub("", text):
        if letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    _check_depth(deepest)


def _check_characters(text: str) -> None:
    size = len(text.encode(errors="replace"))
    if size > MOST_BYTES:
        raise FilterError([("", f"it is {size:,} bytes long; {MOST_BYTES:,} is the most")])
    bad = next((at for at, one in enumerate(text) if one == "\0" or "\ud800" <= one <= "\udfff"),
               None)  # fmt: skip
    if bad is not None:
        raise FilterError([(_place(bad), "is a character that no text here has")])


def _check_depth(depth: int) -> None:
    if depth > MOST_NESTED:
        raise FilterError([("", f"it is nested {depth} deep; {MOST_NESTED} is the most")])


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    for found in _TOKEN.finditer(text):
        yield str(found.lastgroup), found[0], found.start()


def _is_minus(word: str, before: str) -> bool:
    """Tell whether this is the minus of a number: one, and not after a value."""
    return word == "-" and before in ("", "open", "comma", "sign", "word", "number")


def _place(at: int) -> str:
    return f"character {at + 1}"
