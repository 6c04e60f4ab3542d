"""Runs that pull over a network, under kill -9: nothing torn, nothing paid for and not counted."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hearthwatch.layout import Layout
from hearthwatch.records import Spend, SpendStatus
from tests.faults import killer
from tests.faults.killer import Kill, Runner
from tests.standin import Standin
from tests.support import pulled
from tests.support.outcome import Outcome, differences, outcome_of
from tiles.archive import Archive

pytestmark = pytest.mark.slow

TRIALS = 8
LOOKS = 16
TAKEN = 13
"""Looks that every data folder has taken before anybody is killed."""
KEPT = ("overview.part_written", "commit.before")
"""Points after which what was paid for is listed in the archive, and read from there."""
RESULTS = ("event_versions", "events", "detections", "jobs", "ledger", "state_versions")


@dataclass(frozen=True)
class Clean:
    """The run nobody disturbed, and what it needed."""

    outcome: Outcome
    seconds: float
    charged: tuple[float, int]


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pulled.write_looks(tmp_path_factory.mktemp("kill") / "looks", LOOKS)


@pytest.fixture(scope="module")
def template(looks: Path) -> Iterator[Path]:
    """Data folder in which the first looks were taken."""
    with killer.workshop() as folder, Standin(looks) as server:
        root = pulled.prepare(folder / "template")
        asking = pulled.asking(server, root)
        pulled.run(pulled.settings_for(root, **asking), pulled.until(TAKEN))
        yield root


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with killer.open_runner("pulled") as one:
        yield one


@pytest.fixture(scope="module")
def clean(template: Path, looks: Path, runner: Runner) -> Clean:
    folder = shutil.copytree(template, template.with_name("clean"))
    with Standin(looks) as server:
        began = time.monotonic()
        runner.finish(folder, looks, pulled.asking(server, folder))
        return Clean(results(folder), time.monotonic() - began, pulled.charged(server))


def results(folder: Path) -> Outcome:
    """Return what a run found and kept: not what it spent, nor what it remembers of asking."""
    found = outcome_of(folder)
    tables = {name: found.tables[name] for name in RESULTS}
    files = {
        name: said for name, said in found.files.items() if name.startswith(("archive", "state"))
    }
    return Outcome(tables, files, found.manifest, found.faults)


def test_the_clean_run_has_something_to_lose(clean: Clean) -> None:
    assert clean.outcome.faults == []
    (event,) = clean.outcome.tables["events"]
    assert event["detector_state"] == "PROBABLE"
    came = [r for r in clean.outcome.tables["ledger"] if not r["acquisition"].startswith("exp")]
    assert len(came) == LOOKS
    assert clean.charged[1] == 3 * (LOOKS - TAKEN)


@pytest.mark.parametrize(
    "point", ["original.part_written", "archive.renamed", "overview.part_written", "commit.before"]
)
def test_f22_killed_between_the_answer_and_the_archive_what_was_reserved_is_lost_and_counted(
    template: Path, looks: Path, runner: Runner, clean: Clean, point: str
) -> None:
    folder = shutil.copytree(template, template.with_name(point))
    before = {one.id for one in pulled.spends(folder)}

    def spends() -> list[Spend]:
        return [one for one in pulled.spends(folder) if one.id not in before]

    with Standin(looks) as server:
        asking = pulled.asking(server, folder, workers=1)
        assert runner.kill(folder, looks, asking, Kill(point), clean.seconds)
        at_death = pulled.charged(server)
        assert at_death[1] >= 3
        held = [one for one in spends() if one.status is SpendStatus.RESERVED]
        assert held
        assert covers(pulled.counted(spends()), at_death)
        runner.finish(folder, looks, asking)
        found = spends()
        lost = {one.id for one in found if one.status is SpendStatus.LOST}
        assert {one.id for one in held} <= lost
        assert all("died" in one.detail for one in found if one.id in lost)
        # What was paid for and did not reach the archive is paid for again, and counted again.
        assert pulled.charged(server)[1] > at_death[1] or point in KEPT
        assert covers(pulled.counted(found), pulled.charged(server))
    assert differences(clean.outcome, results(folder)) == []
    shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(TRIALS))
def test_f66_killed_at_any_moment_and_run_again_gives_the_same_and_every_unit_is_counted(
    template: Path, looks: Path, runner: Runner, clean: Clean, seed: int
) -> None:
    lot = random.Random(seed)
    kills = [Kill(share=lot.uniform(0.05, 0.9))]
    kills += [Kill(share=lot.uniform(0.05, 0.5))] * lot.choice((0, 0, 1))
    folder = template.with_name(f"trial{seed}")
    struck = 0
    while not struck:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        with Standin(looks) as server:
            asking = pulled.asking(server, folder)
            struck = sum(runner.kill(folder, looks, asking, one, clean.seconds) for one in kills)
            assert_whole(folder)
            runner.finish(folder, looks, asking)
            fresh = [one for one in pulled.spends(folder) if one.run not in runs_of(template)]
            assert not [one for one in fresh if one.status is SpendStatus.RESERVED]
            assert covers(pulled.counted(fresh), pulled.charged(server))
        # A kill that came too late is tried again, earlier.
        kills = [Kill(share=one.share / 2) for one in kills]
    assert differences(clean.outcome, results(folder)) == []
    shutil.rmtree(folder)


def covers(counted: tuple[float, int], charged: tuple[float, int]) -> bool:
    """Tell whether no unit and no request that was charged is missing from what is counted.

    A provider says its charges with six digits.
    """
    return counted[0] >= charged[0] - 1e-6 * charged[1] and counted[1] >= charged[1]


def assert_whole(folder: Path) -> None:
    """See that what a kill left behind can be read, and that what is listed is there."""
    with closing(sqlite3.connect(Layout(folder).database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    faults = Archive(Layout(folder).archive("local")).verify()
    # A file that nobody listed yet is no harm: it counts for nothing and is adopted or swept.
    assert {fault.problem for fault in faults} <= {"not listed in the manifest"}


def runs_of(folder: Path) -> set[str]:
    return {one.run for one in pulled.spends(folder)}
