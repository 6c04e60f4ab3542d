"""Calibration sets as JSON values, and back."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from detectors.probability import Isotonic, Model, Platt
from hearthwatch.calibration.sets import (
    AtBudget,
    Bin,
    Budget,
    CalibrationSet,
    LevelResult,
    Source,
    SourceResult,
    StratumResult,
    VerdictModel,
)
from hearthwatch.evaluation.intervals import Rate, Share
from hearthwatch.records import Kind, Mode
from hearthwatch.values import moment
from tiles.rows import canonical

FORMAT = 1
"""Of the document; a set written down in another way is not read."""
_ID_DIGITS = 16
_NOT_CONTENT = ("id", "created")


def sealed(one: CalibrationSet) -> CalibrationSet:
    """Return a set with its id, the digest of all it says but when it was made."""
    content = {key: value for key, value in to_document(one).items() if key not in _NOT_CONTENT}
    digest = hashlib.sha256(canonical(content)).hexdigest()
    return dataclasses.replace(one, id=digest[:_ID_DIGITS])


def to_document(one: CalibrationSet) -> dict[str, Any]:
    """Return a set as JSON values."""
    # Through plain values only: enumerations are text, tuples are lists.
    return {
        "format": FORMAT,
        **_plain(dataclasses.asdict(one)),
        "kind": one.kind.value,
        "mode": one.mode.value,
        "created": moment(one.created),
    }


def from_document(document: Mapping[str, Any]) -> CalibrationSet:
    """Return the set that `to_document` was given."""
    verdicts = document["verdicts"]
    return CalibrationSet(
        **{
            **{key: value for key, value in document.items() if key != "format"},
            "kind": Kind(document["kind"]),
            "mode": Mode(document["mode"]),
            "created": datetime.fromisoformat(document["created"]),
            "budget": Budget(**document["budget"]),
            "sources": tuple(map(_source, document["sources"])),
            "strata": tuple(map(_stratum, document["strata"])),
            "others": tuple(map(_at_budget, document.get("others", ()))),
            "highest": tuple(document["highest"]),
            "verdicts": None if verdicts is None else _verdicts(verdicts),
        }
    )


def _source(value: Mapping[str, Any]) -> SourceResult:
    rates = tuple(Rate(**one) for one in value["realised"])
    return SourceResult(**{**value, "source": Source(value["source"]), "realised": rates})


def _at_budget(value: Mapping[str, Any]) -> AtBudget:
    return AtBudget(value["times"], tuple(map(_stratum, value["strata"])))


def _stratum(value: Mapping[str, Any]) -> StratumResult:
    levels = tuple(
        LevelResult(**{**one, "realised": Rate(**one["realised"])}) for one in value["levels"]
    )
    return StratumResult(**{**value, "levels": levels})


def _verdicts(value: Mapping[str, Any]) -> VerdictModel:
    bins = tuple(Bin(one["forecast"], Share(**one["confirmed"])) for one in value["reliability"])
    return VerdictModel(
        **{**value, "model": _model(value["kind"], value["model"]), "reliability": bins}
    )


def _model(kind: str, value: Mapping[str, Any]) -> Model:
    if kind == "platt":
        return Platt(**value)
    return Isotonic(tuple(value["scores"]), tuple(value["values"]))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value
