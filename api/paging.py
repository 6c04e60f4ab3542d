"""Pages of what is few enough to be read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from hearthwatch.records import Page
from hearthwatch.store.cursor import Paging, Position

T = TypeVar("T")


def cut(
    found: Iterable[T], position: Callable[[T], Position], paging: Paging, after: str | None
) -> Page[T]:
    """Return one page of what was found.

    Parameters
    ----------
    found : iterable
        In any order; the page is in that of `position`.
    position : callable
        From one of them to its sort key, which no other has.

    Raises
    ------
    QuestionError
        If the cursor is damaged or belongs to another question.
    """
    start = paging.start(after)
    ordered = sorted(found, key=position)
    return paging.page([one for one in ordered if start is None or position(one) > start], position)
