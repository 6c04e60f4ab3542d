"""What a worker measured reaches the one that scores whole: no product passes for another."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from detectors.radar import Radar
from detectors.types import Features, GuardVerdict, SceneJudgement
from hearthwatch.pipeline.features_file import keep_features, load_features
from tests.science.radar_bursts import GRID, cube_of, laid

UNJUDGED = SceneJudgement("", GuardVerdict.UNGUARDED, 0, 0, "no placebos are laid")
SENSED = datetime(2023, 12, 3, 1, 59, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def look() -> Features:
    power = np.random.default_rng(5).gamma(10.0, 0.01, (2, 100, 100)).astype(np.float32)
    return Radar().measure(cube_of(power, SENSED, GRID), laid((100, 100), [(50, 50)], 150.0))


@pytest.mark.parametrize("product", ["sentinel-1-rtc", "sentinel-1-grd", ""])
def test_a_look_is_read_back_as_it_was_kept(look: Features, product: str, tmp_path: Path) -> None:
    kept = dataclasses.replace(look, sensor=product)
    found = load_features(keep_features(tmp_path, kept))
    for field in dataclasses.fields(Features):
        if field.name not in ("places", "pixels"):
            assert getattr(found, field.name) == getattr(kept, field.name)
    assert found.places is not None and kept.places is not None
    np.testing.assert_array_equal(found.places.values, kept.places.values)


def test_levels_of_two_products_of_one_orbit_are_kept_apart(look: Features, tmp_path: Path) -> None:
    detector, orbits = Radar(), []
    for product in ("sentinel-1-rtc", "sentinel-1-grd"):
        read = load_features(keep_features(tmp_path, dataclasses.replace(look, sensor=product)))
        after, _ = detector.score(detector.start(GRID), read, UNJUDGED)
        orbits.append(after.scalars["orbits"])
    assert orbits == ["sentinel-1-rtc/137", "sentinel-1-grd/137"]
