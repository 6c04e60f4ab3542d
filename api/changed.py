"""What was added, changed or taken away, each with the record as it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api.answers import settlement_feature
from api.context import Context
from api.event_features import event_features
from api.found import detection_feature, region_feature
from api.queryables import FIELDS
from hearthwatch.cql.tree import Filter, OneOf
from hearthwatch.records import Change, Search, Subject
from hearthwatch.store.whole import labels_of

Told = Mapping[tuple[str, int], Any]
"""Features by id and version."""


def changes_value(here: Context, organisation: str, changes: Sequence[Change]) -> list[Any]:
    """Return changes with their features: of an event as it was at that version.

    Detections never change. Of settlements and regions the feature is as they are now; one that
    was taken away, then or since, has none.
    """
    told = {
        subject: _TOLD[subject](here, organisation, [c for c in changes if c.subject is subject])
        for subject in {change.subject for change in changes}
    }
    return [
        {
            "subject": one.subject.value,
            "id": one.id,
            "version": one.version or None,
            "gone": one.gone,
            "feature": None if one.gone else told[one.subject].get((one.id, one.version)),
        }
        for one in changes
    ]


def _events(here: Context, organisation: str, changes: Sequence[Change]) -> Told:
    wanted = [(one.id, one.version) for one in changes]
    found = here.store.event_versions(organisation, wanted)
    features = event_features(here, organisation, found)
    return {
        (event.id, event.version): one for event, one in zip(found, features, strict=True)
    }  # fmt: skip


def _detections(here: Context, organisation: str, changes: Sequence[Change]) -> Told:
    where = Search(filter=_of_ids("detections", changes))
    found = here.store.find_detections(organisation, where, limit=len(changes)).items
    labels = labels_of(here.store, organisation, found)
    return {(one.id, 0): detection_feature(one, labels) for one in found}


def _settlements(here: Context, organisation: str, changes: Sequence[Change]) -> Told:
    where = _of_ids("settlements", changes)
    found = here.store.settlements(organisation, where=where, limit=len(changes)).items
    return {(one.id, 0): settlement_feature(one) for one in found}


def _regions(here: Context, organisation: str, changes: Sequence[Change]) -> Told:
    wanted = {one.id for one in changes}
    there = here.store.regions(organisation)
    return {(one.id, 0): region_feature(one) for one in there if one.id in wanted}


def _of_ids(name: str, changes: Sequence[Change]) -> Filter:
    ids = tuple(sorted({one.id for one in changes}))
    return Filter(OneOf(FIELDS[name]["id"], ids), " ".join(ids))


_TOLD: Mapping[Subject, Callable[[Context, str, Sequence[Change]], Told]] = {
    Subject.EVENT: _events, Subject.DETECTION: _detections, Subject.SETTLEMENT: _settlements,
    Subject.REGION: _regions,
}  # fmt: skip
