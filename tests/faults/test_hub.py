"""Sentinel Hub under faults; each test bears the number it has in the list of faults.

Throughout: no wrong pixel is taken, what was paid is known, no task is longer than its deadline.
"""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from rasterio.io import MemoryFile

from imagery.cube import build_cube
from imagery.errors import IntegrityError, NotYet, Permanent, QuotaExhausted, Transient
from imagery.masks import look_cube
from imagery.types import Cause
from tests.standin import faults, spoiling
from tests.support.catalogue import every, forest, grid, make_catalogue
from tests.support.hub import WORLD, hasty, looks, serving
from tests.support.radar import DESCENDING, Track, make_radar_catalogue, radar_truth
from tests.support.waiting import held_up_by_nothing

__all__ = ["hasty"]
pytestmark = pytest.mark.usefixtures("hasty")

DAYS = every(date(2019, 5, 1), date(2019, 5, 6))
DRAWN = forest(3, cloudy=0, overcast=0)
BANDS = ("B04", "SCL")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    make_catalogue(folder, DAYS, DRAWN)
    return folder


@pytest.fixture
def served(catalogue, tmp_path):
    with serving(catalogue, tmp_path) as both:
        yield both


@pytest.fixture(scope="module")
def radar(tmp_path_factory):
    folder = tmp_path_factory.mktemp("radar")
    make_radar_catalogue(folder, [date(2023, 5, 1)], radar_truth(4))
    return folder


def read(provider, bands=("B04",), deadline=20.0):
    return provider.read(looks(provider)[0].scenes, grid(), bands, deadline)


def is_drawn(chip):
    drawn = DRAWN(DAYS[0])["B04"]
    return np.array_equal(chip.layers[0].dn[0], drawn)


def heals(served, fault):
    """Check that one such answer is thrown away, paid for, and asked for again."""
    server, provider = served
    server.faults["process"].append(fault)
    chip = read(provider)
    assert is_drawn(chip)
    calls = server.calls("process")
    assert chip.provenance.cost.requests == len(calls)
    assert chip.provenance.cost.units == pytest.approx(sum(c.units for c in calls), abs=1e-5)


def refuses(served, fault, words):
    """Check that answers that are all so give no pixel, in few requests, all accounted for."""
    server, provider = served
    server.always["process"] = fault
    with pytest.raises(IntegrityError, match=words) as caught:
        read(provider)
    calls = server.calls("process")
    assert len(calls) == 3 == caught.value.requests
    assert caught.value.units == pytest.approx(sum(call.units for call in calls), abs=1e-5)


SPOILT = [
    ("f39", "instead of 60 x 60", spoiling.wrong_size()),
    ("f40", "1 bands instead of", spoiling.band_missing()),
    ("f40", "3 bands instead of", spoiling.band_added()),
    ("f40", "float32 instead of uint16", spoiling.dtype("float32")),
    ("f41", "EPSG:32635 instead of", spoiling.wrong_crs()),
    ("f41", "0.50 pixels off", spoiling.transform_shifted(0.5)),
    ("f43", "one number, 1234", spoiling.constant()),
    ("f43", "one number, 65535", spoiling.saturated()),
    ("f45", "archive of several files", spoiling.tarred()),
]


@pytest.mark.parametrize(
    ("words", "fault"), [row[1:] for row in SPOILT], ids=[f"{r[0]}-{r[2].name}" for r in SPOILT]
)
def test_f39_f40_f41_f43_f45_another_picture_is_thrown_away_and_asked_for_again(
    served, words, fault
):
    heals(served, fault)


@pytest.mark.parametrize(
    ("words", "fault"), [row[1:] for row in SPOILT], ids=[f"{r[0]}-{r[2].name}" for r in SPOILT]
)
def test_f39_f40_f41_f43_f45_another_picture_each_time_is_refused(served, words, fault):
    refuses(served, fault, words)


def test_f40_bands_that_changed_places_are_told_by_the_classes(served):
    server, provider = served
    look = looks(provider)[0]
    server.always["process"] = spoiling.band_order()
    wide = grid(size=30, pixel_m=20.0)
    with pytest.raises(IntegrityError, match="no classes"):
        provider.read(look.scenes, wide, ("B11", "SCL"), 20.0)


