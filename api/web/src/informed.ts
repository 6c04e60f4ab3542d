// Of one event: who of the network knows, who acts, what was written down and what followed.

import { CHANNELS } from "./alertwords";
import { inWords, isAbort, part, type Api } from "./api";
import { block } from "./detail";
import { announce, button, h } from "./dom";
import { addEffect, addNote, writeAnswer } from "./informing";
import { STANDS, actsWords, dueWords, effectWords, stepWords } from "./informedwords";
import type { Informed, Knowing, KnowingContact, Responder, Who } from "./types";
import { isolated, moment } from "./words";

interface Around {
  api: Api;
  who: () => Who | null;
  showMessage: (id: string) => void;
  /** Something was written down, and others may be told because of it. */
  changed: () => void;
}

type Shown = Around & {
  event: string;
  may: boolean;
  responders: readonly Responder[];
  wrote: (what: Promise<unknown>, words: string, back: string) => Promise<void>;
};

export function informedBlock(event: string, signal: AbortSignal, around: Around): HTMLElement {
  const { api, changed } = around;
  const may = around.who()?.scopes.includes("watch") ?? false;
  const done = h("p", { role: "status", class: "done", "data-testid": "who-done" });
  const holder = h("div", { class: "informed" }, h("p", { class: "wait" }, "Loading."));
  /** Show it anew, and say what was done; the focus goes back to what was pressed. */
  const wrote = async (what: Promise<unknown>, words: string, back: string): Promise<void> => {
    if ((await what) === null || signal.aborted) return;
    done.textContent = words;
    announce(words);
    await show();
    holder.querySelector<HTMLElement>(back)?.focus();
    changed();
  };
  const show = async (): Promise<void> => {
    try {
      const [found, { items }] = await Promise.all([
        api.json<Informed>(`/events/${part(event)}/responses`, { signal }),
        // What may be named is asked for by those alone who may write.
        may ? api.json<{ items: Responder[] }>("/responders", { signal }) : { items: [] },
      ]);
      holder.replaceChildren(...shown(found, { ...around, event, may, responders: items, wrote }));
    } catch (error) {
      if (isAbort(error)) return;
      holder.replaceChildren(h("p", { class: "problem", role: "alert" }, inWords(error)), button("Retry", () => void show()));
    }
  };
  const whole = block("Who knows, who acts", done, holder);
  whole.dataset["testid"] = "who-knows";
  void show();
  return whole;
}

function shown(found: Informed, around: Shown): HTMLElement[] {
  const { items, notes, effects, unanswered } = found;
  const names = new Map([...Object.entries(found.names), ...[...around.responders, ...items.map((one) => ({ id: one.responder, name: one.name }))].map(({ id, name }): [string, string] => [id, name])]);
  const about = (id: string | null): string | null => (id ? (names.get(id) ?? null) : null);
  return [
    h("p", { class: unanswered ? "notice" : null, "data-testid": "who-acts" }, actsWords(found)),
    ...(items.length > 0 ? [h("ul", { class: "told-list" }, ...items.map((one) => responder(one, names, around)))] : []),
    ...list("Notes", "event-notes", notes.map((one) => h("li", {}, h("span", { class: "quiet" }, moment(one.at), names.has(one.by) ? ", " : null, h("bdi", {}, names.get(one.by) ?? ""), ": "), h("bdi", {}, one.words)))),
    ...list("What followed", "event-effects", effects.map((one) => h("li", {}, effectWords(one, about(one.responder), about(one.by))))),
    ...(around.may ? [writing(around)] : []),
  ];
}

const list = (title: string, testid: string, items: HTMLElement[]): HTMLElement[] => (items.length > 0 ? [h("div", { "data-testid": testid }, h("h4", {}, title), h("ul", { class: "plain" }, ...items))] : []);

/** What can be written down of the event. */
function writing({ api, event, responders, wrote }: Shown): HTMLElement {
  return h(
    "div",
    { class: "row acts" },
    button("Add a note", () => void wrote(addNote(api, event), "The note is added.", "[data-testid=note-add]"), { "data-testid": "note-add" }),
    button("Write down what followed", () => void wrote(addEffect(api, event, responders), "What followed is written down.", "[data-testid=effect-add]"), { "data-testid": "effect-add" }),
  );
}

function responder(one: Knowing, names: ReadonlyMap<string, string>, { api, event, may, responders, wrote, showMessage }: Shown): HTMLElement {
  const [short, sentence] = STANDS[one.state] ?? [one.state, one.state];
  const to = one.handed_to ? `: ${isolated(names.get(one.handed_to) ?? one.handed_to)}` : "";
  const contacts = new Map(one.contacts.map((contact) => [contact.receiver, contact.name ?? contact.receiver]));
  const steps = one.steps.map((step) => h("li", {}, h("span", { class: "quiet" }, `${moment(step.at)} `), stepWords(step, step.receiver ? (contacts.get(step.receiver) ?? step.receiver) : null, step.by ? (names.get(step.by) ?? null) : null)));
  const back = `[data-id="${CSS.escape(one.id)}"] [data-testid=answer-write]`;
  const write = (): void => void wrote(writeAnswer(api, event, one, responders), `What ${isolated(one.name)} said is written down.`, back);
  return h(
    "li",
    { "data-testid": "who-responder", "data-id": one.id },
    h("p", {}, h("span", { class: `stands ${one.state}` }, short), " ", h("strong", {}, h("bdi", {}, one.name)), ` ${sentence}${to}, since ${moment(one.since)}. ${dueWords(one.due)}`),
    h("ul", { class: "plain" }, ...one.contacts.map((contact) => told(contact, showMessage))),
    may ? button("Write down what they say", write, { "data-testid": "answer-write", "aria-label": `Write down what ${isolated(one.name)} says` }) : null,
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
