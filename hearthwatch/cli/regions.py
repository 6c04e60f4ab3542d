"""`hearthwatch region add | list | show | remove`."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hearthwatch.budget.shown import shown, shown_value
from hearthwatch.cli.call import Call
from hearthwatch.cli.imports import options_of
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.values import region_value
from hearthwatch.watchlist.terms import terms_value
from hearthwatch.watchlist.waiting import confirmed, waiting_words
from hearthwatch.words import counted, day, marked
from tiles.geodesy import polygons

if TYPE_CHECKING:
    from hearthwatch.watchlist import NamedArea


def add(call: Call) -> Answer:
    """Put an area on the watchlist."""
    from hearthwatch.pipeline.planner import Planner
    from hearthwatch.watchlist import make_region
    from hearthwatch.watchlist.kinds import watchable

    args = call.args
    kind = watchable(args.kind)
    area = area_of(call)
    with call.store(write=True, alone=False) as store:
        region = make_region(
            area,
            args.name,
            call.organisation,
            kind=kind,
            purpose=args.purpose,
            owner=args.owner,
            expires=args.expires,
            taken=[other.name for other in store.regions(call.organisation)],
        )
        (region,) = Planner(call.settings, store).admitted([region])
        with store.transaction() as transaction:
            transaction.put_region(region)
    lines = [f"{region.name} is on the watchlist: {region.area_km2:,.2f} km², id {region.id}."]
    lines += [f"  repaired: {words}" for words in area.repairs]
    if words := waiting_words(region):
        lines.append(f"  {words}; `hearthwatch region confirm` begins.")
    document = {
        "region": region_value(region),
        "repairs": list(area.repairs),
        "waiting": waiting_words(region),
    }
    return Answer(document, "\n".join(lines))


def confirm(call: Call) -> Answer:
    """Begin a watch that waits for confirmation."""
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        region = confirmed(find_region(store, call.organisation, call.args.region))
        transaction.put_region(region)
    text = f"{region.name} is confirmed: its looks are taken from the next run on."
    return Answer({"region": region_value(region)}, text)


def list_all(call: Call) -> Answer:
    """List the watchlist."""
    with call.store() as store:
        regions = store.regions(call.organisation)
        read = shown(call.settings, store, call.organisation, regions)
    rows = [
        (marked(r.mode, r.name), r.kind.value, f"{r.area_km2:,.2f}", day(r.created),
         day(r.expires), r.id)
        for r in regions
    ]  # fmt: skip
    header = ("name", "watched for", "km²", "since", "expires", "id")
    told = [f"{r.name}: {read[r.id].words}" for r in regions if not read[r.id].is_well]
    now = datetime.now(UTC)
    terms = {r.id: terms_value(r, call.settings, now) for r in regions}
    for name in ("ending", "level_words", "waiting"):
        told += [f"{r.name}: {terms[r.id][name]}" for r in regions if terms[r.id][name]]
    text = table(header, rows) if rows else "Nothing is watched. `hearthwatch region add` adds."
    values = [region_value(r) | terms[r.id] | {"imagery": shown_value(read[r.id])} for r in regions]
    return Answer({"regions": values}, "\n".join((text, *told)))


def show(call: Call) -> Answer:
    """Show one region."""
    from tiles.grid import cells_for

    with call.store() as store:
        region = find_region(store, call.organisation, call.args.region)
        how = shown(call.settings, store, call.organisation, (region,))[region.id]
    cells = [cell.id for cell in cells_for(region.geometry)]
    west, south, east, north = region.geometry.bounds
    parts = counted(len(polygons(region.geometry)), "part")
    lines = [
        marked(region.mode, region.name),
        f"  id        {region.id}",
        f"  kind      {region.kind.value}",
        f"  area      {region.area_km2:,.3f} km² in {parts}",
        f"  bounds    {west:.5f} {south:.5f} {east:.5f} {north:.5f}",
        f"  cells     {', '.join(cells)}",
        f"  purpose   {region.purpose or '-'}",
        f"  owner     {region.owner or '-'}",
        f"  since     {day(region.created)}",
        f"  expires   {day(region.expires)}",
        f"  imagery   {how.words}",
    ]
    return Answer(
        {"region": region_value(region) | {"imagery": shown_value(how), "cells": cells}},
        "\n".join(lines),
    )


def remove(call: Call) -> Answer:
    """Stop watching a region. Its events and ledger stay readable."""
    with call.store(write=True, alone=False) as store:
        region = find_region(store, call.organisation, call.args.region)
        gone = dataclasses.replace(region, removed=datetime.now(UTC))
        with store.transaction() as transaction:
            transaction.put_region(gone)
    text = f"{region.name} is no longer watched. Its events and ledger stay readable."
    return Answer({"region": region_value(gone)}, text)


def area_of(call: Call) -> NamedArea:
    """Return the area that was named, as a file or as a box."""
    from hearthwatch.watchlist import join_areas, read_bbox, read_file

    args = call.args
    if args.bbox is not None:
        return read_bbox(args.bbox, call.settings)
    reading = read_file(Path(args.file).expanduser(), call.settings, options_of(args, each=False))
    areas = reading.required()
    for check in reading.checks:
        call.note(f"  check: {check}")
    return join_areas(areas, call.settings)
