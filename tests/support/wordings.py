"""Messages before they are rendered, as the sender would make them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from hearthwatch.alerting.facts import AlarmTold, Beat, Facts
from hearthwatch.alerts.channel import Letter
from hearthwatch.records import Detail, Language, MessageForm, Mode

EVENT = "0b9f3c52-7d3e-5c0a-9b1e-3f6f0d6f5a11"
OTHER = "5d0c8a34-2f1b-5e77-8c55-9a40d2b7c602"
MESSAGE = "7c1e5f0a-93c4-4b7e-8f3e-1a2b3c4d5e6f"
HOME = "https://hearthwatch.example"
MADE = datetime(2024, 6, 19, 12, 40, tzinfo=UTC)

ALARMS: tuple[AlarmTold, ...] = (
    {
        "alarm": "alm-1", "kind": "no_data", "subject": "sentinel-2-l2a", "severity": "severe",
        "since": "2024-06-05T08:51:00+00:00", "over": None, "regions": 3, "items": 3,
        "names": ["Umm Sidir", "Wadi Howar"],
    },
)  # fmt: skip
BEAT: Beat = {"regions": 12, "fresh": 11, "since": "2024-06-05T12:40:00+00:00", "alarms": 1}

FORBIDDEN = {
    Language.ENGLISH: r"attack|assault|massacre|genocide|ethnic|perpetrat|arson|militia|bomb|shell"
                      r"|victim|crime|terror|certain(ly)?\b|proof|proves|definite",
    Language.FRENCH: r"attaqu|assaut|agress|massacre|génocid|ethni|auteurs?\b|pyroman|incendi|milic"
                     r"|bombard|victime|crimin|terror|certainement|assurément|\bprouve",
    Language.ARABIC: "هجوم|هجم|اعتداء|عدوان|مجزرة|مذبحة|إبادة|جريمة|جرائم|قصف|إحراق|محروق|ميليشيا"
                     "|ضحايا|إرهاب|مستوطن|مستعمر|بالتأكيد|حتم",
}  # fmt: skip
"""What no words of ours say: a cause, a doer, or a certainty that is not there."""


def facts(**changes: Any) -> Facts:
    """Return what a receiver who may know all is told of a burned village."""
    told: Facts = {
        "event": EVENT, "version": 3, "sequence": 1, "act": "alert", "mode": "actual",
        "kind": "burned", "change": "razed_partial", "state": "provisional", "reason": "",
        "merged_into": "", "sure": "Possible", "severity": "severe", "urgent": True,
        "place": "Umm Sidir", "precision": "exact_10m",
        "geometry": {
            "type": "Polygon",
            "coordinates": [[
                [25.3, 13.6], [25.302, 13.6], [25.302, 13.602], [25.3, 13.602], [25.3, 13.6],
            ]],
        },
        "area_m2": 13_400.0,
        "unharmed_until": "2024-06-13T08:51:00+00:00",
        "changed_by": "2024-06-18T08:51:00+00:00",
        "seen": "2024-06-18T08:51:00+00:00", "looks": 3,
        "observed": "NBR fell by 0.41 over 62% of the settlement; its surroundings did not change.",
        "sensors": ["sentinel-2-l2a"],
        "reliability": "not measured for settlements of this size",
        "doubts": ["compared with 5 of 8 sectors round it only"],
        "unseen": "the western edge lay under cloud on 2024-06-18",
        "level": {
            "level": "elevated", "reason": "reports of displacement nearby", "until": "2024-07-31",
            "because": [{
                "observation": "obs-1", "sort": "speech", "on": "2024-06-12",
                "grades": {"speaker": "strong", "act": "strong", "means": "some"}, "factor": None,
                "reliability": "B", "credibility": 2, "until": "2024-07-12T00:00:00Z",
            }, {
                "observation": "obs-2", "sort": "risk_factor", "on": "2024-06-10", "grades": {},
                "factor": 8, "reliability": "C", "credibility": 3,
                "until": "2024-07-10T00:00:00Z",
            }],
            "more": 0,
        },
        "chain": {
            "sensed": "2024-06-18T08:51:00+00:00", "published": "2024-06-18T16:02:00+00:00",
            "fetched": "2024-06-19T12:31:00+00:00", "detected": "2024-06-19T12:38:00+00:00",
            "made": "2024-06-19T12:40:00+00:00",
        },
        "told": [
            {"name": "Relief Desk", "answer": "received", "at": "2024-06-19T12:55:00+00:00"},
            {"name": "Border Office", "answer": "", "at": None},
        ],
        "links": {
            "event": f"{HOME}/events/{EVENT}",
            "answer": f"{HOME}/answer/q7Rk2",
            "evidence": f"{HOME}/events/{EVENT}/evidence",
        },
    }  # fmt: skip
    return {**told, **changes}  # type: ignore[typeddict-item]


def notice(**changes: Any) -> Facts:
    """Return what a receiver is told who may know only that there is something."""
    hidden: dict[str, Any] = {
        "kind": "", "change": "", "place": "", "precision": "", "geometry": None, "area_m2": None,
        "unharmed_until": None,
        "changed_by": None, "seen": None, "looks": None, "observed": "", "sensors": [],
        "reliability": "", "doubts": [], "unseen": "", "level": None, "told": [],
    }  # fmt: skip
    links = {"event": f"{HOME}/events/{EVENT}"}
    return facts(**{**hidden, "links": links, **changes})


def letter(form: MessageForm = MessageForm.SINGLE, **changes: Any) -> Letter:
    """Return a message about one event; others are made of it by changes."""
    made = Letter(
        id=MESSAGE, form=form, mode=Mode.ACTUAL, made=MADE, late=False,
        language=Language.ENGLISH, detail=Detail.EXACT, zone="Africa/Khartoum", scope="Private",
        facts=(facts(),), sender="hearthwatch.example", home=HOME,
        links={
            "receiver": f"{HOME}/receivers/r1", "unsubscribe": f"{HOME}/unsubscribe/tQ8w",
        },
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def of_form(form: MessageForm, language: Language) -> Letter:
    """Return an example of each form, as docs/alert-messages.md shows it."""
    several = (facts(), facts(event=OTHER, act="cancel", state="rejected", sure="Unlikely",
                              reason="seasonal_burn", links={}))  # fmt: skip
    given: dict[MessageForm, tuple[Facts, ...]] = {
        MessageForm.SINGLE: (facts(),), MessageForm.DIGEST: several,
        MessageForm.LIST: several, MessageForm.LATE: several,
    }  # fmt: skip
    own = {"confirm": f"{HOME}/confirm/uP3x"} if form is MessageForm.QUESTION else None
    return letter(
        form, language=language, facts=given.get(form, ()), late=form is MessageForm.LATE,
        alarms=ALARMS if form is MessageForm.ALARM else (),
        beat=BEAT if form is MessageForm.HEARTBEAT else None,
        next=MADE + timedelta(days=1) if form is MessageForm.HEARTBEAT else None,
        **({"links": own} if own else {}),
    )  # fmt: skip
