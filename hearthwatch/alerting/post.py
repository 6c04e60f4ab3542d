"""What the keeping of receivers asks of whoever sends: the channels, which no route imports."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn, Protocol

from hearthwatch.alerting.facts import AlarmTold, Beat
from hearthwatch.errors import AlertConflict
from hearthwatch.records import AlarmKind, Channel, Message, MessageForm, Mode, Receiver


@dataclass(frozen=True, slots=True)
class More:
    """What a message about no event says beside what its form says.

    Attributes
    ----------
    alarms : sequence of AlarmTold
        What is wrong, or over.
    beat : Beat or None
        How the watches stand.
    next : datetime or None
        When the next message of this kind comes.
    due : datetime or None
        Not sent before; None for at once.
    id : str
        Of the message; empty for a new one.
    """

    alarms: Sequence[AlarmTold] = ()
    beat: Beat | None = None
    next: datetime | None = None
    due: datetime | None = None
    id: str = ""


NOTHING = More()


class Post(Protocol):
    """Checks and seals addresses, makes secrets, and writes messages that tell of no event."""

    @property
    def channels(self) -> Collection[Channel]:
        """Those that this service has."""
        ...

    def check(self, channel: Channel, address: str) -> str:
        """Return an address in its usual form.

        Raises
        ------
        AlertError
            Nothing can be sent there; says what to do, without the address.
        """
        ...

    def seal(self, organisation: str, receiver: str, address: str) -> str:
        """Return an address as it is stored."""
        ...

    def secret(self, receiver: Receiver, now: datetime) -> str:
        """Return what its messages are signed with, or its feed is opened by; empty for none."""
        ...

    def is_token(self, purpose: str, receiver: Receiver, shown: str) -> bool:
        """Tell whether a token is the one that a receiver was sent for a purpose."""
        ...

    def note(
        self, receiver: Receiver, form: MessageForm, mode: Mode, now: datetime, more: More = NOTHING
    ) -> Message:
        """Return a message about no event, rendered and frozen."""
        ...

    def wording(self, kind: AlarmKind, subject: str) -> tuple[str, str]:
        """Return what is wrong and what to do about it, in English."""
        ...


class Unposted:
    """A service without channels: it keeps no receivers."""

    channels: Collection[Channel] = ()

    def check(self, channel: Channel, address: str) -> str:
        """Refuse (`AlertConflict`)."""
        _nobody()

    def seal(self, organisation: str, receiver: str, address: str) -> str:
        """Refuse (`AlertConflict`)."""
        _nobody()

    def secret(self, receiver: Receiver, now: datetime) -> str:
        """Refuse (`AlertConflict`)."""
        _nobody()

    def is_token(self, purpose: str, receiver: Receiver, shown: str) -> bool:
        """Return that it is none."""
        return False

    def note(
        self, receiver: Receiver, form: MessageForm, mode: Mode, now: datetime, more: More = NOTHING
    ) -> Message:
        """Refuse (`AlertConflict`)."""
        _nobody()

    def wording(self, kind: AlarmKind, subject: str) -> tuple[str, str]:
        """Return the code: there are no words without channels."""
        return kind.value, ""


def _nobody() -> NoReturn:
    raise AlertConflict(
        "This service has nobody who sends: start it with `hearthwatch serve` or `hearthwatch up`."
    )
