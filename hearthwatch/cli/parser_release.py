"""Commands about telling others, which takes two people."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parser_access import add_password
from hearthwatch.cli.parts import add_command, add_group

AUDIENCES = ("partner", "public")


def release(commands: Any) -> None:
    """Add `hearthwatch release`."""
    group = add_group(commands, "release", "what others are told of events: two people decide")
    ask = add_command(group, "ask", "releases:ask", "ask that others be told of an event")
    ask.add_argument("event", metavar="EVENT", help="the id or its beginning")
    ask.add_argument("--audience", choices=AUDIENCES, required=True, help="who is to be told")
    ask.add_argument("--why", metavar="TEXT", required=True, help="why they should be told")
    _add_person(ask)
    for name, text in (
        ("agree", "agree to a release that another person asked for"),
        ("refuse", "refuse a release that another person asked for"),
        ("withdraw", "take a release back, agreed to or not"),
    ):
        command = add_command(group, name, f"releases:{name}", text)
        command.add_argument("release", metavar="ID")
        _add_person(command)
    add_command(group, "list", "releases:list_all", "list the releases, and who decided")


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--login", metavar="LOGIN", required=True, help="who you are")
    add_password(parser)
