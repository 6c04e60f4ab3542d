"""Faults of STAC catalogues met over a real connection, with the stand-in at the other end."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import box

from imagery.errors import NotYet, Permanent, Transient
from imagery.looks import group_acquisitions
from imagery.types import Query
from tests.standin import faults
from tests.support.catalogue import forest, grid, make_catalogue
from tests.support.sources import opened

DAY = datetime(2023, 5, 1, 10, tzinfo=UTC)
ON_THE_DAY = Query(box(-180, -90, 180, 90), DAY, DAY)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    make_catalogue(folder, [DAY], forest(3, cloudy=0, overcast=0), baseline="05.00", offset=True)
    return folder


@pytest.fixture(params=["earth-search", "planetary-computer"])
def source(request, scenes, tmp_path):
    with opened(request.param, scenes, tmp_path) as source:
        yield source


def read(source, look=None):
    look = look or group_acquisitions(source.provider.search(ON_THE_DAY))[0]
    return source.provider.read(look.scenes, grid(size=20), ["B04"], 30.0)


def test_f57_a_scene_whose_files_are_not_there_yet_is_asked_for_later(source):
    source.standin.not_ready = {scene.id for scene in source.standin.scenes()}
    with pytest.raises(NotYet, match="listed but not there yet"):
        read(source)
    source.standin.not_ready = set()
    assert read(source).layers[0].dn.any()


def test_f28_a_part_that_is_cut_off_is_asked_for_again(source):
    whole = read(source)
    source.standin.faults["files"].extend([faults.cut(), faults.cut()])
    again = read(source)
    np.testing.assert_array_equal(again.layers[0].dn, whole.layers[0].dn)
    assert again.provenance.cost.requests >= 3
    assert again.provenance.sources == whole.provenance.sources


def test_f31_a_page_of_html_in_place_of_pixels_is_asked_for_again(source):
    whole = read(source)
    source.standin.faults["files"].append(faults.html())
    np.testing.assert_array_equal(read(source).layers[0].dn, whole.layers[0].dn)


def test_f34_a_file_that_is_said_to_be_elsewhere_is_not_looked_for_there(source):
    source.standin.always["files"] = faults.redirect("http://169.254.169.254/latest/meta-data")
    with pytest.raises(Permanent, match="never followed"):
        read(source)


def test_f23_a_server_that_stays_broken_is_an_error_that_passes(source):
    source.standin.always["files"] = faults.status(503)
    with pytest.raises(Transient):
        read(source)


def test_f7_a_signature_that_ends_before_its_time_is_renewed_once(scenes, tmp_path):
    with opened("planetary-computer", scenes, tmp_path) as source:
        (look,) = group_acquisitions(source.provider.search(ON_THE_DAY))
        whole = read(source, look)
        source.standin.files._signatures.clear()
        again = read(source, look)
        np.testing.assert_array_equal(again.layers[0].dn, whole.layers[0].dn)
        assert len(source.standin.calls("sas")) == 2


def test_f58_a_look_found_before_is_read_while_the_catalogue_is_down(source):
    (look,) = group_acquisitions(source.provider.search(ON_THE_DAY))
    source.standin.always["stac"] = faults.status(502)
    assert read(source, look).layers[0].dn.any()
    with pytest.raises(Transient):
        list(source.provider.search(ON_THE_DAY))
