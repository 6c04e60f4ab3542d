// What a backtest came to, in words.

import { detectorWords } from "./detectors";
import type { Backtest, BacktestReport, Rate } from "./types";
import { capital, counted, day, jobEnded, number } from "./words";

const STATES: Record<Backtest["state"], string> = {
  waiting: "Waits for its turn; hearthwatch up makes it, one backtest at a time",
  running: "Trying the looks",
  complete: "Complete",
  failed: "Failed",
  interrupted: "Interrupted",
};

export const backtestOver = (made: Backtest): boolean => jobEnded({ state: made.state });

export function progressWords(made: Backtest): string {
  const looks = made.total > 0 ? [`${number(made.done)} of ${counted(made.total, "look")}`] : [];
  return [STATES[made.state] ?? made.state, ...looks, ...(made.detail ? [made.detail] : [])].join("; ");
}

/** What it would have told, in a sentence; nothing told is not the same as nothing there. */
export function cameTo(report: BacktestReport): string {
  const when = `From ${day(report.since)} to ${day(report.until)}`;
  const usable = report.detectors.reduce((sum, one) => sum + one.usable_looks, 0);
  if (usable === 0) return `${when} no look could be used, so nothing can be said of that time.`;
  const events = report.told === 0 ? "no event" : counted(report.told, "event");
  const candidates = report.candidates === 0 ? "no first sign" : counted(report.candidates, "first sign");
  return `${when}: ${events} would have been told, and ${candidates} held back as a candidate. Looks since ${day(report.learned_since)} were learned from.`;
}

const TIMES: Record<number, string> = { 0.5: "Half the budget", 1: "The budget itself", 2: "Twice the budget" };
export const timesWords = (times: number): string => TIMES[times] ?? `${number(times, 2)} times the budget`;

/** "0.42 a month (0.11 to 1.07)" */
export function rateWords({ per_month: rate, low, high }: Rate): string {
  if (rate === null || low === null || high === null) return "not known";
  return `${rate.toFixed(2)} a month (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

/** What could not be seen: by detector, with the months in which nothing could be. */
export function notSeen(report: BacktestReport): string[] {
  const words = report.detectors.map((one) => {
    const gap = one.longest_blind_days;
    const dark = darkMonths(report, one.by_month);
    return [
      `${capital(detectorWords(one.detector))}: ${counted(one.looks, "look")}, ${number(one.usable_looks)} usable`,
      gap === null ? "" : `; at most ${counted(Math.round(gap), "day")} without a usable one`,
      dark.length > 0 ? `; none usable in ${dark.join(", ")}` : "",
      ".",
    ].join("");
  });
  return [...words, ...report.not_seen.map((one) => `${capital(sentence(one))}.`)];
}

/** "burned: no usable look at 3 settlements" with the detector as people call it. */
function sentence(words: string): string {
  const [name, ...others] = words.split(": ");
  return others.length > 0 && name ? `${detectorWords(name)}: ${others.join(": ")}` : words;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The months of the time told of in which no look was usable, those without any look included. */
export function darkMonths(
  { since, until }: Pick<BacktestReport, "since" | "until">,
  byMonth: readonly { month: string; usable_looks: number }[],
): string[] {
  const seen = new Set(byMonth.filter((one) => one.usable_looks > 0).map((one) => one.month));
  const dark: string[] = [];
  const at = new Date(`${since.slice(0, 7)}-01T00:00:00Z`);
  while (at.toISOString().slice(0, 10) < until.slice(0, 10)) {
    if (!seen.has(at.toISOString().slice(0, 7))) dark.push(`${MONTHS[at.getUTCMonth()] ?? ""} ${at.getUTCFullYear()}`);
    at.setUTCMonth(at.getUTCMonth() + 1);
  }
  return dark;
}
