"""Truth: villages drawn into ground whose season, grain and clouds are known."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.cores import Core, CoreRules, find_core
from detectors.endmembers import Surface, spectrum

BANDS = ("B02", "B03", "B04", "B08", "B11")
SIDE = 120
MIDDLE = (60, 60)
GREEN, DRY = (spectrum(one, BANDS)[:, None, None] for one in (Surface.GREEN, Surface.DRY))
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]


def ground(looks: int = 6, seed: int = 0, grain: float = 0.06) -> Any:
    """Return grassland that dries and greens, shape (look, band, y, x)."""
    rng = np.random.default_rng(seed)
    fixed = rng.normal(1.0, grain, (SIDE, SIDE))
    turn = 0.3 + 0.2 * np.cos(np.arange(looks) * 2 * np.pi / looks)
    each = [((t * DRY + (1 - t) * GREEN) * fixed) for t in turn]
    return np.stack(each) * (1 + rng.normal(0, 0.01, (looks, 1, SIDE, SIDE)))


def disc(radius: float, at: tuple[float, float] = MIDDLE) -> Any:
    return np.hypot(ROWS - at[0], COLUMNS - at[1]) <= radius


def settled(looks: Any, where: Any, seed: int = 1) -> Any:
    """Put bare yards, differing from pixel to pixel, into the ground."""
    yard = np.random.default_rng(seed).uniform(0.5, 0.9, (SIDE, SIDE)) * where
    return looks * (1 - yard) + yard * 0.9 * DRY


def dice(found: Core, truth: Any) -> float:
    assert found.outline is not None, found.refusal
    return float(2 * (found.outline & truth).sum() / (found.outline.sum() + truth.sum()))


@settings(max_examples=8)
@given(
    radius=st.floats(5.7, 25.0), row=st.integers(52, 68), column=st.integers(52, 68),
    off=st.integers(-3, 3), seed=st.integers(0, 1000),
)  # fmt: skip
def test_villages_of_a_hectare_and_more_are_found_wherever_they_lie(
    radius: float, row: int, column: int, off: int, seed: int
) -> None:
    truth = disc(radius, (row, column))
    found = find_core(settled(ground(seed=seed), truth, seed), BANDS, (row + off, column - off), 10)
    assert dice(found, truth) >= 0.8
    assert found.refusal == ""
    assert found.contrast >= 4 and found.stability >= 0.5 and found.rarity <= 0.1


@settings(max_examples=8)
@given(row=st.integers(30, 90), column=st.integers(30, 90), seed=st.integers(0, 1000))
def test_ground_like_all_other_is_refused_with_a_reason(row: int, column: int, seed: int) -> None:
    found = find_core(ground(seed=seed), BANDS, (row, column), 10)
    assert found.outline is None
    assert found.refusal.startswith("no outline could be seen: ")


def test_a_field_that_is_bare_in_one_season_is_no_settlement() -> None:
    looks, field = ground(), disc(12)
    looks[:2] = settled(looks[:2], field)
    assert find_core(looks, BANDS, MIDDLE, 10).outline is None
    assert find_core(settled(ground(), field), BANDS, MIDDLE, 10).outline is not None


def test_a_road_is_no_settlement() -> None:
    road = (np.abs(COLUMNS - 60) <= 1) & (ROWS > 20) & (ROWS < 100)
    found = find_core(settled(ground(), road), BANDS, MIDDLE, 10)
    assert found.outline is None
    assert "strip narrower than 40 m" in found.refusal


def test_what_reaches_beyond_the_window_has_no_end() -> None:
    half = COLUMNS > 40
    found = find_core(settled(ground(), half), BANDS, (60, 80), 10)
    assert found.outline is None


def test_a_pond_and_a_clump_of_trees_are_no_settlement() -> None:
    looks, spot = ground(), disc(10)
    for darker in (0.1 * looks, GREEN[None] * np.ones_like(looks) * 0.8):
        assert find_core(np.where(spot, darker, looks), BANDS, MIDDLE, 10).outline is None


def test_clouds_over_some_looks_change_the_outline_little() -> None:
    truth = disc(10)
    looks = settled(ground(looks=8), truth)
    clear = find_core(looks, BANDS, MIDDLE, 10)
    looks[0, :, :70] = np.nan
    looks[3, :, 55:60, 40:50] = np.nan
    cloudy = find_core(looks, BANDS, MIDDLE, 10)
    assert (clear.looks, cloudy.looks) == (8, 7), "a look that hides the point is left out"
    assert dice(cloudy, truth) == pytest.approx(dice(clear, truth), abs=0.05)


def test_too_few_clear_looks_are_refused() -> None:
    looks = settled(ground(looks=5), disc(10))
    looks[2:] = np.nan
    found = find_core(looks, BANDS, MIDDLE, 10)
    assert found.outline is None
    assert found.refusal == ("no outline could be seen: there are 2 clear looks, and 3 are needed")
    assert find_core(looks[2:], BANDS, MIDDLE, 10).looks == 0


def test_the_same_looks_give_the_same_outline_and_none_is_changed() -> None:
    looks = settled(ground(), disc(10))
    kept = looks.copy()
    first, again = (find_core(looks, BANDS, MIDDLE, 10) for _ in range(2))
    assert np.array_equal(looks, kept)
    assert first.outline is not None and again.outline is not None
    assert np.array_equal(first.outline, again.outline)
    apart = dataclasses.replace(first, outline=None)
    assert apart == dataclasses.replace(again, outline=None)


def test_without_shortwave_infrared_it_goes_on_and_without_red_it_does_not() -> None:
    looks = settled(ground(), disc(10))
    assert dice(find_core(looks[:, :4], BANDS[:4], MIDDLE, 10), disc(10)) > 0.8
    with pytest.raises(ValueError, match="B04"):
        find_core(looks[:, :2], BANDS[:2], MIDDLE, 10)
    with pytest.raises(ValueError, match="outside"):
        find_core(looks, BANDS, (60, SIDE), 10)


def test_every_limit_is_asked() -> None:
    looks = settled(ground(), disc(10))
    assert find_core(looks, BANDS, MIDDLE, 10).outline is not None
    for stricter in (
        {"contrast": 50.0}, {"rarity": -0.1}, {"drop": 50.0}, {"least_ha": 5.0, "close_m": 10.0},
        {"most_ha": 1.0}, {"strip_m": 400.0}, {"stability": 1.01}, {"edge": -0.1}, {"looks": 7},
    ):  # fmt: skip
        rules = dataclasses.replace(CoreRules(), **stricter)
        assert find_core(looks, BANDS, MIDDLE, 10, rules).outline is None, stricter
