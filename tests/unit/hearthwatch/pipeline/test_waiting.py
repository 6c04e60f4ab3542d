"""Looks that never come hold up no other, and are not paid for again and again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from shapely.affinity import translate

from detectors.registry import create_detector
from hearthwatch.pipeline.plan import make_plan
from hearthwatch.pipeline.tasks import not_taken
from hearthwatch.pipeline.waiting import (
    AGAIN,
    MOST_TRIES,
    OFTEN,
    SELDOM,
    Turns,
    beyond_reach,
    resting_looks,
)
from hearthwatch.records import LedgerRow, ObservationStatus
from hearthwatch.settings import Settings
from hearthwatch.store import MemoryStore
from imagery.errors import IntegrityError, NotYet
from imagery.types import Query, Scene
from tests.support import settled
from tests.support.remote import Remote
from tests.support.settled import EAST, LOOKS, MIDDLE

NUMBER = 3
BETWEEN = timedelta(days=2)


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("waiting") / "looks"
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land())


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    settled.enrol(store)
    return store


@pytest.fixture
def settings(looks: Path, tmp_path: Path) -> Settings:
    return settled.settings_for(tmp_path / "var", looks, workers=1, prelook=False)


@pytest.fixture
def provider(looks: Path) -> Remote:
    return Remote(looks)


def listed(provider: Remote, settings: Settings) -> list[Scene]:
    """Return the scenes of the folder, oldest first."""
    area = settled.region().geometry
    return list(provider.search(Query(area, LOOKS[0], settled.UNTIL)))


def other(scene: Scene, east: float = 0.0, orbit: int | None = 35) -> Scene:
    """Return a scene of two days later on another orbit, so many degrees away."""
    return dataclasses.replace(
        scene, id=f"other-{scene.id}", sensed=scene.sensed + BETWEEN, relative_orbit=orbit,
        footprint=translate(scene.footprint, xoff=east), datatake=None, platform="sentinel-2b",
    )  # fmt: skip


def taken(store: MemoryStore) -> list[datetime]:
    """Return when the looks were sensed that one village was seen in."""
    usable = {ObservationStatus.NOT_DELIVERED, ObservationStatus.NOT_OBSERVABLE}
    return [row.sensed for row in settled.rows_of(store, EAST) if row.status not in usable]


@pytest.mark.parametrize("orbit", [35, None])
def test_passes_of_a_neighbouring_orbit_are_no_looks_and_nothing_waits_for_them(
    store: MemoryStore, settings: Settings, provider: Remote, orbit: int | None
) -> None:
    provider.more = [other(one, 1.0, orbit) for one in listed(provider, settings)]
    report = settled.run(settings, store, provider=provider)
    assert [row.sensed for row in settled.rows_of(store, EAST)] == list(LOOKS[:NUMBER])
    assert taken(store) == list(LOOKS[:NUMBER])
    assert not any(name.startswith("other") for name, _ in provider.asked)
    sites = len({row.cell for row in settled.rows_of(store)})
    assert (report.looks, report.skipped) == (NUMBER * sites, 0)
    again = settled.run(settings, store, provider=provider)
    assert (again.looks, again.skipped) == (0, NUMBER * sites)


def test_a_pass_whose_orbit_shows_the_place_is_a_look_though_it_is_listed_in_part(
    provider: Remote, settings: Settings, store: MemoryStore
) -> None:
    first, second = listed(provider, settings)[:2]
    provider.more = [other(first, 1.0), other(second)]
    info = create_detector("burned").info
    plan = make_plan(store, provider, settled.region(), info, settled.UNTIL)
    assert len(plan.looks) == NUMBER + 2
    assert beyond_reach(plan.looks, plan.sites) == frozenset()


def test_an_old_look_without_pixels_holds_up_nothing_and_is_soon_asked_for_only_seldom(
    store: MemoryStore, settings: Settings, provider: Remote
) -> None:
    empty = other(listed(provider, settings)[1])
    provider.more = [empty]
    provider.broken = {empty.id: NotYet}
    settled.run(settings, store, provider=provider)
    assert taken(store) == list(LOOKS[:NUMBER])
    for _ in range(MOST_TRIES + 3):
        settled.run(settings, store, provider=provider)
    cells = {row.cell for row in settled.rows_of(store)}
    assert len([name for name, _ in provider.asked if name == empty.id]) == MOST_TRIES * len(cells)
    rows = [row for row in settled.rows_of(store) if row.sensed == empty.sensed]
    assert {row.status for row in rows} == {ObservationStatus.NOT_DELIVERED}
    assert {row.detail["tries"] for row in rows} == {MOST_TRIES}
    spent = [one for one in store.spends("local").items if one.units == 0.01 and one.acquisition]
    assert len([one for one in spent if empty.id in one.detail]) == MOST_TRIES * len(cells)


def test_a_look_that_comes_broken_is_waited_for_and_in_the_end_asked_for_only_seldom(
    store: MemoryStore, settings: Settings, provider: Remote
) -> None:
    second = listed(provider, settings)[1]
    provider.broken = {second.id: IntegrityError}
    for _ in range(MOST_TRIES - 1):
        settled.run(settings, store, provider=provider)
        assert taken(store) == [LOOKS[0], LOOKS[1]]
    settled.run(settings, store, provider=provider)
    assert taken(store) == list(LOOKS[:NUMBER])
    asked = len(provider.asked)
    settled.run(settings, store, provider=provider)
    assert len(provider.asked) == asked


class TestResting:
    """What failed so often is let be until a time, and then asked for again."""

    @pytest.mark.parametrize(
        ("age", "rest"),
        [(timedelta(days=8), OFTEN), (timedelta(days=29), OFTEN), (timedelta(days=30), SELDOM)],
    )
    def test_the_older_the_more_seldom(
        self, provider: Remote, settings: Settings, store: MemoryStore,
        age: timedelta, rest: timedelta,
    ) -> None:  # fmt: skip
        info = create_detector("burned").info
        plan = make_plan(store, provider, settled.region(), info, settled.UNTIL)
        look, site = plan.looks[0], plan.sites[0]
        now = look.sensed + age
        empty = dataclasses.replace(
            not_taken(look, site, ObservationStatus.NOT_DELIVERED, ""),
            passing=True, is_useless=True,
        )  # fmt: skip
        cut = dataclasses.replace(empty, is_useless=False)

        def tried(count: int) -> Turns:
            return Turns(lambda look, site: count, now)

        assert tried(MOST_TRIES - 2).kept(look, site, empty).again is None
        assert tried(MOST_TRIES - 1).kept(look, site, empty).again == now + rest
        assert tried(99).kept(look, site, empty).again == now + rest
        # Of an outage nobody knows when it ends.
        assert tried(99).kept(look, site, cut).again is None

        rows_of = self.rows(look.key, site.cell, now + rest)
        for late, left in ((timedelta(), {(look.key, site.cell)}), (rest, set())):
            found = resting_looks(rows_of, plan.looks, plan.sites, (), now + late)
            assert set(found) == left
        done = {(look.key, site.cell)}
        assert not set(resting_looks(rows_of, plan.looks, plan.sites, done, now))

    @staticmethod
    def rows(key: str, cell: str, again: datetime) -> Callable[[str], list[LedgerRow]]:
        region = settled.region()
        row = LedgerRow(
            "local", region.kind, region.mode, region.id, cell, key, "burned", LOOKS[0],
            ObservationStatus.NOT_DELIVERED, 0.0, detail={AGAIN: again.isoformat()},
        )  # fmt: skip
        return lambda acquisition: [row] if acquisition == key else []


def test_a_look_that_waits_its_turn_keeps_count_of_its_own_failures(
    provider: Remote, settings: Settings, store: MemoryStore
) -> None:
    first, second = listed(provider, settings)[:2]
    provider.broken = {first.id: IntegrityError, second.id: IntegrityError}
    for _ in range(2 * MOST_TRIES - 1):
        settled.run(settings, store, provider=provider)
    rows = settled.rows_of(store, MIDDLE)
    assert [row.detail.get("tries", 0) for row in rows[:2]] == [MOST_TRIES, MOST_TRIES]
