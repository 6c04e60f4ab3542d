"""The curve of an event: what its detector made of its ground or settlement, look by look."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from detectors.burn_features import NAMES
from detectors.burned import Burned
from detectors.ground_change import FEATURES, GroundChange
from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.types import Features, GuardVerdict, Places
from hearthwatch.ledger_words import sees_by_radar, was_taken_in
from hearthwatch.records import Event, LedgerRow
from imagery.masks import CLOUD_MARGIN_M, look_cube
from imagery.types import Chip, GeoBox
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.grid import rasterise, share, window
from tiles.windows import load_window, stored_layers

__all__ = [
    "BURNED", "FEATURES", "GROUND_CHANGE", "LEAST_CLEAR", "Curve", "Quantity", "Sample",
    "event_curve", "event_series", "rows_followed", "settlement_series",
]  # fmt: skip

LEAST_CLEAR = 0.5
"""Share of the event's pixels that must be clear for a value to stand for all of them."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number that is followed through time.

    Attributes
    ----------
    name, about : str
        In a few words, and in full: of what it is taken, and which way a change moves it.
    """

    key: str
    name: str
    unit: str
    about: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What one look shows of an event's ground, or of its settlement.

    Attributes
    ----------
    sensed : datetime
        Aware UTC.
    values : tuple of float or None
        One for each quantity of the curve; None where the look does not tell it.
    clear : float
        Share of the event's pixels, or of the settlement's core, that were clear, 0..1.
    used : bool
        Whether the look was let speak: a scene that the placebos called bad was not.
    """

    acquisition: str
    sensed: datetime
    values: tuple[float | None, ...]
    clear: float
    used: bool = True


@dataclass(frozen=True, slots=True)
class Curve:
    """The quantities an event's detector goes by, and what each look shows of them."""

    quantities: tuple[Quantity, ...]
    samples: tuple[Sample, ...]


_MEDIAN = "Median over the event's clear pixels; bare ground raises it."
GROUND_CHANGE = (
    Quantity(FEATURES[0], "red against near-infrared, natural logarithm", FEATURES[0], _MEDIAN),
    Quantity(FEATURES[1], "short-wave infrared, natural logarithm", FEATURES[1], _MEDIAN),
)
"""Quantities of an event of ground_change, in the order of :data:`FEATURES`."""

_BY = "in standard deviations of such predictions; 0 is as expected."
_SCORE = (
    "than its past, the season and its surroundings let expect, in standard deviations of such "
    "predictions; 0 is as expected."
)
_BURNED: Mapping[str, tuple[str, str]] = {
    "near_infrared": (
        "near-infrared, darker upwards",
        f"How much darker the settlement's core is in the near-infrared (B8A, or B08) {_SCORE} "
        "Burning raises it.",
    ),
    "visible": (
        "visible light, darker upwards",
        f"How much darker the settlement's core is in blue, green and red together {_SCORE} Char "
        "raises it, fresh ash lowers it.",
    ),
    "char_index": (
        "char index",
        f"How much higher the short-wave infrared burn ratio (B11, B12) of the settlement's core "
        f"is {_SCORE} Burning raises it.",
    ),
    "char_fraction": (
        "share of char",
        f"How much larger the share of char in the settlement's core, unmixed from all bands, is "
        f"{_SCORE} Burning raises it.",
    ),
    "short_wave": (
        "short-wave infrared, darker upwards",
        f"How much darker the settlement's core is in the short-wave infrared (B11) {_SCORE} "
        "Burning raises it, ploughing and clearing lower it.",
    ),
}
_EVIDENCE = Quantity(
    "evidence",
    "evidence of this look alone",
    "nats",
    "Natural logarithm of how many times likelier this look is if the settlement changed so than "
    "if it did not, over all features at once; an event adds up several looks.",
)
BURNED = (*(Quantity(key, _BURNED[key][0], "scores", _BURNED[key][1]) for key in NAMES), _EVIDENCE)
"""Quantities of an event of kind burned: the scores of its features, and the evidence."""


def event_curve(archive: Archive, event: Event, rows: Sequence[LedgerRow]) -> Curve:
    """Return what an event's detector went by, look by look.

    Of ground it is measured anew from the archive, on looks of light. Of a settlement it is what
    the event's detector said at the time, which the ledger keeps: measuring anew would take the
    whole history of its surroundings.

    Parameters
    ----------
    rows : sequence of LedgerRow
        The ledger of the event's cell and settlement, oldest look first, of all detectors.

    Raises
    ------
    tiles.errors.IntegrityError, tiles.errors.StorageFailed
        As :func:`event_series`.
    """
    followed = rows_followed(event, rows)
    if event.settlement:
        names = NAMES if event.detector == Burned.info.id else _scored(followed)
        return Curve(_quantities(names), settlement_series(followed, names))
    acquisitions = [row.acquisition for row in followed]
    samples = event_series(archive, event.cell, acquisitions, event.geometry)
    return Curve(GROUND_CHANGE, samples)


