"""What is implanted in memory is what an exercise writes into scenes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from detectors.burn_seen import CONTAMINATION
from detectors.endmembers import Surface, spectrum
from hearthwatch.exercise.model import Burn, mix
from hearthwatch.exercise.optics import bare_share
from hearthwatch.exercise.otherwise import Change, Otherwise, altered
from hearthwatch.exercise.residues import Group, drawn_residues
from imagery.masks import Scl
from tests.science.changed_cores import changed, implanted
from tests.science.implants import Setting, kept
from tests.science.laid_places import Look, Square

BANDS = ("B02", "B03", "B04", "B08")
DATE = datetime(2019, 6, 1, tzinfo=UTC)


def square():
    """Two places of three pixels; windows and cores take no part."""
    owner = np.repeat([0, 1], 3)
    return Square((None, None), np.zeros(2), None, BANDS, owner, np.arange(6), ())


def look(days, clear, cloudy=0.0):
    pixels = np.random.default_rng(1).uniform(0.05, 0.4, (len(BANDS), 6))
    means = np.stack([pixels[:, i : i + 3][:, clear[i : i + 3]].mean(1) for i in (0, 3)])
    classes = np.full(6, Scl.VEGETATION)
    return Look(
        "a", DATE + timedelta(days=days), pixels, clear, classes, means, None, None,
        np.full(2, CONTAMINATION), np.full(2, cloudy), None,
    )  # fmt: skip


@pytest.mark.parametrize("days", [0, 3, 200])
def test_a_core_shows_the_mean_of_what_an_exercise_writes_into_its_pixels(days):
    clear, cover = np.array([1, 1, 0, 1, 1, 1], bool), np.array([0.5, 0.2, 0.9, 1.0, 1.0, 1.0])
    shown, burn = look(days, clear), Burn(DATE, 0.6)
    means, _ = implanted(square(), shown, {0: burn}, cover)
    char, ash = (spectrum(one, BANDS) for one in (Surface.CHAR, Surface.ASH))
    for band in range(len(BANDS)):
        before, here = shown.pixels[band, None, :3], cover[None, None, :3]
        after = mix(before, here, [burn], shown.sensed, float(char[band]), float(ash[band]))
        assert means[0, band] == pytest.approx(after[0, :2].mean(), abs=1e-12)
    # The other place does not burn, however much of it could.
    assert means[1] == pytest.approx(shown.means[1], abs=0)


def test_before_its_date_a_burn_shows_nothing():
    shown = look(-1, np.ones(6, bool))
    means, dirt = implanted(square(), shown, {0: Burn(DATE)}, np.ones(6))
    assert np.array_equal(means, shown.means)
    assert np.array_equal(dirt, shown.contamination)


def test_a_burn_that_turns_dark_beside_clouds_may_be_their_shadow():
    beside = look(60, np.ones(6, bool), cloudy=1.0)
    burn = Burn(DATE, completeness=1.0, half_life_days=1e6)
    _, dirt = implanted(square(), beside, {0: burn}, np.ones(6))
    assert dirt[0] > 0.5 > dirt[1]
    _, alone = implanted(square(), look(60, np.ones(6, bool)), {0: burn}, np.ones(6))
    assert alone[0] == pytest.approx(CONTAMINATION)


def test_drawn_residues_take_the_place_of_the_mean_ones():
    shown, burn = look(3, np.ones(6, bool)), Burn(DATE, 0.6)
    drawn = drawn_residues(5, Group.SCORING)
    means, _ = implanted(square(), shown, {0: burn}, np.ones(6), {0: drawn})
    for number, band in enumerate(BANDS):
        before, here = shown.pixels[number, None, :3], np.ones((1, 1, 3))
        after = mix(before, here, [burn], shown.sensed, drawn.char[band], drawn.ash[band])
        assert means[0, number] == pytest.approx(after.mean(), abs=1e-12)


@pytest.mark.parametrize("kind", [kind for kind in Otherwise if kind is not Otherwise.SHIFT])
def test_a_core_shows_the_mean_of_its_changed_pixels_and_others_none(kind):
    shown, cover = look(3, np.ones(6, bool)), np.array([0.5, 0.2, 0.0, 1.0, 1.0, 1.0])
    change = Change(kind, DATE, days=10.0)
    means, _ = changed(square(), shown, {0: change}, cover)
    here = {band: shown.pixels[number, :3] for number, band in enumerate(BANDS)}
    share = cover[:3]
    if kind is Otherwise.RAIN:
        share = share * bare_share(here["B04"], here["B08"])
    expected = altered(here, share, change, shown.sensed)
    assert means[0] == pytest.approx([expected[band].mean() for band in BANDS], abs=1e-12)
    assert np.array_equal(means[1], shown.means[1])
    later = look(11, np.ones(6, bool))
    assert np.array_equal(changed(square(), later, {0: change}, cover)[0], later.means)


def test_a_shift_is_refused_where_the_neighbours_are_not_known():
    shift = Change(Otherwise.SHIFT, DATE, days=10.0)
    with pytest.raises(ValueError, match="shift"):
        changed(square(), look(3, np.ones(6, bool)), {0: shift}, np.ones(6))


def test_looks_are_thinned_and_dropped_by_their_seed_alone():
    looks = tuple(range(400))
    laid = replace(square(), looks=looks)
    assert kept(laid, Setting(1, odd=False)) == looks
    assert kept(laid, Setting(1, odd=False, every=3)) == looks[::3]
    fewer = kept(laid, Setting(1, odd=False, every=2, dropped=0.5))
    assert set(fewer) < set(looks[::2])
    assert 75 < len(fewer) < 125
    assert fewer == kept(laid, Setting(1, odd=True, every=2, dropped=0.5))
    assert fewer != kept(laid, Setting(2, odd=False, every=2, dropped=0.5))
