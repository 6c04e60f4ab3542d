// One region: what it is for, what could be seen of it, and taking looks.

import type { Thing } from "./acts";
import { part, path, type Api } from "./api";
import { backtestBlock } from "./backtest";
import { block, loading, section, type Content } from "./detail";
import { button, confirmed, facts, h } from "./dom";
import { imageryNotice } from "./imagery";
import { JobPanel } from "./jobs";
import { latencyBlock } from "./latency";
import { settlements } from "./followed";
import { othersBlock } from "./others";
import { waitingNotice } from "./waiting";
import type { Look } from "./looks";
import { ledgers } from "./sensors";
import { tilejson } from "./swipe";
import type { ArchivedLook, Followed, LedgerRow, Page, Region, RegionStatus, Style, TileJson, Who } from "./types";
import { counted, day, isolated, kindWords, capital, lookWords, number, placeWords, plainest, squareKilometres, yours } from "./words";
import type { Messages } from "./messages";

interface Around {
  api: Api;
  messages: Messages;
  who: () => Who | null;
  /** Go to what takes two people. */
  decide: () => void;
  /** Something was asked for, or set. */
  asked: (words: string) => void;
  /** The settlement whose ledger is asked for, if one is. */
  settlement: () => string | null;
  opened: (region: Region) => void;
  /** Tell of the region whenever it was loaded anew. */
  follow: (signal: AbortSignal, tell: (region: Region) => void) => void;
  changed: () => void;
  removed: (region: Region) => void;
  showLook: (look: { tiles: TileJson; words: string } | null) => void;
}

const NO_STATUS: RegionStatus = {
  last_look: null,
  last_usable_look: null,
  looks: 0,
  usable_looks: 0,
  events: null,
  job: null,
  imagery: null,
};

