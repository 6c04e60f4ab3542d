// What was sent to whom, every attempt at it, and sending again what was given up.

import { attemptWords, mayChange, messageWords, standingOf, stateWords } from "./alertwords";
import { inWords, isAbort, part, path, type Api } from "./api";
import { loading } from "./detail";
import { announce, button, field, h } from "./dom";
import { modeBadge } from "./mode";
import { select } from "./receiverform";
import type { Message, MessageState, Page, Receiver, WholeMessage, Who } from "./types";
import { isolated, moment } from "./words";

const MOST_EVENTS = 20;
const AT_ONCE = 50;

interface Around {
  api: Api;
  who: () => Who | null;
  /** With those that were removed. */
  receivers: () => readonly Receiver[];
  pickEvent: (id: string) => void;
  /** A message was sent again. */
  changed: () => void;
}

const BADGES: Record<MessageState, string> = { delivered: "Delivered", waiting: "Waits", dead: "Given up" };

export class MessageList {
  readonly element: HTMLElement;
  private readonly heading = h("h3", { id: "messages-heading", tabindex: -1 }, "Messages");
  private readonly receiver = select([["", "All receivers"]], { "data-testid": "messages-receiver" });
  private readonly state = select([["", "All"], ["dead", "Given up"], ["waiting", "Waiting"], ["delivered", "Delivered"]], { "data-testid": "messages-state" });
  private readonly list = h("ul", { class: "told-list", "data-testid": "messages-list" });
  private readonly note = h("p", { class: "quiet", role: "status" });
  private readonly more = button("Show older ones", () => void this.load(true), { "data-testid": "messages-more", hidden: true });
  private next: string | null = null;
  private asking: AbortController | null = null;

  constructor(private readonly around: Around) {
    this.element = h(
      "section",
      { class: "block", "aria-labelledby": this.heading.id, "data-testid": "messages" },
      this.heading,
      h("div", { class: "row" }, field("Receiver", this.receiver), field("How they stand", this.state)),
      this.note,
      this.list,
      this.more,
    );
    for (const choice of [this.receiver, this.state]) choice.addEventListener("change", () => void this.load());
  }

  /** Offer the receivers there are, and keep the choice. */
  offer(): void {
    const chosen = this.receiver.value;
    const every = this.around.receivers().map((one) => h("option", { value: one.id }, `${isolated(one.name)}${one.removed ? " (removed)" : ""}`));
    this.receiver.replaceChildren(h("option", { value: "" }, "All receivers"), ...every);
    this.receiver.value = chosen;
    if (this.receiver.selectedIndex < 0) this.receiver.value = "";
  }

  /** Show those that were given up, or all of one receiver. */
  async only(choice: { state?: MessageState; receiver?: string }): Promise<void> {
    this.state.value = choice.state ?? "";
    this.receiver.value = choice.receiver ?? "";
    await this.load();
    this.reveal();
  }

