"""What the SQL store keeps of acts and changes; see `hearthwatch.store.protocol_audit`."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, type_coerce
from sqlalchemy.types import NullType

from hearthwatch.records import AuditEntry, AuditFilter, Change, Page, Subject
from hearthwatch.store import patience, rules, tables
from hearthwatch.store.codec import columns, from_rows, microseconds, to_row
from hearthwatch.store.cursor import change_page, change_paging
from hearthwatch.store.faults import translated
from hearthwatch.store.protocol_audit import EVERY_ENTRY
from hearthwatch.store.sql_rows import SqlReader, SqlWriter, answer, kept_rows
from hearthwatch.store.turns import Turn

_HEAD = (
    select(tables.audit)
    .where(tables.audit.c.organisation == bindparam("whose"))
    .order_by(tables.audit.c.sequence.desc())
    .limit(1)
)
_LAST_CHANGE = select(func.max(tables.changes.c.sequence)).where(
    tables.changes.c.organisation == bindparam("whose")
)
_AT_ONCE = 5_000
"""Rows of the log that are held at a time where all are read."""


class SqlAuditWrites(SqlWriter):
    """Writes about acts and changes."""

    def __init__(self, connection: Connection, turn: Turn) -> None:
        super().__init__(connection, turn)
        # Nobody else writes meanwhile: of many entries at once only the first has to ask.
        self._heads: dict[str, AuditEntry] = {}
        self._told: dict[str, int] = {}

    def add_audit(self, entry: AuditEntry) -> AuditEntry:
        """Add an entry to an organisation's log and return it sealed."""
        with self._step():
            head = self._heads.get(entry.organisation) or self._head(entry.organisation)
            sealed = rules.following(entry, head)
            self._insert(tables.audit, to_row(sealed))
            self._heads[entry.organisation] = sealed
            return sealed

    def _head(self, organisation: str) -> AuditEntry | None:
        rows = kept_rows(self._connection, _HEAD, {"whose": organisation})
        found = from_rows(AuditEntry, _HEAD.selected_columns.keys(), rows)
        return found[0] if found else None

    def _tell(
        self, subject: Subject, organisation: str, its_id: str, *, version: int = 0, gone: bool
    ) -> None:
        """Put a change at the end of the list; within a verb of the transaction."""
        told = self._told.get(organisation)
        if told is None:
            told = self._connection.execute(_LAST_CHANGE, {"whose": organisation}).scalar() or 0
        self._told[organisation] = told + 1
        change = Change(organisation, told + 1, subject, its_id, version, gone)
        self._insert(tables.changes, to_row(change))


class SqlAuditReads(SqlReader):
    """Questions about acts and changes."""

    def audit(
        self, organisation: str, *, after: int = 0, limit: int = 1000
    ) -> tuple[AuditEntry, ...]:
        """Return the entries after a sequence number, in order."""
        c = tables.audit.c
        mine = select(tables.audit).where(c.organisation == organisation, c.sequence > after)
        return self._all(AuditEntry, mine.order_by(c.sequence).limit(limit))

    def audit_newest(
        self,
        organisation: str,
        where: AuditFilter = EVERY_ENTRY,
        *,
        before: int | None = None,
        limit: int = 100,
    ) -> tuple[AuditEntry, ...]:
        """Return the last entries, the newest first."""
        c = tables.audit.c
        mine = select(tables.audit).where(c.organisation == organisation, *_conditions(where))
        if before is not None:
            mine = mine.where(c.sequence < before)
        return self._all(AuditEntry, mine.order_by(c.sequence.desc()).limit(limit))

    def audit_rows(self, organisation: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Give the rows of one log, or of all, by organisation and sequence, as they are stored."""
        c = tables.audit.c
        rows = select(*(c[column.name] for column in columns(AuditEntry)))
        if organisation is not None:
            rows = rows.where(c.organisation == organisation)
        rows = rows.order_by(c.organisation, c.sequence, c.number)
        # Bare values: whatever stands there now, its type too, is what was sealed or is not.
        bare = rows.with_only_columns(*(type_coerce(one, NullType()).label(one.name)
                                        for one in rows.selected_columns))  # fmt: skip
        with self._connect(self._reader) as connection, translated():
            # Who reads a whole log takes the time it takes.
            patience.have(connection, math.inf)
            streamed = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
            for row in streamed.execute(bare).mappings():
                yield dict(row)

    def changes(
        self,
        organisation: str,
        *,
        subjects: Collection[Subject] = (),
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Change]:
        """Return what was added, changed or taken away, in the order it became visible."""
        paging = change_paging(organisation, limit)
        start = paging.start(after) or (0,)
        begin = int(start[0])
        c = tables.changes.c
        mine = select(tables.changes).where(c.organisation == organisation, c.sequence > begin)
        if subjects:
            mine = mine.where(c.subject.in_([subject.value for subject in subjects]))
        newest = select(func.max(c.sequence)).where(c.organisation == organisation)
        # Both of one moment: what comes in between must not be passed over.
        with self._connect(self._reader) as connection:
            found = answer(connection, Change, mine.order_by(c.sequence).limit(limit))
            with translated():
                last = connection.execute(newest).scalar_one() or 0
        return change_page(paging, found, max(begin, last))


def _conditions(where: AuditFilter) -> list[ColumnElement[bool]]:
    c = tables.audit.c
    found = [
        c[name] == value
        for name in ("actor", "act", "subject", "outcome")
        if (value := getattr(where, name)) is not None
    ]
    if where.since is not None:
        found.append(c.at >= microseconds(where.since))
    if where.until is not None:
        found.append(c.at <= microseconds(where.until))
    return found
