"""What can be watched for follows from the detectors that are installed."""

from collections.abc import Iterator

import pytest

from detectors.registry import create_detector, detector_ids, detectors_of
from hearthwatch.errors import RegionError
from hearthwatch.records import Kind
from hearthwatch.watchlist import kinds
from tests.support.sensors import RADAR, only


@pytest.fixture
def _two() -> Iterator[None]:
    """Leave the detectors of burned settlements and of changed ground alone installed."""
    with only("burned", "ground_change"):
        yield


@pytest.mark.usefixtures("_two")
def test_a_kind_is_offered_when_its_detector_is_installed():
    assert kinds.watchable_kinds() == (Kind.BURNED, Kind.GROUND_CHANGE)
    assert kinds.watchable("burned") is Kind.BURNED


@pytest.mark.usefixtures("_two")
@pytest.mark.parametrize("name", ["razed", "no_kind_of_ours", "", "Burned"])
def test_another_is_refused_with_those_there_are(name):
    with pytest.raises(RegionError) as refused:
        kinds.watchable(name)
    words = f"No installed detector watches for {name}; installed: burned, ground_change."
    assert refused.value.message == words


def test_a_detector_of_another_name_makes_its_kinds_watchable():
    with only("burned", radar=RADAR):
        assert kinds.watchable("razed") is Kind.RAZED
        assert detectors_of("razed") == ("radar",)
        assert detectors_of("burned") == ("burned", "radar")


def test_what_is_really_installed_can_be_watched_for():
    regions = {kind for name in detector_ids() for kind in create_detector(name).info.regions}
    assert {kind.value for kind in kinds.watchable_kinds()} == regions
    assert kinds.watchable("ground_change") is Kind.GROUND_CHANGE
