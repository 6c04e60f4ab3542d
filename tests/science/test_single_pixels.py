"""The pixel detector on a real series of one pixel; it stands alone: its scores are as they are."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from detectors import burn_pixels, kernel
from detectors.burned_patch import PatchRules
from detectors.patch_look import patch_look
from detectors.pixel_null import PixelRules
from detectors.types import PatchSet
from tests.science.pixel_series import hls

pytestmark = pytest.mark.shared_data

FIRST_AFTER = datetime(2024, 3, 23, tzinfo=UTC)
"""First clear look at the Sichuan pixel after it burned."""
RULES = PixelRules()
ONE = np.array([True])


def told(series, begins):
    """Return time, whether the pixel moved as burning does, and its nats, of every clear look.

    The series has one near infrared, which is taken for both.
    """
    patches = PatchSet(np.array([1]), np.array([0]), ONE, ONE)
    state, out = burn_pixels.new_rows(patches.counts, RULES), []
    for sensed, values, clear in zip(series.sensed, series.reflectance, series.clear, strict=True):
        if not clear:
            continue
        bands = {
            name: np.full((1, 1), value, np.float32)
            for name, value in zip(series.bands, values, strict=True)
        }
        look = patch_look(
            bands | {"B08": bands["B8A"]}, ONE[None], (np.zeros(1), np.zeros(1)), patches
        )
        seconds, suspected = int(sensed.timestamp()), ONE & (sensed >= begins)
        found = burn_pixels.weigh(state, look, ONE, ~ONE, seconds, RULES)
        state = burn_pixels.update(state, look, found, ONE, suspected, seconds, RULES, hold=False)
        nats = float(state[0, kernel.EVIDENCE]) * kernel.EVIDENCE_UNIT
        out.append((sensed, np.isfinite(found.score[0]), bool(found.burned[0]), nats))
    return out


def test_a_burned_forest_pixel_is_a_seed_on_the_second_look_and_was_quiet_for_nine_years(
    shared_data,
):
    looks = told(hls(shared_data / "hls-s2-pixel-series" / "1_hls_sc.csv"), FIRST_AFTER)
    before = [one for one in looks if one[0] < FIRST_AFTER]
    scored = sum(one[1] for one in before)
    assert scored > 450
    assert sum(one[2] for one in before) <= 2 * RULES.significance * scored
    rules = PatchRules()
    assert max(one[3] for one in before) < rules.growth
    first, second = [one for one in looks if one[0] >= FIRST_AFTER][:2]
    assert first[2]
    assert rules.growth <= first[3] < rules.seed
    assert second[0].date().isoformat() == "2024-03-29"
    assert second[3] >= rules.seed
