"""How often the detector is right, on land whose truth is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.endmembers import Surface, spectrum
from detectors.types import DetectorState, Showed
from tests.support.villages import (
    BANDS,
    DRY,
    PROBABLE,
    Fire,
    Land,
    Watch,
    day_of,
    interval,
)

Array = NDArray[np.float64]
SOIL, DARK_SOIL = (spectrum(one, BANDS) for one in (Surface.SOIL, Surface.DARK_SOIL))


def tell(name: str, figure: object) -> None:
    """Write a figure; pytest shows it with -s."""
    sys.stdout.write(f"{name}: {figure}\n")


def test_how_often_burns_are_found_and_their_intervals_right() -> None:
    settlements = 115
    rng = np.random.default_rng(12)
    days = np.arange(0.0, 665.0, 7.0)
    burns = rng.uniform(400.0, 600.0, settlements)
    covers = rng.choice([0.2, 0.35, 0.5, 0.7], settlements)
    fires = [Fire(n, burns[n], covers[n]) for n in range(settlements)]
    land = Land(settlements=settlements, placebos=24, seed=13, fires=fires)
    work = Watch().take(land.looks(days, clouded=rng.random((days.size, land.places)) < 0.25))
    inside, early, looks = [], 0, []
    for n, day in enumerate(burns):
        told = work.of(n, *PROBABLE)
        early += any(at < day for at, _ in told)
        found = [one for at, one in told if day <= at < day + 60]
        if found:
            unharmed, changed = interval(found[0])
            inside.append(unharmed < day <= changed)
            looks.append(found[0].looks)
    tell("burns found", f"{len(inside)} of {settlements}")
    tell("true date inside the interval", f"{sum(inside)} of {len(inside)}")
    tell("median looks to PROBABLE", np.median(looks))
    tell("settlements falsely PROBABLE before", early)
    assert len(inside) >= 0.95 * settlements
    assert sum(inside) >= 0.95 * len(inside)
    assert np.median(looks) <= 2
    assert early <= 1


@pytest.mark.parametrize("ground_of_placebos", [0.15, 0.0])
def test_how_often_settlements_where_nothing_happens_are_reported(
    ground_of_placebos: float,
) -> None:
    settlements, placebos, years = 30, 20, 2
    # Placebos of another ground, whose features vary less, must not make the looks seem calm.
    dark = np.array([0.15] * settlements + [ground_of_placebos] * placebos)
    land = Land(settlements=settlements, placebos=placebos, seed=31, dark=dark)
    work = Watch().take(land.looks(np.arange(0.0, years * 365.0, 9.0)))
    false = sum(one.state is DetectorState.PROBABLE for _, one in work.findings)
    tell(f"false PROBABLE in {settlements * years} settlement-years", false)
    assert false <= 1


# What is no burn, and what no look may be called


def in_the_core(change: Callable[[Array], Array]) -> Callable[[float, Array], Array]:
    def changed(day: float, ground: Array) -> Array:
        return ground if day < 400 else np.concatenate([change(ground[:1]), ground[1:]])

    return changed


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda core: 0.5 * core + 0.5 * DRY, id="half cleared"),
        pytest.param(lambda core: 0.4 * core + 0.6 * SOIL, id="laid bare"),
        pytest.param(lambda core: 0.4 * core + 0.6 * DARK_SOIL, id="ploughed to dark soil"),
        pytest.param(lambda core: 1.3 * core, id="brighter"),
        pytest.param(lambda core: 0.75 * core, id="darker"),
    ],
)  # fmt: skip
def test_ground_that_changes_without_char_is_not_said_to_have_burned(
    change: Callable[[Array], Array],
) -> None:
    settlements = 12
    changes = dict.fromkeys(range(settlements), in_the_core(change))
    land = Land(settlements=settlements, placebos=8, seed=3, changes=changes)
    work = Watch().take(land.looks(np.arange(0.0, 450.0, 7.0)))
    told = {one.place for day, one in work.findings if one.state in PROBABLE and day >= 400}
    tell("said to have burned", f"{len(told)} of {settlements}")
    assert len(told) <= 2


def test_the_first_look_that_shows_a_burn_is_not_called_unchanged() -> None:
    settlements = 20
    fires = [Fire(n, 402.0, 0.1 + 0.03 * n) for n in range(settlements)]
    land = Land(settlements=settlements, placebos=0, seed=3, weather=0.08, own=0.05, fires=fires)
    work = Watch().take(land.looks(np.arange(0.0, 450.0, 6.0)))
    looked = 0
    for n in range(settlements):
        for _, one in work.of(n, *PROBABLE):
            first = day_of(one.first_changed)
            assert work.words(n, first, first + 1) != [Showed.UNCHANGED]
            looked += 1
    assert looked >= settlements
