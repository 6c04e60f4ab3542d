"""Time to find which subscriptions an event meets, beside the 20 ms wanted and a plain loop.

Run it as ``python -m benchmarks.bench_matching [subscriptions] [events]``. Areas have 40 corners,
one in ten has 2,000; half of them are about the same place, one in five subscriptions has none. The
worst event meets every subscription. The plain loop asks shapely about one area after the other.
Times are of the processor, so that what else the machine does counts little; a star is for more
than 20 ms.
"""

from __future__ import annotations

import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any

from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from hearthwatch.alerting import matching
from hearthwatch.alerting.matching import Index
from hearthwatch.records import Event, EventState, Kind, Receiver, Severity, Subscription
from hearthwatch.store import SqlStore
from tests.contract import store_records as a
from tests.support.plain_matching import plainly_met

WANTED_MS = 20.0
COUNTRY = (22.0, 9.0, 32.0, 18.0)
CENTRE = (25.3, 13.6)
PLAIN_EVENTS = 5


def main(subscriptions: str = "10000", events: str = "200") -> None:
    """Draw subscriptions, build their index, ask it and a plain loop."""
    random.seed(1)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{os.cpu_count()} cores, load of the last 1, 5 and 15 minutes {load}")
    receivers = [a.receiver(id=f"rcv-{i}") for i in range(500)]
    count = int(subscriptions)
    mixed = [drawn(i, somewhere) for i in range(count)]
    about = [drawn(i, by_the_centre, kinds=(), region="") for i in range(count)]
    everywhere = [happened(*anywhere()) for _ in range(int(events))]
    at_centre = [happened(*CENTRE) for _ in range(int(events))]
    tell("mixed, events anywhere", receivers, mixed, everywhere)
    tell("all areas hold the event", receivers, about, at_centre)
    stored(receivers, mixed)


def intersect(area: BaseGeometry, ground: BaseGeometry) -> bool:
    """Tell whether two geometries meet; no area drawn here only touches an event."""
    return bool(area.intersects(ground))


def tell(
    name: str, receivers: Sequence[Receiver], every: Sequence[Subscription], events: Sequence[Event]
) -> None:
    """Print how long the index takes to be built and asked, and a plain loop."""
    index, built = timed(lambda: Index(receivers, every))
    _, first = timed(lambda: index.meets(events[0], Severity.SEVERE))
    asked = [timed(partial(index.meets, event, Severity.SEVERE)) for event in events]
    plain = [
        timed(partial(plainly_met, receivers, every, event, Severity.SEVERE, intersect))
        for event in events[:PLAIN_EVENTS]
    ]
    if any(one[0] != other[0] for one, other in zip(asked, plain, strict=False)):
        raise SystemExit("the index and the plain loop do not agree")
    cuts = quantiles([one[1] for one in asked], n=20)
    loop = sum(one[1] for one in plain) / len(plain)
    met = sum(sum(map(len, one[0].values())) for one in asked) / len(asked)
    star = "*" if cuts[18] > WANTED_MS else " "
    print(
        f"{name}: {len(every)} subscriptions, {met:.0f} met\n"
        f"  index built in {built:.0f} ms, first event {first:.1f} ms\n"
        f"  an event: median {cuts[9]:.2f} ms, 95 of 100 within {cuts[18]:.2f} ms{star}\n"
        f"  a plain loop: {loop:.1f} ms, {loop / cuts[9]:.0f} times as long",
        flush=True,
    )


def stored(receivers: Sequence[Receiver], every: Sequence[Subscription]) -> None:
    """Print how long an index takes from the store, and to be found again."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(SqlStore.open(Path(folder) / "store.sqlite", write=True)) as store,
    ):
        with store.transaction() as tx:
            for receiver in receivers:
                tx.put_receiver(receiver)
            for one in every:
                tx.put_subscription(one)
        _, read = timed(lambda: matching.of(store, "ours"))
        _, known = timed(lambda: matching.of(store, "ours"))
    print(f"from the store: read and built in {read:.0f} ms, kept, {known:.2f} ms")


def drawn(
    number: int, place: Callable[[], tuple[float, float, float]], **changes: object
) -> Subscription:
    """Return a subscription to an area somewhere; one in five has none."""
    corners = 2000 if random.random() < 0.1 else 40
    area = None if random.random() < 0.2 else blob(*place(), corners)
    plain = {
        "region": random.choice(["", "", "reg-1", "reg-2"]), "geometry": area,
        "kinds": random.choice([(), ("burned",), ("burned", "razed"), ("camp_change",)]),
        "least_state": random.choice([EventState.CANDIDATE, EventState.PROVISIONAL]),
        "least_severity": random.choice(list(Severity)[:3]),
    }  # fmt: skip
    return a.subscription(
        id=f"sub-{number}", receiver=f"rcv-{number % 500}", **{**plain, **changes}
    )


def happened(lon: float, lat: float) -> Event:
    """Return an event at a village."""
    ground = box(lon, lat, lon + 0.004, lat + 0.004)
    return a.event(kind=Kind.BURNED, state=EventState.CORROBORATED, geometry=ground)


def anywhere() -> tuple[float, float]:
    west, south, east, north = COUNTRY
    return random.uniform(west, east), random.uniform(south, north)


def somewhere() -> tuple[float, float, float]:
    """Return the middle and the radius of an area, degrees: half of them about one place."""
    if random.random() < 0.5:
        return by_the_centre()
    return *anywhere(), random.uniform(0.05, 1.0)


def by_the_centre() -> tuple[float, float, float]:
    """Return the middle and the radius of an area that holds the centre."""
    lon, lat = (one + random.uniform(-0.2, 0.2) for one in CENTRE)
    return lon, lat, random.uniform(0.5, 1.5)


def blob(lon: float, lat: float, radius: float, corners: int) -> BaseGeometry:
    """Return an area with a ragged border."""
    turns = [2 * math.pi * n / corners for n in range(corners)]
    reach = [radius * random.uniform(0.9, 1.1) for _ in turns]
    return Polygon([
        (lon + far * math.cos(turn), lat + far * math.sin(turn))
        for turn, far in zip(turns, reach, strict=True)
    ])  # fmt: skip


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns and the milliseconds of the processor that it took."""
    began = time.process_time()
    found = call()
    return found, (time.process_time() - began) * 1e3


if __name__ == "__main__":
    main(*sys.argv[1:])
