"""Looks that come late or change after they were taken: all stands as had they come in time."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box

from hearthwatch.layout import Layout
from hearthwatch.records import Event, EventFilter, EventState, LedgerRow, StateVersion
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.store import open_store
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events, all_looks
from imagery.errors import Transient
from imagery.providers.folder import FolderProvider
from imagery.types import Chip, Cost, GeoBox, Query, Scene
from tests.support import catalogue, settled, watched
from tests.support.settled import EAST, LOOKS, MIDDLE, Fire

NUMBER, BURNED, LEARNED = 12, 8, 6
JOINED = dataclasses.replace(MIDDLE, name="Joined", radius=MIDDLE.radius - 5.0)
"""The village that burns, listed anew."""
FIRES = (Fire(LOOKS[BURNED].date(), MIDDLE.core),)
SITE = ("local", "region-1", "34N_0061_0147", "burned")


@dataclass(frozen=True)
class Left:
    """All that runs leave that a later look or a person builds on."""

    rows: list[LedgerRow]
    events: list[Event]
    states: list[tuple[int, str, datetime, str]]


def left(store: Store, site: tuple[str, str, str, str] = SITE) -> Left:
    """Return it, without what tells how it came about: versions, doubts and detections."""
    region = store.regions("local")[0]
    told = all_events(store, "local", EventFilter())
    return Left(
        rows=sorted(all_looks(store, region), key=lambda one: (one.sensed, one.settlement)),
        events=sorted(
            (dataclasses.replace(one, version=0, doubts=()) for one in told), key=lambda one: one.id
        ),
        states=[_told(one) for one in store.state_versions(*site)],
    )


def _told(version: StateVersion) -> tuple[int, str, datetime, str]:
    return version.sequence, version.acquisition, version.sensed, version.sha256


class Ground:
    """A catalogue of all looks, and data folders in which only some of them were taken yet."""

    def __init__(self, folder: Path, render: catalogue.Renderer, number: int = NUMBER) -> None:
        self.folder = folder
        self.number = number
        self.whole = settled.write_looks(folder / "looks", LOOKS[:number], render)
        self.begun = settled.prepare(folder / "begun")
        self.run(self.begun, self.whole, until=LEARNED - 1)
        self.in_time = shutil.copytree(self.begun, folder / "in-time")
        self.run(self.in_time, self.whole)

    def run(self, root: Path, looks: Path, until: int | None = None) -> None:
        when = settled.UNTIL if until is None else LOOKS[until]
        settled.run(settled.settings_for(root, looks, workers=2), until=when)

    def without(self, numbers: Sequence[int], name: str) -> Path:
        """Return the catalogue without some looks."""
        folder = shutil.copytree(self.whole, self.folder / name)
        for item in catalogue.item_files(folder):
            if any(f"{LOOKS[number]:%Y%m%d}" in item.stem for number in numbers):
                shutil.rmtree(item.parent)
        catalogue.link_catalogue(folder)
        return folder

    def taken_late(self, *late: int) -> Path:
        """Return a data folder in which looks came after all the others had been taken."""
        name = "late-" + "-".join(map(str, late))
        root = shutil.copytree(self.begun, self.folder / name)
        self.run(root, self.without(late, f"{name}-looks"))
        self.run(root, self.whole)
        return root


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground(tmp_path_factory.mktemp("late"), settled.dry_land(FIRES))


@contextmanager
def opened(root: Path) -> Iterator[Store]:
    store = open_store(Layout(root).database, write=True)
    try:
        yield store
    finally:
        store.close()


def found(root: Path) -> Left:
    with opened(root) as store:
        return left(store)


@pytest.mark.parametrize("late", [(10,), (9,), (8, 9, 10)])
def test_all_stands_as_had_the_looks_come_in_time(ground: Ground, late: tuple[int, ...]) -> None:
    expected = found(ground.in_time)
    (event,) = expected.events
    assert (event.last_unharmed, event.first_changed) == (LOOKS[BURNED - 1], LOOKS[BURNED])
    assert len(expected.states) == 4
    assert found(ground.taken_late(*late)) == expected


def test_one_that_comes_after_all_kept_states_is_told_of_and_changes_nothing(
    ground: Ground,
) -> None:
    late = LOOKS[6]
    root = shutil.copytree(ground.begun, ground.folder / "too-late")
    ground.run(root, ground.without((6,), "too-late-looks"))
    without = found(root)
    ground.run(root, ground.whole)
    told = found(root)
    assert (told.events, told.states) == (without.events, without.states)
    rows = [row for row in told.rows if row.sensed == late]
    assert [row for row in told.rows if row.sensed != late] == without.rows
    assert {row.status for row in rows} == {Status.NOT_PROCESSED}
    for row in rows:
        words = f"it came after the look of {LOOKS[11]:%Y-%m-%d}, and no state so old is kept"
        assert (row.detail["reason"], row.detail["retrospective"]) == (words, True)
    ground.run(root, ground.whole)
    assert found(root) == told


@pytest.fixture(scope="module")
def confirmed(ground: Ground) -> Path:
    """The first look that shows the burn came late, after somebody had confirmed the event."""
    root = shutil.copytree(ground.begun, ground.folder / "confirmed")
    ground.run(root, ground.without((BURNED,), "confirmed-looks"))
    with opened(root) as store:
        (event,) = settled.events_of(store)
        said = dataclasses.replace(event, version=event.version + 1, state=EventState.CONFIRMED)
        with store.transaction() as tx:
            tx.put_event(said)
    ground.run(root, ground.whole)
    return root


@pytest.fixture
def store(confirmed: Path) -> Iterator[Store]:
    with opened(confirmed) as store:
        yield store


def test_what_was_told_before_stays_readable_and_what_people_said_holds(
    store: Store,
) -> None:
    (event,) = settled.events_of(store)
    history = store.event_history("local", event.id)
    assert [one.version for one in history] == list(range(1, len(history) + 1))
    assert [(one.detector_state, one.state, one.first_changed) for one in history] == [
        ("WATCH", EventState.CANDIDATE, LOOKS[BURNED + 1]),
        ("PROBABLE", EventState.PROVISIONAL, LOOKS[BURNED + 1]),
        ("ESTABLISHED", EventState.PROVISIONAL, LOOKS[BURNED + 1]),
        ("ESTABLISHED", EventState.CONFIRMED, LOOKS[BURNED + 1]),
        ("WATCH", EventState.CONFIRMED, LOOKS[BURNED]),
        ("PROBABLE", EventState.CONFIRMED, LOOKS[BURNED]),
        ("ESTABLISHED", EventState.CONFIRMED, LOOKS[BURNED]),
    ]
    day = f"{LOOKS[BURNED]:%Y-%m-%d}"
    assert event.doubts[-1] == f"scored again, as the look of {day} came after younger ones"


def test_the_first_look_that_shows_the_burn_counts_as_had_it_come_in_time(
    confirmed: Path, ground: Ground
) -> None:
    expected, told = found(ground.in_time), found(confirmed)
    assert (told.rows, told.states) == (expected.rows, expected.states)
    (event,), (same,) = told.events, expected.events
    assert event == dataclasses.replace(same, state=EventState.CONFIRMED)


def test_each_look_has_one_detection_and_the_first_ones_are_never_changed(
    store: Store,
) -> None:
    (event,) = settled.events_of(store)
    told = store.detections("local", event.id)
    assert [one.sensed for one in told] == LOOKS[BURNED : BURNED + 4]
    assert [one.first_changed for one in told] == [LOOKS[BURNED], *[LOOKS[BURNED + 1]] * 3]


def test_only_kept_states_lie_in_the_folder_and_nothing_is_left_to_do(
    confirmed: Path, ground: Ground
) -> None:
    root = confirmed
    with opened(root) as store:
        kept = {version.path for version in store.state_versions(*SITE)}
    folder = root / Path(next(iter(kept))).parent
    assert {str(one.relative_to(root)) for one in folder.iterdir()} == kept
    before = found(root)
    ground.run(root, ground.whole)
    assert found(root) == before


def test_where_a_later_look_cannot_be_had_the_late_one_waits_for_the_next_run(
    ground: Ground,
) -> None:
    root = shutil.copytree(ground.begun, ground.folder / "waits")
    ground.run(root, ground.without((9,), "waits-looks"))
    before = found(root)
    ground.run(root, ground.without((10,), "waits-more"))
    told = found(root)
    assert (told.events, told.states) == (before.events, before.states)
    (words,) = {row.detail["reason"] for row in told.rows if row.sensed == LOOKS[9]}
    assert words == f"it came late, and that of {LOOKS[10]:%Y-%m-%d} is not listed any more"
    ground.run(root, ground.whole)
    assert found(root) == found(ground.in_time)


def test_a_look_may_come_late_to_a_settlement_that_joined_since(
    ground: Ground, tmp_path: Path
) -> None:
    root = shutil.copytree(ground.begun, tmp_path / "var")
    looks = ground.without((9,), "joined-looks")
    gone = dataclasses.replace(settled.settlement(MIDDLE), removed=settled.UNTIL)
    for one, until in ((gone, 10), (settled.settlement(JOINED), 11)):
        with opened(root) as store, store.transaction() as tx:
            tx.put_settlements([one])
        ground.run(root, looks, until)
    ground.run(root, ground.whole)
    expected = shutil.copytree(ground.begun, tmp_path / "expected")
    with opened(expected) as store, store.transaction() as tx:
        tx.put_settlements([gone, settled.settlement(JOINED)])
    ground.run(expected, ground.whole)
    told, same = found(root), found(expected)
    assert [one.settlement for one in same.events] == ["id-Joined"]
    assert told.events == same.events
    rows, others = (
        [row for row in one.rows if row.settlement == "id-Joined"] for one in (told, same)
    )
    for row, other in zip(rows, others, strict=True):
        assert row == other
    assert [one[:3] for one in told.states] == [one[:3] for one in same.states]


SUMMER = (date(2018, 5, 6), date(2018, 9, 5))
CELLS = ("34N_0061_0483", "34N_0062_0483")


@pytest.mark.parametrize("late", [(15,), (13, 14, 16)])
def test_a_watch_over_an_area_stands_as_had_the_looks_come_in_time(
    square: Path, late: tuple[int, ...], tmp_path: Path
) -> None:
    looks, missing = square / "looks", tmp_path / "looks"
    shutil.copytree(looks, missing)
    for number in sorted(late, reverse=True):
        shutil.rmtree(catalogue.item_files(missing)[number].parent)
    catalogue.link_catalogue(missing)
    root = shutil.copytree(square / "begun", tmp_path / "var")
    for given in (missing, looks):
        watched.run(watched.settings_for(root, given, workers=2))
    with opened(square / "in-time") as expected, opened(root) as store:
        for cell in CELLS:
            site = ("local", "region-1", cell, "ground_change")
            assert left(store, site) == left(expected, site)
        assert len(left(store).events) == 2


@pytest.fixture(scope="module")
def square(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Looks at a watched square in two cells, a run over all, and one that ended before."""
    folder = tmp_path_factory.mktemp("square")
    looks = watched.write_looks(folder / "looks", 19)
    begun = watched.prepare(folder / "begun")
    watched.run(watched.settings_for(begun, looks, workers=2), catalogue.every(*SUMMER, 7)[12])
    root = shutil.copytree(begun, folder / "in-time")
    watched.run(watched.settings_for(root, looks, workers=2))
    return folder


