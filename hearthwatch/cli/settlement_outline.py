"""`hearthwatch settlement outline`: outlines of places that are known as points, for a person."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import MultiPolygon

from hearthwatch.archives import archive_of
from hearthwatch.budget.account import Budget, budget_from
from hearthwatch.budget.paid import searches_booked
from hearthwatch.cli.call import Call
from hearthwatch.cli.export import refuse_to_overwrite
from hearthwatch.cli.report import Answer
from hearthwatch.cli.scenes import Ground, Puller, shows
from hearthwatch.errors import HearthwatchError, NotFound
from hearthwatch.pipeline.outlines import (
    Window,
    bands_of,
    choose_looks,
    clear_ground,
    draw,
    window_round,
)
from hearthwatch.records import Mode
from hearthwatch.sources import provider_from
from hearthwatch.store.whole import all_settlements
from hearthwatch.watchlist import NamedArea, is_circle, read_settlements
from hearthwatch.words import counted
from imagery.looks import group_acquisitions
from imagery.types import Acquisition, Chip, ImageryProvider, Query
from tiles.atomic import write_atomically
from tiles.cell import Cell
from tiles.geodesy import polygons
from tiles.grid import cells_for, ground

PAST = timedelta(days=730)
BATCH = 16
"""Places drawn at once: each holds some 10 MB of looks."""
SQUARE_KM = 1e6


def outline(call: Call) -> Answer:
    """Write an outline, or the circle and why, for each place that is known as a point only."""
    target = Path(call.args.out).expanduser().absolute()
    # What cannot be written must not be paid for.
    refuse_to_overwrite(target, force=call.args.force)
    if not target.parent.is_dir():
        raise HearthwatchError(f"There is no folder {target.parent} to write into.")
    places = _places(call)
    points = [one for one in places if is_circle(one.geometry)]
    if not points:
        raise NotFound("None of the places is a point: they have outlines already.")
    drawer = _Drawer(call, provider_from(call.settings))
    features = drawer.draw_all([window_round(one) for one in points])
    collection = {"type": "FeatureCollection", "features": features}
    write_atomically(target, json.dumps(collection, indent=1).encode("utf-8"))
    return _answer(features, len(places) - len(points), target)


class _Drawer:
    """Draws places cell by cell, so that each look is pulled once for all of a cell."""

    def __init__(self, call: Call, provider: ImageryProvider) -> None:
        self._call = call
        self._provider = provider
        self._archive = archive_of(call.settings, call.organisation)
        self._until = call.args.until or datetime.now(UTC)

    def draw_all(self, windows: Sequence[Window]) -> list[dict[str, Any]]:
        """Return the features of all places, in their order."""
        homes: dict[str, list[int]] = defaultdict(list)
        for number, window in enumerate(windows):
            homes[cells_for(window.place.geometry.centroid)[0].id].append(number)
        drawn: dict[int, dict[str, Any]] = {}
        with (
            self._provider.serving(),
            self._call.store(write=True, alone=False) as store,
        ):
            budget = budget_from(self._call.settings, store)
            for cell in sorted(homes):
                for first in range(0, len(homes[cell]), BATCH):
                    numbers = homes[cell][first : first + BATCH]
                    made = self._draw_batch([windows[number] for number in numbers], budget)
                    drawn.update(zip(numbers, made, strict=True))
                self._call.note(f"{len(drawn):,} of {counted(len(windows), 'place')} looked at")
        return [drawn[number] for number in range(len(windows))]

    def _draw_batch(self, windows: Sequence[Window], budget: Budget) -> list[dict[str, Any]]:
        cells = cells_for(shapely.union_all([window.ground for window in windows]))
        place = Ground(shapely.union_all([ground(cell) for cell in cells]), cells)
        with searches_booked(budget, self._provider):
            query = Query(place.area, self._until - PAST, self._until)
            found = list(group_acquisitions(self._provider.search(query)))
        looks = choose_looks(found, self._call.args.looks)
        common = [frozenset(bands_of(look)) for look in looks]
        bands = [b for b in bands_of(looks[0]) if all(b in one for one in common)] if looks else []
        seen: list[list[Any]] = [[] for _ in windows]
        for look, chip in self._pulled(looks, place, budget):
            for window, kept in zip(windows, seen, strict=True):
                kept.append((look, clear_ground(chip, window, bands)))
        return [
            draw(window, [one for _, one in kept], bands, [(k.key, k.sensed) for k, _ in kept])
            for window, kept in zip(windows, seen, strict=True)
        ]

    def _pulled(
        self, looks: Sequence[Acquisition], place: Ground, budget: Budget
    ) -> Iterator[tuple[Acquisition, Chip]]:
        """Yield each look over all cells as one chip, from the archive or into it."""
        for look in looks:
            puller = Puller(self._call, self._provider, budget, look, place)
            cells = [cell for cell in place.cells if shows(look, cell)]
            for cell in cells:
                puller.pull(cell)
            chips = [chip for cell in cells if (chip := self._load(look, cell)) is not None]
            if chips:
                layers = tuple(layer for chip in chips for layer in chip.layers)
                yield look, dataclasses.replace(chips[0], layers=layers)

    def _load(self, look: Acquisition, cell: Cell) -> Chip | None:
        return self._archive.load(look.key, cell.id)


def _places(call: Call) -> list[NamedArea]:
    args = call.args
    if args.file is not None:
        path = Path(args.file).expanduser()
        return read_settlements(path, call.settings, radius_m=args.radius, encoding=args.encoding)
    with call.store() as store:
        listed = [s for s in all_settlements(store, call.organisation) if s.mode is Mode.ACTUAL]
    return [
        NamedArea(s.name, MultiPolygon(polygons(s.geometry)), s.area_m2 / SQUARE_KM, ())
        for s in listed
    ]


def _answer(features: list[dict[str, Any]], skipped: int, target: Path) -> Answer:
    drawn = sum(one["properties"]["outlined"] for one in features)
    names = [one["properties"] for one in features if not one["properties"]["outlined"]]
    refused = [{"name": one["name"], "doubt": one["doubt"]} for one in names]
    document = {
        "file": str(target), "outlined": drawn, "refused": refused, "had_outlines": skipped,
    }  # fmt: skip
    lines = [
        f"{counted(drawn, 'outline')} drawn, {len(refused):,} refused, {skipped:,} places had "
        f"outlines already: {target}",
        *(f"  {one['name'] or 'without a name'}: {one['doubt']}" for one in refused),
        "Nothing was put on the list. Look at the outlines, correct them, and bring them in with "
        f"`hearthwatch settlement import {target.name}`; what they replace is removed by hand.",
    ]
    return Answer(document, "\n".join(lines))
