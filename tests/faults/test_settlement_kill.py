"""Runs over settlements under kill -9: run again, they leave what an undisturbed run leaves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from hearthwatch.layout import Layout
from hearthwatch.store import open_store
from tests.faults import killer
from tests.faults.killer import Clean, Kill, Runner, Trial
from tests.support import catalogue, settled
from tests.support.outcome import differences, findings_digest, outcome_of
from tests.support.settled import EAST, LOOKS, MIDDLE, Fire, Village

pytestmark = pytest.mark.slow

NUMBER, BURNED, DAMAGED = 9, 7, 3
JOINED = Village("Joined", 350.0, 650.0)
BEFORE = 8
"""Looks that were taken before one settlement more was listed."""
FIRES = tuple(Fire(LOOKS[BURNED].date(), one.core) for one in (MIDDLE, JOINED))
KILLS = (
    Kill("archive.part_written", 1),
    Kill("archive.checked", 6),
    Kill("archive.renamed", 19),
    Kill("archive.manifested", 7),
    Kill("slab.part_written", 1),
    Kill("slab.checked", 8),
    Kill("slab.renamed", 15),
    Kill("commit.begin", 1),
    Kill("commit.before", 7),
    Kill("commit.after", 8),
)
"""At the first look, amid the four cells of one, and where the burn is found."""
KILLS_JOINING = (
    Kill("catchup.begin", 1),
    Kill("catchup.before", 1),
)
LATE = 7
"""A look that comes after the others were taken: the one on which the villages burned."""
KILLS_LATE = (
    Kill("slab.renamed", 4),
    Kill("late.begin", 1),
    Kill("late.before", 1),
    Kill("late.after", 1),
)
SAME = ("id", "sequence", "acquisition", "sha256")
"""Columns in which a run with a late look leaves what one without does."""


@dataclass(frozen=True)
class Bench:
    """A data folder to begin with, and the one an undisturbed run made of it."""

    template: Path
    clean: Clean


@pytest.fixture(scope="module")
def workshop() -> Iterator[Path]:
    with killer.workshop() as folder:
        yield folder


@pytest.fixture(scope="module")
def runners() -> Iterator[tuple[Runner, Runner]]:
    with killer.open_runner("settled") as one, killer.open_runner("settled") as other:
        yield one, other


@pytest.fixture(scope="module")
def looks(workshop: Path) -> Path:
    villages = (MIDDLE, EAST, JOINED)
    render = settled.dry_land(FIRES, villages=villages)
    folder = settled.write_looks(workshop / "looks", LOOKS[:NUMBER], render)
    catalogue.damage(catalogue.item_files(folder)[DAMAGED], "B11")
    return folder


@pytest.fixture(scope="module")
def new(workshop: Path, looks: Path, runners: tuple[Runner, Runner]) -> Bench:
    """Nothing was taken yet."""
    template = settled.prepare(workshop / "new")
    clean = killer.clean_run(runners[0], template, looks, workshop / "new-clean", workers=2)
    return Bench(template, clean)


@pytest.fixture(scope="module")
def joining(workshop: Path, looks: Path, runners: tuple[Runner, Runner]) -> Bench:
    """Most looks are taken, and there is one settlement more since."""
    template = settled.prepare(workshop / "joining")
    settings = settled.settings_for(template, looks, workers=2)
    settled.run(settings, until=LOOKS[BEFORE - 1])
    store = open_store(Layout(template).database, write=True)
    with store.transaction() as tx:
        tx.put_settlements([settled.settlement(JOINED)])
    store.close()
    clean = killer.clean_run(runners[0], template, looks, workshop / "joining-clean", workers=2)
    return Bench(template, clean)


@pytest.fixture(scope="module")
def late(workshop: Path, looks: Path, runners: tuple[Runner, Runner]) -> Bench:
    """All looks but one are taken, and that one is there now."""
    missing = workshop / "missing"
    shutil.copytree(looks, missing)
    shutil.rmtree(catalogue.item_files(missing)[LATE].parent)
    catalogue.link_catalogue(missing)
    template = settled.prepare(workshop / "late")
    settled.run(settled.settings_for(template, missing, workers=2))
    clean = killer.clean_run(runners[0], template, looks, workshop / "late-clean", workers=2)
    return Bench(template, clean)


def killed(bench: Bench, runners: tuple[Runner, Runner], kills: tuple[Kill, ...]) -> list[str]:
    """Kill one run at each point, finish it, and name what differs from the clean one."""

    def carry_out(runner: Runner, numbers: range) -> list[str]:
        found = []
        for number in numbers:
            trial = Trial(number, (kills[number],), {"workers": 2})
            folder = bench.template.with_name(f"{bench.template.name}-{number}")
            verdict = killer.carry_out(runner, bench.template, bench.clean, trial, folder)
            assert verdict.struck == 1
            found += [f"{kills[number]}: {one}" for one in verdict.differences]
        return found

    halves = (range(0, len(kills), 2), range(1, len(kills), 2))
    with ThreadPoolExecutor(2) as pool:
        return [one for part in pool.map(carry_out, runners, halves) for one in part]


def test_the_clean_run_has_something_to_lose(new: Bench, joining: Bench) -> None:
    tables = new.clean.outcome.tables
    assert len(tables["ledger"]) == 2 * NUMBER
    assert len(tables["jobs"]) == NUMBER - 1
    assert [row["detector_state"] for row in tables["events"]] == ["PROBABLE"]
    assert {Path(name).parts[1] for name in new.clean.outcome.files if name.startswith("state")}
    more = joining.clean.outcome.tables
    assert len(more["ledger"]) == 3 * NUMBER
    assert len(more["events"]) == 2
    for one in (new, joining):
        assert one.clean.outcome.faults == []


@pytest.mark.timeout(600)
def test_killed_anywhere_and_run_again_gives_the_same(
    new: Bench, runners: tuple[Runner, Runner]
) -> None:
    assert killed(new, runners, KILLS) == []


@pytest.mark.timeout(600)
def test_killed_while_a_settlement_joins_and_run_again_gives_the_same(
    joining: Bench, runners: tuple[Runner, Runner]
) -> None:
    assert killed(joining, runners, KILLS_JOINING) == []


@pytest.mark.timeout(600)
def test_killed_while_a_late_look_is_taken_in_and_run_again_gives_the_same(
    new: Bench, late: Bench, runners: tuple[Runner, Runner]
) -> None:
    in_time, clean = new.clean.outcome, late.clean.outcome
    for name in ("events", "state_versions"):
        expected, found = (
            [{key: row[key] for key in row if key in SAME} for row in one.tables[name]]
            for one in (in_time, clean)
        )
        assert found == expected
    assert killed(late, runners, KILLS_LATE) == []


def test_two_processes_find_what_two_threads_do(new: Bench, runners: tuple[Runner, Runner]) -> None:
    folder = new.template.with_name("processes")
    shutil.copytree(new.template, folder)
    runners[0].finish(folder, new.clean.looks, {"executor": "processes", "workers": 2})
    found = outcome_of(folder)
    assert differences(new.clean.outcome, found) == []
    assert findings_digest(found) == findings_digest(new.clean.outcome)
