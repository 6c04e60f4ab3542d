// Before and after, one over the other, with a line between them that can be moved.

import type { Map as GlMap } from "maplibre-gl";
import { path, part, inWords, isAbort, type Api } from "./api";
import { button, field, h } from "./dom";
import { maplibre, rasterSource, statusOf, withKey } from "./gl";
import { modeBadge } from "./mode";
import type { Event, Mode, Pair, Style, TileJson } from "./types";
import { day, plainest, styleWords, twoDays } from "./words";

const STEP = 0.5;

export class Swipe {
  readonly element: HTMLElement;
  private readonly range = h("input", {
    type: "range",
    min: 0,
    max: 100,
    step: STEP,
    value: 50,
    "data-testid": "swipe-range",
  });
  private readonly beforeHolder = h("div", { class: "swipe-map" });
  private readonly afterHolder = h("div", { class: "swipe-map after" });
  private readonly handle = h("div", { class: "swipe-handle", "aria-hidden": "true" });
  private readonly beforeTag = h("span", { class: "swipe-tag left" });
  private readonly afterTag = h("span", { class: "swipe-tag right" });
  private readonly stage = h(
    "div",
    { class: "swipe-stage" },
    this.beforeHolder,
    this.afterHolder,
    this.handle,
    this.beforeTag,
    this.afterTag,
  );
  private readonly styles = h("select", { "data-testid": "swipe-style" });
  private readonly outline = h("input", { type: "checkbox", checked: true });
  private readonly caption = h("figcaption", {});
  private readonly problem = h("p", { class: "problem", role: "alert" });
  private maps: { before: GlMap; after: GlMap } | null = null;
  private styling: AbortController | null = null;
  private ready: Promise<void> = Promise.resolve();

  constructor(
    private readonly api: Api,
    private readonly pair: Pair,
    private readonly event: Pick<Event, "geometry"> & { properties: { mode: Mode } },
    private readonly refused: () => void,
  ) {
    this.styles.append(...pair.styles.map((style) => h("option", { value: style }, styleWords(style))));
    const { mode } = event.properties;
    this.stage.append(...[modeBadge(mode)].filter((one) => one !== null));
    this.element = h(
      "figure",
      { class: "swipe", "data-testid": "swipe" },
      h(
        "div",
        { class: "row spread" },
        field("Picture", this.styles),
        h("label", { class: "check" }, this.outline, "Outline"),
      ),
      this.stage,
      field("Before and after: move the line", this.range),
      this.caption,
      this.problem,
    );
    this.range.addEventListener("input", () => this.move(Number(this.range.value)));
    this.styles.addEventListener("change", () => void this.dress());
    this.outline.addEventListener("change", () => this.showOutline());
    this.handle.addEventListener("pointerdown", (event) => this.drag(event));
    this.move(50);
  }

  /** Make the maps, once the element is in the page. */
  mount(): void {
    try {
      const before = this.make(this.beforeHolder);
      const after = this.make(this.afterHolder);
      this.maps = { before, after };
      after.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
      before.addControl(new maplibre.ScaleControl({ maxWidth: 90 }), "bottom-left");
      let moving = false;
      const follow = (from: GlMap, to: GlMap): void => {
        from.on("move", () => {
          if (moving) return;
          moving = true;
          to.jumpTo({ center: from.getCenter(), zoom: from.getZoom() });
          moving = false;
        });
      };
      follow(before, after);
      follow(after, before);
      this.ready = Promise.all([before, after].map((map) => new Promise<void>((resolve) => {
        map.once("load", () => resolve());
      }))).then(() => this.showOutline());
      void this.dress();
    } catch {
      this.problem.textContent = "This browser draws no maps (WebGL is missing). Download the picture below.";
    }
  }

  private make(container: HTMLElement): GlMap {
    const [west, south, east, north] = this.pair.bounds;
    const map = new maplibre.Map({
      container,
      style: { version: 8, sources: {}, layers: [] },
      bounds: [west, south, east, north],
      fitBoundsOptions: { padding: 4 },
      maxZoom: 19,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      attributionControl: false,
      cooperativeGestures: true,
      transformRequest: withKey(this.api),
      fadeDuration: 0,
    });
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.on("error", ({ error }) => {
      const status = statusOf(error);
      if (status === 401) this.refused();
      else if (status !== null && status !== 404)
        this.problem.textContent = `Parts of the picture could not be drawn: the server answered ${status}.`;
    });
    return map;
  }

