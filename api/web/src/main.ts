// Puts the page together.

import "./style.css";
import { accountDialog } from "./account";
import { AlarmBar } from "./alarms";
import { Alerts } from "./alerts";
import { Api } from "./api";
import { Decisions } from "./decisions";
import { Detail } from "./detail";
import { button, h, phone } from "./dom";
import { eventDetail } from "./eventdetail";
import { EventList } from "./events";
import { boxOf, type Box } from "./geometry";
import { entryDialog } from "./key";
import { WorldMap } from "./map";
import { Messages } from "./messages";
import { regionDetail } from "./regiondetail";
import { ReleasedList } from "./released";
import { RegionForm } from "./regionform";
import { RegionList } from "./regions";
import { Selected, type Selection } from "./state";
import { Verify } from "./verify";
import type { Area, Limits, Who } from "./types";
import { capital, counted, isolated } from "./words";
import type { FeatureCollection } from "geojson";

let who: Who | null = null;
let limits: Limits | null = null;
/** The settlement whose ledger is to be shown first. */
let wanted: string | null = null;

const messages = new Messages();
const selected = new Selected();
const whoWords = h("span", { class: "who" });

const api = new Api(
  entryDialog((next) => {
    // What was shown to somebody else must not stay on the page.
    if (who && (who.organisation !== next.organisation || who.scopes.join() !== next.scopes.join())) {
      location.reload();
      return;
    }
    const again = who !== null;
    setWho(next);
    if (again) reload();
  }),
);

const map = new WorldMap(api, {
  picked: (id) => selected.set({ what: "event", id }),
  moved: () => events.moved(),
  refused: () => void checkKey(),
  failed: (words) => messages.show("map", `Parts of the map could not be drawn. ${words}`, () => void map.refresh()),
});

const events = new EventList({
  api,
  messages,
  view: () => map.view,
  pick: (id) => selected.set({ what: "event", id }),
  pickRegion: (id) => selected.set({ what: "region", id }),
  show: (list, filter) => map.showEvents(list, filter),
});

const form = new RegionForm({
  api,
  limits: () => limits,
  draw: (finished) => {
    if (!map.drawing) return false;
    if (phone()) map.reveal();
    map.drawing.start((area) => {
      if (phone()) form.element.scrollIntoView({ block: "nearest" });
      finished(area);
    });
    return true;
  },
  showDraft: (area) => void map.showDraft(area),
  zoomToDraft: (area) => map.zoomTo(draftBox(area), 15),
  added: (region) => {
    const { name, repairs, waiting: waits } = region.properties;
    regions.toggle(false);
    messages.note(
      "added",
      `${isolated(name)} is ${waits ? "on the list, and waits until somebody confirms it" : "watched from now on"}.${repairs?.length ? ` Repaired: ${repairs.join("; ")}.` : ""}`,
    );
    void regions.load();
    selected.set({ what: "region", id: region.properties.id });
  },
  told: (words) => {
    if (words.length > 0) messages.show("file", words.join(" "), undefined, "note");
  },
  cancelled: () => regions.leaveForm(),
});

const regions = new RegionList(
  {
    api,
    messages,
    pick: (id) => selected.set({ what: "region", id }),
    loaded: (list) => {
      void map.showRegions(list);
      events.setRegions(list);
    },
    ownerName: () => who?.name ?? "",
  },
  form,
);

const detail = new Detail({
  event: (id, signal) =>
    eventDetail(id, signal, {
      api,
      regionName: (region) => regions.nameOf(region),
      pickRegion: (region, settlement) => {
        wanted = settlement;
        selected.set({ what: "region", id: region });
      },
      opened: (event) => void map.selectEvent(event),
      showLook: (look) => void map.showLook(look),
      refused: () => void checkKey(),
      who: () => who,
      decide,
      asked,
      pickEvent: (event) => selected.set({ what: "event", id: event }),
      showMessage: (message) => tell(message),
      changed: (_event, words) => {
        messages.note("said", words);
        void detail.show(selected.value, true);
        void events.load();
        void map.refresh();
      },
    }),
  region: (id, signal) =>
    regionDetail(id, signal, {
      api,
      messages,
      who: () => who,
      decide,
      asked,
      settlement: () => {
        const first = wanted;
        wanted = null;
        return first;
      },
      opened: (region) => void map.selectRegion(id, region.geometry),
      follow: (changed, tell) => regions.follow(id, changed, tell),
      changed: () => {
        void regions.load();
        void events.load();
        void map.refresh();
      },
      removed: (region) => {
        messages.note("removed", `${isolated(region.properties.name)} is no longer watched.`);
        selected.set(null);
        void regions.load();
        void events.load();
        void map.refresh();
      },
      showLook: (look) => void map.showLook(look),
    }),
  close: () => selected.set(null),
  back: ({ what, id }) => (what === "event" ? events.focus(id) : regions.focus(id)),
  resized: () => {
    main.classList.toggle("with-detail", !detail.element.hidden);
    map.resize();
  },
});

