"""What was pulled is not pulled again, and what was made anew or came later is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from detectors.registry import create_detector
from hearthwatch.pipeline.pull import Spent, asked_anew, pull_all
from hearthwatch.pipeline.tasks import MeasureTask, Site
from imagery.cube import build_cube
from imagery.errors import NotYet, Transient
from imagery.looks import group_acquisitions
from imagery.types import (
    Acquisition,
    Asset,
    Chip,
    Cost,
    GeoBox,
    Layer,
    Provenance,
    Query,
    Scene,
)
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.grid import ground

HOME = "34N_0061_0147"
NEXT = "34N_0062_0147"
INFO = create_detector("burned").info
BANDS = (*INFO.needed, *INFO.useful)
SENSED = datetime(2020, 6, 1, 9, 20, 31, tzinfo=UTC)
WIDE = ground(cell_from_id(HOME)).buffer(0.3)
WEST, EAST = "34PEV", "34PFV"
Naming = Literal["product", "short"]


def scene(
    tile: str = WEST,
    made: int = 0,
    naming: Naming = "product",
    shows: BaseGeometry = WIDE,
    strip: int = 0,
) -> Scene:
    """Return a scene of the pass, processed so many days later, as one provider names it."""
    processed = SENSED + timedelta(days=made, hours=3)
    baseline = f"05.{made:02d}"
    stamp, done = f"{SENSED:%Y%m%dT%H%M%S}", f"{processed:%Y%m%dT%H%M%S}"
    product = f"S2A_MSIL2A_{stamp}_N05{made:02d}_R093_T{tile}_{done}"
    name = product if naming == "product" else f"S2A_T{tile}_{stamp}_{made}_L2A"
    return Scene(
        provider=naming, collection="sentinel-2-l2a", id=f"{name}{f'-{strip}' if strip else ''}",
        sensor="sentinel-2-l2a", sensed=SENSED + timedelta(seconds=strip), footprint=shows,
        assets=tuple(Asset(band, band, 1e-4, 0.0, 0, 10.0) for band in BANDS), item_sha256="0" * 64,
        platform="sentinel-2a", relative_orbit=93, datatake=f"GS2A_{stamp}_025858_N05.00",
        baseline=baseline, processed=processed, tile=tile,
    )  # fmt: skip


@dataclass
class Tiles:
    """A provider whose pixels say which scene they are of: a layer for each, or one for all."""

    name: str = "tiles"
    lays_together: bool = False
    fault: Exception | None = None
    asked: list[tuple[str, ...]] = field(default_factory=list)
    remote: bool = True

    def serving(self) -> AbstractContextManager[None]:
        return nullcontext()

    def search(self, query: Query) -> Iterator[Scene]:
        return iter(())

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        ids = tuple(one.id for one in scenes)
        self.asked.append(ids)
        if self.fault is not None:
            raise self.fault
        names = ["+".join(ids)] if self.lays_together and len(ids) > 1 else list(ids)
        grid = GeoBox((4, 4), geobox.affine * Affine.scale(256), geobox.crs)
        layers = tuple(
            Layer(
                name, tuple(bands), grid,
                np.full((len(bands), 4, 4), 1 + sum(map(ord, name)) % 9_000, np.uint16),
                (1e-4,) * len(bands), (0.0,) * len(bands), (0,) * len(bands),
            )
            for name in names
        )  # fmt: skip
        look = group_acquisitions(scenes)[0]
        told = Provenance(self.name, ids, ("0" * 64,) * len(ids), (), SENSED, Cost(1, 1.0, 9))
        return Chip(look.key, look.sensor, SENSED, layers, told)

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        return Cost(1, 1.0, 9)


def look_of(*scenes: Scene) -> Acquisition:
    (look,) = group_acquisitions(scenes)
    return look


def task_of(
    look: Acquisition, provider: Tiles, root: Path, cells: tuple[str, ...] = (HOME,)
) -> MeasureTask:
    site = Site(HOME, cells, b"", cell_from_id(HOME).geobox(10.0))
    return MeasureTask(provider, look, site, "burned", root / "archive", root, 9.0)


def pull(look: Acquisition, provider: Tiles, root: Path, spent: Spent | None = None) -> set[str]:
    """Pull a look over the home cell; return the scenes that its pixels are of."""
    _, (chip,) = pull_all(task_of(look, provider, root), INFO, spent or Spent())
    return {name for layer in chip.layers for name in layer.scene_id.split("+")}


def lacks(look: Acquisition, provider: Tiles, root: Path) -> bool:
    return bool(asked_anew(task_of(look, provider, root), INFO))


@pytest.fixture
def provider() -> Tiles:
    return Tiles()


def test_what_is_stored_is_not_asked_for_again(provider: Tiles, tmp_path: Path) -> None:
    one, spent = look_of(scene()), Spent()
    assert lacks(one, provider, tmp_path)
    assert pull(one, provider, tmp_path, spent) == {one.scenes[0].id}
    assert not lacks(one, provider, tmp_path)
    assert pull(one, provider, tmp_path, spent) == {one.scenes[0].id}
    assert len(provider.asked) == spent.cost.requests == 1


class TestProcessedAnew:
    """A newer processing takes the place of what is stored, which stays."""

    @pytest.mark.parametrize("together", [False, True])
    def test_it_is_read_noted_and_used_and_the_old_one_is_kept(
        self, provider: Tiles, tmp_path: Path, together: bool
    ) -> None:
        provider.lays_together = together
        old, new, other = scene(), scene(made=30), scene(EAST)
        pull(look_of(old, other), provider, tmp_path)
        look = look_of(old, new, other)
        assert lacks(look, provider, tmp_path)
        assert pull(look, provider, tmp_path) == {new.id, other.id}
        assert len(provider.asked) == 2
        assert not lacks(look, provider, tmp_path)
        archive = Archive(tmp_path / "archive")
        (note,) = archive.notes(look.key)
        assert (note.name, note.other, note.who) == (old.id, new.id, "tiles")
        kept = archive.load(look.key, HOME, scenes={old.id, other.id})
        assert kept is not None
        assert old.id in {name for layer in kept.layers for name in layer.scene_id.split("+")}
        assert archive.verify() == []

    def test_of_three_processings_the_last_is_used(self, provider: Tiles, tmp_path: Path) -> None:
        made = [scene(made=number) for number in (0, 5, 9)]
        for count in (1, 2, 3):
            assert pull(look_of(*made[:count]), provider, tmp_path) == {made[count - 1].id}
        assert len(provider.asked) == 3
        first, second, last = (one.id for one in made)
        notes = Archive(tmp_path / "archive").notes(look_of(*made).key)
        told = {(note.name, note.other) for note in notes}
        assert told == {(first, second), (first, last), (second, last)}

    def test_a_kill_after_the_note_leaves_the_old_one_in_use(
        self, provider: Tiles, tmp_path: Path
    ) -> None:
        old, new = scene(), scene(made=30)
        pull(look_of(old), provider, tmp_path)
        look = look_of(old, new)
        provider.fault = Transient("cut off")
        with pytest.raises(Transient):
            pull(look, provider, tmp_path)
        archive = Archive(tmp_path / "archive")
        assert len(archive.notes(look.key)) == 1
        assert archive.asked(look.key, HOME) == {old.id}
        chip = archive.load(look.key, HOME)
        assert chip is not None
        assert {layer.scene_id for layer in chip.layers} == {old.id}
        assert lacks(look, provider, tmp_path)
        provider.fault = None
        assert pull(look, provider, tmp_path) == {new.id}
        assert len(Archive(tmp_path / "archive").notes(look.key)) == 1

    def test_an_older_one_that_is_listed_later_changes_nothing(
        self, provider: Tiles, tmp_path: Path
    ) -> None:
        old, new = scene(), scene(made=30)
        pull(look_of(new), provider, tmp_path)
        assert pull(look_of(old, new), provider, tmp_path) == {new.id}
        assert len(provider.asked) == 1
        assert Archive(tmp_path / "archive").notes(look_of(new).key) == ()


class TestCompleted:
    """What of a pass is listed later is read, where it shows the cell."""

    def test_a_second_tile(self, provider: Tiles, tmp_path: Path) -> None:
        west, east = scene(WEST), scene(EAST)
        pull(look_of(west), provider, tmp_path)
        look = look_of(west, east)
        assert lacks(look, provider, tmp_path)
        assert pull(look, provider, tmp_path) == {west.id, east.id}
        assert not lacks(look, provider, tmp_path)
        assert Archive(tmp_path / "archive").verify() == []

    def test_a_tile_that_does_not_show_the_cell_is_no_reason_to_pay_again(
        self, provider: Tiles, tmp_path: Path
    ) -> None:
        west, far = scene(WEST), scene(EAST, shows=translate(WIDE, xoff=5.0))
        pull(look_of(west), provider, tmp_path)
        assert not lacks(look_of(west, far), provider, tmp_path)

    def test_the_second_strip_of_one_tile(self, provider: Tiles, tmp_path: Path) -> None:
        low, high = strips()
        pull(look_of(low), provider, tmp_path)
        look = look_of(low, high)
        assert len(look.scenes) == 2
        assert pull(look, provider, tmp_path) == {low.id, high.id}
        assert not lacks(look, provider, tmp_path)

    def test_of_two_strips_of_one_tile_the_one_that_was_made_anew_is_read_and_replaces_its_own(
        self, provider: Tiles, tmp_path: Path
    ) -> None:
        low, high = strips()
        pull(look_of(low, high), provider, tmp_path)
        anew = strips(made=30)[0]
        look = look_of(low, high, anew)
        assert [one.id for one in look.superseded] == [low.id]
        provider.fault = Transient("cut off")
        with pytest.raises(Transient):
            pull(look, provider, tmp_path)
        kept = Archive(tmp_path / "archive").load(look.key, HOME)
        assert kept is not None
        # Until the new one is there, nothing of the ground may be missing.
        assert {layer.scene_id for layer in kept.layers} == {low.id, high.id}
        provider.fault = None
        assert pull(look, provider, tmp_path) == {anew.id, high.id}


def strips(made: int = 0) -> tuple[Scene, Scene]:
    """Return two scenes of one tile that overlap a little."""
    west, south, east, north = WIDE.bounds
    middle = (south + north) / 2
    low, high = box(west, south, east, middle + 0.02), box(west, middle - 0.02, east, north)
    return scene(made=made, shows=low), scene(made=made, shows=high, strip=1)


class TestAnotherProvider:
    """After a fail-over what is stored is used, whatever the other calls it."""

    @pytest.mark.parametrize(("first", "second"), [("product", "short"), ("short", "product")])
    def test_the_same_tiles_are_not_paid_for_again(
        self, provider: Tiles, tmp_path: Path, first: Naming, second: Naming
    ) -> None:
        stored = [scene(tile, naming=first) for tile in (WEST, EAST)]
        pull(look_of(*stored), provider, tmp_path)
        other = Tiles("other")
        look = look_of(*(scene(tile, naming=second) for tile in (WEST, EAST)))
        assert look.key == look_of(*stored).key
        assert not lacks(look, other, tmp_path)
        assert pull(look, other, tmp_path) == {one.id for one in stored}
        assert other.asked == []

    def test_a_tile_that_the_first_had_not_listed_is_read(
        self, provider: Tiles, tmp_path: Path
    ) -> None:
        pull(look_of(scene(WEST)), provider, tmp_path)
        west, east = (scene(tile, naming="short") for tile in (WEST, EAST))
        shown = pull(look_of(west, east), Tiles("other"), tmp_path)
        assert east.id in shown
        assert not lacks(look_of(west, east), Tiles("other"), tmp_path)
        assert not lacks(look_of(scene(WEST)), provider, tmp_path)

    def test_bands_that_the_first_had_not_are_read(self, provider: Tiles, tmp_path: Path) -> None:
        plain = dataclasses.replace(
            scene(), assets=tuple(a for a in scene().assets if a.band in INFO.needed)
        )
        pull(look_of(plain), provider, tmp_path)
        whole = look_of(scene(naming="short"))
        assert lacks(whole, Tiles("other"), tmp_path) == (set(BANDS) != set(INFO.needed))


class TestNeighbours:
    """Cells that rings reach into are read as far as the pass shows them."""

    def test_one_that_is_listed_whole_and_empty_fails_the_look(
        self, provider: Tiles, tmp_path: Path
    ) -> None:
        provider.fault = NotYet("nothing there")
        with pytest.raises(NotYet):
            pull_all(task_of(look_of(scene()), provider, tmp_path, (HOME, NEXT)), INFO, Spent())

    def test_one_beyond_the_swath_is_left_out_and_not_asked_for(
        self, provider: Tiles, tmp_path: Path
    ) -> None:
        home = ground(cell_from_id(HOME))
        task = task_of(look_of(scene(shows=home.buffer(-0.001))), provider, tmp_path, (HOME, NEXT))
        assert asked_anew(task, INFO) == (HOME,)
        cells, chips = pull_all(task, INFO, Spent())
        assert (cells, len(chips), len(provider.asked)) == ([HOME], 1, 1)


@dataclass
class Story:
    """A pass as two providers list it, whom is asked, and what is stored."""

    root: Path
    together: bool
    asks: Naming = "product"
    made: int = 0
    listed: dict[Naming, list[Scene]] = field(default_factory=dict)
    providers: dict[Naming, Tiles] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for naming in get_args(Naming):
            self.listed[naming] = [scene(naming=naming)]
            self.providers[naming] = Tiles(naming, self.together)

    def goes_on(self, step: str) -> None:
        if step == "fails over":
            self.asks = "short" if self.asks == "product" else "product"
        elif step == "a tile more":
            self.add(EAST, 0)
        elif step == "processed anew":
            self.made += 1
            self.add(WEST, self.made)
        elif step == "cut off":
            self.providers[self.asks].fault = Transient("cut off")
            with suppress(Transient):
                pull(look_of(*self.listed[self.asks]), self.providers[self.asks], self.root)
            self.providers[self.asks].fault = None

    def add(self, tile: str, made: int) -> None:
        for naming, scenes in self.listed.items():
            new = scene(tile, made, naming)
            if new not in scenes:
                scenes.append(new)

    def check(self) -> None:
        """Pull, and compare with what the provider in use lists."""
        provider, look = self.providers[self.asks], look_of(*self.listed[self.asks])
        shown = pull(look, provider, self.root)
        seen = {tile for tile in (WEST, EAST) if any(tile in one for one in shown)}
        assert seen == {one.tile for one in look.scenes}
        old = {one.id for one in look.superseded}
        if any(old & set(ids) for ids in provider.asked):
            assert not shown & old
        before = len(provider.asked)
        assert pull(look, provider, self.root) == shown
        assert len(provider.asked) == before


@given(
    steps=st.lists(
        st.sampled_from(["fails over", "a tile more", "processed anew", "cut off"]),
        min_size=2, max_size=5,
    ),
    together=st.booleans(),
)  # fmt: skip
@settings(max_examples=10, deadline=None)
def test_whatever_happens_one_look_is_whole_the_newest_and_asked_for_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], together: bool
) -> None:
    story = Story(tmp_path_factory.mktemp("story"), together)
    story.check()
    for step in steps:
        story.goes_on(step)
        story.check()
    assert Archive(story.root / "archive").verify() == []


class Graded(Tiles):
    """A provider that reads at the pixels that are asked for, and says in each how large they are.

    That is what Sentinel Hub does.
    """

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        chip = super().read(scenes, geobox, bands, deadline)
        side = int(geobox.affine.a)
        grid = GeoBox((8, 8), geobox.affine, geobox.crs)
        pixels = np.full((len(bands), 8, 8), side, np.uint16)
        layers = (dataclasses.replace(one, geobox=grid, dn=pixels) for one in chip.layers)
        return dataclasses.replace(chip, layers=tuple(layers))


def test_what_a_wide_ring_read_coarsely_is_read_finely_where_somebody_follows_its_pixels(
    tmp_path: Path,
) -> None:
    provider, look = Graded(), look_of(scene())
    fine = task_of(look, provider, tmp_path, (HOME, NEXT))
    wide = dataclasses.replace(fine, site=dataclasses.replace(fine.site, coarse=(NEXT,)))
    shown = []
    for task in (wide, fine, wide):
        _, chips = pull_all(task, INFO, Spent())
        grid = cell_from_id(NEXT).geobox(10.0)
        window = GeoBox((8, 8), grid.affine, grid.crs)
        values = build_cube(chips[1:], window, ["B04"])["B04"].values
        shown.append(round(float(np.nanmax(values)) * 1e4))
        assert asked_anew(task, INFO) == ()
    assert shown == [20, 10, 10]
    # Of the cell that was fine already nothing is asked twice, and of the other nothing thrice.
    assert len(provider.asked) == 3
