"""Daily means made on the provider's side: days that fail, and numbers read as the day's own."""

import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from odc.geo.crs import CRS
from shapely.geometry import Polygon, box

from imagery.errors import IntegrityError, Permanent, Transient
from imagery.hub.asking import Exchange
from imagery.hub.items import to_scene
from imagery.hub.statistics import NOTHING, Place, estimate, series
from imagery.net.types import Deadline
from tests.support.hub import Scripted
from tests.support.items import sentinel_hub_sentinel_1, sentinel_hub_sentinel_2

HERE = "https://hub.example.org"
VILLAGE = Place(box(512_000, 399_000, 512_500, 399_500), CRS("EPSG:32636"), 10.0)
FIRST = datetime(2023, 1, 12, tzinfo=UTC)


def scene(day, baseline="05.09"):
    item = sentinel_hub_sentinel_2(baseline)
    item["properties"]["datetime"] = f"2023-01-{day:02d}T08:15:24Z"
    return to_scene(item, "sentinel-2-l2a")


def stats(mean=3000.0, deviation=200.0, count=2500, nothing=0):
    return {"mean": mean, "stDev": deviation, "sampleCount": count, "noDataCount": nothing,
            "min": 0, "max": 1}  # fmt: skip


class Statistical:
    """Answers each day by a function of its date and of how often it was asked for."""

    def __init__(self, of_day):
        self.of_day, self.asked = of_day, {}
        self.sender = Scripted(self.answer)
        self.exchange = Exchange(self.sender, Deadline.after(60.0))

    def answer(self, request):
        span = json.loads(request.body)["aggregation"]["timeRange"]
        start, end = (datetime.fromisoformat(span[name]) for name in ("from", "to"))
        data = []
        while start < end:
            self.asked[start.day] = self.asked.get(start.day, 0) + 1
            outcome = self.of_day(start.day, self.asked[start.day])
            interval = {"from": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                        "to": f"{start + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"}  # fmt: skip
            if isinstance(outcome, str):
                data.append({"interval": interval, "error": {"type": outcome}})
            elif outcome is not None:
                bands = {band: {"stats": outcome} for band in ("B08", "B11", "B12", "VV")}
                data.append({"interval": interval, "outputs": {"bands": {"bands": bands}}})
            start += timedelta(days=1)
        return json.dumps({"data": data, "status": "OK"}).encode(), 0.02

    def series(self, scenes, place=VILLAGE, bands=("B08", "B12")):
        got = series(self.exchange, HERE, scenes, place, bands)
        assert got.cost == self.exchange.cost
        return got.days


def test_each_day_is_read_with_the_offset_of_its_own_product():
    got = Statistical(lambda day, tried: stats()).series([scene(12, "02.14"), scene(17)])
    assert [day.start.day for day in got] == [12, 17]
    assert [one.band for one in got[0].bands] == ["B08", "B12"]
    assert [day.bands[0].mean for day in got] == pytest.approx([0.3, 0.2])
    assert [day.bands[0].deviation for day in got] == pytest.approx([0.02, 0.02])
    assert got[1].scene_ids == (scene(17).id,) and got[1].bands[1].count == 2500


def test_days_that_failed_are_asked_for_again_alone():
    served = Statistical(lambda day, tried: "TIMEOUT" if day == 17 and tried < 3 else stats())
    assert [day.start.day for day in served.series([scene(12), scene(17), scene(22)])] == [
        12, 17, 22,
    ]  # fmt: skip
    assert (served.asked[12], served.asked[17], served.asked[22]) == (1, 3, 1)
    assert served.exchange.requests == 3 and served.exchange.units == pytest.approx(0.06)


def test_a_day_that_never_comes_is_no_day_left_out_in_silence():
    served = Statistical(lambda day, tried: "EXECUTION_ERROR" if day == 17 else stats())
    seen, failed = served.series([scene(12), scene(17)])
    assert (seen.error, failed.error) == ("", "EXECUTION_ERROR")
    assert failed.bands == () and failed.scene_ids == (scene(17).id,)
    with pytest.raises(Transient, match="none of 1 days was worked out: EXECUTION_ERROR"):
        served.series([scene(17)])


