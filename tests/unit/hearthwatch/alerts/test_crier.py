"""Those who are told what two people released: when it is theirs to read, and no sooner."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import MultiPolygon, box, shape

from hearthwatch.alerting.outbox import enqueue
from hearthwatch.alerts.crier import cry
from hearthwatch.records import Alert, Audience, Detail, EventState, Mode, Severity
from tests.contract import store_records as a
from tests.unit.hearthwatch.disclosure.world import DAY, HOUR, MONDAY, OURS, World

PLACE = (25.3, 13.6)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, [PLACE])
    with made.store.transaction() as tx:
        for detail in (Detail.PARTNER, Detail.PUBLIC):
            tx.put_receiver(a.receiver(
                id=detail.value, detail=detail, quiet_from=None, quiet_until=None,
                confirmed=MONDAY,
            ))  # fmt: skip
            tx.put_subscription(a.subscription(
                id=f"sub-{detail.value}", receiver=detail.value, region="", kinds=(),
                created=MONDAY, rhythm=a.Rhythm.INSTANT,
            ))  # fmt: skip
    return made


def told(world: World, detail: Detail = Detail.PARTNER) -> list[Alert]:
    return [one for one in world.store.alerts(OURS) if one.receiver == detail.value]


def acts(world: World, detail: Detail = Detail.PARTNER) -> list[tuple[str, str]]:
    return [(one.act.value, one.facts["state"]) for one in told(world, detail)]


def test_what_nobody_released_is_told_to_nobody(world: World) -> None:
    world.happens(PLACE)
    assert cry(world.store, world.now) == 0


def test_what_was_released_is_told_once_and_as_it_is_read(world: World) -> None:
    event = world.happens(PLACE)
    world.release(Audience.PARTNER)
    assert cry(world.store, world.now) == 1
    assert cry(world.store, world.now) == 0
    (alert,) = told(world)
    read = world.one()
    facts = alert.facts
    assert facts["event"] == read["id"]
    assert json.dumps(facts["geometry"], sort_keys=True) == json.dumps(
        read["geometry"], sort_keys=True
    )
    properties: dict[str, Any] = read["properties"]
    assert facts["place"] == properties["place"]
    assert facts["unharmed_until"] == properties["unharmed_until"]
    assert alert.subscriptions == ("sub-partner",)
    # Nothing of the true event is in it: not its id, its ground, its size or its times.
    text = json.dumps(dict(facts))
    for secret in (event.id, "Village 0", str(event.area_m2), event.region, 'observed": "B'):
        assert secret not in text, secret


def test_the_public_hears_later_and_less(world: World) -> None:
    world.happens(PLACE)
    world.release(Audience.PUBLIC)
    assert cry(world.store, world.now) == 0
    world.later(7 * DAY)
    assert cry(world.store, world.now) == 1
    (alert,) = told(world, Detail.PUBLIC)
    assert alert.facts["unseen"] == ""
    assert told(world, Detail.PARTNER) == []


def test_what_people_say_follows_at_once_and_what_software_finds_the_next_day(
    world: World,
) -> None:
    world.happens(PLACE)
    world.release(Audience.PARTNER)
    cry(world.store, world.now)
    world.becomes("evt-1", state=EventState.CORROBORATED)
    assert cry(world.store, world.now) == 0
    world.later(DAY)
    cry(world.store, world.now)
    world.becomes("evt-1", state=EventState.CONFIRMED, said_by="amina")
    cry(world.store, world.now)
    world.becomes("evt-1", state=EventState.RETRACTED, said_by="amina")
    cry(world.store, world.now)
    assert acts(world) == [
        ("alert", "provisional"), ("update", "corroborated"), ("update", "confirmed"),
        ("cancel", "retracted"),
    ]  # fmt: skip
    assert [one.sequence for one in told(world)] == [1, 2, 3, 4]


def test_a_change_taken_back_before_its_day_is_never_told(world: World) -> None:
    world.happens(PLACE)
    world.release(Audience.PARTNER)
    cry(world.store, world.now)
    world.becomes("evt-1", state=EventState.CORROBORATED)
    cry(world.store, world.now)
    world.becomes("evt-1", state=EventState.RETRACTED, said_by="amina")
    world.later(HOUR)
    cry(world.store, world.now)
    world.later(3 * DAY)
    cry(world.store, world.now)
    assert acts(world) == [("alert", "provisional"), ("cancel", "retracted")]


def test_a_release_withdrawn_cancels(world: World) -> None:
    world.happens(PLACE)
    release = world.release(Audience.PARTNER)
    cry(world.store, world.now)
    world.later(HOUR)
    world.as_("amina").withdraw(release)
    cry(world.store, world.now)
    first, second = told(world)
    assert (second.act.value, second.facts["geometry"], second.facts["place"]) == (
        "cancel", None, "",
    )  # fmt: skip
    assert second.facts["event"] == first.facts["event"]


def test_what_was_there_before_one_asked_is_no_news(world: World) -> None:
    world.happens(PLACE)
    world.release(Audience.PARTNER)
    world.later(timedelta(minutes=1))
    with world.store.transaction() as tx:
        tx.put_subscription(a.subscription(
            id="sub-partner", receiver="partner", region="", kinds=(), created=world.now,
            rhythm=a.Rhythm.INSTANT, revision=2,
        ))  # fmt: skip
    assert cry(world.store, world.now) == 0


def test_whether_a_drawn_area_holds_it_is_asked_of_the_place_that_is_told(world: World) -> None:
    """Else a partner could draw areas until it knows the true place."""
    world.happens(PLACE)
    world.release(Audience.PARTNER)
    told_place = a.region().geometry.__class__  # A multipolygon, as areas are.
    coarse = world.one()["geometry"]
    west, south, east, north = shape(coarse).bounds
    corner = told_place([box(west, south, west + (east - west) / 50, south + (north - south) / 50)])
    assert not corner.intersects(world.store.event(OURS, "evt-1").geometry)
    with world.store.transaction() as tx:
        tx.put_subscription(a.subscription(
            id="sub-partner", receiver="partner", region="", kinds=(), created=MONDAY,
            geometry=corner, rhythm=a.Rhythm.INSTANT, revision=2,
        ))  # fmt: skip
    assert cry(world.store, world.now) == 1


def test_whether_a_region_holds_it_is_asked_of_the_place_that_is_told(world: World) -> None:
    """Else who is told of one small region alone would know by that where it is."""
    world.happens(PLACE)
    world.release(Audience.PARTNER)
    west, south, east, north = shape(world.one()["geometry"]).bounds
    corner = MultiPolygon([box(west, south, west + 0.01, south + 0.01)])
    assert not corner.intersects(world.store.event(OURS, "evt-1").geometry)
    beyond = MultiPolygon([box(east + 1, north + 1, east + 1.01, north + 1.01)])
    with world.store.transaction() as tx:
        for name, geometry in (("corner", corner), ("beyond", beyond)):
            tx.put_region(a.region(id=name, name=name, geometry=geometry))
            tx.put_receiver(a.receiver(
                id=name, detail=Detail.PARTNER, quiet_from=None, quiet_until=None,
                confirmed=MONDAY,
            ))  # fmt: skip
            tx.put_subscription(a.subscription(
                id=f"sub-{name}", receiver=name, region=name, kinds=(), created=MONDAY,
                rhythm=a.Rhythm.INSTANT,
            ))  # fmt: skip
    cry(world.store, world.now)
    assert {one.receiver for one in world.store.alerts(OURS)} == {"partner", "corner"}


def test_an_exercise_is_told_only_to_who_asked_for_it(world: World) -> None:
    world.happens(PLACE, mode=Mode.EXERCISE)
    world.release(Audience.PARTNER)
    assert cry(world.store, world.now) == 0


def test_a_contact_whose_agreement_allows_no_more_is_told_once_it_was_released(
    world: World,
) -> None:
    """Before, it is told nothing, and the clock runs; what follows reaches it too."""
    with world.store.transaction() as tx:
        tx.put_receiver(
            a.receiver(
                id="aid", detail=Detail.PARTNER, quiet_from=None, quiet_until=None,
                confirmed=MONDAY,
            )
        )  # fmt: skip
        tx.put_responder(
            a.responder(
                detail=Detail.PARTNER, contacts=("aid",), region="", kinds=(), created=MONDAY,
                since=MONDAY, least_severity=Severity.MINOR,
            )
        )  # fmt: skip
    event = world.happens(PLACE)
    with world.store.transaction() as tx:
        enqueue(world.store, tx, OURS, [event], now=world.now)
    assert cry(world.store, world.now) == 0
    assert world.store.alerts(OURS) == ()
    (waiting,) = world.store.responses(OURS, [event.id])
    assert (waiting.state.value, waiting.contacts) == ("unreleased", ("aid",))
    assert waiting.due is not None
    world.later(HOUR)
    world.release(Audience.PARTNER)
    cry(world.store, world.now)
    (alert,) = (one for one in world.store.alerts(OURS) if one.receiver == "aid")
    assert (alert.facts["event"], alert.made) == (world.one()["id"], world.now)
    assert event.id not in json.dumps(dict(alert.facts))
    (response,) = world.store.responses(OURS, [event.id])
    assert (response.contacts, response.told) == (("aid",), world.now)
    assert response.state.value == "told"
    assert response.due == alert.due + (waiting.due - world.now + HOUR)
    cry(world.store, world.now)
    world.later(HOUR)
    world.becomes("evt-1", state=EventState.RETRACTED, said_by="amina")
    cry(world.store, world.now)
    acts_told = [one.act.value for one in world.store.alerts(OURS) if one.receiver == "aid"]
    assert acts_told == ["alert", "cancel"]
