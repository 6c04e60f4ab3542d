"""Regions that are to be read and are not: their runs fail, or none comes to its end.

A provider may be within its budget and still show nothing: its catalogue is down, the service is
not running, a run dies before its end each time. Whoever relies on a region must see that, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hearthwatch.records import Region, Run, RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.sources import FOLDER
from hearthwatch.store.protocol import Store

LOOKED_WITHIN = timedelta(hours=48)
"""A region over which no run was completed for so long is not being looked at."""
_A_FEW = 10
"""Runs of each region that are asked for at once."""
_REPLAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the last runs over a region say against its being read.

    Attributes
    ----------
    since : datetime or None
        Since when nothing is read of it; None while it is, though not all is well.
    """

    why: str
    since: datetime | None = None


def troubles(
    settings: Settings, store: Store, organisation: str, regions: Sequence[Region]
) -> Mapping[str, Trouble]:
    """Return what is wrong with the runs over regions, by id; nothing where all is well.

    Of a folder, which is read when somebody says so, nothing is expected.
    """
    if settings.provider == FOLDER or not regions:
        return {}
    now = datetime.now(UTC)
    only = regions[0].id if len(regions) == 1 else None
    runs = store.runs(organisation, region=only, newest=_A_FEW * len(regions))
    within = max(LOOKED_WITHIN, timedelta(hours=2 * settings.run_every_hours))
    found = ((one.id, _trouble(store, one, runs, within, now)) for one in regions)
    return {region: told for region, told in found if told is not None}


def _trouble(
    store: Store, region: Region, runs: Sequence[Run], within: timedelta, now: datetime
) -> Trouble | None:
    if region.expires is not None and region.expires <= now:
        return None
    own = [one for one in runs if one.region == region.id]
    last = next(_looked(reversed(own)), None)
    if last is None:
        kept = store.runs(region.organisation, region=region.id, outcome=RunOutcome.COMPLETE)
        last = next(_looked(reversed(kept)), None)
    over = [one for one in own if one.outcome in (RunOutcome.FAILED, RunOutcome.COMPLETE)]
    since = region.created if last is None else last.started
    if now - since > within:
        failed = [one.detail for one in over if one.outcome is RunOutcome.FAILED and one.detail]
        words = f": {failed[-1]}" if failed else ""
        return Trouble(f"no run over it has been completed since then{words}", since)
    if over and over[-1].outcome is RunOutcome.FAILED:
        return Trouble(": ".join(filter(None, ("the last run failed", over[-1].detail))))
    return Trouble(over[-1].detail) if over and over[-1].detail else None


def _looked(runs: Iterator[Run]) -> Iterator[Run]:
    """Yield the runs that came to their end and looked at what is going on, not at the past."""
    for one in runs:
        if one.outcome is RunOutcome.COMPLETE and (
            one.until is None or one.until >= one.started - _REPLAY
        ):
            yield one