LOWER = catalogue.Clearing(date(2018, 8, 1), box(8, 34, 20, 46))
UPPER = catalogue.Clearing(date(2018, 8, 10), box(8, 10, 20, 22))
"""Felled after the 13th look and after the 14th: without that one, both at once."""


def test_two_objects_that_a_late_look_puts_in_another_order_are_never_mixed_up(
    tmp_path: Path,
) -> None:
    """Objects are numbered as they are found; what people know by an id must stay that."""
    bands = ("B03", "B04", "B08", "B11", "SCL")
    render = catalogue.forest(watched.SEED, (LOWER, UPPER), bands=bands, cloudy=0.2, overcast=0.08)
    dates = catalogue.every(*SUMMER, 7)[:17]
    looks = tmp_path / "looks"
    catalogue.make_catalogue(
        looks, [one for one in dates if one != dates[13]], render, origin=watched.ORIGIN
    )
    root = watched.prepare(tmp_path / "var")
    watched.run(watched.settings_for(root, looks, workers=2))
    before = {one.id: one for one in found(root).events}
    assert {one.first_changed.date() for one in before.values()} == {dates[14].date()}
    catalogue.make_catalogue(looks, [dates[13]], render, origin=watched.ORIGIN)
    watched.run(watched.settings_for(root, looks, workers=2))
    after = found(root).events
    for old in before.values():
        (same,) = (one for one in after if one.id == old.id)
        assert same.geometry.equals(old.geometry)
        assert same.detector_state == "LAPSED"
    new = sorted((one for one in after if one.id not in before), key=lambda one: one.first_changed)
    assert [one.first_changed.date() for one in new] == [dates[13].date(), dates[14].date()]
    for one, other in zip(new, sorted(before.values(), key=_north), strict=True):
        assert one.geometry.intersection(other.geometry).area > 0.5 * one.geometry.area


