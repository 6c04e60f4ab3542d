"""Villages of so many huts, and the ground that other changes touch."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hearthwatch.errors import RegionError
from hearthwatch.exercise.ground import burn_ground, cover_on
from hearthwatch.exercise.huts import built
from hearthwatch.exercise.lattice import LATTICE_M, inside_of, laid_out
from hearthwatch.exercise.otherwise import Change, Otherwise
from hearthwatch.exercise.touched import touched_ground
from tests.support import catalogue
from tests.unit.hearthwatch.exercise.drawn import DAY, burn, core, village
from tiles.geodesy import CRS84, area_m2, project


@settings(max_examples=20)
@given(count=st.sampled_from([1, 25, 75, 350]), radius=st.floats(2.0, 3.5), seed=st.integers(0, 99))
def test_so_many_huts_stand_each_on_its_own_ground(count, radius, seed):
    asked = village(structures=count, hut_radius_m=radius, seed=seed)
    plane, lattice = laid_out(asked, 0.0)
    huts = built(inside_of(plane, lattice), asked)
    points = np.bincount(huts.owner[huts.owner >= 0])
    assert len(points) == count
    # No hut lost ground to another; a lattice of 2 m errs by half a point of 4 square metres.
    assert (points == points[0]).all()
    assert points[0] * LATTICE_M**2 == pytest.approx(np.pi * radius**2, abs=2.0)


def test_the_burned_ground_on_pixels_is_that_of_the_huts():
    ground = burn_ground(village(structures=75), [burn(share=1.0)])
    assert (ground.huts, ground.huts_burned) == (75, (75,))
    shares = cover_on(ground, catalogue.grid()).shares
    # A hut of 3 m holds 7 points of 4 square metres; a pixel is 100.
    assert shares.sum() * 100 == pytest.approx(75 * 28, rel=0.03)
    assert shares.max() < 1.0


def test_a_share_of_so_many_huts_burns():
    assert burn_ground(village(structures=25), [burn(share=0.4)]).huts_burned == (10,)


def test_more_huts_than_fit_are_refused_with_what_would():
    with pytest.raises(RegionError, match=r"Only \d+ of 900 huts of 6 m radius fit"):
        burn_ground(village(structures=900, hut_radius_m=6.0), [burn()])


def test_a_village_of_no_hut_is_refused():
    with pytest.raises(ValueError, match="structures"):
        village(structures=0)


def change(kind, **more):
    return Change(kind, DAY, days=10.0, **more)


def away_of(ground):
    """Return the distance from the core of every point that is touched, metres."""
    rows, columns = np.nonzero(ground.burned == 0)
    x = ground.lattice.transform.c + LATTICE_M * (columns[::53] + 0.5)
    y = ground.lattice.transform.f - LATTICE_M * (rows[::53] + 0.5)
    local = project(core(), CRS84, str(ground.lattice.crs))
    return shapely.distance(local, shapely.points(x, y))


@pytest.mark.parametrize("kind", [Otherwise.HARVEST, Otherwise.PLOUGHING])
def test_fields_lie_in_and_near_the_core_and_are_none_of_the_huts(kind):
    whole = touched_ground(village(huts=0.5), change(kind, share=1.0))
    away = away_of(whole)
    assert away.max() <= 300.5
    assert (away == 0).any()
    # A circle of 400 m without the half of the core that is under huts.
    expected = np.pi * 400**2 - 0.5 * area_m2(core())
    assert (whole.burned == 0).sum() * LATTICE_M**2 == pytest.approx(expected, rel=0.01)
    part = touched_ground(village(huts=0.5), change(kind, share=0.25))
    assert (part.burned == 0).sum() == pytest.approx((whole.burned == 0).sum() / 4, rel=0.01)
    assert (whole.burned[part.burned == 0] == 0).all()


def test_new_roofs_are_on_their_share_of_the_huts():
    roofs = touched_ground(village(structures=75), change(Otherwise.ROOFS, share=0.4))
    burned = burn_ground(village(structures=75), [burn(share=0.4)])
    assert np.array_equal(roofs.burned, burned.burned)


def test_a_shadow_covers_the_core_and_100_m_round_it():
    shadow = touched_ground(village(), change(Otherwise.SHADOW))
    assert (shadow.burned == 0).sum() * LATTICE_M**2 == pytest.approx(np.pi * 200**2, rel=0.01)


@pytest.mark.parametrize("kind", ["rain", "haze", "offset-up", "offset-down", "shift"])
def test_what_reaches_the_whole_scene_has_no_ground_of_its_own(kind):
    assert touched_ground(village(), change(Otherwise(kind))) is None
