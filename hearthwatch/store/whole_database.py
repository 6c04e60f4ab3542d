"""A database as a whole: read at one moment, or written alone in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from hearthwatch.layout import is_address
from hearthwatch.store import schema, sqlite
from hearthwatch.store.lock import WriteLock


@contextmanager
def reading(place: Path | str, *, alone: bool) -> Iterator[Connection]:
    """Open a store to be read at one moment; `alone`, while nobody writes it alone."""
    with ExitStack() as held:
        engine = _reading_engine(place, held, alone=alone)
        held.callback(engine.dispose)
        schema.require_current(engine)
        yield held.enter_context(engine.connect())


@contextmanager
def looking(place: str) -> Iterator[Connection]:
    """Open a database of PostgreSQL to be looked at, of whatever schema we know or without any."""
    with ExitStack() as held:
        engine = _reading_engine(place, held, alone=False)
        held.callback(engine.dispose)
        schema.is_current(engine)
        yield held.enter_context(engine.connect())


def _reading_engine(place: Path | str, held: ExitStack, *, alone: bool) -> Engine:
    if is_address(place):
        from hearthwatch.store import postgres

        if alone:
            held.callback(postgres.alone_lock(str(place)).release)
        return postgres.lasting_engine(str(place), read_only=True)
    path = Path(place).resolve()
    engine = sqlite.reading_engine(path)
    if alone:
        held.callback(WriteLock(path).release)
    return engine


@contextmanager
def writing(place: Path | str) -> Iterator[Connection]:
    """Open a store to be written alone, in one transaction."""
    with ExitStack() as held:
        engine = _writing_engine(place, held)
        held.callback(engine.dispose)
        yield held.enter_context(engine.connect())


def _writing_engine(place: Path | str, held: ExitStack) -> Engine:
    if is_address(place):
        from hearthwatch.store import postgres

        held.callback(postgres.alone_lock(str(place)).release)
        postgres.bring_up(str(place))
        return postgres.in_turns(postgres.lasting_engine(str(place), read_only=False))
    path = Path(place).resolve()
    sqlite.create_file(path)
    held.callback(WriteLock(path).release)
    engine = sqlite.writing_engine(path)
    schema.upgrade(engine)
    return engine
