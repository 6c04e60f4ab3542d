"""Unmixing finds the shares a mixture was made of, and says honestly how well it can."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from detectors.endmembers import BANDS, Surface, spectrum
from detectors.unmixing import SURFACES, fractions

TEN_METRES = ("B02", "B03", "B04", "B08")
FIVE = ("B02", "B03", "B04", "B8A", "B11")
SIX = (*FIVE, "B12")
BAND_SETS = (TEN_METRES, FIVE, SIX, BANDS)
PAGE = (Path(__file__).resolve().parents[3] / "docs" / "spectra.md").read_text(encoding="utf-8")


def members(bands, surfaces=SURFACES):
    return np.stack([spectrum(surface, bands) for surface in surfaces])


def table(first_cell):
    """The rows of the table on the page that begins with this cell, as lists of cells."""
    block = PAGE[PAGE.index(f"| {first_cell} |") :].split("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in block.splitlines()]
    return [rows[0], *rows[2:]]


@pytest.mark.parametrize("bands", BAND_SETS)
def test_mixtures_are_taken_apart_into_what_they_were_made_of(bands):
    truth = np.random.default_rng(7).dirichlet([0.5] * 4, size=(20, 30))
    found = fractions(truth @ members(bands), bands)
    assert found.shape == (20, 30, 4)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, truth, atol=1e-11)


@pytest.mark.parametrize("bands", BAND_SETS)
def test_a_pure_surface_is_itself_and_two_halves_are_two_halves(bands):
    np.testing.assert_allclose(fractions(members(bands), bands), np.eye(4), atol=1e-12)
    charred = (members(bands)[0] + members(bands)[2]) / 2
    np.testing.assert_allclose(fractions(charred, bands), [0.5, 0, 0.5, 0], atol=1e-12)


def test_fresh_ash_can_be_asked_for_beside_the_others():
    surfaces = (*SURFACES, Surface.ASH)
    truth = np.random.default_rng(3).dirichlet([1.0] * 5, size=200)
    found = fractions(truth @ members(SIX, surfaces), SIX, surfaces)
    np.testing.assert_allclose(found, truth, atol=1e-11)


def test_what_a_half_bright_surface_lacks_is_shade():
    found = fractions(0.3 * spectrum(Surface.DRY, SIX), SIX)
    np.testing.assert_allclose(found, [0, 0, 0.3, 0.7], atol=1e-12)


@pytest.mark.parametrize("bands", BAND_SETS)
def test_the_answer_is_that_of_a_general_solver(bands):
    # Lawson & Hanson, with the sum of 1 as one more equation that outweighs the others.
    weight = 1e4
    equations = np.vstack([members(bands).T, np.full(4, weight)])
    observed = np.random.default_rng(11).uniform(-0.05, 0.6, size=(300, len(bands)))
    solved = np.array([nnls(equations, np.append(pixel, weight))[0] for pixel in observed])
    np.testing.assert_allclose(fractions(observed, bands), solved, atol=2e-4)


@given(
    bands=st.permutations(BANDS).flatmap(
        lambda shuffled: st.integers(4, 10).map(lambda count: shuffled[:count])
    ),
    seed=st.integers(0, 2**32 - 1),
    brightness=st.floats(0.01, 1.5),
)
def test_no_shift_of_share_between_surfaces_comes_nearer(bands, seed, brightness):
    # Karush, Kuhn and Tucker: moving a little share to any surface must not lessen the misfit.
    ends = members(bands)
    observed = np.random.default_rng(seed).uniform(-0.1, 1.0, size=(40, len(bands))) * brightness
    found = fractions(observed, bands)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-12)
    slope = (found @ ends - observed) @ ends.T
    here = (found * slope).sum(axis=-1, keepdims=True)
    assert (slope - here >= -1e-10 * (1 + brightness)).all()


@given(order=st.permutations(range(4)), seed=st.integers(0, 2**32 - 1))
def test_the_order_in_which_surfaces_are_named_changes_nothing_but_the_order(order, seed):
    observed = np.random.default_rng(seed).uniform(0, 0.6, size=(30, 6))
    named = [SURFACES[position] for position in order]
    np.testing.assert_allclose(
        fractions(observed, SIX, named), fractions(observed, SIX)[:, order], atol=1e-9
    )


def test_the_order_of_bands_follows_their_names():
    observed = np.random.default_rng(5).uniform(0, 0.5, size=(50, 6))
    np.testing.assert_allclose(
        fractions(observed[:, ::-1], SIX[::-1]), fractions(observed, SIX), atol=1e-9
    )


def test_a_pixel_has_the_same_bits_wherever_in_the_array_it_lies():
    observed = np.random.default_rng(2).uniform(0, 0.5, size=(37, 41, 6)).astype(np.float32)
    whole = fractions(observed, SIX)
    assert np.array_equal(whole[5:9, 3:40:7], fractions(observed[5:9, 3:40:7], SIX))
    assert np.array_equal(whole[36, 40], fractions(observed[36, 40], SIX))


def test_what_was_not_seen_in_one_band_is_not_known_and_its_neighbours_are():
    observed = np.full((3, 4, 6), 0.2)
    clear = fractions(observed, SIX)
    observed[0, 1, 2] = np.nan
    observed[1, 2, 5] = np.inf
    observed[2, 3, 0] = -np.inf
    found = fractions(observed, SIX)
    unseen = np.zeros((3, 4), dtype=bool)
    unseen[[0, 1, 2], [1, 2, 3]] = True
    assert np.isnan(found[unseen]).all()
    assert np.array_equal(found[~unseen], clear[~unseen])


def test_no_pixels_give_no_shares():
    assert fractions(np.empty((0, 7, 6)), SIX).shape == (0, 7, 4)


def test_one_surface_alone_has_all():
    assert fractions(np.full((2, 6), 0.1), SIX, (Surface.DRY,)).tolist() == [[1.0], [1.0]]


def test_input_is_left_as_it_was():
    observed = np.full((3, 6), 0.2)
    observed[1, 1] = np.inf
    before = observed.copy()
    fractions(observed, SIX)
    assert np.array_equal(observed, before)


@pytest.mark.parametrize("bands", [("B02", "B03", "B04"), ("B02", "B03", "B04", "B04")])
def test_fewer_than_four_different_bands_are_refused(bands):
    with pytest.raises(ValueError, match="at least 4 bands, not 3"):
        fractions(np.zeros((2, len(bands))), bands)


def test_bands_without_a_name_are_refused():
    with pytest.raises(ValueError, match="5 bands are named, but reflectance has 6"):
        fractions(np.zeros((2, 6)), FIVE)


def test_a_band_without_spectra_is_refused():
    with pytest.raises(LookupError, match="no reflectance in B01"):
        fractions(np.zeros((2, 4)), ("B01", "B02", "B03", "B04"))


def test_surfaces_that_cannot_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="cannot tell these surfaces apart: dry, dry"):
        fractions(np.zeros((2, 6)), SIX, (Surface.DRY, Surface.DRY))
    with pytest.raises(ValueError, match="at least one surface"):
        fractions(np.zeros((2, 6)), SIX, ())


def standard_errors(bands, noise):
    """Of unbounded shares with sum 1, shade last; and the correlation of char with shade."""
    ends = members(bands)
    solve = np.linalg.pinv((ends[:-1] - ends[-1]).T)
    solve = np.vstack([solve, -solve.sum(axis=0)])
    covariance = noise**2 * solve @ solve.T
    errors = np.sqrt(np.diag(covariance))
    return errors, covariance[0, 3] / (errors[0] * errors[3])


def test_the_page_has_the_reflectances_of_the_code():
    rows = {row[0]: row[1:] for row in table("surface")}
    assert rows.pop("surface") == list(BANDS)
    assert rows == {s.value: [f"{v:.3f}" for v in spectrum(s, BANDS)] for s in Surface}


def test_the_page_has_the_standard_errors_of_the_shares():
    head, *rows = table("bands")
    assert head[1:5] == [surface.value for surface in SURFACES]
    assert [tuple(row[0].split()) for row in rows] == [TEN_METRES, FIVE, SIX]
    for row in rows:
        errors, correlation = standard_errors(row[0].split(), noise=0.01)
        assert row[1:] == [f"{value:.3f}" for value in (*errors, correlation)]


@pytest.mark.parametrize("bands", [TEN_METRES, FIVE, SIX])
def test_shares_scatter_as_the_standard_errors_say_where_no_bound_is_near(bands):
    rng = np.random.default_rng(13)
    noise = 0.001
    observed = np.full(4, 0.25) @ members(bands) + rng.normal(0, noise, (20_000, len(bands)))
    found = fractions(observed, bands)
    np.testing.assert_allclose(found.mean(axis=0), 0.25, atol=0.002)
    np.testing.assert_allclose(found.std(axis=0), standard_errors(bands, noise)[0], rtol=0.03)


def test_the_page_has_how_much_char_noisy_mixtures_show():
    head, *rows = table("truth")
    for row in rows:
        shares = {name: float(share) for share, name in re.findall(r"([\d.]+) (\w+)", row[0])}
        truth = np.array([shares.get(surface.value, 0.0) for surface in SURFACES])
        assert truth.sum() == pytest.approx(1)
        for names, cell in zip(head[1:], row[1:], strict=True):
            bands = names.split()
            noise = np.random.default_rng(1).normal(0, 0.01, (20_000, len(bands)))
            char = fractions(truth @ members(bands) + noise, bands)[:, 0]
            said = [float(value) for value in cell.split(" ± ")]
            assert [char.mean(), char.std()] == pytest.approx(said, abs=0.008), (row[0], names)
