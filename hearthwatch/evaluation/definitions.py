"""The fixed numbers of an evaluation, and every definition in words.

They are the same for everyone, so that figures of two evaluations can be compared. A change of
any of them is a new format.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

SLACK = timedelta(days=30)
"""By which a reported interval is widened at both ends before it is held against a truth."""
UNSEEN = timedelta(days=60)
"""Without a usable look up to so long after it, an event could not have been seen."""
GAP_DAYS = 60
"""A stretch without a usable look longer than this is not observed time."""
YEAR_DAYS = 365.25
STRATA = ((0.0, 0.3), (0.3, 0.6), (0.6, 1.0))
"""Share burned: lower end included, upper end not, but for the last."""


class Level(StrEnum):
    """How far an alert had come; each level includes those above it."""

    WATCH = "WATCH"
    PROBABLE = "PROBABLE"
    ESTABLISHED = "ESTABLISHED"


LEVELS = tuple(Level)
BUDGETS = {Level.WATCH: 20.0, Level.PROBABLE: 5.0, Level.ESTABLISHED: 1.0}
"""False alerts per 1,000 settlement-years that each level may cost."""

DEFINITIONS = {
    "truth": (
        "A row of the truth file: one event at one settlement, which truly happened at some time "
        "from earliest to latest, both included. The file is taken to be complete: whatever it "
        "does not name at these settlements in the period did not happen."
    ),
    "period": (
        "From the day given with --from, or the first look at any settlement where none is given, "
        "to the last look of the replay at any settlement; --until ends the replay. Looks before "
        "the period are replayed and learned from, and not scored. A truth counts if it may have "
        "happened in the period and its kind is the one evaluated."
    ),
    "alert": (
        "One episode that the detector reported at one settlement. It is an alert of a level from "
        "the look on which it first reached that level or a higher one; what became of it "
        "afterwards takes nothing back. Its reported interval is the one told at that look."
    ),
    "match": (
        "An alert and a truth are compatible if settlement and kind are the same, the alert "
        "reached the level at or after earliest, and the reported interval (last unharmed look, "
        "first changed look], widened by 30 days at both ends, meets earliest to latest. With "
        "truths ordered by earliest, latest and alerts by first changed look, reached, as many "
        "pairs as possible are made without crossing the order, earlier ones first. Each level "
        "is matched by itself."
    ),
    "found": "A truth that is paired with an alert of the level.",
    "missed": "A truth that is not, whatever the reason, even if it could not have been seen.",
    "duplicate": (
        "A further alert that is compatible with a found truth. It is neither a hit nor a false "
        "alert: it enters neither precision nor the rate of false alerts."
    ),
    "false_alert": "Every other alert that reached the level in the period.",
    "recall": "Found / (found + missed), with Wilson's 95 % interval.",
    "precision": "Found / (found + false alerts), with Wilson's 95 % interval.",
    "f1": (
        "2 found / (2 found + false alerts + missed). The 95 % interval is Wilson's for "
        "J = found / (found + false alerts + missed), both ends carried over by F1 = 2 J/(1 + J)."
    ),
    "usable_look": (
        "An acquisition of which the ledger says unchanged or changed at the settlement. Looks "
        "taken while its normal was still being learned are not usable."
    ),
    "armed_settlement_years": (
        "For each settlement the time from its first usable look, or from the beginning of the "
        "period if that is later, to the end of the period, in whole days from date to date (UTC), "
        "summed, in years of 365.25 days. Blind stretches are included, and so is the time in "
        "which an alert stood."
    ),
    "observed_settlement_years": (
        "Armed time without the stretches of more than 60 days in which the settlement had no "
        "usable look; the stretch after the last usable look is treated alike."
    ),
    "false_alerts_per_1000_settlement_years": (
        "1000 x false alerts / settlement-years, armed and observed, with the exact two-sided "
        "95 % Poisson interval, and a one-sided 95 % upper bound for claims of at most so many."
    ),
    "budget": (
        "Of false alerts per 1,000 settlement-years armed: 20 at WATCH, 5 at PROBABLE, 1 at "
        "ESTABLISHED. Held: the one-sided 95 % upper bound does not lie above it. Exceeded: the "
        "lower end of the two-sided interval lies above it. Otherwise it is not established "
        "whether it is held, however few false alerts there were."
    ),
    "precision_at_base_rate": (
        "Recall x base rate / (recall x base rate + false alerts per settlement-year armed), for "
        "the base rate given with --base-rate, in events per settlement-year. The interval takes "
        "the worst of both figures together and the best of both, each from its 97.5 % interval, "
        "so that it covers with at least 95 %."
    ),
    "duplicates_per_event": (
        "Duplicates / found truths, with the exact 95 % Poisson interval of the count of "
        "duplicates."
    ),
    "second_events": (
        "Recall among the truths that have an earlier truth of the same kind at their settlement."
    ),
    "delay": (
        "Days, from date to date (UTC), and usable looks from the true date to the look on which "
        "the level was reached, over found truths. The true date is known as an interval only, so "
        "there are two figures: at most (counted from earliest) and at least (counted from "
        "latest; not below 0 days and 1 look). The first usable look at or after the true date "
        "counts as 1. Median and quartiles interpolate linearly."
    ),
    "dating": (
        "Of the found truths, those whose true date lies inside the reported interval for "
        "certain (earliest to latest wholly inside) and possibly (the two meet). The share lies "
        "between the two; each has Wilson's 95 % interval."
    ),
    "could_not_be_seen": (
        "never_usable: the settlement had no usable look at all. learning: its first usable look "
        "came after latest. blind: it had no usable look from earliest to 60 days after latest. "
        "Told beside the figures; such truths are missed all the same if they are not found."
    ),
    "strata": (
        "Recall and delay by the share of the settlement that burned: 0 to below 0.3, 0.3 to "
        "below 0.6, 0.6 to 1, and not known. A false alert has no true share: precision cannot "
        "be told by stratum."
    ),
    "intervals": (
        "All intervals are 95 % and take events and alerts as independent. Events on one day or "
        "at one place are not: then the intervals are too narrow."
    ),
}
"""Name to definition, as every report carries them."""
