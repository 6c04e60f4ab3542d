"""A clock that stands still, for code that asks what time it is."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

import pytest


def stop(patch: pytest.MonkeyPatch, at: datetime, *modules: str) -> None:
    """Let these modules take it to be that moment, whatever the day and hour of the machine.

    Parameters
    ----------
    at : datetime
        With its time zone.
    modules : str
        Names of modules that say `from datetime import datetime`.
    """

    class Stopped(datetime):
        def __new__(cls, *args: Any, **named: Any) -> datetime:  # type: ignore[misc]
            # What is made here must be no stranger to those who look at its type.
            return datetime(*args, **named)  # noqa: DTZ001

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return at.astimezone(tz)

    for module in modules:
        patch.setattr(f"{module}.datetime", Stopped)
