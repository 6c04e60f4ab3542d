// An area that is drawn on the map or pasted as GeoJSON.

import { announce, button, field, h } from "./dom";
import { areaKm2, readArea } from "./geometry";
import type { Area } from "./types";
import { squareKilometres } from "./words";

/** Starts drawing on the map, and tells what came of it; false where there is no map. */
export type Draw = (finished: (area: Area | null) => void) => boolean;

export class AreaField {
  readonly element: HTMLElement;
  private readonly pasted = h("textarea", { rows: 3, spellcheck: "false", autocomplete: "off", placeholder: '{"type": "Polygon", "coordinates": …}', "data-testid": "area-pasted" });
  private readonly words = h("p", { class: "chosen", role: "status", "data-testid": "area-words" });
  private readonly drawButton: HTMLButtonElement;
  private area: Area | null = null;

  constructor(private readonly draw: Draw) {
    this.drawButton = button("Draw on the map", () => this.start(), { "data-testid": "area-draw" });
    this.element = h(
      "fieldset",
      { class: "choice" },
      h("legend", {}, "Within an area (optional)"),
      h("div", { class: "row" }, this.drawButton, button("Clear area", () => this.clear(), { "data-testid": "area-clear" })),
      field("Or paste it as GeoJSON", this.pasted, "A part of the event must lie in it."),
      this.words,
    );
    this.pasted.addEventListener("change", () => this.read());
    this.tell();
  }

  set(area: Area | null): void {
    this.area = area;
    this.pasted.value = "";
    this.tell();
  }

  /** The area as it is now, null for everywhere, or in words what is wrong with it. */
  get value(): Area | null | string {
    // What was pasted and not left counts too.
    return this.pasted.value.trim() ? readArea(this.pasted.value) : this.area;
  }

  private clear(): void {
    this.set(null);
    this.drawButton.focus();
  }

  private read(): void {
    const found = this.pasted.value.trim() ? this.value : null;
    if (typeof found === "string") this.words.textContent = found;
    else {
      this.area = found;
      this.tell();
    }
  }

  private start(): void {
    const started = this.draw((area) => {
      this.drawButton.focus();
      if (area) this.set(area);
      else announce("Drawing cancelled");
    });
    if (!started) this.words.textContent = "The map is not there to draw on. Paste the area as GeoJSON.";
  }

  private tell(): void {
    this.words.textContent = this.area ? `An area of about ${squareKilometres(areaKm2(this.area))}.` : "Everywhere.";
  }
}
