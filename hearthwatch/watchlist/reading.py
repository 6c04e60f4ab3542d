"""What a file holds: areas that can be watched, and everything that is wrong with the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from hearthwatch.errors import RegionError
from hearthwatch.settings import Settings
from hearthwatch.watchlist.circles import circled
from hearthwatch.watchlist.formats import read_raw
from hearthwatch.watchlist.options import PLAIN, Options
from hearthwatch.watchlist.outline import Judged, judge_feature
from hearthwatch.watchlist.pcodes import NO_CODE, Coded
from hearthwatch.watchlist.raw import RawFeature, RawFile
from hearthwatch.watchlist.told import NOTHING_TOLD, Told
from tiles.geodesy import area_m2

MAX_LISTED = 100
SQUARE_KM = 1e6
_STEP_DEGREES = 10.0
"""Of geodesics that take the place of edges: shorter ones stay as they are."""


@dataclass(frozen=True, slots=True)
class NamedArea:
    """An area that can be watched.

    Attributes
    ----------
    name : str or None
        As the file calls it.
    geometry : MultiPolygon
        CRS84, valid, split at 180 degrees, wound right.
    area_km2 : float
        On the WGS 84 ellipsoid.
    repairs : tuple of str
        What was changed to make it so.
    doubt : str
        What the file says is doubtful about it.
    where : str
        Which feature of the file it is: ``feature 2 (Dola)``.
    told : Told
        What the feature says of its watch.
    coded : Coded
        What it says of its P-code, which settlements have and regions have not.
    """

    name: str | None
    geometry: MultiPolygon
    area_km2: float
    repairs: tuple[str, ...]
    doubt: str = ""
    where: str = ""
    told: Told = NOTHING_TOLD
    coded: Coded = NO_CODE


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is said of a file.

    Attributes
    ----------
    where : str
        Which feature it is said of: ``feature 2 (Dola)``; empty for the whole file.
    """

    where: str
    words: str

    def __str__(self) -> str:
        """Return it as one sentence without its stop."""
        return f"{self.where} {self.words}" if self.where else self.words


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds.

    Attributes
    ----------
    named : str
        How the file is called in messages.
    areas : tuple of NamedArea
        That are sound, in the file's order.
    faults : tuple of Remark
        Everything that is wrong: each is of a feature that is not among `areas`, or of the whole
        file, of which then nothing is.
    checks : tuple of Remark
        What was left out or looks wrong and may be right: nothing was changed for it.
    """

    named: str
    areas: tuple[NamedArea, ...]
    faults: tuple[Remark, ...] = ()
    checks: tuple[Remark, ...] = ()

    def required(self) -> tuple[NamedArea, ...]:
        """Return the areas where nothing is wrong.

        Raises
        ------
        RegionError
            Listing everything that is wrong at once.
        """
        if self.faults:
            raise RegionError(in_words(self.named, [str(fault) for fault in self.faults]))
        return self.areas


def read_file(path: Path, settings: Settings, options: Options = PLAIN, named: str = "") -> Reading:
    """Read a file with areas: the one way in, for regions and settlements alike.

    Parameters
    ----------
    path : Path
        GeoJSON, GeoPackage, FlatGeobuf, KML, shapefile (these two also packed), or a CSV table of
        points. Its content tells which.
    named : str
        How it is called in messages; its path if empty.

    Raises
    ------
    RegionError
        If it cannot be read at all. What is wrong with what it says is in the answer.
    """
    named = named or str(path)
    return judge_file(read_raw(path, named, options), named, settings, options)


def judge_file(raw: RawFile, named: str, settings: Settings, options: Options) -> Reading:
    """Judge what a file says, feature by feature."""
    features = [circled(feature, options) for feature in raw.features]
    judged = [judge_feature(one, degrees=raw.degrees, mend=options.mend) for one in features]
    faults = [Remark("", words) for words in raw.faults]
    checks: list[Remark] = []
    areas: list[NamedArea] = []
    for feature, one in zip(features, judged, strict=True):
        wrong = _wrong_with(feature, one, settings, measured=not raw.faults)
        if not wrong and not one.polygons:
            _note_empty(feature, faults if options.each else checks, options)
        elif not wrong:
            areas.append(named_area(feature, one, raw.repairs))
        faults += [Remark(feature.label, words) for words in wrong]
    if not faults and not areas:
        faults.append(Remark("", _no_polygon(raw)))
    return Reading(named, () if raw.faults else tuple(areas), tuple(faults), tuple(checks))


def named_area(feature: RawFeature, judged: Judged, repairs: Sequence[str] = ()) -> NamedArea:
    """Return the area that a judged feature is."""
    geometry = judged.geometry
    said = dict.fromkeys((*repairs, *judged.repairs, *feature.told.repairs))
    size = area_km2(geometry)
    return NamedArea(
        feature.name, geometry, size, tuple(said), feature.doubt, feature.label, feature.told,
        feature.coded,
    )  # fmt: skip


def area_km2(geometry: BaseGeometry) -> float:
    """Return the area that is drawn, its edges straight on a map of degrees as RFC 7946 has them.

    Edges are cut first: between two far places a geodesic leaves the parallel, and half round the
    earth it goes over a pole, so that a belt round the whole of it would have no area.
    """
    return area_m2(shapely.segmentize(geometry, _STEP_DEGREES)) / SQUARE_KM


def beyond_limits(geometry: MultiPolygon, settings: Settings) -> list[str]:
    """Return by what an area is larger than the settings allow; nothing where it is not."""
    faults = []
    size = area_km2(geometry)
    corners = int(shapely.get_num_coordinates(geometry))
    if size > settings.max_region_km2:
        faults.append(
            f"covers {size:,.1f} km², and a region may have {settings.max_region_km2:,.1f} km² "
            "at most: draw it smaller or cut it in several regions (setting max_region_km2)"
        )
    if corners > settings.max_vertices:
        faults.append(
            f"has {corners:,} corners, and a region may have {settings.max_vertices:,} at most: "
            "simplify it (setting max_vertices)"
        )
    return faults


def in_words(name: str, faults: Sequence[str]) -> str:
    """Return one message of everything that is wrong with something."""
    if len(faults) == 1:
        return f"{name} cannot be used: {faults[0]}."
    listed = "".join(f"\n  - {fault}" for fault in faults[:MAX_LISTED])
    more = f"\n  - and {len(faults) - MAX_LISTED:,} more" if len(faults) > MAX_LISTED else ""
    return f"{name} cannot be used, {len(faults):,} things are wrong with it:{listed}{more}"


def _wrong_with(
    feature: RawFeature, judged: Judged, settings: Settings, *, measured: bool
) -> list[str]:
    """Return all that is wrong with a feature; its size only where its numbers mean degrees."""
    wrong = [*judged.faults, *feature.told.faults]
    if wrong or not measured:
        return wrong
    return beyond_limits(judged.geometry, settings)


def _note_empty(feature: RawFeature, remarks: list[Remark], options: Options) -> None:
    kinds = ", ".join(feature.ignored) or "nothing"
    done = "draw it as a polygon" if options.each else "it was left out"
    remarks.append(Remark(feature.label, f"holds no area, only {kinds}: {done}"))


def _no_polygon(raw: RawFile) -> str:
    if not raw.features:
        return "it holds no feature: draw the area to watch as a polygon"
    kinds = ", ".join(dict.fromkeys(kind for f in raw.features for kind in f.ignored))
    found = f"only {kinds}" if kinds else "nothing"
    return f"it holds no polygon, {found}: draw the area to watch as a polygon"