@pytest.mark.parametrize(
    "fault", [faults.html(), faults.empty(), faults.truncated(), faults.bit_flipped(0.6)]
)
def test_f27_f30_f31_f44_what_is_damaged_on_the_way_is_asked_for_again(served, fault):
    heals(served, fault)


def test_f42_a_partial_swath_is_read_and_said(served):
    server, provider = served
    server.faults["process"].append(spoiling.nearly_empty(0.5))
    chip = read(provider)
    assert chip.notes == ("10 m: valid 50.0 %",)
    np.testing.assert_array_equal(chip.layers[0].dn[0][:30], DRAWN(DAYS[0])["B04"][:30])
    assert (chip.layers[0].dn[0][30:] == 0).all()
    cube = build_cube([chip], grid(), ["B04"])
    assert np.isnan(cube["B04"].values[0][30:]).all()


def test_f42_one_percent_seen_is_a_look_of_one_percent(served):
    server, provider = served
    server.faults["process"].append(spoiling.nearly_empty(0.01))
    chip = read(provider)
    assert chip.notes == ("10 m: valid 1.7 %",)
    assert np.isfinite(build_cube([chip], grid(), ["B04"])["B04"].values).sum() == 60


def test_f42_f57_nothing_seen_at_all_is_not_yet_and_never_no_change(served):
    server, provider = served
    server.faults["process"].append(spoiling.all_nodata())
    with pytest.raises(NotYet, match="not there yet") as caught:
        read(provider)
    assert caught.value.requests == 1 and caught.value.units > 0.0
    assert is_drawn(read(provider))


def test_f42_ground_seen_around_the_cell_alone_is_not_the_cell(served):
    server, provider = served

    def rim_only(image):
        data = image.data.copy()
        data[:, 6:-6, 6:-6] = 0
        return replace(image, data=data)

    look = looks(provider)[0]
    server.always["process"] = faults.Fault("rim", image=rim_only)
    inner = grid(origin=(630_200.0, 4_951_800.0), size=10, pixel_m=20.0)
    with pytest.raises(NotYet):
        provider.read(look.scenes, inner, ("SCL",), 20.0)


def test_f57_a_listed_scene_whose_pixels_are_not_there_comes_later(served):
    server, provider = served
    look = looks(provider)[0]
    server.not_ready.update(scene.id for scene in server.scenes())
    with pytest.raises(NotYet):
        provider.read(look.scenes, grid(), BANDS, 20.0)
    server.not_ready.clear()
    assert is_drawn(provider.read(look.scenes, grid(), BANDS, 20.0))


def test_f44_a_flipped_bit_in_packed_numbers_never_gives_another_picture(served):
    """The file's own checksums find it; where they cannot, the archive's digest of it remains."""
    server, provider = served
    look = looks(provider)[0]
    for share in np.linspace(0.0, 0.999, 12):
        server.faults["process"].append(faults.bit_flipped(float(share)))
        chip = provider.read(look.scenes, grid(), ("B04",), 20.0)
        assert is_drawn(chip), share
        server.faults["process"].clear()


def test_f44_a_pixel_changed_before_packing_is_told_by_a_second_fetch(served):
    """A sound file with one wrong number cannot be told alone: its digest differs from another."""
    server, provider = served
    look = looks(provider)[0]
    server.faults["process"].append(spoiling.flipped_pixel(9))
    first, second = (provider.read(look.scenes, grid(), ("B04",), 20.0) for _ in range(2))
    a, b = first.provenance.sources[0], second.provenance.sources[0]
    assert a.request_sha256 == b.request_sha256 and a.sha256 != b.sha256
    assert is_drawn(second) and not is_drawn(first)


@pytest.mark.parametrize(
    "fault",
    [spoiling.packed(name) for name in ("LZW", "ZSTD", "LERC", "NONE")] + [spoiling.big_tiff()],
    ids=lambda fault: fault.name,
)
def test_f45_every_lossless_packing_is_read(served, fault):
    server, provider = served
    server.faults["process"].append(fault)
    assert is_drawn(read(provider)) and len(server.calls("process")) == 1


