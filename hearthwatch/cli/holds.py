"""`hearthwatch hold set | lift | keep | list`."""

from __future__ import annotations

from collections.abc import Callable

from hearthwatch.cli.call import Call
from hearthwatch.cli.erasures import named
from hearthwatch.cli.persons import given_password, signed_in
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.disclosure.holds import Holds, asked_to_lift, every_hold
from hearthwatch.disclosure.shown import hold_value
from hearthwatch.records import Proposal, Scope
from hearthwatch.store.protocol import Store
from hearthwatch.words import day

_MAY = "set or keep a hold"
_MAY_LIFT = "lift a hold: that takes administrators"


def put(call: Call) -> Answer:
    """Set a legal hold."""

    def do(holds: Holds) -> Proposal:
        return holds.put(*named(call, holds.store), call.args.why)

    return _done(call, Scope.RELEASE, _MAY, do)


def lift(call: Call) -> Answer:
    """Ask that a hold be lifted, or lift it where another person asked."""
    hold, why = call.args.hold, call.args.why or ""
    return _done(call, Scope.MANAGE, _MAY_LIFT, lambda holds: holds.lift(hold, why))


def keep(call: Call) -> Answer:
    """Keep a hold that somebody asked to lift."""
    return _done(call, Scope.RELEASE, _MAY, lambda holds: holds.keep(call.args.hold))


def list_all(call: Call) -> Answer:
    """List the holds, lifted ones too, oldest first."""
    with call.store() as store:
        found = every_hold(store, call.organisation)
        values = [_value(store, one) for one in found]
        rows = [
            (one.id, one.detail["what"], one.subject, _state(store, one), one.asked_by,
             day(one.asked), one.reason)
            for one in found
        ]  # fmt: skip
    header = ("id", "what", "of", "state", "set by", "set", "why")
    return Answer({"holds": values}, table(header, rows) if rows else "Nothing is or was held.")


def _done(call: Call, scope: Scope, may: str, do: Callable[[Holds], Proposal]) -> Answer:
    given = given_password(call, twice=False)
    with call.store(write=True, alone=False) as store:
        hold = do(Holds(store, signed_in(call, store, given, scope, may)))
        return Answer(_value(store, hold), f"{hold.id}: {_state(store, hold)}.")


def _value(store: Store, hold: Proposal) -> dict[str, object]:
    return hold_value(hold, asked_to_lift(store, hold) if hold.ended is None else None)


def _state(store: Store, hold: Proposal) -> str:
    if hold.ended is not None:
        return "lifted"
    waits = asked_to_lift(store, hold) is not None
    return "in force; lifting it waits for a second person" if waits else "in force"
