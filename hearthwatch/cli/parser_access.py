"""Commands about who is let in."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parts import add_command, add_group
from hearthwatch.cli.typed import count, day_end

ROLES = ("admin", "analyst", "reviewer", "partner", "viewer")
SCOPES = ("released", "read", "watch", "judge", "export", "release", "audit", "manage")


def organisation(commands: Any) -> None:
    """Add `hearthwatch organisation`."""
    group = add_group(commands, "organisation", "organisations that records belong to")
    add = add_command(group, "add", "organisations:add", "add an organisation")
    add.add_argument("organisation", metavar="SHORT", help="its short name, which never changes")
    add.add_argument("name", metavar="NAME", help="what it is called")
    add_command(group, "list", "organisations:list_all", "list the organisations")
    text = "let nobody of an organisation in from now on; its records stay"
    close = add_command(group, "close", "organisations:close", text)
    close.add_argument("organisation", metavar="SHORT")
    close.add_argument("--reopen", action="store_true", help="let them in again instead")


def person(commands: Any) -> None:
    """Add `hearthwatch person`."""
    group = add_group(commands, "person", "people of the organisation, who sign in to the page")
    add = add_command(group, "add", "persons:add", "let somebody in")
    add.add_argument("login", metavar="LOGIN", help="what they sign in as, before @ORGANISATION")
    add.add_argument("name", metavar="NAME", help="what they are called")
    add.add_argument("--role", choices=ROLES, default="analyst", help="what they may do (analyst)")
    add_password(add)
    add_command(group, "list", "persons:list_all", "list the people")
    password = add_command(
        group, "password", "persons:password", "give somebody another password; sessions end"
    )
    password.add_argument("login", metavar="LOGIN")
    add_password(password)
    role = add_command(group, "role", "persons:role", "give somebody another role")
    role.add_argument("login", metavar="LOGIN")
    role.add_argument("role", choices=ROLES)
    text = "shut somebody out, with their sessions, keys and passes"
    add_command(group, "disable", "persons:disable", text).add_argument("login", metavar="LOGIN")
    text = "let somebody in again who was shut out or has to wait"
    add_command(group, "enable", "persons:enable", text).add_argument("login", metavar="LOGIN")


def key(commands: Any) -> None:
    """Add `hearthwatch key`."""
    group = add_group(commands, "key", "keys to the API")
    add = add_command(group, "add", "keys:add", "make a key and show it once")
    add.add_argument("name", metavar="NAME", help="who or what will use it")
    add.add_argument("--role", choices=ROLES, default="analyst", help="what it allows (analyst)")
    add.add_argument(
        "--scope", choices=SCOPES, action="append", default=[],
        help="only this of what the role allows; may be given several times",
    )  # fmt: skip
    add.add_argument("--expires", type=day_end, metavar="DATE", help="last day it can be used")
    add_command(group, "list", "keys:list_all", "list the keys, without their secrets")
    text = "make the key that takes another one's place, and show it once"
    rotate = add_command(group, "rotate", "keys:rotate", text)
    rotate.add_argument("key", metavar="ID")
    rotate.add_argument(
        "--hours", type=count, default=168, metavar="N",
        help="how long the old one goes on beside it (168)",
    )  # fmt: skip
    revoke = add_command(group, "revoke", "keys:revoke", "let a key open nothing from now on")
    revoke.add_argument("key", metavar="ID")


def pass_(commands: Any) -> None:
    """Add `hearthwatch pass`."""
    group = add_group(commands, "pass", "passes: one address for a program without a header")
    add = add_command(group, "add", "passes:add", "make a pass and show it once")
    add.add_argument("resource", metavar="RESOURCE", help="such as tiles/events")
    add.add_argument(
        "--maker", metavar="LOGIN", required=True,
        help="login of the person, or id of the key, whose rights it has",
    )  # fmt: skip
    add.add_argument("--days", type=count, default=90, metavar="N", help="in force (90)")
    add_command(group, "list", "passes:list_all", "list the passes, without their secrets")
    text = "let a pass open nothing from now on"
    add_command(group, "revoke", "passes:revoke", text).add_argument("pass_id", metavar="ID")


def add_password(parser: argparse.ArgumentParser) -> None:
    """Let a password be given."""
    # Never an argument: everybody on the machine sees those.
    parser.add_argument(
        "--password-file", metavar="FILE",
        help="whose first line is the password; - for standard input (asked for without showing)",
    )  # fmt: skip
