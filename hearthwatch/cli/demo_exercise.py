"""The demonstration's exercise: a burn implanted into copies of its scenes, and what came of it.

Place and date were chosen once, before the outcome was known, and stay whatever the detector makes
of them (docs/exercises.md).
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from hearthwatch.cli.call import Call
from hearthwatch.cli.exercise import round_core, watch
from hearthwatch.cli.exercise_words import document, text
from hearthwatch.cli.progress import scenes_written
from hearthwatch.cli.report import Answer
from hearthwatch.exercise.catalogue import write_exercise
from hearthwatch.exercise.model import Burn, Village
from hearthwatch.exercise.residues import mean_residues
from hearthwatch.identity import code_digest
from hearthwatch.records import Kind
from hearthwatch.watchlist.kinds import watchable

NAME = "drawn village"
RADIUS_M = 60.0
DATE = datetime(2019, 6, 1, tzinfo=UTC)
_MARK = "code"


def exercised(call: Call, source: Path, folder: Path, square: BaseGeometry) -> Answer:
    """Implant a burn at the middle of the watched square, watch it, hold it to the truth.

    Parameters
    ----------
    source : Path
        Catalogue of the real scenes; it is only read.
    folder : Path
        Of the exercise; one that other code made there is made anew.
    square : shapely geometry
        CRS84.
    """
    kind = watchable(Kind.BURNED.value)
    _forget_other_code(folder)
    call.note(f"and an EXERCISE: a {NAME} in the middle of the square burns on {DATE:%Y-%m-%d}")
    middle = shapely.centroid(square)
    village = Village(round_core(middle.x, middle.y, RADIUS_M, call.settings))
    burns = (Burn(DATE),)
    told = write_exercise(
        source, folder, village, NAME, burns, mean_residues(), scenes_written(call)
    )
    (folder / _MARK).write_text(code_digest(), encoding="ascii")
    report, found = watch(call, told, kind)
    return Answer(document(told, report, found), text(told, report, found))


def _forget_other_code(folder: Path) -> None:
    """Remove an exercise that the demonstration of other code left: it bears its mark."""
    mark = folder / _MARK
    if mark.is_file() and mark.read_text(encoding="ascii") != code_digest():
        shutil.rmtree(folder)