def test_a_listed_day_of_which_the_answer_has_nothing_is_named():
    served = Statistical(lambda day, tried: None if day == 17 else stats())
    assert [day.error for day in served.series([scene(12), scene(17)])] == ["", NOTHING]


def test_days_without_a_scene_we_know_are_left_out_and_their_errors_do_not_matter():
    served = Statistical(lambda day, tried: stats() if day in (12, 17) else "TIMEOUT")
    assert len(served.series([scene(12), scene(17)])) == 2
    assert max(served.asked.values()) == 1


def test_a_day_of_cloud_has_no_mean():
    ((day),) = Statistical(lambda *_: stats("NaN", "NaN", 2500, 2500)).series([scene(12)])
    assert day.bands[0].count == 0 and math.isnan(day.bands[0].mean)


@pytest.mark.parametrize(
    "wrong",
    [
        stats(mean="NaN"), stats(mean=-5.0), stats(mean=40_000.0), stats(deviation=-1.0),
        stats(mean="x"), stats(nothing=2501), {"mean": 1.0},
    ],
)  # fmt: skip
def test_numbers_that_cannot_be_are_asked_for_again_and_refused(wrong):
    served = Statistical(lambda *_: wrong)
    with pytest.raises(IntegrityError):
        served.series([scene(12)])
    assert len(served.sender.asked) == 3


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"data": [{"interval": {}}]}', b"<html>"])
def test_what_holds_no_statistics_is_refused(body):
    with pytest.raises(IntegrityError):
        series(
            Exchange(Scripted(lambda request: (body, None)), Deadline.after(60.0)),
            HERE, [scene(12)], VILLAGE, ("B08",),
        )  # fmt: skip


def test_where_offsets_differ_within_a_day_the_provider_takes_them_off():
    served = Statistical(lambda *_: stats())
    got = served.series([scene(12, "02.14"), scene(12, "05.00")])
    assert got[0].bands[0].mean == pytest.approx(0.3)
    (body,) = served.sender.bodies()
    assert body["input"]["data"][0]["processing"]["harmonizeValues"] is True


def test_what_it_is_thought_to_cost_is_by_the_day_and_the_classes_are_read_too():
    served = Statistical(lambda *_: stats())
    served.series([scene(12), scene(17)], bands=("B08", "B11", "B12"))
    assert served.sender.asked[0].units == pytest.approx(0.01 * 4 / 3 * 2)
    thought = estimate([scene(12), scene(17)], VILLAGE, ("B08", "B11", "B12"))
    assert (thought.requests, thought.units) == (1, served.sender.asked[0].units)


def test_32_bits_of_radar_corrected_for_terrain_cost_five_times_as_much():
    assert estimate([radar()], VILLAGE, ("VV", "VH")).units == pytest.approx(0.01 * 2 / 3 * 5)


def radar(**changes):
    item = sentinel_hub_sentinel_1()
    item["properties"] |= changes
    return to_scene(item, "sentinel-1-grd")


def test_radar_is_of_one_orbit_and_in_linear_power():
    served = Statistical(lambda *_: stats(0.08, 0.02))
    (day,) = served.series([radar()], bands=("VV",))
    assert day.bands[0].mean == pytest.approx(0.08)
    other = radar(**{"sat:orbit_state": "ascending"})
    with pytest.raises(Permanent, match="orbits"):
        served.series([radar(), other], bands=("VV",))


@pytest.mark.parametrize(
    ("scenes", "place", "bands"),
    [
        ([], VILLAGE, ("B08",)),
        ([scene(12)], VILLAGE, ()),
        ([scene(12)], VILLAGE, ("SCL",)),
        ([scene(12)], VILLAGE, ("VV",)),
        ([scene(12), radar()], VILLAGE, ("B08",)),
        ([scene(12)], Place(box(30, 3, 31, 4), CRS("EPSG:4326"), 10.0), ("B08",)),
        ([scene(12)], Place(Polygon(), CRS("EPSG:32636"), 10.0), ("B08",)),
    ],
)
def test_a_question_without_sense_is_refused_before_it_is_asked(scenes, place, bands):
    served = Statistical(lambda *_: stats())
    with pytest.raises(Permanent):
        served.series(scenes, place, bands)
    assert served.sender.asked == []
