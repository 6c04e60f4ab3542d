"""What each contact of a responder said of an event, and what that makes of the response.

Who took charge stays in charge whatever other contacts say: that one cannot go says nothing of
another who does. It ends when that contact itself declines or hands the event over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hearthwatch.records import Answer, Response, ResponseState, ResponseStep, StepAct

_FIRM = (Answer.TAKEN_CHARGE, Answer.HANDED_OVER)
"""What a receipt by the same contact does not undo."""
_ASKED = (StepAct.TOLD, StepAct.ESCALATED)
_ANSWERS = {StepAct(one.value): one for one in Answer}


@dataclass(slots=True)
class Heard:
    """The words of the contacts of one responder, each since it was told last.

    Attributes
    ----------
    stands : mapping
        What counts of what a contact said, by its id.
    last : mapping
        What it said last, by its id.
    """

    stands: dict[str, Answer] = field(default_factory=dict)
    last: dict[str, Answer] = field(default_factory=dict)
    _told: list[str] = field(default_factory=list)

    def asked(self, contact: str) -> None:
        """Note that a contact is told, or told anew."""
        self._told.append(contact)
        self.stands.pop(contact, None)
        self.last.pop(contact, None)

    def said(self, contact: str, answer: Answer) -> None:
        """Note an answer; where it is not known whose it is, as that of all who were told."""
        for one in (contact,) if contact else tuple(self._told) or ("",):
            self.last[one] = answer
            if answer is not Answer.RECEIVED or self.stands.get(one) not in _FIRM:
                self.stands[one] = answer

    def state_after(self, response: Response, contact: str, answer: Answer) -> ResponseState:
        """Note an answer, and return what it makes of the response."""
        before = self.stands.get(contact)
        self.said(contact, answer)
        if Answer.TAKEN_CHARGE in self.stands.values():
            return ResponseState.TAKEN_CHARGE
        is_handed = response.state is ResponseState.HANDED_OVER
        if (answer is Answer.RECEIVED and is_handed) or (
            answer is Answer.DECLINED and before not in _FIRM and self._goes_on(response, contact)
        ):
            return response.state
        return ResponseState(answer.value)

    def _goes_on(self, response: Response, contact: str) -> bool:
        """Tell whether it is with others all the same when a contact declines.

        That one cannot do it says nothing of those who were told after it. But if it was the only
        one that had received it, nobody else is waited for.
        """
        is_known = Answer.RECEIVED in self.stands.values()
        is_earlier = contact in response.contacts[:-1]
        return is_earlier and (is_known or response.state is not ResponseState.RECEIVED)


def heard_of(response: Response, steps: Iterable[ResponseStep]) -> Heard:
    """Return what the contacts of a response have said.

    Parameters
    ----------
    steps : iterable of ResponseStep
        Of the event; those of other responses are passed over.
    """
    found = Heard()
    own = (one for one in steps if one.response == response.id)
    for one in sorted(own, key=lambda one: one.sequence):
        if one.act in _ASKED:
            found.asked(one.receiver)
        elif one.act in _ANSWERS:
            found.said(one.receiver, _ANSWERS[one.act])
    return found
