// Writing down what somebody of the network said, what is to be known, and what followed.

import { part, type Api } from "./api";
import { ask } from "./ask";
import { field, h } from "./dom";
import { select } from "./receiverform";
import { holdingOf } from "./responderwords";
import { ANSWERS, EFFECT_CHOICES, answerEffects } from "./informedwords";
import type { AnswerSaid, EventEffect, Knowing, Responder } from "./types";
import { isolated } from "./words";

const LONGEST = 4000;
const LONGEST_SOURCE = 500;
const ON_RECORD = "It stays on record with your name, and nothing is ever changed of it.";

/** Write down what a responder said, on the telephone say. */
export function writeAnswer(api: Api, event: string, one: Knowing, responders: readonly Responder[]): Promise<Knowing | null> {
  const said = select(Object.entries(ANSWERS), { "data-testid": "answer-said" });
  const contact = select([["", "Not known, or none of these"], ...one.contacts.map((each): [string, string] => [each.receiver, isolated(each.name ?? each.receiver)])], { "data-testid": "answer-contact" });
  const others = responders.filter((each) => each.id !== one.responder && holdingOf(each, Date.now()) === "holds");
  const to = select([["", "Somebody beyond the network"], ...others.map((each): [string, string] => [each.id, isolated(each.name)])], { "data-testid": "answer-to" });
  const words = text("answer-words");
  const whereTo = field("Handed over to", to, "Of the network all are offered whose agreement holds.");
  const fit = (): void => {
    whereTo.hidden = said.value !== "handed_over";
  };
  said.addEventListener("input", fit);
  fit();
  const isHandedOver = (): boolean => said.value === "handed_over";
  return ask<Knowing>({
    title: `What did ${isolated(one.name)} say?`,
    effects: () => answerEffects(said.value as AnswerSaid, isHandedOver() && to.value !== ""),
    fields: [field("They say", said), whereTo, field("Who said it", contact), field("In their words (optional)", words, "Everybody of yours who may read reads it.")],
    yes: "Write it down",
    missing: () => (isHandedOver() && !to.value && !words.value.trim() ? "Say in words to whom they handed it over." : null),
    send: (signal) =>
      api.json(`/events/${part(event)}/responses/${part(one.responder)}`, {
        method: "POST",
        body: { answer: said.value, words: words.value.trim(), contact: contact.value || null, to: isHandedOver() ? to.value || null : null },
        signal,
      }),
  });
}

/** Add a note for those who coordinate. */
export function addNote(api: Api, event: string): Promise<{ id: string } | null> {
  const words = text("note-words");
  return ask<{ id: string }>({
    title: "Add a note?",
    effects: () => [ON_RECORD, "Everybody of yours who may read reads it; nobody of the network is sent it."],
    fields: [field("Note (needed)", words)],
    yes: "Add it",
    missing: () => (words.value.trim() ? null : "Write something."),
    send: (signal) => api.json(`/events/${part(event)}/notes`, { method: "POST", body: { words: words.value.trim() }, signal }),
  });
}

/** Write down what followed after an event was told. */
export function addEffect(api: Api, event: string, responders: readonly Responder[]): Promise<EventEffect | null> {
  const effect = select([["", "Choose"], ...EFFECT_CHOICES], { "data-testid": "effect-what" });
  const date = h("input", { type: "date", value: new Date().toISOString().slice(0, 10), "data-testid": "effect-date" });
  const source = h("input", { type: "text", autocomplete: "off", maxlength: LONGEST_SOURCE, dir: "auto", "data-testid": "effect-source" });
  const responder = select([["", "Nobody of the network"], ...responders.map((each): [string, string] => [each.id, isolated(each.name)])], { "data-testid": "effect-responder" });
  const words = text("effect-words");
  return ask<EventEffect>({
    title: "Write down what followed?",
    effects: () => [ON_RECORD, "Everybody of yours who may read reads it: name nobody whom that would put in danger."],
    fields: [
      field("What followed (needed)", effect),
      field("When (needed)", date),
      field("Who says so, or where it stands (needed)", source),
      field("About whom (optional)", responder),
      field("In words (optional)", words),
    ],
    yes: "Write it down",
    missing: () => {
      if (!effect.value) return "Choose what followed.";
      if (!date.value) return "Say when it was.";
      return source.value.trim() ? null : "Say who says so, or where it stands.";
    },
    send: (signal) =>
      api.json(`/events/${part(event)}/effects`, {
        method: "POST",
        body: { effect: effect.value, date: date.value, source: source.value.trim(), words: words.value.trim(), responder: responder.value || null },
        signal,
      }),
  });
}

const text = (testid: string): HTMLTextAreaElement => h("textarea", { rows: 4, maxlength: LONGEST, dir: "auto", "data-testid": testid });
