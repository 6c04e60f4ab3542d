"""Runs with a layer under kill -9: run again, they leave what an undisturbed run leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import killer
from tests.faults.killer import Clean, Kill, Runner, Trial
from tests.support import camped

pytestmark = pytest.mark.slow

KILLS = (
    Kill("slab.part_written", 1),
    Kill("slab.renamed", 1),
    Kill("commit.begin", 1),
    Kill("slab.checked", 2 + camped.BEFORE),
    Kill("commit.before", camped.BEFORE + 3),
    Kill("commit.after", camped.BEFORE + 7),
)
"""While the layer is drawn, before the first look, and about where a camp is held back."""


@pytest.fixture(scope="module")
def workshop() -> Iterator[Path]:
    with killer.workshop() as folder:
        yield folder


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with killer.open_runner("camped") as one:
        yield one


@pytest.fixture(scope="module")
def template(workshop: Path) -> Path:
    root = camped.prepare(workshop / "new")
    camped.give_layer(root)
    return root


@pytest.fixture(scope="module")
def clean(workshop: Path, template: Path, runner: Runner) -> Clean:
    looks = camped.write_looks(workshop / "looks")
    return killer.clean_run(runner, template, looks, workshop / "clean", workers=2)


def test_the_clean_run_has_something_to_lose(clean: Clean) -> None:
    said = [str(row["detail"]) for row in clean.outcome.tables["ledger"]]
    assert sum("mapped as mine: quarries.geojson" in one for one in said) >= 5
    assert any("drawn" in name for name in clean.outcome.files)
    assert clean.outcome.faults == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(len(KILLS)), ids=[str(one) for one in KILLS])
def test_killed_anywhere_and_run_again_gives_the_same(
    template: Path, clean: Clean, runner: Runner, number: int
) -> None:
    trial = Trial(number, (KILLS[number],), {"workers": 2})
    folder = template.with_name(f"new-{number}")
    verdict = killer.carry_out(runner, template, clean, trial, folder)
    assert verdict.struck == 1
    assert verdict.differences == []
