"""What the verdicts of people on events teach a calibration."""

from __future__ import annotations

from collections.abc import Iterable

from hearthwatch.calibration.gather import Verdict
from hearthwatch.calibration.judged import taught
from hearthwatch.fusion.opinions import standing
from hearthwatch.records import Event, EventState
from hearthwatch.store.protocol import Store

_SAID = frozenset({EventState.CONFIRMED, EventState.REJECTED})


def taught_by(store: Store, events: Iterable[Event]) -> dict[str, Verdict]:
    """Return what each event teaches that people confirmed or rejected, by its id.

    Events that nobody settled are left out: disputed ones, those that a supervisor saw otherwise,
    and those of which the pictures told nobody anything.
    """
    return {
        one.id: taught(one, standing(store.opinions(one.organisation, one.id)))
        for one in events
        if one.state in _SAID
    }
