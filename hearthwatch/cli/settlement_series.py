"""`hearthwatch settlement series`: daily means of one settlement, made on the provider's side."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from odc.geo.crs import CRS
from shapely.geometry import MultiPolygon

from hearthwatch.budget.account import Budget, budget_from
from hearthwatch.budget.paid import paid, searches_booked
from hearthwatch.budget.policy import Refusal
from hearthwatch.cli.call import Call
from hearthwatch.cli.export import refuse_to_overwrite
from hearthwatch.cli.reading import find_settlement
from hearthwatch.cli.report import Answer
from hearthwatch.errors import (
    BudgetError,
    CatalogueError,
    HearthwatchError,
    NotFound,
    SettingsError,
)
from hearthwatch.export.csv_form import harmless
from hearthwatch.export.provenance import notice_of
from hearthwatch.records import Mode, Priority, Settlement, Spend
from hearthwatch.settings import Settings
from hearthwatch.sources import SENTINELHUB, provider_from
from hearthwatch.store.protocol import Store
from hearthwatch.words import counted, day, marked
from imagery.hub.products import CLASSES, RESOLUTION, SENTINEL_2
from imagery.hub.statistics import Place, Series
from imagery.providers.sentinelhub import SentinelHubProvider
from imagery.types import Cost, Query, Scene
from tiles.atomic import write_atomically
from tiles.geodesy import polygons, project
from tiles.grid import cell_at

DEADLINE_SECONDS = 300.0
COARSEST_M = 20.0
"""Pixels at most: of anything coarser a hamlet has none."""
DETAIL = "daily means"
DECIMALS = 6
COLUMNS = (
    "settlement", "settlement_name", "mode", "day", "band", "mean", "deviation", "clear_pixels",
    "outline_pixels", "error", "scenes", "notice",
)  # fmt: skip


def series(call: Call) -> Answer:
    """Write the daily means of a settlement to a file; nothing else is kept of them."""
    args = call.args
    target = Path(args.out).expanduser().absolute()
    provider = _provider(call.settings)
    _require_bands(args.bands)
    # What cannot be written must not be paid for.
    refuse_to_overwrite(target, force=args.force)
    if not target.parent.is_dir():
        raise HearthwatchError(f"There is no folder {target.parent} to write into.")
    with provider.serving(), call.store(write=True, alone=False) as store:
        settlement = _settlement(store, call)
        budget = budget_from(call.settings, store)
        with searches_booked(budget, provider):
            scenes = _scenes(provider, settlement, args.since, args.until or datetime.now(UTC))
        place = place_of(settlement, args.bands)
        held = _reserve(
            budget, settlement, provider.estimate_series(scenes, place, args.bands), args.priority
        )
        with paid(budget, held, DETAIL) as told:
            found = provider.series(scenes, place, args.bands, DEADLINE_SECONDS)
            told.append(found.cost)
            write_atomically(target, as_csv(settlement, place, args.bands, found))
    return _answer(settlement, found, args.bands, target)


def place_of(settlement: Settlement, bands: Sequence[str]) -> Place:
    """Return what is measured: the core, in the UTM zone of its cell, on the finest band's pixels.

    Raises
    ------
    ValueError
        If it lies beyond 84 degrees north or 80 degrees south.
    """
    epsg = cell_at(*_middle(settlement)).epsg
    pieces = polygons(project(settlement.geometry, "OGC:CRS84", f"EPSG:{epsg}"))
    area = pieces[0] if len(pieces) == 1 else MultiPolygon(pieces)
    metres = min(COARSEST_M, *(RESOLUTION[SENTINEL_2][band] for band in bands))
    return Place(area, CRS(f"EPSG:{epsg}"), metres)


def as_csv(settlement: Settlement, place: Place, bands: Sequence[str], found: Series) -> bytes:
    """Return a table in UTF-8: a line for each band of each day, with its scenes' ids.

    Mean and deviation are reflectance, empty where no pixel was clear.
    """
    notice = notice_of(one.start for one in found.days)
    outline = round(place.area.area / place.metres**2)
    whose = (settlement.id, harmless(settlement.name), settlement.mode.value)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for when, band, values, error, scenes in _rows(bands, found):
        writer.writerow((*whose, when, band, *values, outline, harmless(error), scenes, notice))
    return out.getvalue().encode("utf-8")


def _rows(
    bands: Sequence[str], found: Series
) -> Iterator[tuple[str, str, tuple[object, object, object], str, str]]:
    for one in found.days:
        measured = {band.band: band for band in one.bands}
        for band in bands:
            of_band = measured.get(band)
            values: tuple[object, object, object] = ("", "", "")
            if of_band is not None:
                values = (_number(of_band.mean), _number(of_band.deviation), of_band.count)
            yield day(one.start), band, values, one.error, " ".join(one.scene_ids)


def _number(value: float) -> float | str:
    return "" if math.isnan(value) else round(value, DECIMALS)


def _provider(settings: Settings) -> SentinelHubProvider:
    if not settings.statistics_baselines:
        raise SettingsError(
            "Daily means are off: each request shows the provider the outline of the settlement, "
            "and so which places are watched. If that is no danger to anyone, set "
            "HEARTHWATCH_STATISTICS_BASELINES=true."
        )
    provider = provider_from(settings)
    if not isinstance(provider, SentinelHubProvider):
        raise SettingsError(
            f"The provider {settings.provider} makes no daily means: set "
            f"HEARTHWATCH_PROVIDER={SENTINELHUB}."
        )
    return provider


def _require_bands(bands: Sequence[str]) -> None:
    known = [band for band in RESOLUTION[SENTINEL_2] if band != CLASSES]
    unknown = [band for band in bands if band not in known]
    if unknown or not bands:
        named = f"There are no daily means of {', '.join(unknown) or 'no band'}."
        raise NotFound(f"{named} There are of {', '.join(known)}.")


def _settlement(store: Store, call: Call) -> Settlement:
    key = find_settlement(store, call.organisation, call.args.settlement)
    found = store.settlement(call.organisation, key)
    if found.mode is Mode.EXERCISE:
        raise CatalogueError(
            f"{found.name or found.id} is of an exercise, and {SENTINELHUB} has real scenes only: "
            "real and made pixels are never mixed."
        )
    return found


def _scenes(
    provider: SentinelHubProvider, settlement: Settlement, since: datetime, until: datetime
) -> list[Scene]:
    if since > until:
        raise NotFound(f"The time ends before it begins: {day(since)} .. {day(until)}.")
    query = Query(settlement.geometry, since, until, collection=SENTINEL_2)
    found = list(provider.search(query))
    if not found:
        words = f"The catalogue lists no look at it from {day(since)} to {day(until)}."
        raise NotFound(f"{settlement.name or settlement.id}: {words}")
    return found


def _reserve(budget: Budget, settlement: Settlement, cost: Cost, priority: str) -> Spend:
    cell = cell_at(*_middle(settlement)).id
    held = budget.reserve(SENTINELHUB, "", "", cell, cost, Priority(priority))
    if isinstance(held, Refusal):
        words = f"{cost.units:,.3f} units are wanted for daily means, but {held.words}"
        raise BudgetError(f"{words} ({held.cap}).")
    return held


def _middle(settlement: Settlement) -> tuple[float, float]:
    point = settlement.geometry.representative_point()
    return point.x, point.y


def _answer(settlement: Settlement, found: Series, bands: Sequence[str], target: Path) -> Answer:
    failed = [one for one in found.days if one.error]
    notice = notice_of(one.start for one in found.days)
    document = {
        "file": str(target),
        "settlement": settlement.id,
        "mode": settlement.mode.value,
        "bands": list(bands),
        "days": len(found.days),
        "failed_days": {day(one.start): one.error for one in failed},
        "units": round(found.cost.units, 4),
        "requests": found.cost.requests,
        "notice": notice,
    }
    name = marked(settlement.mode, settlement.name or settlement.id)
    lost = f", {len(failed):,} of them without numbers" if failed else ""
    text = (
        f"{name}: {counted(len(found.days), 'day')} of {counted(len(bands), 'band')} written to "
        f"{target}{lost}; {found.cost.units:,.3f} units spent. {notice}."
    )
    return Answer(document, text)
