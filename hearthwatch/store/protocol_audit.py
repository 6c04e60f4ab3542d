"""The part of the store's seam that is about the log of acts and the order of changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

from hearthwatch.records import AuditEntry, AuditFilter, Change, Page, Subject

EVERY_ENTRY = AuditFilter()


class AuditWrites(Protocol):
    """Writes of a transaction about acts."""

    def add_audit(self, entry: AuditEntry) -> AuditEntry:
        """Add an entry to an organisation's log and return it sealed.

        Its sequence and hashes are passed over: the store sets them.
        """
        ...


class AuditReads(Protocol):
    """Questions to the store about acts and changes."""

    def audit(
        self, organisation: str, *, after: int = 0, limit: int = 1000
    ) -> tuple[AuditEntry, ...]:
        """Return the entries after a sequence number, in order."""
        ...

    def audit_newest(
        self,
        organisation: str,
        where: AuditFilter = EVERY_ENTRY,
        *,
        before: int | None = None,
        limit: int = 100,
    ) -> tuple[AuditEntry, ...]:
        """Return the last entries, the newest first; those before a sequence number, if named."""
        ...

    def audit_rows(self, organisation: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Give the rows of one log, or of all, by organisation and sequence, as they are stored.

        One after the other as of one moment, never all at once, and nothing of them is read or
        believed: to verify them. Use it up or close it.
        """
        ...

    def changes(
        self,
        organisation: str,
        *,
        subjects: Collection[Subject] = (),
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Change]:
        """Return what was added, changed or taken away, in the order in which it became visible.

        `next` always has a cursor, at the end too: asked again with it, the store tells of
        what came since. A row never comes to stand before a cursor that was given. `subjects`
        tells of these alone; the cursors are the same for all of them.
        """
        ...
