"""The command that sets thresholds."""

from __future__ import annotations

from typing import Any

from hearthwatch.cli.parts import add_command
from hearthwatch.cli.typed import budgets, share


def calibrate(commands: Any) -> None:
    """Add `hearthwatch calibrate`."""
    text = "set thresholds from quiet years, so that a budget of false alarms is kept"
    calibrate = add_command(commands, "calibrate", "calibrate:calibrate", text)
    calibrate.add_argument("--region", metavar="REGION", help="from and for this one (all)")
    calibrate.add_argument(
        "--detector", metavar="NAME",
        help="of several that watch for the kind, this one (the kind's own)",
    )  # fmt: skip
    calibrate.add_argument(
        "--budget", type=budgets, metavar="STATE=N,..", default={},
        help="false alarms per 1,000 settlement-years (WATCH=20,PROBABLE=5,ESTABLISHED=1)",
    )  # fmt: skip
    calibrate.add_argument(
        "--aim", type=share, metavar="S", help="share of the budget to set thresholds for (1)"
    )
    calibrate.add_argument(
        "--verdicts", metavar="FILE", help="CSV of events' ids and confirmed or rejected"
    )
    calibrate.add_argument("--dry-run", action="store_true", help="show it and keep nothing")
    calibrate.add_argument(
        "--use", metavar="ID", help="let a set hold that is there, or none of them: `none`"
    )
    calibrate.add_argument("--list", action="store_true", help="list the sets that are there")
