// Drawing a polygon on the map: click points, then Enter or a double click.

import type { GeoJSONSource, Map as GlMap, MapMouseEvent } from "maplibre-gl";
import type { Feature, Polygon, Position } from "geojson";
import { announce, button, h } from "./dom";
import { ringKm2 } from "./geometry";
import { counted, squareKilometres } from "./words";

type Finished = (polygon: Polygon | null) => void;

export class Drawing {
  readonly bar = h("div", { class: "draw-bar", role: "group", "aria-label": "Drawing", hidden: true });
  private readonly words = h("span", { class: "draw-words" });
  private points: Position[] = [];
  private pointer: Position | null = null;
  private finished: Finished | null = null;

  constructor(private readonly map: GlMap) {
    this.bar.append(
      this.words,
      button("Undo point", () => this.back()),
      button("Finish", () => this.finish(), { class: "primary", "data-testid": "draw-finish" }),
      button("Cancel", () => this.stop(null)),
    );
    map.on("click", (event) => this.click(event));
    map.on("mousemove", (event) => {
      if (!this.active) return;
      this.pointer = event.lngLat.toArray();
      this.show();
    });
    map.on("dblclick", (event) => {
      if (!this.active) return;
      event.preventDefault();
      this.finish();
    });
    window.addEventListener("keydown", (event) => this.pressed(event), { capture: true });
  }

  get active(): boolean {
    return this.finished !== null;
  }

  start(finished: Finished): void {
    this.stop(null);
    this.finished = finished;
    this.points = [];
    this.pointer = null;
    this.bar.hidden = false;
    this.map.getCanvas().classList.add("drawing");
    this.map.getCanvas().focus();
    this.map.doubleClickZoom.disable();
    this.say();
    announce("Drawing. Click the corners on the map, then press Enter. Escape cancels.");
  }

  stop(polygon: Polygon | null): void {
    const { finished } = this;
    if (!finished) return;
    this.finished = null;
    this.points = [];
    this.bar.hidden = true;
    this.map.getCanvas().classList.remove("drawing");
    // Let the second click of a double click pass before it zooms again.
    window.setTimeout(() => this.map.doubleClickZoom.enable(), 300);
    this.show();
    finished(polygon);
  }

  private click(event: MapMouseEvent): void {
    if (!this.active) return;
    const point = event.lngLat.wrap().toArray();
    const last = this.points.at(-1);
    if (last) {
      // The two clicks of a double click are one corner.
      const before = this.map.project([last[0] ?? 0, last[1] ?? 0]);
      if (before.dist(event.point) < 4) return;
    }
    this.points.push(point);
    this.say();
    this.show();
  }

  private pressed(event: KeyboardEvent): void {
    if (!this.active) return;
    const target = event.target;
    const typing =
      target instanceof HTMLInputElement ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement;
    if (typing) return;
    if (event.key === "Escape") this.stop(null);
    else if (event.key === "Backspace") this.back();
    else if (event.key === "Enter" && !(target instanceof HTMLButtonElement)) this.finish();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private back(): void {
    this.points.pop();
    this.say();
    this.show();
  }

  private finish(): void {
    if (this.points.length < 3) {
      this.words.textContent = "An area needs three corners or more.";
      announce(this.words.textContent);
      return;
    }
    this.stop({ type: "Polygon", coordinates: [closed(this.points)] });
  }

  private say(): void {
    const size = this.points.length > 2 ? `, about ${squareKilometres(ringKm2(this.points))}` : "";
    this.words.textContent = this.points.length
      ? `${counted(this.points.length, "corner")}${size}. Enter or a double click ends it.`
      : "Click the corners of the area.";
  }

  private show(): void {
    const source = this.map.getSource<GeoJSONSource>("draft-line");
    if (!source) return;
    const line = this.pointer && this.active ? [...this.points, this.pointer] : this.points;
    const features: Feature[] = this.points.map((point) => ({
      type: "Feature",
      properties: {},
      geometry: { type: "Point", coordinates: point },
    }));
    if (line.length > 1)
      features.push({
        type: "Feature",
        properties: {},
        geometry: { type: "LineString", coordinates: line.length > 2 ? closed(line) : line },
      });
    source.setData({ type: "FeatureCollection", features });
  }
}

/** A ring that ends where it began, wound as RFC 7946 has it. */
function closed(points: Position[]): Position[] {
  let sum = 0;
  points.forEach(([x1 = 0, y1 = 0], i) => {
    const [x2 = 0, y2 = 0] = points[(i + 1) % points.length] ?? [];
    sum += (x2 - x1) * (y2 + y1);
  });
  const ring = (sum > 0 ? points.toReversed() : points).map(([x = 0, y = 0]) => [
    Number(x.toFixed(7)),
    Number(y.toFixed(7)),
  ]);
  const [first] = ring;
  return first ? [...ring, [...first]] : ring;
}
