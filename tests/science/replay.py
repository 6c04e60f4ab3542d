"""The real replay that science tests and benchmarks share: sample in, reports out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from shapely import MultiPolygon, box

from hearthwatch.pipeline.run import run_region
from hearthwatch.records import EventFilter, EventState, Kind, LedgerRow, Mode, Region
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from hearthwatch.store.protocol import Store
from imagery.registry import create_provider
from imagery.types import Query
from tests.science.clearings import Reported, to_square
from tiles.geodesy import area_m2

START, UNTIL = datetime(2015, 6, 23, tzinfo=UTC), datetime(2020, 12, 31, tzinfo=UTC)
TRUTH = Path(__file__).parent / "truth" / "romania_clearings.geojson"


def replay(catalogue: Path, data_dir: Path) -> tuple[tuple[Reported, ...], tuple[LedgerRow, ...]]:
    """Watch the Romanian square from 2015 to 2020 as if live; return what was reported."""
    settings = load_settings(data_dir=data_dir, catalogue=catalogue)
    provider = create_provider("folder", path=catalogue)
    scene = next(iter(provider.search(Query(box(-180, -80, 180, 84), START, UNTIL))))
    square = MultiPolygon([scene.footprint])
    region = Region(
        id="square", organisation="local", kind=Kind.GROUND_CHANGE, mode=Mode.ACTUAL,
        name="Romanian square", geometry=square, area_km2=area_m2(square) / 1e6,
        created=datetime.now(UTC),
    )  # fmt: skip
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_region(region)
    run_region(settings, store, provider, region, UNTIL)
    return reports(store, region), store.ledger("local", region.id, limit=10_000).items


def reports(store: Store, region: Region) -> tuple[Reported, ...]:
    """Return every event that was ever provisional, as it stood at its strongest."""
    found = []
    for event in store.events("local", EventFilter(region=region.id), limit=10_000).items:
        told = [
            version
            for version in store.event_history("local", event.id)
            if version.state is EventState.PROVISIONAL
        ]
        if told:
            last = told[-1]
            found.append(
                Reported(
                    last.id, to_square(last.geometry), last.last_unharmed, last.first_changed,
                    told[0].last_detected,
                )
            )  # fmt: skip
    return tuple(found)
