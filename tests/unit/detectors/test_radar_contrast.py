"""Whether radar can tell, and how much was lost: numbers a reader can recompute."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.burn_features import COVERS
from detectors.radar_contrast import DB, better, drop_of, radar_informative, share_lost
from detectors.radar_features import CORNERS, RESIDUES, VH, VV, lost_features
from detectors.radar_statistics import most_evidence


def test_a_walled_town_is_told_and_thatch_is_not() -> None:
    # 6 dB: 0.65 + 0.35 / 4 of the power is left, which is 1.3 dB less.
    town = radar_informative(math.log(4.0), 0.1, 20, 6)
    assert town.yes
    assert "stands 6.0 dB above the ground round it" in town.words
    assert "the loss of 35% of it would lower the power by 1.3 dB" in town.words
    assert "the usual scatter is 0.4 dB" in town.words
    thatch = radar_informative(0.07, 0.1, 20, 6)
    assert not thatch.yes
    assert thatch.words.startswith("radar not informative here, because the settlement stands 0.3")
    below = radar_informative(-0.5, 0.1, 20, 6)
    assert "2.2 dB below" in below.words
    assert "by 0.0 dB" in below.words


def test_before_enough_looks_or_without_any_nothing_is_claimed() -> None:
    assert radar_informative(2.0, 0.1, 5, 6).words == "not yet known: 5 of 6 looks"
    assert not radar_informative(math.nan, math.nan, 9, 6).yes
    # It has been looked at often enough, and that is not what is lacking.
    assert "9 of 6" not in radar_informative(math.nan, math.nan, 9, 6).words


@given(st.floats(0.02, 1.0), st.floats(0.6, 3.0))
def test_the_share_that_was_lost_comes_back(share: float, contrast: float) -> None:
    drop = float(drop_of(np.array(contrast), share))
    found = share_lost(drop, 0.05, contrast)
    assert found is not None
    best, (low, high) = found
    assert best == pytest.approx(share, abs=1e-6)
    assert low <= best <= high


def test_where_rubble_would_be_as_bright_as_the_town_no_share_is_told() -> None:
    assert share_lost(0.3, 0.05, math.log(1.5)) is None
    assert share_lost(0.3, 0.05, math.nan) is None


def test_the_polarisation_that_tells_more_is_chosen() -> None:
    contrast = np.array([[1.0, 1.0], [0.2, 1.5], [np.nan, 0.5], [1.0, np.nan]])
    scatter = np.array([[0.1, 0.2], [0.1, 0.2], [0.1, 0.2], [0.1, np.nan]])
    assert better(contrast, scatter).tolist() == [0, 1, 1, 0]


def test_a_loss_moves_power_as_mixtures_of_power_do() -> None:
    core = np.array([[1.0, 2.0, 0.0, np.nan]])
    ring = core + np.array([[math.log(4.0), math.log(2.0), math.log(4.0), np.nan]])
    moved = lost_features(core, ring).reshape(len(RESIDUES), len(COVERS), 4)
    whole = COVERS.index(0.9)
    assert moved[0, whole, VV] == pytest.approx(-math.log(0.1 + 0.9 / 4.0))
    assert moved[0, whole, VH] == pytest.approx(-math.log(0.1 + 0.9 / 2.0))
    # Of the corners no more is lost than the surroundings have of their own.
    assert moved[0, whole, CORNERS] == pytest.approx(-math.log(1.0 / (1.0 + math.log(10.0))))
    assert DB * moved[2, whole, VV] < DB * moved[0, whole, VV]
    assert (lost_features(core, core - 0.5)[:, :, :3] == 0.0).all()


def test_a_score_can_say_no_more_than_the_shift_that_explains_it() -> None:
    got = most_evidence(np.array([3.0, -3.0, np.nan]), np.full(3, 1e9))
    assert got.tolist() == pytest.approx([4.5, 0.0, 0.0])
    assert most_evidence(np.array([3.0]), np.array([5.0])) == pytest.approx(3 * math.log(2.8))
