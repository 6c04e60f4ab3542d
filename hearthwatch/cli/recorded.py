"""Commands that change anything or take anything out are entries of the log."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import pwd
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from hearthwatch.audit.entries import ASKED, COMMAND_LINE, DONE, FAILED, subject_of, unsealed
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.errors import HearthwatchError, NotFound, StoreError
from hearthwatch.store.protocol import Store

READING = frozenset({
    "region estimate", "region list", "region show", "settlement list", "events list",
    "events show", "events links", "ledger", "why", "suppressed", "scene list", "archive verify",
    "archive list", "heat list", "heat static list", "layer list", "organisation list",
    "person list", "key list", "pass list", "audit verify", "audit head", "audit list", "doctor",
    "erase list", "hold list", "context list",
    "receivers list", "receivers show", "subscriptions list", "subscriptions show",
    "messages list", "messages show", "alerts", "latency", "alarms list",
    "responders list", "responders show", "responses",
    "store check", "report accuracy", "review agreement", "status", "version",
    # What is restored to must be empty before, and then has an entry of its own.
    "restore", "recovery key", "recovery check",
    # Of this one the last backup has the entry: afterwards there is no log.
    "seal",
    # They work in folders of their own, on made-up or published scenes.
    "sample fetch", "demo", "exercise", "evaluate", "case",
})  # fmt: skip
"""Commands that only show; every other one is on record, a new one too."""
WITH_OPTION = {"events explain": "out", "scene show": "out", "spend": "resume"}
"""Those that do more than show only with an option."""

_IDS = (
    "event", "other", "key", "acquisition", "layer", "pass_id", "organisation", "erasure", "hold",
    "observation",
    "receiver", "subscription", "message",
)  # fmt: skip

_log = logging.getLogger(__name__)


def is_recorded(args: argparse.Namespace) -> bool:
    """Tell whether a command changes anything or takes anything out."""
    option = WITH_OPTION.get(args.command)
    return args.command not in READING and (option is None or bool(getattr(args, option)))


def carried_out(call: Call, command: Callable[[], Answer]) -> Answer:
    """Carry a command out between two entries: that it was asked for, and how it ended.

    Raises
    ------
    HearthwatchError
        The first one cannot be stored, so that nothing is done; or what the command raises.
    """
    if call.is_kept:
        _record(call, ASKED)
    outcome = FAILED
    try:
        answer = command()
        outcome = FAILED if answer.status else DONE
        return answer
    finally:
        _record_end(call, outcome)


def _record_end(call: Call, outcome: str) -> None:
    # A command that found nothing to work on leaves nothing behind, no log either.
    if not call.is_kept:
        return
    try:
        _record(call, outcome)
    except HearthwatchError as error:
        _log.error("how the command ended could not be logged: %s", error.message)


def _record(call: Call, outcome: str) -> None:
    with call.store(write=True, alone=False) as store:
        subject = subject_of(dict(_ids(call, store)))
        entry = unsealed(
            call.organisation, datetime.now(UTC), COMMAND_LINE, call.args.command, subject,
            outcome, {"user": _user()},
        )  # fmt: skip
        with store.transaction() as transaction:
            transaction.add_audit(entry)


def _ids(call: Call, store: Store) -> Iterator[tuple[str, str]]:
    """Give the ids among the arguments; a name is looked up, for it may be that of a place."""
    given = vars(call.args)
    for name in _IDS:
        if isinstance(given.get(name), str):
            yield name.removesuffix("_id"), given[name]
    for name, find in (("region", store.region), ("settlement", store.settlement)):
        if isinstance(given.get(name), str):
            with contextlib.suppress(NotFound, StoreError):
                yield name, find(call.organisation, given[name]).id
    if isinstance(given.get("login"), str):
        person = store.person_by_login(call.organisation, given["login"])
        if person is not None:
            yield "person", person.id


def _user() -> str:
    """Return who runs the command as the system knows them, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
