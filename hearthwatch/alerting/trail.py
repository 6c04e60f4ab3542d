"""What the log says of who changed whom is told, and of what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hearthwatch.audit.entries import subject_of, unsealed
from hearthwatch.store.protocol import Transaction


def put_down(
    tx: Transaction,
    organisation: str,
    act: str,
    *,
    actor: str,
    at: datetime,
    ids: Mapping[str, str],
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Store in the log what was done, in the transaction that does it.

    Parameters
    ----------
    act : str
        In the log's words: ``receiver add``.
    ids : mapping
        Of what it was done with, by what they are ids of.
    detail : mapping
        Never an address, a place or a name.
    """
    entry = unsealed(organisation, at, actor, act, subject_of(ids), detail=dict(detail or {}))
    tx.add_audit(entry)
