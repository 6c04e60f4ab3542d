"""Estimate, spend, scenes and the doctor's questions, asked of services that behave like real."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from PIL import Image

from detectors.registry import create_detector
from hearthwatch.budget.account import budget_from
from hearthwatch.budget.paid import SEARCH
from hearthwatch.cli.call import store_at
from hearthwatch.pipeline.pull import PICTURE_BANDS
from hearthwatch.pipeline.sites import settlement_sites
from hearthwatch.records import Kind, Mode, Priority, Region, Settlement, SpendStatus
from hearthwatch.settings import load_settings
from hearthwatch.store.whole import all_spends
from imagery.hub.cost import processing_units
from imagery.hub.products import RESOLUTION
from imagery.types import Cost
from tests.standin import ACCOUNT, Standin, faults
from tests.support import clock
from tests.unit.hearthwatch.cli import recent
from tiles.geodesy import CRS84, equal_area, project

WORLD = shapely.box(-180.0, -80.0, 180.0, 84.0)
BOX = "22.642,44.7045,22.648,44.709"
"""Within the scenes, which show 600 m of the cell 34N_0061_0483."""


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return recent.write(tmp_path_factory.mktemp("recent"))


@pytest.fixture
def server(scenes):
    with Standin(scenes) as running:
        yield running


@pytest.fixture
def hub(server, tmp_path, monkeypatch):
    """Name the stand-in as the provider; return it."""
    for name, value in recent.environment(server, recent.credentials(tmp_path)).items():
        monkeypatch.setenv(name, value)
    return server


def spends(*, of_searches=False):
    with store_at(load_settings().data_dir) as store:
        every = all_spends(store, "local")
        return [spend for spend in every if (spend.detail == SEARCH) is of_searches]


class TestEstimate:
    def test_the_catalogue_tells_looks_and_cloud(self, hub, document):
        status, told = document("region", "estimate", "--bbox", BOX, "--kind", "burned")
        assert status == 0
        assert told["cells"] == [recent.CELL]
        # Eight looks in 60 days, of which two are under cloud: (2 x 95 + 6 x 20) / 8.
        light = told["sensors"][0]
        assert (light["detectors"][0], light["sensors"]) == ("burned", ["sentinel-2-l2a"])
        assert light["looks_per_month"] == pytest.approx(8 * 30.4375 / 60, abs=1e-3)
        assert light["cloud_share"] == pytest.approx(0.3875)
        assert light["assumed"] is None
        # Of 1024 x 1024 pixels four bands, of 512 x 512 four more; the provider adds a margin.
        per_look = light["units_per_month"] / light["looks_per_month"]
        assert per_look == pytest.approx(4 * 4 / 3 + 4 / 3, rel=0.02)
        assert light["units_at_20_m"] / light["looks_per_month"] == pytest.approx(8 / 3, rel=0.03)
        assert light["units_with_prelook"] == pytest.approx(
            0.75 * light["units_per_month"], rel=0.01
        )
        assert light["backfill_units"] == pytest.approx(24 * light["units_per_month"], rel=1e-3)
        assert told["share_of_month"] == pytest.approx(told["units_per_month"] / 1e4, abs=1e-4)
        revisit = 60 / 8
        expected = revisit / 2 + revisit * 0.3875 / 0.6125
        assert light["wait_days"] == pytest.approx(expected, abs=1e-3)

    def test_offline_nobody_is_asked_and_six_looks_are_assumed(self, hub, call, document):
        words = ("region", "estimate", "--bbox", BOX, "--kind", "burned", "--offline")
        _, told = document(*words)
        assert hub.calls() == []
        light = told["sensors"][0]
        assert light["looks_per_month"] == 6.0
        assert light["assumed"] == "no catalogue was asked"
        assert light["units_per_month"] == pytest.approx(6 * (4 * 4 / 3 + 4 / 3))
        every = [part["units_per_month"] for part in told["sensors"]]
        assert told["units_per_month"] == pytest.approx(sum(every), rel=1e-4)
        status, out, _ = call(*words)
        assert status == 0
        assert "assumed, because no catalogue was asked" in out

    def test_only_cells_with_settlements_are_paid_for(self, document, tmp_path):
        (tmp_path / "places.csv").write_text("longitude,latitude\n22.63,44.70\n22.9,44.95\n")
        words = ("region", "estimate", "--bbox", "22.5,44.6,22.8,44.9", "--kind", "burned")
        _, empty = document(*words)
        assert empty["sensors"][0]["cells_read"] == len(empty["cells"]) > 4
        _, told = document(*words, "--settlements", "places.csv", "--radius", "100")
        assert (told["settlements"], told["settled_cells"]) == (1, [recent.CELL])
        # Its own, and those that rings of placebos in it reach into.
        assert 1 <= told["sensors"][0]["cells_read"] <= 9
        assert told["sensors"][0]["cells_read_at_20_m"] == 0
        assert told["units_per_month"] == 0.0  # the folder provider charges nothing
        assert told["share_of_month"] is None

    def test_wide_rings_are_priced_as_they_are_asked_for(self, hub, call, document, tmp_path):
        (tmp_path / "places.csv").write_text("longitude,latitude\n22.63,44.70\n")
        words = (
            "region", "estimate", "--bbox", "22.5,44.6,22.8,44.9", "--kind", "abandonment",
            "--settlements", "places.csv", "--radius", "100", "--offline",
        )  # fmt: skip
        _, told = document(*words)
        light = told["sensors"][0]
        assert light["detectors"] == ["abandonment"]
        (site,) = sites_of("abandonment", 22.63, 44.70, 100.0)
        assert light["cells_read"] == len(site.cells) >= 9
        assert light["cells_read_at_20_m"] == len(site.coarse) == len(site.cells) - 1
        # A cell at 20 m takes what all bands take at 512 x 512 pixels: of eight, 8 / 3 units.
        bands = wanted_of("abandonment")
        fine = sum(RESOLUTION["sentinel-2-l2a"][band] < 20.0 for band in bands)
        coarse = len(bands) / 3
        own = 4 * fine / 3 + (len(bands) - fine) / 3
        expected = 6.0 * (own + len(site.coarse) * coarse)
        assert light["units_per_month"] == pytest.approx(expected, rel=1e-4)
        # The cloud is looked at once, where the settlement lies.
        first = light["units_with_prelook"] - light["units_per_month"]
        assert first == pytest.approx(6.0 * processing_units(80, 80, 1), rel=1e-3)
        line = f"{len(site.cells)} cells to read ({len(site.coarse)} of them at 20 m), 6.0 looks"
        assert line in call(*words)[1]


def sites_of(detector, lon, lat, radius_m):
    """Return the sites of a run of a detector over one settlement."""
    metric = equal_area(lon, lat)
    core = project(shapely.Point(0.0, 0.0).buffer(radius_m), metric, CRS84)
    now = datetime.now(UTC)
    area = shapely.box(22.5, 44.6, 22.8, 44.9)
    region = Region("r", "local", Kind.ABANDONMENT, Mode.ACTUAL, "r", area, 1.0, now)
    one = Settlement("s", "local", Mode.ACTUAL, "s", core, 1.0, now)
    return settlement_sites(region, [one], WORLD, create_detector(detector).info.zones)


def wanted_of(detector):
    """Return the bands that are asked for of a look of which the provider has them all."""
    info = create_detector(detector).info
    asked = dict.fromkeys((*info.needed, *info.useful, *PICTURE_BANDS))
    return [band for band in asked if band in RESOLUTION["sentinel-2-l2a"]]


class TestSpend:
    def test_what_was_spent_is_told_by_provider_region_and_day(self, document, call, monkeypatch):
        spent = datetime(2026, 3, 14, 9, tzinfo=UTC)
        clock.stop(monkeypatch, spent, "hearthwatch.budget.account", "hearthwatch.cli.spend")
        document("region", "add", "Oak", "--bbox", BOX)
        settings = load_settings(provider="sentinelhub")
        with store_at(settings.data_dir, write=True) as store:
            region = store.region("local", "Oak").id
            budget = budget_from(settings, store)
            for units in (5.0, 2.5):
                held = budget.reserve("sentinelhub", region, "S2", "c", Cost(1, units, 0),
                                      Priority.ROUTINE)  # fmt: skip
                budget.settle(held, Cost(2, units, 1_000_000))
            budget.reserve("sentinelhub", "", "S2", "c", Cost(1, 1.5, 0), Priority.ROUTINE)
        _, told = document("spend")
        (account,) = told["accounts"]
        assert (account["units"], account["reserved_units"], account["requests"]) == (7.5, 1.5, 4)
        by_region = {row["region"]: row for row in told["by_region"]}
        assert by_region["Oak"]["units"] == 7.5
        assert by_region["(none)"]["reserved_units"] == 1.5
        assert told["by_day"][0]["day"] == "2026-03-14"
        _, only = document("spend", "--region", "Oak", "--by", "provider")
        assert only["by_provider"] == [
            {"provider": "sentinelhub", "reads": 2, "units": 7.5, "reserved_units": 0.0,
             "lost_units": 0.0, "requests": 4, "bytes": 2_000_000}
        ]  # fmt: skip
        assert "by_day" not in only
        assert "7.5 of 10,000 units spent, 1.5 reserved" in call("spend")[1]

    def test_a_region_that_nobody_can_look_at_says_so(self, document, call, monkeypatch):
        document("region", "add", "Oak", "--bbox", BOX)
        monkeypatch.setenv("HEARTHWATCH_PROVIDER", "sentinelhub")
        settings = load_settings()
        until = datetime.now(UTC) + timedelta(days=3)
        with store_at(settings.data_dir, write=True) as store:
            budget_from(settings, store).pause("sentinelhub", until, "the quota is spent")
        _, told = document("spend")
        assert told["regions"][0]["reads"].startswith("blind since ")
        assert told["pauses"][0]["reason"] == "the quota is spent"
        assert "Oak: blind since" in call("spend")[1]
        _, told = document("spend", "--resume", "sentinelhub")
        assert told["pauses"] == []
        assert not told["regions"][0]["reads"].startswith("blind")
        status, _, said = call("spend", "--resume", "sentinelhub")
        assert status == 22 and "sentinelhub is not paused" in said


class TestScenes:
    def looks(self, document):
        return document("scene", "list", "--cell", recent.CELL)[1]["looks"]

    def test_a_month_of_looks_is_listed(self, hub, document, call):
        found = self.looks(document)
        assert len(found) == 6  # of eight looks, those of the last thirty days
        assert [look["sensed"] for look in found] == sorted(look["sensed"] for look in found)
        assert found[-1]["cloud_cover"] == 20.0
        assert found[-1]["cells"] == [recent.CELL]
        assert found[-1]["archived"] == []
        assert found[-1]["key"] in call("scene", "list", "--bbox", BOX)[1]

    def test_a_look_is_pulled_paid_for_once_and_shown(self, hub, document, tmp_path):
        key = self.looks(document)[-1]["key"]
        words = ("scene", "pull", key, "--cell", recent.CELL, "--bands", "B04,B03,B02",
                 "--pixel", "20")  # fmt: skip
        status, told = document(*words)
        assert status == 0
        # Three bands over 512 x 512 pixels, and the provider's margin.
        assert told["units"] == pytest.approx(1.0, rel=0.05)
        assert told["cells"][0]["masters"]
        (spend,) = spends()
        assert (spend.status, spend.priority) == (SpendStatus.SETTLED, Priority.CONFIRMATION)
        assert told["units"] == pytest.approx(spend.units, abs=1e-3)
        # The account was charged for the read and for the searches before it.
        searches = spends(of_searches=True)
        charged = spend.units + sum(one.units for one in searches)
        assert charged == pytest.approx(hub.units_spent, abs=1e-5)
        assert sum(one.requests for one in searches) == len(hub.calls("catalog"))
        assert (spend.acquisition, spend.cell) == (key, recent.CELL)
        again = document(*words)[1]
        assert (again["cells"][0]["fetched"], again["units"]) == (False, 0.0)
        assert len(spends()) == 1
        _, shown = document("scene", "show", key, "--out", tmp_path / "look.png")
        (cell,) = shown["cells"]
        assert cell["provider"] == "sentinelhub"
        assert set(cell["bands"]) >= {"B02", "B03", "B04"}
        assert all(len(one["sha256"]) == 64 for one in cell["masters"])
        with Image.open(tmp_path / "look.png") as image:
            assert image.size == (1024, 1024)
            seen = np.asarray(image)[..., 3] > 0
        # The scenes show a square of 600 m.
        assert seen.sum() == pytest.approx(3600, abs=240)

    def test_a_cap_that_is_reached_refuses_and_says_until_when(
        self, hub, document, failure, monkeypatch
    ):
        key = self.looks(document)[-1]["key"]
        monkeypatch.setenv("HEARTHWATCH_UNITS_PER_MONTH", "3")
        status, code, message = failure("scene", "pull", key, "--cell", recent.CELL)
        assert (status, code) == (22, "budget")
        assert "the month's 3 units are spent; back on 1 " in message
        assert hub.calls("process") == []
        assert spends() == []

    def test_f20_a_quota_the_provider_calls_spent_pauses_it(
        self, scenes, document, failure, monkeypatch, tmp_path
    ):
        with Standin(scenes, units=0.5) as server:
            for name, value in recent.environment(server, recent.credentials(tmp_path)).items():
                monkeypatch.setenv(name, value)
            key = self.looks(document)[-1]["key"]
            words = ("scene", "pull", key, "--cell", recent.CELL, "--bands")
            assert failure(*words, "B02")[1] == "catalogue"
            asked = len(server.calls("process"))
            status, code, message = failure(*words, "B08")
            assert (status, code) == (22, "budget")
            assert "(paused)" in message
            assert len(server.calls("process")) == asked
        told = document("spend")[1]
        assert told["pauses"][0]["provider"] == "sentinelhub"
        assert all(spend.status is SpendStatus.SETTLED for spend in spends())

    def test_a_look_that_is_not_there_is_named_beside_those_that_are(self, hub, failure):
        status, code, message = failure("scene", "pull", "S2B_20190605T092031",
                                        "--cell", recent.CELL)  # fmt: skip
        assert (status, code) == (17, "not_found")
        assert "S2B_20190605T092031" in message
        assert failure("scene", "show", "S2B_20190605T092031")[:2] == (17, "not_found")


class TestDoctor:
    def checks(self, document):
        _, told = document("doctor", "--quick")
        return {check["name"]: check for check in told["checks"]}

    def test_all_is_well_with_an_account_that_works(self, hub, document):
        document("region", "add", "Oak", "--bbox", BOX)
        checks = self.checks(document)
        for name in ("credentials", "providers", "quota", "pauses"):
            assert checks[name]["outcome"] == "ok", checks[name]
        assert "it answers" in checks["providers"]["found"]
        assert "0.0 of 10,000 units" in checks["quota"]["found"]

    def test_the_doctor_does_not_ask_for_what_is_watched(self, hub, document):
        document("region", "add", "Oak", "--bbox", BOX)
        self.checks(document)
        asked = [call for call in hub.calls() if "search" in call.path]
        assert asked
        # Times have digits of their own.
        told = [(call.path, call.query, {**call.document, "datetime": ""}) for call in asked]
        assert "22.6" not in json.dumps(told)

    @pytest.mark.parametrize("fault", ["open to others", "not there", "no secret", "garbage"])
    def test_credentials_that_cannot_be_used_are_told_and_never_shown(
        self, hub, call, tmp_path, monkeypatch, fault
    ):
        path = tmp_path / "account.json"
        if fault == "open to others":
            path.chmod(0o644)
        elif fault == "not there":
            path.unlink()
        elif fault == "no secret":
            path.write_text(json.dumps({"client_id": ACCOUNT.client_id}))
        else:
            path.write_text(f'{{"client_secret": "{ACCOUNT.client_secret}"')
        status, out, err = call("doctor", "--quick", "--json")
        checks = {check["name"]: check for check in json.loads(out)["checks"]}
        assert status == 1
        assert checks["credentials"]["outcome"] == "fail"
        assert checks["credentials"]["advice"]
        assert ACCOUNT.client_secret not in out + err
        assert ACCOUNT.client_id not in out + err

    def test_a_refused_account_is_told_of_without_its_secret(self, hub, call, tmp_path):
        recent.credentials(tmp_path, "another-secret-8Xq")
        status, out, err = call("doctor", "--quick", "--json")
        checks = {check["name"]: check for check in json.loads(out)["checks"]}
        assert (status, checks["providers"]["outcome"]) == (1, "fail")
        assert "credentials" in checks["providers"]["advice"]
        assert "another-secret-8Xq" not in out + err

    @pytest.mark.parametrize(("minutes", "outcome"), [(-7, "warn"), (7, "warn"), (4, "ok")])
    def test_a_clock_that_differs_from_the_providers_is_warned_of(
        self, hub, document, minutes, outcome
    ):
        document("region", "add", "Oak", "--bbox", BOX)
        its_time = datetime.now(UTC) - timedelta(minutes=minutes)
        hub.always["catalog"] = faults.dated(its_time)
        found = self.checks(document)["providers"]
        assert found["outcome"] == outcome
        side = "ahead of" if minutes > 0 else "behind"
        told = f"clock is 7 min {side} its own" in found["found"]
        assert told == (outcome == "warn") == ("timedatectl" in found["advice"])

    def test_a_budget_that_will_not_last_and_a_pause_are_warned_of(self, hub, document):
        document("region", "add", "Oak", "--bbox", BOX)
        settings = load_settings()
        with store_at(settings.data_dir, write=True) as store:
            budget = budget_from(settings, store)
            held = budget.reserve("sentinelhub", "", "S2", "c", Cost(1, 1.0, 0), Priority.ROUTINE)
            budget.settle(held, Cost(1, 10_001.0, 0))
            budget.pause("sentinelhub", None, "the quota is spent")
        checks = self.checks(document)
        assert checks["quota"]["outcome"] == "warn"
        assert "used up on" in checks["quota"]["found"]
        assert checks["pauses"]["outcome"] == "warn"
        assert "the quota is spent" in checks["pauses"]["found"]


def test_a_picture_needs_bands_of_its_colours(hub, document, failure, tmp_path):
    key = document("scene", "list", "--cell", recent.CELL)[1]["looks"][-1]["key"]
    document("scene", "pull", key, "--cell", recent.CELL, "--bands", "B11")
    code, message = failure("scene", "show", key, "--out", tmp_path / "a.png")[1:]
    assert code == "not_found"
    assert "no bands archived for true colours" in message
    assert not (tmp_path / "a.png").exists()
