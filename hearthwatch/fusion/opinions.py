"""What people may say of an event, and what stands of all that they said."""

from __future__ import annotations

from collections.abc import Sequence

from hearthwatch.errors import EventError
from hearthwatch.records import EventState, Opinion, RejectionReason, Verb

STATE_OF = {
    Verb.CONFIRM: EventState.CONFIRMED,
    Verb.DISPUTE: EventState.DISPUTED,
    Verb.REJECT: EventState.REJECTED,
    Verb.RETRACT: EventState.RETRACTED,
    Verb.CLOSE: EventState.CLOSED,
}
"""The states that people give; `Verb.REOPEN` gives the event back to the software."""
MOVES = frozenset({Verb.SPLIT, Verb.MERGE})


def check_words(verb: Verb, reason: str, text: str) -> None:
    """Refuse what is said without what it needs.

    Raises
    ------
    EventError
        If a rejection has no coded reason, or a reason that is no rejection's; if ``other`` is
        not told in words, or a retraction or dispute has none.
    """
    if verb is Verb.REJECT and reason not in set(RejectionReason):
        raise EventError(f"Say why it is rejected, as one of: {', '.join(RejectionReason)}.")
    if verb is not Verb.REJECT and reason:
        raise EventError(f"Only a rejection has a coded reason; say why to {verb.value} in words.")
    if reason == RejectionReason.OTHER and not text.strip():
        raise EventError("The reason `other` needs words that say what it was.")
    if verb in (Verb.RETRACT, Verb.DISPUTE) and not text.strip():
        raise EventError(f"To {verb.value} an event takes words that say why.")


def standing(opinions: Sequence[Opinion]) -> list[Opinion]:
    """Return the opinions that nobody took back, oldest first; an undoing is none itself."""
    undone = {one.undoes for one in opinions if one.verb is Verb.UNDO}
    return [one for one in opinions if one.verb is not Verb.UNDO and one.act not in undone]


def state_said(opinions: Sequence[Opinion]) -> tuple[EventState, str] | None:
    """Return the state that people gave an event, and who did; None if it is the software's."""
    for one in reversed(standing(opinions)):
        if one.verb is Verb.REOPEN:
            return None
        if one.verb in STATE_OF:
            return STATE_OF[one.verb], one.who
    return None
