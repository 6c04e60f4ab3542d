"""Rows of the archive's manifest: masters, and notes on what became of them.

A note is a row of the same chain, so that its place among the masters is proved with it. There
are five kinds:

``superseded``, ``withdrawn``
    What a provider did later to a scene: made it anew (`other` is the new one), or took it back.
``held``, ``released``
    A legal hold of the name `name` on what `about` selects: nothing of it may be retired.
``retired``
    Masters, by key, that were removed on purpose. It is written before the files go.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, overload

from imagery.types import aware_utc

GENESIS = "0" * 64


class NoteKind(StrEnum):
    """What a note says."""

    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    RELEASED = "released"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a writer knows of a new master; the manifest adds the chain."""

    key: str
    layers: tuple[str, ...]
    path: str
    content: str
    sha256: str
    sidecar_sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Row:
    """One master as the manifest lists it.

    Attributes
    ----------
    seq : int
        Counts the rows of every kind from 1.
    key : str
        ``sensor/cell/acquisition/grid hash``.
    layers : tuple of str
        Grid hashes of all layers of the chip it was stored with, in the chip's order: without
        the others it is part of a chip only.
    path : str
        Relative to the archive, with forward slashes.
    content : str
        Digest of the pixels and what they mean, free of the file format.
    sha256, sidecar_sha256 : str
    bytes : int
        Size of the master.
    previous, hash : str
    """

    seq: int
    key: str
    layers: tuple[str, ...]
    path: str
    content: str
    sha256: str
    sidecar_sha256: str
    bytes: int
    previous: str
    hash: str

    @property
    def look(self) -> str:
        """``cell/acquisition``."""
        return self.key.split("/", 1)[1].rsplit("/", 1)[0]


@dataclass(frozen=True, slots=True)
class Remark:
    """What a writer knows of a new note; the manifest adds the chain.

    Attributes
    ----------
    note : NoteKind
    about : tuple of str
        Of a scene, its acquisition; of a hold, what it selects; of masters, their keys.
    name : str
        Id of the scene, or name of the hold.
    other : str
        Id of the scene that superseded it.
    who, why : str
        Who said so, and the reason in words.
    at : str
        When, ISO 8601 in UTC.
    """

    note: NoteKind
    about: tuple[str, ...]
    name: str
    other: str
    who: str
    why: str
    at: str


@dataclass(frozen=True, slots=True)
class Note:
    """A remark in the chain."""

    seq: int
    note: NoteKind
    about: tuple[str, ...]
    name: str
    other: str
    who: str
    why: str
    at: str
    previous: str
    hash: str


@overload
def chained(said: Entry, seq: int, previous: str) -> Row: ...
@overload
def chained(said: Remark, seq: int, previous: str) -> Note: ...
def chained(said: Entry | Remark, seq: int, previous: str) -> Row | Note:
    """Return what is said as row number `seq` after the row with the hash `previous`."""
    fields: dict[str, Any] = asdict(said) | {"seq": seq, "previous": previous}
    make = Row if isinstance(said, Entry) else Note
    return make(**fields, hash=_digest(fields))


def line_of(row: Row | Note) -> bytes:
    """Return a row as its line, newline included."""
    return canonical(asdict(row)) + b"\n"


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the finished lines, and what follows the last newline."""
    *lines, torn = data.split(b"\n")
    return lines, torn


def parse(line: bytes, seq: int, previous: str) -> tuple[Row | Note | None, list[str]]:
    """Return the row and what is wrong with it as number `seq` after the hash `previous`."""
    try:
        fields = json.loads(line)
        row = _note(fields) if "note" in fields else _row(fields)
    except (ValueError, TypeError, KeyError):
        return None, ["no manifest row"]
    problems = []
    if _digest({name: value for name, value in fields.items() if name != "hash"}) != row.hash:
        problems.append("its hash is not that of what it says")
    elif line_of(row) != line + b"\n":
        problems.append("not in canonical form")
    if row.previous != previous:
        problems.append("not chained to the row before")
    if row.seq != seq:
        problems.append(f"numbered {row.seq}")
    return row, problems


def canonical(value: object) -> bytes:
    """Return the one JSON form of a value: sorted keys, no spaces, ASCII, no NaN."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )
    return text.encode("ascii")


def iso(value: datetime) -> str:
    """Return an aware datetime as ISO 8601 in UTC."""
    return aware_utc(value).isoformat()


def _row(fields: dict[str, Any]) -> Row:
    return Row(**(fields | {"layers": tuple(fields["layers"])}))


def _note(fields: dict[str, Any]) -> Note:
    return Note(**(fields | {"about": tuple(fields["about"]), "note": NoteKind(fields["note"])}))


def _digest(fields: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(fields)).hexdigest()
