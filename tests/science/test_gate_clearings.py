"""Forest that was really cleared, watched for burns: how many clearings are taken for fires.

Without B12, as these looks are, ground laid bare and ground burned differ in B11 and the visible
alone. Most of what was once taken for fire had begun unseen, between autumn and spring.
"""

from __future__ import annotations

import pytest

from hearthwatch.evaluation.definitions import Level
from hearthwatch.evaluation.scoring import evaluate
from hearthwatch.records import Kind
from tests.science.figures import Figure, record
from tests.science.implants import Setting, run
from tests.science.laid_places import clearings, lay
from tests.science.replay import TRUTH

pytestmark = pytest.mark.slow

RADIUS_M, FIRST_M, STEP_M = 30.0, 70.0, 80.0
QUIET = 0.05
"""A place of which drawn clearings cover less than this is quiet."""
BUDGET = 5.0
"""False reports per 1,000 place-years that PROBABLE may cost."""
DATA = "Romanian sample"


@pytest.fixture(scope="module")
def rates(sample_catalogue):
    """Rates of PROBABLE where nothing was implanted, on cleared places and on quiet ones."""
    square = lay(sample_catalogue, RADIUS_M, FIRST_M, STEP_M, clearings(TRUTH))
    outcomes = [run(square, Setting(100, odd)) for odd in (False, True)]
    found = {}
    for cleared in (True, False):
        here = {str(p) for p, share in enumerate(square.cleared) if (share >= QUIET) == cleared}
        looks = {
            name: seen
            for outcome in outcomes
            for name, seen in outcome.looks.items()
            if name.partition(":")[2] in here
        }
        episodes = [one for o in outcomes for one in o.episodes if one.settlement in looks]
        levels = evaluate(Kind.BURNED, looks, [], episodes, looks).levels
        found[cleared] = next(one for one in levels if one.level is Level.PROBABLE).false_armed
    return found


def test_a_clearing_is_taken_for_a_fire_no_more_often_than_the_budget_allows(rates):
    for words, cleared in (("cleared: 5 % drawn and more", True), ("quiet: under 5 %", False)):
        rate = rates[cleared]
        record(
            Figure(
                f"clearings: {words}", round(rate.value, 1), "5", DATA,
                f"reports of PROBABLE per 1,000 place-years, {rate.count} in "
                f"{rate.exposure:.0f} place-years of real looks without B12",
                tuple(round(end, 1) for end in rate.interval),
            )
        )  # fmt: skip
        assert rate.value <= BUDGET
    assert rates[True].exposure > 350
