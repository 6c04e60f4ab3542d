"""Ground of a known composition is drawn; the area that is bare must be measured again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.endmembers import Surface, spectrum
from detectors.site_area import (
    BARE,
    NAMES,
    SEPARATION,
    SITE,
    AreaRules,
    site_area,
    site_features,
)
from detectors.site_filter import bare_posterior, green_posterior, learned
from detectors.types import PARTS, PlaceSet

BANDS = ("B02", "B03", "B04", "B8A", "B11", "B12")
GREEN, DRY = (spectrum(one, BANDS) for one in (Surface.GREEN, Surface.DRY))
RULES = AreaRules()
SIDE = 60
CORE = 400
"""Pixels of the site; the rest of the square is its ring, in 16 like parts."""


def laid() -> PlaceSet:
    ring = (SIDE * SIDE - CORE) // (PARTS - 1)
    starts = np.concatenate([[0], CORE + ring * np.arange(PARTS)])
    return PlaceSet(("camp",), np.zeros(1, bool), np.arange(starts[-1]), starts)


def drawn(share: float, around: float = 0.1, seed: int = 0, brightness: float = 1.0):
    """Return a square whose site is bare on `share` of its pixels, between grass and shrubs."""
    rng = np.random.default_rng(seed)
    dry = np.clip(around + rng.normal(0.0, 0.03, SIDE * SIDE), 0.0, 1.0)
    dry[: round(share * CORE)] = 0.8
    pixels = dry * DRY[:, None] + (1.0 - dry) * GREEN[:, None]
    pixels = brightness * pixels * (1.0 + rng.normal(0.0, 0.03, pixels.shape))
    return pixels.reshape(len(BANDS), SIDE, SIDE).astype(np.float32)


def measured(pixels, clear=None, contamination: float = 0.0):
    clear = np.ones((SIDE, SIDE), bool) if clear is None else clear
    dry = np.ones((SIDE, SIDE), bool)
    values, seen = site_features(pixels, clear, dry, BANDS, laid(), RULES)
    return values, site_area(values, seen, np.array([contamination]), RULES)


@given(st.floats(0.0, 1.0), st.integers(0, 100))
def test_the_share_that_is_bare_is_measured(share, seed):
    true = round(share * CORE) / CORE
    _, found = measured(drawn(share, seed=seed))
    # Ground that is all alike is counted a little more surely than the model's, of every kind.
    assert found.share[0] == pytest.approx(true, abs=0.02 + 0.06 * true)
    assert found.variance[0] < 0.02**2


def test_light_and_season_that_touch_all_ground_move_nothing():
    usual = measured(drawn(0.3))[1].share[0]
    for brightness in (0.7, 1.3):
        assert measured(drawn(0.3, brightness=brightness))[1].share[0] == pytest.approx(
            usual, abs=0.03
        )
    for around in (0.0, 0.2, 0.4):
        assert measured(drawn(0.3, around=around))[1].share[0] == pytest.approx(usual, abs=0.05)


def test_a_site_as_bare_as_its_surroundings_is_not_measured():
    values, found = measured(drawn(0.3, around=0.8))
    assert values[0, SEPARATION, 0] < RULES.least_separation
    assert np.isnan(found.share[0])
    assert found.alike[0]


def test_a_field_in_a_few_sectors_moves_nothing():
    pixels = drawn(0.3).reshape(len(BANDS), -1)
    sector = (SIDE * SIDE - CORE) // (PARTS - 1)
    pixels[:, CORE : CORE + 3 * sector] = DRY[:, None]
    found = measured(pixels.reshape(len(BANDS), SIDE, SIDE))[1]
    assert found.share[0] == pytest.approx(0.3, abs=0.03)
    assert found.fields[0] == 0.0
    assert not found.alike[0]


def among_fields(share: float, bare: float, seed: int):
    """Return the drawn square with whole fields laid bare in its ring, of unlike numbers a sector.

    Fields are of 25 pixels, a sector's share of them between nothing and twice `bare`.
    """
    rng = np.random.default_rng(seed)
    pixels = drawn(share, seed=seed).reshape(len(BANDS), -1)
    sector = (SIDE * SIDE - CORE) // (PARTS - 1)
    for first in CORE + sector * np.arange(PARTS - 1):
        fields = rng.random(sector // 25) < 2.0 * bare * rng.random()
        pixels[:, first : first + 25 * fields.size][:, np.repeat(fields, 25)] = DRY[:, None]
    return pixels.reshape(len(BANDS), SIDE, SIDE)


def test_among_fields_that_are_bare_in_part_a_site_is_measured_and_what_they_may_do_is_told():
    found = [measured(among_fields(0.6, 0.4, seed))[1] for seed in range(20)]
    shares = np.array([one.share[0] for one in found])
    fields = np.array([one.fields[0] for one in found])
    assert np.isfinite(shares).all()
    assert (fields > 0.05).all()
    # What is bare in the cleanest quarter of the ring is taken from the site, and no more.
    assert np.median(shares) == pytest.approx(0.6, abs=0.15)
    assert (np.abs(shares - 0.6) < 2.0 * fields).mean() >= 0.9


def test_of_a_ring_of_two_kinds_the_least_bare_is_learned():
    rng = np.random.default_rng(1)
    dry = np.where(rng.random(2000) < 0.55, 0.8, 0.1) + rng.normal(0.0, 0.03, 2000)
    ring = dry * DRY[:, None] + (1.0 - dry) * GREEN[:, None]
    found = learned(ring, DRY, RULES.filter)
    assert found is not None
    assert found.separation > 3.0
    green, bare = (found.fraction((d * DRY + (1 - d) * GREEN)[:, None])[0] for d in (0.1, 0.8))
    assert abs(green) < 0.1
    assert bare > 0.6
    assert learned(ring[:, : RULES.filter.least_ring - 1], DRY, RULES.filter) is None


def test_what_was_not_seen_is_taken_to_be_as_the_rest_and_widens_the_interval():
    clear = np.ones(SIDE * SIDE, bool)
    clear[1:CORE:4] = False
    _, whole = measured(drawn(0.3))
    _, part = measured(drawn(0.3), clear.reshape(SIDE, SIDE))
    assert part.share[0] == pytest.approx(whole.share[0], abs=0.03)
    # A quarter of the site, all of it bare or none: 0.25^2 * 0.3 * 0.7.
    assert part.variance[0] == pytest.approx(0.25**2 * 0.21, rel=0.1)
    _, hazy = measured(drawn(0.3), contamination=0.25)
    assert hazy.variance[0] == pytest.approx(part.variance[0], rel=0.1)


def test_without_a_ring_there_is_no_measure():
    clear = np.zeros(SIDE * SIDE, bool)
    clear[: CORE + 50] = True
    values, found = measured(drawn(0.3), clear.reshape(SIDE, SIDE))
    assert values.shape == (1, len(NAMES), PARTS)
    assert np.isnan(values[0, SITE]).all()
    assert np.isnan(found.share[0])
    assert not found.alike[0]


@given(st.floats(0.01, 0.4))
def test_bare_ground_is_known_less_surely_the_more_the_surroundings_scatter(scatter):
    rules = RULES.filter
    assert 0.0 < green_posterior(scatter, rules) < bare_posterior(scatter, rules) < 1.0
    assert bare_posterior(scatter, rules) > bare_posterior(scatter + 0.1, rules)


def test_the_denominator_is_the_models():
    values, _ = measured(drawn(0.0))
    assert values[0, BARE, 0] > 0.8
    assert np.isnan(values[0, BARE, 1:]).all()
