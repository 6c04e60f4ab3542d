"""Commands of the database as a whole."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hearthwatch.cli.parts import add_command, add_group
from hearthwatch.layout import checked_address, is_address


def store(commands: Any) -> None:
    """Add `hearthwatch store`."""
    group = add_group(commands, "store", "the database: copy it, check it, keep it small")
    copy = add_command(group, "copy", "store:copy", "copy a store to an empty one")
    text = "file of SQLite, or postgresql://user@host/database"
    for option, dest in (("--from", "source"), ("--to", "target")):
        copy.add_argument(option, dest=dest, metavar="STORE", type=_place, required=True, help=text)
    add_command(group, "check", "store:check", "check that the store is sound; digest its tables")
    text = "remove sessions and passes that let nobody in any more"
    prune = add_command(group, "prune", "store:prune", text)
    prune.add_argument("--days", type=_days, default=90, help="that ended so long ago (90)")
    text = "write the files anew, so that nothing of what was erased is left in them"
    add_command(group, "scrub", "store:scrub", text)


def _days(word: str) -> int:
    if word.isdecimal() and 1 <= int(word) <= 36_500:
        return int(word)
    raise argparse.ArgumentTypeError("it must be a whole number of days, at least 1")


def _place(word: str) -> Path | str:
    if not is_address(word) and "://" not in word:
        return Path(word)
    try:
        return checked_address(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
