"""Commands of the heat that satellites see."""

from __future__ import annotations

from typing import Any

from hearthwatch.cli.parts import add_command, add_group
from hearthwatch.cli.typed import bbox, count, day_end, day_start, point


def heat(commands: Any) -> None:
    """Add `hearthwatch heat`."""
    group = add_group(commands, "heat", "heat that satellites saw, as a hint")
    since = "tell of heat seen then or later (since the region is watched)"
    read = add_command(group, "import", "heat:import_files", "take in tables of FIRMS")
    read.add_argument("files", metavar="FILE", nargs="+", help="CSV of VIIRS or MODIS")
    read.add_argument(
        "--covers", type=bbox, metavar="W,S,E,N",
        help="ground of which they list all heat (the box round their pixels)",
    )  # fmt: skip
    read.add_argument("--since", type=day_start, metavar="DATE", help=since)
    fetch = add_command(group, "fetch", "heat:fetch", "ask FIRMS for what is new")
    text = "first day to ask for, and to tell of (two days before it was asked last)"
    fetch.add_argument("--since", type=day_start, metavar="DATE", help=text)
    listing = add_command(group, "list", "heat:list_all", "list heat at settlements, and why not")
    listing.add_argument("--since", type=day_start, metavar="DATE", help="seen then or later")
    listing.add_argument("--until", type=day_end, metavar="DATE", help="seen then or before")
    listing.add_argument("--settlement", metavar="SETTLEMENT", help="name or id")
    listing.add_argument("--limit", type=count, default=100, metavar="N", help="at most (100)")
    _static(group)


def _static(group: Any) -> None:
    static = add_group(group, "static", "sources of heat that you know")
    add_command(static, "list", "heat_static:list_all", "list the sources of heat you named")
    text = "name a source of heat, such as a flare or a kiln"
    add = add_command(static, "add", "heat_static:add", text)
    add.add_argument("why", metavar="WHAT", help="what it is")
    add.add_argument("--at", type=point, metavar="LON,LAT", required=True)
    add.add_argument(
        "--radius", type=float, metavar="M", default=750.0, help="heat so near is its own (750)"
    )
    remove = add_command(static, "remove", "heat_static:remove", "take a source off the list")
    remove.add_argument("source", metavar="ID")
