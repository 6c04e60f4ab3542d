"""A village on the edge of cells, of tiles and of zones gives the numbers of one in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import box

import tiles.cell
import tiles.grid
import tiles.ground
from detectors.registry import create_detector
from hearthwatch.pipeline import sites
from hearthwatch.pipeline.features_file import load_features
from hearthwatch.pipeline.measure import measure_look
from hearthwatch.pipeline.plan import Plan, make_plan
from hearthwatch.pipeline.tasks import MeasureTask
from hearthwatch.store import MemoryStore
from imagery.registry import create_provider
from tests.support import catalogue, settled
from tests.support.settled import EAST, LOOKS, MIDDLE, WEST, Fire

pytestmark = pytest.mark.slow

VILLAGES = (MIDDLE, EAST, WEST)
NUMBER = 10
WHOLE_M = 20_480
"""Side of cells in whose middle the village lies that lies on a corner of those in use."""
CLOUDS = {
    LOOKS[1].date(): box(-400, 60, -100, 300),
    LOOKS[2].date(): box(70, -700, 400, 700),
}
FIRES = (Fire(LOOKS[7].date(), MIDDLE.core),)
PER_PLACE = ("values", "seen", "contamination")

Shown = dict[str, NDArray[np.float64]]
Numbers = dict[tuple[str, str], Shown]
"""What was measured, by acquisition and settlement."""


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edges") / "looks"
    return settled.write_looks(folder, LOOKS[:NUMBER], drawn())


@pytest.fixture(scope="module")
def corner(looks: Path, tmp_path_factory: pytest.TempPathFactory) -> Numbers:
    """What the first three looks come to with the villages around a corner of four cells."""
    return measured(looks, tmp_path_factory.mktemp("edges") / "var", 3)[1]


def drawn() -> catalogue.Renderer:
    return settled.dry_land(FIRES, clouds=CLOUDS, villages=VILLAGES)


@contextmanager
def cells_of(side_m: int) -> Iterator[None]:
    """Cut the world into cells of another size."""
    rooms = (tiles.cell, tiles.grid, tiles.ground)
    kept = (tiles.cell.is_regular, tiles.ground.unrolled_ground)
    with pytest.MonkeyPatch.context() as patch:
        for room in rooms:
            patch.setattr(room, "SIZE_M", side_m)
        for cache in kept:
            cache.cache_clear()
        yield
    for cache in kept:
        cache.cache_clear()


def planned(store: MemoryStore, looks: Path) -> Plan:
    region, detector = settled.enrol(store, VILLAGES), create_detector("burned").info
    provider = create_provider("folder", path=looks)
    return make_plan(store, provider, region, detector, settled.UNTIL)


def measured(looks: Path, root: Path, first: int) -> tuple[Plan, Numbers]:
    """Measure the first looks at every village."""
    plan = planned(MemoryStore(), looks)
    found: Numbers = {}
    (root / "scratch").mkdir(parents=True)
    for look in plan.looks[:first]:
        for site in plan.sites:
            task = MeasureTask(
                create_provider("folder", path=looks), look, site, "burned",
                root / "archive", root / "scratch", 60.0,
            )  # fmt: skip
            came = measure_look(task)
            assert came.failure is None, came.reason
            places = load_features(came.features).places
            assert places is not None
            for row, key in enumerate(places.ids):
                if not places.placebo[row]:
                    named = {name: getattr(places, name)[row] for name in PER_PLACE}
                    found[look.key, site.settlements[key]] = named
    return plan, found


def found_by_run(looks: Path, root: Path) -> tuple[MemoryStore, list[Any], list[Any]]:
    """Return the store, all versions of events, and the ledger, each without the cells' names."""
    store = MemoryStore()
    settled.enrol(store, (MIDDLE, EAST))
    settled.run(settled.settings_for(root, looks, workers=2), store)
    versions = [
        (v.settlement, v.version, v.detector_state, v.last_unharmed, v.first_changed, v.looks,
         v.evidence, v.doubts, v.observed, v.geometry.wkb)
        for one in settled.events_of(store)
        for v in store.event_history("local", one.id)
    ]  # fmt: skip
    ledger = [
        (r.acquisition, r.settlement, r.status, r.usable, r.cause, r.detail["lost"],
         {k: v for k, v in r.detail.get("said", {}).items() if not k.startswith("placebo")})
        for r in settled.rows_of(store)
    ]  # fmt: skip
    return store, versions, ledger


def assert_same(one: Numbers, other: Numbers) -> None:
    assert one.keys() == other.keys()
    for key in one:
        for name in PER_PLACE:
            np.testing.assert_array_equal(one[key][name], other[key][name], f"{key} {name}")


def test_the_middle_village_lies_in_four_cells_or_in_one(looks: Path) -> None:
    plan = planned(MemoryStore(), looks)
    corner = {f"34N_{col:04d}_{row:04d}" for col in (60, 61) for row in (146, 147)}
    assert {site.cell for site in plan.sites} == {"34N_0060_0146", "34N_0061_0147"}
    assert all(set(site.cells) == corner for site in plan.sites)
    with cells_of(WHOLE_M):
        (site,) = planned(MemoryStore(), looks).sites
    assert site.cells == ("34N_0030_0073",)


