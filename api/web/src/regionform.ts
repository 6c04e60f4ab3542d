// The form that adds a region: drawn, from a file dropped or chosen, or by its bounds.

import { Problem, inWords, isAbort, part, type Api } from "./api";
import { announce, button, field, h } from "./dom";
import { EstimatePart } from "./estimate";
import { areaKm2, parseBox, rectangle } from "./geometry";
import type { Area, Imported, Kind, Limits, Region } from "./types";
import { capital, counted, kindWords, number, squareKilometres, whereWords } from "./words";
import type { FeatureCollection } from "geojson";

const USUAL: Kind = "ground_change";

interface Around {
  api: Api;
  limits: () => Limits | null;
  draw: (finished: (area: Area | null) => void) => boolean;
  showDraft: (area: Area | FeatureCollection | null) => void;
  zoomToDraft: (area: Area | FeatureCollection) => void;
  added: (region: Region) => void;
  /** What of a file was left out, or looks wrong: it stays in sight until it is closed. */
  told: (words: string[]) => void;
  cancelled: () => void;
}

/** What was chosen, and how the form puts it. */
type Chosen =
  | { how: "drawn" | "bounds"; area: Area; words: string }
  | { how: "file"; file: File; shown: FeatureCollection | null; words: string }
  | null;

/** The largest file whose outlines are drawn before it is sent; the server takes larger ones. */
const MOST_DRAWN = 10_000_000;

