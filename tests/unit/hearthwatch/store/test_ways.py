"""What a question is foreseen to cost, and the way that follows from it."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from hearthwatch.cql.reading import read_text
from hearthwatch.records import EventFilter, EventState, Kind
from hearthwatch.store.event_search import EventSearch
from hearthwatch.store.sample import UNDRAWN, EventSample
from hearthwatch.store.ways import COSTS, PLACE, TIME, Way, valued
from tests.contract import store_records as a
from tests.contract.store_filters import FIELDS
from tests.support.samples import finer_million, million, way_of

VILLAGE, DISTRICT = (25.0, 13.0, 25.1, 13.1), (25.0, 13.0, 26.0, 14.0)
PROVINCE, COUNTRY = (25.0, 13.0, 28.0, 16.0), (20.0, 8.0, 40.0, 24.0)
TRIANGLE = "s_intersects(geometry, POLYGON((25 13, 28 13, 25 16, 25 13)))"


def lately(box: tuple[float, float, float, float], days: int) -> EventFilter:
    return EventFilter(bbox=box, since=a.NOON - timedelta(days=days), until=a.NOON)


@pytest.mark.parametrize("database", sorted(COSTS))
@pytest.mark.parametrize(
    ("box", "days", "way"),
    [
        (VILLAGE, 730, PLACE),
        (VILLAGE, 3650, PLACE),
        (DISTRICT, 3650, TIME),
        (PROVINCE, 1825, TIME),
        (COUNTRY, 3650, TIME),
        # Hardly anything changed in a period so short: all of it is gone through at once.
        (COUNTRY, 10, TIME),
    ],
)
def test_small_windows_go_by_place_and_wide_ones_by_time(
    database: str, box: tuple[float, float, float, float], days: int, way: Way
) -> None:
    assert way_of(lately(box, days), database=database) == way


def test_postgresql_looks_at_other_times_in_a_window_too_and_sqlite_does_not() -> None:
    few_days = lately((25.0, 13.0, 27.0, 15.0), 10)
    assert way_of(few_days, database="postgresql") == TIME
    assert way_of(few_days, database="sqlite") == PLACE


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("area_m2 > 25000", Way("value", "area_m2")),
        ("area_m2 > 4000", TIME),
        ("last_detected < DATE('2014-09-01')", Way("value", "last_detected")),
        ("cell = 'c17' AND area_m2 > 500", Way("value", "cell")),
        (f"kind = 'razed' AND {TRIANGLE}", Way("value", "kind")),
        (f"kind = 'burned' AND {TRIANGLE}", TIME),
        ("state = 'closed' AND looks = 2", Way("value", "state")),
        # Its index is in the order of time as it is.
        ("kind = 'razed'", TIME),
        ("state IN ('candidate', 'closed')", TIME),
        ("NOT area_m2 > 25000", TIME),
        ("area_m2 > 25000 OR looks = 2", TIME),
    ],
)
def test_a_filter_goes_by_what_few_events_have(text: str, way: Way) -> None:
    assert way_of(EventFilter(filter=read_text(text, FIELDS))) == way


def test_what_is_asked_beside_a_filter_counts_too() -> None:
    # A hundred of those in a district are found soon; a hundred that are closed are not.
    asked = EventFilter(bbox=DISTRICT, states=(EventState.CLOSED,))
    assert way_of(EventFilter(bbox=DISTRICT)) == TIME
    assert way_of(asked) == PLACE
    assert way_of(EventFilter(bbox=DISTRICT, kind=Kind.RAZED)) == PLACE


def test_the_more_are_wanted_the_further_back_one_goes() -> None:
    asked = EventFilter(bbox=DISTRICT)
    assert way_of(asked, most=101) == TIME
    assert way_of(asked, most=100_001) == PLACE


@pytest.mark.parametrize("where", [
    EventFilter(region="reg-1", bbox=VILLAGE), EventFilter(settlement="set-1", bbox=VILLAGE),
    EventFilter(filter=read_text(f"region = 'reg-1' AND {TRIANGLE}", FIELDS)),
], ids=["region", "settlement", "filter"])  # fmt: skip
def test_a_region_and_a_settlement_have_an_index_in_order(where: EventFilter) -> None:
    assert way_of(where) == TIME


def test_of_no_events_any_way_will_do() -> None:
    search = EventSearch("ours", lately(VILLAGE, 10), None)
    assert search.way(EventSample, COSTS["sqlite"], 101) == TIME
    assert search.way(EventSample, COSTS["sqlite"], 101, 2.0, 0.01) == TIME
    # Of some that lie elsewhere all is known.
    known = replace(million(), weight=1.0)
    beyond = EventSearch("ours", EventFilter(bbox=(-60.0, 0.0, -59.0, 1.0)), None)
    assert beyond.way(lambda: known, COSTS["sqlite"], 101, 2.0, 0.01) == PLACE


def test_of_a_place_only_the_newest_are_looked_through_where_one_may_ask_again() -> None:
    # Some 20,000 events, of which 2,000 take a tenth of ten years.
    tile = EventFilter(bbox=(25.0, 13.0, 27.5, 15.5))
    way = way_of(tile, most=1_000, slack=2.0)
    assert way.by == "place" and way.since is not None
    back = a.NOON.timestamp() - way.since / 1e6
    assert back / 86_400 == pytest.approx(365, rel=0.6)
    assert way_of(tile, most=1_000, slack=8.0) == TIME
    assert way_of(tile, most=1_000) == TIME
    # All that there is at a place is looked through at once where it is not much more.
    few = EventFilter(bbox=(25.0, 13.0, 25.6, 13.6))
    assert way_of(few, most=1_000, slack=2.0) == PLACE


@pytest.mark.parametrize("database", sorted(COSTS))
@pytest.mark.parametrize(
    ("words", "finest", "by"),
    [
        ("", 0.02, "map"),
        ("kind = 'burned' AND area_m2 > 1", 0.02, "map"),
        ("", 0.0, "time"),
        ("looks = 2", 0.02, "time"),
    ],
)
def test_a_map_of_small_events_goes_by_its_cells(
    database: str, words: str, finest: float, by: str
) -> None:
    where = EventFilter(
        bbox=(25.0, 13.0, 27.5, 15.5), filter=read_text(words, FIELDS) if words else None
    )
    search = EventSearch("ours", where, None)
    assert search.way(million, COSTS[database], 1_000, 8.0, finest).by == by
    # Over a country, and over a village, other ways are as good.
    for box in (COUNTRY, (25.0, 13.0, 25.01, 13.01)):
        wide = EventSearch("ours", EventFilter(bbox=box), None)
        assert wide.way(million, COSTS[database], 1_000, 8.0, finest).by != "map"


@pytest.mark.parametrize(
    ("words", "is_fine"), [("", True), ("kind = 'burned'", True), ("area_m2 > 1", False)]
)
def test_of_a_finer_sample_that_knows_what_is_asked_fewer_are_looked_through(
    words: str, is_fine: bool
) -> None:
    finer = finer_million()
    known = replace(million(), finer=finer)
    where = EventFilter(
        bbox=(25.0, 13.0, 27.5, 15.5), filter=read_text(words, FIELDS) if words else None
    )
    # All pass but one in a hundred.
    passing = finer.inside([where.bbox]) & finer.between(0, 2**62) if where.bbox else finer.all()
    changed = finer.columns["first_changed"][passing]

    def looked_through(slack: float) -> float:
        way = EventSearch("ours", where, None).way(lambda: known, COSTS["sqlite"], 1_000, slack)
        assert way.by == "place" and way.since is not None
        return float(np.count_nonzero(changed >= way.since)) * finer.weight

    # 40 of the finer sample stand for a thousand: two standard deviations are 13 more.
    assert (looked_through(2.0) == pytest.approx(1_340, abs=40)) == is_fine
    if is_fine:
        assert looked_through(6.0) == pytest.approx(1_970, abs=60)


def test_the_newest_are_counted_of_those_that_pass_the_filter() -> None:
    tile = EventFilter(bbox=(25.0, 13.0, 27.5, 15.5))
    since = way_of(tile, most=500, slack=2.0).since
    large = read_text("area_m2 > 1100", FIELDS)
    narrower = way_of(EventFilter(bbox=tile.bbox, filter=large), most=500, slack=2.0)
    # Half of them are as large: one looks about twice as far back.
    assert since is not None and narrower.since is not None
    now = a.NOON.timestamp() * 1e6
    assert 1.2 < (now - narrower.since) / (now - since) < 4


@pytest.mark.parametrize(
    ("where", "way"),
    [
        (EventFilter(bbox=VILLAGE), PLACE),
        (EventFilter(bbox=PROVINCE), TIME),
        (EventFilter(bbox=(179.9, 13.0, -179.9, 13.1)), PLACE),
        (EventFilter(), TIME),
        (EventFilter(filter=read_text("area_m2 > 25000", FIELDS)), TIME),
    ],
    ids=["village", "province", "dateline", "all", "filter"],
)
def test_without_a_sample_the_width_of_a_window_decides(where: EventFilter, way: Way) -> None:
    search = EventSearch("ours", where, None)
    assert search.way(lambda: UNDRAWN, COSTS["sqlite"], 101) == way


def test_only_what_must_be_met_is_looked_up() -> None:
    def names(text: str) -> set[str]:
        return set(valued(read_text(text, FIELDS).root))

    assert names("area_m2 > 5 AND cell = 'c' AND looks > 3") == {"area_m2", "cell"}
    assert names("area_m2 > 5 OR cell = 'c'") == set()
    assert names("cell = 'c'") == set()
    assert names("cell <> 'c' AND area_m2 < 5") == {"area_m2"}
    assert names("cell > 'c' AND looks = 3") == set()


def test_the_sample_is_of_a_million() -> None:
    assert million().about(million().all()) == 1_000_000
