"""What receivers, subscriptions and responders are asked alike before they are stored."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hearthwatch.alerting.matching import STARTING
from hearthwatch.records import EventState, Kind, Mode
from hearthwatch.store.protocol import Store

LONGEST_NAME = 200


def faults_of_name(name: str) -> Iterator[str]:
    """Say what is wrong with a name."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        yield f"A name is one line of 1 to {LONGEST_NAME} characters."


def faults_of_kinds(kinds: Collection[str], modes: Collection[str]) -> Iterator[str]:
    """Say what is wrong with the kinds and modes of the events that are told of."""
    if not set(kinds) <= set(Kind):
        yield f"Kinds of event are {', '.join(Kind)}."
    if not modes or not set(modes) <= set(Mode):
        yield f"Modes are one or more of {', '.join(Mode)}."


def faults_of_start(least_state: EventState) -> Iterator[str]:
    """Say what is wrong with the first state that is told of."""
    if least_state not in STARTING:
        yield f"The first state that is told of is one of {', '.join(STARTING)}."


def faults_of_region(store: Store, organisation: str, region: str) -> Iterator[str]:
    """Say what is wrong with a region to which it is narrowed; empty for none."""
    if region and not any(one.id == region for one in store.regions(organisation)):
        yield "No region of that id is watched: GET /regions names them."
