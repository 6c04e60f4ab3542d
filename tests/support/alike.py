"""When two answers say the same: all but what no answer has twice."""

from __future__ import annotations

import re
from typing import Any

# When it was given, and what was made by chance.
CHANCE = re.compile(
    rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    rb"|msg_[0-9a-f]{32}|whsec_[\w+/]{43}=|hwp?_[0-9a-f]{12}_[\w-]{43}|\"?\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)\"?|\b[0-9a-f]{12}\b"
    rb"|\b[0-9a-f]{16}\b|\b[0-9a-f]{64}\b|\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT"
)
_MADE = {"location", "set-cookie"}
_NEW = ("date", "content-length", "x-request-id")


def said(answer: Any) -> tuple[Any, ...]:
    """Return all that an answer says but when it was given and what chance made."""
    fields = {
        name: CHANCE.sub(b"*", value.encode()) if name in _MADE else value
        for name, value in answer.headers.items()
        if name not in _NEW
    }
    return answer.status_code, fields, CHANCE.sub(b"*", answer.content)


def unasked(answer: Any) -> bytes:
    """Return what an answer holds but for the question.

    Whoever asked knows what they asked for: a link repeats it, and a file says by which query it
    was made.
    """
    content: bytes = answer.content.replace(str(answer.request.url).encode(), b"")
    for value in answer.request.url.params.values():
        content = content.replace(value.encode(), b"")
    return content
