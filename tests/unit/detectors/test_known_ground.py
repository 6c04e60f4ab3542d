"""What maps name explains what changed on it, and never more than that."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from detectors.camp_change import CampChange
from detectors.camp_rejections import RejectionRules
from detectors.known_ground import InformedDetector, KnownGround, Maps, on_cells
from detectors.types import DetectorState
from hearthwatch.exercise.camps import camp_ground
from tests.unit.detectors.test_camp_change import BEFORE, CAMP, LOOKS, SIDE, camp_at, follow

RULES = RejectionRules()
ESTABLISHED = DetectorState.ESTABLISHED
LEAST = 25.0
WATCHED_LONG = BEFORE + 16
"""By then a camp of this world is ESTABLISHED."""


def known(kind, covered, name="a.gpkg"):
    words = f"{name}, layer 3f2a91 taken in on 2026-01-05"
    return KnownGround(kind, words, {"kind": kind, "name": name}, covered)


def pixels(rows=slice(None), columns=slice(None)):
    covered = np.zeros((SIDE, SIDE), bool)
    covered[rows, columns] = True
    return covered


@pytest.fixture(scope="module")
def learned():
    return follow(until=BEFORE)[0]


def watched(learned, *maps, until=WATCHED_LONG):
    detector = CampChange().knowing(maps)
    state, told = follow(camp_at(), detector=detector, until=until, first=BEFORE, state=learned)
    return detector, state, told


@pytest.fixture(scope="module")
def plain(learned):
    """Return what is told of the camp where no map is known."""
    return watched(learned)


def course(told):
    return [(n, one.state, one.change, shapely.to_wkb(one.geometry)) for n, one in told]


def middle():
    """Return the row and the column of the pixel in the middle of the camp."""
    ground = camp_ground(CAMP, (SIDE, SIDE)).order >= 0
    points = ground.shape[0] // SIDE
    return [int(np.median(index)) // points for index in np.nonzero(ground)]


def test_the_camp_of_this_world_is_established_where_no_map_is_known(plain):
    _, _, told = plain
    assert told[-1][1].state is ESTABLISHED
    assert all("mapped" not in one.evidence for _, one in told)


@pytest.mark.parametrize("beside", [0, 8])
def test_a_camp_grown_along_a_road_is_told_as_without_the_road(learned, plain, beside):
    _, column = middle()
    at = slice(column + beside, column + beside + 2)
    detector, state, told = watched(learned, known("road", pixels(columns=at)))
    assert course(told) == course(plain[2])
    assert detector.held_back(state) == ()
    (under,) = told[-1][1].evidence["mapped"]
    assert under["kind"] == "road" and 0.0 < under["share"] < 0.3
    assert any("lies on ground mapped as road: a.gpkg" in doubt for doubt in told[-1][1].doubts)


def test_a_camp_on_a_mine_is_listed_first_and_watched_when_its_evidence_is_strong(learned, plain):
    mine = known("mine", pixels())
    detector, state, told = watched(learned, mine, until=BEFORE + 5)
    assert told == []
    assert plain[2][0][0] < BEFORE + 5
    (held,) = detector.held_back(state)
    assert held.startswith("mapped as mine: a.gpkg, layer 3f2a91 taken in on 2026-01-05 (1 place, ")
    assert float(held.split()[-2]) == pytest.approx(state.objects[0]["course"][-2][1], rel=0.5)
    detector, state, told = watched(learned, mine)
    assert {one.state for _, one in told} == {DetectorState.WATCH}
    first = told[0][1]
    alone = next(n for n, state, *_ in course(plain[2]) if state is ESTABLISHED)
    assert told[0][0] == alone
    assert any(one.startswith("mapped as mine: a.gpkg") for one in first.doubts)
    assert first.evidence["mapped"] == [{"kind": "mine", "name": "a.gpkg", "share": 1.0}]
    (barred,) = detector.held_back(state)
    assert barred.startswith("kept at WATCH, mapped as mine: a.gpkg")


def test_camps_are_put_up_on_fields(learned, plain):
    _, _, told = watched(learned, known("field", pixels()))
    assert course(told) == course(plain[2])
    assert all("100% of it lies on ground mapped as field: " in str(one.doubts) for _, one in told)


def test_what_reaches_far_beyond_a_mine_is_told(learned, plain):
    row, _ = middle()
    detector, state, told = watched(learned, known("mine", pixels(rows=slice(row - 3, None))))
    assert told[-1][1].evidence["mapped"][0]["share"] > RULES.mapped
    assert told[-1][1].state is ESTABLISHED
    assert detector.held_back(state) == ()


def test_a_map_changes_what_is_said_and_never_what_is_learned(learned, plain):
    _, state, _ = watched(learned, known("mine", pixels()))
    for name in ("spectra", "texture", "label"):
        assert (state.arrays[name] == plain[1].arrays[name]).all()


def test_the_same_looks_and_maps_give_the_same_findings_bit_for_bit(learned):
    maps = known("mine", pixels(rows=slice(0, 41))), known("road", pixels(columns=slice(20, 23)))
    (_, one, told), (_, again, retold) = (watched(learned, *maps, until=LOOKS) for _ in range(2))
    assert one.objects == again.objects != ()
    assert [f for _, f in told] == [f for _, f in retold]


def test_it_says_that_it_knows_of_maps():
    assert isinstance(CampChange(), InformedDetector)


MASKS = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).random((8, 9)) < 0.5)


@given(st.lists(st.tuples(st.sampled_from(("road", "mine", "field")), MASKS), max_size=4), MASKS)
def test_shares_are_those_of_the_pixels_and_more_maps_never_hold_back_less(drawn, chosen):
    mask = chosen | (np.arange(chosen.size).reshape(chosen.shape) == 0)
    fine = np.kron(mask, np.ones((2, 2), bool))
    maps = [known(kind, np.kron(on, np.ones((2, 2), bool)), str(n))
            for n, (kind, on) in enumerate(drawn)]  # fmt: skip
    found = on_cells(maps).explain(mask, (0, 0), RULES, LEAST)
    expected = {one.words: one.covered[fine].mean() for one in maps}
    assert {one.words: pytest.approx(share) for one, share in found.shares} == {
        words: share for words, share in expected.items() if share > 0
    }
    assert bool(found.held) + bool(found.doubts) == bool(found.shares)
    turned = on_cells(maps[::-1]).explain(mask, (0, 0), RULES, LEAST)
    assert sorted(turned.held) == sorted(found.held)
    fewer = on_cells(maps[1:]).explain(mask, (0, 0), RULES, LEAST)
    assert not fewer.held or found.held


def test_an_odd_edge_has_cells_of_its_own_and_a_part_of_the_grid_is_found_in_it():
    covered = np.zeros((5, 5), bool)
    covered[4, :] = True
    maps = on_cells([known("mine", covered)])
    assert maps.cells[0].share[2].tolist() == [1.0, 1.0, 1.0]
    here = maps.explain(np.ones((1, 3), bool), (2, 0), RULES, LEAST)
    assert here.held == ("mapped as mine: a.gpkg, layer 3f2a91 taken in on 2026-01-05",)
    assert maps.explain(np.ones((2, 3), bool), (0, 0), RULES, LEAST).shares == ()
    assert Maps().explain(np.ones((1, 3), bool), (2, 0), RULES, LEAST).held == ()
