"""Regions, ledger rows with placebos, and evaluations, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from shapely.geometry import MultiPolygon, box

from hearthwatch.evaluation.episodes import looks_of
from hearthwatch.evaluation.report import Made, document
from hearthwatch.evaluation.scoring import evaluate
from hearthwatch.records import Kind, LedgerRow, Mode, ObservationStatus, Region
from tests.unit.hearthwatch.evaluation.cases import episode, ledger, settlement, truth

ZERO = datetime(2022, 1, 1, tzinfo=UTC)
NAMES = ("placebo_watch", "placebo_probable", "placebo_established")
DIGEST = "d" * 64


def region(name: str, *, mode: Mode = Mode.ACTUAL, removed: bool = False) -> Region:
    return Region(
        id=name,
        organisation="ours",
        kind=Kind.BURNED,
        mode=mode,
        name=f"Valley {name}",
        geometry=MultiPolygon([box(25.30, 13.60, 25.32, 13.62)]),
        area_km2=4.7,
        created=ZERO,
        removed=ZERO if removed else None,
    )


def row(
    day: float,
    *,
    placebos: int | None,
    said: tuple[int, int, int] = (0, 0, 0),
    status: ObservationStatus = ObservationStatus.UNCHANGED,
    cell: str = "c",
    region: Region | None = None,
    more: dict[str, Any] | None = None,
) -> LedgerRow:
    """Return the row of a look on a day; `placebos` None: it was not scored."""
    told = {"placebos": placebos, **dict(zip(NAMES, said, strict=True))}
    return LedgerRow(
        organisation="ours",
        kind=Kind.BURNED,
        mode=region.mode if region else Mode.ACTUAL,
        region=region.id if region else "r",
        cell=cell,
        acquisition=f"S2A-{day}-{cell}",
        detector="burned",
        sensed=ZERO + timedelta(days=day),
        status=status,
        usable=1.0,
        settlement="a",
        detail={**({} if placebos is None else {"said": told}), **(more or {})},
    )


@cache
def evaluation(mode: Mode = Mode.ACTUAL, digest: str = DIGEST) -> dict[str, Any]:
    """Return the document of an evaluation with one hit, one miss and one false alert."""
    places = {one.id: one for one in map(settlement, ("set-a", "set-b"))}
    episodes = [
        episode("ev-1", "set-a", (100, 105), ((105, "WATCH"), (110, "PROBABLE"))),
        episode("ev-2", "set-b", (300, 305), ((305, "WATCH"),)),
    ]
    known = [truth("set-a", 100), truth("set-b", 800)]
    result = evaluate(Kind.BURNED, places, known, episodes, looks_of(ledger(places=tuple(places))))
    made = Made(mode, "burned", "2", "sentinel-2-l2a", "folder", "scenes-el-fasher", "truth.csv",
                "places.csv", ("S2A",), digest, "0.1.0")  # fmt: skip
    return document(result, {one.id: one for one in episodes}, places, made, with_places=True)
