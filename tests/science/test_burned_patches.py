"""Burns of a block of a core, implanted into real pixels: which pixels are said to have burned."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from detectors.burned_patch import PatchRules, burned_patch
from hearthwatch.exercise.model import Burn
from tests.science.laid_patches import EPSG, RULES, follow, lay_patches, west_half

pytestmark = pytest.mark.slow

COVER = 0.9
"""Share of each pixel of the block that burns: residues then show on 72 % of it, and fade."""
LOOKS = 6
ZONE = GeoBox((1, 1), Affine(10, 0, 0, 0, -10, 0), f"EPSG:{EPSG}")


@pytest.fixture(scope="module")
def ground(sample_catalogue):
    return lay_patches(sample_catalogue, 60.0, 165.0, 110.0)


@pytest.fixture(scope="module")
def burns(ground):
    return {
        place: (Burn(datetime(2019, 4 + place % 5, 1, tzinfo=UTC), 1.0), west_half(ground, place))
        for place in range(0, ground.placebo.size, 4)
    }


@pytest.fixture(scope="module")
def followed(ground, burns):
    return follow(ground, burns, COVER)[1]


def overlap(ground, followed, place, burn, block):
    """Dice inside the core after so many looks at a burned place; None where there are fewer."""
    mine = ground.of(place)
    after = [
        one
        for one in followed
        if one[0].sensed >= burn.date and np.isfinite(one[2].score[mine]).mean() > 0.7
    ]
    if len(after) < LOOKS:
        return None
    first, (scene, look, found, state) = after[0][0], after[LOOKS - 1]
    times = (int(one.sensed.timestamp()) for one in (first, scene))
    patch = burned_patch(
        state, look, found, place, *times, ZONE, PatchRules(), RULES.kernel.training
    )
    said = np.zeros(block.size, bool) if patch is None else patch.mask
    said = said & ground.patches.core[mine]
    return 2.0 * (said & block).sum() / (said.sum() + block.sum())


def test_the_burned_block_of_a_core_is_drawn_right_in_most_places(ground, burns, followed):
    dice = [overlap(ground, followed, place, *burn) for place, burn in burns.items()]
    told = [one for one in dice if one is not None]
    assert len(told) >= 10
    assert np.median(told) >= 0.6


def test_on_half_of_the_looks_no_more_pixels_are_false_than_three_times_the_p_value(
    ground, burns, followed
):
    place = np.repeat(np.arange(ground.placebo.size), ground.patches.counts)
    quiet = ~ground.placebo[place] & ~np.isin(place, list(burns))
    shares = []
    for _, _, found, _ in followed:
        judged = np.isfinite(found.score) & quiet
        if judged.sum() >= 500:
            shares.append((found.burned & judged).sum() / judged.sum())
    assert len(shares) > 80
    assert np.median(shares) <= 3.0 * RULES.significance
