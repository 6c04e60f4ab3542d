"""The state beside the baseline: power sums of every orbit, and how still the surroundings are.

Of every relative orbit and product there is the number of looks, the sum of the core's mean power
in both polarisations, and the mean of its equivalent looks; nothing of single looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from detectors import place_state
from detectors.baseline import MEDIAN, ORBITS, Errors
from detectors.radar_features import LOOKS, SCORED, VH
from detectors.types import Features

if TYPE_CHECKING:
    from detectors.radar_evidence import RadarEvidence

Array = NDArray[np.float64]
Rows = dict[str, NDArray[Any]]

POLARISATIONS = VH + 1
STILL_START, STILL_FLOOR = 0.12, 0.06
"""Robust scatter of the surroundings from look to look, natural log units: 0.5 and 0.25 dB."""

GROUND = (0.06, 0.06, 0.1)
"""First guess of how VV, VH and corners scatter on a core so large that speckle is nothing."""
OF_SPECKLE = (1.0, 1.0, 1.8)
"""And of what speckle adds, over that of the mean of a core: the brightest tenth are few."""


def new_rows(count: int) -> Rows:
    """Return the state of `count` settlements never looked at, by array name.

    ``jump`` and ``disturbed`` are of the last look, ``contrast``, ``usual`` and ``equivalent`` of
    the last one that was not under suspicion.
    """
    return {
        "power_looks": np.zeros((count, ORBITS, POLARISATIONS), np.int32),
        "power_sum": np.zeros((count, ORBITS, POLARISATIONS)),
        "power_equivalent": np.zeros((count, ORBITS)),
        "still": np.full((count, POLARISATIONS), STILL_START),
        "jump": np.full((count, POLARISATIONS), np.nan),
        "disturbed": np.ones(count),
        "speckle": np.full((count, POLARISATIONS), np.nan),
        "lesser": np.full(count, np.nan),
        "contrast": np.full((count, SCORED), np.nan),
        "usual": np.full((count, SCORED), np.nan),
        "equivalent": np.full(count, np.nan),
    }


def welcome(rows: Rows, values: Array) -> None:
    """Give settlements never looked at the scatter that speckle lets expect, in place.

    A small core scatters more than a large one, and a baseline that starts as if all were alike
    takes a year to find that out. Both first guesses are joined by what ground does by itself.

    Parameters
    ----------
    values : ndarray, shape (place, 5, part)
        Features.
    """
    new = (rows["worth"] == 0.0).all(-1) & (values[:, LOOKS, 0] > 0.0)
    speckle = 1.0 / np.sqrt(np.where(new, values[:, LOOKS, 0], 1.0))
    scale = np.hypot(np.array(GROUND), np.array(OF_SPECKLE) * speckle[:, None])
    rows["scale"][new, : len(GROUND)] = scale[new, :, None]


def slot_of(orbits: str, features: Features) -> tuple[int | None, str]:
    """Return the number of a look's relative orbit and product, and all that have one.

    None where the orbit is not known, or where as many as can be told apart have one: a look from
    elsewhere says nothing, for orbits are never mixed.
    """
    if features.orbit is None:
        return None, orbits
    slot, known = place_state.numbered(orbits, f"{features.sensor}/{features.orbit}")
    return (slot, known) if slot < ORBITS else (None, orbits)


def was_seen(rows: Rows, slot: int | None) -> NDArray[np.bool_]:
    """Tell which settlements were seen before from an orbit."""
    seen: NDArray[np.bool_] = rows["power_looks"][:, slot or 0].max(-1) > 0
    return seen & (slot is not None)


def learn(
    rows: Rows, values: Array, weighed: RadarEvidence, quiet: NDArray[np.bool_],
    slot: int | None, worth: Array,
) -> None:  # fmt: skip
    """Take one look into the sums of its orbit and the scatter of the surroundings, in place.

    Parameters
    ----------
    values : ndarray, shape (place, 5, part)
        Features.
    quiet : ndarray of bool, shape (place,)
        Settlements that learn from it. A look in a disturbed scene is not added to the sums.
    worth : ndarray, shape (place, feature)
        Looks learned from before.
    """
    if slot is None:
        return
    power, equivalent = np.exp(-values[:, :POLARISATIONS, 0]), values[:, LOOKS, 0]
    take = quiet[:, None] & (weighed.disturbed <= 1.0)[:, None] & np.isfinite(power)
    count = rows["power_looks"][:, slot]
    before = count.max(-1)
    rows["power_looks"][:, slot] = count + take
    rows["power_sum"][:, slot] += np.where(take, power, 0.0)
    step = np.where(take.any(-1), equivalent - rows["power_equivalent"][:, slot], 0.0)
    rows["power_equivalent"][:, slot] += step / (before + 1.0)
    # As the baseline follows the scale of its errors: a stochastic median of their sizes.
    still, size = rows["still"], np.abs(weighed.jump) / weighed.widened
    pace = np.maximum(0.03, 0.6 / (worth[:, :POLARISATIONS] + 2.0))
    pace = np.where(size > MEDIAN * still, pace, -pace)
    use = quiet[:, None] & np.isfinite(size) & (worth[:, :POLARISATIONS] > 0.0)
    rows["still"] = np.maximum(np.where(use, still * np.exp(pace), still), STILL_FLOOR)


def note(
    rows: Rows, weighed: RadarEvidence, found: Errors, usable: NDArray[np.bool_],
    suspected: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Keep what the last look came to, and what the place was like before any suspicion."""
    rows["jump"] = np.where(usable[:, None], weighed.jump, np.nan)
    rows["disturbed"] = np.where(usable, weighed.disturbed, 1.0)
    rows["speckle"] = np.where(usable[:, None], weighed.speckle, np.nan)
    rows["lesser"] = np.where(usable, weighed.lesser, np.nan)
    calm = (usable & ~suspected)[:, None]
    for name, value in (("contrast", weighed.contrast), ("usual", found.predictive)):
        rows[name] = np.where(calm & np.isfinite(value), value, rows[name])
    rows["equivalent"] = np.where(calm[:, 0], weighed.equivalent, rows["equivalent"])


def begin_anew(rows: Rows, place: int) -> None:
    """Forget the sums of one settlement, which has a new normal, in place."""
    for name in ("power_looks", "power_sum", "power_equivalent"):
        rows[name][place] = 0
