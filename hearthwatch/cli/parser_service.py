"""Commands of the service."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parts import add_command, add_group, add_source


def up(commands: Any) -> None:
    """Add `hearthwatch up`."""
    text = "serve the page and the API, and take new looks every few hours"
    up = add_command(commands, "up", "service:up", text)
    add_listening(up)
    up.add_argument(
        "--every", type=float, dest="run_every_hours", metavar="HOURS", help="between runs (6)"
    )
    add_source(up)


def serve(commands: Any) -> None:
    """Add `hearthwatch serve`."""
    text = "serve the page and the API; `hearthwatch run` may run beside it"
    add_listening(add_command(commands, "serve", "service:serve", text))


def send(commands: Any) -> None:
    """Add `hearthwatch send`."""
    text = "send alerts; `hearthwatch up` does so by itself"
    send = add_command(commands, "send", "service:send", text)
    send.add_argument("--once", action="store_true", help="what may be sent now, and no more")
    send.add_argument(
        "--after-restore", choices=("send", "leave"), nargs="?", const="send",
        help="let be sent what a restore held back, or leave it unsent, and end",
    )  # fmt: skip


def alarms(commands: Any) -> None:
    """Add `hearthwatch alarms`."""
    below = add_group(commands, "alarms", "what is wrong with the service")
    shown = add_command(below, "list", "alarms:show", "list alarms with what to do about each")
    shown.add_argument("--all", action="store_true", help="those that are over too")
    seen = add_command(below, "acknowledge", "alarms:acknowledge", "say that you see to one")
    seen.add_argument("alarm", help="its id")


def add_listening(parser: argparse.ArgumentParser) -> None:
    """Let an address to listen on be named."""
    parser.add_argument("--host", metavar="ADDRESS", help="to listen on (127.0.0.1)")
    parser.add_argument(
        "--port", type=int, metavar="N", help="to listen on (8480); 0: any free one"
    )
    parser.add_argument("--public-url", metavar="URL", help="as callers reach it through a proxy")


def doctor(commands: Any) -> None:
    """Add `hearthwatch doctor`."""
    doctor = add_command(commands, "doctor", "doctor:doctor", "check that all is in order")
    doctor.add_argument(
        "--quick", action="store_true", help="do not read the whole archive to verify it"
    )
