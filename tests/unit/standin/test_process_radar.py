"""Radar as the Process stand-in serves it: what was drawn, if it is asked for as it must be."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from tests.standin import Standin
from tests.support.catalogue import sensed_at
from tests.support.plain_client import process, process_body, raster
from tests.support.radar import ASCENDING, DESCENDING, make_radar_catalogue, radar_truth

DAY = date(2020, 6, 1)
RTC = {"orthorectify": True, "backCoeff": "GAMMA0_TERRAIN"}


@pytest.fixture(scope="module")
def radar(tmp_path_factory):
    with Standin(
        make_radar_catalogue(tmp_path_factory.mktemp("radar"), [DAY], radar_truth(5))
    ) as running:
        yield running


def ask_radar(server, processing, direction="DESCENDING"):
    asked = process_body(
        bands=("VV", "VH", "dataMask"), kind="sentinel-1-grd", processing=processing,
        filter={"orbitDirection": direction},
    )  # fmt: skip
    return raster(process(server, asked).body).data


@pytest.mark.parametrize("track", [ASCENDING, DESCENDING])
def test_terrain_flattened_power_is_what_was_drawn(radar, track):
    sensed = datetime.combine(DAY, track.at, sensed_at(DAY).tzinfo)
    truth = radar_truth(5)(sensed, track)
    first, last = (round(60 * part) for part in track.swath)
    got = ask_radar(radar, RTC, track.direction.upper())
    for n, band in enumerate(("VV", "VH")):
        np.testing.assert_array_equal(got[n, :, first:last], truth[band][:, first:last])
    inside = np.zeros((60, 60), bool)
    inside[:, first:last] = True
    np.testing.assert_array_equal(got[2] == 1, inside)
    assert (got[:2][:, ~inside] == 0).all()


@pytest.mark.parametrize("naive", [{}, {"orthorectify": True}, {"backCoeff": "SIGMA0_ELLIPSOID"}])
def test_a_naive_request_gets_visibly_other_numbers(radar, naive):
    right, wrong = ask_radar(radar, RTC)[0], ask_radar(radar, naive)[0]
    seen = (right > 0) & (wrong > 0)
    assert np.median(np.abs(wrong[seen] / right[seen] - 1)) > 0.15


def test_filters_choose_the_pass(radar):
    assert ask_radar(radar, RTC, "ASCENDING")[2, 0, 0] == 1
    assert ask_radar(radar, RTC, "DESCENDING")[2, 0, 0] == 0
