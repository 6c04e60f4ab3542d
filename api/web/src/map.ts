// The map: ground, regions, looks and events.

import type { ExpressionSpecification, FilterSpecification, GeoJSONSource, Map as GlMap, VectorTileSource } from "maplibre-gl";
import type { Feature, FeatureCollection } from "geojson";
import type { Api } from "./api";
import { groundColours, groundStyle, onScheme, palette, world } from "./basemap";
import { Drawing } from "./draw";
import { button, calm, h } from "./dom";
import type { Filter } from "./events";
import { boxOf, middle, type Box } from "./geometry";
import { CREDIT, maplibre, rasterSource, statusOf, withKey } from "./gl";
import { tilesFrom } from "./home";
import { iconName, modeIcons, stateColour, stateIcons, stateSymbol } from "./symbols";
import type { Area, Event, Regions, TileJson } from "./types";
import { STATES } from "./words";

/** What is not about the world says so on the map. */
const MARKED = ["!=", ["get", "mode"], "actual"] as unknown as ExpressionSpecification;
const NOTHING: FeatureCollection = { type: "FeatureCollection", features: [] };

type Events = {
  picked: (id: string) => void;
  moved: () => void;
  refused: () => void;
  failed: (words: string) => void;
};

const EVENT_TILES = (): string => tilesFrom("/tiles/events/{z}/{x}/{y}.mvt");

export class WorldMap {
  readonly element: HTMLElement;
  /** What is said over the map, one thing under the other. */
  readonly top = h("div", { class: "map-top" });
  drawing: Drawing | null = null;
  private readonly pictureWords = h("span", {});
  private readonly picture = h("div", { class: "picture", role: "status", hidden: true });
  private map: GlMap | null = null;
  private readonly loaded: Promise<void>;
  private filter: Filter | null = null;
  private listed: string[] = [];

  constructor(
    private readonly api: Api,
    private readonly on: Events,
  ) {
    const holder = h("div", { class: "map", "data-testid": "map" });
    this.element = h("div", { class: "map-frame" }, holder, legend(), this.top);
    this.top.append(this.picture);
    this.picture.append(this.pictureWords, button("Hide", () => void this.showLook(null)));
    this.loaded = new Promise((resolve) => {
      // The holder must be in the page, or the map has no size.
      queueMicrotask(() => {
        try {
          this.make(holder, resolve);
        } catch {
          holder.append(
            h("p", { class: "no-map" }, "This browser draws no maps (WebGL is missing). The lists work without."),
          );
          document.documentElement.dataset["ready"] = "no-map";
        }
      });
    });
  }

