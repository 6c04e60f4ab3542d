"""Names of passes of radar: the track and the day, from a simulated and from real orbits."""

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from imagery.naming import read_name
from imagery.orbits import is_ascending, pass_day, track_of

INCLINATION = math.radians(98.1813)
ORBIT_S = 12 * 86_400 / 175
CROSSED = datetime(2023, 12, 3, 1, 49, 53, tzinfo=UTC)
"""Track 137, northward over the equator, at 18 h local solar time."""
CROSSED_AT = (18.0 - (1 + 49 / 60 + 53 / 3600)) * 15.0


def flown(track: int, cycle: int, turned: float) -> tuple[datetime, float, float]:
    """Return time, longitude and latitude of a satellite on a round earth."""
    orbits = (track - 137) + 175 * cycle + turned / (2 * math.pi)
    seconds = orbits * ORBIT_S
    latitude = math.asin(math.sin(INCLINATION) * math.sin(turned))
    ahead = math.atan2(math.cos(INCLINATION) * math.sin(turned), math.cos(turned))
    # The plane of the orbit turns with the sun, the earth once a day against it.
    longitude = CROSSED_AT - seconds / 86_400 * 360 + math.degrees(ahead)
    return (
        CROSSED + timedelta(seconds=seconds),
        (longitude + 180) % 360 - 180,
        math.degrees(latitude),
    )


@given(
    st.integers(1, 175),
    st.integers(-300, 100),
    st.floats(-57, 57),
    st.booleans(),
    st.floats(-60, 60),
    st.floats(-1, 1),
)
def test_every_part_of_a_pass_tells_its_track_direction_and_day(
    track, cycle, degrees, southward, late_s, aside
):
    """A minute late and a degree aside make no difference, but where the tracks meet."""
    assume(southward or abs(degrees) > 6)
    turned = math.radians(180 - degrees if southward else degrees % 360)
    at, longitude, latitude = flown(track, cycle, turned)
    at += timedelta(seconds=late_s)
    crossed, _, _ = flown(track, cycle, 0.0)
    assert is_ascending(at, longitude) is not southward
    assert track_of(at, latitude + aside, not southward) == track
    assert pass_day(at, track) == crossed.date()


# The number of a burst counts steps of 2.758273 s since track 1 crossed the equator.
@pytest.mark.parametrize(
    ("burst", "latitude"),
    [
        ("T137-292319-IW2_20211119T015858Z_20250830T120333Z_S1A", 34.5),
        ("T137-292319-IW2_20211219T015814Z_20250829T223306Z_S1B", 34.5),
        ("T114-243013-IW1_20231213T121227Z_20231213T184607Z_S1A", 49.2),
    ],
)
def test_real_bursts_are_on_the_track_their_names_say(burst, latitude):
    named = read_name(f"OPERA_L2_RTC-S1_{burst}_30_v1.0")
    assert track_of(named.started, latitude, True) == named.relative_orbit
    assert pass_day(named.started, named.relative_orbit) == named.started.date()


def test_the_day_of_a_pass_is_that_of_the_equator_even_after_midnight():
    at, _, _ = flown(track_of(datetime(2023, 12, 3, 23, 58, tzinfo=UTC), 0.0, True), 0, 0.9)
    track = track_of(at, math.degrees(math.asin(math.sin(INCLINATION) * math.sin(0.9))), True)
    crossed, _, _ = flown(track, 0, 0.0)
    assert crossed.date() != at.date() and pass_day(at, track) == crossed.date()
    assert isinstance(pass_day(at, track), date)
