// The list of regions.

import type { Api } from "./api";
import { button, h } from "./dom";
import { imageryNotice } from "./imagery";
import type { Messages } from "./messages";
import { modeBadge } from "./mode";
import type { RegionForm } from "./regionform";
import type { Region, Regions } from "./types";
import { counted, day, jobEnded, kindWords, sightWords, squareKilometres } from "./words";

/** What becomes of a region while the page is open must not wait for somebody to load it anew. */
const EVERY = 300_000;

interface Around {
  api: Api;
  messages: Messages;
  pick: (id: string) => void;
  loaded: (regions: Regions) => void;
  ownerName: () => string;
}

export class RegionList {
  readonly element: HTMLElement;
  readonly heading = h("h2", { id: "regions-heading", tabindex: -1 }, "Regions");
  regions: Regions = { type: "FeatureCollection", features: [] };
  private readonly list = h("ul", { class: "items", "data-testid": "region-list" });
  private readonly count = h("span", { class: "count" });
  private readonly sight = h("p", { class: "sight", role: "status", "data-testid": "regions-sight" });
  private readonly changes = new EventTarget();
  private readonly empty = h("p", { class: "empty", hidden: true }, "No region is watched yet.");
  private readonly add: HTMLButtonElement;
  private readonly formHolder = h("div", { class: "form-holder", hidden: true });
  private loading: AbortController | null = null;
  private selected: string | null = null;

  constructor(
    private readonly around: Around,
    private readonly form: RegionForm,
  ) {
    this.add = button("Add a region", () => this.toggle(this.formHolder.hidden === true), {
      "aria-expanded": "false",
      "data-testid": "add-region",
    });
    this.formHolder.append(form.element);
    this.element = h(
      "section",
      { class: "regions", "aria-labelledby": this.heading.id },
      h("div", { class: "head" }, this.heading, this.count, h("span", { class: "spring" }), this.add),
      this.sight,
      this.formHolder,
      this.list,
      this.empty,
    );
  }

  setMayWrite(may: boolean): void {
    this.add.hidden = !may;
    if (!may) this.toggle(false);
  }

  toggle(open: boolean): void {
    this.formHolder.hidden = !open;
    this.add.setAttribute("aria-expanded", String(open));
    if (open) this.form.open(this.around.ownerName());
  }

  /** The form was left: back to the button that opened it. */
  leaveForm(): void {
    this.toggle(false);
    this.add.focus();
  }

  /** Load the list from now on every few minutes. */
  keepLoaded(): void {
    window.setInterval(() => void this.load(), EVERY);
  }

  /** Tell of a region whenever it was loaded anew. */
  follow(id: string, signal: AbortSignal, tell: (region: Region) => void): void {
    const loaded = (): void => {
      const region = this.find(id);
      if (region) tell(region);
    };
    this.changes.addEventListener("loaded", loaded, { signal });
  }

  async load(): Promise<void> {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    try {
      const regions = await this.around.api.json<Regions>("/regions", { signal: loading.signal });
      if (loading.signal.aborted) return;
      this.around.messages.clear("regions");
      this.regions = regions;
      this.show();
      this.around.loaded(regions);
      this.changes.dispatchEvent(new Event("loaded"));
    } catch (error) {
      this.around.messages.failed("regions", "The regions could not be loaded.", error, () =>
        void this.load(),
      );
    }
  }

  private show(): void {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["id"] : null;
    this.list.replaceChildren(...this.regions.features.map((region) => this.item(region)));
    this.count.textContent = String(this.regions.features.length);
    const words = sightWords(this.regions.features.map(({ properties }) => properties.status?.imagery ?? null));
    // Said anew it would be read out anew.
    if (this.sight.textContent !== words) this.sight.textContent = words;
    this.empty.hidden = this.regions.features.length > 0;
    if (focused) this.itemOf(focused)?.focus();
  }

  private item({ properties }: Region): HTMLLIElement {
    const { status } = properties;
    const item = button("", () => this.around.pick(properties.id), {
      class: "item",
      "data-testid": "region-item",
      "data-id": properties.id,
      "aria-current": this.selected === properties.id ? "true" : null,
    });
    item.append(
      h("span", { class: "item-head" }, modeBadge(properties.mode), h("bdi", {}, properties.name)),
      h(
        "span",
        { class: "item-line" },
        h("span", {}, kindWords(properties.kind)),
        h("span", {}, squareKilometres(properties.area_km2)),
        h("span", {}, status?.events == null ? "many events" : counted(status.events, "event")),
        h(
          "span",
          {},
          status?.last_usable_look ? `last usable look ${day(status.last_usable_look)}` : "no usable look yet",
        ),
        status?.job && !jobEnded(status.job)
          ? h("span", {}, "taking looks")
          : "",
        properties.waiting && h("strong", {}, "not watched yet: waits for confirmation"),
        status?.job?.state === "failed" && h("strong", {}, "the last run failed"),
      ),
      imageryNotice(status?.imagery ?? null) ?? "",
    );
    return h("li", {}, item);
  }

  private itemOf(id: string): HTMLButtonElement | null {
    return this.list.querySelector<HTMLButtonElement>(`button[data-id="${CSS.escape(id)}"]`);
  }

  find(id: string): Region | null {
    return this.regions.features.find((region) => region.properties.id === id) ?? null;
  }

  nameOf(id: string): string | null {
    return this.find(id)?.properties.name ?? null;
  }

  mark(id: string | null): void {
    this.selected = id;
    for (const item of this.list.querySelectorAll("button"))
      if (item.dataset["id"] === id) item.setAttribute("aria-current", "true");
      else item.removeAttribute("aria-current");
  }

  focus(id: string): void {
    (this.itemOf(id) ?? this.heading).focus();
  }
}
