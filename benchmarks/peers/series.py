"""The one form in which every method, ours too, is given what was seen of many settlements."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TUNING, SCORING = "tuning", "scoring"
QUIET = -1
"""`onset` of a series in which nothing burned."""


# Compared and hashed by identity: arrays have no single answer to whether they are equal.
@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Looks of many settlements at the same times, and what truly happened.

    Attributes
    ----------
    bands : tuple of str
        Sentinel-2 names, such as "B8A".
    times : (look,) datetime64[s]
        Ascending, UTC.
    core, ring : (series, look, band) float32
        Reflectance, 0..1: the mean over the core's pixels and the mean of the medians of the
        ring's sectors; NaN where a look is not usable.
    onset : (series,) int
        Index of the first look at or after the burn; `QUIET` where there was none.
    start : int
        Index of the first look that is monitored; all before it is history to learn from.
    name, group : (series,) str
        `group` is `TUNING` or `SCORING`.
    real : bool
        Whether these looks were seen, or drawn from residuals of what was seen.
    cover : (series, look) float32, optional
        Share of the core that could be seen, 0..1.
    burned_pixels : (series, look, pixel, band) float32, optional
        Reflectance of the core's own pixels; NaN where there is no pixel or no look.
    w : (series, look) float64, optional
        Our detector's statistic; larger is more like a burn, NaN where there is none.
    """

    bands: tuple[str, ...]
    times: NDArray[np.datetime64]
    core: NDArray[np.float32]
    ring: NDArray[np.float32]
    onset: NDArray[np.int64]
    start: int
    name: NDArray[np.str_]
    group: NDArray[np.str_]
    real: bool
    cover: NDArray[np.float32] | None = None
    burned_pixels: NDArray[np.float32] | None = None
    w: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        series, looks, bands = self.core.shape
        expected = {
            "times": (looks,),
            "ring": (series, looks, bands),
            "onset": (series,),
            "name": (series,),
            "group": (series,),
            "cover": (series, looks),
            "w": (series, looks),
        }
        for field, shape in expected.items():
            value = getattr(self, field)
            if value is not None and value.shape != shape:
                raise ValueError(f"{field} has shape {value.shape}, not {shape}")
        pixels = self.burned_pixels
        if pixels is not None and (*pixels.shape[:2], pixels.shape[3]) != (series, looks, bands):
            raise ValueError(f"burned_pixels of shape {pixels.shape} do not fit the core")
        if len(self.bands) != bands:
            raise ValueError(f"{len(self.bands)} names for {bands} bands")
        if not 0 < self.start < looks:
            raise ValueError(f"monitoring cannot start at look {self.start} of {looks}")
        if not set(np.unique(self.group)) <= {TUNING, SCORING}:
            raise ValueError(f"groups are {TUNING} and {SCORING}")
        if ((self.onset != QUIET) & (self.onset < self.start)).any():
            raise ValueError("a burn before monitoring starts cannot be scored")

    def __len__(self) -> int:
        return len(self.core)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Series:
        """Return the chosen series, in the order of `chosen`."""
        pixels, cover, w = self.burned_pixels, self.cover, self.w
        return Series(
            self.bands,
            self.times,
            self.core[chosen],
            self.ring[chosen],
            self.onset[chosen],
            self.start,
            self.name[chosen],
            self.group[chosen],
            self.real,
            None if cover is None else cover[chosen],
            None if pixels is None else pixels[chosen],
            None if w is None else w[chosen],
        )

    @property
    def quiet(self) -> NDArray[np.bool_]:
        """Where nothing burned; shape (series,)."""
        return np.asarray(self.onset == QUIET)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Where core and ring were seen in every band; shape (series, look)."""
        both = np.isfinite(self.core) & np.isfinite(self.ring)
        return np.asarray(both.all(axis=2))

    def band(self, name: str) -> int:
        """Return where a band is, on the last axis; ValueError where it was not measured."""
        return self.bands.index(name)

    def save(self, path: Path) -> None:
        """Write all there is to one file of numpy."""
        there = {field.name: getattr(self, field.name) for field in fields(self)}
        np.savez_compressed(path, **{k: v for k, v in there.items() if v is not None})


def load(path: Path) -> Series:
    """Read what `Series.save` wrote."""
    with np.load(path) as file:
        there: dict[str, Any] = {name: file[name] for name in file.files}
    there["bands"] = tuple(str(band) for band in there["bands"])
    there["start"], there["real"] = int(there["start"]), bool(there["real"])
    return Series(**there)
