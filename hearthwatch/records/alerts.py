"""Who is told of events, what they were told, and every attempt at telling them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry

from hearthwatch.records.words import (
    About,
    AlarmKind,
    AlertAct,
    AttemptOutcome,
    Channel,
    Detail,
    EventState,
    Kind,
    Language,
    MessageForm,
    MessageState,
    Mode,
    Rhythm,
    Severity,
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody, or some program, that is told of events by one channel.

    Attributes
    ----------
    owner : str
        Id of the person or key who answers for it.
    address : str
        Where messages go, sealed: whoever has the database alone cannot read it. Empty for a
        feed, which is fetched.
    language : Language
        Of the words in messages.
    detail : Detail
        How much of an event is told.
    zone : str
        Time zone of its quiet hours and rhythms, by the names of the IANA database.
    quiet_from, quiet_until : int or None
        Quiet hours, in minutes after midnight; both None for none.
    quiet_override : Severity or None
        What is at least so severe is told in quiet hours too; None for nothing.
    storm_cap : int
        Messages of single alerts in an hour; what is more goes into one list.
    scope : str
        Of CAP: ``Private`` or ``Restricted``.
    pictures : bool
        Whether the ground before and after goes with an alert: by e-mail, to who may know the
        exact place, for it can be told from a picture.
    turn : int
        Counts the secrets that messages were signed with; the newest signs first.
    rotated : datetime or None
        Since when the newest secret is in use; the one before signs too for a time after.
    confirmed : datetime or None
        When whoever receives said that they want it; before, nothing but that question is sent.
    disabled : datetime or None
        Since when nothing is sent.
    disabled_reason : str
        Why: the person's own words, or what the receiver answered.
    revision : int
        Counts the changes.
    """

    id: str
    organisation: str
    name: str
    channel: Channel
    owner: str
    created: datetime
    address: str = ""
    language: Language = Language.ENGLISH
    detail: Detail = Detail.NOTICE
    zone: str = "UTC"
    quiet_from: int | None = None
    quiet_until: int | None = None
    quiet_override: Severity | None = None
    storm_cap: int = 20
    scope: str = "Private"
    pictures: bool = False
    turn: int = 1
    rotated: datetime | None = None
    confirmed: datetime | None = None
    disabled: datetime | None = None
    disabled_reason: str = ""
    removed: datetime | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Subscription:
    """Of which events a receiver is told.

    Attributes
    ----------
    region : str
        Id of a watched region; empty for all.
    geometry : shapely Polygon, MultiPolygon or None
        Within which a part of the event must lie, CRS84; None for everywhere.
    kinds : tuple of str
        Kinds of event; empty for all.
    modes : tuple of str
        ``actual``, ``exercise``, ``test``.
    least_state : EventState
        ``candidate``, ``provisional``, ``corroborated`` or ``confirmed``: the first of which
        something is told.
    least_severity : Severity
        The lowest of which something is told.
    responder : str
        Id of the organisation in the network on whose behalf it is; empty for one's own.
    about : About
        What of: of alarms and signs of life nothing of what follows counts.
    revision : int
        Counts the changes.
    """

    id: str
    organisation: str
    receiver: str
    name: str
    created: datetime
    region: str = ""
    geometry: BaseGeometry | None = None
    kinds: tuple[str, ...] = ()
    modes: tuple[str, ...] = ("actual",)
    least_state: EventState = EventState.PROVISIONAL
    least_severity: Severity = Severity.MINOR
    rhythm: Rhythm = Rhythm.INSTANT
    responder: str = ""
    paused: datetime | None = None
    removed: datetime | None = None
    revision: int = 1
    about: About = About.EVENTS


