"""An accuracy report as a JSON document, ``hearthwatch-accuracy/1``.

It travels as an evaluation does: without places it has no name, id, coordinate, file name or time
of day (which tells the longitude of a satellite's pass).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from hearthwatch.accuracy.calibrated import Chosen, calibration_value
from hearthwatch.accuracy.classes import NOT_VALIDATED, TAKES
from hearthwatch.accuracy.pixels import Pixels
from hearthwatch.accuracy.placebos import PlaceboRate, together
from hearthwatch.accuracy.released import Release
from hearthwatch.evaluation.claims import against_budget
from hearthwatch.evaluation.definitions import BUDGETS, LEVELS
from hearthwatch.evaluation.figure_values import rate_value
from hearthwatch.words import day

FORMAT = "hearthwatch-accuracy/1"
_EVALUATED = (
    "kind", "detector", "detector_version", "code_digest", "version", "provider", "sensor",
    "scenes", "settlements", "settlement_years", "truths", "truths_left_out",
)  # fmt: skip
_ENDS = ("from", "to")
_PRIVATE = ("catalogue", "truth_file", "settlement_file")


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of how accurate this installation is.

    Attributes
    ----------
    calibrations : tuple of Chosen
        Thresholds, in force or chosen and unfit.
    evaluations : tuple of mapping
        Documents of evaluations.
    region_names : mapping of str to str
        By id; told only with places.
    classes : tuple of mapping
        What each class of evidence for an event has been measured to mean.
    """

    calibrations: tuple[Chosen, ...]
    placebos: tuple[PlaceboRate, ...]
    evaluations: tuple[Mapping[str, Any], ...]
    release: Release
    region_names: Mapping[str, str]
    classes: tuple[Mapping[str, Any], ...] = ()


def document(
    known: Known, version: str, code_digest: str, made: datetime, *, with_places: bool = False
) -> dict[str, Any]:
    """Return what is known as JSON values.

    Parameters
    ----------
    version, code_digest : str
        Of this installation.
    made : datetime
        Aware; only its day is told.
    """
    return {
        "format": FORMAT,
        "made": day(made),
        "version": version,
        "code_digest": code_digest,
        "with_places": with_places,
        "states": [
            {"state": level.value, "takes": TAKES[level], "budget_per_1000": BUDGETS[level]}
            for level in LEVELS
        ],
        "classes": list(known.classes),
        "not_validated": list(NOT_VALIDATED),
        "calibrations": [
            calibration_value(one, known.region_names if with_places else {})
            for one in known.calibrations
        ],
        "live_placebos": _placebos(together(known.placebos), {}),
        "live_placebos_by_region": (
            _placebos(known.placebos, known.region_names) if with_places else None
        ),
        "evaluations": [
            _evaluation(one, number, code_digest, with_places=with_places)
            for number, one in enumerate(known.evaluations, start=1)
        ],
        "release": {pixels.value: _released(known.release, pixels) for pixels in Pixels},
        "release_code": dict(known.release.digests or {}),
    }


def _placebos(rates: Iterable[PlaceboRate], names: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "detector": one.detector,
            "region": names.get(one.region),
            "state": level.value,
            "false_per_1000_placebo_years": rate_value(rate),
            "budget": {
                "per_1000": BUDGETS[level],
                "verdict": against_budget(rate, BUDGETS[level]).value,
            },
        }
        for one in rates
        for level, rate in one.rates.items()
    ]


def _evaluation(
    told: Mapping[str, Any], number: int, code_digest: str, *, with_places: bool
) -> dict[str, Any]:
    evaluated = told["evaluated"]
    # A digest of other code says that the figures are of another detector than the one here.
    same = evaluated["code_digest"] == code_digest
    private = {name: evaluated[name] if with_places else None for name in _PRIVATE}
    # An evaluation that tells places tells times of day too.
    ends = {name: evaluated[name] if with_places else _day(evaluated[name]) for name in _ENDS}
    return {
        "number": number,
        "mode": told["mode"],
        **{name: evaluated[name] for name in _EVALUATED},
        **ends,
        "same_code": same,
        **private,
        "rules": told["rules"],
        "levels": told["levels"],
    }


def _day(time: str | None) -> str | None:
    """Return the day of an ISO time, or of a day."""
    return time[:10] if time else None


def _released(release: Release, pixels: Pixels) -> dict[str, Sequence[dict[str, Any]]]:
    figures, tables = release.of(pixels)
    return {
        "figures": [_plain(asdict(one)) for one in figures],
        "tables": [_plain(asdict(one)) for one in tables],
    }


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """Return a record without what its place in the document says already."""
    return {name: value for name, value in told.items() if name != "pixels"}
