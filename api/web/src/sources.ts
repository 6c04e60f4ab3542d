// Which detector and sensor told what of an event, and what each could not see.

import { path, part, type Api } from "./api";
import { detectorStateMeaning, detectorWords, groupWords } from "./detectors";
import { block, section } from "./detail";
import { facts, h } from "./dom";
import { lostWords, sensorsOf, type Sensor } from "./looks";
import type { LedgerRow, Meaning, Source, WholeProperties } from "./types";
import { DAY, capital, counted, day, evidenceWords, hectares, interval, kindWords } from "./words";

/** Days about the change for which it is told what each sensor could see. */
const ABOUT = 60;

export function sources(event: WholeProperties): HTMLElement {
  const { meaning, sources: told } = event;
  const alone = told.length === 1;
  return block(
    "Who told of it",
    told.length === 0
      ? h("p", {}, "No source tells of this event any more.")
      : h("p", { class: "quiet" }, alone ? "One source: one detector through one sensor." : `${counted(told.length, "source")}. Those of one kind of evidence rest on the same pictures and count once, the stronger of them.`),
    h("div", { class: "sources", "data-testid": "sources" }, ...told.map(card)),
    meaning ? measured(meaning) : "",
  );
}

/** What the class of evidence has been measured to mean; a long list opens on demand. */
function measured({ takes, words }: Meaning): HTMLElement {
  const figures = words.split("; ");
  const about = "What that has been measured to mean";
  return h(
    "div",
    { class: "class", "data-testid": "meaning" },
    h("p", {}, h("strong", {}, "All together: "), takes),
    figures.length === 1
      ? h("p", { class: "quiet" }, `${about}: ${words}.`)
      : h("details", {}, h("summary", {}, `${about}: ${counted(figures.length, "figure")}`), h("ul", { class: "figures" }, ...figures.map((one) => h("li", {}, capital(one))))),
  );
}

function card(source: Source): HTMLElement {
  const numbers = evidenceWords(source.evidence);
  const state = source.detector_state.toUpperCase();
  return h(
    "article",
    { class: "source", "data-testid": "source" },
    h("h4", {}, detectorWords(source.detector)),
    h("p", {}, h("strong", {}, capital(state.toLowerCase())), `. ${detectorStateMeaning(state)}`),
    h("p", {}, source.observed),
    facts(
      ["Evidence", groupWords(source.independence)],
      ["Says", `${kindWords(source.kind)}, ${interval(source.last_unharmed, source.first_changed)}`],
      ["Seen in", `${counted(source.looks, "look")}, last on ${day(source.last_detected)}`],
      ["Ground", hectares(source.area_m2 / 1e4)],
    ),
    source.doubts.length > 0 && h("ul", { class: "doubts" }, ...source.doubts.map((doubt) => h("li", {}, capital(doubt)))),
    numbers.length > 0 && h("details", {}, h("summary", {}, "Numbers of this source"), facts(...numbers)),
  );
}

/** What each sensor could see about the time of the change, and what it could not. */
export function unseenBySensor(api: Api, event: WholeProperties, signal: AbortSignal): HTMLElement {
  const from = new Date(event.last_unharmed ?? event.first_changed).valueOf() - ABOUT * DAY;
  const to = new Date(event.first_changed).valueOf() + ABOUT * DAY;
  const query = {
    settlement: event.settlement,
    since: new Date(from).toISOString(),
    until: new Date(to).toISOString(),
    limit: 1000,
  };
  return section(
    "What each sensor could not see",
    () => api.all<LedgerRow>(path(`/regions/${part(event.region)}/ledger`), query, signal),
    (rows) => told(rows, event),
  );
}

function told(rows: readonly LedgerRow[], event: WholeProperties): HTMLElement[] {
  const cells = new Set([event.cell, ...event.sources.map((one) => one.cell)]);
  const own = event.settlement ? rows : rows.filter((row) => cells.has(row.cell));
  const all = sensorsOf(own);
  const ledgered = new Set(all.map((one) => one.detector));
  const silent = [...new Set(event.sources.map((one) => one.detector))].filter((one) => !ledgered.has(one));
  const list = h("dl", { class: "facts unseen", "data-testid": "unseen" });
  for (const one of all)
    list.append(h("div", {}, h("dt", {}, detectorWords(one.detector)), h("dd", {}, between(one, event), " ", after(one, event))));
  for (const one of silent)
    list.append(h("div", {}, h("dt", {}, detectorWords(one)), h("dd", {}, "It keeps no ledger of looks here: that it saw nothing says nothing.")));
  const words = `From ${ABOUT} days before to ${ABOUT} days after. A sensor that is not listed did not look at this place then.`;
  return [h("p", { class: "quiet" }, words), ...(list.children.length > 0 ? [list] : [h("p", {}, "No look of these days is in the ledger.")])];
}

/** Of the time in which the change lies. */
function between(one: Sensor, event: WholeProperties): string {
  const within = one.looks.filter(
    (look) => (event.last_unharmed === null || look.sensed > event.last_unharmed) && look.sensed < event.first_changed,
  );
  const lost = within.filter((look) => !look.usable);
  if (within.length === 0) return "No pass while the change came about.";
  const usable = `${within.length - lost.length} of ${counted(within.length, "look")} while the change came about could be used`;
  return lost.length > 0 ? `${usable}; not seen: ${lostWords(lost)}.` : `${usable}.`;
}

function after(one: Sensor, event: WholeProperties): string {
  const later = one.looks.filter((look) => look.sensed >= event.first_changed);
  const seen = later.filter((look) => look.usable);
  const lost = later.filter((look) => !look.usable);
  if (later.length === 0) return "No pass since then.";
  const words = `Since then ${seen.length} of ${counted(later.length, "look")} could be used`;
  return lost.length > 0 ? `${words}; not seen: ${lostWords(lost)}.` : `${words}.`;
}
