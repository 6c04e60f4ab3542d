"""Every provider shows the ground that the files show, and a server that lies is found out.

A stand-in that serves the same disk proves nothing by agreeing; that its lies are found out does.
"""

import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from imagery.cube import build_cube
from imagery.errors import IntegrityError, NotYet
from imagery.looks import group_acquisitions
from imagery.providers.folder import FolderProvider
from imagery.types import Chip, ImageryProvider, Query
from tests.standin import spoiling
from tests.support.catalogue import forest, grid, make_catalogue
from tests.support.sources import EVERY, opened

DAY = datetime(2019, 5, 1, 10, tzinfo=UTC)
AT_ALL = Query(box(-180, -90, 180, 90), DAY - timedelta(days=9), DAY + timedelta(days=9))
BANDS = ("B04", "B08", "B11", "SCL")
TRUE = [one for one in EVERY if one != "earth-search-legacy"]
NEGATIVE = 65_536 - 100
"""A reflectance of -0.01 before it is raised by 1000: then it is 900, and not 0."""


def ground(sensed: datetime) -> dict[str, np.ndarray]:
    """Forest with numbers that differ from pixel to pixel, a tenth of them below nought."""
    drawn = dict(forest(11, cloudy=0, overcast=0)(sensed))
    for band in ("B04", "B08"):
        drawn[band] = drawn[band].copy()
        drawn[band].flat[::10] = NEGATIVE
    return drawn


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shifted")
    make_catalogue(folder, [DAY], ground, baseline="05.00", offset=True)
    return folder


def read_first(provider: ImageryProvider) -> Chip:
    look = group_acquisitions(provider.search(AT_ALL))[0]
    return provider.read(look.scenes, grid(size=20), BANDS, 60.0)


def require_same_ground(provider: ImageryProvider, oracle: ImageryProvider) -> None:
    """Compare what a provider shows with the files themselves, on one grid of 10 m.

    Raises
    ------
    AssertionError
        If a pixel differs by more than half of the smallest step of reflectance.
    """
    area = grid(size=20)
    got, truth = (build_cube([read_first(one)], area, BANDS) for one in (provider, oracle))
    assert set(got.data_vars) == set(truth.data_vars)
    for band in truth.data_vars:
        np.testing.assert_allclose(got[band].values, truth[band].values, atol=5e-5, err_msg=band)


@pytest.mark.parametrize(
    "name", [one for one in EVERY if one not in ("folder", "earth-search-legacy")]
)
def test_every_provider_shows_the_ground_that_the_files_show(name, shifted, tmp_path):
    with opened(name, shifted, tmp_path) as source:
        require_same_ground(source.provider, FolderProvider(shifted))


def test_the_older_earth_search_differs_only_where_it_cuts_off_what_is_below_nought(
    shifted, tmp_path
):
    """Its files were shifted back and cut at 0, which then reads as "nothing seen"."""
    with opened("earth-search-legacy", shifted, tmp_path) as source:
        area = grid(size=20)
        got, truth = (
            build_cube([read_first(one)], area, ["B04"])["B04"].values
            for one in (source.provider, FolderProvider(shifted))
        )
    np.testing.assert_array_equal(np.isnan(got), truth < 0)
    np.testing.assert_allclose(got[truth > 0], truth[truth > 0], atol=5e-5)


LIES = {
    "an offset applied twice": spoiling.offset_added(),
    "half a pixel of shift in the pixels": spoiling.pixels_shifted(),
    "half a pixel of shift in the grid": spoiling.transform_shifted(),
    "negatives cut off": spoiling.clamped(),
    "one value everywhere": spoiling.constant(),
    "nothing seen": spoiling.all_nodata(),
}


@pytest.mark.parametrize("name", ["planetary-computer", "cdse", "sentinelhub"])
@pytest.mark.parametrize("lie", LIES)
def test_a_server_that_lies_is_found_out(name, lie, shifted, tmp_path):
    """By the provider where the answer itself shows it, else by comparing with the files."""
    with opened(name, shifted, tmp_path) as source:
        source.standin.files.spoilt["*", "*"] = LIES[lie]
        source.standin.always["process"] = LIES[lie]
        with pytest.raises((AssertionError, IntegrityError, NotYet)):
            require_same_ground(source.provider, FolderProvider(shifted))


def test_the_accounts_secret_is_in_no_pickle_no_repr_and_no_record(shifted, tmp_path):
    with opened("sentinelhub", shifted, tmp_path) as source:
        chip = read_first(source.provider)
        shown = pickle.dumps(source.provider) + repr((source.provider, chip.provenance)).encode()
        assert source.standin.account.client_secret.encode() not in shown
