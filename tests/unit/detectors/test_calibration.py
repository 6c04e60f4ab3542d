"""Which thresholds hold for a place: the narrowest stratum that has any, else those of all."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from detectors.calibration import (
    BUILT_IN,
    DENSE,
    GREEN,
    LARGE,
    POOLED,
    SMALL,
    SPARSE,
    Calibration,
    Thresholds,
    strata,
)

GREENNESS = st.one_of(st.just(math.nan), st.floats(-1.0, 3.0))
LOOKS = st.one_of(st.just(math.nan), st.floats(0.0, 80.0))
PIXELS = st.integers(0, 500)


@given(GREENNESS, LOOKS, PIXELS)
def test_strata_go_from_the_narrowest_to_all_places(
    greenness: float, looks: float, pixels: int
) -> None:
    keys = strata(greenness, looks, pixels)
    assert keys[-1] == POOLED
    assert len(set(keys)) == len(keys)
    for narrow, wide in pairwise(keys):
        assert narrow.startswith(wide)
        assert narrow.count("/") == wide.count("/") + (wide != POOLED)
    # What is not known of a place, and all that is told below it, splits no stratum.
    known = (not math.isnan(greenness), not math.isnan(looks), pixels > 0)
    depth = known.index(False) if False in known else len(known)
    assert len(keys) == depth + 1


def test_the_bounds_of_strata_belong_to_the_upper_one() -> None:
    assert strata(GREEN, SPARSE, SMALL)[0] == "green/usual/middling"
    assert strata(GREEN - 0.01, SPARSE - 0.01, SMALL - 1)[0] == "bare/sparse/small"
    assert strata(GREEN + 1, DENSE, LARGE)[0] == "green/dense/large"
    assert strata(GREEN + 1, DENSE - 0.01, LARGE - 1)[0] == "green/usual/middling"


def test_a_place_of_which_nothing_is_known_is_of_the_pool() -> None:
    assert strata(math.nan, 20.0, 30) == (POOLED,)


def set_of(*keys: str) -> Calibration:
    """Return a set in which the thresholds of each stratum are numbered."""
    each = {key: Thresholds(n, n + 1.0, n + 2.0) for n, key in enumerate(keys)}
    return Calibration("drawn", {POOLED: BUILT_IN, **each})


def test_the_narrowest_stratum_with_thresholds_holds() -> None:
    chosen = set_of("green", "green/usual", "bare/usual")
    keys = strata(GREEN, SPARSE, SMALL)
    assert chosen.for_stratum(keys) == chosen.thresholds["green/usual"]
    assert chosen.for_stratum(strata(GREEN, DENSE, 0)) == chosen.thresholds["green"]
    assert chosen.for_stratum(strata(GREEN - 1, DENSE, SMALL)) == BUILT_IN
    assert chosen.for_stratum(()) == BUILT_IN


def test_a_set_of_nobody_is_built_in_and_has_no_name() -> None:
    own = Calibration()
    assert own.id == ""
    assert dict(own.thresholds) == {POOLED: BUILT_IN}
    # Each state asks for more than the one before.
    assert BUILT_IN.watch < BUILT_IN.probable < BUILT_IN.established
