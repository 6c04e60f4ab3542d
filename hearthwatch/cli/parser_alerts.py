"""Commands about who is told of events, and of what came of it."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parts import KINDS, add_command, add_file_options, add_group
from hearthwatch.cli.typed import count, minute

CHANNELS = ("webhook", "cap", "email", "feed", "apprise")
LANGUAGES = ("en", "fr", "ar")
DETAILS = ("notice", "exact", "partner", "public")
SEVERITIES = ("minor", "moderate", "severe", "extreme")
LEAST_STATES = ("candidate", "provisional", "corroborated", "confirmed")
MODES = ("actual", "exercise", "test")
RHYTHMS = ("instant", "daily", "weekly")
MESSAGE_STATES = ("waiting", "delivered", "dead")


def receivers(commands: Any) -> None:
    """Add `hearthwatch receivers`."""
    group = add_group(commands, "receivers", "who is told of events, by which channel")
    add_command(group, "list", "receivers:list_all", "list the receivers, without addresses")
    _of_receiver(group, "show", "show one receiver, and what it is subscribed to")
    add = add_command(group, "add", "receivers:add", "add a receiver and show its secret once")
    add.add_argument("name", metavar="NAME", help="what it is called")
    add.add_argument("--channel", choices=CHANNELS, required=True)
    add.add_argument(
        "--owner", metavar="LOGIN", required=True,
        help="login of the person, or id of the key, that answers for it",
    )  # fmt: skip
    _add_terms(add)
    change = _of_receiver(group, "change", "change a receiver; what is not named stays")
    change.add_argument("--name", help="what it is called")
    _add_terms(change)
    change.add_argument("--no-quiet", action="store_true", help="without quiet hours from now on")
    confirm = _of_receiver(group, "confirm", "bring back the code that a receiver was sent")
    # Never an argument: everybody on the machine sees those.
    confirm.add_argument(
        "--code-file", metavar="FILE", required=True,
        help="its first line is the code; - for standard input",
    )  # fmt: skip
    _of_receiver(group, "rotate", "give a receiver a new secret and show it once")
    _of_receiver(group, "test", "send a receiver a message that is marked as a test")
    off = _of_receiver(group, "disable", "send a receiver nothing until it is enabled again")
    off.add_argument("--why", metavar="TEXT", required=True)
    _of_receiver(group, "enable", "send to a receiver again")
    _of_receiver(group, "remove", "tell a receiver nothing more, for good")


def subscriptions(commands: Any) -> None:
    """Add `hearthwatch subscriptions`."""
    group = add_group(commands, "subscriptions", "of which events receivers are told")
    every = add_command(group, "list", "subscriptions:list_all", "list the subscriptions")
    every.add_argument("--receiver", metavar="ID", help="of this one only")
    _of_subscription(group, "show", "show one subscription")
    text = "let a receiver be told of more, of what is found from then on"
    add = add_command(group, "add", "subscriptions:add", text)
    add.add_argument("receiver", metavar="RECEIVER", help="its id")
    add.add_argument("name", metavar="NAME", help="what it is called")
    add.add_argument("--region", metavar="REGION", help="name or id (all)")
    add.add_argument("--area", metavar="FILE", help="a part of the event must lie in it")
    add_file_options(add)
    several = "may be given several times"
    add.add_argument("--kind", choices=KINDS, action="append", default=[], help=several)
    add.add_argument(
        "--mode", choices=MODES, action="append", default=[], help=f"{several} (actual)"
    )
    add.add_argument("--least-state", choices=LEAST_STATES, default="provisional")
    add.add_argument("--least-severity", choices=SEVERITIES, default="minor")
    add.add_argument("--rhythm", choices=RHYTHMS, default="instant")
    _of_subscription(group, "pause", "tell nothing new because of a subscription until resumed")
    _of_subscription(group, "resume", "go on with a subscription that was paused")
    _of_subscription(group, "remove", "end a subscription for good")


def messages(commands: Any) -> None:
    """Add `hearthwatch messages`."""
    group = add_group(commands, "messages", "what was sent to receivers, and what was not")
    every = add_command(group, "list", "messages:list_all", "list messages, the newest first")
    every.add_argument("--receiver", metavar="ID", help="to this one only")
    every.add_argument("--state", choices=MESSAGE_STATES)
    every.add_argument("--limit", type=count, default=50, metavar="N", help="at most (50)")
    show = add_command(group, "show", "messages:show", "show a message with every attempt")
    show.add_argument("message", metavar="ID")
    text = "send again what was given up, or at once what waits"
    again = add_command(group, "again", "messages:again", text)
    again.add_argument("message", metavar="ID")


def alerts(commands: Any) -> None:
    """Add `hearthwatch alerts`."""
    text = "tell who was told of an event, what came of it, and how long each step took"
    command = add_command(commands, "alerts", "messages:of_event", text)
    command.add_argument("event", metavar="EVENT", help="the id or its beginning")


def latency(commands: Any) -> None:
    """Add `hearthwatch latency`."""
    text = "tell how long it takes from a look to who is told, and to their answer"
    command = add_command(commands, "latency", "latency:show", text)
    command.add_argument("--region", metavar="REGION", help="name or id (all)")
    command.add_argument(
        "--days", type=count, default=90, metavar="N", help="alerts of so many last days (90)"
    )


def _of_receiver(group: Any, name: str, text: str) -> argparse.ArgumentParser:
    command = add_command(group, name, f"receivers:{name}", text)
    command.add_argument("receiver", metavar="ID")
    return command


def _of_subscription(group: Any, name: str, text: str) -> None:
    command = add_command(group, name, f"subscriptions:{name}", text)
    command.add_argument("subscription", metavar="ID")


def _add_terms(parser: argparse.ArgumentParser) -> None:
    # Never an argument: everybody on the machine sees those.
    parser.add_argument(
        "--address-file", metavar="FILE",
        help="whose first line is the address; - for standard input",
    )  # fmt: skip
    parser.add_argument("--language", choices=LANGUAGES, help="of the words (en)")
    parser.add_argument("--detail", choices=DETAILS, help="how much is told (notice)")
    parser.add_argument("--zone", metavar="ZONE", help="time zone, as Africa/Khartoum (UTC)")
    parser.add_argument("--quiet-from", type=minute, metavar="HH:MM")
    parser.add_argument("--quiet-until", type=minute, metavar="HH:MM")
    parser.add_argument(
        "--quiet-override", choices=SEVERITIES, help="told in quiet hours too, from here on"
    )
    parser.add_argument(
        "--storm-cap", type=count, metavar="N", help="messages in an hour before lists (20)"
    )
    parser.add_argument("--scope", choices=("Private", "Restricted"), help="of CAP (Private)")
    parser.add_argument(
        "--pictures", action=argparse.BooleanOptionalAction,
        help="of the ground before and after: by e-mail, with --detail exact (none)",
    )  # fmt: skip
