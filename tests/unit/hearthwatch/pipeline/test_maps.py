"""Layers of context from the data folder to what is said: named, drawn once, never rewritten."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import LineString

from hearthwatch.context_layers import LayerKind, remove_layer, versions
from hearthwatch.errors import DigestMismatch
from hearthwatch.layout import Layout
from hearthwatch.pipeline import maps
from hearthwatch.pipeline.maps import laid_over, layers_told
from hearthwatch.records import Detection, LedgerRow
from hearthwatch.store import open_store
from hearthwatch.store.protocol import Store
from hearthwatch.why.asked import held_looks
from hearthwatch.why.look import look_in_words, told_of
from hearthwatch.why.shown import held_text
from tests.support import camped, catalogue
from tests.support.camped import BEFORE, IMPORTED, LOOKS, QUARRY
from tests.support.outcome import differences, outcome_of

LATE = 17
"""A look after the camps began, that comes after the two looks after it."""


@contextmanager
def opened(root: Path) -> Iterator[Store]:
    store = open_store(Layout(root).database, write=True)
    try:
        yield store
    finally:
        store.close()


def ran(root: Path, looks: Path, last: int = len(LOOKS) - 1) -> str:
    """Run until after a look; return what the run's row says."""
    return camped.run(camped.settings_for(root, looks, workers=2), LOOKS[last]).run.detail


def rows(root: Path) -> list[LedgerRow]:
    with opened(root) as store:
        return camped.rows_of(store)


def told(root: Path) -> dict[bool, list[Detection]]:
    """Return what was told of the camp on the quarry, and of the other one, oldest first."""
    with opened(root) as store:
        region = store.region("local", camped.REGION)
        found = [
            one
            for source in store.sources_in("local", region.id)
            for one in store.source_detections("local", source.id)
        ]
    mined = camped.degrees(QUARRY)
    found.sort(key=lambda one: one.sensed)
    return {at: [one for one in found if one.geometry.intersects(mined) == at] for at in (0, 1)}


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return camped.write_looks(tmp_path_factory.mktemp("looks"))


