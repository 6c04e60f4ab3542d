"""An account's secret: read from a private file, shown to nobody, never sent to a worker."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from imagery.errors import Permanent

_MOST_BYTES = 65536
_CLIENT = ("client_id", "client_secret")
_PERSON = ("username", "password")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What opens an account: of an OAuth2 client, or of a person.

    Attributes
    ----------
    name, secret : str
        Id and secret of the client, or name and password of the person.
    path : Path or None
        Where they were read; read again when that file changes.
    """

    name: str = field(repr=False)
    secret: str = field(repr=False)
    path: Path | None = None
    is_person: bool = False

    @classmethod
    def read(cls, path: str | Path) -> Credentials:
        """Read ``client_id`` and ``client_secret``, or a person's ``username`` and ``password``.

        The file is JSON or TOML.

        Raises
        ------
        Permanent
            If the file is not there, others can read it, or it does not hold one such pair.
        """
        path = Path(path)
        values = _parsed(path, _private_text(path))
        is_person = not values.keys().isdisjoint(_PERSON)
        if is_person and not values.keys().isdisjoint(_CLIENT):
            raise Permanent(f"{path} holds a client's and a person's credentials; make two files")
        name, secret = (_held(path, values, key) for key in (_PERSON if is_person else _CLIENT))
        return cls(name, secret, path, is_person)

    def mark(self) -> str:
        """Return what tells these credentials from others and gives nothing of them away.

        scrypt (RFC 7914): slow on purpose, so that the mark does not help to guess the secret.
        """
        kind = b"hearthwatch person " if self.is_person else b"hearthwatch "
        secret, salt = self.secret.encode(), kind + self.name.encode()
        return hashlib.scrypt(secret, salt=salt, n=2**14, r=8, p=1, dklen=16).hex()

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials hold a secret and are neither pickled nor copied")


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that is one word, and stands in addresses; neither shown, pickled nor copied."""

    value: str = field(repr=False)

    @classmethod
    def read(cls, path: str | Path, name: str) -> Key:
        """Read the key that a private file, JSON or TOML, holds under a name.

        Raises
        ------
        Permanent
            If the file is not there, others can read it, or it holds no such key.
        """
        path = Path(path)
        value = _held(path, _parsed(path, _private_text(path)), name)
        if not re.fullmatch(r"[A-Za-z0-9_-]+", value):
            raise Permanent(f"the {name} in {path} holds characters that none may have")
        return cls(value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is a secret and is neither pickled nor copied")


def _held(path: Path, values: dict[str, Any], key: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Permanent(f"{path} does not hold a {key}")
    return value.strip()


def _private_text(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise Permanent(f"the credentials {path} cannot be read: {error.strerror}") from error
    with os.fdopen(handle, "rb") as file:
        if os.fstat(handle).st_mode & 0o077:
            raise Permanent(f"others can read the credentials {path}; do: chmod 600 {path}")
        try:
            return file.read(_MOST_BYTES)
        except OSError as error:
            raise Permanent(f"the credentials {path} cannot be read: {error.strerror}") from error


def _parsed(path: Path, text: bytes) -> dict[str, Any]:
    kind = "TOML" if path.suffix == ".toml" else "JSON"
    parse: Callable[[str], Any] = tomllib.loads if kind == "TOML" else json.loads
    values: Any = None
    with suppress(ValueError, RecursionError):
        values = parse(text.decode())
    # Outside the handler: the parser's error carries the whole text along.
    if not isinstance(values, dict):
        raise Permanent(f"the credentials {path} are not a {kind} object")
    return values
