"""What people observed round a watched place that makes it worth watching more closely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hearthwatch.records.words import ContextSort


@dataclass(frozen=True, slots=True)
class ContextObservation:
    """An observation of speech or of a risk factor, which may raise the level of a watch.

    It is never evidence of what happened on the ground. Of one that is withdrawn nothing stays
    but its hash, and who added and who withdrew it, and when.

    Attributes
    ----------
    sort : ContextSort
        Whether it is of speech or a risk factor.
    made_by : str
        Id of the person or key who wrote it down.
    observed : datetime or None
        When it was said or seen; None once it is withdrawn.
    words : str
        What was observed, in the words of whoever wrote it down.
    source : str
        Who told of it.
    reliability : str
        Of the source, ``A`` to ``F``.
    credibility : int
        Of what it says, 1 to 6; 0 once it is withdrawn.
    grades : mapping
        Of speech: how strong each of the five variables is, in the words of `Grade`; what is not
        known is left out.
    factor : int
        Of a risk factor: its number in the Framework of Analysis, 1 to 14; 0 for speech.
    sha256 : str
        Over its content as it was written down.
    """

    id: str
    organisation: str
    region: str
    sort: ContextSort
    made_by: str
    created: datetime
    observed: datetime | None
    words: str = ""
    source: str = ""
    reliability: str = ""
    credibility: int = 0
    grades: Mapping[str, str] = field(default_factory=dict, hash=False)
    factor: int = 0
    sha256: str = ""
    withdrawn: datetime | None = None
    withdrawn_by: str = ""
