"""The ledger summed up: what counts as one look, and which settlement was worst seen."""

import random
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.ledger_words import (
    by_detector,
    core_share_of,
    detector_in_words,
    ground_in_words,
    row_in_words,
    summarise,
    summary_in_words,
)
from hearthwatch.records import Kind, Label, LedgerRow, NotObservable, ObservationStatus
from tests.contract import store_records as a

Status = ObservationStatus
LABELS = {
    "set-1": Label("Abu Zerega", "SD010021"), "set-2": Label("Um Baru"), "set-3": Label(),
    "set-4": Label("", "SD010022"),
}  # fmt: skip


def at(day: int) -> datetime:
    return a.NOON + day * a.DAY


def row(day: int, status: Status = Status.UNCHANGED, **changes: Any) -> LedgerRow:
    cause = NotObservable.CLOUD if status is Status.NOT_OBSERVABLE else None
    return a.look(
        **({"sensed": at(day), "acquisition": f"S2A-{day}", "status": status, "cause": cause}
           | changes)
    )  # fmt: skip


def test_a_look_at_an_area_counts_once_over_its_cells():
    rows = [
        row(0, cell="a"),
        row(0, Status.CHANGED, cell="b"),
        row(5, Status.NOT_OBSERVABLE, cell="a"),
        row(5, cell="b"),
        row(10, Status.NOT_DELIVERED, cell="a"),
        row(10, Status.NOT_OBSERVABLE, cell="b"),
        row(10, Status.NOT_OBSERVABLE, cell="c"),
    ]
    summary = summarise(rows)
    assert (summary.looks, summary.settlements) == (3, 0)
    # The most telling status counts; where none tells anything, the commonest.
    assert summary.statuses == {"changed": 1, "unchanged": 1, "not_observable (cloud)": 1}
    assert summary_in_words(summary).splitlines() == [
        "3 looks: 1 changed, 1 unchanged, 1 not_observable (cloud)",
        "last usable look: 2024-05-06",
        "longest blind gap: 5 days, 2024-05-01 to 2024-05-06",
    ]


def test_a_look_counts_once_for_each_settlement():
    rows = [row(day, settlement=x) for day in (0, 5, 10) for x in ("set-1", "set-2")]
    rows.append(row(10, settlement="set-2", cell="next door"))
    summary = summarise(rows)
    assert (summary.looks, summary.settlements) == (6, 2)
    assert summary.statuses == {"unchanged": 6}
    assert summary_in_words(summary).startswith("6 looks at 2 settlements: 6 unchanged\n")


def test_the_settlement_that_was_seen_worst_is_not_hidden_by_the_others():
    seen = {"set-1": (0, 5, 10, 15, 20), "set-2": (0, 13, 15), "set-3": ()}
    rows = [
        row(day, Status.UNCHANGED if day in days else Status.NOT_OBSERVABLE, settlement=key)
        for key, days in seen.items()
        for day in (0, 5, 10, 13, 15, 20)
    ]
    summary = summarise(rows)
    assert summary.last_usable == at(20)
    assert summary.seen_longest_ago == ("set-2", at(15))
    assert summary.never_seen == 1
    assert (summary.gap_at, summary.longest_gap) == ("set-2", (at(0), at(13)))
    assert summary_in_words(summary, LABELS).splitlines() == [
        "18 looks at 3 settlements: 10 not_observable (cloud), 8 unchanged",
        "last usable look: 2024-05-21",
        "seen longest ago: Um Baru, 2024-05-16",
        "never seen: 1 settlement",
        "longest blind gap: 13 days at Um Baru, 2024-05-01 to 2024-05-14",
    ]


def test_two_looks_of_one_moment_at_two_settlements_make_no_gap():
    summary = summarise([row(0, settlement="set-1"), row(30, settlement="set-2")])
    assert summary.longest_gap is None
    assert summary.gap_at == ""


