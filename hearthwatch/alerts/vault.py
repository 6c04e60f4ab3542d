"""What must not stand in the database in clear: addresses, and what messages are signed with.

One key of the service, in a file of its own, seals addresses and makes every other secret anew
whenever it is needed. Whoever has the database or a backup of it alone has none of them.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hearthwatch.errors import AlertError
from hearthwatch.records import Receiver

KEY_BYTES = 32
NONCE_BYTES = 12
OVERLAP = timedelta(days=1)
"""For so long after a secret was replaced messages are signed with both."""
_VERSION = "1."


class Vault:
    """Seals and opens addresses, and makes the secrets of receivers.

    Parameters
    ----------
    key : bytes
        32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise AlertError(f"The key of alerts has {len(key)} bytes; it must have {KEY_BYTES}.")
        self._key = key
        self._cipher = AESGCM(self._derived("seal"))

    def __repr__(self) -> str:
        return "Vault(...)"

    def seal(self, organisation: str, receiver: str, address: str) -> str:
        """Return an address as it is stored; only for this receiver can it be opened."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, address.encode(), _bound(organisation, receiver))
        return _VERSION + base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, receiver: Receiver) -> str:
        """Return the address of a receiver.

        Raises
        ------
        AlertError
            It was sealed with another key, or for another receiver.
        """
        try:
            data = base64.urlsafe_b64decode(receiver.address.removeprefix(_VERSION))
            opened = self._cipher.decrypt(
                data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(receiver.organisation, receiver.id)
            )
        except (InvalidTag, ValueError) as error:
            raise AlertError(
                f"The address of receiver {receiver.id} cannot be opened with this key of alerts. "
                "Put the key back that was in use, or give the address anew."
            ) from error
        return opened.decode()

    def signing(self, receiver: Receiver, now: datetime) -> Sequence[str]:
        """Return what messages are signed with, the newest first, as Standard Webhooks write it."""
        turns = [receiver.turn]
        if receiver.rotated is not None and now < receiver.rotated + OVERLAP and receiver.turn > 1:
            turns.append(receiver.turn - 1)
        return [self._secret(receiver, turn) for turn in turns]

    def token(self, purpose: str, receiver: Receiver) -> str:
        """Return what opens one thing of one receiver; another turn of its secrets ends it."""
        name = f"{purpose}|{receiver.organisation}|{receiver.id}|{receiver.turn}"
        return base64.urlsafe_b64encode(self._derived(name)).decode().rstrip("=")

    def is_token(self, purpose: str, receiver: Receiver, shown: str) -> bool:
        """Tell whether a token is the right one, in a time that does not tell."""
        return hmac.compare_digest(self.token(purpose, receiver).encode(), shown.encode())

    def _secret(self, receiver: Receiver, turn: int) -> str:
        made = self._derived(f"sign|{receiver.organisation}|{receiver.id}|{turn}")
        return "whsec_" + base64.b64encode(made).decode()

    def _derived(self, name: str) -> bytes:
        return hmac.digest(self._key, f"hearthwatch alerts {name}".encode(), "sha256")


def open_vault(path: Path, *, make: bool = True) -> Vault:
    """Return the vault whose key is in a file; make one where there is none yet.

    Raises
    ------
    AlertError
        The file cannot be read or holds no key, or there is none and none is to be made.
    """
    try:
        return Vault(bytes.fromhex(path.read_text().strip()))
    except FileNotFoundError:
        if not make:
            raise AlertError(f"There is no key of alerts at {path}. Put it back.") from None
    except (OSError, ValueError) as error:
        raise AlertError(f"The key of alerts at {path} cannot be read. Put it back.") from error
    return Vault(_made(path))


def _made(path: Path) -> bytes:
    """Make the key; of several processes that begin at once, the first one's holds."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_bytes(KEY_BYTES)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return bytes.fromhex(path.read_text().strip())
    finally:
        draft.unlink()
    return key


def _bound(organisation: str, receiver: str) -> bytes:
    return f"{organisation}|{receiver}".encode()
