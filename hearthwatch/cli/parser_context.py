"""Commands of what people observed round watched places."""

from __future__ import annotations

from typing import Any

from hearthwatch.cli.parts import add_command, add_group
from hearthwatch.cli.typed import day_start, grades


def context(commands: Any) -> None:
    """Add `hearthwatch context`."""
    group = add_group(commands, "context", "what raises the level of a watch; it alerts nobody")
    text = "write down dangerous speech, or a risk factor"
    add = add_command(group, "add", "context:add", text)
    _region(add)
    add.add_argument("words", metavar="WORDS", help="what was observed")
    what = add.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--speech", type=grades, metavar="VARIABLE=GRADE,...",
        help="speaker, audience, act, context, means: none, some or strong",
    )  # fmt: skip
    what.add_argument("--factor", type=int, metavar="N", help="number of a risk factor, 1 to 14")
    add.add_argument("--on", type=day_start, metavar="DATE", required=True, help="when it was so")
    add.add_argument("--source", required=True, help="who told of it")
    add.add_argument("--reliability", choices=list("ABCDEF"), required=True, help="of the source")
    add.add_argument(
        "--credibility", type=int, choices=range(1, 7), required=True, help="of what it says"
    )
    listing = add_command(group, "list", "context:list_all", "list what was observed of a region")
    _region(listing)
    text = "take an observation's content away; its hash stays"
    withdraw = add_command(group, "withdraw", "context:withdraw", text)
    _region(withdraw)
    withdraw.add_argument("observation", metavar="ID")


def _region(parser: Any) -> None:
    parser.add_argument("region", metavar="REGION", help="name or id")
