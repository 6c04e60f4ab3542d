// The list of events, with its filters.

import { path, type Api } from "./api";
import { announce, button, field, h } from "./dom";
import type { Box } from "./geometry";
import type { Messages } from "./messages";
import { modeBadge } from "./mode";
import { stateSymbol } from "./symbols";
import type { Event, EventPage, EventState, Regions } from "./types";
import { KINDS, STATES, capital, counted, hectares, interval, isolated, kindWords, placeWords } from "./words";

const AT_ONCE = 100;

export interface Filter {
  kind: string;
  states: EventState[];
  /** Days as 2018-05-22, or nothing. */
  since: string;
  until: string;
  inView: boolean;
}

interface Around {
  api: Api;
  messages: Messages;
  view: () => Box | null;
  pick: (id: string) => void;
  pickRegion: (id: string) => void;
  show: (events: readonly Event[], filter: Filter) => Promise<void>;
}

export class EventList {
  readonly element: HTMLElement;
  readonly heading = h("h2", { id: "events-heading", tabindex: -1 }, "Events");
  private readonly list = h("ol", { class: "items", "data-testid": "event-list" });
  private readonly empty = h("div", { class: "empty", hidden: true });
  private readonly count = h("span", { class: "count" });
  private readonly more = button("Load more", () => void this.loadMore(), {
    class: "wide",
    "data-testid": "load-more",
    hidden: true,
  });
  private readonly active = h("span", { class: "count" });
  private readonly kind: HTMLSelectElement;
  private readonly since = h("input", { type: "date" });
  private readonly until = h("input", { type: "date" });
  private readonly inView = h("input", { type: "checkbox", "data-testid": "in-view" });
  private readonly boxes = new Map<EventState, HTMLInputElement>();
  private events: Event[] = [];
  private next: string | null = null;
  private loading: AbortController | null = null;
  private selected: string | null = null;
  private regions: Regions = { type: "FeatureCollection", features: [] };
  private timer = 0;

  constructor(private readonly around: Around) {
    this.kind = h(
      "select",
      { "data-testid": "filter-kind" },
      h("option", { value: "" }, "All kinds"),
      ...KINDS.map((kind) => h("option", { value: kind }, capital(kindWords(kind)))),
    );
    const states = h("fieldset", { class: "states" }, h("legend", {}, "States"));
    for (const state of STATES) {
      const box = h("input", { type: "checkbox", value: state, "data-testid": `filter-${state}` });
      this.boxes.set(state, box);
      states.append(h("label", { class: "check" }, box, stateSymbol(state), state));
    }
    const filters = h(
      "form",
      { class: "filters" },
      h(
        "div",
        { class: "pair" },
        field("First seen since", this.since),
        field("and until", this.until),
      ),
      field("Kind", this.kind),
      states,
      button("Clear filters", () => {
        filters.reset();
        void this.load();
      }),
    );
    filters.addEventListener("submit", (event) => event.preventDefault());
    filters.addEventListener("change", () => void this.load());
    this.inView.addEventListener("change", () => void this.load());
    this.element = h(
      "section",
      { class: "events", "aria-labelledby": this.heading.id },
      h(
        "div",
        { class: "head" },
        this.heading,
        this.count,
        h("span", { class: "spring" }),
        h("label", { class: "check" }, this.inView, "In map view"),
      ),
      h("details", { class: "filter" }, h("summary", {}, "Filters ", this.active), filters),
      this.list,
      this.empty,
      this.more,
    );
  }

  get filter(): Filter {
    return {
      kind: this.kind.value,
      states: [...this.boxes].filter(([, box]) => box.checked).map(([state]) => state),
      since: this.since.value,
      until: this.until.value,
      inView: this.inView.checked,
    };
  }

  /** The region list has changed; an empty list of events points to the ledgers. */
  setRegions(regions: Regions): void {
    this.regions = regions;
    if (!this.empty.hidden) this.showEmpty();
  }

