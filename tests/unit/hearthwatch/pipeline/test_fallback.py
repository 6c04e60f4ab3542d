"""When one provider cannot be read another is, and nobody sees a look twice or a doubt for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from hearthwatch.errors import CatalogueError
from hearthwatch.pipeline.amend import SCENES, SINCE, amend
from hearthwatch.pipeline.run import RunReport, run_region
from hearthwatch.records import LedgerRow, RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.store import MemoryStore
from imagery.errors import Permanent
from imagery.types import Query, Scene
from tests.support import settled
from tests.support.remote import Remote
from tests.support.sensors import only
from tests.support.settled import EAST, LOOKS, Fire

NUMBER, BURNED = 8, 6
FIRES = (Fire(LOOKS[BURNED].date(), EAST.core),)
TILE = "34PEV"
DOWN = "the catalogue could not be searched: the catalogue does not answer"


class Named(Remote):
    """A provider that names the same scenes in its own way, and may refuse its account."""

    is_refused = False
    lists = NUMBER

    def search(self, query: Query) -> Iterator[Scene]:
        for scene in list(super().search(query))[: self.lists]:
            name = f"{self.name}_T{TILE}_{scene.sensed:%Y%m%dT%H%M%S}"
            yield dataclasses.replace(scene, id=name, tile=TILE, published=scene.sensed)

    def serving(self) -> AbstractContextManager[None]:
        return self._serving()

    @contextmanager
    def _serving(self) -> Iterator[None]:
        if self.is_refused:
            raise Permanent("the account is refused")
        yield


@pytest.fixture(autouse=True)
def _one_detector() -> Iterator[None]:
    """Leave one installed: what others miss in the catalogue is told in the run's record too."""
    with only("burned"):
        yield


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fallback") / "looks"
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land(FIRES))


@pytest.fixture
def settings(looks: Path, tmp_path: Path) -> Settings:
    return settled.settings_for(tmp_path / "var", looks, workers=1, prelook=False)


@pytest.fixture
def store() -> MemoryStore:
    """Return a store whose region is on the watchlist as the looks are sensed."""
    store = MemoryStore()
    settled.enrol(store)
    watched = dataclasses.replace(settled.region(), created=LOOKS[0] - timedelta(days=1))
    with store.transaction() as tx:
        tx.put_region(watched)
    return store


@pytest.fixture
def first(looks: Path) -> Named:
    return Named(looks, "S2FIRST")


@pytest.fixture
def second(looks: Path) -> Named:
    return Named(looks, "S2SECOND")


def run(
    settings: Settings, store: MemoryStore, first: Remote, second: Remote | None, number: int
) -> RunReport:
    """Run over the first looks, as of the hour after the last of them."""
    until = LOOKS[number - 1] + timedelta(hours=1)
    region = store.region("local", settled.REGION)
    return run_region(settings, store, first, region, until, fallback=second)


def sensed(rows: list[LedgerRow]) -> list[object]:
    return [row.sensed for row in rows if not row.acquisition.startswith("expected_")]


def test_a_catalogue_that_never_answered_is_no_reason_to_be_blind(
    settings: Settings, store: MemoryStore, first: Named, second: Named
) -> None:
    first.down = True
    told = run(settings, store, first, second, 3).run
    assert told.outcome is RunOutcome.COMPLETE
    assert told.detail == f"S2FIRST: {DOWN}; S2SECOND was read instead"
    assert sensed(settled.rows_of(store, EAST)) == list(LOOKS[:3])


def test_an_account_that_is_refused_is_said_and_the_other_provider_goes_on(
    settings: Settings, store: MemoryStore, first: Named, second: Named
) -> None:
    first.is_refused = True
    told = run(settings, store, first, second, 3).run
    assert told.detail == "S2FIRST: the account is refused; S2SECOND was read instead"
    assert sensed(settled.rows_of(store, EAST)) == list(LOOKS[:3])


def test_when_both_are_down_the_run_fails_and_says_both(
    settings: Settings, store: MemoryStore, first: Named, second: Named
) -> None:
    first.down = second.down = True
    with pytest.raises(CatalogueError, match="does not answer"):
        run(settings, store, first, second, 3)
    (told,) = store.runs("local")
    assert told.outcome is RunOutcome.FAILED
    assert told.detail == f"S2FIRST: {DOWN}; S2SECOND was read instead; {DOWN}"


def test_going_to_and_fro_takes_each_look_once_and_raises_no_doubt(
    settings: Settings, store: MemoryStore, first: Named, second: Named
) -> None:
    first.lists = 4
    run(settings, store, first, second, NUMBER)
    first.down = True
    run(settings, store, first, second, NUMBER)
    first.down, first.lists = False, NUMBER
    last = run(settings, store, first, second, NUMBER)
    assert (last.looks, last.run.detail) == (0, "")
    rows = settled.rows_of(store, EAST)
    assert sensed(rows) == list(LOOKS[:NUMBER])
    whose = [{name.split("_")[0] for name in row.detail[SCENES]} for row in rows[:NUMBER]]
    assert whose == [{"S2FIRST"}] * 4 + [{"S2SECOND"}] * (NUMBER - 4)
    assert not any(SINCE in row.detail for row in rows)
    assert not any("since" in doubt for one in settled.events_of(store) for doubt in one.doubts)
    assert settled.events_of(store)
    assert len(first.asked) * (NUMBER - 4) == len(second.asked) * 4


def test_another_name_of_the_same_scene_is_no_news_and_another_tile_is(
    settings: Settings, store: MemoryStore, first: Named, second: Named
) -> None:
    run(settings, store, first, None, 1)
    mine = next(iter(first.search(everything())))
    theirs = next(iter(second.search(everything())))
    region, now = settled.region(), mine.sensed + timedelta(days=1)
    amend(store, region, [theirs], [], now)
    assert SINCE not in settled.rows_of(store, EAST)[0].detail
    beside = dataclasses.replace(theirs, id="S2SECOND_T34PFV_20200103T100000", tile="34PFV")
    amend(store, region, [theirs, beside], [], now)
    assert settled.rows_of(store, EAST)[0].detail[SINCE] == (
        f"more of the pass was listed since: {beside.id}; what was measured then stands"
    )


def everything() -> Query:
    return Query(settled.region().geometry, LOOKS[0], settled.UNTIL)


def test_a_run_over_the_first_alone_still_fails_aloud(
    settings: Settings, store: MemoryStore, first: Named
) -> None:
    first.down = True
    with pytest.raises(CatalogueError, match="does not answer"):
        run(settings, store, first, None, 3)
