"""`hearthwatch heat static list | add | remove`: sources of heat that people know."""

from __future__ import annotations

import dataclasses
import math
import uuid
from datetime import UTC, datetime
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.parts import UsageError
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import NotFound
from hearthwatch.records import HeatSource
from hearthwatch.values import moment

FARTHEST_M = 20_000.0
"""Radius of a source at most: a larger one would hide whole districts."""


def list_all(call: Call) -> Answer:
    """List the sources that are named."""
    with call.store() as store:
        found = store.heat_sources(call.organisation)
    rows = [
        (one.id, f"{one.lon:.4f},{one.lat:.4f}", f"{one.radius_m:.0f}", one.why) for one in found
    ]
    text = table(("id", "at", "m", "what"), rows) if rows else "No source of heat is named."
    return Answer({"sources": [_value(one) for one in found]}, text)


def add(call: Call) -> Answer:
    """Name a source; heat near it makes no hint from now on."""
    args = call.args
    (lon, lat), radius = args.at, args.radius
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise UsageError("--at is longitude,latitude in degrees")
    if not (math.isfinite(radius) and 0.0 < radius <= FARTHEST_M):
        raise UsageError(f"--radius is above 0 and at most {FARTHEST_M:.0f} m")
    made = HeatSource(
        uuid.uuid4().hex[:12], call.organisation, lon, lat, radius, args.why, datetime.now(UTC)
    )
    with call.store(write=True, alone=False) as store, store.transaction() as tx:
        tx.put_heat_source(made)
    words = (
        f"Heat within {radius:.0f} m of it makes no hint from now on; it is listed all the same."
    )
    return Answer({"source": _value(made)}, f"{made.id}: {made.why}. {words}")


def remove(call: Call) -> Answer:
    """Take a source off the list."""
    with call.store(write=True, alone=False) as store:
        known = {one.id: one for one in store.heat_sources(call.organisation)}
        if call.args.source not in known:
            raise NotFound(f"No source of heat is listed as {call.args.source}.")
        gone = dataclasses.replace(known[call.args.source], removed=datetime.now(UTC))
        with store.transaction() as tx:
            tx.put_heat_source(gone)
    return Answer({"source": _value(gone)}, f"{gone.why} is no longer listed.")


def _value(one: HeatSource) -> dict[str, Any]:
    return {
        "id": one.id,
        "lon": one.lon,
        "lat": one.lat,
        "radius_m": one.radius_m,
        "what": one.why,
        "added": moment(one.added),
        "removed": moment(one.removed),
    }
