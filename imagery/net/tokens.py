"""One token for all who use an account, kept fresh by the process that coordinates the work."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from imagery.errors import ImageryError, Permanent
from imagery.net.address import Address, allowed
from imagery.net.credentials import Credentials
from imagery.net.oauth import Busy, fetch_token
from imagery.net.patience import Patience
from imagery.net.shared import explained, folder_of
from imagery.net.token_file import SharedToken, Token, TokenFile, Trouble
from imagery.net.types import Account, Deadline
from imagery.net.wire import Wire

__all__ = ["Credentials", "TokenKeeper", "token_kept", "try_credentials"]

MOST_EARLY_S = 60.0
EARLY_SHARE = 0.2
"""A token is renewed so long before it expires, whichever of the two is less."""
FETCH_S = 20.0
"""Seconds for one fetch; workers wait no longer than their own deadlines meanwhile."""
LEAST_S = 1.0
"""Between two fetches, however short the life of a token is."""
REFUSED_AGAIN_S = 60.0
"""A token that was fetched in place of a refused one, and is refused so soon, is no use to renew:
accounts are locked when they open many sessions."""
SESSION_TRIES = 3
"""A person's session that fails so often in a row is left for a new one."""
LASTING_S = 600.0
"""Between two tries with credentials that were refused, unless their file changes."""

_log = logging.getLogger(__name__)


