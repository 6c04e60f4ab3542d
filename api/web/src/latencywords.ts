// How long something takes, in words.

import type { SectionTook, Took } from "./types";
import { duration } from "./words";

const SECTIONS: Record<string, string> = {
  published: "Sensed to published",
  fetched: "Published to fetched",
  detected: "Fetched to detected",
  verified: "Detected to verified by a person",
  sent: "Due to sent",
  acknowledged: "Sent to acknowledged",
  told: "From the look until told",
  answered: "From the look until acknowledged",
};

export function sectionWords(section: string): string {
  return SECTIONS[section] ?? section;
}

/** How long a section takes, and what of it has not arrived. */
export function tookWords(one: SectionTook): string {
  const times: string[] = [];
  if (one.p50) times.push(`half within ${timeWords(one.p50)}`);
  if (one.p95) times.push(`95 % within ${timeWords(one.p95)}`);
  if (one.longest) times.push(`longest ${timeWords(one.longest)}`);
  const rest = [one.open > 0 ? `${one.open} not yet` : "", one.unknown > 0 ? `${one.unknown} not known` : ""];
  return [...times, ...rest].filter(Boolean).join(", ") || "none";
}

function timeWords(time: Took): string {
  return `${duration(time.seconds)}${time.at_least ? " or longer" : ""}`;
}
