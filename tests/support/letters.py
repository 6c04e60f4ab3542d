"""Letters about invented places, as the service would write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerts.channel import Letter
from hearthwatch.records import Detail, Language, MessageForm, Mode

MADE = datetime(2026, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)
SQUARE = [[25.1, 12.3], [25.2, 12.3], [25.2, 12.4], [25.1, 12.4], [25.1, 12.3]]


def facts(event: str = "e-1", **more: Any) -> Facts:
    """Return what an organisation's own receiver is told of a burned settlement."""
    told: Facts = {
        "event": event,
        "version": 2,
        "sequence": 1,
        "act": "alert",
        "mode": "actual",
        "kind": "burned",
        "change": "razed_partial",
        "state": "corroborated",
        "reason": "",
        "merged_into": "",
        "sure": "Likely",
        "severity": "severe",
        "urgent": True,
        "place": "Umm Sidra, Northern County",
        "precision": "exact_10m",
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        "area_m2": 12345.6,
        "unharmed_until": "2026-02-26T08:31:00Z",
        "changed_by": "2026-03-03T08:31:00Z",
        "seen": "2026-03-03T08:31:00Z",
        "looks": 2,
        "observed": "The ground of 31 of 40 cells darkened as burned ground does.",
        "sensors": ["Sentinel-2", "Sentinel-1"],
        "reliability": "Of 100 such reports 90 were true.",
        "doubts": ["Fields beside it burn in this season."],
        "unseen": "Cloud hid the northern third.",
        "level": {"level": "urgent", "reason": "reports of fighting", "until": None},
        "chain": {
            "sensed": "2026-03-03T08:31:00Z",
            "published": "2026-03-03T14:00:00Z",
            "fetched": "2026-03-03T14:20:00Z",
            "detected": "2026-03-04T05:00:00Z",
            "made": "2026-03-04T05:06:07Z",
        },
        "told": [{"name": "Relief East", "answer": "taken_charge", "at": "2026-03-04T06:00:00Z"}],
        "links": {"event": f"https://watch.example/events/{event}"},
    }
    return {**told, **more}  # type: ignore[typeddict-item]


def notice(event: str = "e-1", **more: Any) -> Facts:
    """Return what a receiver is told that may know of no place."""
    nothing: dict[str, Any] = {
        "kind": "", "change": "", "place": "", "precision": "", "geometry": None, "area_m2": None,
        "unharmed_until": None, "changed_by": None, "seen": None, "looks": None, "observed": "",
        "sensors": [], "reliability": "", "doubts": [], "unseen": "", "level": None, "told": [],
    }  # fmt: skip
    return facts(event, **{**nothing, **more})


def letter(*told: Facts, **more: Any) -> Letter:
    """Return a letter that tells of events; of a burned settlement where none are given."""
    plain = Letter(
        id="msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        facts=told or (facts(),),
        form=MessageForm.SINGLE,
        mode=Mode.ACTUAL,
        made=MADE,
        late=False,
        language=Language.ENGLISH,
        detail=Detail.EXACT,
        zone="Africa/Khartoum",
        scope="Private",
        sender="watch.example",
        home="https://watch.example",
        receiver="receiver-7",
    )
    return replace(plain, **more)


def service_letter(form: MessageForm, **more: Any) -> Letter:
    """Return a letter that tells of no event."""
    links = {"confirm": "https://watch.example/confirm/abc"}
    return letter(form=form, links=links, **more, **{"facts": ()})
