"""Looks that are bad all over: what turns black with the placebos is the scene's fault."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from detectors.registry import create_detector
from hearthwatch.pipeline.plan import make_plan
from hearthwatch.records import LedgerRow
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.store import MemoryStore
from imagery.registry import create_provider
from tests.support import settled
from tests.support.settled import EAST, EVERYWHERE, LOOKS, MIDDLE, Fire

QUIET = 9
SPOTTED, ALL_SPOTTED, BLACK, CALM, FIRE, LAST = 9, 10, 11, 12, 13, 15
SPOTS = 10


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """Store of a run with three bad looks, after which one of the placebos burns."""
    folder = tmp_path_factory.mktemp("suspect")
    store = MemoryStore()
    settled.enrol(store)
    looks = settled.write_looks(folder / "looks", LOOKS[:QUIET], settled.dry_land())
    laid = placebos(store, looks)
    homes = [MIDDLE.core, EAST.core]
    shade = {
        LOOKS[SPOTTED].date(): shapely.union_all([*homes, *laid[:SPOTS]]),
        LOOKS[ALL_SPOTTED].date(): shapely.union_all([*homes, *laid]),
        LOOKS[BLACK].date(): EVERYWHERE,
    }
    fires = [Fire(LOOKS[FIRE].date(), laid[0], (0.0, 0.35))]
    settled.write_looks(looks, LOOKS[QUIET : LAST + 1], settled.dry_land(fires, shade=shade))
    settled.run(settled.settings_for(folder / "var", looks, workers=2), store)
    return store


def placebos(store: MemoryStore, looks: Path) -> list[BaseGeometry]:
    """Return where the run will lay its placebos, in metres from the corner."""
    region, detector = store.region("local", settled.REGION), create_detector("burned").info
    provider = create_provider("folder", path=looks)
    (site,) = make_plan(store, provider, region, detector, settled.UNTIL).sites
    found = [shapely.from_wkb(place.core_wkb) for place in site.places if not place.settlement]
    assert len(found) == 24
    return [settled.metres(one) for one in found]


def rows_at(store: MemoryStore, number: int) -> list[LedgerRow]:
    rows = [row for row in settled.rows_of(store) if row.sensed == LOOKS[number]]
    assert {row.settlement for row in rows} == {"id-Middle", "id-East"}
    return rows


@pytest.mark.parametrize(("number", "spots"), [(SPOTTED, SPOTS), (ALL_SPOTTED, 24)])
def test_what_befalls_placebos_as_well_is_not_told_of_settlements(
    store: MemoryStore, number: int, spots: int
) -> None:
    for row in rows_at(store, number):
        words = f"{spots} of 24 placebos show change: the scene is suspect"
        assert (row.status, row.detail["reason"]) == (Status.NOT_PROCESSED, words)
        assert row.detail["guard"] == {"verdict": "suspect", "reason": words}


def test_no_bad_look_makes_an_event_and_the_next_good_one_shows_all_unharmed(
    store: MemoryStore,
) -> None:
    assert settled.events_of(store) == []
    for row in rows_at(store, CALM):
        assert row.status is Status.UNCHANGED
        assert row.detail["said"]["evidence"] < -1.0
    assert all(row.status is not Status.CHANGED for row in settled.rows_of(store))


def test_the_false_alarms_of_placebos_are_counted_in_the_ledger_and_are_no_events(
    store: MemoryStore,
) -> None:
    told = {
        number: {
            (said["placebos"], said["placebo_watch"], said["placebo_probable"],
             said["placebo_established"])
            for said in (row.detail["said"] for row in rows_at(store, number))
        }
        for number in (CALM, FIRE, FIRE + 1, LAST)
    }  # fmt: skip
    assert told == {
        CALM: {(24, 0, 0, 0)},
        FIRE: {(24, 1, 0, 0)},
        FIRE + 1: {(24, 1, 1, 0)},
        LAST: {(24, 1, 1, 1)},
    }
    assert rows_at(store, LAST)[0].detail["guard"] == {
        "verdict": "passed",
        "reason": "1 of 24 placebos show change",
    }
