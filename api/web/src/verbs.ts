// What people may say of an event or do with it: words, what each needs, and which can be done now.

import type { EventState, NewOpinion, Opinion, Verb, WholeProperties } from "./types";
import { counted, day } from "./words";

/** Something that can be said or done, as the page offers it. */
export interface Offer {
  verb: Verb;
  /** On its button. */
  label: string;
  question: string;
  /** What it does, and what it does not. */
  effect: string;
  /** What the button says that does it. */
  yes: string;
  words: "needed" | "welcome";
  danger: boolean;
}

const STAYS = "Software never changes that; new looks are only noted beside it.";

const OFFERS: readonly Offer[] = [
  {
    verb: "confirm",
    label: "Confirm",
    question: "Confirm this event?",
    effect: `You say that it happened as it is described under "What was observed". ${STAYS} Why it happened and who did it is not said by this.`,
    yes: "Confirm it",
    words: "welcome",
    danger: false,
  },
  {
    verb: "dispute",
    label: "Dispute",
    question: "Dispute this event?",
    effect: `You say that people who judged it do not agree. It stays on the list as disputed. ${STAYS}`,
    yes: "Dispute it",
    words: "needed",
    danger: false,
  },
  {
    verb: "reject",
    label: "Reject",
    question: "Reject this event?",
    effect: `You say that it is none of what is watched for: a burning of the season, say, or a fault of the picture. It stays readable as rejected, with your reason. ${STAYS}`,
    yes: "Reject it",
    words: "welcome",
    danger: true,
  },
  {
    verb: "retract",
    label: "Retract",
    question: "Retract this event?",
    effect: `You take it back before those who were told of it. It stays readable as retracted, with your words. ${STAYS}`,
    yes: "Retract it",
    words: "needed",
    danger: true,
  },
  {
    verb: "close",
    label: "Close the event",
    question: "Close this event?",
    effect: `You say that it is over. What changes there later makes a new event. ${STAYS}`,
    yes: "Close it",
    words: "welcome",
    danger: false,
  },
  {
    verb: "reopen",
    label: "Give back to the software",
    question: "Give this event back to the software?",
    effect: "Its state follows from what its detectors say again. What people said before stays on record.",
    yes: "Give it back",
    words: "welcome",
    danger: false,
  },
  {
    verb: "split",
    label: "Split",
    question: "Split this event?",
    effect: "What you choose becomes an event of its own, with an id of its own. This one keeps its id, its history and the rest. It can be taken back.",
    yes: "Split it",
    words: "welcome",
    danger: false,
  },
  {
    verb: "merge",
    label: "Merge another into it",
    question: "Merge another event into this one?",
    effect: "All that tells of the other event tells of this one from now on. The other keeps its id and its history, is closed, and points here. It can be taken back.",
    yes: "Merge them",
    words: "welcome",
    danger: false,
  },
];

const UNDO: Offer = {
  verb: "undo",
  label: "Undo",
  question: "Take the last step back?",
  effect: "",
  yes: "Take it back",
  words: "welcome",
  danger: false,
};

/** Coded reasons of a rejection. */
export const REASONS: readonly [code: string, words: string][] = [
  ["seasonal_burn", "Burning of the season: fields or grassland"],
  ["crop_or_pasture", "Crops or pasture: harvest, ploughing, grazing"],
  ["cloud_shadow_smoke", "Cloud, shadow or smoke in the picture"],
  ["flood_or_moisture", "Flood or wet ground"],
  ["industry_or_flare", "Industry, a kiln or a gas flare"],
  ["construction", "Building work"],
  ["registration_error", "Pictures that do not lie exactly on each other"],
  ["sensor_artefact", "A fault of the sensor"],
  ["old_change", "An old change, from before the time told"],
  ["duplicate", "The same as another event"],
  ["accidental_fire", "A fire by accident"],
  ["other", "Something else, in words"],
];

const SAID: readonly EventState[] = ["confirmed", "disputed", "rejected", "retracted"];

