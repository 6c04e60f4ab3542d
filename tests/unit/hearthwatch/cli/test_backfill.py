"""How far back a region's looks begin, and what a run says to whoever asks for older ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.standin import Standin
from tests.support import catalogue

BOX = "22.642,44.7045,22.648,44.709"
AGES = (800, 10)
"""Days since the scenes were taken; the usual 730 leave the first one out."""


def ago(days: float) -> datetime:
    noon = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    return noon - timedelta(days=days)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    bands = ("B02", "B03", "B04", "B08", "B11", "SCL")
    drawn = catalogue.forest(7, bands=bands, cloudy=0.0, overcast=0.0)
    return catalogue.make_catalogue(
        tmp_path_factory.mktemp("old"), [ago(age) for age in AGES], drawn, baseline="05.11",
        offset=True,
    )  # fmt: skip


@pytest.fixture
def server(scenes, monkeypatch):
    with Standin(scenes) as running:
        monkeypatch.setenv("HEARTHWATCH_PROVIDER", "stac")
        monkeypatch.setenv("HEARTHWATCH_STAC_URL", running.stac_url())
        monkeypatch.setenv("HEARTHWATCH_STAC_REQUESTS_PER_MINUTE", "60000")
        yield running


def test_a_day_before_the_first_list_is_told_with_what_to_set_and_then_looked_at(
    server, document, call, monkeypatch
):
    added = document("region", "add", "Oak", "--bbox", BOX)[1]["region"]["created"]
    created = datetime.fromisoformat(added)
    until = f"{created - timedelta(days=790):%Y-%m-%d}"
    status, out, _ = call("run", "--until", until)
    assert status == 0
    begins = f"{created - timedelta(days=730):%Y-%m-%d}"
    assert f"Oak: nothing so old was listed: its looks begin on {begins}" in out
    # From the middle of the day or so to that of now: 789 days and a part of one, or a little more.
    assert any(f"HEARTHWATCH_BACKFILL_DAYS to more than {days} " in out for days in (790, 791))
    (told,) = document("run", "--until", until)[1]["runs"]
    assert (told["looks"], told["listed_since"][:10]) == (0, begins)
    monkeypatch.setenv("HEARTHWATCH_BACKFILL_DAYS", "795")
    assert "nothing so old was listed" not in call("run", "--until", until)[1]
    monkeypatch.setenv("HEARTHWATCH_BACKFILL_DAYS", "850")
    (told,) = document("run", "--until", until)[1]["runs"]
    assert (told["looks"], told["listed_since"]) == (1, None)


def test_the_usual_two_years_and_less(server, document, monkeypatch):
    document("region", "add", "Oak", "--bbox", BOX)
    monkeypatch.setenv("HEARTHWATCH_BACKFILL_DAYS", "5")
    (told,) = document("run")[1]["runs"]
    assert (told["looks"], told["listed_since"]) == (0, None)
    monkeypatch.delenv("HEARTHWATCH_BACKFILL_DAYS")
    assert document("run")[1]["runs"][0]["looks"] == 1


def test_once_looks_were_taken_older_ones_are_not_fetched_any_more(server, document, monkeypatch):
    document("region", "add", "Oak", "--bbox", BOX)
    assert document("run")[1]["runs"][0]["looks"] == 1
    read = len(server.calls("files"))
    monkeypatch.setenv("HEARTHWATCH_BACKFILL_DAYS", "850")
    (told,) = document("run", "--until", f"{ago(790):%Y-%m-%d}")[1]["runs"]
    assert told["looks"] == 0
    assert told["listed_since"] is not None
    assert len(server.calls("files")) == read
