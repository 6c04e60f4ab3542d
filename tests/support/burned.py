"""A served valley in which villages burned: for real in the drawn truth, and in an exercise."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path

from detectors import registry
from hearthwatch.keys import new_key
from hearthwatch.layout import Layout
from hearthwatch.pipeline.run import run_region
from hearthwatch.records import Mode, Region, Role
from hearthwatch.store import Store, open_store
from imagery.registry import create_provider
from tests.support import catalogue, settled
from tests.support.built import built
from tests.support.served import Keys, Served, listening
from tests.support.settled import EAST, LOOKS, MIDDLE, WEST, Fire

BURNED = date(2020, 3, 20)
"""When Middle and East burn."""
UNHARMED, CHANGED = "2020-03-18T10:00:00Z", "2020-03-23T10:00:00Z"
"""The looks on either side of that day."""
CLOUDED = date(2020, 4, 7)
"""The look that shows East nothing but cloud."""
IMPLANTED = date(2020, 4, 4)
"""When West burns in the exercise, which has scenes of its own."""
EXERCISE = "Exercise valley"


@contextmanager
def serve(folder: Path) -> Iterator[Served]:
    """Draw the valley, watch it and the exercise, and serve what was found."""
    detectors = sorted(one.name for one in registry.installed())
    there = built(f"valley of {' '.join(detectors)}", _watch)
    root = shutil.copytree(there / "var", folder / "var")
    store = open_store(Layout(root).database, write=True, alone=False)
    try:
        made, key = new_key("local", "ours", Role.ADMIN, settled.BEGAN)
        with store.transaction() as tx:
            tx.put_key(made)
        settings = settled.settings_for(root, there / "looks", executor="threads")
        with listening(settings, store) as url:
            yield Served(url, Keys(key, "", "", "", ""), settings, store)
    finally:
        store.close()


def _watch(folder: Path) -> None:
    root = folder / "var"
    Layout(root).make()
    settings = settled.settings_for(root, _looks(folder / "looks"), executor="threads")
    with closing(open_store(Layout(root).database, write=True)) as store:
        watched = settled.enrol(store, (MIDDLE, EAST), Mode.ACTUAL)
        for region, looks in (
            (watched, folder / "looks"),
            (_exercise(store), _implanted(folder / "implanted")),
        ):
            provider = create_provider("folder", path=looks)
            run_region(settings, store, provider, region, settled.UNTIL)


def _looks(folder: Path) -> Path:
    fires = [Fire(BURNED, one.core) for one in (MIDDLE, EAST)]
    clouds = {CLOUDED: EAST.core.buffer(300.0)}
    return settled.write_looks(folder, LOOKS[8:22], settled.dry_land(fires, clouds=clouds))


def _implanted(folder: Path) -> Path:
    dates = [sensed + timedelta(hours=1) for sensed in LOOKS[12:]]
    render = settled.dry_land([Fire(IMPLANTED, WEST.core)], villages=(WEST,))
    settled.write_looks(folder, dates, render)
    for item in catalogue.item_files(folder):
        catalogue.edit_item(
            item, lambda one: one["properties"].update({"hearthwatch:mode": "exercise"})
        )
    return folder


def _exercise(store: Store) -> Region:
    region = dataclasses.replace(settled.region(Mode.EXERCISE), id="region-2", name=EXERCISE)
    with store.transaction() as tx:
        tx.put_region(region)
        tx.put_settlements([settled.settlement(WEST, Mode.EXERCISE)])
    return region
