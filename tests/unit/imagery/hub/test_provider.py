"""Pixels through the provider, from a stand-in of the service, against what was drawn."""

import json
import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from odc.geo.crs import CRS
from pyproj import Transformer
from shapely.geometry import box

from imagery.cube import build_cube, check_cube
from imagery.errors import NotYet, Permanent, Transient
from imagery.hub.statistics import Place
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.providers.sentinelhub import SentinelHubProvider
from imagery.registry import create_provider
from imagery.types import Cause, Cost, ImageryProvider
from tests.standin import faults
from tests.support.catalogue import every, forest, grid, make_catalogue
from tests.support.hub import WORLD, hasty, looks, serving
from tests.support.radar import DESCENDING, make_radar_catalogue, radar_truth

__all__ = ["hasty"]
pytestmark = pytest.mark.usefixtures("hasty")

BANDS = ("B04", "B08", "B11", "SCL")
DAYS = every(date(2019, 5, 1), date(2019, 5, 6))
DRAWN = forest(3, cloudy=0, overcast=0)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    make_catalogue(folder, DAYS, DRAWN)
    return folder


@pytest.fixture
def served(catalogue, tmp_path):
    with serving(catalogue, tmp_path) as both:
        yield both


def first_read(provider, place=None, bands=BANDS, deadline=60.0):
    look = looks(provider)[0]
    return provider.read(look.scenes, place or grid(), bands, deadline)


def layers(chip):
    return {band: (layer, dn) for layer in chip.layers
            for band, dn in zip(layer.bands, layer.dn, strict=True)}  # fmt: skip


def test_bands_of_10_and_20_m_are_what_was_drawn_each_on_its_own_pixels(served):
    server, provider = served
    chip = first_read(provider)
    drawn, got = DRAWN(DAYS[0]), layers(chip)
    for band in ("B04", "B08"):
        layer, dn = got[band]
        assert layer.geobox == grid()
        np.testing.assert_array_equal(dn, drawn[band])
    for band in ("B11", "SCL"):
        layer, dn = got[band]
        # 120 m around, for the clouds' sake, of which nothing was drawn.
        assert layer.geobox == grid(origin=(629_880.0, 4_952_120.0), size=42, pixel_m=20.0)
        np.testing.assert_array_equal(dn[6:-6, 6:-6], drawn[band])
        assert dn.sum() == drawn[band].sum()
    assert len(server.calls("process")) == 2 and server.tokens_issued == 1


@pytest.mark.parametrize(("baseline", "offset"), [("02.14", False), ("05.00", True)])
def test_reflectance_is_what_was_drawn_on_both_sides_of_the_offset(tmp_path, baseline, offset):
    make_catalogue(tmp_path / "c", DAYS[:1], DRAWN, baseline=baseline, offset=offset)
    with serving(tmp_path / "c", tmp_path) as (_, provider):
        cube = build_cube([first_read(provider)], grid(), ["B04", "B08"])
    check_cube(cube)
    for band in ("B04", "B08"):
        np.testing.assert_allclose(cube[band].values[0], DRAWN(DAYS[0])[band] * 1e-4, atol=1e-6)


def test_f48_numbers_below_zero_reflectance_come_through(tmp_path):
    dark = {"B04": np.full((60, 60), 120, np.uint16)}
    dark["B04"][::2] = 700
    make_catalogue(
        tmp_path / "c", DAYS[:1], lambda at: dark, baseline="05.00", offset=False
    )  # fmt: skip
    # The files hold 120 and 700 where 1000 stands for zero; the item says so.
    for item in (tmp_path / "c").glob("*/*.json"):
        item.write_text(item.read_text().replace('"offset": 0.0', '"offset": -0.1'))
    with serving(tmp_path / "c", tmp_path) as (_, provider):
        cube = build_cube([first_read(provider, bands=("B04",))], grid(), ["B04"])
    assert cube["B04"].values[0, 1, 0] == pytest.approx(-0.088)
    assert cube["B04"].values[0, 0, 0] == pytest.approx(-0.03)


