"""A letter becomes a message: rendered, frozen, and in the state in which it begins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hearthwatch.alerts.channel import AlertChannel, Letter
from hearthwatch.records import Channel, Message, MessageState, Receiver


def message_of(
    letter: Letter,
    receiver: Receiver,
    way: AlertChannel,
    events: Sequence[str] = (),
    *,
    due: datetime | None = None,
) -> Message:
    """Return the message that a letter is sent as.

    Parameters
    ----------
    events : sequence of str
        Ids of the events, or of the alarms, that it tells of.
    due : datetime, optional
        Not sent before; None for at once.
    """
    state = _first_state(receiver)
    return Message(
        id=letter.id,
        organisation=receiver.organisation,
        receiver=receiver.id,
        form=letter.form,
        mode=letter.mode,
        events=tuple(events),
        content=way.render(letter),
        made=letter.made,
        next=due or letter.made,
        late=letter.late,
        state=state,
        ended=None if state is MessageState.WAITING else letter.made,
    )


def _first_state(receiver: Receiver) -> MessageState:
    if receiver.disabled is not None or receiver.removed is not None:
        # What is made while a receiver is switched off is kept unsent.
        return MessageState.DEAD
    # A feed is fetched: what stands in it is told.
    is_feed = receiver.channel is Channel.FEED
    return MessageState.DELIVERED if is_feed else MessageState.WAITING