map.top.prepend(messages.element);

const account = button("Account", () => who && accountDialog({ api, who, signOut: () => void signOut() }), {
  "data-testid": "account",
  hidden: true,
});
const verify = new Verify(api, {
  refused: () => void checkKey(),
  left: () => {
    backToMap(judge);
    void events.load();
    void map.refresh();
  },
});
const decisions = new Decisions({
  api,
  who: () => who,
  regionName: (id) => regions.nameOf(id),
  pickEvent: (id) => selected.set({ what: "event", id }),
  pickRegion: (id) => selected.set({ what: "region", id }),
  waiting: (count) => {
    waiting.textContent = count > 0 ? ` (${count})` : "";
    decideButton.setAttribute("aria-label", count > 0 ? `Decisions: ${counted(count, "waits", "wait")} for you` : "Decisions");
  },
  changed: () => {
    void regions.load();
    void events.load();
    void map.refresh();
    stale = true;
  },
  left: () => {
    backToMap(decideButton);
    if (stale) show(selected.value, false);
    stale = false;
  },
});
const alerts = new Alerts({
  api,
  who: () => who,
  channels: () => limits?.channels ?? null,
  regions: () => regions.regions.features.map(({ properties: { id, name } }) => ({ id, name })),
  draw: drawFor,
  pickEvent: (id) => selected.set({ what: "event", id }),
  left: () => backToMap(alertsButton),
});
const alertsButton = button("Alerts", () => tell(null), { "data-testid": "alerts-start", hidden: true });

const alarms = new AlarmBar({
  api,
  who: () => who,
  regionName: (id) => regions.nameOf(id),
  resized: () => map.resize(),
});

/** Show who is told, or one message. */
function tell(message: string | null): void {
  leaveMap();
  void alerts.start(message);
}

/** Show the map alone until something is drawn on it, near a region where one is named. */
function drawFor(near: string, finished: (area: Area | null) => void): boolean {
  const { drawing } = map;
  if (!drawing) return false;
  alerts.element.hidden = true;
  main.hidden = false;
  map.resize();
  map.zoomTo(boxOf(regions.find(near)?.geometry));
  if (phone()) map.reveal();
  drawing.start((area) => {
    main.hidden = true;
    alerts.element.hidden = false;
    finished(area);
  });
  return true;
}

/** Whether what is selected may have changed behind the decisions. */
let stale = false;
const waiting = h("span", { class: "waiting" });
const decideButton = button("Decisions", () => decide(), { "data-testid": "decisions-start", hidden: true });
decideButton.append(waiting);

function decide(): void {
  leaveMap();
  void decisions.start();
}

/** Of map, decisions, alerts and verifying one is shown at a time. */
function leaveMap(): void {
  main.hidden = true;
  judge.disabled = decideButton.disabled = alertsButton.disabled = true;
}

function backToMap(focus: HTMLElement): void {
  main.hidden = false;
  judge.disabled = decideButton.disabled = alertsButton.disabled = false;
  focus.focus();
  map.resize();
}

/** Something was asked for that another person decides. */
function asked(words: string): void {
  messages.note("asked", words);
  void decisions.count();
}

const judge = button("Verify", () => {
  leaveMap();
  void verify.start();
}, { "data-testid": "verify-start", hidden: true });
const leave = button("Forget key", () => void signOut(), { "data-testid": "forget-key" });

