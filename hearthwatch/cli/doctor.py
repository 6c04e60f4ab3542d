"""`hearthwatch doctor`: is all in order, and if not, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hearthwatch.cli import (
    doctor_alerts,
    doctor_calibration,
    doctor_data,
    doctor_sources,
    doctor_system,
)
from hearthwatch.cli.call import Call
from hearthwatch.cli.checks import Check, Outcome
from hearthwatch.cli.faults import in_our_words
from hearthwatch.cli.report import Answer
from hearthwatch.words import counted

FAILED_STATUS = 1

CHECKS: Sequence[tuple[str, Callable[[Call], Check]]] = (
    ("code", doctor_system.code),
    ("packages", doctor_system.packages),
    ("clock", doctor_system.clock),
    ("data folder", doctor_data.data_folder),
    ("free disk", doctor_data.free_disk),
    ("encryption", doctor_data.encryption),
    ("store", doctor_data.store),
    ("store lock", doctor_data.store_lock),
    ("archive", doctor_data.archive),
    ("catalogue", doctor_data.catalogue),
    ("credentials", doctor_sources.credentials),
    ("providers", doctor_sources.providers),
    ("quota", doctor_sources.quota),
    ("pauses", doctor_sources.pauses),
    ("calibration", doctor_calibration.calibration),
    ("alerts", doctor_alerts.alerts),
    ("alarms", doctor_alerts.alarms),
    ("executor", doctor_system.executor),
)


def doctor(call: Call) -> Answer:
    """Go through every check; one that fails does not keep the others from being made."""
    checks = [(name, _made(check, call)) for name, check in CHECKS]
    fails = sum(check.outcome is Outcome.FAIL for _, check in checks)
    warns = sum(check.outcome is Outcome.WARN for _, check in checks)
    document = {
        "ok": not fails,
        "checks": [
            {"name": name, "outcome": c.outcome.value, "found": c.found, "advice": c.advice}
            for name, c in checks
        ],
    }
    lines = [_line(name, check) for name, check in checks]
    end = f"{counted(fails, 'failure')}, {counted(warns, 'warning')}"
    return Answer(document, "\n".join((*lines, "", end)), FAILED_STATUS if fails else 0)


def _made(check: Callable[[Call], Check], call: Call) -> Check:
    try:
        return check(call)
    except Exception as error:
        known = in_our_words(error)
        found = known.message if known else f"{type(error).__name__}: {error}"
        return Check(Outcome.FAIL, found)


def _line(name: str, check: Check) -> str:
    advice = f"\n{'':21}{check.advice}" if check.advice else ""
    return f"{check.outcome.value:<5} {name:<13}  {check.found}{advice}"
