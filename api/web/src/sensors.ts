// The ledger of a watch by detector: what each of them could see, and one strip of looks at a time.

import { detectorWords } from "./detectors";
import { field, h } from "./dom";
import { ledger, type Pictures } from "./ledger";
import { longestGap, lostWords, sensorsOf, type Sensor } from "./looks";
import type { LedgerRow } from "./types";
import { counted, day, daysBetween } from "./words";

const ALL = "";

export function ledgers(rows: readonly LedgerRow[], pictures: Pictures): HTMLElement {
  const all = sensorsOf(rows);
  const [only] = all;
  if (!only) return ledger(rows, pictures);
  if (all.length === 1) return h("div", { class: "sensors" }, h("p", { class: "quiet", "data-testid": "ledger-detector" }, detectorWords(only.detector)), ledger(rows, pictures));
  const holder = h("div", {});
  const select = h(
    "select",
    { "data-testid": "ledger-detectors" },
    h("option", { value: ALL }, "All of them, one sign for each look"),
    ...all.map(({ detector }) => h("option", { value: detector }, detectorWords(detector))),
  );
  const show = (): void => holder.replaceChildren(ledger(select.value === ALL ? rows : rows.filter((row) => row.detector === select.value), pictures));
  select.addEventListener("change", show);
  show();
  return h("div", { class: "sensors" }, summary(all), field("Looks of", select), holder);
}

/** What each detector could see, one under the other: a table is too wide for a panel. */
function summary(all: readonly Sensor[]): HTMLElement {
  const list = h("dl", { class: "facts unseen", "data-testid": "ledger-summary", "aria-label": "What each detector could see" });
  for (const one of all) list.append(h("div", {}, h("dt", {}, detectorWords(one.detector)), h("dd", {}, seen(one))));
  return list;
}

function seen(one: Sensor): string {
  const usable = one.looks.filter((look) => look.usable);
  const lost = one.looks.filter((look) => !look.usable);
  const gap = longestGap(one.looks);
  const last = usable.at(-1);
  return [
    `${usable.length} of ${counted(one.looks.length, "look")} usable`,
    last ? `the last of ${day(last.sensed)}` : "nothing was ever seen",
    gap ? `at most ${counted(daysBetween(gap.start, gap.end), "day")} blind` : "no two looks to tell a change by",
    lost.length > 0 ? `not seen: ${lostWords(lost)}` : "nothing was missed",
  ].join("; ").concat(".");
}
