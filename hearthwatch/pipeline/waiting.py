"""Looks that wait: for the rest of their pass, or for their turn after one that waits.

A pass is listed tile by tile. What is taken of it too early is taken anew when the rest comes, and
all after it with it; so a young look of which less is listed than its orbit shows waits a while.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import shapely
from shapely.geometry.base import BaseGeometry

from hearthwatch.passes.calendar import RECENT
from hearthwatch.pipeline.tasks import Measured, Site, not_taken
from hearthwatch.records import LedgerRow, ObservationStatus
from hearthwatch.words import look_time
from imagery.types import Acquisition, Scene
from tiles.cell import cell_from_id
from tiles.grid import ground

PATIENCE = timedelta(hours=24)
"""After sensing: by then a product is listed or very late; what is there is then taken."""
MOST_TRIES = 4
"""Runs in which a look may fail before later ones no longer wait for it."""
STALE = timedelta(days=7)
"""After sensing: what is listed and still not there then is not waited for."""
SELDOM = timedelta(days=30)
"""What was sensed so long ago and failed so often is asked for again only after as long."""
OFTEN = timedelta(days=1)
"""The same of what is younger."""
TRIES, AGAIN = "tries", "again"
"""In a row's detail: runs in which its look failed, and before when it is not asked for again."""
OUTDATED = "not asked for: it is older than the states kept of the place, and teaches nothing more"
OUTLINE_DEG = 0.01
"""By which an outline in a catalogue may fall short of its pixels."""
LEAST_MISSING = 0.02
"""Of a cell, that the orbit shows otherwise: less is the wobble of the swath's edge."""

Work = tuple[str, str]
"""Acquisition and cell."""
_Orbit = tuple[str, int | None, str]


def beyond_reach(looks: Sequence[Acquisition], sites: Sequence[Site]) -> frozenset[Work]:
    """Return which looks over which cells are none, as their orbit never shows the cell.

    They would be asked for in vain, and later looks would wait for them. What an orbit shows is
    all that was ever listed of it: a look that is listed in part is a look all the same.
    """
    shown: defaultdict[_Orbit, list[Scene]] = defaultdict(list)
    for look in looks:
        shown[_orbit(look)] += look.scenes
    grounds = {
        orbit: shapely.union_all([scene.footprint for scene in scenes]).buffer(OUTLINE_DEG)
        for orbit, scenes in shown.items()
    }
    cells = {site.cell: ground(cell_from_id(site.cell)) for site in sites}
    seen = {
        (orbit, cell)
        for orbit, reach in grounds.items()
        for cell, wanted in cells.items()
        if reach.intersects(wanted)
    }
    return frozenset(
        (look.key, cell) for look in looks for cell in cells if (_orbit(look), cell) not in seen
    )


def resting_looks(
    rows_of: Callable[[str], Sequence[LedgerRow]],
    looks: Sequence[Acquisition],
    sites: Sequence[Site],
    done: Collection[Work],
    now: datetime,
) -> Iterator[Work]:
    """Yield which looks over which cells failed so often that they are let be for a while.

    Parameters
    ----------
    rows_of : callable
        Gives the region's ledger rows of an acquisition.
    """
    cells = {site.cell for site in sites}
    for look in looks:
        if all((look.key, cell) in done for cell in cells):
            continue
        rests = {
            row.cell
            for row in rows_of(look.key)
            if AGAIN in row.detail and now < datetime.fromisoformat(row.detail[AGAIN])
        }
        yield from ((look.key, cell) for cell in rests & cells if (look.key, cell) not in done)


def outdated_looks(
    oldest: Mapping[str, datetime],
    looks: Sequence[Acquisition],
    over: Collection[Work],
    now: datetime,
) -> frozenset[Work]:
    """Return which looks over which cells would teach nothing any more, and are not paid for.

    So it is with history that was left out for lack of money, once younger looks were taken.

    Parameters
    ----------
    oldest : mapping of str to datetime
        By cell, the time of the oldest state that is kept, where older ones were given up.
    over : collection of (acquisition, cell)
        Work that is done, or let be.
    """
    return frozenset(
        (look.key, cell)
        for look in looks
        for cell, since in oldest.items()
        if look.sensed <= min(since, now - SELDOM) and (look.key, cell) not in over
    )


