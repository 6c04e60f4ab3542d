"""Passwords: what one has to be, and its hash.

Argon2id with 46 MiB, one pass and one lane: the first of the parameters that OWASP's cheat sheet
on storing passwords gives as equally strong, and the one of them that costs a guesser most memory.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hearthwatch.access.common_passwords import COMMON
from hearthwatch.errors import AccessBusy

SHORTEST = 12
LONGEST = 256
FEWEST_DIFFERENT = 5
FEWEST_OF_ITS_OWN = 8
MEMORY_KIB = 46 * 1024
PASSES = 1
LANES = 1
MOST_WAITING = 16
"""Hashes that may wait for their turn: who comes after them is told to come back."""

_ENDS = "0123456789!\"#$%&'()*+,-./:;<=>?@[]^_{|}~ "


def faults_of(password: str, *names: str) -> list[str]:
    """Return everything that is wrong with a password; empty if it may be used.

    Parameters
    ----------
    *names : str
        Words it may not be made of: what its owner signs in as, and the organisation.
    """
    plain = _plain(password)
    if len(plain) > LONGEST:
        return [f"it is longer than {LONGEST} characters"]
    faults = []
    if len(plain) < SHORTEST:
        faults.append(f"it has fewer than {SHORTEST} characters")
    if len(set(plain)) < FEWEST_DIFFERENT:
        faults.append(f"it has fewer than {FEWEST_DIFFERENT} different characters")
    folded = plain.casefold()
    if {folded, folded.strip(_ENDS)} & {*COMMON, ""}:
        faults.append("it is among those that are tried first")
    rest = folded
    for name in sorted((name for name in (*names, "hearthwatch") if name), key=len, reverse=True):
        rest = rest.replace(name.casefold(), "")
    if rest != folded and len(rest) < FEWEST_OF_ITS_OWN:
        faults.append("it is little more than the name of its owner or of the organisation")
    return faults


class Passwords:
    """Makes and checks hashes of passwords, few at a time.

    A hash takes memory and a processor: so that many sign-ins at once neither use up the one nor
    keep the other from everybody else, few are worked on at a time, some wait, and who comes
    after them is refused.

    Parameters
    ----------
    memory_kib, passes, lanes : int
        Parameters of Argon2id.
    at_once : int
        Hashes worked on at a time. By default one for every two processors.
    waiting : int
        Further ones that may wait.
    """

    def __init__(
        self,
        memory_kib: int = MEMORY_KIB,
        passes: int = PASSES,
        lanes: int = LANES,
        *,
        at_once: int | None = None,
        waiting: int = MOST_WAITING,
    ) -> None:
        self._hasher = PasswordHasher(passes, memory_kib, lanes)
        at_once = at_once or max(1, (os.cpu_count() or 1) // 2)
        self._working = threading.BoundedSemaphore(at_once)
        self._known = threading.BoundedSemaphore(at_once + waiting)

    def hash(self, password: str) -> str:
        """Return the hash of a password, with all that checking it needs.

        Raises
        ------
        AccessBusy
            Too many wait.
        """
        with self._turn():
            return self._hasher.hash(_plain(password))

    def is_right(self, kept: str, password: str) -> bool:
        """Tell whether a password is the one of a hash; no hash at all takes the same time.

        Parameters
        ----------
        kept : str
            The hash; empty where there is none.

        Raises
        ------
        AccessBusy
            Too many wait.
        """
        with self._turn():
            try:
                # What is too long was never anybody's; it is cut so that it costs no more.
                given = _plain(password)[: LONGEST + 1]
                nobodys = self._nobodys
                self._hasher.verify(kept or nobodys, given)
                return bool(kept)
            except (VerificationError, InvalidHashError):
                return False

    def is_old(self, kept: str) -> bool:
        """Tell whether a hash was made with other parameters than those in use."""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _nobodys(self) -> str:
        """Hash of nobody's password: checked where there is nothing to check."""
        return self._hasher.hash(os.urandom(32).hex())

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._known.acquire(blocking=False):
            raise AccessBusy("Too many people sign in at this moment. Try again shortly.")
        try:
            with self._working:
                yield
        finally:
            self._known.release()


def _plain(password: str) -> str:
    """Return a password as it is whatever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", password)
