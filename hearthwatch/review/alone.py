"""What nobody says of an event alone, as two people look at it without knowing of each other."""

from __future__ import annotations

from detectors.heat import INFO as HEAT_INFO
from hearthwatch.errors import LookFirst
from hearthwatch.fusion.opinions import standing
from hearthwatch.records import Event, EventState, Verb
from hearthwatch.review.cases import OPEN, SETTLED, cases_of
from hearthwatch.review.desk import Choose
from hearthwatch.review.following import WHO
from hearthwatch.store.protocol import Store

_WHILE_IT_WAITS = frozenset({Verb.CONFIRM, Verb.DISPUTE, Verb.REJECT, Verb.RETRACT, Verb.CLOSE})
"""Each would take it out of the queue, or tell those who are still to look what one has seen."""
_ONCE_SETTLED = frozenset({Verb.CONFIRM, Verb.REJECT})
"""To dispute it, or to give it back, settles nothing: others look then."""


def not_alone(store: Store, choose: Choose, event: Event) -> frozenset[Verb]:
    """Return what one person cannot say of an event, or take back, as it is now.

    Nothing is kept from them where nobody is asked to look: hints of heat, events merged into
    another, and those of whose ground there is no picture that anybody could be shown.

    Parameters
    ----------
    choose : callable
        As a `Desk` has it.
    """
    stands = standing(store.opinions(event.organisation, event.id))
    # Who looked can take it back for a while, there; else it is disputed, or given back.
    kept = {Verb.UNDO} if stands and stands[-1].who == WHO else set[Verb]()
    if event.state in OPEN and _is_looked_at(store, choose, event):
        kept |= _WHILE_IT_WAITS
    elif event.state in SETTLED.values() and _is_looked_at(store, choose, event):
        kept |= _ONCE_SETTLED
    return frozenset(kept)


def refuse_alone(store: Store, choose: Choose, event: Event, verb: Verb) -> None:
    """Refuse what one person says of an event past those who look at it.

    Raises
    ------
    LookFirst
        With what to do instead.
    """
    if verb not in not_alone(store, choose, event):
        return
    if verb is Verb.UNDO:
        raise LookFirst(
            "That was said by people who looked: one of them can take it back for 10 minutes "
            "where they verify. Later dispute it, or give it back to the software (reopen): "
            "others look then."
        )
    if event.state in OPEN:
        raise LookFirst(
            f"Nobody can {verb.value} it alone: two people look at it without knowing of each "
            "other. Sign in, take it under Verify (POST /reviews/{event}/claim) and say there "
            "what its pictures show."
        )
    raise LookFirst(
        f"It is {event.state.value} already, and nobody can {verb.value} it alone. Dispute it, or "
        "give it back to the software (reopen): others look then."
    )


def _is_looked_at(store: Store, choose: Choose, event: Event) -> bool:
    """Tell whether people look at an event, or could."""
    is_hint = event.detector == HEAT_INFO.id and event.state is EventState.CANDIDATE
    if event.merged_into or is_hint:
        return False
    cases = cases_of(store.assessments(event.organisation, event=event.id))
    return bool(cases) or choose(event, cases) is not None
