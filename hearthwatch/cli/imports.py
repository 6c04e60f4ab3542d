"""`hearthwatch region import` and `settlement import`: files with many areas."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.records import Region, Settlement
from hearthwatch.store.listing import list_settlements
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_settlements
from hearthwatch.values import region_value
from hearthwatch.words import counted

if TYPE_CHECKING:
    from hearthwatch.watchlist.options import Options
    from hearthwatch.watchlist.swapped import Points
    from hearthwatch.watchlist.taking import Taken


def regions(call: Call) -> Answer:
    """Put every area of a file on the watchlist, by its own name."""
    from hearthwatch.pipeline.planner import Planner
    from hearthwatch.watchlist import read_file
    from hearthwatch.watchlist.kinds import watchable
    from hearthwatch.watchlist.taking import Terms, take_regions
    from hearthwatch.watchlist.waiting import waiting_words

    args = call.args
    terms = Terms(
        kind=watchable(args.kind), purpose=args.purpose, owner=args.owner, expires=args.expires
    )
    path = Path(args.file).expanduser()
    reading = read_file(path, call.settings, options_of(args, each=True))
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        there = store.regions(call.organisation)
        known = _places(store, call.organisation, there)
        names = [region.name for region in there]
        taken = take_regions(reading, call.organisation, terms, names, known)
        made = taken.accepted(valid=args.accept_valid)
        kept = Planner(call.settings, store).admitted(made)
        for region in kept:
            transaction.put_region(region)
    lines = [f"{counted(len(made), 'region')} put on the watchlist."]
    lines += [f"  {one.name}: {one.area_km2:,.2f} km², id {one.id}" for one in made]
    lines += [f"  {one.name}: {words}" for one in kept if (words := waiting_words(one))]
    document = {"regions": [region_value(one) for one in made], **_told(taken)}
    return Answer(document, "\n".join([*lines, *_lines(taken)]))


def settlements(call: Call) -> Answer:
    """Add the settlements of a file; of those there already only a new P-code is taken."""
    from hearthwatch.watchlist import read_file
    from hearthwatch.watchlist.taking import take_settlements

    args = call.args
    path = Path(args.file).expanduser()
    reading = read_file(path, call.settings, options_of(args, each=True))
    source = args.source or path.name
    with call.store(write=True, alone=False) as store:
        known = _places(store, call.organisation, store.regions(call.organisation))
        taken = take_settlements(reading, call.organisation, source, known)
        accepted = taken.accepted(valid=args.accept_valid)
        listed = list_settlements(store, call.organisation, accepted)
    new, old = len(listed.fresh), len(reading.areas) - len(listed.fresh)
    lines = [f"{counted(new, 'settlement')} added, {old:,} there already."]
    if listed.coded:
        lines.append(f"{counted(listed.coded, 'P-code')} taken over for those there already.")
    document = {
        "added": new, "there_already": old, "pcodes_taken_over": listed.coded, "source": source,
        **_told(taken),
    }  # fmt: skip
    return Answer(document, "\n".join([*lines, *_lines(taken)]))


def options_of(args: argparse.Namespace, *, each: bool) -> Options:
    """Return how a file is to be read, as it was typed."""
    from hearthwatch.watchlist.options import Options

    return Options(
        each=each, radius_m=args.radius, encoding=args.encoding, crs=args.crs, mend=args.mend
    )


def _places(store: Store, organisation: str, regions: Sequence[Region]) -> Points:
    """Return where the organisation's places are, for what may be swapped."""
    from hearthwatch.watchlist.swapped import centres_of

    shapes = [one.geometry for one in regions]
    shapes += [one.geometry for one in all_settlements(store, organisation)]
    return centres_of(shapes)


def _told(taken: Taken[Region] | Taken[Settlement]) -> dict[str, Any]:
    return {
        "repairs": list(_repairs(taken)),
        "faults": [str(fault) for fault in taken.faults],
        "checks": [str(check) for check in taken.checks],
    }


def _lines(taken: Taken[Region] | Taken[Settlement]) -> Iterator[str]:
    yield from (f"  repaired: {words}" for words in _repairs(taken))
    yield from (f"  not taken: {fault}" for fault in taken.faults)
    yield from (f"  check: {check}" for check in taken.checks)


def _repairs(taken: Taken[Region] | Taken[Settlement]) -> dict[str, None]:
    """Return what was repaired, each thing once: of thousands of places it is the same."""
    return dict.fromkeys(words for _, area in taken.made for words in area.repairs)
