"""What every store must do with calibration sets, asked of each of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from hearthwatch.errors import NotFound, StoreError
from hearthwatch.records import Mode
from hearthwatch.store import Store
from tests.contract import store_records as a
from tests.contract.test_store import STORES


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = STORES[request.param](tmp_path)
    yield a.with_region(store)
    store.close()


def put(store: Store, *calibrations) -> None:
    with store.transaction() as tx:
        for one in calibrations:
            tx.put_calibration(one)


def choose(store: Store, *choices) -> None:
    with store.transaction() as tx:
        for one in choices:
            tx.choose_calibration(one)


def chosen(store: Store, region: str = "", mode: Mode = Mode.ACTUAL) -> str | None:
    found = store.chosen_calibration("ours", "burned", mode, region)
    return found.id if found else None


def test_sets_come_back_as_they_were_newest_first(store: Store) -> None:
    old, new = a.calibration(), a.calibration(id="cal-2", created=a.NOON + a.DAY)
    tied = a.calibration(id="cal-0")
    put(store, old, new, tied)
    assert store.calibrations("ours") == (new, tied, old)
    assert store.calibration("ours", "cal-1") == old
    assert store.calibrations("theirs") == ()
    for organisation, its_id in (("ours", "cal-9"), ("theirs", "cal-1")):
        with pytest.raises(NotFound, match="calibration set"):
            store.calibration(organisation, its_id)


def test_a_set_that_comes_again_stays_as_it_was_first(store: Store) -> None:
    document = {**a.calibration().document, "created": "later"}
    again = a.calibration(created=a.NOON + a.DAY, document=document)
    put(store, a.calibration(), again)
    assert store.calibrations("ours") == (a.calibration(),)


def test_a_set_is_never_changed(store: Store) -> None:
    put(store, a.calibration())
    with pytest.raises(StoreError, match="never changed"):
        put(store, a.calibration(document={"thresholds": [1.0, 2.0, 3.0]}))
    assert store.calibrations("ours") == (a.calibration(),)


def test_the_last_choice_holds_and_the_earlier_stay_readable(store: Store) -> None:
    put(store, a.calibration(), a.calibration(id="cal-2"))
    assert chosen(store) is None
    first = a.choice()
    second = a.choice(calibration="cal-2", since=a.NOON + a.DAY)
    choose(store, first, second)
    assert chosen(store) == "cal-2"
    none = a.choice(calibration="", since=a.NOON + 2 * a.DAY)
    choose(store, none)
    assert chosen(store) is None
    assert store.calibration_choices("ours", "burned", Mode.ACTUAL) == (first, second, none)


def test_a_regions_own_choice_goes_before_that_for_all(store: Store) -> None:
    put(store, a.calibration(), a.calibration(id="cal-2"))
    choose(
        store,
        a.choice(region="reg-1", calibration="cal-2"),
        a.choice(since=a.NOON + a.DAY),
    )
    assert (chosen(store, "reg-1"), chosen(store, "reg-2"), chosen(store)) == (
        "cal-2", "cal-1", "cal-1",
    )  # fmt: skip
    choose(store, a.choice(region="reg-1", calibration="", since=a.NOON + 2 * a.DAY))
    assert (chosen(store, "reg-1"), chosen(store)) == (None, "cal-1")


def test_choices_are_apart_by_organisation_detector_and_mode(store: Store) -> None:
    put(store, a.calibration())
    choose(store, a.choice())
    assert chosen(store, mode=Mode.EXERCISE) is None
    assert store.chosen_calibration("theirs", "burned", Mode.ACTUAL) is None
    assert store.chosen_calibration("ours", "razed", Mode.ACTUAL) is None


def test_a_choice_of_what_is_not_there_is_told_when_it_is_asked_for(store: Store) -> None:
    choose(store, a.choice(calibration="gone"))
    with pytest.raises(NotFound, match="gone"):
        chosen(store)


def test_what_is_rolled_back_was_never_there(store: Store) -> None:
    with pytest.raises(RuntimeError, match="stop"), store.transaction() as tx:
        tx.put_calibration(a.calibration())
        tx.choose_calibration(a.choice())
        raise RuntimeError("stop")
    assert store.calibrations("ours") == ()
    assert store.calibration_choices("ours", "burned", Mode.ACTUAL) == ()


def test_what_was_given_may_be_changed_without_changing_what_is_kept(store: Store) -> None:
    document = dict(a.calibration().document)
    put(store, dataclasses.replace(a.calibration(), document=document))
    document["thresholds"] = "spoilt"
    assert store.calibration("ours", "cal-1") == a.calibration()