def test_a_grid_beyond_the_limit_is_read_in_parts_and_put_together(catalogue, tmp_path):
    with serving(catalogue, tmp_path / "a") as (_, provider):
        whole = first_read(provider)
    with serving(catalogue, tmp_path / "b", most_side=25) as (server, provider):
        look = looks(provider)[0]
        estimate = provider.estimate(look.scenes, grid(), BANDS)
        parted = provider.read(look.scenes, grid(), BANDS, 60.0)
        asked = [call.document["output"] for call in server.calls("process")]
    assert {one["width"] for one in asked} <= {20, 21} and len(asked) == 9 + 4
    assert estimate.requests == 13 == parted.provenance.cost.requests
    for one, other in zip(whole.layers, parted.layers, strict=True):
        assert one.geobox == other.geobox and one.bands == other.bands
        np.testing.assert_array_equal(one.dn, other.dn)
    assert len(parted.originals) == 13 == len({original.sha256 for original in parted.originals})
    names = [source.name for source in parted.provenance.sources]
    assert names[0] == "process 10 m, window 1 of 9" and names[-1] == "process 20 m, window 4 of 4"


@pytest.mark.parametrize("crs", ["EPSG:32635", "EPSG:3035"])
def test_what_was_drawn_is_found_at_its_place_in_another_projection(tmp_path, crs):
    """Each pixel bears its own number; half a pixel of shift gives other numbers."""
    numbers = (np.arange(60 * 60) + 1).reshape(60, 60).astype(np.uint16)
    make_catalogue(tmp_path / "c", DAYS[:1], lambda at: {"B04": numbers})
    there = Transformer.from_crs("EPSG:32634", crs, always_xy=True)
    middle = there.transform(630_300.0, 4_951_700.0)
    wanted = grid(crs, (middle[0] - 201.3, middle[1] + 198.7), 40)
    with serving(tmp_path / "c", tmp_path) as (_, provider):
        chip = first_read(provider, wanted, ["B04"])
    cols, rows = np.meshgrid(np.arange(40) + 0.5, np.arange(40) + 0.5)
    back = Transformer.from_crs(crs, "EPSG:32634", always_xy=True)
    x, y = back.transform(*(wanted.transform @ (cols, rows)))
    truth = numbers[((4_952_000 - y) // 10).astype(int), ((x - 630_000) // 10).astype(int)]
    # Warping is exact to an eighth of a pixel: few of the centres lie so near an edge.
    assert (chip.layers[0].dn[0] == truth).mean() > 0.9
    shifted = np.roll(truth, 1, axis=1)
    assert (chip.layers[0].dn[0] == shifted).mean() < 0.1


def test_a_datatake_in_two_zones_is_read_as_one(tmp_path):
    make_catalogue(tmp_path / "c", DAYS[:1], DRAWN, other_zone="EPSG:32635")
    with serving(tmp_path / "c", tmp_path) as (server, provider):
        (look,) = looks(provider)
        chip = provider.read(look.scenes, grid(), ("B08",), 60.0)
        assert len(server.calls("process")) == 1
    assert len(chip.provenance.scene_ids) == 2 == len(chip.provenance.item_sha256)
    got, drawn = chip.layers[0].dn[0], DRAWN(DAYS[0])["B08"]
    # The western tile alone reaches to nearly 40 %; beyond, two warps move a pixel by one at most.
    np.testing.assert_array_equal(got[:, :22], drawn[:, :22])
    near = [np.roll(drawn, step, (0, 1)) for step in np.ndindex(3, 3)]
    near = np.roll(near, (-1, -1), (1, 2))[:, 2:-2, 22:-2]
    assert (near == got[2:-2, 22:-2]).any(axis=0).all()


def test_a_look_ahead_at_the_classes_is_one_small_request(served):
    server, provider = served
    look = looks(provider)[0]
    overview = grid(size=86, pixel_m=120.0)
    estimate = provider.estimate(look.scenes, overview, ("SCL",))
    assert estimate.requests == 1 and estimate.units == pytest.approx(0.01, abs=2e-3)
    chip = provider.read(look.scenes, overview, ("SCL",), 60.0)
    assert len(server.calls("process")) == 1
    assert chip.layers[0].geobox == overview.pad(1)
    assert chip.provenance.sources[0].name == "process 120 m"


def test_a_cloud_beyond_the_edge_is_known_to_the_mask(tmp_path):
    """The margin of the classes: one cell gives what a larger one gives."""
    cloudy = forest(5, cloudy=1, overcast=0)
    days = every(date(2019, 5, 1), date(2019, 5, 21))
    make_catalogue(tmp_path / "c", days, cloudy)
    inner = grid(origin=(630_200.0, 4_951_800.0), size=20)
    with serving(tmp_path / "c", tmp_path) as (_, provider):
        widened = 0
        for look in looks(provider):
            alone = look_cube(provider.read(look.scenes, inner, BANDS, 60.0), inner, ["B08"])
            around = look_cube(provider.read(look.scenes, grid(), BANDS, 60.0), inner, ["B08"])
            np.testing.assert_array_equal(alone["cause"].values, around["cause"].values)
            widened += int((alone["cause"].values == Cause.CLOUD).sum())
    assert widened > 0


def test_radar_is_the_power_that_was_drawn_and_one_look_per_pass(tmp_path):
    truth = radar_truth(4)
    make_radar_catalogue(tmp_path / "c", [date(2023, 5, 1), date(2023, 5, 13)], truth)
    with serving(tmp_path / "c", tmp_path) as (server, provider):
        found = looks(provider)
        assert len(found) == 4
        assert {look.scenes[0].orbit_direction for look in found} == {"ascending", "descending"}
        look = next(one for one in found if one.scenes[0].orbit_direction == "descending")
        chip = provider.read(look.scenes, grid(), ("VV", "VH"), 60.0)
        (call,) = server.calls("process")
    assert call.document["input"]["data"][0]["dataFilter"]["orbitDirection"] == "DESCENDING"
    (layer,) = chip.layers
    drawn = truth(look.sensed, DESCENDING)
    seen = slice(12, 60)
    np.testing.assert_array_equal(layer.dn[0][:, seen], drawn["VV"][:, seen])
    np.testing.assert_array_equal(layer.dn[1][:, seen], drawn["VH"][:, seen])
    assert np.isnan(layer.dn[:, :, :12]).all() and layer.dn.dtype == np.float32
    assert chip.notes == ("10 m: valid 80.0 %",)
    assert call.units == pytest.approx(
        provider.estimate(look.scenes, grid(), ("VV", "VH")).units, abs=1e-6
    )


def test_a_chip_says_what_was_asked_what_came_and_what_it_cost(served):
    server, provider = served
    chip = first_read(provider)
    origin = chip.provenance
    calls = server.calls("process")
    assert [source.request_sha256 for source in origin.sources] == [
        call.body_sha256 for call in calls
    ]
    assert [source.name for source in origin.sources] == ["process 10 m", "process 20 m"]
    assert origin.cost.requests == 2
    assert origin.cost.units == pytest.approx(sum(call.units for call in calls), abs=1e-5)
    assert origin.cost.bytes == sum(len(original.data) for original in chip.originals)
    assert [original.sha256 for original in chip.originals] == [s.sha256 for s in origin.sources]
    assert all(original.data.startswith(b"II*\0") for original in chip.originals)
    assert all(len(source.script_sha256) == 64 for source in origin.sources)
    assert origin.fetched.tzinfo is not None and dict(origin.software)["sentinelhub"]
    assert first_read(provider).provenance.sources[0] == origin.sources[0]


def test_an_estimate_is_what_a_read_takes(served):
    _, provider = served
    look = looks(provider)[0]
    for bands in (("B04",), BANDS, ("B01", "B04", "B11"), ("SCL",)):
        estimate = provider.estimate(look.scenes, grid(), bands)
        if "B01" in bands:
            assert estimate.requests == 3
            continue
        spent = provider.read(look.scenes, grid(), bands, 60.0).provenance.cost
        assert estimate.requests == spent.requests
        assert estimate.units == pytest.approx(spent.units, abs=1e-5)


def test_a_cell_of_five_bands_costs_what_the_table_says(served):
    _, provider = served
    look = looks(provider)[0]
    cell = grid(size=1024)
    cost = provider.estimate(look.scenes, cell, ("B04", "B08", "B11", "B12", "SCL"))
    assert cost.requests == 2
    # Two bands of 10 m, three of 20 m with 120 m around them.
    assert cost.units == pytest.approx(4 * 2 / 3 + 524 * 524 / 512**2, abs=1e-6)
    assert cost.bytes == 1024 * 1024 * 3 * 2 + 524 * 524 * 4 * 2


def test_daily_means_of_a_village_are_those_of_the_pixels(catalogue, tmp_path):
    make_catalogue(
        tmp_path / "c", [date(2019, 5, 1)], DRAWN, baseline="05.00", offset=True
    )  # fmt: skip
    village = Place(box(630_100, 4_951_700, 630_300, 4_951_900), CRS("EPSG:32634"), 10.0)
    with serving(tmp_path / "c", tmp_path) as (server, provider):
        scenes = list(provider.search(WORLD))
        thought = provider.estimate_series(scenes, village, ("B04", "B08"))
        got = provider.series(scenes, village, ("B04", "B08"), 60.0)
        (asked,) = server.calls("statistics")
        assert not server.calls("process")
    (day,) = got.days
    assert got.cost.requests == 1 and 0 < got.cost.bytes < asked.sent
    assert got.cost.units == pytest.approx(asked.units)
    assert thought.units == pytest.approx(asked.units) and thought.requests == 1
    drawn = DRAWN(DAYS[0])
    for one in day.bands:
        ground = drawn[one.band][10:30, 10:30]
        assert one.mean == pytest.approx(ground.mean() * 1e-4, abs=1e-6)
        assert one.deviation == pytest.approx(ground.std() * 1e-4, abs=1e-6)
        assert one.count == 400


def test_clouds_do_not_enter_daily_means(tmp_path):
    cloud = {"B08": np.full((60, 60), 3000, np.uint16), "SCL": np.full((30, 30), 4, np.uint16)}
    cloud["B08"][:30], cloud["SCL"][:15] = 9000, 9
    make_catalogue(tmp_path / "c", DAYS[:1], lambda at: cloud)
    whole = Place(box(630_000, 4_951_400, 630_600, 4_952_000), CRS("EPSG:32634"), 10.0)
    with serving(tmp_path / "c", tmp_path) as (_, provider):
        got = provider.series(list(provider.search(WORLD)), whole, ("B08",), 60.0)
    (one,) = got.days[0].bands
    assert (one.mean, one.count) == (pytest.approx(0.3), 1800) and not math.isnan(one.deviation)


def test_what_searches_took_is_counted_once_and_so_is_one_that_failed(served, hasty):
    server, provider = served
    assert provider.searched() == Cost(0, 0.0, 0)
    list(provider.search(WORLD))
    server.faults["catalog"] += [faults.status(503), faults.ok, faults.status(400)]
    with pytest.raises(Permanent):
        list(provider.search(WORLD))
    asked = server.calls("catalog")
    took = provider.searched()
    assert [call.status for call in asked] == [200, 200, 503, 200, 400]
    assert took.requests == len(asked)
    assert took.units == pytest.approx(sum(call.units for call in asked)) and took.units > 0
    assert pickle.loads(pickle.dumps(provider)).searched() == provider.searched()


def test_searches_of_several_threads_are_all_counted(served):
    server, provider = served
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: list(provider.search(WORLD)), range(8)))
    assert provider.searched().requests == len(server.calls("catalog"))


