"""Statuses, causes, rules and states in plain words: a word for every one that the ledger has."""

from __future__ import annotations

from collections.abc import Mapping

from detectors.burn_features import NAMES
from detectors.held import Held
from detectors.types import DetectorState, GuardVerdict
from hearthwatch.records import NotObservable, ObservationStatus

STATUS: Mapping[ObservationStatus, str] = {
    ObservationStatus.UNCHANGED: "it shows the settlement plainly unharmed",
    ObservationStatus.CHANGED: "it shows a change",
    ObservationStatus.NOT_OBSERVABLE: "it could not be used",
    ObservationStatus.NOT_DELIVERED: "the pass was expected and was not delivered",
    ObservationStatus.NOT_PROCESSED: "it says neither changed nor unchanged",
}
AREA: Mapping[ObservationStatus, str] = {
    ObservationStatus.UNCHANGED: "nothing new was found in the area",
    ObservationStatus.CHANGED: "a change was found in the area",
}
"""The same of a look at an area as a whole, where it differs."""
CAUSE: Mapping[NotObservable, str] = {
    NotObservable.CLOUD: "cloud",
    NotObservable.SHADOW: "cloud shadow",
    NotObservable.SMOKE: "smoke",
    NotObservable.ORBIT: "the edge of the satellite's swath",
    NotObservable.NODATA: "missing data",
}
RADAR_CAUSE: Mapping[NotObservable, str] = {NotObservable.SHADOW: "slopes that hide the ground"}
"""The same of radar, where it differs."""
GUARD: Mapping[GuardVerdict, str] = {
    GuardVerdict.PASSED: "the scene guard found nothing wrong with the scene",
    GuardVerdict.SUSPECT: "the scene guard found the whole scene bad",
    GuardVerdict.UNGUARDED: "the scene guard could not judge the scene",
}
HELD: Mapping[str, str] = {
    "scene_suspect": "ground without settlements showed change on the same scene, so the scene is "
    "not believed",
    "ring_burned": "its surroundings changed as burning does, as they do where fields or savanna "
    "burn, and that lowers the odds",
    "recurrence": "the place changed likewise in the same weeks of an earlier year, and that "
    "lowers the odds",
    "one_look": "only one look spoke for a change, and one look alone is never enough",
    "learning": "what is normal there was still being learned",
    "passing_through": "what burned reached far beyond the settlement, as fires that come from "
    "outside do, and that lowers the odds",
    "long_unseen": "the place had not been seen plainly unharmed for more than three months "
    "before, so that the change may be an old one of another kind, and that lowers the odds",
}
"""Rules that hold evidence back, by the small name of :class:`detectors.held.Held`."""
BORNE_BY: Mapping[DetectorState, str] = {
    DetectorState.WATCH: "the last looks together",
    DetectorState.PROBABLE: "looks of which two or more speak for a change",
    DetectorState.ESTABLISHED: "looks of which three or more speak for a change",
}
"""What the evidence for each state is added up over."""
FEATURE: Mapping[str, str] = {
    "near_infrared": "near-infrared",
    "visible": "visible light",
    "char_index": "char index",
    "char_fraction": "share of char",
    "short_wave": "short-wave infrared",
}
NATS = (
    "Evidence is told in nats: with 3 nats a look is 20 times likelier if the settlement burned "
    "than if it did not, with 8 about 3,000 times. Scores are standard deviations from what was "
    "expected; burning raises them."
)
NO_PROOF = "That there was no alert does not mean that nothing happened."


def held_in_words(rules: tuple[str, ...]) -> str:
    """Return rules that held evidence back, in words."""
    return "; ".join(HELD.get(rule, rule) for rule in rules)


def feature_name(key: str) -> str:
    """Return what a feature is called; one that is not known here, by its key."""
    return FEATURE.get(key, key.replace("_", " "))


def wordless() -> tuple[str, ...]:
    """Return what a ledger may hold that has no words here; nothing, if all is well."""
    held = {rule.name.lower() for rule in Held if rule.name}
    known = (
        (set(ObservationStatus), set(STATUS)),
        (set(NotObservable), set(CAUSE)),
        (set(GuardVerdict), set(GUARD)),
        (held, set(HELD)),
        (set(NAMES), set(FEATURE)),
    )
    return tuple(sorted(str(one) for all_, told in known for one in set(all_) - set(told)))
