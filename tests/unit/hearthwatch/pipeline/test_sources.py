"""Two detectors over one settlement: their looks, committed as a run does, make one event."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import shapely

from detectors.registry import create_detector
from detectors.types import DetectorInfo, DetectorState, Finding, PlaceLook, Showed, SiteChange
from hearthwatch.errors import StoreError
from hearthwatch.pipeline.commit import LookOutcome, commit_look
from hearthwatch.pipeline.events import in_words
from hearthwatch.pipeline.tasks import Scored
from hearthwatch.records import Event, EventFilter, EventState
from hearthwatch.store import MemoryStore, SqlStore, Store
from hearthwatch.store.whole import all_events
from tests.contract import store_records as a
from tests.support import settled
from tests.unit.hearthwatch.pipeline.test_commit import CORE, KEY, MEASURED, SITE, SUSPECT

OPTICAL = create_detector("burned").info
RADAR = dataclasses.replace(OPTICAL, id="radar", kinds=("razed",), sensors=("sentinel-1-rtc",))
NOON, DAY = MEASURED.sensed, timedelta(days=1)
REGION = settled.region()


@pytest.fixture(params=["memory", "sql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = (
        MemoryStore()
        if request.param == "memory"
        else SqlStore.open(tmp_path / "hearthwatch.db", write=True)
    )
    with made.transaction() as tx:
        tx.put_region(REGION)
        tx.put_run(a.run(id="run", organisation=REGION.organisation, region=REGION.id))
    yield made
    made.close()


def finding(state: DetectorState, first: datetime, **more: object) -> Finding:
    plain = Finding(
        object=1, kind="burned", state=state, geometry=shapely.from_wkb(CORE), area_m2=5e4,
        pixels=500, last_unharmed=first - 5 * DAY, first_changed=first, looks=1,
        evidence={"log_likelihood_ratio": 12.0}, place=KEY,
    )  # fmt: skip
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


def commit(store: Store, info: DetectorInfo, number: int, *findings: Finding) -> None:
    """Commit a detector's look of one day."""
    look = PlaceLook(KEY, Showed.CHANGED, 1.0, "", {})
    key = f"{info.id}-{number}"
    measured = dataclasses.replace(
        MEASURED, acquisition=key, sensed=NOON + number * DAY, places=(look,)
    )
    outcome = LookOutcome(
        region=REGION, run="run", digest="digest", detector=info, site=SITE, measured=measured,
        judgement=SUSPECT, scored=Scored("a" * 64, findings, {}, (look,)), state_path="state",
        sequence=number + 1,
    )  # fmt: skip
    commit_look(store, Path(), outcome, 0.0)


def events(store: Store) -> list[tuple[str, EventState, int]]:
    told = all_events(store, REGION.organisation, EventFilter())
    return [(one.detector, one.state, one.version) for one in told]


SURE = DetectorState.ESTABLISHED


def test_two_sensors_corroborate_one_event_and_each_keeps_its_detections(store: Store) -> None:
    commit(store, OPTICAL, 0, finding(SURE, NOON))
    assert events(store) == [("burned", EventState.PROVISIONAL, 1)]
    weaker = {"evidence": {"log_likelihood_ratio": 7.0}, "kind": "razed"}
    razed = finding(SURE, NOON - 2 * DAY, change=SiteChange.RAZED_PARTIAL, **weaker)
    commit(store, RADAR, 1, razed)
    assert events(store) == [("burned", EventState.CORROBORATED, 2)]
    (event,) = all_events(store, REGION.organisation, EventFilter())
    assert (event.last_unharmed, event.first_changed) == (NOON - 5 * DAY, NOON - 2 * DAY)
    assert event.change == "razed_partial"
    assert event.evidence["combined_log_likelihood_ratio"] == 19.0
    optical, radar = sorted(
        store.sources(REGION.organisation, event.id), key=lambda one: one.detector
    )
    assert (optical.id, radar.groups) == (event.id, ("radar",))
    for source, look in ((optical, "burned-0"), (radar, "radar-1")):
        (told,) = store.source_detections(REGION.organisation, source.id)
        assert (told.acquisition, told.event, told.source) == (look, event.id, source.id)


