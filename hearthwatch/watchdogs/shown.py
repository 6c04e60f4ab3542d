"""Alarms as values for programs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from hearthwatch.records import Alarm
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment
from hearthwatch.watchdogs.watching import ALIVE, LEASE


def standing(store: Store, organisation: str, *, open_only: bool = True) -> list[Alarm]:
    """Return the alarms of an organisation and of the installation, newest first."""
    every = [
        one for whose in (organisation, "") for one in store.alarms(whose, open_only=open_only)
    ]
    return sorted(every, key=lambda one: one.raised, reverse=True)


def watched_at(store: Store) -> datetime | None:
    """Return when it was last looked for what is wrong; None if nothing does, nor died of it."""
    held = store.lease(LEASE)
    return None if held is None else held.until - ALIVE


def is_watching(store: Store, now: datetime) -> bool:
    """Tell whether anything looks for what is wrong."""
    held = store.lease(LEASE)
    return held is not None and now < held.until


def alarm_value(found: Alarm, organisation: str, receivers: Collection[str]) -> dict[str, Any]:
    """Return an alarm as an organisation may see it.

    Parameters
    ----------
    receivers : collection of str
        Ids of those of the organisation: of others it is not told whether they were told.
    """
    is_own = bool(found.organisation) or found.acknowledged_by.startswith(f"{organisation}/")
    return {
        "id": found.id,
        "kind": found.kind.value,
        "subject": found.subject or None,
        "whole": not found.organisation,
        "severity": found.severity.value,
        "words": found.words,
        "advice": found.advice,
        "regions": list(found.regions),
        "items": len(found.items),
        "since": moment(found.since),
        "raised": moment(found.raised),
        "seen": moment(found.seen),
        "rounds": found.rounds,
        "told": len(set(found.told) & set(receivers)),
        "acknowledged": moment(found.acknowledged),
        "acknowledged_by": found.acknowledged_by.partition("/")[2] or None if is_own else None,
        "cleared": moment(found.cleared),
    }
