"""The scene guard: it tells a look that is bad everywhere from a change somewhere.

It counts *placebos*, settlement-free ground measured like settlements, and never the places
watched: a guard that counts alarmed villages would silence a real mass burning.
"""

from __future__ import annotations

from collections.abc import Sequence

from detectors.types import GuardVerdict, SceneJudgement

MINIMUM_PLACEBOS = 20
EXCEEDS = 3.0
"""Nats of evidence on one look above which a placebo counts."""
SUSPECT_SHARE = 0.25
SUSPECT_COUNT = 5


def judge_scene(acquisition: str, evidence: Sequence[float]) -> SceneJudgement:
    """Judge one acquisition by what its placebos show.

    Parameters
    ----------
    evidence : sequence of float
        Log-likelihood ratio of every usable placebo on this look, nats.
    """
    placebos = len(evidence)
    exceeding = sum(value > EXCEEDS for value in evidence)
    if placebos < MINIMUM_PLACEBOS:
        verdict = GuardVerdict.UNGUARDED
        reason = f"{placebos} placebos could be seen, {MINIMUM_PLACEBOS} are needed: not guarded"
    elif exceeding >= SUSPECT_COUNT and exceeding >= SUSPECT_SHARE * placebos:
        verdict = GuardVerdict.SUSPECT
        reason = f"{exceeding} of {placebos} placebos show change: the scene is suspect"
    else:
        verdict = GuardVerdict.PASSED
        reason = f"{exceeding} of {placebos} placebos show change"
    return SceneJudgement(acquisition, verdict, placebos, exceeding, reason)
