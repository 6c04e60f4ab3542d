"""How far two people who looked agree, beyond what chance would bring: Cohen's kappa."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hearthwatch.records import Verdict
from hearthwatch.review.cases import Case, Round

Z95 = 1.959964
"""Standard errors on either side of a 95 % interval."""
LEAST = 50
"""Pairs below which the interval is told as a rough one."""
_NO_ERROR = 1e-6
"""Below it an error is what rounding left of 0: that of a table with any has the size of 1 / n."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of the first two people who looked at each case.

    Attributes
    ----------
    pairs : int
        Cases that two people looked at.
    agreed : int
        Of these, how many both saw alike.
    kappa : float or None
        1 for full agreement, 0 for that of chance; None where it is not defined: without pairs,
        or where all said the same, so that chance alone would have brought full agreement.
    low, high : float or None
        95 % interval; None where kappa is, or where the large-sample error is 0, which no number
        of pairs makes true: where all pairs agree, or all differ alike, or one of the two always
        said the same.
    rough : bool
        Whether the pairs are too few for the large-sample interval to hold well.
    """

    pairs: int
    agreed: int
    kappa: float | None
    low: float | None
    high: float | None
    rough: bool


def agreement_of(cases: Iterable[Case]) -> Agreement:
    """Return the agreement over cases; a case that one person looked at does not count."""
    return kappa_of(table_of(pairs_of(cases), len(Verdict)))


def pairs_of(cases: Iterable[Case]) -> list[tuple[int, int]]:
    """Return what the first two people said of each case, as numbers of `Verdict`."""
    order = {verdict: number for number, verdict in enumerate(Verdict)}
    found = []
    for case in cases:
        first = [order[one.verdict] for one in case.standing if one.round == Round.FIRST][:2]
        if len(first) == 2:
            found.append((first[0], first[1]))
    return found


def table_of(pairs: Sequence[tuple[int, int]], classes: int) -> NDArray[np.int64]:
    """Return how often each pair of classes was said, shape (first, second)."""
    table = np.zeros((classes, classes), np.int64)
    for one, other in pairs:
        table[one, other] += 1
    return table


def kappa_of(table: NDArray[np.int64]) -> Agreement:
    """Return Cohen's kappa of a table of counts, with the large-sample interval.

    Cohen, J. (1960), A coefficient of agreement for nominal scales; the error that does not
    suppose kappa to be 0 is that of Fleiss, J., Cohen, J. & Everitt, B. (1969), Large sample
    standard errors of kappa and weighted kappa.

    Parameters
    ----------
    table : ndarray of int, shape (classes, classes)
        How often the first said one and the second another class.
    """
    n, agreed = int(table.sum()), int(np.trace(table))
    nothing = Agreement(n, agreed, None, None, None, n < LEAST)
    if n == 0:
        return nothing
    share = table / n
    first, second = share.sum(1), share.sum(0)
    chance = float(first @ second)
    # All said one and the same: compared as counts, for shares are rounded.
    if agreed == n and np.count_nonzero(np.diag(table)) == 1:
        return nothing
    kappa = (agreed / n - chance) / (1.0 - chance)
    off = Z95 * _error(share, first, second, kappa, chance, n)
    if agreed == n or off < _NO_ERROR:
        return Agreement(n, agreed, kappa, None, None, n < LEAST)
    low, high = max(-1.0, kappa - off), min(1.0, kappa + off)
    return Agreement(n, agreed, kappa, low, high, n < LEAST)


def _error(
    share: NDArray[np.float64],
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    kappa: float,
    chance: float,
    n: int,
) -> float:
    """Return the large-sample standard error of kappa."""
    on = np.diag(share)
    right = float((on * (1.0 - (first + second) * (1.0 - kappa)) ** 2).sum())
    # Of the two shares of a pair the other way round: that is how the formula has it.
    both = (second[:, None] + first[None, :]) ** 2
    wrong = float((share * both).sum() - (on * np.diag(both)).sum()) * (1.0 - kappa) ** 2
    rest = (kappa - chance * (1.0 - kappa)) ** 2
    return math.sqrt(max(0.0, right + wrong - rest) / n) / (1.0 - chance)
