"""What burns in one settlement moves nothing of what is measured of another.

Truth: every pixel of the ground is drawn; the neighbour's core, and the fence round it, burn.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from detectors.burn_features import burn_features
from detectors.endmembers import Surface, spectrum
from detectors.part_statistics import part_reflectance
from detectors.types import PARTS
from hearthwatch.pipeline.measure import _place_set
from hearthwatch.pipeline.sites import settlement_sites
from hearthwatch.pipeline.tasks import Site
from hearthwatch.records import Kind, Mode, Region, Settlement
from tiles.grid import rasterise
from tiles.plane import from_plane, to_plane

BANDS = ("B02", "B03", "B04", "B8A", "B11", "B12")
EPSG = 32635
# In the middle of a cell, and on a corner of four.
SPOTS = ((281_600.0 + 5_000.0, 1_443_840.0 + 5_000.0), (281_600.0, 1_443_840.0))
FENCE_M = 40.0
NEAR, CLOSE, MEDIAN, FAR = 600.0, 900.0, 1740.0, 4500.0
CHAR = spectrum(Surface.CHAR, BANDS)
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def settlement(name: str, x: float, y: float, radius: float) -> Settlement:
    core = from_plane(Point(x, y).buffer(radius), EPSG)
    area = math.pi * radius**2
    return Settlement(name, "ours", Mode.ACTUAL, name, core, area, NOON)


def everywhere() -> Region:
    ground = box(24.0, 12.0, 26.0, 14.0)
    return Region("r", "ours", Kind.BURNED, Mode.ACTUAL, "all", ground, 1.0, NOON)


def laid(settlements: list[Settlement]) -> tuple[Site, ...]:
    return settlement_sites(everywhere(), settlements, everywhere().geometry)


def measured(sites: tuple[Site, ...], burned: Settlement | None) -> dict[str, Any]:
    """Return the features of every place, settlement or placebo, by its id."""
    out = {}
    for site in sites:
        places = _place_set(site)
        assert places is not None
        shape = tuple(int(size) for size in site.window.shape)
        rng = np.random.default_rng(7)
        pixels = rng.uniform(0.1, 0.4, (len(BANDS), *shape)).astype(np.float32)
        if burned is not None:
            fence = to_plane(burned.geometry, EPSG).buffer(FENCE_M)
            pixels[:, rasterise(from_plane(fence, EPSG), site.window)] = CHAR[:, None]
        clear = np.ones(shape, bool)
        reflectance, _ = part_reflectance(pixels, clear, clear, places)
        features = burn_features(reflectance, BANDS)
        out.update({key.split("@")[0]: one for key, one in zip(places.ids, features, strict=True)})
    return out


@pytest.mark.parametrize("away", [NEAR, CLOSE, MEDIAN, FAR])
def test_a_neighbour_that_burns_moves_nothing_of_ones_own(away: float) -> None:
    spot = SPOTS[1]
    own = settlement("own", *spot, 150.0)
    other = settlement("other", spot[0] + 0.6 * away, spot[1] + 0.8 * away, 150.0)
    sites = laid([own, other])
    before, after = (measured(sites, burned) for burned in (None, other))
    assert np.array_equal(before["own"], after["own"], equal_nan=True)
    assert after["other"][0, 0] > before["other"][0, 0] + 0.5, "the burn is there"


@settings(max_examples=3)
@given(
    away=st.floats(500.0, 2000.0), bearing=st.floats(0.0, 2 * math.pi),
    radius=st.floats(40.0, 250.0), others=st.integers(1, 4),
)  # fmt: skip
def test_no_burn_of_a_core_moves_any_other_place(
    away: float, bearing: float, radius: float, others: int
) -> None:
    """Neighbours inside the gap of 300 m count, and placebos as well as settlements."""
    x, y = SPOTS[0]
    own = settlement("own", x, y, 200.0)
    turns = [bearing + 2 * math.pi * n / 5 for n in range(others)]
    round_it = [
        settlement(f"other{n}", x + away * math.cos(a), y + away * math.sin(a), radius)
        for n, a in enumerate(turns)
    ]
    burned = round_it[0]
    sites = laid([own, *round_it])
    before, after = (measured(sites, one) for one in (None, burned))
    assert before.keys() == after.keys()
    fence = to_plane(burned.geometry, EPSG).buffer(FENCE_M + 10.0)
    shared = {one.id for one in (own, *round_it) if to_plane(one.geometry, EPSG).intersects(fence)}
    for key in before.keys() - shared:
        assert np.array_equal(before[key], after[key], equal_nan=True), key


def test_a_ring_that_neighbours_fill_has_few_sectors_and_no_others_pixels() -> None:
    """A town round a village: what little ring is left is the village's, and it is known."""
    x, y = SPOTS[0]
    own = settlement("own", x, y, 100.0)
    town = Point(x, y).buffer(1550.0).difference(Point(x, y).buffer(420.0))
    east = town.intersection(box(x, y - 2000, x + 2000, y + 2000))
    crowd = Settlement("town", "ours", Mode.ACTUAL, "town", from_plane(east, EPSG), east.area, NOON)
    sites = laid([own, crowd])
    before, after = (measured(sites, burned) for burned in (None, crowd))
    assert np.array_equal(before["own"], after["own"], equal_nan=True)
    sectors = np.isfinite(before["own"][0, 1:])
    assert sectors.sum() == 8 and len(sectors) == PARTS - 1
