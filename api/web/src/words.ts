// What the page says, in words. Nothing here says who did something or why.

import type { Cause, EventState, Job, JobState, Kind, Mode, RegionImagery, Status, Style, Who } from "./types";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export const STATES: readonly EventState[] = [
  "candidate",
  "provisional",
  "corroborated",
  "confirmed",
  "disputed",
  "rejected",
  "retracted",
  "closed",
];

export const KINDS: readonly Kind[] = [
  "burned",
  "razed",
  "camp_change",
  "abandonment",
  "ground_change",
];

const KIND_WORDS: Record<Kind, string> = {
  burned: "burned",
  razed: "razed",
  camp_change: "camp change",
  abandonment: "abandonment",
  ground_change: "ground change",
};

const STATE_MEANING: Record<EventState, string> = {
  candidate: "A first sign. It may fade with the next looks.",
  provisional: "One sensor showed it on several looks. No person has judged it yet.",
  corroborated: "A second, independent source agrees. No person has judged it yet.",
  confirmed: "People have judged it and hold that it happened.",
  disputed: "People who judged it do not agree.",
  rejected: "People have judged it and hold that it is something else.",
  retracted: "It was reported and then taken back.",
  closed: "It has ended: no longer seen, or become the ground's new normal.",
};

const STYLE_WORDS: Record<Style, string> = {
  true_colour: "True colour",
  false_colour: "False colour (near-infrared)",
  ndvi: "Greenness (NDVI)",
  nbr: "Burn ratio (NBR)",
  dnbr: "Loss of burn ratio (dNBR)",
  change: "Change from before",
};

const JOB_WORDS: Record<JobState, string> = {
  waiting: "waiting for its turn",
  running: "taking looks",
  complete: "complete",
  failed: "failed",
  interrupted: "interrupted; the next one carries on where it stopped",
};

export const kindWords = (kind: string): string =>
  KIND_WORDS[kind as Kind] ?? kind.replaceAll("_", " ");
export const stateMeaning = (state: EventState): string => STATE_MEANING[state] ?? "";
/** The picture that shows the ground most as an eye would see it, of those there are. */
export const plainest = (styles: readonly Style[]): Style | null =>
  (["true_colour", "false_colour", "ndvi"] as const).find((style) => styles.includes(style)) ?? null;
export const styleWords = (style: Style): string => STYLE_WORDS[style] ?? style.replaceAll("_", " ");

/** A number of things. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

export function number(value: number, digits = 0): string {
  return value.toLocaleString("en-GB", { maximumFractionDigits: digits });
}

/** 12 May 2018 */
export function day(time: string | number | Date | null | undefined): string {
  if (time === null || time === undefined) return "never";
  const date = new Date(time);
  if (Number.isNaN(date.valueOf())) return "an unknown day";
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ""} ${date.getUTCFullYear()}`;
}

/** 12 May 2018, 09:20 UTC */
export function moment(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.valueOf())) return "an unknown time";
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${day(time)}, ${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`;
}

/** When a look was: the day alone where it is the first instant of one, as for a scene of which no more is known. */
export const lookTime = (time: string): string => (new Date(time).valueOf() % 86_400_000 === 0 ? day(time) : moment(time));

/** 27 Apr and 22 May 2018, 15 and 25 Sep 2020: month and year are said once where they are the same. */
export function twoDays(start: string, end: string, and = " and "): string {
  const [from, to] = [day(start), day(end)];
  if (from === to) return to;
  let parts = from.split(" ");
  const others = to.split(" ");
  if (parts[2] === others[2]) parts = parts.slice(0, parts[1] === others[1] ? 1 : 2);
  return `${parts.join(" ")}${and}${to}`;
}

/** When it changed: between the last look unharmed and the first that shows it. */
export function interval(lastUnharmed: string | null, firstChanged: string): string {
  if (lastUnharmed === null) return `changed on or before ${day(firstChanged)}`;
  if (day(lastUnharmed) === day(firstChanged)) return `changed on ${day(firstChanged)}`;
  return `changed between ${twoDays(lastUnharmed, firstChanged)}`;
}

export const DAY = 86_400_000;

