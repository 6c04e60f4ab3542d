"""Who saw, changed, released or took out what, and the order in which anything changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hearthwatch.records.words import Subject


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of an organisation's log; each one seals all before it.

    Attributes
    ----------
    sequence : int
        Counts an organisation's entries from 1, without a gap.
    actor : str
        Id of the person or key; ``command line`` where somebody with access to the machine acted.
    act, subject : str
        What was done, and with what.
    outcome : str
        ``done``, or why not.
    previous : str
        `sha256` of the entry before; 64 zeros for the first.
    sha256 : str
        Over all other fields.
    """

    organisation: str
    sequence: int
    at: datetime
    actor: str
    act: str
    subject: str
    outcome: str
    previous: str
    sha256: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are asked for; what is None selects nothing out.

    Attributes
    ----------
    since, until : datetime or None
        When it was done, both ends included.
    """

    actor: str | None = None
    act: str | None = None
    subject: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was added, changed or taken away, in the order in which that became visible.

    Attributes
    ----------
    sequence : int
        Counts an organisation's changes from 1, without a gap: it tells nothing of others.
    subject, id : str
        What it is.
    version : int
        Of an event; 0 of what has none.
    gone : bool
        Whether it was taken away: the tombstone.
    """

    organisation: str
    sequence: int
    subject: Subject
    id: str
    version: int
    gone: bool
