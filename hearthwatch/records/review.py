"""How events are verified: who looks at which, and what each one saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hearthwatch.records.words import Kind, Mode, Verdict


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that somebody is looking at, so that nobody else begins with it.

    Attributes
    ----------
    person : str
        Id of the person or key.
    shown : mapping
        The pictures that were fixed for whoever looks, with their looks and digests.
    ended : datetime or None
        When it was given back or answered; None while it lasts.
    """

    id: str
    organisation: str
    event: str
    person: str
    made: datetime
    expires: datetime
    shown: Mapping[str, Any] = field(default_factory=dict)
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """What somebody saw in the pictures of an event, without knowing what others saw.

    Attributes
    ----------
    version : int
        Of the event, as it stood then.
    person : str
        Id of the person or key.
    round : str
        ``first``, ``third`` where two disagreed, ``audit`` where a supervisor looks again.
    reason, text : str
        The coded reason why it is none, and words.
    shown : mapping
        The looks of the pictures shown, with their digests.
    seconds : float
        From the first picture to the answer.
    undone : datetime or None
        When it was taken back; it stays readable.
    """

    id: str
    organisation: str
    kind: Kind
    mode: Mode
    event: str
    version: int
    person: str
    round: str
    said: datetime
    verdict: Verdict
    reason: str = ""
    text: str = ""
    shown: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    undone: datetime | None = None
