"""What belongs to an event, a settlement or a region, and goes with it when its content is erased.

Nothing else of the store ever takes records away. What stays is the fact: the tombstones in the
order of changes, the log of acts, and the proposal with the hash of what there was.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hearthwatch.records import (
    AuditEntry,
    Backtest,
    CalibrationChoice,
    Change,
    Detection,
    Event,
    EventSource,
    Message,
    Proposal,
    ProposalOutcome,
    ProposedAct,
    Region,
    Settlement,
    Spend,
    StoredCalibration,
    Subject,
    Telling,
)
from hearthwatch.store.codec import Row, canonical_json, columns
from hearthwatch.store.rules import IDENTITY

ERASED_WORDS = "[erased]"
"""What stands for a reason that people gave for something of what was erased."""
KEPT: frozenset[type] = frozenset(
    {AuditEntry, StoredCalibration, CalibrationChoice, Change, Proposal}
)
"""Records that stay though they may name a part; of proposals the reasons for a release go."""
BLANKED: Mapping[type, Row] = {
    Spend: {"cell": "", "acquisition": "", "detail": ""},
    Telling: {"detail": "{}"},
    Message: {"content": "{}"},
}
"""Records that stay without what tells the place: accounts, and that something was told or sent."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is to be erased, by id.

    Attributes
    ----------
    subject, id : Subject, str
        What was named.
    events : tuple of str
        Those that it is, has or befell it, and those that were merged into one of them.
    sources : tuple of str
        Of these events.
    replayed : tuple of str
        Regions whose replays of the past may tell of it: they can be made again.
    messages : tuple of str
        Those that tell of one of the events, other events in them or not.
    """

    organisation: str
    subject: Subject
    id: str
    events: tuple[str, ...]
    sources: tuple[str, ...]
    settlements: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    replayed: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    def named_by(self, record: type) -> dict[str, tuple[str, ...]]:
        """Return by which fields a row of a record belongs to the parts, and which ids these are.

        Any one of them is enough; empty for a record that names none of them.
        """
        fields = {column.name for column in columns(record)}
        of_field = {
            "event": self.events,
            "source": self.sources,
            "settlement": self.settlements,
            "region": self.regions,
        }
        own = {
            Event: self.events,
            EventSource: self.sources,
            Settlement: self.settlements,
            Region: self.regions,
            Message: self.messages,
        }
        found = {name: ids for name, ids in of_field.items() if name in fields and ids}
        if own.get(record):
            found["id"] = own[record]
        if record is Backtest and self.replayed:
            found["region"] = self.replayed
        return found


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased.

    Attributes
    ----------
    sha256 : str
        Over all of it: whoever has the same content can show that it is the same.
    rows : mapping of str to int
        How many, by what they were.
    """

    sha256: str
    rows: Mapping[str, int]


class Tally:
    """Takes in what is erased; the same for the same content in whatever store and order.

    The hash is SHA-256 over the sorted SHA-256 of every row, each of its class's name, a zero
    byte and its canonical JSON, in which bytes are hexadecimal. A row told twice counts once.
    """

    def __init__(self) -> None:
        self._rows: dict[bytes, str] = {}

    def take(self, record: type, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take rows in; what a table has beside the record's own fields is passed over."""
        names = [column.name for column in columns(record)]
        for row in rows:
            line = canonical_json({name: _written(row[name]) for name in names})
            digest = hashlib.sha256(f"{record.__name__}\0{line}".encode()).digest()
            self._rows[digest] = record.__name__

    def end(self) -> Erased:
        """Return what was taken in."""
        whole = hashlib.sha256(b"".join(sorted(self._rows)))
        return Erased(whole.hexdigest(), dict(sorted(Counter(self._rows.values()).items())))


def erasable() -> tuple[type, ...]:
    """Return the records of which rows go, those that refer to others first."""
    first = (Detection, EventSource, Event, Settlement)
    rest = [record for record in IDENTITY if record not in {*KEPT, *BLANKED, *first, Region}]
    return (*rest, *first, Region)


def erased_ids(proposals: Iterable[Proposal]) -> frozenset[str]:
    """Return the ids of events and sources that were erased and are never written again."""
    return frozenset(
        one
        for proposal in proposals
        if proposal.act is ProposedAct.ERASE and proposal.outcome is ProposalOutcome.AGREED
        for one in (proposal.subject, *proposal.detail.get("ids", ()))
    )


def _written(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value
