"""Severity is held against the published formulas and class bounds."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.severity import class_of, severity


@pytest.mark.parametrize(
    ("drop", "name"),
    [
        (-0.3, "high regrowth"), (-0.2, "low regrowth"), (0.0, "unburned"), (0.1, "low"),
        (0.26, "low"), (0.27, "moderate-low"), (0.44, "moderate-high"), (0.66, "high"),
        (1.2, "high"),
    ],
)  # fmt: skip
def test_the_classes_are_those_of_key_and_benson(drop, name):
    assert class_of(drop) == name


def test_severity_is_that_of_the_reflectances():
    # B8A .30 and B12 .20 before, .12 and .18 after: NBR .2 and -.2.
    before, after = np.log([0.20 / 0.30]), np.log([0.18 / 0.12])
    found = severity(before, after)
    assert found.dnbr == pytest.approx(0.4)
    assert found.rbr == pytest.approx(0.4 / 1.201)
    assert (found.name, found.pixels) == ("moderate-low", 1)


def test_pixels_that_were_not_seen_take_no_part():
    before, after = np.zeros(3), np.array([np.nan, 1.0, np.nan])
    assert severity(before, after).pixels == 1
    assert severity(before, np.full(3, np.nan)) is None
