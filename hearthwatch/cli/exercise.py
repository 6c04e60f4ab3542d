"""`hearthwatch exercise`: implant a burn, or what is none, into real scenes and watch them."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from hearthwatch.cli.call import Call, store_at
from hearthwatch.cli.evaluate import gather
from hearthwatch.cli.exercise_asked import (
    burns_asked,
    change_asked,
    residues_asked,
    village_asked,
)
from hearthwatch.cli.exercise_words import document, text
from hearthwatch.cli.progress import ProgressLine, scenes_written
from hearthwatch.cli.reading import find_settlement
from hearthwatch.cli.report import Answer
from hearthwatch.errors import CatalogueError, RegionError, SettingsError
from hearthwatch.evaluation.figures import Evaluation
from hearthwatch.evaluation.scoring import evaluate
from hearthwatch.evaluation.truth import read_truths
from hearthwatch.exercise.catalogue import (
    SETTLEMENTS,
    TRUTH,
    ExerciseReport,
    write_exercise,
    write_otherwise,
)
from hearthwatch.pipeline.listing import MISSION_START
from hearthwatch.pipeline.run import RunReport, run_region
from hearthwatch.records import Kind, Mode, Region, Settlement
from hearthwatch.settings import Settings
from hearthwatch.sources import FOLDER
from hearthwatch.store.protocol import Store
from hearthwatch.watchlist import make_region, make_settlement, read_area, read_settlements
from hearthwatch.watchlist.kinds import watchable
from imagery.registry import create_provider
from imagery.types import ImageryProvider, Query
from tiles.geodesy import CRS84, equal_area, project

BUFFER_M = 1600.0
"""Ground watched round the settlement: the ring of 1500 m that it is compared with, and a rim."""

NAME = "village"
_END = datetime(9999, 1, 1, tzinfo=UTC)


def exercise(call: Call) -> Answer:
    """Write the exercise's scenes, run the pipeline over them, and compare with the truth."""
    # Known before anything is written.
    kind = watchable(Kind.BURNED.value)
    source, out = _source(call), Path(call.args.out).expanduser().absolute()
    change, burns = change_asked(call.args), burns_asked(call.args)
    core, name = _place(call)
    village, telling = village_asked(call.args, core), scenes_written(call)
    if change is not None:
        told = write_otherwise(source, out, village, name, change, telling)
    else:
        told = write_exercise(source, out, village, name, burns, residues_asked(call.args), telling)
    report, found = watch(call, told, kind)
    return Answer(document(told, report, found), text(told, report, found))


def watch(call: Call, told: ExerciseReport, kind: Kind) -> tuple[RunReport, Evaluation]:
    """Run the pipeline over an exercise's scenes, in its own data folder; hold it to the truth."""
    settings = call.settings.model_copy(
        update={
            "data_dir": told.folder / "data",
            "executor": "threads",
            "catalogue": told.catalogue,
        }
    )
    settings.data_dir.mkdir(exist_ok=True)
    provider = create_provider(FOLDER, path=told.catalogue)
    with store_at(settings.data_dir, write=True) as store:
        settlement, region = enrol(settings, store, told.folder / SETTLEMENTS, kind)
        line = ProgressLine(region.name, silent=call.as_json)
        until = last_look(provider, region.geometry)
        report = run_region(settings, store, provider, region, until, line)
        return report, compare(store, region, settlement, told.folder / TRUTH)


def enrol(settings: Settings, store: Store, file: Path, kind: Kind) -> tuple[Settlement, Region]:
    """Put the exercise's settlement and the region round it on the list, unless they are there."""
    area = read_settlements(file, settings)[0]
    now = datetime.now(UTC)
    settlement = make_settlement(area, settings.organisation, file.name, now, Mode.EXERCISE)
    regions = [one for one in store.regions(settings.organisation) if one.name == settlement.name]
    if regions:
        return settlement, regions[0]
    wide = read_area(shapely.to_geojson(around(area.geometry, BUFFER_M)), settings)[0]
    region = make_region(
        wide, settlement.name, settings.organisation, kind=kind, mode=Mode.EXERCISE,
        purpose="exercise", owner="hearthwatch exercise",
    )  # fmt: skip
    with store.transaction() as transaction:
        transaction.put_settlements([settlement])
        transaction.put_region(region)
    return settlement, region


def around(core: BaseGeometry, metres: float) -> BaseGeometry:
    """Return the ground within a distance of a core, both CRS84."""
    at = shapely.centroid(core)
    plane = equal_area(at.x, at.y)
    wide = shapely.buffer(project(core, CRS84, plane), metres)
    return project(shapely.segmentize(wide, metres / 4), plane, CRS84)


def last_look(provider: ImageryProvider, area: BaseGeometry) -> datetime:
    """Return when the last scene over an area was sensed.

    Raises
    ------
    CatalogueError
        If there is none.
    """
    sensed = [scene.sensed for scene in provider.search(Query(area, MISSION_START, _END))]
    if not sensed:
        raise CatalogueError("No scene of the exercise covers the region.")
    return max(sensed)


def compare(store: Store, region: Region, settlement: Settlement, truth: Path) -> Evaluation:
    """Hold what was reported against what was implanted, by the definitions of an evaluation."""
    # A fire round the settlement leaves a truth of no rows: nothing is to be found.
    rows = truth.read_text(encoding="utf-8").splitlines()[1:]
    truths = read_truths(truth, [settlement]) if rows else ()
    replayed = gather(store, region)
    episodes = [one for one in replayed.episodes.values() if one.settlement == settlement.id]
    return evaluate(region.kind, [settlement.id], truths, episodes, replayed.looks)


def _source(call: Call) -> Path:
    given = str(getattr(call.args, "catalogue", None) or "")
    if call.settings.provider != FOLDER or "://" in given:
        raise SettingsError(
            "An exercise needs a catalogue on disk: name its folder with --catalogue. Scenes "
            "elsewhere cannot be copied and altered."
        )
    if call.settings.catalogue is None:
        raise SettingsError(
            "No catalogue of scenes is named. Give it with --catalogue; "
            "`hearthwatch sample fetch` makes one to try."
        )
    return call.settings.catalogue


def _place(call: Call) -> tuple[BaseGeometry, str]:
    """Return the core and the name of the village that was asked for."""
    if call.args.settlement is not None:
        with call.store() as store:
            known_id = find_settlement(store, call.organisation, call.args.settlement)
            known = store.settlement(call.organisation, known_id)
        return known.geometry, known.name or known.id[:8]
    if call.args.radius is None:
        raise RegionError("A point has no extent: give --radius, in metres, with --at.")
    lon, lat = call.args.at
    return round_core(lon, lat, call.args.radius, call.settings), NAME


def round_core(lon: float, lat: float, radius_m: float, settings: Settings) -> BaseGeometry:
    """Return a round core, drawn and judged as the points of a settlements file are; CRS84."""
    point = {
        "type": "Feature",
        "properties": {"name": NAME, "radius_m": radius_m},
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "point.geojson"
        file.write_text(json.dumps(point), encoding="utf-8")
        return read_settlements(file, settings)[0].geometry
