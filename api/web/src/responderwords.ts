// The response network in words: whose agreement holds, and which contact is told next.

import { standingOf } from "./alertwords";
import type { Receiver, Responder, Who } from "./types";
import { counted, moment } from "./words";

/** A server tells its clock in whole seconds, and may be one behind: what it did just now is not ahead. */
const CLOCK_MS = 2000;

export type Holding = "ahead" | "holds" | "over";

/** Whether an agreement holds at a time that the server told, in milliseconds. */
export function holdingOf({ since, until }: Pick<Responder, "since" | "until">, now: number): Holding {
  if (until !== null && Date.parse(until) <= now + CLOCK_MS) return "over";
  return Date.parse(since) <= now + CLOCK_MS ? "holds" : "ahead";
}

/** Whether a contact can be told: it wants to be, is not off, and somebody answers for it. */
export const canBeTold = (contact: Receiver | undefined): boolean => contact !== undefined && standingOf(contact) === "on";

/** How a responder stands, as a class of badge, in a word or two and in a sentence. */
export function holdingWords(one: Responder, contacts: readonly (Receiver | undefined)[], now: number): [badge: string, short: string, sentence: string] {
  const holding = holdingOf(one, now);
  if (holding === "over") return ["off", "Off", `The agreement ended ${moment(one.until ?? "")}. It is told of nothing new.`];
  const ends = one.until === null ? "" : ` until ${moment(one.until)}`;
  if (holding === "ahead") return ["waiting", "Later", `The agreement begins ${moment(one.since)}${ends && ` and holds${ends}`}. Until then it is told of nothing.`];
  const since = `The agreement holds since ${moment(one.since)}${ends && `,${ends}`}.`;
  if (!contacts.some(canBeTold)) return ["off", "Unreached", `${since} But no contact of it can be told.`];
  return ["on", "On", since];
}

/** 90 minutes, 2 hours, 1 day. */
export function minutesWords(minutes: number): string {
  if (minutes % 1440 === 0) return counted(minutes / 1440, "day");
  return minutes % 60 === 0 ? counted(minutes / 60, "hour") : counted(minutes, "minute");
}

/** Whether somebody may change a responder: their own, or all that there are. */
export const mayChangeResponder = (who: Who | null, { owner }: Responder): boolean =>
  who !== null && who.scopes.includes("watch") && (owner === who.key || who.scopes.includes("manage"));
