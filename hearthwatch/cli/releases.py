"""`hearthwatch release ask | agree | refuse | withdraw | list`."""

from __future__ import annotations

from collections.abc import Callable

from hearthwatch.cli.call import Call
from hearthwatch.cli.persons import given_password, signed_in
from hearthwatch.cli.reading import find_event
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.disclosure.place import place_for
from hearthwatch.disclosure.proposing import Releases
from hearthwatch.disclosure.shown import proposal_value, state_in_words
from hearthwatch.disclosure.two_people import proposals_of
from hearthwatch.layout import Layout
from hearthwatch.records import Audience, Proposal, ProposedAct, Scope
from hearthwatch.words import day


def ask(call: Call) -> Answer:
    """Ask that others be told of an event."""
    audience = Audience(call.args.audience)

    def do(releases: Releases) -> Proposal:
        event = find_event(releases.store, call.organisation, call.args.event)
        return releases.ask(event.id, audience, call.args.why)

    return _done(call, do)


def agree(call: Call) -> Answer:
    """Agree to a release that another person asked for."""
    return _done(call, lambda releases: releases.agree(call.args.release))


def refuse(call: Call) -> Answer:
    """Refuse a release that another person asked for."""
    return _done(call, lambda releases: releases.refuse(call.args.release))


def withdraw(call: Call) -> Answer:
    """Take a release back."""
    return _done(call, lambda releases: releases.withdraw(call.args.release))


def list_all(call: Call) -> Answer:
    """List the releases, oldest first."""
    with call.store() as store:
        found = proposals_of(store, call.organisation, ProposedAct.RELEASE)
    rows = [
        (one.id, one.subject, one.audience.value if one.audience else "", state_in_words(one),
         one.asked_by, one.decided_by, day(one.asked), one.reason)
        for one in found
    ]  # fmt: skip
    header = ("id", "event", "for", "state", "asked by", "decided by", "asked", "why")
    text = table(header, rows) if rows else "Nothing was released, and nobody asked for it."
    return Answer({"releases": [proposal_value(one) for one in found]}, text)


def _done(call: Call, do: Callable[[Releases], Proposal]) -> Answer:
    given = given_password(call, twice=False)
    layers = Layout(call.settings.data_dir).layers(call.organisation)
    with call.store(write=True, alone=False) as store:
        who = signed_in(call, store, given, Scope.RELEASE, "release anything to others")
        made = do(Releases(store, who, layers))
        event = store.event(call.organisation, made.subject)
        assert made.audience is not None
        place = place_for(store, event, made.audience, layers)
    text = f"{made.id}: {state_in_words(made)}. They are told that it was {place.words}."
    return Answer({**proposal_value(made), "place": place.words}, text)
