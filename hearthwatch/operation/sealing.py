"""Sealing: anybody with the public half of a key can close, only its secret half opens.

One sealed piece is the magic, a public X25519 key made for it alone, and AES-256-GCM over the
content. The cipher's key comes by HKDF-SHA256 from the secret that both X25519 keys share, with
both public keys as the salt. It serves once, so its nonce is zero. What the piece is called is
authenticated with it: one cannot be put in the place of another, and none can be cut.
"""

from __future__ import annotations

import base64
import hashlib
import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hearthwatch.errors import BackupError

MAGIC = b"HWSEAL1\n"
OVERHEAD = len(MAGIC) + 32 + 16
"""Bytes by which a sealed piece is longer than its content."""

_PREFIX = "hwseal1-"
_INFO = b"hearthwatch sealed 1"
_NONCE = bytes(12)
_RECIPIENT = re.compile(r"hwseal1-[a-z2-7]{58}")


def recipient_of(secret: X25519PrivateKey) -> str:
    """Return the public half of a key as it is written: base32, with four bytes to check it."""
    return _written(secret.public_key().public_bytes_raw())


def checked_recipient(word: str) -> bytes:
    """Return the public half of a key from how it is written.

    Raises
    ------
    BackupError
        It is none, or a letter of it is wrong.
    """
    if _RECIPIENT.fullmatch(word) is not None:
        public = base64.b32decode(word.removeprefix(_PREFIX).upper() + "======")[:32]
        if _written(public) == word:
            return public
    raise BackupError(
        "This is no public key that `hearthwatch recovery key` printed, or a letter of it is wrong."
    )


def _written(public: bytes) -> str:
    checked = public + hashlib.sha256(public).digest()[:4]
    return _PREFIX + base64.b32encode(checked).decode().rstrip("=").lower()


class Sealer:
    """Closes pieces for the holder of one secret key.

    Parameters
    ----------
    recipient : str
        The public half, as `recipient_of` writes it.

    Raises
    ------
    BackupError
        It is none.
    """

    def __init__(self, recipient: str) -> None:
        self._raw = checked_recipient(recipient)
        self._public = X25519PublicKey.from_public_bytes(self._raw)

    def seal(self, content: bytes, name: str) -> bytes:
        """Return a sealed piece that opens under this name only."""
        once = X25519PrivateKey.generate()
        own = once.public_key().public_bytes_raw()
        try:
            shared = once.exchange(self._public)
        except ValueError:
            raise BackupError("The public key cannot be used: it is a point of no use.") from None
        return MAGIC + own + _cipher(shared, own, self._raw).encrypt(_NONCE, content, _data(name))


class Opener:
    """Opens what was sealed for one secret key."""

    def __init__(self, secret: X25519PrivateKey) -> None:
        self._secret = secret
        self._raw = secret.public_key().public_bytes_raw()
        self.recipient = recipient_of(secret)

    def open(self, piece: bytes, name: str) -> bytes:
        """Return the content of a sealed piece.

        Raises
        ------
        BackupError
            It was sealed for another key or under another name, was changed or was cut.
        """
        own = piece[len(MAGIC) : len(MAGIC) + 32]
        if not piece.startswith(MAGIC) or len(piece) < OVERHEAD:
            raise BackupError(f"{name}: is no sealed piece of a form known here, or it was cut.")
        try:
            shared = self._secret.exchange(X25519PublicKey.from_public_bytes(own))
            cipher = _cipher(shared, own, self._raw)
            return cipher.decrypt(_NONCE, piece[len(MAGIC) + 32 :], _data(name))
        except (InvalidTag, ValueError):
            raise BackupError(
                f"{name}: does not open. It was sealed for another key, or was changed or cut."
            ) from None


def _cipher(shared: bytes, once: bytes, recipient: bytes) -> AESGCM:
    derived = HKDF(SHA256(), 32, salt=once + recipient, info=_INFO).derive(shared)
    return AESGCM(derived)


def _data(name: str) -> bytes:
    return MAGIC + name.encode()
