"""Heads: the last entry of each chain, to be kept where whoever changes the log cannot reach."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hearthwatch.errors import AuditError
from hearthwatch.store.codec import canonical_json
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment

FORM = 1


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of one chain, when it was read.

    Attributes
    ----------
    organisation : str
        Whose chain; empty for that of the service itself.
    sequence : int
        0 where there was no entry.
    sha256 : str
        Of the entry.
    """

    organisation: str
    sequence: int
    sha256: str


def heads_of(store: Store, organisations: Iterable[str]) -> tuple[Head, ...]:
    """Return the heads of chains that have an entry."""
    found = ((one, store.audit_newest(one, limit=1)) for one in organisations)
    return tuple(Head(one, last[0].sequence, last[0].sha256) for one, last in found if last)


def document(heads: Iterable[Head], made: datetime) -> dict[str, Any]:
    """Return heads as JSON values with a check over them: damage in keeping is no tampering."""
    content = {
        "form": FORM,
        "made": moment(made.astimezone(UTC)),
        "heads": [
            {"organisation": one.organisation, "sequence": one.sequence, "sha256": one.sha256}
            for one in heads
        ],
    }
    return {**content, "check": _check(content)}


def read(text: str) -> tuple[Head, ...]:
    """Return the heads of a kept document.

    Raises
    ------
    AuditError
        It is none, or was damaged since.
    """
    try:
        found = json.loads(text)
        check = found.pop("check")
        heads = tuple(
            Head(str(one["organisation"]), int(one["sequence"]), str(one["sha256"]))
            for one in found["heads"]
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise AuditError("This is no head that `hearthwatch audit head --json` printed.") from None
    if found.get("form") != FORM or check != _check(found):
        raise AuditError(
            "The kept head is not as it was printed: a letter of it has changed. Use another copy."
        )
    return heads


def _check(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(dict(content)).encode()).hexdigest()[:16]
