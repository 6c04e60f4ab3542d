"""One look at one settlement, read from its ledger row and told in plain words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from detectors.burn_seen import RING_SHARE
from detectors.types import DetectorState, GuardVerdict
from hearthwatch.ledger_words import core_share_of, ground_in_words, sees_by_radar
from hearthwatch.records import Label, LedgerRow, ObservationStatus
from hearthwatch.values import ledger_value
from hearthwatch.why.words import (
    AREA,
    BORNE_BY,
    CAUSE,
    GUARD,
    RADAR_CAUSE,
    STATUS,
    feature_name,
    held_in_words,
)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Evidence against the threshold of one state.

    Attributes
    ----------
    brought : float or None
        Nats; None where too few looks speak for a change to bear the state.
    needed : float
        Nats that must be exceeded.
    """

    state: DetectorState
    brought: float | None
    needed: float

    @property
    def reached(self) -> bool:
        """Whether the state was borne."""
        return self.brought is not None and self.brought > self.needed

    def as_value(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "state": self.state.value,
            "brought": self.brought,
            "needed": self.needed,
            "reached": self.reached,
        }

    def in_words(self) -> str:
        """Return it as a clause."""
        if self.brought is None:
            return f"there are no {BORNE_BY[self.state]}, as {self.state} needs"
        verb = "were" if self.reached else "are"
        enough = ", and it had them" if self.reached else ""
        return (
            f"{BORNE_BY[self.state]} brought {self.brought:.1f} nats; more than {self.needed:.1f} "
            f"{verb} needed for {self.state}{enough}"
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger says of one look at one settlement.

    Attributes
    ----------
    scores : mapping of str to float
        By feature, in standard deviations.
    evidence : float or None
        Of this look alone, nats; None where it was not weighed.
    reckonings : tuple of Reckoning
        By state, the lowest first; empty where the look was let say nothing.
    held : tuple of str
        Rules without which it had brought a higher state.
    calibration : str
        Name of the set that the thresholds are of; empty where the ledger does not say.
    """

    row: LedgerRow
    scores: Mapping[str, float]
    evidence: float | None
    reckonings: tuple[Reckoning, ...]
    held: tuple[str, ...]
    calibration: str = ""

    @property
    def total(self) -> float:
        """Evidence of the last looks together, nats; minus infinity where nothing was judged."""
        brought = [one.brought for one in self.reckonings if one.brought is not None]
        return max(brought, default=-math.inf)

    @property
    def missed(self) -> Reckoning | None:
        """The lowest state that the evidence did not bear; None where all or nothing was."""
        return next((one for one in self.reckonings if not one.reached), None)


def told_of(row: LedgerRow) -> Told:
    """Read a ledger row."""
    said: Mapping[str, Any] = row.detail.get("said", {})
    windowed, thresholds = said.get("windowed", {}), said.get("thresholds", {})
    return Told(
        row=row,
        scores=dict(said.get("scores", {})),
        evidence=said.get("evidence"),
        reckonings=tuple(
            Reckoning(state, windowed.get(state.value), float(thresholds[state.value]))
            for state in BORNE_BY
            if state.value in thresholds
        ),
        held=tuple(said.get("held_back", ())),
        calibration=str(said.get("calibration", "")),
    )


def status_in_words(row: LedgerRow) -> str:
    """Return what became of a look, as a clause a person can read."""
    if row.cause is not None:
        return f"{STATUS[row.status]}: {_lost(row)}"
    reason = str(row.detail.get("reason", ""))
    said = STATUS[row.status] if row.settlement else AREA.get(row.status, STATUS[row.status])
    if row.status is ObservationStatus.NOT_PROCESSED and "said" not in row.detail:
        said = "it was not processed"
    return f"{said}: {reason}" if reason else said


def look_in_words(told: Told) -> Iterator[str]:
    """Yield all that is known of a look, a clause at a time, what became of it first."""
    yield status_in_words(told.row)
    guard = guard_in_words(told.row)
    if guard:
        yield guard
    if told.scores:
        scores = (f"{feature_name(key)} {value:+.1f}" for key, value in told.scores.items())
        alone = " (one feature only, which may say less)" if len(told.scores) == 1 else ""
        yield f"scores: {', '.join(scores)}{alone}"
    yield from _site_in_words(told.row.detail.get("said", {}))
    without = told.row.detail.get("lived_without")
    if without:
        yield f"seen without {', '.join(without)}"
    layers = told.row.detail.get("said", {}).get("layers", ())
    if layers:
        yield "judged with " + ", ".join(f"{one['kind']} {one['words']}" for one in layers)
    if told.evidence is not None:
        yield f"evidence of this look alone: {told.evidence:.1f} nats"
    for one in told.reckonings:
        yield one.in_words()
    if told.reckonings and told.calibration:
        yield f"thresholds of the calibration set {told.calibration}"
    if told.held:
        yield f"held back: {held_in_words(told.held)}"


def _site_in_words(said: Mapping[str, Any]) -> Iterator[str]:
    """Yield how large a known camp is by the looks up to this one, and where it is not seen."""
    if "area" in said:
        one = said["area"]
        yield (
            f"area {one['ha']:.2f} ({one['ha_low']:.2f} to {one['ha_high']:.2f}) ha, "
            f"{one['ha_per_week']:+.2f} ({one['ha_per_week_low']:+.2f} to "
            f"{one['ha_per_week_high']:+.2f}) ha a week, by the looks up to this one"
        )
    if "observable" in said:
        yield str(said["observable"])


def look_value(told: Told, labels: Mapping[str, Label]) -> dict[str, Any]:
    """Return a look for programs: its ledger row, and what follows from it in words."""
    return {
        **ledger_value(told.row, labels),
        "region": told.row.region,
        "words": list(look_in_words(told)),
        "scores": dict(told.scores),
        "evidence": told.evidence,
        "reckonings": [one.as_value() for one in told.reckonings],
        "held_back": list(told.held),
    }


def guard_in_words(row: LedgerRow) -> str:
    """Return the scene guard's verdict; empty where there is none."""
    guard = row.detail.get("guard", {})
    verdict = guard.get("verdict")
    if verdict not in set(GuardVerdict):
        return ""
    reason = str(guard.get("reason", ""))
    said = GUARD[GuardVerdict(verdict)]
    return f"{said}: {reason}" if reason and verdict != GuardVerdict.PASSED else said


def cause_in_words(row: LedgerRow) -> str:
    """Return what a look was lost to; radar is hidden by slopes where light is by clouds."""
    assert row.cause is not None
    words = RADAR_CAUSE if sees_by_radar(row.detector) else CAUSE
    return words.get(row.cause, CAUSE[row.cause])


def _lost(row: LedgerRow) -> str:
    words, reason = cause_in_words(row), str(row.detail.get("reason", ""))
    if not row.settlement:
        said = f"{words}; {row.usable:.0%} of the area was seen, and that is too little"
    elif row.usable >= (needed := core_share_of(row.detector)):
        said = (
            f"its surroundings were lost to {words}, of which {RING_SHARE:.0%} must be seen to "
            "compare with"
        )
    else:
        said = (
            f"{words}; {row.usable:.0%} of {ground_in_words(row.detector)} was seen, and "
            f"{needed:.0%} are needed"
        )
    return f"{said} ({reason})" if reason else said