def _north(event: Event) -> float:
    return event.geometry.centroid.y


@dataclass
class Remote:
    """A catalogue reached over a network, which does not list everything yet.

    Attributes
    ----------
    hidden : tuple of str
        Ends of the ids of scenes that are not listed.
    down : bool
        Whether no pixels can be had.
    """

    path: Path
    hidden: tuple[str, ...] = ()
    down: bool = False
    name: str = "folder"
    remote: bool = True

    def serving(self) -> AbstractContextManager[None]:
        return nullcontext()

    def search(self, query: Query) -> Iterator[Scene]:
        found = FolderProvider(self.path).search(query)
        return (scene for scene in found if not scene.id.endswith(self.hidden or "nothing"))

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        if self.down:
            raise Transient("the files cannot be had")
        return FolderProvider(self.path).read(scenes, geobox, bands, deadline)

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        return FolderProvider(self.path).estimate(scenes, geobox, bands)


PARTIAL, SHADED = 9, 11


@pytest.fixture(scope="module")
def listed(ground: Ground) -> Path:
    """All scenes there will ever be.

    Of one look a part was listed before the whole; another one was processed twice, and the first
    time a village lay in shadow.
    """
    render = settled.dry_land(FIRES)
    scenes = ground.without((PARTIAL, SHADED), "listed")
    origin = (settled.CORNER[0], settled.CORNER[1] + settled.SIDE * 5.0)
    part = {"origin": origin, "size": settled.SIDE // 2}
    published = LOOKS[SHADED] + timedelta(days=60)
    last, later = ({"published_after": published - LOOKS[one]} for one in (PARTIAL, SHADED))
    settled.write_looks(scenes / "part", [LOOKS[PARTIAL]], east_of(render), **part)
    settled.write_looks(scenes / "rest", [LOOKS[PARTIAL]], render, **last)
    shaded = settled.dry_land(FIRES, shade={LOOKS[SHADED].date(): EAST.core.buffer(20.0)})
    settled.write_looks(scenes / "old", [LOOKS[SHADED]], shaded)
    settled.write_looks(scenes / "newer", [LOOKS[SHADED]], render, baseline="05.10", **later)
    for name in ("part", "rest", "old", "newer"):
        (item,) = catalogue.item_files(scenes / name)
        catalogue.edit_item(item, partial(name_scene, name))
    return scenes


def run_listed(root: Path, scenes: Path, *hidden: str, down: bool = False) -> None:
    settings = settled.settings_for(root, scenes, workers=2)
    settled.run(settings, provider=Remote(scenes, hidden, down))


def east_of(render: catalogue.Renderer) -> catalogue.Renderer:
    """Return the north-eastern quarter of what is drawn."""
    return lambda sensed: {
        band: dn[: dn.shape[0] // 2, dn.shape[1] // 2 :] for band, dn in render(sensed).items()
    }


def name_scene(name: str, item: dict[str, Any]) -> None:
    item["id"] += f"-{name}"


def statuses(told: Left) -> list[tuple[datetime, str, Status]]:
    return [(row.sensed, row.settlement, row.status) for row in told.rows]


def told_of(root: Path, village: settled.Village, number: int) -> LedgerRow:
    with opened(root) as store:
        rows = settled.rows_of(store, village)
    (row,) = (one for one in rows if one.sensed == LOOKS[number])
    return row


def test_a_pass_that_is_completed_is_taken_anew_with_all_after_it(
    ground: Ground, listed: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(ground.begun, tmp_path / "var")
    run_listed(root, listed, "-rest", "-old")
    before = found(root)
    assert told_of(root, MIDDLE, PARTIAL).status is Status.NOT_OBSERVABLE
    # Where the pixels of the rest cannot be had now, they are asked for again a day later.
    for down in (True, False):
        run_listed(root, listed, "-old", down=down)
        assert (found(root).events, found(root).states) == (before.events, before.states)
    asked_for_at_once(root)
    run_listed(root, listed, "-old")
    expected, told = found(ground.in_time), found(root)
    assert (told.events, told.states) == (expected.events, expected.states)
    assert statuses(told) == statuses(expected)
    row = told_of(root, MIDDLE, PARTIAL)
    assert row.status is Status.CHANGED
    assert [name[-5:] for name in row.detail["scenes"]] == ["-part", "-rest"]


def asked_for_at_once(root: Path) -> None:
    """Let the day pass after which a look is asked for again."""
    with opened(root) as store:
        rests = [one for one in settled.rows_of(store) if "again" in one.detail]
        assert {one.sensed for one in rests} == {LOOKS[PARTIAL]}
        with store.transaction() as tx:
            for row in rests:
                detail = {key: row.detail[key] for key in row.detail if key != "again"}
                tx.put_ledger(dataclasses.replace(row, detail=detail))


def test_what_a_newer_processing_does_not_show_is_withdrawn_and_stays_readable(
    ground: Ground, listed: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(ground.begun, tmp_path / "var")
    run_listed(root, listed, "-part", "-newer")
    (event,) = (one for one in found(root).events if one.settlement == "id-East")
    assert (event.detector_state, event.first_changed) == ("WATCH", LOOKS[SHADED])
    run_listed(root, listed, "-part")
    expected, told = found(ground.in_time), found(root)
    assert [one for one in told.events if one.id != event.id] == expected.events
    assert statuses(told) == statuses(expected)
    assert [one[:3] for one in told.states] == [one[:3] for one in expected.states]
    # The last state alone is another: it does not give the event's number away again.
    assert told.states[1:] == expected.states[1:]
    with opened(root) as store:
        first, *_, last = store.event_history("local", event.id)
    assert (first.detector_state, first.state) == ("WATCH", EventState.CANDIDATE)
    assert (last.detector_state, last.state) == ("LAPSED", EventState.CLOSED)
    assert last.doubts[-1] == (
        "not found when its looks were scored again, as the look of "
        f"{LOOKS[SHADED]:%Y-%m-%d} was completed or processed anew"
    )
    run_listed(root, listed, "-part")
    assert found(root) == told
