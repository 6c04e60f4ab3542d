import inspect

import pytest

from detectors.guard import EXCEEDS, MINIMUM_PLACEBOS, judge_scene
from detectors.types import GuardVerdict

QUIET, ALARMED = 0.0, 3.1


@pytest.mark.parametrize(
    ("placebos", "exceeding", "verdict"),
    [
        (0, 0, GuardVerdict.UNGUARDED),
        (19, 19, GuardVerdict.UNGUARDED),
        (20, 0, GuardVerdict.PASSED),
        (20, 4, GuardVerdict.PASSED),
        (20, 5, GuardVerdict.SUSPECT),
        (21, 5, GuardVerdict.PASSED),  # 5/21 is less than a quarter
        (40, 9, GuardVerdict.PASSED),
        (40, 10, GuardVerdict.SUSPECT),
        (400, 99, GuardVerdict.PASSED),
        (400, 100, GuardVerdict.SUSPECT),
    ],
)
def test_a_scene_is_suspect_from_five_and_a_quarter_of_at_least_twenty_placebos(
    placebos: int, exceeding: int, verdict: GuardVerdict
) -> None:
    evidence = [ALARMED] * exceeding + [QUIET] * (placebos - exceeding)
    judged = judge_scene("S2A_20200630", evidence)
    assert judged.verdict is verdict
    assert (judged.acquisition, judged.placebos, judged.exceeding) == (
        "S2A_20200630",
        placebos,
        exceeding,
    )


def test_a_placebo_counts_only_above_the_limit() -> None:
    assert judge_scene("a", [EXCEEDS] * 40).exceeding == 0
    assert judge_scene("a", [EXCEEDS + 1e-9] * 40).exceeding == 40


def test_the_reason_says_that_a_scene_was_not_guarded() -> None:
    reason = judge_scene("a", [QUIET] * 3).reason
    assert "not guarded" in reason
    assert "3" in reason
    assert str(MINIMUM_PLACEBOS) in reason


def test_the_guard_is_never_shown_the_places_watched() -> None:
    # A guard that counts alarmed villages would silence a real mass attack.
    assert list(inspect.signature(judge_scene).parameters) == ["acquisition", "evidence"]
