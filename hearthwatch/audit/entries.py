"""What an entry of the log says, and what it may never say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hearthwatch.records import AuditEntry

ASKED = "asked"
"""Before a change is made; one that no other follows did not come to its end."""
DONE = "done"
REFUSED = "refused"
FAILED = "failed"

COMMAND_LINE = "command line"
SERVICE = ""
"""The chain of what belongs to no organisation."""
UNKNOWN = "unknown"
"""Who tried to sign in where nobody of that name is."""

# What somebody writes into an address is no id until something is found there: a comma would be
# between two coordinates, and a key begins with its prefix.
_ID = re.compile(r"(?!hw_|hwp_)[A-Za-z0-9][A-Za-z0-9_.:+-]{0,199}")
_NUMBER = re.compile(r"[+-]?[0-9]+\.[0-9]+")


def unsealed(
    organisation: str,
    at: datetime,
    actor: str,
    act: str,
    subject: str = "",
    outcome: str = DONE,
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Return an entry for the store to put into its place."""
    return AuditEntry(organisation, 0, at, actor, act, subject, outcome, "", "", detail or {})


def outcome_of(status: int) -> str:
    """Return what the status of an answer comes to."""
    if status >= 500:
        return FAILED
    return REFUSED if status >= 400 else DONE


def subject_of(ids: Mapping[str, str]) -> str:
    """Return what something was done with: ``event:evt-1``, several beside each other.

    Parameters
    ----------
    ids : mapping
        By what they are ids of, as they were asked for. What has not the form of an id is left
        out: it could be a place or a secret.
    """
    return " ".join(f"{what}:{one}" for what, one in ids.items() if _is_id(one))


def _is_id(text: str) -> bool:
    return bool(_ID.fullmatch(text)) and not _NUMBER.fullmatch(text)
