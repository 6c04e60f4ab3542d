"""What follows from what people saw: the event is said to be something, or to be disputed."""

from __future__ import annotations

from datetime import datetime

from hearthwatch.errors import EventError
from hearthwatch.fusion.opinions import standing
from hearthwatch.fusion.people import Saying, say_within, undo_within
from hearthwatch.records import Assessment, Event, Verb, Verdict
from hearthwatch.review.cases import SETTLED, Case, Round, Task
from hearthwatch.store.protocol import Store, Transaction

WHO = "people who looked"
"""In whose name an event is said to be something; each one's word is kept by itself."""

_VERB = {Verdict.HARMED: Verb.CONFIRM, Verdict.UNHARMED: Verb.REJECT}
_OF_REVIEW = frozenset({*_VERB.values(), Verb.DISPUTE})


def follow(store: Store, tx: Transaction, event: Event, task: Task, said: Assessment) -> None:
    """Say of the event what follows: what two saw, or that people differ."""
    before = task.case or Case(())
    case = Case((*before.said, said))
    if _stand(case) == _stand(before):
        return
    if case.holds in SETTLED:
        verb = _VERB[case.holds]
        reason = case.reason if verb is Verb.REJECT else ""
        # Neither names nor words: a supervisor who looks again is not to read them here.
        text = f"As {' and '.join(one.id for one in case.agreeing())} have it."
        saying = Saying(WHO, said.said, reason, text)
    elif case.is_split:
        verb, saying = Verb.DISPUTE, Saying(WHO, said.said, "", _differ(said))
    else:
        return
    say_within(store, tx, event.organisation, event.id, verb, saying)


def unsay(store: Store, tx: Transaction, event: Event, said: Assessment, now: datetime) -> None:
    """Take back what was said of the event by an assessment.

    Raises
    ------
    EventError
        Something else was said of the event since.
    """
    opinions = store.opinions(event.organisation, event.id)
    made = [one for one in opinions if one.said == said.said and one.verb in _OF_REVIEW]
    if not made:
        return
    stands = standing(opinions)
    if not stands or stands[-1].act != made[-1].act:
        raise EventError("Others have said something of the event since: take that back first.")
    saying = Saying(WHO, now)
    undo_within(store, tx, event.organisation, event.id, saying)


def _stand(case: Case) -> tuple[object, ...]:
    """Return what an event is told by: what holds, why it is none, whether people differ."""
    return case.holds, case.reason if case.holds is Verdict.UNHARMED else "", case.is_split


def _differ(said: Assessment) -> str:
    if said.round == Round.AUDIT:
        return "A supervisor who looked again saw it otherwise; another person is asked."
    return "Those who looked did not see the same; another person is asked."
