"""Another detector's alerts over a fire that burned a town, read as evidence from outside.

OPERA DIST-ALERT-S1 over Quilpué and Viña del Mar, Chile, which burned on 2 and 3 February 2024:
ten passes, of which three saw nothing of the ground. They are no truth: what is held here is that
the products are read as they are meant, and how their noise fares under our rules of states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr
from shapely.geometry import MultiPolygon, box

from detectors import registry
from detectors.dist_alert import DistAlert
from detectors.types import (
    DetectorState,
    Features,
    Finding,
    GuardVerdict,
    MonitorState,
    Places,
    SceneJudgement,
)
from hearthwatch.layout import Layout
from hearthwatch.pipeline.run import run_region
from hearthwatch.records import (
    EventFilter,
    EventState,
    Kind,
    Mode,
    NotObservable,
    ObservationStatus,
    Region,
)
from hearthwatch.settings import load_settings
from hearthwatch.sources import provider_from
from hearthwatch.store import open_store
from hearthwatch.store.whole import all_events, all_looks
from imagery.cube import check_cube
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.providers.folder import FolderProvider
from imagery.types import GeoBox, Query
from tests.science.figures import Figure, record
from tests.support.catalogue import grid

pytestmark = pytest.mark.shared_data

DATA = "s1-dist-chile-fire-2024"
GRID = grid("EPSG:32719", (264_480, 6_341_500), 200, 30.0)
"""That of the products, pixel by pixel."""
BEGAN, OVER, NEXT = (datetime(2024, 2, day, tzinfo=UTC) for day in (2, 4, 5))
YEAR = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 12, 31, tzinfo=UTC)
BLIND = ("2024-01-28", "2024-02-09", "2024-02-21")
CONFIRMED = 6
RISING = (DetectorState.WATCH, DetectorState.PROBABLE, DetectorState.ESTABLISHED)
HECTARES = 0.09
"""Of one pixel of the products."""


@dataclass(frozen=True)
class Pass:
    """One product: the cube of it, what was measured and what was said."""

    day: str
    cube: xr.Dataset
    features: Features
    findings: tuple[Finding, ...]
    state: MonitorState

    @property
    def status(self) -> np.ndarray:
        return self.cube["GEN-DIST-STATUS"].values[0]


def passes_over(folder: Path, geobox: GeoBox) -> Iterator[Pass]:
    """Take in every product of a folder, oldest first."""
    detector, provider = DistAlert(), FolderProvider(folder)
    bands = [*detector.info.needed, *detector.info.useful]
    ever = Query(box(-180, -90, 180, 90), *YEAR)
    watched = Places(np.ones(geobox.shape, bool))
    state = detector.start(geobox)
    for look in group_acquisitions(provider.search(ever)):
        chip = provider.read(look.scenes, geobox, bands, 60.0)
        assert len({source.sha256 for source in chip.provenance.sources}) > 1
        cube = look_cube(chip, geobox, bands)
        check_cube(cube)
        cube.attrs.update(acquisition=look.key, sensed=look.sensed.isoformat())
        features = detector.measure(cube, watched)
        judged = SceneJudgement(look.key, GuardVerdict.UNGUARDED, 0, 0, "")
        state, findings = detector.score(state, features, judged)
        yield Pass(look.sensed.date().isoformat(), cube, features, findings, state)


@pytest.fixture(scope="module")
def passes(shared_data: Path) -> tuple[Pass, ...]:
    return tuple(passes_over(shared_data / DATA, GRID))


def told(passes: tuple[Pass, ...]) -> dict[int, list[tuple[str, Finding]]]:
    """Return what was said of each object, in order."""
    found: dict[int, list[tuple[str, Finding]]] = {}
    for one in passes:
        for finding in one.findings:
            found.setdefault(finding.object, []).append((one.day, finding))
    return found


def reached(said: list[tuple[str, Finding]], state: DetectorState) -> bool:
    return any(finding.state is state for _, finding in said)


def confirmed(one: Pass) -> np.ndarray:
    return one.state.arrays["status"] == CONFIRMED


def test_the_products_are_read_as_they_were_described(passes):
    disturbed = [int(((one.status > 0) & (one.status < 255)).sum()) for one in passes]
    assert len(passes) == 10 and disturbed[:4] == [496, 330, 100, 18_499]
    assert int((passes[-1].status == CONFIRMED).sum()) == 12_609


def test_passes_that_saw_nothing_are_not_observable(passes):
    blind = [one for one in passes if one.features.usable < DistAlert.info.usable_share]
    assert tuple(one.day for one in blind) == BLIND
    for one in blind:
        lost = one.features.causes
        assert (one.features.usable, lost["nodata"], one.findings) == (0.0, 1.0, ())
        assert max(lost, key=lambda name: lost[name]) == "nodata"
    assert all(one.features.usable == 1.0 for one in passes if one not in blind)
    record(
        Figure(
            "Chile fire: passes not observable", len(blind), "3 of 10", DATA,
            "products whose own pass saw none of the ground, told by GEN-DIST-STATUS-ACQ",
        )
    )  # fmt: skip


def test_the_fire_lies_within_its_interval_and_its_states_rise(passes):
    said = max(told(passes).values(), key=lambda one: max(f.pixels for _, f in one))
    ((unharmed, changed),) = {(f.last_unharmed, f.first_changed) for _, f in said}
    assert unharmed is not None
    # The hour it began is in no data here: the last look is of seven in the morning, local time.
    assert unharmed.date() <= BEGAN.date() and changed >= OVER
    first: dict[DetectorState, str] = {}
    for day, finding in said:
        first.setdefault(finding.state, day)
    assert list(first) == list(RISING) and list(first.values()) == sorted(set(first.values()))
    states = ", ".join(f"{state.value} {day}" for state, day in first.items())
    record(
        Figure(
            "Chile fire: interval of the main object, hours",
            round((changed - unharmed).total_seconds() / 3600.0, 1),
            "2 and 3 February inside it", DATA,
            f"{unharmed:%Y-%m-%d %H:%M} to {changed:%Y-%m-%d %H:%M} UTC; {states}",
        )
    )  # fmt: skip


def test_what_was_confirmed_at_the_end_is_established(passes):
    last = passes[-1]
    established = [one["number"] for one in last.state.objects if one["state"] == "ESTABLISHED"]
    held = confirmed(last) & np.isin(last.state.arrays["label"], established)
    share = held.sum() / confirmed(last).sum()
    record(
        Figure(
            "Chile fire: confirmed ground, ha", round(float(confirmed(last).sum()) * HECTARES, 1),
            "1134.8, 12,609 pixels", DATA,
            f"state 6 on 2024-02-28; {share:.1%} of it lies in {len(established)} objects that "
            "are ESTABLISHED",
        )
    )  # fmt: skip
    assert int(confirmed(last).sum()) == 12_609
    assert share >= 0.9


def test_nothing_before_the_fire_is_more_than_a_candidate(passes):
    counts = {"before": [0, 0, 0], "on 4 February": [0, 0, 0], "later": [0, 0, 0]}
    for said in told(passes).values():
        changed = said[0][1].first_changed
        when = "before" if changed < OVER else "later" if changed >= NEXT else "on 4 February"
        counts[when][0] += 1
        counts[when][1] += reached(said, DetectorState.PROBABLE)
        counts[when][2] += reached(said, DetectorState.ESTABLISHED)
    record(
        Figure(
            "Chile fire: objects before it above WATCH", sum(counts["before"][1:]), "0", DATA,
            "objects of 1 ha and more by when they were first shown; of these PROBABLE and "
            + "ESTABLISHED: " + ", ".join(f"{when} {n}" for when, n in counts.items()),
        )
    )  # fmt: skip
    assert counts == {"before": [8, 0, 0], "on 4 February": [40, 20, 6], "later": [40, 5, 0]}


def test_what_the_first_product_shows_is_older_than_the_watch(passes):
    first = passes[0]
    assert first.findings
    for finding in first.findings:
        assert finding.last_unharmed is None and "older than the watch" in finding.doubts[0]


AREA = box(-71.500, -33.085, -71.465, -33.060)
"""A part of the products' ground, CRS84, in two cells of the grid."""


