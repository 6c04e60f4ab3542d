"""What may be said of an event to whoever is told of it at all."""

from __future__ import annotations

from datetime import datetime

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerting.severity import is_urgent
from hearthwatch.records import EventState, Mode, Severity


def least(event: str, version: int, mode: Mode, grave: Severity, now: datetime) -> Facts:
    """Return what may be said of any event to anybody who is told of it: hardly anything.

    Everything else is put into it by whoever knows that the receiver may have it.

    Parameters
    ----------
    event : str
        What the receiver knows the event by.
    version : int
        As the receiver counts.
    now : datetime
        When it is told, aware UTC.
    """
    return {
        "event": event, "version": version, "sequence": 0, "act": "", "mode": mode.value,
        "kind": "", "change": "", "state": EventState.RETRACTED.value, "reason": "",
        "merged_into": "", "sure": "Unlikely", "severity": grave.value,
        "urgent": is_urgent(grave), "place": "", "precision": "", "geometry": None,
        "area_m2": None, "unharmed_until": None, "changed_by": None, "seen": None, "looks": None,
        "observed": "", "sensors": [], "reliability": "", "doubts": [], "unseen": "",
        "level": None,
        "chain": {
            "sensed": None, "published": None, "fetched": None, "detected": None,
            "made": now.isoformat(),
        },
        "told": [], "links": {},
    }  # fmt: skip
