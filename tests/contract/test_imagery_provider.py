"""What every source of scenes and pixels must do, asked of each of them."""

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely.geometry import box

from imagery.cube import build_cube, check_cube
from imagery.errors import ImageryError, IntegrityError, NotYet, Permanent, Transient
from imagery.looks import group_acquisitions
from imagery.providers.folder import FolderProvider
from imagery.types import Chip, ImageryProvider, Query, Scene
from tests.support.catalogue import (
    Clearing,
    damage,
    edit_item,
    every,
    forest,
    grid,
    item_files,
    make_catalogue,
    write_json,
)
from tests.support.sources import EVERY, FILES, opened

WORLD = Query(
    box(-180, -90, 180, 90), datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
)
BANDS = ("B04", "B08", "B11", "SCL")
DAYS = every(date(2019, 5, 1), date(2019, 5, 21))
FUZZ = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    make_catalogue(folder, DAYS, forest(3, cloudy=0, overcast=0))
    return folder


Make = Callable[[Path], ImageryProvider]


@contextmanager
def making(name: str, shared: Path) -> Iterator[Make]:
    """Give a function that opens the provider `name` over a catalogue, until the test ends."""
    with ExitStack() as stack:

        def make(folder: Path) -> ImageryProvider:
            number = len(list(shared.iterdir())) if shared.is_dir() else 0
            return stack.enter_context(opened(name, folder, shared / str(number))).provider

        yield make


@pytest.fixture(params=EVERY)
def make(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Make]:
    with making(request.param, tmp_path_factory.mktemp("shared")) as make:
        yield make


