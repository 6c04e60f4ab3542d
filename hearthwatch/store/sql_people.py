"""What the SQL store keeps of who may ask; see `hearthwatch.store.protocol_people`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, or_, select

from hearthwatch.records import ApiKey, Lease, Organisation, Pass, Person, Role, Session
from hearthwatch.store import queries, rules, tables
from hearthwatch.store.codec import from_row, microseconds, to_row
from hearthwatch.store.faults import translated
from hearthwatch.store.protocol_people import KeyStanding
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_rows import SqlReader, SqlWriter, kept_rows

_keys, _theirs, _makers = tables.api_keys.c, tables.organisations.c, tables.people.c
_KEY = select(tables.api_keys).where(_keys.id == bindparam("key"))
STANDING = (
    _KEY.add_columns(
        _theirs.closed.label("closed"),
        _makers.role.label("maker"),
        _makers.disabled.label("disabled"),
    )
    .outerjoin(tables.organisations, _theirs.organisation == _keys.organisation)
    .outerjoin(
        tables.people,
        and_(_makers.organisation == _keys.organisation, _makers.id == _keys.made_by),
    )
)
_STANDING_NAMES = STANDING.selected_columns.keys()


class SqlPeopleWrites(SqlWriter):
    """Writes about organisations, people and what lets them in."""

    def put_organisation(self, organisation: Organisation) -> None:
        """Add an organisation or replace it."""
        with self._step():
            self._put(tables.organisations, to_row(organisation), IDENTITY[Organisation])

    def put_person(self, person: Person) -> None:
        """Add a person or replace them."""
        with self._step():
            row = to_row(person)
            other = self._find(tables.people, row, ("organisation", "login"))
            if other is not None and other["id"] != person.id:
                raise rules.login_taken(person.login)
            self._put(tables.people, row, IDENTITY[Person])

    def put_session(self, session: Session) -> None:
        """Add a session or replace it."""
        self._put_owned("session", tables.sessions, session)

    def put_key(self, key: ApiKey) -> None:
        """Add an API key or replace it."""
        self._put_owned(f"key {key.id}", tables.api_keys, key)

    def put_pass(self, pass_: Pass) -> None:
        """Add a pass or replace it."""
        self._put_owned("pass", tables.passes, pass_)

    def take_lease(self, wanted: Lease) -> Lease | None:
        """Take a lease or hold it longer; None where another holds it."""
        with self._step():
            row = self._find(tables.leases, to_row(wanted), IDENTITY[Lease])
            taken = rules.next_turn(from_row(Lease, row) if row else None, wanted)
            if taken is not None:
                self._write(tables.leases, to_row(taken), row)
            return taken

    def drop_lease(self, name: str, holder: str, turn: int) -> None:
        """Give a lease back before its time; one that is another's by now stays."""
        c = tables.leases.c
        with self._step():
            mine = (c.name == name, c.holder == holder, c.turn == turn)
            self._connection.execute(delete(tables.leases).where(*mine))

    def drop_outlived(self, before: datetime) -> int:
        """Remove sessions and passes that have let nobody in since a time; return how many."""
        moment, count = microseconds(before), 0
        with self._step():
            for table, ended in ((tables.sessions, "ended"), (tables.passes, "revoked")):
                over = or_(table.c[ended] < moment, table.c.expires < moment)
                count += self._connection.execute(delete(table).where(over)).rowcount
        return count

    def _put_owned(self, what: str, table: Any, record: Session | ApiKey | Pass) -> None:
        with self._step():
            row = to_row(record)
            stored = self._find(table, row, IDENTITY[type(record)])
            rules.check_owner(what, record.organisation, stored["organisation"] if stored else None)
            self._write(table, row, stored)


class SqlPeopleReads(SqlReader):
    """Questions about organisations, people and what lets them in."""

    def organisation(self, organisation: str) -> Organisation | None:
        """Return an organisation; None if there is none."""
        c = tables.organisations.c
        return self._one(
            Organisation, select(tables.organisations).where(c.organisation == organisation)
        )

    def all_organisations(self) -> tuple[Organisation, ...]:
        """Return all organisations, by short name."""
        every = select(tables.organisations).order_by(tables.organisations.c.organisation)
        return self._all(Organisation, every)

    def person(self, organisation: str, person_id: str) -> Person:
        """Return one person; `NotFound` if there is none."""
        found = self._one(Person, _mine(tables.people, organisation, id=person_id))
        if found is None:
            raise rules.not_there("person", person_id)
        return found

    def person_by_login(self, organisation: str, login: str) -> Person | None:
        """Return who signs in by a name; None if nobody does."""
        return self._one(Person, _mine(tables.people, organisation, login=login))

    def people(self, organisation: str) -> tuple[Person, ...]:
        """Return all people by login, those disabled included."""
        mine = _mine(tables.people, organisation)
        return self._all(Person, mine.order_by(tables.people.c.login))

    def session(self, session_id: str) -> Session | None:
        """Return a session of whatever organisation; None if there is none."""
        c = tables.sessions.c
        return self._one(Session, select(tables.sessions).where(c.id == session_id))

    def sessions(self, organisation: str, person_id: str | None = None) -> tuple[Session, ...]:
        """Return all sessions, or those of one person, oldest first, ties by id."""
        c = tables.sessions.c
        narrowed = {} if person_id is None else {"person": person_id}
        mine = _mine(tables.sessions, organisation, **narrowed)
        return self._all(Session, mine.order_by(c.created, c.id))

    def key(self, key_id: str) -> ApiKey | None:
        """Return a key of whatever organisation; None if there is none."""
        return self._one(ApiKey, _KEY, {"key": key_id})

    def key_standing(self, key_id: str) -> KeyStanding | None:
        """Return how a key of whatever organisation stands; None if there is none."""
        with self._connect(self._single) as connection, translated():
            rows = kept_rows(connection, STANDING, {"key": key_id})
        if not rows:
            return None
        found = dict(zip(_STANDING_NAMES, rows[0], strict=True))
        key = from_row(ApiKey, found)
        is_orphan = key.made_by != "" and (
            found["maker"] is None or found["disabled"] is not None
        )  # fmt: skip
        maker = None if found["maker"] is None else Role(found["maker"])
        return KeyStanding(key, found["closed"] is not None or is_orphan, maker)

    def keys(self, organisation: str) -> tuple[ApiKey, ...]:
        """Return all keys, oldest first, those revoked or expired included."""
        return self._all(ApiKey, queries.keys(organisation))

    def find_pass(self, pass_id: str) -> Pass | None:
        """Return a pass of whatever organisation; None if there is none."""
        return self._one(Pass, select(tables.passes).where(tables.passes.c.id == pass_id))

    def passes(self, organisation: str) -> tuple[Pass, ...]:
        """Return all passes, oldest first, those revoked or expired included."""
        c = tables.passes.c
        return self._all(Pass, _mine(tables.passes, organisation).order_by(c.created, c.id))

    def lease(self, name: str) -> Lease | None:
        """Return a lease as it was last taken; None if it never was, or was given back."""
        return self._one(Lease, select(tables.leases).where(tables.leases.c.name == name))


def _mine(table: Any, organisation: str, **values: str) -> Select[Any]:
    wanted = [table.c[name] == value for name, value in values.items()]
    return select(table).where(table.c.organisation == organisation, *wanted)
