"""`hearthwatch subscriptions list | show | add | pause | resume | remove`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearthwatch.alerting.shown import subscription_value
from hearthwatch.alerting.subscriptions import Subscriptions
from hearthwatch.cli.call import Call
from hearthwatch.cli.imports import options_of
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.receivers import operator
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.records import EventState, Rhythm, Severity, Subscription
from hearthwatch.store.protocol import Store
from hearthwatch.words import day

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def list_all(call: Call) -> Answer:
    """List the subscriptions."""
    with call.store() as store:
        found = store.subscriptions(call.organisation, receiver=call.args.receiver)
        names = store.region_names(call.organisation)
        told = {one.id: one.name for one in store.receivers(call.organisation, removed=True)}
    rows = [
        (one.id, one.name, told[one.receiver], _where(one, names), ",".join(one.kinds) or "all",
         one.least_state.value, one.least_severity.value, one.rhythm.value, day(one.paused))
        for one in found
    ]  # fmt: skip
    header = ("id", "name", "receiver", "where", "kinds", "from state", "from severity", "told",
              "paused")  # fmt: skip
    text = table(header, rows) if rows else "There is none. `hearthwatch subscriptions add` adds."
    return Answer({"subscriptions": [subscription_value(one) for one in found]}, text)


def show(call: Call) -> Answer:
    """Show one subscription."""
    with call.store() as store:
        found = _subscriptions(call, store).one(call.args.subscription)
    value = subscription_value(found)
    lines = [f"  {name:<15} {'-' if said is None else said}" for name, said in value.items()]
    return Answer(value, "\n".join((found.name, *lines)))


def add(call: Call) -> Answer:
    """Let a receiver be told of more."""
    args, area = call.args, _area(call)
    with call.store(write=True, alone=False) as store:
        region = find_region(store, call.organisation, args.region).id if args.region else ""
        terms: dict[str, Any] = {
            "name": args.name, "region": region, "geometry": area, "kinds": tuple(args.kind),
            "modes": tuple(args.mode) or ("actual",),
            "least_state": EventState(args.least_state),
            "least_severity": Severity(args.least_severity), "rhythm": Rhythm(args.rhythm),
        }  # fmt: skip
        made = _subscriptions(call, store).add(args.receiver, terms)
    text = f"{made.name} is a subscription, id {made.id}: of what is found or changes from now on."
    return Answer(subscription_value(made), text)


def pause(call: Call) -> Answer:
    """Tell nothing new because of a subscription until it is resumed."""
    return _paused(call, "is paused: what was told before is followed up", paused=True)


def resume(call: Call) -> Answer:
    """Go on with a subscription."""
    return _paused(call, "goes on, with what is found or changes from now on", paused=False)


def remove(call: Call) -> Answer:
    """End a subscription for good."""
    with call.store(write=True, alone=False) as store:
        own = _subscriptions(call, store)
        found = own.one(call.args.subscription)
        own.remove(found.id)
    return Answer({"removed": found.id}, f"{found.name} ends. What it told stays on record.")


def _paused(call: Call, words: str, *, paused: bool) -> Answer:
    with call.store(write=True, alone=False) as store:
        made = _subscriptions(call, store).change(call.args.subscription, {}, paused=paused)
    return Answer(subscription_value(made), f"{made.name} {words}.")


def _subscriptions(call: Call, store: Store) -> Subscriptions:
    return Subscriptions(store, operator(call), datetime.now(UTC))


def _area(call: Call) -> BaseGeometry | None:
    if call.args.area is None:
        return None
    from hearthwatch.watchlist import join_areas, of_any_size, read_file

    file, settings = Path(call.args.area).expanduser(), of_any_size(call.settings)
    reading = read_file(file, settings, options_of(call.args, each=False))
    return join_areas(reading.required(), settings).geometry


def _where(one: Subscription, names: Any) -> str:
    area = "an area" if one.geometry is not None else ""
    return " in ".join(part for part in (area, names.get(one.region, one.region)) if part) or "all"
