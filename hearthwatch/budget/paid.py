"""Paying for what is asked of a provider in this process: reads, and the searches before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hearthwatch.budget.account import Budget
from hearthwatch.records import Spend
from imagery.errors import ImageryError, QuotaExhausted
from imagery.types import Cost, ImageryProvider

SEARCH = "search"
"""Detail of a spend that paid for searches."""


@contextmanager
def paid(budget: Budget, held: Spend, detail: str = "") -> Iterator[list[Cost]]:
    """Settle what was reserved for a read by what becomes of the block.

    Parameters
    ----------
    held : Spend
        The reservation.
    detail : str
        What it was, in words, where acquisition and cell do not say.

    Yields
    ------
    list of Cost
        Put in what the read took, once it is known.
    """
    told: list[Cost] = []
    try:
        yield told
    except ImageryError as error:
        cost = Cost(error.requests, error.units, 0)
        budget.settle(held, cost, detail=f"{type(error).__name__}: {error}")
        if isinstance(error, QuotaExhausted):
            budget.pause(held.provider, error.until, str(error))
        raise
    except BaseException as error:
        why = f"not kept: {type(error).__name__}"
        if told:
            budget.settle(held, told[0], detail=why)
        else:
            budget.lose(held, why)
        raise
    budget.settle(held, told[0], detail=detail)


@contextmanager
def searches_booked(
    budget: Budget, provider: ImageryProvider, region: str = "", *, run: str = ""
) -> Iterator[None]:
    """Book what searches took once the block is over, however it ends.

    Of a provider that keeps no count nothing is booked.

    Parameters
    ----------
    region : str
        Id of the region they are for; empty for none.
    run : str
        Id of the run they belong to; empty where they were asked for by hand.
    """
    count: Callable[[], Cost] | None = getattr(provider, "searched", None)
    try:
        yield
    finally:
        cost = count() if count is not None else None
        if cost is not None and cost.requests:
            budget.book(provider.name, region, cost, SEARCH, run=run)
