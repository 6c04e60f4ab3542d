"""Secrets that a program makes: shown once, kept as a hash.

Each has 256 bits from the system's generator, so one round of SHA-256 keeps it: there is nothing
to guess, and a slow hash would only slow every request down.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

SECRET_BYTES = 32
NOBODYS = "0" * 64
"""What is compared with where there is no record, so that the time taken does not tell."""


def new_id() -> str:
    """Return a short random name, no secret: 12 hexadecimal digits."""
    return secrets.token_hex(6)


def new_secret() -> str:
    """Return a secret of 43 characters."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> str:
    """Return what is kept of a secret: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_right(secret: str, kept: str) -> bool:
    """Tell whether a secret is the one a hash was kept of, in a time that does not tell."""
    return hmac.compare_digest(hash_of(secret), kept)


def form_token(session: str) -> str:
    """Return the token that goes with the changes of a session.

    It follows from the secret in the cookie, which no script can read, so that every tab can ask
    for it anew, and says nothing of that secret.
    """
    made = hmac.digest(session.encode(), b"hearthwatch form", "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")