const lists = h("nav", { class: "lists", id: "lists", "aria-label": "Regions and events", tabindex: -1 }, regions.element, events.element);
const main = h(
  "main",
  { class: "page" },
  lists,
  h("section", { class: "map-section", "aria-label": "Map" }, map.element),
  detail.element,
);

document.body.append(
  h("a", { class: "skip", href: "#lists" }, "Skip to the lists"),
  h(
    "header",
    { class: "top" },
    h("h1", {}, "hearthwatch"),
    whoWords,
    h("span", { class: "spring" }),
    alertsButton,
    decideButton,
    judge,
    account,
    leave,
  ),
  alarms.element,
  main,
  verify.element,
  decisions.element,
  alerts.element,
);
// The address is for ids of what is selected only.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  lists.focus();
});

selected.listen((selection) => {
  // Another address or the way back leads to the map.
  alerts.leave();
  show(selection, true);
});

function show(selection: Selection, focus: boolean): void {
  regions.mark(selection?.what === "region" ? selection.id : null);
  events.mark(selection?.what === "event" ? selection.id : null);
  if (selection?.what !== "event") void map.selectEvent(null);
  if (selection?.what !== "region") void map.selectRegion(null, null);
  void detail.show(selection, focus);
}

function setWho(next: Who): void {
  who = next;
  whoWords.replaceChildren(
    h("strong", {}, next.organisation),
    h("span", {}, next.name),
    next.person
      ? h("span", { class: "role" }, capital(next.role))
      : h("span", { class: "role" }, `${capital(next.role)} key `, h("code", {}, next.key)),
  );
  account.hidden = next.person === null;
  judge.hidden = next.person === null || !next.scopes.includes("judge");
  decideButton.hidden = !next.scopes.includes("release");
  alertsButton.hidden = !next.scopes.includes("read");
  leave.textContent = next.person ? "Sign out" : "Forget key";
  regions.setMayWrite(next.scopes.includes("watch"));
}

async function signOut(): Promise<void> {
  try {
    await api.signOut();
  } catch (error) {
    messages.failed("sign-out", "You are still signed in.", error, () => void signOut());
    return;
  }
  api.forget();
  history.replaceState(null, "", location.pathname);
  // Nothing that was shown stays in memory.
  location.reload();
}

function reload(): void {
  void regions.load();
  void events.load();
  void map.refresh();
  detail.refresh();
}

let checked = 0;

/** A tile was refused: see whether one is still let in, and draw again if so. */
async function checkKey(): Promise<void> {
  if (Date.now() - checked < 5000) return;
  checked = Date.now();
  try {
    await api.json<Who>("/whoami");
    await map.refresh();
    detail.refresh();
  } catch (error) {
    messages.failed("key", "Whether you are still let in could not be checked.", error, () => void checkKey());
  }
}

function draftBox(draft: Area | FeatureCollection): Box | null {
  try {
    if (draft.type === "FeatureCollection")
      return boxOf(...draft.features.map((feature) => feature.geometry));
    return boxOf("geometry" in draft ? (draft.geometry as Area) : draft);
  } catch {
    return null;
  }
}

/** Partners read what was released to them, and nothing else. */
async function onlyReleased(): Promise<void> {
  const released = new ReleasedList(api);
  main.replaceWith(released.element);
  await released.load();
  document.documentElement.dataset["ready"] = "true";
}

async function start(): Promise<void> {
  try {
    setWho(await api.json<Who>("/whoami"));
    if (!who?.scopes.includes("read")) {
      await onlyReleased();
      return;
    }
    void map.refresh();
  } catch (error) {
    messages.failed("start", "The page could not be started.", error, () => void start());
    return;
  }
  void api.json<Limits>("/limits").then(
    (value) => {
      limits = value;
    },
    // The server says its limits again when one is passed.
    () => undefined,
  );
  await Promise.all([regions.load(), events.load()]);
  void decisions.count();
  void alarms.keepLoaded();
  regions.keepLoaded();
  if (selected.value) show(selected.value, true);
  else await map.zoomToAll(regions.regions);
  await map.drawn();
  performance.mark("interactive");
  document.documentElement.dataset["ready"] = "true";
}

void start();
