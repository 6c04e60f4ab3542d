"""People who sign in on the command line, each with a password of their own in a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import new_person
from hearthwatch.records import Role
from hearthwatch.store import Transaction

PASSWORDS = {"amina": "a long walk uphill 7", "badr": "the other way down 9",
             "vera": "only looking at it 5"}  # fmt: skip


def let_in(tx: Transaction, folder: Path, roles: Mapping[str, Role]) -> dict[str, Path]:
    """Store people of the organisation ``local``; return the files of their passwords by login."""
    now, files = datetime.now(UTC), {}
    for login, role in roles.items():
        made = new_person("local", login, login, role, now)
        tx.put_person(dataclasses.replace(made, password=Passwords().hash(PASSWORDS[login])))
        files[login] = folder / login
        files[login].write_text(f"{PASSWORDS[login]}\n")
    return files


def as_(people: Mapping[str, Path], login: str) -> tuple[object, ...]:
    """Return the options with which somebody signs in."""
    return ("--login", login, "--password-file", people[login])
