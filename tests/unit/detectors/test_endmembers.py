"""The reflectance of named surfaces: what any spectrometer would show of them holds."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.endmembers import BANDS, Surface, spectrum

VISIBLE = ("B02", "B03", "B04")


@pytest.mark.parametrize("surface", Surface)
def test_every_surface_has_a_possible_reflectance_in_every_band(surface):
    values = spectrum(surface, BANDS)
    assert values.shape == (len(BANDS),)
    assert values.dtype == np.float64
    assert ((values >= 0) & (values <= 1)).all()


def test_char_is_darker_than_what_burned_in_every_band():
    assert (spectrum(Surface.CHAR, BANDS) < spectrum(Surface.DRY, BANDS)).all()


def test_char_rises_from_blue_to_the_short_wave_infrared():
    values = spectrum(Surface.CHAR, BANDS)
    assert (np.diff(values) > 0).all()
    assert values[-1] > 4 * values[0]


def test_char_is_black_where_the_eye_sees_and_just_beyond():
    assert (spectrum(Surface.CHAR, (*VISIBLE, "B08")) < 0.1).all()


def test_fresh_ash_is_brighter_than_char_in_every_visible_band():
    assert (spectrum(Surface.ASH, VISIBLE) > 2 * spectrum(Surface.CHAR, VISIBLE)).all()


def test_green_has_a_green_peak_a_red_edge_and_water_in_the_short_wave_infrared():
    blue, green, red, edge, nir, swir_1, swir_2 = spectrum(
        Surface.GREEN, ("B02", "B03", "B04", "B05", "B08", "B11", "B12")
    )
    assert green > max(blue, red)
    assert red < edge < nir
    assert nir > 5 * red
    assert nir > swir_1 > swir_2


def test_dry_ground_rises_to_the_first_short_wave_band_and_falls_to_the_second():
    values = spectrum(Surface.DRY, BANDS)
    assert (np.diff(values[:-1]) > 0).all()
    assert values[-1] < values[-2]


def test_burning_raises_the_ratio_of_the_short_wave_bands():
    # What the short-wave infrared burn ratio rests on: char rises from B11 to B12, all else falls.
    ratios = {
        surface: np.divide(*spectrum(surface, ("B12", "B11")))
        for surface in (Surface.CHAR, Surface.DRY, Surface.GREEN)
    }
    assert ratios[Surface.CHAR] > 1 > ratios[Surface.DRY] > ratios[Surface.GREEN]


def test_shade_sends_no_light_back():
    assert spectrum(Surface.SHADE, BANDS).tolist() == [0.0] * len(BANDS)


def test_bands_come_in_the_order_asked_for_and_may_repeat():
    assert spectrum(Surface.GREEN, ("B12", "B02", "B12")).tolist() == [0.071, 0.034, 0.071]


def test_one_caller_cannot_change_the_spectra_of_the_next():
    spectrum(Surface.CHAR, BANDS)[:] = 9.0
    assert spectrum(Surface.CHAR, ("B02",)).tolist() == [0.037]


def test_an_unknown_band_is_named_together_with_those_there_are():
    with pytest.raises(LookupError, match=r"no reflectance in B01, B10; there is B02, B03, .*B12"):
        spectrum(Surface.CHAR, ("B01", "B04", "B10"))
