"""Evaluations that were made here, read back from their documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hearthwatch.accuracy.errors import AccuracyError
from hearthwatch.evaluation.report import FORMAT

_NEEDED = ("mode", "evaluated", "levels", "rules")


def read_evaluation(path: Path) -> Mapping[str, Any]:
    """Return the document that `hearthwatch evaluate` wrote.

    Raises
    ------
    AccuracyError
        If it cannot be read, or is of another format.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AccuracyError(
            f"{path} cannot be read as an evaluation: name an evaluation.json."
        ) from error
    found = told.get("format") if isinstance(told, dict) else None
    if found != FORMAT:
        said = f"has the format {found!r}" if isinstance(found, str) else "has no format"
        raise AccuracyError(
            f"{path} {said}, and {FORMAT!r} is needed: evaluate again with this release."
        )
    missing = [name for name in _NEEDED if name not in told]
    if missing:
        raise AccuracyError(f"{path} lacks {', '.join(missing)}: evaluate again.")
    return dict(told)
