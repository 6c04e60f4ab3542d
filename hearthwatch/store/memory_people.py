"""What the store in memory keeps of who may ask."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from hearthwatch.records import ApiKey, Lease, Organisation, Pass, Person, Session
from hearthwatch.store import rules
from hearthwatch.store.codec import from_row, microseconds, to_row
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter, key_of
from hearthwatch.store.protocol_people import KeyStanding


class MemoryPeopleWrites(MemoryWriter):
    """Writes about organisations, people and what lets them in."""

    def put_organisation(self, organisation: Organisation) -> None:
        """Add an organisation or replace it."""
        with self._turn.step():
            self._replace(Organisation, to_row(organisation))

    def put_person(self, person: Person) -> None:
        """Add a person or replace them."""
        with self._turn.step():
            for other in self._draft.all(Person, person.organisation):
                if other.login == person.login and other.id != person.id:
                    raise rules.login_taken(person.login)
            self._replace(Person, to_row(person))

    def put_session(self, session: Session) -> None:
        """Add a session or replace it."""
        self._put_owned("session", session)

    def put_key(self, key: ApiKey) -> None:
        """Add an API key or replace it."""
        self._put_owned(f"key {key.id}", key)

    def put_pass(self, pass_: Pass) -> None:
        """Add a pass or replace it."""
        self._put_owned("pass", pass_)

    def take_lease(self, wanted: Lease) -> Lease | None:
        """Take a lease or hold it longer; None where another holds it."""
        with self._turn.step():
            rows = self._draft.by_record[Lease].get((wanted.name,))
            taken = rules.next_turn(from_row(Lease, rows[-1]) if rows else None, wanted)
            if taken is not None:
                self._replace(Lease, to_row(taken))
            return taken

    def drop_lease(self, name: str, holder: str, turn: int) -> None:
        """Give a lease back before its time; one that is another's by now stays."""
        with self._turn.step():
            rows = self._draft.by_record[Lease].get((name,))
            if rows and (rows[-1]["holder"], rows[-1]["turn"]) == (holder, turn):
                del self._draft.by_record[Lease][(name,)]

    def drop_outlived(self, before: datetime) -> int:
        """Remove sessions and passes that have let nobody in since a time; return how many."""
        moment, count = microseconds(before), 0
        with self._turn.step():
            for record, ended in ((Session, "ended"), (Pass, "revoked")):
                table = self._draft.by_record[record]
                for key, (*_, row) in list(table.items()):
                    if row["expires"] < moment or (row[ended] or moment) < moment:
                        del table[key]
                        count += 1
        return count

    def _put_owned(self, what: str, record: Session | ApiKey | Pass) -> None:
        with self._turn.step():
            row = to_row(record)
            stored = self._draft.by_record[type(record)].get(key_of(type(record), row))
            owner = stored[-1]["organisation"] if stored else None
            rules.check_owner(what, record.organisation, owner)
            self._replace(type(record), row)


class MemoryPeopleReads(MemoryReader):
    """Questions about organisations, people and what lets them in."""

    def organisation(self, organisation: str) -> Organisation | None:
        """Return an organisation; None if there is none."""
        return self._open().newest(Organisation, (organisation,))

    def all_organisations(self) -> tuple[Organisation, ...]:
        """Return all organisations, by short name."""
        return tuple(sorted(self._open().all(Organisation), key=attrgetter("organisation")))

    def person(self, organisation: str, person_id: str) -> Person:
        """Return one person; `NotFound` if there is none."""
        found = self._open().newest(Person, (organisation, person_id))
        if found is None:
            raise rules.not_there("person", person_id)
        return found

    def person_by_login(self, organisation: str, login: str) -> Person | None:
        """Return who signs in by a name; None if nobody does."""
        every = self._open().all(Person, organisation)
        return next((one for one in every if one.login == login), None)

    def people(self, organisation: str) -> tuple[Person, ...]:
        """Return all people by login, those disabled included."""
        return tuple(sorted(self._open().all(Person, organisation), key=attrgetter("login")))

    def session(self, session_id: str) -> Session | None:
        """Return a session of whatever organisation; None if there is none."""
        return self._open().newest(Session, (session_id,))

    def sessions(self, organisation: str, person_id: str | None = None) -> tuple[Session, ...]:
        """Return all sessions, or those of one person, oldest first, ties by id."""
        every = self._open().all(Session, organisation)
        mine = (one for one in every if person_id in (None, one.person))
        return tuple(sorted(mine, key=attrgetter("created", "id")))

    def key(self, key_id: str) -> ApiKey | None:
        """Return a key of whatever organisation; None if there is none."""
        return self._open().newest(ApiKey, (key_id,))

    def key_standing(self, key_id: str) -> KeyStanding | None:
        """Return how a key of whatever organisation stands; None if there is none."""
        key = self.key(key_id)
        if key is None:
            return None
        organisation = self.organisation(key.organisation)
        maker = self._open().newest(Person, (key.organisation, key.made_by))
        is_closed = organisation is not None and organisation.closed is not None
        is_orphan = key.made_by != "" and (maker is None or maker.disabled is not None)
        return KeyStanding(key, is_closed or is_orphan, maker.role if maker else None)

    def keys(self, organisation: str) -> tuple[ApiKey, ...]:
        """Return all keys, oldest first, those revoked or expired included."""
        return tuple(
            sorted(self._open().all(ApiKey, organisation), key=attrgetter("created", "id"))
        )

    def find_pass(self, pass_id: str) -> Pass | None:
        """Return a pass of whatever organisation; None if there is none."""
        return self._open().newest(Pass, (pass_id,))

    def passes(self, organisation: str) -> tuple[Pass, ...]:
        """Return all passes, oldest first, those revoked or expired included."""
        return tuple(sorted(self._open().all(Pass, organisation), key=attrgetter("created", "id")))

    def lease(self, name: str) -> Lease | None:
        """Return a lease as it was last taken; None if it never was, or was given back."""
        return self._open().newest(Lease, (name,))
