// The form in which a subscription is added or changed: of which events a receiver is told.

import { ABOUT, RHYTHMS, SEVERITIES, STARTING } from "./alertwords";
import { AreaField, type Draw } from "./areafield";
import { isAbort, part, type Api } from "./api";
import { failure } from "./ask";
import { button, field, h, uid } from "./dom";
import { select } from "./receiverform";
import type { Area, EventState, Kind, Mode, Receiver, Rhythm, Severity, Subscription } from "./types";
import { KINDS, capital, isolated, kindWords } from "./words";

interface Around {
  api: Api;
  regions: () => readonly { id: string; name: string }[];
  /** Draw on the map, near a region where one is chosen. */
  draw: (near: string, finished: (area: Area | null) => void) => boolean;
  taken: (found: Subscription, words: string) => void;
  left: () => void;
}

type Terms = Omit<Subscription, "id" | "receiver" | "about" | "paused">;

const MODES: Record<Mode, string> = { actual: "What is about the world", exercise: "Exercises", test: "Tests" };

export class SubscriptionForm {
  readonly element: HTMLFormElement;
  private readonly name = h("input", { type: "text", autocomplete: "off", maxlength: 200, required: true, "data-testid": "sub-name" });
  private readonly about = select([["events", "Events"], ...Object.entries(ABOUT)], { "data-testid": "sub-about" });
  /** What is asked for of events alone. */
  private readonly ofEvents: HTMLElement;
  private readonly region: HTMLSelectElement;
  private readonly area: AreaField;
  private readonly kinds = boxes(KINDS, "sub-kind");
  private readonly modes = boxes(Object.keys(MODES), "sub-mode");
  private readonly state = select(STARTING.map((one) => [one, one === "confirmed" ? "Confirmed by people" : `${one} or surer`]), { "data-testid": "sub-state" });
  private readonly severity = select(SEVERITIES.map((one) => [one, one === "minor" ? "Minor: everything" : one === "extreme" ? "Extreme" : `${one} or graver`]), { "data-testid": "sub-severity" });
  private readonly rhythm = select(Object.entries(RHYTHMS), { "data-testid": "sub-rhythm" });
  private readonly problem = h("p", { class: "problem", role: "alert", "data-testid": "sub-problem" });
  private readonly submit: HTMLButtonElement;
  private sending: AbortController | null = null;

