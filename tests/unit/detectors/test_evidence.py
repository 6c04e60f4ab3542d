import math

import numpy as np
import pytest
from scipy import integrate

from detectors.evidence import (
    CONTAMINATION,
    CONTAMINATION_DENSITY,
    INVISIBLE,
    PLATEAU,
    change_density,
    evidence_polynomial,
    log_likelihood_ratio,
    null_density,
)


@pytest.mark.parametrize("density", [null_density, change_density])
def test_a_density_integrates_to_one(density) -> None:  # type: ignore[no-untyped-def]
    total, _ = integrate.quad(lambda z: float(density(np.array(z))), -80, 80, limit=400)
    assert total == pytest.approx(1.0, abs=1e-6)


def test_the_change_density_is_flat_on_its_plateau_and_absent_below() -> None:
    low, high = PLATEAU
    middle = change_density(np.array([low + 3, high - 3]))
    np.testing.assert_allclose(middle, 1 / (high - low), rtol=0.01)
    assert change_density(np.array([low, high])) == pytest.approx(0.5 / (high - low), rel=1e-3)
    assert change_density(np.array(-3.0)) < 1e-4


def test_the_ratio_has_a_value_that_can_be_worked_out_by_hand() -> None:
    # At z = 6 the plateau is full, f1 = 1/8 within 0.04 %; Student's t with 6 degrees of freedom
    # has the density Gamma(7/2) / (sqrt(6 pi) Gamma(3)) (1 + 36/6)^(-7/2).
    null = math.gamma(3.5) / (math.sqrt(6 * math.pi) * math.gamma(3)) * 7**-3.5
    shown = (1 - INVISIBLE) / 8 + INVISIBLE * null
    noise = CONTAMINATION * CONTAMINATION_DENSITY
    kept = 1 - CONTAMINATION
    expected = math.log((kept * shown + noise) / (kept * null + noise))
    assert float(log_likelihood_ratio(np.array(6.0))) == pytest.approx(expected, abs=1e-3)


def test_the_polynomial_follows_the_exact_ratio() -> None:
    z = np.linspace(-1, 8, 9001)
    error = np.abs(evidence_polynomial(z.astype(np.float32)) - log_likelihood_ratio(z))
    assert error.max() < 0.08


def test_one_look_of_one_feature_can_say_only_so_much() -> None:
    z = np.linspace(-50, 1e4, 100_001)
    # Contamination alone bounds the ratio at ln(density / (share x contamination density)).
    bound = math.log(1 + (1 - CONTAMINATION) / (8 * CONTAMINATION * CONTAMINATION_DENSITY))
    assert log_likelihood_ratio(z).max() < bound
    polynomial = evidence_polynomial(z.astype(np.float32))
    assert polynomial.max() < 4.0
    assert polynomial.max() == evidence_polynomial(np.array([8.0], np.float32))[0]


def test_one_quiet_look_takes_back_at_most_what_a_change_may_hide() -> None:
    # A share INVISIBLE of the looks at changed ground shows nothing: ln INVISIBLE is the floor.
    z = np.linspace(-50, 0, 5001)
    assert log_likelihood_ratio(z).min() >= math.log(INVISIBLE) - 1e-9
    assert evidence_polynomial(z.astype(np.float32)).min() >= math.log(INVISIBLE) - 0.08


def test_a_clearer_change_never_counts_less() -> None:
    z = np.linspace(0.9, 7.0, 2000)
    assert (np.diff(log_likelihood_ratio(z)) > 0).all()
    assert (np.diff(evidence_polynomial(z.astype(np.float32))) >= -1e-5).all()


def test_beyond_the_plateau_a_score_counts_as_its_far_edge() -> None:
    edge = log_likelihood_ratio(np.array([8.0]))
    assert (log_likelihood_ratio(np.array([9.0, 50.0, np.inf])) == edge).all()
