"""Parts that commands are put together of. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from hearthwatch.cli.typed import bbox, day_end, day_start
from hearthwatch.errors import HearthwatchError

KINDS = ("burned", "razed", "camp_change", "abandonment", "ground_change")
STATES = (
    "candidate", "provisional", "corroborated", "confirmed", "disputed", "rejected", "retracted",
    "closed",
)  # fmt: skip
REASONS = (
    "seasonal_burn", "crop_or_pasture", "cloud_shadow_smoke", "flood_or_moisture",
    "industry_or_flare", "construction", "registration_error", "sensor_artefact", "old_change",
    "duplicate", "accidental_fire", "other",
)  # fmt: skip
FORMATS = "GeoJSON, GeoPackage, FlatGeobuf, KML, shapefile (also packed) or CSV"
COLLECTIONS = (
    "events", "camps", "detections", "settlements", "regions", "ledger", "released",
)  # fmt: skip
FILE_FORMS = ("geojson", "gpkg", "fgb", "parquet", "kml", "csv", "zip")
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


def common() -> argparse.ArgumentParser:
    """Options that stand before or after any command."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group("common options")
    group.add_argument("--data-dir", metavar="DIR", help="folder for all that is kept (var)")
    group.add_argument("--json", action="store_true", help="print one JSON document instead")
    group.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), help="least severe message"
    )
    return common


def add_command(commands: Any, name: str, handler: str, text: str) -> argparse.ArgumentParser:
    """Add a command; `handler` is ``module:function``, loaded only when it is called."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[common()]
    )
    name = parser.prog.partition(" ")[2]
    parser.set_defaults(handler=f"hearthwatch.cli.{handler}", command=name)
    return parser


def add_group(commands: Any, name: str, text: str) -> Any:
    """Add a command that has commands of its own."""
    parser = commands.add_parser(name, help=text, parents=[common()])
    return parser.add_subparsers(title="commands", metavar="COMMAND", required=True)


def add_area(parser: argparse.ArgumentParser) -> None:
    """Let an area and what to watch it for be named."""
    area = parser.add_mutually_exclusive_group(required=True)
    area.add_argument("file", metavar="FILE", nargs="?", help=FORMATS)
    area.add_argument("--bbox", metavar="W,S,E,N", help="a box in degrees instead of a file")
    add_file_options(parser)
    add_kind(parser)


def add_kind(parser: argparse.ArgumentParser) -> None:
    """Let what to watch for be named."""
    # No choices: which there are follows from the installed detectors, and asking takes time.
    text = "what to watch for: one that a detector is installed for (ground_change)"
    parser.add_argument("--kind", metavar="KIND", default="ground_change", help=text)


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """Let be said how a file with areas is to be read."""
    parser.add_argument(
        "--radius", type=float, metavar="M", help="of points that name none, metres"
    )
    parser.add_argument("--encoding", help="of text that is not in UTF-8")
    parser.add_argument(
        "--crs", metavar="EPSG:N", help="of a file that does not say in which it is"
    )
    parser.add_argument(
        "--mend",
        action="store_true",
        help="take outlines that cross themselves for what they go round",
    )


def add_source(parser: argparse.ArgumentParser) -> None:
    """Let the source of scenes be named."""
    parser.add_argument("--catalogue", metavar="PATH", help="scenes that the folder provider reads")
    parser.add_argument("--provider", help="where scenes come from")


def add_priority(parser: argparse.ArgumentParser, usual: str) -> None:
    """Let a priority be named."""
    parser.add_argument(
        "--priority", choices=PRIORITIES, default=usual,
        help=f"what of the budget it may take ({usual})",
    )  # fmt: skip


def add_event_filter(parser: argparse.ArgumentParser) -> None:
    """Let events be chosen."""
    parser.add_argument("--region", metavar="REGION", help="name or id")
    parser.add_argument("--since", type=day_start, metavar="DATE", help="first seen then or later")
    parser.add_argument("--until", type=day_end, metavar="DATE", help="first seen then or before")
    parser.add_argument("--bbox", type=bbox, metavar="W,S,E,N", help="in degrees")
    parser.add_argument(
        "--state", choices=STATES, action="append", default=[], help="may be given several times"
    )
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--settlement", metavar="SETTLEMENT", help="name or id")


def add_place(parser: argparse.ArgumentParser) -> None:
    """Let a place be named."""
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("region", metavar="REGION", nargs="?", help="name or id")
    place.add_argument("--bbox", metavar="W,S,E,N", help="a box in degrees")
    place.add_argument("--cell", metavar="CELL", help="a cell of the work grid")
    text = "(a month ago, or the day that the look's key tells)"
    parser.add_argument("--since", type=day_start, metavar="DATE", help=text)
    parser.add_argument("--until", type=day_end, metavar="DATE", help="(now, or that day)")
    add_source(parser)


def add_wheel(parser: argparse.ArgumentParser) -> None:
    """Let the wheel of the sample be named."""
    parser.add_argument("--wheel", metavar="FILE", help="the sample's wheel, if it is on disk")