def test_the_clock_is_compared_with_what_the_service_says(served):
    server, provider = served
    list(provider.search(WORLD))
    assert provider.clock_ahead is None
    server.always["catalog"] = faults.dated(datetime.now(UTC) - timedelta(minutes=7))
    list(provider.search(WORLD))
    # A date is of whole seconds.
    assert timedelta(minutes=7) <= provider.clock_ahead < timedelta(minutes=7, seconds=30)


def test_f13_nothing_secret_is_in_a_pickle_or_in_words(catalogue, tmp_path):
    with serving(catalogue, tmp_path) as (server, provider):
        before = first_read(provider)
        (token,) = (tmp_path / "net").rglob("token")
        secrets = (server.account.client_secret, json.loads(token.read_text())["token"])
        look = looks(provider)[0]
        shown = pickle.dumps((provider, look, before)) + repr((vars(provider), before)).encode()
        assert not any(secret.encode() in shown for secret in secrets)
        moved = pickle.loads(pickle.dumps(provider))
        after = moved.read(look.scenes, grid(), BANDS, 60.0)
    assert [np.array_equal(a.dn, b.dn) for a, b in zip(before.layers, after.layers, strict=True)]
    assert isinstance(moved, SentinelHubProvider)


def test_making_a_provider_touches_nothing(tmp_path):
    provider = create_provider(
        "sentinelhub",
        url="https://hub.example.org/",
        token_url="https://id.example.org/token",
        shared=tmp_path / "not" / "there",
    )
    assert isinstance(provider, ImageryProvider) and provider.remote
    assert provider.name == "sentinelhub" and list(tmp_path.iterdir()) == []
    assert provider.account.origins == ("https://hub.example.org", "https://id.example.org")


