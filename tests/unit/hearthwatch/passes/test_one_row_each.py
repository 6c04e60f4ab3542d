"""Whatever a catalogue and a machine do, each place has one row for each pass that was due.

Satellites fly as drawn; products come in time, late, twice, processed again, or never; they are
deleted; the catalogue breaks off; runs are killed at any write. After every run the ledger is
compared with what was flown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import shapely
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from shapely.geometry import box

from detectors.guard import judge_scene
from detectors.registry import create_detector
from hearthwatch.errors import CatalogueError
from hearthwatch.passes.calendar import ALLOWANCE, SAME
from hearthwatch.pipeline.commit import LookOutcome, commit_look
from hearthwatch.pipeline.plan import Plan, make_plan
from hearthwatch.pipeline.tasks import Site, not_taken
from hearthwatch.records import Kind, LedgerRow, NotObservable, ObservationStatus, Run
from hearthwatch.store import MemoryStore
from hearthwatch.store.protocol import Transaction
from hearthwatch.store.whole import all_looks
from imagery.types import Acquisition, Scene
from tests.support import settled
from tests.support.listing_provider import ListedProvider, made_scene

REGION = settled.region(kind=Kind.GROUND_CHANGE)
DETECTOR = create_detector("ground_change").info
WEST, SOUTH, EAST, NORTH = REGION.geometry.bounds
MIDDLE = (WEST + EAST) / 2
WHOLE = box(WEST - 0.1, SOUTH - 0.1, EAST + 0.1, NORTH + 0.1)
WESTERN = box(WEST - 0.1, SOUTH - 0.1, MIDDLE - 0.003, NORTH + 0.1)
"""Of the other orbit only the western cells are seen."""
TRACKS = (("sentinel-2a", 78, 0.0, WHOLE), ("sentinel-2b", 78, 5.0, WHOLE),
          ("sentinel-2a", 35, 3.0, WESTERN))  # fmt: skip
CYCLE = 10
HISTORY = 30
MIDDLE_Y = (SOUTH + NORTH) / 2
FIRST = REGION.created - timedelta(days=HISTORY)
WESTERN_CELLS, EASTERN_CELLS = (
    ("34N_0060_0146", "34N_0060_0147"),
    ("34N_0061_0146", "34N_0061_0147"),
)


RUN = Run(
    id="run", organisation=REGION.organisation, kind=REGION.kind, mode=REGION.mode,
    region=REGION.id, started=REGION.created, until=None, digest="digest", executor="inline",
)  # fmt: skip


FATES = st.lists(st.sampled_from(["timely", "late", "very late", "never"]), max_size=5)


class Killed(BaseException):
    """The run was killed."""


class MortalStore(MemoryStore):
    """A store whose process dies in the middle of a write, if it is told to."""

    lives: int | None = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:  # type: ignore[override]
        with super().transaction() as tx:
            yield tx
            if self.lives is not None:
                self.lives -= 1
                if self.lives < 0:
                    raise Killed


@dataclass
class Flown:
    """One pass, and the scenes of it that are listed at some time or other."""

    sensed: datetime
    orbit: int
    cells: tuple[str, ...]
    scenes: list[Scene] = field(default_factory=list)


class Passes(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.store = MortalStore()
        with self.store.transaction() as tx:
            tx.put_region(REGION)
            tx.put_run(RUN)
        self.provider = ListedProvider()
        self.now = FIRST
        self.flown: list[Flown] = []
        self.to_come: list[tuple[datetime, Scene]] = []
        self.lost: dict[tuple[str, int], int] = {}
        self.fly(HISTORY, [])

    def fly(self, days: float, fates: list[str]) -> None:
        """Let time pass; `fates` says what becomes of the passes in it, in their order."""
        until = self.now + timedelta(days=days)
        passes = sorted(
            (FIRST + timedelta(days=first + turn * CYCLE, hours=8), platform, orbit, ground)
            for platform, orbit, first, ground in TRACKS
            for turn in range(40)
        )
        due = [one for one in passes if self.now < one[0] <= until]
        for number, (sensed, platform, orbit, ground) in enumerate(due):
            fate = fates[number] if number < len(fates) else "timely"
            # A rhythm must be heard before a beat can be missed.
            quiet = self.lost.get((platform, orbit), 9)
            fate = fate if quiet >= 2 else "timely"
            self.lost[platform, orbit] = 0 if fate != "timely" else quiet + 1
            cells = WESTERN_CELLS if ground is WESTERN else WESTERN_CELLS + EASTERN_CELLS
            one = Flown(sensed, orbit, cells)
            self.flown.append(one)
            delay = {"timely": 0.3, "late": 4.0, "very late": 9.0}.get(fate)
            if delay is not None:
                self.publish(one, platform, ground, sensed + timedelta(days=delay))
        self.now = until
        self.appear()

    def publish(self, one: Flown, platform: str, ground: shapely.Polygon, at: datetime) -> None:
        """List a pass in two tiles."""
        west, south, east, north = ground.bounds
        halves = box(west, south, east, MIDDLE_Y), box(west, MIDDLE_Y, east, north)
        for tile, half in zip(("34PEV", "34PEU"), halves, strict=True):
            scene = made_scene(
                one.sensed, half, orbit=one.orbit, platform=platform, tile=tile, processed=at
            )
            one.scenes.append(scene)
            self.to_come.append((at, scene))

    def appear(self) -> None:
        self.provider.scenes += [scene for at, scene in self.to_come if at <= self.now]
        self.to_come = [(at, scene) for at, scene in self.to_come if at > self.now]

    @rule(
        days=st.sampled_from([0.25, 1.0, 2.0, 5.0, 12.0]),
        fates=FATES,
    )
    def time_passes(self, days: float, fates: list[str]) -> None:
        self.fly(days, fates)

    @rule(fates=FATES)
    def two_weeks_pass_with_a_run_every_other_day(self, fates: list[str]) -> None:
        for _ in range(7):
            before = len(self.flown)
            self.fly(2.0, fates)
            fates = fates[len(self.flown) - before :]
            self.a_run_goes_well()

    @rule(which=st.integers(0, 50), replace=st.booleans())
    def is_processed_again(self, which: int, replace: bool) -> None:
        if not self.provider.scenes:
            return
        old = self.provider.scenes[-1 - which % min(12, len(self.provider.scenes))]
        new = made_scene(
            old.sensed, old.footprint, orbit=old.relative_orbit or 0,
            platform=old.platform or "", tile=old.tile or "", processed=self.now,
            sha256=f"{self.now:%d%H%M}", baseline="05.12",
        )  # fmt: skip
        if new in self.provider.scenes:
            return
        next(one for one in self.flown if one.sensed == old.sensed).scenes.append(new)
        self.provider.scenes.append(new)
        if replace:
            self.provider.scenes.remove(old)

    @rule(which=st.integers(0, 50), whole=st.booleans())
    def is_deleted(self, which: int, whole: bool) -> None:
        if not self.provider.scenes:
            return
        one = self.provider.scenes[-1 - which % min(6, len(self.provider.scenes))]
        if one.sensed <= REGION.created:
            return
        gone = [s for s in self.provider.scenes if s.sensed == one.sensed] if whole else [one]
        self.provider.scenes = [s for s in self.provider.scenes if s not in gone]

    @rule(twice=st.booleans(), cut=st.none() | st.integers(0, 30))
    def the_catalogue_is(self, twice: bool, cut: int | None) -> None:
        self.provider.twice, self.provider.cut_after = twice, cut

    @rule(lives=st.integers(0, 12))
    def a_run_is_killed(self, lives: int) -> None:
        self.store.lives = lives
        try:
            self.run()
        except (Killed, CatalogueError):
            pass
        finally:
            self.store.lives = None

    @rule()
    def a_run_meets_the_catalogue_as_it_is(self) -> None:
        before = self.store.gaps(REGION.organisation)
        try:
            plan = self.run()
        except CatalogueError:
            return
        if plan.fault:
            assert self.store.gaps(REGION.organisation) == before

    @rule()
    def a_run_goes_well(self) -> None:
        self.provider.cut_after = None
        plan = self.run()
        if plan.fault:
            # So much was deleted that the list is not believed.
            return
        known = self.store.known_scenes(REGION.organisation, REGION.id, "listed")
        listed = {one.sensed for one in known}
        rows = self.rows()
        for one in self.flown:
            for cell in WESTERN_CELLS + EASTERN_CELLS:
                self.check(one, cell, one.sensed in listed, *rows_of(rows, one, cell))
        told = {row.sensed for row in rows if not row.acquisition.startswith("expected")}
        self.check_gaps(listed | told)

    def check(
        self, one: Flown, cell: str, is_listed: bool,
        real: list[LedgerRow], stand_in: list[LedgerRow],
    ) -> None:  # fmt: skip
        if one.sensed < REGION.created:
            return
        if real or is_listed:
            assert (len(real), len(stand_in)) == (1, 0), (one, cell, real, stand_in)
        elif cell in one.cells and one.sensed + ALLOWANCE <= self.now:
            assert (len(real), len(stand_in)) == (0, 1), (one, cell, real, stand_in)
            assert stand_in[0].status is ObservationStatus.NOT_DELIVERED
        else:
            assert (real, stand_in) == ([], [])

    def check_gaps(self, seen: set[datetime]) -> None:
        """Compare the open alarms with what is missing and was not flown over again since."""
        missing = {
            (one.orbit, one.sensed)
            for one in self.flown
            if one.sensed >= REGION.created
            and one.sensed + ALLOWANCE <= self.now
            and one.sensed not in seen
        }
        came = [(one.orbit, one.sensed) for one in self.flown if one.sensed in seen]
        over = {(o, at) for o, at in missing if any(p == o and t > at for p, t in came)}
        open_gaps = {
            (gap.relative_orbit, gap.expected)
            for gap in self.store.gaps(REGION.organisation, open_only=True)
        }
        assert missing - over <= open_gaps <= missing

    @invariant()
    def no_pass_has_two_rows_and_no_row_is_of_nothing(self) -> None:
        rows = self.rows()
        counts = [
            sum(map(len, rows_of(rows, one, cell)))
            for one in self.flown
            for cell in WESTERN_CELLS + EASTERN_CELLS
        ]
        assert max(counts) <= 1
        assert sum(counts) == len(rows)

    def rows(self) -> list[LedgerRow]:
        return list(all_looks(self.store, REGION))

    def run(self) -> Plan:
        plan = make_plan(self.store, self.provider, REGION, DETECTOR, self.now, self.now)
        for look in plan.looks:
            for site in plan.sites:
                if (look.key, site.cell) not in plan.done:
                    commit_look(self.store, Path(), outcome(plan, look, site), 0.0)
        return plan


def rows_of(
    rows: list[LedgerRow], one: Flown, cell: str
) -> tuple[list[LedgerRow], list[LedgerRow]]:
    """Return the rows of a pass itself, and those that stand for it."""
    here = [row for row in rows if row.cell == cell and abs(row.sensed - one.sensed) < SAME]
    orbit = f"_R{one.orbit:03d}_"
    return (
        [row for row in here if not row.acquisition.startswith("expected_")],
        [row for row in here if orbit in row.acquisition],
    )


def outcome(plan: Plan, look: Acquisition, site: Site) -> LookOutcome:
    """Return a look that waits, or was taken and is under cloud."""
    words = plan.waiting.get((look.key, site.cell))
    measured = not_taken(look, site, ObservationStatus.NOT_DELIVERED, words or "")
    if words is None:
        measured = dataclasses.replace(measured, failure=None, cause=NotObservable.CLOUD)
    return LookOutcome(
        region=REGION, run="run", digest="digest", detector=DETECTOR, site=site,
        measured=measured, judgement=judge_scene(look.key, ()), scored=None, state_path="",
        sequence=0, replaces=plan.replaces.get(look.key, ()),
        scenes=plan.scenes.get(look.key, ()),
    )  # fmt: skip


TestPasses = Passes.TestCase
TestPasses.settings = settings(
    max_examples=12, stateful_step_count=15, deadline=None, phases=[Phase.generate]
)
