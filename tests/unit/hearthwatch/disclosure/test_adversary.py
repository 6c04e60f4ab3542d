"""Somebody who has all that partners and the public are told, and looks for the villages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from hearthwatch.disclosure.grid import square_at
from hearthwatch.records import Audience
from tests.unit.hearthwatch.disclosure.test_grid import at
from tests.unit.hearthwatch.disclosure.world import DAY, HOUR, World

EVENTS = 200
CENTRES = 0.3826
"""Mean distance of a uniform point of the unit square from its middle."""
BY_CHANCE = 0.895
"""Four standard deviations of the mean over 200 events are 0.105 of it."""
SQUARES = [square_at(*one, 0) for one in ((25.3, 13.6), (33.3, 13.6), (29.0, 12.0), (22.0, 10.0))]


@dataclass
class Told:
    """One event as the adversary has it, and where it truly was, in shares of its square."""

    feature: dict[str, object]
    truth: NDArray[np.float64]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[Audience, list[Told]]:
    """What both audiences read of events at places drawn evenly over some squares."""
    draw = np.random.default_rng(8)
    world = World(Path(tmp_path_factory.mktemp("layers")))
    places = {}
    for number in range(EVENTS):
        name = f"evt-{number}"
        share = draw.random(2)
        square = SQUARES[draw.integers(len(SQUARES))]
        places[name] = at(square, tuple(share))
        world.happens(places[name], name)
        for audience in (Audience.PARTNER, Audience.PUBLIC):
            world.release(audience, name)
        world.later(HOUR * int(draw.integers(1, 9)))
    world.later(14 * DAY)
    return {
        audience: [_as_told(world, places, audience, one) for one in world.read(audience)]
        for audience in (Audience.PARTNER, Audience.PUBLIC)
    }


def _as_told(world: World, places, audience: Audience, feature) -> Told:
    (event,) = {one.event for one in world.store.tellings("ours", audience)
                if one.id == feature["id"]}  # fmt: skip
    return Told(feature, _share(shape(feature["geometry"]), places[event]))


def _share(square: BaseGeometry, point: Sequence[float]) -> NDArray[np.float64]:
    west, south, east, north = square.bounds
    return np.array([(point[0] - west) / (east - west), (point[1] - south) / (north - south)])


Guess = Callable[[list[Told]], NDArray[np.float64]]


def overlaid(events: list[Told]) -> NDArray[np.float64]:
    """Guess the middle of what all squares that meet an event's have in common."""
    squares = [shape(one.feature["geometry"]) for one in events]
    found = []
    for one in squares:
        common = one
        for other in squares:
            both = common.intersection(other)
            common = both if both.area > 1e-9 else common
        found.append(_share(one, (common.centroid.x, common.centroid.y)))
    return np.array(found)


def learnt(events: list[Told]) -> NDArray[np.float64]:
    """Learn from half of the events how what is read goes with the place, and guess the rest.

    The adversary knows the places of the half it learns from.
    """
    read = np.array([_numbers(n, one, events) for n, one in enumerate(events)])
    spread = np.where(read.std(axis=0) > 0, read.std(axis=0), 1.0)
    read = np.column_stack([(read - read.mean(axis=0)) / spread, np.ones(len(events))])
    truth = np.array([one.truth for one in events])
    found = np.empty_like(truth)
    for half, rest in ((0, 1), (1, 0)):
        seen, guessed = slice(half, None, 2), slice(rest, None, 2)
        # A ridge, as much as keeps columns that say the same from a fit of noise.
        normal = read[seen].T @ read[seen] + 10 * np.eye(read.shape[1])
        found[guessed] = read[guessed] @ np.linalg.solve(normal, read[seen].T @ truth[seen])
    return np.clip(found, 0, 1)


def _numbers(number: int, one: Told, events: list[Told]) -> list[float]:
    """Return whatever of a telling can be taken for a number."""
    bbox = one.feature["bbox"]
    alike = [n for n, other in enumerate(events) if other.feature["bbox"] == bbox]
    centre = shape(one.feature["geometry"]).centroid
    properties = one.feature["properties"]
    return [
        float(number), float(len(alike)), float(alike.index(number)), *map(float, bbox),
        centre.x, centre.y, int(str(one.feature["id"]), 16) / 2**64,
        float(np.datetime64(properties["told"]).astype(int)),
        float(np.datetime64(properties["changed_by"]).astype(int)),
    ]  # fmt: skip


def error(guess: Guess, events: list[Told]) -> float:
    """Return how far off guesses are in the mean, in sides of the square."""
    truth = np.array([one.truth for one in events])
    return float(np.linalg.norm(guess(events) - truth, axis=1).mean())


@pytest.mark.parametrize("guess", [overlaid, learnt])
@pytest.mark.parametrize("audience", [Audience.PARTNER, Audience.PUBLIC])
def test_nobody_guesses_better_than_the_middle_of_the_square(told, audience, guess) -> None:
    assert len(told[audience]) == EVENTS
    assert error(guess, told[audience]) > BY_CHANCE * CENTRES


def test_the_adversary_finds_places_that_are_only_jittered() -> None:
    """What the test above holds up: an output with a little of the place in it is found out."""
    draw = np.random.default_rng(9)
    events = []
    for truth in draw.random((EVENTS, 2)):
        west, south = truth + draw.normal(0, 0.05, 2) - 0.5
        bbox = [west, south, west + 1, south + 1]
        feature = {
            "id": f"{draw.integers(2**62):016x}", "bbox": bbox,
            "geometry": box(*bbox).__geo_interface__,
            "properties": {"told": "2024-05-06", "changed_by": "2024-05-02"},
        }  # fmt: skip
        events.append(Told(feature, truth))
    assert error(learnt, events) < 0.3 * CENTRES