  /** Give both maps the tiles of the chosen style. */
  private async dress(): Promise<void> {
    this.styling?.abort();
    const styling = new AbortController();
    this.styling = styling;
    const { before, after } = this.pair;
    if (!before || !after || !this.maps) return;
    const style = (this.styles.value || plainest(this.pair.styles) || "true_colour") as Style;
    // What has changed is a picture of the two together; beside it stands what was there before.
    const compares = style === "change" || style === "dnbr";
    const left = compares ? (plainest(this.pair.styles) ?? style) : style;
    this.beforeTag.textContent = `Before: ${day(before.sensed)}`;
    this.afterTag.textContent =
      compares ? `Change by ${day(after.sensed)}` : `After: ${day(after.sensed)}`;
    this.range.setAttribute("aria-valuetext", this.valueWords());
    this.caption.textContent = `${styleWords(style)}; looks of ${twoDays(before.sensed, after.sensed)}. Nothing is drawn where nothing was observed. Contains modified Copernicus Sentinel data ${yearsOf(before.sensed, after.sensed)}.`;
    this.problem.textContent = "";
    try {
      const [one, two] = await Promise.all([
        this.api.json<TileJson>(tilejson(before.acquisition, left, null), { signal: styling.signal }),
        this.api.json<TileJson>(
          tilejson(after.acquisition, style, compares ? before.acquisition : null),
          { signal: styling.signal },
        ),
        this.ready,
      ]);
      if (styling.signal.aborted || !this.maps) return;
      lay(this.maps.before, one);
      lay(this.maps.after, two);
      const drawn = [this.maps.before, this.maps.after].map((map) => new Promise<void>((resolve) => {
        map.once("idle", () => resolve());
      }));
      void Promise.all(drawn).then(() => {
        this.element.dataset["drawn"] = "true";
      });
    } catch (error) {
      if (isAbort(error)) return;
      this.problem.replaceChildren(
        `The pictures could not be loaded. ${inWords(error)} `,
        button("Retry", () => void this.dress()),
      );
    }
  }

  private showOutline(): void {
    for (const map of this.maps ? [this.maps.before, this.maps.after] : []) {
      if (!map.getSource("outline")) {
        map.addSource("outline", {
          type: "geojson",
          data: { type: "Feature", properties: {}, geometry: this.event.geometry ?? { type: "Polygon", coordinates: [] } },
        } as maplibre.GeoJSONSourceSpecification);
        for (const [id, color, width] of [
          ["outline-halo", "#000000", 3.5],
          ["outline", "#ffffff", 1.6],
        ] as const)
          map.addLayer({ id, type: "line", source: "outline", paint: { "line-color": color, "line-width": width, "line-opacity": 0.85 } });
      }
      for (const id of ["outline-halo", "outline"])
        map.setLayoutProperty(id, "visibility", this.outline.checked ? "visible" : "none");
    }
  }

  private move(percent: number): void {
    const at = Math.min(100, Math.max(0, percent));
    this.stage.style.setProperty("--at", `${at}%`);
    this.range.setAttribute("aria-valuetext", this.valueWords());
    this.beforeTag.classList.toggle("faint", at < 8);
    this.afterTag.classList.toggle("faint", at > 92);
  }

  private valueWords(): string {
    const at = Math.round(Number(this.range.value));
    return `${at} % before, ${100 - at} % after`;
  }

  private drag(start: PointerEvent): void {
    start.preventDefault();
    this.handle.setPointerCapture(start.pointerId);
    const box = this.stage.getBoundingClientRect();
    const follow = (event: PointerEvent): void => {
      const percent = ((event.clientX - box.left) / box.width) * 100;
      this.range.value = String(percent);
      this.move(percent);
    };
    const stop = (): void => {
      this.handle.removeEventListener("pointermove", follow);
      this.handle.removeEventListener("pointerup", stop);
      this.handle.removeEventListener("pointercancel", stop);
    };
    this.handle.addEventListener("pointermove", follow);
    this.handle.addEventListener("pointerup", stop);
    this.handle.addEventListener("pointercancel", stop);
  }

  /** A new key is there: ask for the pictures again. */
  refresh(): void {
    void this.dress();
  }

  remove(): void {
    this.styling?.abort();
    this.maps?.before.remove();
    this.maps?.after.remove();
    this.maps = null;
  }
}

export function tilejson(acquisition: string, style: Style, before: string | null): string {
  return path(`/tiles/looks/${part(acquisition)}/${style}/tilejson.json`, { before });
}

function lay(map: GlMap, tiles: TileJson): void {
  if (map.getLayer("look")) map.removeLayer("look");
  if (map.getSource("look")) map.removeSource("look");
  map.addSource("look", rasterSource(tiles));
  const top = map.getLayer("outline-halo") ? "outline-halo" : undefined;
  map.addLayer(
    { id: "look", type: "raster", source: "look", paint: { "raster-resampling": "nearest", "raster-fade-duration": 0 } },
    top,
  );
}

function yearsOf(before: string, after: string): string {
  const [one, two] = [before.slice(0, 4), after.slice(0, 4)];
  return one === two ? one : `${one} and ${two}`;
}
