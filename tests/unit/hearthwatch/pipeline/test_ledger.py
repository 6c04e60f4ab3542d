"""The ledger of settlements: one row for each and every look, whatever became of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from shapely.geometry import box

from hearthwatch.records import Kind
from hearthwatch.records import NotObservable as Lost
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.store import MemoryStore
from tests.support import catalogue, settled
from tests.support.settled import EAST, EVERYWHERE, LOOKS, MIDDLE

FAR = (settled.CORNER[0] + 200_000.0, settled.CORNER[1])
OVERCAST, CLOUDED, REMOVED, CUT, CLASSLESS, EASTERN, NOWHERE, LATE = 2, 7, 8, 9, 10, 12, 13, 14
NUMBER = 16
CLOUDS = {
    LOOKS[OVERCAST].date(): EVERYWHERE,
    LOOKS[CLOUDED].date(): MIDDLE.core.buffer(30.0),
}


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Looks of which each in its own way cannot be used, or is there more than once."""
    folder = tmp_path_factory.mktemp("ledger") / "looks"
    render = settled.dry_land(clouds=CLOUDS)
    plain = [one for number, one in enumerate(LOOKS[:NUMBER]) if number not in (EASTERN, LATE)]
    settled.write_looks(folder, plain, render)
    east = {"origin": (settled.CORNER[0], settled.CORNER[1] + 1400.0), "size": settled.SIDE // 2}
    settled.write_looks(folder, [LOOKS[EASTERN]], quarter(render), **east)
    items = {one.stem[3:11]: one for one in catalogue.item_files(folder)}

    def item(number: int) -> Path:
        return items[f"{LOOKS[number]:%Y%m%d}"]

    catalogue.damage(item(REMOVED), "B11", "remove")
    catalogue.damage(item(CUT), "B8A", "truncate")
    catalogue.edit_item(item(CLASSLESS), lambda one: one["assets"].pop("SCL"))
    # Listed for this ground, but with pixels of somewhere else.
    there = settled.write_looks(folder / "far", [LOOKS[NOWHERE]], render, origin=FAR)
    outline = json.loads(item(NOWHERE).read_bytes())["geometry"]
    for file in item(NOWHERE).parent.iterdir():
        file.unlink()
    item(NOWHERE).parent.rmdir()
    (far,) = catalogue.item_files(there)
    catalogue.edit_item(far, lambda one: one.update(geometry=outline))
    # The same scene once more, and once more in a newer processing.
    settled.write_looks(folder / "again", [LOOKS[4]], render)
    settled.write_looks(folder / "newer", [LOOKS[5]], render, baseline="05.10")
    return folder


def quarter(render: catalogue.Renderer) -> catalogue.Renderer:
    """Return the north-eastern quarter of what is drawn."""
    return lambda sensed: {
        band: dn[: dn.shape[0] // 2, dn.shape[1] // 2 :] for band, dn in render(sensed).items()
    }


@pytest.fixture(scope="module")
def store(looks: Path, tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """Store of a run, of one after a look came late and a file was mended, and one more."""
    root = tmp_path_factory.mktemp("ledger") / "var"
    store = MemoryStore()
    settled.enrol(store)
    settings = settled.settings_for(root, looks, workers=2)
    settled.run(settings, store)
    settled.write_looks(looks / "late", [LOOKS[LATE]], settled.dry_land())
    settled.write_looks(looks, [LOOKS[CUT]], settled.dry_land())
    settled.run(settings, store)
    settled.run(settings, store)
    return store


LEARNING = (Status.NOT_PROCESSED, None, "still being learned")
QUIET = (Status.UNCHANGED, None, "")
EXPECTED = {
    OVERCAST: (Status.NOT_OBSERVABLE, Lost.CLOUD, ""),
    REMOVED: (Status.NOT_PROCESSED, None, "B11.tif is missing"),
    CLASSLESS: (Status.NOT_PROCESSED, None, "has no SCL"),
    NOWHERE: (Status.NOT_DELIVERED, None, "no pixels over the wanted ground"),
    # Three of four cells are not in it, and with them half of one core and of the other's ring.
    EASTERN: (Status.NOT_OBSERVABLE, Lost.NODATA, ""),
    # Six usable looks are learned from first.
    **dict.fromkeys((0, 1, 3, 4, 5, 6), LEARNING),
}
# Mended, and come after younger ones: both are taken in where they belong.
OF_EAST = EXPECTED | dict.fromkeys((CLOUDED, CUT, 11, LATE, 15), QUIET)
OF_MIDDLE = OF_EAST | {
    CLOUDED: (Status.NOT_OBSERVABLE, Lost.CLOUD, ""),
}


@pytest.mark.parametrize(("village", "expected"), [(EAST, OF_EAST), (MIDDLE, OF_MIDDLE)])
def test_every_look_has_one_row_that_says_what_became_of_it(
    store: MemoryStore,
    village: settled.Village,
    expected: dict[int, tuple[Status, Lost | None, str]],
) -> None:
    rows = {LOOKS.index(row.sensed): row for row in settled.rows_of(store, village)}
    assert rows.keys() == set(range(NUMBER)) == expected.keys()
    for number, (status, cause, words) in expected.items():
        row = rows[number]
        assert (number, row.status, row.cause) == (number, status, cause)
        assert words in row.detail.get("reason", "")
        if row.status is Status.UNCHANGED:
            assert row.detail["said"]["evidence"] < 0.0


def test_no_row_is_there_twice_and_none_is_of_nobody(store: MemoryStore) -> None:
    rows = settled.rows_of(store)
    assert len(rows) == 2 * NUMBER
    assert set(Counter((row.acquisition, row.settlement) for row in rows).values()) == {1}
    assert {row.settlement for row in rows} == {"id-East", "id-Middle"}
    assert {row.cell for row in rows} == {"34N_0061_0147"}


def test_a_row_names_what_was_seen_lost_and_measured_from(store: MemoryStore) -> None:
    rows = {LOOKS.index(row.sensed): row for row in settled.rows_of(store, MIDDLE)}
    assert rows[OVERCAST].usable == 0.0
    assert rows[OVERCAST].detail["lost"] == {"cloud": 1.0}
    there = MIDDLE.core.intersection(box(0, 0, 1e3, 1e3)).area / MIDDLE.core.area
    assert rows[EASTERN].usable == pytest.approx(there, abs=0.03)
    assert rows[EASTERN].detail["lost"] == {"nodata": pytest.approx(1 - rows[EASTERN].usable)}
    assert rows[REMOVED].detail["masters"] == []
    # Four cells, two grids of pixels.
    assert len(set(rows[0].detail["masters"])) == 8
    assert rows[15].detail["said"]["placebos"] == 24
    assert rows[15].detail["guard"]["verdict"] == "passed"


def test_a_watch_over_an_area_keeps_one_row_for_each_look(looks: Path, tmp_path: Path) -> None:
    area = settled.region(kind=Kind.GROUND_CHANGE, half_m=200.0)
    store = MemoryStore()
    settled.enrol(store)
    with store.transaction() as tx:
        tx.put_region(area)
    until = LOOKS[3]
    settled.run(settled.settings_for(tmp_path, looks, workers=2), store, until)
    rows = settled.rows_of(store)
    assert {row.settlement for row in rows} == {""}
    # One for each of the four cells that the area lies in.
    counts = Counter(row.sensed for row in rows)
    assert counts == dict.fromkeys(LOOKS[:4], 4)
