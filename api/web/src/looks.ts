// Sums on looks: one look over all grid cells or settlements, the longest time blind, what was left out.

import { detectorWords } from "./detectors";
import type { LedgerRow, SeriesLook } from "./types";
import { counted, markOf, whyWords, type Mark } from "./words";

/** One look of a region: the rows of all its grid cells, or settlements, together. */
export interface Look {
  acquisition: string | null;
  sensed: string;
  mark: Mark;
  usable: boolean;
  words: string;
}

/** The looks of one detector. */
export interface Sensor {
  detector: string;
  looks: Look[];
}

/** The looks of every detector that keeps a ledger, by its name. */
export function sensorsOf(rows: readonly LedgerRow[]): Sensor[] {
  return detectorsOf(rows).map((detector) => ({ detector, looks: looksOf(rows.filter((row) => row.detector === detector)) }));
}

const detectorsOf = (rows: readonly LedgerRow[]): string[] => [...new Set(rows.map((row) => row.detector))].sort();

/** How telling a status is: the most telling of a look's cells or settlements marks the look. */
const RANK = ["changed", "unchanged"];

export function looksOf(rows: readonly LedgerRow[]): Look[] {
  const groups = new Map<string, LedgerRow[]>();
  for (const row of rows) {
    const key = `${row.sensed} ${row.acquisition ?? ""}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()]
    .map(together)
    .sort((a, b) => a.sensed.localeCompare(b.sensed));
}

function together(rows: LedgerRow[]): Look {
  const counts = new Map<string, { row: LedgerRow; count: number }>();
  for (const row of rows) {
    const key = `${row.status} ${row.cause ?? ""}`;
    const known = counts.get(key);
    if (known) known.count += 1;
    else counts.set(key, { row, count: 1 });
  }
  const rank = (row: LedgerRow): number => {
    const found = RANK.indexOf(row.status);
    return found < 0 ? RANK.length : found;
  };
  const ordered = [...counts.values()].sort(
    (a, b) => rank(a.row) - rank(b.row) || b.count - a.count,
  );
  const [first] = ordered;
  const row = first?.row ?? rows[0];
  if (!row) throw new Error("a look without rows");
  const place = row.settlement ? "settlement" : "grid cell";
  const detectors = detectorsOf(rows);
  const words =
    detectors.length > 1
      ? detectors.map((one) => `${detectorWords(one)}: ${together(rows.filter((each) => each.detector === one)).words}`).join("; ")
      : rows.length === 1
      ? wordsOf(row)
      : ordered.length === 1
        ? `${wordsOf(row)} (the same in all ${counted(rows.length, place)})`
        : ordered
            .map(({ row: one, count }) => `${wordsOf(one)} in ${count} of ${counted(rows.length, place)}`)
            .join("; ");
  return {
    acquisition: row.acquisition,
    sensed: row.sensed,
    mark: markOf(row.status, row.cause),
    usable: RANK.includes(row.status),
    words,
  };
}

const wordsOf = (row: LedgerRow): string => row.words || markOf(row.status, row.cause).words;

/** The longest time between two usable looks, or null with fewer than two. */
export function longestGap(looks: readonly Look[]): { start: string; end: string } | null {
  const usable = looks.filter((look) => look.usable).map((look) => look.sensed);
  let longest: { start: string; end: string } | null = null;
  let most = -1;
  usable.slice(1).forEach((end, i) => {
    const start = usable[i] ?? end;
    const length = Date.parse(end) - Date.parse(start);
    if (length > most) {
      most = length;
      longest = { start, end };
    }
  });
  return longest;
}

/** How many looks were left out and why: "4 cloud, 1 no data". */
export function leftOut(
  looks: readonly SeriesLook[],
  from: string | null,
  to: string | null,
): { total: number; used: number; words: string } {
  const within = looks.filter(
    (look) => (from === null || look.sensed > from) && (to === null || look.sensed < to),
  );
  const counts = new Map<string, number>();
  for (const look of within) {
    if (look.used) continue;
    const why = whyWords(look.why);
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return {
    total: sorted.reduce((sum, [, count]) => sum + count, 0),
    used: within.filter((look) => look.used).length,
    words: sorted.map(([why, count]) => `${count} ${why}`).join(", "),
  };
}

/** "3 cloud, 1 not delivered" */
export function lostWords(looks: readonly { mark: { words: string } }[]): string {
  const counts = new Map<string, number>();
  for (const { mark } of looks) {
    const words = mark.words.replace("not observable: ", "");
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([words, count]) => `${count} ${words}`)
    .join(", ");
}
