"""What each verdict of people on an event teaches about its detector."""

from __future__ import annotations

from collections.abc import Sequence

from hearthwatch.calibration.gather import Verdict
from hearthwatch.records import Event, EventState, Kind, Opinion, RejectionReason, Verb

NO_FALSE_ALARM = frozenset(
    {RejectionReason.DUPLICATE, RejectionReason.OLD_CHANGE, RejectionReason.ACCIDENTAL_FIRE}
)
"""Reasons for which people reject what the detector saw rightly: the ground did change."""
FALSE_ALARM = frozenset(RejectionReason) - NO_FALSE_ALARM - {RejectionReason.OTHER}
"""Reasons that name what a detector took for the change it looks for."""


def taught(event: Event, opinions: Sequence[Opinion]) -> Verdict:
    """Return what an event teaches: a change of its kind, a false alarm, or nothing.

    Parameters
    ----------
    opinions : sequence of Opinion
        Those on the event that stand, oldest first.
    """
    if event.state is EventState.CONFIRMED:
        return Verdict.CONFIRMED
    if event.state is not EventState.REJECTED:
        return Verdict.UNDECIDED
    said = [one for one in opinions if one.verb is Verb.REJECT]
    reason = said[-1].reason if said else ""
    if reason == RejectionReason.ACCIDENTAL_FIRE and event.kind is Kind.BURNED:
        # It did burn, whoever or whatever lit it: to see that is all that a detector can do.
        return Verdict.CONFIRMED
    return Verdict.UNDECIDED if reason in NO_FALSE_ALARM else Verdict.REJECTED
