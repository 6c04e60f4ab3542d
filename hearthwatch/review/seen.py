"""What somebody saw in the pictures of an event, and what a verdict needs."""

from __future__ import annotations

from dataclasses import dataclass

from hearthwatch.errors import EventError
from hearthwatch.records import RejectionReason, Verdict

LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw in the pictures.

    Attributes
    ----------
    reason, text : str
        The coded reason why it is none, and words.
    pictures : str
        Id of the pictures they saw; empty for those of their claim.
    seconds : float or None
        How long they looked; None for since they claimed it.
    """

    verdict: Verdict
    reason: str = ""
    text: str = ""
    pictures: str = ""
    seconds: float | None = None

    def check(self) -> None:
        """Refuse a verdict with everything that is wrong with it.

        Raises
        ------
        EventError
            A rejection lacks its coded reason, anything else has one, or words are missing.
        """
        faults = []
        rejects = self.verdict is Verdict.UNHARMED
        if rejects and self.reason not in set(RejectionReason):
            faults.append(f"say what it is instead, as one of {', '.join(RejectionReason)}")
        if not rejects and self.reason:
            faults.append("only a rejection has a coded reason")
        if self.reason == RejectionReason.OTHER and not self.text.strip():
            faults.append("the reason `other` needs words that say what it was")
        if len(self.text) > LONGEST_TEXT:
            faults.append(f"words have at most {LONGEST_TEXT} characters")
        if self.seconds is not None and not 0.0 <= self.seconds < float("inf"):
            faults.append("the time is a number of seconds from 0")
        if faults:
            raise EventError(f"That cannot be taken in: {'; '.join(faults)}.")
