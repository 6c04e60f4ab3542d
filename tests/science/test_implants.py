"""Burns implanted in memory are those that an exercise writes into scenes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from detectors.burn_seen import CONTAMINATION
from detectors.endmembers import Surface, spectrum
from hearthwatch.exercise.model import Burn, mix
from imagery.masks import Scl
from tests.science.implants import implanted
from tests.science.laid_places import Look, Square

BANDS = ("B02", "B03", "B04", "B08")
DATE = datetime(2019, 6, 1, tzinfo=UTC)


def square():
    """Two places of three pixels; windows and cores take no part."""
    owner = np.repeat([0, 1], 3)
    return Square((None, None), np.zeros(2), None, BANDS, owner, np.arange(6), ())


def look(days, clear, cloudy=0.0):
    pixels = np.random.default_rng(1).uniform(0.05, 0.4, (len(BANDS), 6))
    means = np.stack([pixels[:, i : i + 3][:, clear[i : i + 3]].mean(1) for i in (0, 3)])
    classes = np.full(6, Scl.VEGETATION)
    return Look(
        "a", DATE + timedelta(days=days), pixels, clear, classes, means, None, None,
        np.full(2, CONTAMINATION), np.full(2, cloudy),
    )  # fmt: skip


@pytest.mark.parametrize("days", [0, 3, 200])
def test_a_core_shows_the_mean_of_what_an_exercise_writes_into_its_pixels(days):
    clear, cover = np.array([1, 1, 0, 1, 1, 1], bool), np.array([0.5, 0.2, 0.9, 1.0, 1.0, 1.0])
    shown, burn = look(days, clear), Burn(DATE, 0.6)
    means, _ = implanted(square(), shown, {0: burn}, cover)
    char, ash = (spectrum(one, BANDS) for one in (Surface.CHAR, Surface.ASH))
    for band in range(len(BANDS)):
        before, here = shown.pixels[band, None, :3], cover[None, None, :3]
        after = mix(before, here, [burn], shown.sensed, float(char[band]), float(ash[band]))
        assert means[0, band] == pytest.approx(after[0, :2].mean(), abs=1e-12)
    # The other place does not burn, however much of it could.
    assert means[1] == pytest.approx(shown.means[1], abs=0)


def test_before_its_date_a_burn_shows_nothing():
    shown = look(-1, np.ones(6, bool))
    means, dirt = implanted(square(), shown, {0: Burn(DATE)}, np.ones(6))
    assert np.array_equal(means, shown.means)
    assert np.array_equal(dirt, shown.contamination)


def test_a_burn_that_turns_dark_beside_clouds_may_be_their_shadow():
    beside = look(60, np.ones(6, bool), cloudy=1.0)
    burn = Burn(DATE, completeness=1.0, half_life_days=1e6)
    _, dirt = implanted(square(), beside, {0: burn}, np.ones(6))
    assert dirt[0] > 0.5 > dirt[1]
    _, alone = implanted(square(), look(60, np.ones(6, bool)), {0: burn}, np.ones(6))
    assert alone[0] == pytest.approx(CONTAMINATION)
