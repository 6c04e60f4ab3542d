"""How long it takes, as values for programs and in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hearthwatch.latency.figures import SPAN, Figures, Section, Took
from hearthwatch.latency.measured import Measured
from hearthwatch.latency.quantiles import Quantile
from hearthwatch.values import moment

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def measured_value(found: Measured, names: Mapping[str, str]) -> dict[str, Any]:
    """Return how long it takes, together, by region and by sensor.

    Parameters
    ----------
    names : mapping
        Of regions, by id.
    """
    return {
        **figures_value(found.whole),
        "by_region": [
            {"region": one or None, "name": names.get(one), "sections": sections_value(its)}
            for one, its in found.by_region.items()
        ],
        "by_sensor": _by_sensor(found),
    }


def region_value(found: Measured) -> dict[str, Any]:
    """Return how long it takes for one region."""
    return {**figures_value(found.whole), "by_sensor": _by_sensor(found)}


def figures_value(found: Figures) -> dict[str, Any]:
    """Return figures, with what they do not count."""
    return {
        "since": moment(found.since),
        "until": moment(found.until),
        "alerts": found.alerts,
        "from_the_past": found.from_the_past,
        "told_later": found.told_later,
        "released": found.released,
        "sections": sections_value(found),
    }


def sections_value(found: Figures) -> list[dict[str, Any]]:
    """Return every section, in the order of the way."""
    return [_took_value(section, found.took[section]) for section in Section]


def quantile_words(found: Quantile | None) -> str:
    """Say how long it takes, in the largest units that tell it; ``-`` where it is not known."""
    if found is None:
        return "-"
    return f"{'>= ' if found.at_least else ''}{time_words(found.time)}"


def time_words(time: timedelta) -> str:
    """Return a length of time as people say it: ``45 s``, ``12 min``, ``3.5 h``, ``2.1 d``."""
    if time < _MINUTE:
        return f"{time / timedelta(seconds=1):.3g} s"
    for unit, name, below in ((_MINUTE, "min", _HOUR), (_HOUR, "h", 2 * _DAY)):
        if time < below:
            return f"{time / unit:.3g} {name}"
    return f"{time / _DAY:.3g} d"


def _by_sensor(found: Measured) -> list[dict[str, Any]]:
    return [
        {"sensor": one or None, "sections": sections_value(its)}
        for one, its in found.by_sensor.items()
    ]


def _took_value(section: Section, took: Took) -> dict[str, Any]:
    start, end = SPAN[section]
    return {
        "section": section.value,
        "from": start,
        "to": end,
        "over": took.over,
        "open": took.open,
        "unknown": took.unknown,
        "p50": _quantile_value(took.p50),
        "p95": _quantile_value(took.p95),
        "longest": _quantile_value(took.longest),
    }


def _quantile_value(found: Quantile | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"seconds": round(found.time / timedelta(seconds=1), 3), "at_least": found.at_least}
