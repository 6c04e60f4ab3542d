"""Commands about the log of acts."""

from __future__ import annotations

from typing import Any

from hearthwatch.cli.parts import add_command, add_group
from hearthwatch.cli.typed import count, day_end, day_start

OUTCOMES = ("asked", "done", "refused", "failed")


def audit(commands: Any) -> None:
    """Add `hearthwatch audit`."""
    group = add_group(commands, "audit", "the log of who saw, changed or took out what")
    text = "read the whole log and name the first entry that is not as it was"
    verify = add_command(group, "verify", "audit:check", text)
    verify.add_argument("--of", metavar="SHORT", help="only of this organisation")
    verify.add_argument(
        "--head", metavar="FILE", action="append", default=[],
        help="a head kept elsewhere: shows that the end was cut off; may be given several times",
    )  # fmt: skip
    text = "print the last entry of each log, to be kept elsewhere"
    add_command(group, "head", "audit:head", text)
    show = add_command(group, "list", "audit:list_all", "list entries, the newest first")
    show.add_argument("--actor", metavar="ID", help="of a person or key")
    show.add_argument("--act", metavar="ACT", help="what was done")
    show.add_argument("--subject", metavar="ID", help="as event:ID or region:ID")
    show.add_argument("--outcome", choices=OUTCOMES)
    show.add_argument("--since", type=day_start, metavar="DATE", help="then or later")
    show.add_argument("--until", type=day_end, metavar="DATE", help="then or before")
    show.add_argument("--before", type=count, metavar="N", help="entries before this number")
    show.add_argument("--limit", type=count, default=100, metavar="N", help="at most (100)")
