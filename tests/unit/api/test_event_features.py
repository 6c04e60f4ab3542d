"""Events as GeoJSON: what goes from rows as it is says what the records say."""

from __future__ import annotations

import json
from collections.abc import Iterator

import orjson
import pytest
from shapely import to_wkb
from shapely.geometry import MultiPolygon, Point, Polygon, box

from api import event_features as event_features_module
from api.answers import collection, respond
from api.context import Context
from api.event_features import Outlines, event_features
from api.planning import Unplanned
from hearthwatch.alerting.post import Unposted
from hearthwatch.records import EventFilter, EventState
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore
from hearthwatch.store.whole import labels_of
from hearthwatch.values import event_value
from tests.contract import store_records as a

_HOLED = Polygon([(0, 0), (0, 3), (3, 3), (3, 0)], [[(1, 1), (1, 2), (2, 2)]])


@pytest.fixture
def here(tmp_path) -> Iterator[Context]:
    store = MemoryStore()
    a.with_region(store)
    with store.transaction() as tx:
        tx.put_settlements([a.settlement()])
        for event in (
            a.event(id="plain"),
            a.event(id="named", settlement="set-1", change="closed", state=EventState.CLOSED),
            a.event(id="holed", geometry=MultiPolygon([_HOLED, box(5, 5, 6, 1 / 3 + 6)])),
            a.event(id="never seen unharmed", last_unharmed=None, doubts=()),
            a.event(id="said", evidence={"said": 'a "word" \u2028 قرية', "n": [1, 1e-7, None]}),
            a.event(id="between", first_changed=a.NOON.replace(microsecond=120_000)),
        ):
            tx.put_event(event)
    yield Context(load_settings(data_dir=tmp_path), store, Unplanned(), Unposted())
    store.close()


@pytest.mark.parametrize("high", [False, True], ids=["flat", "one with a height"])
def test_features_of_rows_say_what_the_records_say(here: Context, high: bool) -> None:
    if high:
        with here.store.transaction() as tx:
            tx.put_event(a.event(id="high", geometry=Point(1.123456789, 2, 3)))
    rows = here.store.event_rows("ours", EventFilter()).items
    events = here.store.events("ours", EventFilter()).items
    answer = respond(collection(event_features(here, "ours", rows)))
    told = json.loads(answer.body)["features"]
    names, labels = here.store.region_names("ours"), labels_of(here.store, "ours", events)
    assert len(told) == 6 + high
    for one, event in zip(told, events, strict=True):
        wanted = json.loads(json.dumps(event_value(event, names, labels)))
        assert one["geometry"] == wanted.pop("geometry")
        assert list(one["properties"]) == list(wanted)
        assert one["properties"] == wanted
        assert one["id"] == event.id
        assert one["bbox"] == pytest.approx(event.geometry.bounds, abs=5.1e-8)


def test_no_events_are_no_features(here: Context) -> None:
    assert event_features(here, "ours", []) == []


def _written(outlines: Outlines, shapes: list[bytes]) -> list[tuple[object, list[float]]]:
    return [(orjson.loads(orjson.dumps(one.geometry)), one.box) for one in outlines.of(shapes)]


def test_outlines_are_told_alike_whether_they_were_kept_or_not() -> None:
    outlines = Outlines()
    shapes = [to_wkb(box(n, 0, n + 1 / 3, 1)) for n in range(5)] + [to_wkb(Point(1, 2, 3))]
    again = [shapes[3], shapes[0], shapes[3], to_wkb(box(9, 9, 10, 10)), *shapes]
    first = _written(outlines, shapes)
    assert _written(outlines, again) == _written(Outlines(), again)
    assert _written(outlines, shapes) == first


def test_no_more_and_no_longer_outlines_are_kept_than_is_said(monkeypatch) -> None:
    monkeypatch.setattr(event_features_module, "MOST_KEPT", 4)
    outlines = Outlines()
    long = to_wkb(Point(0, 0).buffer(1, quad_segs=64))
    for start in range(0, 12, 3):
        shapes = [long, *(to_wkb(box(n, 0, n + 1, 1)) for n in range(start, start + 3))]
        assert len(outlines.of(shapes)) == 4
        assert len(outlines._known) <= 4
        assert long not in outlines._known
