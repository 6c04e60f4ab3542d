"""Real series of single pixels as settlements of one pixel, without surroundings or placebos."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from detectors.burn_features import NAMES, burn_features
from detectors.burned import Burned
from detectors.types import (
    PARTS,
    Features,
    Finding,
    GuardVerdict,
    PlaceFeatures,
    SceneJudgement,
    Showed,
)

PLACE = "pixel"
SCORED = (Showed.CHANGED, Showed.UNCHANGED, Showed.BLIND)


@dataclass(frozen=True)
class Series:
    """One pixel's looks: `reflectance` (look, band), and which of them are clear."""

    bands: tuple[str, ...]
    sensed: tuple[datetime, ...]
    reflectance: Any
    clear: Any

    def only(self, *bands: str) -> Series:
        """Return the series with these bands alone."""
        chosen = [self.bands.index(band) for band in bands]
        return Series(bands, self.sensed, self.reflectance[:, chosen], self.clear)


@dataclass(frozen=True)
class Told:
    """What the detector said of a pixel, and the looks that it scored."""

    findings: tuple[tuple[datetime, Finding], ...]
    scored: tuple[datetime, ...]

    def reached(self, *states: str) -> list[tuple[datetime, Finding]]:
        """Return the findings of some states."""
        return [(sensed, one) for sensed, one in self.findings if one.state.value in states]


def hls(path: Path) -> Series:
    """Read a series of Harmonized Landsat and Sentinel-2 (reflectance by 10,000; qa 0: clear)."""
    columns = {"blue": "B02", "green": "B03", "red": "B04", "nir": "B8A", "swir1": "B11",
               "swir2": "B12"}  # fmt: skip
    rows = _rows(path)
    days = [datetime.fromordinal(int(row["dates"])).replace(tzinfo=UTC) for row in rows]
    return _series(columns, rows, days, [row["qa"] == "0" for row in rows])


def sentinel2(path: Path) -> Series:
    """Read a series of Sentinel-2 with QA60 (0: neither opaque cloud nor cirrus)."""
    columns = {"B2": "B02", "B3": "B03", "B4": "B04", "B8A": "B8A", "B11": "B11", "B12": "B12"}
    rows = _rows(path)
    days = [datetime.strptime(row["Tile"][:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            for row in rows]  # fmt: skip
    return _series(columns, rows, days, [row["QA60"] == "0" for row in rows])


def follow(series: Series) -> Told:
    """Watch one pixel, oldest look first."""
    detector = Burned()
    state: Any = detector.start(None)  # type: ignore[arg-type]
    findings: list[tuple[datetime, Finding]] = []
    scored = []
    for number, sensed in enumerate(series.sensed):
        look = _features(series, number)
        scene = SceneJudgement(str(number), GuardVerdict.UNGUARDED, 0, 0, "one pixel")
        state, told = detector.score(state, look, scene)
        findings += [(sensed, one) for one in told]
        if detector.looks(state, look)[0].showed in SCORED:
            scored.append(sensed)
    return Told(tuple(findings), tuple(scored))


def _features(series: Series, number: int) -> Features:
    core = series.reflectance[number][None]
    values = np.full((1, len(NAMES), PARTS), np.nan)
    values[:, :, 0] = burn_features(core[:, :, None], series.bands)[:, :, 0]
    seen = np.full((1, PARTS), np.nan)
    seen[0, 0] = float(series.clear[number])
    places = PlaceFeatures(
        (PLACE,), np.zeros(1, bool), values, tuple(series.bands), seen,
        np.array([0.02]), ("",),
    )  # fmt: skip
    return Features(str(number), series.sensed[number], NAMES, 1.0, {}, places=places)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _series(
    columns: dict[str, str], rows: Sequence[dict[str, str]], days: Sequence[datetime],
    clear: Sequence[bool],
) -> Series:  # fmt: skip
    order = sorted(range(len(rows)), key=lambda n: days[n])
    # Looks of one day have no time of their own: they are put a minute apart, as they stand.
    sensed = tuple(days[n] + timedelta(minutes=place) / 10 for place, n in enumerate(order))
    values = np.array([[float(rows[n][name]) for name in columns] for n in order]) / 10_000.0
    return Series(tuple(columns.values()), sensed, values, np.array(clear)[order])
