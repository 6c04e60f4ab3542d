"""Files that are sent as forms: counted as they arrive, and kept on disk where they are large."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from api.problems import Problem
from hearthwatch.watchlist.formats import MAX_BYTES

ADDRESSES = frozenset({"/imports/regions", "/imports/settlements"})
MOST_BYTES = MAX_BYTES + 64 * 1024
"""Of the whole form: the largest file that is read, and what is said of it."""
SECONDS = 120.0
MOST_FIELDS = 20
LONGEST_FIELD = 16 * 1024
NAMED = "The file"
"""What it is called in messages: its own name is the sender's, and is never used."""

_CLOSE = {"Connection": "close"}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent, for as long as it is worked on.

    Attributes
    ----------
    path : Path or None
        Where it is; None if none was sent.
    fields : mapping
        What else the form says.
    """

    path: Path | None
    fields: Mapping[str, str]


def is_one(scope: Scope) -> bool:
    """Tell whether a request is to bring a file."""
    return scope["method"] == "POST" and scope["path"] in ADDRESSES


def has_no_such(scope: Scope) -> bool:
    """Tell whether a method is none of an address for files: its body is not to be read at all."""
    return scope["method"] != "POST" and scope["path"] in ADDRESSES


def require(headers: Headers) -> None:
    """Refuse what is not said to be a form, or says that it is too large.

    Raises
    ------
    Problem
        415 or 413.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        words = "Send a form with a file: Content-Type: multipart/form-data."
        raise Problem(415, "content_type", words)
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MOST_BYTES:
        raise _too_large()


def counted(scope: Scope, receive: Receive) -> Receive:
    """Return a `receive` that refuses (`Problem`, 413) more than may come, whatever was said."""
    size = 0

    async def counting() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            raise _too_large()
        return message

    return counting


async def upload(request: Request) -> AsyncIterator[Upload]:
    """Yield the file and the fields of a form; the file is gone afterwards.

    Raises
    ------
    Problem
        400 for what is no form, 408 for one that does not come, 413 for a large one, 422 for
        fields given twice.
    """
    try:
        async with asyncio.timeout(SECONDS):
            form = await request.form(
                max_files=1, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD
            )
    except TimeoutError:
        words = f"The file did not arrive within {SECONDS:.0f} seconds. Send it again."
        raise Problem(408, "slow", words, headers=_CLOSE) from None
    with tempfile.TemporaryDirectory(prefix="hearthwatch-") as folder:
        try:
            fields = _fields(form)
            path = await run_in_threadpool(_kept, form, Path(folder))
        finally:
            await form.close()
        yield Upload(path, fields)


InUpload = Annotated[Upload, Depends(upload)]


def body_schema(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI of a form: these fields, and a file."""
    text = "GeoJSON, GeoPackage, FlatGeobuf, KML, KMZ, zipped shapefile or CSV."
    file = {"type": "string", "format": "binary", "description": text}
    schema = {
        "type": "object",
        "properties": {"file": file, **fields},
        "additionalProperties": False,
    }
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


def _fields(form: FormData) -> dict[str, str]:
    items = form.multi_items()
    names = [name for name, _ in items]
    twice = sorted({name for name in names if names.count(name) > 1})
    wrong = [(f"body.{name[:30]}", "is given more than once") for name in twice]
    wrong += [
        (f"body.{name[:30]}", "is a file" if isinstance(value, UploadFile) else "is no file")
        for name, value in items
        if isinstance(value, UploadFile) != (name == "file")
    ]
    if wrong:
        raise Problem(422, "invalid", "The form cannot be used: correct its fields.", faults=wrong)
    return {name: value for name, value in items if isinstance(value, str)}


def _kept(form: FormData, folder: Path) -> Path | None:
    sent = form.get("file")
    if not isinstance(sent, UploadFile):
        return None
    path = folder / "sent"
    with path.open("wb") as file:
        shutil.copyfileobj(sent.file, file)
    return path


def _too_large() -> Problem:
    return Problem(
        413,
        "too_large",
        f"The file is larger than {MAX_BYTES / 1e6:,.0f} MB: keep only the outlines.",
    )
