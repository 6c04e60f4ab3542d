// Who is told of events, of which, and whether what was sent arrived.

import { CHANNELS, ORDER, allWords, standingOf } from "./alertwords";
import { inWords, isAbort, part, path, type Api } from "./api";
import { ask } from "./ask";
import { announce, button, h, uid } from "./dom";
import { MessageList } from "./messagelist";
import { Network } from "./network";
import { receiverCard, type CardAround } from "./receivercard";
import { addReceiver, changeReceiver } from "./receiverform";
import { holdingOf } from "./responderwords";
import { showSecret } from "./secret";
import { SubscriptionForm } from "./subscriptionform";
import type { Area, Channel, Message, OneReceiver, Page, Receiver, Receivers, Responder, Subscription, Who } from "./types";
import { counted, day, isolated, yours } from "./words";

/** Receivers shown at once. */
const AT_ONCE = 50;
/** Messages that were given up are counted so far. */
const COUNTED = 100;

const contactsOf = (responders: readonly Responder[]): ReadonlyMap<string, string> => new Map(responders.flatMap((one) => one.contacts.map((contact) => [contact, one.name])));

interface Around {
  api: Api;
  who: () => Who | null;
  /** By which receivers can be told; null where it is not known. */
  channels: () => readonly Channel[] | null;
  regions: () => readonly { id: string; name: string }[];
  draw: (near: string, finished: (area: Area | null) => void) => boolean;
  pickEvent: (id: string) => void;
  left: () => void;
}

export class Alerts {
  readonly element: HTMLElement;
  private readonly heading = h("h2", { tabindex: -1, id: uid("alerts") }, "Alerts: who is told");
  private readonly sum = h("p", { class: "sum", "data-testid": "alerts-sum" });
  private readonly dead = h("div", { class: "notice", "data-testid": "alerts-dead", hidden: true });
  private readonly done = h("p", { role: "status", class: "done", "data-testid": "alerts-done" });
  private readonly add: HTMLButtonElement;
  private readonly mayNot = h("p", { class: "quiet", "data-testid": "alerts-read-only", hidden: true });
  private readonly cards = h("div", { class: "cards" });
  private readonly more = button("Show all receivers", () => this.show(Infinity), { hidden: true });
  private readonly removed = h("div", { class: "cards" });
  private readonly past: HTMLElement;
  private readonly failed = h("div", { class: "problems", role: "alert" });
  private readonly messages: MessageList;
  private readonly network: Network;
  private receivers: Receiver[] = [];
  private names: Record<string, string> = {};
  private subscriptions: Subscription[] = [];
  /** What the organisation of the network is called that a receiver is a contact of. */
  private contacts: ReadonlyMap<string, string> = new Map();
  /** The same where that agreement holds. */
  private told: ReadonlyMap<string, string> = new Map();
  private loading = new AbortController();
  private turn = 0;

  constructor(private readonly around: Around) {
    this.add = button("Add a receiver", () => void this.addOne(), { class: "primary", "data-testid": "receiver-add" });
    this.past = h("details", { class: "past", "data-testid": "receivers-removed" }, h("summary", {}, "Removed receivers"), this.removed);
    this.messages = new MessageList({
      api: around.api,
      who: around.who,
      receivers: () => this.receivers,
      pickEvent: (id) => {
        this.leave();
        around.pickEvent(id);
      },
      // It is counted again when all is loaded anew.
      changed: () => void this.countDead().catch(() => undefined),
    });
    this.network = new Network({
      api: around.api,
      who: around.who,
      regions: around.regions,
      draw: around.draw,
      ownerName: (id) => this.ownerName(id),
      done: (words, id) => void this.did(words, "responder", id),
    });
    const title = h("h3", { id: uid("receivers") }, "Receivers");
    this.element = h(
      "section",
      { class: "decisions telling", "aria-labelledby": this.heading.id, hidden: true, "data-testid": "alerts" },
      h("div", { class: "row spread" }, this.heading, h("span", { class: "spring" }), button("Back to the map (Esc)", () => this.leave(), { "data-testid": "alerts-leave" })),
      this.failed,
      this.sum,
      this.dead,
      this.done,
      h("section", { class: "block", "aria-labelledby": title.id }, h("div", { class: "row spread" }, title, this.add), this.mayNot, this.cards, this.more, this.past),
      this.network.element,
      this.messages.element,
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.leave();
    });
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  /** Show all of it, or one message with every attempt. */
  async start(message: string | null = null): Promise<void> {
    this.element.hidden = false;
    this.done.textContent = "";
    this.heading.focus();
    this.loading = new AbortController();
    if (!(await this.load())) return;
    if (message) await this.messages.one(message);
    else await this.messages.load();
  }

