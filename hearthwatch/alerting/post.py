"""What the keeping of receivers asks of whoever sends: the channels, which no route imports."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn, Protocol

from hearthwatch.alerting.feeds import Address, Sheet
from hearthwatch.errors import AlertConflict
from hearthwatch.records import Channel, Message, MessageForm, Mode, Receiver


class Post(Protocol):
    """Checks and seals addresses, makes secrets, and writes messages that tell of no event."""

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

    def note(self, receiver: Receiver, form: MessageForm, mode: Mode, now: datetime) -> Message:
        """Return a message about no event, rendered and frozen."""
        ...

    def feed(self, receiver: Receiver, sheet: Sheet, address: Address) -> bytes:
        """Return the Atom document that one sheet of a feed is."""
        ...


class Unposted:
    """A service without channels: it keeps no receivers."""

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

    def note(self, receiver: Receiver, form: MessageForm, mode: Mode, now: datetime) -> Message:
        """Refuse (`AlertConflict`)."""
        _nobody()

    def feed(self, receiver: Receiver, sheet: Sheet, address: Address) -> bytes:
        """Refuse (`AlertConflict`); nobody has a token of a feed."""
        _nobody()


def _nobody() -> NoReturn:
    raise AlertConflict(
        "This service has nobody who sends: start it with `hearthwatch serve` or `hearthwatch up`."
    )
