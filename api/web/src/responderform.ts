// The form in which a responder is added or changed: what was agreed, what it serves, who is called.

import { DETAILS } from "./alertwords";
import { part, type Api } from "./api";
import { ContactsField } from "./contactsfield";
import { DetailField } from "./detailfield";
import { button, field, h, uid, type Attributes } from "./dom";
import { MetFields, changed, type Ground } from "./metfields";
import { Sending } from "./sending";
import type { Receiver, Responder, Who } from "./types";
import { isolated } from "./words";

interface Around extends Ground {
  api: Api;
  who: Who;
  taken: (found: Responder, words: string) => void;
  left: () => void;
}

/** What the form says; a beginning is left out where it is now. */
type Terms = Omit<Responder, "id" | "owner" | "since"> & { since: string | null };

const HIGHEST_RANK = 100;
const LONGEST_WAIT = 7 * 24 * 60;
const LONGEST_AGREEMENT = 2000;

export class ResponderForm {
  readonly element: HTMLFormElement;
  private readonly name = h("input", { type: "text", autocomplete: "off", maxlength: 200, required: true, dir: "auto", "data-testid": "rsd-name" });
  private readonly agreement = h("textarea", { rows: 3, maxlength: LONGEST_AGREEMENT, required: true, dir: "auto", "data-testid": "rsd-agreement" });
  private readonly since = h("input", { type: "datetime-local", "data-testid": "rsd-since" });
  private readonly until = h("input", { type: "datetime-local", "data-testid": "rsd-until" });
  private readonly rank = count(HIGHEST_RANK, "rsd-rank");
  private readonly urgent = count(LONGEST_WAIT, "rsd-urgent");
  private readonly routine = count(LONGEST_WAIT, "rsd-routine");
  private readonly detail: DetailField;
  private readonly contacts: ContactsField;
  private readonly met: MetFields;
  private readonly problem = h("p", { class: "problem", role: "alert", "data-testid": "rsd-problem" });
  private readonly submit: HTMLButtonElement;
  private readonly sending: Sending;

