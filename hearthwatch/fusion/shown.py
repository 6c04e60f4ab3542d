"""Sources, opinions and links as JSON values and as text: one shape for every command and route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hearthwatch.fusion.episodes import Link
from hearthwatch.records import EventSource, Opinion
from hearthwatch.values import moment
from hearthwatch.words import counted, day, interval

LINKS_ARE = "Suggestions by place and time alone; no state rests on them."


def source_value(source: EventSource) -> dict[str, Any]:
    """Return a source for programs."""
    return {
        "id": source.id,
        "event": source.event,
        "version": source.version,
        "kind": source.kind.value,
        "region": source.region,
        "cell": source.cell,
        "detector": source.detector,
        "sensors": list(source.sensors),
        "independence": list(source.groups),
        "detector_state": source.detector_state,
        "reached": source.reached,
        "last_unharmed": moment(source.last_unharmed),
        "first_changed": moment(source.first_changed),
        "first_detected": moment(source.first_detected),
        "last_detected": moment(source.last_detected),
        "looks": source.looks,
        "area_m2": round(source.area_m2, 1),
        "change": source.change or None,
        "observed": source.observed,
        "evidence": dict(source.evidence),
        "doubts": list(source.doubts),
    }


def opinion_value(opinion: Opinion) -> dict[str, Any]:
    """Return an opinion for programs."""
    return {
        "id": opinion.id,
        "event": opinion.event,
        "act": opinion.act,
        "version": opinion.version,
        "verb": opinion.verb.value,
        "who": opinion.who,
        "said": moment(opinion.said),
        "reason": opinion.reason or None,
        "text": opinion.text,
        "other": opinion.other or None,
        "sources": list(opinion.sources),
        "undoes": opinion.undoes or None,
    }


def link_value(link: Link) -> dict[str, Any]:
    """Return a suggested link for programs."""
    return {
        "event": link.event.id,
        "kind": link.event.kind.value,
        "state": link.event.state.value,
        "settlement": link.event.settlement or None,
        "before": link.before,
        "km": round(link.km, 1),
        "least_days": link.least.days,
        "most_days": link.most.days,
        "reasons": list(link.reasons),
    }


def source_rows(sources: Sequence[EventSource]) -> list[tuple[str, ...]]:
    """Return sources as rows of a table: id, detector, evidence, state, interval, looks."""
    return [
        (one.id[:8], one.detector, " + ".join(one.groups), one.detector_state,
         interval(one.last_unharmed, one.first_changed), str(one.looks))
        for one in sources
    ]  # fmt: skip


def opinion_text(opinion: Opinion) -> str:
    """Return an opinion as a line."""
    about = [opinion.reason, opinion.text]
    if opinion.other:
        about.append(f"{counted(len(opinion.sources), 'source')}, with event {opinion.other[:8]}")
    why = "; ".join(filter(None, about))
    said = f"{day(opinion.said)}  version {opinion.version}  {opinion.verb.value}, {opinion.who}"
    return f"{said}: {why}" if why else said
