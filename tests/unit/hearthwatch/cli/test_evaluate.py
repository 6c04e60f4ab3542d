"""`hearthwatch evaluate`: what it refuses before anything is computed, and a small replay."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from hearthwatch.cli.evaluate import MARGIN_M, ground_of, start_afresh
from hearthwatch.errors import SettingsError
from hearthwatch.settings import Settings
from hearthwatch.watchlist import read_settlements
from tests.support import watched

TRUTH = "place,earliest,latest,kind\nOak,2018-08-01,2018-08-02,burned\n"


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Eighteen looks at a square of forest, in which nothing burns; no test changes them."""
    return watched.write_looks(tmp_path_factory.mktemp("evaluate") / "looks", 18)


@pytest.fixture
def case(tmp_path, scenes):
    """Return `f(*words, settlements=, truth=)`, which gives the words of a command that works."""
    x, y = watched.ORIGIN
    to_degrees = Transformer.from_crs("EPSG:32634", "OGC:CRS84", always_xy=True)
    lon, lat = to_degrees.transform(x + 200, y - 300)
    usual = f"name,longitude,latitude,radius_m\nOak,{lon},{lat},80\n"

    def words(*more, settlements=usual, truth=TRUTH):
        (tmp_path / "places.csv").write_text(settlements)
        (tmp_path / "truth.csv").write_text(truth)
        return (
            "evaluate", "--catalogue", scenes, "--settlements", "places.csv",
            "--truth", "truth.csv", "--out", "report", *more,
        )  # fmt: skip

    return words


@pytest.mark.parametrize("missing", ["--settlements", "--truth", "--out"])
def test_what_is_needed_must_be_named(case, failure, missing):
    words = list(case())
    del words[words.index(missing) : words.index(missing) + 2]
    status, code, message = failure(*words)
    assert (status, code) == (2, "usage")
    assert missing in message


def test_a_catalogue_must_be_named(case, failure):
    words = [word for i, word in enumerate(case()) if i not in (1, 2)]
    assert failure(*words)[:2] == (11, "settings")


def test_a_period_that_ends_before_it_begins_is_refused(case, failure):
    status, code, message = failure(*case("--from", "2018-09-01", "--until", "2018-08-01"))
    assert (status, code) == (2, "usage")
    assert "--from lies after --until" in message


def test_faults_of_the_settlements_are_listed(case, failure):
    status, code, message = failure(
        *case(settlements="name,lon,lat\nOak,x,45\nElm,22,45\n")
    )  # fmt: skip
    assert (status, code) == (12, "region")
    assert "line 2 (Oak) has the longitude 'x'" in message
    assert "line 3 (Elm) is a point without a radius" in message


def test_faults_of_the_truth_are_listed_and_nothing_is_written(case, failure, tmp_path):
    truth = "place,earliest,latest,kind\nElm,2018-08-01,2018-08-02,burned\nOak,soon,,burned\n"
    status, code, message = failure(*case(truth=truth))
    assert (status, code) == (21, "truth")
    assert "line 2 names the place 'Elm'" in message
    assert "line 3 has the earliest 'soon'" in message
    assert not (tmp_path / "report").exists()


def test_scenes_of_somewhere_else_are_refused(case, failure):
    status, code, message = failure(
        *case(settlements="name,lon,lat,radius_m\nOak,25.3,13.6,80\n")
    )  # fmt: skip
    assert (status, code) == (13, "catalogue")
    assert "no scene of the settlements" in message


def test_a_replay_that_would_end_before_the_first_scene_is_refused(case, failure):
    assert failure(*case("--until", "2017-01-01"))[1] == "catalogue"


@pytest.mark.parametrize("detector", ["flooded", "ground_change"])
def test_a_detector_that_follows_no_settlements_is_refused(case, failure, detector):
    status, code, message = failure(*case("--detector", detector))
    assert (status, code) == (12, "region")
    assert detector in message


