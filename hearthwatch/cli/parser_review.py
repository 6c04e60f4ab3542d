"""Commands about verifying events."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parser_access import add_password
from hearthwatch.cli.parts import add_command, add_group
from hearthwatch.cli.typed import count

VERDICTS = ("harmed", "unharmed", "bad_imagery", "unsure")


def review(commands: Any) -> None:
    """Add `hearthwatch review`."""
    group = add_group(commands, "review", "verify events: two people look, blind to each other")
    queue = add_command(group, "queue", "review:queue", "list what waits for you to look")
    queue.add_argument("--limit", type=count, default=20, metavar="N", help="at most (20)")
    _add_person(queue)
    claim = _of_event(group, "claim", "take an event to look at for 30 minutes, or go on looking")
    claim.add_argument(
        "--give-back", action="store_true", help="let others look at it instead"
    )  # fmt: skip
    assess = _of_event(group, "assess", "say what the pictures of an event show that you took")
    assess.add_argument("--verdict", choices=VERDICTS, required=True, help="what they show")
    assess.add_argument("--reason", metavar="CODE", default="", help="what it is instead")
    assess.add_argument("--why", metavar="TEXT", default="", help="words; needed with `other`")
    _of_event(group, "undo", "take your last word on an event back, within 10 minutes")
    text = "how far people agree, and what supervisors saw otherwise"
    add_command(group, "agreement", "review:agreement", text)


def _of_event(group: Any, name: str, text: str) -> argparse.ArgumentParser:
    command = add_command(group, name, f"review:{name}", text)
    command.add_argument("event", metavar="EVENT", help="the id or its beginning")
    _add_person(command)
    return command


def _add_person(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--login", metavar="LOGIN", required=True, help="who you are")
    add_password(parser)