  constructor(
    private readonly around: Around,
    private readonly before: Responder | null,
  ) {
    this.detail = new DetailField("The most that it may be told", around.who, before?.detail ?? "notice");
    this.contacts = new ContactsField(before?.contacts ?? []);
    this.met = new MetFields(around, before, "rsd");
    this.submit = h("button", { type: "submit", class: "primary", "data-testid": "rsd-yes" }, before ? "Change it" : "Add it");
    this.sending = new Sending(this.problem, this.submit);
    const title = h("h4", { id: uid("rsd") }, before ? `Change the agreement with ${isolated(before.name)}` : "A new responder");
    this.element = h(
      "form",
      { class: "region-form card", novalidate: true, "aria-labelledby": title.id, "data-testid": "rsd-form" },
      title,
      field("Name of the organisation (needed)", this.name),
      field("What was agreed, or where that is kept (needed)", this.agreement),
      h("div", { class: "pair" }, field("Begins, UTC", this.since, before ? undefined : "Empty for now."), field("Ends, UTC (optional)", this.until)),
      this.detail.element,
      this.contacts.element,
      h("h5", {}, "What it serves"),
      ...this.met.elements,
      field("Rank", this.rank, "Of those that an event meets the lowest rank is told first, the next if nobody there acts."),
      h(
        "div",
        { class: "pair" },
        field("Minutes to answer, urgent", this.urgent, "Of what is severe or extreme. Then the next contact is told."),
        field("Minutes to answer, any other", this.routine),
      ),
      this.problem,
      h("div", { class: "row end" }, button("Cancel", () => this.leave(), { "data-testid": "rsd-cancel" }), this.submit),
    );
    this.fill(before);
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

  /** The receivers there are now; what was filled in stays. */
  offer(receivers: readonly Receiver[], free: (responder: string | null) => readonly Receiver[]): void {
    this.contacts.offer(receivers, free(this.before?.id ?? null));
  }

  focus(): void {
    this.name.focus();
  }

  /** Another form was asked for: what is filled in here would be lost. */
  remind(): void {
    this.problem.textContent = "This form is still open: finish it, or cancel.";
    this.submit.focus();
  }

  private leave(): void {
    this.sending.stop();
    this.around.left();
  }

  private fill(before: Responder | null): void {
    this.name.value = before?.name ?? "";
    this.agreement.value = before?.agreement ?? "";
    this.since.value = minute(before?.since);
    this.until.value = minute(before?.until);
    this.rank.value = String(before?.rank ?? 1);
    this.urgent.value = String(before?.urgent_wait ?? 120);
    this.routine.value = String(before?.routine_wait ?? 1440);
  }

  private get terms(): Terms {
    const { before } = this;
    return {
      name: this.name.value.trim(),
      agreement: this.agreement.value.trim(),
      since: time(this.since, before?.since),
      until: time(this.until, before?.until),
      detail: this.detail.value,
      contacts: this.contacts.value,
      ...this.met.terms,
      rank: Number(this.rank.value),
      urgent_wait: Number(this.urgent.value),
      routine_wait: Number(this.routine.value),
    };
  }

  private missing(): string | null {
    if (!this.name.value.trim()) return "Name the organisation.";
    if (!this.agreement.value.trim()) return "Say what was agreed, or where that is kept.";
    if (this.before && !this.since.value) return "Say when the agreement begins.";
    const lacks = this.tooMuch() ?? this.met.missing();
    if (lacks) return lacks;
    const { rank, urgent_wait: urgent, routine_wait: routine } = this.terms;
    if (!within(rank, HIGHEST_RANK)) return `A rank is 1 to ${HIGHEST_RANK}.`;
    if (!within(urgent, LONGEST_WAIT) || !within(routine, LONGEST_WAIT)) return `An answer is waited for 1 to ${LONGEST_WAIT} minutes.`;
    return Object.keys(changed<Terms>(this.terms, this.before)).length === 0 ? "Nothing is different from before." : null;
  }

  /** A contact that is told more than the agreement allows, in words. */
  private tooMuch(): string | null {
    const most = this.detail.value;
    const found = this.contacts.chosen.find((one) => one && one.detail !== "notice" && one.detail !== most);
    if (!found) return null;
    const allows = most === "notice" ? "a notice alone" : `${DETAILS[most].name.toLowerCase()} or a notice`;
    return `${isolated(found.name)} is told: ${DETAILS[found.detail].name.toLowerCase()}. This agreement allows ${allows}. Take it out, or change one of the two.`;
  }

  private send(): Promise<void> {
    return this.sending.send(this.missing(), async (signal) => {
      const found = await this.stored(signal);
      this.around.taken(found, this.before ? "The agreement is changed: it holds for what is found or changes from now on." : "The responder is added: it is told of what is found or changes while the agreement holds.");
    });
  }

  private stored(signal: AbortSignal): Promise<Responder> {
    const { api } = this.around;
    const body = changed<Terms>(this.terms, this.before);
    return this.before ? api.json(`/responders/${part(this.before.id)}`, { method: "PATCH", body, signal }) : api.json("/responders", { method: "POST", body, signal });
  }
}

const within = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;

/** A time of the server as a field shows it, in UTC. */
const minute = (at: string | null | undefined): string => (at ? new Date(at).toISOString().slice(0, 16) : "");

/** What a field says; the moment from before, to the second, where it was left alone. */
function time({ value }: HTMLInputElement, before: string | null | undefined): string | null {
  if (!value) return null;
  return before && value === minute(before) ? before : `${value}:00Z`;
}

function count(most: number, testid: string): HTMLInputElement {
  const attributes: Attributes = { type: "number", min: 1, max: most, step: 1, "data-testid": testid };
  return h("input", attributes);
}
