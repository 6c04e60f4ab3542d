// One event: what was observed, when, how sure, and what could not be seen.

import { inWords, isAbort, part, type Api } from "./api";
import { block, section, type Content } from "./detail";
import { button, facts, h } from "./dom";
import { leftOut } from "./looks";
import { othersBlock } from "./others";
import { people, survivor } from "./people";
import { seriesChart } from "./series";
import { sources, unseenBySensor } from "./sources";
import { Swipe, tilejson } from "./swipe";
import { stateSymbol } from "./symbols";
import { toldBlock } from "./told";
import type { Thing } from "./acts";
import type { Event, EventProperties, Explanation, Page, Pair, Series, TileJson, WholeEvent, Who } from "./types";
import { informedBlock } from "./informed";
import {
  capital,
  counted,
  day,
  daysBetween,
  evidenceWords,
  hectares,
  interval,
  isolated,
  kindWords,
  lookWords,
  modeWord,
  lookTime,
  placeWords,
  stateMeaning,
  plainest,
} from "./words";

interface Around {
  api: Api;
  regionName: (id: string) => string | null;
  /** Show a region, and the ledger of one of its settlements. */
  pickRegion: (id: string, settlement: string | null) => void;
  opened: (event: Event) => void;
  showLook: (look: { tiles: TileJson; words: string } | null) => void;
  refused: () => void;
  who: () => Who | null;
  /** Go to what takes two people. */
  decide: () => void;
  /** Something was asked for, or set. */
  asked: (words: string) => void;
  pickEvent: (id: string) => void;
  /** Show a message that told of it. */
  showMessage: (id: string) => void;
  /** Something was said of it: show it anew. */
  changed: (event: WholeEvent, words: string) => void;
}

export async function eventDetail(id: string, signal: AbortSignal, around: Around): Promise<Content> {
  const { api } = around;
  const route = `/events/${part(id)}`;
  const event = await api.json<WholeEvent>(route, { signal });
  signal.throwIfAborted();
  around.opened(event);
  const { properties } = event;
  const who = around.who();
  const series = api.json<Series>(`${route}/series`, { signal });
  // It is waited for in two places, and each says itself what went wrong.
  series.catch(() => undefined);
  let again: Promise<Series> | null = null;
  let asked = 0;
  let swipe: Swipe | null = null;
  // The look after the change, under the outlines on the large map: the ground around it.
  const ground = async ({ after, styles }: Pair): Promise<void> => {
    const style = plainest(styles);
    if (!after || !style) return;
    try {
      const tiles = await api.json<TileJson>(tilejson(after.acquisition, style, null), { signal });
      if (!signal.aborted) around.showLook({ tiles, words: lookWords(after.sensed, style, properties.mode) });
    } catch {
      // The picture in the panel says what is wrong with it.
    }
  };
  const pairBlock = section(
    "Before and after",
    () => api.json<Pair>(`${route}/pair`, { signal }),
    (pair) => {
      swipe?.remove();
      swipe = null;
      void ground(pair);
      if (!pair.before || !pair.after) return [h("p", {}, missing(pair))];
      const made = new Swipe(api, pair, event, around.refused);
      swipe = made;
      // The element is put into the page when this returns.
      queueMicrotask(() => {
        if (!signal.aborted) made.mount();
      });
      return [made.element];
    },
  );
  const told = toldBlock(api, id, signal, around.showMessage);
  const body = [
    ...[survivor(properties, around)].filter((one) => one !== null),
    h(
      "p",
      { class: "lead" },
      h("span", { class: "state big" }, stateSymbol(properties.state), properties.state),
      h("span", {}, capital(kindWords(properties.kind))),
      properties.settlement && h("strong", { class: "place", "data-testid": "event-settlement" }, h("bdi", {}, placeWords(properties))),
      properties.settlement_pcode && h("span", { "data-testid": "event-pcode" }, properties.settlement_pcode),
      h("span", {}, hectares(properties.area_ha)),
      h("span", {}, counted(properties.looks, "look")),
    ),
    block("What was observed", h("p", { class: "observed" }, properties.observed), meaning()),
    block("When", ...when(properties)),
    pairBlock,
    download(api, `${route}/chip.png`, "", "Download before and after as one picture (PNG)", "chip-download", properties, signal),
    section(
      "In words",
      () => api.json<Explanation>(`${route}/explanation`, { signal }),
      ({ sentences }) => [
        h("ul", { "data-testid": "explanation" }, ...sentences.map((sentence) => h("li", {}, sentence))),
        download(api, `${route}/chart.png`, "chart", "Download the chart of all looks (PNG)", "chart-download", properties, signal),
      ],
    ),
    section(
      "Through time",
      () => {
        asked += 1;
        if (asked === 1) return series;
        again = api.json<Series>(`${route}/series`, { signal });
        return again;
      },
      (value) => [seriesChart(value)],
    ),
    block("How sure", ...sure(properties)),
    people(properties, route, signal, { ...around, who }),
    ...(who?.scopes.includes("release") ? [othersBlock("Who else is told, holds and erasing", thingsOf(properties, around), id, signal, { api, who, changed: around.asked, decide: around.decide })] : []),
    informedBlock(id, signal, { api, who: around.who, showMessage: around.showMessage, changed: () => told.refresh() }),
    told.element,
    sources(properties),
    section("What could not be seen", () => again ?? series, (value) => [unseen(value), ledgerLink(properties, around)]),
    unseenBySensor(api, properties, signal),
    section(
      "Versions",
      () => api.json<Page<Event>>(`${route}/versions`, { signal }),
      (page) => [versions(page.items)],
    ),
    h("p", { class: "id" }, "Event id ", h("code", {}, id)),
  ];
  return {
    title: capital(interval(properties.last_unharmed, properties.first_changed)),
    mode: properties.mode,
    body,
    leave: () => {
      swipe?.remove();
      around.showLook(null);
    },
    refresh: () => swipe?.refresh(),
  };
}

