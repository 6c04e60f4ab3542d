"""`hearthwatch scene list | pull`: looks of the satellites, for a person who wants to look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely.geometry.base import BaseGeometry

from detectors.registry import create_detector, detector_ids
from hearthwatch.archives import archive_of
from hearthwatch.budget.account import Budget, budget_from
from hearthwatch.budget.paid import paid, searches_booked
from hearthwatch.budget.policy import Refusal
from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import BudgetError, NotFound
from hearthwatch.pipeline.pull import PICTURE_BANDS, Covered, covered_of
from hearthwatch.records import Priority, Spend
from hearthwatch.sources import provider_from
from hearthwatch.values import moment
from hearthwatch.words import counted
from imagery.looks import group_acquisitions
from imagery.types import Acquisition, Cost, GeoBox, ImageryProvider, Query
from tiles.archive import Archive
from tiles.cell import Cell, cell_from_id
from tiles.grid import cells_for, ground
from tiles.overviews import keep_overviews

MONTH = timedelta(days=30)
DAY = timedelta(days=1)
DEADLINE_SECONDS = 180.0
_DATE = re.compile(r"(?<!\d)(20\d{6})(?!\d)")


@dataclass(frozen=True, slots=True)
class Ground:
    """Where somebody wants to look.

    Attributes
    ----------
    region : str
        Id of the region, whose budget it comes from; empty where none was named.
    """

    area: BaseGeometry
    cells: tuple[Cell, ...]
    region: str = ""


def list_looks(call: Call) -> Answer:
    """List the looks at a place, oldest first: one line for each pass of a satellite."""
    place, provider = _ground(call), provider_from(call.settings)
    now = datetime.now(UTC)
    until = call.args.until or now
    with provider.serving(), _booked(call, provider, place):
        looks = _looks(provider, place, call.args.since or until - MONTH, until)
    archive = archive_of(call.settings, call.organisation)
    values = [_value(look, place, archive) for look in looks]
    rows = [
        (v["sensed"][:16], v["key"], ",".join(v["tiles"]) or "-", _percent(v["cloud_cover"]),
         (v["processed"] or "-")[:10], f"{len(v['superseded'])}",
         f"{len(v['archived'])}/{len(v['cells'])}")
        for v in values
    ]  # fmt: skip
    header = ("sensed", "look", "tiles", "cloud", "processed", "superseded", "archived")
    text = table(header, rows) if rows else "The catalogue lists no look at it in this time."
    return Answer({"looks": values}, text)


def pull(call: Call) -> Answer:
    """Pull one look into the archive, cell by cell; what is there is not paid for again."""
    place, provider = _ground(call), provider_from(call.settings)
    with provider.serving(), call.store(write=True, alone=False) as store:
        budget = budget_from(call.settings, store)
        with searches_booked(budget, provider, place.region):
            look = _look(call, provider, place)
        puller = Puller(call, provider, budget, look, place)
        done = [puller.pull(cell) for cell in place.cells if shows(look, cell)]
    if not done:
        raise NotFound(f"{look.key} shows nothing of that place.")
    units = sum(one["units"] for one in done)
    fetched = sum(one["fetched"] for one in done)
    text = (
        f"{look.key}: {counted(fetched, 'cell')} pulled, {len(done) - fetched} there already; "
        f"{units:,.3f} units spent."
    )
    return Answer({"look": look.key, "cells": done, "units": round(units, 4)}, text)


class Puller:
    """Pulls one look, each cell reserved before it is read and settled after it is kept.

    The command's arguments say with which `bands`, `pixel` and `priority`.
    """

    def __init__(
        self,
        call: Call,
        provider: ImageryProvider,
        budget: Budget,
        look: Acquisition,
        place: Ground,
    ) -> None:
        self._args = call.args
        self._provider = provider
        self._budget = budget
        self._look = look
        self._region = place.region
        self._archive = archive_of(call.settings, call.organisation)
        self._bands = call.args.bands or default_bands(look)

    def pull(self, cell: Cell) -> dict[str, Any]:
        """Pull one cell; return what came of it, for programs."""
        look, bands = self._look, self._bands
        with self._archive.pulling(look.key, cell.id):
            if self._archive.has(look.key, cell.id, bands):
                return _pulled(self._archive, look, cell, fetched=False, units=0.0)
            grid = cell.geobox(self._args.pixel)
            with self._paid(cell, grid) as paid:
                chip = self._provider.read(look.scenes, grid, bands, DEADLINE_SECONDS)
                paid.append(chip.provenance.cost)
                keep_overviews(self._archive, chip, self._archive.store(chip, cell.id))
        return _pulled(self._archive, look, cell, fetched=True, units=paid[0].units)

    @contextmanager
    def _paid(self, cell: Cell, grid: GeoBox) -> Iterator[list[Cost]]:
        """Reserve what a read takes, and settle it; see :func:`paid`."""
        if not self._provider.remote:
            yield []
            return
        held = self._reserve(cell, self._provider.estimate(self._look.scenes, grid, self._bands))
        with paid(self._budget, held) as told:
            yield told

    def _reserve(self, cell: Cell, cost: Cost) -> Spend:
        held = self._budget.reserve(
            self._provider.name, self._region, self._look.key, cell.id, cost,
            Priority(self._args.priority),
        )  # fmt: skip
        if isinstance(held, Refusal):
            words = f"{cost.units:,.3f} units are wanted for {cell.id}, but {held.words}"
            raise BudgetError(f"{words} ({held.cap}). What was pulled before is kept.")
        return held


@contextmanager
def _booked(call: Call, provider: ImageryProvider, place: Ground) -> Iterator[None]:
    if not provider.remote:
        yield
        return
    with (
        call.store(write=True, alone=False) as store,
        searches_booked(budget_from(call.settings, store), provider, place.region),
    ):
        yield


def default_bands(look: Acquisition) -> tuple[str, ...]:
    """Return the bands that detectors of the sensor use and pictures are made of, if there."""
    infos = [create_detector(name).info for name in detector_ids()]
    used = [
        band for info in infos if look.sensor in info.sensors
        for band in (*info.needed, *info.useful)
    ]  # fmt: skip
    offered = frozenset.intersection(*(scene.bands for scene in look.scenes))
    wanted = tuple(dict.fromkeys(band for band in (*used, *PICTURE_BANDS) if band in offered))
    return wanted or tuple(sorted(offered))


def _ground(call: Call) -> Ground:
    from hearthwatch.watchlist import read_bbox

    args = call.args
    if args.cell is not None:
        try:
            cell = cell_from_id(args.cell)
        except ValueError as error:
            raise NotFound(f"{error}.") from error
        return Ground(ground(cell), (cell,))
    if args.bbox is not None:
        area = read_bbox(args.bbox, call.settings).geometry
        return Ground(area, tuple(cells_for(area)))
    with call.store() as store:
        region = find_region(store, call.organisation, args.region)
    return Ground(region.geometry, tuple(cells_for(region.geometry)), region.id)


def _look(call: Call, provider: ImageryProvider, place: Ground) -> Acquisition:
    """Return the look with the key that was given."""
    key, args = call.args.acquisition, call.args
    told = _DATE.search(key)
    day = datetime.strptime(told[1], "%Y%m%d").replace(tzinfo=UTC) if told else None
    since = args.since or (day - DAY if day else datetime.now(UTC) - MONTH)
    until = args.until or (day + 2 * DAY if day else datetime.now(UTC))
    found = _looks(provider, place, since, until)
    for look in found:
        if look.key == key:
            return look
    words = f"The catalogue lists no look {key} at that place from {since:%Y-%m-%d} on."
    listed = ", ".join(look.key for look in found[:5])
    raise NotFound(f"{words} It lists {listed}." if listed else words)


def _looks(
    provider: ImageryProvider, place: Ground, since: datetime, until: datetime
) -> list[Acquisition]:
    return list(group_acquisitions(provider.search(Query(place.area, since, until))))


def _value(look: Acquisition, place: Ground, archive: Archive) -> dict[str, Any]:
    scenes = look.scenes
    clouds = [scene.cloud_cover for scene in scenes if scene.cloud_cover is not None]
    cells = [cell.id for cell in place.cells if shows(look, cell)]
    processed = [scene.processed for scene in scenes if scene.processed is not None]
    published = [scene.published for scene in scenes if scene.published is not None]
    return {
        "key": look.key,
        "sensed": moment(look.sensed),
        "sensor": look.sensor,
        "platform": scenes[0].platform,
        "relative_orbit": scenes[0].relative_orbit,
        "tiles": sorted({scene.tile for scene in scenes if scene.tile}),
        "scenes": [scene.id for scene in scenes],
        "superseded": [scene.id for scene in look.superseded],
        "baselines": sorted({scene.baseline for scene in scenes if scene.baseline}),
        "cloud_cover": round(sum(clouds) / len(clouds), 1) if clouds else None,
        "processed": moment(max(processed, default=None)),
        "published": moment(max(published, default=None)),
        "cells": cells,
        "archived": [cell for cell in cells if archive.has(look.key, cell)],
    }


def _pulled(
    archive: Archive, look: Acquisition, cell: Cell, *, fetched: bool, units: float
) -> dict[str, Any]:
    masters = archive.masters(look.key, cell.id)
    return {
        "cell": cell.id,
        "fetched": fetched,
        "units": units,
        "masters": [master.path for master in masters],
        "bytes": sum(master.bytes for master in masters),
    }


def shows(look: Acquisition, cell: Cell) -> bool:
    """Tell whether a look says that it shows some of a cell."""
    return covered_of(look, cell.id) is not Covered.NOT


def _percent(cloud: float | None) -> str:
    return "-" if cloud is None else f"{cloud:.0f} %"