@pytest.mark.parametrize("baseline", ["02.14", "05.00"])
def test_f46_the_offset_is_neither_applied_twice_nor_left_out(tmp_path, baseline):
    make_catalogue(tmp_path / "c", DAYS[:1], DRAWN, baseline=baseline, offset=baseline == "05.00")
    with serving(tmp_path / "c", tmp_path) as (server, provider):
        cube = build_cube([read(provider)], grid(), ["B04"])
        (data,) = server.calls("process")[0].document["input"]["data"]
    assert data["processing"]["harmonizeValues"] is False
    np.testing.assert_allclose(cube["B04"].values[0], DRAWN(DAYS[0])["B04"] * 1e-4, atol=1e-6)


def test_f47_a_date_of_2019_with_baseline_5_has_the_offset(tmp_path):
    make_catalogue(tmp_path / "c", DAYS[:1], DRAWN, baseline="05.00", offset=True)
    with serving(tmp_path / "c", tmp_path) as (_, provider):
        (scene,) = provider.search(WORLD)
        assert scene.sensed.year == 2019 and scene.asset("B04").offset == -0.1


def test_f48_harmonised_pixels_that_were_cut_off_at_zero_are_no_observation(tmp_path):
    """Both processings of one tile are listed: the provider takes the offset off and clamps."""
    shifted = np.full((60, 60), 1300, np.uint16)
    shifted[:20], shifted[40:] = 700, 1900
    plain = np.maximum(shifted.astype(int) - 1000, 1).astype(np.uint16)
    for name, dn, baseline, hours in (
        ("a", shifted, "05.00", 9000), ("b", plain, "02.14", 6),
    ):  # fmt: skip
        make_catalogue(
            tmp_path / "c" / name, DAYS[:1], lambda at, dn=dn: {"B04": dn}, baseline=baseline,
            published_after=timedelta(hours=hours),
        )  # fmt: skip
    for item in (tmp_path / "c" / "a").glob("*/*.json"):
        item.write_text(item.read_text().replace('"offset": 0.0', '"offset": -0.1'))
    with serving(tmp_path / "c", tmp_path) as (server, provider):
        (look,) = looks(provider)
        assert len(look.superseded) == 1
        chip = provider.read(look.scenes, grid(), ("B04",), 20.0)
        (data,) = server.calls("process")[0].document["input"]["data"]
    assert data["processing"]["harmonizeValues"] is True
    assert "took the offset off" in chip.notes[0].replace("\n", " ")
    assert chip.notes[1] == "B04: 1200 pixels are 0 though seen, and count as not seen"
    got = build_cube([chip], grid(), ["B04"])["B04"].values[0]
    np.testing.assert_allclose(got[20:40], 0.03, atol=1e-6)
    np.testing.assert_allclose(got[40:], 0.09, atol=1e-6)
    assert np.isnan(got[:20]).all()


def test_f49_an_unknown_class_counts_as_nothing_seen(served):
    server, provider = served
    look = looks(provider)[0]
    server.always["process"] = faults.Fault("few", image=_few_unknown)
    chip = provider.read(look.scenes, grid(), BANDS, 20.0)
    assert "SCL: 2 pixels of an unknown class" in chip.notes
    causes = look_cube(chip, grid(), ["B04"])["cause"].values[0]
    assert (causes[:2, :4] == Cause.NODATA).all()


def test_f49_classes_that_are_none_are_refused(served):
    server, provider = served
    server.always["process"] = spoiling.unknown_class()
    with pytest.raises(IntegrityError, match="no classes"):
        inner = grid(origin=(630_200.0, 4_951_800.0), size=10, pixel_m=20.0)
        provider.read(looks(provider)[0].scenes, inner, ("SCL",), 20.0)


def _few_unknown(image):
    data = image.data.copy()
    if "SCL" in image.bands:
        data[image.bands.index("SCL"), 6, 6:8] = 42
    return replace(image, data=data)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_f50_radar_that_is_no_number_is_refused(radar, tmp_path, value):
    with serving(radar, tmp_path) as (server, provider):
        look = looks(provider)[0]
        server.faults["process"].append(spoiling.not_a_number(value))
        chip = provider.read(look.scenes, grid(), ("VV",), 20.0)
        assert len(server.calls("process")) == 2
        assert not np.isinf(chip.layers[0].dn).any()
        server.always["process"] = spoiling.not_a_number(value)
        with pytest.raises(IntegrityError, match="no number"):
            provider.read(look.scenes, grid(), ("VV",), 20.0)


