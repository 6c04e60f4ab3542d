// Who of the network knows of an event and who acts, in words.

import type { AnswerSaid, Answered, EventEffect, KnowingStep, Informed } from "./types";
import { capital, counted, isolated, moment } from "./words";

/** How a responder stands to an event, in a word and in a sentence. */
export const STANDS: Record<Answered, [short: string, sentence: string]> = {
  told: ["Told", "has not answered yet"],
  unreleased: ["Waits", "was told nothing: it may know only what two people release"],
  received: ["Received", "received it"],
  taken_charge: ["Acts", "has taken charge"],
  declined: ["Declined", "does not act"],
  handed_over: ["Handed over", "gave it to another"],
  unanswered: ["No answer", "did not answer, by any contact"],
  withdrawn: ["Taken back", "was told, and what it was told was taken back before it answered"],
};

/** What is first needed: who acts; if nobody does, that nobody does. */
export function actsWords({ acts, items, unanswered }: Informed): string {
  if (items.length === 0) return "Nobody of the network was told of it.";
  const silent = unanswered ? " Somebody was asked by every contact there is, and did not answer." : "";
  if (acts.length > 0) return `${acts.map(isolated).join(" and ")} ${acts.length === 1 ? "has" : "have"} taken charge.${silent}`;
  const waits = items.filter((one) => one.state === "told").length;
  const asked = waits > 0 ? ` ${capital(counted(waits, "organisation"))} ${waits === 1 ? "is" : "are"} yet to answer.` : "";
  const held = items.filter((one) => one.state === "unreleased").length;
  const waiting = held > 0 ? ` ${capital(counted(held, "organisation"))} ${held === 1 ? "waits" : "wait"} for a release by two people.` : "";
  return `Nobody has taken charge.${asked}${waiting}${silent}`;
}

const STEPS: Record<KnowingStep["act"], string> = {
  told: "told",
  unreleased: "told nothing: waits for a release by two people",
  escalated: "no answer in time: the next contact was told",
  received: "received",
  taken_charge: "has taken charge",
  declined: "declined",
  handed_over: "handed over",
  unanswered: "the last contact did not answer in time",
  withdrawn: "taken back before it was answered",
};

/** One thing that happened: when, what, by which contact, who wrote it down, and the words that were said. */
export function stepWords({ act, words }: KnowingStep, contact: string | null, by: string | null = null): string {
  return `${STEPS[act] ?? act}${contact ? `, ${isolated(contact)}` : ""}${by ? `, written down by ${isolated(by)}` : ""}${words ? `: ${words}` : ""}`;
}

const EFFECTS: Record<EventEffect["effect"], string> = {
  action: "something was done",
  none: "nothing was done",
  backfire: "harm came of telling",
};

/** `about` names the responder that it is about. */
export const effectWords = ({ effect, date, source, words }: EventEffect, about: string | null = null, by: string | null = null): string =>
  `${capital(EFFECTS[effect] ?? effect)}, ${date}${about ? `, about ${isolated(about)}` : ""}, by ${isolated(source)}${by ? `, written down by ${isolated(by)}` : ""}${words ? `: ${words}` : "."}`;

export const EFFECT_CHOICES: [EventEffect["effect"], string][] = Object.entries(EFFECTS).map(([effect, words]) => [effect as EventEffect["effect"], capital(words)]);

/** What a responder can say, as people say it. */
export const ANSWERS: Record<AnswerSaid, string> = {
  received: "They have received it",
  taken_charge: "They take charge",
  declined: "They cannot do anything",
  handed_over: "They hand it over",
};

/** What follows from an answer that is written down. */
export function answerEffects(said: AnswerSaid, within: boolean): string[] {
  const follows: Record<AnswerSaid, string> = {
    received: "No answer of theirs is waited for any more: their next contact is not told. It does not undo that they took charge.",
    taken_charge: "Everybody who sees who acts sees them. Their next contact is not told.",
    declined: "Their next contact is told at once; after the last those of the next rank, unless somebody knows or acts. Nothing changes if another contact of theirs acts, or one that was told later is asked.",
    handed_over: within ? "Whom you name is told at once." : "Those of the next rank are told. Say in words to whom it was handed over.",
  };
  return [follows[said], "It stays on record with your name. A later answer takes its place; all of them stay."];
}

/** When the next contact is told if nobody answers. */
export const dueWords = (due: string | null): string => (due ? `If nobody answers, the next is told ${moment(due)}.` : "");