/** What can be held or erased from here: the event, and what it is in. */
function thingsOf(properties: EventProperties, around: Around): Thing[] {
  const { id, settlement, region } = properties;
  const name = around.regionName(region);
  return [
    { what: "event", id, words: "This event" },
    ...(settlement ? [{ what: "settlement" as const, id: settlement, words: `The settlement ${placeWords(properties)}` }] : []),
    { what: "region", id: region, words: `The region ${isolated(name ?? region)}` },
  ];
}

function meaning(): HTMLElement {
  return h("p", { class: "quiet" }, "This is what the pictures show. What it means, and who did it, is for people to say.");
}

function when(properties: EventProperties): Node[] {
  const { last_unharmed: unharmed, first_changed: changed } = properties;
  return [
    facts(
      ["Last seen unharmed", unharmed ? day(unharmed) : "never: no look shows it before the change"],
      ["First seen changed", day(changed)],
      unharmed !== null && ["Between the two", counted(daysBetween(unharmed, changed), "day")],
      ["First found", lookTime(properties.first_detected)],
      ["Last found", lookTime(properties.last_detected)],
    ),
  ];
}

function sure(properties: EventProperties): Node[] {
  const evidence = evidenceWords(properties.evidence);
  return [
    h("p", {}, h("strong", {}, capital(properties.state)), `: ${lowerFirst(stateMeaning(properties.state))}`),
    properties.doubts.length > 0
      ? h("div", { class: "doubts" }, h("h4", {}, "Doubts"), h("ul", {}, ...properties.doubts.map((doubt) => h("li", {}, capital(doubt)))))
      : h("p", {}, "No doubt is noted."),
    evidence.length > 0
      ? h("div", { "data-testid": "evidence" }, facts(...evidence))
      : h("p", {}, "No number is noted as evidence."),
    h("p", { class: "quiet" }, `Detector state ${properties.detector_state.toLowerCase()}; version ${properties.version}.`),
  ];
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function unseen(series: Series): HTMLElement {
  const between = leftOut(series.looks, series.last_unharmed, series.first_changed);
  const ever = leftOut(series.looks, null, null);
  const first =
    series.last_unharmed === null
      ? "No look shows the place unharmed, so the change may be older than the first look."
      : between.total > 0
        ? `Between the last look unharmed and the first that shows the change, ${counted(between.total, "look")} could not be used (${between.words}).`
        : "No look was left out between the last one unharmed and the first that shows the change.";
  const all =
    ever.total > 0
      ? ` Of ${counted(series.looks.length, "look")} in all, ${ever.total} could not be used (${ever.words}).`
      : ` All ${series.looks.length} looks could be used.`;
  return h("p", {}, first, all);
}

function ledgerLink(properties: EventProperties, around: Around): Node {
  const name = around.regionName(properties.region);
  const whose = properties.settlement ? placeWords(properties) : isolated(name ?? "the region");
  return button(`Ledger of ${whose}`, () => around.pickRegion(properties.region, properties.settlement), {
    class: "link",
    "data-testid": "event-ledger",
  });
}

function missing(pair: Pair): string {
  const none = !pair.before && !pair.after;
  const side = none ? "Neither a picture before nor one after" : pair.before ? "No picture after" : "No picture before";
  return `${side} the change is in the archive, so the two cannot be laid side by side.`;
}

/** A button that saves one of the event's pictures; `what` is put into the file's name. */
function download(
  api: Api,
  picture: string,
  what: string,
  words: string,
  testid: string,
  { id, mode }: EventProperties,
  signal: AbortSignal,
): HTMLElement {
  const problem = h("p", { class: "problem", role: "alert" });
  const link = button(words, () => void save(), { class: "link", "data-testid": testid });
  const save = async (): Promise<void> => {
    problem.textContent = "";
    link.disabled = true;
    try {
      const url = URL.createObjectURL(await api.blob(picture, signal));
      const name = [modeWord(mode).toLowerCase(), what, id].filter(Boolean).join("-");
      const anchor = h("a", { href: url, download: `hearthwatch-${name}.png` });
      anchor.click();
      window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      if (!isAbort(error)) problem.textContent = `The picture could not be fetched. ${inWords(error)}`;
    } finally {
      link.disabled = false;
    }
  };
  return h("div", { class: "chip" }, link, problem);
}

function versions(items: readonly Event[]): HTMLElement {
  const newest = [...items].sort((a, b) => b.properties.version - a.properties.version);
  const row = ({ properties }: Event): HTMLElement =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, properties.version),
      h("td", {}, h("span", { class: "state" }, stateSymbol(properties.state), properties.state)),
      h("td", {}, day(properties.last_detected)),
      h("td", { class: "number" }, hectares(properties.area_ha)),
      h("td", { class: "number" }, properties.looks),
    );
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Versions" },
    h(
      "table",
      { class: "versions" },
      h(
        "thead",
        {},
        h("tr", {}, ...["No.", "State", "As of", "Area", "Looks"].map((words) => h("th", { scope: "col" }, words))),
      ),
      h("tbody", {}, ...newest.map(row)),
    ),
  );
}
