"""What can be watched for follows from the detectors that are installed."""

import pytest

from detectors.registry import detector_ids
from hearthwatch.errors import RegionError
from hearthwatch.records import Kind
from hearthwatch.watchlist import kinds


@pytest.fixture
def _installed(monkeypatch):
    ids = ("burned", "ground_change", "no_kind_of_ours")
    monkeypatch.setattr(kinds, "detector_ids", lambda: ids)


@pytest.mark.usefixtures("_installed")
def test_a_kind_is_offered_when_its_detector_is_installed():
    assert kinds.watchable_kinds() == (Kind.BURNED, Kind.GROUND_CHANGE)
    assert kinds.watchable("burned") is Kind.BURNED


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("name", ["razed", "no_kind_of_ours", "", "Burned"])
def test_another_is_refused_with_those_there_are(name):
    with pytest.raises(RegionError) as refused:
        kinds.watchable(name)
    words = f"No installed detector watches for {name}; installed: burned, ground_change."
    assert refused.value.message == words


def test_what_is_really_installed_can_be_watched_for():
    assert {kind.value for kind in kinds.watchable_kinds()} == set(detector_ids()) & set(Kind)
    assert kinds.watchable("ground_change") is Kind.GROUND_CHANGE
