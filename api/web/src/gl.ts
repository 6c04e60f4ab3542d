// MapLibre, with its worker from this server and the key on every request.

import * as maplibre from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import "maplibre-gl/dist/maplibre-gl.css";
import { fieldsOf, type Api } from "./api";
import { tilesFrom } from "./home";
import type { TileJson } from "./types";

maplibre.setWorkerUrl(workerUrl);

export { maplibre };

export const CREDIT = "Natural Earth; contains modified Copernicus Sentinel data";

/** Send the key to this server and to nobody else. */
export function withKey(api: Api): maplibre.RequestTransformFunction {
  return (url) => {
    const { way } = api;
    const here = new URL(url, location.href).origin === location.origin;
    return way && here ? { url, headers: fieldsOf(way, false) } : { url };
  };
}

/** The status of a request that MapLibre reports as failed, or null. */
export function statusOf(error: unknown): number | null {
  if (typeof error === "object" && error !== null && "status" in error)
    return typeof error.status === "number" ? error.status : null;
  return null;
}

/** A raster source for tiles of one look. */
export function rasterSource(tilejson: TileJson): maplibre.RasterSourceSpecification {
  return {
    type: "raster",
    tiles: tilejson.tiles.map((one) => tilesFrom(one)),
    tileSize: tilejson.tileSize ?? 256,
    minzoom: tilejson.minzoom ?? 0,
    maxzoom: tilejson.maxzoom ?? 22,
    ...(tilejson.bounds ? { bounds: tilejson.bounds } : {}),
  };
}
