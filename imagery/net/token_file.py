"""The account's token as workers see it: a private file in the folder they share."""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagery.errors import ImageryError, Permanent, Transient
from imagery.net.patience import Patience
from imagery.net.shared import explained, file_system_clock, write_private
from imagery.net.types import Deadline

MARGIN_S = 1.0
MARGIN_SHARE = 0.1
"""A token is not used in the last second of its life, or in the last tenth: it has to travel."""
LOOK_S = 0.05
"""Seconds between two looks at the file while a token is waited for."""
GRACE_S = 3.0
"""Seconds in which the coordinating process may come back, if nobody keeps a token."""


@dataclass(frozen=True, slots=True)
class Token:
    """An access token.

    Attributes
    ----------
    expires : float
        Moment of this process's monotonic clock.
    mark : str
        Of the credentials it was fetched with.
    session : str
        Of a person: what fetches the next one without a new session. Workers are not given it.
    """

    value: str = field(repr=False)
    expires: float
    mark: str = ""
    session: str = field(default="", repr=False)

    @property
    def digest(self) -> str:
        """What names the token without giving it away."""
        return digest_of(self.value)

    def is_fresh(self) -> bool:
        """Whether it can be used now."""
        return time.monotonic() < self.expires


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no token."""

    words: str
    lasting: bool

    def error(self) -> ImageryError:
        """Return the error to raise."""
        return Permanent(self.words) if self.lasting else Transient(self.words)


def digest_of(value: str) -> str:
    """Return 16 hexadecimal digits that name a token."""
    return hashlib.sha256(value.encode()).hexdigest()[:16]


class TokenFile:
    """Reads and writes the token of one account.

    Ages are counted by the clock of the file system that holds the folder: neither the server's
    clock nor a difference between two of our machines matters.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "token"
        self._refused = folder / "token.refused"
        self._kept = folder / "token.kept"
        self._session = folder / "token.session"

    def write(self, token: Token) -> None:
        """Share `token`; raises `OSError`."""
        left = token.expires - time.monotonic()
        text = {"token": token.value, "lifetime_s": left, "mark": token.mark}
        write_private(self._path, json.dumps(text))
        if token.session:
            session = {"session": token.session, "mark": token.mark}
            write_private(self._session, json.dumps(session))

    def session(self, mark: str) -> str:
        """Return the session that the last keeper with these credentials left; may be empty."""
        found = _read_private(self._session)
        with suppress(ValueError, RecursionError, TypeError, AttributeError):
            said = json.loads(found[0]) if found else {}
            if said.get("mark") == mark:
                return str(said.get("session", ""))
        return ""

    def end_session(self) -> None:
        """Forget the session; raises `OSError`."""
        self._session.unlink(missing_ok=True)

    def write_trouble(self, trouble: Trouble) -> None:
        """Tell workers why there is none; raises `OSError`."""
        write_private(
            self._path, json.dumps({"trouble": trouble.words, "lasting": trouble.lasting})
        )

    def read(self) -> Token | Trouble | None:
        """Return what the file says; None if nothing that can be trusted."""
        found = _read_private(self._path)
        if found is not None:
            with suppress(OSError, ValueError, RecursionError, TypeError):
                return self._understood(json.loads(found[0]), found[1])
        return None

    def clear(self) -> None:
        """Forget what was shared; raises `OSError`."""
        self._path.unlink(missing_ok=True)

    def refuse(self, token: Token) -> None:
        """Tell the keeper that the service does not take `token` any more."""
        with explained(self._path.parent):
            write_private(self._refused, token.digest)

    def refused(self) -> str:
        """Return the digest of the token that was refused last."""
        try:
            return self._refused.read_text().strip()
        except (OSError, ValueError):
            return ""

    def keep(self) -> int | None:
        """Become the one keeper; return the handle to close at the end, or None; OSError."""
        self._kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._kept, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return None
        return handle

    def is_kept(self) -> bool:
        """Say whether a process keeps the token just now."""
        try:
            handle = os.open(self._kept, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def _understood(self, said: dict[str, Any], written: float) -> Token | Trouble | None:
        if "trouble" in said:
            return Trouble(str(said["trouble"]), bool(said["lasting"]))
        life = float(said.get("lifetime_s", math.nan))
        left = life - max(0.0, self._now() - written) - min(MARGIN_S, MARGIN_SHARE * life)
        if not math.isfinite(left) or not isinstance(said.get("token"), str):
            return None
        return Token(said["token"], time.monotonic() + left, str(said.get("mark", "")))

    def _now(self) -> float:
        # The refusal's file is as good to touch as any, but a mark of its own disturbs nobody.
        handle = os.open(
            self._path.with_name("token.clock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            return file_system_clock(handle)
        finally:
            os.close(handle)


def _read_private(path: Path) -> tuple[bytes, float] | None:
    """Return what a file holds and when it was written; None if others could have written it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            # Anybody's token would be anybody's account, and their log of what we look at.
            if status.st_mode & 0o077 or status.st_uid != os.geteuid():
                return None
            return file.read(65536), status.st_mtime_ns / 1e9
    except OSError:
        return None


class SharedToken:
    """The account's token for a worker, which never sees the secret."""

    def __init__(self, folder: Path, account: str, patience: Patience) -> None:
        self._file = TokenFile(folder)
        self._account = account
        self._patience = patience

    def get(self, deadline: Deadline) -> Token:
        """Return a token that is not known to be refused; wait for one if need be.

        Raises
        ------
        Permanent
            If the service refuses the account's credentials.
        Transient
            If none comes before the deadline, or nobody fetches one.
        """
        since = time.monotonic()
        while True:
            said = self._file.read()
            if isinstance(said, Token) and said.is_fresh() and said.digest != self._file.refused():
                return said
            kept = self._file.is_kept()
            if kept and isinstance(said, Trouble) and said.lasting:
                raise said.error()
            if not kept and time.monotonic() - since > GRACE_S:
                raise Transient(self._nobody())
            if deadline.left() <= LOOK_S:
                raise Transient(self._none(said) if kept else self._nobody())
            self._patience.sleep(LOOK_S)

    def refuse(self, token: Token) -> None:
        """Have `token` replaced, for all."""
        self._file.refuse(token)

    def _nobody(self) -> str:
        return (
            f"nobody keeps a token for the account {self._account}: "
            "the process that coordinates the work must have it open"
        )

    def _none(self, said: object) -> str:
        why = f": {said.words}" if isinstance(said, Trouble) else ""
        return f"no token for the account {self._account} came in time{why}"
