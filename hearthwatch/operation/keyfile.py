"""The file with the secret half of a recovery key, closed with a passphrase.

JSON: form, public, and of scrypt (RFC 7914) `n`, `r`, `p` and `salt`; the secret is in `sealed`,
by AES-256-GCM with a nonce of zero under the key that scrypt gives, which serves once.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hearthwatch.errors import BackupError
from hearthwatch.operation.sealing import Opener, recipient_of
from tiles.atomic import make_folder, sync_folder

FORM = "hearthwatch recovery key 1"
LEAST_LETTERS = 16
"""Of a passphrase: whoever has the file can try as fast as their machines go."""
COST = {"n": 2**17, "r": 8, "p": 1}
"""128 MiB and about half a second for each try."""

_MOST_COST = {"n": 2**20, "r": 16, "p": 4}


def make_key(path: Path, passphrase: str) -> str:
    """Make a key, write its file and return its public half.

    Raises
    ------
    BackupError
        The passphrase is too short, or there is a file of that name.
    """
    if len(passphrase) < LEAST_LETTERS:
        raise BackupError(
            f"The passphrase has fewer than {LEAST_LETTERS} letters. Six random words are better."
        )
    secret, salt = X25519PrivateKey.generate(), secrets.token_bytes(16)
    public = recipient_of(secret)
    closed = _cipher(passphrase, salt, COST).encrypt(
        bytes(12), secret.private_bytes_raw(), public.encode()
    )
    document = {
        "form": FORM,
        "public": public,
        "kdf": "scrypt",
        **COST,
        "salt": _text(salt),
        "sealed": _text(closed),
    }
    _write_new(path, json.dumps(document, indent=1).encode() + b"\n")
    return public


def open_key(path: Path, passphrase: str) -> Opener:
    """Open a key file.

    Raises
    ------
    BackupError
        It is none, or the passphrase is another.
    """
    document = _read(path)
    try:
        cost = {name: int(document[name]) for name in COST}
        salt, closed = _bytes(document["salt"]), _bytes(document["sealed"])
        public = str(document["public"])
    except (KeyError, TypeError, ValueError):
        raise _no_key(path) from None
    if any(not 0 < cost[name] <= _MOST_COST[name] for name in cost):
        raise _no_key(path)
    try:
        raw = _cipher(passphrase, salt, cost).decrypt(bytes(12), closed, public.encode())
        return Opener(X25519PrivateKey.from_private_bytes(raw))
    except (InvalidTag, ValueError):
        raise BackupError(f"{path}: does not open with this passphrase.") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise _no_key(path) from None
    if not isinstance(found, dict) or found.get("form") != FORM:
        raise _no_key(path)
    return found


def _write_new(path: Path, data: bytes) -> None:
    make_folder(path.absolute().parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise BackupError(f"{path} is there already, and a key is never written over.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    sync_folder(path.absolute().parent)


def _cipher(passphrase: str, salt: bytes, cost: dict[str, int]) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, **cost).derive(passphrase.encode()))


def _no_key(path: Path) -> BackupError:
    return BackupError(f"{path} is no key file that `hearthwatch recovery key` wrote.")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