export function daysBetween(start: string | number, end: string | number): number {
  return Math.floor((new Date(end).valueOf() - new Date(start).valueOf()) / DAY);
}

export function hectares(value: number): string {
  if (value >= 10_000) return `${number(value / 100)} km²`;
  return `${value.toLocaleString("en-GB", {
    minimumFractionDigits: value < 10 ? 2 : 1,
    maximumFractionDigits: value < 10 ? 2 : 1,
  })} ha`;
}

export function squareKilometres(value: number): string {
  return `${number(value, value < 10 ? 2 : value < 100 ? 1 : 0)} km²`;
}

export function duration(seconds: number): string {
  if (seconds < 90) return counted(Math.max(0, Math.round(seconds)), "second");
  if (seconds < 5400) return counted(Math.round(seconds / 60), "minute");
  if (seconds < 2 * 86400) return `${number(seconds / 3600, 1)} hours`;
  return `${number(seconds / 86400, 1)} days`;
}

export function jobWords(job: Job): string {
  const parts = [JOB_WORDS[job.state] ?? job.state];
  if (job.total > 0) parts.push(`${number(job.done)} of ${counted(job.total, "look")}`);
  if (job.state === "running") {
    if (job.sensed) parts.push(`now at ${day(job.sensed)}`);
    if (job.rate) parts.push(`${number(job.rate, 1)} looks a second`);
    if (job.seconds_left !== null && job.seconds_left !== undefined)
      parts.push(`about ${duration(job.seconds_left)} left`);
  }
  if (job.detail) parts.push(job.detail);
  return capital(parts.join("; "));
}

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const jobEnded = (job: Pick<Job, "state">): boolean =>
  job.state === "complete" || job.state === "failed" || job.state === "interrupted";

/** How a look in the ledger is marked: one letter, one colour, words. */
export interface Mark {
  key: string;
  letter: string;
  words: string;
}

const MARKS: readonly Mark[] = [
  { key: "unchanged", letter: "U", words: "unchanged" },
  { key: "changed", letter: "Δ", words: "changed" },
  { key: "cloud", letter: "C", words: "not observable: cloud" },
  { key: "shadow", letter: "S", words: "not observable: shadow" },
  { key: "smoke", letter: "K", words: "not observable: smoke" },
  { key: "orbit", letter: "O", words: "not observable: outside the orbit's swath" },
  { key: "nodata", letter: "N", words: "not observable: no data" },
  { key: "not_observable", letter: "?", words: "not observable" },
  { key: "not_delivered", letter: "D", words: "not delivered" },
  { key: "not_processed", letter: "P", words: "not processed" },
];

const MARK_BY_KEY = new Map(MARKS.map((mark) => [mark.key, mark]));

export function markOf(status: Status | string, cause: Cause | string | null): Mark {
  const key = status === "not_observable" ? (cause ?? status) : status;
  return (
    MARK_BY_KEY.get(key) ?? { key: "not_observable", letter: "?", words: key.replaceAll("_", " ") }
  );
}

export const marks = (): readonly Mark[] => MARKS;

/** Why a look was left out of a time series, shortly: "cloud" for "cloud over 75%". */
export function whyWords(why: string | null): string {
  const known: Record<string, string> = {
    nodata: "no data",
    not_delivered: "not delivered",
    not_processed: "not processed",
    not_observable: "not observable",
  };
  if (!why) return "left out";
  return known[why] ?? why.replace(/,? over [\d.]+ ?%.*$/, "").replaceAll("_", " ");
}

const EXPECTED = "its past and its surroundings let expect";
const factor = (value: number): string => `× ${value.toFixed(2)} of what ${EXPECTED}`;
const more = (value: number): string => (value < 0 ? "less" : "more");

/** What is told in a name and a sentence, in this order; other evidence comes after it, as it is. */
const EVIDENCE: Record<string, [string, (value: number) => string]> = {
  near_infrared_factor: ["Near-infrared", factor],
  visible_factor: ["Visible light", factor],
  char_fraction_change: ["Char", (value) => `on ${number(Math.abs(value) * 100)} % ${more(value)} of its ground than ${EXPECTED}`],
  char_index_change: ["Char index (NBRSWIR)", (value) => `${Math.abs(value).toFixed(3)} ${more(value)} than ${EXPECTED}`],
  surroundings_changed: [
    "Surroundings",
    (value) => (value > 0 ? `${number(value * 100)} % of them changed as well` : "none of them changed as well"),
  ],
  log_likelihood_ratio: ["Log-likelihood ratio", (value) => `${evidenceValue(value)} nats${times(value)}`],
};

