// The response network: with whom there is an agreement, what it serves, and who is called.

import { DETAILS, metWords, standingOf, standingWords } from "./alertwords";
import { inWords, part, type Api } from "./api";
import { ask } from "./ask";
import { button, confirmed, facts, h, uid } from "./dom";
import type { Ground } from "./metfields";
import { ResponderForm } from "./responderform";
import { holdingOf, holdingWords, mayChangeResponder, minutesWords } from "./responderwords";
import type { Receiver, Responder, Subscription, Who } from "./types";
import { isolated } from "./words";

interface Around extends Ground {
  api: Api;
  who: () => Who | null;
  ownerName: (id: string) => string;
  /** Something was done; all is loaded anew, and the words say what it was. */
  done: (words: string, responder: string) => void;
}

/** What there is, and when the server said so. */
export interface Known {
  responders: readonly Responder[];
  /** With those that were removed. */
  receivers: readonly Receiver[];
  subscriptions: readonly Subscription[];
  now: number;
}

export class Network {
  readonly element: HTMLElement;
  private readonly add = button("Add a responder", () => this.open(null), { "data-testid": "rsd-add" });
  private readonly none = h("p", { class: "quiet", "data-testid": "no-responder" }, "There is no agreement with any organisation: nobody outside is told and asked to act.");
  private readonly holder = h("div", { class: "sub-holder" });
  private readonly cards = h("div", { class: "cards" });
  private known: Known = { responders: [], receivers: [], subscriptions: [], now: 0 };
  private form: ResponderForm | null = null;

  constructor(private readonly around: Around) {
    const title = h("h3", { id: uid("network") }, "Response network");
    this.element = h("section", { class: "block", "aria-labelledby": title.id, "data-testid": "network" }, h("div", { class: "row spread" }, title, this.add), this.none, this.holder, this.cards);
  }

  /** Show what there is now; a form that is being filled in stays. */
  show(known: Known): void {
    this.known = known;
    this.add.hidden = !(this.around.who()?.scopes.includes("watch") ?? false);
    this.none.hidden = known.responders.length > 0;
    this.cards.replaceChildren(...known.responders.map((one) => this.card(one)));
    this.form?.offer(known.receivers, (responder) => this.free(responder));
  }

  /** Receivers that can be contacts: of no subscription, and of no other responder. */
  private free(responder: string | null): Receiver[] {
    const { responders, receivers, subscriptions } = this.known;
    const taken = new Set([...responders.filter((one) => one.id !== responder).flatMap((one) => one.contacts), ...subscriptions.map((one) => one.receiver)]);
    return receivers.filter((one) => !one.removed && !taken.has(one.id));
  }

  private open(before: Responder | null): void {
    const who = this.around.who();
    if (!who) return;
    if (this.form) {
      this.form.remind();
      return;
    }
    const back = document.activeElement;
    const close = (): void => {
      this.form = null;
      this.holder.replaceChildren();
    };
    this.form = new ResponderForm(
      {
        ...this.around,
        who,
        taken: (found, words) => {
          close();
          this.around.done(words, found.id);
        },
        left: () => {
          close();
          (back instanceof HTMLElement && back.isConnected ? back : this.add).focus();
        },
      },
      before,
    );
    this.form.offer(this.known.receivers, (responder) => this.free(responder));
    this.holder.replaceChildren(this.form.element);
    this.form.focus();
  }

