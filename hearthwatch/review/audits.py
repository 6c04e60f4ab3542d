"""Which of what was settled a supervisor looks at again: a drawn share, and what calibrates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from hearthwatch.calibration.judged import FALSE_ALARM
from hearthwatch.records import Event, Verdict

_WHOLE = 2**64


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much is looked at again.

    Attributes
    ----------
    share : float
        Of what was settled, 0 to 1.
    seed : str
        Mixed in: with another one others are drawn.
    """

    share: float
    seed: str = ""

    def is_due(self, event: Event, answers: str, holds: Verdict, reason: str) -> bool:
        """Tell whether a supervisor is to look again.

        All rejections that teach what a false alarm looks like are; of the rest the share that is
        drawn, the same ones whenever it is asked.

        Parameters
        ----------
        answers : str
            Ids of the answers that settled it: made by chance as they are given, so that nobody
            knows before whether theirs will be looked at again.
        """
        if holds is Verdict.UNHARMED and reason in FALSE_ALARM:
            return True
        return self.draw(event.organisation, event.id, answers) < self.share

    def draw(self, organisation: str, event: str, answers: str) -> float:
        """Return the number from 0 to 1 that was drawn for a case."""
        text = "\0".join((self.seed, organisation, event, answers)).encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:8]) / _WHOLE
