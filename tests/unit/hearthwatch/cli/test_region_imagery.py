"""`region list` and `region show` say when a region is not read in full, or at all."""

import pytest

from hearthwatch.cli.call import store_at
from hearthwatch.settings import load_settings
from tests.support import blind

BOX = "22.642,44.7045,22.648,44.709"


@pytest.fixture
def region(document):
    """Watch two squares; return the id of the first."""
    added = [document("region", "add", name, "--bbox", BOX)[1]["region"] for name in ("Oak", "Ash")]
    return added[0]["id"]


@pytest.fixture
def store(region):
    with store_at(load_settings().data_dir, write=True, alone=False) as opened:
        yield opened


def test_a_paused_provider_makes_every_region_blind(store, document, call, region):
    words = f"blind since 2026-11-20 10:12: {blind.REASON}; back on 1 December"
    with blind.paused(store, "local"):
        told = call("region", "list")[1].splitlines()
        assert told[-2:] == [f"Ash: {words}", f"Oak: {words}"]
        assert f"  imagery   {words}" in call("region", "show", "Oak")[1].splitlines()
        shown = document("region", "show", region)[1]["region"]["imagery"]
        assert (shown["stage"], shown["blind_since"]) == ("paused", "2026-11-20T10:12:00Z")
        listed = document("region", "list")[1]["regions"]
        assert [one["imagery"] for one in listed] == [shown, shown]
    assert "blind" not in call("region", "list")[1]


def test_a_pause_of_another_provider_or_organisation_blinds_nobody(store, call):
    with blind.paused(store, "local", "sentinelhub"), blind.paused(store, "theirs"):
        assert "blind" not in call("region", "list")[1]
        assert "  imagery   reads at full resolution" in call("region", "show", "Oak")[1]


def test_a_pass_that_did_not_come_is_told_of_the_region_it_was_to_show(
    store, document, call, region
):
    words = "reads at full resolution; 1 pass missing since 2026-11-18"
    with blind.missing(store, "local", region):
        told = call("region", "list")[1].splitlines()
        assert told[-1] == f"Oak: {words}"
        assert not any(line.startswith("Ash:") for line in told)
        assert f"  imagery   {words}" in call("region", "show", "Oak")[1].splitlines()
        listed = document("region", "list")[1]["regions"]
        missing = {one["name"]: one["imagery"]["missing_passes"] for one in listed}
        assert missing == {"Ash": 0, "Oak": 1}
    assert "missing" not in call("region", "list")[1]