def test_f51_radar_is_asked_for_terrain_corrected_and_one_direction_at_a_time(radar, tmp_path):
    truth = radar_truth(4)
    with serving(radar, tmp_path) as (_, provider):
        found = looks(provider)
        assert len(found) == 2
        assert {s.backscatter for look in found for s in look.scenes} == {"gamma0_terrain"}
        both = [scene for look in found for scene in look.scenes]
        with pytest.raises(Permanent, match="2 acquisitions"):
            provider.read(both, grid(), ("VV",), 20.0)
        look = next(one for one in found if one.scenes[0].orbit_direction == "descending")
        chip = provider.read(look.scenes, grid(), ("VV",), 20.0)
    drawn = truth(look.sensed, DESCENDING)["VV"]
    np.testing.assert_array_equal(chip.layers[0].dn[0][:, 12:], drawn[:, 12:])


def test_f51_wide_swath_over_the_sea_is_not_listed_and_satellites_do_not_mix(tmp_path):
    track = Track(80, "descending", DESCENDING.at)
    near = Track(80, "descending", DESCENDING.at.replace(second=59))
    for letter, mode, flown in (("a", "IW", track), ("c", "IW", near), ("a", "EW", near)):
        make_radar_catalogue(
            tmp_path / "c" / f"{letter}{mode}", [date(2023, 5, 1)], radar_truth(4),
            tracks=[flown], platform=f"sentinel-1{letter}", instrument_mode=mode,
        )  # fmt: skip
    with serving(tmp_path / "c", tmp_path) as (_, provider):
        found = looks(provider)
    assert [look.scenes[0].platform for look in found] == ["sentinel-1a", "sentinel-1c"]
    assert {scene.instrument_mode for look in found for scene in look.scenes} == {"IW"}


def test_f52_pages_that_go_in_circles_end_in_an_error(served):
    server, provider = served

    def circle(document):
        document["context"]["next"] = 1

    server.always["catalog"] = faults.edited(circle)
    with pytest.raises(IntegrityError):
        list(provider.search(WORLD))
    assert len(server.calls("catalog")) <= 6


def test_f53_a_page_without_context_and_links_is_still_read(served):
    server, provider = served
    server.always["catalog"] = faults.edited(
        lambda document: [document.pop(name) for name in ("context", "links")]
    )
    assert [scene.sensed for scene in provider.search(WORLD)] == DAYS


def test_f54_an_item_listed_twice_is_one_scene_and_a_new_processing_is_one_look(tmp_path):
    for baseline, hours in (("05.00", 6), ("05.10", 900)):
        make_catalogue(
            tmp_path / "c" / baseline, DAYS[:1], DRAWN, baseline=baseline, offset=True,
            published_after=timedelta(hours=hours),
        )  # fmt: skip
    with serving(tmp_path / "c", tmp_path) as (server, provider):
        server.always["catalog"] = faults.edited(
            lambda document: document["features"].extend(document["features"][:])
        )
        assert len(list(provider.search(WORLD))) == 2
        (look,) = looks(provider)
        assert look.scenes[0].baseline == "05.10"
        assert [scene.baseline for scene in look.superseded] == ["05.00"]
        chip = provider.read(look.scenes, grid(), ("B04",), 20.0)
    assert chip.notes[0].startswith(f"pixels may be of another processing than {look.scenes[0].id}")
    np.testing.assert_allclose(
        build_cube([chip], grid(), ["B04"])["B04"].values[0],
        DRAWN(DAYS[0])["B04"] * 1e-4, atol=1e-6,
    )  # fmt: skip


def test_f58_pixels_come_while_the_catalogue_is_down_and_the_other_way_round(served):
    server, provider = served
    look = looks(provider)[0]
    server.always["catalog"] = faults.status(503)
    assert is_drawn(provider.read(look.scenes, grid(), ("B04",), 20.0))


def test_f58_the_catalogue_answers_while_pixels_are_down(served):
    server, provider = served
    server.always["process"] = faults.status(503)
    look = looks(provider)[0]
    with pytest.raises(Transient) as caught:
        provider.read(look.scenes, grid(), ("B04",), 3.0)
    assert caught.value.requests == len(server.calls("process")) <= 8
    assert caught.value.units == 0.0