export async function regionDetail(id: string, signal: AbortSignal, around: Around): Promise<Content> {
  const { api, messages } = around;
  const route = `/regions/${part(id)}`;
  const region = await api.json<Region>(route, { signal });
  signal.throwIfAborted();
  around.opened(region);
  const { properties } = region;
  const status = properties.status ?? NO_STATUS;
  const who = around.who();
  const mayWatch = who?.scopes.includes("watch") ?? false;
  const ledgerPart = (): HTMLElement =>
    section(
      "Ledger",
      () => api.all<Followed>(`${route}/settlements`, { limit: 1000 }, signal),
      (followed) => [
        h("p", { class: "quiet" }, "One sign for each look. That nothing was found says nothing where nothing could be seen."),
        followed.length > 0 ? settlements(followed, first, (id) => h("div", {}, one(id), ofSettlement(id, followed))) : one(null),
      ],
    );
  const first = around.settlement();
  /** The ledger of one settlement, or of the whole area. */
  const one = (settlement: string | null): HTMLElement =>
    loading(
      () => load(settlement),
      ([rows, archived]) => [
        ledgers(rows, {
          has: (acquisition) => archived.has(acquisition),
          show: (look) => void show(look, archived),
        }),
      ],
    );
  const load = async (settlement: string | null): Promise<[LedgerRow[], Map<string, Style>]> => {
    const [rows, looks] = await Promise.all([
      api.all<LedgerRow>(`${route}/ledger`, { settlement, limit: 1000 }, signal),
      // Without them the ledger can still be read; it only shows no pictures.
      api.json<Page<ArchivedLook>>(path(`${route}/looks`, { settlement }), { signal }).catch(() => ({ items: [] })),
    ]);
    const styles = new Map<string, Style>();
    for (const look of looks.items) {
      const style = plainest(look.styles);
      if (style) styles.set(look.acquisition, style);
    }
    return [rows, styles];
  };
  const show = async (look: Look, archived: Map<string, Style>): Promise<void> => {
    const style = look.acquisition ? archived.get(look.acquisition) : undefined;
    if (!look.acquisition || !style) return;
    try {
      const tiles = await api.json<TileJson>(tilejson(look.acquisition, style, null), { signal });
      if (signal.aborted) return;
      around.showLook({ tiles, words: lookWords(look.sensed, style, properties.mode) });
      messages.clear("look");
    } catch (error) {
      messages.failed("look", "The picture could not be loaded.", error, () => void show(look, archived));
    }
  };
  const others = (things: readonly Thing[]): HTMLElement[] =>
    who?.scopes.includes("release") ? [othersBlock("Legal holds and erasing", things, null, signal, { api, who, changed: around.asked, decide: around.decide })] : [];
  /** Of one settlement: what is asked for only by those who want to know. */
  const ofSettlement = (id: string, followed: readonly Followed[]): Node => {
    const found = followed.find((one) => one.settlement === id);
    const things: Thing[] = [{ what: "settlement", id, words: `The settlement ${found ? placeWords(found) : id}` }];
    const more = h("details", { "data-testid": "of-settlement" }, h("summary", {}, "Legal holds and erasing of this settlement"));
    more.addEventListener("toggle", () => {
      if (more.childElementCount > 1) return;
      const [made] = others(things);
      // Its summary says already what it is.
      made?.querySelector("h3")?.classList.add("hidden");
      if (made) more.append(made);
    });
    return who?.scopes.includes("release") ? more : document.createTextNode("");
  };
  let ledgerBlock = ledgerPart();
  const jobs = new JobPanel(api, id, status.job, mayWatch, signal, () => {
    around.changed();
    const next = ledgerPart();
    ledgerBlock.replaceWith(next);
    ledgerBlock = next;
  });
  const notice = h("div", { class: "notices" });
  const tell = (now: Region): void => {
    const imagery = imageryNotice(now.properties.status?.imagery ?? null, true);
    const waits = waitingNotice(api, now, mayWatch, () => {
      around.changed();
      void api.json<Region>(route, { signal }).then(tell, () => notice.replaceChildren());
    });
    jobs.offer(waits === null);
    notice.replaceChildren(...[waits, imagery].filter((one) => one !== null));
  };
  tell(region);
  around.follow(signal, tell);
  const remove = async (): Promise<void> => {
    const sure = await confirmed(
      `Remove ${isolated(properties.name)}?`,
      "It is no longer watched from now on. What was found there stays in the store.",
      "Remove",
    );
    if (!sure) return;
    try {
      await api.request(route, { method: "DELETE" });
      around.removed(region);
    } catch (error) {
      messages.failed("remove", `${properties.name} could not be removed.`, error, () => void remove());
    }
  };
  return {
    title: properties.name,
    mode: properties.mode,
    body: [
      notice,
      jobs.element,
      block(
        "Watch",
        facts(
          ["Purpose", h("bdi", {}, properties.purpose || "not said")],
          ["Owner", h("bdi", {}, properties.owner || "not said")],
          ["Looks for", capital(kindWords(properties.kind))],
          ["Mode", properties.mode],
          ["Area", squareKilometres(properties.area_km2)],
          ["Events", status.events === null ? "too many to count" : number(status.events)],
          ["Looks", `${counted(status.looks, "look")}, ${number(status.usable_looks)} usable`],
          ["Last look", status.last_look ? day(status.last_look) : "none yet"],
          ["Last usable look", status.last_usable_look ? day(status.last_usable_look) : "none yet"],
          ["Watched since", day(properties.created)],
          ["Expires", properties.expires ? day(properties.expires) : "not set"],
          ["Level", h("bdi", {}, properties.level_words || "routine")],
        ),
      ),
      backtestBlock(api, properties, mayWatch, signal),
      ledgerBlock,
      latencyBlock(api, route, signal),
      ...others([{ what: "region", id, words: `The region ${isolated(properties.name)}` }]),
      mayWatch
        ? h("p", { class: "row" }, button("Remove this region", () => void remove(), { class: "danger", "data-testid": "region-remove" }))
        : h("p", { class: "quiet" }, `${yours(who)} may not change the watchlist, so it can neither take looks nor remove this region.`),
    ],
    leave: () => {
      around.showLook(null);
      messages.clear("look");
    },
  };
}
