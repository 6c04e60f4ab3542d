"""What is wrong with a filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from hearthwatch.errors import QuestionError


class FilterError(QuestionError):
    """A filter cannot be understood.

    Parameters
    ----------
    faults : sequence of (str, str)
        Where in the filter and what, each; an empty place is the filter as a whole.
    """

    code: ClassVar[str] = "filter"

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        listed = "; ".join(f"{where}: {words}" if where else words for where, words in faults)
        super().__init__(f"The filter cannot be used: {listed}.")
        self.faults = tuple(faults)
