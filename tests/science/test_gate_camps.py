"""A year of real Belgian fields: harvest and ploughing must raise no camp.

Twelve monthly composites teach no season, so the year is laid down three times: what fields do each
year is known by the third. A camp implanted into that one is found, so that silence means a thing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import h5py
import numpy as np
import pytest
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox

from detectors.camp_change import CampChange
from detectors.types import DetectorState, GuardVerdict, Places, SceneJudgement
from hearthwatch.exercise.camps import Camp, camp_ground, camp_shares, covered
from hearthwatch.exercise.camps_surfaces import mean_covers
from imagery.types import Cause
from tests.science.figures import Figure, record

pytestmark = pytest.mark.shared_data

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
EPOCH = datetime(1990, 1, 1, tzinfo=UTC)
DATA = "s2-worldcereal-belgium"
UNGUARDED = SceneJudgement("", GuardVerdict.UNGUARDED, 0, 0, "")


@pytest.fixture(scope="module")
def months(shared_data):
    """Return the composites: time and reflectance by band."""
    path = shared_data / DATA / "worldcereal_preprocessed_inputs.nc"
    with h5py.File(path) as file:
        times = [EPOCH + timedelta(days=int(day)) for day in file["t"][:]]
        corner = float(file["x"][0]) - 5.0, float(file["y"][0]) + 5.0
        raw = np.stack([file[f"S2-L2A-{band}"][:] for band in BANDS], axis=1)
    grid = GeoBox(raw.shape[2:], Affine(10, 0, corner[0], 0, -10, corner[1]), "EPSG:32631")
    return times, np.where(raw < 0, np.nan, raw / 1e4).astype(np.float32), grid


def followed(months, detector, years, camp=None):
    """Follow the fields over the year repeated; return findings and the state after each look."""
    times, pixels, grid = months
    state, told, states = detector.start(grid), [], []
    watched = Places(np.ones(grid.shape, bool))
    ground = camp_ground(camp, tuple(grid.shape)) if camp else None
    for year in range(years):
        for sensed, bands in zip(times, pixels, strict=True):
            at = sensed + timedelta(days=365 * year)
            clear = np.isfinite(bands).all(0)
            shown = dict(zip(BANDS, bands, strict=True))
            if camp:
                shown = covered(shown, camp_shares(camp, ground, at), mean_covers())
            layers = {b: (("time", "y", "x"), v[None].astype(np.float32)) for b, v in shown.items()}
            cause = np.where(clear, np.uint8(Cause.CLEAR), np.uint8(Cause.NODATA))
            layers["cause"] = (("time", "y", "x"), cause[None])
            cube = xr.Dataset(
                layers, attrs={"acquisition": at.isoformat(), "sensed": at.isoformat()}
            )
            state, found = detector.score(state, detector.measure(cube, watched), UNGUARDED)
            told += found
            states.append(state)
    return told, states


def test_a_year_of_harvest_and_ploughing_raises_no_camp(months):
    told, states = followed(months, CampChange(), years=3)
    record(
        Figure(
            "camps: fields of Belgium, a year three times", len(told), "0", DATA,
            "findings of any state, WATCH included, on 1 km2 of fields; the year is repeated, "
            "for twelve months teach no season",
        )
    )  # fmt: skip
    assert told == []
    assert int(states[-1].scalars["looks"]) == 36


def test_a_camp_on_the_same_fields_is_found(months):
    # Without this, silence over fields would show nothing.
    start = months[0][0] + timedelta(days=2 * 365 + 100)
    camp = Camp(500.0, 500.0, 6.0, start, growth_days=100.0, seed=3)
    told, _ = followed(months, CampChange(), years=3, camp=camp)
    assert {one.state for one in told} >= {DetectorState.PROBABLE}
    found = next(one for one in told if one.state is DetectorState.PROBABLE)
    assert found.first_changed >= start
    assert found.evidence["area_low_ha"] <= 6.0 * 1.2
    record(
        Figure(
            "camps: 6 ha implanted on fields of Belgium", found.evidence["area_ha"], "", DATA,
            f"hectares told at PROBABLE, {found.looks} monthly composites after its beginning",
            (found.evidence["area_low_ha"], found.evidence["area_high_ha"]),
        )
    )  # fmt: skip