def test_a_second_burning_and_the_radars_second_fall_are_a_second_event(store: Store) -> None:
    commit(store, OPTICAL, 0, finding(SURE, NOON))
    commit(store, RADAR, 1, finding(SURE, NOON, kind="razed"))
    commit(store, OPTICAL, 40, finding(DetectorState.CLOSED, NOON))
    commit(store, RADAR, 41, finding(DetectorState.CLOSED, NOON, kind="razed"))
    assert events(store) == [("burned", EventState.CORROBORATED, 4)]
    again = NOON + 60 * DAY
    commit(store, RADAR, 60, finding(DetectorState.PROBABLE, again, kind="razed", object=2))
    commit(store, OPTICAL, 61, finding(SURE, again + DAY, object=2))
    assert events(store) == [
        ("burned", EventState.PROVISIONAL, 2), ("burned", EventState.CORROBORATED, 4),
    ]  # fmt: skip


def test_a_look_that_failed_to_commit_leaves_nothing(store: Store) -> None:
    commit(store, OPTICAL, 0, finding(SURE, NOON))
    with pytest.raises(StoreError, match=r"stored already"):
        commit(store, OPTICAL, 0, finding(SURE, NOON))
    assert events(store) == [("burned", EventState.PROVISIONAL, 1)]


def only_event(store: Store) -> Event:
    (event,) = all_events(store, REGION.organisation, EventFilter())
    return event


def test_people_who_are_back_are_told_and_what_was_found_before_stays(store: Store) -> None:
    info = dataclasses.replace(OPTICAL, id="abandonment", kinds=("abandonment",))
    left = {"kind": "abandonment", "change": SiteChange.ABANDONED, "evidence": {"ratio": 0.2}}
    commit(store, info, 0, finding(SURE, NOON, **left))
    before = only_event(store).observed
    assert before.startswith("Less was tilled")
    back = {**left, "change": SiteChange.REOCCUPIED, "evidence": {"ratio": 1.1}}
    commit(store, info, 365, finding(DetectorState.CLOSED, NOON, **back))
    event = only_event(store)
    assert (event.change, event.evidence["ratio"]) == ("reoccupied", 0.2)
    since = f"{NOON + 365 * DAY:%Y-%m-%d}"
    assert event.observed == (
        f"{before} More was tilled again round a settlement of 5.00 ha by {since}."
    )


def test_an_episode_that_is_over_keeps_what_became_of_the_site(store: Store) -> None:
    commit(store, RADAR, 0, finding(SURE, NOON, kind="razed", change=SiteChange.RAZED_TOTAL))
    # The last looks of an episode seldom tell how much was lost.
    commit(store, RADAR, 40, finding(DetectorState.CLOSED, NOON, kind="razed"))
    assert only_event(store).change == "razed_total"


@pytest.mark.parametrize(
    ("kind", "change", "begins"),
    [
        ("burned", None, "A settlement of 5.00 ha came to look burned between "),
        ("razed", SiteChange.RAZED_TOTAL, "A settlement of 5.00 ha came to show less"),
        ("abandonment", SiteChange.ABANDONED, "Less was tilled round a settlement of 5.00 ha"),
        ("abandonment", SiteChange.REOCCUPIED, "More was tilled again"),
        ("camp_change", SiteChange.NEW, "Ground over 5.00 ha came to look built up"),
        ("camp_change", SiteChange.CLOSED, "Built-up ground went from a site of 5.00 ha"),
        ("camp_change", None, "A settlement of 5.00 ha changed"),
    ],
)
def test_the_words_are_those_of_what_was_seen(
    kind: str, change: SiteChange | None, begins: str
) -> None:
    told = in_words(finding(SURE, NOON, kind=kind, change=change))
    assert told.startswith(begins)
    assert "attack" not in told
