// The form that adds a region: drawn, from a GeoJSON file, or by its bounds.

import { Problem, inWords, isAbort, type Api } from "./api";
import { announce, button, field, h } from "./dom";
import { areaKm2, parseBox, rectangle } from "./geometry";
import type { Area, Kind, Limits, Region } from "./types";
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
  cancelled: () => void;
}

/** What was chosen, and how the form puts it. */
type Chosen =
  | { how: "drawn" | "bounds"; area: Area; words: string }
  | { how: "file"; document: FileDocument; words: string }
  | null;

/** GeoJSON as a person's file has it. What is wrong with it is for the server to say. */
interface FileDocument {
  type: string;
  features?: unknown;
  [member: string]: unknown;
}

export class RegionForm {
  readonly element: HTMLFormElement;
  private readonly drawButton: HTMLButtonElement;
  private readonly upload = h("input", {
    type: "file",
    accept: ".geojson,.json,application/geo+json,application/json",
    "data-testid": "upload-input",
  });
  private readonly bounds = h("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "west,south,east,north",
    "data-testid": "bbox-input",
  });
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
  private chosen: Chosen = null;
  private sending: AbortController | null = null;

  constructor(private readonly around: Around) {
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
        field("GeoJSON file", this.upload),
        field("Bounds in degrees", this.bounds, "west,south,east,north, such as 25.10,45.20,25.14,45.23"),
        this.chosenWords,
      ),
      field("Looks for", this.kind),
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
    this.bounds.addEventListener("change", () => this.typed());
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
    this.chosenWords.textContent = chosen ? chosen.words : "No area chosen yet.";
    if (!chosen) this.around.showDraft(null);
    else if (chosen.how === "file") {
      const { document } = chosen;
      const shown = document as unknown as FeatureCollection;
      this.around.showDraft(shown);
      this.around.zoomToDraft(shown);
    } else this.around.showDraft(chosen.area);
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
    const most = this.around.limits()?.max_body_bytes;
    if (most && file.size > most) {
      this.choose(null);
      this.say([`The file has ${number(file.size)} bytes; this server takes ${number(most)} at most.`]);
      return;
    }
    try {
      const document: unknown = JSON.parse(await file.text());
      if (typeof document !== "object" || document === null || !("type" in document))
        throw new SyntaxError("no type");
      const features = "features" in document && Array.isArray(document.features) ? document.features : null;
      const words = features ? `File: ${counted(features.length, "feature")}.` : `File: one ${String(document.type)}.`;
      this.bounds.value = "";
      this.choose({ how: "file", document: document as FileDocument, words });
    } catch {
      this.choose(null);
      this.say(["The file cannot be read as GeoJSON. Export it again as GeoJSON."]);
    }
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
      const region = await this.around.api.json<Region>("/regions", {
        method: "POST",
        body: this.body(this.chosen),
        signal: sending.signal,
      });
      this.element.reset();
      this.choose(null);
      this.around.added(region);
    } catch (error) {
      if (!isAbort(error)) this.failed(error);
    } finally {
      this.submit.disabled = false;
    }
  }

  /** The properties of the form go with the area; those in a file stay here. */
  private body(chosen: Exclude<Chosen, null>): unknown {
    const properties = {
      name: this.name.value.trim(),
      purpose: this.purpose.value.trim(),
      owner: this.owner.value.trim(),
      kind: this.kind.value || USUAL,
      ...(this.expires.value ? { expires: `${this.expires.value}T23:59:59Z` } : {}),
    };
    const feature = (geometry: unknown): unknown => ({ type: "Feature", properties, geometry });
    if (chosen.how !== "file") return feature(chosen.area);
    const { document } = chosen;
    const crs = "crs" in document ? { crs: document["crs"] } : {};
    if (document.type === "FeatureCollection" && Array.isArray(document.features)) {
      const features = document.features.map((one: unknown) =>
        typeof one === "object" && one !== null && "geometry" in one ? feature(one.geometry) : one,
      );
      return { type: "FeatureCollection", ...crs, properties, features };
    }
    const geometry = document.type === "Feature" ? document["geometry"] : document;
    return { ...crs, type: "Feature", properties, geometry };
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
