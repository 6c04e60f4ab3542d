"""The folder a backup goes to: sealed pieces named after their content, and a list for each backup.

::

    hearthwatch-backup.json      form and recipient, in clear
    pieces/ab/abcdef…            one sealed piece of at most 8 MiB of content
    backups/20261122T120000123456Z-…   one sealed list: what was backed up then, and in which pieces

A piece is named by HMAC-SHA256 of its content under a key that stays in the data folder, so what
is there already is not written again, and names tell a stranger nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hearthwatch.errors import BackupError
from hearthwatch.operation.sealing import OVERHEAD, Opener, Sealer
from tiles.atomic import make_folder, sweep, sync_folder, write_atomically

FORM = "hearthwatch backup 1"
PIECE_BYTES = 8 * 1024 * 1024
HEAD = "hearthwatch-backup.json"

_PIECE = re.compile(r"[0-9a-f]{64}")
_BACKUP = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{8}")


class Vault:
    """A folder of backups.

    Parameters
    ----------
    root : Path
        With its head in it; `make` makes one.

    Raises
    ------
    BackupError
        It is no such folder, or of a form not known here.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        head = _read_head(root / HEAD)
        self.recipient = head["recipient"]

    @classmethod
    def make(cls, root: Path, recipient: str) -> Vault:
        """Open a folder of backups for one recipient; make it where there is nothing yet.

        Raises
        ------
        BackupError
            There is something else in it, or backups for another recipient.
        """
        Sealer(recipient)
        if not (root / HEAD).exists():
            # One that was killed while it wrote the head left nothing else.
            sweep(root)
            if root.exists() and any(root.iterdir()):
                raise BackupError(f"{root} holds something else. Name an empty folder.")
            document = {"form": FORM, "recipient": recipient}
            write_atomically(root / HEAD, json.dumps(document).encode() + b"\n")
        vault = cls(root)
        if vault.recipient != recipient:
            raise BackupError(
                f"{root} holds backups for another public key, and pieces are shared between "
                "backups. Name another folder for this key."
            )
        return vault

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other backups out for a block, and clear away what a killed one left unfinished.

        Raises
        ------
        BackupError
            Another one is being made.
        """
        with (self.root / HEAD).open("rb") as head:
            try:
                fcntl.flock(head, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupError(f"Another backup to {self.root} is being made.") from None
            for folder in (self.root, self.root / "backups", *_folders(self.root / "pieces")):
                sweep(folder)
            yield

    def backups(self) -> tuple[str, ...]:
        """Return the names of the backups that are whole, oldest first."""
        folder = self.root / "backups"
        names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        return tuple(sorted(name for name in names if _BACKUP.fullmatch(name)))

    def read_list(self, opener: Opener, name: str) -> dict[str, Any]:
        """Return the list of one backup.

        Raises
        ------
        BackupError
            There is none of that name, or it does not open.
        """
        if not _BACKUP.fullmatch(name):
            raise BackupError(f"{name!r} is not the name of a backup.")
        content = opener.open(self._read(f"backups/{name}"), f"backups/{name}")
        found: dict[str, Any] = json.loads(content)
        return found

    def read_piece(self, opener: Opener, name: str) -> bytes:
        """Return the content of one piece.

        Raises
        ------
        BackupError
            It is missing or does not open.
        """
        if not _PIECE.fullmatch(name):
            raise BackupError("A list names a piece by no name of a piece.")
        return opener.open(self._read(_piece(name)), _piece(name))

    def _read(self, path: str) -> bytes:
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            raise BackupError(f"{self.root / path} is missing.") from None


class Filling:
    """Puts pieces into a vault, and at last the list that makes them a backup.

    Parameters
    ----------
    naming : bytes
        The key of the names.
    anew : bool
        Write what is there already once more, so that all of it can be read back and compared.
    """

    def __init__(self, vault: Vault, naming: bytes, *, anew: bool = False) -> None:
        self._anew = anew
        self.sealed: dict[str, bytes] = {}
        """SHA-256 of what was written, by path."""
        self._vault = vault
        self._sealer = Sealer(vault.recipient)
        self._naming = naming
        self._touched: set[Path] = set()
        self.written = 0
        """Bytes that were not there before."""

    def put(self, content: bytes) -> str:
        """Put a piece in unless it is there; return its name."""
        digest = hashlib.sha256(content).digest()
        name = hmac.digest(self._naming, digest, "sha256").hex()
        path = self._vault.root / _piece(name)
        known = _piece(name) in self.sealed if self._anew else _is_whole(path, len(content))
        if not known:
            sealed = self._sealer.seal(content, _piece(name))
            self.sealed[_piece(name)] = hashlib.sha256(sealed).digest()
            # Its name is made durable before the list is written: see `finish`.
            write_atomically(path, sealed, mode=0o600, durable=False)
            self._touched.add(path.parent)
            self.written += len(sealed)
        return name

    def finish(self, name: str, document: dict[str, Any]) -> None:
        """Write the list; only now there is a backup of that name."""
        for folder in sorted(self._touched):
            sync_folder(folder)
        make_folder(self._vault.root / "backups")
        path = f"backups/{name}"
        sealed = self._sealer.seal(json.dumps(document).encode(), path)
        self.sealed[path] = hashlib.sha256(sealed).digest()
        write_atomically(self._vault.root / path, sealed, mode=0o600)
        self.written += len(sealed)


def read_back(vault: Vault, sealed: dict[str, bytes]) -> None:
    """Compare what is in a vault with what was sealed, from the disk as far as that can be had.

    Parameters
    ----------
    sealed : dict
        SHA-256 of every sealed file by its path in the vault.

    Raises
    ------
    BackupError
        Names the first one that is another or gone.
    """
    for name, digest in sealed.items():
        found = hashlib.sha256()
        try:
            with (vault.root / name).open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                while block := file.read(1024 * 1024):
                    found.update(block)
        except OSError as error:
            raise BackupError(f"{name} cannot be read back: {error.strerror}.") from None
        if found.digest() != digest:
            raise BackupError(f"{name} reads back otherwise than it was written: another disk.")


def _is_whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size + OVERHEAD
    except FileNotFoundError:
        return False


def _piece(name: str) -> str:
    return f"pieces/{name[:2]}/{name}"


def _folders(root: Path) -> list[Path]:
    return [entry for entry in root.iterdir() if entry.is_dir()] if root.is_dir() else []


def _read_head(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_bytes())
        if found["form"] == FORM and isinstance(found["recipient"], str):
            return {"recipient": found["recipient"]}
    except FileNotFoundError:
        raise BackupError(f"{path.parent} is no folder of backups.") from None
    except (ValueError, KeyError, TypeError):
        pass
    raise BackupError(f"{path} is of a form that this version does not know.")
