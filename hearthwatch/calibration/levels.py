"""What budget of false alarms each level of a watch goes by, within what was calibrated."""

from __future__ import annotations

from collections.abc import Mapping

from hearthwatch.records import WatchLevel

TIMES: Mapping[WatchLevel, float] = {
    WatchLevel.ROUTINE: 1.0,
    WatchLevel.ELEVATED: 2.0,
    WatchLevel.URGENT: 4.0,
}
"""Times the budget of a calibration set that a level allows: while it is raised, people look at
more that is nothing, so as to be told sooner of what is something."""
BACKTESTED = (0.5, 1.0, 2.0)
"""Times the budget, of which a backtest says how many alerts they would have brought."""
OTHERS = tuple(sorted({*TIMES.values(), *BACKTESTED} - {1.0}))
"""Times the budget that thresholds are made for besides its own."""
