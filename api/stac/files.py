"""Archived files as answers, whole or in parts.

They are read in pieces of 64 kB as they are sent. When a file was stored is not told: it is no
time of the look, and tells when a watch was run. Nor has it a tag, as no answer has that
nobody is to keep; its digest stands in its item.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from api.problems import Problem
from api.stac.words import GEOTIFF
from tiles.archive import Archive, MasterRef
from tiles.errors import IntegrityError

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


def file_answer(request: Request, archive: Archive, master: MasterRef) -> Response:
    """Return a master as it lies in the archive, or the one part of it that is asked for.

    Its SHA-256 is not computed anew: whoever fetches it compares it with the item's, which is the
    manifest's. What cannot be understood as one range is answered with the whole file.

    Raises
    ------
    Problem
        416 for a part beyond its end.
    IntegrityError
        The file is missing, or not as long as it was.
    """
    path = archive.root / master.path
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        size = -1
    if size != master.bytes:
        raise IntegrityError(f"{master.path}: is missing, or not as long as it was stored")
    # Without a tag there is nothing that the field If-Range could name.
    asked = "" if "if-range" in request.headers else request.headers.get("range", "")
    return _Master(path, in_parts=_is_part(asked, size))


def _is_part(field: str, size: int) -> bool:
    """Tell whether a field `Range` asks for one part."""
    wanted = _RANGE.fullmatch(field.replace(" ", "").lower())
    if wanted is None or wanted[0] == "bytes=-":
        return False
    first, last = wanted[1], wanted[2]
    if first and last and int(first) > int(last):
        return False
    if (int(first) >= size) if first else int(last) == 0:
        raise Problem(
            416,
            "range",
            f"The file has {size} bytes; ask for a part within them.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return True


class _Master(FileResponse):
    """A file without its times."""

    def __init__(self, path: Path, *, in_parts: bool) -> None:
        super().__init__(path, media_type=GEOTIFF)
        self._unheeded = {b"if-range"} if in_parts else {b"if-range", b"range"}

    def set_stat_headers(self, stat_result: os.stat_result) -> None:
        """Tell its length only."""
        self.headers["content-length"] = str(stat_result.st_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; which part is wanted has been looked into before."""
        kept = [pair for pair in scope["headers"] if pair[0].lower() not in self._unheeded]
        await super().__call__({**scope, "headers": kept}, receive, send)
