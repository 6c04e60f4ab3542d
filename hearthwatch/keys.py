"""API keys: made, shown once, kept as a hash.

A key is ``hw_<id>_<secret>``. The id is no secret: it names the key in lists and logs.
"""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime, timedelta

from hearthwatch.access.secrets import NOBODYS, hash_of, is_right, new_id, new_secret
from hearthwatch.errors import AccessError
from hearthwatch.records import ApiKey, Role

OVERLAP = timedelta(days=7)
"""How long a key goes on beside the one that takes its place, unless another time is asked for."""

_FORM = re.compile(r"hw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


def new_key(
    organisation: str,
    name: str,
    role: Role,
    now: datetime,
    expires: datetime | None = None,
    *,
    scopes: tuple[str, ...] = (),
    made_by: str = "",
    shown_to: str = "",
) -> tuple[ApiKey, str]:
    """Make a key.

    Parameters
    ----------
    organisation : str
        Whose records it opens.
    name : str
        Who or what uses it, for the list of keys.
    now, expires : datetime
        Aware UTC.
    scopes : tuple of str
        What it is narrowed to; empty for all that its role may.
    made_by : str
        Id of the person with whom it is shut out; empty for none.
    shown_to : str
        Id of the person or key that reads it now; empty for the command line.

    Returns
    -------
    ApiKey
        To be stored; the secret cannot be got back from it.
    str
        The key itself, to be shown once.
    """
    key_id, secret = new_id(), new_secret()
    key = ApiKey(
        id=key_id,
        organisation=organisation,
        name=name,
        role=role,
        sha256=hash_of(secret),
        created=now,
        expires=expires,
        scopes=scopes,
        made_by=made_by,
        shown_to=shown_to,
    )
    return key, f"hw_{key_id}_{secret}"


def rotated(
    old: ApiKey,
    others: tuple[ApiKey, ...],
    now: datetime,
    overlap: timedelta = OVERLAP,
    *,
    shown_to: str = "",
) -> tuple[ApiKey, ApiKey, str]:
    """Make the key that takes another one's place.

    Parameters
    ----------
    old : ApiKey
        The one to be replaced.
    others : tuple of ApiKey
        All keys of the organisation.
    overlap : timedelta
        How long both are in force.
    shown_to : str
        Id of the person or key that reads the new one; empty for the command line.

    Returns
    -------
    ApiKey
        The old one as it is to be stored: it expires after `overlap`, or earlier.
    ApiKey
        The new one, for as long as the old one was made for.
    str
        The new key itself, to be shown once.

    Raises
    ------
    AccessError
        The old one is not in force, or two of its line are already.
    """
    if not in_force(old, now):
        raise AccessError(f"The key {old.id} is not in force any more. Make a new one.")
    beside = [one for one in others if old.id == one.replaces or old.replaces == one.id]
    if any(in_force(one, now) for one in beside):
        raise AccessError(
            f"Two keys are in force already where {old.id} is one of them. Revoke the other one "
            "first, or wait until it expires."
        )
    ends = now + overlap
    last = ends if old.expires is None else min(old.expires, ends)
    life = None if old.expires is None else old.expires - old.created
    key, shown = new_key(
        old.organisation,
        old.name,
        old.role,
        now,
        now + life if life else None,
        scopes=old.scopes,
        made_by=old.made_by,
        shown_to=shown_to,
    )
    new = dataclasses.replace(key, replaces=old.id)
    return dataclasses.replace(old, expires=last), new, shown


def take_apart(text: str) -> tuple[str, str] | None:
    """Return the id and the secret of a key as it is written; None if it is none."""
    found = _FORM.fullmatch(text.strip())
    return (found[1], found[2]) if found else None


def opens(key: ApiKey | None, secret: str, now: datetime) -> bool:
    """Tell whether a secret is that of a key in force.

    An unknown key is compared with too, so that the time taken does not tell which ids exist.
    """
    right = is_right(secret, key.sha256 if key else NOBODYS)
    return right and key is not None and in_force(key, now)


def in_force(key: ApiKey, now: datetime) -> bool:
    """Tell whether a key is neither revoked nor expired."""
    return key.revoked is None and (key.expires is None or now < key.expires)
