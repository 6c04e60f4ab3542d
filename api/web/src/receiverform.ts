// The dialog in which a receiver is added or changed. Its address is written and never read.

import { CHANNELS, LANGUAGES, SEVERITIES, clock, minutesOf } from "./alertwords";
import { part, type Api } from "./api";
import { ask } from "./ask";
import { DetailField } from "./detailfield";
import { field, h, uid, type Attributes } from "./dom";
import type { Channel, Language, OneReceiver, Receiver, Severity, Who } from "./types";
import { capital } from "./words";

const MOST_IN_AN_HOUR = 1000;
const USUAL_CAP = 20;

/** What the dialog says of a receiver, beside its address. */
type Terms = Pick<Receiver, "name" | "language" | "detail" | "zone" | "quiet_from" | "quiet_until" | "quiet_override" | "storm_cap" | "scope" | "pictures">;

/** Add a receiver; what the server answered, with its secret. */
export function addReceiver(api: Api, who: Who, channels: readonly Channel[]): Promise<OneReceiver | null> {
  const fields = new Fields(who, channels, null);
  return ask<OneReceiver>({
    title: "Add a receiver?",
    effects: () => fields.addEffects(),
    fields: fields.elements,
    yes: "Add it",
    missing: () => fields.missing(),
    send: (signal) =>
      api.json("/receivers", { method: "POST", body: { ...fields.terms, channel: fields.channel, address: fields.address }, signal }),
  });
}

/** Change what is said of a receiver, or give it another address. */
export function changeReceiver(api: Api, who: Who, receiver: Receiver): Promise<OneReceiver | null> {
  const fields = new Fields(who, [receiver.channel], receiver);
  return ask<OneReceiver>({
    title: `Change ${receiver.name}?`,
    effects: () => fields.changeEffects(),
    fields: fields.elements,
    yes: "Change it",
    missing: () => fields.missing(),
    send: (signal) => api.json(`/receivers/${part(receiver.id)}`, { method: "PATCH", body: fields.changes(), signal }),
  });
}

class Fields {
  readonly elements: HTMLElement[];
  private readonly name = line({ maxlength: 200, required: true, "data-testid": "receiver-name" });
  private readonly way: HTMLSelectElement;
  private readonly where = line({ maxlength: 2000, spellcheck: "false", autocapitalize: "none", "data-testid": "receiver-address" });
  private readonly whereField: HTMLElement;
  private readonly language = select(Object.entries(LANGUAGES), { "data-testid": "receiver-language" });
  private readonly detail: DetailField;
  private readonly zone = line({ maxlength: 60, spellcheck: "false", required: true, "data-testid": "receiver-zone" });
  private readonly from = h("input", { type: "time", "data-testid": "quiet-from" });
  private readonly until = h("input", { type: "time", "data-testid": "quiet-until" });
  private readonly override = select(
    [["", "Nothing"], ...SEVERITIES.map((one): [string, string] => [one, one === "minor" ? "Everything" : one === "extreme" ? "What is extreme" : `What is ${one} or graver`])],
    { "data-testid": "quiet-override" },
  );
  private readonly cap = h("input", { type: "number", min: 1, max: MOST_IN_AN_HOUR, step: 1, "data-testid": "receiver-cap" });
  private readonly scope = select([["Private", "Private: to its addressee alone"], ["Restricted", "Restricted: to a group that is named"]], { "data-testid": "receiver-scope" });
  private readonly scopeField: HTMLElement;
  private readonly pictures = h("input", { type: "checkbox", "data-testid": "receiver-pictures" });
  private readonly picturesField = h(
    "fieldset",
    { class: "choice" },
    h("legend", {}, "Pictures (optional)"),
    h(
      "label",
      { class: "check" },
      this.pictures,
      h("span", {}, h("strong", {}, "One before and after: "), "it shows the place to whoever sees the mailbox, and passes every mail server on the way."),
    ),
  );

  constructor(
    who: Who,
    channels: readonly Channel[],
    private readonly before: Receiver | null,
  ) {
    this.way = select(channels.map((one) => [one, CHANNELS[one]?.name ?? one]), { "data-testid": "receiver-channel" });
    this.whereField = field(before ? "Another address (optional)" : "Address (needed)", this.where, this.whereHint());
    this.scopeField = field("Scope of CAP", this.scope);
    this.detail = new DetailField("How much it is told", who, before?.detail ?? "notice");
    this.fill(before);
    this.way.addEventListener("change", () => this.fit());
    this.detail.element.addEventListener("change", () => this.fit());
    const zones = h("datalist", { id: uid("zones") }, ...Intl.supportedValuesOf("timeZone").map((one) => h("option", { value: one })));
    this.zone.setAttribute("list", zones.id);
    this.elements = [
      field("Name (needed)", this.name, "What your people call it. It names no place."),
      ...(before ? [] : [field("Channel", this.way)]),
      this.whereField,
      this.detail.element,
      this.picturesField,
      field("Language", this.language),
      field("Time zone", this.zone, "Of its quiet hours and of daily and weekly lists, such as Africa/Khartoum."),
      zones,
      h(
        "fieldset",
        { class: "choice" },
        h("legend", {}, "Quiet hours (optional)"),
        h("div", { class: "pair" }, field("From", this.from), field("Until", this.until)),
        field("Told all the same", this.override),
      ),
      field("Single alerts in an hour, at most", this.cap, "What is more comes in one message with a list. Nothing is left out."),
      this.scopeField,
    ];
    this.fit();
  }

