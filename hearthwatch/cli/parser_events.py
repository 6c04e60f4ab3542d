"""Commands about events."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parts import REASONS, add_command, add_event_filter, add_group
from hearthwatch.cli.typed import count, density


def events(commands: Any) -> None:
    """Add `hearthwatch events`."""
    group = add_group(commands, "events", "what was found")
    listing = add_command(group, "list", "events:list_events", "list events, newest first")
    add_event_filter(listing)
    listing.add_argument("--limit", type=count, default=100, metavar="N", help="at most (100)")
    listing.add_argument("--after", metavar="CURSOR", help="go on after an earlier answer")
    show = add_command(group, "show", "events:show", "show one event, its history and detections")
    show.add_argument("event", metavar="ID", help="the id or its beginning")
    text = "tell in words, and with --out as chart and data, what an event rests on"
    explain = add_command(group, "explain", "explain:explain", text)
    explain.add_argument("event", metavar="ID", help="the id or its beginning")
    explain.add_argument("--out", metavar="DIR", help="folder for chart, data and text")
    explain.add_argument("--force", action="store_true", help="replace files that are there")
    people = "of a camp, tell a range of people too, at so many on a hectare"
    explain.add_argument("--people-per-ha", type=density, metavar="LOW,HIGH", help=people)
    _add_people(group)


def _add_people(group: Any) -> None:
    """Add what people say of events and do with them."""
    _verb(group, "confirm", "say that an event is true; no software changes that")
    _verb(group, "dispute", "say that an event is in dispute, and why", words=True)
    reject = _verb(group, "reject", "say that an event is none, by a coded reason")
    reject.add_argument("--reason", choices=REASONS, required=True)
    _verb(group, "retract", "take an event back before those who were told of it", words=True)
    _verb(group, "close", "say that an event is over")
    _verb(group, "reopen", "give an event back to the software's own judgement")
    _verb(group, "undo", "take back what was last said of an event or done with it")
    split = _verb(group, "split", "move sources of an event to one of their own")
    split.add_argument(
        "sources", metavar="SOURCE", nargs="+", help="id, its beginning, or the detector's"
    )
    merge = _verb(group, "merge", "make another event part of this one, which keeps its id")
    merge.add_argument("other", metavar="OTHER", help="the id or its beginning")
    text = "suggest events that may be of one episode of displacement with this one"
    links = add_command(group, "links", "events_people:links", text)
    links.add_argument("event", metavar="ID", help="the id or its beginning")


def _verb(group: Any, name: str, text: str, *, words: bool = False) -> argparse.ArgumentParser:
    verb = add_command(group, name, f"events_people:{name}", text)
    verb.add_argument("event", metavar="ID", help="the id or its beginning")
    verb.add_argument("--why", metavar="TEXT", default="", required=words, help="in words")
    verb.add_argument("--who", metavar="NAME", help="who says so (the name you are logged in by)")
    return verb
