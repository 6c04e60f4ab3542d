"""What can be typed. Nothing heavy is imported here: `--help` must come at once."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, NoReturn

from hearthwatch.errors import HearthwatchError

DESCRIPTION = (
    "Watches settlements from the Sentinel satellites and tells when one has burned, been razed "
    "or emptied."
)
KINDS = ("burned", "razed", "camp_change", "abandonment", "ground_change")
STATES = (
    "candidate", "provisional", "corroborated", "confirmed", "disputed", "rejected", "retracted",
    "closed",
)  # fmt: skip
ROLES = ("admin", "analyst", "viewer")
PRIORITIES = ("confirmation", "routine", "backfill")


class UsageError(HearthwatchError):
    """What was typed is no command."""

    code = "usage"
    exit_status = 2


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors have the shape of all others, and without abbreviations."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        raise UsageError(f"{message}. See `{self.prog} --help`.")


def build_parser() -> Parser:
    """Return the parser of all commands."""
    parser = Parser(prog="hearthwatch", description=DESCRIPTION, parents=[_common()])
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (
        _region, _settlement, _run, _events, _ledger, _scene, _archive, _export, _spend, _up,
        _serve, _key, _doctor, _sample, _demo, _exercise, _evaluate, _version,
    ):  # fmt: skip
        add(commands)
    return parser


def command_list() -> Iterator[tuple[str, str]]:
    """Yield every command with its one line of help, in the order of `--help`."""
    yield from _walk(build_parser(), "")


def _walk(parser: argparse.ArgumentParser, prefix: str) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            lines = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, sub in action.choices.items():
                below = list(_walk(sub, f"{prefix}{name} "))
                yield from below or [(f"{prefix}{name}", lines[name])]


def _common() -> argparse.ArgumentParser:
    """Options that stand before or after any command."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("common options")
    group.add_argument("--data-dir", metavar="DIR", help="folder for all that is kept (var)")
    group.add_argument("--json", action="store_true", help="print one JSON document instead")
    group.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), help="least severe message"
    )
    return common