  get channel(): Channel {
    return this.before?.channel ?? (this.way.value as Channel);
  }

  get address(): string {
    return this.channel === "feed" ? "" : this.where.value.trim();
  }

  get terms(): Terms {
    const [from, until] = [minutesOf(this.from.value), minutesOf(this.until.value)];
    return {
      name: this.name.value.trim(),
      language: this.language.value as Language,
      detail: this.detail.value,
      zone: this.zone.value.trim(),
      quiet_from: from,
      quiet_until: until,
      // Without quiet hours nothing is asked of what goes past them.
      quiet_override: from === null ? (this.before?.quiet_override ?? null) : (this.override.value as Severity) || null,
      storm_cap: Number(this.cap.value),
      scope: this.scope.value as Terms["scope"],
      pictures: this.mayHavePictures && this.pictures.checked,
    };
  }

  /** What is different from before; an address only where another one was written. */
  changes(): Record<string, unknown> {
    const { before, terms } = this;
    const changed = Object.entries(terms).filter(([name, value]) => !before || before[name as keyof Terms] !== value);
    return { ...Object.fromEntries(changed), ...(this.address ? { address: this.address } : {}) };
  }

  missing(): string | null {
    const { name, zone, quiet_from: from, quiet_until: until, storm_cap: cap } = this.terms;
    if (!name) return "Give the receiver a name.";
    if (!this.before && this.channel !== "feed" && !this.address) return "Give the address where its messages go.";
    if (!zone) return "Name its time zone, such as Africa/Khartoum or UTC.";
    if ((from === null) !== (until === null)) return "Quiet hours need a beginning and an end.";
    if (!Number.isInteger(cap) || cap < 1 || cap > MOST_IN_AN_HOUR) return `Alerts in an hour are 1 to ${MOST_IN_AN_HOUR}.`;
    return this.before && Object.keys(this.changes()).length === 0 ? "Nothing is different from before." : null;
  }

  addEffects(): string[] {
    const { channel } = this;
    const isFeed = channel === "feed";
    return [
      isFeed ? "A feed is fetched, so it is not asked whether it wants to be told." : "It is sent one question. Until it says that it wants to be told, nothing else is sent.",
      "It is told nothing before it has a subscription.",
      ...(CHANNELS[channel]?.secret ? ["Its secret is shown afterwards, this once."] : []),
      ...(isFeed ? [] : ["Its address is sealed: nobody can read it here again."]),
    ];
  }

  changeEffects(): string[] {
    return [
      "It holds for what is found or changes from now on.",
      ...(this.address ? ["The new address is asked anew. Until it says that it wants to be told, nothing else is sent."] : []),
    ];
  }

  private fill(before: Receiver | null): void {
    this.name.value = before?.name ?? "";
    this.language.value = before?.language ?? "en";
    this.zone.value = before?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
    this.from.value = shown(before?.quiet_from);
    this.until.value = shown(before?.quiet_until);
    this.override.value = before ? (before.quiet_override ?? "") : "severe";
    this.cap.value = String(before?.storm_cap ?? USUAL_CAP);
    this.scope.value = before?.scope ?? "Private";
    this.pictures.checked = before?.pictures ?? false;
  }

  /** From a picture the exact place can be told. */
  private get mayHavePictures(): boolean {
    return this.channel === "email" && this.detail.value === "exact";
  }

  /** Show what the channel and the level need. */
  private fit(): void {
    this.picturesField.hidden = !this.mayHavePictures;
    this.whereField.hidden = this.channel === "feed";
    this.scopeField.hidden = this.channel !== "cap";
    const hint = this.whereField.querySelector(".hint");
    if (hint) hint.textContent = this.whereHint();
  }

  private whereHint(): string {
    const { address } = CHANNELS[this.channel] ?? { address: "" };
    return this.before ? `The present one is not shown to anybody. ${address}` : address;
  }
}

const shown = (minutes: number | null | undefined): string => (minutes === null || minutes === undefined ? "" : clock(minutes));
const line = (attributes: Attributes): HTMLInputElement => h("input", { type: "text", autocomplete: "off", ...attributes });

export function select(options: readonly (readonly [string, string])[], attributes: Attributes): HTMLSelectElement {
  return h("select", attributes, ...options.map(([value, words]) => h("option", { value }, capital(words))));
}
