// Small sums on longitude and latitude.

import type { Geometry, Position } from "geojson";
import type { Area } from "./types";

export type Box = [number, number, number, number];

const EARTH_KM = 6371.0088;

export function positions(geometry: Geometry | null | undefined): Position[] {
  if (!geometry) return [];
  switch (geometry.type) {
    case "Point":
      return [geometry.coordinates];
    case "MultiPoint":
    case "LineString":
      return geometry.coordinates;
    case "MultiLineString":
    case "Polygon":
      return geometry.coordinates.flat();
    case "MultiPolygon":
      return geometry.coordinates.flat(2);
    case "GeometryCollection":
      return geometry.geometries.flatMap(positions);
  }
}

/** The box around geometries, or null around none. */
export function boxOf(...geometries: (Geometry | null | undefined)[]): Box | null {
  let box: Box | null = null;
  for (const [x = 0, y = 0] of geometries.flatMap(positions)) {
    box = box
      ? [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)]
      : [x, y, x, y];
  }
  return box;
}

export function middle(geometry: Geometry): Position {
  const box = boxOf(geometry);
  return box ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : [0, 0];
}

export function rectangle([west, south, east, north]: Box): Area {
  return {
    type: "Polygon",
    coordinates: [
      [
        [west, south],
        [east, south],
        [east, north],
        [west, north],
        [west, south],
      ],
    ],
  };
}

/** About how large a ring is, on a sphere. */
export function ringKm2(ring: Position[]): number {
  const radians = Math.PI / 180;
  let sum = 0;
  for (let i = 0; i < ring.length; i += 1) {
    const [x1 = 0, y1 = 0] = ring[i] ?? [];
    const [x2 = 0, y2 = 0] = ring[(i + 1) % ring.length] ?? [];
    sum += (x2 - x1) * radians * (2 + Math.sin(y1 * radians) + Math.sin(y2 * radians));
  }
  return Math.abs((sum * EARTH_KM * EARTH_KM) / 2);
}

export function areaKm2(geometry: Area): number {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  let sum = 0;
  for (const [outer, ...holes] of polygons) {
    sum += ringKm2(outer ?? []);
    for (const hole of holes) sum -= ringKm2(hole);
  }
  return sum;
}

/** Read "west,south,east,north"; what is wrong with it comes back as words. */
export function parseBox(text: string): Box | string {
  const parts = text.split(/[\s,;]+/).filter(Boolean);
  const numbers = parts.map(Number);
  if (parts.length !== 4 || numbers.some((value) => !Number.isFinite(value)))
    return "The bounds must be four numbers: west, south, east, north.";
  const [west, south, east, north] = numbers as Box;
  if (Math.abs(west) > 180 || Math.abs(east) > 180)
    return "West and east must be between -180 and 180.";
  if (Math.abs(south) > 90 || Math.abs(north) > 90)
    return "South and north must be between -90 and 90.";
  if (west >= east) return "West must be less than east.";
  if (south >= north) return "South must be less than north.";
  return [west, south, east, north];
}

/** Read an area from GeoJSON: every area in it; what is wrong comes back as words. */
export function readArea(text: string): Area | string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return "That is no GeoJSON: it cannot be read.";
  }
  const found = areasIn(document);
  const [first] = found;
  if (!first) return "That GeoJSON has no area: give a Polygon or MultiPolygon.";
  if (!found.flat(2).every(isPlace)) return "An area needs longitude and latitude at every corner, in degrees.";
  return found.length === 1 ? { type: "Polygon", coordinates: first } : { type: "MultiPolygon", coordinates: found };
}

/** The polygons of a geometry, a feature or a collection of them. */
function areasIn(found: unknown): Position[][][] {
  if (typeof found !== "object" || found === null || !("type" in found)) return [];
  if ("geometry" in found) return areasIn(found.geometry);
  for (const many of ["features", "geometries"] as const) {
    const parts = (found as Record<string, unknown>)[many];
    if (Array.isArray(parts)) return parts.flatMap(areasIn);
  }
  const { type, coordinates } = found as { type: unknown; coordinates?: unknown };
  if (!Array.isArray(coordinates)) return [];
  if (type === "Polygon") return isRings(coordinates) ? [coordinates] : [];
  return type === "MultiPolygon" ? coordinates.filter(isRings) : [];
}

const isRings = (found: unknown): found is Position[][] =>
  Array.isArray(found) && found.length > 0 && found.every((ring) => Array.isArray(ring) && ring.every(Array.isArray));

const isPlace = ([x, y]: Position): boolean => typeof x === "number" && typeof y === "number" && Math.abs(x) <= 180 && Math.abs(y) <= 90;
