"""What a server said, made fit to be shown and logged."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

LONGEST = 200
"""Characters of a server's words that are shown."""

_HIDDEN = "[hidden]"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")
_NAMED_SECRET = re.compile(
    r"(?i)(bearer\s+|(?:secret|token|password|signature|credential|key|sig)[\"']?\s*[=:]\s*"
    r"[\"']?)[^\s\"'&,;}]+"
)
# A run this long with a digit in it is no word of any language we expect.
_LONG_RUN = re.compile(r"(?=[\w+/=.~-]*\d)[\w+/=.~-]{24,}")
# Error texts quote the ground that was asked for, and where we look is nobody's business.
_POSITION = re.compile(r"-?\d+\.\d{3,}")
_QUOTA = re.compile(
    r"(?i)insufficient[ _](?:processing|request)|processing[ _]units|quota|transaction[ _]limit"
)
_FIELDS = ("error_description", "message", "detail", "description", "title", "error", "code")


def clean(text: str) -> str:
    """Return `text` without control characters, secrets or positions, shortened."""
    text = _CONTROL.sub(" ", text[: 5 * LONGEST])
    text = _NAMED_SECRET.sub(rf"\g<1>{_HIDDEN}", text)
    text = _POSITION.sub("#", _LONG_RUN.sub(_HIDDEN, text))
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def server_says(body: bytes) -> str:
    """Return what an error's body says, cleaned; empty where that is nothing for a reader."""
    text = body.decode("utf-8", "replace").strip()
    if not text or text.startswith("<"):
        return ""
    with suppress(ValueError, RecursionError):
        text = _message(json.loads(text))
    return clean(text)


def is_quota(body: bytes) -> bool:
    """Say whether a refusal (403) speaks of a quota that is spent."""
    return _QUOTA.search(body[:65536].decode("utf-8", "replace")) is not None


def next_month(now: datetime) -> datetime:
    """Return the first of the next month, 00:00 UTC: when monthly quotas are filled again."""
    now = now.astimezone(UTC)
    return datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)


def _message(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    if isinstance(document.get("error"), dict):
        return _message(document["error"])
    for field in _FIELDS:
        if isinstance(document.get(field), str):
            return str(document[field])
    return ""
