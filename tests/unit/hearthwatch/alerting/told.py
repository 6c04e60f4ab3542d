"""What a receiver is told of an event: plain facts, of which a test changes what it is about."""

from __future__ import annotations

from typing import Any, cast

from hypothesis import strategies as st
from shapely.geometry import Point, box, mapping

from hearthwatch.alerting.facts import Facts
from hearthwatch.records import AlertAct, EventState, Kind, RejectionReason, Severity

VILLAGE = mapping(box(25, 13, 25.01, 13.01))


def facts(**changes: Any) -> Facts:
    """Return what is told of a village that burned."""
    plain: Facts = {
        "event": "evt-1", "version": 3, "sequence": 1, "act": "alert", "mode": "actual",
        "kind": "burned", "change": "", "state": "provisional", "reason": "", "merged_into": "",
        "sure": "Possible", "severity": "severe", "urgent": True, "place": "Village",
        "precision": "exact_10m", "geometry": VILLAGE, "area_m2": 40_000.0,
        "unharmed_until": "2024-04-30T12:00:00Z", "changed_by": "2024-05-01T12:00:00Z",
        "seen": "2024-05-01T12:00:00Z", "looks": 1, "observed": "Roofs gone",
        "sensors": ["sentinel-2-l2a"], "reliability": "not measured", "doubts": [], "unseen": "",
        "level": None, "told": [], "links": {"event": "https://watch.example/events/evt-1"},
        "chain": {
            "sensed": "2024-05-01T12:00:00Z", "published": None, "fetched": None,
            "detected": "2024-05-01T18:00:00Z", "made": "2024-05-01T18:00:05Z",
        },
    }  # fmt: skip
    return cast(Facts, {**plain, **changes})


NO_NEWS = st.fixed_dictionaries(
    {},
    optional={
        "version": st.integers(1, 99), "sequence": st.integers(1, 99),
        "act": st.sampled_from(["alert", "update"]),
        "unharmed_until": st.sampled_from([None, "2024-04-29", "2024-04-30T11:00:00Z"]),
        "changed_by": st.sampled_from([None, "2024-05-02", "2024-05-01T13:00:00Z"]),
        "seen": st.sampled_from([None, "2024-06-01T12:00:00Z"]),
        "looks": st.none() | st.integers(0, 99), "observed": st.text(max_size=9),
        "sensors": st.lists(st.sampled_from(["sentinel-1", "landsat"]), max_size=2),
        "doubts": st.lists(st.text(max_size=9), max_size=2), "unseen": st.text(max_size=9),
        "reliability": st.text(max_size=9), "links": st.just({}),
        "told": st.just([{"name": "Network", "answer": "received", "at": None}]),
        "level": st.just({"level": "urgent", "reason": "heat", "until": None}),
    },
)  # fmt: skip
"""What differs from one version to the next without being a reason to tell anybody."""

ANY = st.builds(
    facts,
    act=st.sampled_from([one.value for one in AlertAct]),
    kind=st.sampled_from([one.value for one in Kind]),
    change=st.sampled_from(["", "razed_total", "new"]),
    state=st.sampled_from([one.value for one in EventState]),
    reason=st.sampled_from(["", *(one.value for one in RejectionReason)]),
    merged_into=st.sampled_from(["", "evt-2"]),
    sure=st.sampled_from(["Observed", "Likely", "Possible", "Unlikely", "Unknown"]),
    severity=st.sampled_from([one.value for one in Severity]),
    place=st.sampled_from(["", "Village", "in or near a district"]),
    geometry=st.sampled_from([
        None, VILLAGE, mapping(Point(25, 13)), {"type": "Polygon", "coordinates": []},
    ]),
    area_m2=st.none() | st.floats(0, 1e9),
)  # fmt: skip
