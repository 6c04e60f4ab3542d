// What takes two people: what each act does, what waits, and how it stands, in words.

import type { Audience, Erasure, Hold, Release, Subject, Who } from "./types";
import { counted, isolated, moment, number } from "./words";

export const AUDIENCES: Record<Audience, string> = { partner: "partners", public: "the public" };

const TOLD: Record<Audience, readonly string[]> = {
  partner: [
    "Partners are told of a square of the grid, about 1 km at the finest and most often larger, and of days.",
    "They are told its kind, its state and what could not be seen.",
  ],
  public: [
    "Everybody is told, where this service has public events on: of an administrative area or a square of 16 km at the finest, and of weeks.",
    "First on the Monday after another person agreed and after its newest look is 72 hours old.",
  ],
};
const NOT_TOLD = "Nobody is told its outline, pictures, evidence, settlement or region.";
const KNOWN = "Who has read it knows it all the same.";

export const askReleaseEffects = (audience: Audience): string[] => [
  "It waits until another person agrees; until then nobody is told.",
  ...TOLD[audience],
  NOT_TOLD,
  `Any one person who may release can take it back. ${KNOWN}`,
];

export function agreeReleaseEffects({ audience }: Release, place: string | null): string[] {
  return [
    place
      ? `${audience === "partner" ? "Partners are" : "The public is"} told that it was ${place}. That place is fixed for ever, for all its later versions.`
      : "The event is there no more, so this will be refused.",
    ...TOLD[audience],
    NOT_TOLD,
    `Any one person who may release can take it back. ${KNOWN}`,
  ];
}

export const withdrawEffects = (release: Release): string[] =>
  release.outcome === "open"
    ? ["Nobody was told. The request stays on record as withdrawn."]
    : [`In its place it is told that it is gone. ${KNOWN}`, "One person is enough; that you did it stays on record."];

const GOES: Record<Subject, string> = {
  event:
    "What goes: the event in every version there ever was, those merged into it, their sources and detections, opinions, assessments and claims, how it was told to others, and backtests of its region.",
  settlement: "What goes: the settlement, every event that befell it, its looks in the ledger, and all backtests.",
  region:
    "What goes: the region, all events and looks in it, runs, missed passes, listed scenes, detectors' states, and of the archive the cells that no other region looks at.",
};
const STAYS =
  "What stays: who asked and agreed, when and why; a SHA-256 over all that went and how many records of which sort; ids, the log of acts, and a tombstone for whoever follows changes. Others who were told of it read that it is gone.";
const NOT_REACHED = "Not reached: older backups, evidence packages, exports and what others were told.";

export const askEraseEffects = (what: Subject): string[] => [
  "It waits until another person, an administrator, agrees. What is under a legal hold is not erased.",
  GOES[what],
  STAYS,
  NOT_REACHED,
  "To clear a machine in danger this is not the way: that is the command hearthwatch seal.",
];

export const agreeEraseEffects = (what: Subject): string[] => [
  "It is erased at once, and nothing brings it back.",
  GOES[what],
  STAYS,
  NOT_REACHED,
];

export const HOLD_EFFECTS: readonly string[] = [
  "It is in force at once: nobody can erase what is under it.",
  "It covers what it names, everything that is part of it, and everything that it is part of.",
  "Only two administrators together lift it. Pictures in the archive have holds of their own.",
];

export function liftEffects(hold: Hold): string[] {
  if (hold.lifting_asked_by === null)
    return ["It waits until another administrator agrees; until then the hold is in force.", "Any one person can keep it instead."];
  return ["The hold is lifted at once.", "What was under it can be erased from then on, by two people."];
}

export const KEEP_EFFECTS: readonly string[] = ["The hold stays in force. That somebody asked to lift it stays on record."];

/** Whether somebody is signed in and is not who asked; of keys the server knows whose they are. */
export const isAnother = (who: Who, asked: string): boolean => who.person !== null && who.person !== asked;

/** Who somebody is, for those who read what they asked for. */
export function nameOf(id: string | null, names: Readonly<Record<string, string>>, who: Who | null = null): string {
  if (id === null) return "nobody";
  const name = isolated(names[id] ?? `somebody no longer known (${id})`);
  return who?.person === id ? `${name} (you)` : name;
}

export const titleOfRelease = ({ audience }: Release): string => `Tell ${AUDIENCES[audience]}`;
export const titleOfErasure = ({ what }: Erasure): string => `Erase the ${what}`;
export const titleOfHold = ({ what }: Hold): string => (what === "all" ? "Hold on everything" : `Hold on the ${what}`);

/** How many wait for somebody to decide them, of those that may. */
export function waitFor(
  who: Who,
  { releases, erasures, holds }: { releases: readonly Release[]; erasures: readonly Erasure[]; holds: readonly Hold[] },
): number {
  const admin = who.scopes.includes("manage");
  const open = [...releases, ...(admin ? erasures : [])].filter((one) => one.outcome === "open" && isAnother(who, one.asked_by));
  const lifts = holds.filter((one) => admin && one.lifting_asked_by !== null && isAnother(who, one.lifting_asked_by));
  return open.length + lifts.length;
}

/** How something ended, or that it stands. */
export function releaseState(one: Release, names: Readonly<Record<string, string>>): string {
  if (one.outcome === "open") return "waits for a second person";
  if (one.outcome === "refused") return `put down by ${nameOf(one.decided_by, names)}`;
  if (one.outcome === "withdrawn") return `taken back by ${nameOf(one.ended_by ?? one.decided_by, names)}`;
  const agreed = `agreed to by ${nameOf(one.decided_by, names)}${one.decided ? `, ${moment(one.decided)}` : ""}`;
  return one.ended ? `${agreed}; withdrawn ${moment(one.ended)} by ${nameOf(one.ended_by, names)}` : agreed;
}

export function erasureState(one: Erasure, names: Readonly<Record<string, string>>): string {
  const by = nameOf(one.decided_by, names);
  const words = { open: "waits for a second person", agreed: `erased; ${by} agreed`, refused: `put down by ${by}`, withdrawn: `taken back by ${by}` }[one.outcome];
  return one.decided ? `${words}, ${moment(one.decided)}` : words;
}

/** How much went: "12 records: 4 detection, 8 event source"; each version is one. */
export function erasedWords({ rows }: Erasure): string {
  const all = Object.values(rows).reduce((sum, one) => sum + one, 0);
  const sorts = Object.entries(rows).map(([name, count]) => `${number(count)} ${name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()}`);
  return `${counted(all, "record")}${sorts.length > 0 ? `: ${sorts.join(", ")}` : ""}`;
}