def waiting_looks(
    looks: Sequence[Acquisition], sites: Sequence[Site], done: Collection[Work], now: datetime
) -> Mapping[Work, str]:
    """Return which looks over which cells wait, and for what, in words.

    Parameters
    ----------
    looks : sequence of Acquisition
        All there are, oldest first.
    done : collection of (acquisition, cell)
        Work that needs no waiting for.
    """
    young = [look for look in looks if now < look.sensed + PATIENCE]
    found: dict[Work, str] = {}
    for site in sites if young else ():
        cell = ground(cell_from_id(site.cell))
        before: Acquisition | None = None
        for look in young:
            if (look.key, site.cell) in done:
                continue
            if before is not None:
                words = _after(before)
            elif _is_partial(look, looks, cell):
                before = look
                until = look.sensed + PATIENCE
                words = f"waits for the rest of the pass until {until:%Y-%m-%d %H:%M} UTC"
            else:
                continue
            found[look.key, site.cell] = words
    return found


class Turns:
    """Whose turn it is while looks are taken: none goes before one that may still come.

    A look that comes after many later ones is not scored any more, so a fault of a moment must
    not lose it. One that fails again and again must not blind the place either.

    Parameters
    ----------
    tries_before : callable
        Gives in how many runs a look over a site has failed so far.
    now : datetime
    """

    def __init__(self, tries_before: Callable[[Acquisition, Site], int], now: datetime) -> None:
        self._tries_before = tries_before
        self._now = now
        self._before: dict[str, Acquisition] = {}

    def kept(self, look: Acquisition, site: Site, measured: Measured) -> Measured:
        """Return what was measured, or that it waits; to be asked of every look, oldest first."""
        before = self._before.get(site.cell)
        if before is not None:
            none = not_taken(look, site, ObservationStatus.NOT_DELIVERED, _after(before))
            tries = self._tries_before(look, site)
            return dataclasses.replace(none, cost=measured.cost, quota=measured.quota, tries=tries)
        if measured.failure is None:
            return measured
        is_missing = measured.failure is ObservationStatus.NOT_DELIVERED
        if is_missing and self._now < look.sensed + PATIENCE:
            self._before[site.cell] = look
        if not measured.passing:
            return measured
        tries = 1 + self._tries_before(look, site)
        is_stale = is_missing and measured.is_useless and self._now >= look.sensed + STALE
        if tries < MOST_TRIES and not is_stale:
            self._before[site.cell] = look
        return dataclasses.replace(measured, tries=tries, again=self._again(look, measured, tries))

    def _again(self, look: Acquisition, measured: Measured, tries: int) -> datetime | None:
        """Return when a look is asked for again; None if by the next run.

        Every answer is paid for, also one that is of no use.
        """
        if not measured.is_useless or tries < MOST_TRIES:
            return None
        return self._now + (OFTEN if self._now < look.sensed + SELDOM else SELDOM)


def _after(before: Acquisition) -> str:
    return f"waits for its turn after the pass of {look_time(before.sensed)} UTC"


def _is_partial(look: Acquisition, looks: Sequence[Acquisition], cell: BaseGeometry) -> bool:
    """Tell whether less of a cell is listed of a look than its orbit showed before."""
    usual = [
        scene.footprint
        for other in looks
        if other is not look
        and look.sensed - RECENT < other.sensed < look.sensed
        and _orbit(other) == _orbit(look)
        for scene in other.scenes
    ]
    if look.scenes[0].relative_orbit is None or not usual:
        return False
    shown = shapely.union_all([scene.footprint for scene in look.scenes])
    missing = shapely.union_all(usual).intersection(cell).difference(shown)
    return bool(missing.area > LEAST_MISSING * cell.area)


def _orbit(look: Acquisition) -> _Orbit:
    """Return what looks share that show the same ground; where no orbit is told, none do."""
    orbit = look.scenes[0].relative_orbit
    return look.sensor, orbit, look.key if orbit is None else ""
