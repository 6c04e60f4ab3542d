"""What every channel does: check an address, render a message, deliver it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hearthwatch.alerting.facts import AlarmTold, Beat, Facts
from hearthwatch.errors import HearthwatchError
from hearthwatch.records import Detail, Language, MessageForm, Mode


@dataclass(frozen=True, slots=True)
class Letter:
    """A message before it is rendered.

    Attributes
    ----------
    id : str
        Of the message: the same at every attempt.
    facts : sequence of Facts
        Of each event that it tells of, in order; empty for a test, a question, a heartbeat.
    text : str
        Of an alarm: what is wrong and what to do, in English.
    sender : str
        What this service calls itself: a domain name or a name like one.
    home : str
        Where this service's page is; empty where it has none that receivers reach.
    links : mapping
        Addresses by what they lead to, for what is about the message and no event:
        ``confirm``, ``unsubscribe``, ``receiver``; ``code``, where there is no page on which to
        confirm, is what confirms.
    more : int
        How many events it tells of beside those in `facts`: a list has an end.
    before : sequence of str
        Ids under which the receiver was told of the same events before, oldest first: each
        ``message id,ISO time``; for CAP's references and the threads of e-mail. Where the letter
        tells of several events, ``message id,ISO time,event``.
    receiver : str
        What this service knows the receiver by, for CAP's addresses; never where it is reached.
    alarms : sequence of AlarmTold
        Of an alarm: what is wrong and what is over.
    beat : Beat or None
        Of a heartbeat: how the watches stand; None for receivers who may not know.
    next : datetime or None
        Of a heartbeat: when the next one comes.
    pictures : bool
        Whether the receiver asks for a picture before and after.
    """

    id: str
    form: MessageForm
    mode: Mode
    made: datetime
    late: bool
    language: Language
    detail: Detail
    zone: str
    scope: str
    facts: Sequence[Facts]
    sender: str
    home: str = ""
    text: str = ""
    links: Mapping[str, str] | None = None
    more: int = 0
    before: Sequence[str] = ()
    receiver: str = ""
    alarms: Sequence[AlarmTold] = ()
    beat: Beat | None = None
    next: datetime | None = None
    pictures: bool = False

    @property
    def marked(self) -> Mode:
        """What the message is marked as: a test that its owner asks for is always one."""
        asked = self.form is MessageForm.TEST and self.mode is Mode.ACTUAL
        return Mode.TEST if asked else self.mode

    @property
    def rest(self) -> str:
        """Where all events are that a message has no room for; empty where it cannot be said.

        Only one's own people read there; whoever is told what was released asks the sender.
        """
        is_own = self.detail in (Detail.EXACT, Detail.NOTICE)
        return f"{self.home}/changes" if self.home and is_own else ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A rendered message on its way.

    Attributes
    ----------
    address : str
        Where it goes; no log and no error may say it.
    secrets : sequence of str
        What it is signed with, the newest first: ``whsec_`` and base64.
    content : mapping
        What `Channel.render` made of it, as it was stored.
    now : datetime
        Of this attempt.
    picture : bytes or None
        What goes beside the content: the one that the content tells of, made anew.
    """

    id: str
    address: str
    secrets: Sequence[str]
    content: Mapping[str, Any]
    now: datetime
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side answered to a parcel that it took.

    Attributes
    ----------
    status : int
        Of HTTP or SMTP; 0 where there is none.
    words : str
        At most 200 characters, without addresses and secrets.
    """

    status: int = 0
    words: str = ""


class DeliveryFailed(HearthwatchError):
    """A parcel was not taken.

    Parameters
    ----------
    words : str
        What happened, without addresses and secrets.
    retryable : bool
        Whether another attempt may succeed.
    gone : bool
        Whether the receiver says that it wants no more.
    retry_after : float or None
        Seconds that the receiver asks to be left alone, at most a day; a hint.
    too_much : bool
        Whether it may have been for what goes beside the content.
    """

    def __init__(
        self,
        words: str,
        *,
        status: int = 0,
        retryable: bool = True,
        gone: bool = False,
        retry_after: float | None = None,
        too_much: bool = False,
    ) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.retryable = retryable
        self.gone = gone
        self.retry_after = retry_after
        self.too_much = too_much


class AlertChannel(Protocol):
    """One way of telling receivers; plug-ins register under ``hearthwatch.alerts``."""

    def check(self, address: str) -> str:
        """Return an address in its usual form.

        Raises
        ------
        AlertError
            Nothing can be sent there; says what to do, without the address.
        """
        ...

    def render(self, letter: Letter) -> Mapping[str, Any]:
        """Return what is to be sent, of plain values; the same for the same letter."""
        ...

    def deliver(self, parcel: Parcel) -> Receipt:
        """Deliver a parcel; another time with the same id does no harm.

        Raises
        ------
        DeliveryFailed
            It was not taken.
        """
        ...
