"""Monitor states of places that were watched for years, with what each year brought at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from detectors.burn_features import NEAR_INFRARED
from detectors.burned import Burned
from detectors.peaks import YEAR_S
from hearthwatch.layout import Layout
from hearthwatch.pipeline.score import save_state
from hearthwatch.records import Kind, Mode, StateVersion

CELL = "34N_0060_0146"
FIRST = datetime(2018, 1, 1, tzinfo=UTC)
"""When the first year of every place begins."""
GREEN, BARE = 2.0, 0.5
"""ln(near infrared / visible) of the ground about."""


@dataclass(frozen=True)
class Quiet:
    """One place: its key without the digest, and the maxima of its finished years."""

    name: str
    years: Sequence[tuple[float, float, float]]
    greenness: float = GREEN
    looks: int = 40
    pixels: int = 50


def year_end(number: int) -> float:
    """Return when a year that is counted from 0 is over, seconds since 1970."""
    return FIRST.timestamp() + (number + 1) * YEAR_S


def write_state(
    root: Path, places: Sequence[Quiet], *, region: str = "region-1", mode: Mode = Mode.ACTUAL,
    cell: str = CELL, digest: str = "",
) -> StateVersion:  # fmt: skip
    """Write the slab of a cell below a data folder; return what the store says of it."""
    detector = Burned()
    geobox = GeoBox((10, 10), Affine(10, 0, 0, 0, -10, 0), "EPSG:32634")
    begun = detector.start(geobox)
    rows = {
        name: np.zeros((len(places), *one.shape[1:]), one.dtype)
        for name, one in begun.arrays.items()
    }
    rows["peaks"][:] = np.nan
    rows["part_looks"][:] = 1
    for number, place in enumerate(places):
        _fill(rows, number, place)
    path = Layout(root).state(region, cell, "burned", 1)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    objects = tuple({"id": f"{place.name}@0123abcd"} for place in places)
    state = type(begun)(
        begun.detector, begun.version, geobox, rows, {**begun.scalars, "looks": 99}, objects
    )
    return StateVersion(
        organisation="local",
        kind=Kind.BURNED,
        mode=mode,
        region=region,
        cell=cell,
        detector="burned",
        detector_version=begun.version,
        sequence=1,
        acquisition="S2A-1",
        sensed=datetime(2024, 1, 1, tzinfo=UTC),
        path=str(path),
        sha256=save_state(root / path, state),
        digest=digest,
    )


def _fill(rows: Mapping[str, np.ndarray], number: int, place: Quiet) -> None:
    count = len(place.years)
    kept = rows["peaks"].shape[1]
    for year, maxima in enumerate(place.years):
        slot = kept - count + year
        rows["peaks"][number, slot] = maxima
        rows["peaks_looks"][number, slot] = place.looks
        rows["peaks_until"][number, slot] = int(year_end(year))
    # The visible level is 0: what is left is the near infrared's, its sign turned.
    rows["coefficients"][number, NEAR_INFRARED, :, 0] = -place.greenness
    rows["core_pixels"][number] = place.pixels
