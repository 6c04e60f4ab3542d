"""Commands to try it with."""

from __future__ import annotations

import argparse
from typing import Any

from hearthwatch.cli.parts import add_command, add_group, add_source, add_wheel
from hearthwatch.cli.typed import (
    count,
    day_end,
    day_start,
    fraction,
    point,
    rate,
    seed,
    share,
)

OTHERWISE = (
    "harvest", "ploughing", "rain", "roofs", "haze", "shadow", "offset-up", "offset-down", "shift",
)  # fmt: skip
"""As `hearthwatch.exercise.otherwise` has them, which a command line should not wait for."""

CASES = ("donki-dereisa", "el-geneina", "rakhine")


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
    _village(exercise)
    _burn(exercise)
    _otherwise(exercise)


def _village(exercise: argparse.ArgumentParser) -> None:
    huts = exercise.add_mutually_exclusive_group()
    huts.add_argument(
        "--huts", type=share, default=0.3, metavar="S", help="of the ground under huts (0.3)"
    )
    huts.add_argument("--structures", type=count, metavar="N", help="or so many huts stand")
    exercise.add_argument(
        "--hut-radius", type=rate, default=3.0, metavar="M", help="of each hut (3)"
    )
    exercise.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="of where huts stand (0)"
    )


def _burn(exercise: argparse.ArgumentParser) -> None:
    exercise.add_argument(
        "--date", type=day_start, metavar="DATE", required=True, help="it burns or changes"
    )
    exercise.add_argument(
        "--share", type=share, default=0.8, metavar="S", help="of huts that burn (0.8)"
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
    text = "of combustion: how much of burned ground shows residues (0.8)"
    exercise.add_argument("--completeness", type=fraction, metavar="S", help=text)
    text = "share of fresh residues that is ash, the rest is char (0.5)"
    exercise.add_argument("--ash", type=fraction, metavar="S", help=text)
    text = "days until 1/e of that share is left (7)"
    exercise.add_argument("--ash-days", type=rate, metavar="D", help=text)
    text = "days until half of the mark is left (120; of the surroundings 30)"
    exercise.add_argument("--half-life", type=rate, metavar="D", help=text)
    text = "draw char and ash about the mean ones"
    exercise.add_argument("--residue-seed", type=seed, metavar="N", help=text)


def _otherwise(exercise: argparse.ArgumentParser) -> None:
    text = "a change that is no burn, in its place: whatever is reported is false"
    exercise.add_argument("--otherwise", choices=OTHERWISE, help=text)
    text = "such a change lasts so long (by its kind)"
    exercise.add_argument("--days", type=rate, metavar="D", help=text)
    exercise.add_argument("--strength", type=fraction, metavar="S", help="of such a change (1)")


def evaluate(commands: Any) -> None:
    """Add `hearthwatch evaluate`."""
    text = "replay history over settlements, and tell how good the detector was"
    evaluate = add_command(commands, "evaluate", "evaluate:evaluate", text)
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
        "--base-rate", type=rate, metavar="N",
        help="events per settlement-year that precision is told for",
    )  # fmt: skip
    evaluate.add_argument(
        "--with-places", action="store_true", help="tell names and coordinates in the report"
    )
    add_source(evaluate)


def case(commands: Any) -> None:
    """Add `hearthwatch case`."""
    text = "write the files of a publicly known case, to fill in and evaluate"
    case = add_command(commands, "case", "case:case", text)
    case.add_argument("name", metavar="NAME", choices=CASES, help=f"one of {', '.join(CASES)}")
    case.add_argument("folder", metavar="DIR", help="folder to make")


def report(commands: Any) -> None:
    """Add `hearthwatch report`."""
    group = add_group(commands, "report", "reports on this installation")
    text = "write how accurate this installation is known to be, and where it is not known"
    accuracy = add_command(group, "accuracy", "accuracy:accuracy", text)
    accuracy.add_argument("--out", metavar="DIR", required=True, help="folder for the report")
    accuracy.add_argument(
        "--evaluation", metavar="FILE", action="append", default=[],
        help="an evaluation.json made here; may be given several times",
    )  # fmt: skip
    accuracy.add_argument(
        "--with-places", action="store_true", help="tell the names of regions and files"
    )


def version(commands: Any) -> None:
    """Add `hearthwatch version`."""
    add_command(commands, "version", "version:version", "print version and code digest")
