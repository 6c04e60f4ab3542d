"""What the store in memory keeps of acts and changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from operator import attrgetter
from typing import Any

from hearthwatch.records import AuditEntry, AuditFilter, Change, Page, Subject
from hearthwatch.store import rules
from hearthwatch.store.codec import to_row
from hearthwatch.store.cursor import change_page, change_paging
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter, between
from hearthwatch.store.protocol_audit import EVERY_ENTRY


class MemoryAuditWrites(MemoryWriter):
    """Writes about acts and changes."""

    def add_audit(self, entry: AuditEntry) -> AuditEntry:
        """Add an entry to an organisation's log and return it sealed."""
        with self._turn.step():
            mine = self._draft.all(AuditEntry, entry.organisation)
            sealed = rules.following(entry, max(mine, key=attrgetter("sequence"), default=None))
            self._append(AuditEntry, to_row(sealed))
            return sealed

    def _tell(
        self, subject: Subject, organisation: str, its_id: str, *, version: int = 0, gone: bool
    ) -> None:
        """Put a change at the end of the list; within a verb of the transaction."""
        sequence = sum(1 for _ in self._draft.all(Change, organisation)) + 1
        change = Change(organisation, sequence, subject, its_id, version, gone)
        self._append(Change, to_row(change))


class MemoryAuditReads(MemoryReader):
    """Questions about acts and changes."""

    def audit(
        self, organisation: str, *, after: int = 0, limit: int = 1000
    ) -> tuple[AuditEntry, ...]:
        """Return the entries after a sequence number, in order."""
        mine = (one for one in self._open().all(AuditEntry, organisation) if one.sequence > after)
        return tuple(sorted(mine, key=attrgetter("sequence"))[:limit])

    def audit_newest(
        self,
        organisation: str,
        where: AuditFilter = EVERY_ENTRY,
        *,
        before: int | None = None,
        limit: int = 100,
    ) -> tuple[AuditEntry, ...]:
        """Return the last entries, the newest first."""
        mine = (
            one
            for one in self._open().all(AuditEntry, organisation)
            if _fits(one, where) and (before is None or one.sequence < before)
        )
        return tuple(sorted(mine, key=attrgetter("sequence"), reverse=True)[:limit])

    def audit_rows(self, organisation: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Give the rows of one log, or of all, by organisation and sequence, as they are stored."""
        for _, rows in sorted(self._open().by_record[AuditEntry].items()):
            if organisation in (None, rows[-1]["organisation"]):
                yield dict(rows[-1])

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
        mine = [one for one in self._open().all(Change, organisation) if one.sequence > begin]
        wanted = [one for one in mine if not subjects or one.subject in subjects]
        found = sorted(wanted, key=attrgetter("sequence"))[:limit]
        last = max((one.sequence for one in mine), default=begin)
        return change_page(paging, found, max(begin, last))


def _fits(entry: AuditEntry, where: AuditFilter) -> bool:
    named = ("actor", "act", "subject", "outcome")
    wanted = ((getattr(entry, name), getattr(where, name)) for name in named)
    return all(value in (None, found) for found, value in wanted) and between(
        entry.at, where.since, where.until
    )
