"""The shapes of receivers, subscriptions and messages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictInt, StringConstraints

from api.models import Geometry, Line, Link, Sent
from hearthwatch.alerting.receivers import LAST_MINUTE, LONGEST_REASON, MOST_IN_AN_HOUR
from hearthwatch.records import (
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

_Minute = Annotated[StrictInt, Field(ge=0, le=LAST_MINUTE)]
_Cap = Annotated[StrictInt, Field(ge=1, le=MOST_IN_AN_HOUR)]
_Zone = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[!-~]+$")]
_Address = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
_Reason = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=LONGEST_REASON, strip_whitespace=True, pattern=r"^[^\x00]*$"
    ),
]
_Starting = Literal[
    EventState.CANDIDATE, EventState.PROVISIONAL, EventState.CORROBORATED, EventState.CONFIRMED
]
_MINUTE = "Minutes after midnight; with the other one, or neither."


class ReceiverAnswer(BaseModel):
    """Somebody or some program that is told of events. Its address is never told."""

    id: str
    name: str
    channel: Channel
    owner: str = Field(description="Id of the person or key that answers for it.")
    language: Language
    detail: Detail
    zone: str
    quiet_from: int | None
    quiet_until: int | None
    quiet_override: Severity | None
    storm_cap: int
    scope: Literal["Private", "Restricted"]
    pictures: bool = Field(description="Whether pictures before and after go with its e-mail.")
    created: datetime
    rotated: datetime | None = Field(description="Since when the newest secret is in use.")
    confirmed: datetime | None = Field(description="When it said that it wants to be told.")
    disabled: datetime | None
    disabled_reason: str | None
    removed: datetime | None


class OneReceiver(ReceiverAnswer):
    """A receiver, with its secret where it is a new one."""

    secret: str | None = Field(
        description="What its messages are signed with. It is shown this once."
    )


class ReceiverList(BaseModel):
    """Receivers, oldest first."""

    items: list[ReceiverAnswer]
    names: dict[str, str] = Field(description="Of those who answer for them, by id.")
    gone: list[str] = Field(
        description="Ids of those of them who were shut out: their receivers are told nothing."
    )


class NewReceiver(Sent):
    """A receiver to be added."""

    name: Line
    channel: Channel
    address: _Address = Field("", description="Where messages go; empty for a feed.")
    language: Language = Language.ENGLISH
    detail: Detail = Field(Detail.NOTICE, description="How much of an event it is told.")
    zone: _Zone = Field("UTC", description="By the names of the IANA database.")
    quiet_from: _Minute | None = Field(None, description=_MINUTE)
    quiet_until: _Minute | None = Field(None, description=_MINUTE)
    quiet_override: Severity | None = Field(
        None, description="What is at least so severe is told in quiet hours too."
    )
    storm_cap: _Cap = Field(20, description="Messages of single alerts in an hour.")
    scope: Literal["Private", "Restricted"] = Field("Private", description="Of CAP.")
    pictures: StrictBool = Field(
        False,
        description="Whether a picture before and after goes with an alert: by e-mail, to who is "
        "told everything.",
    )


class ReceiverChange(Sent):
    """What may change of a receiver; what is not sent stays."""

    name: Line | None = None
    address: _Address | None = Field(
        None, description="Another one is asked anew, and gets a new secret."
    )
    language: Language | None = None
    detail: Detail | None = None
    zone: _Zone | None = None
    quiet_from: _Minute | None = Field(None, description=_MINUTE)
    quiet_until: _Minute | None = Field(None, description=_MINUTE)
    quiet_override: Severity | None = None
    storm_cap: _Cap | None = None
    scope: Literal["Private", "Restricted"] | None = None
    pictures: StrictBool | None = Field(
        None, description="By e-mail, and with `detail` exact; ends where less is told."
    )
    take_over: Literal[True] | None = Field(
        None, description="Whether whoever sends this answers for it from now on."
    )
    disabled: StrictBool | None = Field(None, description="Whether nothing is sent.")
    disabled_reason: _Reason | None = Field(None, description="Why; goes with `disabled`.")


class Confirmation(Sent):
    """What a receiver was sent, brought back."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class SubscriptionAnswer(BaseModel):
    """Of which events a receiver is told."""

    id: str
    receiver: str
    name: str
    about: About
    region: str | None = Field(description="Id of a watched region; null for all.")
    geometry: Geometry | None = Field(
        description="Within which a part of the event must lie, CRS84; null for everywhere."
    )
    kinds: list[Kind] = Field(description="Empty for all.")
    modes: list[Mode]
    least_state: EventState
    least_severity: Severity
    rhythm: Rhythm
    created: datetime
    paused: datetime | None


class SubscriptionList(BaseModel):
    """Subscriptions, oldest first."""

    items: list[SubscriptionAnswer]


