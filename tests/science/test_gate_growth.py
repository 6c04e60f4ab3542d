"""Forest that was really cleared, followed as known sites: seen as growth, in size and in time.

A clearing drawn by eye counts as bare for a year from the first date on which it is plainly so:
the drawings' own notes say that clearings here turn green again within months, and give no date
for that. Bare ground cannot be told from leafless forest, so areas are compared at midsummer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from shapely.geometry import Point

from detectors.site_changes import SiteChange
from tests.science.clearings import load_truth
from tests.science.figures import Figure, record
from tests.science.laid_sites import covered_square, cubes, follow, lay_sites, measured
from tests.science.replay import TRUTH
from tiles.plane import from_plane, to_plane

pytestmark = pytest.mark.slow

EPSG, EPSG_DRAWN = 32634, 3035
CORE_M, MEASURED_M, STEP_M = 50.0, 150.0, 100.0
BARE = timedelta(days=365)
SUMMERS = tuple(datetime(year, 7, 31, tzinfo=UTC) for year in (2017, 2018, 2019, 2020))
LEAST_HA = 0.4
"""Of drawn clearings, at a site that is asked about."""
GROWS = (SiteChange.NEW, SiteChange.EXPANDED, SiteChange.REOCCUPIED)
SLACK = timedelta(days=30)
DATA = "Romanian sample"


class Laid:
    """Sites on a lattice over the square, their curves, and what was drawn in each."""

    def __init__(self, catalogue) -> None:
        square = covered_square(catalogue, EPSG)
        west, south, east, north = square.bounds
        centres = [
            Point(x, y)
            for x in np.arange(west + MEASURED_M, east, STEP_M)
            for y in np.arange(south + MEASURED_M, north, STEP_M)
            if square.contains(Point(x, y).buffer(MEASURED_M))
        ]
        places, window = lay_sites([one.buffer(CORE_M) for one in centres], square, EPSG)
        across = np.array([one.x for one in centres])
        self.east = across >= np.median(across)
        self.drawn = load_truth(TRUTH)
        grounds = [_drawn_plane(one.buffer(MEASURED_M)) for one in centres]
        self.covered = np.array(
            [[d.geometry.intersection(g).area / 10_000.0 for d in self.drawn] for g in grounds]
        )
        self.curves = follow(measured(cubes(catalogue, window), places), window)

    def bare(self, moment: datetime):
        """Return the hectares drawn as bare at a time, shape (site,)."""
        on = np.array([one.latest <= moment < one.latest + BARE for one in self.drawn])
        return self.covered @ on

    def begun(self, site: int, since: datetime | None, until: datetime) -> float:
        """Return the hectares drawn at a site as cleared in an interval, with some slack."""
        since = since or datetime(2015, 1, 1, tzinfo=UTC)
        on = np.array(
            [d.earliest <= until + SLACK and d.latest >= since - SLACK for d in self.drawn]
        )
        return float(self.covered[site] @ on)


def _drawn_plane(ground):
    return to_plane(from_plane(ground, EPSG), EPSG_DRAWN)


@pytest.fixture(scope="module")
def laid(sample_catalogue) -> Laid:
    return Laid(sample_catalogue)


def test_area_curves_follow_what_was_drawn(laid):
    seen = np.array([laid.curves.at(summer) for summer in SUMMERS])
    drawn = np.array([laid.bare(summer) for summer in SUMMERS])
    asked = drawn >= LEAST_HA
    error = np.median(np.abs(seen - drawn)[asked] / drawn[asked])
    held = asked & laid.east
    apart = np.median(np.abs(seen - drawn)[held] / drawn[held])
    bare = np.abs(seen[drawn < 0.05])
    record(Figure(
        "growth: area against drawings", round(float(error), 2), "0.30", DATA,
        f"median relative error of the area at midsummer, {int(asked.sum())} sites and summers "
        f"with {LEAST_HA} ha drawn and more; a clearing counts as bare for a year",
    ))  # fmt: skip
    record(Figure(
        "growth: area against drawings, eastern half", round(float(apart), 2), "", DATA,
        f"the same at {int(held.sum())} sites and summers of the eastern half alone: how the ring "
        "is read was chosen by the western half",
    ))  # fmt: skip
    record(Figure(
        "growth: area where nothing is drawn", round(float(np.median(bare)), 2), "", DATA,
        f"median of the absolute area, ha of {np.pi * MEASURED_M**2 / 1e4:.1f} ha measured, "
        f"{bare.size} sites and summers",
    ))  # fmt: skip
    assert asked.sum() >= 60
    assert error <= 0.3
    assert np.corrcoef(seen.ravel(), drawn.ravel())[0, 1] >= 0.75


def test_growth_and_regrowth_have_the_right_direction(laid):
    seen = np.diff([laid.curves.at(summer) for summer in SUMMERS], axis=0)
    drawn = np.diff([laid.bare(summer) for summer in SUMMERS], axis=0)
    for words, side in (("grew", 1.0), ("greened", -1.0)):
        moved = side * drawn >= LEAST_HA
        right = float((side * seen[moved] > 0).mean())
        record(Figure(
            f"growth: direction of sites that {words}", round(right, 2), "0.85", DATA,
            f"share of {int(moved.sum())} changes of {LEAST_HA} ha and more from one midsummer to "
            "the next with the right sign",
        ))  # fmt: skip
        assert moved.sum() >= 30
        assert right >= 0.85


def test_words_of_growth_meet_a_drawn_clearing(laid):
    told = [
        (day, one) for day, one in laid.curves.words("ESTABLISHED") if one.change in GROWS
    ]  # fmt: skip
    begun = [laid.begun(int(one.place), one.last_unharmed, one.first_changed) for _, one in told]
    right = float(np.mean([area >= 0.1 for area in begun]))
    record(Figure(
        "growth: words that meet a clearing", round(right, 2), "0.90", DATA,
        f"share of {len(told)} findings new, expanded or reoccupied, ESTABLISHED, with 0.1 ha "
        "drawn as cleared in their interval and 30 days on either side",
    ))  # fmt: skip
    assert len(told) >= 25
    assert right >= 0.9
