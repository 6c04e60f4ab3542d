"""`hearthwatch evaluate`: history replayed as if live, and its reports held against the truth."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from detectors.registry import create_detector, detectors_of
from detectors.types import DetectorInfo, Watches
from hearthwatch.cli.call import Call, forget_records, store_at
from hearthwatch.cli.parts import UsageError
from hearthwatch.cli.progress import ProgressLine
from hearthwatch.cli.report import Answer
from hearthwatch.errors import CatalogueError, RegionError, SettingsError
from hearthwatch.evaluation.episodes import Episode, Looks, episode_of, looks_of
from hearthwatch.evaluation.figures import Evaluation
from hearthwatch.evaluation.page import page
from hearthwatch.evaluation.report import FORMAT, Made, document
from hearthwatch.evaluation.scoring import evaluate as score
from hearthwatch.evaluation.truth import Truth, read_truths
from hearthwatch.evaluation.wording import headline_lines
from hearthwatch.identity import check_identity
from hearthwatch.pipeline.listing import MISSION_START
from hearthwatch.pipeline.run import run_region
from hearthwatch.records import EventFilter, Kind, LedgerRow, Mode, Region, Settlement
from hearthwatch.settings import Settings
from hearthwatch.sources import provider_from
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events, all_looks
from hearthwatch.watchlist import (
    NamedArea,
    make_region,
    make_settlement,
    of_any_size,
    read_area,
    read_settlements,
)
from hearthwatch.watchlist.kinds import watchable
from imagery.errors import ImageryError
from imagery.types import ImageryProvider, Query
from tiles.atomic import write_atomically
from tiles.geodesy import CRS84, equal_area, project

REGION = "evaluation"
MARGIN_M = 2000.0
"""Round the settlements: their rings of 1500 m, and some more."""
JSON_NAME, PAGE_NAME, DATA, MARK = "evaluation.json", "evaluation.html", "data", "evaluation"


@dataclass(frozen=True, slots=True)
class Case:
    """All that an evaluation is about, read and checked before anything is computed."""

    settlements: tuple[Settlement, ...]
    truths: tuple[Truth, ...]
    area: NamedArea
    mode: Mode
    kind: Kind
    detector: DetectorInfo
    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay left behind."""

    episodes: dict[str, Episode]
    looks: dict[str, Looks]
    acquisitions: frozenset[str]


def evaluate(call: Call) -> Answer:
    """Replay a catalogue over settlements, and write how good the detector was."""
    out = Path(call.args.out).expanduser().absolute()
    provider = provider_from(call.settings)
    with provider.serving():
        case = read_case(call, provider)
    settings = call.settings.model_copy(update={"data_dir": out / DATA})
    start_afresh(settings.data_dir)
    with store_at(settings.data_dir, write=True) as store:
        region = enrol(settings, store, case)
        line = ProgressLine("replaying", silent=call.as_json)
        run_region(settings, store, provider, region, case.until, line)
        replayed = gather(store, region)
    try:
        ids = [one.id for one in case.settlements]
        episodes = list(replayed.episodes.values())
        result = score(case.kind, ids, case.truths, episodes, replayed.looks, case.since)
    except ValueError as error:
        raise CatalogueError(f"Nothing can be evaluated: {error}.") from error
    told = _document(call, case, replayed, result)
    return _answer(told, out)


def read_case(call: Call, provider: ImageryProvider) -> Case:
    """Read everything that was given, and check it.

    Raises
    ------
    HearthwatchError
        `UsageError`, `RegionError`, `CatalogueError` or `TruthError`, saying what to do.
    """
    args = call.args
    until = args.until or datetime.now(UTC)
    if args.since is not None and args.since > until:
        raise UsageError("--from lies after --until: swap or correct them.")
    file = Path(args.settlements).expanduser()
    areas = read_settlements(file, call.settings, radius_m=args.radius)
    area = ground_of(areas, call.settings)
    mode = mode_of(provider, area, until)
    now = datetime.now(UTC)
    made = (make_settlement(a, call.organisation, file.name, now, mode) for a in areas)
    settlements = {one.id: one for one in made}
    truths = read_truths(Path(args.truth).expanduser(), list(settlements.values()))
    kind = watchable(args.detector)
    infos = (create_detector(name).info for name in detectors_of(kind.value))
    detector = next((one for one in infos if one.watches is Watches.SETTLEMENTS), None)
    if detector is None:
        raise RegionError(f"The detector {kind} does not follow settlements: name another one.")
    return Case(
        settlements=tuple(settlements.values()),
        truths=truths,
        area=area,
        mode=mode,
        kind=kind,
        detector=detector,
        since=args.since,
        until=until,
    )


def ground_of(areas: Sequence[NamedArea], settings: Settings) -> NamedArea:
    """Return the hull of settlements with a margin.

    Its size is no limit: only settlements and the cells they lie in are looked at.
    """
    x, y = _middle([one.geometry.centroid for one in areas])
    plane = equal_area(x, y)
    cores = shapely.union_all([project(one.geometry, CRS84, plane) for one in areas])
    wide = shapely.segmentize(shapely.buffer(shapely.convex_hull(cores), MARGIN_M), MARGIN_M)
    hull = shapely.transform(project(wide, plane, CRS84), lambda xy: _unrolled(xy, x))
    return read_area(shapely.to_geojson(hull), of_any_size(settings))[0]


