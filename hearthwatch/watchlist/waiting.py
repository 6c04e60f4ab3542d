"""Watches that go beyond a limit of the settings: nothing is looked at until they are confirmed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from hearthwatch.errors import RegionError
from hearthwatch.records import Region
from hearthwatch.values import moment
from hearthwatch.words import day

WAITING = "waiting"
"""In the terms of a region: since when and why it waits to be confirmed."""


def held(region: Region, why: Sequence[str], now: datetime) -> Region:
    """Return a region that waits to be confirmed; as it is where there is no reason for it."""
    if not why:
        return region
    waits = {"since": moment(now), "why": list(why)}
    return dataclasses.replace(region, terms={**region.terms, WAITING: waits})


def is_waiting(region: Region) -> bool:
    """Tell whether a watch waits to be confirmed."""
    return WAITING in region.terms


def confirmed(region: Region) -> Region:
    """Return a region that is watched from now on.

    Raises
    ------
    RegionError
        If it waits for nothing.
    """
    if not is_waiting(region):
        raise RegionError(f"{region.name} waits for no confirmation: it is watched already.")
    terms = {name: value for name, value in region.terms.items() if name != WAITING}
    return dataclasses.replace(region, terms=terms)


def waiting_words(region: Region) -> str:
    """Return what is told of a watch that waits; empty where it does not."""
    waits = region.terms.get(WAITING)
    if waits is None:
        return ""
    since = day(datetime.fromisoformat(str(waits["since"])))
    return (
        f"it waits for confirmation since {since} and nothing is looked at, for it would take "
        f"{'; '.join(waits['why'])}"
    )
