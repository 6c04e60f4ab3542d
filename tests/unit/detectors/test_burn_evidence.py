"""Ground is burned, shaded or ploughed by mixing spectra; the evidence must tell which it was."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq

from detectors.baseline import Errors
from detectors.burn_evidence import Evidence, EvidenceRules, any_cover, look_evidence
from detectors.burn_features import (
    COVERS,
    NAMES,
    burn_features,
    burned_features,
    otherwise_features,
    unsure,
)
from detectors.calibration import BUILT_IN
from detectors.endmembers import Surface, spectrum
from detectors.episodes import WINDOW, EpisodeRules
from detectors.types import PARTS
from tests.support.villages import BANDS, DRY, GREEN, burned

Array = NDArray[np.float64]
RULES = EvidenceRules()
COUNT = len(NAMES)
USUAL = np.array([0.06, 0.06, 0.02, 0.04, 0.06])
"""Predictive standard deviations of a settlement like any other."""
YARDS = 0.8 * (0.75 * DRY + 0.25 * GREEN)
LIKENESS = np.full((COUNT, COUNT), 0.5) + 0.5 * np.eye(COUNT)


def found_errors(score: Array, predictive: Array = USUAL) -> Errors:
    """Return errors that say what is given, of settlements whose history is long."""
    places, features = score.shape
    shape = (places, features)
    return Errors(
        residual=np.zeros((*shape, PARTS)),
        error=score * predictive,
        score=score,
        predictive=np.broadcast_to(predictive, shape),
        spread=np.ones(features),
        leverage=np.zeros(shape),
        freedom=np.full(shape, 30.0),
        kinship=np.broadcast_to(LIKENESS, (places, COUNT, COUNT)),
        ringed=np.ones(shape, bool),
        ring_changed=np.zeros(shape),
    )


def of(reflectance: Array, bands: tuple[str, ...] = BANDS) -> Array:
    features: Array = burn_features(reflectance[None, :, None], bands)[0, :, 0]
    return features


def evidence(
    after: Array, *, before: Array = YARDS, predictive: Array = USUAL, dirt: float = 0.02,
    seen: tuple[int, ...] = tuple(range(COUNT)), offset: float = 0.0,
    bands: tuple[str, ...] = BANDS,
) -> Evidence:  # fmt: skip
    """Weigh one look at one settlement that showed `after` where `before` was expected."""
    score = (of(after, bands) - of(before, bands)) / predictive + offset
    hidden = [k for k in range(COUNT) if k not in seen]
    score[hidden] = np.nan
    return look_evidence(
        found_errors(score[None], predictive), *effects_on(before, bands), np.array([dirt]), RULES
    )


def effects_on(before: Array, bands: tuple[str, ...] = BANDS) -> tuple[Array, Array]:
    """Return what every burn, and every change that is none, moves the features by."""
    was = of(before, bands)[None]
    return burned_features(was, bands) - was, otherwise_features(was, bands) - was


def length(after: Array) -> float:
    """Return how far a change moves the scores, in the metric of their correlation."""
    score = (of(after) - of(YARDS)) / USUAL
    return math.sqrt(float(score @ np.linalg.solve(LIKENESS, score)))


@pytest.mark.parametrize("ash", [0.0, 0.5])
@pytest.mark.parametrize("cover", COVERS[1:])
def test_the_cover_that_burned_is_among_the_likeliest(cover: float, ash: float) -> None:
    by_cover = evidence(burned(YARDS, cover, ash)).by_cover[0]
    assert by_cover[COVERS.index(cover)] > by_cover.max() - 0.7
    assert by_cover[COVERS.index(cover)] > 2.0
    # A burn of half of the settlement is not mistaken for one of a twentieth, nor the reverse.
    far = COVERS[0] if cover >= 0.35 else COVERS[-1]
    assert by_cover[COVERS.index(far)] < by_cover[COVERS.index(cover)] - 1.0


def test_a_settlement_that_looks_as_expected_is_plainly_unharmed() -> None:
    found = evidence(YARDS)
    assert found.total[0] < -1.0
    assert found.plain[0]
    assert found.telling[0]
    # A small burn can be excluded less well than a large one.
    assert (np.diff(found.by_cover[0]) <= 1e-9).all()


def test_a_burned_settlement_is_never_plainly_unharmed() -> None:
    for cover in (0.1, 0.2, 0.35, 0.5, 0.7):
        for ash in (0.0, 0.25, 0.5):
            assert not evidence(burned(YARDS, cover, ash)).plain[0]


@settings(max_examples=100, deadline=None)
@given(
    score=st.lists(st.floats(-60, 60), min_size=COUNT, max_size=COUNT), dirt=st.floats(0.02, 0.9),
    seen=st.sets(st.sampled_from(range(COUNT))),
)  # fmt: skip
def test_no_look_says_more_than_its_features_may(
    score: list[float], dirt: float, seen: set[int]
) -> None:
    scores = np.array([score])
    hidden = [k for k in range(COUNT) if k not in seen]
    scores[:, hidden] = np.nan
    found = look_evidence(found_errors(scores), *effects_on(YARDS), np.array([dirt]), RULES)
    assert np.isfinite(found.by_cover).all()
    share = [USUAL[k] * math.sqrt(2 * math.pi) / RULES.reach[k] for k in seen]
    foul = math.prod(share) * dirt / (1 - dirt)
    most = {0: 0.0, 1: RULES.alone}.get(len(seen), math.log1p(1 / foul))
    assert (found.by_cover <= most + 1e-9).all()
    # Burned ground may show nothing for once, so no look excludes a burn.
    assert (found.by_cover >= math.log(RULES.invisible) - 1e-9).all()
    if not seen:
        assert not found.telling[0]
        assert not found.plain[0]


def test_a_single_feature_cannot_alarm_alone_however_loud() -> None:
    for feature in range(len(NAMES)):
        for offset in (0.0, 3.0, 30.0):
            found = evidence(burned(YARDS, 0.7, 0.0), seen=(feature,), offset=offset)
            assert (found.by_cover <= RULES.alone).all()
    assert evidence(burned(YARDS, 0.5, 0.0), seen=(0, 2)).total[0] > RULES.alone


def test_contamination_takes_evidence_away_both_ways() -> None:
    for after, sign in ((burned(YARDS, 0.35, 0.0), 1.0), (YARDS, -1.0)):
        said = [sign * evidence(after, dirt=dirt).total[0] for dirt in (0.02, 0.2, 0.5, 0.9)]
        assert (np.diff(said) < 0).all()


def cleared(strength: float) -> Array:
    """Green turns into bright dry ground."""
    return YARDS + strength * (DRY - GREEN)


def shadowed(strength: float) -> Array:
    return YARDS * math.exp(-strength)


def brightened(strength: float) -> Array:
    return YARDS * math.exp(strength)


def green_up(strength: float) -> Array:
    return (1 - strength) * YARDS + strength * GREEN


@pytest.mark.parametrize("other", [cleared, shadowed, brightened, green_up])
@pytest.mark.parametrize("cover", [0.2, 0.35, 0.5])
def test_a_change_in_another_direction_says_less_than_a_burn_as_large(
    other: Callable[[float], Array], cover: float
) -> None:
    wanted = length(burned(YARDS, cover, 0.0))
    strength = brentq(lambda s: length(other(s)) - wanted, 0.0, 2.0)
    alike = evidence(other(strength)).total[0]
    assert alike < evidence(burned(YARDS, cover, 0.0)).total[0] - 3.0


def test_no_single_look_at_shadow_or_bare_or_bright_ground_is_worth_an_alarm() -> None:
    for after in (0.6 * YARDS, cleared(0.2), 1.3 * YARDS):
        assert evidence(after).total[0] < 3.0


# Soil

BAND_SETS = pytest.mark.parametrize("bands", [BANDS, BANDS[:-1]], ids=["with B12", "without B12"])


def turned(dry: float, cover: float, into: Array, bands: tuple[str, ...]) -> float:
    """Return the evidence of yards, as dry as this, of which a share turned into something."""
    yards = 0.8 * (dry * spectrum(Surface.DRY, bands) + (1 - dry) * spectrum(Surface.GREEN, bands))
    after, predictive = (1 - cover) * yards + cover * into, np.hypot(USUAL, unsure(bands))
    found = evidence(after, before=yards, predictive=predictive, bands=bands)
    return float(found.total[0])


@BAND_SETS
@settings(max_examples=60, deadline=None)
@given(dry=st.floats(0.3, 1.0), cover=st.floats(0.3, 0.95), bright=st.floats(0.85, 1.15))
def test_soil_that_was_laid_bare_never_speaks_for_a_burn(
    bands: tuple[str, ...], dry: float, cover: float, bright: float
) -> None:
    soil = bright * spectrum(Surface.SOIL, bands)
    assert turned(dry, cover, soil, bands) < 0.0


@BAND_SETS
@settings(max_examples=60, deadline=None)
@given(dry=st.floats(0.3, 1.0), cover=st.floats(0.0, 0.95))
def test_dark_soil_is_worth_no_alarm_in_as_many_looks_as_are_added_up(
    bands: tuple[str, ...], dry: float, cover: float
) -> None:
    said = turned(dry, cover, spectrum(Surface.DARK_SOIL, bands), bands)
    shrunk = WINDOW / (1 + (WINDOW - 1) * EpisodeRules().persistence)
    assert said * shrunk < BUILT_IN.watch


@BAND_SETS
@settings(max_examples=60, deadline=None)
@given(dry=st.floats(0.3, 1.0), cover=st.floats(0.2, 0.95), ash=st.floats(0.0, 0.4))
def test_char_and_ash_speak_for_a_burn_on_the_same_ground(
    bands: tuple[str, ...], dry: float, cover: float, ash: float
) -> None:
    char, white = (spectrum(one, bands) for one in (Surface.CHAR, Surface.ASH))
    assert turned(dry, cover, (1 - ash) * char + ash * white, bands) > 1.5


def test_a_settlement_whose_ordinary_variation_hides_a_burn_can_show_nothing() -> None:
    noisy = evidence(YARDS, predictive=20 * USUAL)
    assert not noisy.telling[0]
    assert not noisy.plain[0]
    # How far the reference burn moves the scores is what it depends on.
    reference = evidence(YARDS).telling[0]
    assert reference
    moved = effects_on(YARDS)[0][0, COVERS.index(RULES.reference)] / USUAL
    distance = math.sqrt(float(moved @ np.linalg.solve(LIKENESS, moved)))
    limit = distance / RULES.telling
    assert evidence(YARDS, predictive=0.99 * limit * USUAL).telling[0]
    assert not evidence(YARDS, predictive=1.01 * limit * USUAL).telling[0]


def test_ground_darker_than_any_burn_leaves_it_gets_no_support() -> None:
    found = evidence(np.full(len(BANDS), 0.01))
    assert found.total[0] < 0.1


def test_settlements_do_not_touch_each_other() -> None:
    looks = np.stack([YARDS, burned(YARDS, 0.35, 0.2), 0.6 * YARDS])
    values = np.stack([of(one) for one in looks])
    score = (values - of(YARDS)) / USUAL
    burns, others = (np.repeat(effect, 3, axis=0) for effect in effects_on(YARDS))
    dirt = np.array([0.02, 0.1, 0.3])
    together = look_evidence(found_errors(score), burns, others, dirt, RULES)
    for n in range(3):
        one = slice(n, n + 1)
        alone = look_evidence(found_errors(score[one]), burns[one], others[one], dirt[one], RULES)
        assert np.allclose(alone.by_cover, together.by_cover[one], atol=1e-12)


def test_with_fewer_looks_behind_it_a_score_says_less() -> None:
    after = burned(YARDS, 0.2, 0.0)
    errors = found_errors((of(after) - of(YARDS))[None] / USUAL)
    young = replace(errors, freedom=np.full((1, COUNT), 3.0))
    said = [
        look_evidence(one, *effects_on(YARDS), np.array([0.02]), RULES).total[0]
        for one in (young, errors)
    ]
    assert said[0] < said[1]


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=6))
def test_the_evidence_for_any_cover_is_the_mean_likelihood_ratio(by_cover: list[float]) -> None:
    expected = math.log(sum(map(math.exp, by_cover)) / len(by_cover))
    assert math.isclose(float(any_cover(np.array(by_cover))), expected, abs_tol=1e-9)


@pytest.mark.parametrize("cover", COVERS[3:])
def test_the_better_a_settlement_is_known_the_more_a_burn_says(cover: float) -> None:
    after = burned(YARDS, cover, 0.0)
    said = [evidence(after, predictive=share * USUAL).total[0] for share in (1.0, 0.5, 0.25)]
    assert min(said) >= said[0] - 0.5
