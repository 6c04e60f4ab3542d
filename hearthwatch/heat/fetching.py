"""Asking for the heat of what is watched, from where the last time ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from hearthwatch.errors import NotFound, SettingsError
from hearthwatch.heat.ground import Ground
from hearthwatch.heat.taking import Taken, take_table
from hearthwatch.layout import Layout
from hearthwatch.records import Mark
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from imagery.errors import ImageryError
from imagery.firms import Firms

PROVIDER = "firms"
AGAIN = timedelta(days=2)
"""Days that are asked for anew each time: what near-real-time tables say of them still grows."""
FIRST_DAYS = 7
"""Days that are asked for where nothing was asked yet."""
_EVERYWHERE = ""
"""For the mark of a source, which is one for all regions."""


def firms_from(settings: Settings) -> Firms:
    """Return the area interface; nothing is asked of it yet.

    Raises
    ------
    SettingsError
        If no key is named, or an address cannot be used.
    """
    if settings.firms_credentials is None:
        raise SettingsError(
            "No key to FIRMS is named. Put it as map_key into a file that only you can read, and "
            "set HEARTHWATCH_FIRMS_CREDENTIALS to that file."
        )
    try:
        return Firms(
            settings.firms_url,
            Layout(settings.data_dir).net,
            settings.firms_credentials,
            settings.certificates,
        )
    except ImageryError as error:
        raise SettingsError(f"FIRMS cannot be asked: {error}.") from error


def fetch(
    store: Store,
    firms: Firms,
    settings: Settings,
    ground: Ground,
    since: date | None,
    now: datetime,
    note: Callable[[str], None],
) -> Iterator[tuple[Taken, ...]]:
    """Ask source by source, and yield what came of its answers as soon as they are kept.

    What came before something fails is kept and yielded; the source that failed is asked anew the
    next time, and so is one whose heat was not told of before the program ended.

    Parameters
    ----------
    since : date or None
        UTC day to begin with; by default two days before the last one that was asked for.
    note : callable
        Takes a line for the operator, without any place in it.

    Raises
    ------
    NotFound
        If nothing is watched.
    ImageryError
        As the area interface does.
    """
    organisation = settings.organisation
    bounds = ground.bounds()
    if not bounds:
        raise NotFound("Nothing is watched whose heat could be asked for: add a region first.")
    for source in settings.firms_sources:
        begin = _begin(store, organisation, source, now)
        first = since or begin
        taken: list[Taken] = []
        try:
            for table in firms.tables([source], bounds, first, now.date()):
                taken.append(take_table(store, organisation, ground, table))
        except ImageryError:
            yield tuple(taken)
            raise
        yield tuple(taken)
        # Days that were left out are asked for the next time.
        if first <= begin:
            with store.transaction() as tx:
                tx.put_mark(Mark(organisation, _EVERYWHERE, PROVIDER, source, now))
        note(f"{source}: asked for {first.isoformat()} to {now.date().isoformat()}")


def _begin(store: Store, organisation: str, source: str, now: datetime) -> date:
    mark = store.mark(organisation, _EVERYWHERE, PROVIDER, source)
    return (mark.published - AGAIN if mark else now - timedelta(days=FIRST_DAYS)).date()
