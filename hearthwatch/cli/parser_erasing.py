"""Commands about erasing content and about legal holds."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parser_access import add_password
from hearthwatch.cli.parts import add_command, add_group


def erase(commands: Any) -> None:
    """Add `hearthwatch erase`."""
    group = add_group(commands, "erase", "erase content for good: two people decide")
    ask = add_command(group, "ask", "erasures:ask", "ask that all there is of something be erased")
    _add_what(ask)
    why = "why; it stays readable, so name no place"
    ask.add_argument("--why", metavar="TEXT", required=True, help=why)
    _add_person(ask)
    for name, text in (
        ("agree", "agree to what another person asked for, and erase it"),
        ("refuse", "refuse an erasure, or take back what you asked for"),
    ):
        command = add_command(group, name, f"erasures:{name}", text)
        command.add_argument("erasure", metavar="ID")
        _add_person(command)
    add_command(group, "list", "erasures:list_all", "list the erasures, and who decided")


def hold(commands: Any) -> None:
    """Add `hearthwatch hold`."""
    group = add_group(commands, "hold", "legal holds: what is under one is not erased")
    put = add_command(group, "set", "holds:put", "set a hold, which is in force at once")
    _add_what(put).add_argument("--all", action="store_true", help="on everything there is")
    put.add_argument("--why", metavar="TEXT", required=True, help="which case, which court")
    _add_person(put)
    text = "ask that a hold be lifted; the second administrator lifts it"
    lift = add_command(group, "lift", "holds:lift", text)
    lift.add_argument("hold", metavar="ID")
    lift.add_argument("--why", metavar="TEXT", help="why (the second person need not say)")
    _add_person(lift)
    keep = add_command(group, "keep", "holds:keep", "keep a hold that somebody asked to lift")
    keep.add_argument("hold", metavar="ID")
    _add_person(keep)
    add_command(group, "list", "holds:list_all", "list the holds, lifted ones too")


def _add_what(parser: argparse.ArgumentParser) -> Any:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--event", metavar="EVENT", help="the id or its beginning")
    what.add_argument("--settlement", metavar="ID", help="the id")
    what.add_argument("--region", metavar="ID", help="the id")
    return what


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--login", metavar="LOGIN", required=True, help="who you are")
    add_password(parser)
