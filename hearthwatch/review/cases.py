"""What follows from what people saw: who is to look next, and what holds. No store, no clock.

Two people look without knowing of each other; what both say holds. Where they differ others look,
one after the other, until two say the same. Where a supervisor sees it otherwise than it holds,
the next one to look decides between the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hearthwatch.records import Assessment, Event, EventState, Verdict
from hearthwatch.review.audits import Sampling

OPEN = frozenset(
    {
        EventState.CANDIDATE,
        EventState.PROVISIONAL,
        EventState.CORROBORATED,
        EventState.DISPUTED,
    }
)
"""States of an event that wait for people."""
SETTLED = {Verdict.HARMED: EventState.CONFIRMED, Verdict.UNHARMED: EventState.REJECTED}
"""What an event becomes by a verdict that holds; by any other it stays as it is."""
PICTURES = "pictures"
"""In what was shown: the id of the pictures, which tells cases apart."""


class Round(StrEnum):
    """What somebody is asked to look for."""

    FIRST = "first"
    THIRD = "third"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Case:
    """All that was said of one set of pictures of an event.

    Attributes
    ----------
    said : tuple of Assessment
        Oldest first, with what was taken back.
    """

    said: tuple[Assessment, ...]

    @property
    def pictures(self) -> str:
        """Id of the pictures."""
        return str(self.said[0].shown.get(PICTURES, ""))

    @property
    def standing(self) -> tuple[Assessment, ...]:
        """What nobody took back."""
        return tuple(one for one in self.said if one.undone is None)

    @property
    def answers(self) -> str:
        """Ids of what nobody took back."""
        return " ".join(one.id for one in self.standing)

    @property
    def holds(self) -> Verdict | None:
        """What holds; None as long as nothing does."""
        return _count(self.standing)[0]

    @property
    def told(self) -> Verdict | None:
        """What held first, whatever an audit said of it later; None if nothing ever did."""
        return _count([one for one in self.standing if one.round != Round.AUDIT])[0]

    @property
    def audited(self) -> bool:
        """Whether a supervisor looked again."""
        return any(one.round == Round.AUDIT for one in self.standing)

    @property
    def is_split(self) -> bool:
        """Whether people differ, and nothing holds yet."""
        return self.holds is None and len({one.verdict for one in self.standing}) > 1

    @property
    def reason(self) -> str:
        """The coded reason of a rejection: a supervisor's, or the first that is not `other`."""
        given = [one for one in self.standing if one.verdict is Verdict.UNHARMED]
        given.sort(key=lambda one: (one.round != Round.AUDIT, one.reason == "other"))
        return given[0].reason if given else ""

    def agreeing(self) -> tuple[Assessment, ...]:
        """Return what was said as it holds."""
        return tuple(one for one in self.standing if one.verdict is self.holds)

    def knowing(self) -> frozenset[str]:
        """Return who may not look (again): who has looked, or learned what another one said.

        Whoever takes back a word that stood beside another's has learned by it how that was.
        """
        return frozenset(
            one.person for one in self.said if one.undone is None or _had_company(one, self.said)
        )


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done next for an event.

    Attributes
    ----------
    case : Case or None
        The one that goes on; None where one begins, with pictures of its own.
    again : bool
        Whether a case ended without a word on the ground, so that other pictures are needed.
    """

    round: Round
    case: Case | None = None
    again: bool = False

    @property
    def opinions(self) -> int:
        """How many have looked; whose opinions they are is not told."""
        return len(self.case.standing) if self.case else 0

    def is_for(self, person: str, *, supervises: bool) -> bool:
        """Tell whether a person may do it."""
        if self.round is Round.AUDIT and not supervises:
            return False
        return self.case is None or person not in self.case.knowing()


def cases_of(assessments: Sequence[Assessment]) -> list[Case]:
    """Return the cases of an event, the one that was last looked at last."""
    found: dict[str, list[Assessment]] = {}
    for one in sorted(assessments, key=lambda one: (one.said, one.id)):
        # Put anew, so that the case of the newest word is the last one.
        case = found.pop(str(one.shown.get(PICTURES, "")), [])
        found[str(one.shown.get(PICTURES, ""))] = [*case, one]
    return [Case(tuple(said)) for said in found.values()]


def task_of(event: Event, cases: Sequence[Case], sampling: Sampling) -> Task | None:
    """Return what is to be done next for an event; None if nobody needs to look.

    Parameters
    ----------
    cases : sequence of Case
        Of the event, as `cases_of` gives them.
    """
    if event.merged_into:
        return None
    last = cases[-1] if cases else None
    holds = last.holds if last else None
    if last is not None and holds in SETTLED and event.state is SETTLED[holds]:
        due = not last.audited and sampling.is_due(event, last.answers, holds, last.reason)
        return Task(Round.AUDIT, last) if due else None
    if event.state not in OPEN:
        return None
    if last is None or holds in SETTLED:
        # People gave it back, or took back what held: others look, at pictures of today.
        return Task(Round.FIRST)
    if holds is not None:
        return Task(Round.FIRST, again=True)
    is_first = len(last.standing) < 2
    return Task(Round.FIRST if is_first else Round.THIRD, last)


def _count(said: Sequence[Assessment]) -> tuple[Verdict | None, Counter[Verdict]]:
    """Return what holds, and how many spoke for each verdict."""
    votes: Counter[Verdict] = Counter()
    holds: Verdict | None = None
    for one in said:
        if one.round == Round.AUDIT:
            if holds is not None and one.verdict is not holds:
                votes, holds = Counter((holds, one.verdict)), None
            continue
        votes[one.verdict] += 1
        if holds is None and votes[one.verdict] >= 2:
            holds = one.verdict
    return holds, votes


def _had_company(mine: Assessment, said: Sequence[Assessment]) -> bool:
    """Tell whether another one's word stood at any time while one that was taken back did."""
    return any(
        one.person != mine.person
        and (mine.undone is None or one.said < mine.undone)
        and (one.undone is None or mine.said < one.undone)
        for one in said
    )
