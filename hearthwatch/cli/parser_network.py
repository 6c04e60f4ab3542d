"""Commands about the response network."""

from __future__ import annotations

from typing import Any

from hearthwatch.cli.parts import add_command, add_group


def responders(commands: Any) -> None:
    """Add `hearthwatch responders`."""
    group = add_group(commands, "responders", "who agreed to be told and to say what they do")
    add_command(group, "list", "responders:list_all", "list the response network")
    show = add_command(group, "show", "responders:show", "show one responder and its contacts")
    show.add_argument("responder", metavar="ID")


def responses(commands: Any) -> None:
    """Add `hearthwatch responses`."""
    text = "who knows of an event, who acts, and what was written down about it"
    command = add_command(commands, "responses", "responders:of_event", text)
    command.add_argument("event", metavar="EVENT", help="the id or its beginning")