@pytest.fixture(params=FILES)
def make_reader(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Make]:
    """Those that read the files themselves, and so give them on their own grids."""
    with making(request.param, tmp_path_factory.mktemp("shared")) as make:
        yield make


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A catalogue of one look, to be broken."""
    make_catalogue(tmp_path, DAYS[:1], forest(4, cloudy=0, overcast=0), size=20)
    return tmp_path


def read_first(provider: ImageryProvider, bands=BANDS, deadline: float = 60.0) -> Chip:
    look = group_acquisitions(provider.search(WORLD))[0]
    return provider.read(look.scenes, grid(size=20), bands, deadline)


def same_pixels(a: Chip, b: Chip) -> bool:
    return len(a.layers) == len(b.layers) and all(
        x.bands == y.bands and x.geobox == y.geobox and np.array_equal(x.dn, y.dn)
        for x, y in zip(a.layers, b.layers, strict=True)
    )


@pytest.mark.parametrize("name", EVERY)
def test_making_a_provider_touches_nothing(name, catalogue, tmp_path):
    folder = tmp_path / "not" / "there" if name == "folder" else catalogue
    with opened(name, folder, tmp_path / "shared", "/nowhere") as source:
        provider = source.provider
        assert isinstance(provider, ImageryProvider) and isinstance(provider.name, str)
        assert provider.remote == (name != "folder")
        assert source.standin is None or not [
            c for c in source.standin.calls() if c.route != "token"
        ]
        scenes = provider.search(WORLD)
        with pytest.raises(ImageryError):
            list(scenes)


def test_a_search_answers_in_order_what_meets_it(make, catalogue):
    provider = make(catalogue)
    scenes = list(provider.search(WORLD))
    assert [scene.sensed for scene in scenes] == DAYS
    assert scenes == sorted(scenes, key=lambda scene: (scene.sensed, scene.id))
    assert {scene.provider for scene in scenes} == {provider.name}
    assert scenes == list(provider.search(WORLD))


def test_both_ends_of_the_time_asked_for_belong_to_it(make, catalogue):
    got = make(catalogue).search(replace(WORLD, start=DAYS[1], end=DAYS[3]))
    assert [scene.sensed for scene in got] == DAYS[1:4]


def test_a_search_can_ask_for_ground_and_for_a_collection(make, catalogue):
    provider = make(catalogue)
    assert not list(provider.search(replace(WORLD, area=box(0, 0, 1, 1))))
    assert not list(provider.search(replace(WORLD, collection="landsat")))


@pytest.mark.parametrize("name", [one for one in EVERY if one != "planetary-computer"])
def test_a_search_can_ask_for_what_is_new(name, catalogue, tmp_path):
    with opened(name, catalogue, tmp_path) as source:
        provider = source.provider
        new = provider.search(replace(WORLD, published_after=DAYS[2] + timedelta(hours=6)))
        assert [scene.sensed for scene in new] == DAYS[3:]


def test_a_search_is_lazy(make, catalogue):
    found = make(catalogue).search(WORLD)
    assert iter(found) is found and isinstance(next(found), Scene)


def test_a_chip_is_the_files_numbers_on_their_own_grid(make_reader, catalogue):
    chip = read_first(make_reader(catalogue))
    drawn = forest(3, cloudy=0, overcast=0)(DAYS[0])
    assert chip.sensed == DAYS[0] and chip.sensor == "sentinel-2-l2a"
    assert sorted(band for layer in chip.layers for band in layer.bands) == sorted(BANDS)
    for layer in chip.layers:
        step = layer.geobox.transform.a
        corner = layer.geobox.transform @ (0, 0)
        col, row = round((corner[0] - 630_000) / step), round((4_952_000 - corner[1]) / step)
        height, width = layer.geobox.shape
        assert height * step >= 200 and width * step >= 200
        for band, dn in zip(layer.bands, layer.dn, strict=True):
            expected = drawn[band][row : row + height, col : col + width]
            np.testing.assert_array_equal(dn, expected)


def test_a_chip_says_where_it_came_from(make, catalogue):
    provider = make(catalogue)
    scene = next(iter(provider.search(WORLD)))
    origin = read_first(provider).provenance
    assert origin.provider == provider.name and origin.scene_ids == (scene.id,)
    assert origin.item_sha256 == (scene.item_sha256,)
    assert origin.sources and all(s.bytes > 0 and len(s.sha256) == 64 for s in origin.sources)
    assert origin.fetched.tzinfo is not None


def test_an_estimate_covers_the_requests_a_read_makes(make, catalogue):
    provider = make(catalogue)
    scenes = [next(iter(provider.search(WORLD)))]
    cost = provider.estimate(scenes, grid(size=20), BANDS)
    assert cost.requests >= read_first(provider).provenance.cost.requests > 0
    assert cost.bytes > 0 and cost.units >= 0


def test_a_provider_works_after_a_journey_to_another_process(make, catalogue):
    provider = make(catalogue)
    before = read_first(provider)
    moved = pickle.loads(pickle.dumps(provider))
    assert same_pixels(read_first(moved), before)


def test_eight_threads_read_the_same_pixels(make, catalogue):
    provider = make(catalogue)
    looks = group_acquisitions(provider.search(WORLD))

    def read(number: int) -> Chip:
        return provider.read(looks[number % len(looks)].scenes, grid(size=40), BANDS, 60.0)

    alone = [read(number) for number in range(len(looks))]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(read, range(16)))
    assert all(same_pixels(chip, alone[n % len(looks)]) for n, chip in enumerate(together))


def test_a_read_that_has_no_time_left_may_be_tried_again(make, catalogue):
    provider = make(catalogue)
    list(provider.search(WORLD))
    for deadline in (0.0, -1.0):
        with pytest.raises(Transient):
            read_first(provider, deadline=deadline)


def test_asking_for_what_is_not_there_is_permanent(make, catalogue):
    provider = make(catalogue)
    scenes = list(provider.search(WORLD))
    with pytest.raises(Permanent, match="B99"):
        provider.read(scenes[:1], grid(size=20), ("B04", "B99"), 60.0)
    with pytest.raises(Permanent, match="B99"):
        provider.estimate(scenes[:1], grid(size=20), ("B99",))
    for wrong in ([], scenes[:2]):
        with pytest.raises(Permanent):
            provider.read(wrong, grid(size=20), BANDS, 60.0)
    with pytest.raises(Permanent):
        provider.read(scenes[:1], grid(size=20), (), 60.0)
    nowhere = GeoBox((4, 4), grid().transform, None)
    with pytest.raises(Permanent):
        provider.read(scenes[:1], nowhere, BANDS, 60.0)


@pytest.mark.parametrize(
    "elsewhere",
    [
        grid(origin=(500_000, 4_000_000)),
        grid("EPSG:32601", origin=(500_000, 4_000_000)),
        grid("EPSG:32734", origin=(500_000, 9_000_000)),
    ],
    ids=["same zone", "other side of the globe", "south"],
)
def test_a_scene_without_pixels_over_the_ground_is_said_to_have_none(make, catalogue, elsewhere):
    provider = make(catalogue)
    scenes = [next(iter(provider.search(WORLD)))]
    with pytest.raises(NotYet):
        provider.read(scenes, elsewhere, BANDS, 60.0)


@pytest.mark.parametrize(("baseline", "offset"), [("02.14", False), ("05.00", True)])
@pytest.mark.parametrize("day", [date(2019, 7, 1), date(2023, 7, 1)])
def test_reflectance_follows_the_item_and_not_the_date(make, tmp_path, baseline, offset, day):
    draw = forest(5, cloudy=0, overcast=0)
    make_catalogue(tmp_path, [day], draw, baseline=baseline, offset=offset, size=60)
    cube = build_cube([read_first(make(tmp_path))], grid(size=20), ["B04", "B08"])
    drawn = draw(datetime(day.year, day.month, day.day, 10, tzinfo=UTC))
    for band in ("B04", "B08"):
        np.testing.assert_allclose(cube[band].values[0], drawn[band][:20, :20] * 1e-4, atol=1e-6)
    check_cube(cube)


@pytest.mark.parametrize("crs", ["EPSG:32634", "EPSG:32635", "EPSG:3035"])
def test_what_was_drawn_is_found_at_its_place_on_the_ground(make, tmp_path, crs):
    """Each pixel bears its own number; half a pixel of shift gives other numbers."""
    numbers = (np.arange(60 * 60) + 1).reshape(60, 60).astype(np.uint16)
    make_catalogue(tmp_path, DAYS[:1], lambda at: {"B04": numbers, "SCL": numbers % 8 + 4})
    to_there = Transformer.from_crs("EPSG:32634", crs, always_xy=True)
    centre = to_there.transform(630_300.0, 4_951_700.0)
    wanted = grid(crs, (centre[0] - 201.3, centre[1] + 198.7), 40)
    provider = make(tmp_path)
    look = group_acquisitions(provider.search(WORLD))[0]
    chip = provider.read(look.scenes, wanted, ["B04"], 60.0)
    got = build_cube([chip], wanted, ["B04"])["B04"].values[0]
    cols, rows = np.meshgrid(np.arange(40) + 0.5, np.arange(40) + 0.5)
    back = Transformer.from_crs(crs, "EPSG:32634", always_xy=True)
    x, y = back.transform(*(wanted.transform @ (cols, rows)))
    truth = numbers[((4_952_000 - y) // 10).astype(int), ((x - 630_000) // 10).astype(int)]
    np.testing.assert_allclose(got, truth * 1e-4, rtol=1e-5)


def test_a_datatake_in_two_zones_is_one_look_without_a_seam(make, tmp_path):
    draw = forest(6, cloudy=0, overcast=0)
    make_catalogue(tmp_path, DAYS[:1], draw, other_zone="EPSG:32635", baseline="05.00", offset=True)
    provider = make(tmp_path)
    (look,) = group_acquisitions(provider.search(WORLD))
    assert len(look.scenes) == 2
    chip = provider.read(look.scenes, grid(), ["B08"], 60.0)
    got = build_cube([chip], grid(), ["B08"])["B08"].values[0]
    drawn = draw(DAYS[0])["B08"] * 1e-4
    # Of the ground that both tiles show, Sentinel Hub chooses on its side which one is seen.
    own = 20 if provider.name == "sentinelhub" else 36
    np.testing.assert_allclose(got[:, :own], drawn[:, :own], atol=1e-6)
    inside = got[2:-2, own:-2]
    assert np.isfinite(inside).all()
    # Two nearest-neighbour steps move a pixel by one at most.
    near = np.stack([np.roll(drawn, s, (0, 1)) for s in np.ndindex(3, 3)])
    near = np.roll(near, (-1, -1), (1, 2))[:, 2:-2, own:-2]
    assert (abs(near - inside).min(axis=0) < 1e-6).all()


def test_a_clearing_shows_from_the_day_it_was_felled(make, tmp_path):
    felled = Clearing(DAYS[2].date(), box(4, 4, 16, 16))
    make_catalogue(tmp_path, DAYS, forest(7, [felled], cloudy=0, overcast=0))
    provider = make(tmp_path)
    looks = group_acquisitions(provider.search(WORLD))
    chips = [provider.read(look.scenes, grid(), ["B04", "B08"], 60.0) for look in looks]
    cube = build_cube(chips, grid(), ["B04", "B08"])
    ratio = (cube["B04"] / cube["B08"]).values
    inside = ratio[:, 6:14, 6:14].mean(axis=(1, 2))
    assert (inside[:2] < 0.25).all() and (inside[2:] > 0.45).all()
    assert (ratio[:, 30:, 30:].mean(axis=(1, 2)) < 0.25).all()


@pytest.mark.parametrize("name", ["folder", "earth-search"])
@pytest.mark.parametrize("how", ["truncate", "flip"])
def test_a_file_that_is_not_the_listed_one_is_refused(name, one, how, tmp_path_factory):
    damage(item_files(one)[0], "B08", how)
    with (
        opened(name, one, tmp_path_factory.mktemp("shared")) as source,
        pytest.raises(IntegrityError, match=r"B08\.tif"),
    ):
        read_first(source.provider)


def test_a_file_that_is_gone_is_refused(one):
    damage(item_files(one)[0], "B08", "remove")
    with pytest.raises(IntegrityError, match=r"B08\.tif is missing"):
        read_first(FolderProvider(one))


def test_a_file_that_changes_after_it_was_read_is_refused(one):
    provider = FolderProvider(one)
    read_first(provider)
    damage(item_files(one)[0], "B04", "flip", at=0.9)
    with pytest.raises(IntegrityError):
        read_first(provider)


@pytest.mark.parametrize("how", ["truncate", "flip"])
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_of_a_broken_file_come_pixels_or_an_imagery_error(one, how):
    item = item_files(one)[0]
    whole = (item.parent / "B04.tif").read_bytes()
    for at in np.random.default_rng(8).uniform(0, 1, 60):
        (item.parent / "B04.tif").write_bytes(whole)
        damage(item, "B04", how, at=float(at), recompute=True)
        try:
            chip = read_first(FolderProvider(one), ["B04"])
            build_cube([chip], grid(size=20), ["B04"])
        except ImageryError:
            continue


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"<html>busy</html>", b"II*\0\x08\0\0\0\xff\xff"]
)
def test_what_is_no_raster_at_all_is_refused(one, content):
    item = item_files(one)[0]
    (item.parent / "B04.tif").write_bytes(content)
    edit_item(item, lambda it: it["assets"]["B04"].pop("file:checksum"))
    with pytest.raises(IntegrityError):
        read_first(FolderProvider(one))


def junk(place: tuple[str, ...], value: object) -> Callable[[dict], None]:
    def change(item: dict) -> None:
        for key in place[:-1]:
            item = item[key]
        if value is ...:
            item.pop(place[-1], None)
        else:
            item[place[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        junk(("geometry",), ...),
        junk(("geometry",), None),
        junk(("geometry",), {"type": "Polygon", "coordinates": []}),
        junk(("assets",), []),
        junk(("assets", "B04"), "B04.tif"),
        junk(("assets", "B04", "href"), ...),
        junk(("assets", "B04", "raster:bands"), [{"scale": 10**400}]),
        junk(("properties",), ...),
        junk(("properties", "datetime"), "2019-05-01T10:00:00"),
        junk(("properties", "datetime"), "yesterday"),
        junk(("properties", "sat:relative_orbit"), "ninety"),
        junk(("id",), ...),
    ],
)  # fmt: skip
def test_one_broken_item_does_not_hide_the_others(tmp_path, change):
    make_catalogue(tmp_path, DAYS[:3], forest(9), size=8)
    edit_item(item_files(tmp_path)[1], change)
    try:
        found = list(FolderProvider(tmp_path).search(WORLD))
    except ImageryError:
        return
    assert [scene.sensed for scene in found] == [DAYS[0], DAYS[2]]


@FUZZ
@given(data=st.data())
def test_of_a_broken_catalogue_only_imagery_errors_come(one, data):
    file = item_files(one)[0]
    sound = json.loads(file.read_bytes())
    item = copy.deepcopy(sound)
    for _ in range(data.draw(st.integers(1, 3))):
        holder = item
        while True:
            keys = sorted(holder) if isinstance(holder, dict) else range(len(holder))
            key = data.draw(st.sampled_from(list(keys)))
            child = holder[key]
            if not child or not isinstance(child, dict | list) or data.draw(st.booleans()):
                break
            holder = child
        holder[key] = data.draw(
            st.sampled_from([None, [], {}, "", "x", -1, 0, 10**400, 1e308, [[[]]], {"a": 1}, True])
        )
    write_json(file, item)
    try:
        provider = FolderProvider(one)
        for look in group_acquisitions(provider.search(WORLD)):
            provider.estimate(look.scenes, grid(size=20), ["B04"])
            build_cube([provider.read(look.scenes, grid(size=20), ["B04"], 60.0)], grid(), ["B04"])
    except ImageryError:
        pass
    finally:
        write_json(file, sound)
