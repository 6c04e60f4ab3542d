"""Commands of scenes, their price and their keeping."""

from __future__ import annotations

from typing import Any

from hearthwatch.cli.parts import add_command, add_group, add_place, add_priority, add_wheel
from hearthwatch.cli.typed import bands, count, day_end, day_start


def archive(commands: Any) -> None:
    """Add `hearthwatch archive`."""
    group = add_group(commands, "archive", "what was pulled: prove, hand on, keep, retire")
    text = "read every file and name whatever is not as it was stored"
    add_command(group, "verify", "archive:verify", text)
    listing = add_command(group, "list", "archive:list_all", "list archived looks, and the holds")
    listing.add_argument("--cell", metavar="CELL")
    listing.add_argument("--acquisition", metavar="ACQUISITION")
    selector = "a cell, an acquisition, CELL/ACQUISITION, or all"
    text = "write masters as COGs, with sidecars and a list of check sums"
    export = add_command(group, "export", "archive:export_masters", text)
    export.add_argument("what", metavar="WHAT", nargs="+", help=selector)
    export.add_argument("dest", metavar="DEST", help="folder to make")
    text = "put a legal hold on masters: nothing removes them until it is released"
    hold = add_command(group, "hold", "archive:hold", text)
    hold.add_argument("name", metavar="NAME", help="of the hold, as a case")
    hold.add_argument("what", metavar="WHAT", nargs="+", help=selector)
    release = add_command(group, "release", "archive:release", "end a legal hold")
    release.add_argument("name", metavar="NAME", help="of the hold")
    text = "retire old looks that nothing found rests on and no hold keeps"
    prune = add_command(group, "prune", "archive:prune_old", text)
    prune.add_argument("--keep-years", type=count, metavar="N", required=True, help="at least 1")
    prune.add_argument("--dry-run", action="store_true", help="only tell what would go")
    for acted, is_needed in ((hold, True), (release, True), (prune, False)):
        acted.add_argument("--why", metavar="TEXT", required=is_needed, help="goes on record")
        acted.add_argument("--by", metavar="WHO", help="who asks for it (the user's name)")
    cube = add_command(group, "cube", "archive:cube", "bring the cube of a cell up to date")
    cube.add_argument("cell", metavar="CELL")


def scene(commands: Any) -> None:
    """Add `hearthwatch scene`."""
    group = add_group(commands, "scene", "looks of the satellites: list, pull, show")
    listing = add_command(group, "list", "scenes:list_looks", "list the looks at a place")
    add_place(listing)
    text = "pull one look into the archive; it is paid for from the budget"
    pull = add_command(group, "pull", "scenes:pull", text)
    pull.add_argument("acquisition", metavar="LOOK", help="its key, as `scene list` tells it")
    add_place(pull)
    pull.add_argument(
        "--bands", type=bands, metavar="B,B", help="with commas (those detectors need)"
    )
    pull.add_argument(
        "--pixel", type=float, choices=(10.0, 20.0), default=10.0, metavar="M",
        help="10 or 20: read nothing finer (10)",
    )  # fmt: skip
    add_priority(pull, "confirmation")
    text = "show an archived look: where it came from, and a picture"
    show = add_command(group, "show", "scene_show:show", text)
    show.add_argument("acquisition", metavar="LOOK", help="its key")
    show.add_argument("--cell", metavar="CELL", help="of the work grid; all if none")
    show.add_argument("--out", metavar="FILE", help="write a picture there (PNG)")
    show.add_argument(
        "--colours", choices=("true", "false"), default="true", help="of the picture (true)"
    )


def spend(commands: Any) -> None:
    """Add `hearthwatch spend`."""
    text = "tell what imagery has cost, and how long the budget will last"
    spend = add_command(commands, "spend", "spend:show", text)
    spend.add_argument("--region", metavar="REGION", help="name or id; all if none")
    spend.add_argument(
        "--since", type=day_start, metavar="DATE", help="(the first day of this month)"
    )
    spend.add_argument("--until", type=day_end, metavar="DATE")
    spend.add_argument(
        "--by", choices=("provider", "region", "day"), action="append", default=[],
        help="how to put it together; may be given several times (all three)",
    )  # fmt: skip
    text = "ask a paused provider again: its account has more, say"
    spend.add_argument("--resume", metavar="PROVIDER", help=text)


def sample(commands: Any) -> None:
    """Add `hearthwatch sample`."""
    group = add_group(commands, "sample", "real scenes to try it with")
    text = "fetch 140 real Sentinel-2 looks at one square kilometre"
    fetch = add_command(group, "fetch", "sample:fetch", text)
    fetch.add_argument("--dest", metavar="DIR", help="folder to make (DATA_DIR/sample)")
    add_wheel(fetch)
