"""Catalogues that list late, twice, wrongly, or not at all; passes that do not come."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from detectors.registry import create_detector
from hearthwatch.errors import CatalogueError
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.passes.polling import BATCH, Polled, known_scenes, poll
from hearthwatch.pipeline.plan import Plan, make_plan
from hearthwatch.pipeline.tasks import Site, not_taken
from hearthwatch.pipeline.waiting import MOST_TRIES, Turns
from hearthwatch.records import (
    Detection,
    EventSource,
    Gap,
    Kind,
    LedgerRow,
    ObservationStatus,
)
from hearthwatch.store import MemoryStore
from hearthwatch.store.protocol import Transaction
from hearthwatch.store.whole import all_looks
from imagery.errors import Transient
from imagery.types import Acquisition, Scene
from tests.support import settled
from tests.support.listing_provider import ListedProvider, made_scene

REGION = settled.region(kind=Kind.GROUND_CHANGE)
GROUND = box(*REGION.geometry.bounds).buffer(0.1)
FIRST = REGION.created - timedelta(days=60)
NOW = REGION.created


def day(number: float) -> datetime:
    """Return a time in days from the day the region was put on the watchlist."""
    return NOW + timedelta(days=number)


def scene(number: float, **how: object) -> Scene:
    return made_scene(day(number), GROUND, **how)  # type: ignore[arg-type]


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_region(REGION)
    return store


@pytest.fixture
def provider() -> ListedProvider:
    """A catalogue with two months of passes, one every five days, the last one three days ago."""
    return ListedProvider([scene(-3 - 5 * turn) for turn in range(11)])


def asked(store: MemoryStore, provider: ListedProvider, now: datetime) -> Polled:
    return poll(store, provider, REGION, GROUND, FIRST, now)


def planned(store: MemoryStore, provider: ListedProvider, now: datetime) -> Plan:
    return make_plan(store, provider, REGION, create_detector("ground_change").info, now, now)


def listed(store: MemoryStore) -> list[str]:
    return [one.id for one in known_scenes(store, REGION, "listed")]


def test_f54_what_is_listed_twice_is_known_once_and_a_newer_processing_beside_it(
    store: MemoryStore, provider: ListedProvider
) -> None:
    provider.twice = True
    assert asked(store, provider, NOW) == Polled(new=11)
    assert asked(store, provider, day(0.1)) == Polled()
    newer = scene(-3, processed=day(0.1), baseline="05.12")
    provider.scenes.append(newer)
    assert asked(store, provider, day(0.2)) == Polled(new=1)
    plan = planned(store, provider, day(0.2))
    assert len(plan.looks) == 11
    assert plan.looks[-1].scenes == (newer,)
    assert [one.id for one in plan.looks[-1].superseded] == [scene(-3).id]


@pytest.mark.parametrize("published", [9.9, 8.5], ids=["in the overlap", "before it"])
def test_f55_a_scene_listed_later_than_its_date_says_is_found_within_a_day(
    store: MemoryStore, provider: ListedProvider, published: float
) -> None:
    asked(store, provider, NOW)
    provider.scenes.append(scene(10, published=day(10.2)))
    asked(store, provider, day(10.5))
    late = scene(4, published=day(published) if published > 9 else day(4.2))
    provider.scenes.append(late)
    asked(store, provider, day(10.6))
    assert (late.id in listed(store)) is (published > 9)
    asked(store, provider, day(11.6))
    assert late.id in listed(store)


def test_f55_lists_are_read_by_publication_and_the_mark_follows_the_newest(
    store: MemoryStore, provider: ListedProvider
) -> None:
    provider.scenes.append(scene(-1, published=day(400)))
    asked(store, provider, NOW)
    mark = store.mark("local", REGION.id, "listed", "")
    # A date in the future would hide all that is published until then.
    assert mark is not None
    assert mark.published == NOW
    provider.queries.clear()
    asked(store, provider, day(0.1))
    (query,) = provider.queries
    assert query.published_after == NOW - timedelta(hours=48)


def test_f56_a_deleted_scene_is_marked_gone_and_kept_and_may_come_back(
    store: MemoryStore, provider: ListedProvider
) -> None:
    asked(store, provider, NOW)
    taken = provider.scenes.pop(0)
    assert asked(store, provider, day(1.1)) == Polled(gone=1)
    assert taken.id not in listed(store)
    (gone,) = [one for one in store.known_scenes("local", REGION.id, "listed", gone=True)
               if one.gone]  # fmt: skip
    assert (gone.id, gone.gone) == (taken.id, day(1.1))
    provider.scenes.append(taken)
    assert asked(store, provider, day(2.2)) == Polled(changed=1)
    assert taken.id in listed(store)


def test_f56_an_item_that_changed_is_remembered_as_it_is_now(
    store: MemoryStore, provider: ListedProvider
) -> None:
    asked(store, provider, NOW)
    provider.scenes[0] = dataclasses.replace(provider.scenes[0], item_sha256="f" * 64, assets=())
    assert asked(store, provider, day(1.1)) == Polled(changed=1)
    (changed,) = [one for one in known_scenes(store, REGION, "listed") if not one.assets]
    assert changed == provider.scenes[0]


def test_f56_a_catalogue_that_forgot_most_of_what_it_had_is_not_believed(
    store: MemoryStore, provider: ListedProvider
) -> None:
    asked(store, provider, NOW)
    provider.scenes = provider.scenes[:1]
    told = asked(store, provider, day(1.1))
    assert told == Polled(doubt="it lists 1 scenes where it listed 6 before")
    assert len(listed(store)) == 11
    # It is asked in full again the next time, not in a day.
    provider.scenes = [scene(-3 - 5 * turn) for turn in range(11)]
    provider.queries.clear()
    assert asked(store, provider, day(1.2)) == Polled()
    assert len(provider.queries) == 2


def test_f58_a_catalogue_that_breaks_off_changes_neither_mark_nor_what_is_gone(
    store: MemoryStore, provider: ListedProvider
) -> None:
    asked(store, provider, NOW)
    before = store.mark("local", REGION.id, "listed", "")
    del provider.scenes[3]
    provider.scenes.append(scene(2))
    provider.cut_after = 1
    with pytest.raises(Transient):
        asked(store, provider, day(3))
    assert store.mark("local", REGION.id, "listed", "") == before
    assert set(listed(store)) == {scene(-3 - 5 * turn).id for turn in range(11)}
    provider.cut_after = None
    assert asked(store, provider, day(3)) == Polled(new=1, gone=1)


def test_f58_while_the_catalogue_is_down_what_it_listed_before_is_used_and_nothing_is_missed(
    store: MemoryStore, provider: ListedProvider
) -> None:
    provider.cut_after = 0
    with pytest.raises(CatalogueError, match="does not answer"):
        planned(store, provider, NOW)
    provider.cut_after = None
    assert len(planned(store, provider, NOW).looks) == 11
    provider.cut_after = 0
    plan = planned(store, provider, day(30))
    assert len(plan.looks) == 11
    assert plan.fault == "the catalogue could not be searched: the catalogue does not answer"
    assert store.gaps("local") == ()


NORTH, SOUTH = (
    GROUND.intersection(box(-180, low, 180, high)) for low, high in ((13.6135, 90), (-90, 13.6135))
)


def half(number: float, ground: BaseGeometry, tile: str, **how: object) -> Scene:
    return made_scene(day(number), ground, tile=tile, **how)  # type: ignore[arg-type]


def test_f42_a_pass_of_which_a_tile_is_missing_waits_a_day_and_the_next_one_behind_it(
    store: MemoryStore,
) -> None:
    provider = ListedProvider(
        [half(-3 - 5 * turn, ground, tile) for turn in range(4)
         for ground, tile in ((NORTH, "34PEV"), (SOUTH, "34PEU"))]
    )  # fmt: skip
    provider.scenes.append(half(2, NORTH, "34PEV"))
    provider.scenes.append(made_scene(day(2.7), GROUND, orbit=35))
    plan = planned(store, provider, day(2.8))
    partial, whole = plan.looks[-2:]
    words = {cell: said for (key, cell), said in plan.waiting.items() if key == partial.key}
    assert words.keys() == {"34N_0060_0146", "34N_0061_0146"}
    assert set(words.values()) == {"waits for the rest of the pass until 2020-06-04 00:00 UTC"}
    assert {cell for key, cell in plan.waiting if key == whole.key} == {
        "34N_0060_0146", "34N_0061_0146"
    }  # fmt: skip
    assert plan.waiting[whole.key, "34N_0060_0146"] == (
        "waits for its turn after the pass of 2020-06-03 UTC"
    )
    # After a day what is there is taken; when the rest comes in time, all of it is.
    assert planned(store, provider, day(3.01)).waiting == {}
    provider.scenes.append(half(2, SOUTH, "34PEU"))
    plan = planned(store, provider, day(2.9))
    assert plan.waiting == {}
    assert plan.looks[-2].key == partial.key
    assert len(plan.looks[-2].scenes) == 2


def test_f57_a_look_listed_before_its_pixels_are_there_waits_and_keeps_its_place(
    store: MemoryStore, provider: ListedProvider
) -> None:
    plan = planned(store, provider, NOW)
    site = plan.sites[0]
    young, later = plan.looks[-2:]
    absent = not_taken(young, site, ObservationStatus.NOT_DELIVERED, "there are no pixels")
    clear = dataclasses.replace(
        not_taken(later, site, ObservationStatus.NOT_OBSERVABLE, ""), failure=None, observable=True
    )
    turns = Turns(never_tried, young.sensed + timedelta(hours=23))
    assert turns.kept(young, site, absent) == absent
    waits = turns.kept(later, site, clear)
    assert waits.failure is ObservationStatus.NOT_DELIVERED
    assert waits.reason == "waits for its turn after the pass of 2020-05-24 UTC"
    assert not waits.observable
    # Another cell does not wait, nor does anyone a day after.
    assert turns.kept(later, plan.sites[1], clear) == clear
    turns = Turns(never_tried, young.sensed + timedelta(hours=24))
    assert turns.kept(young, site, absent) == absent
    assert turns.kept(later, site, clear) == clear


def test_f58_a_look_that_fails_for_a_moment_keeps_its_place_and_not_for_ever(
    store: MemoryStore, provider: ListedProvider
) -> None:
    plan = planned(store, provider, NOW)
    site = plan.sites[0]
    first, later = plan.looks[:2]
    cut = dataclasses.replace(
        not_taken(first, site, ObservationStatus.NOT_PROCESSED, "failed: cut off"), passing=True
    )
    refused = dataclasses.replace(cut, passing=False)
    clear = dataclasses.replace(
        not_taken(later, site, ObservationStatus.NOT_OBSERVABLE, ""), failure=None, observable=True
    )
    for tried in range(MOST_TRIES):
        turns = Turns(lambda look, site, tried=tried: tried, NOW)
        assert turns.kept(first, site, cut).tries == tried + 1
        waits = turns.kept(later, site, clear)
        assert (waits == clear) == (tried + 1 == MOST_TRIES)
    # What will be refused again is not waited for.
    turns = Turns(never_tried, NOW)
    assert turns.kept(first, site, refused) == refused
    assert turns.kept(later, site, clear) == clear


def never_tried(look: Acquisition, site: Site) -> int:
    return 0


def taken(store: MemoryStore, plan: Plan, number: int) -> None:
    """Commit one look of a plan over its first cell, with one event that rests on it."""
    look, site = plan.looks[number], plan.sites[0]
    row = LedgerRow(
        "local", REGION.kind, REGION.mode, REGION.id, site.cell, look.key, "ground_change",
        look.sensed, ObservationStatus.CHANGED, 1.0,
        detail={"scenes": list(plan.scenes[look.key])},
    )  # fmt: skip
    common = {
        "organisation": "local", "kind": REGION.kind, "mode": REGION.mode, "region": REGION.id,
        "cell": site.cell, "detector": "ground_change", "geometry": GROUND, "area_m2": 1e4,
        "last_unharmed": None, "first_changed": look.sensed, "looks": 1, "evidence": {},
        "detector_state": "PROBABLE", "doubts": (),
    }  # fmt: skip
    with store.transaction() as tx:
        tx.put_ledger(row)
        source = EventSource(
            id="event", event="", sensors=("sentinel-2-l2a",), groups=("optical",),
            reached="PROBABLE", version=1, first_detected=look.sensed, last_detected=look.sensed,
            observed="", **common,
        )  # type: ignore[arg-type]  # fmt: skip
        fusion = Fusion(store, "local")
        fusion.put([source])
        fusion.write(tx)
        tx.add_detections(
            [
                Detection(
                    id="detection", event="event", source="event", acquisition=look.key,
                    detector_version="1", sensed=look.sensed, digest="", **common,
                )  # type: ignore[arg-type]
            ]
        )  # fmt: skip


def test_f56_what_changed_of_a_look_that_an_event_rests_on_is_said_once_and_nothing_undone(
    store: MemoryStore, provider: ListedProvider
) -> None:
    taken(store, planned(store, provider, NOW), -1)
    old = scene(-3)
    newer = scene(-3, processed=day(1), baseline="05.12")
    provider.scenes.append(newer)
    planned(store, provider, day(1.2))
    planned(store, provider, day(1.3))
    (row,) = [one for one in all_looks(store, REGION) if one.sensed == old.sensed]
    words = f"processed again since: {old.id}; what was measured then stands"
    assert (row.status, row.detail["since"]) == (ObservationStatus.CHANGED, words)
    history = store.event_history("local", "event")
    assert [one.version for one in history] == [1, 2]
    assert history[-1].doubts == (f"the look of 2020-05-29: {words}",)
    provider.scenes = [one for one in provider.scenes if one.id != old.id]
    planned(store, provider, day(2.4))
    planned(store, provider, day(2.5))
    assert [one.version for one in store.event_history("local", "event")] == [1, 2, 3]
    doubt = store.event("local", "event").doubts[-1]
    assert f"no longer listed by its provider: {old.id}" in doubt
    assert len(store.detections("local", "event")) == 1


class Killed(BaseException):
    """The process died."""


def test_f60_a_burst_after_an_outage_comes_in_order_and_bounded_and_survives_a_kill(
    provider: ListedProvider,
) -> None:
    sizes: list[int] = []

    class Watched(MemoryStore):
        dies = False

        @contextmanager
        def transaction(self) -> Iterator[Transaction]:  # type: ignore[override]
            with super().transaction() as tx:
                put: Callable[..., None] = tx.put_scenes

                def counted(scenes: list[object]) -> None:
                    sizes.append(len(scenes))
                    put(scenes)
                    if self.dies and len(sizes) == 2:
                        raise Killed

                tx.put_scenes = counted  # type: ignore[method-assign]
                yield tx

    store = Watched()
    with store.transaction() as tx:
        tx.put_region(REGION)
    provider.scenes = [
        scene(-50 + number / 12, tile=f"{number:05d}", published=NOW)
        for number in range(500, 0, -1)
    ]
    store.dies = True
    with pytest.raises(Killed):
        asked(store, provider, NOW)
    assert store.mark("local", REGION.id, "listed", "") is None
    assert sizes == [BATCH, BATCH]
    store.dies = False
    assert asked(store, provider, NOW).new == 500 - BATCH
    assert max(sizes) == BATCH
    scenes = known_scenes(store, REGION, "listed")
    assert len(scenes) == 500
    assert [one.sensed for one in scenes] == sorted(one.sensed for one in scenes)


def test_f61_a_pass_36_hours_late_is_told_of_once_and_its_rows_give_way_when_it_comes(
    store: MemoryStore, provider: ListedProvider
) -> None:
    planned(store, provider, NOW)
    assert store.gaps("local") == ()
    # The next pass was due on day 2.
    planned(store, provider, day(3.4))
    assert store.gaps("local") == ()
    planned(store, provider, day(3.6))
    (gap,) = store.gaps("local", open_only=True)
    assert (gap.relative_orbit, gap.expected, gap.raised) == (78, day(2), day(3.6))
    rows = list(all_looks(store, REGION))
    assert {row.acquisition for row in rows} == {f"expected_sentinel-2-l2a_R078_{day(2):%Y%m%d}"}
    assert {row.status for row in rows} == {ObservationStatus.NOT_DELIVERED}
    assert len({row.cell for row in rows}) == len(rows) == 4
    planned(store, provider, day(4))
    assert store.gaps("local") == (gap,)
    assert list(all_looks(store, REGION)) == rows
    provider.scenes.append(scene(2, published=day(4.5)))
    plan = planned(store, provider, day(4.6))
    (closed,) = store.gaps("local")
    assert (closed.closed, closed.detail) == (day(4.6), "it came after all")
    assert plan.replaces == {plan.looks[-1].key: (rows[0].acquisition,)}


def test_f61_an_orbit_that_ended_is_given_up_once_and_a_blind_region_stays_told_of(
    store: MemoryStore, provider: ListedProvider
) -> None:
    provider.scenes += [scene(-4.5 - 10 * turn, orbit=21, platform="sentinel-2b")
                        for turn in range(5)]  # fmt: skip
    provider.scenes += [scene(2 + 5 * turn) for turn in range(12)]
    for number in range(0, 58, 3):
        planned(store, provider, day(number))
    ended: list[Gap] = [gap for gap in store.gaps("local") if "no longer flies" in gap.detail]
    (statement,) = ended
    assert statement.closed is not None
    assert "sentinel-2b no longer flies orbit 21" in statement.detail
    assert "stayed away 3 times, at a cycle of 10 days" in statement.detail
    missed = [gap for gap in store.gaps("local") if gap not in ended]
    assert [gap.expected for gap in missed] == [day(5.5), day(15.5), day(25.5)]
    assert all(gap.closed for gap in missed)
    assert store.gaps("local", open_only=True) == ()
    # When the last satellite goes as well, there is no one left to see anything.
    for number in range(60, 100, 3):
        planned(store, provider, day(number))
    (blind,) = store.gaps("local", open_only=True)
    assert "sentinel-2a no longer flies orbit 78" in blind.detail
