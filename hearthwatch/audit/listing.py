"""Entries as JSON values."""

from __future__ import annotations

from typing import Any

from hearthwatch.records import AuditEntry
from hearthwatch.values import moment


def entry_value(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as JSON values."""
    return {
        "sequence": entry.sequence,
        "at": moment(entry.at),
        "actor": entry.actor,
        "act": entry.act,
        "subject": entry.subject,
        "outcome": entry.outcome,
        "detail": dict(entry.detail),
        "sha256": entry.sha256,
    }
