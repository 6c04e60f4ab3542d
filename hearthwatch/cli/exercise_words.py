"""What an exercise came to, for programs and for people; both say that it is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hearthwatch.cli.report import shown
from hearthwatch.evaluation.definitions import Level
from hearthwatch.evaluation.figures import Evaluation, Found, LevelScore, Outcome
from hearthwatch.exercise.catalogue import ExerciseReport
from hearthwatch.pipeline.run import RunReport
from hearthwatch.values import moment
from hearthwatch.words import counted, day, interval

HEAD = "EXERCISE. Burns were implanted into real scenes by software; nothing of this happened."
OTHERWISE = (
    "EXERCISE. A change that is no burn was implanted into real scenes by software; nothing of "
    "this happened."
)
TOLD = Level.PROBABLE
"""From this level on an alert is more than a candidate."""


def document(told: ExerciseReport, report: RunReport, found: Evaluation) -> dict[str, Any]:
    """Return an exercise for programs."""
    return {
        "mode": "exercise",
        "note": _head(told),
        "place": told.place,
        "folder": str(told.folder),
        "catalogue": str(told.catalogue),
        "scenes": told.scenes,
        "scenes_altered": told.altered,
        **_implanted(told),
        "written": told.fresh,
        "region": report.run.region,
        "looks": report.looks,
        "looks_taken_before": report.skipped,
        "truths": [_truth(outcome) for outcome in found.outcomes],
        "outside_the_looks": len(found.left_out),
        "false_alerts": {level.level.value: len(level.false) for level in found.levels},
        "duplicates": {level.level.value: len(level.duplicates) for level in found.levels},
    }


def text(told: ExerciseReport, report: RunReport, found: Evaluation) -> str:
    """Return an exercise for people."""
    usable = sum(len(looks.usable) for looks in found.looks.values())
    words = "written" if told.fresh else "there already"
    return "\n".join(
        (
            _head(told),
            "",
            f"{told.place}: {_what(told)}; "
            f"{told.altered:,} of {counted(told.scenes, 'scene')} altered, {words}",
            f"{counted(report.looks, 'look')} taken, {report.skipped:,} before; {usable:,} usable",
            "",
            *_lines(found),
            "",
            f"Scenes: {shown(told.catalogue)}",
            f"Look further: hearthwatch events list --data-dir {shown(told.folder / 'data')}",
        )
    )


def _head(told: ExerciseReport) -> str:
    return HEAD if told.change is None else OTHERWISE


def _implanted(told: ExerciseReport) -> dict[str, Any]:
    """Return what was implanted; of a change that is no burn there are no huts burned."""
    if told.change is not None:
        change = told.change
        return {
            "otherwise": change.kind.value,
            "date": day(change.date),
            "lasts_days": change.days,
            "extent": change.extent.value,
            "strength": change.strength,
        }
    ground = told.ground
    counts = (0, ()) if ground is None else (ground.huts, ground.huts_burned)
    return {"huts": counts[0], "huts_burned": list(counts[1])}


def _what(told: ExerciseReport) -> str:
    if told.change is not None:
        lasts = f"{told.change.days:g} {'day' if told.change.days == 1 else 'days'}"
        return f"{told.change.kind} from {day(told.change.date)}, {lasts}"
    return counted(told.ground.huts if told.ground else 0, "hut")


def _lines(found: Evaluation) -> Iterator[str]:
    if not found.outcomes:
        yield "No hut burned: whatever was reported is false."
    for outcome in found.outcomes:
        yield f"EXERCISE burn of {day(outcome.truth.earliest)}, {_share(outcome)}: {_fate(outcome)}"
    if found.left_out:
        yield f"{counted(len(found.left_out), 'burn')} after the last look, not counted"
    score = next(level for level in found.levels if level.level is TOLD)
    yield f"Reported where nothing burned ({TOLD} or more): {_false(score)}"


def _share(outcome: Outcome) -> str:
    share = outcome.truth.share
    return "share not known" if share is None else f"{share:.2f} of the huts"


def _fate(outcome: Outcome) -> str:
    one = outcome.found.get(TOLD)
    if one is not None:
        between = interval(one.report.last_unharmed, one.report.first_changed)
        return (
            f"found, between {between}, {TOLD} on {day(one.report.reached)}, "
            f"usable look {one.looks[0]}, {counted(one.days[0], 'day')} after; "
            f"the date lies {one.dated.value} the interval"
        )
    if Level.WATCH in outcome.found:
        return f"not found; it came no further than {Level.WATCH}"
    return "not found" + (f" ({outcome.unseen.value})" if outcome.unseen else "")


def _false(score: LevelScore) -> str:
    times = ", ".join(
        interval(alert.report.last_unharmed, alert.report.first_changed) for alert in score.false
    )
    return f"{len(score.false)} ({times})" if times else "none"


def _truth(outcome: Outcome) -> dict[str, Any]:
    return {
        "date": day(outcome.truth.earliest),
        "share": outcome.truth.share,
        "second": outcome.second,
        "could_not_be_seen": outcome.unseen.value if outcome.unseen else None,
        "found": {level.value: _found(one) for level, one in outcome.found.items()},
    }


def _found(one: Found) -> dict[str, Any]:
    return {
        "event": one.episode,
        "last_unharmed": moment(one.report.last_unharmed),
        "first_changed": moment(one.report.first_changed),
        "reached": moment(one.report.reached),
        "days": list(one.days),
        "looks": list(one.looks),
        "dated": one.dated.value,
    }