  private card(one: Responder): HTMLElement {
    const { around, known } = this;
    const contacts = one.contacts.map((id) => known.receivers.find((each) => each.id === id));
    const [badge, short, sentence] = holdingWords(one, contacts, known.now);
    const heading = h("h4", { id: uid("responder"), tabindex: -1 }, h("bdi", {}, one.name));
    const regionName = (id: string): string | null => around.regions().find((each) => each.id === id)?.name ?? null;
    const level = DETAILS[one.detail];
    return h(
      "article",
      { class: "card", "aria-labelledby": heading.id, "data-testid": "responder", "data-id": one.id },
      h("div", { class: "card-head" }, heading, h("span", { class: `stands ${badge}`, "data-testid": "rsd-stands" }, short)),
      h("p", {}, sentence),
      facts(
        ["Agreed", h("bdi", {}, one.agreement)],
        ["Serves", metWords(one, regionName)],
        ["Told at most", level?.name ?? one.detail],
        ["Rank", one.rank],
        ["Answers within", `${minutesWords(one.urgent_wait)} if urgent, else ${minutesWords(one.routine_wait)}`],
        ["Answers for it", h("bdi", {}, around.ownerName(one.owner))],
      ),
      h("h5", {}, "Contacts, in order"),
      contacts.length > 0 ? h("ol", { class: "plain numbered" }, ...contacts.map((found, at) => contactLine(found, one.contacts[at] ?? ""))) : h("p", { class: "doubts" }, "None: nobody is told."),
      mayChangeResponder(around.who(), one) ? this.acts(one) : null,
    );
  }

  private acts(one: Responder): HTMLElement {
    const problem = h("p", { class: "problem", role: "alert", "data-testid": "rsd-card-problem" });
    const made = [button("Change", () => this.open(one), { "data-testid": "rsd-change" })];
    const holding = holdingOf(one, this.known.now);
    if (holding === "holds") made.push(button("Switch off", () => void this.switchOff(one), { "data-testid": "rsd-off" }));
    if (holding === "over") made.push(button("Switch on", () => void this.switchOn(one), { "data-testid": "rsd-on" }));
    made.push(button("Remove", () => void this.remove(one, problem), { class: "danger", "data-testid": "rsd-remove" }));
    return h("div", {}, h("div", { class: "row acts", role: "group", "aria-label": `What can be done with ${isolated(one.name)}` }, ...made), problem);
  }

  /** End an agreement now, by the server's clock. */
  private async switchOff(one: Responder): Promise<void> {
    const { api } = this.around;
    const route = `/responders/${part(one.id)}`;
    const off = await ask<Responder>({
      title: `Switch ${isolated(one.name)} off?`,
      effects: () => ["The agreement ends now: it is told of nothing new, and no answer of it is waited for any more.", "What it was told is followed up: it is told if that is taken back.", "It can be switched on again."],
      fields: [],
      yes: "Switch it off",
      danger: true,
      missing: () => null,
      send: async (signal) => {
        const { found, at } = await api.timed<Responder>(route, { signal });
        // An agreement ends after it begins, also one that began just now.
        const until = Math.max(at, Date.parse(found.since) + 1000);
        return api.json(route, { method: "PATCH", body: { until: new Date(until).toISOString() }, signal });
      },
    });
    if (off) this.around.done("It is switched off: it is told of nothing new.", one.id);
  }

  private async switchOn(one: Responder): Promise<void> {
    const { api } = this.around;
    const on = await ask<Responder>({
      title: `Switch ${isolated(one.name)} on?`,
      effects: () => ["The agreement holds again, without an end.", "It is told of what is found or changes from now on, not of what it missed."],
      fields: [],
      yes: "Switch it on",
      missing: () => null,
      send: (signal) => api.json(`/responders/${part(one.id)}`, { method: "PATCH", body: { until: null }, signal }),
    });
    if (on) this.around.done("It is switched on: it is told of what is found or changes from now on.", one.id);
  }

  private async remove(one: Responder, problem: HTMLElement): Promise<void> {
    problem.textContent = "";
    const sure = await confirmed(
      `Remove ${isolated(one.name)}?`,
      "It is told of nothing new, for good. What it was told and answered stays on record; its contacts stay receivers, and are told what is taken back.",
      "Remove",
    );
    if (!sure) return;
    try {
      await this.around.api.request(`/responders/${part(one.id)}`, { method: "DELETE" });
      this.around.done("The responder is removed.", one.id);
    } catch (error) {
      problem.textContent = inWords(error);
    }
  }
}

function contactLine(found: Receiver | undefined, id: string): HTMLElement {
  const lacks = found && standingOf(found) !== "on" ? h("span", { class: "paused" }, ` ${standingWords(found)[0]}: it cannot be told.`) : null;
  return h("li", { "data-testid": "responder-contact" }, h("bdi", {}, found?.name ?? id), lacks);
}
