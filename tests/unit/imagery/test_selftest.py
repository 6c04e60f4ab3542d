import numpy as np
import pytest
from numpy.typing import NDArray

from imagery.selftest import offset_jump

LEVELS = {"B02": 0.06, "B8A": 0.25, "B12": 0.15}


def ground(seed: int, noise: float = 0.01) -> dict[str, NDArray[np.float64]]:
    """Return three bands of the same fields; `seed` draws the noise of one look at them."""
    fields = np.random.default_rng(0).lognormal(0, 0.4, (64, 64))
    rng = np.random.default_rng(seed)
    return {
        band: level * fields + rng.normal(0, noise, fields.shape) for band, level in LEVELS.items()
    }


def moved(by: dict[str, float], seed: int = 1) -> dict[str, NDArray[np.float64]]:
    return {band: values + by.get(band, 0.0) for band, values in ground(seed).items()}


@pytest.mark.parametrize("offset", [0.1, -0.1])
def test_f46_an_offset_applied_twice_or_not_at_all_is_noticed(offset: float) -> None:
    jumps = offset_jump(moved(dict.fromkeys(LEVELS, offset)), ground(2))
    assert jumps is not None
    assert jumps == pytest.approx(dict.fromkeys(LEVELS, offset), abs=0.01)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"B02": 0.1},  # smoke
        {"B02": 0.1, "B8A": 0.02},  # haze
        {"B8A": -0.1, "B12": 0.08},  # fire
        {"B02": 0.04, "B8A": 0.04, "B12": 0.04},  # light
        {"B02": 0.2, "B8A": 0.2, "B12": 0.2},  # cloud that the masks missed
    ],
)
def test_smoke_haze_fire_and_light_are_no_offset(change: dict[str, float]) -> None:
    assert offset_jump(moved(change), ground(2)) is None


def test_a_reference_under_thick_haze_does_not_accuse_the_clear_look_after_it() -> None:
    hazy = {band: values + 0.09 for band, values in ground(2).items()}
    assert offset_jump(ground(1), hazy) is None


def test_with_one_band_or_little_ground_nothing_is_said() -> None:
    look, reference = moved(dict.fromkeys(LEVELS, 0.1)), ground(2)
    assert offset_jump({"B02": look["B02"]}, reference) is None
    for values in look.values():
        values[:, 3:] = np.nan
    assert offset_jump(look, reference) is None
