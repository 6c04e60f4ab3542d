"""`hearthwatch export`: a collection as a file for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.auth import Caller
from api.bulk import Bulk
from api.context import Context
from api.problems import Problem
from api.queryables import filter_of
from hearthwatch.audit.entries import COMMAND_LINE
from hearthwatch.cli.call import Call
from hearthwatch.cli.events import asked_for
from hearthwatch.cli.report import Answer, shown
from hearthwatch.errors import HearthwatchError, QuestionError
from hearthwatch.export.columns import RELEASED
from hearthwatch.export.provenance import Provenance
from hearthwatch.export.styles import LOOKS, qml
from hearthwatch.export.workshop import publish, workshop
from hearthwatch.export.writing import FORMS, fits
from hearthwatch.records import EventFilter, Role, Scope
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment
from hearthwatch.words import counted
from tiles.atomic import write_atomically

_SUFFIXES = {".json": "geojson", **{f".{form}": form for form in FORMS}}
_ASKED = ("region", "settlement", "kind", "state", "bbox", "since", "until", "filter")


def export(call: Call) -> Answer:
    """Write the features asked for to a file, whole or not at all."""
    args = call.args
    target = Path(args.file).expanduser().absolute()
    form = args.format or _by_suffix(target)
    styled = target.with_suffix(".qml") if args.style else None
    _check(call, form)
    for path in filter(None, (target, styled)):
        refuse_to_overwrite(path, force=args.force)
    # What is told to partners is written down before it is read.
    released = args.collection == RELEASED
    with (
        call.store(write=released, alone=False) as store,
        workshop(target.parent) as folder,
        _in_our_words(),
    ):
        made, provenance = _bulk(call, store).write(form, folder)
        publish(made, target)
    if styled:
        write_atomically(styled, qml(args.collection))
    return _answer(call, target, form, provenance)


def refuse_to_overwrite(target: Path, *, force: bool) -> None:
    """Raise `HearthwatchError` if the file is there, unless it is to be replaced."""
    if target.exists() and not force:
        raise HearthwatchError(f"{target} exists. Name another file, or give --force.")


def write_all(folder: Path, contents: Mapping[str, bytes], *, force: bool) -> list[Path]:
    """Write files into a folder, made if missing; none where one may not be replaced.

    Raises
    ------
    HearthwatchError
        If a file is there and may not be replaced, or the folder cannot be made.
    """
    for name in contents:
        refuse_to_overwrite(folder / name, force=force)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HearthwatchError(f"{shown(folder)} is no folder that can be made.") from error
    for name, content in contents.items():
        write_atomically(folder / name, content)
    return [folder / name for name in contents]


def _check(call: Call, form: str) -> None:
    args = call.args
    if not fits(args.collection, form):
        raise HearthwatchError(
            f"Looks have no place of their own: write the {args.collection} as GeoPackage, "
            "Parquet, CSV or GeoJSON."
        )
    if args.style and args.collection not in LOOKS:
        raise HearthwatchError(f"The {args.collection} is not drawn: leave --style out.")
    if args.collection == RELEASED and _query(call):
        raise HearthwatchError(
            "What was released goes out whole, as partners read it: leave the filters out."
        )


def _bulk(call: Call, store: Store) -> Bulk:
    where = EventFilter()
    if call.args.collection != RELEASED:
        wanted = filter_of(call.args.collection, call.args.filter, "cql2-text")
        where = replace(asked_for(call, store), filter=wanted)
    scopes = frozenset({Scope.EXPORT, Scope.READ, Scope.RELEASED})
    who = Caller(call.organisation, COMMAND_LINE, COMMAND_LINE, Role.ADMIN, scopes)
    here = Context(call.settings, store)
    return Bulk(here, who, call.args.collection, _query(call), _now, where)


def _answer(call: Call, target: Path, form: str, provenance: Provenance) -> Answer:
    name, count = provenance.collection, provenance.features
    document = {
        "file": str(target),
        "format": form,
        "collection": name,
        name: count,
        "notice": provenance.notice,
    }
    what = counted(count, "event") if name == "events" else f"{count:,} of the {name}"
    said = (f"{what} written to {target}", provenance.notice, provenance.warning.rstrip("."))
    return Answer(document, ". ".join(filter(None, said)) + ".")


def _query(call: Call) -> dict[str, Any]:
    """Return the options that choose features, as the file tells them."""
    given = {name: getattr(call.args, name) for name in _ASKED}
    return {
        name: moment(one) if isinstance(one, datetime) else one
        for name, one in given.items()
        if one not in (None, [])
    }


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except Problem as problem:
        faults = "".join(
            f"\n  - {where.replace('query.', '--', 1)}: {words}" for where, words in problem.faults
        )
        raise QuestionError(f"{problem.detail}{faults}") from None


def _now() -> datetime:
    return datetime.now(UTC)


def _by_suffix(target: Path) -> str:
    kind = _SUFFIXES.get(target.suffix.lower())
    if kind is None:
        raise HearthwatchError(
            f"The format of {target.name} cannot be told from its name: end it in "
            f"{', '.join(f'.{form}' for form in FORMS)}, or give --format."
        )
    return kind
