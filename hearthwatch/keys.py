"""API keys: made, shown once, kept as a hash.

A key is ``hw_<id>_<secret>``. The id is no secret: it names the key in lists and logs. The secret
has 256 bits from the system's generator, so one round of SHA-256 keeps it: there is nothing to
guess, and a slow hash would only slow every request down.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime

from hearthwatch.records import ApiKey, Role

SECRET_BYTES = 32

_FORM = re.compile(r"hw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NOBODY = "0" * 64


def new_key(
    organisation: str, name: str, role: Role, now: datetime, expires: datetime | None = None
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

    Returns
    -------
    ApiKey
        To be stored; the secret cannot be got back from it.
    str
        The key itself, to be shown once.
    """
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(SECRET_BYTES)
    key = ApiKey(
        id=key_id,
        organisation=organisation,
        name=name,
        role=role,
        sha256=_hash(secret),
        created=now,
        expires=expires,
    )
    return key, f"hw_{key_id}_{secret}"


def take_apart(text: str) -> tuple[str, str] | None:
    """Return the id and the secret of a key as it is written; None if it is none."""
    found = _FORM.fullmatch(text.strip())
    return (found[1], found[2]) if found else None


def opens(key: ApiKey | None, secret: str, now: datetime) -> bool:
    """Tell whether a secret is that of a key in force.

    An unknown key is compared with too, so that the time taken does not tell which ids exist.
    """
    right = hmac.compare_digest(_hash(secret), key.sha256 if key else _NOBODY)
    if key is None or key.revoked is not None:
        return False
    return right and (key.expires is None or now < key.expires)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
