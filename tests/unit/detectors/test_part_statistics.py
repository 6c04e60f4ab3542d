"""What is measured of a part is counted again here, pixel by pixel, in plain loops."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.part_statistics import MINIMUM_PIXELS, MINIMUM_SHARE, part_reflectance
from detectors.types import PARTS, PlaceSet

SIDE = 24
Mask = NDArray[np.bool_]


def place_set(*places: dict[int, list[int]]) -> PlaceSet:
    """Return places given as flat pixel indices by part."""
    segments = [place.get(part, []) for place in places for part in range(PARTS)]
    return PlaceSet(
        ids=tuple(f"place{n}" for n in range(len(places))),
        placebo=np.zeros(len(places), bool),
        pixels=np.array([one for segment in segments for one in segment], np.int64),
        starts=np.cumsum([0, *map(len, segments)]).astype(np.int64),
    )


def grid(*bands: float) -> NDArray[np.float32]:
    return np.stack([np.full((SIDE, SIDE), value, np.float32) for value in bands])


def everywhere() -> Mask:
    return np.ones((SIDE, SIDE), bool)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), clear=st.floats(0, 1), dry=st.floats(0, 1))
def test_every_part_is_what_a_plain_loop_over_its_pixels_gives(
    seed: int, clear: float, dry: float
) -> None:
    rng = np.random.default_rng(seed)
    bands = rng.uniform(0, 0.6, (3, SIDE, SIDE)).astype(np.float32)
    seen, land = rng.random((SIDE, SIDE)) < clear, rng.random((SIDE, SIDE)) < dry
    places = [
        {part: list(rng.choice(SIDE * SIDE, rng.integers(0, 40), False)) for part in range(PARTS)}
        for _ in range(2)
    ]
    found, share = part_reflectance(bands, seen, land, place_set(*places))
    assert found.shape == (2, 3, PARTS)
    for place, parts in enumerate(places):
        for part, pixels in parts.items():
            good = [one for one in pixels if seen.flat[one] and (part == 0 or land.flat[one])]
            if not pixels:
                assert math.isnan(share[place, part])
            else:
                assert share[place, part] == len(good) / len(pixels)
            few = len(good) < MINIMUM_PIXELS or len(good) < MINIMUM_SHARE * len(pixels)
            for band in range(3):
                values = [float(bands[band].flat[one]) for one in good]
                if not values or (part > 0 and few):
                    assert math.isnan(found[place, band, part])
                elif part == 0:
                    mean = sum(values) / len(values)
                    assert math.isclose(found[place, band, part], mean, rel_tol=1e-6)
                else:
                    assert math.isclose(
                        found[place, band, part], float(np.median(values)), rel_tol=1e-6
                    )


def test_a_core_of_which_a_tenth_burned_moves_by_a_tenth_and_a_sector_does_not_move() -> None:
    bands, pixels = grid(0.4), list(range(40))
    bands.reshape(1, -1)[0, :4] = 0.1
    found, _ = part_reflectance(
        bands, everywhere(), everywhere(), place_set({0: pixels, 1: pixels})
    )
    assert np.isclose(found[0, 0, 0], 0.9 * 0.4 + 0.1 * 0.1)
    assert np.isclose(found[0, 0, 1], 0.4)


def test_water_is_left_out_of_the_ring_but_not_of_the_core() -> None:
    # Char is dark and wet-looking: a burned core must not be masked as a pond.
    bands, dry, pixels = grid(0.3), everywhere(), list(range(40))
    bands.reshape(1, -1)[0, :20], dry.reshape(-1)[:20] = 0.02, False
    found, seen = part_reflectance(bands, everywhere(), dry, place_set({0: pixels, 1: pixels}))
    assert np.isclose(found[0, 0, 0], (0.3 + 0.02) / 2)
    assert np.isclose(found[0, 0, 1], 0.3)
    assert list(seen[0, :2]) == [1.0, 0.5]


def test_a_sector_needs_twelve_pixels_and_three_tenths_of_its_ground() -> None:
    clear = np.zeros((SIDE, SIDE), bool)
    clear.reshape(-1)[:12] = True
    enough, few = list(range(12)), list(range(1, 13))
    wide, too_wide = list(range(40)), list(range(41))
    parts = {0: [11, 12], 1: enough, 2: few, 3: wide, 4: too_wide}
    found, seen = part_reflectance(grid(0.2), clear, everywhere(), place_set(parts))
    assert list(np.isfinite(found[0, 0, :5])) == [True, True, False, True, False]
    assert np.allclose(seen[0, :5], [1 / 2, 1.0, 11 / 12, 0.3, 12 / 41])


def test_places_may_share_pixels_and_do_not_touch_each_other() -> None:
    bands = grid(0.2, 0.5)
    one, two = {0: list(range(30))}, {0: list(range(20, 60)), 7: list(range(60, 90))}
    both, _ = part_reflectance(bands, everywhere(), everywhere(), place_set(one, two))
    alone, _ = part_reflectance(bands, everywhere(), everywhere(), place_set(two))
    assert np.array_equal(both[1], alone[0], equal_nan=True)