@pytest.fixture(scope="module")
def plain(looks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the data folder of a run without any layer."""
    root = camped.prepare(tmp_path_factory.mktemp("maps") / "plain")
    assert ran(root, looks) == ""
    return root


@pytest.fixture(scope="module")
def mapped(looks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return that of a run with a map of the quarry."""
    root = camped.prepare(tmp_path_factory.mktemp("maps") / "mapped")
    camped.give_layer(root)
    assert ran(root, looks) == ""
    return root


def states(found: list[Detection]) -> list[str]:
    return [str(one.detector_state) for one in found]


def test_a_layer_touches_what_lies_on_it_and_nothing_else(plain: Path, mapped: Path) -> None:
    alone, known = told(plain), told(mapped)
    assert known[False] == alone[False]
    assert states(known[False])[-1] == states(alone[True])[-1] == "ESTABLISHED"
    assert set(states(known[True])) == {"WATCH"}
    # What would be ESTABLISHED without the map is watched from then on.
    since = next(one.sensed for one in alone[True] if one.detector_state == "ESTABLISHED")
    assert known[True][0].sensed == since


def test_what_a_layer_holds_back_is_listed_with_its_name_and_day(mapped: Path) -> None:
    words = "mapped as mine: quarries.geojson (survey), layer "
    with opened(mapped) as store:
        region = store.region("local", camped.REGION)
        held = held_looks(store, [region], None, None, 50)
        text = held_text(held, {region.id: region.name}, {})
    first = next(row for row in held[::-1] if any(words in one for one in told_of(row).held))
    assert f"  {words}" in text and "taken in on 2020-01-01 (1 place, " in text
    assert f"kept at WATCH, {words}" in text
    assert first.sensed < told(mapped)[True][0].sensed
    assert any("judged with mine quarries.geojson" in one for one in look_in_words(told_of(first)))


def test_what_it_was_judged_with_goes_along(mapped: Path) -> None:
    (layer,) = versions(Layout(mapped).layers("local"))
    assert {layers_told([row]) for row in rows(mapped)} == {(layer,)}
    (under,) = told(mapped)[True][0].evidence["mapped"]
    assert (under["sha256"], under["imported"]) == (layer.sha256, IMPORTED.isoformat())
    assert (under["radius_m"], under["share"]) == (10.0, 1.0)
    assert any("mapped as mine" in one for one in told(mapped)[True][0].doubts)


def test_stopped_and_gone_on_with_it_leaves_the_same(
    mapped: Path, looks: Path, tmp_path: Path
) -> None:
    root = camped.prepare(tmp_path / "stopped")
    camped.give_layer(root)
    for last in (BEFORE + 2, BEFORE + 3, len(LOOKS) - 1):
        ran(root, looks, last)
    assert differences(outcome_of(mapped), outcome_of(root)) == []


def test_a_changed_layer_is_for_the_looks_to_come_and_late_ones_are_judged_as_it_was_then(
    looks: Path, tmp_path: Path
) -> None:
    short = shutil.copytree(looks, tmp_path / "short")
    (item,) = (one for one in catalogue.item_files(short) if f"{LOOKS[LATE]:%Y%m%d}" in one.stem)
    shutil.rmtree(item.parent)
    catalogue.link_catalogue(short)
    begun = camped.prepare(tmp_path / "begun")
    layer = camped.give_layer(begun)
    ran(begun, looks, LATE - 1)
    in_time, late = (shutil.copytree(begun, tmp_path / name) for name in ("in-time", "late"))
    ran(in_time, looks, LATE + 2)
    ran(late, short, LATE + 2)
    before = rows(late)
    remove_layer(Layout(late).layers("local"), layer.id, IMPORTED + timedelta(days=300))
    ran(late, looks)
    after = rows(late)
    known = {row.sensed: layers_told([row]) for row in after}
    assert all(bool(known[at]) == (at <= LOOKS[LATE + 2]) for at in known)
    assert len(after) == len(LOOKS)
    kept = [row for row in after if row.sensed <= LOOKS[LATE + 2]]
    assert [row for row in kept if row.sensed < LOOKS[LATE]] == before[:LATE]
    assert kept == rows(in_time)
    with opened(in_time) as store, opened(late) as other:
        cell = kept[0].cell
        expected = store.state_versions("local", "region-1", cell, "camp_change")
        found = other.state_versions("local", "region-1", cell, "camp_change")
    shas = {one.acquisition: one.sha256 for one in found}
    common = [one for one in expected if one.acquisition in shas]
    assert common and all(shas[one.acquisition] == one.sha256 for one in common)


def test_a_layer_that_is_broken_takes_no_part_and_the_run_says_so(
    looks: Path, tmp_path: Path
) -> None:
    root = camped.prepare(tmp_path / "broken")
    layer = camped.give_layer(root)
    folder = Layout(root).layers("local")
    (folder / layer.file).write_text("{}")
    said = ran(root, looks, 1)
    assert said.startswith("quarries.geojson (survey), layer ") and "took no part: " in said
    assert [layers_told([row]) for row in rows(root)] == [(), ()]
    (folder / f"{layer.id}.json").write_text("{")
    assert ran(root, looks, 2).startswith("no layer took part: ")


def test_it_is_drawn_once_for_each_site_and_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, drawn = tmp_path / "root", []
    plainly = maps._draw
    monkeypatch.setattr(maps, "_draw", lambda *how: (drawn.append(how[1]), plainly(*how)))
    camped.give_layer(root)
    folder, window = Layout(root).layers("local"), catalogue.grid(size=camped.SIDE)
    (laid,) = laid_over(folder, versions(folder), window)
    assert laid_over(folder, versions(folder), window) == (laid,)
    assert len(drawn) == 1
    camped.give_layer(root, radius_m=20.0)
    laid_over(folder, versions(folder), window)
    laid_over(folder, versions(folder), window[:20, :20])
    assert laid_over(folder, versions(folder), window[:20, :20]) == ()
    assert len(drawn) == 3
    # What is damaged is drawn anew, from the file; without the file it is not believed.
    data = bytearray(laid.path.read_bytes())
    data[-70] ^= 1
    laid.path.write_bytes(data)
    assert laid_over(folder, [laid.layer], window) == (laid,)
    laid.path.write_bytes(data)
    (folder / laid.layer.file).unlink()
    with pytest.raises(DigestMismatch):
        laid_over(folder, [laid.layer], window)


def test_the_pixels_are_those_of_the_map(tmp_path: Path) -> None:
    root = tmp_path / "root"
    camped.give_layer(root)
    camped.give_layer(root, LineString([(0.0, 110.0), (720.0, 110.0)]), LayerKind.ROAD)
    folder, window = Layout(root).layers("local"), catalogue.grid(size=camped.SIDE)
    mine, road = (maps.known_ground(one) for one in laid_over(folder, versions(folder), window))
    assert (mine.kind, road.kind) == ("mine", "road")
    quarry, strip = np.zeros((2, *window.shape), bool)
    quarry[36:68, 36:68] = True
    # 10 m to each side, where nothing else is said.
    strip[10:12] = True
    assert (mine.covered == quarry).all()
    assert (road.covered == strip).all()