def test_a_look_that_no_guard_judged_counts_once_too():
    unguarded = {"guard": {"verdict": "unguarded", "reason": "3 placebos, 20 are needed"}}
    rows = [row(0, cell=cell, settlement=x, detail=unguarded)
            for cell in "ab" for x in ("set-1", "set-2")]  # fmt: skip
    passed = {"guard": {"verdict": "passed"}}
    rows += [row(5, settlement=x, detail=passed) for x in ("set-1", "set-2", "set-3")]
    summary = summarise(rows)
    assert (summary.looks, summary.unguarded) == (5, 2)
    assert summary.guard_reasons == ("3 placebos, 20 are needed",)
    assert "not active on 2 of 5 looks: 3 placebos" in summary_in_words(summary)


def test_nothing_sums_up_to_nothing():
    summary = summarise([])
    assert (summary.looks, summary.statuses, summary.last_usable) == (0, {}, None)
    assert summary_in_words(summary) == "No look was expected or taken."


rows_of = st.builds(
    lambda day, status, settlement, cell: row(day, status, settlement=settlement, cell=cell),
    st.integers(0, 9),
    st.sampled_from(Status),
    st.sampled_from(["", "set-1", "set-2"]),
    st.sampled_from("ab"),
)


@given(st.lists(rows_of, max_size=30, unique_by=lambda r: (r.acquisition, r.settlement, r.cell)))
def test_every_look_has_one_status_whatever_the_order(rows):
    summary = summarise(rows)
    assert sum(summary.statuses.values()) == summary.looks
    assert summary.looks == len({(r.acquisition, r.settlement) for r in rows})
    usable = {(r.acquisition, r.settlement) for r in rows
              if r.status in (Status.CHANGED, Status.UNCHANGED)}  # fmt: skip
    told = summary.statuses.get("changed", 0) + summary.statuses.get("unchanged", 0)
    assert told == len(usable)
    mixed = rows.copy()
    random.Random(1).shuffle(mixed)
    again = summarise(mixed)
    assert again.longest_gap is None or again.longest_gap[1] - again.longest_gap[0] == (
        summary.longest_gap[1] - summary.longest_gap[0]  # type: ignore[index]
    )
    assert (again.looks, again.last_usable, again.never_seen) == (
        summary.looks, summary.last_usable, summary.never_seen,
    )  # fmt: skip


def test_a_row_names_its_settlement_by_its_name_else_its_pcode_else_its_id():
    plain = row_in_words(row(0), with_cell=False, settlements=LABELS)
    assert plain == "2024-05-01  unchanged                90% seen"
    shown_as = {"set-1": "Abu Zerega", "set-3": "set-3", "set-4": "SD010022", "set-9": "set-9"}
    for key, shown in shown_as.items():
        line = row_in_words(row(0, settlement=key), with_cell=True, settlements=LABELS)
        assert line == f"2024-05-01  36N_0512_0143  unchanged                {shown}: 90% seen"


def test_a_look_of_radar_fills_no_gap_in_what_light_shows():
    light = [row(0, detector="burned"), row(5, Status.NOT_OBSERVABLE, detector="burned")]
    echoes = [row(day, detector="radar", acquisition=f"S1A-{day}") for day in (2, 6)]
    found = by_detector([*echoes, *light], Kind.BURNED)
    assert list(found) == ["burned", "radar"], "the kind's own first"
    sums = {name: summarise(rows) for name, rows in found.items()}
    assert (sums["burned"].looks, sums["burned"].last_usable) == (2, at(0))
    assert (sums["radar"].looks, sums["radar"].last_usable) == (2, at(6))
    assert list(by_detector([*echoes, *light], Kind.RAZED)) == ["burned", "radar"]


def test_a_row_names_its_detector_where_there_are_several():
    plain = row_in_words(row(0, detector="burned"), with_cell=False)
    named = row_in_words(row(0, detector="burned"), with_cell=False, with_detector=True)
    assert "burned" not in plain and "  burned  unchanged" in named
    assert detector_in_words("burned") == "burned (Sentinel-2)"
    assert detector_in_words("gone") == "gone", "one that is not installed any more"


@pytest.mark.parametrize(
    ("detector", "ground", "share"),
    [
        ("burned", "the settlement", 0.7),
        ("abandonment", "the ground within 2 km of the settlement", 0.5),
        ("gone", "the settlement", 0.7),
    ],
)
def test_what_the_seen_share_is_of_is_said_of_each_detector(detector, ground, share):
    assert ground_in_words(detector) == ground
    assert core_share_of(detector) == share
