"""Rings judged and repaired until they are polygons that can be watched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry import LinearRing, MultiPolygon, Polygon

from hearthwatch.watchlist.dateline import beside, rolled_up, rounds_a_pole, unrolled
from hearthwatch.watchlist.raw import RawFeature, Ring
from tiles.geodesy import polygons
from tiles.grid import NORTH_LIMIT, SOUTH_LIMIT

_FARTHEST_LONGITUDE = 360.0
_CROSSES = "crosses or touches itself"
_SPOT = re.compile(r"^(?P<reason>[^\[]+)(\[(?P<x>\S+) (?P<y>\S+)\])?$")


@dataclass(slots=True)
class Judged:
    """What became of one feature: polygons, what was repaired, what cannot be."""

    polygons: list[Polygon] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def geometry(self) -> MultiPolygon:
        """All polygons as one valid geometry."""
        whole = MultiPolygon(self.polygons)
        if whole.is_valid:
            return whole
        joined = polygons(shapely.union_all(self.polygons))
        return MultiPolygon([shapely.orient_polygons(part) for part in joined])


def judge_feature(feature: RawFeature, *, degrees: bool, mend: bool = False) -> Judged:
    """Judge all polygons of a feature.

    Parameters
    ----------
    degrees : bool
        Whether its coordinates are meant as longitude and latitude; else their range says
        nothing, and only their shape is judged.
    mend : bool
        Whether an outline that crosses itself is made into the areas it goes round, which it is
        only where somebody chose so: which area was meant, nobody but them can tell.
    """
    judged = Judged(repairs=list(feature.repairs), faults=list(feature.faults))
    for number, rings in enumerate(feature.polygons, start=1):
        label = f"polygon {number}: " if len(feature.polygons) > 1 else ""
        one = _judge_polygon(rings, degrees=degrees, mend=mend)
        judged.polygons += one.polygons
        judged.repairs += one.repairs
        judged.faults += [f"{label}{words}" for words in one.faults]
    if feature.ignored and judged.polygons:
        judged.repairs.append(f"parts that are no areas were left out: {_listed(feature.ignored)}")
    if len(judged.polygons) > 1 and not MultiPolygon(judged.polygons).is_valid:
        judged.repairs.append("parts that overlap were joined")
    return judged


def _judge_polygon(rings: Sequence[Ring], *, degrees: bool, mend: bool) -> Judged:
    judged = Judged()
    closed = [_without_doubles(_closed(ring, judged), judged) for ring in rings]
    for number, ring in enumerate(closed, start=1):
        fault = _fault_of_numbers(ring, degrees=degrees) or _fault_of_size(ring)
        if fault:
            judged.faults.append(f"ring {number} {fault}" if len(closed) > 1 else fault)
    if judged.faults:
        return judged
    flat = [unrolled(ring) for ring in closed] if degrees else closed
    if any(rounds_a_pole(ring) for ring in flat):
        judged.faults.append("goes round a pole: cut it along the 180th meridian")
        return judged
    polygon = Polygon(flat[0], [beside(ring, flat[0]) if degrees else ring for ring in flat[1:]])
    fault = _fault_of_shape(polygon)
    mended = _mended(polygon, fault, judged) if fault and mend else []
    if fault and not mended:
        judged.faults.append(fault)
        return judged
    judged.polygons = [
        part for one in mended or [polygon] for part in _wound_and_split(one, judged, degrees)
    ]
    return judged


def _mended(polygon: Polygon, fault: str, judged: Judged) -> list[Polygon]:
    """Return the areas that an outline which crosses itself goes round; none of any other."""
    if _CROSSES not in fault:
        return []
    parts = polygons(shapely.make_valid(polygon, method="structure", keep_collapsed=False))
    spot = fault.partition(" (")[0]
    judged.repairs.append(f"mended, as was asked: an outline {spot}; it became {len(parts)} parts")
    return parts


def _without_doubles(ring: Ring, judged: Judged) -> Ring:
    if len(ring) < 2:
        return ring
    fresh = np.append(True, (ring[1:] != ring[:-1]).any(axis=1))
    if fresh.all():
        return ring
    judged.repairs.append("corners given twice were left out")
    kept: Ring = ring[fresh]
    return kept


def _closed(ring: Ring, judged: Judged) -> Ring:
    if len(ring) < 3 or np.array_equal(ring[0], ring[-1]):
        return ring
    if not np.isfinite(ring).all():
        return ring
    judged.repairs.append("a ring was closed")
    return np.vstack([ring, ring[:1]])


def _fault_of_numbers(ring: Ring, *, degrees: bool) -> str | None:
    wild = np.flatnonzero(~np.isfinite(ring).all(axis=1))
    if wild.size:
        return (
            f"has a coordinate that is not a finite number, at position {wild[0] + 1}: correct it"
        )
    return _fault_of_range(ring) if degrees and len(ring) else None


def _fault_of_range(ring: Ring) -> str | None:
    farthest_x, farthest_y = np.abs(ring).max(axis=0)
    worst = ring[int(np.argmax(np.abs(ring).max(axis=1)))]
    where = f"has the coordinates {worst[0]:.10g}, {worst[1]:.10g}"
    if farthest_x > _FARTHEST_LONGITUDE or farthest_y > _FARTHEST_LONGITUDE:
        return f"{where}: these look like projected metres; reproject to EPSG:4326"
    if farthest_y > 90:
        swap = " Are latitude and longitude swapped?" if farthest_x <= 90 else ""
        return f"{where}, and latitude runs from -90 to 90: write longitude first.{swap}"
    if ring[:, 1].max() > NORTH_LIMIT or ring[:, 1].min() < SOUTH_LIMIT:
        return (
            f"{where}: beyond {-SOUTH_LIMIT:.0f}° S and {NORTH_LIMIT:.0f}° N nothing is watched; "
            "cut it there"
        )
    return None


def _fault_of_size(ring: Ring) -> str | None:
    different = len(np.unique(ring, axis=0))
    if different < 3:
        return f"has {different} different corners, and an area needs three: draw it again"
    return None


def _fault_of_shape(polygon: Polygon) -> str | None:
    if polygon.exterior.convex_hull.area == 0:
        return "encloses no area, its corners lie on one line: draw it again"
    reason = shapely.is_valid_reason(polygon)
    if reason == "Valid Geometry":
        return None
    found = _SPOT.match(reason)
    if found is None or found["x"] is None:
        return f"is not a valid polygon ({reason}): draw it again"
    spot = f"{float(found['x']):.7g}, {float(found['y']):.7g}"
    said = found["reason"].strip()
    if "Self-intersection" in said:
        return f"{_CROSSES} at {spot} ({said}): move the corners there apart"
    return f"is not a valid polygon at {spot} ({said}): draw it again"


def _wound_and_split(polygon: Polygon, judged: Judged, degrees: bool) -> list[Polygon]:
    if not polygon.exterior.is_ccw or any(_is_ccw(ring) for ring in polygon.interiors):
        judged.repairs.append("rings were wound right: outlines anticlockwise, holes clockwise")
    polygon = shapely.orient_polygons(polygon)
    west, _, east, _ = polygon.bounds
    if not degrees or (west >= -180 and east <= 180):
        return [polygon]
    parts = [shapely.orient_polygons(part) for part in rolled_up(polygon)]
    judged.repairs.append(
        f"split at 180° into {len(parts)} parts"
        if len(parts) > 1
        else "longitudes were brought within 180 degrees"
    )
    return parts


def _is_ccw(ring: LinearRing) -> bool:
    return bool(ring.is_ccw)


def _listed(kinds: Sequence[str]) -> str:
    return ", ".join(kinds)
