"""Programs to kill: each lives through a whole life of an archive, from its first look on.

One process has everything loaded and forks one life per request, as ``run_once.py`` does.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from imagery.types import Chip
from tests.support.chips import CELL, DAY, LOOK, SENSOR, chip, layer, response
from tiles.archive import Archive
from tiles.cubes import Cubes
from tiles.notes import note_superseded
from tiles.retention import holds, prune, put_hold

LOOKS = 4
AT = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE = date(2020, 6, 2)
"""The first look is older than this day."""
POINTS = {
    "original.part_written": 5,
    "original.checked": 5,
    "original.renamed": 5,
    "sidecar.part_written": 9,
    "sidecar.checked": 9,
    "sidecar.renamed": 9,
    "archive.part_written": 9,
    "archive.checked": 9,
    "archive.renamed": 9,
    "manifest.written": 12,
    "archive.manifested": 9,
    "prune.noted": 1,
    "prune.unlinked": 5,
    "prune.removed": 1,
}
"""Every named point that the life of an archive passes, and how often it does so."""
CUBE_POINTS = {
    "cube.staged": 2,
    "cube.renamed": 2,
    "cube.published": 2,
    "cube.rebuilt": 2,
    "cube.set_aside": 1,
}
"""The same of the life of a cube."""


def looks() -> list[Chip]:
    """Return the looks of a life; each has two layers read from one response."""
    found = []
    for number in range(LOOKS):
        layers = (layer(seed=number), layer(("SCL",), dtype="uint8", seed=number))
        original = response(b"response %d" % number, ("B03", "B04", "SCL"))
        made = chip(layers, acquisition=f"look{number}", originals=(original,))
        found.append(replace(made, sensed=DAY + timedelta(days=number)))
    return found


def newer() -> Chip:
    """Return a newer processing of the second look's first layer."""
    original = replace(response(b"newer", ("B03", "B04")), scene_id="newer")
    made = chip((layer(seed=9, scene="newer"),), acquisition="look1", originals=(original,))
    return replace(made, sensed=DAY + timedelta(days=1))


def live(root: Path) -> None:
    """Store, note, hold and retire; a life that was cut short goes on."""
    archive = Archive(root / "archive")
    retired = {row.look for row in archive.manifest.retired()}
    for one in looks():
        if f"{CELL}/{one.acquisition}" not in retired:
            archive.store(one, CELL)
    store_newer(archive)
    if not holds(archive):
        put_hold(archive, "case", ["look2"], who="counsel", why="case 7", at=AT)
    prune(archive, BEFORE, (), who="ops", why="retention", at=AT)


def live_as_cube(root: Path) -> None:
    """Make a cube, add to it, follow a newer processing, and make it anew."""
    archive = Archive(root / "archive")
    cubes = Cubes(root / "cubes", archive)
    for number, one in enumerate(looks()[:3]):
        archive.store(one, CELL)
        if number:
            cubes.update(SENSOR, CELL)
    store_newer(archive)
    cubes.update(SENSOR, CELL)
    cubes.update(SENSOR, CELL, rebuild=True)


def store_newer(archive: Archive) -> None:
    archive.store(newer(), CELL)
    scene = looks()[1].layers[0].scene_id
    note_superseded(archive, "look1", scene, "newer", who="folder", why="baseline", at=AT)


LIVES = {"archive": live, "cube": live_as_cube}


def one_life(request: dict[str, Any]) -> int:
    os.environ.update(request["environment"])
    try:
        LIVES[request["settings"]["life"]](Path(request["root"]))
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def warm_up() -> None:
    """Load the drivers of GDAL; nothing that starts a thread, which would not be forked."""
    from tiles.masters import encode

    one = chip(acquisition=LOOK)
    encode(one, one.layers[0])


def serve() -> None:
    warm_up()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = one_life(json.loads(line))
            sys.stderr.flush()
            os._exit(code)
        answer(child)
        _, status = os.waitpid(child, 0)
        answer(os.waitstatus_to_exitcode(status))


def answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