def test_a_folder_that_holds_something_else_is_left_alone(case, failure, tmp_path):
    own = tmp_path / "report" / "data" / "hearthwatch.sqlite"
    own.parent.mkdir(parents=True)
    own.write_text("precious")
    status, code, message = failure(*case())
    assert (status, code) == (11, "settings")
    assert "holds something else" in message
    assert own.read_text() == "precious"


def test_starting_afresh_keeps_pulled_pixels_and_nothing_else(tmp_path):
    data = tmp_path / "data"
    start_afresh(data)
    for name in ("archive/a.tif", "state/b.slab", "hearthwatch.sqlite", "hearthwatch.sqlite-wal"):
        path = data / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    start_afresh(data)
    left = {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
    assert left == {"archive/a.tif", "evaluation"}
    (data / "evaluation").unlink()
    with pytest.raises(SettingsError):
        start_afresh(data)


@pytest.mark.parametrize("lons", [(25.1, 25.4), (179.9, -179.9), (-60.0, -59.9)])
def test_the_ground_holds_every_settlement_with_its_ring(tmp_path, lons):
    rows = "\n".join(f"P{lon},{lon},13.6,300" for lon in lons)
    path = tmp_path / "places.csv"
    path.write_text(f"name,lon,lat,radius_m\n{rows}")
    areas = read_settlements(path, Settings())
    ground = ground_of(areas, Settings()).geometry
    geod = Geod(ellps="WGS84")
    for lon in lons:
        x, y, _ = geod.fwd([lon] * 8, [13.6] * 8, np.arange(0, 360, 45), [300 + 1900] * 8)
        assert shapely.covers(ground, shapely.points(x, y)).all()
    # A strip as long as the places are apart and two margins wide, not a belt round the earth.
    apart = geod.inv(lons[0], 13.6, lons[1], 13.6)[2]
    bound = (apart + 4 * MARGIN_M) * (4 * MARGIN_M) / 1e6
    assert ground_of(areas, Settings()).area_km2 < bound


def test_a_replay_is_evaluated_and_written_and_gives_no_place_away(case, call, tmp_path):
    status, out, _ = call(*case("--until", "2018-12-31"))
    assert status == 0
    told = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    html = (tmp_path / "report" / "evaluation.html").read_text()
    assert told["mode"] == "actual"
    assert told["evaluated"]["detector"] == "burned"
    assert told["evaluated"]["scenes"] == 18
    assert (told["evaluated"]["settlements"], told["evaluated"]["truths"]) == (1, 1)
    assert told["evaluated"]["settlement_looks"] == 18
    # In a forest that stands still the one event named is missed, and nothing else is said.
    for level in told["levels"].values():
        assert level["missed"] == 1
        assert level["recall"]["of"] == 1
    assert "missed" in out
    assert "Oak" not in html + json.dumps(told) + out
    assert told["settlements"][0]["lon"] is None


def test_an_evaluation_can_be_made_again_with_places_and_another_period(case, document, tmp_path):
    words = ("--with-places", "--from", "2018-08-01", "--until", "2018-12-31")
    for _ in range(2):
        status, answer = document(*case(*words, truth=TRUTH.splitlines()[0]))
        assert status == 0
    told = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert answer["levels"] == told["levels"]
    assert told["settlements"][0]["name"] == "Oak"
    assert told["evaluated"]["from"] == "2018-08-01T00:00:00Z"
    assert len(told["evaluated"]["acquisitions"]) == 18
    assert told["truths"] == []
    first = told["settlements"][0]["usable_looks"][0]
    begin, end = (datetime.fromisoformat(t) for t in (first, told["evaluated"]["to"]))
    begin = max(begin, datetime(2018, 8, 1, tzinfo=UTC))
    assert told["settlements"][0]["armed_days"] == (end.date() - begin.date()).days > 0


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "often"])
def test_a_base_rate_that_is_none_is_refused(case, failure, rate):
    status, code, message = failure(*case(f"--base-rate={rate}"))
    assert (status, code) == (2, "usage")
    assert "is not a number above 0" in message


def test_the_provider_can_be_named_for_one_evaluation(case, failure):
    _, code, message = failure(*case("--provider", "stack"))
    assert code == "settings"
    assert "stack" in message