@dataclass(frozen=True, slots=True)
class Steps:
    """When what led to an alert happened, and what came of it; None for what is not known.

    Attributes
    ----------
    region : str
        Id of the region whose watch it came of; empty where that is not known.
    sensor : str
        Of the look that it tells of; empty where that is not known.
    sensed, published, fetched, detected : datetime or None
        Of that look: by the satellite, by the provider, into the archive, by a detector.
    verified : datetime or None
        When a person confirmed the event, if it was confirmed when it was told of.
    sent : datetime or None
        When its first receipt was stored; of a feed, which is fetched, always None.
    acknowledged : datetime or None
        When whoever receives first said that they have it.
    looked_up : datetime or None
        When it was looked up what led to it; before, what is None may yet be known.
    """

    region: str = ""
    sensor: str = ""
    sensed: datetime | None = None
    published: datetime | None = None
    fetched: datetime | None = None
    detected: datetime | None = None
    verified: datetime | None = None
    sent: datetime | None = None
    acknowledged: datetime | None = None
    looked_up: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """What a receiver has to be told of one event; written with the version that made it.

    Attributes
    ----------
    event : str
        Id of the event.
    sequence : int
        Counts what the receiver was told of that event.
    version : int
        Of the event, or of what its audience is told.
    facts : mapping
        What is told, frozen, as far as the receiver may know it.
    subscriptions : tuple of str
        Because of which it is told; empty for what follows an earlier alert.
    due : datetime
        Not told before.
    message : str
        Id of the message it went into; empty while it waits.
    before : tuple of str
        Ids of earlier messages about the event, where the alerts in them were erased.
    steps : Steps
        From the look to the answer; filled in as they come.
    """

    id: str
    organisation: str
    receiver: str
    event: str
    sequence: int
    version: int
    kind: Kind
    mode: Mode
    act: AlertAct
    severity: Severity
    facts: Mapping[str, Any]
    subscriptions: tuple[str, ...]
    made: datetime
    due: datetime
    message: str = ""
    before: tuple[str, ...] = ()
    steps: Steps = Steps()


@dataclass(frozen=True, slots=True)
class TimedAlert:
    """Of an alert only when things happened, for figures over many of them."""

    id: str
    event: str
    receiver: str
    mode: Mode
    act: AlertAct
    version: int
    made: datetime
    due: datetime
    steps: Steps


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent to a receiver at once: one alert, or a list of several.

    Attributes
    ----------
    id : str
        The same at every attempt; receivers know by it what they had already.
    events : tuple of str
        Ids of the events, or alarms, it tells of; no later message about one of them goes
        before it.
    content : mapping
        What is sent, rendered and frozen: what stands in it depends on the channel.
    late : bool
        Whether it was held up for so long that it says so.
    attempts : int
        So far.
    since : datetime or None
        When somebody asked for it to be sent again; None where nobody did.
    spent : int
        Attempts before that.
    next : datetime
        Of the next attempt.
    holder, held_until : str, datetime or None
        The sender that is at it, and until when no other may be.
    ended : datetime or None
        When it was delivered or given up.
    """

    id: str
    organisation: str
    receiver: str
    form: MessageForm
    mode: Mode
    events: tuple[str, ...]
    content: Mapping[str, Any]
    made: datetime
    next: datetime
    late: bool = False
    state: MessageState = MessageState.WAITING
    attempts: int = 0
    since: datetime | None = None
    spent: int = 0
    holder: str = ""
    held_until: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at delivering a message.

    Attributes
    ----------
    sequence : int
        From 1.
    status : int
        Of HTTP or SMTP; 0 where there was no answer.
    words : str
        What the other side said or what failed, without addresses and secrets.
    """

    organisation: str
    message: str
    sequence: int
    began: datetime
    ended: datetime
    outcome: AttemptOutcome
    status: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """What was found to be wrong, from the first time it was found until it was found no more.

    At most one is open of a kind and subject.

    Attributes
    ----------
    organisation : str
        Whose it is; empty where it is of the whole installation.
    subject : str
        What is wrong: a sensor, a provider, a channel, who answers for receivers; empty where
        the kind says it all. Never a place.
    since : datetime
        Since when it is so, as far as that is known.
    raised : datetime
        When it was first found.
    seen : datetime
        When it was last found.
    rounds : int
        How often it was found.
    words, advice : str
        What is wrong and what to do, in English; without places.
    regions : tuple of str
        Ids of the regions that it is about now.
    items : tuple of str
        What it is about now; where something new is among them it is told once more.
    said : tuple of str
        Of the items, those that were told.
    told : tuple of str
        Ids of the receivers that were told.
    told_at : datetime or None
        When somebody was last told that it is open.
    over_told : tuple of str
        Ids of the receivers that were told that it is over.
    acknowledged, acknowledged_by : datetime or None, str
        When and by whom it was said that somebody sees to it.
    cleared : datetime or None
        When it was over.
    """

    id: str
    organisation: str
    kind: AlarmKind
    subject: str
    severity: Severity
    since: datetime
    raised: datetime
    seen: datetime
    rounds: int = 1
    words: str = ""
    advice: str = ""
    regions: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    told_at: datetime | None = None
    over_told: tuple[str, ...] = ()
    acknowledged: datetime | None = None
    acknowledged_by: str = ""
    cleared: datetime | None = None
