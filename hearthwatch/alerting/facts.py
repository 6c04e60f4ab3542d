"""What is told of an event, as values: frozen when the alert is written.

Nothing of it is said in sentences but what detectors and people wrote: the words of each language
are put around it when a message is made.
"""

from __future__ import annotations

from typing import Any, TypedDict


class Level(TypedDict):
    """Why a place is watched as closely as it is."""

    level: str
    reason: str
    until: str | None


class Chain(TypedDict):
    """When what led to an alert happened, ISO 8601 in UTC; None for what is not known."""

    sensed: str | None
    published: str | None
    fetched: str | None
    detected: str | None
    made: str


class Told(TypedDict):
    """An organisation of the network that was told, and what it answered."""

    name: str
    answer: str
    at: str | None


class Facts(TypedDict):
    """What one receiver is told of one event.

    Attributes
    ----------
    event : str
        What the receiver knows the event by.
    version, sequence : int
        Of the event as the receiver knows it; of what the receiver was told of it, from 1.
    act : str
        ``alert``, ``update`` or ``cancel``; why it is cancelled stands in `state` and `reason`.
    mode : str
        ``actual``, ``exercise`` or ``test``.
    kind, change, state : str
        In the frozen words; `change` is empty where it is not known.
    reason : str
        The coded reason of a rejection or retraction, or empty.
    merged_into : str
        The event that it is told as from now on; empty where it stands for itself.
    sure : str
        In the words of CAP's certainty: ``Observed``, ``Likely``, ``Possible``, ``Unlikely``,
        ``Unknown``.
    severity : str
        ``extreme``, ``severe``, ``moderate`` or ``minor``.
    urgent : bool
        Whether an answer is expected within hours and not within a day.
    place, precision : str
        In words, and how exact; empty in a notice, which names no place.
    geometry : dict or None
        GeoJSON, as coarse as the receiver may know it; None in a notice and in a cancellation of
        what is erased.
    area_m2 : float or None
        Of what changed; None where it is not told.
    unharmed_until, changed_by : str or None
        Last look at which it was unharmed, and first look at which it was changed: ISO 8601, a
        time or a day as far as the receiver may know it.
    seen : str or None
        Last look that spoke of it.
    looks : int or None
        How many spoke of it.
    observed : str
        What was observed, in English, as the detector wrote it; empty where it is not told.
    sensors : list of str
        What it was seen with.
    reliability : str
        What is known of how often such a detector is right, in English; empty where not told.
    doubts : list of str
        What speaks against it, in English.
    unseen : str
        What could not be seen, in English.
    level : Level or None
        Why the place is watched so closely; None where it is not told.
    chain : Chain
        When it was sensed, published, fetched, detected.
    told : list of Told
        Who else was told and who has taken charge; empty where it is not told.
    links : dict
        Addresses by what they lead to: ``event``, ``answer``, ``evidence``.
    """

    event: str
    version: int
    sequence: int
    act: str
    mode: str
    kind: str
    change: str
    state: str
    reason: str
    merged_into: str
    sure: str
    severity: str
    urgent: bool
    place: str
    precision: str
    geometry: dict[str, Any] | None
    area_m2: float | None
    unharmed_until: str | None
    changed_by: str | None
    seen: str | None
    looks: int | None
    observed: str
    sensors: list[str]
    reliability: str
    doubts: list[str]
    unseen: str
    level: Level | None
    chain: Chain
    told: list[Told]
    links: dict[str, str]


class AlarmTold(TypedDict):
    """What one receiver is told of one alarm.

    Attributes
    ----------
    alarm : str
        Its id.
    kind, severity : str
        In the frozen words.
    subject : str
        What is wrong: a sensor, a provider, a channel; never a place.
    since, over : str, str or None
        ISO 8601; `over` is None while it is open.
    regions, items : int
        How many regions it is about, and how many things of whatever the kind counts.
    names : list of str
        Of regions; empty for receivers who may not know them. There may be more than are named.
    """

    alarm: str
    kind: str
    subject: str
    severity: str
    since: str
    over: str | None
    regions: int
    items: int
    names: list[str]


class Beat(TypedDict):
    """What a sign of life says beside that the service runs.

    Attributes
    ----------
    regions, fresh : int
        That are watched, and of how many of them anything arrived since `since`.
    since : str
        ISO 8601.
    alarms : int
        That are open.
    """

    regions: int
    fresh: int
    since: str
    alarms: int
