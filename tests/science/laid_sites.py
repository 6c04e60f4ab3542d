"""Known sites laid over real looks, measured and followed by the detector of camps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from detectors.camp_sites import CampSites
from detectors.guard import judge_scene
from detectors.site_trend import SURE
from detectors.types import Features, Finding, Places, PlaceSet, Showed
from hearthwatch.pipeline.measure import _within
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.registry import create_provider
from imagery.types import GeoBox, Query
from tests.science.replay import START, UNTIL
from tiles.grid import rasterise
from tiles.parts import Reach, index_parts, parts_of, window_of
from tiles.plane import from_plane, to_plane

DEADLINE_S = 100.0
BANDS = ("B02", "B03", "B04", "B8A", "B08", "B11", "B12")


@dataclass
class Curves:
    """What became of every site: its area by look, and what was said.

    `days` (look), `hectares`, `deviation` and `judged` (look, site); NaN where a look was not
    taken in.
    """

    sites: int
    days: list[datetime] = field(default_factory=list)
    hectares: list[Any] = field(default_factory=list)
    deviation: list[Any] = field(default_factory=list)
    judged: list[Any] = field(default_factory=list)
    told: list[tuple[datetime, Finding]] = field(default_factory=list)

    def at(self, moment: datetime) -> Any:
        """Return the areas as the last look before a time left them, shape (site,)."""
        before = [i for i, day in enumerate(self.days) if day <= moment]
        return self.hectares[before[-1]]

    def words(self, state: str) -> list[tuple[datetime, Finding]]:
        """Return the findings that brought a state."""
        return [(day, one) for day, one in self.told if one.state.value == state]


def lay_sites(
    cores: Sequence[BaseGeometry], covered: BaseGeometry, epsg: int
) -> tuple[PlaceSet, GeoBox]:
    """Return sites, no placebos, as pixels of a window; geometry in metres of the zone."""
    zones = CampSites.info.zones
    reach = Reach(zones.near_m, zones.inner_m, zones.outer_m)
    parts = [parts_of(from_plane(core, epsg), [], epsg, reach) for core in cores]
    window = window_of(parts)
    pixels, starts = index_parts(parts, window)
    inside = rasterise(from_plane(covered, epsg), window).ravel()
    pixels, starts = _within(inside, pixels, starts)
    ids = tuple(str(number) for number in range(len(cores)))
    return PlaceSet(ids, np.zeros(len(ids), bool), pixels, starts), window


def covered_square(catalogue: Path, epsg: int) -> BaseGeometry:
    """Return the ground of the catalogue's first scene, metres of the zone."""
    provider = create_provider("folder", path=catalogue)
    return to_plane(next(iter(_scenes(provider))).footprint, epsg)


def cubes(catalogue: Path, window: GeoBox) -> Iterator[xr.Dataset]:
    """Yield every look of a catalogue on a window, oldest first."""
    provider = create_provider("folder", path=catalogue)
    scenes = list(_scenes(provider))
    bands = [band for band in BANDS if all(band in scene.bands for scene in scenes)]
    for acquisition in group_acquisitions(scenes):
        chip = provider.read(acquisition.scenes, window, [*bands, "SCL"], DEADLINE_S)
        cube = look_cube(chip, window, [*bands, "SCL"])
        cube.attrs.update(acquisition=acquisition.key, sensed=acquisition.sensed.isoformat())
        yield cube


def measured(looks: Iterator[xr.Dataset], places: PlaceSet) -> list[Features]:
    """Measure all looks."""
    nothing = np.zeros((1, 1), bool)
    return [CampSites().measure(one, Places(nothing, places)) for one in looks]


def follow(looks: Sequence[Features], window: GeoBox, detector: CampSites | None = None) -> Curves:
    """Follow the sites over all looks."""
    detector = detector or CampSites()
    state = detector.start(window)
    assert looks[0].places is not None
    out = Curves(len(looks[0].places.ids))
    for one in looks:
        scene = judge_scene(one.acquisition, detector.placebo_evidence(state, one))
        state, found = detector.score(state, one, scene)
        rows = state.arrays
        out.days.append(one.sensed)
        out.told += [(one.sensed, finding) for finding in found]
        points = rows["curve"][:, -1].astype(float) * rows["hectares"][:, None]
        showed = [look.showed for look in detector.looks(state, one)]
        out.judged.append(np.array([s in (Showed.CHANGED, Showed.UNCHANGED) for s in showed]))
        out.hectares.append(points[:, 0])
        out.deviation.append((points[:, 2] - points[:, 1]) / (2.0 * SURE))
    return out


def _scenes(provider: Any) -> Iterator[Any]:
    return iter(provider.search(Query(box(-180, -80, 180, 84), START, UNTIL)))
