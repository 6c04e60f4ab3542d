// The form in which a subscription is added or changed: of which events a receiver is told.

import { ABOUT, RHYTHMS } from "./alertwords";
import { part, type Api } from "./api";
import { button, field, h, uid } from "./dom";
import { MetFields, changed, type Ground } from "./metfields";
import { select } from "./receiverform";
import { Sending } from "./sending";
import type { Receiver, Rhythm, Subscription } from "./types";
import { isolated } from "./words";

interface Around extends Ground {
  api: Api;
  taken: (found: Subscription, words: string) => void;
  left: () => void;
}

type Terms = Omit<Subscription, "id" | "receiver" | "about" | "paused">;

export class SubscriptionForm {
  readonly element: HTMLFormElement;
  private readonly name = h("input", { type: "text", autocomplete: "off", maxlength: 200, required: true, "data-testid": "sub-name" });
  private readonly about = select([["events", "Events"], ...Object.entries(ABOUT)], { "data-testid": "sub-about" });
  /** What is asked for of events alone. */
  private readonly ofEvents: HTMLElement;
  private readonly met: MetFields;
  private readonly rhythm = select(Object.entries(RHYTHMS), { "data-testid": "sub-rhythm" });
  private readonly problem = h("p", { class: "problem", role: "alert", "data-testid": "sub-problem" });
  private readonly submit: HTMLButtonElement;
  private readonly sending: Sending;

  constructor(
    private readonly around: Around,
    private readonly receiver: Receiver,
    private readonly before: Subscription | null,
  ) {
    this.met = new MetFields(around, before, "sub");
    this.submit = h("button", { type: "submit", class: "primary", "data-testid": "sub-yes" }, before ? "Change it" : "Add it");
    this.sending = new Sending(this.problem, this.submit);
    const title = h("h4", { id: uid("sub") }, `${before ? "Change a" : "A new"} subscription of ${isolated(receiver.name)}`);
    this.ofEvents = h(
      "div",
      { class: "of-events" },
      ...this.met.elements,
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
    this.sending.stop();
    this.around.left();
  }

  private fill(before: Subscription | null): void {
    this.name.value = before?.name ?? "";
    this.about.value = before?.about ?? "events";
    // What it is about stays: another is another subscription.
    this.about.disabled = before !== null;
    this.rhythm.value = before?.rhythm ?? "instant";
  }

  /** Show what is asked for of events where it is about these. */
  private fit(): void {
    this.ofEvents.hidden = this.about.value !== "events";
  }

  private missing(): string | null {
    if (!this.name.value.trim()) return "Give the subscription a name.";
    if (this.about.value !== "events") return this.before && this.name.value.trim() === this.before.name ? "Nothing is different from before." : null;
    const lacks = this.met.missing();
    if (lacks) return lacks;
    return this.before && Object.keys(this.changes).length === 0 ? "Nothing is different from before." : null;
  }

  private get terms(): Terms {
    return { name: this.name.value.trim(), ...this.met.terms, rhythm: this.rhythm.value as Rhythm };
  }

  /** What is different from before; all of it of a new one. */
  private get changes(): Partial<Terms> {
    const { before } = this;
    const isOfEvents = this.about.value === "events";
    const terms: Partial<Terms> = isOfEvents ? this.terms : { name: this.name.value.trim() };
    return changed(terms, before);
  }

  private send(): Promise<void> {
    return this.sending.send(this.missing(), async (signal) => {
      const found = await this.stored(signal);
      this.around.taken(found, this.before ? "The subscription is changed: it holds for what is found or changes from now on." : "Subscribed: it is told of what is found or changes from now on.");
    });
  }

  private stored(signal: AbortSignal): Promise<Subscription> {
    const { api } = this.around;
    if (this.before) return api.json(`/subscriptions/${part(this.before.id)}`, { method: "PATCH", body: this.changes, signal });
    return api.json("/subscriptions", { method: "POST", body: { receiver: this.receiver.id, about: this.about.value, ...this.changes }, signal });
  }
}
