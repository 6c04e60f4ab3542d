"""Numbers that were given once are never given again, also where looks are scored anew."""

from __future__ import annotations

import dataclasses

import numpy as np
from affine import Affine

from detectors.burned import Burned
from detectors.ground_change import GroundChange
from detectors.types import MonitorState
from imagery.types import GeoBox

GRID = GeoBox((2, 2), Affine(10, 0, 0, 0, -10, 0), "EPSG:32634")


def villages(**numbers: tuple[int, int]) -> MonitorState:
    """Return a state of villages, of each the episodes it had and its level."""
    detector = Burned()
    begun = detector.start(GRID)
    rows = detector._new_rows(len(numbers))
    rows["episode"][:] = [episode for episode, _ in numbers.values()]
    rows["level"][:] = [level for _, level in numbers.values()]
    objects = tuple({"id": name} for name in numbers)
    return dataclasses.replace(begun, arrays=rows, objects=objects)


def test_a_quiet_village_goes_on_counting_where_the_other_past_stopped() -> None:
    state = villages(quiet=(0, 0), open=(1, 2), more=(3, 0), new=(0, 0))
    other = villages(more=(1, 0), quiet=(2, 1), open=(4, 0))
    after = Burned().past_numbers(state, other)
    assert after.arrays["episode"].tolist() == [2, 1, 3, 0]
    assert state.arrays["episode"].tolist() == [0, 1, 3, 0]
    np.testing.assert_equal({**after.arrays, "episode": None}, {**state.arrays, "episode": None})


def test_a_village_state_that_is_past_all_numbers_is_returned_as_it_is() -> None:
    state = villages(one=(2, 0), two=(1, 1))
    assert Burned().past_numbers(state, villages(one=(2, 0), gone=(5, 0))) is state


def test_objects_of_an_area_go_on_counting_where_the_other_past_stopped() -> None:
    detector = GroundChange()
    begun = detector.start(GRID)
    further = dataclasses.replace(begun, scalars={**begun.scalars, "next": 7, "looks": 9})
    assert detector.past_numbers(begun, further).scalars == {**begun.scalars, "next": 7}
    assert detector.past_numbers(further, begun) is further
