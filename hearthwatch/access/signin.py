"""Signing in with a password, and what ends that."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hearthwatch.access.backoff import Addresses, wait_after
from hearthwatch.access.names import take_login
from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import require_usable, set_password
from hearthwatch.access.secrets import form_token, hash_of, new_secret
from hearthwatch.access.standing import is_closed
from hearthwatch.errors import AccessError
from hearthwatch.records import Person, Session
from hearthwatch.store.protocol import Store


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who signed in just now.

    Attributes
    ----------
    token : str
        The session's secret, for the cookie.
    form : str
        What changes have to come with.
    """

    person: Person
    session: Session
    token: str
    form: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """Lets people in by their passwords.

    Whatever is wrong, it takes about the same work and says the same: that there is no such
    organisation or person, that they are disabled, that they wait, that the password is wrong.

    Parameters
    ----------
    lifetime : timedelta
        How long a session may last at most.
    clock : callable
        Returns the time, aware UTC.
    """

    store: Store
    passwords: Passwords
    addresses: Addresses
    lifetime: timedelta
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def sign_in(self, login: str, password: str, address: str) -> SignedIn | None:
        """Let somebody in; None if not, whatever the reason.

        Parameters
        ----------
        login : str
            ``login@organisation``.
        address : str
            Where from.

        Raises
        ------
        AccessBusy
            Too many passwords are being checked at this moment.
        """
        if not self.addresses.count(address, self.clock()):
            return None
        person = self._counted(login)
        # Without a person to be tried a hash is checked too: its time is the longest part.
        right = self.passwords.is_right(person.password if person else "", password)
        if person is None or not right:
            return None
        self.addresses.take_back(address)
        return self._let_in(person, password)

    def change_password(self, person: Person, old: str, new: str) -> SignedIn:
        """Give somebody another password; all their sessions end, and one begins.

        Raises
        ------
        AccessError
            The old password is wrong or waits, or the new one cannot be used.
        """
        require_usable(new, person)
        counted = self._counted(f"{person.login}@{person.organisation}")
        if not self.passwords.is_right(counted.password if counted else "", old) or not counted:
            raise AccessError(
                "The present password is wrong, or was wrong so often that you have to wait."
            )
        kept = self.passwords.hash(new)
        with self.store.transaction() as transaction:
            now = self.store.person(person.organisation, person.id)
            if now.password != counted.password or now.disabled is not None:
                raise AccessError("The password was changed meanwhile. Sign in again.")
            # The same once more is still known to whoever set it.
            set_by = now.set_by if new == old else ""
            changed = set_password(self.store, transaction, now, kept, self.clock(), set_by=set_by)
            made, token = self._session(changed)
            transaction.put_session(made)
        return SignedIn(changed, made, token, form_token(token))

    def _counted(self, login: str) -> Person | None:
        """Count a try as a wrong one before it is made, so that many at once are no way round.

        Returns
        -------
        Person or None
            Whose password may be tried now.
        """
        name, organisation = take_login(login)
        if self._open_to_tries(organisation, name) is None:
            return None
        with self.store.transaction() as transaction:
            # Read again within the turn: others may have tried meanwhile.
            person = self._open_to_tries(organisation, name)
            if person is None:
                return None
            failures = person.failures + 1
            wait = wait_after(failures)
            until = self.clock() + wait if wait else None
            counted = dataclasses.replace(person, failures=failures, waits_until=until)
            transaction.put_person(counted)
        return counted

    def _open_to_tries(self, organisation: str, name: str) -> Person | None:
        person = self.store.person_by_login(organisation, name)
        if person is None or person.disabled is not None or not person.password:
            return None
        waits = person.waits_until is not None and self.clock() < person.waits_until
        return None if waits or is_closed(self.store, organisation) else person

    def _let_in(self, person: Person, password: str) -> SignedIn | None:
        """Begin a session, unless the person was shut out or got another password meanwhile."""
        kept = person.password
        if self.passwords.is_old(kept):
            kept = self.passwords.hash(password)
        with self.store.transaction() as transaction:
            now = self.store.person(person.organisation, person.id)
            shut = now.disabled is not None or is_closed(self.store, now.organisation)
            if shut or now.password != person.password:
                return None
            known = dataclasses.replace(now, password=kept, failures=0, waits_until=None)
            made, token = self._session(known)
            transaction.put_person(known)
            transaction.put_session(made)
        return SignedIn(known, made, token, form_token(token))

    def _session(self, person: Person) -> tuple[Session, str]:
        token, now = new_secret(), self.clock()
        return Session(
            id=hash_of(token),
            organisation=person.organisation,
            person=person.id,
            form_sha256=hash_of(form_token(token)),
            created=now,
            seen=now,
            expires=now + self.lifetime,
        ), token