  /** Show one message, with every attempt. */
  async one(id: string): Promise<void> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    try {
      const found = await this.around.api.json<WholeMessage>(`/messages/${part(id)}`, { signal: asking.signal });
      this.state.value = this.receiver.value = "";
      this.next = null;
      this.more.hidden = true;
      this.note.replaceChildren("One message. ", button("Show all", () => void this.only({}), { class: "link", "data-testid": "messages-all" }));
      this.list.replaceChildren(this.item(found, true));
      this.reveal();
    } catch (error) {
      this.failed(error, () => void this.one(id));
    }
  }

  async load(older = false): Promise<void> {
    this.asking?.abort();
    const asking = new AbortController();
    this.asking = asking;
    const after = older ? this.next : null;
    try {
      const query = { receiver: this.receiver.value, state: this.state.value, limit: AT_ONCE, after };
      const page = await this.around.api.json<Page<Message>>(path("/messages", query), { signal: asking.signal });
      const items = page.items.map((one) => this.item(one, false));
      if (older) this.list.append(...items);
      else this.list.replaceChildren(...items);
      if (older) items[0]?.querySelector("summary")?.focus();
      this.next = page.next ?? null;
      this.more.hidden = this.next === null;
      this.note.textContent = this.list.childElementCount > 0 ? "" : this.state.value || this.receiver.value ? "There is no such message." : "No message was sent yet.";
    } catch (error) {
      this.failed(error, () => void this.load(older));
    }
  }

  /** Bring what was asked for into sight. */
  private reveal(): void {
    this.heading.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "start" });
  }

  stop(): void {
    this.asking?.abort();
  }

  private failed(error: unknown, retry: () => void): void {
    if (isAbort(error)) return;
    this.note.replaceChildren(h("span", { class: "problem" }, inWords(error)), " ", button("Retry", retry));
  }

  private item(message: Message | WholeMessage, open: boolean): HTMLElement {
    const { api } = this.around;
    const receiver = this.around.receivers().find((one) => one.id === message.receiver);
    const name = h("bdi", {}, receiver?.name ?? message.receiver);
    const details = h(
      "details",
      {},
      h(
        "summary",
        {},
        h("span", { class: `stands ${message.state}` }, BADGES[message.state] ?? message.state),
        modeBadge(message.mode),
        h("span", {}, `${messageWords(message)} to `, name),
        h("span", { class: "quiet" }, `Made ${moment(message.made)}; ${stateWords(message)}.`),
      ),
    );
    const item = h("li", { "data-testid": "message-item", "data-id": message.id }, details);
    const problem = h("p", { class: "problem", role: "alert" });
    if (this.canGoAgain(message, receiver)) {
      const again = button("Send again", () => void this.again(message, item, again, problem), { "data-testid": "message-again" });
      item.append(again, problem);
    }
    let filled = "tried" in message;
    if ("tried" in message) details.append(h("div", {}, ...this.whole(message)));
    details.addEventListener("toggle", () => {
      if (!details.open || filled) return;
      filled = true;
      details.append(loading(() => api.json<WholeMessage>(`/messages/${part(message.id)}`), (found) => this.whole(found)));
    });
    details.open = open;
    return item;
  }

  /** What was given up goes again, to whoever is told at all. */
  private canGoAgain({ state }: Message, receiver: Receiver | undefined): boolean {
    if (state !== "dead" || !receiver) return false;
    return mayChange(this.around.who(), receiver) && ["on", "waiting"].includes(standingOf(receiver));
  }

  private async again(message: Message, item: HTMLElement, pressed: HTMLButtonElement, problem: HTMLElement): Promise<void> {
    pressed.disabled = true;
    problem.textContent = "";
    try {
      const made = await this.around.api.json<Message>(`/messages/${part(message.id)}/again`, { method: "POST" });
      const next = this.item(made, true);
      item.replaceWith(next);
      next.querySelector("summary")?.focus();
      announce("It is sent again.");
      this.around.changed();
    } catch (error) {
      problem.textContent = inWords(error);
      pressed.disabled = false;
    }
  }

  /** The attempts, and what the message is about. */
  private whole({ id, tried, events }: WholeMessage): Node[] {
    const lines = tried.map((one) => h("li", {}, h("span", { class: "quiet" }, moment(one.began)), ` ${attemptWords(one)}`));
    const links = events.slice(0, MOST_EVENTS).map((event) => button(`Event ${event.slice(0, 8)}`, () => this.around.pickEvent(event), { class: "link" }));
    return [
      lines.length > 0 ? h("ol", { class: "plain numbered", "data-testid": "attempts" }, ...lines) : h("p", { class: "quiet" }, "It was not tried yet."),
      ...(links.length > 0 ? [h("p", { class: "row" }, ...links, events.length > MOST_EVENTS && `and ${events.length - MOST_EVENTS} more`)] : []),
      h("p", { class: "id" }, "Message id ", h("code", {}, id)),
    ];
  }
}
