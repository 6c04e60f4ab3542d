"""A region that is looked at through light and radar: each on its own, and none stops the other."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from detectors.registry import create_detector
from hearthwatch.calibration.force import CalibrationInForce
from hearthwatch.errors import CatalogueError, NotFound, RegionError
from hearthwatch.layout import Layout
from hearthwatch.passes.gaps import PassWatch, watch_passes
from hearthwatch.pipeline.record import Progress
from hearthwatch.pipeline.run import RunReport, run_region
from hearthwatch.pipeline.strands import Strand, notes_of
from hearthwatch.records import RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.store import MemoryStore
from imagery.providers.folder import FolderProvider
from imagery.types import Query, Scene
from tests.support import radar, settled
from tests.support.catalogue import every
from tests.support.remote import Remote
from tests.support.sensors import RADAR, only
from tests.support.settled import EAST, LOOKS, MIDDLE
from tiles.archive import Archive

NUMBER, PASSES = 5, 2
DATES = every(LOOKS[0].date(), LOOKS[-1].date(), 12)[:PASSES]
UNTIL = LOOKS[-1]
ORIGIN = (settled.CORNER[0] - settled.SIDE * 5.0, settled.CORNER[1] + settled.SIDE * 5.0)
NONE = "radar: no Sentinel-1 look in the catalogue"


@pytest.fixture(scope="module", autouse=True)
def both() -> Iterator[None]:
    """Install radar, and nothing but it and the detector of burned settlements."""
    with only("burned", radar=RADAR):
        yield


@dataclasses.dataclass(frozen=True)
class Taken:
    """A run over both, and what it told on the way."""

    settings: Settings
    store: MemoryStore
    report: RunReport
    told: list[Progress]


@pytest.fixture(scope="module")
def taken(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    folder, store = tmp_path_factory.mktemp("taken"), MemoryStore()
    settled.enrol(store)
    settings = settled.settings_for(folder / "var", catalogue, workers=1)
    told: list[Progress] = []
    report = run(settings, store, FolderProvider(catalogue), progress=told.append)
    return Taken(settings, store, report, told)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with looks of light and of radar."""
    folder = tmp_path_factory.mktemp("looks")
    settled.write_looks(folder / "optical", LOOKS[:NUMBER], settled.dry_land())
    render = radar.radar_truth(settled.SEED, settled.SIDE)
    radar.make_radar_catalogue(folder / "radar", DATES, render, origin=ORIGIN)
    return folder


@pytest.fixture(scope="module")
def optical(catalogue: Path) -> Path:
    return catalogue / "optical"


@pytest.fixture(scope="module")
def echoes(catalogue: Path) -> Path:
    return catalogue / "radar"


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    settled.enrol(store)
    return store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settled.settings_for(tmp_path / "var", tmp_path, workers=1)


def run(
    settings: Settings,
    store: MemoryStore,
    provider: FolderProvider,
    until: datetime = UNTIL,
    **more: object,
) -> RunReport:
    region = store.region("local", settled.REGION)
    return run_region(settings, store, provider, region, until, **more)  # type: ignore[arg-type]


def looks_of(store: MemoryStore, detector: str) -> Counter[str]:
    """Count the rows that a detector has of each look."""
    rows = [row for row in settled.rows_of(store) if row.detector == detector]
    return Counter(row.acquisition for row in rows)


def test_each_detector_takes_the_looks_of_its_own_sensor(taken: Taken) -> None:
    report, store = taken.report, taken.store
    assert (report.run.outcome, report.run.detail) == (RunOutcome.COMPLETE, "")
    light, echoes = looks_of(store, "burned"), looks_of(store, "radar")
    assert (len(light), set(light.values())) == (NUMBER, {2})
    # Each track passes once on each day; one look is one pass of one track.
    assert (len(echoes), set(echoes.values())) == (2 * PASSES, {2})
    assert all(re.fullmatch(r"S1A_IW_R0(29_A|80_D)_\d{8}_rtc", key) for key in echoes)
    assert not settled.events_of(store)


