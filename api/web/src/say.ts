// The dialog in which something is said of an event. What was entered stays until it was taken in.

import { Problem, Unreachable, inWords, isAbort, part, type Api } from "./api";
import { detectorWords } from "./detectors";
import { button, field, h, uid } from "./dom";
import type { Event, EventPage, NewOpinion, WholeEvent, WholeProperties } from "./types";
import { REASONS, missing, type Offer } from "./verbs";
import { interval, kindWords, placeWords } from "./words";

/** Answers after which the server may have done what it was asked for. */
const UNSURE = new Set([500, 502, 503, 504]);

/** Ask for what an offer needs and send it; the event as it is then, or null where it was left. */
export function say(api: Api, event: WholeProperties, offer: Offer, near: () => Promise<Event[]>): Promise<WholeEvent | null> {
  return new Promise((resolve) => {
    const dialog = new SayDialog(api, event, offer, near);
    dialog.element.addEventListener("close", () => {
      dialog.element.remove();
      resolve(dialog.taken);
    });
    document.body.append(dialog.element);
    dialog.element.showModal();
    dialog.focus();
  });
}

/** The other events of a region, for a merger. */
export async function others(api: Api, event: WholeProperties): Promise<Event[]> {
  const page = await api.json<EventPage>(`/events?region=${part(event.region)}&limit=200`);
  return page.features.filter(({ properties: one }) => one.id !== event.id && !one.merged_into);
}

class SayDialog {
  readonly element: HTMLDialogElement;
  /** The answer of the server, once it took it in. */
  taken: WholeEvent | null = null;
  private readonly problem = h("p", { class: "problem", role: "alert", "data-testid": "say-problem" });
  private readonly text = h("textarea", { rows: 3, maxlength: 2000, "data-testid": "say-text" });
  private readonly reason = h("select", { "data-testid": "say-reason" }, h("option", { value: "" }, "Choose"));
  private readonly boxes = new Map<string, HTMLInputElement>();
  private readonly other = h("input", { type: "text", autocomplete: "off", spellcheck: "false", "data-testid": "say-other" });
  private readonly submit: HTMLButtonElement;
  private sending: AbortController | null = null;
  /** Whether an answer never came, so that it may have been taken in all the same. */
  private inDoubt = false;

  constructor(
    private readonly api: Api,
    private readonly event: WholeProperties,
    private readonly offer: Offer,
    near: () => Promise<Event[]>,
  ) {
    const title = h("h2", { id: uid("title") }, offer.question);
    const effect = h("p", { id: uid("effect") }, offer.effect);
    this.submit = h("button", { type: "submit", class: offer.danger ? "danger" : "primary", "data-testid": "say-yes" }, offer.yes);
    const form = h("form", { novalidate: true }, title, effect, ...this.fields(near), this.problem);
    const cancel = button("Cancel", () => this.element.close(), { "data-testid": "say-cancel" });
    form.append(h("div", { class: "row end" }, cancel, this.submit));
    form.addEventListener("submit", (submitted) => {
      submitted.preventDefault();
      void this.send();
    });
    // What was wrong may be put right by now.
    form.addEventListener("input", () => this.problem.replaceChildren());
    this.element = h(
      "dialog",
      { class: "dialog say", "aria-labelledby": title.id, "aria-describedby": effect.id, "data-testid": "say-dialog" },
      form,
    );
    this.element.addEventListener("close", () => this.sending?.abort());
  }

  focus(): void {
    this.element.querySelector<HTMLElement>("select, input, textarea")?.focus();
  }

  private fields(near: () => Promise<Event[]>): HTMLElement[] {
    const { verb, words } = this.offer;
    const why = field(words === "needed" ? "Why, in words (needed)" : "Why, in words", this.text, "It goes on record with the name of your key and the time.");
    if (words === "needed") this.text.required = true;
    if (verb === "reject") return [this.reasons(), why];
    if (verb === "split") return [this.choice(), why];
    if (verb === "merge") return [this.merger(near), why];
    return [why];
  }

