"""Heat as it is written down for programs: by the command line and by the API alike."""

from __future__ import annotations

from typing import Any

from hearthwatch.heat.elsewhere import HeatElsewhere
from hearthwatch.heat.hearing import Hearing
from hearthwatch.heat.listing import HeatSeen
from hearthwatch.values import moment

NOTICE = (
    "Heat from NASA's Fire Information for Resource Management System (FIRMS), part of NASA's "
    "Earth Observing System Data and Information System (EOSDIS)"
)
"""What is to be said wherever heat is told of."""
SILENCE = "That no heat is listed says nothing: it is no look, and the ledger has no row of it."


def seen_value(one: HeatSeen) -> dict[str, Any]:
    """Return one pass that saw heat at a settlement, or one pixel that was held back."""
    return {
        "sensed": moment(one.sensed),
        "satellite": one.satellite,
        "settlement": one.settlement,
        "pixels": one.pixels,
        "frp_mw": one.frp_mw,
        "hint": one.is_hint,
        "why": one.why,
    }


def hearing_value(one: Hearing) -> dict[str, Any]:
    """Return what heat can say of a settlement this month."""
    return {
        "settlement": one.settlement,
        "tells": one.tells,
        "threshold": None if one.threshold is None else round(one.threshold, 3),
        "quiet_years": one.quiet_years,
        "hints_per_1000_years": None if one.per_thousand is None else round(one.per_thousand, 1),
        "keeps_budget": one.keeps_budget,
        "pixels_needed": one.pixels_needed,
        "words": one.words,
    }


def elsewhere_value(one: HeatElsewhere) -> dict[str, Any]:
    """Return heat of one day at one place that is on no list."""
    return {
        "day": one.day.isoformat(),
        "lon": round(one.lon, 5),
        "lat": round(one.lat, 5),
        "pixels": one.pixels,
        "satellites": list(one.satellites),
        "frp_mw": one.frp_mw,
    }
