// What people said of an event, and what can be said of it now.

import type { Api } from "./api";
import { block, loading } from "./detail";
import { button, h } from "./dom";
import { others, say } from "./say";
import { stateSymbol } from "./symbols";
import type { Opinion, Opinions, Who, WholeEvent, WholeProperties } from "./types";
import { notAloneWords, offers, opinionWords, standing, type Offer } from "./verbs";
import { STATES, capital, moment, stateMeaning, yours } from "./words";

interface Around {
  api: Api;
  who: Who | null;
  /** An event was changed; the page shows it anew. */
  changed: (event: WholeEvent, words: string) => void;
  pickEvent: (id: string) => void;
}

export function people(event: WholeProperties, route: string, signal: AbortSignal, around: Around): HTMLElement {
  const { api } = around;
  return block(
    "What people say",
    loading(
      () => api.json<Opinions>(`${route}/opinions`, { signal }),
      (all) => [said(all.items, around), actions(event, all, around)],
    ),
    meanings(event),
  );
}

/** Where the event is that stands for one that was merged. */
export function survivor(event: WholeProperties, around: Pick<Around, "pickEvent">): HTMLElement | null {
  const { merged_into: into } = event;
  if (!into) return null;
  return h(
    "p",
    { class: "notice", "data-testid": "merged" },
    "This event is part of another now. It keeps its id and its history; what is new is told there. ",
    button("Go to the event that stands", () => around.pickEvent(into), { class: "link", "data-testid": "survivor" }),
  );
}

function said(opinions: readonly Opinion[], around: Around): HTMLElement {
  if (opinions.length === 0) return h("p", { "data-testid": "no-opinion" }, "Nobody has said anything of it yet.");
  const stands = new Set(standing(opinions).map((one) => one.id));
  const list = h("ol", { class: "opinions", "data-testid": "opinions" });
  for (const one of opinions) {
    const back = one.verb !== "undo" && !stands.has(one.id);
    list.append(
      h(
        "li",
        { class: back ? "back" : null },
        h("span", {}, `${opinionWords(one)}. `),
        back && h("strong", {}, "Taken back since. "),
        one.text && h("q", {}, one.text),
        one.other && h("span", {}, " ", button("Show the other event", () => around.pickEvent(one.other ?? ""), { class: "link" })),
        h("span", { class: "quiet" }, ` ${moment(one.said)}, version ${one.version}`),
      ),
    );
  }
  return list;
}

function actions(event: WholeProperties, { items, not_alone }: Opinions, around: Around): HTMLElement {
  const { who } = around;
  if (!who?.scopes.includes("judge")) return h("p", { class: "quiet" }, `${yours(who)} may not judge events, so nothing can be said of this one here.`);
  const group = h("div", { class: "row acts", role: "group", "aria-label": "Say what this event is, or take that back" });
  for (const offer of offers(event, items, not_alone))
    group.append(button(offer.label, () => void act(event, offer, around), { class: offer.danger ? "danger" : null, "data-testid": `act-${offer.verb}` }));
  const single = event.sources.length === 1 && !event.merged_into;
  return h(
    "div",
    {},
    not_alone.length > 0 && h("p", { class: "quiet", "data-testid": "not-alone" }, notAloneWords(not_alone)),
    group,
    single && h("p", { class: "quiet" }, "Only one source tells of it, so there is nothing to split."),
  );
}

async function act(event: WholeProperties, offer: Offer, around: Around): Promise<void> {
  const taken = await say(around.api, event, offer, () => others(around.api, event));
  if (!taken) return;
  const { state, version } = taken.properties;
  around.changed(taken, `On record: the event is ${state} now, version ${version}.`);
}

function meanings(event: WholeProperties): HTMLElement {
  const list = h("dl", { class: "facts" });
  for (const state of STATES)
    list.append(
      h(
        "div",
        {},
        h("dt", {}, h("span", { class: "state" }, stateSymbol(state), state)),
        h("dd", {}, stateMeaning(state), state === event.state && h("strong", {}, " This one is.")),
      ),
    );
  return h("details", { "data-testid": "meanings" }, h("summary", {}, capital("what the states mean")), list);
}
