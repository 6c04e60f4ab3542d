"""The shape of what is answered about the log of acts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class AuditEntryAnswer(BaseModel):
    """One entry."""

    sequence: int = Field(description="Counts the organisation's entries from 1, without a gap.")
    at: datetime
    actor: str = Field(description="Id of the person or key; `command line` with who it was.")
    act: str = Field(description="What was done: the name of the route, or the command.")
    subject: str = Field(description="Ids of what it was done with, as `event:…`.")
    outcome: str = Field(description="`asked` before a change; `done`, `refused` or `failed`.")
    detail: dict[str, Any] = Field(description="`more`: how often besides within that minute.")
    sha256: str = Field(description="Over this entry and the hash of the one before.")


class AuditEntries(BaseModel):
    """Entries, the newest first."""

    items: list[AuditEntryAnswer]
    next: str | None = Field(description="Cursor of the next page, if there is more.")
