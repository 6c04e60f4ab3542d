"""The check values were worked out by hand from the published formulas, for one dry ground."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from detectors import indices

BLUE, GREEN, RED, EDGE_2, EDGE_3 = 0.06, 0.08, 0.09, 0.15, 0.18
NIR, NIR_NARROW, SWIR_1, SWIR_2 = 0.20, 0.21, 0.25, 0.22

Formula = Callable[..., np.ndarray]

# Recipe: each is the formula in the function's Notes, with the reflectances above, to 7 decimals;
# the bracket says the fraction it comes from where there is a short one.
GOLDEN: list[tuple[Formula, tuple[float, ...], float]] = [
    (indices.nbr, (NIR_NARROW, SWIR_2), -0.0232558),  # -1/43
    (indices.nbr, (NIR, SWIR_2), -0.0476190),  # -1/21
    (indices.nbr2, (SWIR_1, SWIR_2), 0.0638298),  # 3/47
    (indices.nbr_plus, (BLUE, GREEN, NIR_NARROW, SWIR_2), -0.2280702),  # -13/57
    (indices.nbr_plus, (BLUE, GREEN, NIR, SWIR_2), -0.2142857),  # -3/14
    (indices.nbr_swir, (SWIR_1, SWIR_2), -0.0877193),  # -5/57
    (indices.mirbi, (SWIR_1, SWIR_2), 1.75),
    (indices.bais2, (RED, EDGE_2, EDGE_3, NIR_NARROW, SWIR_2), 0.7604242),
    (indices.bai, (RED, NIR), 50.7614213),  # 10000/197
    (indices.baim, (NIR, SWIR_2), 43.6681223),  # 10000/229
    (indices.ndvi, (RED, NIR), 0.3793103),  # 11/29
    (indices.ndbi, (NIR, SWIR_1), 0.1111111),  # 1/9
    (indices.mndwi, (GREEN, SWIR_1), -0.5151515),  # -17/33
    (indices.ndsi, (GREEN, SWIR_1), -0.5151515),
    (indices.dnbr, (0.4, -0.1), 0.5),
    (indices.rbr, (0.4, -0.1), 0.3568879),  # 0.5/1.401
]
BY_NAME = pytest.mark.parametrize(
    ("index", "arguments", "expected"), GOLDEN, ids=lambda v: getattr(v, "__name__", "")
)


@BY_NAME
def test_an_index_has_the_value_of_its_published_formula(
    index: Formula, arguments: tuple[float, ...], expected: float
) -> None:
    assert float(index(*arguments)) == pytest.approx(expected, abs=5e-8)


@BY_NAME
def test_single_precision_stays_single_and_close(
    index: Formula, arguments: tuple[float, ...], expected: float
) -> None:
    images = [np.full((2, 3), value, np.float32) for value in arguments]
    result = index(*images)
    assert result.dtype == np.float32
    assert result.shape == (2, 3)
    np.testing.assert_allclose(result, expected, rtol=3e-5, atol=1e-6)


@BY_NAME
def test_what_was_not_observed_has_no_index(
    index: Formula, arguments: tuple[float, ...], expected: float
) -> None:
    for position in range(len(arguments)):
        images = [np.full(2, value) for value in arguments]
        images[position][0] = np.nan
        result = index(*images)
        assert math.isnan(result[0])
        assert result[1] == pytest.approx(expected, abs=5e-8)


@BY_NAME
def test_a_band_broadcasts_against_the_others(
    index: Formula, arguments: tuple[float, ...], expected: float
) -> None:
    first = np.full((4, 1), arguments[0], np.float32)
    rest = [np.full((1, 5), value, np.float32) for value in arguments[1:]]
    assert index(first, *rest).shape == (4, 5)
    # A bare number does not lift an image to double precision.
    assert index(first, *arguments[1:]).dtype == np.float32


@pytest.mark.parametrize(
    ("index", "arguments"),
    [
        (indices.nbr, (0.0, 0.0)),
        (indices.nbr2, (-0.01, 0.0)),
        (indices.nbr_plus, (0.0, 0.0, 0.0, -0.02)),
        (indices.bais2, (0.0, EDGE_2, EDGE_3, NIR, SWIR_2)),
        (indices.bais2, (-0.01, EDGE_2, EDGE_3, NIR, SWIR_2)),
        (indices.bai, (0.1, 0.06)),
        (indices.baim, (0.05, 0.2)),
        (indices.ndvi, (0.0, 0.0)),
        (indices.ndbi, (0.0, 0.0)),
        (indices.mndwi, (0.0, 0.0)),
        (indices.ndsi, (-0.1, -0.1)),
        (indices.rbr, (-1.001, 0.2)),
    ],
)
def test_a_denominator_of_nothing_gives_no_index_and_no_warning(
    index: Formula, arguments: tuple[float, ...]
) -> None:
    assert math.isnan(float(index(*arguments)))


def test_a_small_negative_reflectance_still_counts_in_the_difference() -> None:
    # (0.20 - -0.01) / (0.20 + 0), not 0.20 / 0.20.
    assert float(indices.nbr(0.20, -0.01)) == pytest.approx(1.05)


def test_burning_moves_each_index_the_way_its_docstring_says() -> None:
    # Dry grass before; after, char: darker in the near infrared, a little brighter at 2.2 um.
    before = {"blue": 0.05, "green": 0.08, "red": 0.10, "nir": 0.25, "s1": 0.28, "s2": 0.20}
    after = {"blue": 0.04, "green": 0.05, "red": 0.06, "nir": 0.09, "s1": 0.19, "s2": 0.21}

    def change(index: Formula, *bands: str) -> float:
        return float(index(*(after[b] for b in bands)) - index(*(before[b] for b in bands)))

    assert change(indices.nbr, "nir", "s2") < 0
    assert change(indices.nbr2, "s1", "s2") < 0
    assert change(indices.ndvi, "red", "nir") < 0
    assert change(indices.nbr_plus, "blue", "green", "nir", "s2") > 0
    assert change(indices.nbr_swir, "s1", "s2") > 0
    assert change(indices.mirbi, "s1", "s2") > 0
    assert change(indices.bai, "red", "nir") > 0
    assert change(indices.baim, "nir", "s2") > 0
    pre, post = (indices.nbr(s["nir"], s["s2"]) for s in (before, after))
    assert float(indices.dnbr(pre, post)) > 0
    assert float(indices.rbr(pre, post)) > 0


def test_the_relativised_ratio_stays_finite_over_a_village_in_the_dry_season() -> None:
    # dNBR / sqrt(|NBR before|) would be without bound here.
    assert float(indices.rbr(0.0, -0.2)) == pytest.approx(0.2 / 1.001)