def test_the_report_and_the_totals_keep_the_sensors_apart(taken: Taken) -> None:
    report, last = taken.report, taken.told[-1]
    each = {"burned": NUMBER, "radar": 2 * PASSES}
    assert [(one.detector, one.looks) for one in report.detectors] == list(each.items())
    assert report.looks == last.done == last.total == sum(each.values())
    totals = taken.store.ledger_totals("local")["region-1"]
    assert {name: one.looks for name, one in totals.items()} == each


def test_a_second_run_takes_nothing_again(taken: Taken, catalogue: Path) -> None:
    again = run(taken.settings, taken.store, FolderProvider(catalogue))
    assert (again.looks, again.skipped) == (0, NUMBER + 2 * PASSES)


def test_radar_is_archived_with_its_mask_and_has_no_picture_to_compare(taken: Taken) -> None:
    layout, (look, *_) = Layout(taken.settings.data_dir), looks_of(taken.store, "radar")
    cell = settled.rows_of(taken.store)[0].cell
    assert Archive(layout.archive("local")).bands(look, cell) == {"VV", "VH", "MASK"}
    kept = {path.name.split("_")[0] for path in layout.states.glob("*/*/reference/*")}
    assert kept == {"burned"}


@pytest.mark.parametrize("village", [EAST, MIDDLE])
def test_each_settlement_has_one_row_for_each_look_of_each_sensor(
    taken: Taken, village: settled.Village
) -> None:
    rows = settled.rows_of(taken.store, village)
    assert len({(row.detector, row.acquisition) for row in rows}) == len(rows)
    assert len(rows) == NUMBER + 2 * PASSES


def test_what_light_shows_does_not_depend_on_radar(
    taken: Taken, settings: Settings, store: MemoryStore, optical: Path
) -> None:
    told = run(settings, store, FolderProvider(optical)).run
    assert (told.outcome, told.detail) == (RunOutcome.COMPLETE, NONE)
    mine = [row for row in settled.rows_of(taken.store) if row.detector == "burned"]
    assert mine == settled.rows_of(store)


def test_a_catalogue_of_radar_alone_leaves_the_other_without_looks(
    settings: Settings, store: MemoryStore, echoes: Path
) -> None:
    told = run(settings, store, FolderProvider(echoes)).run
    assert told.detail == "burned: no Sentinel-2 look in the catalogue"
    assert len(looks_of(store, "radar")) == 2 * PASSES


class Short(FolderProvider):
    """A catalogue whose scenes of one sensor lack all bands but one."""

    short = "sentinel-2-l2a"

    def search(self, query: Query) -> Iterator[Scene]:
        for scene in super().search(query):
            kept = scene.assets[:1] if scene.sensor == self.short else scene.assets
            yield dataclasses.replace(scene, assets=kept)


def test_one_sensor_that_cannot_be_used_degrades_its_detector_alone(
    settings: Settings, store: MemoryStore, catalogue: Path
) -> None:
    told = run(settings, store, Short(catalogue)).run
    assert told.outcome is RunOutcome.COMPLETE
    assert told.detail.startswith(f"burned: none of the {NUMBER} scenes has all the bands")
    assert len(looks_of(store, "radar")) == 2 * PASSES


def test_where_nothing_can_be_used_the_run_fails_as_with_one_detector(
    settings: Settings, store: MemoryStore, optical: Path
) -> None:
    with pytest.raises(CatalogueError, match="none of the 5 scenes"):
        run(settings, store, Short(optical))
    (told,) = store.runs("local")
    assert told.outcome is RunOutcome.FAILED


def test_without_settlements_there_is_nothing_to_do_for_either(
    settings: Settings, catalogue: Path
) -> None:
    store = MemoryStore()
    settled.enrol(store, ())
    with pytest.raises(NotFound, match="No settlement lies in"):
        run(settings, store, FolderProvider(catalogue))


def strand(name: str, error: Exception | None = None) -> Strand:
    return Strand(create_detector(name).info, CalibrationInForce(), error=error)


