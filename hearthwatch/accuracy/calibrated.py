"""The calibration sets that were chosen, as an accuracy report tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from detectors.registry import create_detector
from hearthwatch.calibration.document import from_document
from hearthwatch.calibration.force import in_force
from hearthwatch.calibration.sets import (
    LEVELS,
    CalibrationSet,
    LevelResult,
    Source,
    SourceResult,
    StratumResult,
    VerdictModel,
)
from hearthwatch.evaluation.figure_values import rate_value, rounded, share_value
from hearthwatch.records import Mode, StoredCalibration
from hearthwatch.store.protocol import Store
from hearthwatch.words import day


@dataclass(frozen=True, slots=True)
class Chosen:
    """A set that was chosen.

    Attributes
    ----------
    whole : CalibrationSet or None
        None where the set does not hold.
    note : str
        Why it does not, in words; empty where it is in force.
    """

    stored: StoredCalibration
    whole: CalibrationSet | None
    note: str


def chosen_sets(store: Store, organisation: str, digest: str) -> tuple[Chosen, ...]:
    """Return the sets that were chosen for watches of the world, by detector and id.

    Parameters
    ----------
    digest : str
        Of the running code that makes numbers of pixels: a set bound to other code is not used.
    """
    detectors = {one.detector for one in store.calibrations(organisation)}
    regions = ("", *(one.id for one in store.regions(organisation)))
    found: dict[str, Chosen] = {}
    for detector in sorted(detectors):
        info = create_detector(detector).info
        for region in regions:
            one = store.chosen_calibration(organisation, detector, Mode.ACTUAL, region)
            if one is not None and one.id not in found:
                # The base rate is of no effect on whether a set holds.
                note = in_force(one, info, digest, 1.0).note
                whole = None if note else from_document(one.document)
                found[one.id] = Chosen(one, whole, note)
    return tuple(sorted(found.values(), key=lambda one: (one.stored.detector, one.stored.id)))


def calibration_value(chosen: Chosen, regions: Mapping[str, str]) -> dict[str, Any]:
    """Return a calibration set as JSON values; of one that does not hold, only why.

    Parameters
    ----------
    regions : mapping of str to str
        Names of regions by id; empty where places are not told.
    """
    stored, one = chosen.stored, chosen.whole
    return {
        "id": stored.id,
        "detector": stored.detector,
        "detector_version": stored.detector_version,
        "digest": stored.digest,
        "made": day(stored.created),
        "region": regions.get(stored.region),
        "one_region": bool(stored.region),
        "in_force": one is not None,
        "note": chosen.note,
        "rests_on": None if one is None else _rests_on(one),
        "sources": []
        if one is None
        else [_source(source) for source in one.sources if source.years],
        "strata": [] if one is None else [_stratum(stratum) for stratum in one.strata],
        "probability": (
            None if one is None or one.verdicts is None else _probability(one.verdicts)
        ),
    }


def _rests_on(one: CalibrationSet) -> dict[str, Any]:
    return {
        "null_years": one.null_years,
        "left_out": {"undecided": one.undecided, "confirmed": one.confirmed},
        "years_of_other_code": one.other_code,
    }


def _source(one: SourceResult) -> dict[str, Any]:
    return {
        "source": one.source.value,
        "resampled": one.source is Source.RESAMPLED,
        "years": one.years,
        "places": one.places,
        "realised": {
            level: rate_value(rate) for level, rate in zip(LEVELS, one.realised, strict=True)
        },
    }


def _stratum(one: StratumResult) -> dict[str, Any]:
    return {
        "stratum": one.stratum,
        "years": one.years,
        "states": [_level(level) for level in one.levels],
    }


def _level(one: LevelResult) -> dict[str, Any]:
    return {
        "state": one.level,
        "nominal": rounded(one.nominal),
        "aimed": rounded(one.aimed),
        "threshold": rounded(one.threshold),
        "taken_from": one.taken_from,
        "years": one.years,
        "conformal": one.conformal,
        "realised": rate_value(one.realised),
        "established": one.established,
        "why_not": one.why_not,
    }


def _probability(model: VerdictModel) -> dict[str, Any]:
    return {
        "kind": model.kind,
        "verdicts": model.verdicts,
        "confirmed": model.confirmed,
        "brier": rounded(model.brier),
        "brier_low": rounded(model.brier_low),
        "brier_high": rounded(model.brier_high),
        "reliability": [
            {"forecast": rounded(one.forecast), "confirmed": share_value(one.confirmed)}
            for one in model.reliability
        ],
    }