def mode_of(provider: ImageryProvider, area: NamedArea, until: datetime) -> Mode:
    """Return whether the scenes of an area are of the world or made.

    Raises
    ------
    CatalogueError
        If there is no scene, or they are of several modes.
    """
    try:
        scenes = provider.search(Query(area.geometry, MISSION_START, until))
        modes = sorted({scene.mode for scene in scenes})
    except ImageryError as error:
        raise CatalogueError(f"The catalogue could not be searched: {error}") from error
    if not modes:
        raise CatalogueError(
            "The catalogue has no scene of the settlements up to the end of the replay: name "
            "another catalogue, or check their longitudes and latitudes."
        )
    if len(modes) > 1:
        raise CatalogueError(
            f"The catalogue mixes scenes that are {' and '.join(modes)}: evaluate them apart."
        )
    return Mode(modes[0])


def start_afresh(data_dir: Path) -> None:
    """Make an empty data folder; of an earlier evaluation there only pulled pixels stay.

    Raises
    ------
    SettingsError
        If something that is no evaluation lies there: it is not ours to remove.
    """
    mark = data_dir / MARK
    if data_dir.exists() and any(data_dir.iterdir()) and not mark.is_file():
        raise SettingsError(f"{data_dir} holds something else already: name another --out.")
    data_dir.mkdir(parents=True, exist_ok=True)
    mark.touch()
    forget_records(data_dir)


def enrol(settings: Settings, store: Store, case: Case) -> Region:
    """Put the settlements and the region round them on the list."""
    region = make_region(
        case.area, REGION, settings.organisation, kind=case.kind, mode=case.mode,
        purpose="evaluation", owner="hearthwatch evaluate",
    )  # fmt: skip
    with store.transaction() as transaction:
        transaction.put_settlements(case.settlements)
        transaction.put_region(region)
    return region


def gather(store: Store, region: Region) -> Replayed:
    """Return what was reported of each settlement, and what became of every look."""
    where = EventFilter(region=region.id)
    events = [one for one in all_events(store, region.organisation, where) if one.settlement]
    histories = (store.event_history(region.organisation, one.id) for one in events)
    episodes = [episode_of(history) for history in histories]
    acquisitions: set[str] = set()
    looks = looks_of(_noting(all_looks(store, region), acquisitions))
    return Replayed({one.id: one for one in episodes}, looks, frozenset(acquisitions))


def _noting(rows: Iterable[LedgerRow], acquisitions: set[str]) -> Iterator[LedgerRow]:
    for row in rows:
        acquisitions.add(row.acquisition)
        yield row


def _document(call: Call, case: Case, replayed: Replayed, result: Evaluation) -> dict[str, Any]:
    identity, detector = check_identity(), case.detector
    catalogue = call.settings.catalogue
    made = Made(
        mode=case.mode,
        detector=detector.id,
        detector_version=detector.version,
        sensor=", ".join(detector.sensors),
        provider=call.settings.provider,
        catalogue=catalogue.name if catalogue else "",
        truth_file=Path(call.args.truth).name,
        settlement_file=Path(call.args.settlements).name,
        scenes=tuple(replayed.acquisitions),
        code_digest=identity.digest,
        version=identity.version,
    )
    settlements = {one.id: one for one in case.settlements}
    places = bool(call.args.with_places)
    base = call.args.base_rate
    return document(
        result, replayed.episodes, settlements, made, with_places=places, base_rate=base
    )


def _answer(told: dict[str, Any], out: Path) -> Answer:
    text = json.dumps(told, ensure_ascii=False, indent=1)
    write_atomically(out / JSON_NAME, text.encode())
    write_atomically(out / PAGE_NAME, page(told).encode())
    files = {"evaluation": str(out / JSON_NAME), "page": str(out / PAGE_NAME)}
    loud = [] if told["mode"] == Mode.ACTUAL else [told["mode"].upper(), ""]
    counts = told["evaluated"]
    years = counts["settlement_years"]
    lines = [
        *loud,
        f"{counts['settlements']:,} settlements, {counts['truths']:,} events, "
        f"{years['armed']:,.1f} settlement-years armed, {years['observed']:,.1f} observed",
        "",
        *headline_lines(told),
        "",
        f"Page: {files['page']}",
        f"JSON: {files['evaluation']}",
    ]
    short = {"format": FORMAT, "mode": told["mode"], "files": files, "levels": told["levels"]}
    return Answer(short, "\n".join(lines))


def _middle(points: Sequence[shapely.Point]) -> tuple[float, float]:
    """Return the longitude and latitude in the middle of points, wherever 180 degrees lies."""
    lon = np.radians([one.x for one in points])
    lat = np.radians([one.y for one in points])
    x, y = np.mean(np.cos(lat) * np.cos(lon)), np.mean(np.cos(lat) * np.sin(lon))
    height = np.mean(np.sin(lat))
    longitude = np.degrees(np.arctan2(y, x))
    return float(longitude), float(np.degrees(np.arctan2(height, np.hypot(x, y))))


def _unrolled(xy: NDArray[np.float64], lon: float) -> NDArray[np.float64]:
    """Return corners with longitudes within half a turn of `lon`."""
    east = lon + (xy[:, 0] - lon + 180.0) % 360.0 - 180.0
    return np.column_stack([east, xy[:, 1]])