def test_an_area_may_be_watched_where_no_settlement_lies_and_nothing_is_listed() -> None:
    nobody = NotFound("No settlement lies in it.")
    broken = CatalogueError("none of the scenes has all the bands")
    with only("burned", "camp_change", "camp_sites", "dist_alert"):
        area, sites = strand("camp_change"), strand("camp_sites", nobody)
        assert notes_of([area, sites]) == ["camp_sites: No settlement lies in it"]
        with pytest.raises(CatalogueError):
            notes_of([area, strand("camp_sites", nobody), strand("burned", broken)])
        # Alerts of others, of which there are none here, are no watch.
        with pytest.raises(NotFound):
            notes_of([strand("burned", nobody), strand("dist_alert")])


def test_a_region_of_which_no_detector_is_installed_is_refused(
    settings: Settings, store: MemoryStore, catalogue: Path
) -> None:
    with only("ground_change"), pytest.raises(RegionError, match="burned"):
        run(settings, store, FolderProvider(catalogue))


class Counting(Remote):
    """A catalogue over a network that counts how often it was searched."""

    searches = 0

    def search(self, query: Query) -> Iterator[Scene]:
        self.searches += 1
        return super().search(query)


def test_a_catalogue_is_asked_once_for_all_detectors(
    settings: Settings, store: MemoryStore, catalogue: Path, tmp_path: Path
) -> None:
    both, first = Counting(catalogue), LOOKS[0] + timedelta(hours=1)
    run(settings, store, both, first)
    with only("burned"):
        alone, other = Counting(catalogue), MemoryStore()
        settled.enrol(other)
        run(settings.model_copy(update={"data_dir": tmp_path / "alone"}), other, alone, first)
    assert both.searches == alone.searches > 0


def test_a_pass_of_one_sensor_that_came_is_let_be_by_the_other(
    store: MemoryStore, catalogue: Path
) -> None:
    """A gap that closed because its pass came must not be opened by who never asks for it."""
    scenes = list(FolderProvider(catalogue).search(Query(settled.region().geometry, LOOKS[0],
                                                         UNTIL)))  # fmt: skip
    region = dataclasses.replace(settled.region(), created=LOOKS[0])
    light = [scene for scene in scenes if scene.sensor == "sentinel-2-l2a"]
    echoes = [scene for scene in scenes if scene.sensor == "sentinel-1-rtc"]
    assert light and echoes

    def minded(listed: list[Scene], detector: str) -> None:
        watch = PassWatch(region, detector, (), listed, (), (), tuple({s.sensor for s in listed}))
        watch_passes(store, watch, LOOKS[NUMBER - 1] + timedelta(days=3))

    minded(light[:-1], "burned")
    (missed,) = store.gaps("local", open_only=True)
    assert missed.expected.date() == light[-1].sensed.date()
    minded(light, "burned")
    before = store.gaps("local")
    minded(echoes, "radar")
    assert [gap for gap in store.gaps("local") if gap.sensor == "sentinel-2-l2a"] == list(before)


def test_bands_that_another_detector_uses_are_read_with_ones_own(
    settings: Settings, store: MemoryStore, catalogue: Path
) -> None:
    """Two detectors of one sensor read each look once, for both."""
    provider = Remote(catalogue)
    with only("burned", greens=f"{__name__}:Greens"):
        report = run(settings, store, provider)
    assert [one.detector for one in report.detectors] == ["burned", "greens"]
    assert [one.looks for one in report.detectors] == [NUMBER, NUMBER]
    asked = Counter(scene for scene, size in provider.asked if size < 100)
    assert set(asked.values()) == {len(settled_cells(store))}


def settled_cells(store: MemoryStore) -> set[str]:
    return {f"34N_{col:04d}_{row:04d}" for col in (60, 61) for row in (146, 147)}


class Greens:
    """The detector of burned settlements under another name, with a band more."""

    def __new__(cls) -> Greens:
        from detectors.burned import Burned

        made = Burned()
        info = dataclasses.replace(Burned.info, id="greens", useful=(*Burned.info.useful, "B05"))
        return _Named(made, info)  # type: ignore[return-value]


class _Named:
    """A detector under another name."""

    def __init__(self, detector: object, info: object) -> None:
        self._detector, self.info = detector, info

    def __getattr__(self, name: str) -> object:
        return getattr(self._detector, name)