  private make(holder: HTMLElement, resolve: () => void): void {
    const map = new maplibre.Map({
      container: holder,
      style: groundStyle(),
      center: [20, 15],
      zoom: 1.4,
      maxZoom: 19,
      minZoom: 0.5,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      attributionControl: { compact: false, customAttribution: CREDIT },
      transformRequest: withKey(this.api),
      fadeDuration: calm() ? 0 : 150,
      locale: { "Map.Title": "Map of regions and events" },
    });
    this.map = map;
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new maplibre.ScaleControl({ maxWidth: 110 }), "bottom-right");
    map.on("error", ({ error }) => {
      const status = statusOf(error);
      if (status === 401) this.on.refused();
      else if (status !== null && status !== 404) this.on.failed(`The server answered ${status}.`);
    });
    map.on("load", () => {
      this.layers(map);
      this.drawing = new Drawing(map);
      this.top.append(this.drawing.bar);
      resolve();
    });
    // Where the page itself went, the list of what is in view stays as it is.
    let resized = false;
    map.on("resize", () => {
      resized = true;
      // Its own moveend, if there is one, comes at once.
      window.setTimeout(() => {
        resized = false;
      });
    });
    map.on("moveend", (event) => {
      if (!resized && !("own" in event)) this.on.moved();
    });
    onScheme(() => this.recolour());
    void world().then(
      async (ground) => {
        await this.loaded;
        for (const [name, data] of Object.entries(ground))
          map.getSource<GeoJSONSource>(name)?.setData(data);
      },
      () => this.on.failed("The map of the world could not be loaded."),
    );
  }

  private layers(map: GlMap): void {
    for (const [name, icon] of [...stateIcons(), ...modeIcons()]) map.addImage(name, icon, { pixelRatio: 2 });
    const colours = palette();
    for (const name of ["regions", "corners", "listed", "selected", "draft", "draft-line"])
      map.addSource(name, { type: "geojson", data: NOTHING });
    map.addSource("events", {
      type: "vector",
      // None before there is a key: whoever has none is not asked for it twice.
      tiles: this.api.way ? [EVENT_TILES()] : [],
      maxzoom: 14,
    });
    map.addLayer({
      id: "region-fill",
      type: "fill",
      source: "regions",
      paint: { "fill-color": colours.region, "fill-opacity": 0.06 },
    });
    map.addLayer({
      id: "region-line",
      type: "line",
      source: "regions",
      paint: { "line-color": colours.region, "line-width": 1.4 },
    });
    map.addLayer({
      id: "region-selected",
      type: "line",
      source: "regions",
      filter: ["==", ["get", "id"], ""],
      paint: { "line-color": colours.region, "line-width": 3.5 },
    });
    const colourByState = [
      "match",
      ["get", "state"],
      ...STATES.flatMap((state) => [state, stateColour(state)]),
      "#59626c",
    ] as unknown as ExpressionSpecification;
    for (const [source, layer] of [
      ["events", { "source-layer": "events" }],
      ["listed", {}],
    ] as const) {
      map.addLayer({
        id: `${source}-ground`,
        type: "line",
        source,
        ...layer,
        minzoom: 11,
        filter: ["!=", ["geometry-type"], "Point"],
        paint: { "line-color": colourByState, "line-width": 1.5 },
      });
      map.addLayer({
        id: `${source}-symbol`,
        type: "symbol",
        source,
        ...layer,
        layout: {
          "icon-image": ["coalesce", ["image", ["concat", "state-", ["get", "state"]]], ["image", iconName("candidate")]],
          "icon-size": ["interpolate", ["linear"], ["zoom"], 2, 0.7, 10, 1],
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
        },
      });
    }
    map.setFilter("listed-symbol", ["==", ["geometry-type"], "Point"]);
    for (const [source, layer] of [
      ["corners", {}],
      ["events", { "source-layer": "events" }],
      ["listed", {}],
    ] as const)
      map.addLayer({
        id: `${source}-mode`,
        type: "symbol",
        source,
        ...layer,
        filter: MARKED,
        layout: {
          "icon-image": ["concat", "mode-", ["get", "mode"]],
          "icon-anchor": source === "corners" ? "bottom-left" : "top",
          "icon-offset": source === "corners" ? [0, 0] : [0, 12],
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
        },
      });
    map.setFilter("listed-mode", ["all", ["==", ["geometry-type"], "Point"], MARKED]);
    map.addLayer({
      id: "selected-halo",
      type: "line",
      source: "selected",
      paint: { "line-color": "#ffffff", "line-width": 5, "line-opacity": 0.8 },
    });
    map.addLayer({
      id: "selected-line",
      type: "line",
      source: "selected",
      paint: { "line-color": "#0b4f8a", "line-width": 2.5 },
    });
    map.addLayer({
      id: "selected-ring",
      type: "circle",
      source: "selected",
      maxzoom: 13,
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": 14,
        "circle-opacity": 0,
        "circle-stroke-width": 2.5,
        "circle-stroke-color": "#0b4f8a",
      },
    });
    for (const source of ["draft", "draft-line"]) {
      map.addLayer({
        id: `${source}-edge`,
        type: "line",
        source,
        paint: { "line-color": "#8a2be2", "line-width": 2, "line-dasharray": [2, 1.5] },
      });
      map.addLayer({
        id: `${source}-corner`,
        type: "circle",
        source,
        filter: ["==", ["geometry-type"], "Point"],
        paint: {
          "circle-radius": 4.5,
          "circle-color": "#ffffff",
          "circle-stroke-color": "#8a2be2",
          "circle-stroke-width": 2,
        },
      });
    }
    for (const layer of ["events-symbol", "listed-symbol"]) {
      map.on("click", layer, (event) => {
        const id: unknown = event.features?.[0]?.properties["id"];
        if (!this.drawing?.active && typeof id === "string") this.on.picked(id);
      });
      map.on("mouseenter", layer, () => map.getCanvas().classList.add("pointing"));
      map.on("mouseleave", layer, () => map.getCanvas().classList.remove("pointing"));
    }
    this.refilter();
  }

  private recolour(): void {
    const { map } = this;
    if (!map?.getLayer("region-line")) return;
    for (const [layer, property, colour] of groundColours())
      map.setPaintProperty(layer, property as "fill-color", colour);
    const { region } = palette();
    map.setPaintProperty("region-fill", "fill-color", region);
    map.setPaintProperty("region-line", "line-color", region);
    map.setPaintProperty("region-selected", "line-color", region);
  }

  private async source(name: string): Promise<GeoJSONSource | undefined> {
    await this.loaded;
    return this.map?.getSource<GeoJSONSource>(name);
  }

  async showRegions(regions: Regions): Promise<void> {
    (await this.source("regions"))?.setData(regions);
    // On the frame: in the middle the word would stand over places of other regions.
    const features = regions.features.flatMap(({ geometry, properties }): Feature[] => {
      const [west, , , north] = boxOf(geometry) ?? [];
      if (west === undefined || north === undefined) return [];
      const corner: Feature["geometry"] = { type: "Point", coordinates: [west, north] };
      return [{ type: "Feature", properties: { mode: properties.mode }, geometry: corner }];
    });
    (await this.source("corners"))?.setData({ type: "FeatureCollection", features });
  }

  /** Show the events of the list; the tiles show all others that pass the same filter. */
  async showEvents(events: readonly Event[], filter: Filter): Promise<void> {
    const features: Feature[] = events.flatMap((event) => {
      if (!event.geometry) return [];
      const { id, state, mode } = event.properties;
      const properties = { id, state, mode };
      const point: Feature = {
        type: "Feature",
        properties,
        geometry: { type: "Point", coordinates: middle(event.geometry) },
      };
      return event.geometry.type === "Point"
        ? [point]
        : [point, { type: "Feature", properties, geometry: event.geometry }];
    });
    (await this.source("listed"))?.setData({ type: "FeatureCollection", features });
    this.filter = filter;
    this.listed = events.map((event) => event.properties.id);
    this.refilter();
  }

  private refilter(): void {
    const { map, filter } = this;
    if (!map?.getLayer("events-symbol")) return;
    const rules: FilterSpecification[] = [
      ["!", ["in", ["get", "id"], ["literal", this.listed]]],
    ];
    if (filter?.kind) rules.push(["==", ["get", "kind"], filter.kind]);
    if (filter?.states.length) rules.push(["in", ["get", "state"], ["literal", filter.states]]);
    if (filter?.since) rules.push([">=", ["to-string", ["get", "first_changed"]], filter.since]);
    if (filter?.until)
      rules.push(["<=", ["to-string", ["get", "first_changed"]], `${filter.until}T23:59:59Z`]);
    const all = ["all", ...rules] as FilterSpecification;
    map.setFilter("events-symbol", all);
    map.setFilter("events-mode", ["all", MARKED, ...rules] as FilterSpecification);
    map.setFilter("events-ground", ["all", ["!=", ["geometry-type"], "Point"], ...rules] as FilterSpecification);
  }

  /** Ask for all tiles again: the key or the events have changed. */
  async refresh(): Promise<void> {
    await this.loaded;
    const source = this.map?.getSource<VectorTileSource>("events");
    source?.setTiles([EVENT_TILES()]);
  }

  async selectEvent(event: Event | null): Promise<void> {
    const source = await this.source("selected");
    if (!event?.geometry) {
      source?.setData(NOTHING);
      return;
    }
    const { geometry } = event;
    source?.setData({
      type: "FeatureCollection",
      features: [
        { type: "Feature", properties: {}, geometry },
        {
          type: "Feature",
          properties: {},
          geometry: { type: "Point", coordinates: middle(geometry) },
        },
      ],
    });
    this.zoomTo(boxOf(geometry), 15);
  }

  async selectRegion(id: string | null, zoom: Area | null): Promise<void> {
    await this.loaded;
    this.map?.setFilter("region-selected", ["==", ["get", "id"], id ?? ""]);
    if (zoom) this.zoomTo(boxOf(zoom), 15);
  }

  zoomTo(box: Box | null, maxZoom = 13): void {
    if (box) this.map?.fitBounds(box, { padding: 50, maxZoom, animate: !calm(), duration: 600 }, { own: true });
  }

  async zoomToAll(regions: Regions): Promise<void> {
    await this.loaded;
    const box = boxOf(...regions.features.map((region) => region.geometry));
    if (box) this.map?.fitBounds(box, { padding: 50, maxZoom: 13, animate: false }, { own: true });
  }

  /** What can be seen, as the server takes it, or null where that is the whole world. */
  get view(): Box | null {
    const bounds = this.map?.getBounds();
    if (!bounds) return null;
    const [west, south, east, north] = bounds.toArray().flat() as Box;
    if (east - west >= 360) return null;
    const wrap = (x: number): number => ((((x + 180) % 360) + 360) % 360) - 180;
    const round = (x: number): number => Number(x.toFixed(5));
    return [round(wrap(west)), round(Math.max(south, -90)), round(wrap(east)), round(Math.min(north, 90))];
  }

  /** Show an area that is not saved yet. */
  async showDraft(area: Area | FeatureCollection | null): Promise<void> {
    (await this.source("draft"))?.setData(area ?? NOTHING);
  }

  /** Lay the picture of a look under the outlines, or take it off. */
  async showLook(look: { tiles: TileJson; words: string } | null): Promise<void> {
    await this.loaded;
    const { map } = this;
    if (!map) return;
    this.picture.hidden = look === null;
    this.pictureWords.textContent = look?.words ?? "";
    if (map.getLayer("look")) map.removeLayer("look");
    if (map.getSource("look")) map.removeSource("look");
    if (!look) return;
    map.addSource("look", rasterSource(look.tiles));
    map.addLayer(
      { id: "look", type: "raster", source: "look", paint: { "raster-resampling": "nearest", "raster-fade-duration": 0 } },
      "region-fill",
    );
  }

  /** Resolve once all that was given has been drawn. */
  async drawn(): Promise<void> {
    await this.loaded;
    const { map } = this;
    if (!map) return;
    await new Promise<void>((resolve) => {
      map.once("idle", () => resolve());
      map.triggerRepaint();
    });
  }

  resize(): void {
    this.map?.resize();
  }

  /** Bring the map into sight, for drawing on it. */
  reveal(): void {
    this.element.scrollIntoView({ block: "nearest" });
  }
}

function legend(): HTMLElement {
  const list = h("ul", {});
  for (const state of STATES) list.append(h("li", {}, stateSymbol(state), state));
  const wide = matchMedia("(min-width: 1081px)").matches;
  return h("details", { class: "legend", open: wide }, h("summary", {}, "Signs"), list);
}
