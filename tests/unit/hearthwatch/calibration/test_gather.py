"""Which years count as quiet, and what is said of those that do not."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from hearthwatch.calibration.gather import Verdict, gather_nulls
from hearthwatch.calibration.sets import Source
from hearthwatch.records import Event, EventState
from tests.contract import store_records as a
from tests.support.nulls import BARE, Quiet, write_state, year_end

CODE = "c" * 64
NOBODY = {}


def event(settlement: str, year: float, state: EventState, **changes: object) -> Event:
    """Return an event that begins and ends within a year of the village, told of as a share."""
    first = datetime.fromtimestamp(year_end(0) + (year - 1) * (year_end(1) - year_end(0)), UTC)
    plain = a.event(
        settlement=settlement, first_changed=first, last_detected=first, state=state,
        detector_state="CLOSED",
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def three_years(tmp_path: Path) -> list:
    """Return the state of a village and a placebo with three finished years each."""
    years = [(1.0, 0.5, -math.inf), (2.0, 1.5, 1.0), (3.0, 2.5, 2.0)]
    places = [
        Quiet("village", years),
        Quiet("placebo:34N:61:147", [(one + 4, two, three) for one, two, three in years]),
    ]
    return [write_state(tmp_path, places, digest=CODE)]


def test_every_finished_year_of_a_quiet_place_is_one(tmp_path: Path, three_years: list) -> None:
    found = gather_nulls(tmp_path, three_years, [], NOBODY, CODE)
    assert found.places == ("village",) * 3 + ("placebo:34N:61:147",) * 3
    assert found.sources == (Source.SETTLEMENT,) * 3 + (Source.PLACEBO,) * 3
    assert found.maxima[:3].tolist() == [[1.0, 0.5, -math.inf], [2.0, 1.5, 1.0], [3.0, 2.5, 2.0]]
    assert found.maxima[3:, 0].tolist() == [5.0, 6.0, 7.0]
    assert found.strata[0] == ("green/dense/middling", "green/dense", "green", "")
    assert (found.undecided, found.confirmed, found.other_code) == (0, 0, 0)


@pytest.mark.parametrize(
    ("state", "left", "undecided", "confirmed"),
    [
        (EventState.CONFIRMED, [1.0, 3.0], 0, 1),
        (EventState.REJECTED, [1.0, 2.0, 3.0], 0, 0),
        (EventState.PROVISIONAL, [1.0, 3.0], 1, 0),
        (EventState.CLOSED, [1.0, 3.0], 1, 0),
        (EventState.DISPUTED, [1.0, 3.0], 1, 0),
    ],
)
def test_a_year_with_an_event_counts_by_what_people_said_of_it(
    tmp_path: Path, three_years: list, state: EventState, left: list[float], undecided: int,
    confirmed: int,
) -> None:  # fmt: skip
    found = gather_nulls(tmp_path, three_years, [event("village", 1.5, state)], NOBODY, CODE)
    village = [one for one, place in zip(found.maxima, found.places, strict=True)
               if place == "village"]  # fmt: skip
    assert [one[0] for one in village] == left
    assert (found.undecided, found.confirmed) == (undecided, confirmed)
    # Of a placebo every year counts, whatever happened next to it.
    assert len(found.places) - len(village) == 3


def test_a_verdict_from_a_file_goes_before_the_state_of_the_event(
    tmp_path: Path, three_years: list
) -> None:
    one = event("village", 1.5, EventState.PROVISIONAL)
    found = gather_nulls(tmp_path, three_years, [one], {one.id: Verdict.REJECTED}, CODE)
    assert (len(found.places), found.undecided) == (6, 0)


def test_an_event_that_lasts_takes_every_year_it_reaches_into(
    tmp_path: Path, three_years: list
) -> None:
    over_new_year = event(
        "village", 0.9, EventState.CONFIRMED,
        last_detected=datetime.fromtimestamp(year_end(0) + 86_400, UTC),
    )  # fmt: skip
    found = gather_nulls(tmp_path, three_years, [over_new_year], NOBODY, CODE)
    assert (found.confirmed, len(found.places)) == (2, 4)
    # One that is open goes on, though nothing new was told of it.
    still = event("village", 0.9, EventState.CONFIRMED, detector_state="PROBABLE")
    assert gather_nulls(tmp_path, three_years, [still], NOBODY, CODE).confirmed == 3


def test_an_undecided_event_does_not_hide_a_confirmed_one(
    tmp_path: Path, three_years: list
) -> None:
    both = [
        event("village", 1.2, EventState.PROVISIONAL, id="evt-1"),
        event("village", 1.6, EventState.CONFIRMED, id="evt-2"),
    ]
    found = gather_nulls(tmp_path, three_years, both, NOBODY, CODE)
    assert (found.undecided, found.confirmed) == (0, 1)


def test_a_place_in_two_regions_counts_once(tmp_path: Path, three_years: list) -> None:
    again = write_state(
        tmp_path, [Quiet("village", [(9.0, 9.0, 9.0)] * 3)], region="region-2", digest=CODE
    )
    found = gather_nulls(tmp_path, [*three_years, again], [], NOBODY, CODE)
    assert len(found.places) == 6
    assert 9.0 not in found.maxima


def test_years_that_other_code_wrote_are_counted(tmp_path: Path) -> None:
    state = write_state(tmp_path, [Quiet("village", [(1.0, 0.0, 0.0)] * 2)], digest="other")
    assert gather_nulls(tmp_path, [state], [], NOBODY, CODE).other_code == 2


def test_bare_ground_seldom_seen_and_a_small_core_have_strata_of_their_own(
    tmp_path: Path,
) -> None:
    place = Quiet("village", [(1.0, 0.0, 0.0)], greenness=BARE, looks=9, pixels=12)
    found = gather_nulls(tmp_path, [write_state(tmp_path, [place])], [], NOBODY, CODE)
    assert found.strata == (("bare/sparse/small", "bare/sparse", "bare", ""),)


def test_nothing_is_gathered_of_nothing(tmp_path: Path) -> None:
    found = gather_nulls(tmp_path, [], [], NOBODY, CODE)
    assert (found.places, found.maxima.shape) == ((), (0, 3))
    assert np.issubdtype(found.maxima.dtype, np.floating)