def test_what_is_measured_is_the_same_to_the_last_bit(
    looks: Path, corner: Numbers, tmp_path: Path
) -> None:
    with cells_of(WHOLE_M):
        _, middle = measured(looks, tmp_path / "var", 3)
    assert_same(corner, middle)
    # Cores under cloud, rings in part, and rings that end with the imagery are among them.
    shown = [one["seen"] for one in corner.values()]
    assert min(seen[0] for seen in shown) < 0.1
    assert any(0.2 < np.nanmin(seen) < 0.9 for seen in shown)
    assert all(np.isfinite(one["values"][:, 1:]).any() for one in corner.values())


def test_what_is_found_is_the_same_to_the_last_bit(
    looks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other cells lay other placebos: without any, a look is judged by its settlement alone.
    monkeypatch.setattr(sites, "PLACEBOS", 0)
    _, events, ledger = found_by_run(looks, tmp_path / "corner")
    with cells_of(WHOLE_M):
        _, same_events, same_ledger = found_by_run(looks, tmp_path / "middle")
    assert [one[2] for one in events] == ["WATCH", "PROBABLE", "ESTABLISHED"]
    assert events == same_events
    assert ledger == same_ledger


def test_with_placebos_states_and_intervals_are_the_same(looks: Path, tmp_path: Path) -> None:
    store, events, ledger = found_by_run(looks, tmp_path / "corner")
    with cells_of(WHOLE_M):
        other, same_events, same_ledger = found_by_run(looks, tmp_path / "middle")
    assert [one[:6] for one in events] == [one[:6] for one in same_events]
    assert [one[:5] for one in ledger] == [one[:5] for one in same_ledger]
    for rows in (settled.rows_of(store), settled.rows_of(other)):
        assert {row.detail["guard"]["verdict"] for row in rows[-3:]} == {"passed"}


def test_a_datatake_cut_into_two_tiles_is_one_look_of_the_same_numbers(
    corner: Numbers, tmp_path: Path
) -> None:
    two = settled.write_looks(tmp_path / "two", LOOKS[:2], drawn(), other_zone=catalogue.CRS_CODE)
    assert len(catalogue.item_files(two)) == 4
    plan, cut = measured(two, tmp_path / "var", 2)
    assert [len(look.scenes) for look in plan.looks] == [2, 2]
    assert_same(cut, {key: one for key, one in corner.items() if key in cut})


def test_villages_at_the_border_of_two_zones_give_the_same_numbers(
    corner: Numbers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled, "CORNER", at_the_border())
    there = settled.write_looks(tmp_path / "there", LOOKS[:2], drawn())
    plan, found = measured(there, tmp_path / "var", 2)
    homes = {name: site.cell[:3] for site in plan.sites for name in site.settlements.values()}
    assert homes == {"id-Middle": "34N", "id-West": "34N", "id-East": "35N"}
    assert all({"34N", "35N"} == {cell[:3] for cell in site.cells} for site in plan.sites)
    # What is at home in the scenes' own zone does not feel the border that its ring reaches over.
    for key in found:
        if key[1] != "id-East":
            assert_same({key: found[key]}, {key: corner[key]})
        else:
            assert_close(found[key], corner[key])


def test_a_datatake_cut_at_the_border_of_two_zones_gives_numbers_as_good(
    corner: Numbers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled, "CORNER", at_the_border())
    there = settled.write_looks(tmp_path / "there", LOOKS[:1], drawn(), other_zone="EPSG:32635")
    plan, found = measured(there, tmp_path / "var", 1)
    assert len(plan.looks) == 1
    assert len(found) == len(VILLAGES)
    for key in found:
        assert_close(found[key], corner[key])


def assert_close(one: Shown, other: Shown) -> None:
    """Compare with what the nearest pixels show on a grid that is turned by a degree."""
    np.testing.assert_allclose(one["values"][:, 0], other["values"][:, 0], atol=0.02)
    np.testing.assert_allclose(one["values"], other["values"], atol=0.03)
    # A tile that was turned is outlined with its empty corners: they count as not seen.
    np.testing.assert_allclose(one["seen"], other["seen"], atol=0.2)
    np.testing.assert_array_equal(one["contamination"], other["contamination"])


def at_the_border() -> tuple[float, float]:
    """Return a corner by which the border of zones 34 and 35 runs between Middle and East."""
    move = Transformer.from_crs("OGC:CRS84", catalogue.CRS_CODE, always_xy=True)
    x, _ = move.transform(24.0, 13.61)
    # Whole steps of 60 m, of which the pixels of 20 m and the ring's lattice are part.
    steps = round((x - 250.0 - settled.CORNER[0]) / 60.0)
    return settled.CORNER[0] + steps * 60.0, settled.CORNER[1]
