"""The log of acts, for those who may read it."""

from __future__ import annotations

from dataclasses import astuple
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import respond
from api.auth import Auditor
from api.context import InContext
from api.models_audit import AuditEntries
from api.params import After, Limit, Since, Until, utc
from hearthwatch.audit.listing import entry_value
from hearthwatch.records import AuditEntry, AuditFilter
from hearthwatch.store.cursor import Paging, Position

router = APIRouter(tags=["access"])

_Word = Annotated[str | None, Query(max_length=400)]


@router.get("/audit", response_model=AuditEntries)
def list_audit(
    who: Auditor,
    here: InContext,
    actor: _Word = None,
    act: _Word = None,
    subject: _Word = None,
    outcome: _Word = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """Return who saw, changed, released or took out what, the newest first."""
    where = AuditFilter(actor, act, subject, outcome, utc(since), utc(until))
    paging = Paging(f"audit {who.organisation} {astuple(where)}", (int,), limit)
    start = paging.start(after)
    before = int(start[0]) if start else None
    found = here.store.audit_newest(who.organisation, where, before=before, limit=limit + 1)
    page = paging.page(found, _position)
    return respond({"items": [entry_value(one) for one in page.items], "next": page.next})


def _position(entry: AuditEntry) -> Position:
    return (entry.sequence,)
