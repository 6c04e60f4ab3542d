"""What is known of the looks at an area before it is watched: listed now, or remembered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from shapely.geometry.base import BaseGeometry

from hearthwatch.errors import SettingsError
from hearthwatch.passes.latency import YEAR, KnownFrom
from hearthwatch.passes.polling import known_scenes
from hearthwatch.pipeline.listing import MISSION_START
from hearthwatch.settings import Settings
from hearthwatch.sources import provider_from
from hearthwatch.store.protocol import Store
from imagery.errors import ImageryError
from imagery.types import ImageryProvider, Query, Scene

UNASKED = "no catalogue was asked"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the looks at an area.

    Attributes
    ----------
    why_not : str
        Why nothing is; empty where anything is.
    """

    provider: ImageryProvider | None
    scenes: tuple[Scene, ...]
    known_from: KnownFrom
    why_not: str = ""


def known_looks(
    settings: Settings,
    store: Store | None,
    organisation: str,
    area: BaseGeometry,
    now: datetime,
    *,
    ask: bool,
) -> Known:
    """Return what is known of the looks at an area.

    Parameters
    ----------
    store : Store or None
        Where the organisation's regions remember their catalogue; None if there is none.
    area : shapely geometry
        CRS84.
    ask : bool
        Whether a catalogue may be asked over a network. One on this machine is, in any case.
    """
    try:
        provider = provider_from(settings)
    except SettingsError as error:
        return Known(None, (), KnownFrom.UNKNOWN, error.message)
    if provider.remote and not ask:
        return _remembered(store, organisation, provider, area, now, UNASKED)
    first = now - YEAR if provider.remote else MISSION_START
    try:
        with provider.serving():
            found = tuple(provider.search(Query(area, first, now)))
    except ImageryError as error:
        why = f"the catalogue could not be asked: {error}"
        return _remembered(store, organisation, provider, area, now, why)
    return Known(provider, found, KnownFrom.CATALOGUE)


def _remembered(
    store: Store | None,
    organisation: str,
    provider: ImageryProvider,
    area: BaseGeometry,
    now: datetime,
    why_not: str,
) -> Known:
    """Return what the organisation's own regions remember of a catalogue over an area."""
    nothing = Known(provider, (), KnownFrom.UNKNOWN, why_not)
    if store is None:
        return nothing
    found: dict[tuple[str, str], Scene] = {}
    for region in store.regions(organisation):
        if not region.geometry.intersects(area):
            continue
        try:
            scenes = known_scenes(store, region, provider.name)
        except ImageryError:
            # What is broken there is told by its own runs.
            continue
        lately = (one for one in scenes if now - YEAR < one.sensed <= now)
        found |= {(one.collection, one.id): one for one in lately if one.footprint.covers(area)}
    if not found:
        return nothing
    scenes = sorted(found.values(), key=lambda one: (one.sensed, one.id))
    return replace(nothing, scenes=tuple(scenes), known_from=KnownFrom.REMEMBERED, why_not="")
