"""Processing units: a wrong price spends the month's quota unseen."""

import pytest

from imagery.hub.cost import processing_units, statistics_units


@pytest.mark.parametrize(
    ("side", "bands", "options", "units"),
    [
        # 100 km2; the provider's own examples, to the digits given there.
        (1000, 5, {}, 6.36),
        (500, 5, {}, 1.59),
        (1000, 10, {"float32": True}, 25.4),
        (1000, 2, {"float32": True, "radar_terrain": True}, 12.7),
        (500, 2, {"radar_terrain": True}, 1.59),
        # One cell of 10,240 m.
        (1024, 5, {}, 6.67),
        (512, 5, {}, 1.67),
    ],
)
def test_a_request_costs_what_the_provider_says(side, bands, options, units):
    assert processing_units(side, side, bands, **options) == pytest.approx(units, rel=5e-3)


def test_a_look_ahead_at_the_classes_costs_next_to_nothing():
    assert processing_units(84, 84, 1) == pytest.approx(0.009, abs=5e-4)


def test_the_smallest_request_has_the_smallest_price():
    assert processing_units(1, 1, 1) == 0.005
    assert processing_units(20, 20, 2) == pytest.approx(0.01 * 2 / 3)


@pytest.mark.parametrize(("dates", "units"), [(1, 0.0133), (24, 0.32)])
def test_statistics_of_a_village_cost_by_the_date(dates, units):
    assert statistics_units(50, 50, 4, dates) == pytest.approx(units, rel=5e-3)
