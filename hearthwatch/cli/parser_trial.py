"""Commands to try it with."""

from __future__ import annotations

from typing import Any

from hearthwatch.cli.parts import add_command, add_wheel
from hearthwatch.cli.typed import day_end, day_start, point, seed, share


def demo(commands: Any) -> None:
    """Add `hearthwatch demo`."""
    text = "watch a square of Romanian forest, 2015 to 2020, and show what was found"
    demo = add_command(commands, "demo", "demo:demo", text)
    text = "folder for the picture and the exercise (the demo's own)"
    demo.add_argument("--out", metavar="DIR", help=text)
    add_wheel(demo)


def exercise(commands: Any) -> None:
    """Add `hearthwatch exercise`."""
    text = "implant a burn into copies of real scenes, watch them, and compare with the truth"
    exercise = add_command(commands, "exercise", "exercise:exercise", text)
    exercise.add_argument(
        "--catalogue", metavar="DIR", help="scenes on disk to copy; they are not changed"
    )
    exercise.add_argument("--out", metavar="DIR", required=True, help="folder to make")
    place = exercise.add_mutually_exclusive_group(required=True)
    place.add_argument("--at", type=point, metavar="LON,LAT", help="middle of a village")
    place.add_argument("--settlement", metavar="NAME", help="a listed one, by name or id")
    exercise.add_argument("--radius", type=float, metavar="M", help="of the village at a point")
    exercise.add_argument("--date", type=day_start, metavar="DATE", required=True, help="it burns")
    exercise.add_argument(
        "--share", type=share, default=0.8, metavar="S", help="of huts that burn (0.8)"
    )
    exercise.add_argument(
        "--huts", type=share, default=0.3, metavar="S", help="of the ground under huts (0.3)"
    )
    exercise.add_argument(
        "--pattern", choices=("spread", "block"), default="spread", help="which huts (spread)"
    )
    exercise.add_argument(
        "--again", type=day_start, metavar="DATE", help="what still stands burns too"
    )
    exercise.add_argument(
        "--surroundings", action="store_true", help="only the ground round it burns, no hut"
    )
    exercise.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of where huts stand (0)"
    )


def evaluate(commands: Any) -> None:
    """Add `hearthwatch evaluate`."""
    text = "replay history over settlements, and tell how good the detector was"
    evaluate = add_command(commands, "evaluate", "evaluate:evaluate", text)
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
        "--from", dest="since", type=day_start, metavar="DATE", help="score from this day on"
    )
    evaluate.add_argument("--until", type=day_end, metavar="DATE", help="replay up to this day")
    evaluate.add_argument("--detector", default="burned", metavar="NAME", help="which (burned)")
    evaluate.add_argument(
        "--with-places", action="store_true", help="tell names and coordinates in the report"
    )


def version(commands: Any) -> None:
    """Add `hearthwatch version`."""
    add_command(commands, "version", "version:version", "print version and code digest")