@pytest.fixture
def ran(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The ledger and the events of a run over the fire by this detector alone."""
    alone = EntryPoint("dist_alert", "detectors.dist_alert:DistAlert", registry.GROUP)
    monkeypatch.setattr(registry, "installed", lambda: (alone,))
    layout = Layout(tmp_path)
    layout.make()
    settings = load_settings(
        data_dir=tmp_path, catalogue=shared_data / DATA, organisation="local", executor="threads"
    )
    outline = MultiPolygon([shapely.orient_polygons(AREA, exterior_cw=False)])
    region = Region(
        id="fire", organisation="local", kind=Kind.GROUND_CHANGE, mode=Mode.TEST, name="fire",
        geometry=outline, area_km2=9.1, created=YEAR[0],
    )  # fmt: skip
    store = open_store(layout.database, write=True)
    try:
        with store.transaction() as transaction:
            transaction.put_region(region)
        run_region(settings, store, provider_from(settings), region, YEAR[1])
        yield list(all_looks(store, region)), list(all_events(store, "local", EventFilter()))
    finally:
        store.close()


def test_a_run_tells_the_ledger_what_it_could_not_see_and_makes_an_event_of_the_fire(ran, tmp_path):
    rows, events = ran
    blind = {
        row.sensed.date().isoformat()
        for row in rows
        if row.status is ObservationStatus.NOT_OBSERVABLE
    }
    assert blind == set(BLIND)
    for row in rows:
        hidden = row.sensed.date().isoformat() in BLIND
        assert (row.status is ObservationStatus.NOT_OBSERVABLE) is hidden
        assert row.cause is (NotObservable.NODATA if hidden else None)
    assert len(list(tmp_path.glob("archive/*/opera-dist-alert-s1/**/*.tif"))) == 2 * 10
    large = [event for event in events if event.area_m2 > 1e6 and not event.merged_into]
    # Two cells of the grid, one fire.
    (fire,) = large
    assert (fire.state, fire.detector_state) == (EventState.PROVISIONAL, "ESTABLISHED")
    assert fire.last_unharmed is not None and fire.last_unharmed.date() <= BEGAN.date()
    assert fire.first_changed >= OVER
    assert "pieces that hang together, in 2 cells of the work grid" in fire.observed
    record(
        Figure(
            "Chile fire: events of more than 1 km2 over two cells of the grid", len(large), "1",
            DATA, f"{fire.area_m2 / 1e4:.1f} ha in one event, where each cell used to make its own",
        )
    )  # fmt: skip
