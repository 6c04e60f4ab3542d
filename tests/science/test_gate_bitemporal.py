"""The bi-temporal scores on real pixels: a city that grew, and a wildfire seen once a year."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.bitemporal import change_score, quiet_pair
from tests.science import columbian_years, taizhou
from tests.science.columbian_years import FIRE, QUIET, YEARS
from tests.science.figures import Figure, record

pytestmark = pytest.mark.shared_data

CITY, FOREST = "landsat-taizhou-cd", "landsat-bc-wildfire-2006"


@pytest.fixture(scope="module")
def city(shared_data):
    return taizhou.load(shared_data / CITY / "Taizhou")


@pytest.fixture(scope="module")
def forest(shared_data):
    return columbian_years.load(shared_data / FOREST)


def test_the_change_score_ranks_a_growing_city_no_worse_than_plain_change_vectors(city):
    labels = city.changed, city.unchanged
    assert (int(labels[0].sum()), int(labels[1].sum())) == (4227, 17163)
    plain = taizhou.auc(taizhou.plain_cva(city.before, city.after), *labels)
    quiet = quiet_pair(city.before, city.after)
    ours = taizhou.auc(change_score(city.before, city.after, quiet), *labels)
    shows = "area under the ROC curve, 4,227 changed and 17,163 unchanged pixels"
    record(Figure("taizhou: change score", round(ours, 4), "plain CVA, .9902", CITY, shows))
    record(Figure("taizhou: plain CVA on z-scored bands", round(plain, 4), "", CITY, shows))
    assert round(plain, 4) == 0.9902
    assert ours >= plain


def test_a_wildfire_shows_in_its_year_and_in_no_later_one_while_the_scar_stays(forest):
    shares = {year: forest.shares(year) for year in YEARS[1:]}
    excess = {year: inside - outside for year, (inside, outside) in shares.items()}
    others = {year: value for year, value in excess.items() if year != FIRE}
    worst = max(others, key=lambda year: others[year])
    for gate, year in (("columbia: year of the fire", FIRE), ("columbia: next largest", worst)):
        record(
            Figure(
                gate, round(excess[year], 3), "over 0.1 in 2006 alone", FOREST,
                f"{year}: share of the polygon's pixels that burn, {shares[year][0]:.3f}, less the "
                f"share outside, {shares[year][1]:.3f}; yearly composites",
            )
        )  # fmt: skip
    assert [year for year in excess if excess[year] > 0.1] == [FIRE]
    assert others[worst] < excess[FIRE] / 3


def test_most_pixels_that_burn_inside_the_polygon_burn_first_in_the_year_of_the_fire(forest):
    # A year whose composite burns as much outside as inside is a bad composite, not a fire.
    told = [year for year in YEARS[1:] if forest.shares(year)[1] < 0.15]
    first = np.zeros(forest.burned.shape, int)
    for year in reversed(told):
        first[forest.lit(year)] = year
    ever = first[forest.burned & (first > 0)]
    record(
        Figure(
            "columbia: pixels' onset", round(float((ever == FIRE).mean()), 3), "most", FOREST,
            f"share of the {len(ever)} pixels of the polygon that ever burn whose first onset is "
            f"2006; years left out as bad composites: {sorted(set(YEARS[1:]) - set(told))}",
        )
    )  # fmt: skip
    assert (ever == FIRE).mean() > 0.5
    assert not np.isin(ever, QUIET).mean() > 0.1


def test_after_the_fire_the_burned_ground_moves_away_from_char(forest):
    def ahead(year):
        score = forest.score(year).score
        return np.nanmedian(score[forest.burned]) - np.nanmedian(score[~forest.burned])

    assert ahead(FIRE) > 1.0
    assert ahead(FIRE + 1) < -0.5
