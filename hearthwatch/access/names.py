"""How people and organisations are called where they sign in."""

from __future__ import annotations

import re

from hearthwatch.errors import AccessError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
LONGEST_SHOWN = 200


def take_login(text: str) -> tuple[str, str]:
    """Return login and organisation of ``login@organisation``, in small letters.

    What is none gives two names that nobody has.
    """
    login, _, organisation = text.strip().lower().partition("@")
    right = _NAME.fullmatch(login) and _NAME.fullmatch(organisation)
    return (login, organisation) if right else ("", "")


def checked_name(text: str, what: str) -> str:
    """Return a short name in small letters; refuse (`AccessError`) what is none."""
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise AccessError(
            f"{what} is 1 to 63 letters a to z, digits, full stops, hyphens and underscores, and "
            "begins with a letter or digit."
        )
    return name


def checked_shown(text: str, what: str) -> str:
    """Return what somebody is called in lists; refuse (`AccessError`) what is no line of text."""
    name = text.strip()
    if not name or len(name) > LONGEST_SHOWN or not name.isprintable():
        raise AccessError(f"{what} is one line of 1 to {LONGEST_SHOWN} characters.")
    return name
