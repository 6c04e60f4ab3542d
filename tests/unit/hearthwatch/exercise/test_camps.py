"""Camps that are implanted are as large, as dense and as old as they were asked to be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hearthwatch.exercise.camps import (
    CLEARING_DAYS,
    GREENING_DAYS,
    TRAMPLED,
    Camp,
    camp_ground,
    camp_shares,
    covered,
)
from hearthwatch.exercise.camps_otherwise import Mimic, Other, other_ground, other_shares
from hearthwatch.exercise.camps_surfaces import Cover, drawn_covers, mean_covers
from hearthwatch.exercise.residues import Group

SHAPE = (80, 80)
START = datetime(2020, 3, 1, tzinfo=UTC)
CAMP = Camp(400.0, 400.0, 4.0, START, growth_days=56.0, roofs=0.25, seed=1)
GROUND = camp_ground(CAMP, SHAPE)
ROOFS = (Cover.SHEETING, Cover.THATCH, Cover.MUD)
LATER = START + timedelta(days=200)


def hectares(shares, covers):
    return sum(shares[cover].sum() for cover in covers) * 0.01


def test_nothing_stands_before_the_first_tents():
    shares = camp_shares(CAMP, GROUND, START - timedelta(seconds=1))
    assert all((share == 0.0).all() for share in shares.values())


def test_it_grows_by_the_week_to_its_full_area():
    # 4 ha in eight weeks: half a hectare a week, the first one at once.
    sizes = [CAMP.hectares(START + timedelta(days=7 * week)) for week in range(9)]
    assert sizes == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.0])
    settled = (GROUND.order >= 0).sum() * 4.0 / 1e4
    assert settled == pytest.approx(4.0, abs=0.001)


def test_roofs_cover_their_share_and_most_of_the_rest_is_bare():
    shares = camp_shares(CAMP, GROUND, LATER)
    roofs = hectares(shares, ROOFS)
    assert roofs == pytest.approx(1.0, rel=0.2)
    # Tracks reach beyond the camp: at most 3 x 120 m x 6 m.
    bare = hectares(shares, [Cover.TRAMPLED])
    assert TRAMPLED * (4.0 - roofs) <= bare <= TRAMPLED * (4.0 - roofs) + 0.22


def test_a_closed_camp_loses_its_roofs_and_greens_again():
    closed = replace(CAMP, closed=LATER)
    gone = LATER + timedelta(days=CLEARING_DAYS)
    assert hectares(camp_shares(closed, GROUND, gone), ROOFS) == 0.0
    assert closed.hectares(gone) == 0.0
    old = LATER + timedelta(days=GREENING_DAYS)
    bare = [hectares(camp_shares(closed, GROUND, at), [Cover.TRAMPLED]) for at in (LATER, old)]
    assert closed.mark(old) == pytest.approx(0.5)
    assert bare[1] < bare[0]


def test_pixels_mix_linearly_and_bands_of_20_m_over_their_own_pixels():
    bands = {band: np.full(SHAPE, 0.2) for band in ("B04", "B11", "B01")}
    half = np.zeros(SHAPE)
    half[0, 0] = 0.5
    shown = covered(bands, {Cover.ROCK: half}, mean_covers())
    assert shown["B04"][0, 0] == pytest.approx(0.2 + 0.5 * (0.185 - 0.2))
    assert shown["B11"][:2, :2] == pytest.approx(np.full((2, 2), 0.2 + 0.125 * (0.247 - 0.2)))
    assert (shown["B01"] == 0.2).all()
    assert np.isnan(covered({"B04": np.full(SHAPE, np.nan)}, {Cover.ROCK: half}, mean_covers())
                    ["B04"]).all()  # fmt: skip


def test_spectra_for_scoring_are_none_that_constants_were_chosen_on():
    drawn = {group: [drawn_covers(seed, group) for seed in range(30)] for group in Group}

    def tilts(group):
        mean = mean_covers()[Cover.SHEETING]
        return [
            abs(np.log((one[Cover.SHEETING]["B02"] / mean["B02"])
                       / (one[Cover.SHEETING]["B12"] / mean["B12"])))
            for one in drawn[group]
        ]  # fmt: skip

    assert max(tilts(Group.TUNING)) <= 0.15 * np.log(2.202 / 0.492) + 1e-9
    assert min(tilts(Group.SCORING)) > 0.0
    assert drawn_covers(3, Group.SCORING) == drawn_covers(3, Group.SCORING)
    assert all(0.0 < v <= 1.0 for one in drawn[Group.SCORING] for s in one.values()
               for v in s.values())  # fmt: skip


@settings(max_examples=6)
@given(
    seed=st.integers(0, 10_000), area=st.floats(0.5, 8.0), roofs=st.floats(0.0, 0.6),
    rows=st.booleans(), days=st.integers(-10, 400),
)  # fmt: skip
def test_no_pixel_is_covered_more_than_once(seed, area, roofs, rows, days):
    camp = replace(CAMP, seed=seed, area_ha=area, roofs=roofs, rows=rows,
                   closed=START + timedelta(days=150))  # fmt: skip
    shares = camp_shares(camp, camp_ground(camp, SHAPE), START + timedelta(days=days))
    total = sum(shares.values())
    assert total.min() >= 0.0
    assert total.max() <= 1.0 + 1e-9


def test_what_cannot_be_a_camp_is_refused():
    with pytest.raises(ValueError, match="larger than nothing"):
        replace(CAMP, area_ha=0.0)
    with pytest.raises(ValueError, match="share from 0"):
        replace(CAMP, roofs=0.9)
    with pytest.raises(ValueError, match="does not fit"):
        camp_ground(replace(CAMP, row_m=20.0), SHAPE)
    with pytest.raises(ValueError, match="larger than the grid"):
        camp_ground(replace(CAMP, area_ha=100.0), SHAPE)
    with pytest.raises(ValueError, match="larger than nothing"):
        Other(Mimic.FIELD, 1.0, 1.0, -1.0, START)


@pytest.mark.parametrize("mimic", list(Mimic))
def test_a_mimic_covers_its_ground_and_no_more(mimic):
    other = Other(mimic, 400.0, 400.0, 0.6 if mimic is Mimic.ROAD else 4.0, START, seed=5)
    ground = other_ground(other, SHAPE)
    assert all((s == 0.0).all() for s in other_shares(other, ground, START).values()) or (
        mimic in (Mimic.FIELD, Mimic.BURN)
    )
    whole = sum(other_shares(other, ground, START + timedelta(days=59)).values())
    grown = min(59.0 / {Mimic.QUARRY: 120.0}.get(mimic, 59.0), 1.0)
    share = 5 / 6 if mimic is Mimic.BURN else 1.0
    size = whole.sum() * 0.01 / (other.mark(START + timedelta(days=59)) * other.area_ha)
    assert size == pytest.approx(grown * share, rel=0.35)
    gone = sum(other_shares(other, ground, START + timedelta(days=61)).values())
    assert (gone.sum() == 0.0) == (mimic is Mimic.FIELD)
