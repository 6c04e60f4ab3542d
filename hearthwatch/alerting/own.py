"""What one's own organisation is told of an event: everything, or only that there is something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.alerting.facts import Facts, Level
from hearthwatch.alerting.least import least
from hearthwatch.alerting.severity import severity
from hearthwatch.records import (
    Detail,
    Event,
    EventState,
    Label,
    Precision,
    Region,
    WatchLevel,
)
from hearthwatch.values import called, geojson, moment
from hearthwatch.watchlist.raised import raised_at
from hearthwatch.watchlist.terms import level_now, own_level

SURE: Mapping[EventState, str] = {
    EventState.PROVISIONAL: "Possible",
    EventState.CORROBORATED: "Likely",
    EventState.CONFIRMED: "Observed",
    EventState.REJECTED: "Unlikely",
    EventState.RETRACTED: "Unlikely",
}
"""How sure it is, in the words of CAP; of any other state ``Unknown``."""
MOST_SIGNS = 10
"""Of what raises a level, told in one alert; how many more there are is said."""
UNSEEN = (
    "Who or what changed it, and who was there, cannot be seen from above; nor can anything "
    "smaller than a pixel of 10 m, nor anything between two looks."
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is told of an event beside the event itself.

    Attributes
    ----------
    region : Region or None
        Where it was watched for; None once that is removed.
    label : Label
        Of its settlement.
    reason : str
        The coded reason of a rejection or retraction.
    """

    region: Region | None
    label: Label
    reason: str = ""


def facts_of(event: Event, scene: Scene, detail: Detail, now: datetime) -> Facts:
    """Return what one's own people are told: `detail` is ``exact`` or ``notice``.

    A notice goes by ways that others may read: it says nothing of where, how much or when.
    """
    made = least(event.id, event.version, event.mode, severity(event.kind, event.change), now)
    made["state"] = event.state.value
    made["sure"] = SURE.get(event.state, "Unknown")
    made["merged_into"] = event.merged_into
    if detail is Detail.EXACT:
        made.update(_exact(event, scene, now))
        made["chain"]["sensed"] = moment(event.last_detected)
        made["chain"]["detected"] = moment(now)
    return made


def _exact(event: Event, scene: Scene, now: datetime) -> Any:
    return {
        "kind": event.kind.value,
        "change": event.change,
        "reason": scene.reason,
        "place": place_of(event, scene),
        "precision": Precision.EXACT.value,
        "geometry": geojson(event.geometry),
        "area_m2": round(event.area_m2, 1),
        "unharmed_until": moment(event.last_unharmed),
        "changed_by": moment(event.first_changed),
        "seen": moment(event.last_detected),
        "looks": event.looks,
        "observed": event.observed,
        "doubts": list(event.doubts),
        "unseen": UNSEEN,
        "level": level_told(scene.region, now),
    }


def place_of(event: Event, scene: Scene) -> str:
    """Return the name of the settlement, or that of the watch where it befell none."""
    named = called(event.settlement, {event.settlement: scene.label}) if event.settlement else ""
    return named or (scene.region.name if scene.region else "")


def level_told(region: Region | None, now: datetime) -> Level | None:
    """Return why a place is watched closely; None where it is watched as usual."""
    level = WatchLevel.ROUTINE if region is None else level_now(region, now)
    if region is None or level is WatchLevel.ROUTINE:
        return None
    own, raised = own_level(region, now), raised_at(region, now)
    ends = [region.level_until] if own is level else []
    if raised is not None and raised.level is level:
        ends.append(raised.until)
    signs = [] if raised is None else list(raised.because)
    return {
        "level": level.value,
        "reason": "" if own is WatchLevel.ROUTINE else region.level_reason,
        "until": moment(max((one for one in ends if one is not None), default=None)),
        "because": signs[:MOST_SIGNS],
        "more": max(0, len(signs) - MOST_SIGNS),
    }
