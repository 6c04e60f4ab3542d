"""`hearthwatch status` and `hearthwatch region level`."""

from __future__ import annotations

from datetime import UTC, datetime

from hearthwatch.cli.alarms import lines_of
from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.passes.glance import Glance, glance_value, glances
from hearthwatch.records import WatchLevel
from hearthwatch.values import moment, region_value
from hearthwatch.watchdogs.shown import alarm_value, standing
from hearthwatch.watchlist.terms import level_words, terms_value, with_hours, with_level
from hearthwatch.words import day, marked

HEADER = ("name", "last usable", "next look", "blind since", "level", "hours", "units", "days left")


def show(call: Call) -> Answer:
    """Tell how every watch stands, the worst first."""
    now = datetime.now(UTC)
    with call.store() as store:
        regions = store.regions(call.organisation)
        found = glances(call.settings, store, call.organisation, regions, now)
        wrong = standing(store, call.organisation)
        alarms = lines_of(wrong)
    document = {
        "at": moment(now),
        "regions": [glance_value(one) for one in found],
        "alarms": [alarm_value(one, call.organisation, ()) for one in wrong],
    }
    if not found:
        nothing = "Nothing is watched. `hearthwatch region add` adds."
        return Answer(document, "\n".join([nothing, *alarms]))
    lines = [table(HEADER, [_row(one) for one in found]), *alarms]
    for one in found:
        said = (one.terms["ending"], "" if one.imagery.is_well else one.imagery.words,
                one.terms["level_words"], one.terms["waiting"])  # fmt: skip
        lines += [f"{one.region.name}: {words}" for words in said if words]
    return Answer(document, "\n".join(lines))


def level(call: Call) -> Answer:
    """Watch a region more or less closely."""
    args, now = call.args, datetime.now(UTC)
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        region = find_region(store, call.organisation, args.region)
        changed = with_level(region, WatchLevel(args.level), args.until, args.reason, now)
        if args.every is not None:
            changed = with_hours(changed, args.every)
        transaction.put_region(changed)
    terms = terms_value(changed, call.settings, now)
    words = level_words(changed, now) or "routine"
    text = f"{changed.name}: {words}. A run every {terms['hours_between_runs']:g} hours."
    return Answer({"region": region_value(changed) | terms}, text)


def _row(one: Glance) -> tuple[str, ...]:
    looks = [f"{day(total.last_usable)} {name}" for name, total in one.looks.items()]
    left, units = one.terms["days_left"], one.units
    return (
        marked(one.region.mode, one.region.name),
        ", ".join(looks) or "-",
        f"{day(one.next_look.expected)} {one.next_look.sensor}" if one.next_look else "-",
        day(one.imagery.blind_since),
        str(one.terms["level"]),
        f"{one.terms['hours_between_runs']:g}",
        "-" if units is None else f"{units:,.1f}",
        "-" if left is None else str(left),
    )
