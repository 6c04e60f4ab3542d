"""Checks of the installation and the machine."""

from __future__ import annotations

from datetime import UTC, datetime

from hearthwatch.cli.call import Call
from hearthwatch.cli.checks import Check, Outcome
from hearthwatch.identity import LIBRARIES, check_identity, gdal_version
from hearthwatch.pipeline.executors import open_executor

FIRST_YEAR, LAST_YEAR = 2025, 2100


def code(_: Call) -> Check:
    """Check that all five packages come from one installation."""
    found = check_identity()
    words = f"hearthwatch {found.version}, code {found.digest[:12]}, Python {found.python}"
    return Check(Outcome.OK, f"{words}, in {found.root}")


def packages(_: Call) -> Check:
    """Check that the libraries are there on which results depend."""
    found = check_identity().packages
    missing = [name for name in LIBRARIES if name not in found]
    if missing:
        advice = "Install hearthwatch again in an environment of its own."
        return Check(Outcome.FAIL, f"missing: {', '.join(missing)}", advice)
    listed = ", ".join(f"{name} {version}" for name, version in found.items())
    return Check(Outcome.OK, f"{listed}, GDAL {gdal_version()}")


def clock(call: Call) -> Check:
    """Check that the clock is plausible and has not gone back since the last run."""
    now = datetime.now(UTC)
    words = f"{now:%Y-%m-%d %H:%M} UTC"
    advice = "Set the clock (timedatectl) before the next run: it dates every record."
    if not FIRST_YEAR <= now.year < LAST_YEAR:
        return Check(Outcome.FAIL, words, advice)
    if call.is_kept:
        with call.store() as store:
            started = [run.started for run in store.runs(call.organisation)]
        if started and max(started) > now:
            return Check(Outcome.FAIL, f"{words}, but a run began {max(started):%Y-%m-%d}", advice)
    return Check(Outcome.OK, words)


def executor(call: Call) -> Check:
    """Check that the workers of a Dask scheduler, if one is set, run the same code."""
    settings = call.settings
    if settings.dask_scheduler is None and settings.executor != "dask":
        return Check(Outcome.OK, f"{settings.executor}, {settings.workers} at once")
    asked = settings.model_copy(update={"executor": "dask"})
    with open_executor(asked, check_identity().digest):
        return Check(Outcome.OK, f"Dask at {settings.dask_scheduler}: workers have the same code")