  private reasons(): HTMLElement {
    this.reason.append(...REASONS.map(([code, words]) => h("option", { value: code }, words)));
    return field("What it is instead (needed)", this.reason);
  }

  private choice(): HTMLElement {
    const list = h("fieldset", { class: "choice" }, h("legend", {}, "What becomes an event of its own"));
    for (const source of this.event.sources) {
      const box = h("input", { type: "checkbox", value: source.id, "data-testid": "say-source" });
      this.boxes.set(source.id, box);
      const when = interval(source.last_unharmed, source.first_changed);
      list.append(h("label", { class: "check" }, box, h("span", {}, `${detectorWords(source.detector)}: ${kindWords(source.kind)}, ${when}`)));
    }
    return list;
  }

  /** A choice of the events of the region; an id can be given where they cannot be listed. */
  private merger(near: () => Promise<Event[]>): HTMLElement {
    const list = h("datalist", { id: uid("others") });
    this.other.setAttribute("list", list.id);
    const hint = h("p", { class: "hint", role: "status" }, "Loading the events of this region.");
    const load = async (): Promise<void> => {
      try {
        const found = await near();
        list.append(...found.map((one) => h("option", { value: one.properties.id }, eventWords(one))));
        hint.textContent = found.length > 0 ? `Choose one of ${found.length} events of this region, or give an id.` : "There is no other event in this region: give an id.";
      } catch (error) {
        if (!isAbort(error)) hint.textContent = `The events could not be listed: give an id. ${inWords(error)}`;
      }
    };
    void load();
    return h("div", {}, field("The other event (needed)", this.other), list, hint);
  }

  private get sent(): NewOpinion {
    const { verb } = this.offer;
    const sent: NewOpinion = { verb };
    if (this.text.value.trim()) sent.text = this.text.value.trim();
    if (verb === "reject" && this.reason.value) sent.reason = this.reason.value;
    if (verb === "split") sent.sources = [...this.boxes].filter(([, box]) => box.checked).map(([id]) => id);
    if (verb === "merge") sent.other = this.other.value.trim();
    return sent;
  }

  private async send(): Promise<void> {
    const { sent } = this;
    const lacks = missing(this.offer, sent, this.event.sources.length);
    this.problem.textContent = lacks ?? "";
    if (lacks || this.sending) return;
    const sending = new AbortController();
    this.sending = sending;
    this.submit.disabled = true;
    const route = `/events/${part(this.event.id)}`;
    try {
      const changed = this.inDoubt ? await this.changed(route, sending.signal) : null;
      if (changed) {
        this.problem.textContent = changed;
        this.inDoubt = false;
        return;
      }
      this.taken = await this.api.json<WholeEvent>(`${route}/opinions`, { method: "POST", body: sent, signal: sending.signal });
      this.element.close();
    } catch (error) {
      if (isAbort(error)) return;
      this.inDoubt = error instanceof Unreachable || (error instanceof Problem && UNSURE.has(error.status));
      const first = this.inDoubt ? "Whether it was taken in is not known." : "It was not taken in.";
      this.problem.textContent = `${first} ${failure(error)} What you entered is still here: try again, or cancel.`;
    } finally {
      this.sending = null;
      this.submit.disabled = false;
    }
  }

  /** Whether the event has changed since it was shown: it may have been taken in after all. */
  private async changed(route: string, signal: AbortSignal): Promise<string | null> {
    const { properties } = await this.api.json<WholeEvent>(route, { signal });
    if (properties.version === this.event.version) return null;
    return `This event has changed meanwhile: it is ${properties.state} now, version ${properties.version}. What you sent before may have been taken in. Cancel and read what people said, or send it all the same.`;
  }
}

function failure(error: unknown): string {
  const faults = error instanceof Problem ? error.faults.map(({ problem }) => problem) : [];
  return [inWords(error), ...faults].join(" ");
}

const eventWords = ({ properties: one }: Event): string =>
  [kindWords(one.kind), placeWords(one), one.state, interval(one.last_unharmed, one.first_changed)].filter(Boolean).join(", ");