  moved(): void {
    if (!this.inView.checked) return;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.load(), 400);
  }

  /** Load the list anew. */
  async load(): Promise<void> {
    const filter = this.filter;
    const narrowed =
      Number(filter.kind !== "") +
      Number(filter.states.length > 0) +
      Number(filter.since !== "") +
      Number(filter.until !== "");
    this.active.textContent = narrowed ? `(${narrowed} set)` : "";
    await this.fetch(null);
  }

  private async loadMore(): Promise<void> {
    const before = this.events.length;
    await this.fetch(this.next);
    this.list.querySelectorAll("button").item(before)?.focus();
  }

  private async fetch(after: string | null): Promise<void> {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    this.element.setAttribute("aria-busy", "true");
    const filter = this.filter;
    const view = filter.inView ? this.around.view() : null;
    try {
      const page = await this.around.api.json<EventPage>(
        path("/events", {
          kind: filter.kind,
          state: filter.states,
          since: filter.since && `${filter.since}T00:00:00Z`,
          until: filter.until && `${filter.until}T23:59:59Z`,
          bbox: view?.join(","),
          limit: AT_ONCE,
          after,
        }),
        { signal: loading.signal },
      );
      if (loading.signal.aborted) return;
      this.around.messages.clear("events");
      this.events = after ? [...this.events, ...page.features] : page.features;
      this.next = page.next ?? null;
      this.show();
      void this.around.show(this.events, filter);
    } catch (error) {
      this.around.messages.failed("events", "The events could not be loaded.", error, () =>
        void this.fetch(after),
      );
    } finally {
      if (this.loading === loading) this.element.removeAttribute("aria-busy");
    }
  }

  private show(): void {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["id"] : null;
    this.list.replaceChildren(...this.events.map((event) => this.item(event)));
    this.count.textContent = this.next ? `first ${this.events.length}` : String(this.events.length);
    this.more.hidden = this.next === null;
    this.empty.hidden = this.events.length > 0;
    if (this.events.length === 0) this.showEmpty();
    if (focused) this.itemOf(focused)?.focus();
    announce(this.events.length ? `${counted(this.events.length, "event")} listed` : "No event is listed");
  }

  private item({ properties }: Event): HTMLLIElement {
    const item = button("", () => this.around.pick(properties.id), {
      class: "item",
      "data-testid": "event-item",
      "data-id": properties.id,
      "aria-current": this.selected === properties.id ? "true" : null,
    });
    item.append(
      h(
        "span",
        { class: "item-head" },
        modeBadge(properties.mode),
        capital(interval(properties.last_unharmed, properties.first_changed)),
      ),
      h(
        "span",
        { class: "item-line" },
        h("span", { class: "state" }, stateSymbol(properties.state), properties.state),
        h("span", {}, kindWords(properties.kind)),
        properties.settlement && h("bdi", { class: "place" }, placeWords(properties)),
        h("span", {}, hectares(properties.area_ha)),
        h("span", {}, counted(properties.looks, "look")),
      ),
    );
    return h("li", {}, item);
  }

  private showEmpty(): void {
    this.empty.replaceChildren(
      h("p", {}, h("strong", {}, "No event is listed.")),
      h(
        "p",
        {},
        "That is not the same as nothing happened: the looks may have been hidden by cloud, never delivered or not processed yet, and filters leave events out. The ledger says what could be seen:",
      ),
      h(
        "ul",
        { class: "links" },
        ...this.regions.features
          .slice(0, 8)
          .map(({ properties }) =>
            h(
              "li",
              {},
              button(`Ledger of ${isolated(properties.name)}`, () => this.around.pickRegion(properties.id), {
                class: "link",
              }),
            ),
          ),
      ),
      this.regions.features.length === 0 ? h("p", {}, "No region is watched yet.") : "",
    );
  }

  private itemOf(id: string): HTMLButtonElement | null {
    return this.list.querySelector<HTMLButtonElement>(`button[data-id="${CSS.escape(id)}"]`);
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
