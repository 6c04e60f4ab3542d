// What partners read: events as they were released, coarse, the newest told first.

import { inWords, path, type Api } from "./api";
import { button, facts, h } from "./dom";
import { modeBadge } from "./mode";
import { stateSymbol } from "./symbols";
import type { Told, ToldPage } from "./types";
import { capital, day, interval, kindWords } from "./words";

export class ReleasedList {
  readonly element: HTMLElement;
  private readonly body = h("div", { class: "cards" }, h("p", { class: "wait" }, "Loading."));

  constructor(private readonly api: Api) {
    const heading = h("h2", { id: "released" }, "Released to you");
    this.element = h(
      "main",
      { class: "decisions", "aria-labelledby": heading.id, "data-testid": "released" },
      heading,
      h("p", { class: "quiet" }, "Events that an organisation chose to tell its partners of, each somewhere in its square. What is not listed was not released: that is not the same as nothing happened."),
      this.body,
    );
  }

  async load(): Promise<void> {
    try {
      const told = await this.all();
      if (told.length === 0) this.body.replaceChildren(h("p", { class: "quiet" }, "Nothing was released to you yet."));
      else this.body.replaceChildren(...told.reverse().map(card));
    } catch (error) {
      this.body.replaceChildren(h("p", { class: "problem", role: "alert" }, inWords(error)), button("Retry", () => void this.load()));
    }
  }

  private async all(): Promise<Told[]> {
    const found: Told[] = [];
    let after: string | null = null;
    for (;;) {
      const page: ToldPage = await this.api.json<ToldPage>(path("/released", { after }));
      if (page.features.length === 0) return newest(found);
      found.push(...page.features.map((one) => one.properties));
      after = page.next;
    }
  }
}

/** Each once, as it was told last. */
const newest = (told: readonly Told[]): Told[] => [...new Map(told.map((one) => [one.id, one])).values()];

function card(one: Told): HTMLElement {
  if (one.gone)
    return h("article", { class: "card", "data-testid": "told" }, h("h3", {}, "Taken back"), h("p", {}, `What was told before is no longer told. ${day(one.told)}.`), h("p", { class: "id" }, one.id));
  const changed = one.changed_by ? capital(interval(one.unharmed_until, one.changed_by)) : capital(kindWords(one.kind ?? ""));
  return h(
    "article",
    { class: "card", "data-testid": "told" },
    h("h3", {}, one.mode ? modeBadge(one.mode) : null, changed),
    facts(
      one.kind && ["Kind", capital(kindWords(one.kind))],
      one.state && ["State", h("span", { class: "state" }, stateSymbol(one.state), one.state)],
      one.sure && ["How sure", one.sure],
      one.place && ["Where", h("bdi", {}, capital(one.place))],
      one.unseen && ["Not seen", one.unseen],
      ["Told", day(one.told)],
    ),
    h("p", { class: "id" }, one.id),
  );
}
