"""Runs as jobs: asked for here, done by the process that runs the pipeline."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.answers import job_value, respond
from api.auth import Reader, Writer
from api.context import Context, InContext
from api.models import JobAnswer, Jobs, NewJob
from api.params import utc
from api.problems import declared, located
from api.watched import region_of
from hearthwatch.identity import code_digest
from hearthwatch.records import Region, Run, RunOutcome

MOST = 100
MADE = {**declared(403, 404, 422, 507), 202: located("Address of the job.")}

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("", response_model=Jobs)
def list_jobs(
    who: Reader,
    here: InContext,
    region: Annotated[str | None, Query(max_length=200, description="Id of a region.")] = None,
) -> Response:
    """List the hundred newest jobs, newest first."""
    now = datetime.now(UTC)
    runs = here.store.runs(who.organisation, region=region, newest=MOST)
    return respond({"items": [job_value(run, now) for run in reversed(runs)]})


@router.post("", response_model=JobAnswer, status_code=202, responses=MADE)
def ask_for_job(sent: NewJob, who: Writer, here: InContext) -> Response:
    """Ask for every new look at a region to be taken.

    A process with `hearthwatch up` takes it on. A region for which a job waits already gets
    no second one: that one is returned.
    """
    region = region_of(here, who.organisation, sent.region)
    now = datetime.now(UTC)
    run = Run(
        id=str(uuid.uuid4()),
        organisation=region.organisation,
        kind=region.kind,
        mode=region.mode,
        region=region.id,
        started=now,
        until=utc(sent.until),
        digest=code_digest(),
        executor=here.settings.executor,
        outcome=RunOutcome.WAITING,
    )
    # Asked once it is our turn to write: of two requests at a time one would not see the other.
    with here.store.transaction() as transaction:
        waits = _waiting(here, region)
        if waits is None:
            transaction.put_run(run)
    return _accepted(waits or run, now)


@router.get("/{job}", response_model=JobAnswer, responses=declared(404))
def read_job(job: Annotated[str, Path(max_length=200)], who: Reader, here: InContext) -> Response:
    """Return one job with its progress."""
    return respond(job_value(here.store.run(who.organisation, job), datetime.now(UTC)))


def _waiting(here: Context, region: Region) -> Run | None:
    found = here.store.runs(
        region.organisation, region=region.id, outcome=RunOutcome.WAITING, newest=1
    )
    return found[-1] if found else None


def _accepted(run: Run, now: datetime) -> Response:
    return respond(job_value(run, now), status=202, headers={"Location": f"/jobs/{run.id}"})