def _command(commands: Any, name: str, handler: str, text: str) -> argparse.ArgumentParser:
    """Add a command; `handler` is ``module:function``, loaded only when it is called."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[_common()]
    )
    parser.set_defaults(handler=f"hearthwatch.cli.{handler}")
    return parser


def _group(commands: Any, name: str, text: str) -> Any:
    parser = commands.add_parser(name, help=text, parents=[_common()])
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def _region(commands: Any) -> None:
    group = _group(commands, "region", "the watchlist")
    add = _command(group, "add", "regions:add", "put an area on the watchlist")
    add.add_argument("name", metavar="NAME")
    _area(add)
    add.add_argument("--purpose", default="", help="why it is watched")
    add.add_argument("--owner", default="", help="who answers for it")
    add.add_argument("--expires", type=_day_end, metavar="DATE", help="last day of the watch")
    _estimate(group)
    _command(group, "list", "regions:list_all", "list the watchlist")
    show = _command(group, "show", "regions:show", "show one region")
    show.add_argument("region", metavar="REGION", help="name or id")
    remove = _command(group, "remove", "regions:remove", "stop watching a region; keep its records")
    remove.add_argument("region", metavar="REGION", help="name or id")


def _area(parser: argparse.ArgumentParser) -> None:
    area = parser.add_mutually_exclusive_group(required=True)
    area.add_argument("file", metavar="FILE", nargs="?", help="GeoJSON, GeoPackage or FlatGeobuf")
    area.add_argument("--bbox", metavar="W,S,E,N", help="a box in degrees instead of a file")
    # No choices: which there are follows from the installed detectors, and asking takes time.
    text = "what to watch for: one that a detector is installed for (ground_change)"
    parser.add_argument("--kind", metavar="KIND", default="ground_change", help=text)


def _estimate(group: Any) -> None:
    text = "say what watching an area would take, before it is watched"
    estimate = _command(group, "estimate", "estimate:estimate", text)
    _area(estimate)
    _source(estimate)
    estimate.add_argument(
        "--settlements", metavar="FILE", help="places to count (those that are listed)"
    )
    estimate.add_argument("--radius", type=float, metavar="M", help="of points that name none")
    estimate.add_argument(
        "--backfill", type=float, default=24.0, metavar="MONTHS", help="to read once (24)"
    )
    estimate.add_argument("--offline", action="store_true", help="ask no catalogue")


def _source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--catalogue", metavar="PATH", help="scenes that the folder provider reads")
    parser.add_argument("--provider", help="where scenes come from")


def _settlement(commands: Any) -> None:
    group = _group(commands, "settlement", "places inside which change is looked for")
    text = "add the settlements of a file: outlines, or points with a radius"
    read = _command(group, "import", "settlements:import_file", text)
    read.add_argument("file", metavar="FILE", help="GeoJSON, GeoPackage, FlatGeobuf or CSV")
    read.add_argument("--radius", type=float, metavar="M", help="of points that name none, metres")
    read.add_argument("--source", help="where the places come from (the file's name)")
    read.add_argument("--encoding", default="utf-8", help="of a CSV table (utf-8)")
    listing = _command(group, "list", "settlements:list_all", "list the settlements, by name")
    listing.add_argument("--bbox", type=_bbox, metavar="W,S,E,N", help="in degrees")
    listing.add_argument("--limit", type=_count, default=100, metavar="N", help="at most (100)")
    text = "take a settlement off the list; keep its records"
    remove = _command(group, "remove", "settlements:remove", text)
    remove.add_argument("settlement", metavar="ID")
    _settlement_series(group)


def _settlement_series(group: Any) -> None:
    text = "write the daily means of a settlement, which shows the provider that it is watched"
    series = _command(group, "series", "settlement_series:series", text)
    series.add_argument("settlement", metavar="SETTLEMENT", help="name or id")
    series.add_argument(
        "--bands", type=_bands, metavar="B,B", required=True, help="of Sentinel-2, with commas"
    )
    series.add_argument("--since", type=_day_start, metavar="DATE", required=True)
    series.add_argument("--until", type=_day_end, metavar="DATE", help="(now)")
    series.add_argument("--out", metavar="FILE", required=True, help="CSV")
    series.add_argument("--force", action="store_true", help="replace a file that is there")
    _priority(series, "backfill")


def _priority(parser: argparse.ArgumentParser, usual: str) -> None:
    parser.add_argument(
        "--priority", choices=PRIORITIES, default=usual,
        help=f"what of the budget it may take ({usual})",
    )  # fmt: skip


def _run(commands: Any) -> None:
    run = _command(commands, "run", "runs:run", "take every look that is new, oldest first")
    run.add_argument("regions", metavar="REGION", nargs="*", help="name or id; all if none")
    run.add_argument(
        "--until", type=_day_end, metavar="DATE", help="replay history up to this day as if live"
    )
    _source(run)
    run.add_argument("--executor", choices=("threads", "processes", "dask"), help="what works")
    run.add_argument("--workers", type=int, metavar="N", help="cells worked on at once")
    run.add_argument("--dask-scheduler", metavar="ADDRESS", help="as tcp://host:port")


def _events(commands: Any) -> None:
    group = _group(commands, "events", "what was found")
    listing = _command(group, "list", "events:list_events", "list events, newest first")
    _event_filter(listing)
    listing.add_argument("--limit", type=_count, default=100, metavar="N", help="at most (100)")
    listing.add_argument("--after", metavar="CURSOR", help="go on after an earlier answer")
    show = _command(group, "show", "events:show", "show one event, its history and detections")
    show.add_argument("event", metavar="ID", help="the id or its beginning")


def _event_filter(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", metavar="REGION", help="name or id")
    parser.add_argument("--since", type=_day_start, metavar="DATE", help="first seen then or later")
    parser.add_argument("--until", type=_day_end, metavar="DATE", help="first seen then or before")
    parser.add_argument("--bbox", type=_bbox, metavar="W,S,E,N", help="in degrees")
    parser.add_argument(
        "--state", choices=STATES, action="append", default=[], help="may be given several times"
    )
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--settlement", metavar="SETTLEMENT", help="name or id")


def _ledger(commands: Any) -> None:
    text = "tell what became of every look"
    ledger = _command(commands, "ledger", "ledger:show", text)
    ledger.add_argument("region", metavar="REGION", nargs="?", help="name or id; all if none")
    ledger.add_argument("--since", type=_day_start, metavar="DATE")
    ledger.add_argument("--until", type=_day_end, metavar="DATE")
    ledger.add_argument("--settlement", metavar="SETTLEMENT", help="name or id; all if none")


def _archive(commands: Any) -> None:
    group = _group(commands, "archive", "what was pulled: prove, hand on, keep, retire")
    text = "read every file and name whatever is not as it was stored"
    _command(group, "verify", "archive:verify", text)
    listing = _command(group, "list", "archive:list_all", "list archived looks, and the holds")
    listing.add_argument("--cell", metavar="CELL")
    listing.add_argument("--acquisition", metavar="ACQUISITION")
    selector = "a cell, an acquisition, CELL/ACQUISITION, or all"
    text = "write masters as COGs, with sidecars and a list of check sums"
    export = _command(group, "export", "archive:export_masters", text)
    export.add_argument("what", metavar="WHAT", nargs="+", help=selector)
    export.add_argument("dest", metavar="DEST", help="folder to make")
    text = "put a legal hold on masters: nothing removes them until it is released"
    hold = _command(group, "hold", "archive:hold", text)
    hold.add_argument("name", metavar="NAME", help="of the hold, as a case")
    hold.add_argument("what", metavar="WHAT", nargs="+", help=selector)
    release = _command(group, "release", "archive:release", "end a legal hold")
    release.add_argument("name", metavar="NAME", help="of the hold")
    text = "retire old looks that nothing found rests on and no hold keeps"
    prune = _command(group, "prune", "archive:prune_old", text)
    prune.add_argument("--keep-years", type=_count, metavar="N", required=True, help="at least 1")
    prune.add_argument("--dry-run", action="store_true", help="only tell what would go")
    for acted, is_needed in ((hold, True), (release, True), (prune, False)):
        acted.add_argument("--why", metavar="TEXT", required=is_needed, help="goes on record")
        acted.add_argument("--by", metavar="WHO", help="who asks for it (the user's name)")
    cube = _command(group, "cube", "archive:cube", "bring the cube of a cell up to date")
    cube.add_argument("cell", metavar="CELL")


def _export(commands: Any) -> None:
    export = _command(commands, "export", "export:export", "write events to a file")
    export.add_argument("file", metavar="FILE")
    export.add_argument(
        "--format", choices=("geojson", "gpkg", "csv"), help="by the file's suffix if not given"
    )
    export.add_argument("--force", action="store_true", help="replace a file that is there")
    _event_filter(export)


def _scene(commands: Any) -> None:
    group = _group(commands, "scene", "looks of the satellites: list, pull, show")
    listing = _command(group, "list", "scenes:list_looks", "list the looks at a place")
    _place(listing)
    text = "pull one look into the archive; it is paid for from the budget"
    pull = _command(group, "pull", "scenes:pull", text)
    pull.add_argument("acquisition", metavar="LOOK", help="its key, as `scene list` tells it")
    _place(pull)
    pull.add_argument(
        "--bands", type=_bands, metavar="B,B", help="with commas (those detectors need)"
    )
    pull.add_argument(
        "--pixel", type=float, choices=(10.0, 20.0), default=10.0, metavar="M",
        help="10 or 20: read nothing finer (10)",
    )  # fmt: skip
    _priority(pull, "confirmation")
    text = "show an archived look: where it came from, and a picture"
    show = _command(group, "show", "scene_show:show", text)
    show.add_argument("acquisition", metavar="LOOK", help="its key")
    show.add_argument("--cell", metavar="CELL", help="of the work grid; all if none")
    show.add_argument("--out", metavar="FILE", help="write a picture there (PNG)")
    show.add_argument(
        "--colours", choices=("true", "false"), default="true", help="of the picture (true)"
    )


def _place(parser: argparse.ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("region", metavar="REGION", nargs="?", help="name or id")
    place.add_argument("--bbox", metavar="W,S,E,N", help="a box in degrees")
    place.add_argument("--cell", metavar="CELL", help="a cell of the work grid")
    text = "(a month ago, or the day that the look's key tells)"
    parser.add_argument("--since", type=_day_start, metavar="DATE", help=text)
    parser.add_argument("--until", type=_day_end, metavar="DATE", help="(now, or that day)")
    _source(parser)


def _spend(commands: Any) -> None:
    text = "tell what imagery has cost, and how long the budget will last"
    spend = _command(commands, "spend", "spend:show", text)
    spend.add_argument("--region", metavar="REGION", help="name or id; all if none")
    spend.add_argument(
        "--since", type=_day_start, metavar="DATE", help="(the first day of this month)"
    )
    spend.add_argument("--until", type=_day_end, metavar="DATE")
    spend.add_argument(
        "--by", choices=("provider", "region", "day"), action="append", default=[],
        help="how to put it together; may be given several times (all three)",
    )  # fmt: skip


def _up(commands: Any) -> None:
    text = "serve the page and the API, and take new looks every few hours"
    up = _command(commands, "up", "service:up", text)
    _listening(up)
    up.add_argument(
        "--every", type=float, dest="run_every_hours", metavar="HOURS", help="between runs (6)"
    )
    _source(up)


def _serve(commands: Any) -> None:
    text = "serve the page and the API; `hearthwatch run` may run beside it"
    _listening(_command(commands, "serve", "service:serve", text))


def _listening(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", metavar="ADDRESS", help="to listen on (127.0.0.1)")
    parser.add_argument(
        "--port", type=int, metavar="N", help="to listen on (8480); 0: any free one"
    )
    parser.add_argument("--public-url", metavar="URL", help="as callers reach it through a proxy")


def _key(commands: Any) -> None:
    group = _group(commands, "key", "keys to the API")
    add = _command(group, "add", "keys:add", "make a key and show it once")
    add.add_argument("name", metavar="NAME", help="who or what will use it")
    add.add_argument("--role", choices=ROLES, default="analyst", help="what it allows (analyst)")
    add.add_argument("--expires", type=_day_end, metavar="DATE", help="last day it can be used")
    _command(group, "list", "keys:list_all", "list the keys, without their secrets")
    revoke = _command(group, "revoke", "keys:revoke", "let a key open nothing from now on")
    revoke.add_argument("key", metavar="ID")


def _doctor(commands: Any) -> None:
    doctor = _command(commands, "doctor", "doctor:doctor", "check that all is in order")
    doctor.add_argument(
        "--quick", action="store_true", help="do not read the whole archive to verify it"
    )


def _sample(commands: Any) -> None:
    group = _group(commands, "sample", "real scenes to try it with")
    text = "fetch 140 real Sentinel-2 looks at one square kilometre"
    fetch = _command(group, "fetch", "sample:fetch", text)
    fetch.add_argument("--dest", metavar="DIR", help="folder to make (DATA_DIR/sample)")
    _wheel(fetch)


def _demo(commands: Any) -> None:
    text = "watch a square of Romanian forest, 2015 to 2020, and show what was found"
    demo = _command(commands, "demo", "demo:demo", text)
    text = "folder for the picture and the exercise (the demo's own)"
    demo.add_argument("--out", metavar="DIR", help=text)
    _wheel(demo)


def _exercise(commands: Any) -> None:
    text = "implant a burn into copies of real scenes, watch them, and compare with the truth"
    exercise = _command(commands, "exercise", "exercise:exercise", text)
    exercise.add_argument(
        "--catalogue", metavar="DIR", help="scenes on disk to copy; they are not changed"
    )
    exercise.add_argument("--out", metavar="DIR", required=True, help="folder to make")
    place = exercise.add_mutually_exclusive_group(required=True)
    place.add_argument("--at", type=_point, metavar="LON,LAT", help="middle of a village")
    place.add_argument("--settlement", metavar="NAME", help="a listed one, by name or id")
    exercise.add_argument("--radius", type=float, metavar="M", help="of the village at a point")
    exercise.add_argument("--date", type=_day_start, metavar="DATE", required=True, help="it burns")
    exercise.add_argument(
        "--share", type=_share, default=0.8, metavar="S", help="of huts that burn (0.8)"
    )
    exercise.add_argument(
        "--huts", type=_share, default=0.3, metavar="S", help="of the ground under huts (0.3)"
    )
    exercise.add_argument(
        "--pattern", choices=("spread", "block"), default="spread", help="which huts (spread)"
    )
    exercise.add_argument(
        "--again", type=_day_start, metavar="DATE", help="what still stands burns too"
    )
    exercise.add_argument(
        "--surroundings", action="store_true", help="only the ground round it burns, no hut"
    )
    exercise.add_argument(
        "--seed", type=_seed, default=0, metavar="N", help="of where huts stand (0)"
    )


def _evaluate(commands: Any) -> None:
    text = "replay history over settlements, and tell how good the detector was"
    evaluate = _command(commands, "evaluate", "evaluate:evaluate", text)
    evaluate.add_argument("--catalogue", metavar="DIR", help="scenes to replay")
    evaluate.add_argument(
        "--settlements", metavar="FILE", required=True, help="as `settlement import` reads it"
    )
    evaluate.add_argument(
        "--radius", type=float, metavar="M", help="of points that name none, metres"
    )
    evaluate.add_argument("--truth", metavar="FILE", required=True, help="what truly happened")
    evaluate.add_argument("--out", metavar="DIR", required=True, help="folder for the report")
    evaluate.add_argument(
        "--from", dest="since", type=_day_start, metavar="DATE", help="score from this day on"
    )
    evaluate.add_argument("--until", type=_day_end, metavar="DATE", help="replay up to this day")
    evaluate.add_argument("--detector", default="burned", metavar="NAME", help="which (burned)")
    evaluate.add_argument(
        "--with-places", action="store_true", help="tell names and coordinates in the report"
    )


def _wheel(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wheel", metavar="FILE", help="the sample's wheel, if it is on disk")


def _version(commands: Any) -> None:
    _command(commands, "version", "version:version", "print version and code digest")


def _day_start(text: str) -> datetime:
    return _moment(text, timedelta())


def _day_end(text: str) -> datetime:
    return _moment(text, timedelta(days=1) - timedelta(microseconds=1))


def _moment(text: str, into_day: timedelta) -> datetime:
    """Return a moment in UTC; a bare date means its first or its last instant."""
    try:
        if "T" not in text:
            day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007
            return datetime.combine(day, time(), UTC) + into_day
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2020-12-31") from None
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone: add Z for UTC")
    return moment.astimezone(UTC)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return int(text)


def _bands(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(band.strip().upper() for band in text.split(",") if band.strip()))


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 < share <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share above 0, up to 1")
    return share


def _point(text: str) -> tuple[float, float]:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not longitude,latitude") from None
    return lon, lat


def _bbox(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not west,south,east,north") from None
    return west, south, east, north