  constructor(
    private readonly around: Around,
    private readonly receiver: Receiver,
    private readonly before: Subscription | null,
  ) {
    this.region = select([["", "All regions"], ...around.regions().map((one): [string, string] => [one.id, one.name])], { "data-testid": "sub-region" });
    if (before?.region && !around.regions().some((one) => one.id === before.region)) this.region.append(h("option", { value: before.region }, "A region that is no longer watched"));
    const draw: Draw = (finished) => around.draw(this.region.value, finished);
    this.area = new AreaField(draw);
    this.submit = h("button", { type: "submit", class: "primary", "data-testid": "sub-yes" }, before ? "Change it" : "Add it");
    const title = h("h4", { id: uid("sub") }, `${before ? "Change a" : "A new"} subscription of ${isolated(receiver.name)}`);
    this.ofEvents = h(
      "div",
      { class: "of-events" },
      field("Region", this.region),
      this.area.element,
      group("Kinds of event; none means all", this.kinds, (kind) => capital(kindWords(kind))),
      group("Which events", this.modes, (mode) => MODES[mode as Mode]),
      field("Told from this state on", this.state, "Less sure means sooner, and more that fades again."),
      field("At least as grave as", this.severity),
      field("When", this.rhythm, `By the receiver's clock (${receiver.zone}).`),
    );
    this.element = h(
      "form",
      { class: "region-form card", novalidate: true, "aria-labelledby": title.id, "data-testid": "sub-form" },
      title,
      field("Name (needed)", this.name, "What it is for, such as: night duty."),
      field("Told of", this.about),
      this.ofEvents,
      this.problem,
      h("div", { class: "row end" }, button("Cancel", () => this.leave(), { "data-testid": "sub-cancel" }), this.submit),
    );
    this.fill(before);
    this.about.addEventListener("change", () => this.fit());
    this.fit();
    this.element.addEventListener("input", () => {
      this.problem.textContent = "";
    });
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.leave();
    });
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
  }

  focus(): void {
    this.name.focus();
  }

  private leave(): void {
    this.sending?.abort();
    this.around.left();
  }

  private fill(before: Subscription | null): void {
    this.name.value = before?.name ?? "";
    this.about.value = before?.about ?? "events";
    // What it is about stays: another is another subscription.
    this.about.disabled = before !== null;
    this.region.value = before?.region ?? "";
    this.area.set(before?.geometry ?? null);
    for (const [kind, box] of this.kinds) box.checked = before?.kinds.includes(kind as Kind) ?? false;
    for (const [mode, box] of this.modes) box.checked = before ? before.modes.includes(mode as Mode) : mode === "actual";
    this.state.value = before?.least_state ?? "provisional";
    this.severity.value = before?.least_severity ?? "minor";
    this.rhythm.value = before?.rhythm ?? "instant";
  }

  /** Show what is asked for of events where it is about these. */
  private fit(): void {
    this.ofEvents.hidden = this.about.value !== "events";
  }

  private missing(): string | null {
    if (!this.name.value.trim()) return "Give the subscription a name.";
    if (this.about.value !== "events") return this.before && this.name.value.trim() === this.before.name ? "Nothing is different from before." : null;
    if (typeof this.area.value === "string") return this.area.value;
    if (checked(this.modes).length === 0) return "Choose which events: what is about the world, exercises or tests.";
    return this.before && Object.keys(this.changes).length === 0 ? "Nothing is different from before." : null;
  }

  private get terms(): Terms {
    return {
      name: this.name.value.trim(),
      region: this.region.value || null,
      geometry: this.area.value as Area | null,
      kinds: checked(this.kinds) as Kind[],
      modes: checked(this.modes) as Mode[],
      least_state: this.state.value as EventState,
      least_severity: this.severity.value as Severity,
      rhythm: this.rhythm.value as Rhythm,
    };
  }

  /** What is different from before; all of it of a new one. */
  private get changes(): Partial<Terms> {
    const { before } = this;
    const isOfEvents = this.about.value === "events";
    const terms: Partial<Terms> = isOfEvents ? this.terms : { name: this.name.value.trim() };
    if (!before) return terms;
    return Object.fromEntries(Object.entries(terms).filter(([name, value]) => JSON.stringify(before[name as keyof Terms]) !== JSON.stringify(value)));
  }

  private async send(): Promise<void> {
    const lacks = this.missing();
    this.problem.textContent = lacks ?? "";
    if (lacks || this.sending) return;
    const sending = new AbortController();
    this.sending = sending;
    this.submit.disabled = true;
    try {
      const found = await this.stored(sending.signal);
      this.around.taken(found, this.before ? "The subscription is changed: it holds for what is found or changes from now on." : "Subscribed: it is told of what is found or changes from now on.");
    } catch (error) {
      if (!isAbort(error)) this.problem.textContent = failure(error);
    } finally {
      this.sending = null;
      this.submit.disabled = false;
    }
  }

  private stored(signal: AbortSignal): Promise<Subscription> {
    const { api } = this.around;
    if (this.before) return api.json(`/subscriptions/${part(this.before.id)}`, { method: "PATCH", body: this.changes, signal });
    return api.json("/subscriptions", { method: "POST", body: { receiver: this.receiver.id, about: this.about.value, ...this.changes }, signal });
  }
}

type Boxes = Map<string, HTMLInputElement>;

const boxes = (values: readonly string[], testid: string): Boxes =>
  new Map(values.map((value) => [value, h("input", { type: "checkbox", value, "data-testid": `${testid}-${value}` })]));

const checked = (all: Boxes): string[] => [...all].filter(([, box]) => box.checked).map(([value]) => value);

function group(title: string, all: Boxes, words: (value: string) => string): HTMLElement {
  return h("fieldset", { class: "choice" }, h("legend", {}, title), ...[...all].map(([value, box]) => h("label", { class: "check" }, box, words(value))));
}
