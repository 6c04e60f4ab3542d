"""Observations as values for programs, and in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hearthwatch.context.policy import counted
from hearthwatch.records import ContextObservation
from hearthwatch.values import moment


def observation_value(one: ContextObservation, now: datetime) -> dict[str, Any]:
    """Return an observation, and what policy makes of it by itself."""
    counts = counted(one, now)
    is_there = one.withdrawn is None
    return {
        "id": one.id,
        "region": one.region,
        "sort": one.sort.value,
        "observed": moment(one.observed),
        "words": one.words if is_there else None,
        "source": one.source if is_there else None,
        "reliability": one.reliability or None,
        "credibility": one.credibility or None,
        "grades": dict(one.grades),
        "factor": one.factor or None,
        "made_by": one.made_by,
        "created": moment(one.created),
        "sha256": one.sha256,
        "withdrawn": moment(one.withdrawn),
        "withdrawn_by": one.withdrawn_by or None,
        "counts_until": moment(counts.until),
        "counts_words": counts.words,
    }
