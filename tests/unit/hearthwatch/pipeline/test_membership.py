"""Which settlements a run follows, and which scenes it may follow them on."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.errors import CatalogueError, NotFound
from hearthwatch.records import LedgerRow, Mode
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.store import MemoryStore
from tests.support import catalogue, settled
from tests.support.settled import EAST, LOOKS, MIDDLE, Fire, Village

NEW = Village("New", 250.0, 600.0)
WIDER = dataclasses.replace(MIDDLE, radius=MIDDLE.radius + 15.0)
BURNED, CHANGED, NUMBER = 7, 10, 13
FIRES = tuple(Fire(LOOKS[BURNED].date(), one.core) for one in (EAST, NEW))


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    villages = (MIDDLE, EAST, NEW)
    render = settled.dry_land(FIRES, villages=villages)
    return settled.write_looks(tmp_path_factory.mktemp("members") / "l", LOOKS[:NUMBER], render)


@pytest.fixture(scope="module")
def store(looks: Path, tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """Store of two runs, between which the list of settlements was changed."""
    store, root = MemoryStore(), tmp_path_factory.mktemp("members") / "var"
    settled.enrol(store)
    settings = settled.settings_for(root, looks, workers=2)
    settled.run(settings, store, LOOKS[CHANGED - 1])
    removed = dataclasses.replace(settled.settlement(EAST), removed=settled.UNTIL)
    with store.transaction() as tx:
        tx.put_settlements([settled.settlement(WIDER), removed, settled.settlement(NEW)])
    settled.run(settings, store)
    return store


@pytest.fixture(scope="module")
def from_the_start(looks: Path, tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """Store of one run with the list as it was in the end."""
    store, root = MemoryStore(), tmp_path_factory.mktemp("members") / "var"
    settled.enrol(store, (WIDER, NEW))
    settled.run(settled.settings_for(root, looks, workers=2), store)
    return store


def numbered(rows: list[LedgerRow]) -> dict[int, Status]:
    return {LOOKS.index(row.sensed): row.status for row in rows}


@pytest.mark.parametrize("village", [NEW, MIDDLE])
def test_one_added_or_drawn_anew_stands_where_it_would_had_it_been_there_from_the_start(
    store: MemoryStore, from_the_start: MemoryStore, village: Village
) -> None:
    rows = settled.rows_of(store, village)
    assert rows == settled.rows_of(from_the_start, village)
    statuses = numbered(rows)
    assert {statuses[number] for number in range(6)} == {Status.NOT_PROCESSED}
    burned = {number for number, status in statuses.items() if status is Status.CHANGED}
    assert burned == (set(range(BURNED, NUMBER)) if village is NEW else set())


def test_what_it_had_burned_before_is_found_and_said_to_be_found_in_retrospect(
    store: MemoryStore, from_the_start: MemoryStore
) -> None:
    (event,) = (one for one in settled.events_of(store) if one.settlement == "id-New")
    (same,) = (one for one in settled.events_of(from_the_start) if one.settlement == "id-New")
    assert (event.id, event.version) == (same.id, same.version)
    assert (event.last_unharmed, event.first_changed) == (LOOKS[BURNED - 1], LOOKS[BURNED])
    history = store.event_history("local", event.id)
    assert [one.detector_state for one in history] == [
        "WATCH", "PROBABLE", "ESTABLISHED", "CLOSED",
    ]  # fmt: skip
    assert all(any("in retrospect" in doubt for doubt in one.doubts) for one in history)
    assert not any("in retrospect" in doubt for doubt in same.doubts)


def test_one_that_was_removed_gets_no_more_rows_and_its_event_stays_as_it_was(
    store: MemoryStore,
) -> None:
    rows = settled.rows_of(store, EAST)
    assert numbered(rows).keys() == set(range(CHANGED))
    (event,) = (one for one in settled.events_of(store) if one.settlement == "id-East")
    assert event.detector_state == "ESTABLISHED"
    history = store.event_history("local", event.id)
    assert history[-1] == event
    assert [one.detector_state for one in history] == ["WATCH", "PROBABLE", "ESTABLISHED"]
    assert event.last_detected == LOOKS[CHANGED - 1]


def test_no_settlement_has_two_rows_for_a_look(store: MemoryStore) -> None:
    counts = Counter((row.settlement, row.acquisition) for row in settled.rows_of(store))
    assert set(counts.values()) == {1}


def test_a_region_without_settlements_is_refused_in_words(looks: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    settled.enrol(store, [])
    # Somewhere else, of somebody else, and of another mode.
    mine = settled.settlement(MIDDLE)
    far = settled.degrees(Village("Far", 5_000.0, 0.0).core)
    with store.transaction() as tx:
        tx.put_settlements(
            [
                dataclasses.replace(mine, id="far", geometry=far),
                dataclasses.replace(mine, id="theirs", organisation="theirs"),
                dataclasses.replace(mine, id="made", mode=Mode.EXERCISE),
                dataclasses.replace(mine, id="gone", removed=datetime(2020, 1, 1, tzinfo=UTC)),
            ]
        )
    with pytest.raises(NotFound, match=r"No settlement lies in valley: import some with"):
        settled.run(settled.settings_for(tmp_path, looks), store)
    assert settled.rows_of(store) == []


@pytest.fixture(scope="module")
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> dict[Mode, Path]:
    """One look each, of the world and made."""
    found = {}
    for mode in Mode:
        folder = tmp_path_factory.mktemp("modes") / mode
        settled.write_looks(folder, LOOKS[:1], settled.dry_land())
        for item in catalogue.item_files(folder):
            catalogue.edit_item(item, partial(say_mode, mode))
        found[mode] = folder
    return found


def say_mode(mode: Mode, item: dict[str, Any]) -> None:
    item["properties"]["hearthwatch:mode"] = mode


@pytest.mark.parametrize("given", list(Mode))
@pytest.mark.parametrize("watched", list(Mode))
def test_real_and_made_scenes_are_never_mixed(
    catalogues: dict[Mode, Path], tmp_path: Path, watched: Mode, given: Mode
) -> None:
    store = MemoryStore()
    settled.enrol(store, mode=watched)
    settings = settled.settings_for(tmp_path, catalogues[given])
    if watched in (given, Mode.TEST):
        assert settled.run(settings, store).looks == 1
        assert {row.mode for row in settled.rows_of(store)} == {watched}
        return
    words = rf"watched in the mode {watched}, .* scenes of the mode {given}: .* Use another"
    with pytest.raises(CatalogueError, match=words):
        settled.run(settings, store)
    assert settled.rows_of(store) == []
    assert not list(tmp_path.rglob("*.tif"))
