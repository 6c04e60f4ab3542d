"""The part of the store's seam that is about who may ask, and who works."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from hearthwatch.records import ApiKey, Lease, Organisation, Pass, Person, Role, Session


class KeyStanding(NamedTuple):
    """A key, and how those stand without whom it lets nobody in.

    Attributes
    ----------
    is_shut : bool
        Whether its organisation is closed, or who made it is disabled or gone.
    maker : Role or None
        What the person who made it is now; None where the command line did.
    """

    key: ApiKey
    is_shut: bool
    maker: Role | None


class PeopleWrites(Protocol):
    """Writes of a transaction about organisations, people and what lets them in."""

    def put_organisation(self, organisation: Organisation) -> None:
        """Add an organisation or replace it."""
        ...

    def put_person(self, person: Person) -> None:
        """Add a person or replace them.

        Raises
        ------
        StoreError
            Another person of the organisation signs in by that name.
        """
        ...

    def put_session(self, session: Session) -> None:
        """Add a session or replace it; that of another organisation is refused (`StoreError`)."""
        ...

    def put_key(self, key: ApiKey) -> None:
        """Add an API key or replace it (to revoke it, say).

        Raises
        ------
        StoreError
            If its id is that of another organisation's key.
        """
        ...

    def put_pass(self, pass_: Pass) -> None:
        """Add a pass or replace it; that of another organisation is refused (`StoreError`)."""
        ...

    def take_lease(self, wanted: Lease) -> Lease | None:
        """Take a lease or hold it longer; None where another holds it.

        Parameters
        ----------
        wanted : Lease
            By whom, from when (`taken`) and until when. Its turn is passed over.

        Returns
        -------
        Lease or None
            As it stands now: `taken` is when this holder's turn began.
        """
        ...

    def drop_lease(self, name: str, holder: str, turn: int) -> None:
        """Give a lease back before its time; one that is another's by now stays."""
        ...

    def drop_outlived(self, before: datetime) -> int:
        """Remove sessions and passes that have let nobody in since a time; return how many.

        Of all organisations. What was done with them stays in the log.
        """
        ...


class PeopleReads(Protocol):
    """Questions to the store about organisations, people and what lets them in."""

    def organisation(self, organisation: str) -> Organisation | None:
        """Return an organisation; None if there is none."""
        ...

    def all_organisations(self) -> tuple[Organisation, ...]:
        """Return all organisations, by short name."""
        ...

    def person(self, organisation: str, person_id: str) -> Person:
        """Return one person; `NotFound` if there is none."""
        ...

    def person_by_login(self, organisation: str, login: str) -> Person | None:
        """Return who signs in by a name; None if nobody does."""
        ...

    def people(self, organisation: str) -> tuple[Person, ...]:
        """Return all people by login, those disabled included."""
        ...

    def session(self, session_id: str) -> Session | None:
        """Return a session of whatever organisation; None if there is none."""
        ...

    def sessions(self, organisation: str, person_id: str | None = None) -> tuple[Session, ...]:
        """Return all sessions, or those of one person, oldest first, ties by id."""
        ...

    def key(self, key_id: str) -> ApiKey | None:
        """Return a key of whatever organisation; None if there is none."""
        ...

    def key_standing(self, key_id: str) -> KeyStanding | None:
        """Return how a key of whatever organisation stands; None if there is none.

        Asked at every request, so it is one question.
        """
        ...

    def keys(self, organisation: str) -> tuple[ApiKey, ...]:
        """Return all keys, oldest first, those revoked or expired included."""
        ...

    def find_pass(self, pass_id: str) -> Pass | None:
        """Return a pass of whatever organisation; None if there is none."""
        ...

    def passes(self, organisation: str) -> tuple[Pass, ...]:
        """Return all passes, oldest first, those revoked or expired included."""
        ...

    def lease(self, name: str) -> Lease | None:
        """Return a lease as it was last taken; None if it never was, or was given back."""
        ...