  leave(): void {
    if (!this.open) return;
    this.loading.abort();
    this.messages.stop();
    this.element.hidden = true;
    this.around.left();
  }

  /** Load receivers, subscriptions and the network; whether that went right. */
  private async load(): Promise<boolean> {
    const { api } = this.around;
    const { signal } = this.loading;
    this.turn += 1;
    const { turn } = this;
    this.failed.replaceChildren();
    try {
      const [receivers, subscriptions, responders] = await Promise.all([
        api.json<Receivers>("/receivers?removed=true", { signal }),
        api.json<{ items: Subscription[] }>("/subscriptions", { signal }),
        api.timed<{ items: Responder[]; names: Record<string, string> }>("/responders", { signal }),
        this.countDead(),
      ]);
      // Something was done meanwhile, and what came of it is asked for already.
      if (turn !== this.turn) return false;
      const gone = new Set(receivers.gone);
      this.receivers = receivers.items.map((one) => ({ ...one, gone: gone.has(one.owner) }));
      this.names = { ...responders.found.names, ...receivers.names };
      this.subscriptions = subscriptions.items;
      this.network.show({ responders: responders.found.items, receivers: this.receivers, subscriptions: this.subscriptions, now: responders.at });
      this.contacts = contactsOf(responders.found.items);
      this.told = contactsOf(responders.found.items.filter((one) => holdingOf(one, responders.at) === "holds"));
      this.show(AT_ONCE);
      return true;
    } catch (error) {
      if (!isAbort(error) && turn === this.turn) this.failed.replaceChildren(h("p", {}, `Who is told could not be loaded. ${inWords(error)}`), button("Retry", () => void this.start()));
      return false;
    }
  }

  private ownerName(id: string): string {
    return id === this.around.who()?.key ? "you" : (this.names[id] ?? `somebody no longer known (${id})`);
  }

  /** Say at the top that something was given up: who was to be told of it may not know. */
  private async countDead(): Promise<void> {
    const { signal } = this.loading;
    const { items, next } = await this.around.api.json<Page<Message>>(path("/messages", { state: "dead", limit: COUNTED }), { signal });
    const [newest] = items;
    this.dead.hidden = newest === undefined;
    if (!newest) return;
    const many = next ? `More than ${COUNTED} messages were` : counted(items.length, "message was", "messages were");
    this.dead.replaceChildren(
      h("p", {}, `${many} not delivered and given up, the newest made ${day(newest.made)}.`),
      button("Show them", () => void this.messages.only({ state: "dead" }), { "data-testid": "alerts-show-dead" }),
    );
  }

  private show(most: number): void {
    const { around } = this;
    const who = around.who();
    this.sum.textContent = allWords(this.receivers, this.subscriptions, this.told);
    const sorted = [...this.receivers].sort((one, other) => ORDER.indexOf(standingOf(one)) - ORDER.indexOf(standingOf(other)));
    const there = sorted.filter((one) => !one.removed);
    const gone = sorted.filter((one) => one.removed);
    this.cards.replaceChildren(...there.slice(0, most).map((one) => this.card(one)));
    this.more.hidden = there.length <= most;
    this.more.textContent = `Show all ${there.length} receivers`;
    this.removed.replaceChildren(...gone.map((one) => this.card(one)));
    this.past.hidden = gone.length === 0;
    const may = who?.scopes.includes("watch") ?? false;
    const none = around.channels()?.length === 0;
    this.add.hidden = !may || none;
    this.mayNot.hidden = may && !none;
    this.mayNot.textContent = may ? "This service has no channel set up, so no receiver can be added." : `${yours(who)} sees who is told, and may not change it.`;
    this.messages.offer();
  }

