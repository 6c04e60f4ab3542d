"""A watch over 10,000 settlements as a run finds it: states, features of a new look, the store.

All numbers are *drawn* (:mod:`tests.support.villages`), no pixel is read. A few sites are followed
look by look; the others are these again under other names, for a look costs what it costs whatever
the numbers are. In some of them a settlement burned shortly before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Point, box

from detectors.burned import Burned
from detectors.calibration import Calibration, Thresholds
from detectors.guard import judge_scene
from detectors.types import Features, Finding, MonitorState
from hearthwatch.calibration.force import CalibrationInForce
from hearthwatch.layout import Layout
from hearthwatch.pipeline.features_file import keep_features
from hearthwatch.pipeline.score import save_state
from hearthwatch.pipeline.tasks import JudgeTask, Measured, Place, Site
from hearthwatch.records import Kind, Mode, Region, Run, StateVersion
from hearthwatch.store.protocol import Store
from tests.support.drawn_patches import Patches
from tests.support.villages import GRID, Fire, Land, when

SETTLEMENTS, PLACEBOS = 30, 24
"""Of a cell of 10.24 km."""
SITES = 334
KINDS = 12
"""Sites that are followed; in the first a settlement burns."""
STEP_DAYS = 5.0
LOOKS = 40
"""Taken before the new one."""
REGION, RUN = "region-1", "run-1"
WORLD = MultiPolygon([box(20.0, 10.0, 24.0, 14.0)])
PIXELS = Patches(settlements=SETTLEMENTS, placebos=PLACEBOS, core=6, margin=10)
"""Cores of 113 pixels, 1.1 ha, and the margin of 100 m that is followed with them."""
FORCE = CalibrationInForce(
    Calibration("drawn", {"": Thresholds(6.0, 8.0, 10.0), "bare": Thresholds(6.5, 8.5, 10.5)})
)
"""With strata, so that each place's own has to be found."""


@dataclass(frozen=True, slots=True)
class Laid:
    """One site with the state it has and the look that comes."""

    site: Site
    state: StateVersion
    measured: Measured


def land_of(kind: int) -> Land:
    """Return the ground of one of the `KINDS` of sites, seen from two orbits in turn."""
    fires = [Fire(0, STEP_DAYS * (LOOKS - 1), 0.7)] if kind == 0 else []
    return Land(SETTLEMENTS, PLACEBOS, seed=kind, fires=fires, orbits={21: 0.0, 64: 0.02})


def followed(*, pixels: bool) -> list[tuple[MonitorState, Features]]:
    """Return the states of `KINDS` sites after `LOOKS` looks, and the look that comes next."""
    found = []
    for kind in range(KINDS):
        detector, state = Burned().calibrated(FORCE.calibration), Burned().start(GRID)
        looks = land_of(kind).looks(STEP_DAYS * np.arange(LOOKS + 1))
        *past, new = (_with_pixels(one, pixels=pixels) for one in looks)
        for look in past:
            state, _ = judged(detector, state, look)
        found.append((state, new))
    return found


def judged(
    detector: Burned, state: MonitorState, look: Features
) -> tuple[MonitorState, tuple[Finding, ...]]:
    """Judge a look by the placebos of its site and score it."""
    scene = judge_scene(look.acquisition, detector.placebo_evidence(state, look))
    return detector.score(state, look, scene)


def lay(
    store: Store, layout: Layout, states: Sequence[tuple[MonitorState, Features]]
) -> list[Laid]:
    """Put the watch into a store and a data folder; return its sites."""
    with store.transaction() as tx:
        tx.put_region(_region())
        tx.put_run(_run())
    laid = []
    for number in range(SITES):
        state, look = _named(*states[number % len(states)], number)
        laid.append(_lay_one(layout, number, state, look))
    with store.transaction() as tx:
        for one in laid:
            tx.add_state(one.state, 4)
    return laid


def task_of(layout: Layout, one: Laid) -> JudgeTask:
    """Return the look at a site with the state it meets."""
    path = layout.root / one.state.path
    return JudgeTask("burned", one.site, path, one.state.sha256, one.measured.features, FORCE)


def _lay_one(layout: Layout, number: int, state: MonitorState, look: Features) -> Laid:
    assert look.places is not None
    cell = f"34N_{number % 20:04d}_{number // 20:04d}"
    core = shapely.to_wkb(MultiPolygon([Point(22.0, 12.0).buffer(0.001)]))
    places = tuple(
        Place(key, "" if placebo else key, core)
        for key, placebo in zip(look.places.ids, look.places.placebo, strict=True)
    )
    site = Site(cell, (cell,), shapely.to_wkb(WORLD), GRID, places)
    path = layout.state(REGION, cell, "burned", LOOKS)
    (layout.root / path).parent.mkdir(parents=True, exist_ok=True)
    sha256 = save_state(layout.root / path, state)
    version = StateVersion(
        organisation="local", kind=Kind.BURNED, mode=Mode.TEST, region=REGION, cell=cell,
        detector="burned", detector_version=state.version, sequence=LOOKS,
        acquisition=f"{look.acquisition}-before",
        sensed=datetime.fromisoformat(str(state.scalars["last"])),
        path=str(path), sha256=sha256, digest="0" * 64,
    )  # fmt: skip
    measured = Measured(
        acquisition=look.acquisition, sensed=look.sensed, cell=cell,
        features=keep_features(layout.scratch, look), usable=1.0, observable=True, cause=None,
        causes={}, lived_without=(), masters=("0" * 64,),
    )  # fmt: skip
    return Laid(site, version, measured)


def _named(state: MonitorState, look: Features, number: int) -> tuple[MonitorState, Features]:
    """Return a followed site under names of its own."""
    assert look.places is not None
    ids = tuple(f"{one}-{number:03d}-{'0' * 12}" for one in look.places.ids)
    places = dataclasses.replace(look.places, ids=ids)
    state = dataclasses.replace(state, objects=tuple({"id": one} for one in ids))
    return state, dataclasses.replace(look, places=places)


def _with_pixels(look: Features, *, pixels: bool) -> Features:
    assert look.places is not None
    if not pixels:
        return look
    day = (look.sensed - when(0.0)).total_seconds() / 86_400.0
    places = dataclasses.replace(look.places, patches=PIXELS.look(day))
    return dataclasses.replace(look, places=places)


def _region() -> Region:
    return Region(
        id=REGION, organisation="local", kind=Kind.BURNED, mode=Mode.TEST, name="drawn",
        geometry=WORLD, area_km2=35_000.0, created=datetime(2021, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def _run() -> Run:
    return Run(
        id=RUN, organisation="local", kind=Kind.BURNED, mode=Mode.TEST, region=REGION,
        started=datetime(2021, 1, 1, tzinfo=UTC), until=None, digest="0" * 64,
        executor="processes",
    )  # fmt: skip