class _SubscriptionTerms(Sent):
    region: _Id | None = Field(None, description="Id of a watched region; null for all.")
    geometry: dict[str, Any] | None = Field(
        None, description="GeoJSON Polygon or MultiPolygon, CRS84; null for everywhere."
    )


class NewSubscription(_SubscriptionTerms):
    """A subscription to be added."""

    receiver: _Id
    name: Line
    about: About = Field(
        About.EVENTS,
        description="Events; or alarms about the service, or its sign of life: of these at once "
        "and of all.",
    )
    kinds: list[Kind] = Field(default_factory=list, max_length=len(Kind))
    modes: list[Mode] = Field(
        default_factory=lambda: [Mode.ACTUAL], min_length=1, max_length=len(Mode)
    )
    least_state: _Starting = EventState.PROVISIONAL
    least_severity: Severity = Severity.MINOR
    rhythm: Rhythm = Rhythm.INSTANT


class SubscriptionChange(_SubscriptionTerms):
    """What may change of a subscription; what is not sent stays."""

    name: Line | None = None
    kinds: list[Kind] | None = Field(None, max_length=len(Kind))
    modes: list[Mode] | None = Field(None, min_length=1, max_length=len(Mode))
    least_state: _Starting | None = None
    least_severity: Severity | None = None
    rhythm: Rhythm | None = None
    paused: StrictBool | None = Field(None, description="Whether nothing new is told.")


class MessageAnswer(BaseModel):
    """How a message stands; what is in it is its receiver's."""

    id: str
    receiver: str
    form: MessageForm
    mode: Mode
    events: list[str]
    made: datetime
    late: bool
    state: MessageState
    attempts: int
    next: datetime | None = Field(description="Of the next attempt; null once it has ended.")
    ended: datetime | None


class AttemptAnswer(BaseModel):
    """One attempt at delivering a message."""

    sequence: int
    began: datetime
    ended: datetime
    outcome: AttemptOutcome
    status: int | None = Field(description="Of HTTP or SMTP; null where nobody answered.")
    words: str


class OneMessage(MessageAnswer):
    """A message with every attempt at delivering it."""

    tried: list[AttemptAnswer]


class MessageList(BaseModel):
    """Messages, newest first."""

    items: list[MessageAnswer]
    next: str | None
    links: list[Link]


class StepsAnswer(BaseModel):
    """When what led to an alert happened and what came of it; null for what is not known."""

    sensed: datetime | None
    published: datetime | None
    fetched: datetime | None
    detected: datetime | None
    verified: datetime | None = Field(description="If a person had confirmed it by then.")
    sent: datetime | None = Field(description="When its first receipt was stored.")
    acknowledged: datetime | None = Field(description="When whoever receives said they have it.")


class AlertAnswer(BaseModel):
    """What one receiver was told of an event, and what became of it."""

    id: str
    receiver: str
    receiver_name: str
    channel: Channel
    detail: Detail
    sequence: int
    version: int
    act: AlertAct
    severity: Severity
    mode: Mode
    made: datetime
    due: datetime | None = Field(
        description="Null while it waits for somebody: to switch its receiver on again, or to "
        "say after a restore that messages may be sent."
    )
    message: str | None = Field(description="Null while it waits to go into one.")
    state: MessageState | None
    attempts: int
    ended: datetime | None
    steps: StepsAnswer


class AlertList(BaseModel):
    """What was told of an event, in the order in which it was written."""

    items: list[AlertAnswer]


class AlarmAnswer(BaseModel):
    """Something that is wrong, or was, with the service or with what it is fed by."""

    id: str
    kind: AlarmKind
    subject: str | None = Field(
        description="A sensor, a provider, a channel, or who answered for receivers."
    )
    whole: bool = Field(description="Whether it is of the whole installation.")
    severity: Severity
    words: str = Field(description="What is wrong.")
    advice: str = Field(description="What to do about it.")
    regions: list[str] = Field(description="Ids of the regions that it is about now.")
    items: int = Field(description="How many things it is about: regions, passes, receivers.")
    since: datetime
    raised: datetime = Field(description="When it was found.")
    seen: datetime = Field(description="When it was last found.")
    rounds: int = Field(description="How often it was found.")
    told: int = Field(description="How many of your receivers were told.")
    acknowledged: datetime | None = Field(description="When somebody said that they see to it.")
    acknowledged_by: str | None = Field(description="Their id, where they are of yours.")
    cleared: datetime | None = Field(description="When it was over; null while it is open.")


class AlarmList(BaseModel):
    """Alarms, the newest first."""

    watching: bool = Field(
        description="Whether anything looks for what is wrong; if not, no alarm says nothing."
    )
    watched: datetime | None = Field(description="When it last did, as far as that is known.")
    items: list[AlarmAnswer]