@pytest.mark.parametrize("text", ["2019-05-01T10:00:00.024Z", "2019-05-01T12:00:00.024+02:00"])
def test_f59_fractions_of_a_second_and_other_zones_are_the_same_moment(served, text):
    server, provider = served

    def write(document):
        for item in document["features"]:
            item["properties"]["datetime"] = text

    server.always["catalog"] = faults.edited(write)
    scene = next(iter(provider.search(WORLD)))
    assert scene.sensed == datetime(2019, 5, 1, 10, 0, 0, 24_000, tzinfo=UTC)
    server.always.clear()
    assert is_drawn(provider.read([scene], grid(), ("B04",), 20.0))


def test_f59_a_time_without_a_zone_is_left_out_and_said(served, caplog):
    server, provider = served

    def strip(document):
        for item in document["features"][:1]:
            item["properties"]["datetime"] = "2019-05-06T10:00:00"

    server.always["catalog"] = faults.edited(strip)
    assert [scene.sensed for scene in provider.search(WORLD)] == DAYS[:1]
    assert "time zone" in caplog.text


def test_f17_told_to_wait_a_day_a_read_ends_within_its_deadline_and_may_go_elsewhere(served):
    server, provider = served
    look = looks(provider)[0]
    server.always["process"] = faults.rate_limited("86400000")
    with held_up_by_nothing(), pytest.raises(Transient) as caught:
        provider.read(look.scenes, grid(), ("B04",), 10.0)
    assert caught.value.requests == 1 == len(server.calls("process"))


def test_f20_a_spent_quota_is_said_with_its_end_and_not_asked_again(served):
    server, provider = served
    look = looks(provider)[0]
    server.always["process"] = faults.quota_spent()
    before = datetime.now(UTC)
    with pytest.raises(QuotaExhausted) as caught:
        provider.read(look.scenes, grid(), ("B04",), 20.0)
    assert len(server.calls("process")) == 1
    assert caught.value.until is not None and caught.value.until > before
    assert (caught.value.until.day, caught.value.until.hour) == (1, 0)


def test_f20_what_was_paid_before_the_quota_ended_is_on_the_error(served):
    server, provider = served
    look = looks(provider)[0]
    server.faults["process"].extend([faults.ok, faults.quota_spent()])
    with pytest.raises(QuotaExhausted) as caught:
        provider.read(look.scenes, grid(), BANDS, 20.0)
    calls = server.calls("process")
    assert caught.value.requests == 2 == len(calls)
    assert caught.value.units == pytest.approx(calls[0].units, abs=1e-5) and calls[0].units > 0


def test_f26_a_trickle_ends_at_the_deadline(served):
    server, provider = served
    look = looks(provider)[0]
    server.always["process"] = faults.trickle()
    # Whole, it would take minutes.
    with held_up_by_nothing(least=0.9), pytest.raises(Transient):
        provider.read(look.scenes, grid(), ("B04",), 1.0)


def test_f33_a_picture_far_larger_than_asked_for_is_not_unpacked(served):
    server, provider = served

    def bomb(answer):
        with MemoryFile() as memory:
            with memory.open(
                driver="GTiff", dtype="uint16", count=2, height=20_000, width=20_000,
                compress="ZSTD", crs="EPSG:32634", transform=grid().affine, sparse_ok=True,
            ):  # fmt: skip
                pass
            return replace(answer, body=bytes(memory.read()))

    server.faults["process"].append(faults.Fault("bomb", answer=bomb))
    assert is_drawn(read(provider))


HOMELESS = """
import os, sys
from pathlib import Path
from imagery.hub.payloads import pixels_request
from imagery.hub.products import Way
from tests.support.catalogue import grid
from tests.unit.imagery.hub.test_payloads import SPAN
request = pixels_request("https://h.example.org", Way("sentinel-2-l2a"), grid(), ("B04",), SPAN, 1)
assert request.url == "https://h.example.org/api/v1/process"
"""


def test_f78_nothing_is_read_from_or_written_to_the_home_folder(tmp_path):
    home = tmp_path / "home"
    (home / ".config" / "sentinelhub").mkdir(parents=True)
    (home / ".config" / "sentinelhub" / "config.toml").write_text("[not toml")
    before = sorted(home.rglob("*"))
    home.chmod(0o500)
    environment = {**os.environ, "HOME": str(home), "SH_CLIENT_SECRET": "from-elsewhere"}
    environment.pop("XDG_CONFIG_HOME", None)
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", HOMELESS], env=environment, cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert sorted(home.rglob("*")) == before
