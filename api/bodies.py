"""What a body must be before anything reads it: plain JSON that every reader reads alike."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from email.message import Message
from typing import Any, NoReturn

from api.problems import Problem

MAX_DEPTH = 64
"""Of lists and objects in each other; GeoJSON needs a dozen."""
MAX_PARTS = 500_000
"""Lists and objects in a body: one corner each. Ten megabytes could hold millions of empty ones,
and reading those would hold everybody else up for seconds."""
MAX_MEMBERS = 3 * MAX_PARTS


def require_json(content_type: str) -> None:
    """Refuse a body that is not said to be JSON.

    Raises
    ------
    Problem
        415.
    """
    message = Message()
    message["content-type"] = content_type
    kind = message.get_content_type() if content_type else ""
    if kind != "application/json" and not (
        kind.startswith("application/") and kind.endswith("+json")
    ):
        words = "Send JSON, and say so: Content-Type: application/json or application/geo+json."
        raise Problem(415, "content_type", words)


def require_sound(body: bytes) -> None:
    """Refuse what is not JSON, or is read in different ways or not at all further in.

    That is: another encoding than UTF-8, a byte order mark, a member given twice, a number that
    is none or is infinite, a text that is not Unicode or holds NUL, and too deep nesting.

    Raises
    ------
    Problem
        400, saying what is wrong; what was sent is not repeated. 413 for too many parts.
    """
    # Counted before it is read, in texts too: that is quick, and texts have few.
    parts = body.count(b"[") + body.count(b"{")
    if parts > MAX_PARTS or body.count(b",") > MAX_MEMBERS:
        words = f"The body holds more than {MAX_PARTS:,} corners and objects: simplify the outlines"
        raise Problem(413, "too_large", f"{words} or send them in parts.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _broken(f"byte {error.start} is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise _broken("begins with a byte order mark: save it without one")
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        raise _broken(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # An integer of more digits than Python reads.
        raise _broken("holds a number too large to be read") from None
    for string in _texts(value):
        _require_text(string)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text and member name; not by recursion, for that has an end of its own."""
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise _too_deep()
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                yield from one
                below += one.values()
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str):
                yield one
        level, depth = below, depth + 1


def _require_text(text: str) -> None:
    if "\0" in text:
        raise _broken("holds a NUL character in a text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _broken("holds half a surrogate pair in a text") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _broken("gives a member of an object twice")
    return found


def _constant(name: str) -> NoReturn:
    raise _broken(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _broken("holds a number too large to be read")
    return number


def _too_deep() -> Problem:
    return _broken(f"is nested more than {MAX_DEPTH} deep")


def _broken(words: str) -> Problem:
    detail = "The body is not JSON that can be read; correct it and send it again."
    return Problem(400, "invalid", detail, faults=[("body", words)])
