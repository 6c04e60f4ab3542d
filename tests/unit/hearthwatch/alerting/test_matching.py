"""Which subscriptions an event meets: by hand, and as a plain loop over all of them finds it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiPolygon,
    Point,
    Polygon,
    box,
)
from shapely.geometry.base import BaseGeometry

from hearthwatch.alerting.matching import Index
from hearthwatch.records import Event, EventState, Kind, Mode, Receiver, Severity, Subscription
from tests.contract import store_records as a
from tests.support.plain_matching import plainly_met

VILLAGE = box(25, 13, 26, 14)
SEVERE = Severity.SEVERE


def wanting(**changes: Any) -> Subscription:
    """Return a subscription to everything that is about the world, but for what is given."""
    plain: dict[str, Any] = {"region": "", "kinds": (), "least_state": EventState.CANDIDATE}
    return a.subscription(**(plain | changes))


def meets(subscription: Subscription, severity: Severity = SEVERE, **changes: Any) -> bool:
    """Tell whether an event, changed so, meets a subscription."""
    event = a.event(**({"geometry": VILLAGE} | changes))
    return bool(Index([a.receiver()], [subscription]).meets(event, severity))


@pytest.mark.parametrize(
    ("receiver", "told"),
    [
        (a.receiver(), True),
        (a.receiver(confirmed=None), False),
        (a.receiver(disabled=a.NOON), False),
        (a.receiver(removed=a.NOON), False),
    ],
)
def test_only_who_said_yes_and_is_still_there_is_told(receiver: Receiver, told: bool) -> None:
    index = Index([receiver], [wanting()])
    assert bool(index.meets(a.event(), SEVERE)) is told
    assert len(index) == told


@pytest.mark.parametrize("stopped", ["paused", "removed"])
def test_a_subscription_that_is_paused_or_removed_meets_nothing(stopped: str) -> None:
    assert meets(wanting())
    assert not meets(wanting(**{stopped: a.NOON}))


def test_a_subscription_whose_receiver_is_not_there_meets_nothing() -> None:
    assert not meets(wanting(receiver="rcv-2"))


def test_region_kinds_and_modes_that_are_not_asked_for_are_not_told() -> None:
    assert meets(wanting(region="reg-1"))
    assert not meets(wanting(region="reg-2"))
    assert meets(wanting(kinds=("razed", "burned")))
    assert not meets(wanting(kinds=("razed",)))
    assert not meets(wanting(), mode=Mode.EXERCISE)
    assert meets(wanting(modes=("test", "exercise")), mode=Mode.EXERCISE)
    assert not meets(wanting(modes=()))


@pytest.mark.parametrize(
    ("state", "first_of"),
    [
        (EventState.CANDIDATE, ["candidate"]),
        (EventState.PROVISIONAL, ["candidate", "provisional"]),
        (EventState.CORROBORATED, ["candidate", "provisional", "corroborated"]),
        (EventState.CONFIRMED, ["candidate", "provisional", "corroborated", "confirmed"]),
        (EventState.DISPUTED, []),
        (EventState.REJECTED, []),
        (EventState.RETRACTED, []),
        (EventState.CLOSED, []),
    ],
)
def test_the_least_state_counts_and_what_people_took_back_starts_nothing(
    state: EventState, first_of: list[str]
) -> None:
    met = [one for one in EventState if meets(wanting(least_state=one), state=state)]
    assert met == first_of


def test_the_least_severity_counts() -> None:
    met = {
        least: [one.value for one in Severity if meets(wanting(least_severity=least), one)]
        for least in Severity
    }
    assert met == {
        "minor": ["minor", "moderate", "severe", "extreme"],
        "moderate": ["moderate", "severe", "extreme"],
        "severe": ["severe", "extreme"],
        "extreme": ["extreme"],
    }


BOW_TIE = Polygon([(25, 13), (26, 14), (26, 13), (25, 14)])
SPLIT = MultiPolygon([box(179, 13, 180, 14), box(-180, 13, -179, 14)])


@pytest.mark.parametrize(
    ("area", "ground", "met"),
    [
        (box(25.5, 13.5, 27, 15), VILLAGE, True),
        (box(20, 10, 30, 20), VILLAGE, True),
        (box(25.4, 13.4, 25.6, 13.6), VILLAGE, True),
        (VILLAGE, VILLAGE, True),
        (box(27, 13, 28, 14), VILLAGE, False),
        # At an edge or a corner they share no ground.
        (box(26, 13, 27, 14), VILLAGE, False),
        (box(26, 14, 27, 15), VILLAGE, False),
        # A place with no extent is in what it stands at the border of.
        (VILLAGE, Point(26, 13.5), True),
        (VILLAGE, Point(26.1, 13.5), False),
        (VILLAGE, LineString([(26, 13), (27, 15)]), True),
        # One part is enough, and a box round all of them is not.
        (VILLAGE, MultiPolygon([box(20, 13, 21, 14), box(25.9, 13, 29, 14)]), True),
        (VILLAGE, MultiPolygon([box(20, 13, 21, 14), box(29, 13, 30, 14)]), False),
        (MultiPolygon([box(20, 13, 21, 14), box(29, 13, 30, 14)]), VILLAGE, False),
        (Polygon(box(20, 10, 30, 20).exterior.coords, [VILLAGE.exterior.coords]), VILLAGE, False),
        (VILLAGE, GeometryCollection([box(30, 13, 31, 14), Point(25.5, 13.5)]), True),
        # Both sides of 180 degrees.
        (SPLIT, box(-179.5, 13, -179.4, 14), True),
        (SPLIT, box(179.5, 13, 179.6, 14), True),
        (SPLIT, box(0, 13, 1, 14), False),
        (box(-180, 13, -179, 14), box(179.5, 13, 180.5, 14), True),
        (box(179, 13, 180, 14), box(-180.5, 13, -179.5, 14), True),
        (box(-180, 13, -179, 14), Point(180, 13.5), True),
        (box(179, 13, 180, 14), Point(-180, 13.5), True),
        (box(-180, 13, -179, 14), box(179, 13, 180, 14), False),
        # What is drawn wrongly is told of, and stops nothing.
        (VILLAGE, BOW_TIE, True),
        (BOW_TIE, VILLAGE, True),
        (box(30, 13, 31, 14), BOW_TIE, False),
        (VILLAGE, Polygon([(25, 13), (26, 13), (25, 13)]), True),
        (VILLAGE, Polygon(), False),
    ],
)  # fmt: skip
def test_an_area_is_met_by_what_shares_ground_with_it(
    area: BaseGeometry, ground: BaseGeometry, met: bool
) -> None:
    assert meets(wanting(geometry=area), geometry=ground) is met


def test_a_receiver_is_told_once_because_of_all_its_subscriptions_in_their_order() -> None:
    other = wanting(id="sub-0", receiver="rcv-2", geometry=VILLAGE)
    mine = [wanting(id=name, geometry=VILLAGE) for name in ("sub-3", "sub-1", "sub-2")]
    elsewhere = wanting(id="sub-4", geometry=box(0, 0, 1, 1))
    index = Index(
        [a.receiver(), a.receiver(id="rcv-2")], [mine[0], other, mine[1], elsewhere, mine[2]]
    )
    assert index.meets(a.event(geometry=VILLAGE), SEVERE) == {
        "rcv-1": tuple(mine), "rcv-2": (other,),
    }  # fmt: skip


def test_no_organisation_is_told_of_another_ones_event() -> None:
    index = Index([a.receiver()], [wanting()])
    with pytest.raises(ValueError, match="another organisation"):
        index.meets(a.event(organisation="theirs"), SEVERE)
    with pytest.raises(ValueError, match="one organisation"):
        Index([a.receiver()], [wanting(organisation="theirs")])


def test_without_any_subscription_nobody_is_told() -> None:
    assert Index([], []).meets(a.event(), SEVERE) == {}
    assert Index([a.receiver()], []).meets(a.event(), SEVERE) == {}


def test_several_threads_that_ask_at_once_are_told_the_same() -> None:
    areas = [Point(25 + i / 40, 13).buffer(1 + i % 7 / 4) for i in range(200)]
    every = [wanting(id=f"sub-{i}", geometry=area) for i, area in enumerate(areas)]
    events = [a.event(geometry=box(24 + i / 8, 12.9, 24.2 + i / 8, 13.1)) for i in range(60)]
    expected = [plainly_met([a.receiver()], every, one, SEVERE) for one in events]
    # The first questions are those at which prepared areas complete themselves.
    for _ in range(5):
        index = Index([a.receiver()], every)
        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(index.meets, one, SEVERE) for one in events]
            assert [one.result() for one in asked] == expected


WHERE = st.tuples(st.integers(-3, 3), st.integers(-3, 3))


@st.composite
def polygons(draw: st.DrawFn) -> BaseGeometry:
    """Draw a triangle or a box with corners on a grid, so that touching is exact."""
    (x, y), (u, v), (w, z) = draw(WHERE), draw(WHERE), draw(WHERE)
    if draw(st.booleans()) and (u - x) * (z - y) != (w - x) * (v - y):
        return Polygon([(x, y), (u, v), (w, z)])
    return box(x, y, x + 1 + abs(u), y + 1 + abs(v))


@st.composite
def multipolygons(draw: st.DrawFn) -> BaseGeometry:
    """Draw two boxes apart from each other."""
    near, far = draw(polygons()), draw(polygons())
    return MultiPolygon([near, affinity.translate(far, 0, 20 - draw(st.integers(0, 4)))])


AREAS = st.one_of(polygons(), multipolygons())
GROUNDS = st.one_of(
    AREAS,
    WHERE.map(Point),
    st.lists(WHERE, min_size=2, max_size=4, unique=True).map(LineString),
    st.tuples(polygons(), WHERE).map(lambda both: GeometryCollection([both[0], Point(both[1])])),
)


@st.composite
def at_home_or_at_180(draw: st.DrawFn, shapes: st.SearchStrategy[BaseGeometry]) -> BaseGeometry:
    """Draw a geometry by the Greenwich meridian or by that of 180 degrees, on either side."""
    shift = draw(st.sampled_from([0, 0, 177, -177]))
    return affinity.translate(draw(shapes), shift)


MOMENTS = st.sampled_from([None, None, None, a.NOON])
RECEIVERS = st.builds(
    a.receiver,
    id=st.sampled_from(["rcv-1", "rcv-2", "rcv-3"]),
    confirmed=st.sampled_from([a.NOON, a.NOON, None]), disabled=MOMENTS, removed=MOMENTS,
)  # fmt: skip
SUBSCRIPTIONS = st.builds(
    a.subscription,
    receiver=st.sampled_from(["rcv-1", "rcv-2", "rcv-3", "rcv-4"]),
    region=st.sampled_from(["", "", "reg-1", "reg-2"]),
    geometry=st.none() | at_home_or_at_180(AREAS),
    kinds=st.lists(st.sampled_from([one.value for one in Kind]), max_size=3).map(tuple),
    modes=st.lists(st.sampled_from([one.value for one in Mode]), min_size=1).map(tuple),
    least_state=st.sampled_from(EventState), least_severity=st.sampled_from(Severity),
    paused=MOMENTS, removed=MOMENTS,
)  # fmt: skip
EVENTS = st.builds(
    a.event,
    kind=st.sampled_from(Kind), mode=st.sampled_from(Mode), state=st.sampled_from(EventState),
    region=st.sampled_from(["reg-1", "reg-2", "reg-3"]), geometry=at_home_or_at_180(GROUNDS),
)  # fmt: skip


@settings(max_examples=300)
@given(
    st.lists(RECEIVERS, max_size=3, unique_by=lambda one: one.id),
    st.lists(SUBSCRIPTIONS, max_size=12),
    st.lists(EVENTS, min_size=1, max_size=3),
    st.sampled_from(Severity),
)
def test_the_index_finds_what_a_plain_loop_finds(
    receivers: Sequence[Receiver],
    subscriptions: Sequence[Subscription],
    events: Sequence[Event],
    severity: Severity,
) -> None:
    index = Index(receivers, subscriptions)
    for event in events:
        found = index.meets(event, severity)
        assert found == plainly_met(receivers, subscriptions, event, severity)


@settings(max_examples=300)
@given(at_home_or_at_180(AREAS), at_home_or_at_180(GROUNDS))
def test_ground_lies_in_an_area_as_overlaying_the_two_says(
    area: BaseGeometry, ground: BaseGeometry
) -> None:
    every = [wanting(geometry=area)]
    event = a.event(geometry=ground)
    found = Index([a.receiver()], every).meets(event, SEVERE)
    assert found == plainly_met([a.receiver()], every, event, SEVERE)
