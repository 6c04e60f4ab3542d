"""What a check of the doctor says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes
    ----------
    found : str
        What is the case.
    advice : str
        What to do about it; empty if nothing need be done.
    """

    outcome: Outcome
    found: str
    advice: str = ""
