"""How errors and answers are printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command says in the end.

    Attributes
    ----------
    document : mapping
        For programs: printed as JSON with ``--json``.
    text : str
        For people.
    status : int
        Exit status.
    """

    document: Mapping[str, Any]
    text: str
    status: int = 0


def print_answer(answer: Answer, *, as_json: bool) -> None:
    """Print an answer on standard output."""
    print(json.dumps(answer.document, ensure_ascii=False) if as_json else answer.text)
    sys.stdout.flush()


def shown(path: Path) -> str:
    """Return a path as it is typed from the current folder, where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def report_error(code: str, message: str, *, as_json: bool) -> None:
    """Print an error on standard error, in the one shape all errors have."""
    if as_json:
        line = json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False)
    else:
        line = f"hearthwatch: {message}"
    print(line, file=sys.stderr)
