"""What is measured of pixels is held against reflectances that were drawn."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.endmembers import Surface, spectrum
from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.patch_look import BURN_RATIO, VISIBLE, burn_direction, patch_look
from detectors.types import PatchSet

SHAPE = (9, 9)
GRID = (1000.0 - 10.0 * np.arange(9) - 5.0, 500.0 + 10.0 * np.arange(9) + 5.0)
PIXELS = np.arange(81)
CORE = (PIXELS // 9 >= 3) & (PIXELS // 9 < 6)


def patches():
    return PatchSet(np.array([81]), PIXELS, CORE, np.zeros(81, bool))


def drawn(**bands):
    rng = np.random.default_rng(2)
    return {
        name: (value * rng.uniform(0.8, 1.2, SHAPE)).astype(np.float32)
        for name, value in bands.items()
    }


def look(bands, clear=None):
    return patch_look(bands, np.ones(SHAPE, bool) if clear is None else clear, GRID, patches())


def test_the_features_are_the_near_infrared_and_the_burn_ratio():
    bands = drawn(B08=0.3, B8A=0.32, B12=0.2, B02=0.1, B03=0.1, B04=0.1)
    found = look(bands)
    assert found.second == BURN_RATIO
    assert found.values[0] * FEATURE_UNIT == pytest.approx(-np.log(bands["B08"].ravel()), abs=2e-4)
    ratio = np.log(bands["B12"] / bands["B8A"]).ravel()
    assert found.values[1] * FEATURE_UNIT == pytest.approx(ratio, abs=2e-4)


def test_without_b12_the_visible_takes_its_place():
    bands = drawn(B08=0.3, B8A=0.32, B11=0.2, B02=0.1, B03=0.12, B04=0.14)
    found = look(bands)
    mean = (bands["B02"] + bands["B03"] + bands["B04"]).ravel() / 3.0
    assert found.second == VISIBLE
    assert found.values[1] * FEATURE_UNIT == pytest.approx(-np.log(mean), abs=2e-4)
    assert (look(drawn(B08=0.3)).values[1] == NO_DATA).all()


def test_what_is_not_clear_was_not_seen():
    clear = np.ones(SHAPE, bool)
    clear[4, 2:5] = False
    found = look(drawn(B08=0.3, B12=0.2), clear)
    assert ((found.values[0] == NO_DATA) == ~clear.ravel()).all()
    assert ((found.values[1] == NO_DATA) == ~clear.ravel()).all()


def test_pixels_lie_where_the_grid_says():
    found = look(drawn(B08=0.3))
    assert (found.east[0], found.north[0]) == (505, 995)
    assert (found.east[80], found.north[80]) == (585, 915)


@pytest.mark.parametrize("second", [BURN_RATIO, VISIBLE])
def test_burning_raises_both_features(second):
    assert (burn_direction(second) > 0.5).all()
    names = ("B08", "B8A", "B12") if second == BURN_RATIO else ("B08", "B02", "B03", "B04")
    dry, char = (
        {n: np.full(SHAPE, v, np.float32) for n, v in zip(names, spectrum(one, names), strict=True)}
        for one in (Surface.DRY, Surface.CHAR)
    )
    moved = (look(char).values - look(dry).values.astype(int))[:, 0] * FEATURE_UNIT
    towards = burn_direction(second)
    cosine = moved @ towards / np.linalg.norm(moved) / np.linalg.norm(towards)
    assert cosine > 0.95


def test_a_core_whose_pattern_collapses_is_more_even_against_its_margin():
    rng = np.random.default_rng(1)
    pattern = rng.uniform(0.2, 0.4, SHAPE).astype(np.float32)
    before = look({"B08": pattern}).texture[0]
    after = pattern.ravel().copy()
    after[CORE] = 0.1 + 0.25 * (after[CORE] - 0.3)
    evener = look({"B08": after.reshape(SHAPE)}).texture[0]
    # Deviations a quarter as wide, while the margin stays as it was.
    assert evener - before == pytest.approx(np.log(4.0), abs=1e-5)


def test_of_eleven_pixels_no_texture_is_told():
    clear = np.ones(SHAPE, bool)
    clear.ravel()[np.flatnonzero(CORE)[11:]] = False
    assert np.isnan(look(drawn(B08=0.3), clear).texture[0])
    clear.ravel()[np.flatnonzero(CORE)[11]] = True
    assert np.isfinite(look(drawn(B08=0.3), clear).texture[0])