def rows_followed(event: Event, rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """Return the rows of the looks that an event's curve is of, each look once.

    Of a settlement those of the event's own detector; of ground those of light, by the event's
    own detector where it took them in.
    """
    if event.settlement:
        return [row for row in rows if row.detector == event.detector]
    best: dict[str, LedgerRow] = {}
    for row in rows:
        if not sees_by_radar(row.detector) and (
            row.acquisition not in best or row.detector == event.detector
        ):
            best[row.acquisition] = row
    return sorted(best.values(), key=lambda row: (row.sensed, row.acquisition))


def settlement_series(
    rows: Sequence[LedgerRow], names: Sequence[str] = NAMES
) -> tuple[Sample, ...]:
    """Return what a detector said of one settlement, in the rows' order.

    Looks that it did not take in are left out.

    Parameters
    ----------
    names : sequence of str
        Of the features it scores.
    """
    return tuple(_told(row, names) for row in rows if was_taken_in(row))


def _scored(rows: Sequence[LedgerRow]) -> tuple[str, ...]:
    """Return the features that a detector scored on any look, as it orders them."""
    told = (name for row in rows for name in row.detail.get("said", {}).get("scores", {}))
    return tuple(dict.fromkeys(told))


def _quantities(names: Sequence[str]) -> tuple[Quantity, ...]:
    known = {one.key: one for one in BURNED}
    return (*(known.get(name) or _plain(name) for name in names), _EVIDENCE)


def _plain(name: str) -> Quantity:
    words = name.replace("_", " ")
    about = (
        f"How much {words} of the settlement departs from what is expected of it, upwards, {_BY}"
    )
    return Quantity(name, words, "scores", about)


def _told(row: LedgerRow, names: Sequence[str]) -> Sample:
    said = row.detail["said"]
    scores = said.get("scores", {})
    values = (*(scores.get(name) for name in names), said.get(_EVIDENCE.key))
    suspect = row.detail.get("guard", {}).get("verdict") == GuardVerdict.SUSPECT
    return Sample(row.acquisition, row.sensed, values, row.usable, used=not suspect)


def event_series(
    archive: Archive, cell: str, acquisitions: Sequence[str], geometry: BaseGeometry
) -> tuple[Sample, ...]:
    """Measure an event's ground on archived looks, with the detector's own features and masks.

    Only a window of each master is read, and its pixels are not verified.

    Parameters
    ----------
    cell : str
        Id of the cell; the part of the event in it is measured.
    acquisitions : sequence of str
        Those that are not archived for the cell, or lack a band the detector needs, are left out.
    geometry : shapely geometry
        Area of the event, CRS84.

    Returns
    -------
    tuple of Sample
        Ordered by time; empty where the geometry holds the centre of no pixel of the cell.

    Raises
    ------
    ValueError
        If there is no such cell.
    tiles.errors.IntegrityError, tiles.errors.StorageFailed
        If a file is missing, cut or cannot be read.
    """
    place = cell_from_id(cell)
    part = share(place, geometry)
    grid = window(place, part, block=1)
    watched = None if grid is None else rasterise(part, grid)
    if grid is None or watched is None or not watched.any():
        return ()
    chips = _chips(archive, cell, acquisitions, grid)
    samples = (_sample(chip, grid, Places(watched=watched)) for chip in chips)
    return tuple(sorted(samples, key=lambda sample: (sample.sensed, sample.acquisition)))


def _chips(
    archive: Archive, cell: str, acquisitions: Sequence[str], grid: GeoBox
) -> Iterator[Chip]:
    info = GroundChange.info
    # Clouds outside the window widen into it.
    around = grid.pad(math.ceil(CLOUD_MARGIN_M / abs(grid.affine.a)))
    for acquisition in acquisitions:
        stored = stored_layers(archive, acquisition, cell)
        if not {band for layer in stored for band in layer.bands}.issuperset(info.needed):
            continue
        chip = load_window(archive, acquisition, cell, around, (*info.needed, *info.useful))
        if chip is not None:
            yield chip


def _sample(chip: Chip, grid: GeoBox, places: Places) -> Sample:
    info = GroundChange.info
    bands = (*info.needed, *info.useful)
    reached = {band for layer in chip.layers for band in layer.bands}
    if not reached.issuperset(info.needed):
        return Sample(chip.acquisition, chip.sensed, (None,) * len(FEATURES), 0.0)
    cube = look_cube(chip, grid, bands)
    cube.attrs.update(acquisition=chip.acquisition, sensed=chip.sensed.isoformat())
    features = GroundChange().measure(cube, places)
    return Sample(chip.acquisition, chip.sensed, _medians(features, places), features.usable)


def _medians(features: Features, places: Places) -> tuple[float | None, ...]:
    least = LEAST_CLEAR * places.watched.sum()
    return tuple(_median(pixels[places.watched], float(least)) for pixels in features.pixels)


def _median(pixels: NDArray[np.int16], least: float) -> float | None:
    seen = pixels[pixels != NO_DATA]
    return float(np.median(seen)) * FEATURE_UNIT if seen.size >= least else None
