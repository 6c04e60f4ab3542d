"""`hearthwatch erase ask | agree | refuse | list`."""

from __future__ import annotations

from collections.abc import Callable

from hearthwatch.cli.call import Call
from hearthwatch.cli.persons import given_password, signed_in
from hearthwatch.cli.reading import find_event
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.disclosure.erasing import Erasures, every_erasure
from hearthwatch.disclosure.shown import erasure_value, state_in_words
from hearthwatch.layout import Layout
from hearthwatch.operation import erasing
from hearthwatch.records import Proposal, ProposalOutcome, Scope, Subject
from hearthwatch.store.protocol import Store
from hearthwatch.words import counted, day

_MAY = "ask for an erasure or refuse one"
_MAY_AGREE = "agree to an erasure: that takes an administrator"


def ask(call: Call) -> Answer:
    """Ask that all there is of something be erased."""

    def do(erasures: Erasures) -> Proposal:
        what, its_id = named(call, erasures.store)
        return erasures.ask(Subject(what), its_id, call.args.why)

    return _done(call, Scope.RELEASE, _MAY, do)


def agree(call: Call) -> Answer:
    """Agree to an erasure that another person asked for, and erase."""
    layout = Layout(call.settings.data_dir)

    def do(erasures: Erasures) -> Proposal:
        return erasing.agree(erasures, layout, call.args.erasure)

    return _done(call, Scope.MANAGE, _MAY_AGREE, do)


def refuse(call: Call) -> Answer:
    """Refuse an erasure, or take back what one asked for."""
    return _done(call, Scope.RELEASE, _MAY, lambda erasures: erasures.refuse(call.args.erasure))


def list_all(call: Call) -> Answer:
    """List the erasures, oldest first."""
    with call.store() as store:
        found = every_erasure(store, call.organisation)
    rows = [
        (one.id, one.detail["what"], one.subject, state_in_words(one), one.asked_by,
         one.decided_by, day(one.asked), one.detail.get("sha256", "")[:16], one.reason)
        for one in found
    ]  # fmt: skip
    header = ("id", "what", "of", "state", "asked by", "decided by", "asked", "sha256", "why")
    text = table(header, rows) if rows else "Nothing was erased, and nobody asked for it."
    return Answer({"erasures": [erasure_value(one) for one in found]}, text)


def named(call: Call, store: Store) -> tuple[str, str]:
    """Return what was named on the command line, and its id; nothing for everything."""
    args = call.args
    if args.event is not None:
        return "event", find_event(store, call.organisation, args.event).id
    if args.settlement is not None:
        return "settlement", args.settlement
    if args.region is not None:
        return "region", args.region
    return "all", ""


def _done(call: Call, scope: Scope, may: str, do: Callable[[Erasures], Proposal]) -> Answer:
    given = given_password(call, twice=False)
    with call.store(write=True, alone=False) as store:
        made = do(Erasures(store, signed_in(call, store, given, scope, may)))
    text = f"{made.id}: {state_in_words(made)}."
    if made.outcome is ProposalOutcome.AGREED:
        records = counted(sum(made.detail["rows"].values()), "record")
        text = f"{made.id}: erased, {records}. Their SHA-256: {made.detail['sha256']}"
    return Answer(erasure_value(made), text)
