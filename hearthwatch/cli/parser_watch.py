"""Commands of what is watched and what was found."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parts import (
    COLLECTIONS,
    FILE_FORMS,
    FORMATS,
    add_area,
    add_command,
    add_event_filter,
    add_file_options,
    add_group,
    add_kind,
    add_priority,
    add_source,
)
from hearthwatch.cli.typed import bands, bbox, count, day_end, day_start, density


def region(commands: Any) -> None:
    """Add `hearthwatch region`."""
    group = add_group(commands, "region", "the watchlist")
    add = add_command(group, "add", "regions:add", "put an area on the watchlist")
    add.add_argument("name", metavar="NAME")
    add_area(add)
    _purpose(add)
    text = "put every area of a file on the watchlist, each by its own name"
    read = add_command(group, "import", "imports:regions", text)
    _file(read)
    add_kind(read)
    _purpose(read)
    _estimate(group)
    _backtest(group)
    text = "begin a watch that waits because it goes beyond a limit of the settings"
    confirm = add_command(group, "confirm", "regions:confirm", text)
    confirm.add_argument("region", metavar="REGION", help="name or id")
    add_command(group, "list", "regions:list_all", "list the watchlist")
    show = add_command(group, "show", "regions:show", "show one region")
    show.add_argument("region", metavar="REGION", help="name or id")
    _level(group)
    remove = add_command(
        group, "remove", "regions:remove", "stop watching a region; keep its records"
    )
    remove.add_argument("region", metavar="REGION", help="name or id")


def _level(group: Any) -> None:
    text = "watch a region more closely until a day, or as usual again"
    level = add_command(group, "level", "status:level", text)
    level.add_argument("region", metavar="REGION", help="name or id")
    level.add_argument("level", choices=("routine", "elevated", "urgent"))
    level.add_argument("--until", type=day_end, metavar="DATE", help="last day of a raised level")
    level.add_argument("--reason", default="", help="of a raised level")
    level.add_argument("--every", type=float, metavar="HOURS", help="between runs when routine")


def status(commands: Any) -> None:
    """Add `hearthwatch status`."""
    text = "tell how every watch stands, the worst first"
    add_command(commands, "status", "status:show", text)


def _purpose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--purpose", default="", help="why it is watched")
    parser.add_argument("--owner", default="", help="who answers for it")
    parser.add_argument("--expires", type=day_end, metavar="DATE", help="last day of the watch")


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help=FORMATS)
    add_file_options(parser)
    text = "take what is sound though other features of the file are not"
    parser.add_argument("--accept-valid", action="store_true", help=text)


def _estimate(group: Any) -> None:
    text = "say what watching an area would take, before it is watched"
    estimate = add_command(group, "estimate", "estimate:estimate", text)
    add_area(estimate)
    add_source(estimate)
    estimate.add_argument(
        "--settlements", metavar="FILE", help="places to count (those that are listed)"
    )
    estimate.add_argument(
        "--backfill", type=float, default=24.0, metavar="MONTHS", help="to read once (24)"
    )
    estimate.add_argument("--offline", action="store_true", help="ask no catalogue")


def _backtest(group: Any) -> None:
    text = "tell what a watch would have told in the last months; nobody is alerted"
    backtest = add_command(group, "backtest", "backtest:backtest", text)
    backtest.add_argument("region", metavar="REGION", help="name or id")
    backtest.add_argument("--show", action="store_true", help="the last one's report; make none")
    backtest.add_argument(
        "--months", type=float, default=24.0, metavar="N", help="to be told of (24)"
    )
    text = "before them, to learn from (12)"
    backtest.add_argument("--learn", type=float, default=12.0, metavar="N", help=text)
    backtest.add_argument("--until", type=day_end, metavar="DATE", help="end of them (now)")
    text = "processing units that are granted, where its provider charges any"
    backtest.add_argument("--units", type=float, metavar="N", help=text)
    add_source(backtest)


def settlement(commands: Any) -> None:
    """Add `hearthwatch settlement`."""
    group = add_group(commands, "settlement", "places inside which change is looked for")
    text = "add the settlements of a file: outlines, or points with a radius"
    read = add_command(group, "import", "imports:settlements", text)
    _file(read)
    read.add_argument("--source", help="where the places come from (the file's name)")
    listing = add_command(group, "list", "settlements:list_all", "list the settlements, by name")
    listing.add_argument("--bbox", type=bbox, metavar="W,S,E,N", help="in degrees")
    listing.add_argument("--limit", type=count, default=100, metavar="N", help="at most (100)")
    text = "take a settlement off the list; keep its records"
    remove = add_command(group, "remove", "settlements:remove", text)
    remove.add_argument("settlement", metavar="ID")
    _settlement_area(group)
    _settlement_outline(group)
    _settlement_series(group)


def _settlement_area(group: Any) -> None:
    text = "tell how large a known camp is and was, and with --out draw it"
    area = add_command(group, "area", "settlement_area:area", text)
    area.add_argument("settlement", metavar="SETTLEMENT", help="name or id")
    area.add_argument("--out", metavar="DIR", help="folder for chart and data")
    area.add_argument("--force", action="store_true", help="replace files that are there")
    people = "tell a range of people too, at so many on a hectare"
    area.add_argument("--people-per-ha", type=density, metavar="LOW,HIGH", help=people)


def _settlement_outline(group: Any) -> None:
    text = "draw outlines of places known as points, from images, for a person to look at"
    outline = add_command(group, "outline", "settlement_outline:outline", text)
    which = outline.add_mutually_exclusive_group(required=True)
    which.add_argument("file", metavar="FILE", nargs="?", help="as of `settlement import`")
    which.add_argument("--all", action="store_true", help="those listed that are circles")
    outline.add_argument("--radius", type=float, metavar="M", help="of points that name none")
    outline.add_argument("--encoding", help="of text that is not in UTF-8")
    outline.add_argument("--until", type=day_end, metavar="DATE", help="last look used (now)")
    outline.add_argument("--looks", type=count, default=8, metavar="N", help="to use at most (8)")
    outline.add_argument("--out", metavar="FILE", required=True, help="GeoJSON")
    outline.add_argument("--force", action="store_true", help="replace a file that is there")
    add_source(outline)
    add_priority(outline, "backfill")
    # What a detector would read is read: a run that follows pays nothing twice.
    outline.set_defaults(bands=None, pixel=10.0)


def _settlement_series(group: Any) -> None:
    text = "write the daily means of a settlement, which shows the provider that it is watched"
    series = add_command(group, "series", "settlement_series:series", text)
    series.add_argument("settlement", metavar="SETTLEMENT", help="name or id")
    series.add_argument(
        "--bands", type=bands, metavar="B,B", required=True, help="of Sentinel-2, with commas"
    )
    series.add_argument("--since", type=day_start, metavar="DATE", required=True)
    series.add_argument("--until", type=day_end, metavar="DATE", help="(now)")
    series.add_argument("--out", metavar="FILE", required=True, help="CSV")
    series.add_argument("--force", action="store_true", help="replace a file that is there")
    add_priority(series, "backfill")


def run(commands: Any) -> None:
    """Add `hearthwatch run`."""
    run = add_command(commands, "run", "runs:run", "take every look that is new, oldest first")
    run.add_argument("regions", metavar="REGION", nargs="*", help="name or id; all if none")
    run.add_argument(
        "--until", type=day_end, metavar="DATE", help="replay history up to this day as if live"
    )
    add_source(run)
    run.add_argument("--executor", choices=("threads", "processes", "dask"), help="what works")
    run.add_argument("--workers", type=int, metavar="N", help="cells worked on at once")
    run.add_argument("--dask-scheduler", metavar="ADDRESS", help="as tcp://host:port")


def ledger(commands: Any) -> None:
    """Add `hearthwatch ledger`."""
    text = "tell what became of every look"
    ledger = add_command(commands, "ledger", "ledger:show", text)
    ledger.add_argument("region", metavar="REGION", nargs="?", help="name or id; all if none")
    ledger.add_argument("--since", type=day_start, metavar="DATE")
    ledger.add_argument("--until", type=day_end, metavar="DATE")
    ledger.add_argument("--settlement", metavar="SETTLEMENT", help="name or id; all if none")


def why(commands: Any) -> None:
    """Add `hearthwatch why`."""
    text = "answer why there was no alert at a settlement about a day, or say which there was"
    why = add_command(commands, "why", "why:why", text)
    why.add_argument("place", metavar="PLACE", help="settlement or area by name or id, or an event")
    why.add_argument(
        "date", type=day_start, metavar="DATE", nargs="?", help="of an event, that of the change"
    )
    why.add_argument(
        "--days", type=count, default=10, metavar="N", help="before and after it to tell of (10)"
    )


def suppressed(commands: Any) -> None:
    """Add `hearthwatch suppressed`."""
    text = "list the looks at which a rule held evidence back, newest first"
    held = add_command(commands, "suppressed", "why:suppressed", text)
    held.add_argument("--region", metavar="REGION", help="name or id; all if none")
    held.add_argument("--since", type=day_start, metavar="DATE")
    held.add_argument("--until", type=day_end, metavar="DATE")
    held.add_argument("--limit", type=count, default=100, metavar="N", help="at most (100)")


def export(commands: Any) -> None:
    """Add `hearthwatch export`."""
    export = add_command(commands, "export", "export:export", "write a collection to a file")
    export.add_argument("file", metavar="FILE")
    export.add_argument(
        "--collection", choices=COLLECTIONS, default="events", help="what to write (events)"
    )
    export.add_argument("--format", choices=FILE_FORMS, help="by the file's suffix if not given")
    export.add_argument("--filter", metavar="CQL2", help="features that meet this, besides")
    export.add_argument(
        "--style", action="store_true", help="write how QGIS is to draw it beside the file (QML)"
    )
    export.add_argument("--force", action="store_true", help="replace a file that is there")
    add_event_filter(export)