/** What stands of all that was said: not taken back, oldest first. */
export function standing(opinions: readonly Opinion[]): Opinion[] {
  const undone = new Set(opinions.map((one) => one.undoes));
  return opinions.filter((one) => one.verb !== "undo" && !undone.has(one.act));
}

/** Why some of it is not offered, and what to do instead. */
export function notAloneWords(verbs: readonly Verb[]): string {
  if (verbs.includes("close"))
    return "What it is, two people say who look without knowing of each other: sign in and use Verify, at the top.";
  if (verbs.includes("confirm"))
    return "Two people looked at it. Who sees it otherwise disputes it, or gives it back to the software: others look then.";
  return "Who looked can take that back for 10 minutes, under Verify. Later it can be disputed, or given back to the software.";
}

/** What one person can say of an event or do with it as it is now. */
export function offers(event: WholeProperties, opinions: readonly Opinion[], notAlone: readonly Verb[] = []): Offer[] {
  return every(event, opinions).filter(({ verb }) => !notAlone.includes(verb));
}

function every(event: WholeProperties, opinions: readonly Opinion[]): Offer[] {
  const stands = standing(opinions);
  const last = stands.at(-1);
  const undo = last ? [{ ...UNDO, label: `Undo: ${actWords(last)}`, effect: undoWords(last) }] : [];
  // Of one that is part of another now, all is said there.
  if (event.merged_into) return undo;
  const told = stands.filter((one) => one.verb !== "split" && one.verb !== "merge").at(-1);
  const bySomebody = SAID.includes(event.state) || (told !== undefined && told.verb !== "reopen");
  const possible = OFFERS.filter(({ verb }) => {
    if (verb === "reopen") return bySomebody;
    if (verb === "split") return event.sources.length > 1;
    return true;
  });
  return [...possible, ...undo];
}

/** What is missing from what is to be said; null where nothing is. */
export function missing({ verb, words }: Offer, sent: NewOpinion, sources: number): string | null {
  const text = sent.text?.trim() ?? "";
  if (verb === "reject" && !sent.reason) return "Choose the reason.";
  if (verb === "reject" && sent.reason === "other" && !text) return "Say in words what it is.";
  if (words === "needed" && !text) return "Say why: whoever was told of it must be able to read that.";
  const chosen = sent.sources?.length ?? 0;
  if (verb === "split" && chosen === 0) return "Choose what becomes an event of its own.";
  if (verb === "split" && chosen === sources) return "Leave at least one with this event.";
  if (verb === "merge" && !sent.other?.trim()) return "Choose the other event, or give its id.";
  return null;
}

const PAST: Record<Verb, string> = {
  confirm: "confirmed it",
  dispute: "disputed it",
  reject: "rejected it",
  retract: "retracted it",
  close: "closed it",
  reopen: "gave it back to the software",
  undo: "took a step back",
  split: "split it",
  merge: "merged",
};

const NOUN: Record<Verb, string> = {
  confirm: "confirmation",
  dispute: "dispute",
  reject: "rejection",
  retract: "retraction",
  close: "closing",
  reopen: "giving back",
  undo: "undoing",
  split: "split",
  merge: "merger",
};

/** "the rejection of 3 May 2024" */
const actWords = (one: Opinion): string => `the ${NOUN[one.verb]} of ${day(one.said)}`;

const undoWords = (one: Opinion): string =>
  `This takes back ${actWords(one)} by ${one.who}${one.text ? ` ("${one.text}")` : ""}. It stays on record that it was said and taken back.`;

/** What somebody did, as a sentence without its end. */
export function opinionWords(one: Opinion): string {
  const parts = [`${one.who} ${PAST[one.verb]}`];
  if (one.other)
    parts.push(`${counted(one.sources.length, "source")}, with event ${one.other.slice(0, 8)}`);
  const reason = REASONS.find(([code]) => code === one.reason);
  if (reason) parts.push(reason[1]);
  return parts.join(": ");
}
