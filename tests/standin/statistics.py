"""The Statistical API of Sentinel Hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.standin.account import Limits
from tests.standin.mosaic import Target
from tests.standin.process import Order, choose, pixels, price, read_order, read_target, result
from tests.standin.scenes import Scene, moment, stamp
from tests.standin.wire import Answer, Request, as_json, bad_payload

SMALLEST_UNITS = 0.01
Failures = Mapping[str, str]
"""Days, ``2020-06-01``, whose interval fails, with the error's type: ``TIMEOUT``."""


def answer(request: Request, scenes: Sequence[Scene], limits: Limits, failures: Failures) -> Answer:
    """Answer a Statistical request; a day that nothing was seen on is left out, as there."""
    document = request.json()
    asked = document.get("aggregation") or {}
    order = read_order(document, asked.get("evalscript"))
    target = read_target(order, _size(asked))
    days = list(_days(asked))
    chosen = {day: choose(scenes, order, day, min(end, day + step) - _TICK)
              for day, step, end in days}  # fmt: skip
    seen = [day for day in chosen if chosen[day]]
    units = price(order, target, len(seen), SMALLEST_UNITS)
    found = []
    for day, step, _ in days:
        if chosen[day]:
            interval = {"from": stamp(day), "to": stamp(day + step)}
            failed = failures.get(f"{day:%Y-%m-%d}")
            made = (
                {"error": {"type": failed, "message": "It failed."}}
                if failed
                else {"outputs": _outputs(order, target, chosen[day])}
            )
            found.append({"interval": interval, **made})
    limits.charge(units)
    return as_json({"data": found, "status": "PARTIAL" if failures else "OK"}, units=units,
                   x_processingunits_spent=f"{units:.6f}")  # fmt: skip


_TICK = timedelta(microseconds=1)


def _size(asked: Mapping[str, Any]) -> dict[str, Any]:
    names = ("width", "height", "resx", "resy")
    return {name: asked[name] for name in names if name in asked}


def _days(asked: Mapping[str, Any]) -> Iterator[tuple[datetime, timedelta, datetime]]:
    """Yield each interval's beginning and length, and the end of all."""
    try:
        start = moment(asked["timeRange"]["from"])
        end = moment(asked["timeRange"]["to"])
        text = asked["aggregationInterval"]["of"]
        step = timedelta(days=int(text.removeprefix("P").removesuffix("D")))
    except (KeyError, TypeError, ValueError) as error:
        raise bad_payload(f"aggregation is not understood: {error!r}") from error
    if step <= timedelta(0):
        raise bad_payload("the interval has no length")
    day = start
    while day < end:
        yield day, step, end
        day += step


def _outputs(order: Order, target: Target, scenes: Sequence[Scene]) -> dict[str, Any]:
    bands = pixels(order, target, scenes)
    masks = [result(o, bands, target)[0] for o in order.script.outputs if o.name == "dataMask"]
    valid = masks[0] > 0 if masks else bands.get("dataMask", np.ones(target.shape)) > 0
    return {
        output.name: {
            "bands": {
                name: {"stats": _stats(values, valid)}
                for name, values in zip(output.names, result(output, bands, target), strict=True)
            }
        }
        for output in order.script.outputs
        if output.name != "dataMask"
    }


def _stats(values: NDArray[Any], valid: NDArray[Any]) -> dict[str, Any]:
    kept = values[valid & np.isfinite(values)]
    counts = {"sampleCount": int(values.size), "noDataCount": int(values.size - kept.size)}
    if not kept.size:
        return {"min": "NaN", "max": "NaN", "mean": "NaN", "stDev": "NaN", **counts}
    return {
        "min": float(kept.min()),
        "max": float(kept.max()),
        "mean": float(kept.mean()),
        "stDev": float(kept.std()),
        **counts,
    }
