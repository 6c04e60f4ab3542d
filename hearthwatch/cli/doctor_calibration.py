"""The check of which thresholds hold."""

from __future__ import annotations

from detectors.registry import create_detector, detector_ids
from detectors.types import PlaceDetector
from hearthwatch.calibration.force import CalibrationInForce, in_force
from hearthwatch.cli.call import Call
from hearthwatch.cli.checks import Check, Outcome
from hearthwatch.identity import science_digest
from hearthwatch.records import CalibrationChoice, Mode
from hearthwatch.store.protocol import Store
from hearthwatch.words import counted

_ADVICE = "Run `hearthwatch calibrate` once a year is over."


def calibration(call: Call) -> Check:
    """Check that a calibration set holds for what is watched, and can be used by this code."""
    if not call.is_kept:
        return Check(Outcome.OK, "nothing was recorded yet")
    with call.store() as store:
        found = [
            (choice, _force(call, store, choice))
            for name in detector_ids()
            if isinstance(create_detector(name), PlaceDetector)
            for choice in _latest(store, call.organisation, name)
        ]
    broken = [force.note for _, force in found if force.note]
    if broken:
        return Check(Outcome.WARN, "; ".join(broken), "Until then no budget is kept.")
    held = [_words(choice, force) for choice, force in found if force.calibration.id]
    if not held:
        return Check(Outcome.OK, "built-in thresholds hold; they keep no budget", _ADVICE)
    return Check(Outcome.OK, "; ".join(held))


def _latest(store: Store, organisation: str, detector: str) -> list[CalibrationChoice]:
    """Return the last choice of each region, and that for all."""
    last = {
        (choice.mode, choice.region): choice
        for mode in Mode
        for choice in store.calibration_choices(organisation, detector, mode)
    }
    return list(last.values())


def _force(call: Call, store: Store, choice: CalibrationChoice) -> CalibrationInForce:
    chosen = store.chosen_calibration(
        choice.organisation, choice.detector, choice.mode, choice.region
    )
    info = create_detector(choice.detector).info
    return in_force(chosen, info, science_digest(), call.settings.base_rate)


def _words(choice: CalibrationChoice, force: CalibrationInForce) -> str:
    where = f"region {choice.region}" if choice.region else "all regions"
    years = counted(force.null_years, "null year")
    return f"{choice.detector}, {where}: set {force.name} of {years}"