/** A log-likelihood ratio of more than nothing, as how many times likelier. */
function times(nats: number): string {
  if (nats <= 0) return "";
  const ratio = Math.exp(Math.min(nats, 100));
  const words = ratio > 1e6 ? "more than a million" : `about ${number(Number(ratio.toPrecision(2)), 1)}`;
  return `: ${words} times likelier with the change than without it`;
}

/** The numbers an event rests on, as names and words. */
export function evidenceWords(evidence: Record<string, unknown>): [string, string][] {
  const known = Object.entries(EVIDENCE).flatMap(([key, [name, say]]): [string, string][] => {
    const value = evidence[key];
    return typeof value === "number" ? [[name, say(value)]] : [];
  });
  const others = Object.entries(evidence).filter(([key, value]) => !(key in EVIDENCE && typeof value === "number"));
  return [...known, ...others.map(([key, value]): [string, string] => [capital(key.replaceAll("_", " ")), evidenceValue(value)])];
}

export function evidenceValue(value: unknown): string {
  if (typeof value === "number") {
    if (Number.isInteger(value)) return number(value);
    const size = Math.abs(value);
    if (size >= 100) return number(value);
    return size < 0.001 ? value.toExponential(2) : value.toPrecision(3);
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** EXERCISE or TEST; nothing where it is about the world. */
export const modeWord = (mode: Mode): string => (mode === "actual" ? "" : mode.toUpperCase());
export const MARKED_MODES: readonly Mode[] = ["exercise", "test"];

/** What the picture of a look on the large map is called. */
export function lookWords(sensed: string, style: Style, mode: Mode): string {
  const words = `Look of ${day(sensed)}, ${styleWords(style).toLowerCase()}`;
  return mode === "actual" ? words : `${modeWord(mode)}: ${words}`;
}

/** Whether a region is read in full, with less, or not at all. */
export function sightOf(imagery: RegionImagery | null): "full" | "less" | "blind" {
  if (imagery?.stage === "paused") return "blind";
  return imagery && (imagery.stage !== "full" || imagery.missing_passes > 0 || imagery.why) ? "less" : "full";
}

/** BLIND since 20 Nov 2026, 10:12 UTC */
export const blindWords = (since: string | null): string =>
  since ? `BLIND since ${moment(since)}` : "BLIND: nothing is read";

/** How many regions are not read in full; nothing where all are. */
export function sightWords(all: readonly (RegionImagery | null)[]): string {
  const many = (sight: string): number => all.filter((one) => sightOf(one) === sight).length;
  const [blind, less] = [many("blind"), many("less")];
  const first = blind > 0 ? `${number(blind)} of ${counted(all.length, "region")} ${blind === 1 ? "is" : "are"} BLIND` : "";
  const whose = first ? `${number(less)} more` : `${number(less)} of ${counted(all.length, "region")}`;
  const second = less > 0 ? `${whose} ${less === 1 ? "is" : "are"} read with less or ${less === 1 ? "misses" : "miss"} passes` : "";
  return [first, second].filter(Boolean).join("; ");
}

/** What somebody may do by: a key, or their role. */
export const yours = (who: Who | null): string => (who?.person ? "Your role" : "Your key");

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** A name as it stands in a sentence: one that runs from right to left leaves the order round it alone. */
export const isolated = (name: string): string => (RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name);

/** What people call the settlement, or its id. */
export const placeWords = (place: { settlement: string | null; settlement_name: string | null }): string =>
  isolated(place.settlement_name || place.settlement || "");

/** Where a fault is, for a person: `body.properties.name` is a field of the form. */
export function whereWords(where: string): string {
  const last = where.replace(/^(body|query|path)\./, "").replace(/^properties\./, "");
  return last === "body" ? "" : last.replaceAll("_", " ");
}
