"""Kills in the life of an archive, and the comparison with a life that nobody cut short."""

from __future__ import annotations

import json
import random
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import xarray as xr

from imagery.cube import build_cube
from imagery.types import Chip
from tests.faults import archive_life
from tests.faults.killer import Kill, Runner
from tests.support.chips import CELL, SENSOR
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.cubefiles import CubeDamaged, read_looks, read_state
from tiles.cubes import Cubes
from tiles.errors import NotArchived
from tiles.verify import LOCKS

PROGRAM = Path(archive_life.__file__)
BANDS = ("B03", "B04", "SCL")
HARMLESS = ("not listed in the manifest", "was retired and is still there")
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class LifeTrial:
    """Which life is cut short, and by which kills."""

    life: str
    kills: tuple[Kill, ...]

    def __str__(self) -> str:
        return f"{self.life} " + ", ".join(map(str, self.kills))


def draw(count: int, *, with_cubes: bool = False) -> list[LifeTrial]:
    """Draw so many trials: three quarters at named points, some killed again as they recover."""
    points: list[tuple[str, str, int]] = [
        ("archive", point, most) for point, most in archive_life.POINTS.items()
    ]
    if with_cubes:
        points += [("cube", point, most) for point, most in archive_life.CUBE_POINTS.items()]
    trials = []
    for seed in range(count):
        lot = random.Random(seed)
        life, point, most = points[seed % len(points)]
        in_time = seed >= len(points) and seed % 4 == 3
        first = (
            Kill(share=lot.uniform(0.02, 0.95)) if in_time else Kill(point, lot.randint(1, most))
        )
        more = [Kill(share=lot.uniform(0.02, 0.5)) for _ in range(lot.choice((0, 0, 1)))]
        trials.append(LifeTrial(life, (first, *more)))
    return trials


@dataclass(frozen=True)
class LifeYard:
    """Where lives are cut short; it knows how an undisturbed one ends, and how long it takes."""

    runner: Runner
    folder: Path
    ends: dict[str, dict[str, bytes]]
    seconds: dict[str, float]

    def carry_out(self, trial: LifeTrial) -> list[str]:
        """Kill as the trial says, live to the end, and name whatever is not as it should be."""
        root = self.folder / "killed"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        wrong: list[str] = []
        for kill in trial.kills:
            self.runner.kill(root, root, {"life": trial.life}, kill, self.seconds[trial.life])
            wrong += torn(root)
        self.runner.finish(root, root, {"life": trial.life})
        wrong += torn(root) + [
            f"{one.path}: {one.problem}" for one in Archive(root / "archive").verify()
        ]
        found, end = _contents(root), self.ends[trial.life]
        wrong += [f"{name} differs" for name in sorted(found.keys() ^ end.keys())]
        wrong += [
            f"{name} differs" for name in found.keys() & end.keys() if found[name] != end[name]
        ]
        return wrong


def open_yard(runner: Runner, folder: Path) -> LifeYard:
    """Live every life once to its end."""
    ends, seconds = {}, {}
    for life in archive_life.LIVES:
        root = folder / f"undisturbed-{life}"
        root.mkdir()
        began = time.monotonic()
        runner.finish(root, root, {"life": life})
        seconds[life] = time.monotonic() - began
        ends[life] = _contents(root)
        assert torn(root) == [], life
    return LifeYard(runner, folder, ends, seconds)


def torn(root: Path) -> list[str]:
    """Name whatever is half there: nobody who looks now may see it."""
    archive = Archive(root / "archive")
    wrong = [
        f"{fault.path}: {fault.problem}"
        for fault in archive.verify()
        if not fault.problem.startswith(HARMLESS)
    ]
    masters = archive.listed()
    for ref in masters:
        try:
            archive.load_master(ref.row_hash)
        except NotArchived as error:
            wrong.append(str(error))
    return wrong + _torn_cube(root, archive)


def _torn_cube(root: Path, archive: Archive) -> list[str]:
    """Compare what the cube holds, and what it then gives, with what the masters say now."""
    if not (root / "cubes").is_dir():
        return []
    folder = root / "cubes" / SENSOR / CELL
    state = read_state(folder)
    try:
        read_looks(folder, range(len(state.looks)) if state else ())
    except CubeDamaged as error:
        return [] if state is None else [f"half-written: {error}"]
    # What a reader sees heals the cube; the killed one shall find it as it was left.
    copy = root.with_name("read")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(root / "cubes", copy)
    found = Cubes(copy, archive).read(SENSOR, CELL, BANDS, *ALWAYS)
    names = dict.fromkeys(ref.acquisition for ref in archive.listed(cell_id=CELL))
    chips = [chip for name in names if (chip := archive.load(name, CELL)) is not None]
    return [] if found.identical(_expected(chips)) else ["the cube is not what its masters say"]


def _expected(chips: list[Chip]) -> xr.Dataset:
    return build_cube(chips, cell_from_id(CELL).geobox(), BANDS)


def _contents(root: Path) -> dict[str, bytes]:
    """Return the archive's files; of the cube, whose process ids differ, what it holds."""
    archive = root / "archive"
    found = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(archive.rglob("*"))
        if path.is_file() and LOCKS not in path.parts
    }
    for path in (root / "cubes").rglob("zarr.json"):
        held = json.loads(path.read_bytes()).get("attributes", {}).get("looks", [])
        found[path.relative_to(root).as_posix()] = repr(
            [one for one in held if one["valid"]]
        ).encode()
    return found
