"""Where huts stand and burn, and how much of a pixel that is."""

from datetime import timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from hearthwatch.errors import RegionError
from hearthwatch.exercise.ground import burn_ground, cover_on
from hearthwatch.exercise.lattice import LATTICE_M
from hearthwatch.exercise.model import Pattern, Village
from tests.support import catalogue
from tests.unit.hearthwatch.exercise.drawn import (
    AGAIN,
    MIDDLE,
    RADIUS_M,
    burn,
    core,
    village,
)
from tiles.geodesy import CRS84, area_m2, project

ALL = burn(share=1.0)


def burned_m2(ground, number=0):
    return (ground.burned == number).sum() * LATTICE_M**2


@settings(max_examples=25)
@given(huts=st.floats(0.0, 1.0), seed=st.integers(0, 2**32))
def test_huts_cover_their_share_of_the_core(huts, seed):
    ground = burn_ground(village(huts=huts, seed=seed), [ALL])
    assert burned_m2(ground) == pytest.approx(huts * area_m2(core()), abs=0.01 * area_m2(core()))


@pytest.mark.parametrize("pattern", [Pattern.SPREAD, Pattern.BLOCK])
def test_nothing_burns_outside_the_core(pattern):
    ground = burn_ground(village(huts=1.0), [burn(share=1.0, pattern=pattern)])
    grid = catalogue.grid()
    shares = cover_on(ground, grid)
    whole = np.zeros(grid.shape)
    whole[shares.rows, shares.columns] = shares.shares[0]
    x, y = np.meshgrid(np.arange(60) * 10 + 5, np.arange(60) * 10 + 5)
    away = np.hypot(x - 300, y - 300)
    # No part of a pixel so far out, every part of one so far in; the lattice may err by a step.
    assert (whole[away > RADIUS_M + 7.1 + LATTICE_M] == 0).all()
    assert (whole[away < RADIUS_M - 7.1 - LATTICE_M] == 1).all()


@pytest.mark.parametrize("crs", [catalogue.CRS_CODE, "EPSG:3035", "EPSG:32635"])
def test_a_pixel_of_20_m_is_the_mean_of_its_parts_of_10_m(crs):
    ground = burn_ground(village(), [burn(), burn(AGAIN)])
    middle = project(Point(MIDDLE), catalogue.CRS_CODE, crs)
    corner = middle.x - 303.7, middle.y + 311.3
    fine = catalogue.grid(crs, corner, 60, 10.0)
    coarse = catalogue.grid(crs, corner, 30, 20.0)
    whole = np.zeros((2, 60, 60))
    part = cover_on(ground, fine)
    whole[:, part.rows, part.columns] = part.shares
    expected = whole.reshape(2, 30, 2, 30, 2).mean(axis=(2, 4))
    found = np.zeros((2, 30, 30))
    part = cover_on(ground, coarse)
    found[:, part.rows, part.columns] = part.shares
    assert found == pytest.approx(expected, abs=1e-12)
    assert found.sum() > 5
    # Area is kept: EPSG:3035 keeps it by definition, the others to a per mille here.
    assert whole[0].sum() * 100 == pytest.approx(burned_m2(ground), rel=0.02)


def test_a_grid_elsewhere_is_not_met():
    away = catalogue.grid(origin=(MIDDLE[0] + 5_000, MIDDLE[1]))
    assert cover_on(burn_ground(village(), [ALL]), away) is None


def test_a_second_burn_takes_only_what_stands():
    both = burn_ground(village(), [burn(), burn(AGAIN)])
    first = burn_ground(village(), [burn()])
    assert both.huts_burned == (round(both.huts / 2), round((both.huts - both.huts_burned[0]) / 2))
    assert (both.burned == 0).tolist() == (first.burned == 0).tolist()
    after_all = burn_ground(village(), [ALL, burn(AGAIN, share=1.0)])
    assert after_all.huts_burned == (after_all.huts, 0)
    assert (after_all.burned != 1).all()


def test_a_block_lies_on_one_side_and_a_spread_everywhere():
    def reach(pattern):
        ground = burn_ground(village(), [burn(pattern=pattern)])
        points = shapely.MultiPoint(np.argwhere(ground.burned == 0).astype(float))
        return shapely.convex_hull(points).area / (ground.burned.size * np.pi / 4)

    assert reach(Pattern.BLOCK) == pytest.approx(0.5, abs=0.06)
    assert reach(Pattern.SPREAD) > 0.9


def test_a_fire_of_the_surroundings_spares_core_and_near_ground():
    ground = burn_ground(village(), [burn(share=0.75, pattern=Pattern.SURROUNDINGS)])
    assert ground.huts_burned == (0,)
    rows, columns = (at[::97] for at in np.nonzero(ground.burned == 0))
    x = ground.lattice.transform.c + LATTICE_M * (columns + 0.5)
    y = ground.lattice.transform.f - LATTICE_M * (rows + 0.5)
    local = project(core(), CRS84, str(ground.lattice.crs))
    away = shapely.distance(local, shapely.points(x, y))
    assert away.min() >= 299
    assert away.max() <= 1501
    # A ring of 400 to 1600 m about the middle; circles of few corners lose a little.
    assert burned_m2(ground) == pytest.approx(0.75 * np.pi * (1600**2 - 400**2), rel=0.02)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**63))
def test_the_same_seed_burns_the_same_ground(seed):
    one, two = (burn_ground(village(seed=seed), [burn()]) for _ in range(2))
    assert (one.burned == two.burned).all()


def test_another_seed_burns_other_ground():
    one, two = (burn_ground(village(seed=seed), [burn()]).burned for seed in (1, 2))
    assert (one != two).mean() > 0.1


def test_a_core_larger_than_the_lattice_or_smaller_than_a_point_is_refused():
    with pytest.raises(RegionError, match="too large"):
        burn_ground(village_of(7_000), [ALL])
    with pytest.raises(RegionError, match="smaller"):
        burn_ground(village_of(0.1), [ALL])


@pytest.mark.parametrize("burns", [[], [burn(AGAIN), burn(AGAIN - timedelta(days=30))]])
def test_burns_are_given_and_in_order(burns):
    with pytest.raises(ValueError, match="order"):
        burn_ground(village(), burns)


def village_of(radius_m):
    # Off the lattice's points, which lie one metre from its middle.
    return Village(core(MIDDLE, radius_m))
