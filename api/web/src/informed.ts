// Of one event: who of the network knows, who acts, what was written down and what followed.

import { CHANNELS } from "./alertwords";
import { part, type Api } from "./api";
import { section } from "./detail";
import { button, h } from "./dom";
import type { Knowing, KnowingContact, Informed } from "./types";
import { STANDS, actsWords, dueWords, effectWords, stepWords } from "./informedwords";
import { isolated, moment } from "./words";

export function informedBlock(api: Api, event: string, signal: AbortSignal, showMessage: (id: string) => void): HTMLElement {
  const whole = section(
    "Who knows, who acts",
    () => api.json<Informed>(`/events/${part(event)}/responses`, { signal }),
    (found) => shown(found, showMessage),
  );
  whole.dataset["testid"] = "who-knows";
  return whole;
}

function shown(found: Informed, showMessage: (id: string) => void): HTMLElement[] {
  const { items, notes, effects, unanswered } = found;
  const names = new Map(items.map((one) => [one.responder, one.name]));
  return [
    h("p", { class: unanswered ? "notice" : null, "data-testid": "who-acts" }, actsWords(found)),
    ...(items.length > 0 ? [h("ul", { class: "told-list" }, ...items.map((one) => responder(one, names, showMessage)))] : []),
    ...list("Notes", "event-notes", notes.map((one) => h("li", {}, h("span", { class: "quiet" }, `${moment(one.at)} `), h("bdi", {}, one.words)))),
    ...list("What followed", "event-effects", effects.map((one) => h("li", {}, effectWords(one)))),
  ];
}

const list = (title: string, testid: string, items: HTMLElement[]): HTMLElement[] => (items.length > 0 ? [h("div", { "data-testid": testid }, h("h4", {}, title), h("ul", { class: "plain" }, ...items))] : []);

function responder(one: Knowing, names: ReadonlyMap<string, string>, showMessage: (id: string) => void): HTMLElement {
  const [short, sentence] = STANDS[one.state] ?? [one.state, one.state];
  const to = one.handed_to ? `: ${isolated(names.get(one.handed_to) ?? one.handed_to)}` : "";
  const contacts = new Map(one.contacts.map((contact) => [contact.receiver, contact.name ?? contact.receiver]));
  const steps = one.steps.map((step) => h("li", {}, h("span", { class: "quiet" }, `${moment(step.at)} `), stepWords(step, step.receiver ? (contacts.get(step.receiver) ?? step.receiver) : null)));
  return h(
    "li",
    { "data-testid": "who-responder" },
    h("p", {}, h("span", { class: `stands ${one.state}` }, short), " ", h("strong", {}, h("bdi", {}, one.name)), ` ${sentence}${to}, since ${moment(one.since)}. ${dueWords(one.due)}`),
    h("ul", { class: "plain" }, ...one.contacts.map((contact) => told(contact, showMessage))),
    h("details", {}, h("summary", {}, `What happened (${steps.length})`), h("ol", { class: "plain numbered" }, ...steps)),
  );
}

/** A contact that was told, and whether that arrived. */
function told({ name, receiver, channel, message, delivery, ended }: KnowingContact, showMessage: (id: string) => void): HTMLElement {
  const who = name ?? receiver;
  const way = channel ? `, by ${(CHANNELS[channel]?.name ?? channel).toLowerCase()}` : "";
  const arrived = delivery === "delivered" ? `delivered${ended ? ` ${moment(ended)}` : ""}` : delivery === "dead" ? "not delivered: given up" : "still to be sent";
  return h("li", {}, h("bdi", {}, who), `${way}: ${arrived}. `, message && button("Show the message", () => showMessage(message), { class: "link", "aria-label": `Show the message to ${isolated(who)}` }));
}
