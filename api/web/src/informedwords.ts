// Who of the network knows of an event and who acts, in words.

import type { Answered, EventEffect, KnowingStep, Informed } from "./types";
import { capital, counted, isolated, moment } from "./words";

/** How a responder stands to an event, in a word and in a sentence. */
export const STANDS: Record<Answered, [short: string, sentence: string]> = {
  told: ["Told", "has not answered yet"],
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
  return `Nobody has taken charge.${asked}${silent}`;
}

const STEPS: Record<KnowingStep["act"], string> = {
  told: "told",
  escalated: "no answer in time: the next contact was told",
  received: "received",
  taken_charge: "has taken charge",
  declined: "declined",
  handed_over: "handed over",
  unanswered: "the last contact did not answer in time",
  withdrawn: "taken back before it was answered",
};

/** One thing that happened: when, what, by which contact, and the words that were said. */
export function stepWords({ act, words }: KnowingStep, contact: string | null): string {
  return `${STEPS[act] ?? act}${contact ? `, ${isolated(contact)}` : ""}${words ? `: ${words}` : ""}`;
}

const EFFECTS: Record<EventEffect["effect"], string> = {
  action: "something was done",
  none: "nothing was done",
  backfire: "harm came of telling",
};

export const effectWords = ({ effect, date, source, words }: EventEffect): string =>
  `${capital(EFFECTS[effect] ?? effect)}, ${date}, by ${isolated(source)}${words ? `: ${words}` : "."}`;

/** When the next contact is told if nobody answers. */
export const dueWords = (due: string | null): string => (due ? `If nobody answers, the next is told ${moment(due)}.` : "");
