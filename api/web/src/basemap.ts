// The ground of the map, from files this server gives: land, borders, names and a graticule.

import type { StyleSpecification } from "maplibre-gl";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import type { Feature, FeatureCollection, MultiLineString, Point, Position } from "geojson";
import worldUrl from "world-atlas/countries-50m.json?url";
import { ringKm2 } from "./geometry";

type World = Topology<{ countries: GeometryCollection<{ name: string }>; land: GeometryCollection }>;

const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };

const LIGHT = {
  sea: "#dfe7ea",
  land: "#f5f3ee",
  coast: "#a9b6bb",
  border: "#b9b3a6",
  grid: "#c9d3d6",
  name: "#6b6f6e",
  halo: "#f5f3ee",
  region: "#1d4f63",
};

const DARK: typeof LIGHT = {
  sea: "#161d21",
  land: "#262d31",
  coast: "#4c5a61",
  border: "#525c61",
  grid: "#303a3f",
  name: "#a9b2b5",
  halo: "#20272b",
  region: "#8fc3d8",
};

const scheme = matchMedia("(prefers-color-scheme: dark)");

export const palette = (): typeof LIGHT => (scheme.matches ? DARK : LIGHT);

export function onScheme(listener: () => void): void {
  scheme.addEventListener("change", listener);
}

/** Colours of the ground's layers as (layer, property, colour). */
export function groundColours(): [string, string, string][] {
  const colours = palette();
  return [
    ["sea", "background-color", colours.sea],
    ["land", "fill-color", colours.land],
    ["grid", "line-color", colours.grid],
    ["coast", "line-color", colours.coast],
    ["borders", "line-color", colours.border],
    ["names", "text-color", colours.name],
    ["names", "text-halo-color", colours.halo],
  ];
}

export function groundStyle(): StyleSpecification {
  const colours = palette();
  const source = (): { type: "geojson"; data: FeatureCollection } => ({
    type: "geojson",
    data: EMPTY,
  });
  return {
    version: 8,
    sources: {
      land: source(),
      coast: source(),
      borders: source(),
      names: source(),
      grid: { type: "geojson", data: { type: "Feature", properties: {}, geometry: graticule(10) } },
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": colours.sea } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": colours.land } },
      {
        id: "grid",
        type: "line",
        source: "grid",
        paint: { "line-color": colours.grid, "line-width": 0.6 },
      },
      {
        id: "coast",
        type: "line",
        source: "coast",
        paint: { "line-color": colours.coast, "line-width": 0.7 },
      },
      {
        id: "borders",
        type: "line",
        source: "borders",
        paint: { "line-color": colours.border, "line-width": 0.9, "line-dasharray": [3, 2] },
      },
      {
        id: "names",
        type: "symbol",
        source: "names",
        maxzoom: 9,
        layout: {
          "text-field": ["get", "name"],
          "text-font": ["system-ui", "sans-serif"],
          "text-size": ["interpolate", ["linear"], ["zoom"], 1, 10, 6, 14],
          "text-max-width": 7,
          "symbol-sort-key": ["-", 0, ["get", "size"]],
        },
        paint: {
          "text-color": colours.name,
          "text-halo-color": colours.halo,
          "text-halo-width": 1.2,
        },
      },
    ],
  };
}

export interface Ground {
  land: FeatureCollection;
  coast: MultiLineString;
  borders: MultiLineString;
  names: FeatureCollection<Point>;
}

/** Fetch the world and take it apart. */
export async function world(): Promise<Ground> {
  const response = await fetch(worldUrl);
  if (!response.ok) throw new Error("The map of the world could not be loaded.");
  const topology = (await response.json()) as World;
  const { countries, land } = topology.objects;
  return {
    land: { type: "FeatureCollection", features: feature(topology, land).features.map(unwrapped) },
    coast: unwrappedLines(mesh(topology, land)),
    borders: mesh(topology, countries, (a, b) => a !== b),
    names: names(topology),
  };
}

/** A point with the country's name in the middle of its largest part. */
function names(topology: World): FeatureCollection<Point> {
  const found: FeatureCollection<Point> = { type: "FeatureCollection", features: [] };
  for (const country of feature(topology, topology.objects.countries).features) {
    const { geometry } = country;
    const polygons =
      geometry.type === "Polygon"
        ? [geometry.coordinates]
        : geometry.type === "MultiPolygon"
          ? geometry.coordinates
          : [];
    let largest: { ring: Position[]; size: number } | null = null;
    for (const [crossing = []] of polygons) {
      const ring = unwrap(crossing);
      const size = ringKm2(ring);
      if (!largest || size > largest.size) largest = { ring, size };
    }
    if (!largest || largest.size < 2000) continue;
    found.features.push({
      type: "Feature",
      properties: { name: country.properties.name, size: Math.round(largest.size) },
      geometry: { type: "Point", coordinates: centre(largest.ring) },
    });
  }
  return found;
}

/**
 * A line that runs on across 180 degrees instead of leaping back around the world. A ring around
 * the south pole is closed along it.
 */
export function unwrap(line: readonly Position[]): Position[] {
  let turn = 0;
  const points = line.map(([x = 0, y = 0], i) => {
    const leap = x - (line[i - 1]?.[0] ?? x);
    if (leap > 180) turn -= 360;
    else if (leap < -180) turn += 360;
    return [x + turn, y];
  });
  const first = points[0];
  const last = points.at(-1);
  if (turn === 0 || !first || !last) return points;
  const closes = line.length > 3 && line[0]?.[0] === line.at(-1)?.[0] && line[0]?.[1] === line.at(-1)?.[1];
  return closes ? [...points, [last[0] ?? 0, -90], [first[0] ?? 0, -90], first] : points;
}

function unwrapped(land: Feature): Feature {
  const { geometry } = land;
  if (geometry.type === "Polygon")
    return { ...land, geometry: { ...geometry, coordinates: geometry.coordinates.map(unwrap) } };
  if (geometry.type === "MultiPolygon")
    return {
      ...land,
      geometry: {
        ...geometry,
        coordinates: geometry.coordinates.map((polygon) => polygon.map(unwrap)),
      },
    };
  return land;
}

function unwrappedLines(lines: MultiLineString): MultiLineString {
  return { ...lines, coordinates: lines.coordinates.map(unwrap) };
}

/** The centre of gravity of a ring on the plane. */
function centre(ring: Position[]): Position {
  let [sum, x, y] = [0, 0, 0];
  for (let i = 0; i < ring.length; i += 1) {
    const [x1 = 0, y1 = 0] = ring[i] ?? [];
    const [x2 = 0, y2 = 0] = ring[(i + 1) % ring.length] ?? [];
    const cross = x1 * y2 - x2 * y1;
    sum += cross;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  }
  return sum === 0 ? (ring[0] ?? [0, 0]) : [x / (3 * sum), y / (3 * sum)];
}

function graticule(step: number): MultiLineString {
  const lines: Position[][] = [];
  for (let x = -180; x <= 180; x += step) lines.push([[x, -85], [x, 85]]);
  for (let y = -80; y <= 80; y += step) lines.push([[-180, y], [180, y]]);
  return { type: "MultiLineString", coordinates: lines };
}
