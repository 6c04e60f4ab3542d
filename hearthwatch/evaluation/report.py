"""An evaluation as a JSON document, ``hearthwatch-evaluation/2``.

A report travels: unless places are asked for it has no name, id, coordinate, tile or time of day
(which tells the longitude of a satellite's pass); settlements and alerts are numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.evaluation import definitions
from hearthwatch.evaluation.definitions import LEVELS, Level
from hearthwatch.evaluation.episodes import Episode, Looks
from hearthwatch.evaluation.figure_values import rounded
from hearthwatch.evaluation.figures import Evaluation, Found, LevelScore, Outcome
from hearthwatch.evaluation.level_values import level_value, rules_value
from hearthwatch.evaluation.truth import Truth
from hearthwatch.records import Mode, Settlement
from hearthwatch.values import DECIMALS, moment
from hearthwatch.words import day

FORMAT = "hearthwatch-evaluation/2"


@dataclass(frozen=True, slots=True)
class Made:
    """What was evaluated, and by which code.

    Attributes
    ----------
    detector, detector_version, sensor : str
    provider, catalogue, truth_file, settlement_file : str
        The last three are names of files, told only with the places.
    scenes : tuple of str
        Acquisitions that the ledger tells of, told only with the places.
    code_digest, version : str
        Of this installation.
    """

    mode: Mode
    detector: str
    detector_version: str
    sensor: str
    provider: str
    catalogue: str
    truth_file: str
    settlement_file: str
    scenes: tuple[str, ...]
    code_digest: str
    version: str


@dataclass(frozen=True, slots=True)
class _Names:
    """How settlements, alerts, truths and times are told."""

    settlements: Mapping[str, int]
    alerts: Mapping[str, int]
    truths: Mapping[Truth, int]
    when: Callable[[datetime | None], str | None]
    with_places: bool


def document(
    evaluation: Evaluation,
    episodes: Mapping[str, Episode],
    settlements: Mapping[str, Settlement],
    made: Made,
    *,
    with_places: bool = False,
    base_rate: float | None = None,
) -> dict[str, Any]:
    """Return an evaluation as JSON values.

    Parameters
    ----------
    episodes, settlements : mapping
        By id.
    with_places : bool
        Tell names, ids, coordinates, scenes and times of day.
    base_rate : float or None
        Events per settlement-year for which precision is told, above 0.
    """
    names = _names(evaluation, episodes, with_places=with_places)
    return {
        "format": FORMAT,
        "mode": made.mode.value,
        "with_places": with_places,
        "evaluated": _evaluated(evaluation, made, names),
        "rules": rules_value(base_rate),
        "definitions": dict(definitions.DEFINITIONS),
        "levels": {
            score.level.value: level_value(score, names.alerts, base_rate)
            for score in evaluation.levels
        },
        "truths": [_outcome(one, names) for one in evaluation.outcomes],
        "left_out": [
            {**_truth(truth, names), "kind": truth.kind.value, "reason": why.value}
            for truth, why in evaluation.left_out
        ],
        "alerts": _alerts(evaluation, episodes, names),
        "settlements": [
            _settlement(settlements[place], evaluation, names) for place in evaluation.settlements
        ],
    }


def _names(evaluation: Evaluation, episodes: Mapping[str, Episode], *, with_places: bool) -> _Names:
    told = [one for one in episodes.values() if one.kind == evaluation.kind and one.reports]
    told.sort(key=lambda one: (one.settlement, _first(one), one.id))
    return _Names(
        settlements={place: n for n, place in enumerate(evaluation.settlements, start=1)},
        alerts={one.id: n for n, one in enumerate(told, start=1)},
        truths={one.truth: n for n, one in enumerate(evaluation.outcomes, start=1)},
        when=moment if with_places else lambda value: day(value) if value else None,
        with_places=with_places,
    )


def _first(episode: Episode) -> datetime:
    return min(report.reached for report in episode.reports.values())


def _evaluated(evaluation: Evaluation, made: Made, names: _Names) -> dict[str, Any]:
    looks = evaluation.looks.values()
    private = {
        "catalogue": made.catalogue,
        "truth_file": made.truth_file,
        "settlement_file": made.settlement_file,
        "acquisitions": sorted(made.scenes),
    }
    return {
        "kind": evaluation.kind.value,
        "detector": made.detector,
        "detector_version": made.detector_version,
        "code_digest": made.code_digest,
        "version": made.version,
        "provider": made.provider,
        "sensor": made.sensor,
        "scenes": len(made.scenes),
        "from": names.when(evaluation.period.since),
        "to": names.when(evaluation.period.end),
        "settlements": len(evaluation.settlements),
        "settlements_never_usable": sum(not place.usable for place in looks),
        "settlement_looks": sum(place.taken for place in looks),
        "settlement_looks_usable": sum(len(place.usable) for place in looks),
        "settlement_years": {
            "armed": rounded(evaluation.exposure.armed),
            "observed": rounded(evaluation.exposure.observed),
        },
        "truths": len(evaluation.outcomes),
        "truths_left_out": len(evaluation.left_out),
        **(private if names.with_places else dict.fromkeys(private)),
    }


def _outcome(one: Outcome, names: _Names) -> dict[str, Any]:
    return {
        "number": names.truths[one.truth],
        **_truth(one.truth, names),
        "share": one.truth.share,
        "second_event": one.second,
        "could_not_be_seen": one.unseen.value if one.unseen else None,
        "found": {
            level.value: _found(one.found[level], names) if level in one.found else None
            for level in LEVELS
        },
    }


def _truth(truth: Truth, names: _Names) -> dict[str, Any]:
    return {
        "row": truth.where,
        "settlement": names.settlements.get(truth.settlement),
        "earliest": names.when(truth.earliest),
        "latest": names.when(truth.latest),
    }


def _found(found: Found, names: _Names) -> dict[str, Any]:
    return {
        "alert": names.alerts[found.episode],
        "reached": names.when(found.report.reached),
        "last_unharmed": names.when(found.report.last_unharmed),
        "first_changed": names.when(found.report.first_changed),
        "days": list(found.days),
        "looks": list(found.looks),
        "dated": found.dated.value,
    }


def _alerts(
    evaluation: Evaluation, episodes: Mapping[str, Episode], names: _Names
) -> list[dict[str, Any]]:
    verdicts = {score.level: _verdicts(score, evaluation, names) for score in evaluation.levels}
    return [
        {
            "number": number,
            "event": event if names.with_places else None,
            "settlement": names.settlements[episodes[event].settlement],
            "levels": {
                level.value: {
                    "reached": names.when(report.reached),
                    "last_unharmed": names.when(report.last_unharmed),
                    "first_changed": names.when(report.first_changed),
                    **verdicts[level].get(event, {"verdict": "outside_the_period", "truth": None}),
                }
                for level, report in sorted(
                    episodes[event].reports.items(), key=lambda item: LEVELS.index(item[0])
                )
            },
        }
        for event, number in names.alerts.items()
    ]


def _verdicts(
    score: LevelScore, evaluation: Evaluation, names: _Names
) -> dict[str, dict[str, Any]]:
    def told(verdict: str, truth: int | None = None) -> dict[str, Any]:
        return {"verdict": verdict, "truth": truth}

    level: Level = score.level
    return {
        **{one.episode: told("false_alert") for one in score.false},
        **{one.episode: told("duplicate") for one in score.duplicates},
        **{one.episode: told("earlier_truth") for one in score.earlier},
        **{
            one.found[level].episode: told("found", names.truths[one.truth])
            for one in evaluation.outcomes
            if level in one.found
        },
    }


def _settlement(settlement: Settlement, evaluation: Evaluation, names: _Names) -> dict[str, Any]:
    looks: Looks = evaluation.looks[settlement.id]
    ends = evaluation.period.since, evaluation.period.end
    centre = settlement.geometry.centroid
    private = {
        "id": settlement.id,
        "name": settlement.name,
        "lon": round(centre.x, DECIMALS),
        "lat": round(centre.y, DECIMALS),
    }
    return {
        "number": names.settlements[settlement.id],
        "looks": looks.taken,
        "usable_looks": [names.when(time) for time in looks.usable],
        "armed_days": looks.armed(*ends),
        "observed_days": looks.observed(*ends),
        **(private if names.with_places else dict.fromkeys(private)),
    }
