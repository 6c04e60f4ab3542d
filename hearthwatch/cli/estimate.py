"""`hearthwatch region estimate`: what watching an area would take, before it is watched."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hearthwatch.cli.call import Call
from hearthwatch.cli.estimate_words import estimate_text
from hearthwatch.cli.regions import area_of
from hearthwatch.cli.report import Answer
from hearthwatch.passes.estimates import Estimate, estimate_value
from hearthwatch.pipeline.estimate import Asked
from hearthwatch.pipeline.estimate import estimate as estimated
from hearthwatch.pipeline.estimate_looks import known_looks
from hearthwatch.records import Mode
from hearthwatch.store.whole import all_settlements


def estimate(call: Call) -> Answer:
    """Say what watching an area would take and give; nothing is put on the watchlist."""
    from hearthwatch.watchlist.kinds import watchable

    args = call.args
    kind = watchable(args.kind)
    area = area_of(call).geometry
    asked = Asked(kind, area, tuple(_places(call)), args.backfill)
    found = _estimated(call, asked)
    return Answer(estimate_value(found), estimate_text(found))


def _estimated(call: Call, asked: Asked) -> Estimate:
    now, ask = datetime.now(UTC), not call.args.offline
    if call.is_kept:
        with call.store() as store:
            known = known_looks(call.settings, store, call.organisation, asked.area, now, ask=ask)
    else:
        known = known_looks(call.settings, None, call.organisation, asked.area, now, ask=ask)
    return estimated(call.settings, asked, known, now)


def _places(call: Call) -> list[BaseGeometry]:
    """Return the settlements to count: of the file that was named, or those listed."""
    from hearthwatch.watchlist import read_settlements

    args = call.args
    if args.settlements is not None:
        path = Path(args.settlements).expanduser()
        areas = read_settlements(path, call.settings, radius_m=args.radius)
        return [one.geometry for one in areas]
    if not call.is_kept:
        return []
    with call.store() as store:
        listed = all_settlements(store, call.organisation)
        return [one.geometry for one in listed if one.mode is Mode.ACTUAL]
