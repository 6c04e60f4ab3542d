"""Whole collections for files: all pages of what the collections and `/released` tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from api.auth import Caller
from api.context import Context
from api.found import MOST_MATCHED, Asked, page_of
from api.problems import Problem
from detectors.heat import INFO as HEAT
from hearthwatch.disclosure.telling import Clock, feature_of, heard, refresh
from hearthwatch.export.columns import RELEASED
from hearthwatch.export.provenance import Provenance, notices_of
from hearthwatch.export.spool import Facts, Feature
from hearthwatch.export.writing import write_collection
from hearthwatch.identity import check_identity
from hearthwatch.records import Audience, EventFilter
from hearthwatch.store.whole import PAGE

_WITH_SOURCES = frozenset({"events", "camps"})


@dataclass(slots=True)
class Bulk:
    """One collection on its way into a file.

    Attributes
    ----------
    query : mapping
        What was asked for, as the file tells it.
    most : int or None
        Features that may be asked for; None for any number.
    """

    here: Context
    who: Caller
    name: str
    query: Mapping[str, Any]
    clock: Clock
    where: EventFilter
    most: int | None = None
    _seen_by_light: bool = False

    def write(self, form: str, folder: Path) -> tuple[Path, Provenance]:
        """Write the file into a folder that is for it alone.

        Raises
        ------
        Problem
            400 for more features than may be asked for.
        OSError
            The disk takes no more.
        """
        pages = self._released() if self.name == RELEASED else self._pages()
        made = self.clock()
        return write_collection(
            pages, self.name, form, folder, lambda facts: self._told(facts, made)
        )

    def _pages(self) -> Iterator[Sequence[Feature]]:
        after = None
        while True:
            found = page_of(self.here, self.who, self.name, Asked(self.where, PAGE, after))
            if after is None and self.most is not None and found.matched is None:
                raise _too_many(self.most)
            # As the API writes them, whatever the collection: columns are made of values, where
            # events have text that is JSON already, and a number that is none is null.
            features = orjson.loads(orjson.dumps(found.features))
            self._look_for_light(features)
            yield features
            after = found.next
            if after is None:
                return

    def _released(self) -> Iterator[Sequence[Feature]]:
        store, whose = self.here.store, self.who.organisation
        refresh(store, whose, Audience.PARTNER, self.clock)
        yield [feature_of(one) for one in heard(store, whose, Audience.PARTNER, self.clock())]

    def _look_for_light(self, features: Sequence[Feature]) -> None:
        """Note whether an event that heat speaks for has a source that saw light."""
        if self.name not in _WITH_SOURCES or self._seen_by_light:
            return
        store, whose = self.here.store, self.who.organisation
        self._seen_by_light = any(
            source.detector != HEAT.id
            for one in features
            if one["properties"]["detector"] == HEAT.id
            for source in store.sources(whose, one["id"])
        )

    def _told(self, facts: Facts, made: datetime) -> Provenance:
        code = check_identity()
        released = self.name == RELEASED
        # A source of heat may be behind any event, where any heat was ever taken in.
        heat = (released or self.name in _WITH_SOURCES) and bool(
            self.here.store.heat_covers(self.who.organisation)
        )
        notices = notices_of(self.name, facts, other_heat=heat, other_light=self._seen_by_light)
        return Provenance(
            software=f"hearthwatch {code.version}",
            code=code.digest,
            made=made,
            collection=self.name,
            features=facts.features,
            query=self.query,
            organisation=self.who.organisation,
            audience=Audience.PARTNER if released else Audience.ORGANISATION,
            notices=notices,
            modes=tuple(sorted(facts.modes)),
        )


def _too_many(most: int) -> Problem:
    assert most == MOST_MATCHED, "no more than these are counted"
    return Problem(
        400,
        "too_many",
        f"These are more than {most:,} features, or take long to count. Ask for parts, by datetime "
        "or bbox, or have `hearthwatch export` write them where the service runs.",
    )