export class RegionForm {
  readonly element: HTMLFormElement;
  private readonly drawButton: HTMLButtonElement;
  private readonly upload = h("input", {
    type: "file",
    accept: ".geojson,.json,.kml,.kmz,.gpkg,.fgb,.zip,.csv,.txt",
    "data-testid": "upload-input",
  });
  private readonly bounds = h("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "west,south,east,north",
    "data-testid": "bbox-input",
  });
  private readonly accept = h("input", { type: "checkbox", "data-testid": "accept-valid" });
  private readonly mend = h("input", { type: "checkbox", "data-testid": "mend" });
  private readonly radius = h("input", { type: "number", min: 10, max: 20000, step: "any" });
  private readonly ofFile = h(
    "div",
    { hidden: true, "data-testid": "of-file" },
    field("Take what is sound though other parts of the file are not", this.accept),
    field("Take an outline that crosses itself for the areas it goes round", this.mend),
    field("Radius of points that say none, in metres", this.radius),
  );
  private readonly name = h("input", { type: "text", name: "name", required: true, autocomplete: "off" });
  private readonly purpose = h("textarea", { name: "purpose", required: true, rows: 2 });
  private readonly owner = h("input", { type: "text", name: "owner", required: true, autocomplete: "off" });
  private readonly expires = h("input", { type: "date", name: "expires" });
  private readonly kind = h("select", { name: "kind", "data-testid": "region-kind" });
  private readonly chosenWords = h("p", { class: "chosen", role: "status" });
  private readonly problems = h("div", { class: "problems", role: "alert", "data-testid": "form-problems" });
  private readonly submit = h(
    "button",
    { type: "submit", class: "primary", "data-testid": "region-submit" },
    "Add region",
  );
  private readonly estimate: EstimatePart;
  private chosen: Chosen = null;
  private sending: AbortController | null = null;

  constructor(private readonly around: Around) {
    this.estimate = new EstimatePart(around.api);
    this.drawButton = button("Draw on the map", () => this.draw(), { "data-testid": "draw-button" });
    const clear = button("Clear area", () => {
      this.upload.value = "";
      this.bounds.value = "";
      this.choose(null);
    });
    this.element = h(
      "form",
      { class: "region-form", novalidate: true, "data-testid": "region-form", "aria-label": "Add a region" },
      h(
        "fieldset",
        {},
        h("legend", {}, "Area, in one of three ways"),
        h("div", { class: "row" }, this.drawButton, clear),
        field("File, chosen or dropped here", this.upload, "GeoJSON, KML, KMZ, GeoPackage, zipped shapefile or CSV"),
        this.ofFile,
        field("Bounds in degrees", this.bounds, "west,south,east,north, such as 25.10,45.20,25.14,45.23"),
        this.chosenWords,
      ),
      field("Looks for", this.kind),
      this.estimate.element,
      field("Name", this.name),
      field("Purpose", this.purpose, "Why it is watched."),
      field("Owner", this.owner, "Who answers for it."),
      field("Expires (optional)", this.expires, "The last day it is to be watched."),
      this.problems,
      h(
        "div",
        { class: "row end" },
        button("Cancel", () => this.cancel()),
        this.submit,
      ),
    );
    this.upload.addEventListener("change", () => void this.read());
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer?.files.length) return;
      this.upload.files = event.dataTransfer.files;
      void this.read();
    });
    this.bounds.addEventListener("change", () => this.typed());
    this.kind.addEventListener("change", () => this.reckon());
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    this.choose(null);
  }

  open(owner: string): void {
    if (!this.owner.value) this.owner.value = owner;
    this.offer();
    this.drawButton.focus();
  }

  /** Offer what this server has a detector for. */
  private offer(): void {
    const kinds = this.around.limits()?.kinds ?? [USUAL];
    const chosen = this.kind.value || USUAL;
    this.kind.replaceChildren(
      ...kinds.map((kind) => h("option", { value: kind, selected: kind === chosen }, capital(kindWords(kind)))),
    );
  }

  private cancel(): void {
    this.sending?.abort();
    this.around.showDraft(null);
    this.around.cancelled();
  }

  private choose(chosen: Chosen): void {
    this.chosen = chosen;
    this.ofFile.hidden = chosen?.how !== "file";
    this.chosenWords.textContent = chosen ? chosen.words : "No area chosen yet.";
    if (!chosen) this.around.showDraft(null);
    else if (chosen.how === "file") {
      this.around.showDraft(chosen.shown);
      if (chosen.shown) this.around.zoomToDraft(chosen.shown);
    } else this.around.showDraft(chosen.area);
    this.reckon();
  }

  /** Tell what the chosen area would take; a file is reckoned by the server once it is added. */
  private reckon(): void {
    const chosen = this.chosen;
    const most = this.around.limits()?.max_region_km2 ?? Infinity;
    if (!chosen || chosen.how === "file" || areaKm2(chosen.area) > most) this.estimate.clear();
    else void this.estimate.show(chosen.area, (this.kind.value as Kind) || USUAL);
  }

  private draw(): void {
    const started = this.around.draw((area) => {
      this.drawButton.focus();
      if (!area) {
        announce("Drawing cancelled");
        return;
      }
      const corners = (area.type === "Polygon" ? (area.coordinates[0]?.length ?? 1) : 1) - 1;
      this.bounds.value = "";
      this.upload.value = "";
      this.choose({ how: "drawn", area, words: `Drawn: ${counted(corners, "corner")}, ${this.size(area)}` });
    });
    if (!started) this.say(["The map is not there to draw on. Type the bounds or choose a file."]);
  }

  private size(area: Area): string {
    const km2 = areaKm2(area);
    const most = this.around.limits()?.max_region_km2;
    const words = `about ${squareKilometres(km2)}.`;
    return most && km2 > most ? `${words} This server takes ${number(most)} km² at most.` : words;
  }

  /** Take the bounds over, and return whether they are right. */
  private typed(): boolean {
    this.problems.replaceChildren();
    const text = this.bounds.value.trim();
    const box = text ? parseBox(text) : "";
    if (typeof box === "string") {
      if (this.chosen?.how === "bounds") this.choose(null);
      if (box) this.say([box]);
      return false;
    }
    const area = rectangle(box);
    this.upload.value = "";
    this.choose({ how: "bounds", area, words: `Bounds: ${this.size(area)}` });
    this.around.zoomToDraft(area);
    return true;
  }

  private async read(): Promise<void> {
    this.problems.replaceChildren();
    const file = this.upload.files?.[0];
    if (!file) {
      if (this.chosen?.how === "file") this.choose(null);
      return;
    }
    this.bounds.value = "";
    const shown = file.size <= MOST_DRAWN ? drawable(await file.text()) : null;
    const words = shown ? `File: ${counted(shown.features.length, "feature")}.` : `File: ${file.name}.`;
    this.choose({ how: "file", file, shown, words });
  }

  private async send(): Promise<void> {
    // Bounds typed and not left count too.
    if (this.bounds.value.trim() && this.chosen?.how !== "bounds" && !this.typed()) return;
    const missing: string[] = [];
    if (!this.chosen) missing.push("Choose an area: draw it, give a file or type its bounds.");
    if (!this.name.value.trim()) missing.push("Give the region a name.");
    if (!this.purpose.value.trim()) missing.push("Say why it is watched.");
    if (!this.owner.value.trim()) missing.push("Say who answers for it.");
    if (missing.length || !this.chosen) {
      this.say(missing);
      return;
    }
    this.sending?.abort();
    const sending = new AbortController();
    this.sending = sending;
    this.submit.disabled = true;
    this.problems.replaceChildren();
    try {
      const region = await this.stored(this.chosen, sending.signal);
      this.element.reset();
      this.choose(null);
      this.around.added(region);
    } catch (error) {
      if (!isAbort(error)) this.failed(error);
    } finally {
      this.submit.disabled = false;
    }
  }

  private async stored(chosen: Exclude<Chosen, null>, signal: AbortSignal): Promise<Region> {
    const { api } = this.around;
    if (chosen.how !== "file") {
      const body = { type: "Feature", properties: this.said(), geometry: chosen.area };
      return api.json<Region>("/regions", { method: "POST", body, signal });
    }
    const body = new FormData();
    for (const [name, value] of Object.entries(this.said())) body.append(name, value);
    if (this.accept.checked) body.append("accept", "valid");
    if (this.mend.checked) body.append("mend", "true");
    if (this.radius.value) body.append("radius_m", this.radius.value);
    body.append("file", chosen.file);
    const { taken, faults, checks } = await api.json<Imported>("/imports/regions", { method: "POST", body, signal });
    const one = taken[0];
    if (!one) throw new Error("Nothing of the file was taken.");
    this.around.told([
      ...faults.map(({ where, problem }) => `Not taken: ${where} ${problem}.`),
      ...checks.map(({ where, problem }) => `Check: ${where} ${problem}.`),
    ]);
    const region = await api.json<Region>(`/regions/${part(one.id)}`, { signal });
    return { ...region, properties: { ...region.properties, repairs: one.repairs } };
  }

  /** What the form says of the watch. */
  private said(): Record<string, string> {
    return {
      name: this.name.value.trim(),
      purpose: this.purpose.value.trim(),
      owner: this.owner.value.trim(),
      kind: this.kind.value || USUAL,
      ...(this.expires.value ? { expires: `${this.expires.value}T23:59:59Z` } : {}),
    };
  }

  private failed(error: unknown): void {
    const faults = error instanceof Problem ? error.faults : [];
    const words = faults.map(({ where, problem }) => {
      const place = whereWords(where);
      return place ? `${place}: ${problem}` : problem;
    });
    this.say([inWords(error), ...words.filter((word) => word !== inWords(error))]);
  }

  private say([first, ...others]: string[]): void {
    this.problems.replaceChildren(
      h("p", {}, first ?? ""),
      others.length > 0 ? h("ul", {}, ...others.map((other) => h("li", {}, other))) : "",
    );
    this.problems.scrollIntoView({ block: "nearest" });
  }
}

/** What of a file can be drawn; all of it is read by the server, which says what is wrong. */
function drawable(text: string): FeatureCollection | null {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document !== "object" || document === null || !("type" in document)) return null;
    const features = "features" in document && Array.isArray(document.features) ? document.features : null;
    if (features) return document as unknown as FeatureCollection;
    const geometry = document.type === "Feature" && "geometry" in document ? document.geometry : document;
    const feature = { type: "Feature", properties: {}, geometry };
    return { type: "FeatureCollection", features: [feature] } as unknown as FeatureCollection;
  } catch {
    return null;
  }
}
