// One event that was taken to be verified: where and when, and the pictures, and no opinion.

import type { Api } from "./api";
import { h } from "./dom";
import { modeBanner } from "./mode";
import { Swipe } from "./swipe";
import type { Claimed, Pair } from "./types";
import { capital, hectares, interval, kindWords } from "./words";

const STEP = 10;

const ROUNDS = {
  first: "",
  third: "Those who looked did not see the same: look as if nobody had.",
  audit: "You look again at what was settled: look as if nobody had.",
};

export class Slot {
  readonly element: HTMLElement;
  readonly title: string;
  private readonly swipe: Swipe | null;

  constructor(
    api: Api,
    readonly claimed: Claimed,
    refused: () => void,
  ) {
    const { kind, mode, settlement_name: place, last_unharmed: unharmed, first_changed: changed } = claimed;
    this.title = `${capital(kindWords(kind))}${place ? `, ${place}` : ""}: ${interval(unharmed, changed)}`;
    const pair: Pair = claimed.shown;
    const event = { geometry: claimed.geometry, properties: { mode } };
    this.swipe = pair.before && pair.after ? new Swipe(api, pair, event, refused) : null;
    this.element = h(
      "article",
      { class: "verify-slot ahead", "data-testid": "verify-slot", "data-event": claimed.event, inert: true },
      ...[modeBanner(mode)].filter((one) => one !== null),
      h("h3", { "data-testid": "verify-title" }, this.title),
      h("p", { class: "quiet" }, `${hectares(claimed.area_ha)}. ${ROUNDS[claimed.round]}`),
      this.swipe?.element ?? h("p", {}, "No picture before the change is in the archive. What is said of it rests on the one after alone; bad imagery asks for others."),
    );
  }

  /** Whether its pictures are there to be looked at; what has none is judged without. */
  get isDrawn(): boolean {
    return this.swipe === null || this.swipe.element.dataset["drawn"] === "true";
  }

  /** Load the pictures, out of sight. */
  mount(): void {
    this.swipe?.mount();
  }

  front(): void {
    this.element.classList.remove("ahead");
    this.element.inert = false;
  }

  /** What a key does to the pictures; whether it does anything. */
  pressed(key: string): boolean {
    const line = this.element.querySelector<HTMLInputElement>("[data-testid=swipe-range]");
    const styles = this.element.querySelector<HTMLSelectElement>("[data-testid=swipe-style]");
    if (!line || !styles) return false;
    const at = Number(line.value);
    if (key === " ") move(line, at > 50 ? 0 : 100);
    else if (key === "ArrowLeft") move(line, at - STEP);
    else if (key === "ArrowRight") move(line, at + STEP);
    else if (key === "p" && styles.options.length > 0) {
      styles.selectedIndex = (styles.selectedIndex + 1) % styles.options.length;
      styles.dispatchEvent(new Event("change"));
    } else return false;
    return true;
  }

  remove(): void {
    this.swipe?.remove();
    this.element.remove();
  }
}

function move(line: HTMLInputElement, to: number): void {
  line.value = String(Math.min(100, Math.max(0, to)));
  line.dispatchEvent(new Event("input"));
}