@pytest.mark.parametrize("url", ["hub.example.org", "ftp://hub.example.org", "https://a:b@c.org"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url, tmp_path):
    with pytest.raises(Permanent) as caught:
        SentinelHubProvider(url, "https://id.example.org/token", tmp_path)
    assert "a:b" not in str(caught.value)


def test_without_credentials_it_says_what_to_do(tmp_path):
    provider = SentinelHubProvider("https://h.example.org", "https://h.example.org/t", tmp_path)
    with pytest.raises(Permanent, match="HEARTHWATCH_SENTINELHUB_CREDENTIALS"):
        provider.serving()


def test_collections_that_are_not_read_are_refused(tmp_path):
    with pytest.raises(Permanent, match="landsat"):
        SentinelHubProvider(
            "https://h.example.org", "https://h.example.org/t", tmp_path, collections=["landsat"]
        )


def test_asking_for_what_is_not_there_is_permanent_and_free(served):
    server, provider = served
    scenes = looks(provider)
    for wrong, bands in (
        ([], BANDS),
        ([*scenes[0].scenes, *scenes[1].scenes], BANDS),
        (scenes[0].scenes, ()),
        (scenes[0].scenes, ("B04", "VV")),
    ):
        with pytest.raises(Permanent):
            provider.read(wrong, grid(), bands, 60.0)
        with pytest.raises(Permanent):
            provider.estimate(wrong, grid(), bands)
    assert server.calls("process") == []


def test_ground_that_a_scene_does_not_show_is_not_asked_for(served):
    server, provider = served
    look = looks(provider)[0]
    for place in (
        grid(origin=(500_000, 4_000_000)),
        grid("EPSG:32601", origin=(500_000, 4_000_000)),
        grid("EPSG:32734", origin=(500_000, 9_000_000)),
    ):
        with pytest.raises(NotYet) as caught:
            provider.read(look.scenes, place, BANDS, 60.0)
        assert caught.value.units == 0.0
    assert server.calls("process") == []


def test_without_time_left_nothing_is_asked_for(served):
    server, provider = served
    look = looks(provider)[0]
    for deadline in (0.0, -1.0):
        with pytest.raises(Transient):
            provider.read(look.scenes, grid(), BANDS, deadline)
    assert server.calls("process") == []


def test_a_scene_of_another_provider_is_refused(served):
    _, provider = served
    look = looks(provider)[0]
    with pytest.raises(Permanent, match="not listed"):
        provider.read([replace(look.scenes[0], provider="stac")], grid(), BANDS, 60.0)


def test_a_search_is_within_its_time_and_place(served):
    server, provider = served
    assert [scene.sensed for scene in provider.search(WORLD)] == DAYS
    later = replace(WORLD, start=datetime(2019, 5, 1, 10, 0, 1, tzinfo=UTC))
    assert [scene.sensed for scene in provider.search(later)] == DAYS[1:]
    assert not list(provider.search(replace(WORLD, area=box(0, 0, 1, 1))))
    assert group_acquisitions(provider.search(WORLD))[0].key == "S2B_20190501T100000"
    assert {call.document["limit"] for call in server.calls("catalog")} == {100}


def test_the_provider_has_one_account_per_address(tmp_path):
    made = [
        SentinelHubProvider(f"https://{name}.example.org", "https://id.example.org/t", tmp_path)
        for name in ("a", "b", "a")
    ]
    names = [provider.account.name for provider in made]
    assert names[0] == names[2] != names[1]