class TokenKeeper:
    """While open, fetches the account's token, renews it in time and shares it with workers.

    Of several that are open for one account, anywhere, one fetches; the next takes its place when
    it is gone. A file of credentials that changes is read again. A person's session is gone on
    with as long as it lives, also by the next keeper: an account may have only so many of them.

    Parameters
    ----------
    account : Account
        With a `token_url` at one of its `origins`.
    credentials : Credentials
        Stay in this process.
    poll_s : float
        Seconds between two looks at what workers have to say.
    """

    def __init__(
        self,
        account: Account,
        credentials: Credentials,
        *,
        patience: Patience | None = None,
        poll_s: float = 0.2,
    ) -> None:
        self._account = account
        self._credentials = credentials
        self._mark = credentials.mark()
        self._read_at = _changed(credentials.path)
        self._patience = patience or Patience()
        self._poll_s = poll_s
        self._file = TokenFile(folder_of(account))
        self._wire = Wire(account, self._patience)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._held: Token | None = None
        self._next = 0.0
        self._failures = 0
        self._refused_at = -REFUSED_AGAIN_S

    def __enter__(self) -> Self:
        address = self._address()
        with explained(folder_of(self._account)):
            lock = self._begin()
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._run, args=(address, lock), daemon=True, name=f"token {self._account.name}"
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            # A fetch that hangs ends by itself; the process need not wait for it.
            self._thread.join(2.0)
        self._wire.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token keeper holds a secret and is not sent to workers")

    def _address(self) -> Address:
        if self._account.token_url is None:
            raise Permanent(f"the account {self._account.name} has no address for tokens")
        return allowed(self._account.token_url, self._account.origins)

    def _run(self, address: Address, lock: int | None) -> None:
        try:
            while True:
                try:
                    lock = self._begin() if lock is None else lock
                    if lock is not None:
                        self._tend(address)
                except Exception as error:
                    # Nobody else would notice that this thread is gone. Only the kind is said:
                    # what the error quotes is not known here.
                    _log.error("the token cannot be kept: %s", type(error).__name__)
                    self._later(self._patience.back_off(self._failures + 1))
                if self._stop.wait(self._poll_s):
                    return
        finally:
            if lock is not None:
                os.close(lock)

    def _begin(self) -> int | None:
        """Become the keeper if there is none, and go on with the token that the last one left."""
        lock = self._file.keep()
        if lock is None:
            return None
        self._held, self._next = None, 0.0
        said = self._file.read()
        if isinstance(said, Token) and said.is_fresh() and said.mark == self._mark:
            self._hold(said)
        else:
            self._file.clear()
        return lock

    def _tend(self, address: Address) -> None:
        """Fetch a token if it is time to."""
        if self._rotated():
            self._fetch(address)
        elif self._held is not None and self._file.refused() == self._held.digest:
            self._replace_refused(address)
        elif time.monotonic() >= self._next:
            self._fetch(address)

    def _replace_refused(self, address: Address) -> None:
        now = time.monotonic()
        self._held = None
        if now - self._refused_at < REFUSED_AGAIN_S:
            words = f"the service refuses the tokens that it gives the account {self._account.name}"
            self._tell(Permanent(words))
            self._later(REFUSED_AGAIN_S)
            return
        self._refused_at = now
        # Its session may be what is refused.
        self._file.end_session()
        self._fetch(address)

    def _rotated(self) -> bool:
        """Read the credentials again if their file changed."""
        path = self._credentials.path
        changed = _changed(path)
        if path is None or changed is None or changed == self._read_at:
            return False
        self._read_at = changed
        try:
            self._credentials = Credentials.read(path)
        except Permanent as error:
            _log.error("the changed credentials are left aside: %s", error)
            return False
        before, self._mark = self._mark, self._credentials.mark()
        return self._mark != before

    def _fetch(self, address: Address) -> None:
        deadline = Deadline.after(FETCH_S)
        try:
            token = self._asked(address, deadline)
        except ImageryError as error:
            self._failed(error)
            return
        token = replace(token, mark=self._mark)
        self._file.write(token)
        self._hold(token)

    def _asked(self, address: Address, deadline: Deadline) -> Token:
        """Ask for a token; of a person by the session there is, and by a new one once it is over.

        When it is over the server knows best; one that brings nothing is given up too.
        """
        who = self._wire, self._account, address, self._credentials, deadline
        session = self._file.session(self._mark) if self._credentials.is_person else ""
        if session and self._failures < SESSION_TRIES:
            with suppress(Permanent):
                return fetch_token(*who, session)
            self._file.end_session()
        return fetch_token(*who)

    def _hold(self, token: Token) -> None:
        left = token.expires - time.monotonic()
        self._held, self._failures = token, 0
        self._later(renewal_in(left))

    def _failed(self, error: ImageryError) -> None:
        self._failures += 1
        if isinstance(error, Permanent):
            # Workers are told when the old token ends, if that is sooner.
            left = self._held.expires - time.monotonic() if self._held else LASTING_S
            self._later(min(LASTING_S, max(LEAST_S, left)))
        else:
            asked = error.seconds if isinstance(error, Busy) else 0.0
            self._later(max(asked, self._patience.back_off(self._failures)))
        _log.log(logging.ERROR if isinstance(error, Permanent) else logging.WARNING, "%s", error)
        if self._held is None or not self._held.is_fresh():
            self._held = None
            self._tell(error)

    def _tell(self, error: ImageryError) -> None:
        with suppress(OSError):
            self._file.write_trouble(Trouble(str(error), isinstance(error, Permanent)))

    def _later(self, seconds: float) -> None:
        self._next = time.monotonic() + seconds


@contextmanager
def token_kept(account: Account, credentials: Path) -> Iterator[None]:
    """Keep the account's token fresh while open.

    Parameters
    ----------
    credentials : Path
        File that only its owner can read.

    Raises
    ------
    Permanent
        If it cannot be used.
    """
    with TokenKeeper(account, Credentials.read(credentials)):
        yield


def try_credentials(account: Account, credentials: Path, deadline: Deadline) -> None:
    """See that there is a token, or fetch one; nothing is asked with it.

    Raises
    ------
    ImageryError
        If there is none before the deadline, and why.
    """
    with token_kept(account, credentials):
        SharedToken(folder_of(account), account.name, Patience()).get(deadline)


def renewal_in(left: float) -> float:
    """Return the seconds until a token that lives `left` seconds more is renewed."""
    return max(LEAST_S, left - min(MOST_EARLY_S, EARLY_SHARE * left))


def _changed(path: Path | None) -> tuple[int, int, int] | None:
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
