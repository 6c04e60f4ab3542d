"""How the SQL store erases content; see `hearthwatch.store.protocol_erasing`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, select, true, update

from hearthwatch.records import (
    Detection,
    Event,
    EventSource,
    LedgerRow,
    MessageForm,
    Proposal,
    ProposedAct,
    Region,
    Settlement,
    Subject,
)
from hearthwatch.store import rules, tables
from hearthwatch.store.codec import Row, from_row
from hearthwatch.store.erasing import (
    BLANKED,
    ERASED_WORDS,
    Erased,
    Parts,
    Tally,
    erasable,
    erased_ids,
)
from hearthwatch.store.faults import translated
from hearthwatch.store.scrubbing import overwrite_deleted
from hearthwatch.store.sql_audit import SqlAuditWrites
from hearthwatch.store.sql_rows import SqlReader
from hearthwatch.store.turns import Turn

IDS_AT_ONCE = 5_000
"""Asked for in one statement; a database binds only so many values."""
_PAST = {
    Region: (tables.region_versions,),
    Settlement: (tables.settlement_versions,),
    Event: (tables.event_versions,),
    EventSource: (tables.event_source_versions,),
    LedgerRow: (tables.ledger_history,),
}
_TABLES = {
    record: (*_PAST.get(record, ()), tables.metadata.tables[name])
    for record, name in tables.NAMES.items()
}
_NAMED = {
    Subject.EVENT: tables.events,
    Subject.SETTLEMENT: tables.settlements,
    Subject.REGION: tables.regions,
}


class SqlErasingWrites(SqlAuditWrites):
    """What a transaction takes away for good."""

    def __init__(self, connection: Connection, turn: Turn) -> None:
        super().__init__(connection, turn)
        self._gone: dict[str, frozenset[str]] = {}

    def erase(self, parts: Parts) -> Erased:
        """Erase all versions of all that belongs to the parts, and put tombstones for them."""
        with self._step():
            overwrite_deleted(self._connection)
            self._hand_over(parts)
            tally = Tally()
            detections: list[str] = []
            for record in (*erasable(), *BLANKED):
                for table in _TABLES[record]:
                    for where in _conditions(table, record, parts):
                        rows = self._taken(tally, record, table, where)
                        if record is Detection:
                            detections += [row["id"] for row in rows]
            self._take_reasons(tally, parts)
            self._bury(parts, sorted(set(detections)))
            return tally.end()

    def _is_erased(self, organisation: str, *ids: str) -> bool:
        """Tell whether one of these was erased; within a verb of the transaction."""
        if organisation not in self._gone:
            c = tables.proposals.c
            of_erasing = select(tables.proposals).where(
                c.organisation == organisation, c.act == ProposedAct.ERASE.value
            )
            found = self._connection.execute(of_erasing).mappings().all()
            self._gone[organisation] = erased_ids(from_row(Proposal, dict(one)) for one in found)
        return not self._gone[organisation].isdisjoint(ids)

    def _hand_over(self, parts: Parts) -> None:
        """Let looks whose source tells of an event that stays name that one."""
        c, s = tables.detections.c, tables.event_sources.c
        its_source = select(s.event).where(s.organisation == c.organisation, s.id == c.source)
        moved = its_source.where(s.event != c.event).exists()
        for events in _portions(parts.events):
            mine = (c.organisation == parts.organisation, c.event.in_(events), moved)
            now = its_source.scalar_subquery()
            self._connection.execute(update(tables.detections).where(*mine).values(event=now))

    def _taken(
        self, tally: Tally, record: type, table: Table, where: ColumnElement[bool]
    ) -> Sequence[Row]:
        """Take rows into the tally and out of a table, or out of them what tells the place."""
        rows = _rows(self._connection, select(table).where(where))
        tally.take(record, rows)
        if record in BLANKED:
            self._connection.execute(update(table).where(where).values(**BLANKED[record]))
        elif rows:
            self._connection.execute(delete(table).where(where))
        return rows

    def _take_reasons(self, tally: Tally, parts: Parts) -> None:
        c = tables.proposals.c
        for events in _portions(parts.events):
            where = (
                (c.organisation == parts.organisation)
                & (c.act == ProposedAct.RELEASE.value)
                & c.subject.in_(events)
            )
            rows = _rows(self._connection, select(tables.proposals).where(where))
            tally.take(Proposal, rows)
            self._connection.execute(
                update(tables.proposals).where(where).values(reason=ERASED_WORDS)
            )

    def _bury(self, parts: Parts, detections: Sequence[str]) -> None:
        for subject, ids in (
            (Subject.EVENT, parts.events),
            (Subject.DETECTION, detections),
            (Subject.SETTLEMENT, parts.settlements),
            (Subject.REGION, parts.regions),
        ):
            for one in ids:
                self._tell(subject, parts.organisation, one, gone=True)


class SqlErasingReads(SqlReader):
    """What belongs to what."""

    def parts(self, organisation: str, subject: Subject, its_id: str) -> Parts:
        """Return all that is erased with an event, a settlement or a region."""
        table = _NAMED.get(subject)
        with self._connect(self._reader) as connection, translated():
            if table is None or not _ids(connection, table, organisation, table.c.id == its_id):
                raise rules.not_there(subject.value, its_id)
            e, s = tables.events, tables.event_sources
            first = e.c.id if subject is Subject.EVENT else e.c[subject.value]
            events = _with_merged(
                connection, organisation, _ids(connection, e, organisation, first == its_id)
            )
            of_events = [
                one
                for some in _portions(events)
                for one in _ids(connection, s, organisation, s.c.event.in_(some))
            ]
            if subject is not Subject.EVENT:
                of_events += _ids(connection, s, organisation, s.c[subject.value] == its_id)
            replayed = _replayed(connection, organisation, subject, events)
            messages = _messages(connection, organisation, events)
            if subject is Subject.REGION:
                # An alarm may have named it.
                told = tables.messages.c.form == MessageForm.ALARM.value
                alarms = _ids(connection, tables.messages, organisation, told)
                messages = tuple(sorted({*messages, *alarms}))
        return Parts(
            organisation, subject, its_id, tuple(sorted(set(events))),
            tuple(sorted(set(of_events))),
            (its_id,) if subject is Subject.SETTLEMENT else (),
            (its_id,) if subject is Subject.REGION else (),
            replayed if subject is not Subject.REGION else (its_id,), messages,
        )  # fmt: skip


def _rows(connection: Connection, asked: Select[Any]) -> list[Row]:
    return [dict(one) for one in connection.execute(asked).mappings()]


def _ids(
    connection: Connection, table: Table, organisation: str, where: ColumnElement[bool]
) -> list[str]:
    asked: Select[Any] = select(table.c.id).where(table.c.organisation == organisation, where)
    return list(connection.execute(asked).scalars())


def _replayed(
    connection: Connection, organisation: str, subject: Subject, events: Sequence[str]
) -> tuple[str, ...]:
    """Return the regions of events; all of them for a settlement, which names none."""
    if subject is Subject.SETTLEMENT:
        return tuple(sorted(_ids(connection, tables.regions, organisation, true())))
    e = tables.events.c
    found: set[str] = set()
    for some in _portions(events):
        asked = select(e.region).distinct().where(e.organisation == organisation, e.id.in_(some))
        found |= set(connection.execute(asked).scalars())
    return tuple(sorted(found))


def _messages(connection: Connection, organisation: str, events: Sequence[str]) -> tuple[str, ...]:
    c = tables.alerts.c
    found: set[str] = set()
    for some in _portions(events):
        told = (c.organisation == organisation, c.event.in_(some), c.message != "")
        found |= set(connection.execute(select(c.message).distinct().where(*told)).scalars())
    return tuple(sorted(found))


def _with_merged(connection: Connection, organisation: str, events: Sequence[str]) -> list[str]:
    """Return events and all that were merged into them, however often that went on."""
    e, found, new = tables.events, set(events), set(events)
    while new:
        merged = {
            one
            for some in _portions(sorted(new))
            for one in _ids(connection, e, organisation, e.c.merged_into.in_(some))
        }
        new = merged - found
        found |= new
    return sorted(found)


def _conditions(table: Table, record: type, parts: Parts) -> Iterator[ColumnElement[bool]]:
    """Yield what selects rows of a table that belong to the parts; some of them more than once."""
    mine = table.c.organisation == parts.organisation
    for name, ids in parts.named_by(record).items():
        for some in _portions(ids):
            yield mine & table.c[name].in_(some)


def _portions(ids: Collection[str]) -> Iterator[Sequence[str]]:
    every = tuple(ids)
    for start in range(0, len(every), IDS_AT_ONCE):
        yield every[start : start + IDS_AT_ONCE]
