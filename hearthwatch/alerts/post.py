"""What the keeping of receivers needs of the channels, by the seam `hearthwatch.alerting.post`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hearthwatch.alerting.post import NOTHING, More
from hearthwatch.alerts.background import Background
from hearthwatch.alerts.channel import AlertChannel, Letter
from hearthwatch.alerts.vault import Vault
from hearthwatch.errors import AlertError
from hearthwatch.records import (
    AlarmKind,
    Channel,
    Language,
    Message,
    MessageForm,
    MessageState,
    Mode,
    Receiver,
)

LONGEST_ADDRESS = 2000
FEED = "feed"
"""Purpose of the token that opens the feed of a receiver."""

_SIGNED = frozenset({Channel.WEBHOOK, Channel.CAP})


@dataclass(frozen=True, slots=True)
class PostRoom:
    """Checks and seals addresses, makes secrets, and writes messages that tell of no event.

    Parameters
    ----------
    channels : mapping
        Those that this service has.
    """

    channels: Mapping[Channel, AlertChannel]
    vault: Vault
    background: Background

    def check(self, channel: Channel, address: str) -> str:
        """Return an address in its usual form, or raise AlertError."""
        way = self._way(channel)
        if channel is Channel.FEED:
            if address:
                raise AlertError("A feed is fetched: give no address.")
            return ""
        if not address.strip() or len(address) > LONGEST_ADDRESS:
            raise AlertError(f"Give an address, of at most {LONGEST_ADDRESS:,} characters.")
        return way.check(address.strip())

    def seal(self, organisation: str, receiver: str, address: str) -> str:
        """Return an address as it is stored."""
        return self.vault.seal(organisation, receiver, address)

    def secret(self, receiver: Receiver, now: datetime) -> str:
        """Return what its messages are signed with, or its feed is opened by; empty for none."""
        if receiver.channel is Channel.FEED:
            return self.vault.token(FEED, receiver)
        return self.vault.signing(receiver, now)[0] if receiver.channel in _SIGNED else ""

    def is_token(self, purpose: str, receiver: Receiver, shown: str) -> bool:
        """Tell whether a token is the one that a receiver was sent for a purpose."""
        return self.vault.is_token(purpose, receiver, shown)

    def note(
        self, receiver: Receiver, form: MessageForm, mode: Mode, now: datetime, more: More = NOTHING
    ) -> Message:
        """Return a message about no event, rendered and frozen; in a feed it is at once."""
        letter = self._letter(receiver, form, mode, now, more)
        is_feed = receiver.channel is Channel.FEED
        return Message(
            id=letter.id,
            organisation=receiver.organisation,
            receiver=receiver.id,
            form=form,
            mode=mode,
            # One that it is over does not go before one that it is so.
            events=tuple(one["alarm"] for one in more.alarms),
            content=self._way(receiver.channel).render(letter),
            made=now,
            next=more.due or now,
            state=MessageState.DELIVERED if is_feed else MessageState.WAITING,
            ended=now if is_feed else None,
        )

    def wording(self, kind: AlarmKind, subject: str) -> tuple[str, str]:
        """Return what is wrong and what to do about it, in English."""
        # Words are loaded where something is wrong, and not with every process.
        from hearthwatch.alerts.words.alarm import advice, what

        return what(kind, subject, Language.ENGLISH), advice(kind, Language.ENGLISH)

    def _letter(
        self, receiver: Receiver, form: MessageForm, mode: Mode, now: datetime, more: More
    ) -> Letter:
        plain = self.background.letter(receiver, form, mode, now)
        said = [self.wording(AlarmKind(one["kind"]), one["subject"]) for one in more.alarms]
        return dataclasses.replace(
            plain,
            id=more.id or plain.id,
            text="\n".join(line for lines in said for line in lines if line),
            alarms=more.alarms,
            beat=more.beat,
            next=more.next,
        )

    def _way(self, channel: Channel) -> AlertChannel:
        way = self.channels.get(channel)
        if way is None:
            there = ", ".join(sorted(self.channels)) or "none so far"
            raise AlertError(
                f"This service tells nobody by {channel.value}. Channels that are set up: {there}."
            )
        return way