  private card(receiver: Receiver): HTMLElement {
    const theirs = this.subscriptions.filter((one) => one.receiver === receiver.id);
    const { api, who } = this.around;
    const around: CardAround = {
      api,
      who,
      signal: () => this.loading.signal,
      ownerName: (id) => this.ownerName(id),
      regionName: (id) => this.around.regions().find((one) => one.id === id)?.name ?? null,
      change: (one) => void this.changeOne(one),
      rotate: (one) => void this.rotateOne(one),
      subscribe: (one, holder, before) => this.subscribe(one, holder, before),
      showMessages: (choice) => void this.messages.only(choice),
      done: (words, id) => void this.did(words, "receiver", id),
    };
    return receiverCard(receiver, theirs, this.contacts.get(receiver.id) ?? null, around);
  }

  private async addOne(): Promise<void> {
    const who = this.around.who();
    if (!who) return;
    const channels = this.around.channels() ?? (Object.keys(CHANNELS) as Channel[]);
    await this.taken(await addReceiver(this.around.api, who, channels), "The receiver is added. Say next of which events it is told: add a subscription.");
  }

  private async changeOne(receiver: Receiver): Promise<void> {
    const who = this.around.who();
    if (who) await this.taken(await changeReceiver(this.around.api, who, receiver), "The receiver is changed.");
  }

  private async rotateOne(receiver: Receiver): Promise<void> {
    const isFeed = receiver.channel === "feed";
    const turned = await ask<OneReceiver>({
      title: `Give ${isolated(receiver.name)} a new secret?`,
      effects: () => [isFeed ? "The secret of now opens the feed no longer: whoever reads it needs the new one." : "For a day messages are signed with both, so that the other side can change to the new one.", "The new secret is shown once."],
      fields: [],
      yes: "Make a new one",
      missing: () => null,
      send: (signal) => this.around.api.json(`/receivers/${part(receiver.id)}/rotate`, { method: "POST", signal }),
    });
    await this.taken(turned, "It has a new secret.");
  }

  /** Show the secret of a receiver where it is new, and the receiver. */
  private async taken(receiver: OneReceiver | null, words: string): Promise<void> {
    if (!receiver) return;
    if (receiver.secret) await showSecret(receiver.name, receiver.channel, receiver.secret);
    await this.did(words, "receiver", receiver.id);
  }

  private subscribe(receiver: Receiver, holder: HTMLElement, before: Subscription | null): void {
    const back = document.activeElement;
    const { api, regions, draw } = this.around;
    const form = new SubscriptionForm(
      {
        api,
        regions,
        draw,
        taken: (_found, words) => void this.did(words, "receiver", receiver.id),
        left: () => {
          holder.replaceChildren();
          if (back instanceof HTMLElement) back.focus();
        },
      },
      receiver,
      before,
    );
    holder.replaceChildren(form.element);
    form.focus();
  }

  /** Say what was done, load all anew, and go on where it was done. */
  private async did(words: string, what: "receiver" | "responder", id: string): Promise<void> {
    this.done.textContent = words;
    announce(words);
    if (!(await this.load())) return;
    const card = this.element.querySelector<HTMLElement>(`[data-testid="${what}"][data-id="${CSS.escape(id)}"] h4`);
    // One that was removed lies folded away.
    (card && !card.closest("details:not([open])") ? card : this.heading).focus();
    // Whoever goes on meanwhile is not torn away from what they write.
    await this.messages.load();
  }
}
