"""Ground is drawn, and what a cell shows must be what can be reckoned by hand."""

import numpy as np
import pytest
import xarray as xr

from detectors.area_look import FEATURE_BOUND
from detectors.camp_features import CHAR, NAMES, ROWS, WET, cell_features, cell_shape
from detectors.kernel import FEATURE_UNIT, NO_DATA

SIDE = 24
CLEAR = np.ones((SIDE, SIDE), bool)
FLAT = {"B02": 0.06, "B03": 0.08, "B04": 0.09, "B08": 0.20, "B11": 0.25, "B12": 0.22}


def look(**bands):
    layers = {
        band: (("y", "x"), np.broadcast_to(value, (SIDE, SIDE)).astype(np.float32))
        for band, value in {**FLAT, **bands}.items()
    }
    return xr.Dataset(layers)


def shown(features, at, cell=(5, 5)):
    return features[at][cell] * FEATURE_UNIT


def test_flat_ground_shows_what_its_bands_say():
    features = cell_features(look(), CLEAR)
    assert features.shape == (len(NAMES), 12, 12)
    assert shown(features, 0) == pytest.approx(np.log(0.09 / 0.20), abs=3e-4)
    assert shown(features, 1) == pytest.approx(np.log((0.06 + 0.08 + 0.09) / 3), abs=3e-4)
    assert shown(features, 2) == pytest.approx(-FEATURE_BOUND, abs=3e-4)
    assert shown(features, WET) == pytest.approx((0.08 - 0.25) / 0.33, abs=3e-4)
    assert shown(features, CHAR) == pytest.approx(-(0.20 - 0.22) / 0.42, abs=3e-4)


def test_an_even_slope_has_no_texture_and_roofs_have():
    slope = 0.1 * np.exp(0.02 * np.arange(SIDE))[None, :]
    even = cell_features(look(B02=slope, B03=slope, B04=slope), CLEAR)
    assert shown(even, 2) == pytest.approx(-FEATURE_BOUND, abs=3e-4)
    roofs = np.where(np.add.outer(np.arange(SIDE), np.arange(SIDE)) % 2, 0.1, 0.2)
    rough = cell_features(look(B02=roofs, B03=roofs, B04=roofs), CLEAR)
    # Each neighbour of a pixel differs from it by ln 2: the Laplacian is four times that.
    assert shown(rough, 2) == pytest.approx(np.log(4 * np.log(2.0)), abs=0.01)


def test_stripes_have_one_direction_and_noise_has_none():
    stripes = 0.1 + 0.05 * np.sin(np.arange(SIDE) * 0.9)[:, None]
    bands = dict.fromkeys(("B02", "B03", "B04"), stripes)
    assert shown(cell_features(look(**bands), CLEAR), ROWS) > 0.95
    noise = 0.1 + 0.02 * np.random.default_rng(1).random((SIDE, SIDE))
    bands = dict.fromkeys(("B02", "B03", "B04"), noise)
    assert shown(cell_features(look(**bands), CLEAR), ROWS) < 0.6


def test_a_cell_half_under_cloud_is_not_seen_and_its_edge_lends_no_texture():
    clear = CLEAR.copy()
    clear[:, 10:] = False
    clear[0, 0] = False
    bands = look()
    bands["B04"].values[:, 10:] = 0.9
    features = cell_features(bands, clear)
    assert (features[:, :, 5:] == NO_DATA).all()
    # Three of four pixels are enough.
    assert features[0, 0, 0] != NO_DATA
    assert shown(features, 2, (5, 4)) == pytest.approx(-FEATURE_BOUND, abs=3e-4)


def test_an_odd_edge_has_cells_of_its_own():
    assert cell_shape((25, 24)) == (13, 12)
