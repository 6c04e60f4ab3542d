"""A village that burns, and burns again: its events, their versions, and what they say."""

from __future__ import annotations

import json

import pytest

from detectors.burned import Burned
from detectors.calibration import BUILT_IN
from hearthwatch.records import EventState
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.store import MemoryStore
from hearthwatch.values import event_value
from tests.support import settled
from tests.support.settled import EAST, LOOKS, MIDDLE, Fire

FIRST, SECOND, NUMBER = 8, 16, 21
CLOSED = FIRST + Burned().parameters.episodes.close_after - 1
"""The first affected look counts as one."""
FIRES = (
    Fire(LOOKS[FIRST].date(), MIDDLE.core, (0.0, 0.5)),
    Fire(LOOKS[SECOND].date(), MIDDLE.core, (0.5, 0.95)),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    folder = tmp_path_factory.mktemp("burns")
    looks = settled.write_looks(folder / "looks", LOOKS[:NUMBER], settled.dry_land(FIRES))
    store = MemoryStore()
    settled.enrol(store)
    settled.run(settled.settings_for(folder / "var", looks, workers=2), store)
    return store


def test_each_burn_is_one_event_of_its_settlement_with_its_interval(store: MemoryStore) -> None:
    first, second = settled.events_of(store)
    assert first.id != second.id
    assert {first.settlement, second.settlement} == {"id-Middle"}
    for event, burned in ((first, FIRST), (second, SECOND)):
        assert (event.last_unharmed, event.first_changed) == (LOOKS[burned - 1], LOOKS[burned])
        assert event.kind == "burned"
        assert event.geometry.equals(settled.degrees(MIDDLE.core))
        assert event.area_m2 == pytest.approx(MIDDLE.core.area, rel=0.01)


def test_the_first_is_closed_and_its_history_tells_how_it_grew(store: MemoryStore) -> None:
    first, _ = settled.events_of(store)
    history = store.event_history("local", first.id)
    told = [(one.version, one.detector_state, one.last_detected, one.state) for one in history]
    provisional = EventState.PROVISIONAL
    assert told == [
        (1, "WATCH", LOOKS[FIRST], EventState.CANDIDATE),
        (2, "PROBABLE", LOOKS[FIRST + 1], provisional),
        (3, "ESTABLISHED", LOOKS[FIRST + 2], provisional),
        (4, "CLOSED", LOOKS[CLOSED], provisional),
    ]
    assert history[-1] == first
    assert {one.first_detected for one in history} == {LOOKS[FIRST]}
    assert [len(store.detections("local", one.id)) for one in settled.events_of(store)] == [4, 3]


def test_after_the_first_is_closed_the_village_is_watched_as_before(store: MemoryStore) -> None:
    _, second = settled.events_of(store)
    states = [one.detector_state for one in store.event_history("local", second.id)]
    assert states == ["WATCH", "PROBABLE", "ESTABLISHED"]
    rows = settled.rows_of(store, MIDDLE)
    between = [row for row in rows if LOOKS[CLOSED] < row.sensed < LOOKS[SECOND]]
    assert [row.status for row in between] == [Status.UNCHANGED] * (SECOND - CLOSED - 1)
    assert all(row.detail["said"]["evidence"] < 0.0 for row in between)


def test_looks_that_show_it_burned_are_changed_and_the_other_village_is_not(
    store: MemoryStore,
) -> None:
    rows = {LOOKS.index(row.sensed): row for row in settled.rows_of(store, MIDDLE)}
    assert {rows[n].status for n in range(FIRST, CLOSED)} == {Status.CHANGED}
    assert {rows[n].status for n in range(SECOND + 1, NUMBER)} == {Status.CHANGED}
    others = settled.rows_of(store, EAST)
    assert {row.status for row in others[6:]} == {Status.UNCHANGED}


def test_it_says_what_was_seen_and_never_what_it_may_mean(store: MemoryStore) -> None:
    for event in settled.events_of(store):
        for version in store.event_history("local", event.id):
            since = f"between {event.last_unharmed:%Y-%m-%d} and {event.first_changed:%Y-%m-%d}"
            words = f"A settlement of {event.area_m2 / 1e4:.2f} ha came to look burned {since}"
            assert version.observed.startswith(words)
            text = json.dumps(event_value(version, {}))
            assert "attack" not in text.lower()
        assert 0.0 < event.evidence["near_infrared_factor"] < 0.9
        assert event.evidence["char_fraction_change"] > 0.1
        assert event.evidence["log_likelihood_ratio"] > BUILT_IN.established
