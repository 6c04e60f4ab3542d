"""How a region is being read now, as everyone who relies on it must see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.budget.account import budget_from
from hearthwatch.budget.lapsed import Trouble, troubles
from hearthwatch.budget.stages import Held, Stage, in_words
from hearthwatch.records import Gap, Region
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment
from hearthwatch.words import counted, day


@dataclass(frozen=True, slots=True)
class Shown:
    """How a region is being read.

    Attributes
    ----------
    words : str
        The same for people.
    why : str
        Why less than all is read of it, and what is missing; empty where all is well.
    blind_since : datetime or None
        Since when nothing is read of it; None while anything is, and where it is not known.
    until : datetime or None
        When that is thought to end.
    gaps : tuple of Gap
        Passes that were due and have not come, oldest first.
    """

    stage: Stage
    words: str
    why: str
    blind_since: datetime | None
    until: datetime | None
    gaps: tuple[Gap, ...]

    @property
    def is_well(self) -> bool:
        """Whether it is read in full and nothing is missing."""
        return self.stage is Stage.FULL and not self.why


def shown(
    settings: Settings, store: Store, organisation: str, regions: Sequence[Region]
) -> dict[str, Shown]:
    """Return how regions of one organisation are being read, by id.

    What they share is asked of the store once, however many they are.
    """
    own = settings.model_copy(update={"organisation": organisation})
    budget = budget_from(own, store)
    ids = [region.id for region in regions]
    held = budget.stages(settings.provider, ids, settings.fallback_provider)
    gaps = _open_gaps(store, organisation, ids)
    wrong = troubles(own, store, organisation, regions)
    return {one: _shown(held[one], tuple(gaps[one]), wrong.get(one)) for one in ids}


def shown_value(found: Shown) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "stage": found.stage.name.lower(),
        "words": found.words,
        "why": found.why,
        "blind_since": moment(found.blind_since),
        "until": moment(found.until),
        "missing_passes": len(found.gaps),
    }


def _shown(held: Held, gaps: tuple[Gap, ...], wrong: Trouble | None) -> Shown:
    if wrong is not None and wrong.since is not None and held.stage is not Stage.PAUSED:
        # Whatever the budget allows, nothing comes of it.
        held, wrong = Held(Stage.PAUSED, wrong.why, wrong.since), None
    said = (wrong.why if wrong else "", _missing(gaps))
    return Shown(
        stage=held.stage,
        words="; ".join(filter(None, (in_words(held), *said))),
        why="; ".join(filter(None, (held.why, *said))),
        blind_since=held.since if held.stage is Stage.PAUSED else None,
        until=held.until,
        gaps=gaps,
    )


def _open_gaps(
    store: Store, organisation: str, regions: Sequence[str]
) -> defaultdict[str, list[Gap]]:
    only = regions[0] if len(regions) == 1 else None
    found: defaultdict[str, list[Gap]] = defaultdict(list)
    for gap in store.gaps(organisation, region=only, open_only=True):
        found[gap.region].append(gap)
    return found


def _missing(gaps: tuple[Gap, ...]) -> str:
    if not gaps:
        return ""
    return f"{counted(len(gaps), 'pass', 'passes')} missing since {day(gaps[0].expected)}"
